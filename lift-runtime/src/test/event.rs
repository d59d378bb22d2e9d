//! Events in the making, written after AWS's documentation of each source.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::json as to_json;

/// A request as the event of an AWS source.
///
/// ```
/// use lift_runtime::test::Event;
/// let event = Event::http_api("POST", "/orders?dry=1").header("x-tenant-id", "acme").json(&[1, 2]);
/// let json: serde_json::Value = event.into();
/// assert_eq!(json["rawQueryString"], "dry=1");
/// assert_eq!(json["body"], "[1,2]");
/// ```
#[derive(Clone, Debug)]
#[must_use = "it is given to `TestApp::event`"]
pub struct Event {
    source: Source,
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    cookies: Vec<String>,
    body: Option<String>,
    base64: bool,
    stage: String,
    authorizer: Option<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Source {
    Rest,
    Http,
    FunctionUrl,
    Alb,
    AlbMultiValue,
    Lattice,
    LatticeV1,
}

impl Event {
    fn new(source: Source, method: &str, uri: &str) -> Self {
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        let stage = if source == Source::Rest { "prod" } else { "$default" };
        Self {
            source,
            method: method.into(),
            path: path.into(),
            query: query.into(),
            headers: vec![("accept".into(), "*/*".into()), ("x-forwarded-for".into(), "203.0.113.7".into())],
            cookies: Vec::new(),
            body: None,
            base64: false,
            stage: stage.into(),
            authorizer: None,
        }
    }

    /// A request through an API Gateway REST API, at stage `prod`.
    pub fn rest_api(method: &str, uri: &str) -> Self {
        Self::new(Source::Rest, method, uri)
    }

    /// A request through an API Gateway HTTP API with payload 2.0, at stage `$default`.
    pub fn http_api(method: &str, uri: &str) -> Self {
        Self::new(Source::Http, method, uri)
    }

    /// A request through a Lambda Function URL.
    pub fn function_url(method: &str, uri: &str) -> Self {
        Self::new(Source::FunctionUrl, method, uri)
    }

    /// A request through an Application Load Balancer.
    pub fn alb(method: &str, uri: &str) -> Self {
        Self::new(Source::Alb, method, uri)
    }

    /// A request through an Application Load Balancer whose target group has multi-value headers on.
    pub fn alb_multi_value(method: &str, uri: &str) -> Self {
        Self::new(Source::AlbMultiValue, method, uri)
    }

    /// A request through VPC Lattice.
    pub fn lattice(method: &str, uri: &str) -> Self {
        Self::new(Source::Lattice, method, uri)
    }

    /// A request through VPC Lattice, with version 1 of its event.
    pub fn lattice_v1(method: &str, uri: &str) -> Self {
        Self::new(Source::LatticeV1, method, uri)
    }

    /// One of every source.
    pub fn of_every_source(method: &str, uri: &str) -> Vec<Self> {
        use Source::{Alb, AlbMultiValue, FunctionUrl, Http, Lattice, LatticeV1, Rest};
        let sources = [Rest, Http, FunctionUrl, Alb, AlbMultiValue, Lattice, LatticeV1];
        sources.into_iter().map(|source| Self::new(source, method, uri)).collect()
    }

    /// The same event with one more header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The same event with a cookie, such as `session=1`.
    pub fn cookie(mut self, cookie: &str) -> Self {
        self.cookies.push(cookie.into());
        self
    }

    /// The same event with a JSON body.
    pub fn json(self, body: &impl Serialize) -> Self {
        let text = String::from_utf8_lossy(&to_json(body)).into_owned();
        self.header("content-type", "application/json").body(text)
    }

    /// The same event with a body that goes as text.
    pub fn body(mut self, body: impl Into<String>) -> Self {
        (self.body, self.base64) = (Some(body.into()), false);
        self
    }

    /// The same event with a body that goes as base64.
    pub fn binary(mut self, body: impl AsRef<[u8]>) -> Self {
        (self.body, self.base64) = (Some(BASE64_STANDARD.encode(body)), true);
        self
    }

    /// The same event through another stage of API Gateway.
    pub fn stage(mut self, stage: &str) -> Self {
        self.stage = stage.into();
        self
    }

    /// The same event with what a JWT authorizer (Cognito's, for a REST API) has verified.
    pub fn claims(mut self, claims: &Value) -> Self {
        self.authorizer = Some(match self.source {
            Source::Rest => json!({ "claims": claims }),
            _ => json!({ "jwt": { "claims": claims, "scopes": null } }),
        });
        self
    }
}

impl From<Event> for Value {
    fn from(event: Event) -> Self {
        match event.source {
            Source::Rest => event.rest(),
            Source::Http => event.http("shop.execute-api.eu-central-1.amazonaws.com"),
            Source::FunctionUrl => event.http("shop.lambda-url.eu-central-1.on.aws"),
            Source::Alb => event.alb_json(false),
            Source::AlbMultiValue => event.alb_json(true),
            Source::Lattice => event.lattice_json(),
            Source::LatticeV1 => event.lattice_v1_json(),
        }
    }
}

impl Event {
    fn rest(self) -> Value {
        let (headers, query) = (self.all_headers(), self.decoded_query());
        json!({
            "resource": "/{proxy+}",
            "path": self.path,
            "httpMethod": self.method,
            "headers": last(&headers),
            "multiValueHeaders": lists(&headers),
            "queryStringParameters": last(&query),
            "multiValueQueryStringParameters": lists(&query),
            "requestContext": {
                "stage": self.stage,
                "path": format!("/{}{}", self.stage, self.path),
                "domainName": "shop.execute-api.eu-central-1.amazonaws.com",
                "identity": { "sourceIp": "203.0.113.7", "userArn": null },
                "authorizer": self.authorizer,
                "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            },
            "body": self.body,
            "isBase64Encoded": self.base64,
        })
    }

    fn http(self, domain: &str) -> Value {
        // An HTTP API decodes the path and puts the stage in front; a Function URL does neither.
        let path = match self.source {
            Source::FunctionUrl => self.path.clone(),
            _ => percent_encoding::percent_decode_str(&self.path).decode_utf8_lossy().into_owned(),
        };
        let path = if self.stage == "$default" { path } else { format!("/{}{path}", self.stage) };
        let headers = joined(&self.headers);
        json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": self.query,
            "cookies": if self.cookies.is_empty() { Value::Null } else { json!(self.cookies) },
            "headers": headers,
            "queryStringParameters": joined(&self.decoded_query()),
            "requestContext": {
                "domainName": domain,
                "http": { "method": self.method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7" },
                "stage": self.stage,
                "authorizer": self.authorizer,
                "requestId": "JKJaXmPLvHcESHA=",
            },
            "body": self.body,
            "isBase64Encoded": self.base64,
        })
    }

    fn alb_json(self, multi_value: bool) -> Value {
        let (mut headers, query) = (self.all_headers(), self.encoded_query());
        headers.push(("host".into(), "shop-1234.eu-central-1.elb.amazonaws.com".into()));
        let mut event = json!({
            "requestContext": { "elb": { "targetGroupArn": "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/shop/6d0ecf831eec9f09" } },
            "httpMethod": self.method,
            "path": self.path,
            "body": self.body.unwrap_or_default(),
            "isBase64Encoded": self.base64,
        });
        if multi_value {
            event["multiValueHeaders"] = lists(&headers);
            event["multiValueQueryStringParameters"] = lists(&query);
        } else {
            event["headers"] = last(&headers);
            event["queryStringParameters"] = last(&query);
        }
        event
    }

    fn lattice_json(self) -> Value {
        json!({
            "version": "2.0",
            "path": self.path,
            "method": self.method,
            "headers": lists(&self.all_headers()),
            "queryStringParameters": lists(&self.encoded_query()),
            "body": self.body,
            "isBase64Encoded": self.base64,
            "requestContext": {
                "serviceArn": "arn:aws:vpc-lattice:eu-central-1:111122223333:service/svc-0a40eebed65f8d69c",
                "targetGroupArn": "arn:aws:vpc-lattice:eu-central-1:111122223333:targetgroup/tg-6d0ecf831eec9f09",
                "region": "eu-central-1",
                "timeEpoch": "1795435200000000",
            },
        })
    }

    fn lattice_v1_json(self) -> Value {
        let query = if self.query.is_empty() { String::new() } else { format!("?{}", self.query) };
        json!({
            "raw_path": format!("{}{query}", self.path),
            "method": self.method,
            "headers": joined(&self.all_headers()),
            "query_string_parameters": last(&self.encoded_query()),
            "body": self.body,
            "is_base64_encoded": self.base64,
        })
    }

    /// The headers with the cookies among them.
    fn all_headers(&self) -> Vec<(String, String)> {
        let cookie = (!self.cookies.is_empty()).then(|| ("cookie".into(), self.cookies.join("; ")));
        self.headers.iter().cloned().chain(cookie).collect()
    }

    fn decoded_query(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(self.query.as_bytes()).into_owned().collect()
    }

    fn encoded_query(&self) -> Vec<(String, String)> {
        let pairs = self.query.split('&').filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(a, b)| (a.into(), b.into()))
            .collect()
    }
}

/// The last value of each name.
fn last(pairs: &[(String, String)]) -> Value {
    pairs.iter().map(|(name, value)| (name.clone(), json!(value))).collect::<Map<_, _>>().into()
}

/// All values of each name.
fn lists(pairs: &[(String, String)]) -> Value {
    let mut lists = Map::new();
    for (name, value) in pairs {
        if let Some(list) = lists.entry(name).or_insert_with(|| json!([])).as_array_mut() {
            list.push(json!(value));
        }
    }
    lists.into()
}

/// The values of each name, joined by commas.
fn joined(pairs: &[(String, String)]) -> Value {
    let mut all = Map::new();
    for (name, value) in pairs {
        let joined = match all.get(name).and_then(Value::as_str) {
            Some(earlier) => format!("{earlier},{value}"),
            None => value.clone(),
        };
        all.insert(name.clone(), joined.into());
    }
    all.into()
}
