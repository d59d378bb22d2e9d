//! A request's head in memory of its own.
//!
//! What hyper hands over are slices of the buffer into which it has read the request. One that is kept keeps all of it,
//! 8 KiB and more, which is much for whoever keeps it as long as a stream or a socket is open.

use axum::extract::OriginalUri;
use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Uri};

/// Copies what of a head lies in the connection's buffer.
pub(crate) fn detach(parts: &mut Parts) {
    parts.headers = headers(&parts.headers);
    parts.uri = uri(&parts.uri);
    if let Some(OriginalUri(original)) = parts.extensions.get_mut::<OriginalUri>() {
        *original = uri(original);
    }
}

/// The values share one allocation. hyper has copied the names already.
fn headers(headers: &HeaderMap) -> HeaderMap {
    let mut all = BytesMut::with_capacity(headers.values().map(HeaderValue::len).sum());
    headers.values().for_each(|value| all.extend_from_slice(value.as_bytes()));
    let mut all: Bytes = all.freeze();
    let mut own = HeaderMap::with_capacity(headers.keys_len());
    for (name, value) in headers {
        let copy = HeaderValue::from_maybe_shared(all.split_to(value.len()));
        let Ok(mut copy) = copy else { continue };
        copy.set_sensitive(value.is_sensitive());
        own.append(name.clone(), copy);
    }
    own
}

fn uri(uri: &Uri) -> Uri {
    uri.to_string().parse().unwrap_or_else(|_| uri.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_the_same_elsewhere() {
        let buffer = Bytes::from_static(b"/rooms/1?name=a%20bfirstsecond");
        let uri = Uri::from_maybe_shared(buffer.slice(..19)).expect("a URI");
        let value = |range| HeaderValue::from_maybe_shared(buffer.slice(range)).expect("a value");
        let mut secret = value(24..30);
        secret.set_sensitive(true);
        let request = http::Request::get(uri.clone()).extension(OriginalUri(uri.clone()));
        let request = request.header("x-note", value(19..24)).header("x-note", secret).header("x-none", "");
        let (mut parts, ()) = request.body(()).expect("a request").into_parts();
        let before = parts.clone();

        detach(&mut parts);
        assert_eq!((&parts.headers, &parts.uri), (&before.headers, &uri));
        assert!(
            parts
                .headers
                .values()
                .zip(before.headers.values())
                .all(|(a, b)| a.is_sensitive() == b.is_sensitive())
        );
        let original = parts.extensions.get::<OriginalUri>().map(|original| &original.0);
        assert_eq!(original, Some(&uri));
        let within = |text: &str| buffer.as_ptr_range().contains(&text.as_ptr());
        assert!(within(before.uri.path()) && within(before.headers["x-note"].to_str().expect("text")));
        assert!(!within(parts.uri.path()) && !original.is_some_and(|original| within(original.path())));
        assert!(
            !parts.headers.values().any(|value| within(value.to_str().expect("text")) && !value.is_empty())
        );
    }
}
