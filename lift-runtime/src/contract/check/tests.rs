use serde_json::{Value, json};

use super::{Document, Verdict, check};

fn document(routes: &Value) -> Document {
    let document = json!({"lift_schema": 1, "routes": routes});
    Document::read(document.to_string().as_bytes()).expect("it is a document")
}

fn route(path: &str, inputs: &Value) -> Value {
    json!({"method": "POST", "path": path, "inputs": inputs})
}

fn input(location: &str, schema: &Value) -> Value {
    json!({"in": location, "schema": schema, "validated": true})
}

/// The verdict, and the lines that are neither the same nor compatible.
fn checked(old: &Value, new: &Value) -> (Verdict, Vec<String>) {
    let report = check(&document(old), &document(new));
    let text = report.to_string();
    let lines = text.lines().filter(|line| line.starts_with("breaking") || line.starts_with("unknown"));
    (
        report.verdict(),
        lines.map(|line| line.split("  ").skip(1).map(str::trim).collect::<Vec<_>>().join("|")).collect(),
    )
}

fn is(old: &Value, new: &Value, verdict: Verdict, lines: &[&str]) {
    let (called, found) = checked(old, new);
    assert_eq!(called, verdict, "{old} becomes {new}: {found:?}");
    assert!(
        found.len() == lines.len() && found.iter().zip(lines).all(|(line, wanted)| line.contains(wanted)),
        "{found:?}"
    );
}

#[test]
fn routes_come_and_go() {
    let (one, other) = (route("/a", &json!([])), route("/b", &json!([])));
    is(&json!([one]), &json!([other, one]), Verdict::Compatible, &[]);
    is(&json!([one, other]), &json!([one]), Verdict::Breaking, &["POST /b|route: is gone"]);
    let mut put = one.clone();
    put["method"] = json!("PUT");
    is(&json!([one]), &json!([put]), Verdict::Breaking, &["route: the method is gone"]);
    is(&json!([one]), &json!([one]), Verdict::Same, &[]);
}

#[test]
fn a_new_route_takes_what_another_one_took() {
    let by = |path: &str, schema: &Value| route(path, &json!([input("path", schema)]));
    let text = by("/a/{id}", &json!({"type": "string"}));
    let (latest, ten) = (route("/a/latest", &json!([])), route("/a/10", &json!([])));
    is(
        &json!([text]),
        &json!([text, latest]),
        Verdict::Unknown,
        &["POST /a/latest|route: is new, and takes requests that POST /a/{id} took"],
    );
    let mut get = latest.clone();
    get["method"] = json!("GET");
    is(&json!([text]), &json!([text, get]), Verdict::Unknown, &["GET /a/latest|route: is new, and takes"]);
    is(&json!([text, get]), &json!([text, get, latest]), Verdict::Compatible, &[]);
    let sku = by("/a/{id}", &json!({"type": "string", "pattern": "^SKU-"}));
    is(&json!([sku]), &json!([sku, latest]), Verdict::Compatible, &[]);
    let number = by("/a/{id}", &json!({"type": "integer"}));
    is(&json!([number]), &json!([number, latest]), Verdict::Compatible, &[]);
    is(&json!([number]), &json!([number, ten]), Verdict::Unknown, &["POST /a/10"]);
    let rest = route("/a/{*rest}", &json!([]));
    is(
        &json!([rest]),
        &json!([rest, route("/a/b/{id}", &json!([]))]),
        Verdict::Unknown,
        &["/a/{*rest} took"],
    );
    is(&json!([rest]), &json!([rest, route("/b/{id}", &json!([]))]), Verdict::Compatible, &[]);
    is(&json!([latest]), &json!([latest, text]), Verdict::Compatible, &[]);
}

#[test]
fn the_names_of_parameters_are_no_clients_matter() {
    let by = |path: &str, schema: &Value| json!([route(path, &json!([input("path", schema)]))]);
    let (text, named) =
        (json!({"type": "string"}), json!({"type": "object", "properties": {"a": {"type": "string"}}}));
    is(&by("/a/{id}/b", &text), &by("/a/{sku}/b", &text), Verdict::Same, &[]);
    is(&by("/a/{id}", &text), &by("/a/{*rest}", &text), Verdict::Breaking, &["is gone"]);
    is(&by("/a/{id}", &named), &by("/a/{sku}", &named), Verdict::Unknown, &["named otherwise"]);
    is(&by("/a/{id}", &json!({"type": "integer"})), &by("/a/{id}", &text), Verdict::Compatible, &[]);
}

#[test]
fn inputs_come_and_go() {
    let with = |inputs: &[Value]| json!([route("/a", &json!(inputs))]);
    let page = |required: &[&str]| {
        input(
            "query",
            &json!({"type": "object", "properties": {"page": {"type": "integer"}}, "required": required}),
        )
    };
    is(&with(&[]), &with(&[page(&[])]), Verdict::Compatible, &[]);
    is(&with(&[]), &with(&[page(&["page"])]), Verdict::Breaking, &["query /page: is required"]);
    is(&with(&[page(&[])]), &with(&[]), Verdict::Unknown, &["query: its schema is not published any more"]);
    is(&with(&[page(&[])]), &with(&[page(&["page"])]), Verdict::Breaking, &["query /page: is required"]);
    let body = |media: &str| json!({"in": "body", "media_type": media, "schema": {"type": "object"}, "validated": true});
    is(&with(&[]), &with(&[body("application/json")]), Verdict::Breaking, &["body: is required"]);
    let form = body("application/x-www-form-urlencoded");
    is(
        &with(std::slice::from_ref(&form)),
        &with(&[body("application/json")]),
        Verdict::Breaking,
        &["body: was"],
    );
    is(&with(&[page(&[]), page(&[])]), &with(&[page(&[]), page(&["page"])]), Verdict::Unknown, &["several"]);
}

#[test]
fn limits_that_were_not_enforced() {
    let with = |validated: bool| {
        let mut input = input("header", &json!({"type": "object"}));
        input["validated"] = json!(validated);
        json!([route("/a", &json!([input]))])
    };
    is(&with(false), &with(true), Verdict::Unknown, &["header: its limits are enforced"]);
    is(&with(true), &with(false), Verdict::Same, &[]);
}

#[test]
fn files_that_describe_a_body() {
    let with = |files: &Value| {
        let body = json!({
            "in": "body", "media_type": "application/json", "schema": true, "files": files, "validated": true,
        });
        json!([route("/a", &json!([body]))])
    };
    let file = |most: u32| json!({"uri": "file:///a.json", "schema": {"type": "integer", "maximum": most}});
    is(&with(&json!([file(1)])), &with(&json!([file(2)])), Verdict::Compatible, &[]);
    is(
        &with(&json!([file(2)])),
        &with(&json!([file(1)])),
        Verdict::Breaking,
        &["body: 2 is not taken any more"],
    );
    is(&with(&json!([])), &with(&json!([file(1)])), Verdict::Breaking, &["body"]);
    is(&with(&json!([file(1)])), &with(&json!([])), Verdict::Compatible, &[]);
    let several = json!([file(1), {"uri": "file:///b.json", "schema": true}]);
    is(&with(&several), &with(&json!([file(1)])), Verdict::Unknown, &["refers to other files"]);
}

#[test]
fn answers_are_compared_the_other_way_round() {
    let with = |schema: Option<Value>| {
        let mut route = route("/a", &json!([]));
        if let Some(schema) = schema {
            route["response"] = schema.clone();
            route["items"] = schema;
        }
        json!([route])
    };
    let (wide, narrow) = (json!({"enum": ["a", "b"]}), json!({"enum": ["a"]}));
    let added = ["response: \"b\" was not answered before", "items: \"b\" was not answered before"];
    is(&with(Some(narrow.clone())), &with(Some(wide.clone())), Verdict::Breaking, &added);
    is(&with(Some(wide.clone())), &with(Some(narrow)), Verdict::Compatible, &[]);
    is(&with(None), &with(Some(wide.clone())), Verdict::Compatible, &[]);
    is(
        &with(Some(wide)),
        &with(None),
        Verdict::Unknown,
        &["response: its schema is not", "items: its schema is not"],
    );
}

#[test]
fn words_of_the_apps_own_are_not_taken_for_annotations() {
    let routes = |schema: &Value| json!([route("/a", &json!([input("body", schema)]))]);
    let version = |keywords: &[&str], schema: &Value| {
        let document = json!({"lift_schema": 1, "keywords": keywords, "routes": routes(schema)});
        Document::read(document.to_string().as_bytes()).expect("it is a document")
    };
    let of = |member: Value| json!({"type": "object", "properties": {"n": member}, "$defs": {}});
    let plain = of(json!({"type": "string"}));
    let (noted, formatted) =
        (of(json!({"type": "string", "x-luhn": true})), of(json!({"type": "string", "format": "sku"})));
    let verdict = |old: &Document, new: &Document| check(old, new).verdict();
    assert_eq!(verdict(&version(&[], &plain), &version(&[], &noted)), Verdict::Same);
    assert_eq!(verdict(&version(&[], &plain), &version(&["x-luhn"], &noted)), Verdict::Unknown);
    assert_eq!(verdict(&version(&["x-luhn"], &noted), &version(&["x-luhn"], &noted)), Verdict::Same);
    assert_eq!(verdict(&version(&["x-luhn"], &noted), &version(&["x-luhn"], &plain)), Verdict::Compatible);
    assert_eq!(verdict(&version(&[], &plain), &version(&[], &formatted)), Verdict::Unknown);
    assert_eq!(verdict(&version(&[], &formatted), &version(&[], &plain)), Verdict::Compatible);
}
