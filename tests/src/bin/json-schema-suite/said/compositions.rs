//! Schemas that are composed of others.

use super::{Mirror, said};

pub(super) const SAID: &[Mirror] = said! {
    {
        "allOf" = [
            {"properties": {"bar": {"type": "integer"}}, "required": ["bar"]},
            {"properties": {"foo": {"type": "string"}}, "required": ["foo"]},
        ],
    }
    {
        "properties" = {"bar": {"type": "integer"}},
        "required" = ["bar"],
        "allOf" = [
            {"properties": {"foo": {"type": "string"}}, "required": ["foo"]},
            {"properties": {"baz": {"type": "null"}}, "required": ["baz"]},
        ],
    }
    { "allOf" = [{"maximum": 30}, {"minimum": 20}] }
    { "allOf" = [true, true] }
    { "allOf" = [true, false] }
    { "allOf" = [false, false] }
    { "allOf" = [{}] }
    { "allOf" = [{}, {}] }
    { "allOf" = [{}, {"type": "number"}] }
    { "allOf" = [{"type": "number"}, {}] }
    { "allOf" = [{"allOf": [{"type": "null"}]}] }
    { "allOf" = [{"multipleOf": 2}], "anyOf" = [{"multipleOf": 3}], "oneOf" = [{"multipleOf": 5}] }
    { "anyOf" = [{"type": "integer"}, {"minimum": 2}] }
    { "type" = "string", "anyOf" = [{"maxLength": 2}, {"minLength": 4}] }
    { "anyOf" = [true, true] }
    { "anyOf" = [true, false] }
    { "anyOf" = [false, false] }
    {
        "anyOf" = [
            {"properties": {"bar": {"type": "integer"}}, "required": ["bar"]},
            {"properties": {"foo": {"type": "string"}}, "required": ["foo"]},
        ],
    }
    { "anyOf" = [{"type": "number"}, {}] }
    { "anyOf" = [{"anyOf": [{"type": "null"}]}] }
    { "oneOf" = [{"type": "integer"}, {"minimum": 2}] }
    { "type" = "string", "oneOf" = [{"minLength": 2}, {"maxLength": 4}] }
    { "oneOf" = [true, true, true] }
    { "oneOf" = [true, false, false] }
    { "oneOf" = [true, true, false] }
    { "oneOf" = [false, false, false] }
    {
        "oneOf" = [
            {"properties": {"bar": {"type": "integer"}}, "required": ["bar"]},
            {"properties": {"foo": {"type": "string"}}, "required": ["foo"]},
        ],
    }
    { "oneOf" = [{"type": "number"}, {}] }
    { "type" = "object", "oneOf" = [{"required": ["foo", "bar"]}, {"required": ["foo", "baz"]}] }
    {
        "oneOf" = [
            {"properties": {"bar": true, "baz": true}, "required": ["bar"]},
            {"properties": {"foo": true}, "required": ["foo"]},
        ],
    }
    { "oneOf" = [{"oneOf": [{"type": "null"}]}] }
    { "not" = {"type": "integer"} }
    { "not" = {"type": ["integer", "boolean"]} }
    { "not" = {"type": "object", "properties": {"foo": {"type": "string"}}} }
    { "properties" = {"foo": {"not": {}}} }
    { "not" = {} }
    { "not" = true }
    { "not" = false }
    { "not" = {"not": {}} }
    { "not" = {"anyOf": [true, {"properties": {"foo": true}}], "unevaluatedProperties": false} }
    { "if" = {"const": 0} }
    { "then" = {"const": 0} }
    { "else" = {"const": 0} }
    { "if" = {"exclusiveMaximum": 0}, "then" = {"minimum": -10} }
    { "if" = {"exclusiveMaximum": 0}, "else" = {"multipleOf": 2} }
    { "if" = {"exclusiveMaximum": 0}, "then" = {"minimum": -10}, "else" = {"multipleOf": 2} }
    { "allOf" = [{"if": {"exclusiveMaximum": 0}}, {"then": {"minimum": -10}}, {"else": {"multipleOf": 2}}] }
    { "if" = true, "then" = {"const": "then"}, "else" = {"const": "else"} }
    { "if" = false, "then" = {"const": "then"}, "else" = {"const": "else"} }
    { "then" = {"const": "yes"}, "else" = {"const": "other"}, "if" = {"maxLength": 4} }
    { "if" = {"const": 1}, "then" = false }
    { "if" = {"const": 1}, "else" = false }
};
