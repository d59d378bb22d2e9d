//! One connection of this process, from the handshake's answer to its end.

use std::marker::PhantomData;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::connection::Connection;
use super::expansion::{Answer, Socket};
use super::io::Upgrade;
use super::local::Local;
use super::message::Message;
use super::outbox::Outbox;
use super::wire::{End, Event, Wire};
use crate::app::bounded;
use crate::context::Context;
use crate::endpoint::Call;
use crate::error::{Error, Result};

/// A socket's place among those of the process, given back when this is dropped.
pub(super) struct Place {
    pub(super) id: Arc<str>,
    pub(super) outbox: Arc<Outbox>,
    local: Arc<Local>,
}

impl Place {
    pub(super) fn take(local: &Arc<Local>, id: Arc<str>, outbox: Outbox) -> Self {
        let outbox = Arc::new(outbox);
        local.open(&id, &outbox);
        Self { id, outbox, local: Arc::clone(local) }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.outbox.leave();
        self.local.close(&self.id);
    }
}

/// A connection that is open.
pub(super) struct Session<E, S, M> {
    pub(super) call: Call<S>,
    pub(super) connection: Connection,
    pub(super) place: Place,
    /// What each message's context is made of.
    pub(super) context: Context,
    pub(super) endpoint: PhantomData<fn() -> (E, M)>,
}

impl<E, S, M> Session<E, S, M>
where
    E: Socket<S, M> + 'static,
    S: Clone + Send + Sync + 'static,
    M: 'static,
{
    /// Opens the connection, tells whether that was possible, and runs until it and its `disconnect` have ended.
    pub(super) async fn open(mut self, upgrade: Upgrade, opened: oneshot::Sender<Result<()>>) {
        // In a box, as a message's handling below.
        let joined = Box::pin(self.connection.join_user(&self.context)).await;
        let is_refused = joined.is_err();
        if !is_refused {
            self.connection.opened();
        }
        // Where nobody waits for it any more, the upgrade fails.
        let _ = opened.send(joined);
        if !is_refused {
            self.run(upgrade).await;
        }
        self.place.outbox.leave();
        disconnect::<E, S, M>(&mut self.call, &self.context).await;
    }

    async fn run(&mut self, upgrade: Upgrade) {
        let end = match upgrade.io().await {
            Ok(io) => {
                let mut wire = Wire::new(io, Arc::clone(&self.place.outbox), E::OPTIONS).await;
                let end = self.messages(&mut wire).await;
                self.place.outbox.leave();
                wire.finish(&end).await;
                end
            }
            Err(_) => End::Lost("it went before it was a socket"),
        };
        tracing::debug!(target: "lift::websocket", connection = self.connection.id(), ?end, "closed");
    }

    async fn messages<Io>(&mut self, wire: &mut Wire<Io>) -> End
    where
        Io: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    {
        loop {
            let message = match wire.event().await {
                Event::Message(message) => message,
                Event::End(end) => return end,
            };
            // In a box, so that a silent connection has no room for what a message needs.
            let handled =
                Box::pin(handle::<E, S, M>(&mut self.call, &self.connection, &self.context, message));
            if let Some(answer) = wire.along(handled).await {
                let outbox = Arc::clone(&self.place.outbox);
                let put = std::pin::pin!(outbox.put_when_there_is_room(&answer));
                wire.along(put).await;
            }
        }
    }
}

/// Handles one message, and says what is to be answered: the answer, or the problem that it made.
pub(super) async fn handle<E, S, M>(
    call: &mut Call<S>,
    connection: &Connection,
    context: &Context,
    message: Message,
) -> Option<Message>
where
    E: Socket<S, M>,
    S: Clone + Send + Sync + 'static,
{
    let context = context.for_message();
    call.enter(&context);
    call.begin_input();
    let deadline = context.deadline();
    let answered = async {
        let answer: Answer = bounded(deadline, E::message(call, message)).await.flatten();
        let fits = |answer: &Message| connection.check_size(answer);
        match answer {
            Ok(Some(answer)) => Some(fits(&answer).map_or_else(|error| problem(&error), |()| answer)),
            Ok(None) => None,
            Err(error) => Some(problem(&error)),
        }
    };
    context.scope(answered).await
}

/// What a client is told of an error. Call it in the message's context: a problem names its request.
fn problem(error: &Error) -> Message {
    error.log();
    let problem = error.problem().to_json();
    let problem = String::from_utf8_lossy(&problem);
    Message::from(format!(r#"{{"type":"error","problem":{problem}}}"#))
}

/// Runs `disconnect`, which nobody hears the answer of.
pub(super) async fn disconnect<E, S, M>(call: &mut Call<S>, context: &Context)
where
    E: Socket<S, M>,
    S: Clone + Send + Sync + 'static,
{
    if !E::OPTIONS.disconnects {
        return;
    }
    let context = context.for_message();
    call.enter(&context);
    let deadline = context.deadline();
    let call = call.again();
    let run = async {
        let status = match bounded(deadline, E::disconnect(call)).await {
            Ok(response) => response.status(),
            Err(error) => {
                error.log();
                error.status()
            }
        };
        if !status.is_success() {
            let status = status.as_u16();
            tracing::warn!(target: "lift::websocket", status, "`disconnect` did not succeed");
        }
    };
    context.scope(run).await;
}
