//! An answer as its source reads it: JSON with a status, headers and a body that is text or base64.

use std::borrow::Cow;

use base64::Engine as _;
use base64::display::Base64Display;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, SET_COOKIE, TRANSFER_ENCODING,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;

use super::event::Source;

/// What goes back to Lambda.
#[derive(Debug)]
pub(crate) enum Reply {
    /// The answer to a request.
    Http(HttpReply),
    /// What `on_event` has returned.
    Value(Value),
}

impl Serialize for Reply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Http(reply) => reply.serialize(serializer),
            Self::Value(value) => value.serialize(serializer),
        }
    }
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct HttpReply {
    source: Source,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl HttpReply {
    pub(super) fn new(source: Source, status: StatusCode, mut headers: HeaderMap, body: Bytes) -> Self {
        drop_framing(&mut headers);
        Self { source, status, headers, body }
    }

    /// Whether the source takes an answer of this size; text may grow by its escapes, and base64 counts.
    pub(super) fn fits(&self) -> bool {
        let limit = self.source.limit();
        let headers: usize =
            self.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 8).sum();
        let room = limit.saturating_sub(headers + 256);
        // Six bytes are the most that JSON makes of one.
        if self.body.len() <= room / 6 {
            return true;
        }
        let size = match self.text() {
            Some(text) => text.bytes().map(escaped).sum(),
            None => self.body.len().div_ceil(3) * 4,
        };
        size <= room
    }

    /// The body, if it can stand in JSON as it is.
    fn text(&self) -> Option<&str> {
        if self.body.is_empty() || is_text(&self.headers) {
            std::str::from_utf8(&self.body).ok()
        } else {
            None
        }
    }
}

/// How many bytes JSON makes of one.
fn escaped(byte: u8) -> usize {
    match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
        0..0x20 => 6,
        _ => 1,
    }
}

/// The gateway frames the message anew.
pub(super) fn drop_framing(headers: &mut HeaderMap) {
    for name in [CONTENT_LENGTH, TRANSFER_ENCODING, http::header::CONNECTION] {
        headers.remove(name);
    }
}

/// Whether headers promise text. A gateway that is told base64 decodes it only for types it was told to, so text
/// goes as text wherever possible.
fn is_text(headers: &HeaderMap) -> bool {
    if headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return false;
    }
    let Some(kind) = headers.get(CONTENT_TYPE) else { return true };
    let kind = kind.to_str().unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let (family, subtype) = kind.split_once('/').unwrap_or((&kind, ""));
    let plain = ["json", "x-ndjson", "xml", "javascript", "yaml", "graphql", "x-www-form-urlencoded"];
    let suffix = subtype.rsplit_once('+').map_or(subtype, |(_, suffix)| suffix);
    family == "text" || plain.contains(&suffix)
}

impl Serialize for HttpReply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("statusCode", &self.status.as_u16())?;
        match self.source {
            Source::Rest | Source::HttpAsRest => {
                map.serialize_entry("multiValueHeaders", &Lists(&self.headers))?;
            }
            Source::Http | Source::FunctionUrl => {
                map.serialize_entry("headers", &Joined { headers: &self.headers, cookies: false })?;
                if self.headers.contains_key(SET_COOKIE) {
                    map.serialize_entry("cookies", &Cookies(&self.headers))?;
                }
            }
            Source::Alb { multi_value } => {
                map.serialize_entry("statusDescription", &description(self.status))?;
                if multi_value {
                    map.serialize_entry("multiValueHeaders", &Lists(&self.headers))?;
                } else {
                    map.serialize_entry("headers", &Joined { headers: &self.headers, cookies: true })?;
                }
            }
            Source::Lattice | Source::LatticeV1 => {
                map.serialize_entry("statusDescription", &description(self.status))?;
                map.serialize_entry("headers", &Joined { headers: &self.headers, cookies: true })?;
            }
        }
        let text = self.text();
        match text {
            Some(text) => map.serialize_entry("body", text)?,
            None => map.serialize_entry("body", &Base64(&self.body))?,
        }
        map.serialize_entry("isBase64Encoded", &text.is_none())?;
        map.end()
    }
}

fn description(status: StatusCode) -> String {
    format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or("Unknown"))
}

struct Base64<'a>(&'a [u8]);

impl Serialize for Base64<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Base64 needs no escapes, but a collected string would be checked for them in pieces.
        if self.0.len() < 1024 {
            return serializer.serialize_str(&BASE64_STANDARD.encode(self.0));
        }
        serializer.collect_str(&Base64Display::new(self.0, &BASE64_STANDARD))
    }
}

/// Each header with all of its values.
struct Lists<'a>(&'a HeaderMap);

impl Serialize for Lists<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.keys().map(|name| {
            let values: Vec<_> = self.0.get_all(name).iter().map(text).collect();
            (name.as_str(), values)
        }))
    }
}

/// Each header with one value. Those of one name are joined by commas, but for cookies: which either stand beside
/// the headers, or are told apart by the case of their name, since a map has no name twice.
struct Joined<'a> {
    headers: &'a HeaderMap,
    cookies: bool,
}

impl Serialize for Joined<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for name in self.headers.keys().filter(|name| **name != SET_COOKIE) {
            map.serialize_entry(name.as_str(), &joined(self.headers, name))?;
        }
        if self.cookies {
            for (number, cookie) in self.headers.get_all(SET_COOKIE).iter().enumerate() {
                map.serialize_entry(&cased(SET_COOKIE.as_str(), number), &text(cookie))?;
            }
        }
        map.end()
    }
}

struct Cookies<'a>(&'a HeaderMap);

impl Serialize for Cookies<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.get_all(SET_COOKIE).iter().map(text))
    }
}

/// A name in the case that a number spells in its bits.
fn cased(name: &str, number: usize) -> String {
    let mut bits = number;
    let upper = |letter: char| {
        let upper = bits & 1 == 1;
        bits >>= usize::from(letter.is_ascii_alphabetic());
        if upper { letter.to_ascii_uppercase() } else { letter }
    };
    name.chars().map(upper).collect()
}

/// All values of a header as one, [RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#section-5.3).
pub(super) fn joined<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Cow<'a, str> {
    let mut values = headers.get_all(name).iter().map(text);
    match (values.next(), values.next()) {
        (None, _) => Cow::Borrowed(""),
        (Some(one), None) => one,
        (Some(one), Some(two)) => {
            let start = format!("{one}, {two}");
            Cow::Owned(values.fold(start, |all, value| format!("{all}, {value}")))
        }
    }
}

/// A header's value as text; what is no UTF-8 becomes U+FFFD.
pub(super) fn text(value: &HeaderValue) -> Cow<'_, str> {
    String::from_utf8_lossy(value.as_bytes())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reply(source: Source, headers: &[(&'static str, &'static str)], body: &'static [u8]) -> HttpReply {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        HttpReply::new(source, StatusCode::OK, map, Bytes::from_static(body))
    }

    fn check(source: Source, expected: &Value) {
        let headers = [
            ("vary", "a"),
            ("vary", "b"),
            ("set-cookie", "c=1"),
            ("set-cookie", "d=2"),
            ("content-length", "1"),
        ];
        let reply = Reply::Http(reply(source, &headers, b"\"\n"));
        assert_eq!(serde_json::to_value(&reply).expect("JSON"), *expected);
    }

    #[test]
    fn each_source_has_its_shape() {
        let lists = json!({"vary": ["a", "b"], "set-cookie": ["c=1", "d=2"]});
        let cased = json!({"vary": "a, b", "set-cookie": "c=1", "Set-cookie": "d=2"});
        let body = "\"\n";
        check(
            Source::Rest,
            &json!({"statusCode": 200, "multiValueHeaders": lists, "body": body, "isBase64Encoded": false}),
        );
        check(
            Source::Http,
            &json!({"statusCode": 200, "headers": {"vary": "a, b"}, "cookies": ["c=1", "d=2"], "body": body, "isBase64Encoded": false}),
        );
        check(
            Source::Alb { multi_value: true },
            &json!({"statusCode": 200, "statusDescription": "200 OK", "multiValueHeaders": lists, "body": body, "isBase64Encoded": false}),
        );
        for source in [Source::Alb { multi_value: false }, Source::Lattice] {
            check(
                source,
                &json!({"statusCode": 200, "statusDescription": "200 OK", "headers": cased, "body": body, "isBase64Encoded": false}),
            );
        }
    }

    #[test]
    fn text_is_told_by_type_encoding_and_bytes() {
        let is_text = |headers: &[(&'static str, &'static str)], body: &'static [u8]| {
            reply(Source::Http, headers, body).text().is_some()
        };
        for kind in
            ["text/html", "application/json; charset=utf-8", "application/problem+json", "image/svg+xml"]
        {
            assert!(is_text(&[("content-type", kind)], b"a"), "{kind}");
        }
        assert!(is_text(&[], b"a"));
        assert!(!is_text(&[("content-type", "image/png")], b"a"));
        assert!(!is_text(&[("content-type", "text/plain")], b"\xff"));
        assert!(!is_text(&[("content-type", "text/plain"), ("content-encoding", "gzip")], b"a"));
    }

    #[test]
    fn the_limit_counts_escapes_and_base64() {
        let fits = |kind: &'static str, byte: u8, len: usize| {
            let mut reply = reply(Source::Alb { multi_value: false }, &[("content-type", kind)], b"");
            reply.body = vec![byte; len].into();
            reply.fits()
        };
        const MIB: usize = 1024 * 1024;
        assert!(fits("text/plain", b'a', MIB - 1024));
        assert!(!fits("text/plain", b'a', MIB));
        assert!(fits("text/plain", b'"', MIB / 2 - 1024));
        assert!(!fits("text/plain", b'"', MIB / 2));
        assert!(!fits("text/plain", 1, MIB / 5));
        assert!(fits("image/png", 0, MIB / 4 * 3 - 1024));
        assert!(!fits("image/png", 0, MIB / 4 * 3));
    }

    #[test]
    fn large_base64_is_whole() {
        let mut reply = reply(Source::Http, &[("content-type", "image/png")], b"");
        reply.body = (0..5000_u32).map(|n| n as u8).collect::<Vec<_>>().into();
        let value = serde_json::to_value(Reply::Http(reply)).expect("JSON");
        assert_eq!(value["isBase64Encoded"], true);
        let body = BASE64_STANDARD.decode(value["body"].as_str().expect("text")).expect("base64");
        assert_eq!(body.len(), 5000);
    }
}
