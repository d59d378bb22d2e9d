//! Where a client that comes back wants to go on.

use std::convert::Infallible;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;

const NAME: &str = "last-event-id";

/// The id of the last event that the client has seen: what a browser's `EventSource` sends, as the header
/// `Last-Event-ID`, when it resumes a stream that broke.
///
/// ```
/// use lift_runtime::stream::LastEventId;
/// # fn demo(resume: LastEventId) {
/// let next = resume.parse::<u64>().map_or(0, |seen| seen + 1);
/// # }
/// ```
///
/// Without the header, or with one that cannot be read, the stream starts anew. A stream that ends without an item
/// although the header was there is answered 204, which is what stops an `EventSource`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastEventId(Option<Box<str>>);

impl LastEventId {
    /// The id of an event, for a test that calls a handler.
    pub fn new(id: impl Into<Box<str>>) -> Self {
        Self(Some(id.into()).filter(|id| !id.is_empty()))
    }

    /// The id as it came.
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The id as a value; `None` if there is none or if it is not one of this type.
    pub fn parse<T: FromStr>(&self) -> Option<T> {
        self.as_str()?.parse().ok()
    }
}

/// Whether a request resumes a stream, with whatever id.
pub(crate) fn resumes(headers: &HeaderMap) -> bool {
    headers.contains_key(NAME)
}

impl<S: Send + Sync> FromRequestParts<S> for LastEventId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // A browser sends an id as UTF-8, which `HeaderValue::to_str` would refuse.
        let id = parts.headers.get(NAME).and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
        Ok(id.map(Self::new).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, Request};

    use super::*;

    async fn extracted(value: &[u8]) -> LastEventId {
        let (mut parts, ()) = Request::new(()).into_parts();
        parts
            .headers
            .extend(HeaderValue::from_bytes(value).map(|value| (http::HeaderName::from_static(NAME), value)));
        let Ok(id) = LastEventId::from_request_parts(&mut parts, &()).await;
        id
    }

    #[tokio::test]
    async fn it_is_what_came_or_nothing() {
        assert_eq!(extracted(b"4").await.parse::<u64>(), Some(4));
        assert_eq!(extracted("é-1".as_bytes()).await.as_str(), Some("é-1"));
        for garbage in [&b"\xff\xfe"[..], b"", b"4; drop"] {
            assert_eq!(extracted(garbage).await.parse::<u64>(), None);
        }
        assert_eq!(LastEventId::default().parse::<u64>(), None);
    }
}
