//! What accepting a body allocates: what serde's own parse of the same type does, and nothing more.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::hint::black_box;

use allocation_counter::measure;
use lift::prelude::*;
use lift::validate::{Violation, from_slice};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = no_gifts))]
struct Order {
    #[schemars(length(min = 1, max = 64), extend("x-note" = "a name"))]
    customer: String,
    #[schemars(email)]
    email: String,
    #[schemars(length(min = 1, max = 50))]
    lines: Vec<Line>,
    #[schemars(length(max = 500))]
    #[validate(custom(function = polite))]
    note: Option<String>,
    #[serde(default)]
    payment: Payment,
    #[schemars(extend("multipleOf" = 0.01, "exclusiveMinimum" = 0))]
    total: Option<f64>,
    #[schemars(extend("format" = "date"))]
    day: Option<String>,
    #[schemars(url)]
    link: Option<String>,
    #[schemars(regex(pattern = r"^.+\b.$"))]
    code: Option<String>,
    #[serde(default)]
    labels: BTreeMap<String, Vec<f64>>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
struct Line {
    #[schemars(regex(pattern = r"^SKU-[0-9]{4}$"))]
    sku: String,
    #[schemars(range(min = 1, max = 100))]
    qty: u32,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "lowercase")]
enum Payment {
    #[default]
    Invoice,
    Card {
        #[schemars(length(min = 4))]
        holder: String,
    },
}

fn polite(note: &str) -> Result<(), Violation> {
    if note.contains('!') { Err(Violation::new("", "polite", "must not shout")) } else { Ok(()) }
}

fn no_gifts(order: &Order) -> Vec<Violation> {
    let is_free = order.lines.iter().all(|line| line.qty == 0);
    if is_free { vec![Violation::new("/lines", "no_gifts", "must not be free")] } else { Vec::new() }
}

/// How often, and how many bytes, memory is asked for while a body is read.
fn allocated<T>(read: impl Fn() -> T) -> (u64, u64) {
    let counted = measure(|| drop(black_box(read())));
    (counted.count_total, counted.bytes_total)
}

/// A body that goes to the schema fails this as well, for the schema reads a document of its own.
fn check_as<T>(body: &str)
where
    T: Validate + DeserializeOwned + PartialEq + Debug + 'static,
{
    let body = body.as_bytes();
    // Once before, for what is compiled at its first use.
    assert_eq!(from_slice::<T>(body).unwrap(), serde_json::from_slice(body).unwrap());
    let by_serde = allocated(|| serde_json::from_slice::<T>(black_box(body)).unwrap());
    let validated = allocated(|| from_slice::<T>(black_box(body)).unwrap());
    assert!(by_serde.0 > 0, "nothing is counted");
    assert_eq!(validated, by_serde, "(allocations, bytes) of {}", String::from_utf8_lossy(body));
}

fn check(body: &str) {
    check_as::<Order>(body);
}

#[test]
fn a_right_body_costs_no_allocation_of_lifts() {
    check(r#"{"customer":"Ada","email":"ada@example.com","lines":[{"sku":"SKU-0007","qty":2}],"note":null}"#);
    check(
        r#" { "note": "at the \"back\"\n", "customer": "A\u0064a", "email": "ada@example.com",
            "lines": [ {"qty": 100, "sku": "SKU-0007"}, {"sku": "SKU-0042", "qty": 1}, {"sku": "SKU-1000", "qty": 3} ],
            "labels": {"a": [1, 2.5, -3e2], "b": []}, "payment": {"card": {"holder": "Ada L."}}, "total": 19.99, "day": "2024-02-29", "link": "https://a.b/c",
            "code": "a b" } "#,
    );
    check(
        r#"{"customer":"é","email":"a@b.example","lines":[{"sku":"SKU-0007","qty":2}],"payment":"invoice"}"#,
    );
}

/// A struct of 50 fields, and a right body of it.
macro_rules! fifty {
    ($($text:ident $number:ident $float:ident $option:ident $email:ident),*) => {
        #[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
        #[serde(deny_unknown_fields)]
        struct Fifty {$(
            #[schemars(length(min = 1, max = 64))]
            $text: String,
            #[schemars(range(min = 1, max = 1000))]
            $number: u32,
            #[schemars(range(max = 0.5))]
            $float: f64,
            #[schemars(length(max = 8))]
            $option: Option<String>,
            #[schemars(email)]
            $email: String,
        )*}

        fn fifty() -> Value {
            let members = [$(
                (stringify!($text), json!("text")),
                (stringify!($number), json!(7)),
                (stringify!($float), json!(0.25)),
                (stringify!($option), json!("perhaps")),
                (stringify!($email), json!("ada@example.com")),
            )*];
            members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
        }
    };
}

fifty! {
    a0 b0 c0 d0 e0, a1 b1 c1 d1 e1, a2 b2 c2 d2 e2, a3 b3 c3 d3 e3, a4 b4 c4 d4 e4,
    a5 b5 c5 d5 e5, a6 b6 c6 d6 e6, a7 b7 c7 d7 e7, a8 b8 c8 d8 e8, a9 b9 c9 d9 e9
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
struct Tree {
    #[schemars(length(min = 1, max = 16))]
    name: String,
    #[serde(default)]
    children: Vec<Tree>,
}

#[test]
fn neither_does_a_flat_a_long_or_a_deep_one() {
    check_as::<Fifty>(&fifty().to_string());
    let line = json!({"sku": "SKU-0007", "qty": 2});
    check_as::<Vec<Line>>(&Value::from(vec![line; 1000]).to_string());
    check_as::<Vec<u32>>(&(0..1000).collect::<Value>().to_string());
    let leaf = json!({"name": "leaf"});
    let tree = (0..30).fold(leaf.clone(), |below, _| json!({"name": "branch", "children": [leaf, below]}));
    check_as::<Tree>(&tree.to_string());
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Event {
    Ordered { customer: String, lines: Vec<Line>, nothing: Option<u8> },
    Noted(Note),
    Measured { unit: Unit, values: HashMap<String, f64> },
    Closed,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
struct Note {
    #[schemars(length(max = 8))]
    note: String,
    labels: Vec<String>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
enum Unit {
    Kg,
    Lb,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(tag = "t", content = "c")]
enum Content {
    Lines(Vec<Line>),
    Note { note: Note },
    Done,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(untagged)]
enum Loose {
    Number(u8),
    Line(Line),
    Texts(Vec<String>),
    Event(Event),
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
struct Flat {
    id: u8,
    #[serde(flatten)]
    note: Note,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[test]
fn neither_does_what_serde_buffers() {
    check_as::<Event>(
        r#"{"type":"ordered","customer":"Ada","lines":[{"sku":"SKU-0007","qty":2}],"nothing":null}"#,
    );
    check_as::<Event>(r#"{"note":"é","type":"noted","labels":["one","two"]}"#);
    check_as::<Event>(r#"{"type":"noted","note":"a","labels":[],"unknown":{"a":1,"b":null}}"#);
    check_as::<Event>(r#"{"type":"measured","unit":"Kg","values":{"a":1,"b":2.5}}"#);
    check_as::<Vec<Event>>(r#"[{"type":"closed"},{"type":"closed","unknown":1}]"#);
    check_as::<Content>(r#"{"t":"Lines","c":[{"sku":"SKU-0007","qty":2}]}"#);
    check_as::<Content>(r#"{"c":{"note":{"note":"a","labels":[]}},"t":"Note"}"#);
    check_as::<Vec<Content>>(r#"[{"t":"Done"}]"#);
    check_as::<Vec<Loose>>(r#"[1,{"sku":"SKU-0007","qty":2}]"#);
    check_as::<Vec<Loose>>(r#"[[],{"type":"noted","note":"a","labels":[]}]"#);
    check_as::<Vec<Loose>>(r#"[1,["a","b"],[]]"#);
    check_as::<Flat>(r#"{"id":1,"note":"a","labels":["one"],"more":[{"a":1}]}"#);
    // Structs and arrays of strings beside each other.
    check_as::<Vec<Event>>(
        r#"[{"type":"ordered","customer":"Ada","lines":[{"sku":"SKU-0007","qty":2}]},{"type":"noted","note":"a","labels":["one"]}]"#,
    );
}
