//! A response on its way out: read to its end, or piece by piece.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_core::Stream;
use futures_util::FutureExt as _;
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body::Body as _;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use lambda_runtime::MetadataPrelude;
use tokio::time::{Instant, Sleep};

use super::event::Source;
use super::reply::{HttpReply, drop_framing, joined, text};
use crate::app::late;
use crate::error::{Error, Result};
use crate::observe;

/// Reads a response to its end.
///
/// # Errors
/// 500 `response_too_large` over the source's limit, 500 if the body fails or panics, 504 if it does not end in time.
pub(super) async fn whole(
    source: Source,
    response: Response,
    deadline: Option<Instant>,
) -> Result<HttpReply> {
    let (parts, body) = response.into_parts();
    let reading = AssertUnwindSafe(Limited::new(body, source.limit()).collect()).catch_unwind();
    let outcome = match deadline {
        Some(deadline) => tokio::time::timeout_at(deadline, reading).await.map_err(|_| late())?,
        None => reading.await,
    };
    let body = match outcome {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(too_large(source)),
        Ok(Err(error)) => return Err(Error::internal(error)),
        Err(panic) => return Err(Error::internal(observe::panic_text(&*panic))),
    };
    let reply = HttpReply::new(source, parts.status, parts.headers, body);
    if reply.fits() { Ok(reply) } else { Err(too_large(source)) }
}

fn too_large(source: Source) -> Error {
    let detail = "The answer is larger than can be sent here.";
    let cause = format!("the answer is over the {} bytes that its source takes", source.limit());
    Error::new(StatusCode::INTERNAL_SERVER_ERROR, "response_too_large", detail).with_source(cause)
}

/// A response as a stream: what stands before the body, and the body.
pub(super) fn streamed(response: Response, deadline: Option<Instant>) -> (MetadataPrelude, Chunks) {
    let (parts, body) = response.into_parts();
    let mut headers = parts.headers;
    drop_framing(&mut headers);
    let cookies = headers.get_all(SET_COOKIE).iter().map(|cookie| text(cookie).into_owned()).collect();
    headers.remove(SET_COOKIE);
    let prelude = MetadataPrelude { status_code: parts.status, headers: single(&headers), cookies };
    let deadline = deadline.map(|deadline| Box::pin(tokio::time::sleep_until(deadline)));
    (prelude, Chunks { body: Some(body), deadline })
}

/// One visible ASCII value for each name, which is what every reader of a prelude understands.
fn single(headers: &HeaderMap) -> HeaderMap {
    let visible = |byte: u8| if byte == b'\t' || (0x20..0x7f).contains(&byte) { byte } else { b'?' };
    let value = |name| {
        let bytes: Vec<u8> =
            joined(headers, name).chars().map(|c| u8::try_from(c).map_or(b'?', visible)).collect();
        HeaderValue::try_from(bytes).ok()
    };
    headers.keys().filter_map(|name| Some((name.clone(), value(name)?))).collect()
}

/// The chunks of a body. It never yields an error, for `lambda_runtime` would write that into the body: a body that
/// fails, panics or does not end in time ends after what was written.
pub(crate) struct Chunks {
    body: Option<Body>,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Stream for Chunks {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let Some(body) = &mut this.body else { return Poll::Ready(None) };
        loop {
            let polled = std::panic::catch_unwind(AssertUnwindSafe(|| Pin::new(&mut *body).poll_frame(cx)));
            let ended = match polled {
                Ok(Poll::Ready(Some(Ok(frame)))) => match frame.into_data() {
                    Ok(data) if !data.is_empty() => return Poll::Ready(Some(Ok(data))),
                    // Nothing, or trailers, which Lambda does not know.
                    _ => continue,
                },
                Ok(Poll::Ready(None)) => None,
                Ok(Poll::Ready(Some(Err(error)))) => Some(error.to_string()),
                Err(panic) => Some(observe::panic_text(&*panic)),
                Ok(Poll::Pending) => {
                    let Some(deadline) = &mut this.deadline else { return Poll::Pending };
                    ready!(deadline.as_mut().poll(cx));
                    Some("the invocation's time is over".into())
                }
            };
            if let Some(cause) = ended {
                tracing::warn!(target: "lift::error", %cause, "an answer ended early");
            }
            this.body = None;
            return Poll::Ready(None);
        }
    }
}
