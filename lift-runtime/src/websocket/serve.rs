//! From a request to a connection.

use std::marker::PhantomData;
use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderName, StatusCode, header};
use tokio::sync::oneshot;

use super::arrival::Arrival;
use super::connection::{Connection, Link};
use super::expansion::Socket;
use super::handshake::{Handshake, check_origin};
use super::io::Upgrade;
use super::outbox::Outbox;
use super::session::{Place, Session};
use crate::context::Context;
use crate::endpoint::Call;
use crate::error::{Error, Result};
use crate::head;

/// What only the handshake is for, or only whoever is to be let in: it is not kept while the connection is open.
const OF_CONNECT: [HeaderName; 9] = [
    header::AUTHORIZATION,
    header::CONNECTION,
    header::COOKIE,
    header::PROXY_AUTHORIZATION,
    header::SEC_WEBSOCKET_EXTENSIONS,
    header::SEC_WEBSOCKET_KEY,
    header::SEC_WEBSOCKET_PROTOCOL,
    header::SEC_WEBSOCKET_VERSION,
    header::UPGRADE,
];

impl<S: Clone + Send + Sync + 'static> Call<S> {
    /// Answers a request to connect.
    pub async fn websocket<E, M>(mut self) -> Response
    where
        E: Socket<S, M> + 'static,
        M: 'static,
    {
        let answer = match self.parts.extensions.remove::<Arrival>() {
            Some(arrival) => self.arrive::<E, M>(arrival).await,
            None => self.upgrade::<E, M>().await,
        };
        answer.unwrap_or_else(Error::into_response)
    }

    async fn upgrade<E, M>(mut self) -> Result<Response>
    where
        E: Socket<S, M> + 'static,
        M: 'static,
    {
        let options = E::OPTIONS;
        let handshake = Handshake::read(&self.parts)?;
        check_origin(&self.parts, options)?;
        let upgrade = Upgrade::take(&mut self.parts).ok_or_else(not_upgradable)?;

        let shared = Arc::clone(self.context.shared());
        let connections = shared.connections.of(self.context.raw_tenant().cloned());
        let outbox = Outbox::new(options.buffer, options.buffer_bytes);
        let place = Place::take(&connections.network.local, upgrade.id(), outbox);
        let link = Link::Socket(Arc::clone(&place.outbox));
        let connection = Connection::new(Arc::clone(&place.id), connections, link, options.max_message);

        let connected = self.connect::<E, M>(&connection).await;
        if !connected.status().is_success() {
            return Ok(connected);
        }
        if shared.shutdown.has_begun() {
            place.outbox.close(super::close::Close::going_away());
        }
        // It has connected. Whatever comes now, if only that nobody waits for the answer, `disconnect` is to run.
        let context = self.settle();
        let session = Session::<E, S, M> { call: self, connection, place, context, endpoint: PhantomData };
        let (opened, is_open) = oneshot::channel();
        tokio::spawn(session.open(upgrade, opened));
        is_open.await.map_err(Error::internal)??;
        Ok(handshake.accepted(connected))
    }

    /// Asks the app's own `connect`.
    pub(crate) async fn connect<E, M>(&mut self, connection: &Connection) -> Response
    where
        E: Socket<S, M>,
    {
        self.parts.extensions.insert(connection.clone());
        if !E::OPTIONS.connects {
            return ().into_response();
        }
        E::connect(self.again()).await
    }

    /// Keeps of the request what is needed for its messages, and says what their contexts are made of.
    pub(crate) fn settle(&mut self) -> Context {
        OF_CONNECT.iter().for_each(|name| drop(self.parts.headers.remove(name)));
        head::detach(&mut self.parts);
        let context = self.context.for_connection();
        context.set_headers(HeaderMap::clone(&self.parts.headers));
        self.enter(&context);
        context
    }

    /// The same call once more, for a function that takes it whole.
    pub(crate) fn again(&self) -> Self {
        Self::of(self.parts.clone(), None, self.state.clone(), self.context.clone())
    }

    /// Has a context take the place of the one before.
    pub(crate) fn enter(&mut self, context: &Context) {
        self.parts.extensions.insert(context.clone());
        self.context = context.clone();
    }
}

fn not_upgradable() -> Error {
    let detail = "This connection cannot be made a WebSocket.";
    Error::new(StatusCode::UPGRADE_REQUIRED, "upgrade_required", detail)
}
