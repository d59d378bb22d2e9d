//! What is said of arrays.

use super::{Mirror, said};

pub(super) const SAID: &[Mirror] = said! {
    { "items" = {"type": "integer"} }
    { "items" = true }
    { "items" = false }
    {
        "$defs" = {
            "item": {
                "type": "array", "items": false,
                "prefixItems": [{"$ref": "#/$defs/sub-item"}, {"$ref": "#/$defs/sub-item"}],
            },
            "sub-item": {"type": "object", "required": ["foo"]},
        },
        "type" = "array",
        "items" = false,
        "prefixItems" = [{"$ref": "#/$defs/item"}, {"$ref": "#/$defs/item"}, {"$ref": "#/$defs/item"}],
    }
    {
        "type" = "array",
        "items" = {
            "type": "array",
            "items": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
        },
    }
    { "prefixItems" = [{}, {}, {}], "items" = false }
    { "allOf" = [{"prefixItems": [{"minimum": 3}]}], "items" = {"minimum": 5} }
    { "prefixItems" = [{"type": "string"}], "items" = {"type": "integer"} }
    { "prefixItems" = [{}], "items" = false }
    { "items" = {"type": "null"} }
    { "prefixItems" = [{"type": "integer"}, {"type": "string"}] }
    { "prefixItems" = [true, false] }
    { "prefixItems" = [{"type": "integer"}] }
    { "prefixItems" = [{"type": "null"}] }
    { "contains" = {"minimum": 5} }
    { "contains" = {"const": 5} }
    { "contains" = true }
    { "contains" = false }
    { "items" = {"multipleOf": 2}, "contains" = {"multipleOf": 3} }
    { "contains" = {"if": false, "else": true} }
    { "contains" = {"type": "null"} }
    { "minContains" = 1 }
    { "contains" = {"const": 1}, "minContains" = 1 }
    { "contains" = {"const": 1}, "minContains" = 2 }
    { "contains" = {"const": 1}, "minContains" = 2.0 }
    { "contains" = {"const": 1}, "maxContains" = 2, "minContains" = 2 }
    { "contains" = {"const": 1}, "maxContains" = 1, "minContains" = 3 }
    { "contains" = {"const": 1}, "minContains" = 0 }
    { "contains" = {"const": 1}, "minContains" = 0, "maxContains" = 1 }
    { "maxContains" = 1 }
    { "contains" = {"const": 1}, "maxContains" = 1 }
    { "contains" = {"const": 1}, "maxContains" = 1.0 }
    { "contains" = {"const": 1}, "minContains" = 1, "maxContains" = 3 }
    { "contains" = {"const": 1}, "minContains" = 0, "maxContains" = 0 }
    { "minItems" = 1 }
    { "minItems" = 1.0 }
    { "maxItems" = 2 }
    { "maxItems" = 2.0 }
    { "uniqueItems" = true }
    { "prefixItems" = [{"type": "boolean"}, {"type": "boolean"}], "uniqueItems" = true }
    { "prefixItems" = [{"type": "boolean"}, {"type": "boolean"}], "uniqueItems" = true, "items" = false }
    { "uniqueItems" = false }
    { "prefixItems" = [{"type": "boolean"}, {"type": "boolean"}], "uniqueItems" = false }
    { "prefixItems" = [{"type": "boolean"}, {"type": "boolean"}], "uniqueItems" = false, "items" = false }
    { "unevaluatedItems" = true }
    { "unevaluatedItems" = false }
    { "unevaluatedItems" = {"type": "string"} }
    { "items" = {"type": "string"}, "unevaluatedItems" = false }
    { "prefixItems" = [{"type": "string"}], "unevaluatedItems" = false }
    { "prefixItems" = [{"type": "string"}], "items" = true, "unevaluatedItems" = false }
    { "items" = {"type": "number"}, "unevaluatedItems" = {"type": "string"} }
    {
        "prefixItems" = [{"type": "string"}],
        "allOf" = [{"prefixItems": [true, {"type": "number"}]}],
        "unevaluatedItems" = false,
    }
    { "unevaluatedItems" = {"type": "boolean"}, "anyOf" = [{"items": {"type": "string"}}, true] }
    { "allOf" = [{"prefixItems": [{"type": "string"}], "items": true}], "unevaluatedItems" = false }
    {
        "allOf" = [{"prefixItems": [{"type": "string"}]}, {"unevaluatedItems": true}],
        "unevaluatedItems" = false,
    }
    {
        "prefixItems" = [{"const": "foo"}],
        "anyOf" = [{"prefixItems": [true, {"const": "bar"}]}, {"prefixItems": [true, true, {"const": "baz"}]}],
        "unevaluatedItems" = false,
    }
    {
        "prefixItems" = [{"const": "foo"}],
        "oneOf" = [{"prefixItems": [true, {"const": "bar"}]}, {"prefixItems": [true, {"const": "baz"}]}],
        "unevaluatedItems" = false,
    }
    {
        "prefixItems" = [{"const": "foo"}],
        "not" = {"not": {"prefixItems": [true, {"const": "bar"}]}},
        "unevaluatedItems" = false,
    }
    {
        "prefixItems" = [{"const": "foo"}],
        "if" = {"prefixItems": [true, {"const": "bar"}]},
        "then" = {"prefixItems": [true, true, {"const": "then"}]},
        "else" = {"prefixItems": [true, true, true, {"const": "else"}]},
        "unevaluatedItems" = false,
    }
    { "allOf" = [true], "unevaluatedItems" = false }
    {
        "$ref" = "#/$defs/bar",
        "prefixItems" = [{"type": "string"}],
        "unevaluatedItems" = false,
        "$defs" = {"bar": {"prefixItems": [true, {"type": "string"}]}},
    }
    { "allOf" = [{"prefixItems": [true]}, {"unevaluatedItems": false}] }
    {
        "properties" = {"foo": {"prefixItems": [{"type": "string"}], "unevaluatedItems": false}},
        "anyOf" = [{"properties": {"foo": {"prefixItems": [true, {"type": "string"}]}}}],
    }
    { "prefixItems" = [true], "contains" = {"type": "string"}, "unevaluatedItems" = false }
    {
        "allOf" = [{"contains": {"multipleOf": 2}}, {"contains": {"multipleOf": 3}}],
        "unevaluatedItems" = {"multipleOf": 5},
    }
    {
        "if" = {"contains": {"const": "a"}},
        "then" = {"if": {"contains": {"const": "b"}}, "then": {"if": {"contains": {"const": "c"}}}},
        "unevaluatedItems" = false,
    }
    { "contains" = {"type": "string"}, "minContains" = 0, "unevaluatedItems" = false }
    { "unevaluatedItems" = {"type": "null"} }
    { "if" = {"prefixItems": [{"const": "a"}]}, "unevaluatedItems" = false }
    { "prefixItems" = [{"prefixItems": [true, {"type": "string"}]}], "unevaluatedItems" = false }
};
