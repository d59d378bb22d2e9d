//! What accepting a body allocates: what serde's own parse of the same type does, and nothing more.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::hint::black_box;

use allocation_counter::measure;
use lift::prelude::*;
use lift::validate::{Violation, from_slice};

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

fn check(body: &str) {
    let body = body.as_bytes();
    assert_eq!(from_slice::<Order>(body).unwrap(), serde_json::from_slice(body).unwrap());
    // Once before, for what is compiled at its first use.
    let by_serde = allocated(|| serde_json::from_slice::<Order>(black_box(body)).unwrap());
    let validated = allocated(|| from_slice::<Order>(black_box(body)).unwrap());
    assert!(by_serde.0 > 0, "nothing is counted");
    assert_eq!(validated, by_serde, "(allocations, bytes) of {}", String::from_utf8_lossy(body));
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
