//! Schemas that refer to themselves, and to parts of themselves.

use super::{Mirror, said};

pub(super) const SAID: &[Mirror] = said! {
    { "properties" = {"foo": {"$ref": "#"}}, "additionalProperties" = false }
    { "properties" = {"foo": {"type": "integer"}, "bar": {"$ref": "#/properties/foo"}} }
    { "prefixItems" = [{"type": "integer"}, {"$ref": "#/prefixItems/0"}] }
    {
        "$defs" = {
            "tilde~field": {"type": "integer"}, "slash/field": {"type": "integer"},
            "percent%field": {"type": "integer"},
        },
        "properties" = {
            "tilde": {"$ref": "#/$defs/tilde~0field"}, "slash": {"$ref": "#/$defs/slash~1field"},
            "percent": {"$ref": "#/$defs/percent%25field"},
        },
    }
    {
        "$defs" = {"a": {"type": "integer"}, "b": {"$ref": "#/$defs/a"}, "c": {"$ref": "#/$defs/b"}},
        "$ref" = "#/$defs/c",
    }
    {
        "$defs" = {"reffed": {"type": "array"}},
        "properties" = {"foo": {"$ref": "#/$defs/reffed", "maxItems": 2}},
    }
    { "$ref" = "https://json-schema.org/draft/2020-12/schema" }
    { "properties" = {"$ref": {"type": "string"}} }
    { "properties" = {"$ref": {"$ref": "#/$defs/is-string"}}, "$defs" = {"is-string": {"type": "string"}} }
    { "$ref" = "#/$defs/bool", "$defs" = {"bool": true} }
    { "$ref" = "#/$defs/bool", "$defs" = {"bool": false} }
    { "properties" = {"foo\"bar": {"$ref": "#/$defs/foo%22bar"}}, "$defs" = {"foo\"bar": {"type": "number"}} }
    {
        "$defs" = {"A": {"unevaluatedProperties": false}},
        "properties" = {"prop1": {"type": "string"}},
        "$ref" = "#/$defs/A",
    }
    { "$defs" = {"a_string": {"type": "string"}}, "enum" = [{"$ref": "#/$defs/a_string"}] }
    { "$defs" = {"": {"$defs": {"": {"type": "number"}}}}, "allOf" = [{"$ref": "#/$defs//$defs/"}] }
    {
        "$defs" = {"int": {"type": "integer"}},
        "allOf" = [
            {"properties": {"foo": {"$ref": "#/$defs/int"}}}, {"additionalProperties": {"$ref": "#/$defs/int"}},
        ],
    }
    {
        "properties" = {
            "foo": {"unknown-keyword": {"type": "integer"}},
            "bar": {"$ref": "#/properties/foo/unknown-keyword"},
        },
    }
    { "examples" = [{"type": "string"}], "$ref" = "#/examples/0" }
    {
        "properties" = {
            "foo": {"unknown/keyword": {"type": "integer"}},
            "bar": {"$ref": "#/properties/foo/unknown~1keyword"},
        },
    }
};
