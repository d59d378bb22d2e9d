//! Problem details, [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457): the one shape of every error body.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::context::Context;
use crate::json;
use crate::validate::Violations;

/// The media type of a problem document.
pub(crate) const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// What a client is told about an error. The request id is added when the document is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// A stable, machine-readable name such as `not_found`; `type` is `urn:lift:` and this.
    pub code: Cow<'static, str>,
    /// A short sentence that is the same for every occurrence of the code.
    pub title: Cow<'static, str>,
    /// A sentence about this occurrence.
    pub detail: Option<Cow<'static, str>>,
    /// What was wrong with the input, if that was it.
    pub violations: Option<Violations>,
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    violations: Option<&'a Violations>,
}

impl Problem {
    /// A problem whose title is the status's own phrase.
    pub fn new(status: StatusCode, code: impl Into<Cow<'static, str>>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error").into();
        Self { status, code: code.into(), title, detail: None, violations: None }
    }

    /// The problem as JSON, with the current request's id.
    pub fn to_json(&self) -> Bytes {
        let context = Context::try_current();
        let document = Document {
            r#type: format!("urn:lift:{}", self.code),
            title: &self.title,
            status: self.status.as_u16(),
            code: &self.code,
            detail: self.detail.as_deref(),
            request_id: context.as_ref().map(Context::request_id),
            violations: self.violations.as_ref(),
        };
        // Strings and numbers always serialise; an empty object is still a valid problem document.
        json::to_vec(&document).map_or_else(|_| Bytes::from_static(b"{}"), Bytes::from)
    }

    /// The problem as a response; a copy stays in its extensions for whoever must know what went wrong.
    pub fn into_response(self) -> axum::response::Response {
        let mut response = axum::response::Response::new(axum::body::Body::from(self.to_json()));
        *response.status_mut() = self.status;
        response.headers_mut().insert(header::CONTENT_TYPE, CONTENT_TYPE);
        response.extensions_mut().insert(std::sync::Arc::new(self));
        response
    }
}
