//! What serde buffers before it knows what it is, and what the buffer takes that no schema does.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use lift::prelude::*;
use serde::Deserialize;
use serde_json::Value;

use crate::enums::{Line, Sku};
use crate::verdict::{Rust, check};

#[derive(Deserialize, JsonSchema, Validate)]
struct Post {
    #[schemars(length(min = 1, max = 4))]
    title: String,
    tags: Vec<String>,
    likes: Option<u8>,
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
struct Denied {
    n: u8,
    m: Option<i8>,
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(default)]
struct Lenient {
    a: u8,
    b: Vec<u8>,
}

impl Default for Lenient {
    fn default() -> Self {
        Self { a: 1, b: vec![2] }
    }
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Nothing;

#[derive(Deserialize, JsonSchema, Validate)]
enum Color {
    Red,
    Green,
    Of(u8),
    Mixed { red: u8, green: Option<u8> },
}

#[derive(Deserialize, JsonSchema, Validate)]
enum Unit {
    Kg,
    Lb,
}

/// Two structs, the second of which begins with something that is no scalar.
#[derive(Deserialize, JsonSchema, Validate)]
struct Parcel {
    lines: Vec<Line>,
    unit: Unit,
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(tag = "type")]
enum Event {
    Post(Post),
    Lines { lines: Vec<Line>, notes: Vec<String> },
    Boxed(Box<Post>),
    Parcel { parcel: Parcel },
    Grid { rows: Vec<Vec<u8>>, pair: (u8, bool) },
    Colored { color: Color, unit: Option<Unit>, nothing: Option<Nothing> },
    Measured { value: f32, exact: f64 },
    Mapped { of: HashMap<String, u8>, any: Value },
    Inner { event: Box<Event>, more: Vec<Event> },
    Left,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Typed {
    #[serde(rename = "type")]
    kind: Option<u8>,
    n: u8,
}

/// Contents that are odd beside a tag.
#[derive(Deserialize, JsonSchema, Validate)]
#[serde(tag = "type")]
enum Odd {
    Denied(Denied),
    Lenient(Lenient),
    Typed(Typed),
    Empty(Nothing),
    Event(Event),
    Flat(Flat),
    Set { set: BTreeSet<u8> },
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(tag = "type", deny_unknown_fields)]
enum OddDenied {
    Denied(Denied),
    Post { title: String, tags: Vec<u8> },
    Unit,
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(tag = "t", content = "c")]
enum Content {
    Maybe(Option<u8>),
    Color(Color),
    Lines(Vec<Line>),
    Post(Post),
    Parts {
        #[serde(default)]
        a: u8,
        b: Vec<u8>,
    },
    Named {
        sku: Sku,
        counts: Vec<u8>,
    },
    Pair(f32, Option<Denied>),
    Any(Value),
    Map(BTreeMap<String, Unit>),
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(tag = "t", content = "c", deny_unknown_fields)]
enum ContentDenied {
    Empty,
    Named { n: u8, list: Vec<u8> },
    Denied(Denied),
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(untagged)]
enum Loose {
    Float(f32),
    Post(Post),
    Parts {
        #[serde(default)]
        a: u8,
        bs: Vec<u8>,
    },
    Color(Color),
    Pair(u8, bool),
    Texts(Vec<String>),
    Parcels(Vec<Parcel>),
    Nothing(Nothing),
    Denied(Denied),
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(untagged)]
enum Looser {
    Content(Content),
    Event(Event),
    Map(BTreeMap<String, u8>),
}

/// Named variants, and one that is tried when none is named.
#[derive(Deserialize, JsonSchema, Validate)]
enum Rest {
    Line(Line),
    Plain,
    Parts {
        n: u8,
    },
    #[serde(untagged)]
    Text(#[schemars(length(max = 3))] String),
    #[serde(untagged)]
    Numbers {
        ns: Vec<u8>,
    },
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Flat {
    id: u8,
    #[serde(flatten)]
    post: Post,
    #[serde(flatten)]
    denied: Box<Denied>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct FlatTwice {
    #[schemars(range(max = 9))]
    n: u8,
    #[serde(flatten)]
    denied: Denied,
    #[serde(flatten)]
    lenient: Lenient,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Optional {
    #[schemars(range(max = 3))]
    n: Option<u8>,
    x: Option<u8>,
}

/// A member of both, by the stricter rules of the second.
#[derive(Deserialize, JsonSchema, Validate)]
struct FlatOverlap {
    n: u8,
    #[serde(flatten)]
    optional: Optional,
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase")]
struct FlatMaps {
    first_name: u8,
    #[serde(flatten)]
    post: Post,
    #[serde(flatten)]
    rest: HashMap<String, Vec<u8>>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Lower(#[schemars(regex(pattern = "^[a-z]+$"))] String);

impl PartialEq for Lower {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Lower {}

impl PartialOrd for Lower {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Lower {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

#[derive(Deserialize, JsonSchema, Validate)]
struct FlatKeys {
    #[serde(rename = "ID")]
    id: u8,
    #[serde(flatten)]
    rest: BTreeMap<Lower, i8>,
}

#[derive(Deserialize, JsonSchema, Validate)]
enum FlatVariant {
    Post {
        id: u8,
        #[serde(flatten)]
        post: Post,
    },
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(tag = "type")]
enum FlatTagged {
    Post {
        id: u8,
        #[serde(flatten)]
        post: Post,
    },
    Optional {
        #[serde(flatten)]
        optional: Optional,
    },
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Deep {
    id: u8,
    #[serde(flatten)]
    flat: FlatTwice,
    #[serde(flatten)]
    event: Option<Event>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Holder {
    event: Event,
    loose: Vec<Loose>,
    any: Option<Value>,
    lines: Vec<Line>,
}

#[test]
fn tagged() {
    let seeds = [
        r#"{"type":"Post","title":"é","tags":["a","b"],"likes":null}"#,
        r#"{"type":"Lines","lines":[{"sku":"SKU-0001","qty":1}],"notes":[]}"#,
        r#"{"type":"Boxed","title":"ab","tags":[]}"#,
        r#"{"type":"Parcel","parcel":{"lines":[{"sku":"SKU-0001","qty":1}],"unit":"Kg"}}"#,
        r#"{"type":"Grid","rows":[[1,2],[]],"pair":[1,true]}"#,
        r#"{"type":"Colored","color":{"Mixed":{"red":1,"green":null}},"unit":"Lb","nothing":null}"#,
        r#"{"type":"Colored","color":{"Of":1}}"#,
        r#"{"type":"Measured","value":1.5,"exact":2.5}"#,
        r#"{"type":"Mapped","of":{"a":1},"any":[{}]}"#,
        r#"{"type":"Inner","event":{"type":"Left"},"more":[{"type":"Post","title":"ab","tags":["x"]}]}"#,
        r#"{"type":"Left"}"#,
    ];
    check::<Event>("Event", Rust::AsTheSchema, &seeds);
    let seeds = [
        r#"{"type":"Denied","n":1,"m":null}"#,
        r#"{"type":"Lenient","b":[1]}"#,
        r#"{"type":"Empty"}"#,
        r#"{"type":"Set","set":[1,2]}"#,
        r#"{"type":"Flat","id":1,"title":"a","tags":[],"n":2}"#,
    ];
    // A member of the content has the name of the tag, or the content is tagged by the same name: nobody can say it.
    check::<Odd>("Odd", Rust::Narrower, &seeds);
    let seeds = [
        r#"{"type":"Denied","n":1,"m":null}"#,
        r#"{"type":"Post","title":"a","tags":[1]}"#,
        r#"{"type":"Unit"}"#,
    ];
    check::<OddDenied>("OddDenied", Rust::AsTheSchema, &seeds);
}

#[test]
fn with_content() {
    let seeds = [
        r#"{"t":"Maybe","c":1}"#,
        r#"{"c":null,"t":"Maybe"}"#,
        r#"{"c":{"Mixed":{"red":1}},"t":"Color"}"#,
        r#"{"t":"Color","c":"Red"}"#,
        r#"{"c":[{"sku":"SKU-0001","qty":1}],"t":"Lines"}"#,
        r#"{"c":{"title":"a","tags":["b"]},"t":"Post"}"#,
        r#"{"t":"Parts","c":{"a":1,"b":[2]}}"#,
        r#"{"c":{"b":[]},"t":"Parts"}"#,
        r#"{"t":"Named","c":{"sku":"SKU-0001","counts":[1]}}"#,
        r#"{"c":[1.5,{"n":1}],"t":"Pair"}"#,
        r#"{"t":"Any","c":[1]}"#,
        r#"{"c":{"a":"Kg"},"t":"Map"}"#,
    ];
    check::<Content>("Content", Rust::AsTheSchema, &seeds);
    let seeds = [
        r#"{"t":"Empty"}"#,
        r#"{"c":{"n":1,"list":[1]},"t":"Named"}"#,
        r#"{"t":"Named","c":{"n":1,"list":[]}}"#,
        r#"{"t":"Denied","c":{"n":1}}"#,
    ];
    check::<ContentDenied>("ContentDenied", Rust::AsTheSchema, &seeds);
}

#[test]
fn untagged() {
    let seeds = [
        "1.5",
        r#"{"title":"a","tags":["b"],"likes":1}"#,
        r#"{"a":1,"bs":[2]}"#,
        r#""Red""#,
        r#"{"Mixed":{"red":1,"green":2}}"#,
        "[1,true]",
        r#"["a","b"]"#,
        r#"[{"lines":[{"sku":"SKU-0001","qty":1}],"unit":"Kg"}]"#,
        "null",
        r#"{"n":1,"m":2}"#,
    ];
    check::<Loose>("Loose", Rust::AsTheSchema, &seeds);
    let seeds = [
        r#"{"t":"Parts","c":{"a":1,"b":[2]}}"#,
        r#"{"type":"Lines","lines":[{"sku":"SKU-0001","qty":1}],"notes":["a"]}"#,
        r#"{"a":1,"b":2}"#,
    ];
    check::<Looser>("Looser", Rust::AsTheSchema, &seeds);
    let seeds = [
        r#"{"Line":{"sku":"SKU-0001","qty":1}}"#,
        r#""Plain""#,
        r#"{"Parts":{"n":1}}"#,
        r#""ab""#,
        r#"{"ns":[1]}"#,
    ];
    check::<Rest>("Rest", Rust::AsTheSchema, &seeds);
}

#[test]
fn flattened() {
    let flat = r#"{"id":1,"title":"ab","tags":["a"],"likes":1,"n":1,"m":2}"#;
    check::<Flat>("FlatFlat", Rust::AsTheSchema, &[flat]);
    check::<FlatOverlap>("FlatOverlap", Rust::Narrower, &[r#"{"n":1,"x":1}"#, r#"{"n":3}"#]);
    let maps = r#"{"firstName":1,"title":"a","tags":[],"a":[1],"b":[]}"#;
    check::<FlatMaps>("FlatMaps", Rust::AsTheSchema, &[maps]);
    // schemars drops the refusal of other names from what is flattened.
    check::<FlatKeys>("FlatKeys", Rust::Narrower, &[r#"{"ID":1,"a":1,"b":-1}"#]);
    check::<FlatVariant>(
        "FlatVariant",
        Rust::AsTheSchema,
        &[r#"{"Post":{"id":1,"title":"a","tags":["b"]}}"#],
    );
    let seeds = [r#"{"type":"Post","id":1,"title":"a","tags":["b"]}"#, r#"{"type":"Optional","n":1,"x":2}"#];
    check::<FlatTagged>("FlatTagged", Rust::AsTheSchema, &seeds);
}

#[test]
fn held_and_nested() {
    let seeds = [
        r#"{"event":{"type":"Post","title":"a","tags":["b"]},"loose":[1.5,["a"],{"n":1,"m":2}],"any":[1],"lines":[{"sku":"SKU-0001","qty":1}]}"#,
        r#"{"event":{"type":"Left"},"loose":[],"lines":[]}"#,
    ];
    check::<Holder>("Holder", Rust::AsTheSchema, &seeds);
}
