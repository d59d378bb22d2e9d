//! Items: how they are written, and read many at once.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, PutRequest, WriteRequest};
use bytes::Bytes;
use futures_util::future::try_join_all;

use super::client::Fault;
use crate::cache::Generation;

pub(crate) const KEY: &str = "pk";

/// What BatchGetItem and BatchWriteItem take at once.
const READ_AT_ONCE: usize = 100;
const WRITTEN_AT_ONCE: usize = 25;

pub(crate) type Item = HashMap<String, AttributeValue>;

/// An item that holds bytes under a name until a time in milliseconds.
pub(crate) fn new(key: &str, name: &str, bytes: Vec<u8>, ends: u64) -> Item {
    HashMap::from([
        (KEY.to_owned(), text(key)),
        (name.to_owned(), binary(bytes)),
        ("ends".to_owned(), number(ends)),
        ("expires".to_owned(), seconds(ends)),
    ])
}

/// An item that holds a new generation.
pub(crate) fn generation(key: &str, ends: u64) -> (Item, Generation) {
    let generation = Generation::random();
    (new(key, "generation", generation.0.to_be_bytes().into(), ends), generation)
}

pub(crate) fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

pub(crate) fn binary(bytes: impl Into<Vec<u8>>) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes))
}

pub(crate) fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// A time in milliseconds as DynamoDB's time to live has it; never before it.
pub(crate) fn seconds(millis: u64) -> AttributeValue {
    number(millis.div_ceil(1000))
}

/// When what an item holds ends; DynamoDB deletes it up to days later.
pub(crate) fn ends(item: &Item) -> Option<u64> {
    item.get("ends")?.as_n().ok()?.parse().ok()
}

/// An item's entry, unless it has ended.
pub(crate) fn entry_of(mut item: Item, now: u64) -> Option<Bytes> {
    ends(&item).filter(|ends| *ends > now)?;
    match item.remove("entry")? {
        AttributeValue::B(blob) => Some(blob.into_inner().into()),
        _ => None,
    }
}

/// Whether a lease stands on an item; one that ends further in the future than a lease may is none.
pub(crate) fn is_leased(item: &Item, now: u64, far: u64) -> bool {
    let ends = || item.get("lease_ends")?.as_n().ok()?.parse::<u64>().ok();
    item.contains_key("lease") && ends().is_some_and(|ends| now < ends && ends <= now.saturating_add(far))
}

/// An item's generation, unless it has ended; anything else counts as missing.
pub(crate) fn generation_of(item: &Item, now: u64) -> Option<Generation> {
    ends(item).filter(|ends| *ends > now)?;
    let bytes = item.get("generation")?.as_b().ok()?.as_ref();
    Some(Generation(u128::from_be_bytes(bytes.try_into().ok()?)))
}

/// Reads items by their keys, consistently: in one call, if there are not more than a hundred.
pub(crate) async fn read<'a>(
    client: &Client,
    table: &str,
    keys: impl IntoIterator<Item = &'a str>,
) -> Result<HashMap<String, Item>, Fault> {
    // The same key twice is an error to DynamoDB.
    let keys: Vec<_> = keys.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    let parts = try_join_all(keys.chunks(READ_AT_ONCE).map(|keys| read_part(client, table, keys))).await?;
    let items = parts.into_iter().flatten();
    let by_key = |item: Item| Some((item.get(KEY)?.as_s().ok()?.clone(), item));
    Ok(items.filter_map(by_key).collect())
}

async fn read_part(client: &Client, table: &str, keys: &[&str]) -> Result<Vec<Item>, Fault> {
    read_keys(client, table, keys.iter().map(|key| HashMap::from([(KEY.to_owned(), text(key))])).collect())
        .await
}

/// Asks for what is not there, to learn whether the table is.
pub(crate) async fn probe(client: &Client, table: &str, key: Item) -> Result<(), Fault> {
    read_keys(client, table, vec![key]).await.map(drop)
}

async fn read_keys(client: &Client, table: &str, keys: Vec<Item>) -> Result<Vec<Item>, Fault> {
    let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build()?;
    let answer = client.batch_get_item().request_items(table, wanted).send().await?;
    // What was left out for want of capacity is not missing: an entry could seem invalidated, and a generation lost.
    if answer.unprocessed_keys().is_some_and(|left| !left.is_empty()) {
        return Err(Fault::Throttled);
    }
    Ok(answer.responses.and_then(|mut items| items.remove(table)).unwrap_or_default())
}

/// Writes items, no two of which have the same key.
pub(crate) async fn write(client: &Client, table: &str, items: Vec<Item>) -> Result<(), Fault> {
    let mut requests = Vec::with_capacity(items.len());
    for item in items {
        let put = PutRequest::builder().set_item(Some(item)).build()?;
        requests.push(WriteRequest::builder().put_request(put).build());
    }
    let parts = requests.chunks(WRITTEN_AT_ONCE).map(|requests| write_part(client, table, requests.to_vec()));
    try_join_all(parts).await.map(drop)
}

async fn write_part(client: &Client, table: &str, requests: Vec<WriteRequest>) -> Result<(), Fault> {
    let answer = client.batch_write_item().request_items(table, requests).send().await?;
    match answer.unprocessed_items() {
        Some(left) if !left.is_empty() => Err(Fault::Throttled),
        _ => Ok(()),
    }
}
