//! What is said of one value: types, constants, limits, patterns, formats.

use super::{Mirror, said};

pub(super) const SAID: &[Mirror] = said! {
    { "type" = "integer" }
    { "type" = "number" }
    { "type" = "string" }
    { "type" = "object" }
    { "type" = "array" }
    { "type" = "boolean" }
    { "type" = "null" }
    { "type" = ["integer", "string"] }
    { "type" = ["string"] }
    { "type" = ["array", "object"] }
    { "type" = ["array", "object", "null"] }
    { "enum" = [1, 2, 3] }
    { "enum" = [6, "foo", [], true, {"foo": 12}] }
    { "enum" = [6, null] }
    {
        "type" = "object",
        "properties" = {"foo": {"enum": ["foo"]}, "bar": {"enum": ["bar"]}},
        "required" = ["bar"],
    }
    { "enum" = ["foo\nbar", "foo\rbar"] }
    { "enum" = [false] }
    { "enum" = [[false]] }
    { "enum" = [true] }
    { "enum" = [[true]] }
    { "enum" = [0] }
    { "enum" = [[0]] }
    { "enum" = [1] }
    { "enum" = [[1]] }
    { "enum" = ["hello\u{0}there"] }
    { "enum" = [] }
    { "const" = 2 }
    { "const" = {"foo": "bar", "baz": "bax"} }
    { "const" = [{"foo": "bar"}] }
    { "const" = null }
    { "const" = false }
    { "const" = true }
    { "const" = [false] }
    { "const" = [true] }
    { "const" = {"a": false} }
    { "const" = {"a": true} }
    { "const" = 0 }
    { "const" = 1 }
    { "const" = -2.0 }
    { "const" = 9007199254740992_i64 }
    { "const" = "hello\u{0}there" }
    { "const" = "μ" }
    { "const" = "ä" }
    { "minimum" = 1.1 }
    { "minimum" = -2 }
    { "maximum" = 3.0 }
    { "maximum" = 300 }
    { "exclusiveMinimum" = 1.1 }
    { "exclusiveMaximum" = 3.0 }
    { "multipleOf" = 2 }
    { "multipleOf" = 1.5 }
    { "multipleOf" = 0.0001 }
    { "type" = "integer", "multipleOf" = 0.123456789 }
    { "type" = "integer", "multipleOf" = 1e-08 }
    { "minLength" = 2 }
    { "minLength" = 2.0 }
    { "maxLength" = 2 }
    { "maxLength" = 2.0 }
    { "pattern" = "^a*$" }
    { "pattern" = "a+" }
    { "type" = "string", "pattern" = "^\\p{Letter}+$" }
    { "contentMediaType" = "application/json" }
    { "contentEncoding" = "base64" }
    { "contentMediaType" = "application/json", "contentEncoding" = "base64" }
    {
        "contentMediaType" = "application/json",
        "contentEncoding" = "base64",
        "contentSchema" = {"type": "object", "required": ["foo"], "properties": {"foo": {"type": "string"}}},
    }
    { "properties" = {"foo": {"type": "integer", "default": []}} }
    { "properties" = {"bar": {"type": "string", "minLength": 4, "default": "bad"}} }
    { "type" = "object", "properties" = {"alpha": {"type": "number", "maximum": 3, "default": 5}} }
    { "maximum" = 18446744073709551615_u64 }
    { "exclusiveMaximum" = 9.727837981879871e+26 }
    { "minimum" = -1.8446744073709552e+19 }
    { "exclusiveMinimum" = -9.727837981879871e+26 }
    { "type" = "string", "pattern" = "^abc$" }
    { "type" = "string", "pattern" = "^\\t$" }
    { "type" = "string", "pattern" = "^\\cC$" }
    { "type" = "string", "pattern" = "^\\cc$" }
    { "type" = "string", "pattern" = "^\\d$" }
    { "type" = "string", "pattern" = "^\\D$" }
    { "type" = "string", "pattern" = "^\\w$" }
    { "type" = "string", "pattern" = "^\\W$" }
    { "type" = "string", "pattern" = "^\\s$" }
    { "type" = "string", "pattern" = "^\\S$" }
    { "pattern" = "\\p{Letter}cole" }
    { "pattern" = "\\wcole" }
    { "pattern" = "[a-z]cole" }
    { "pattern" = "^\\d+$" }
    { "pattern" = "^\\p{digit}+$" }
    { "type" = "object", "patternProperties" = {"\\p{Letter}cole": true}, "additionalProperties" = false }
    { "type" = "object", "patternProperties" = {"\\wcole": true}, "additionalProperties" = false }
    { "type" = "object", "patternProperties" = {"[a-z]cole": true}, "additionalProperties" = false }
    { "type" = "object", "patternProperties" = {"^\\d+$": true}, "additionalProperties" = false }
    { "type" = "object", "patternProperties" = {"^\\p{digit}+$": true}, "additionalProperties" = false }
    { "type" = "integer", "multipleOf" = 0.5 }
    { "pattern" = "^🐲*$" }
    { "patternProperties" = {"^🐲*$": {"type": "integer"}} }
    { "format" = "date-time" }
    { "format" = "date" }
    { "format" = "duration" }
    { "format" = "regex" }
    { "format" = "email" }
    { "format" = "hostname" }
    { "format" = "idn-email" }
    { "format" = "idn-hostname" }
    { "format" = "ipv4" }
    { "format" = "ipv6" }
    { "format" = "iri-reference" }
    { "format" = "iri" }
    { "format" = "json-pointer" }
    { "format" = "relative-json-pointer" }
    { "format" = "time" }
    { "format" = "uri-reference" }
    { "format" = "uri-template" }
    { "format" = "uri" }
    { "format" = "uuid" }
};
