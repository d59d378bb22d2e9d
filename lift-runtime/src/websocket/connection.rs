//! One connection, as a handler sees it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::FromRequestParts;
use bytes::Bytes;
use http::StatusCode;
use http::request::Parts;
use serde::Serialize;

use super::audience::{Audience, Kind, is_name};
use super::close::Close;
use super::connections::Connections;
use super::member::Member;
use super::message::Message;
use super::network::gone;
use super::outbox::Outbox;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::tenant::Tenant;

/// The connection that a message came on: an argument of a `#[websocket]` function, of its `connect` and of its
/// `disconnect`.
///
/// A clone is the same connection, and may be kept in a task of the app's own: what it sends when the connection has
/// gone is 410 `connection_gone`. As an argument of a function of another kind it is 500 `internal`, for a plain request
/// has none; [`Connections`] is what those take.
#[derive(Clone)]
pub struct Connection(Arc<Inner>);

struct Inner {
    id: Arc<str>,
    connections: Connections,
    link: Link,
    max_message: usize,
    /// Whether `connect` has returned.
    is_open: AtomicBool,
}

/// Where the socket is.
pub(crate) enum Link {
    /// With this process.
    Socket(Arc<Outbox>),
    /// With API Gateway, until a time.
    Gateway { endpoint: Box<str>, since: u64, expires: u64 },
}

impl Connection {
    pub(crate) fn new(id: Arc<str>, connections: Connections, link: Link, max_message: usize) -> Self {
        Self(Arc::new(Inner { id, connections, link, max_message, is_open: AtomicBool::new(false) }))
    }

    pub(crate) fn opened(&self) {
        self.0.is_open.store(true, Ordering::Relaxed);
    }

    /// Its id: unique, and no secret, for it is what others are told of it. On Lambda it is API Gateway's.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The tenant that it is of.
    pub fn tenant(&self) -> Option<&Tenant> {
        self.0.connections.bound()
    }

    /// Sends a value as JSON text. Waits while as much as the socket's `buffer` has not been taken by the client.
    ///
    /// # Errors
    /// 410 `connection_gone`; 409 `connection_not_open` in `connect`; 500 `message_too_large` over the socket's
    /// `max_message`; 503 `connections_unavailable` where API Gateway cannot be reached.
    pub async fn send<T: Serialize + ?Sized>(&self, value: &T) -> Result<()> {
        self.send_message(Message::json(value)?).await
    }

    /// Sends a message as it is.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_message(&self, message: impl Into<Message> + Send) -> Result<()> {
        let message = message.into();
        self.check_size(&message)?;
        if !self.0.is_open.load(Ordering::Relaxed) {
            let detail = "A connection opens when its `connect` has returned: send later, or to others.";
            return Err(Error::conflict(detail).with_code("connection_not_open"));
        }
        if self.reply(&message).await? { Ok(()) } else { Err(gone()) }
    }

    pub(crate) fn check_size(&self, message: &Message) -> Result<()> {
        let most = self.0.max_message;
        if message.len() <= most {
            return Ok(());
        }
        Err(too_large(message.len(), most))
    }

    /// A room of the connection's tenant, by a name of 1 to 256 bytes without control characters.
    pub fn room(&self, name: impl Into<String>) -> Room {
        let audience = self.0.connections.audience(Kind::Room, name.into());
        Room { connection: self.clone(), audience }
    }

    /// All connections of one user of the connection's tenant: those whose [`caller`](crate::Context::caller) it is.
    pub fn user(&self, name: impl Into<String>) -> Audience {
        self.0.connections.user(name)
    }

    /// Closes the connection when what was sent to it has been written. API Gateway tells the client no code of ours
    /// and no reason.
    ///
    /// # Errors
    /// 500 `internal` for a code that a server may not send (it may: 1000, 1001, 1003, 1007 to 1009, 1011 to 1014,
    /// 3000 to 4999) or a reason over 123 bytes.
    pub async fn close(&self, code: u16, reason: &str) -> Result<()> {
        let close = Close::checked(code, reason)?;
        match &self.0.link {
            Link::Socket(outbox) => outbox.close(close),
            Link::Gateway { endpoint, .. } => {
                self.0.connections.network.gateway.close(endpoint, self.id()).await?;
            }
        }
        Ok(())
    }

    /// Makes it one of its user's, if it is known whose it is.
    pub(crate) async fn join_user(&self, context: &Context) -> Result<()> {
        // Who has a name that no user can be told by has no connections to be told by it.
        match context.raw_caller().filter(|caller| is_name(caller)) {
            Some(caller) => self.join(&self.user(caller).group()?).await,
            None => Ok(()),
        }
    }

    pub(crate) async fn join(&self, group: &str) -> Result<()> {
        let network = &self.0.connections.network;
        match (&self.0.link, self.member()) {
            (Link::Gateway { expires, .. }, Some(member)) => {
                network.join_gateway(&member, group, *expires).await
            }
            _ => network.join_socket(self.id(), group).await,
        }
    }

    async fn leave(&self, group: &str) -> Result<()> {
        let network = &self.0.connections.network;
        match self.member() {
            Some(member) => network.leave_gateway(&member, group).await,
            None => {
                network.local.leave(self.id(), group);
                Ok(())
            }
        }
    }

    /// Sends what a message is answered with. Says whether the connection was there.
    pub(crate) async fn reply(&self, answer: &Message) -> Result<bool> {
        match &self.0.link {
            Link::Socket(outbox) => Ok(outbox.put_when_there_is_room(answer).await),
            Link::Gateway { endpoint, .. } => {
                self.0.connections.network.gateway.send(endpoint, self.id(), answer).await
            }
        }
    }

    /// Has a store know it, where API Gateway holds it.
    pub(crate) async fn keep(&self, record: Bytes, expires: u64) -> Result<()> {
        self.0.connections.network.keep(self.id(), record, expires).await
    }

    /// Whether its end is the caller's to tell, where API Gateway held it: others may be told of it, too.
    pub(crate) async fn end(&self) -> Result<bool> {
        self.0.connections.network.end(self.id()).await
    }

    /// Has no store know it any more, where API Gateway held it.
    pub(crate) async fn forget(&self) -> Result<()> {
        self.0.connections.network.forget(self.id()).await
    }

    /// Takes it out of all that it has joined, where API Gateway held it.
    pub(crate) async fn leave_all(&self) -> Result<()> {
        match self.member() {
            Some(member) => self.0.connections.network.leave_all(&member).await,
            None => Ok(()),
        }
    }

    /// As a store knows it, if API Gateway holds it.
    pub(crate) fn member(&self) -> Option<Member> {
        match &self.0.link {
            Link::Gateway { endpoint, since, .. } => Some(Member::Gateway {
                id: (&*self.0.id).into(),
                since: *since,
                endpoint: (&**endpoint).into(),
            }),
            Link::Socket(_) => None,
        }
    }
}

pub(crate) fn too_large(bytes: usize, most: usize) -> Error {
    let detail = "The answer is larger than a message may be.";
    Error::new(StatusCode::INTERNAL_SERVER_ERROR, "message_too_large", detail)
        .with_source(format!("a message of {bytes} bytes was to be sent, and {most} are the most"))
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("id", &self.id())
            .field("tenant", &self.tenant())
            .finish_non_exhaustive()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Connection {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let missing = || {
            Error::internal("a `Connection` is an argument of `#[websocket]` functions and their hooks only")
        };
        parts.extensions.get::<Self>().cloned().ok_or_else(missing)
    }
}

/// A room, seen by a connection: [`Connection::room`].
///
/// Rooms are a tenant's: a room of the same name is another one for each. A connection is in 100 at most, and out of
/// all of them when it has closed and its `disconnect` has run; on Lambda already when an answer finds it gone.
#[derive(Clone, Debug)]
#[must_use = "it does nothing by itself: join it, leave it, or broadcast to it"]
pub struct Room {
    connection: Connection,
    audience: Audience,
}

impl Room {
    /// Enters the room; whoever is in it stays so.
    ///
    /// # Errors
    /// 422 `room_invalid` for a name that is none, 409 `too_many_rooms`, 410 `connection_gone`, 503
    /// `connections_unavailable` if the store cannot be reached.
    pub async fn join(&self) -> Result<()> {
        self.connection.join(&self.audience.group()?).await
    }

    /// Leaves the room; whoever is not in it stays out.
    ///
    /// # Errors
    /// 422 `room_invalid`, 503 `connections_unavailable`.
    pub async fn leave(&self) -> Result<()> {
        self.connection.leave(&self.audience.group()?).await
    }

    /// Sends a value as JSON text to all who are in the room, this connection too if it is. The value is encoded once.
    ///
    /// # Errors
    /// 422 `room_invalid`; 500 `message_too_large`; 503 `connections_unavailable` if not everybody could be reached:
    /// those who could have been.
    pub async fn broadcast<T: Serialize + ?Sized>(&self, value: &T) -> Result<()> {
        self.send(Message::json(value)?, None).await
    }

    /// The same, to all but this connection.
    ///
    /// # Errors
    /// As [`broadcast`](Self::broadcast).
    pub async fn broadcast_to_others<T: Serialize + ?Sized>(&self, value: &T) -> Result<()> {
        self.send(Message::json(value)?, Some(self.connection.id())).await
    }

    async fn send(&self, message: Message, except: Option<&str>) -> Result<()> {
        self.connection.check_size(&message)?;
        self.audience.deliver(&message, except).await
    }
}
