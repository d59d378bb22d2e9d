//! `shop schema --check`: a later shop and an earlier one, in each way that the gate tells apart.

use std::process::Command;

use serde_json::{Value, json};

fn shop(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_shop"))
        .env_remove("AWS_LAMBDA_RUNTIME_API")
        .args(arguments)
        .output()
        .expect("it runs");
    (output.status.code(), String::from_utf8(output.stdout).expect("text"))
}

/// What the shop is called beside an earlier one, of which one place was different.
fn beside(name: &str, pointer: &str, before: Value, options: &[&str]) -> (Option<i32>, String) {
    let mut document: Value = serde_json::from_str(&shop(&["schema"]).1).expect("JSON");
    let place = document.pointer_mut(pointer).expect("the place is there");
    assert_ne!(*place, before, "nothing would have changed");
    *place = before;
    let file = std::env::temp_dir().join(format!("lift-shop-{}-{name}.json", std::process::id()));
    std::fs::write(&file, document.to_string()).expect("written");
    let checked = shop(&[&["schema", "--check", &file.to_string_lossy()], options].concat());
    std::fs::remove_file(&file).expect("removed");
    checked
}

/// The body of `POST /orders`.
const ORDER: &str = "/routes/5/inputs/0/schema";

#[test]
fn what_is_taken_and_answered_as_before_is_no_failure() {
    let (status, out) = beside("wider", &format!("{ORDER}/properties/lines/maxItems"), json!(20), &[]);
    assert!(status == Some(0) && out.contains("compatible  POST /orders  body\n"), "{out}");
    let (status, out) = beside("new", "/routes/8/path", json!("/clock/{unused}"), &[]);
    assert!(status == Some(1) && out.contains("GET /clock/{unused}  route: is gone"), "{out}");
    assert!(out.contains("compatible  GET /clock  route: is new"), "{out}");
}

#[test]
fn a_request_that_was_taken_and_is_not() {
    let (status, out) = beside("narrower", &format!("{ORDER}/properties/lines/maxItems"), json!(60), &[]);
    assert!(
        status == Some(1)
            && out.contains(
                "breaking    POST /orders  body /lines: may have 50 items at most, and could have 60"
            ),
        "{out}"
    );
    let (status, out) =
        beside("within", &format!("{ORDER}/$defs/Line/properties/qty/maximum"), json!(500), &[]);
    assert!(status == Some(1) && out.contains("body /lines/*/qty: 500, as all of"), "{out}");
    let required = json!(["customer", "email", "lines"]);
    let (status, out) = beside("required", &format!("{ORDER}/required"), required, &[]);
    assert!(status == Some(1) && out.contains("body /currency: is required"), "{out}");
}

#[test]
fn an_answer_that_was_not_given_and_is() {
    let statuses = json!(["placed", "packed", "shipped"]);
    let (status, out) = beside("answer", "/routes/6/response/$defs/Status/enum", statuses, &[]);
    assert!(
        status == Some(1)
            && out.contains("GET /orders/{id}  response /status: \"delivered\" was not answered before"),
        "{out}"
    );
}

#[test]
fn what_cannot_be_decided_fails_unless_it_may() {
    let pattern = format!("{ORDER}/$defs/Sku/pattern");
    let (status, out) = beside("unknown", &pattern, json!("^SKU-[0-9][0-9]{3}$"), &[]);
    assert!(
        status == Some(2) && out.contains("unknown     POST /orders  body /lines/*/sku: cannot be decided"),
        "{out}"
    );
    let (status, _) = beside("allowed", &pattern, json!("^SKU-[0-9][0-9]{3}$"), &["--allow-unknown"]);
    assert_eq!(status, Some(0));
}
