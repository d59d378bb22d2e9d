//! A client of API Gateway's WebSocket API, as the events that a function gets of it.

use serde_json::{Map, Value, json};

/// A connection to a WebSocket API at stage `prod`, for [`TestApp::event`](super::TestApp::event).
///
/// ```
/// use lift_runtime::test::GatewaySocket;
///
/// let socket = GatewaySocket::new("Oy1m2cbSoAMCJ7A=");
/// let event = socket.connect("/chat/blue?tenant=acme", &[("origin", "https://shop.example")]);
/// assert_eq!(event["queryStringParameters"]["path"], "/chat/blue");
/// assert_eq!(event["requestContext"]["eventType"], "CONNECT");
/// assert_eq!(socket.message("hello")["body"], "hello");
/// ```
#[derive(Clone, Debug)]
pub struct GatewaySocket {
    id: String,
}

impl GatewaySocket {
    /// A connection of this id.
    pub fn new(id: &str) -> Self {
        Self { id: id.to_owned() }
    }

    /// `$connect`, with the path in the query.
    #[must_use]
    pub fn connect(&self, uri: &str, headers: &[(&str, &str)]) -> Value {
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        let query = form_urlencoded::parse(query.as_bytes()).into_owned();
        let query: Vec<_> = [("path".to_owned(), path.to_owned())].into_iter().chain(query).collect();
        let own = [
            ("Host", DOMAIN),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("Sec-WebSocket-Version", "13"),
        ];
        let headers = || own.iter().chain(headers).copied();
        let one = |pairs: &mut dyn Iterator<Item = (&str, &str)>| -> Value {
            pairs.map(|(name, value)| (name.to_owned(), json!(value))).collect::<Map<_, _>>().into()
        };
        let lists = |pairs: &mut dyn Iterator<Item = (&str, &str)>| -> Value {
            pairs.map(|(name, value)| (name.to_owned(), json!([value]))).collect::<Map<_, _>>().into()
        };
        let query = || query.iter().map(|(name, value)| (&**name, &**value));
        json!({
            "headers": one(&mut headers()),
            "multiValueHeaders": lists(&mut headers()),
            "queryStringParameters": one(&mut query()),
            "multiValueQueryStringParameters": lists(&mut query()),
            "requestContext": self.context("$connect", "CONNECT"),
            "isBase64Encoded": false,
        })
    }

    /// `$default`: a message of text.
    #[must_use]
    pub fn message(&self, text: &str) -> Value {
        json!({
            "requestContext": self.context("$default", "MESSAGE"),
            "body": text,
            "isBase64Encoded": false,
        })
    }

    /// `$disconnect`.
    #[must_use]
    pub fn disconnect(&self) -> Value {
        json!({
            "headers": { "Host": DOMAIN, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": "" },
            "requestContext": self.context("$disconnect", "DISCONNECT"),
            "isBase64Encoded": false,
        })
    }

    fn context(&self, route: &str, kind: &str) -> Value {
        json!({
            "routeKey": route,
            "eventType": kind,
            "messageDirection": "IN",
            "stage": "prod",
            "connectedAt": 1_795_435_200_000_u64,
            "requestTimeEpoch": 1_795_435_200_000_u64,
            "identity": { "userAgent": "Mozilla/5.0", "sourceIp": "203.0.113.7" },
            "requestId": "Oy1m2E0FoAMFXYZ=",
            "domainName": DOMAIN,
            "connectionId": self.id,
            "apiId": "a1b2c3d4e5",
        })
    }
}

const DOMAIN: &str = "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com";
