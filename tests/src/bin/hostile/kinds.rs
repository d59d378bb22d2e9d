//! The kinds of hostile bodies, and what reads each.

use std::collections::HashMap;

use lift::prelude::*;
use lift::test::TestApp;
use lift::validate::from_slice;
use serde::de::DeserializeOwned;
use serde_json::Value;

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
struct Texts {
    #[schemars(regex(pattern = "^(a+)+$"))]
    nested: Option<String>,
    #[schemars(regex(pattern = "^(a|a)*b$"))]
    ambiguous: Option<String>,
    #[schemars(email)]
    email: Option<String>,
    #[schemars(url)]
    link: Option<String>,
    #[schemars(extend("format" = "hostname"))]
    host: Option<String>,
    #[schemars(length(max = 3))]
    short: Option<String>,
    number: Option<f64>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Tree {
    #[schemars(length(max = 3))]
    name: String,
    #[serde(default)]
    children: Vec<Tree>,
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(untagged)]
enum Untagged {
    Numbers(Vec<u8>),
    Texts(Vec<String>),
    Trees(Vec<Tree>),
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(tag = "type")]
enum Tagged {
    Small { n: u8 },
    Tree(Tree),
    Leave,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Flat {
    #[serde(flatten)]
    tree: Tree,
    #[serde(flatten)]
    rest: HashMap<String, u8>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Sets {
    #[schemars(extend("uniqueItems" = true))]
    items: Vec<Value>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Fields {
    #[serde(default)]
    numbers: Vec<u8>,
    name: Option<String>,
}

#[post("/form")]
#[validate]
async fn form(Form(fields): Form<Fields>) -> String {
    format!("{} {:?}", fields.numbers.len(), fields.name)
}

#[post("/strict")]
#[validate(strict)]
async fn strict(body: Json<Tree>) -> String {
    body.children.len().to_string()
}

/// A kind of body: made in about so many bytes, read with all checks, and read by serde_json alone.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) make: fn(usize) -> String,
    pub(crate) read: fn(&str),
    pub(crate) plain: fn(&str),
}

const fn kind<T: Validate + DeserializeOwned + 'static>(
    name: &'static str,
    make: fn(usize) -> String,
) -> Kind {
    Kind {
        name,
        make,
        read: |json| drop(std::hint::black_box(from_slice::<T>(json.as_bytes()))),
        plain: |json| drop(std::hint::black_box(serde_json::from_str::<T>(json))),
    }
}

/// A kind that is posted to an app.
const fn posted(name: &'static str, make: fn(usize) -> String, read: fn(&str)) -> Kind {
    Kind { name, make, read, plain: |body| drop(std::hint::black_box(body.to_owned())) }
}

fn post(path: &str, kind: &str, body: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let app = TestApp::new(App::new().routes(routes![form, strict]));
    let request = app.post(path).header("content-type", kind).body(body.to_owned());
    if let Ok(runtime) = runtime {
        std::hint::black_box(runtime.block_on(request.send()).status);
    }
}

fn many(before: &str, separator: &str, item: impl Fn(usize) -> String, after: &str, bytes: usize) -> String {
    let mut text = before.to_owned();
    let mut index = 0;
    while text.len() < bytes {
        text.push_str(if index == 0 { "" } else { separator });
        text.push_str(&item(index));
        index += 1;
    }
    text + after
}

fn list(before: &str, item: impl Fn(usize) -> String, after: &str, bytes: usize) -> String {
    many(before, ",", item, after, bytes)
}

/// An array of nothing but arrays, another one for each number: a hash of what is in them would be one for all.
fn arrays(number: usize) -> String {
    (0..20).fold("[]".to_owned(), |inner, bit| {
        if number >> bit & 1 == 0 { format!("[{inner}]") } else { format!("[[],{inner}]") }
    })
}

pub(crate) const KINDS: [Kind; 26] = [
    kind::<Tree>("[[[[", |n| "[".repeat(n)),
    kind::<Value>("[[[[ as any value", |n| "[".repeat(n)),
    kind::<Value>("{\"a\":{\"a\":", |n| "{\"a\":".repeat(n / 5)),
    kind::<Vec<Value>>("as deep as may be, often", |n| {
        list("[", |_| "[".repeat(120) + &"]".repeat(120), "]", n.saturating_sub(240))
    }),
    kind::<Vec<u8>>("numbers that are wrong", |n| list("[", |_| "-1".into(), "]", n)),
    kind::<Vec<Tree>>("objects that are wrong", |n| list("[", |_| "{}".into(), "]", n)),
    kind::<Vec<u8>>("one wrong at the end", |n| list("[", |_| "1".into(), ",-1]", n)),
    kind::<Texts>("unknown members", |n| list("{", |index| format!("\"x{index}\":1"), "}", n)),
    posted(
        "unknown members, strict",
        |n| list("{\"name\":\"\",", |index| format!("\"x{index}\":1"), "}", n),
        |body| post("/strict", "application/json", body),
    ),
    kind::<Texts>("one member, many times", |n| list("{", |_| "\"short\":\"\"".into(), "}", n)),
    kind::<HashMap<String, u8>>("members of a map", |n| {
        list("{", |index| format!("\"{index}\":256"), "}", n)
    }),
    kind::<Texts>("(a+)+ and a's", |n| format!("{{\"nested\":\"{}!\"}}", "a".repeat(n))),
    kind::<Texts>("(a|a)*b and a's", |n| format!("{{\"ambiguous\":\"{}\"}}", "a".repeat(n))),
    kind::<Texts>("a long email", |n| format!("{{\"email\":\"{}@b\"}}", "a.".repeat(n / 2))),
    kind::<Texts>("a long link", |n| format!("{{\"link\":\"http://{}\"}}", "a/%".repeat(n / 3))),
    kind::<Texts>("a long host", |n| format!("{{\"host\":\"{}\"}}", "a.".repeat(n / 2))),
    kind::<Texts>("digits", |n| format!("{{\"number\":{}}}", "9".repeat(n))),
    kind::<Texts>("escapes", |n| format!("{{\"short\":\"{}\"}}", "\\u00e9".repeat(n / 6))),
    kind::<Untagged>("of no form", |n| {
        list("[", |index| if index % 2 == 0 { "1" } else { "\"a\"" }.into(), "]", n)
    }),
    kind::<Vec<Tagged>>("of no tag", |n| list("[", |_| "{\"type\":\"x\"}".into(), "]", n)),
    kind::<Vec<Tagged>>("of a tag and wrong", |n| list("[", |_| "{\"type\":\"Small\"}".into(), "]", n)),
    kind::<Flat>("members that are flattened", |n| {
        list("{\"name\":\"long\",", |index| format!("\"x{index}\":1"), "}", n)
    }),
    kind::<Sets>("unique objects", |n| list("{\"items\":[", |index| format!("{{\"a\":{index}}}"), "]}", n)),
    kind::<Sets>("unique arrays of arrays", |n| list("{\"items\":[", arrays, "]}", n)),
    posted(
        "pairs of a form",
        |n| many("", "&", |index| format!("x{index}=1"), "", n),
        |body| post("/form", "application/x-www-form-urlencoded", body),
    ),
    posted(
        "one name of a form",
        |n| many("", "&", |_| "numbers=-1".into(), "", n),
        |body| post("/form", "application/x-www-form-urlencoded", body),
    ),
];
