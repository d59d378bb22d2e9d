//! `schema`: what an app tells of its routes. What a change of them is called is the unit tests' and the shop's matter.

use std::process::Command;

use serde_json::{Value, json};

fn schema(arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_contract"));
    command.env_remove("AWS_LAMBDA_RUNTIME_API");
    let output = command.arg("schema").args(arguments).output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn routes() -> Vec<Value> {
    let document: Value = serde_json::from_str(&schema(&[]).1).expect("JSON");
    assert_eq!(document["lift_schema"], 1);
    document["routes"].as_array().expect("routes").clone()
}

fn route(path: &str, method: &str) -> Value {
    let found = routes().into_iter().find(|route| route["path"] == path && route["method"] == method);
    found.expect("the route")
}

#[test]
fn routes_are_told_in_their_order_and_always_alike() {
    let paths: Vec<Value> = routes().into_iter().map(|route| route["path"].clone()).collect();
    let expected =
        ["/notes/{id}", "/notes", "/notes", "/orders", "/unknown", "/impl", "/items", "/events", "/bytes"];
    assert_eq!(paths, expected);
    assert_eq!(schema(&[]), schema(&[]));
}

#[test]
fn inputs_are_told_whether_they_are_checked_or_not() {
    let note = route("/notes/{id}", "GET");
    let told: Vec<(Value, Value)> = note["inputs"]
        .as_array()
        .expect("inputs")
        .iter()
        .map(|input| (input["in"].clone(), input["validated"].clone()))
        .collect();
    assert_eq!(
        told,
        [("path", false), ("query", false), ("header", false)].map(|(at, is)| (json!(at), json!(is)))
    );
    assert_eq!(note["inputs"][0]["schema"]["maximum"], u64::MAX);
    assert_eq!(note["inputs"][2]["schema"]["required"], json!(["x_version"]));
    let form = &route("/notes", "PUT")["inputs"][0];
    assert_eq!(
        (&form["in"], &form["media_type"]),
        (&json!("body"), &json!("application/x-www-form-urlencoded"))
    );
}

#[test]
fn what_is_enforced_is_what_is_told() {
    let strict = &route("/notes", "POST")["inputs"][0];
    assert_eq!(strict["schema"]["unevaluatedProperties"], false);
    assert_eq!((&strict["validated"], &strict["media_type"]), (&json!(true), &json!("application/json")));
    let order = &route("/orders", "POST")["inputs"][0];
    let files = order["files"].as_array().expect("files");
    assert!(files.len() > 1 && files[0]["schema"]["required"] == json!(["customer", "lines"]), "{files:?}");
    assert!(files.iter().all(|file| file["uri"].as_str().is_some_and(|uri| uri.starts_with("file:///"))));
}

#[test]
fn answers_are_told_where_they_have_a_schema() {
    for (path, method) in [("/notes/{id}", "GET"), ("/notes", "POST"), ("/notes", "PUT")] {
        let response = route(path, method)["response"].clone();
        assert_eq!(response["properties"]["text"]["maxLength"], 80, "{method} {path}: {response}");
    }
    for path in ["/items", "/events"] {
        let route = route(path, "GET");
        assert!(
            route["items"]["properties"]["text"].is_object() && route.get("response").is_none(),
            "{route}"
        );
    }
    for path in ["/unknown", "/impl", "/bytes"] {
        let nothing = json!({"method": "GET", "path": path, "inputs": []});
        assert_eq!(route(path, "GET"), nothing);
    }
}

#[test]
fn an_app_keeps_to_itself_and_no_file_is_no_verdict() {
    let file = std::env::temp_dir().join(format!("lift-contract-{}.json", std::process::id()));
    std::fs::write(&file, schema(&[]).1).expect("written");
    let (status, out, _) = schema(&["--check", &file.to_string_lossy()]);
    std::fs::remove_file(&file).expect("removed");
    assert!(status == Some(0) && out.ends_with(" same, 0 compatible, 0 breaking, 0 unknown\n"), "{out}");
    let (status, out, error) = schema(&["--check", &file.to_string_lossy()]);
    assert!(
        out.is_empty() && error.lines().count() == 1 && error.contains("cannot be compared with"),
        "{error}"
    );
    assert_eq!(status, Some(64));
}
