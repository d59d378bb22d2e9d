//! What an event's authorizer has verified.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::event::RequestContext;

/// The claims of an event, flattened: those of a JWT or Cognito authorizer, the context of a Lambda authorizer, or
/// the caller of an IAM-signed request under the names that HTTP APIs give them (`userArn`, `callerId`, …).
pub(super) fn claims(context: &RequestContext<'_>) -> HashMap<String, Value> {
    if let Some(authorizer) = context.authorizer.and_then(|raw| object(raw.get())) {
        return of_authorizer(authorizer);
    }
    match context.identity.and_then(|raw| object(raw.get())) {
        Some(identity) => of_identity(identity),
        None => HashMap::new(),
    }
}

fn object(json: &str) -> Option<Map<String, Value>> {
    // Most REST events carry an identity with nothing but the client's address.
    match serde_json::from_str(json) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}

fn of_authorizer(mut authorizer: Map<String, Value>) -> HashMap<String, Value> {
    for kind in ["jwt", "claims", "lambda", "iam"] {
        let found = match authorizer.get_mut(kind) {
            Some(Value::Object(found)) => std::mem::take(found),
            _ => continue,
        };
        return match (kind, found) {
            ("jwt", mut jwt) => match jwt.remove("claims") {
                Some(Value::Object(claims)) => present(claims),
                _ => HashMap::new(),
            },
            (_, found) => present(found),
        };
    }
    // The context of a REST API's Lambda authorizer lies flat beside `principalId`.
    present(authorizer)
}

/// REST APIs and VPC Lattice tell the caller of a signed request in `identity`.
fn of_identity(mut identity: Map<String, Value>) -> HashMap<String, Value> {
    let signed =
        ["userArn", "principal"].iter().any(|name| identity.get(*name).is_some_and(Value::is_string));
    if !signed {
        return HashMap::new();
    }
    for (rest, http) in [("caller", "callerId"), ("user", "userId")] {
        if let Some(value) = identity.remove(rest) {
            identity.insert(http.into(), value);
        }
    }
    present(identity)
}

fn present(claims: Map<String, Value>) -> HashMap<String, Value> {
    claims.into_iter().filter(|(_, value)| !value.is_null()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(context: &Value, expected: &[(&str, &str)]) {
        let text = context.to_string();
        let context: RequestContext<'_> = serde_json::from_str(&text).expect("a context");
        let mut found: Vec<_> =
            claims(&context).into_iter().map(|(name, value)| (name, value.to_string())).collect();
        found.sort();
        let expected: Vec<_> =
            expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn each_authorizer_has_its_place() {
        check(
            &json!({"authorizer": {"jwt": {"claims": {"sub": "a", "none": null}, "scopes": ["x"]}}}),
            &[("sub", "\"a\"")],
        );
        check(&json!({"authorizer": {"claims": {"sub": "a"}}}), &[("sub", "\"a\"")]);
        check(&json!({"authorizer": {"lambda": {"org": 7}}}), &[("org", "7")]);
        check(
            &json!({"authorizer": {"principalId": "a", "lambda": "x"}}),
            &[("lambda", "\"x\""), ("principalId", "\"a\"")],
        );
        check(&json!({"authorizer": {"iam": {"userArn": "arn"}}}), &[("userArn", "\"arn\"")]);
        check(
            &json!({"identity": {"userArn": "arn", "caller": "c", "sourceIp": "1.2.3.4"}}),
            &[("callerId", "\"c\""), ("sourceIp", "\"1.2.3.4\""), ("userArn", "\"arn\"")],
        );
        check(&json!({"identity": {"principal": "arn"}}), &[("principal", "\"arn\"")]);
    }

    #[test]
    fn nobody_was_verified() {
        check(&json!({}), &[]);
        check(&json!({"authorizer": null, "identity": {"sourceIp": "1.2.3.4", "userArn": null}}), &[]);
        check(&json!({"authorizer": "x"}), &[]);
    }
}
