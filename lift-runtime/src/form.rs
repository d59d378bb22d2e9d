//! Bodies as a browser's form sends them.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::endpoint::Rejection;
use crate::error::Result;
use crate::json::{check_encodings, media_type, read_body, unsupported};
use crate::query::require_utf8;
use crate::validate::expansion::MAX_BODY;
use crate::validate::{Document, Input, Location, Pairs, Schema, Unread, unchecked};

/// A body of the type `application/x-www-form-urlencoded`, as a struct or a map; see [`Query`](crate::Query) for how
/// its fields are read.
///
/// ```
/// use lift_runtime::Form;
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Login {
///     user: String,
///     remember: bool,
/// }
///
/// async fn login(Form(login): Form<Login>) -> String {
///     login.user
/// }
/// ```
///
/// # Errors
/// 415 `unsupported_media_type`, also for a `charset` other than UTF-8, 415 `unsupported_content_encoding`; 413 `payload_too_large` over 1 MiB, or what `#[validate(max_body = …)]` says; 400 if
/// it is not UTF-8; 422 `validation_failed`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Form<T>(pub T);

crate::validate::input_wrapper!(Form);

const URL_ENCODED: &str = "application/x-www-form-urlencoded";

impl<T: DeserializeOwned> Input for Form<T> {
    type Value = T;
    type Raw = Bytes;
    const LOCATION: Location = Location::Body;
    const MEDIA_TYPE: Option<&'static str> = Some(URL_ENCODED);

    async fn read(parts: &mut Parts, body: &mut Option<Body>, max_body: usize) -> Result<Bytes> {
        if !media_type(&parts.headers).is_some_and(|media| media.eq_ignore_ascii_case(URL_ENCODED)) {
            return Err(unsupported(URL_ENCODED));
        }
        check_encodings(&parts.headers, URL_ENCODED)?;
        let raw = read_body(&parts.headers, body.take(), max_body).await?;
        require_utf8(&raw, "the body")?;
        Ok(raw)
    }

    fn parse(raw: &Bytes) -> Result<T, Unread> {
        T::deserialize(pairs(raw).iter()).map_err(Unread::Refused)
    }

    fn document<'a>(raw: &'a Bytes, schema: &Schema) -> Result<Document<'a>> {
        Ok(pairs(raw).document(schema))
    }

    fn wrap(value: T) -> Self {
        Self(value)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = Rejection;

    async fn from_request(request: Request, _: &S) -> Result<Self, Rejection> {
        let (mut parts, body) = request.into_parts();
        let raw = Self::read(&mut parts, &mut Some(body), MAX_BODY).await.map_err(Rejection::Unreadable)?;
        unchecked(&raw)
    }
}

fn pairs(body: &Bytes) -> Pairs<'_> {
    Pairs::new(form_urlencoded::parse(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn code(name: &str, value: &str) -> Option<String> {
        let mut request = Request::builder().header("content-type", URL_ENCODED);
        let headers = request.headers_mut().expect("headers");
        headers.insert(http::HeaderName::try_from(name).expect("a name"), value.parse().expect("a value"));
        let request = request.body(Body::from("a=1")).expect("a request");
        let read = Form::<std::collections::BTreeMap<String, u8>>::from_request(request, &()).await;
        read.err().map(|rejection| match rejection {
            Rejection::Unreadable(error) => error.code().to_owned(),
            Rejection::Invalid(..) => "invalid".to_owned(),
        })
    }

    #[tokio::test]
    async fn only_a_plain_form_is_read() {
        assert_eq!(code("x-other", "1").await, None);
        for (name, value, expected) in [
            ("content-encoding", "gzip", "unsupported_content_encoding"),
            ("content-type", "application/x-www-form-urlencoded; charset=latin1", "unsupported_media_type"),
            ("content-type", "application/json", "unsupported_media_type"),
        ] {
            assert_eq!(code(name, value).await.as_deref(), Some(expected), "{name}: {value}");
        }
    }
}
