//! The opening handshake, [RFC 6455, 4.2](https://www.rfc-editor.org/rfc/rfc6455#section-4.2), and by HTTP/2
//! [RFC 8441](https://www.rfc-editor.org/rfc/rfc8441#section-5): what a client must ask for, and which pages may ask.

use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::{
    CONNECTION, HOST, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};
use hyper::ext::Protocol;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::options::Options;
use crate::error::{Error, Result};

const VERSION: HeaderValue = HeaderValue::from_static("13");
const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");

/// What a client has to send, and what is sent back for it.
pub(super) enum Handshake {
    /// HTTP/1.1: the connection becomes the socket. A key shows that the answer is one to this request.
    Connection { accept: HeaderValue },
    /// HTTP/2: a stream of the connection does.
    Stream,
}

impl Handshake {
    /// Reads what the client asks for.
    ///
    /// # Errors
    /// 426 `upgrade_required` for a request that is none for a WebSocket, or for one of another version; 400
    /// `bad_handshake` if its key is none.
    pub(super) fn read(parts: &Parts) -> Result<Self> {
        let headers = &parts.headers;
        let by_connection = parts.method == Method::GET
            && parts.version == Version::HTTP_11
            && lists(headers, &CONNECTION, "upgrade")
            && lists(headers, &UPGRADE, "websocket");
        let protocol = parts.extensions.get::<Protocol>().filter(|_| parts.method == Method::CONNECT);
        let by_stream = protocol.is_some_and(|protocol| protocol.as_str().eq_ignore_ascii_case("websocket"));
        if !by_connection && !by_stream {
            return Err(upgrade_required("This is a WebSocket: connect to it as one."));
        }
        if headers.get(SEC_WEBSOCKET_VERSION) != Some(&VERSION) {
            let error = upgrade_required("Only version 13 of the WebSocket protocol is spoken here.");
            return Err(error.with_header(SEC_WEBSOCKET_VERSION, VERSION));
        }
        if by_stream {
            return Ok(Self::Stream);
        }
        let mut keys = headers.get_all(SEC_WEBSOCKET_KEY).iter();
        let accept = match (keys.next(), keys.next()) {
            (Some(key), None) if is_key(key) => derive_accept_key(key.as_bytes()),
            _ => {
                let detail = "The `Sec-WebSocket-Key` must be 16 bytes in base64, sent once.";
                return Err(Error::bad_request(detail).with_code("bad_handshake"));
            }
        };
        let accept = HeaderValue::from_str(&accept).map_err(Error::internal)?;
        Ok(Self::Connection { accept })
    }

    /// 101, or 200 by HTTP/2, with what the app's own `connect` has added, such as a subprotocol or a cookie.
    pub(super) fn accepted(self, connected: Response) -> Response {
        let (connected, _) = connected.into_parts();
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        for (name, value) in &connected.headers {
            if *name != http::header::CONTENT_TYPE && *name != http::header::CONTENT_LENGTH {
                headers.append(name, value.clone());
            }
        }
        if let Self::Connection { accept } = self {
            headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(UPGRADE, WEBSOCKET);
            headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        }
        response
    }
}

fn upgrade_required(detail: &'static str) -> Error {
    Error::new(StatusCode::UPGRADE_REQUIRED, "upgrade_required", detail)
        .with_header(UPGRADE, WEBSOCKET)
        .with_header(CONNECTION, HeaderValue::from_static("upgrade"))
}

fn is_key(key: &HeaderValue) -> bool {
    BASE64_STANDARD.decode(key.as_bytes()).is_ok_and(|key| key.len() == 16)
}

/// Whether a header that lists words has this one among them.
fn lists(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let words = |value: &HeaderValue| {
        value.to_str().is_ok_and(|list| list.split(',').any(|item| item.trim().eq_ignore_ascii_case(word)))
    };
    headers.get_all(name).iter().any(words)
}

/// Whether the page that connects may. What is no browser sends no `Origin`, and is not asked for one.
///
/// # Errors
/// 403 `origin_refused`.
pub(super) fn check_origin(parts: &Parts, options: &Options) -> Result<()> {
    let headers = &parts.headers;
    let mut origins = headers.get_all(ORIGIN).iter();
    let is_right = match (origins.next(), origins.next()) {
        (None, _) => true,
        (Some(origin), None) => origin.to_str().is_ok_and(|origin| is_allowed(origin, parts, options)),
        (Some(_), Some(_)) => false,
    };
    if is_right {
        return Ok(());
    }
    let detail = "Pages of this origin may not connect here.";
    Err(Error::forbidden(detail).with_code("origin_refused"))
}

fn is_allowed(origin: &str, parts: &Parts, options: &Options) -> bool {
    match options.origins {
        Some(origins) => {
            origins.iter().any(|allowed| *allowed == "*" || allowed.eq_ignore_ascii_case(origin))
        }
        None => {
            // HTTP/2 says it in the target.
            let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
            let host = host.or_else(|| parts.uri.authority().map(Authority::as_str));
            let own = origin.split_once("://").map(|(_, own)| own);
            own.zip(host).is_some_and(|(own, host)| own.eq_ignore_ascii_case(host))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

    fn parts(uri: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = http::Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).expect("a request").into_parts().0
    }

    fn read(headers: &[(&str, &str)]) -> Result<Handshake> {
        Handshake::read(&parts("/", headers))
    }

    #[test]
    fn the_key_is_answered_as_the_rfc_has_it() {
        let handshake = read(&[
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "WebSocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", KEY),
        ]);
        let Ok(Handshake::Connection { accept }) = handshake else { panic!("it is one") };
        assert_eq!(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn what_is_no_handshake_is_refused() {
        let check = |headers: &[(&str, &str)], status: u16| {
            let error = read(headers).err().expect("it is refused");
            assert_eq!(error.status(), status, "{headers:?}");
        };
        let (connection, upgrade) = (("connection", "upgrade"), ("upgrade", "websocket"));
        let version = ("sec-websocket-version", "13");
        check(&[], 426);
        check(&[upgrade, version, ("sec-websocket-key", KEY)], 426);
        check(&[connection, ("upgrade", "h2c"), version, ("sec-websocket-key", KEY)], 426);
        check(&[connection, upgrade, ("sec-websocket-version", "8"), ("sec-websocket-key", KEY)], 426);
        check(&[connection, upgrade, version], 400);
        check(&[connection, upgrade, version, ("sec-websocket-key", "short")], 400);
        check(&[connection, upgrade, version, ("sec-websocket-key", KEY), ("sec-websocket-key", KEY)], 400);
    }

    #[test]
    fn a_page_of_another_origin_is_refused_unless_it_is_listed() {
        let allowed = |options: &Options, origin: &str| {
            let by_host = parts("/", &[("host", "shop.example:8080"), ("origin", origin)]);
            let by_target = parts("http://shop.example:8080/", &[("origin", origin)]);
            let [one, other] = [by_host, by_target].map(|parts| check_origin(&parts, options).is_ok());
            assert_eq!(one, other, "{origin}");
            one
        };
        let own = Options::new();
        assert!(allowed(&own, "http://shop.example:8080") && allowed(&own, "https://Shop.Example:8080"));
        for foreign in ["http://shop.example", "https://evil.example", "null", "", "https://a:8080"] {
            assert!(!allowed(&own, foreign), "{foreign}");
        }
        let listed = own.origins(&["https://a.example"]);
        assert!(allowed(&listed, "https://a.example"));
        assert!(!allowed(&listed, "https://b.example") && !allowed(&listed, "http://shop.example:8080"));
        assert!(allowed(&own.origins(&["*"]), "https://b.example"));
        assert!(check_origin(&parts("/", &[]), &listed).is_ok(), "no browser");
    }
}
