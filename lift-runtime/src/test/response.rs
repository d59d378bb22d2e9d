//! Answers of an app under test.

use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body_util::BodyExt as _;
use lambda_runtime::FunctionResponse;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::json;
use crate::serve::lambda::Answer;

/// An answer, whichever way it came.
#[derive(Debug)]
pub struct TestResponse {
    /// The status.
    pub status: StatusCode,
    /// The headers; cookies are among them, wherever the answer to an event had them.
    pub headers: HeaderMap,
    /// What Lambda was given, if the app was invoked with an event: the answer as JSON, or a stream's prelude.
    pub raw: Option<Value>,
    /// Whether the answer to an event was a stream.
    pub streamed: bool,
    body: Body,
}

impl TestResponse {
    pub(super) fn of_http(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        Self { status: parts.status, headers: parts.headers, raw: None, streamed: false, body }
    }

    pub(super) fn of_event(answer: Answer) -> Self {
        match answer {
            FunctionResponse::BufferedResponse(reply) => {
                let raw = parsed(&json(&reply));
                let body = decoded_body(&raw);
                Self { status: status(&raw), headers: headers(&raw), raw: Some(raw), streamed: false, body }
            }
            FunctionResponse::StreamingResponse(response) => {
                let raw = parsed(&json(&response.metadata_prelude));
                let body = Body::from_stream(response.stream);
                Self { status: status(&raw), headers: headers(&raw), raw: Some(raw), streamed: true, body }
            }
        }
    }

    /// A header's value, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The next piece of the body, as it was written; `None` at its end, and where it breaks off.
    pub async fn chunk(&mut self) -> Option<Bytes> {
        self.next().await?.ok()
    }

    /// The next piece of the body, or why it breaks off.
    pub(super) async fn next(&mut self) -> Option<Result<Bytes, axum::Error>> {
        loop {
            match self.body.frame().await? {
                Ok(frame) => match frame.into_data() {
                    Ok(data) => return Some(Ok(data)),
                    Err(_) => continue,
                },
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// The whole body.
    ///
    /// # Panics
    /// If the body breaks off.
    pub async fn bytes(self) -> Bytes {
        match self.body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => panic!("the body broke off: {error}"),
        }
    }

    /// The whole body as text.
    ///
    /// # Panics
    /// If the body breaks off or is not UTF-8.
    pub async fn text(self) -> String {
        let bytes = self.bytes().await;
        String::from_utf8(bytes.into()).unwrap_or_else(|error| panic!("the body is no text: {error}"))
    }

    /// The whole body, read as JSON.
    ///
    /// # Panics
    /// If the body breaks off or is not the JSON of a `T`.
    pub async fn json<T: DeserializeOwned>(self) -> T {
        let bytes = self.bytes().await;
        let read = serde_json::from_slice(&bytes);
        read.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&bytes)))
    }
}

fn parsed(json: &[u8]) -> Value {
    serde_json::from_slice(json).unwrap_or_default()
}

fn status(raw: &Value) -> StatusCode {
    let status =
        raw["statusCode"].as_u64().and_then(|code| StatusCode::from_u16(u16::try_from(code).ok()?).ok());
    status.unwrap_or_else(|| panic!("this is no answer to a request: {raw}"))
}

fn headers(raw: &Value) -> HeaderMap {
    let maps =
        ["headers", "multiValueHeaders"].into_iter().filter_map(|field| raw[field].as_object()).flatten();
    let lists = maps.flat_map(|(name, value)| values(value).map(move |value| (name.as_str(), value)));
    let cookies = values(&raw["cookies"]).map(|cookie| (SET_COOKIE.as_str(), cookie));
    let pairs = lists.chain(cookies);
    pairs
        .filter_map(|(name, value)| {
            Some((name.parse::<HeaderName>().ok()?, HeaderValue::from_str(value).ok()?))
        })
        .fold(HeaderMap::new(), |mut headers, (name, value)| {
            headers.append(name, value);
            headers
        })
}

/// A string, or the strings of a list.
fn values(value: &Value) -> impl Iterator<Item = &str> {
    value.as_str().into_iter().chain(value.as_array().into_iter().flatten().filter_map(Value::as_str))
}

fn decoded_body(raw: &Value) -> Body {
    let body = raw["body"].as_str().unwrap_or_default();
    if raw["isBase64Encoded"] != true {
        return Body::from(body.to_owned());
    }
    let decoded =
        BASE64_STANDARD.decode(body).unwrap_or_else(|error| panic!("the body is no base64: {error}"));
    Body::from(decoded)
}
