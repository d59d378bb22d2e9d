//! 201 with the place of what was created.

use std::borrow::Cow;
use std::ops::Deref;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::json;
use crate::validate::expansion::Output;

/// An answer with status 201, a `Location` and a JSON body.
///
/// ```
/// use lift_runtime::Created;
///
/// async fn create_order() -> Created<&'static str> {
///     Created::at("/orders/17", "placed")
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created<T> {
    location: Cow<'static, str>,
    value: T,
}

/// What cannot stand in a header: control characters, spaces, and whatever is not ASCII.
const UNFIT: &AsciiSet = &CONTROLS.add(b' ');

impl<T> Created<T> {
    /// Something that was created at a place, such as `/orders/17`. What cannot stand in a header is percent-encoded.
    pub fn at(location: impl Into<Cow<'static, str>>, value: T) -> Self {
        Self { location: location.into(), value }
    }

    /// Where it is.
    pub fn location(&self) -> &str {
        &self.location
    }

    /// What was created.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T> Deref for Created<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> Output for Created<T> {
    type Value = T;

    fn value(&self) -> Option<&T> {
        Some(&self.value)
    }
}

impl<T: Serialize> Created<T> {
    fn write(&self) -> Result<Response> {
        let mut response = json::write(&self.value)?;
        *response.status_mut() = StatusCode::CREATED;
        let location = utf8_percent_encode(&self.location, UNFIT).to_string();
        let location = HeaderValue::try_from(location).map_err(Error::internal)?;
        response.headers_mut().insert(header::LOCATION, location);
        Ok(response)
    }
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        self.write().unwrap_or_else(IntoResponse::into_response)
    }
}
