//! The parameters of a query.

use std::borrow::Cow;

use axum::body::Body;
use axum::extract::FromRequestParts;
use http::Uri;
use http::request::Parts;
use percent_encoding::percent_decode;
use serde::de::DeserializeOwned;

use crate::endpoint::Rejection;
use crate::error::{Error, Result};
use crate::validate::{Document, Input, Location, Pairs, Schema, Unread, unchecked};

/// The parameters of the query, as a struct or a map.
///
/// A parameter takes the type of its field; one that is given several times is a sequence. Parameters without a
/// field are ignored, unless the type says `#[serde(deny_unknown_fields)]`.
///
/// ```
/// use lift_runtime::Query;
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Page {
///     #[serde(default)]
///     tag: Vec<String>,
///     limit: Option<u32>,
/// }
///
/// async fn list(Query(page): Query<Page>) -> String {
///     format!("{} of {:?}", page.limit.unwrap_or(20), page.tag)
/// }
/// ```
///
/// # Errors
/// 422 `validation_failed` with pointers such as `/limit`; 400 if it is not UTF-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Query<T>(pub T);

crate::validate::input_wrapper!(Query);

impl<T: DeserializeOwned> Input for Query<T> {
    type Value = T;
    type Raw = Uri;
    const LOCATION: Location = Location::Query;

    async fn read(parts: &mut Parts, _: &mut Option<Body>, _: usize) -> Result<Uri> {
        require_utf8(parts.uri.query().unwrap_or_default().as_bytes(), "the query")?;
        Ok(parts.uri.clone())
    }

    fn parse(raw: &Uri) -> Result<T, Unread> {
        T::deserialize(pairs(raw).iter()).map_err(Unread::Refused)
    }

    fn document<'a>(raw: &'a Uri, schema: &Schema) -> Result<Document<'a>> {
        Ok(pairs(raw).document(schema))
    }

    fn wrap(value: T) -> Self {
        Self(value)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        let raw = Self::read(parts, &mut None, 0).await.map_err(Rejection::Unreadable)?;
        unchecked(&raw)
    }
}

fn pairs(uri: &Uri) -> Pairs<'_> {
    Pairs::new(form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()))
}

/// Decoding would put U+FFFD where bytes are not UTF-8, and two inputs that differ would be the same.
pub(crate) fn require_utf8(encoded: &[u8], what: &str) -> Result<()> {
    let well = match Cow::from(percent_decode(encoded)) {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).is_ok(),
        Cow::Owned(bytes) => std::str::from_utf8(&bytes).is_ok(),
    };
    if well {
        Ok(())
    } else {
        Err(Error::bad_request(format!("{what} is not UTF-8")).with_code("invalid_utf8"))
    }
}
