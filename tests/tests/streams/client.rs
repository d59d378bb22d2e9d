//! A client of a stream, on a connection of its own, which reads only when it is told to.

use std::net::SocketAddr;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Http {
    One,
    Two,
}

pub(crate) const BOTH: [Http; 2] = [Http::One, Http::Two];

/// An answer whose body is still to be read. Dropped, the client has left.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Incoming,
    connection: JoinHandle<()>,
    // While it is there, so is the connection.
    _requests: Box<dyn Send>,
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

pub(crate) async fn get(http: Http, address: SocketAddr, path: &str) -> Answer {
    let request = || {
        let request = Request::get(format!("http://{address}{path}")).header("host", "localhost");
        request.body(Empty::<Bytes>::new()).expect("a request")
    };
    let io = TokioIo::new(TcpStream::connect(address).await.expect("connected"));
    let (answer, connection, requests): (_, _, Box<dyn Send>) = match http {
        Http::One => {
            let (mut requests, connection) = http1::handshake(io).await.expect("it speaks HTTP/1.1");
            let connection = tokio::spawn(async { drop(connection.await) });
            (requests.send_request(request()).await, connection, Box::new(requests))
        }
        Http::Two => {
            let mut builder = http2::Builder::new(TokioExecutor::new());
            builder.initial_stream_window_size(65_535);
            let (mut requests, connection) = builder.handshake(io).await.expect("it speaks HTTP/2");
            let connection = tokio::spawn(async { drop(connection.await) });
            (requests.send_request(request()).await, connection, Box::new(requests))
        }
    };
    let answer = answer.expect("an answer");
    Answer { status: answer.status().as_u16(), body: answer.into_body(), connection, _requests: requests }
}

impl Answer {
    /// The next piece of the body; `None` at its end, an error if it was aborted.
    pub(crate) async fn next(&mut self) -> Option<Result<Bytes, hyper::Error>> {
        let frame = self.body.frame().await?;
        Some(frame.map(|frame| frame.into_data().unwrap_or_default()))
    }

    /// All of the body, and whether it ended as it should.
    pub(crate) async fn rest(&mut self) -> (String, bool) {
        let mut all = Vec::new();
        loop {
            match self.next().await {
                Some(Ok(piece)) => all.extend_from_slice(&piece),
                end => return (String::from_utf8_lossy(&all).into_owned(), end.is_none()),
            }
        }
    }
}
