//! Types as an app would have them, which say a schema of the suite of the values that they hold.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use lift::prelude::*;
use serde_json::Value;

use crate::mirror::Mirror;

/// A row a newtype: what it holds, with its constraints.
macro_rules! newtypes {
    ($($(#[$attribute:meta])* $held:ty;)*) => {
        &[$({
            #[derive(serde::Deserialize, schemars::JsonSchema, lift::Validate)]
            struct Held($(#[$attribute])* $held);

            Mirror::of::<Held>()
        }),*]
    };
}

/// A row a struct: its members.
macro_rules! structs {
    ($($(#[$container:meta])* { $($(#[$attribute:meta])* $member:ident: $held:ty),* })*) => {
        &[$({
            #[derive(serde::Deserialize, schemars::JsonSchema, lift::Validate)]
            $(#[$container])*
            struct Held { $($(#[$attribute])* $member: $held),* }

            Mirror::of::<Held>()
        }),*]
    };
}

const NEWTYPES: &[Mirror] = newtypes! {
    // type.json
    i64;
    f64;
    String;
    bool;
    ();
    Vec<Value>;
    HashMap<String, Value>;
    // minLength.json, maxLength.json
    #[schemars(length(min = 2))] String;
    #[schemars(length(min = 2))] Option<Box<str>>;
    #[schemars(length(max = 2))] String;
    // pattern.json, optional/ecmascript-regex.json, optional/non-bmp-regex.json
    #[schemars(regex(pattern = "^a*$"))] String;
    #[schemars(regex(pattern = "a+"))] String;
    #[schemars(regex(pattern = r"^\p{Letter}+$"))] String;
    #[schemars(regex(pattern = "^abc$"))] String;
    #[schemars(regex(pattern = r"^\t$"))] String;
    #[schemars(regex(pattern = r"^\cC$"))] String;
    #[schemars(regex(pattern = r"^\cc$"))] String;
    #[schemars(regex(pattern = r"^\d$"))] String;
    #[schemars(regex(pattern = r"^\D$"))] String;
    #[schemars(regex(pattern = r"^\w$"))] String;
    #[schemars(regex(pattern = r"^\W$"))] String;
    #[schemars(regex(pattern = r"^\s$"))] String;
    #[schemars(regex(pattern = r"^\S$"))] String;
    #[schemars(regex(pattern = r"\p{Letter}cole"))] String;
    #[schemars(regex(pattern = r"\wcole"))] String;
    #[schemars(regex(pattern = "[a-z]cole"))] String;
    #[schemars(regex(pattern = r"^\d+$"))] String;
    #[schemars(regex(pattern = r"^\p{digit}+$"))] String;
    #[schemars(regex(pattern = "^🐲*$"))] String;
    // minimum.json, maximum.json, exclusiveMinimum.json, exclusiveMaximum.json
    #[schemars(range(min = 1.1))] f64;
    #[schemars(range(min = -2))] i32;
    #[schemars(range(min = -2))] f64;
    #[schemars(range(max = 3.0))] f64;
    #[schemars(range(max = 3))] i8;
    #[schemars(range(max = 300))] u16;
    #[schemars(range(max = 300))] f64;
    #[schemars(extend("exclusiveMinimum" = 1.1))] f64;
    #[schemars(extend("exclusiveMaximum" = 3.0))] f64;
    #[schemars(extend("exclusiveMaximum" = 3))] i64;
    // multipleOf.json, optional/float-overflow.json
    #[schemars(extend("multipleOf" = 2))] i64;
    #[schemars(extend("multipleOf" = 1.5))] f64;
    #[schemars(extend("multipleOf" = 0.0001))] f64;
    #[schemars(extend("multipleOf" = 0.123456789))] i64;
    #[schemars(extend("multipleOf" = 1e-8))] i64;
    #[schemars(extend("multipleOf" = 0.5))] i64;
    // minItems.json, maxItems.json, items.json, contains.json, uniqueItems.json
    #[schemars(length(min = 1))] Vec<Value>;
    #[schemars(length(max = 2))] Vec<Value>;
    Vec<i64>;
    Vec<()>;
    Vec<Vec<Vec<Vec<f64>>>>;
    BTreeSet<i64>;
    HashSet<bool>;
    BTreeSet<String>;
    HashSet<BTreeMap<String, String>>;
    #[schemars(extend("uniqueItems" = true))] Vec<Value>;
    #[schemars(extend("contains" = {"minimum": 5}))] Vec<f64>;
    #[schemars(extend("contains" = {"const": 5}))] Vec<i64>;
    #[schemars(extend("contains" = {"const": 1}, "minContains" = 2))] Vec<i64>;
    #[schemars(extend("contains" = {"const": 1}, "maxContains" = 1))] Vec<i64>;
    // minProperties.json, maxProperties.json, propertyNames.json, additionalProperties.json
    #[schemars(extend("minProperties" = 1))] HashMap<String, Value>;
    #[schemars(extend("maxProperties" = 2))] BTreeMap<String, i64>;
    #[schemars(extend("maxProperties" = 0))] BTreeMap<String, i64>;
    #[schemars(extend("propertyNames" = {"maxLength": 3}))] HashMap<String, Value>;
    HashMap<String, bool>;
    HashMap<String, ()>;
    // prefixItems.json
    (i64, String);
    (i64,);
    // anyOf.json, oneOf.json: constraints beside a type.
    #[schemars(extend("anyOf" = [{"maxLength": 2}, {"minLength": 4}]))] String;
    #[schemars(extend("oneOf" = [{"minLength": 2}, {"maxLength": 4}]))] String;
    // optional/format
    #[schemars(email)] String;
    #[schemars(url)] String;
    #[schemars(ipv4)] String;
    #[schemars(ipv6)] String;
    std::net::Ipv4Addr;
    std::net::Ipv6Addr;
    lift::Date;
    #[schemars(extend("format" = "date"))] String;
    #[schemars(extend("format" = "date-time"))] String;
    #[schemars(extend("format" = "time"))] String;
    #[schemars(extend("format" = "duration"))] String;
    #[schemars(extend("format" = "hostname"))] String;
    #[schemars(extend("format" = "idn-email"))] String;
    #[schemars(extend("format" = "idn-hostname"))] String;
    #[schemars(extend("format" = "iri"))] String;
    #[schemars(extend("format" = "iri-reference"))] String;
    #[schemars(extend("format" = "json-pointer"))] String;
    #[schemars(extend("format" = "regex"))] String;
    #[schemars(extend("format" = "relative-json-pointer"))] String;
    #[schemars(extend("format" = "uri-reference"))] String;
    #[schemars(extend("format" = "uri-template"))] String;
    #[schemars(extend("format" = "uuid"))] String;
};

const STRUCTS: &[Mirror] = structs! {
    // properties.json, required.json, additionalProperties.json, default.json
    { #[serde(default)] foo: i64, #[serde(default)] bar: String }
    { #[serde(default)] foo: () }
    { foo: Value, #[serde(default)] bar: Value }
    { #[serde(default)] foo: Value, #[serde(default)] bar: Value }
    { #[serde(default)] foo: Value }
    { #[serde(default, rename = "foo\nbar")] a: f64, #[serde(default, rename = "foo\"bar")] b: f64,
      #[serde(default, rename = "foo\\bar")] c: f64, #[serde(default, rename = "foo\rbar")] d: f64,
      #[serde(default, rename = "foo\tbar")] e: f64, #[serde(default, rename = "foo\u{c}bar")] f: f64 }
    { #[serde(default)] foo: Value, #[serde(default)] bar: Value, #[serde(flatten)] more: HashMap<String, bool> }
    { #[serde(default)] #[schemars(length(min = 4))] bar: String }
    { #[serde(default)] #[schemars(range(max = 3))] alpha: f64 }
    // enum.json
    { #[serde(default)] foo: Foo, bar: Bar }
    // dependentRequired.json, dependentSchemas.json
    #[schemars(extend("dependentRequired" = {"bar": ["foo"]}))]
    { #[serde(flatten)] all: HashMap<String, Value> }
};

#[derive(Default, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "lowercase")]
enum Foo {
    #[default]
    Foo,
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "lowercase")]
enum Bar {
    Bar,
}

/// enum.json, with escaped characters.
#[derive(Deserialize, JsonSchema, Validate)]
enum Lines {
    #[serde(rename = "foo\nbar")]
    Newline,
    #[serde(rename = "foo\rbar")]
    Return,
}

/// type.json, several types.
#[derive(Deserialize, JsonSchema, Validate)]
#[serde(untagged)]
enum AnyOf {
    Integer(i64),
    AtLeast(#[schemars(range(min = 2))] f64),
}

/// anyOf.json, with complex types.
#[derive(Deserialize, JsonSchema, Validate)]
#[serde(untagged)]
enum Complex {
    Bar { bar: i64 },
    Foo { foo: String },
}

/// anyOf.json, nested.
#[derive(Deserialize, JsonSchema, Validate)]
#[serde(untagged)]
enum Nested {
    Inner(Null),
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(untagged)]
enum Null {
    Null,
}

const ENUMS: &[Mirror] =
    &[Mirror::of::<Lines>(), Mirror::of::<AnyOf>(), Mirror::of::<Complex>(), Mirror::of::<Nested>()];

pub(crate) fn all() -> impl Iterator<Item = &'static Mirror> {
    [NEWTYPES, STRUCTS, ENUMS].into_iter().flatten()
}
