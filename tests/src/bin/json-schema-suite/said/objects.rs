//! What is said of objects.

use super::{Mirror, said};

pub(super) const SAID: &[Mirror] = said! {
    { "properties" = {"foo": {"type": "integer"}, "bar": {"type": "string"}} }
    {
        "properties" = {"foo": {"type": "array", "maxItems": 3}, "bar": {"type": "array"}},
        "patternProperties" = {"f.o": {"minItems": 2}},
        "additionalProperties" = {"type": "integer"},
    }
    { "properties" = {"foo": true, "bar": false} }
    {
        "properties" = {
            "foo\nbar": {"type": "number"}, "foo\"bar": {"type": "number"}, "foo\\bar": {"type": "number"},
            "foo\rbar": {"type": "number"}, "foo\tbar": {"type": "number"}, "foo\u{c}bar": {"type": "number"},
        },
    }
    { "properties" = {"foo": {"type": "null"}} }
    {
        "properties" = {
            "__proto__": {"type": "number"}, "toString": {"properties": {"length": {"type": "string"}}},
            "constructor": {"type": "number"},
        },
    }
    {
        "properties" = {"foo": {}, "bar": {}},
        "patternProperties" = {"^v": {}},
        "additionalProperties" = false,
    }
    { "patternProperties" = {"^á": {}}, "additionalProperties" = false }
    { "properties" = {"foo": {}, "bar": {}}, "additionalProperties" = {"type": "boolean"} }
    { "additionalProperties" = {"type": "boolean"} }
    { "properties" = {"foo": {}, "bar": {}} }
    { "allOf" = [{"properties": {"foo": {}}}], "additionalProperties" = {"type": "boolean"} }
    { "additionalProperties" = {"type": "null"} }
    { "propertyNames" = {"maxLength": 5}, "additionalProperties" = {"type": "number"} }
    {
        "properties" = {"foo2": {}},
        "dependentSchemas" = {"foo": {}, "foo2": {"properties": {"bar": {}}}},
        "additionalProperties" = false,
    }
    { "patternProperties" = {"f.*o": {"type": "integer"}} }
    { "patternProperties" = {"a*": {"type": "integer"}, "aaa*": {"maximum": 20}} }
    { "patternProperties" = {"[0-9]{2,}": {"type": "boolean"}, "X_": {"type": "string"}} }
    { "patternProperties" = {"f.*": true, "b.*": false} }
    { "patternProperties" = {"^.*bar$": {"type": "null"}} }
    { "type" = "object", "patternProperties" = {"^\\p{Letter}+$": {"type": "number"}} }
    { "propertyNames" = {"maxLength": 3} }
    { "propertyNames" = {"pattern": "^a+$"} }
    { "propertyNames" = true }
    { "propertyNames" = false }
    { "propertyNames" = {"const": "foo"} }
    { "propertyNames" = {"enum": ["foo", "bar"]} }
    { "properties" = {"foo": {}, "bar": {}}, "required" = ["foo"] }
    { "properties" = {"foo": {}} }
    { "properties" = {"foo": {}}, "required" = [] }
    { "required" = ["foo\nbar", "foo\"bar", "foo\\bar", "foo\rbar", "foo\tbar", "foo\u{c}bar"] }
    { "required" = ["__proto__", "toString", "constructor"] }
    { "minProperties" = 1 }
    { "minProperties" = 1.0 }
    { "maxProperties" = 2 }
    { "maxProperties" = 2.0 }
    { "maxProperties" = 0 }
    { "dependentRequired" = {"bar": ["foo"]} }
    { "dependentRequired" = {"bar": []} }
    { "dependentRequired" = {"quux": ["foo", "bar"]} }
    { "dependentRequired" = {"foo\nbar": ["foo\rbar"], "foo\"bar": ["foo'bar"]} }
    { "dependentSchemas" = {"bar": {"properties": {"foo": {"type": "integer"}, "bar": {"type": "integer"}}}} }
    { "dependentSchemas" = {"foo": true, "bar": false} }
    { "dependentSchemas" = {"foo\tbar": {"minProperties": 4}, "foo'bar": {"required": ["foo\"bar"]}} }
    {
        "properties" = {"foo": {}},
        "dependentSchemas" = {"foo": {"properties": {"bar": {}}, "additionalProperties": false}},
    }
    { "unevaluatedProperties" = true }
    { "unevaluatedProperties" = {"type": "string", "minLength": 3} }
    { "unevaluatedProperties" = false }
    { "properties" = {"foo": {"type": "string"}}, "unevaluatedProperties" = false }
    { "patternProperties" = {"^foo": {"type": "string"}}, "unevaluatedProperties" = false }
    {
        "type" = "object",
        "properties" = {"foo": {"type": "string"}},
        "additionalProperties" = true,
        "unevaluatedProperties" = false,
    }
    {
        "type" = "object",
        "properties" = {"foo": {"type": "string"}},
        "additionalProperties" = {"type": "string"},
        "unevaluatedProperties" = false,
    }
    {
        "properties" = {"foo": {"type": "string"}},
        "allOf" = [{"properties": {"bar": {"type": "string"}}}],
        "unevaluatedProperties" = false,
    }
    {
        "properties" = {"foo": {"type": "string"}},
        "allOf" = [{"patternProperties": {"^bar": {"type": "string"}}}],
        "unevaluatedProperties" = false,
    }
    {
        "properties" = {"foo": {"type": "string"}},
        "allOf" = [{"additionalProperties": true}],
        "unevaluatedProperties" = false,
    }
    {
        "properties" = {"foo": {"type": "string"}},
        "allOf" = [{"unevaluatedProperties": true}],
        "unevaluatedProperties" = {"type": "string", "maxLength": 2},
    }
    {
        "properties" = {"foo": {"type": "string"}},
        "anyOf" = [
            {"properties": {"bar": {"const": "bar"}}, "required": ["bar"]},
            {"properties": {"baz": {"const": "baz"}}, "required": ["baz"]},
            {"properties": {"quux": {"const": "quux"}}, "required": ["quux"]},
        ],
        "unevaluatedProperties" = false,
    }
    {
        "properties" = {"foo": {"type": "string"}},
        "oneOf" = [
            {"properties": {"bar": {"const": "bar"}}, "required": ["bar"]},
            {"properties": {"baz": {"const": "baz"}}, "required": ["baz"]},
        ],
        "unevaluatedProperties" = false,
    }
    {
        "properties" = {"foo": {"type": "string"}},
        "not" = {"not": {"properties": {"bar": {"const": "bar"}}, "required": ["bar"]}},
        "unevaluatedProperties" = false,
    }
    {
        "if" = {"properties": {"foo": {"const": "then"}}, "required": ["foo"]},
        "then" = {"properties": {"bar": {"type": "string"}}, "required": ["bar"]},
        "else" = {"properties": {"baz": {"type": "string"}}, "required": ["baz"]},
        "unevaluatedProperties" = false,
    }
    {
        "if" = {"properties": {"foo": {"const": "then"}}, "required": ["foo"]},
        "else" = {"properties": {"baz": {"type": "string"}}, "required": ["baz"]},
        "unevaluatedProperties" = false,
    }
    {
        "if" = {"properties": {"foo": {"const": "then"}}, "required": ["foo"]},
        "then" = {"properties": {"bar": {"type": "string"}}, "required": ["bar"]},
        "unevaluatedProperties" = false,
    }
    {
        "properties" = {"foo": {"type": "string"}},
        "dependentSchemas" = {"foo": {"properties": {"bar": {"const": "bar"}}, "required": ["bar"]}},
        "unevaluatedProperties" = false,
    }
    { "properties" = {"foo": {"type": "string"}}, "allOf" = [true], "unevaluatedProperties" = false }
    {
        "$ref" = "#/$defs/bar",
        "properties" = {"foo": {"type": "string"}},
        "unevaluatedProperties" = false,
        "$defs" = {"bar": {"properties": {"bar": {"type": "string"}}}},
    }
    { "allOf" = [{"properties": {"foo": true}}, {"unevaluatedProperties": false}] }
    { "allOf" = [{"unevaluatedProperties": false}, {"properties": {"foo": true}}] }
    {
        "properties" = {"foo": {"type": "string"}},
        "allOf" = [{"unevaluatedProperties": true}],
        "unevaluatedProperties" = false,
    }
    {
        "allOf" = [{"properties": {"foo": {"type": "string"}}, "unevaluatedProperties": true}],
        "unevaluatedProperties" = false,
    }
    {
        "properties" = {"foo": {"type": "string"}},
        "allOf" = [{"unevaluatedProperties": false}],
        "unevaluatedProperties" = true,
    }
    {
        "allOf" = [{"properties": {"foo": {"type": "string"}}, "unevaluatedProperties": false}],
        "unevaluatedProperties" = true,
    }
    {
        "allOf" = [
            {"properties": {"foo": {"type": "string"}}, "unevaluatedProperties": true},
            {"unevaluatedProperties": false},
        ],
    }
    {
        "allOf" = [
            {"unevaluatedProperties": true},
            {"properties": {"foo": {"type": "string"}}, "unevaluatedProperties": false},
        ],
    }
    {
        "properties" = {"foo": {"properties": {"bar": {"type": "string"}}, "unevaluatedProperties": false}},
        "anyOf" = [{"properties": {"foo": {"properties": {"faz": {"type": "string"}}}}}],
    }
    {
        "allOf" = [{"properties": {"foo": true}, "unevaluatedProperties": false}],
        "anyOf" = [{"properties": {"bar": true}}],
    }
    {
        "allOf" = [{"properties": {"foo": true}}],
        "anyOf" = [{"properties": {"bar": true}, "unevaluatedProperties": false}],
    }
    { "properties" = {"x": {"$ref": "#"}}, "unevaluatedProperties" = false }
    {
        "$defs" = {"one": {"properties": {"a": true}}, "two": {"required": ["x"], "properties": {"x": true}}},
        "allOf" = [
            {"$ref": "#/$defs/one"}, {"properties": {"b": true}},
            {"oneOf": [{"$ref": "#/$defs/two"}, {"required": ["y"], "properties": {"y": true}}]},
        ],
        "unevaluatedProperties" = false,
    }
    {
        "$defs" = {
            "one": {
                "oneOf": [
                    {"$ref": "#/$defs/two"}, {"required": ["b"], "properties": {"b": true}},
                    {"required": ["xx"], "patternProperties": {"x": true}},
                    {"required": ["all"], "unevaluatedProperties": true},
                ],
            },
            "two": {
                "oneOf": [
                    {"required": ["c"], "properties": {"c": true}},
                    {"required": ["d"], "properties": {"d": true}},
                ],
            },
        },
        "oneOf" = [{"$ref": "#/$defs/one"}, {"required": ["a"], "properties": {"a": true}}],
        "unevaluatedProperties" = false,
    }
    { "unevaluatedProperties" = {"type": "null"} }
    { "propertyNames" = {"maxLength": 1}, "unevaluatedProperties" = {"type": "number"} }
    { "if" = {"patternProperties": {"foo": {"type": "string"}}}, "unevaluatedProperties" = false }
    {
        "properties" = {"foo2": {}},
        "dependentSchemas" = {"foo": {}, "foo2": {"properties": {"bar": {}}}},
        "unevaluatedProperties" = false,
    }
    { "properties" = {"foo": {"properties": {"bar": {"type": "string"}}}}, "unevaluatedProperties" = false }
    {
        "properties" = {"foo": {"patternProperties": {"^bar$": {"type": "string"}}}},
        "unevaluatedProperties" = false,
    }
    { "properties" = {"foo": {"additionalProperties": {"type": "string"}}}, "unevaluatedProperties" = false }
};
