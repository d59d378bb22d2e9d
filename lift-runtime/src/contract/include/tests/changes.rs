//! What each kind of change is called.

use serde_json::{Value, json};

use crate::contract::include::Certainty::{self, Breaking, Unknown};
use crate::contract::include::{Giver, Outcome, compare};

/// What a change comes to: `Ok` for the same and the compatible, with which of them it is; else what is found, where.
type Called = Result<&'static str, Vec<(Certainty, String)>>;

fn called(outcome: Outcome) -> Called {
    match outcome {
        Outcome::Same => Ok("same"),
        Outcome::Compatible => Ok("compatible"),
        Outcome::Findings(found) => {
            Err(found.into_iter().map(|finding| (finding.certainty, finding.pointer)).collect())
        }
    }
}

fn found(certainty: Certainty, pointer: &str) -> Called {
    Err(vec![(certainty, pointer.to_owned())])
}

/// A body that changes.
fn request(old: &Value, new: &Value, expected: &Called) {
    assert_eq!(called(compare(old, new, Giver::Client, false)), *expected, "request: {old} becomes {new}");
}

/// An answer that changes.
fn response(old: &Value, new: &Value, expected: &Called) {
    assert_eq!(called(compare(new, old, Giver::Server, false)), *expected, "response: {old} becomes {new}");
}

/// A query that changes.
fn query(old: &Value, new: &Value, expected: &Called) {
    assert_eq!(called(compare(old, new, Giver::Client, true)), *expected, "query: {old} becomes {new}");
}

const SAME: Called = Ok("same");
const COMPATIBLE: Called = Ok("compatible");

fn object(members: &Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": members, "required": required})
}

#[test]
fn bounds_of_numbers_and_lengths() {
    let quantity =
        |most: u32| object(&json!({"qty": {"type": "integer", "minimum": 1, "maximum": most}}), &["qty"]);
    request(&quantity(100), &quantity(200), &COMPATIBLE);
    request(&quantity(200), &quantity(100), &found(Breaking, "/qty"));
    response(&quantity(100), &quantity(200), &found(Breaking, "/qty"));
    response(&quantity(200), &quantity(100), &COMPATIBLE);
    let name = |most: u32| json!({"type": "string", "maxLength": most});
    request(&name(10), &name(11), &COMPATIBLE);
    request(&name(11), &name(10), &found(Breaking, ""));
    request(&json!({"type": "string"}), &name(10), &found(Breaking, ""));
    let lines = |least: u32| json!({"type": "array", "items": {"type": "string"}, "minItems": least});
    request(&lines(1), &lines(0), &COMPATIBLE);
    request(&lines(0), &lines(1), &found(Breaking, ""));
    let mut set = lines(0);
    set["uniqueItems"] = json!(true);
    request(&lines(0), &set, &found(Breaking, ""));
    request(&set, &lines(0), &COMPATIBLE);
}

#[test]
fn widths_of_integers() {
    let (byte, int) = (crate::schema_of::<u8>().to_value(), crate::schema_of::<i32>().to_value());
    request(&byte, &int, &COMPATIBLE);
    request(&int, &byte, &found(Breaking, ""));
    response(&byte, &int, &found(Breaking, ""));
    request(&int, &json!({"type": "number"}), &COMPATIBLE);
    request(&json!({"type": "number"}), &int, &found(Breaking, ""));
}

#[test]
fn members_that_come_and_go() {
    let one = object(&json!({"a": {"type": "string"}}), &["a"]);
    let optional = object(&json!({"a": {"type": "string"}, "b": {"type": "integer"}}), &["a"]);
    let required = object(&json!({"a": {"type": "string"}, "b": {"type": "integer"}}), &["a", "b"]);
    request(&one, &optional, &COMPATIBLE);
    request(&one, &required, &found(Breaking, "/b"));
    request(&optional, &required, &found(Breaking, "/b"));
    request(&required, &optional, &COMPATIBLE);
    request(&required, &one, &COMPATIBLE);
    response(&one, &required, &COMPATIBLE);
    response(&required, &optional, &found(Breaking, "/b"));
    response(&required, &one, &found(Breaking, "/b"));
}

#[test]
fn objects_that_are_closed() {
    let open = object(&json!({"a": {"type": "string"}}), &[]);
    let mut closed = open.clone();
    closed["additionalProperties"] = json!(false);
    let mut strict = open.clone();
    strict["unevaluatedProperties"] = json!(false);
    request(&open, &closed, &found(Breaking, ""));
    request(&open, &strict, &found(Breaking, ""));
    request(&closed, &open, &COMPATIBLE);
    request(&strict, &closed, &COMPATIBLE);
    let mut more = closed.clone();
    more["properties"]["b"] = json!(true);
    request(&closed, &more, &COMPATIBLE);
    request(&more, &closed, &found(Breaking, "/b"));
    let map = json!({"type": "object", "additionalProperties": {"type": "integer"}});
    request(&map, &object(&json!({"a": {"type": "string"}}), &[]), &found(Breaking, "/a"));
    request(&map, &json!({"type": "object", "additionalProperties": {"type": "number"}}), &COMPATIBLE);
}

#[test]
fn values_of_enums() {
    let two = json!({"type": "string", "enum": ["usd", "eur"]});
    let three = json!({"type": "string", "enum": ["usd", "gbp", "eur"]});
    let documented = json!({"oneOf": [
        {"type": "string", "const": "eur", "description": "Euro"},
        {"type": "string", "const": "usd", "description": "Dollar"},
    ]});
    request(&two, &three, &COMPATIBLE);
    request(&three, &two, &found(Breaking, ""));
    response(&two, &three, &found(Breaking, ""));
    request(&two, &documented, &SAME);
}

#[test]
fn types_that_change() {
    let of = |name: &str| object(&json!({"a": {"type": name}}), &["a"]);
    request(&of("string"), &of("integer"), &found(Breaking, "/a"));
    request(&of("integer"), &of("number"), &COMPATIBLE);
    let nullable = object(&json!({"a": {"type": ["string", "null"]}}), &["a"]);
    request(&of("string"), &nullable, &COMPATIBLE);
    request(&nullable, &of("string"), &found(Breaking, "/a"));
}

#[test]
fn patterns_and_formats() {
    let pattern = |pattern: &str| json!({"type": "string", "pattern": pattern});
    // What the old one takes, and the new one does not, is made from the old one.
    request(&pattern("^SKU-[0-9]{4}$"), &pattern("^SKU-[0-9]{5}$"), &found(Breaking, ""));
    // No engine tells that one is within the other.
    request(&pattern("^SKU-[0-9]{4}$"), &pattern("^SKU-[0-9]{3,5}$"), &found(Unknown, ""));
    request(&pattern("^a$"), &json!({"type": "string"}), &COMPATIBLE);
    // What both say is no question, whatever else they say.
    let longer = json!({"type": "string", "pattern": "^a", "maxLength": 9});
    request(&longer, &json!({"type": "string", "pattern": "^a", "maxLength": 10}), &COMPATIBLE);
    let format = |format: &str| json!({"type": "string", "format": format});
    request(&json!({"type": "string"}), &format("email"), &found(Breaking, ""));
    request(&format("email"), &json!({"type": "string"}), &COMPATIBLE);
    request(&format("ip"), &json!({"type": "string", "format": "ip", "minLength": 0}), &COMPATIBLE);
    request(&format("ipv4"), &format("ip"), &found(Unknown, ""));
}

/// One member that cannot be decided leaves the others decided.
#[test]
fn what_is_unknown_is_told_where_it_is() {
    let of = |pattern: &str, most: u32| {
        let members = json!({
            "sku": {"type": "string", "pattern": pattern}, "qty": {"type": "integer", "maximum": most},
        });
        json!({"type": "array", "items": object(&members, &["sku", "qty"])})
    };
    request(&of("^a{1,2}$", 1), &of("^a{1,3}$", 2), &found(Unknown, "/*/sku"));
    let both = vec![(Breaking, "/*/qty".to_owned()), (Unknown, "/*/sku".to_owned())];
    request(&of("^a{1,2}$", 2), &of("^a{1,3}$", 1), &Err(both));
}

#[test]
fn recursion_and_the_names_of_definitions() {
    let tree = |name: &str, most: u32| {
        let mut node = object(&json!({"n": {"type": "integer", "maximum": most}}), &["n"]);
        node["properties"]["next"] = json!({"type": "array", "items": {"$ref": format!("#/$defs/{name}")}});
        json!({"$ref": format!("#/$defs/{name}"), "$defs": {name: node}})
    };
    request(&tree("Node", 1), &tree("Tree", 1), &SAME);
    request(&tree("Node", 1), &tree("Tree", 2), &COMPATIBLE);
    request(&tree("Node", 2), &tree("Node", 1), &found(Breaking, "/n"));
    let rooted = |most: u32| {
        let mut node = object(&json!({"n": {"type": "integer", "maximum": most}}), &["n"]);
        node["properties"]["next"] = json!({"anyOf": [{"$ref": "#"}, {"type": "null"}]});
        node
    };
    request(&rooted(1), &rooted(2), &COMPATIBLE);
    request(&rooted(2), &rooted(1), &found(Breaking, "/n"));
}

#[test]
fn enums_with_data() {
    let shape = |radius: &str, more: bool| {
        let mut forms = vec![
            object(&json!({"type": {"const": "circle"}, "radius": {"type": radius}}), &["type", "radius"]),
            object(&json!({"type": {"const": "square"}, "side": {"type": "number"}}), &["type", "side"]),
        ];
        if more {
            forms.push(object(&json!({"type": {"const": "point"}}), &["type"]));
        }
        json!({ "oneOf": forms })
    };
    request(&shape("integer", false), &shape("number", true), &COMPATIBLE);
    request(&shape("string", false), &shape("number", false), &found(Breaking, "/radius"));
    request(&shape("integer", true), &shape("integer", false), &found(Breaking, ""));
    response(&shape("integer", false), &shape("integer", true), &found(Breaking, ""));
    // Flattened beside other members, and closed from outside.
    let beside = |radius: &str| {
        let mut outer = object(&json!({"id": {"type": "string", "pattern": "^a"}}), &["id"]);
        outer["oneOf"] = shape(radius, false)["oneOf"].take();
        outer["unevaluatedProperties"] = json!(false);
        outer
    };
    request(&beside("integer"), &beside("number"), &COMPATIBLE);
    request(&beside("string"), &beside("number"), &found(Breaking, "/radius"));
}

#[test]
fn texts_become_what_the_schema_names() {
    let page = |of: Value| object(&json!({ "page": of }), &["page"]);
    let (text, number) = (json!({"type": "string"}), json!({"type": "integer", "minimum": 1}));
    query(&page(number.clone()), &page(text.clone()), &COMPATIBLE);
    query(&page(text.clone()), &page(number.clone()), &found(Unknown, "/page"));
    query(&page(number), &page(json!({"type": "number", "minimum": 1})), &COMPATIBLE);
    // `5` was a text that is taken, and becomes a number that is not.
    let either = json!({"anyOf": [{"type": "string"}, {"type": "integer", "maximum": 3}]});
    query(&page(text.clone()), &page(either), &found(Unknown, "/page"));
    query(&page(text), &page(json!({"type": "string", "maxLength": 3})), &found(Breaking, "/page"));
}

#[test]
fn what_is_beyond_it_is_unknown() {
    let elsewhere = |most: u32| json!({"$ref": "other.json", "maxLength": most});
    request(&elsewhere(1), &elsewhere(1), &SAME);
    request(&elsewhere(1), &elsewhere(2), &found(Unknown, ""));
    let conditional = |most: u32| json!({"if": {"type": "string"}, "then": {"pattern": "^a"}, "else": {"type": "integer", "maximum": most}});
    request(&conditional(1), &conditional(1), &SAME);
}

/// What the app's own code says of a value, no schema tells.
#[test]
fn own_words_are_unknown() {
    let text = json!({"type": "string"});
    let own = |keyword: &str, value: &str| json!({"type": "string", keyword: value});
    for (keyword, value) in [("format", "iban"), ("own:even", "yes")] {
        request(&text, &own(keyword, value), &found(Unknown, ""));
        request(&own(keyword, value), &own(keyword, value), &SAME);
        request(&own(keyword, value), &text, &COMPATIBLE);
        request(&own(keyword, value), &own(keyword, "other"), &found(Unknown, ""));
        request(&json!({"enum": ["a", "b"]}), &own(keyword, value), &found(Unknown, ""));
    }
    let object = |of: &Value| object(&json!({"a": of, "b": {"type": "string", "maxLength": 9}}), &["a"]);
    request(&object(&text), &object(&own("format", "iban")), &found(Unknown, "/a"));
}

#[test]
fn annotations_say_nothing() {
    let old = object(&json!({"a": {"type": "integer", "format": "int64", "default": 1}}), &[]);
    let mut new = object(&json!({"a": {"type": ["integer"], "description": "An a.", "x-note": 1}}), &[]);
    new["title"] = json!("Other");
    request(&old, &new, &SAME);
}

#[test]
fn a_member_that_is_required_and_not_described() {
    let before = json!({"type": "object", "required": ["a"]});
    let typed = object(&json!({"a": {"type": "integer"}}), &["a"]);
    request(&before, &typed, &found(Breaking, "/a"));
    request(&typed, &before, &COMPATIBLE);
    response(&typed, &before, &found(Breaking, "/a"));
    response(&before, &typed, &COMPATIBLE);
    request(&before, &object(&json!({"b": {"type": "integer"}}), &["a"]), &COMPATIBLE);
}

#[test]
fn a_format_of_numbers_is_an_annotation_of_numbers_alone() {
    let of = |of: Value| json!({"type": of, "format": "int32"});
    request(&json!({"type": "integer"}), &of(json!("integer")), &SAME);
    request(&json!({"type": ["number", "null"]}), &of(json!(["number", "null"])), &SAME);
    request(&json!({"type": "string"}), &of(json!("string")), &found(Unknown, ""));
}
