//! Topics that the processes of an app share, by Redis or Valkey.
//!
//! | key | holds |
//! |---|---|
//! | `lift:hub:{digest}:p` | the position of a topic's latest event, `epoch-number`: the one who says which number is next |
//! | `lift:hub:{digest}:s` | a [stream](https://redis.io/docs/latest/develop/data-types/streams/) of its last events, the number `n` under the id `n-0` |
//! | `lift:hub:{digest}` | a channel, on which each event is told together with its position |
//!
//! A script publishes: numbers are given out in one place, and what is told is what is kept. A process that has subscribers
//! listens to their topics by one connection, and holds of each what the stream holds. When a number is missing, or the
//! connection was lost, it reads the stream.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use futures_util::StreamExt as _;
use redis::aio::{MultiplexedConnection, PubSubSink, PubSubStream};
use redis::{AsyncConnectionConfig, Client, Script, Value};
use sha2::{Digest as _, Sha256};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use super::Keep;
use super::id::Position;
use super::published::{Encoded, Frame};
use super::topic::Topic;
use crate::cache::redis_server;
use crate::error::{Error, Result};
use crate::tenant::Tenant;

/// How long connecting, and whatever is asked, may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a topic is kept after its last event and its last subscriber's coming.
const KEPT: Duration = Duration::from_secs(3600);
/// How often a connection that tells nothing is asked whether it is there.
const BEAT: Duration = Duration::from_secs(5);
/// Between attempts to connect.
const PAUSE: Duration = Duration::from_millis(200);

/// ARGV: a new epoch, how many events are kept, for how long, fields, data, the channel.
const PUBLISH: &str = r"
local at = redis.call('GET', KEYS[1])
local epoch, number
if at then
    epoch, number = string.sub(at, 1, 16), tonumber(string.sub(at, 18))
else
    epoch, number = ARGV[1], 0
    redis.call('DEL', KEYS[2])
end
number = string.format('%.0f', number + 1)
at = epoch .. '-' .. number
redis.call('SET', KEYS[1], at, 'PX', ARGV[3])
redis.call('XADD', KEYS[2], 'MAXLEN', ARGV[2], number .. '-0', 'f', ARGV[4], 'd', ARGV[5])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
redis.call('PUBLISH', ARGV[6], at .. ' ' .. string.len(ARGV[4]) .. '\n' .. ARGV[4] .. ARGV[5])
return 1";

/// ARGV: a new epoch, for how long a topic is kept.
const READ: &str = r"
local at = redis.call('GET', KEYS[1])
if not at then
    at = ARGV[1] .. '-0'
    redis.call('DEL', KEYS[2])
end
redis.call('SET', KEYS[1], at, 'PX', ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return {at, redis.call('XRANGE', KEYS[2], '-', '+')}";

/// The server, and who listens to it.
#[derive(Debug)]
pub(super) struct Redis {
    server: Server,
    connection: tokio::sync::Mutex<Option<MultiplexedConnection>>,
    publish: Script,
    /// What the listener is told; it ends with this.
    listener: Mutex<Option<mpsc::UnboundedSender<Told>>>,
}

#[derive(Clone, Debug)]
struct Server {
    client: Client,
    prefix: Box<str>,
    keep: Keep,
}

/// What a listener is told to do.
enum Told {
    /// Listens to a topic, and says when all that is kept of it is there.
    Listen(Arc<Topic>, oneshot::Sender<()>),
    /// Nobody needs the topic any more.
    Leave(Arc<Topic>),
}

/// What has to be done about a channel.
enum Noted {
    Nothing,
    /// Somebody waits until it is heard.
    New(String),
    /// Nobody listens any more.
    Old(String),
}

/// What is read of a topic: its position, and the ids and fields of its events.
type Kept = (String, Vec<(String, HashMap<String, Vec<u8>>)>);

/// A topic's names in Redis.
struct Names {
    position: String,
    stream: String,
    channel: String,
}

impl Server {
    fn names(&self, tenant: Option<&Tenant>, topic: &str) -> Names {
        let mut digest = Sha256::new();
        let tenant = tenant.map_or("", Tenant::as_str);
        digest.update((tenant.len() as u64).to_be_bytes());
        digest.update(tenant);
        digest.update(topic);
        let digest = BASE64_URL_SAFE_NO_PAD.encode(digest.finalize());
        let channel = format!("{}hub:{{{digest}}}", self.prefix);
        Names { position: format!("{channel}:p"), stream: format!("{channel}:s"), channel }
    }

    async fn connect(&self) -> Result<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        self.client.get_multiplexed_async_connection_with_config(&config).await.map_err(unreachable)
    }
}

impl Redis {
    pub(super) fn new(url: &str, keep: Keep) -> Result<Self> {
        let (client, prefix) = redis_server(url)?;
        Ok(Self::of(Server { client, prefix, keep }))
    }

    fn of(server: Server) -> Self {
        Self {
            server,
            connection: tokio::sync::Mutex::default(),
            publish: Script::new(PUBLISH),
            listener: Mutex::default(),
        }
    }

    /// The same server for a hub that keeps something else.
    pub(super) fn keeping(&self, keep: Keep) -> Self {
        Self::of(Server { keep, ..self.server.clone() })
    }

    /// Publishes an event to all processes, this one among them.
    pub(super) async fn publish(
        &self,
        tenant: Option<&Tenant>,
        topic: &str,
        event: &Encoded<'_>,
    ) -> Result<()> {
        let names = self.server.names(tenant, topic);
        let mut publish = self.publish.key(names.position);
        publish.key(names.stream).arg(new_epoch()).arg(self.server.keep.events).arg(millis(KEPT));
        publish.arg(event.fields).arg(event.json).arg(names.channel);
        // However many wait for the one that connects.
        let mut connection = timeout(PATIENCE, self.connection()).await.map_err(unreachable)??;
        let published: redis::RedisResult<Value> = publish.invoke_async(&mut connection).await;
        if let Err(error) = published {
            *self.connection.lock().await = None;
            return Err(unreachable(error));
        }
        Ok(())
    }

    async fn connection(&self) -> Result<MultiplexedConnection> {
        let mut held = self.connection.lock().await;
        if let Some(connection) = &*held {
            return Ok(connection.clone());
        }
        let connection = self.server.connect().await?;
        *held = Some(connection.clone());
        Ok(connection)
    }

    /// Waits until a topic holds all that Redis holds, and gets what comes.
    pub(super) async fn listen(&self, topic: &Arc<Topic>) -> Result<()> {
        let (ready, is_ready) = oneshot::channel();
        self.tell(Told::Listen(Arc::clone(topic), ready));
        match timeout(PATIENCE * 2, is_ready).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(unreachable("the topic could not be read in time")),
        }
    }

    pub(super) fn leave(&self, topic: &Arc<Topic>) {
        let listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(listener) = &*listener {
            let _ = listener.send(Told::Leave(Arc::clone(topic)));
        }
    }

    /// Tells the listener, which is started if there is none, or if its runtime has gone.
    fn tell(&self, told: Told) {
        let mut listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
        let told = match &*listener {
            Some(listener) => match listener.send(told) {
                Ok(()) => return,
                Err(refused) => refused.0,
            },
            None => told,
        };
        let (sender, receiver) = mpsc::unbounded_channel();
        let _ = sender.send(told);
        *listener = Some(sender);
        tokio::spawn(Listener { server: self.server.clone(), topics: HashMap::new(), told: receiver }.run());
    }
}

/// Who hears what is published, for all topics of a process that somebody listens to.
struct Listener {
    server: Server,
    /// By channel.
    topics: HashMap<String, Heard>,
    told: mpsc::UnboundedReceiver<Told>,
}

struct Heard {
    topic: Arc<Topic>,
    names: Names,
    /// Who waits until all of it is there.
    waiting: Vec<oneshot::Sender<()>>,
}

impl Listener {
    async fn run(mut self) {
        loop {
            let began = Instant::now();
            let Err(error) = self.session().await else { return };
            self.topics.values().for_each(|heard| heard.topic.set_live(false));
            let error = error.source().map(tracing::field::display);
            tracing::warn!(error, "a hub has lost Redis, and connects anew");
            sleep(PAUSE.saturating_sub(began.elapsed())).await;
            // Nothing piles up however long it takes: of what was asked, the rest have given up.
            while let Ok(told) = self.told.try_recv() {
                drop(self.note(told));
            }
            for heard in self.topics.values_mut() {
                heard.waiting.retain(|waiting| !waiting.is_closed());
            }
            if self.told.is_closed() {
                return;
            }
        }
    }

    /// Listens by one connection: until it is lost, or until the hub is gone.
    async fn session(&mut self) -> Result<()> {
        let pubsub = timeout(PATIENCE, self.server.client.get_async_pubsub()).await;
        let (mut sink, mut messages) = pubsub.map_err(unreachable)?.map_err(unreachable)?.split();
        let mut connection = self.server.connect().await?;
        let channels: Vec<String> = self.topics.keys().cloned().collect();
        for channel in channels {
            self.hear(&channel, &mut sink, &mut connection).await?;
        }
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                message = PubSubStream::next(&mut messages) => {
                    let Some(message) = message else { return Err(unreachable("the subscription was lost")) };
                    let channel = message.get_channel_name().to_owned();
                    if !self.is_in_order(&channel, message.get_payload_bytes()) {
                        self.read(&channel, &mut connection).await?;
                    }
                }
                told = self.told.recv() => match told.map(|told| self.note(told)) {
                    None => return Ok(()),
                    Some(Noted::Nothing) => {}
                    Some(Noted::New(channel)) => self.hear(&channel, &mut sink, &mut connection).await?,
                    Some(Noted::Old(channel)) => {
                        timeout(PATIENCE, sink.unsubscribe(&channel)).await.map_err(unreachable)?.map_err(unreachable)?;
                    }
                },
                _ = beat.tick() => {
                    let there = timeout(PATIENCE, sink.ping::<Value>()).await;
                    there.map_err(unreachable)?.map_err(unreachable)?;
                }
            }
        }
    }

    /// Takes notice of what it is told, and says what has to be done for it.
    fn note(&mut self, told: Told) -> Noted {
        match told {
            // Whoever asked has given up.
            Told::Listen(_, ready) if ready.is_closed() => Noted::Nothing,
            Told::Listen(topic, ready) => {
                let names = self.server.names(topic.tenant.as_ref(), &topic.name);
                let channel = names.channel.clone();
                let new = || Heard { topic: Arc::clone(&topic), names, waiting: Vec::new() };
                let heard = self.topics.entry(channel.clone()).or_insert_with(new);
                // One that was forgotten may still be here.
                heard.topic = topic;
                heard.waiting.push(ready);
                Noted::New(channel)
            }
            Told::Leave(topic) => {
                let channel = self.server.names(topic.tenant.as_ref(), &topic.name).channel;
                if self.topics.get(&channel).is_none_or(|heard| !Arc::ptr_eq(&heard.topic, &topic)) {
                    return Noted::Nothing;
                }
                topic.set_live(false);
                self.topics.remove(&channel);
                Noted::Old(channel)
            }
        }
    }

    /// Subscribes first, and reads then, so that nothing is missed between the two.
    async fn hear(
        &mut self,
        channel: &str,
        sink: &mut PubSubSink,
        connection: &mut MultiplexedConnection,
    ) -> Result<()> {
        timeout(PATIENCE, sink.subscribe(channel)).await.map_err(unreachable)?.map_err(unreachable)?;
        self.read(channel, connection).await
    }

    /// Reads all that is kept of a topic.
    async fn read(&mut self, channel: &str, connection: &mut MultiplexedConnection) -> Result<()> {
        let Some(heard) = self.topics.get_mut(channel) else { return Ok(()) };
        let script = Script::new(READ);
        let mut read = script.key(&heard.names.position);
        read.key(&heard.names.stream).arg(new_epoch()).arg(millis(KEPT));
        let (latest, kept): Kept = read.invoke_async(connection).await.map_err(unreachable)?;
        let latest: Position = latest.parse().map_err(|()| unreachable("a position is not one"))?;
        let kept = kept.iter().filter_map(|(id, event)| {
            let number = id.split('-').next()?.parse().ok()?;
            let event = Encoded { fields: event.get("f")?, json: event.get("d")? };
            Some((number, Frame::new(Position { number, ..latest }, &event)))
        });
        heard.topic.catch_up(self.server.keep, latest, kept.collect());
        heard.topic.set_live(true);
        for waiting in heard.waiting.drain(..) {
            // Whoever waited may have left.
            let _ = waiting.send(());
        }
        Ok(())
    }

    /// Gives an event to its topic; `false` if some before it are missing.
    fn is_in_order(&self, channel: &str, message: &[u8]) -> bool {
        let Some(heard) = self.topics.get(channel) else { return true };
        let Some((position, event)) = parse(message) else { return false };
        heard.topic.feed(self.server.keep, position, &event)
    }
}

/// `epoch-number length\n`, the fields, which have that length, and the data.
fn parse(message: &[u8]) -> Option<(Position, Encoded<'_>)> {
    let end = message.iter().position(|byte| *byte == b'\n')?;
    let (position, length) = std::str::from_utf8(&message[..end]).ok()?.split_once(' ')?;
    let (fields, json) = message[end + 1..].split_at_checked(length.parse().ok()?)?;
    Some((position.parse().ok()?, Encoded { fields, json }))
}

fn new_epoch() -> String {
    format!("{:016x}", fastrand::u64(..))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// 503: it may be there again in a moment.
fn unreachable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::unavailable("Live events cannot be had at the moment; come back.").with_source(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_as_it_was_written() {
        let at = Position { epoch: 10, number: 3 };
        let event = Encoded { fields: b"event: a\n", json: b"{\"b\":\"\\n\"}" };
        assert_eq!(parse(b"000000000000000a-3 9\nevent: a\n{\"b\":\"\\n\"}"), Some((at, event)));
        for garbage in
            [&b""[..], b"x", b"000000000000000a-3 9\nshort", b"000000000000000a-3 -1\nx", b"\xff 0\n"]
        {
            assert_eq!(parse(garbage), None);
        }
    }
}
