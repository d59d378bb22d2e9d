//! Redis and Valkey as a store.
//!
//! | key | holds |
//! |---|---|
//! | `lift:{digest}:e` | an entry, until it is of no use |
//! | `lift:{digest}:l` | the token of the lease on it; in the same slot, so that one script sees both |
//! | `lift:n:name`, `lift:g:digest` | the generation of a name, of up to 48 bytes or of more: 16 random bytes |
//!
//! Names are in base64, and a digest is the SHA-256 of a key or name in base64, so that any bytes make a key and none is long; an entry holds its
//! whole key, which is compared. Nothing is ever searched for or deleted in bulk.

pub(crate) mod client;
pub(crate) mod url;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _};
use redis::{Cmd, Script, Value};
use sha2::{Digest as _, Sha256};
use smallvec::SmallVec;

use self::client::{CONNECT, RedisClient};
use self::url::Target;
use super::link::Link;
use crate::cache::policy::millis;
use crate::cache::{CacheStore, Found, Generation, Lease, Leased, StoreError, Watcher};
use crate::error::{Error, Result};

/// How long a generation outlives its last use, give or take; one that is gone costs a computation.
const GENERATION_TTL: Duration = Duration::from_secs(30 * 24 * 3600);

/// A century, in milliseconds.
const LONGEST: u64 = 100 * 365 * 24 * 3_600_000;

/// What can be expected to pass within the time that an operation is given, on a network of a gigabit.
const LARGEST: usize = 4 << 20;

/// One look-up in so many puts off the end of the generations it reads.
const REFRESH: u32 = 1024;

/// A key in Redis; with a prefix of up to 30 bytes it needs no allocation.
type Address = SmallVec<[u8; 96]>;

/// A name of so many bytes is not digested, which has 32.
const SHORT: usize = 48;

/// An entry is stored only while the token of its lease stands, which ends with it.
const FILL: &str = "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end \
    redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3]) redis.call('DEL', KEYS[1]) return 1";

const RELEASE: &str = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end return 0";

/// A Redis or Valkey server, or a cluster of them, as a store for [`Cache::store`](crate::Cache::store) and
/// [`Cache::near`](crate::Cache::near).
///
/// ```
/// use lift_runtime::Cache;
/// use lift_runtime::cache::RedisStore;
///
/// # fn main() -> lift_runtime::Result<()> {
/// let cache = Cache::near(RedisStore::new("rediss://cache.internal:6379/0?prefix=shop:")?);
/// # Ok(())
/// # }
/// ```
///
/// | URL | |
/// |---|---|
/// | `redis://`, `rediss://` | without or with TLS; `user:password@`, host, port (6379) and `/database` as usual |
/// | `redis+cluster://`, `rediss+cluster://` | a cluster, found by the node that is named |
/// | `?prefix=lift:` | what its keys begin with; `lift:` by default |
/// | `?ca=/path/ca.pem` | the authority that signs the server's certificate, in place of the system's |
///
/// It connects at its first use, for which requests wait up to 250 ms. Whatever happens to the connection later, no
/// request waits for a new one longer than 40 ms, and those that find none go without the cache. Entries over 4 MiB are not stored. Generations are read from primaries. A fail-over that loses writes which
/// Redis had acknowledged loses invalidations among them.
pub struct RedisStore {
    link: Link<RedisClient>,
    prefix: Box<str>,
    is_cluster: bool,
    fill: Script,
    release: Script,
}

impl RedisStore {
    /// The server at a URL. It is not asked before it is needed.
    ///
    /// # Errors
    /// If it is no such URL, or its `ca` is not a readable file; what stands in it of a password is not repeated.
    pub fn new(url: &str) -> Result<Self> {
        let Target { client, prefix, is_cluster } = Target::parse(url)?;
        let (fill, release) = (Script::new(FILL), Script::new(RELEASE));
        Ok(Self { link: Link::new(client), prefix, is_cluster, fill, release })
    }

    fn entry(&self, key: &[u8]) -> Address {
        self.address(b"{", key, b"}:e")
    }

    fn lease_key(&self, key: &[u8]) -> Address {
        self.address(b"{", key, b"}:l")
    }

    /// A short name stands for itself: a digest of each would be a tenth of what a hit costs beside its round trip.
    fn generation(&self, name: &[u8]) -> Address {
        if name.len() > SHORT {
            return self.address(b"g:", name, b"");
        }
        self.encoded(b"n:", name, b"")
    }

    fn address(&self, before: &[u8], bytes: &[u8], after: &[u8]) -> Address {
        self.encoded(before, &Sha256::digest(bytes), after)
    }

    /// Up to [`SHORT`] bytes in base64, between others.
    fn encoded(&self, before: &[u8], bytes: &[u8], after: &[u8]) -> Address {
        let mut address = Address::from_slice(self.prefix.as_bytes());
        address.extend_from_slice(before);
        let mut digits = [0; SHORT / 3 * 4];
        // They fit.
        let length = URL_SAFE_NO_PAD.encode_slice(bytes, &mut digits).unwrap_or_default();
        address.extend_from_slice(&digits[..length]);
        address.extend_from_slice(after);
        address
    }

    fn channel(&self) -> String {
        format!("{}renewed", self.prefix)
    }

    /// Commands in one round trip: a pipeline, or, in a cluster, all of them at once.
    async fn all(&self, commands: Vec<Cmd>) -> Result<Vec<Value>, StoreError> {
        self.link.run(async |mut connection| connection.all(commands).await).await
    }

    async fn one(&self, command: Cmd) -> Result<Value, StoreError> {
        self.all(vec![command]).await?.pop().ok_or_else(|| StoreError::new("Redis answered nothing"))
    }

    /// Gives names new generations, or only those that have none; then reads the generations of some.
    async fn set_and_read(
        &self,
        set: &[Box<[u8]>],
        read: &[Box<[u8]>],
        only_if_missing: bool,
    ) -> Result<Vec<Option<Generation>>, StoreError> {
        let mut commands: Vec<_> =
            set.iter().map(|name| self.set_generation(name, only_if_missing)).collect();
        let mut get = redis::cmd("MGET");
        for name in read {
            get.arg(&*self.generation(name));
        }
        let answer = if self.is_cluster {
            // There the commands of one call run at once, so that those that write come first.
            self.all(commands).await?;
            self.one(get).await?
        } else {
            commands.push(get);
            self.all(commands).await?.pop().ok_or_else(odd)?
        };
        let Value::Array(values) = answer else { return Err(odd()) };
        Ok(values.iter().map(generation).collect())
    }

    fn set_generation(&self, name: &[u8], only_if_missing: bool) -> Cmd {
        let mut set = redis::cmd("SET");
        let token = Generation::random().0.to_be_bytes();
        set.arg(&*self.generation(name)).arg(&token).arg("PX").arg(millis(GENERATION_TTL));
        if only_if_missing {
            set.arg("NX");
        }
        set
    }
}

impl CacheStore for RedisStore {
    async fn connect(&self) -> Result<(), StoreError> {
        self.link.connect().await
    }

    async fn lookup(&self, key: &[u8], names: &[Box<[u8]>]) -> Result<Found, StoreError> {
        let mut get = redis::cmd("MGET");
        get.arg(&*self.entry(key));
        for name in names {
            get.arg(&*self.generation(name));
        }
        let mut commands = vec![get];
        if fastrand::u32(..REFRESH) == 0 {
            let last = |name: &[u8]| {
                let mut expire = redis::cmd("PEXPIRE");
                expire.arg(&*self.generation(name)).arg(millis(GENERATION_TTL));
                expire
            };
            commands.extend(names.iter().map(|name| last(name)));
        }
        let mut answers = self.all(commands).await?;
        let Value::Array(values) = answers.swap_remove(0) else { return Err(odd()) };
        let mut values = values.into_iter();
        let entry = match values.next() {
            Some(Value::BulkString(bytes)) => Some(bytes.into()),
            _ => None,
        };
        // Another key in each look-up would cost all hits what it saves a few misses.
        Ok(Found { entry, generations: values.map(|value| generation(&value)).collect(), is_leased: None })
    }

    async fn establish(&self, names: &[Box<[u8]>]) -> Result<Vec<Generation>, StoreError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let read = self.set_and_read(names, names, true).await?;
        if let Some(generations) = read.iter().copied().collect() {
            return Ok(generations);
        }
        // What is there and is no generation counts as missing.
        let broken: Vec<_> = names
            .iter()
            .zip(&read)
            .filter(|(_, read)| read.is_none())
            .map(|(name, _)| name.clone())
            .collect();
        let read = self.set_and_read(&broken, names, false).await?;
        read.into_iter().collect::<Option<_>>().ok_or_else(odd)
    }

    async fn renew(&self, names: &[Box<[u8]>]) -> Result<(), StoreError> {
        let mut commands: Vec<_> = names.iter().map(|name| self.set_generation(name, false)).collect();
        let channel = self.channel();
        let publish = names.iter().map(|name| {
            let mut publish = redis::cmd("PUBLISH");
            publish.arg(&channel).arg(&**name);
            publish
        });
        // Who hears of it reads anew, and must find the new generation. (In a cluster nobody listens.)
        if !self.is_cluster {
            commands.extend(publish);
        }
        self.all(commands).await.map(drop)
    }

    async fn put(
        &self,
        key: &[u8],
        entry: Bytes,
        expires: u64,
        lease: Option<Lease>,
    ) -> Result<bool, StoreError> {
        let entry_key = self.entry(key);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map(millis).unwrap_or_default();
        let Some(life) = life(now, expires) else { return Ok(false) };
        let Some(lease) = lease else {
            let mut set = redis::cmd("SET");
            set.arg(&*entry_key).arg(&*entry).arg("PX").arg(life);
            return self.one(set).await.map(|_| true);
        };
        let mut fill = self.fill.key(&*self.lease_key(key));
        fill.key(&*entry_key).arg(&lease.0.to_be_bytes()).arg(&*entry).arg(life);
        self.link.run(async |mut connection| connection.script(&fill).await).await.map(|stored| stored == 1)
    }

    async fn lease(&self, key: &[u8], lease: Lease, duration: Duration) -> Result<Leased, StoreError> {
        let lease_key = self.lease_key(key);
        let mut set = redis::cmd("SET");
        set.arg(&*lease_key).arg(&lease.0.to_be_bytes()).arg("NX").arg("PX").arg(millis(duration).max(1));
        if self.one(set.clone()).await? != Value::Nil {
            return Ok(Leased::Granted);
        }
        let mut left = redis::cmd("PTTL");
        left.arg(&*lease_key);
        let lasts = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        // -2 is one that has just ended.
        let left = self.one(left).await?;
        if matches!(left, Value::Int(left) if left == -2 || (0..=lasts).contains(&left)) {
            return Ok(Leased::Held);
        }
        // What never ends, or later than any lease, is none, and nobody would ever give it back.
        let mut delete = redis::cmd("DEL");
        delete.arg(&*lease_key);
        self.one(delete).await?;
        Ok(if self.one(set).await? == Value::Nil { Leased::Held } else { Leased::Granted })
    }

    async fn release(&self, key: &[u8], lease: Lease) -> Result<(), StoreError> {
        let lease_key = self.lease_key(key);
        let mut release = self.release.key(&*lease_key);
        release.arg(&lease.0.to_be_bytes());
        self.link.run(async |mut connection| connection.script(&release).await).await.map(drop)
    }

    fn largest(&self) -> usize {
        LARGEST
    }

    /// By a subscription. (Client-side caching would tell of evicted generations too, but needs the keys by name.)
    ///
    /// Not in a cluster: what another node was told may be on its way still when the one that is asked says that there is
    /// no more.
    async fn watch(&self, watcher: Watcher) -> Result<(), StoreError> {
        let (mut sink, mut messages) = self.link.connector().subscribe(&self.channel()).await?.split();
        loop {
            let beat = watcher.beat();
            let mut ping = std::pin::pin!(tokio::time::timeout(CONNECT, sink.ping::<Value>()));
            loop {
                tokio::select! {
                    // What came before the answer is told before it.
                    biased;
                    message = messages.next() => match message {
                        Some(message) => watcher.renewed(message.get_payload_bytes()),
                        None => return Err(StoreError::new("the subscription was lost")),
                    },
                    answer = &mut ping => {
                        answer??;
                        break;
                    }
                }
            }
            // The answer may have been seen before what was pushed ahead of it.
            while let Some(Some(message)) = messages.next().now_or_never() {
                watcher.renewed(message.get_payload_bytes());
            }
            watcher.verified(beat);
            let pause = tokio::time::sleep(watcher.interval());
            tokio::pin!(pause);
            loop {
                tokio::select! {
                    biased;
                    message = messages.next() => match message {
                        Some(message) => watcher.renewed(message.get_payload_bytes()),
                        None => return Err(StoreError::new("the subscription was lost")),
                    },
                    () = &mut pause => break,
                }
            }
        }
    }
}

/// The client of the one server that a URL names, and the prefix of its keys, for what is no store. Such a client's
/// connections tell all that is published, which a cluster's do not.
pub(crate) fn redis_server(url: &str) -> Result<(redis::Client, Box<str>)> {
    match Target::parse(url)? {
        Target { client: RedisClient::Single(client), prefix, .. } => Ok((*client, prefix)),
        _ => Err(Error::startup("this needs one Redis server, and the URL names a cluster")),
    }
}

impl std::fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisStore")
            .field("prefix", &self.prefix)
            .field("is_cluster", &self.is_cluster)
            .finish_non_exhaustive()
    }
}

/// How long Redis is to keep an entry; it refuses what would end after its own end of time, as `Duration::MAX` does.
fn life(now: u64, expires: u64) -> Option<u64> {
    expires.checked_sub(now).filter(|life| *life > 0).map(|life| life.min(LONGEST))
}

/// A generation as it is stored; anything else counts as missing.
fn generation(value: &Value) -> Option<Generation> {
    let Value::BulkString(bytes) = value else { return None };
    Some(Generation(u128::from_be_bytes(bytes.as_slice().try_into().ok()?)))
}

fn odd() -> StoreError {
    StoreError::new("Redis answered in a form that was not expected")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_for_ever_has_an_end_that_redis_takes() {
        assert_eq!(life(1_000, 61_000), Some(60_000));
        assert_eq!((life(1_000, 1_000), life(1_000, 999)), (None, None));
        let longest = life(1_000, u64::MAX).expect("it has an end");
        assert!(i64::try_from(longest + 1_000).is_ok());
    }
}
