//! The client: one server or a cluster, by one connection that all share.

use std::time::Duration;

use futures_util::future::try_join_all;
use redis::aio::{ConnectionLike, MultiplexedConnection, PubSub};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, Pipeline, RedisError, RedisResult, ScriptInvocation, Value};
use tokio::time::timeout;

use crate::cache::StoreError;
use crate::cache::store::link::Connect;

/// How long connecting may take, in the background.
pub(crate) const CONNECT: Duration = Duration::from_secs(2);

#[derive(Clone)]
pub(crate) enum RedisClient {
    Single(Box<Client>),
    Cluster(Box<ClusterClient>),
}

#[derive(Clone)]
pub(crate) enum Connection {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Connect for RedisClient {
    type Connection = Connection;
    type Error = RedisError;

    const NAME: &'static str = "Redis";
    const BOUND: Duration = CONNECT;

    async fn connect(&self) -> RedisResult<Connection> {
        match self {
            Self::Single(client) => {
                // Operations are bounded by whoever asks, who drops them then: a second timer for each would be for nothing.
                let config = AsyncConnectionConfig::new()
                    .set_connection_timeout(Some(CONNECT))
                    .set_response_timeout(None);
                client.get_multiplexed_async_connection_with_config(&config).await.map(Connection::Single)
            }
            Self::Cluster(client) => client.get_async_connection().await.map(Connection::Cluster),
        }
    }

    fn is_fatal(error: &RedisError) -> bool {
        error.is_unrecoverable_error() || error.is_timeout()
    }
}

impl RedisClient {
    /// A connection of its own that hears what is published.
    pub(crate) async fn subscribe(&self, channel: &str) -> Result<PubSub, StoreError> {
        let Self::Single(client) = self else { return Err(StoreError::Unsupported) };
        let mut pubsub = timeout(CONNECT, client.get_async_pubsub()).await??;
        timeout(CONNECT, pubsub.subscribe(channel)).await??;
        Ok(pubsub)
    }
}

impl Connection {
    /// Runs commands in one round trip, and answers in their order.
    pub(crate) async fn all(&mut self, commands: Vec<Cmd>) -> RedisResult<Vec<Value>> {
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

    pub(crate) async fn script(&mut self, script: &ScriptInvocation<'_>) -> RedisResult<i64> {
        match self {
            Self::Single(connection) => script.invoke_async(connection).await,
            Self::Cluster(connection) => script.invoke_async(connection).await,
        }
    }
}
