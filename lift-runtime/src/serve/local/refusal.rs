//! What hyper itself refuses (a head that is too large, or that is not HTTP) it answers with a bare status line.
//! Here that answer becomes a problem document, as every other error is.
//!
//! Only what is written on a connection while no request is in flight can be hyper's own, so only that is looked
//! at: nothing an app or its client writes is ever taken for it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::flight::Flight;
use crate::problem::Problem;

pin_project! {
    /// A connection whose refusals by hyper are written as problem documents.
    pub(super) struct Refusals<T> {
        #[pin]
        io: T,
        flight: Flight,
        refusal: Option<Refusal>,
    }
}

/// An answer on its way out in place of hyper's.
struct Refusal {
    answer: Vec<u8>,
    written: usize,
}

impl<T> Refusals<T> {
    pub(super) fn new(io: T, flight: Flight) -> Self {
        Self { io, flight, refusal: None }
    }

    pub(super) fn into_inner(self) -> T {
        self.io
    }
}

impl<T: AsyncRead> AsyncRead for Refusals<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.project().io.poll_read(cx, buf)
    }
}

impl<T: AsyncWrite> AsyncWrite for Refusals<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let mut this = self.project();
        if !this.flight.is_idle() {
            return this.io.poll_write(cx, buf);
        }
        if this.refusal.is_none() {
            let Some(status) = refused(buf) else { return this.io.poll_write(cx, buf) };
            *this.refusal = Some(Refusal { answer: answer(status), written: 0 });
        }
        let Some(refusal) = this.refusal else { return Poll::Ready(Ok(buf.len())) };
        while refusal.written < refusal.answer.len() {
            refusal.written +=
                match ready!(this.io.as_mut().poll_write(cx, &refusal.answer[refusal.written..]))? {
                    0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    written => written,
                };
        }
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if !self.flight.is_idle() {
            return self.project().io.poll_write_vectored(cx, bufs);
        }
        let first = bufs.iter().find(|buf| !buf.is_empty()).map_or(&[][..], |buf| buf);
        self.poll_write(cx, first)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.project();
        this.flight.flushed();
        this.io.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().io.poll_shutdown(cx)
    }
}

/// The status that hyper refuses a request with, if that is what it writes.
fn refused(head: &[u8]) -> Option<StatusCode> {
    let status = StatusCode::from_bytes(head.strip_prefix(b"HTTP/1.1 ")?.get(..3)?).ok()?;
    (status.is_client_error() && head.ends_with(b"\r\n\r\n")).then_some(status)
}

/// The answer to a head that hyper let through and that is too large all the same.
pub(super) fn too_large() -> Response {
    const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");
    let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
    let mut response = Response::new(Body::from(document(status)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, PROBLEM);
    response
}

fn document(status: StatusCode) -> Bytes {
    let (code, detail) = match status {
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
            ("head_too_large", "The request's head is over 16 KiB.")
        }
        StatusCode::URI_TOO_LONG => ("uri_too_long", "The request's path and query are too long."),
        _ => ("bad_request", "This is not a well-formed HTTP request."),
    };
    Problem { detail: Some(detail.into()), ..Problem::new(status, code) }.to_json()
}

fn answer(status: StatusCode) -> Vec<u8> {
    let body = document(status);
    let mut answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    )
    .into_bytes();
    answer.extend_from_slice(&body);
    answer
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    async fn written(in_flight: bool, text: &str) -> String {
        // A pipe of 16 bytes, so that writes are partial.
        let (io, mut client) = tokio::io::duplex(16);
        let flight = Flight::default();
        let _guard = in_flight.then(|| flight.begin());
        let mut refusals = Refusals::new(io, flight);
        let write = async move {
            refusals.write_all(text.as_bytes()).await.expect("written");
        };
        let mut seen = String::new();
        let (_, read) = tokio::join!(write, client.read_to_string(&mut seen));
        read.expect("read");
        seen
    }

    const BARE: &str = "HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\n\r\n";

    #[tokio::test]
    async fn a_bare_refusal_becomes_a_problem_document() {
        let seen = written(false, BARE).await;
        assert!(seen.starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\n"), "{seen}");
        assert!(seen.contains(r#""code":"head_too_large""#), "{seen}");
    }

    #[tokio::test]
    async fn what_the_app_writes_is_left_alone() {
        assert_eq!(written(true, BARE).await, BARE);
        // Its body has ended, and it is in hyper's buffer still.
        let flight = Flight::default();
        let mut refusals = Refusals::new(Vec::new(), flight.clone());
        drop(flight.begin());
        refusals.write_all(BARE.as_bytes()).await.expect("written");
        assert_eq!(refusals.io, BARE.as_bytes());
        refusals.flush().await.expect("flushed");
        refusals.write_all(BARE.as_bytes()).await.expect("written");
        assert!(refusals.io.ends_with(b"}"));
        assert_eq!(written(false, "HTTP/1.1 200 OK\r\n\r\n").await, "HTTP/1.1 200 OK\r\n\r\n");
    }
}
