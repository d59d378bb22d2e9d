//! What comes of a connection that API Gateway holds: an invocation for each event.

use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use super::close::TOO_BIG;
use super::connection::{Connection, Link};
use super::expansion::Socket;
use super::gateway::LARGEST;
use super::handshake::check_origin;
use super::message::Message;
use super::network::in_time;
use super::record::Record;
use super::session::{disconnect, handle};
use crate::app::bounded;
use crate::context::Context;
use crate::endpoint::Call;
use crate::error::{Error, Result};

/// The longest that API Gateway keeps a connection, and a little.
const LIFE: Duration = Duration::from_secs(2 * 3600 + 600);

fn too_big() -> Error {
    let detail = "The message is larger than the socket's `max_message`.";
    Error::new(StatusCode::PAYLOAD_TOO_LARGE, "message_too_large", detail)
}

pub(crate) fn unknown() -> Error {
    Error::not_found("There is no such connection.")
}

/// A connection as API Gateway's events name it.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) id: Arc<str>,
    /// Where its `@connections` are.
    pub(crate) endpoint: Box<str>,
    /// When it connected, in milliseconds since the Unix epoch.
    pub(crate) since: u64,
}

/// An event of a connection, on its way to the endpoint in a request's extensions; after the peer, when the connection
/// ends at the latest.
#[derive(Clone, Debug)]
pub(crate) enum Arrival {
    Connect(Peer),
    Message(Peer, u64, Message),
    Disconnect(Peer, u64),
}

impl<S: Clone + Send + Sync + 'static> Call<S> {
    pub(super) async fn arrive<E, M>(mut self, arrival: Arrival) -> Result<Response>
    where
        E: Socket<S, M> + 'static,
        M: 'static,
    {
        match arrival {
            Arrival::Connect(peer) => self.enter_by_gateway::<E, M>(peer).await,
            Arrival::Message(peer, expires, message) => {
                let connection = self.connection_at::<E, M>(peer, expires);
                connection.opened();
                if message.len() > E::OPTIONS.max_message {
                    // As a socket of a process is closed; API Gateway says by what code.
                    connection.close(TOO_BIG, "the message is too big").await?;
                    return Err(too_big());
                }
                self.parts.extensions.insert(connection.clone());
                let context = self.settle();
                let answer = handle::<E, S, M>(&mut self, &connection, &context, message).await;
                if let Some(answer) = answer
                    && !connection.reply(&answer).await?
                {
                    // It has gone; what is known of it is for `disconnect`.
                    connection.leave_all().await?;
                }
                Ok(().into_response())
            }
            Arrival::Disconnect(peer, expires) => {
                let connection = self.connection_at::<E, M>(peer, expires);
                // It can be told twice, even at once.
                if !connection.end().await? {
                    return Err(unknown());
                }
                connection.opened();
                self.parts.extensions.insert(connection.clone());
                let context = self.settle();
                disconnect::<E, S, M>(&mut self, &context).await;
                connection.leave_all().await?;
                connection.forget().await?;
                Ok(().into_response())
            }
        }
    }

    async fn enter_by_gateway<E, M>(mut self, peer: Peer) -> Result<Response>
    where
        E: Socket<S, M>,
    {
        check_origin(&self.parts, E::OPTIONS)?;
        let expires = in_time(LIFE);
        let connection = self.connection_at::<E, M>(peer, expires);
        let deadline = self.context.early_deadline();
        let connected = bounded(deadline, self.connect::<E, M>(&connection)).await;
        let connected = connected.unwrap_or_else(Error::into_response);
        let mut kept = Ok(());
        if connected.status().is_success() {
            let context = self.settle();
            kept = self.keep(&connection, &context, expires).await;
            if kept.is_err() {
                // API Gateway tells nothing of a connection that it was not to open.
                disconnect::<E, S, M>(&mut self, &context).await;
            }
        }
        if kept.is_err() || !connected.status().is_success() {
            // What `connect` may have joined. The rest runs out by itself.
            let _ = connection.leave_all().await;
            let _ = connection.end().await;
            let _ = connection.forget().await;
        }
        kept.map(|()| connected)
    }

    async fn keep(&mut self, connection: &Connection, context: &Context, expires: u64) -> Result<()> {
        connection.join_user(context).await?;
        connection.keep(Record::of(self, context, expires).write()?, expires).await
    }

    fn connection_at<E, M>(&self, peer: Peer, expires: u64) -> Connection
    where
        E: Socket<S, M>,
    {
        let connections = self.context.shared().connections.of(self.context.raw_tenant().cloned());
        let Peer { id, endpoint, since } = peer;
        let link = Link::Gateway { endpoint, since, expires };
        Connection::new(id, connections, link, E::OPTIONS.max_message.min(LARGEST))
    }
}
