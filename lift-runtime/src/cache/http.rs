//! Cached responses: what is stored of one, and how it is served again.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::{Buf as _, BufMut as _, Bytes};
use http::header::{
    AGE, CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, DATE, ETAG, IF_NONE_MATCH, SET_COOKIE, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_body::Body as _;
use twox_hash::XxHash3_64;

use super::computed::Computed;
use super::entry::Entry;
use super::plan::Codec;
use super::policy::Policy;
use super::resolve::{Keep, Produced, failure};
use super::stats::Row;
use crate::context::Context;
use crate::endpoint::as_problem;
use crate::problem::Problem;

const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// What belongs to one message or one connection, and is not stored.
const FLEETING: [HeaderName; 9] =
    [AGE, CACHE_STATUS, CONNECTION, CONTENT_LENGTH, DATE, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];

/// What an endpoint's entries hold.
pub(crate) enum Page {
    Response(Snapshot),
    /// A 404, of which status, code and detail are remembered.
    Absent(Problem),
}

/// A response without what is made anew each time.
pub(crate) struct Snapshot {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// An error that all who waited for it are answered with, each in a document of its own.
pub(crate) struct Shared {
    status: StatusCode,
    headers: HeaderMap,
    body: SharedBody,
}

enum SharedBody {
    Problem(Arc<Problem>),
    Bytes(Bytes),
}

/// Renders what a handler returned, and decides what may be done with it.
pub(crate) async fn produce<T, E>(
    context: &Context,
    row: &Row,
    limit: u64,
    computed: Computed<T, E>,
) -> Produced<Page, Response>
where
    T: IntoResponse,
    E: IntoResponse,
{
    let Computed { result, store, ttl, .. } = computed;
    let is_ok = result.is_ok();
    let response = match result {
        Ok(value) => value.into_response(),
        Err(error) => error.into_response(),
    };
    render(context, row, limit, response, is_ok && store, is_ok, ttl).await
}

async fn render(
    context: &Context,
    row: &Row,
    limit: u64,
    response: Response,
    store: bool,
    is_ok: bool,
    ttl: Option<u64>,
) -> Produced<Page, Response> {
    let policy = row.policy();
    if is_for_one(response.headers()) {
        return Produced::Alone(response);
    }
    let status = response.status();
    let partial = status == StatusCode::PARTIAL_CONTENT;
    if !status.is_success() || !is_ok || partial {
        return share(policy, limit, response).await;
    }
    let (parts, body) = response.into_parts();
    let body = match whole(body, limit).await {
        Ok(body) => body,
        Err(body) => {
            // A stream, whose length nobody knows, is not meant to be stored.
            if store && body.size_hint().exact().is_some_and(|length| length > limit) {
                row.too_large();
            }
            return Produced::Alone(Response::from_parts(parts, body));
        }
    };
    let mut headers = parts.headers;
    for name in &FLEETING {
        headers.remove(name);
    }
    complete(context, policy, status, &mut headers);
    if !headers.contains_key(ETAG) {
        headers.insert(ETAG, weak_etag(&body));
    }
    let keep = Keep::Millis(ttl.unwrap_or(policy.ttl));
    Produced::Kept { payload: Page::Response(Snapshot { status, headers, body }), keep, store }
}

/// An error, or another answer that is not stored but may go to all who waited for it.
async fn share(policy: &Policy, limit: u64, response: Response) -> Produced<Page, Response> {
    let response = as_problem(response).await;
    let (mut parts, body) = response.into_parts();
    let problem = parts.extensions.remove::<Arc<Problem>>();
    if let Some(problem) = &problem
        && parts.status == StatusCode::NOT_FOUND
        && policy.negative > 0
    {
        return Produced::Kept {
            payload: Page::Absent(Problem::clone(problem)),
            keep: Keep::Negative,
            store: true,
        };
    }
    let body = match problem {
        Some(problem) => SharedBody::Problem(problem),
        None => match whole(body, limit).await {
            Ok(body) => SharedBody::Bytes(body),
            Err(body) => return Produced::Alone(Response::from_parts(parts, body)),
        },
    };
    let fault = parts.status.is_server_error();
    let mut headers = parts.headers;
    headers.remove(CONTENT_LENGTH);
    Produced::Failed(failure(Shared { status: parts.status, headers, body }, fault))
}

/// Whether a response says of itself that it is for nobody else, or for no later moment.
fn is_for_one(headers: &HeaderMap) -> bool {
    let says = |name: &HeaderName, what: &str| {
        headers.get_all(name).iter().any(|value| {
            let value = value.as_bytes();
            value
                .split(|byte| *byte == b',')
                .any(|part| part.trim_ascii().eq_ignore_ascii_case(what.as_bytes()))
        })
    };
    headers.contains_key(SET_COOKIE) || says(&CACHE_CONTROL, "no-store") || says(&VARY, "*")
}

/// A body as one piece, if its length is known and within the limit; otherwise the body, untouched.
async fn whole(body: Body, limit: u64) -> Result<Bytes, Body> {
    if body.size_hint().exact().is_none_or(|length| length > limit) {
        return Err(body);
    }
    match axum::body::to_bytes(body, usize::try_from(limit).unwrap_or(usize::MAX)).await {
        Ok(bytes) => Ok(bytes),
        // It broke off: whoever reads it is to see that, and nobody else gets it.
        Err(error) => Err(Body::from_stream(futures_util::stream::iter([Err::<Bytes, _>(error)]))),
    }
}

/// Says what clients and proxies are to know: `Vary`, and `Cache-Control` unless the handler did. Caches keep errors
/// too, so they are told of every answer; what the policy says of a result's lifetime is not said of an error.
fn complete(context: &Context, policy: &Policy, status: StatusCode, headers: &mut HeaderMap) {
    let tenants = context.shared().tenants.as_ref().filter(|_| !policy.is_shared());
    let tenants = tenants.iter().flat_map(|tenants| tenants.headers());
    for name in tenants.chain(policy.vary.iter().copied()) {
        let there = headers.get_all(VARY).iter().any(|value| {
            value
                .to_str()
                .is_ok_and(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(name)))
        });
        if !there && let Ok(name) = HeaderValue::from_str(name) {
            headers.append(VARY, name);
        }
    }
    if !headers.contains_key(CACHE_CONTROL)
        && let Some(told) = policy.told_clients(status).and_then(|told| HeaderValue::from_str(told).ok())
    {
        headers.insert(CACHE_CONTROL, told);
    }
}

/// [`complete`]s a response.
pub(crate) fn tell(context: &Context, policy: &Policy, response: &mut Response) {
    complete(context, policy, response.status(), response.headers_mut());
}

pub(crate) fn weak_etag(body: &[u8]) -> HeaderValue {
    let tag = format!("W/\"{:016x}\"", XxHash3_64::oneshot(body));
    // Hexadecimal digits and quotes are a header value.
    HeaderValue::from_str(&tag).unwrap_or_else(|_| HeaderValue::from_static("W/\"\""))
}

/// A stored page as a response; one that the client has already is a 304 (RFC 9110, 13.1.2 and 15.4.5).
pub(crate) fn serve(entry: &Entry, method: &Method, context: &Context) -> Response {
    match entry.payload::<Page>() {
        Some(Page::Response(Snapshot { status, headers, body })) => {
            let asked = context.raw_headers();
            let safe = *method == Method::GET || *method == Method::HEAD;
            if safe && *status == StatusCode::OK && asked.is_some_and(|asked| is_known(asked, headers)) {
                return not_modified(headers);
            }
            let mut response = Response::new(Body::from(body.clone()));
            *response.status_mut() = *status;
            *response.headers_mut() = headers.clone();
            response
        }
        Some(Page::Absent(problem)) => {
            let mut response = problem.clone().into_response();
            tell(context, entry.policy(), &mut response);
            response
        }
        None => crate::Error::internal("an entry of another kind stands under this key").into_response(),
    }
}

fn not_modified(headers: &HeaderMap) -> Response {
    let mut response = Response::new(Body::new(Unsent));
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    for name in [ETAG, VARY, CACHE_CONTROL, http::header::EXPIRES, http::header::CONTENT_LOCATION] {
        for value in headers.get_all(&name) {
            response.headers_mut().append(&name, value.clone());
        }
    }
    response
}

/// The body of a 304. Of an empty one axum would tell the length, and a 304's `Content-Length` is that of the answer
/// it stands for (RFC 9110, 8.6).
struct Unsent;

impl http_body::Body for Unsent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut task::Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        true
    }
}

/// Whether `If-None-Match` names this version, by weak comparison.
fn is_known(asked: &HeaderMap, headers: &HeaderMap) -> bool {
    let Some(etag) = headers.get(ETAG).map(HeaderValue::as_bytes) else { return false };
    let opaque = |tag: &[u8]| tag.strip_prefix(b"W/").unwrap_or(tag).to_vec();
    let etag = opaque(etag);
    asked.get_all(IF_NONE_MATCH).iter().any(|value| {
        let value = value.as_bytes();
        let mut tags = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
        value.trim_ascii() == b"*" || tags.any(|tag| opaque(tag) == etag)
    })
}

/// The error that a flight ended in, for one of those who waited.
pub(crate) fn serve_failure(shared: &Shared) -> Response {
    let mut response = match &shared.body {
        SharedBody::Problem(problem) => Problem::clone(problem).into_response(),
        SharedBody::Bytes(body) => Response::new(Body::from(body.clone())),
    };
    *response.status_mut() = shared.status;
    for name in shared
        .headers
        .keys()
        .filter(|name| !response.headers().contains_key(*name))
        .cloned()
        .collect::<Vec<_>>()
    {
        for value in shared.headers.get_all(&name) {
            response.headers_mut().append(&name, value.clone());
        }
    }
    response
}

/// Notes `Age`, in seconds.
pub(crate) fn add_age(response: &mut Response, age: u64) {
    response.headers_mut().insert(AGE, HeaderValue::from(age));
}

/// Notes what the cache did (RFC 9211), after what caches further back have said.
pub(crate) fn add_status(response: &mut Response, status: &str) {
    if let Ok(value) = HeaderValue::from_str(status) {
        response.headers_mut().append(CACHE_STATUS, value);
    }
}

/// [`Page`]s as bytes.
pub(crate) struct Pages;

const RESPONSE: u8 = 1;
const ABSENT: u8 = 2;

impl Codec for Pages {
    type Payload = Page;

    fn weigh(page: &Page) -> u64 {
        match page {
            Page::Response(Snapshot { headers, body, .. }) => {
                let headers = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 64);
                (headers.sum::<usize>() + body.len()) as u64
            }
            Page::Absent(problem) => problem.detail.as_ref().map_or(0, |detail| detail.len()) as u64,
        }
    }

    fn encode(page: &Page) -> Option<(u8, Vec<u8>)> {
        let mut bytes = Vec::new();
        match page {
            Page::Response(Snapshot { status, headers, body }) => {
                bytes.put_u16_le(status.as_u16());
                bytes.put_u32_le(u32::try_from(headers.len()).ok()?);
                for (name, value) in headers {
                    put(&mut bytes, name.as_str().as_bytes())?;
                    put(&mut bytes, value.as_bytes())?;
                }
                bytes.put_slice(body);
                Some((RESPONSE, bytes))
            }
            Page::Absent(problem) => {
                bytes.put_u16_le(problem.status.as_u16());
                for text in [&problem.code, &problem.title] {
                    put(&mut bytes, text.as_bytes())?;
                }
                if let Some(detail) = &problem.detail {
                    put(&mut bytes, detail.as_bytes())?;
                }
                Some((ABSENT, bytes))
            }
        }
    }

    fn decode(kind: u8, bytes: &Bytes) -> Option<Page> {
        let mut bytes = bytes.clone();
        let status = StatusCode::from_u16(bytes.try_get_u16_le().ok()?).ok()?;
        match kind {
            RESPONSE => {
                let count = bytes.try_get_u32_le().ok()?;
                let mut headers = HeaderMap::new();
                for _ in 0..count {
                    let name = HeaderName::from_bytes(&take(&mut bytes)?).ok()?;
                    let value = HeaderValue::from_maybe_shared(take(&mut bytes)?).ok()?;
                    headers.try_append(name, value).ok()?;
                }
                Some(Page::Response(Snapshot { status, headers, body: bytes }))
            }
            ABSENT => {
                let code = text(&mut bytes)?;
                let title = text(&mut bytes)?;
                let detail = if bytes.has_remaining() { Some(text(&mut bytes)?.into()) } else { None };
                Some(Page::Absent(Problem { title: title.into(), detail, ..Problem::new(status, code) }))
            }
            _ => None,
        }
    }
}

fn put(bytes: &mut Vec<u8>, part: &[u8]) -> Option<()> {
    bytes.put_u32_le(u32::try_from(part.len()).ok()?);
    bytes.put_slice(part);
    Some(())
}

fn take(bytes: &mut Bytes) -> Option<Bytes> {
    let length = usize::try_from(bytes.try_get_u32_le().ok()?).ok()?;
    (length <= bytes.remaining()).then(|| bytes.split_to(length))
}

fn text(bytes: &mut Bytes) -> Option<String> {
    String::from_utf8(take(bytes)?.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_304_tells_no_length() {
        let body = not_modified(&HeaderMap::new()).into_body();
        assert_eq!(body.size_hint().exact(), None);
        assert!(body.is_end_stream());
    }
}
