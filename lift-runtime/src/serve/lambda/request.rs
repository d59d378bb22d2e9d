//! The HTTP request that an event carries.
//!
//! Sources differ in what they have done to it:
//!
//! | source | path | query |
//! |---|---|---|
//! | REST API, Function URL | as sent | REST API: a decoded map; Function URL: as sent |
//! | HTTP API | decoded, with `/stage` in front unless the stage is `$default` | payload 2.0: as sent; 1.0: a decoded map |
//! | ALB, VPC Lattice | as sent | a map of encoded names and values |
//!
//! What came decoded is encoded again. An encoded slash in a path of an HTTP API cannot be told from a plain one.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::{COOKIE, HOST};
use http::uri::{PathAndQuery, Uri};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde::de::DeserializeSeed as _;

use super::event::{Event, RequestContext, Source};
use super::fields::{Headers, Pairs, Text};
use crate::error::{Error, Result};

/// hyper's limit, which a local server has.
const URI: usize = u16::MAX as usize - 1;

/// Makes the request; a body that stands in the event as it is shares the event's bytes.
///
/// # Errors
/// 400 if a part of the request is not what HTTP allows, or a base64 body is none; 414 if path and query are over
/// 64 KiB.
pub(super) fn build(
    event: Event<'_>,
    source: Source,
    raw: &Bytes,
    base_path: Option<&str>,
) -> Result<Request> {
    let method = method(&event)?;
    let uri = uri(&event, source, base_path)?;
    let body = body(&event, raw)?;
    let Event { headers, multi_value_headers, cookies, request_context, .. } = event;
    let headers =
        multi_value_headers.filter(|headers| !headers.map.is_empty()).or(headers).unwrap_or_default();
    let headers = complete(headers, cookies.as_deref(), &request_context)?;
    let client = client(&request_context, &headers);

    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    if let Some(client) = client {
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(client, 0)));
    }
    Ok(request)
}

pub(super) fn malformed(part: &str) -> Error {
    Error::bad_request(format!("The request's {part} is malformed."))
}

pub(super) fn method(event: &Event<'_>) -> Result<Method> {
    let method = event.http_method.as_ref().or(event.method.as_ref());
    let method = method.or(event.request_context.http.as_ref().map(|http| &http.method));
    Method::from_bytes(method.map_or(b"".as_slice(), |method| method.as_bytes()))
        .map_err(|_| malformed("method"))
}

/// The path as the request has it, however long it is.
pub(super) fn path(event: &Event<'_>, source: Source, base_path: Option<&str>) -> String {
    let (path, _) = sent(event, source);
    let path = path_of(path, source, &event.request_context, base_path);
    let mut target = String::with_capacity(path.len() + 64);
    append_path(&mut target, path, source);
    target
}

/// The path as the source sent it, and the query that Lattice may leave on it.
fn sent<'a>(event: &'a Event<'_>, source: Source) -> (&'a str, &'a str) {
    let path = event.raw_path.as_ref().or(event.path.as_ref()).or(event.lattice_path.as_ref());
    let path = path.map_or("", |path| path);
    let lattice = matches!(source, Source::Lattice | Source::LatticeV1);
    if lattice { path.split_once('?').unwrap_or((path, "")) } else { (path, "") }
}

fn append_path(target: &mut String, path: &str, source: Source) {
    // Only an HTTP API decodes, so only there a `%` stands for itself.
    let decoded = matches!(source, Source::Http | Source::HttpAsRest);
    if !path.starts_with('/') {
        target.push('/');
    }
    encode(target, path, |byte| is_path(byte) && !(decoded && byte == b'%'));
}

fn uri(event: &Event<'_>, source: Source, base_path: Option<&str>) -> Result<Uri> {
    let (path, tail) = sent(event, source);
    let path = path_of(path, source, &event.request_context, base_path);
    let query_string = event.raw_query_string.as_deref().unwrap_or(tail);
    let mut target = String::with_capacity(path.len() + query_string.len() + 64);
    append_path(&mut target, path, source);
    if query_string.is_empty() {
        append_pairs(&mut target, event, source)?;
    } else {
        target.push('?');
        encode(&mut target, query_string, is_query);
    }
    if target.len() > URI {
        let detail = "The request's path and query are too long.";
        return Err(Error::new(StatusCode::URI_TOO_LONG, "uri_too_long", detail));
    }
    PathAndQuery::from_maybe_shared(Bytes::from(target)).map(Uri::from).map_err(|_| malformed("path"))
}

/// The path as the app knows it: without stage and base path.
fn path_of<'a>(
    path: &'a str,
    source: Source,
    context: &RequestContext<'_>,
    base_path: Option<&str>,
) -> &'a str {
    let stage = context.stage.as_deref().filter(|stage| *stage != "$default");
    let path = match (source, stage) {
        (Source::Http | Source::HttpAsRest, Some(stage)) => {
            path.strip_prefix('/').and_then(|rest| below(rest, stage)).unwrap_or(path)
        }
        _ => path,
    };
    base_path.and_then(|base| below(path, base)).unwrap_or(path)
}

/// What follows a prefix that ends where a segment does.
fn below<'a>(path: &'a str, prefix: &str) -> Option<&'a str> {
    path.strip_prefix(prefix).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Appends text, encoding every byte that may not stand there.
pub(super) fn encode(target: &mut String, text: &str, allowed: impl Fn(u8) -> bool) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| !allowed(byte)) {
        let (plain, odd) = rest.split_at(at);
        target.push_str(plain);
        // Whole characters, so that the split stays on their borders.
        let end = odd.chars().next().map_or(odd.len(), char::len_utf8);
        for byte in &odd.as_bytes()[..end] {
            target.push_str(percent_encoding::percent_encode_byte(*byte));
        }
        rest = &odd[end..];
    }
    target.push_str(rest);
}

/// `pchar`, `/` and `%`, [RFC 3986](https://www.rfc-editor.org/rfc/rfc3986#appendix-A).
pub(super) fn is_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/%".contains(&byte)
}

fn is_query(byte: u8) -> bool {
    is_path(byte) || b"?[]{}|^`\\".contains(&byte)
}

/// Appends a query that came as a map.
fn append_pairs(target: &mut String, event: &Event<'_>, source: Source) -> Result<()> {
    let maps =
        [event.multi_value_query_string_parameters, event.query_string_parameters, event.lattice_query];
    let map = maps.into_iter().flatten().find(|map| !matches!(map.get(), "null" | "{}"));
    // A payload 2.0 query is in `rawQueryString`; its map is a lossy copy.
    let Some(map) = map.filter(|_| event.raw_query_string.is_none()) else { return Ok(()) };
    let decoded = matches!(source, Source::Rest | Source::HttpAsRest);
    let mut separator = '?';
    let append = |name: &str, value: &str| {
        target.push(separator);
        separator = '&';
        for (part, end) in [(name, "="), (value, "")] {
            if decoded {
                target.extend(form_urlencoded::byte_serialize(part.as_bytes()));
            } else {
                encode(target, part, |byte| {
                    is_query(byte) && byte != b'&' && (byte != b'=' || end.is_empty())
                });
            }
            target.push_str(end);
        }
    };
    let mut json = serde_json::Deserializer::from_str(map.get());
    Pairs(append).deserialize(&mut json).map_err(|_| malformed("query"))
}

fn body(event: &Event<'_>, raw: &Bytes) -> Result<Body> {
    let Some(Text(text)) = &event.body else { return Ok(Body::empty()) };
    if text.is_empty() {
        return Ok(Body::empty());
    }
    if event.is_base64() {
        let decoded = BASE64_STANDARD.decode(text.as_bytes()).map_err(|_| malformed("base64 body"))?;
        return Ok(Body::from(decoded));
    }
    Ok(match text {
        Cow::Borrowed(text) => Body::from(raw.slice_ref(text.as_bytes())),
        Cow::Owned(text) => Body::from(Bytes::copy_from_slice(text.as_bytes())),
    })
}

/// The headers with the cookies that stand beside them, and a host.
pub(super) fn complete(
    headers: Headers,
    cookies: Option<&[Text<'_>]>,
    context: &RequestContext<'_>,
) -> Result<HeaderMap> {
    let Headers { mut map, malformed: is_malformed } = headers;
    if is_malformed {
        return Err(malformed("headers"));
    }
    if let Some(cookies) = cookies.filter(|cookies| !cookies.is_empty()) {
        let joined = cookies.iter().map(|cookie| &**cookie).collect::<Vec<_>>().join("; ");
        map.insert(COOKIE, HeaderValue::from_str(&joined).map_err(|_| malformed("cookies"))?);
    }
    let host = context.domain_name.as_deref().and_then(|domain| HeaderValue::from_str(domain).ok());
    if let Some(host) = host.filter(|_| !map.contains_key(HOST)) {
        map.insert(HOST, host);
    }
    Ok(map)
}

/// The client's address: what the source says, or the last that a load balancer has appended.
pub(super) fn client(context: &RequestContext<'_>, headers: &HeaderMap) -> Option<IpAddr> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Identity<'a> {
        #[serde(borrow)]
        source_ip: Option<Text<'a>>,
    }
    if let Some(address) = context.http.as_ref().and_then(|http| http.source_ip.as_deref()) {
        return address.parse().ok();
    }
    let identity =
        context.identity.and_then(|identity| serde_json::from_str::<Identity<'_>>(identity.get()).ok());
    if let Some(address) = identity.and_then(|identity| identity.source_ip) {
        return address.parse().ok();
    }
    let forwarded = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    forwarded.rsplit(',').next()?.trim().parse().ok()
}
