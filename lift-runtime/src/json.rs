//! JSON bodies, in and out.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::BodyExt;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::endpoint::Rejection;
use crate::error::{Error, Result};
use crate::validate::expansion::{MAX_BODY, Output};
use crate::validate::{Document, Input, Location, Schema, Unread, parse_json, strict, unchecked};

/// A JSON body: as an argument of a handler, parsed; as an answer, written.
///
/// The parse agrees with the type's JSON Schema where serde alone does not: only an object is a struct, `1.0` is an
/// integer, nothing may be nested deeper than 128 levels. The request must say `Content-Type: application/json`, or
/// a type that ends in `+json`.
///
/// ```
/// use lift_runtime::Json;
///
/// async fn double(Json(numbers): Json<Vec<u32>>) -> Json<Vec<u32>> {
///     numbers.into_iter().map(|number| number * 2).collect::<Vec<_>>().into()
/// }
/// ```
///
/// # Errors
/// 415 `unsupported_media_type`; 413 `payload_too_large` over 1 MiB, or what `#[validate(max_body = …)]` says; 400
/// `malformed_json` with line and column, 400 `too_deep`; 422 `validation_failed` for JSON that is not of the type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Json<T>(pub T);

crate::validate::input_wrapper!(Json);

impl<T: DeserializeOwned> Input for Json<T> {
    type Value = T;
    type Raw = Bytes;
    const LOCATION: Location = Location::Body;

    async fn read(parts: &mut Parts, body: &mut Option<Body>, max_body: usize) -> Result<Bytes> {
        if !is_json(&parts.headers) {
            return Err(unsupported("application/json"));
        }
        read_body(&parts.headers, body.take(), max_body).await
    }

    #[inline]
    fn parse(raw: &Bytes) -> Result<T, Unread> {
        strict::parse(raw).map_err(Unread::Json)
    }

    fn document<'a>(raw: &'a Bytes, _: &Schema) -> Result<Document<'a>> {
        parse_json(raw)
    }

    fn wrap(value: T) -> Self {
        Self(value)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Rejection;

    async fn from_request(request: Request, _: &S) -> Result<Self, Rejection> {
        let (mut parts, body) = request.into_parts();
        let raw = Self::read(&mut parts, &mut Some(body), MAX_BODY).await.map_err(Rejection::Unreadable)?;
        unchecked(&raw, &raw)
    }
}

impl<T> Output for Json<T> {
    type Value = T;

    fn value(&self) -> Option<&T> {
        Some(&self.0)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        write(&self.0).unwrap_or_else(IntoResponse::into_response)
    }
}

/// A value as a response.
pub(crate) fn write<T: Serialize>(value: &T) -> Result<Response> {
    const JSON: HeaderValue = HeaderValue::from_static("application/json");
    let mut json = Vec::with_capacity(256);
    serde_json::to_writer(&mut json, value).map_err(Error::internal)?;
    let mut response = Response::new(Body::from(json));
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    Ok(response)
}

/// The media type of a request without its parameters.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next().unwrap_or_default().trim())
}

fn is_json(headers: &HeaderMap) -> bool {
    let is_json = |media: &str| {
        media.eq_ignore_ascii_case("application/json")
            || (media.len() > 5
                && media.contains('/')
                && media.as_bytes()[media.len() - 5..].eq_ignore_ascii_case(b"+json"))
    };
    media_type(headers).is_some_and(is_json)
}

pub(crate) fn unsupported(expected: &str) -> Error {
    let detail = format!("the body must be sent with `Content-Type: {expected}`");
    Error::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
}

/// Reads a body that has at most so many bytes.
pub(crate) async fn read_body(headers: &HeaderMap, body: Option<Body>, max: usize) -> Result<Bytes> {
    let too_large = || {
        let detail = format!("the body may have {max} bytes at most");
        Error::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", detail)
    };
    let said =
        headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if said.is_some_and(|length| length > max as u64) {
        return Err(too_large());
    }
    let Some(mut body) = body else { return Ok(Bytes::new()) };
    // Nearly every body comes in one piece, which need not be copied.
    let mut first = Bytes::new();
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            Error::bad_request("the body broke off").with_code("body_aborted").with_source(error)
        })?;
        let Ok(data) = frame.into_data() else { continue };
        if first.len() + whole.len() + data.len() > max {
            return Err(too_large());
        }
        if first.is_empty() && whole.is_empty() {
            first = data;
            continue;
        }
        if whole.is_empty() {
            whole.extend_from_slice(&std::mem::take(&mut first));
        }
        whole.extend_from_slice(&data);
    }
    Ok(if whole.is_empty() { first } else { whole.freeze() })
}
