//! The connection: opened at its first use, shared by all who ask, and made anew when it is lost.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::try_join_all;
use redis::aio::{ConnectionLike, MultiplexedConnection, PubSub};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, Pipeline, RedisResult, ScriptInvocation, Value};
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use crate::cache::StoreError;

/// How long connecting may take, in the background.
pub(super) const CONNECT: Duration = Duration::from_secs(2);

/// How long an operation waits for it: only as long as it may be a matter of milliseconds.
const PATIENCE: Duration = Duration::from_millis(40);

/// An operation that was given up after so long tells that the connection may be dead: after a freeze nobody says so.
const LATE: Duration = Duration::from_millis(45);

/// Between attempts to connect.
const PAUSE: Duration = Duration::from_millis(100);
const PAUSE_AT_MOST: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub(super) enum RedisClient {
    Single(Box<Client>),
    Cluster(Box<ClusterClient>),
}

#[derive(Clone)]
pub(super) enum Connection {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl RedisClient {
    async fn connect(&self) -> RedisResult<Connection> {
        match self {
            Self::Single(client) => {
                // Operations are bounded by whoever asks; this bound is for what nobody waits for any more.
                let config = AsyncConnectionConfig::new()
                    .set_connection_timeout(Some(CONNECT))
                    .set_response_timeout(Some(CONNECT));
                client.get_multiplexed_async_connection_with_config(&config).await.map(Connection::Single)
            }
            Self::Cluster(client) => client.get_async_connection().await.map(Connection::Cluster),
        }
    }
}

impl Connection {
    /// Runs commands in one round trip, and answers in their order.
    pub(super) async fn all(&mut self, commands: Vec<Cmd>) -> RedisResult<Vec<Value>> {
        match self {
            Self::Single(connection) => {
                let count = commands.len();
                if count == 1 {
                    return Ok(vec![connection.req_packed_command(&commands[0]).await?.extract_error()?]);
                }
                let mut pipeline = Pipeline::with_capacity(count);
                for command in commands {
                    pipeline.add_command(command);
                }
                let answers = connection.req_packed_commands(&pipeline, 0, count).await?;
                answers.into_iter().map(Value::extract_error).collect()
            }
            // A pipeline goes to one node; these may be for several.
            Self::Cluster(connection) => {
                let one = |command: Cmd| {
                    let mut connection = connection.clone();
                    async move { connection.req_packed_command(&command).await?.extract_error() }
                };
                try_join_all(commands.into_iter().map(one)).await
            }
        }
    }

    pub(super) async fn script(&mut self, script: &ScriptInvocation<'_>) -> RedisResult<i64> {
        match self {
            Self::Single(connection) => script.invoke_async(connection).await,
            Self::Cluster(connection) => script.invoke_async(connection).await,
        }
    }
}

/// A connection, or how far it is from being one.
pub(super) struct Link {
    client: RedisClient,
    state: Arc<Mutex<State>>,
}

enum State {
    /// There is none; after failures not before a certain time.
    Closed {
        failures: u32,
        not_before: Option<Instant>,
    },
    Opening {
        began: Instant,
        opened: watch::Receiver<bool>,
    },
    Open {
        connection: Connection,
        number: u64,
    },
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Link {
    pub(super) fn new(client: RedisClient) -> Self {
        Self { client, state: Arc::new(Mutex::new(State::Closed { failures: 0, not_before: None })) }
    }

    /// Runs an operation on the connection, and drops that if it proves dead.
    pub(super) async fn run<T>(
        &self,
        operation: impl AsyncFnOnce(Connection) -> RedisResult<T>,
    ) -> Result<T, StoreError> {
        let (connection, number) = self.connection(PATIENCE).await?;
        let mut suspicion = Suspicion { state: &self.state, number, began: Instant::now(), is_over: false };
        let done = operation(connection).await;
        suspicion.is_over = true;
        done.map_err(|error| {
            if error.is_unrecoverable_error() || error.is_timeout() {
                self.drop_connection(number);
            }
            error.into()
        })
    }

    /// A connection of its own that hears what is published.
    pub(super) async fn subscribe(&self, channel: &str) -> Result<PubSub, StoreError> {
        let RedisClient::Single(client) = &self.client else { return Err(StoreError::Unsupported) };
        let mut pubsub = timeout(CONNECT, client.get_async_pubsub()).await??;
        timeout(CONNECT, pubsub.subscribe(channel)).await??;
        Ok(pubsub)
    }

    /// Connects, and waits for it.
    pub(super) async fn connect(&self) -> Result<(), StoreError> {
        self.connection(CONNECT).await.map(drop)
    }

    async fn connection(&self, patience: Duration) -> Result<(Connection, u64), StoreError> {
        let (began, mut opened) = {
            let mut state = lock(&self.state);
            match &*state {
                State::Open { connection, number } => return Ok((connection.clone(), *number)),
                State::Opening { began, opened } if opened.has_changed().is_ok() => (*began, opened.clone()),
                // The runtime that was to connect has gone.
                State::Opening { .. } => self.open(0, &mut state),
                State::Closed { not_before: Some(time), .. } if Instant::now() < *time => {
                    return Err(StoreError::Connecting);
                }
                State::Closed { failures, .. } => self.open(*failures, &mut state),
            }
        };
        let opening = opened.wait_for(|opened| *opened);
        if timeout_at(began + patience, opening).await.is_err() {
            return Err(StoreError::Connecting);
        }
        match &*lock(&self.state) {
            State::Open { connection, number } => Ok((connection.clone(), *number)),
            _ => Err(StoreError::Connecting),
        }
    }

    /// Connects, in a task of its own, so that a request that is given up does not take the attempt with it.
    fn open(&self, failures: u32, state: &mut State) -> (Instant, watch::Receiver<bool>) {
        let (sender, opened) = watch::channel(false);
        let began = Instant::now();
        *state = State::Opening { began, opened: opened.clone() };
        let (client, state) = (self.client.clone(), Arc::clone(&self.state));
        tokio::spawn(async move {
            let connected = timeout(CONNECT, client.connect()).await;
            *lock(&state) = match connected {
                Ok(Ok(connection)) => State::Open { connection, number: fastrand::u64(..) },
                failed => {
                    let cause = failed.map_or_else(|late| late.to_string(), |failed| cause(failed.err()));
                    tracing::debug!(target: "lift::cache", cause, "no connection to Redis");
                    let pause = (PAUSE * (1 << failures.min(6))).min(PAUSE_AT_MOST);
                    let pause = pause.mul_f64(0.5 + fastrand::f64() / 2.0);
                    State::Closed { failures: failures + 1, not_before: Some(Instant::now() + pause) }
                }
            };
            // Whoever waits looks at the state.
            let _ = sender.send(true);
        });
        (began, opened)
    }

    fn drop_connection(&self, number: u64) {
        forget(&self.state, number);
    }
}

fn cause(error: Option<redis::RedisError>) -> String {
    error.map_or_else(String::new, |error| error.to_string())
}

fn forget(state: &Mutex<State>, number: u64) {
    let mut state = lock(state);
    if matches!(&*state, State::Open { number: open, .. } if *open == number) {
        *state = State::Closed { failures: 0, not_before: None };
    }
}

/// An operation under way. Dropped before it is over, and late, it takes the connection for dead.
struct Suspicion<'a> {
    state: &'a Mutex<State>,
    number: u64,
    began: Instant,
    is_over: bool,
}

impl Drop for Suspicion<'_> {
    fn drop(&mut self) {
        if !self.is_over && self.began.elapsed() >= LATE {
            forget(self.state, self.number);
        }
    }
}
