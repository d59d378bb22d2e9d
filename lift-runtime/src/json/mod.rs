//! JSON bodies, in and out.

mod writer;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::BodyExt;
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::writer::append;
pub(crate) use self::writer::{append_on_one_line, to_vec};
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
/// 415 `unsupported_media_type`, also for a `charset` other than UTF-8, 415 `unsupported_content_encoding`; 413 `payload_too_large` over 1 MiB, or what `#[validate(max_body = …)]` says; 400
/// `malformed_json` with line and column, 400 `too_deep`; 422 `validation_failed` for JSON that is not of the type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Json<T>(pub T);

crate::validate::input_wrapper!(Json);

impl<T: DeserializeOwned> Input for Json<T> {
    type Value = T;
    type Raw = Bytes;
    const LOCATION: Location = Location::Body;
    const MEDIA_TYPE: Option<&'static str> = Some("application/json");

    async fn read(parts: &mut Parts, body: &mut Option<Body>, max_body: usize) -> Result<Bytes> {
        if !is_json(&parts.headers) {
            return Err(unsupported("application/json"));
        }
        check_encodings(&parts.headers, "application/json")?;
        read_body(&parts.headers, body.take(), max_body).await
    }

    #[inline]
    fn parse(raw: &Bytes) -> Result<T, Unread> {
        strict::parse(raw).map_err(Unread::Json)
    }

    fn document<'a>(raw: &'a Bytes, _: &Schema) -> Result<Document<'a>> {
        parse_json(raw)
    }

    fn json(raw: &Bytes) -> &[u8] {
        raw
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
        unchecked(&raw)
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
    append(value, &mut json).map_err(Error::internal)?;
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

/// Refuses what would only be found to be malformed: a body that is compressed, or in another character set.
pub(crate) fn check_encodings(headers: &HeaderMap, media: &str) -> Result<()> {
    if !headers.get_all(header::CONTENT_ENCODING).iter().all(is_identity) {
        let detail = "the body must be sent without a `Content-Encoding`";
        return Err(Error::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_content_encoding", detail));
    }
    if is_utf8(headers) { Ok(()) } else { Err(unsupported(&format!("{media}; charset=utf-8"))) }
}

fn is_identity(codings: &HeaderValue) -> bool {
    let is_identity = |coding: &str| coding.is_empty() || coding.eq_ignore_ascii_case("identity");
    codings.to_str().is_ok_and(|codings| codings.split(',').all(|coding| is_identity(coding.trim())))
}

/// Whether no `charset` says anything else; JSON and forms are UTF-8 without one.
fn is_utf8(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parameters = value.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    parameters.all(|(name, value)| {
        let value = value.trim().trim_matches('"');
        !name.trim().eq_ignore_ascii_case("charset")
            || value.eq_ignore_ascii_case("utf-8")
            || value.eq_ignore_ascii_case("utf8")
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    async fn code(name: header::HeaderName, value: &'static str) -> Option<String> {
        let mut request = Request::new(Body::from("7"));
        request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        request.headers_mut().insert(name, HeaderValue::from_static(value));
        let (mut parts, body) = request.into_parts();
        let read = Json::<u32>::read(&mut parts, &mut Some(body), MAX_BODY).await;
        read.err().map(|error| {
            assert_eq!(error.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
            error.code().to_owned()
        })
    }

    #[tokio::test]
    async fn only_plain_utf_8_is_read() {
        for plain in ["identity", "Identity, identity", ""] {
            assert_eq!(code(header::CONTENT_ENCODING, plain).await, None, "{plain}");
        }
        for coded in ["gzip", "identity, br", "x"] {
            let code = code(header::CONTENT_ENCODING, coded).await;
            assert_eq!(code.as_deref(), Some("unsupported_content_encoding"), "{coded}");
        }
        for utf8 in ["application/json; charset=UTF-8", "application/a+json;v=1; Charset=\"utf-8\""] {
            assert_eq!(code(header::CONTENT_TYPE, utf8).await, None, "{utf8}");
        }
        for other in ["application/json; charset=utf-16", "application/json;v=1;charset=latin1"] {
            let code = code(header::CONTENT_TYPE, other).await;
            assert_eq!(code.as_deref(), Some("unsupported_media_type"), "{other}");
        }
    }
}
