//! Connections in DynamoDB.
//!
//! | `pk` | `sk` | holds |
//! |---|---|---|
//! | `lift:k:key` | `-` | a record, `record` |
//! | `lift:s:set` | the member | nothing more |
//!
//! Both until `ends`, in milliseconds since the Unix epoch; `expires`, by which DynamoDB deletes, is in seconds, and only
//! tidies up.

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::ReturnValue;
use bytes::Bytes;

use super::ConnectionStore;
use crate::cache::StoreError;
use crate::cache::store::dynamodb::client::{Fault, Table};
use crate::cache::store::dynamodb::item::{self, Item, KEY, binary, number, seconds, text};
use crate::cache::store::dynamodb::url::Target;
use crate::cache::store::link::Link;
use crate::error::Result;
use crate::websocket::network::now;

const SORT: &str = "sk";
const RECORD: &str = "-";

/// A DynamoDB table as a store for [`Connections::store`](crate::websocket::Connections::store), for connections that API
/// Gateway holds. Sockets of processes outside Lambda it does not tell of each other: it has no means to pass messages.
///
/// ```
/// use lift_runtime::websocket::{Connections, DynamoDbConnections};
///
/// # fn main() -> lift_runtime::Result<()> {
/// let connections = Connections::store(DynamoDbConnections::new("dynamodb://lift-connections?prefix=shop:")?);
/// # Ok(())
/// # }
/// ```
///
/// The table's partition key is the string `pk`, its sort key the string `sk`, and its attribute for time to live is
/// `expires`:
///
/// ```sh
/// aws dynamodb create-table --table-name lift-connections --billing-mode PAY_PER_REQUEST \
///     --attribute-definitions AttributeName=pk,AttributeType=S AttributeName=sk,AttributeType=S \
///     --key-schema AttributeName=pk,KeyType=HASH AttributeName=sk,KeyType=RANGE
/// aws dynamodb update-time-to-live --table-name lift-connections \
///     --time-to-live-specification Enabled=true,AttributeName=expires
/// ```
///
/// Its URL, and how region and credentials are found, is as [`DynamoDbStore`](crate::cache::DynamoDbStore) says. The
/// credentials need `dynamodb:BatchGetItem`, `DeleteItem`, `GetItem`, `PutItem` and `Query`. The members of a room are one
/// Query with a consistent read (another for each further megabyte).
pub struct DynamoDbConnections {
    link: Link<Table>,
    prefix: Box<str>,
}

impl DynamoDbConnections {
    /// The table at a URL. It is not asked before it is needed.
    ///
    /// # Errors
    /// If it is no such URL; what stands in it of a password is not repeated.
    pub fn new(url: &str) -> Result<Self> {
        Self::at(url, None)
    }

    /// The same with a configuration of one's own, whose HTTP client, retries and timeouts are not used.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_config(url: &str, config: SdkConfig) -> Result<Self> {
        Self::at(url, Some(config))
    }

    fn at(url: &str, config: Option<SdkConfig>) -> Result<Self> {
        let Target { table, prefix } = Target::parse(url)?;
        let probe = key(&format!("{prefix}probe"), RECORD);
        Ok(Self { link: Link::new(Table::new(table, probe, config)), prefix })
    }

    fn record(&self, name: &str) -> Item {
        key(&format!("{}k:{name}", self.prefix), RECORD)
    }

    fn set(&self, name: &str) -> String {
        format!("{}s:{name}", self.prefix)
    }

    /// Whoever asks has time for a connection to be made.
    async fn run<T>(
        &self,
        operation: impl AsyncFnOnce(Client, &str) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        self.link.connect().await?;
        let table = &*self.link.connector().name;
        self.link.run(async |client| operation(client, table).await).await
    }

    async fn write(&self, mut item: Item, expires: u64) -> Result<(), StoreError> {
        item.insert("ends".to_owned(), number(expires));
        item.insert("expires".to_owned(), seconds(expires));
        self.run(async |client, table| {
            client.put_item().table_name(table).set_item(Some(item)).send().await?;
            Ok(())
        })
        .await
    }

    /// Deletes an item, and returns what of it is asked for.
    async fn erase(&self, key: Item, returned: ReturnValue) -> Result<Option<Item>, StoreError> {
        self.run(async |client, table| {
            let delete = client.delete_item().table_name(table).set_key(Some(key));
            Ok(delete.return_values(returned).send().await?.attributes)
        })
        .await
    }
}

fn key(partition: &str, sort: &str) -> Item {
    HashMap::from([(KEY.to_owned(), text(partition)), (SORT.to_owned(), text(sort))])
}

fn is_current(item: &Item, now: u64) -> bool {
    item::ends(item).is_some_and(|ends| ends > now)
}

impl ConnectionStore for DynamoDbConnections {
    async fn put(&self, key: &str, record: Bytes, expires: u64) -> Result<(), StoreError> {
        let mut item = self.record(key);
        item.insert("record".to_owned(), binary(record));
        self.write(item, expires).await
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        let key = self.record(key);
        let read = async |client: Client, table: &str| {
            let read = client.get_item().table_name(table).set_key(Some(key)).consistent_read(true);
            Ok(read.send().await?.item)
        };
        let item = self.run(read).await?.filter(|item| is_current(item, now()));
        Ok(item.and_then(|item| Some(Bytes::copy_from_slice(item.get("record")?.as_b().ok()?.as_ref()))))
    }

    async fn delete(&self, key: &str) -> Result<bool, StoreError> {
        let item = self.erase(self.record(key), ReturnValue::AllOld).await?;
        Ok(item.is_some_and(|item| is_current(&item, now())))
    }

    async fn add(&self, set: &str, member: &str, expires: u64) -> Result<(), StoreError> {
        self.write(key(&self.set(set), member), expires).await
    }

    async fn remove(&self, set: &str, member: &str) -> Result<(), StoreError> {
        self.erase(key(&self.set(set), member), ReturnValue::None).await.map(drop)
    }

    async fn members(&self, set: &str) -> Result<Vec<String>, StoreError> {
        let set = self.set(set);
        let query = async |client: Client, table: &str| {
            let (mut members, mut from) = (Vec::new(), None);
            loop {
                let page = client
                    .query()
                    .table_name(table)
                    .consistent_read(true)
                    .key_condition_expression("pk = :set")
                    .expression_attribute_values(":set", text(&set))
                    .set_exclusive_start_key(from)
                    .send()
                    .await?;
                let now = now();
                let current = page.items.unwrap_or_default().into_iter().filter(|item| is_current(item, now));
                members.extend(current.filter_map(|item| item.get(SORT)?.as_s().ok().cloned()));
                from = page.last_evaluated_key;
                if from.is_none() {
                    return Ok(members);
                }
            }
        };
        self.run(query).await
    }
}

impl std::fmt::Debug for DynamoDbConnections {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DynamoDbConnections")
            .field("table", &self.link.connector().name)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}
