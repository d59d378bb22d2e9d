//! WebSockets of an app under test, in-process.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;

use futures_util::{SinkExt as _, StreamExt as _};
use http::StatusCode;
use http::header::{CONNECTION, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::DuplexStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};

use super::{TestRequest, TestResponse};
use crate::context::random_id;
use crate::websocket::{Message, Pipe};

/// What lies between the app and a client that does not read, in bytes.
const PIPE: usize = 64 * 1024;

/// A socket of an app under test that is to be opened: awaited, it is open.
///
/// # Panics
/// When it is awaited, if the app refuses it.
#[must_use = "it is opened by `.await`, or by `connect`"]
pub struct TestHandshake(TestRequest);

impl TestHandshake {
    pub(super) fn new(request: TestRequest) -> Self {
        let request = request
            .header(CONNECTION.as_str(), "upgrade")
            .header(UPGRADE.as_str(), "websocket")
            .header(SEC_WEBSOCKET_VERSION.as_str(), "13")
            .header(SEC_WEBSOCKET_KEY.as_str(), "dGhlIHNhbXBsZSBub25jZQ==");
        Self(request)
    }

    /// The same with one more header.
    ///
    /// # Panics
    /// If name or value are none.
    pub fn header(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        Self(self.0.header(name, value))
    }

    /// Opens it.
    ///
    /// # Errors
    /// The app's answer, if it refuses.
    pub async fn connect(self) -> Result<TestSocket, TestResponse> {
        let (response, socket) = self.answer().await;
        socket.ok_or(response)
    }

    /// The app's answer, and a socket if it is 101.
    pub(super) async fn answer(self) -> (TestResponse, Option<TestSocket>) {
        let (client, server) = tokio::io::duplex(PIPE);
        let id: Arc<str> = random_id().into();
        let response = self.0.extension(Pipe::new(Arc::clone(&id), server)).send().await;
        if response.status != StatusCode::SWITCHING_PROTOCOLS {
            return (response, None);
        }
        let socket = WebSocketStream::from_raw_socket(client, Role::Client, None).await;
        (response, Some(TestSocket { id, socket, closed: None }))
    }
}

impl IntoFuture for TestHandshake {
    type Output = TestSocket;
    type IntoFuture = Pin<Box<dyn Future<Output = TestSocket> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            match self.connect().await {
                Ok(socket) => socket,
                Err(response) => panic!("the socket is refused: {}", response.text().await),
            }
        })
    }
}

/// The client's end of a socket of an app under test.
pub struct TestSocket {
    id: Arc<str>,
    socket: WebSocketStream<DuplexStream>,
    closed: Option<(u16, String)>,
}

impl TestSocket {
    /// The connection's id, which its handlers see as [`Connection::id`](crate::websocket::Connection::id).
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Sends a value as JSON text.
    ///
    /// # Panics
    /// If it is not JSON, or the socket is closed.
    pub async fn send<T: Serialize + ?Sized>(&mut self, value: &T) {
        match Message::json(value) {
            Ok(message) => self.send_message(message).await,
            Err(error) => panic!("this cannot be JSON: {error:?}"),
        }
    }

    /// Sends a message as it is.
    ///
    /// # Panics
    /// If the socket is closed.
    pub async fn send_message(&mut self, message: impl Into<Message>) {
        if let Err(error) = self.socket.send(message.into().into()).await {
            panic!("nothing can be sent: {error}");
        }
    }

    /// The next message; `None` when the socket is closed.
    pub async fn next(&mut self) -> Option<Message> {
        loop {
            match self.socket.next().await {
                Some(Ok(Frame::Text(text))) => return Some(text.into()),
                Some(Ok(Frame::Binary(bytes))) => return Some(bytes.into()),
                Some(Ok(Frame::Close(Some(frame)))) => {
                    self.closed = Some((frame.code.into(), frame.reason.to_string()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// The next message, read as JSON.
    ///
    /// # Panics
    /// If the socket is closed, or the message is not JSON of that type.
    pub async fn json<T: DeserializeOwned>(&mut self) -> T {
        let Some(message) = self.next().await else { panic!("the socket is closed: {:?}", self.closed) };
        match serde_json::from_slice(message.as_bytes()) {
            Ok(value) => value,
            Err(error) => panic!("`{message:?}` is something else: {error}"),
        }
    }

    /// With which code and reason the app has closed it, when [`next`](Self::next) has said that it is closed.
    pub fn closed(&self) -> Option<(u16, &str)> {
        self.closed.as_ref().map(|(code, reason)| (*code, &**reason))
    }

    /// Closes it, and waits until the app has heard.
    pub async fn close(mut self) {
        let normal = CloseFrame { code: 1000.into(), reason: "".into() };
        if self.socket.close(Some(normal)).await.is_ok() {
            while let Some(Ok(_)) = self.socket.next().await {}
        }
    }
}
