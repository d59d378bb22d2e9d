//! A DynamoDB table as a store.
//!
//! | `pk` | holds |
//! |---|---|
//! | `lift:e:digest` | `entry`, until `ends`; and the lease on it, `lease`, until `lease_ends` |
//! | `lift:g:digest` | `generation`, 16 random bytes, until `ends` |
//!
//! Times are in milliseconds since the Unix epoch; `expires`, by which DynamoDB deletes, is in seconds, and only tidies
//! up, for that may take days. A digest is the SHA-256 of a key or name in base64, so that any bytes make a key and none
//! is longer than the 2,048 bytes that DynamoDB takes; an entry holds its whole key, which is compared. A lease stands in
//! its entry's item, so that one conditional write stores the entry and ends the lease; an entry that is stale stays
//! readable beside it.

pub(crate) mod client;
pub(crate) mod item;
pub(crate) mod url;

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use futures_util::future::try_join_all;
use sha2::{Digest as _, Sha256};

use self::client::{Fault, Table};
use self::item::Item;
use self::url::Target;
use super::link::Link;
use crate::cache::policy::millis;
use crate::cache::{CacheStore, Found, Generation, Lease, Leased, StoreError};
use crate::error::Result;

/// How long a generation outlives its last use, give or take; one that is gone costs a computation.
const GENERATION_TTL: Duration = Duration::from_secs(30 * 24 * 3600);

/// Of the look-ups that read a generation in the second half of its time, one in so many puts off its end.
const REFRESH: u32 = 64;

/// A lease that ends later than this, beyond its own duration, was taken by a clock that is wrong.
const SKEW: Duration = Duration::from_secs(3600);

/// The largest item that DynamoDB takes, in bytes, and what other attributes than the entry and the names take of it.
const LARGEST: usize = 400 * 1024;
const OVERHEAD: usize = 256;

/// A DynamoDB table as a store for [`Cache::store`](crate::Cache::store) and [`Cache::near`](crate::Cache::near).
///
/// ```
/// use lift_runtime::Cache;
/// use lift_runtime::cache::DynamoDbStore;
///
/// # fn main() -> lift_runtime::Result<()> {
/// let cache = Cache::near(DynamoDbStore::new("dynamodb://lift-cache?prefix=shop:")?);
/// # Ok(())
/// # }
/// ```
///
/// The table's partition key is the string `pk`, it has no sort key, and its attribute for time to live is `expires`:
///
/// ```sh
/// aws dynamodb create-table --table-name lift-cache --billing-mode PAY_PER_REQUEST \
///     --attribute-definitions AttributeName=pk,AttributeType=S --key-schema AttributeName=pk,KeyType=HASH
/// aws dynamodb update-time-to-live --table-name lift-cache \
///     --time-to-live-specification Enabled=true,AttributeName=expires
/// ```
///
/// | URL | |
/// |---|---|
/// | `dynamodb://table` | the table's name: 3 to 255 of `a-z`, `A-Z`, `0-9`, `_`, `.`, `-` |
/// | `?prefix=lift:` | what its keys begin with, up to 256 bytes; `lift:` by default |
///
/// With [`new`](Self::new), region, endpoint and credentials are found as the AWS SDK finds them, from `AWS_REGION`, `AWS_ENDPOINT_URL_DYNAMODB`
/// and so on; not from single sign-on or an external program. The credentials need `dynamodb:BatchGetItem`,
/// `BatchWriteItem`, `PutItem` and `UpdateItem`.
///
/// A look-up is one BatchGetItem with consistent reads, of the entry and its generations; beyond 99 generations it is
/// one for each hundred items, at once. Nothing is loaded before the first use, for which requests wait up to
/// 250 ms. Entries over 400 KiB are not stored. What DynamoDB throttles, or leaves unprocessed, is a miss; it is asked
/// once, without retries.
pub struct DynamoDbStore {
    link: Link<Table>,
    prefix: Box<str>,
}

impl DynamoDbStore {
    /// The table at a URL. It is not asked before it is needed.
    ///
    /// # Errors
    /// If it is no such URL; what stands in it of a password is not repeated.
    pub fn new(url: &str) -> Result<Self> {
        Self::at(url, None)
    }

    /// The same with a configuration of one's own, for credentials or an endpoint that the environment does not tell:
    ///
    /// ```
    /// # use aws_config::{BehaviorVersion, Region, SdkConfig};
    /// use lift_runtime::cache::DynamoDbStore;
    ///
    /// # fn main() -> lift_runtime::Result<()> {
    /// let config = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).region(Region::new("eu-central-1"));
    /// # let config = config.endpoint_url("http://localhost:8000");
    /// let store = DynamoDbStore::with_config("dynamodb://lift-cache", config.build())?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Its HTTP client, retries and timeouts are not used.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_config(url: &str, config: SdkConfig) -> Result<Self> {
        Self::at(url, Some(config))
    }

    fn at(url: &str, config: Option<SdkConfig>) -> Result<Self> {
        let Target { table, prefix } = Target::parse(url)?;
        let probe = HashMap::from([(item::KEY.to_owned(), item::text(&format!("{prefix}probe")))]);
        Ok(Self { link: Link::new(Table::new(table, probe, config)), prefix })
    }

    fn entry(&self, key: &[u8]) -> String {
        format!("{}e:{}", self.prefix, digest(key))
    }

    fn generations(&self, names: &[Box<[u8]>]) -> Vec<String> {
        names.iter().map(|name| format!("{}g:{}", self.prefix, digest(name))).collect()
    }

    fn table(&self) -> &str {
        &self.link.connector().name
    }

    /// Gives a new generation to a name that has none, and says which it has.
    async fn establish_one(&self, key: &str) -> Result<Generation, StoreError> {
        self.link.run(async |client| establish(&client, self.table(), key).await).await
    }

    /// Puts off the end of generations that are in use, in the background: a look-up does not wait for it.
    fn refresh(&self, client: &Client, items: &HashMap<String, Item>, keys: &[String], now: u64) {
        let due = now.saturating_add(millis(GENERATION_TTL) / 2);
        let is_due = |item: &Item| item::ends(item).is_some_and(|ends| ends < due);
        if !items.values().any(is_due) || fastrand::u32(..REFRESH) != 0 {
            return;
        }
        for key in keys.iter().collect::<BTreeSet<_>>() {
            let Some(item) = items.get(key).filter(|item| is_due(item)) else { continue };
            let Some(generation) = item::generation_of(item, now) else { continue };
            let (client, table, key) = (client.clone(), self.table().to_owned(), key.clone());
            // Where this fails, the next one does it.
            tokio::spawn(async move { put_off(&client, &table, &key, generation, now).await });
        }
    }
}

impl CacheStore for DynamoDbStore {
    async fn connect(&self) -> Result<(), StoreError> {
        self.link.connect().await
    }

    async fn lookup(&self, key: &[u8], names: &[Box<[u8]>]) -> Result<Found, StoreError> {
        let (entry, generations) = (self.entry(key), self.generations(names));
        let keys = || generations.iter().chain([&entry]).map(String::as_str);
        let read = async |client: Client| {
            item::read(&client, self.table(), keys()).await.map(|items| (items, client))
        };
        let (mut items, client) = self.link.run(read).await?;
        let now = now();
        let item = items.remove(&entry);
        let is_leased = item.as_ref().is_some_and(|item| item::is_leased(item, now, millis(SKEW)));
        let entry = item.and_then(|item| item::entry_of(item, now));
        self.refresh(&client, &items, &generations, now);
        let generation = |key| items.get(key).and_then(|item| item::generation_of(item, now));
        let generations = generations.iter().map(generation).collect();
        Ok(Found { entry, generations, is_leased: Some(is_leased) })
    }

    async fn establish(&self, names: &[Box<[u8]>]) -> Result<Vec<Generation>, StoreError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let keys = self.generations(names);
        // Read first: a write that finds a generation there costs as much as one that makes it.
        let read =
            async |client: Client| item::read(&client, self.table(), keys.iter().map(String::as_str)).await;
        let (items, now) = (self.link.run(read).await?, now());
        let mut known: HashMap<&str, Generation> = HashMap::new();
        let mut missing = BTreeSet::new();
        for key in &keys {
            match items.get(key).and_then(|item| item::generation_of(item, now)) {
                Some(generation) => drop(known.insert(key, generation)),
                None => drop(missing.insert(&**key)),
            }
        }
        let made = try_join_all(missing.iter().map(|key| self.establish_one(key))).await?;
        known.extend(missing.into_iter().zip(made));
        let all = keys.iter().map(|key| known.get(&**key).copied());
        all.collect::<Option<_>>().ok_or_else(|| Fault::odd().into())
    }

    async fn renew(&self, names: &[Box<[u8]>]) -> Result<(), StoreError> {
        let keys: BTreeSet<_> = self.generations(names).into_iter().collect();
        let ends = now().saturating_add(millis(GENERATION_TTL));
        let items = keys.iter().map(|key| item::generation(key, ends).0).collect();
        self.link.run(async |client| item::write(&client, self.table(), items).await).await
    }

    async fn put(
        &self,
        key: &[u8],
        entry: Bytes,
        expires: u64,
        lease: Option<Lease>,
    ) -> Result<bool, StoreError> {
        let now = now();
        if expires <= now {
            return Ok(false);
        }
        // It replaces the whole item: whatever lease stood in it ends.
        let item = item::new(&self.entry(key), "entry", entry.into(), expires);
        let store = async |client: Client| {
            let mut put = client.put_item().table_name(self.table()).set_item(Some(item));
            if let Some(lease) = lease {
                put = put
                    .condition_expression("lease = :lease AND lease_ends > :now")
                    .expression_attribute_values(":lease", token(lease))
                    .expression_attribute_values(":now", item::number(now));
            }
            unless_refused(put.send().await, PutItemError::is_conditional_check_failed_exception)
        };
        self.link.run(store).await
    }

    async fn lease(&self, key: &[u8], lease: Lease, duration: Duration) -> Result<Leased, StoreError> {
        let now = now();
        let ends = now.saturating_add(millis(duration).max(1));
        let far = ends.saturating_add(millis(SKEW));
        let take = async |client: Client| {
            let taken = client
                .update_item()
                .table_name(self.table())
                .key(item::KEY, item::text(&self.entry(key)))
                // An entry that is there keeps its own end.
                .update_expression(
                    "SET lease = :lease, lease_ends = :ends, expires = if_not_exists(expires, :expires)",
                )
                // What never ends is no lease, and nobody would ever give it back.
                .condition_expression(
                    "attribute_not_exists(lease) OR attribute_not_exists(lease_ends) \
                     OR NOT (lease_ends BETWEEN :now AND :far)",
                )
                .expression_attribute_values(":lease", token(lease))
                .expression_attribute_values(":ends", item::number(ends))
                .expression_attribute_values(":expires", item::seconds(ends))
                .expression_attribute_values(":now", item::number(now))
                .expression_attribute_values(":far", item::number(far))
                .send()
                .await;
            unless_refused(taken, UpdateItemError::is_conditional_check_failed_exception)
        };
        Ok(if self.link.run(take).await? { Leased::Granted } else { Leased::Held })
    }

    async fn release(&self, key: &[u8], lease: Lease) -> Result<(), StoreError> {
        let give_back = async |client: Client| {
            let given = client
                .update_item()
                .table_name(self.table())
                .key(item::KEY, item::text(&self.entry(key)))
                .update_expression("REMOVE lease, lease_ends")
                .condition_expression("lease = :lease")
                .expression_attribute_values(":lease", token(lease))
                .send()
                .await;
            unless_refused(given, UpdateItemError::is_conditional_check_failed_exception)
        };
        self.link.run(give_back).await.map(drop)
    }

    fn largest(&self) -> usize {
        LARGEST - OVERHEAD - self.prefix.len()
    }
}

async fn establish(client: &Client, table: &str, key: &str) -> Result<Generation, Fault> {
    let now = now();
    let (item, made) = item::generation(key, now.saturating_add(millis(GENERATION_TTL)));
    let put = client.put_item().table_name(table).set_item(Some(item.clone()));
    let done = put
        .condition_expression("attribute_not_exists(pk) OR ends <= :now")
        .expression_attribute_values(":now", item::number(now))
        .return_values_on_condition_check_failure(AllOld)
        .send()
        .await;
    let there = match done {
        Ok(_) => return Ok(made),
        Err(error) => match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(refused)) => refused.item().cloned(),
            _ => return Err(error.into()),
        },
    };
    match there.and_then(|item| item::generation_of(&item, now)) {
        Some(generation) => Ok(generation),
        // What is there and is no generation counts as missing.
        None => item::write(client, table, vec![item]).await.map(|()| made),
    }
}

async fn put_off(client: &Client, table: &str, key: &str, generation: Generation, now: u64) {
    let ends = now.saturating_add(millis(GENERATION_TTL));
    let _ = client
        .update_item()
        .table_name(table)
        .key(item::KEY, item::text(key))
        .update_expression("SET ends = :ends, expires = :expires")
        .condition_expression("generation = :generation AND ends < :ends")
        .expression_attribute_values(":generation", item::binary(generation.0.to_be_bytes()))
        .expression_attribute_values(":ends", item::number(ends))
        .expression_attribute_values(":expires", item::seconds(ends))
        .send()
        .await;
}

/// Whether a conditional write was done; that its condition does not hold is no error.
fn unless_refused<T, E>(
    done: Result<T, aws_sdk_dynamodb::error::SdkError<E>>,
    is_refusal: impl Fn(&E) -> bool,
) -> Result<bool, Fault>
where
    Fault: From<aws_sdk_dynamodb::error::SdkError<E>>,
{
    match done {
        Ok(_) => Ok(true),
        Err(error) if error.as_service_error().is_some_and(is_refusal) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

impl std::fmt::Debug for DynamoDbStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DynamoDbStore")
            .field("table", &self.table())
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

fn token(lease: Lease) -> aws_sdk_dynamodb::types::AttributeValue {
    item::binary(lease.0.to_be_bytes())
}

fn digest(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(bytes))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map(millis).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As DynamoDB counts an item: names and values, binary values by their bytes, and numbers by two digits a byte
    /// and two more.
    fn size(item: &Item) -> usize {
        let value = |value: &aws_sdk_dynamodb::types::AttributeValue| match value.as_b() {
            Ok(blob) => blob.as_ref().len(),
            Err(_) => value.as_s().or_else(|_| value.as_n()).expect("text or a number").len() + 2,
        };
        item.iter().map(|(name, kept)| name.len() + value(kept)).sum()
    }

    #[test]
    fn the_largest_entry_fits_an_item_with_its_lease() {
        let store =
            DynamoDbStore::new(&format!("dynamodb://table?prefix={}", "p".repeat(256))).expect("a URL");
        let mut item = item::new(&store.entry(b"key"), "entry", vec![0; store.largest()], u64::MAX);
        item.insert("lease".into(), token(Lease(1)));
        item.insert("lease_ends".into(), item::number(u64::MAX));
        assert!(size(&item) <= LARGEST, "{}", size(&item));
        assert!(size(&item) > LARGEST - OVERHEAD, "{}", size(&item));
    }

    #[test]
    fn no_key_is_longer_than_dynamodb_takes() {
        let store =
            DynamoDbStore::new(&format!("dynamodb://table?prefix={}", "p".repeat(256))).expect("a URL");
        assert!(store.entry(&[0xff; 10_000]).len() < 2048);
    }
}
