//! Where own checks say that something is wrong: the place on the wire, whatever the shape of the type.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use lift::prelude::*;
use lift::validate::{Violation, Violations, check, from_slice, from_value};
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

fn even(number: &u32) -> Option<Violation> {
    (number % 2 == 1).then(|| Violation::new("", "even", "must be even"))
}

fn short(text: &str) -> Result<(), Violation> {
    if text.len() > 3 { Err(Violation::new("", "short", "must be short")) } else { Ok(()) }
}

fn no_repeats(numbers: &[u32]) -> Vec<Violation> {
    let repeats = (1..numbers.len()).filter(|index| numbers[..*index].contains(&numbers[*index]));
    repeats.map(|index| Violation::new(format!("/{index}"), "repeat", "is there already")).collect()
}

#[derive(
    Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, Validate,
)]
struct Code(#[validate(custom(function = short))] String);

#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
struct Leaf {
    #[validate(custom(function = even))]
    n: u32,
}

/// All that is wrong by "pointer keyword", the same on each way.
fn told<T: Validate + DeserializeOwned + 'static>(json: &str) -> Vec<String> {
    let listed = |violations: Violations| {
        violations.iter().map(|violation| format!("{} {}", violation.pointer, violation.keyword)).collect()
    };
    let read: Vec<String> = from_slice::<T>(json.as_bytes()).err().map(listed).unwrap_or_default();
    let value: Value = serde_json::from_str(json).unwrap();
    let as_value: Vec<String> = from_value::<T>(&value).err().map(listed).unwrap_or_default();
    assert_eq!(read, as_value, "{json}");
    // Each of them is there.
    for one in &read {
        let pointer = one.split(' ').next().unwrap();
        assert!(value.pointer(pointer).is_some(), "{pointer} in {json}");
    }
    read
}

/// What is wrong with what is read, and with the same value when it is written.
fn both<T: Validate + Serialize + DeserializeOwned + 'static>(json: &str, expected: &[&str]) {
    assert_eq!(told::<T>(json), expected, "{json}");
    let value: T = serde_json::from_str(json).unwrap();
    let written = check(&value).err().unwrap_or_default();
    let written: Vec<_> = written.iter().map(|one| format!("{} {}", one.pointer, one.keyword)).collect();
    assert_eq!(written, expected, "{json} written");
}

#[derive(Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase")]
struct Renamed {
    #[validate(custom(function = "even"))]
    one_number: u32,
    #[serde(rename = "a/b~c")]
    #[garde(custom(even))]
    slashed: Option<u32>,
    #[serde(default)]
    r#type: Option<Code>,
    #[validate(custom(function = no_repeats))]
    all_numbers: Vec<u32>,
}

#[test]
fn names_are_those_of_serde() {
    both::<Renamed>(
        r#"{"oneNumber":1,"a/b~c":3,"type":"long","allNumbers":[1,2,1]}"#,
        &["/oneNumber even", "/a~1b~0c even", "/type short", "/allNumbers/2 repeat"],
    );
    both::<Renamed>(r#"{"oneNumber":2,"a/b~c":null,"type":null,"allNumbers":[]}"#, &[]);
}

#[derive(Serialize, Deserialize, JsonSchema, Validate)]
struct TwoNames {
    #[serde(rename(serialize = "out", deserialize = "in"))]
    #[validate(custom(function = even))]
    n: u32,
}

#[test]
fn what_is_written_has_the_names_that_are_written() {
    assert_eq!(told::<TwoNames>(r#"{"in":1}"#), ["/in even"]);
    let written = check(&TwoNames { n: 1 }).unwrap_err();
    assert_eq!(written.iter().next().unwrap().pointer, "/out");
}

#[derive(Serialize, Deserialize, JsonSchema, Validate)]
struct Pair(#[validate(custom(function = even))] u32, Code);

#[derive(Serialize, Deserialize, JsonSchema, Validate)]
#[serde(transparent)]
struct Transparent {
    leaf: Leaf,
}

#[derive(Serialize, Deserialize, JsonSchema, Validate)]
struct Skipping(#[serde(skip)] u8, Leaf, Leaf);

#[test]
fn tuples_have_places_and_newtypes_none() {
    both::<Pair>(r#"[1,"long"]"#, &["/0 even", "/1 short"]);
    both::<(Leaf, Code, u8)>(r#"[{"n":1},"long",1]"#, &["/0/n even", "/1 short"]);
    both::<Code>(r#""long""#, &[" short"]);
    both::<Transparent>(r#"{"n":1}"#, &["/n even"]);
    both::<Skipping>(r#"[{"n":1},{"n":3}]"#, &["/0/n even", "/1/n even"]);
}

#[derive(Serialize, Deserialize, JsonSchema, Validate)]
struct Flat {
    #[serde(flatten)]
    leaf: Leaf,
    #[serde(flatten)]
    rest: BTreeMap<String, Code>,
}

#[test]
fn what_is_flattened_has_no_segment() {
    both::<Flat>(r#"{"n":1,"x":"long","y":"a"}"#, &["/n even", "/x short"]);
}

#[derive(Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "snake_case", rename_all_fields = "UPPERCASE")]
enum External {
    Nothing,
    OneLeaf(Leaf),
    TwoOf(u8, Code),
    WithFields {
        #[validate(custom(function = even))]
        the_number: u32,
        leaf: Option<Leaf>,
    },
}

#[derive(Serialize, Deserialize, JsonSchema, Validate)]
#[serde(tag = "type", rename_all = "kebab-case")]
enum Internal {
    OneLeaf(Leaf),
    #[serde(rename_all = "camelCase")]
    WithFields {
        #[validate(custom(function = even))]
        the_number: u32,
        leaf: Leaf,
    },
    Nothing,
}

#[derive(Serialize, Deserialize, JsonSchema, Validate)]
#[serde(tag = "t", content = "c/c")]
enum Adjacent {
    One(Leaf),
    Two(u8, Code),
    Three {
        #[validate(custom(function = even))]
        n: u32,
    },
    Nothing,
}

#[derive(Serialize, Deserialize, JsonSchema, Validate)]
#[serde(untagged)]
enum Untagged {
    One(Leaf),
    Two(u8, Code),
    Three {
        #[validate(custom(function = short))]
        text: String,
    },
}

#[test]
fn enums_stand_where_they_are_written() {
    both::<External>(r#""nothing""#, &[]);
    both::<External>(r#"{"one_leaf":{"n":1}}"#, &["/one_leaf/n even"]);
    both::<External>(r#"{"two_of":[1,"long"]}"#, &["/two_of/1 short"]);
    both::<External>(
        r#"{"with_fields":{"THE_NUMBER":1,"LEAF":{"n":3}}}"#,
        &["/with_fields/THE_NUMBER even", "/with_fields/LEAF/n even"],
    );
    both::<Internal>(r#"{"type":"one-leaf","n":1}"#, &["/n even"]);
    both::<Internal>(
        r#"{"type":"with-fields","theNumber":1,"leaf":{"n":3}}"#,
        &["/theNumber even", "/leaf/n even"],
    );
    both::<Internal>(r#"{"type":"nothing"}"#, &[]);
    both::<Adjacent>(r#"{"t":"One","c/c":{"n":1}}"#, &["/c~1c/n even"]);
    both::<Adjacent>(r#"{"t":"Two","c/c":[1,"long"]}"#, &["/c~1c/1 short"]);
    both::<Adjacent>(r#"{"t":"Three","c/c":{"n":1}}"#, &["/c~1c/n even"]);
    both::<Adjacent>(r#"{"t":"Nothing"}"#, &[]);
    both::<Untagged>(r#"{"n":1}"#, &["/n even"]);
    both::<Untagged>(r#"[1,"long"]"#, &["/1 short"]);
    both::<Untagged>(r#"{"text":"long"}"#, &["/text short"]);
}

#[derive(PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "lowercase")]
enum Side {
    Left,
    Right,
}

#[derive(Serialize, Deserialize, JsonSchema, Validate)]
struct Collections {
    deep: BTreeMap<String, Option<Vec<Leaf>>>,
    by_code: HashMap<Code, Leaf>,
    by_side: BTreeMap<Side, Leaf>,
    by_number: HashMap<u16, Leaf>,
    deque: VecDeque<Leaf>,
    array: [Leaf; 2],
    pointers: (Box<Leaf>, Arc<Leaf>, Rc<[Leaf]>),
    cow: Cow<'static, Code>,
    twice: Option<Option<Leaf>>,
}

#[test]
fn collections_have_members_and_items() {
    let json = r#"{
        "deep": {"a/b": [{"n": 2}, {"n": 1}], "c": null},
        "by_code": {"long": {"n": 1}, "b": {"n": 1}, "a": {"n": 1}},
        "by_side": {"left": {"n": 1}, "right": {"n": 2}},
        "by_number": {"7": {"n": 1}},
        "deque": [{"n": 2}, {"n": 1}],
        "array": [{"n": 1}, {"n": 2}],
        "pointers": [{"n": 1}, {"n": 1}, [{"n": 1}]],
        "cow": "long",
        "twice": {"n": 1}
    }"#;
    let expected = [
        "/deep/a~1b/1/n even",
        "/by_code/a/n even",
        "/by_code/b/n even",
        "/by_code/long short",
        "/by_code/long/n even",
        "/by_side/left/n even",
        "/by_number/7/n even",
        "/deque/1/n even",
        "/array/0/n even",
        "/pointers/0/n even",
        "/pointers/1/n even",
        "/pointers/2/0/n even",
        "/cow short",
        "/twice/n even",
    ];
    both::<Collections>(json, &expected);
}

#[derive(Serialize, Deserialize, JsonSchema, Validate)]
struct Sets {
    hashed: HashSet<Code>,
    sorted: BTreeSet<Code>,
}

#[test]
fn a_set_has_lost_the_places_of_its_items() {
    both::<Sets>(
        r#"{"hashed":["a","long","longer"],"sorted":["longest"]}"#,
        &["/hashed short", "/hashed short", "/sorted short"],
    );
}

#[derive(Serialize, Deserialize, JsonSchema, Validate)]
struct Tree {
    #[validate(custom(function = short))]
    name: String,
    #[serde(default)]
    children: Vec<Tree>,
    left: Option<Box<Tree>>,
    named: Option<BTreeMap<String, Tree>>,
}

#[test]
fn what_holds_itself_is_walked_through() {
    both::<Tree>(
        r#"{"name":"root","children":[{"name":"a"},{"name":"b","left":{"name":"left","children":[]}}],"named":{"x":{"name":"other"}}}"#,
        &["/name short", "/children/1/left/name short", "/named/x/name short"],
    );
}

fn in_order(span: &Span) -> Option<Violation> {
    (span.from > span.to).then(|| Violation::new("/to", "in_order", "must not be before `from`"))
}

fn not_empty(span: &Span) -> Option<Violation> {
    (span.from == span.to).then(|| Violation::new("", "not_empty", "must not be empty"))
}

#[derive(Serialize, Deserialize, JsonSchema, Validate)]
#[validate(schema(function = in_order))]
#[garde(custom(not_empty))]
struct Span {
    #[validate(custom(function = even))]
    from: u32,
    to: u32,
}

fn never_left(side: &Tagged) -> Option<Violation> {
    matches!(side, Tagged::Left { .. }).then(|| Violation::new("/type", "never_left", "must not be left"))
}

#[derive(Serialize, Deserialize, JsonSchema, Validate)]
#[serde(tag = "type")]
#[validate(custom(function = never_left))]
enum Tagged {
    Left { leaf: Leaf },
    Right,
}

#[test]
fn a_type_is_checked_after_its_fields() {
    both::<Span>(r#"{"from":3,"to":2}"#, &["/from even", "/to in_order"]);
    both::<Vec<Span>>(r#"[{"from":2,"to":2},{"from":2,"to":3}]"#, &["/0 not_empty"]);
    both::<Vec<Tagged>>(
        r#"[{"type":"Left","leaf":{"n":1}},{"type":"Right"}]"#,
        &["/0/leaf/n even", "/0/type never_left"],
    );
}

mod as_text {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Leaf;

    pub(super) fn serialize<S: Serializer>(leaf: &Leaf, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&leaf.n.to_string())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Leaf, D::Error> {
        let text = String::deserialize(from)?;
        Ok(Leaf { n: text.parse().map_err(D::Error::custom)? })
    }
}

fn small(leaf: &Leaf) -> Option<Violation> {
    (leaf.n > 10).then(|| Violation::new("", "small", "must be small"))
}

#[derive(Serialize, Deserialize, JsonSchema, Validate)]
struct Written {
    #[serde(with = "as_text")]
    #[schemars(with = "String")]
    #[validate(custom(function = small))]
    leaf: Leaf,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(from = "u32", into = "u32")]
#[schemars(with = "u32")]
struct From32 {
    leaf: CloneLeaf,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema, Validate)]
struct CloneLeaf {
    #[validate(custom(function = even))]
    n: u32,
}

impl From<u32> for From32 {
    fn from(n: u32) -> Self {
        Self { leaf: CloneLeaf { n } }
    }
}

impl From<From32> for u32 {
    fn from(value: From32) -> Self {
        value.leaf.n
    }
}

#[test]
fn what_is_another_type_on_the_wire_has_no_inside() {
    both::<Written>(r#"{"leaf":"11"}"#, &["/leaf small", "/leaf even"]);
    both::<Vec<From32>>("[2,1]", &["/1 even"]);
}

/// Types of another crate have no native checks, nor has a map or a tuple of them.
#[derive(Serialize, Deserialize, JsonSchema, Validate)]
struct Foreign {
    pair: (Uuid, Leaf),
    by_code: BTreeMap<Code, Uuid>,
    by_uuid: HashMap<Uuid, Option<Vec<Leaf>>>,
    deep: Vec<HashMap<Code, (Uuid, [Leaf; 1])>>,
    perhaps: Option<(Uuid, Leaf)>,
    set: BTreeSet<(Uuid, Code)>,
    alone: Uuid,
    many: [(Code, Uuid); 2],
    boxed: Box<(Uuid, Arc<(Code, Uuid)>)>,
}

#[test]
fn what_stands_beside_a_type_of_another_crate_is_reached() {
    let id = "2eb8aa08-aa98-11ea-b4aa-73b441d16380";
    let json = r#"{
        "pair": ["ID", {"n": 1}],
        "by_code": {"b": "ID", "long": "ID"},
        "by_uuid": {"ID": [{"n": 2}, {"n": 1}]},
        "deep": [{"a": ["ID", [{"n": 1}]], "long": ["ID", [{"n": 2}]]}],
        "perhaps": ["ID", {"n": 1}],
        "set": [["ID", "long"]],
        "alone": "ID",
        "many": [["a", "ID"], ["long", "ID"]],
        "boxed": ["ID", ["long", "ID"]]
    }"#;
    let expected = [
        "/pair/1/n even",
        "/by_code/long short",
        // The name of a key of another crate cannot be told.
        "/by_uuid even",
        "/deep/0/a/1/0/n even",
        "/deep/0/long short",
        "/perhaps/1/n even",
        "/set short",
        "/many/1/0 short",
        "/boxed/1/0 short",
    ];
    both::<Foreign>(&json.replace("ID", id), &expected);
}

#[derive(Serialize, Deserialize, JsonSchema, Validate)]
struct Generic<T> {
    items: Vec<T>,
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
struct Both {
    #[schemars(range(max = 10))]
    #[validate(custom(function = even))]
    n: u32,
    #[schemars(length(max = 1))]
    text: String,
    leaf: Leaf,
}

#[test]
fn the_schema_speaks_first() {
    assert_eq!(told::<Generic<Leaf>>(r#"{"items":[{"n":1}]}"#), ["/items/0/n even"]);
    let expected = ["/n maximum", "/text maxLength", "/n even", "/leaf/n even"];
    assert_eq!(told::<Both>(r#"{"n":11,"text":"ab","leaf":{"n":1}}"#), expected);
    // What cannot be parsed has no value that a check could see.
    assert_eq!(told::<Both>(r#"{"n":11,"text":1,"leaf":{"n":1}}"#), ["/n maximum", "/text type"]);
    // `1.0` is an integer to Lift, whichever way it is read.
    assert_eq!(told::<Internal>(r#"{"type":"one-leaf","n":1.0}"#), ["/n even"]);
}

#[test]
fn at_most_a_hundred_are_told() {
    let many = format!("[{}]", vec![r#"{"n":1}"#; 150].join(","));
    let violations = from_slice::<Vec<Leaf>>(many.as_bytes()).unwrap_err();
    assert_eq!(violations.iter().count(), 100);
    assert_eq!(serde_json::to_value(&violations).unwrap()["truncated"], true);
}
