//! `LIFT_CACHE`.

use std::ffi::OsStr;

use super::{CAPACITY, Cache};
use crate::error::{Error, Result};

/// A cache as the variable says; memory where it is not set.
pub(crate) fn read(value: Option<&OsStr>) -> Result<Cache> {
    let Some(value) = value else { return Ok(Cache::memory()) };
    let Some(value) = value.to_str() else { return Err(refused("it is not text")) };
    // A `+` further on belongs to a store's own URL, such as `redis+cluster://`.
    let (memory, store) = match value.split_once('+') {
        Some((memory, store)) if is_memory(memory) => (Some(memory), Some(store)),
        _ if is_memory(value) => (Some(value), None),
        _ => (None, Some(value)),
    };
    let size = memory.map(capacity).transpose()?;
    match (size, store) {
        (Some(size), None) => Ok(Cache::memory_of(size)),
        (size, Some(url)) => store_of(url, size),
        (None, None) => Ok(Cache::memory()),
    }
}

fn is_memory(value: &str) -> bool {
    value == "memory" || value.starts_with("memory:")
}

fn capacity(memory: &str) -> Result<u64> {
    let Some((_, size)) = memory.split_once(':') else { return Ok(CAPACITY) };
    bytes(size).ok_or_else(|| {
        let is_number =
            size.len() < 20 && size.starts_with(|first: char| first.is_ascii_digit() || first == '-');
        let said = if is_number && !size.contains(':') { size } else { "…" };
        refused(&format!("`memory:{said}` does not say a size such as 64MiB, from 64KiB up"))
    })
}

/// A store outside the process; before it, so many bytes of memory.
#[cfg_attr(
    not(any(feature = "dynamodb", feature = "redis")),
    expect(unused_variables, reason = "this binary has no store outside")
)]
fn store_of(url: &str, memory: Option<u64>) -> Result<Cache> {
    // What stands after the scheme may hold a password.
    let scheme = url.split_once(':').map_or(url, |(scheme, _)| scheme);
    match scheme {
        #[cfg(feature = "redis")]
        "redis" | "rediss" | "redis+cluster" | "rediss+cluster" => {
            super::RedisStore::new(url).map(|store| before(memory, store))
        }
        #[cfg(not(feature = "redis"))]
        "redis" | "rediss" | "redis+cluster" | "rediss+cluster" => Err(left_out(scheme, "redis")),
        #[cfg(feature = "dynamodb")]
        "dynamodb" => super::DynamoDbStore::new(url).map(|store| before(memory, store)),
        #[cfg(not(feature = "dynamodb"))]
        "dynamodb" => Err(left_out(scheme, "dynamodb")),
        _ => Err(refused(&format!("`{}:…` is no store that there is", shown(scheme)))),
    }
}

/// What stands where a name is expected, if it may be one: where a URL is wrong, any part of it may be a password's.
pub(crate) fn shown(name: &str) -> &str {
    let is_name =
        name.len() < 20 && name.bytes().all(|byte| byte.is_ascii_lowercase() || b"+-_".contains(&byte));
    if is_name { name } else { "…" }
}

#[cfg(any(feature = "dynamodb", feature = "redis"))]
fn before(memory: Option<u64>, store: impl super::CacheStore) -> Cache {
    match memory {
        Some(bytes) => Cache::near_of(bytes, store),
        None => Cache::store(store),
    }
}

#[cfg(any(test, not(all(feature = "dynamodb", feature = "redis"))))]
fn left_out(scheme: &str, feature: &str) -> Error {
    refused(&format!("`{scheme}:…` is in no binary that was built without Lift's feature `{feature}`"))
}

fn refused(why: &str) -> Error {
    Error::startup(format!(
        "LIFT_CACHE must be `memory`, `memory:64MiB` (a size in KiB, MiB or GiB), a store's URL, or `memory+` before \
         one, such as `memory+redis://host:6379`: {why}"
    ))
}

/// A size; `None` for what is none, and for one too small to hold anything.
fn bytes(text: &str) -> Option<u64> {
    let units = [("KiB", 10), ("MiB", 20), ("GiB", 30)];
    let (number, shift) =
        units.iter().find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, *shift))).unwrap_or((text, 0));
    let number: u64 = number.trim().parse().ok()?;
    number.checked_mul(1 << shift).filter(|bytes| *bytes >= 64 << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capacity(value: &str) -> Option<u64> {
        read(Some(OsStr::new(value))).ok().map(|cache| cache.inner.capacity)
    }

    #[test]
    fn sizes_are_read_with_their_units() {
        assert_eq!(capacity("memory"), Some(64 << 20));
        assert_eq!(capacity("memory:1GiB"), Some(1 << 30));
        assert_eq!(capacity("memory:512KiB"), Some(512 << 10));
        assert_eq!(capacity("memory:1048576"), Some(1 << 20));
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for value in ["memory:", "memory:64MB", "memory:-1", "memory:1", "memory:99999999999GiB", "disk", ""]
        {
            assert_eq!(capacity(value), None, "{value}");
        }
    }

    #[cfg(feature = "redis")]
    #[test]
    fn a_store_may_stand_behind_memory() {
        let kind = |value: &str| {
            let cache = read(Some(OsStr::new(value))).unwrap_or_else(|error| panic!("{value}: {error:?}"));
            (cache.inner.remote.is_some(), cache.inner.near.is_some(), cache.inner.capacity)
        };
        assert_eq!(kind("redis://cache"), (true, false, CAPACITY));
        assert_eq!(kind("redis+cluster://cache:7000"), (true, false, CAPACITY));
        assert_eq!(kind("memory+rediss://user:pass+word@cache/1?prefix=a%2B"), (true, true, CAPACITY));
        assert_eq!(kind("memory:1MiB+redis+cluster://cache"), (true, true, 1 << 20));
        for wrong in ["memory+", "memory+memory", "memory:1+redis://cache", "redis:", "redis://cache?x=1"] {
            assert!(read(Some(OsStr::new(wrong))).is_err(), "{wrong}");
        }
    }

    #[cfg(feature = "dynamodb")]
    #[test]
    fn a_table_is_a_store_too() {
        let kind = |value: &str| {
            let cache = read(Some(OsStr::new(value))).unwrap_or_else(|error| panic!("{value}: {error:?}"));
            (cache.inner.remote.is_some(), cache.inner.near.is_some(), cache.inner.capacity)
        };
        assert_eq!(kind("dynamodb://lift-cache"), (true, false, CAPACITY));
        assert_eq!(kind("memory+dynamodb://lift-cache?prefix=a%2B"), (true, true, CAPACITY));
        assert_eq!(kind("memory:64MiB+dynamodb://lift-cache"), (true, true, 64 << 20));
        for wrong in
            ["dynamodb:", "dynamodb://", "memory+dynamodb://user:s3cret@table", "dynamodb://table?x=s3cret"]
        {
            let said = format!("{:?}", read(Some(OsStr::new(wrong))).expect_err(wrong));
            assert!(said.contains("dynamodb://table") && !said.contains("s3cret"), "{said}");
        }
    }

    #[test]
    fn a_store_that_was_left_out_is_named_with_its_feature() {
        let said = format!("{:?}", left_out("rediss", "redis"));
        assert!(said.contains("`rediss:…`") && said.contains("feature `redis`"), "{said}");
        for (value, is_in) in [
            ("memory+rediss://:s3cret@cache", cfg!(feature = "redis")),
            ("dynamodb://s3cret", cfg!(feature = "dynamodb")),
        ] {
            let error = read(Some(OsStr::new(value))).err().map(|error| format!("{error:?}"));
            assert_eq!(error.is_none(), is_in, "{error:?}");
            assert!(error.is_none_or(|error| error.contains("feature `") && !error.contains("s3cret")));
        }
    }

    #[test]
    fn an_unknown_store_is_named_without_its_password() {
        let error = read(Some(OsStr::new("disk://user:s3cret@cache.internal/0"))).expect_err("no such store");
        let said = format!("{error:?}");
        assert!(said.contains("`disk:…`"), "{said}");
        assert!(!said.contains("s3cret") && !said.contains("internal/0"), "{said}");
    }

    #[test]
    fn whatever_is_wrong_no_password_is_repeated() {
        for value in [
            "memory:redis://user:s3cret@cache:6379",
            "memory:64MiB,redis://user:s3cret@cache:6379",
            "memory:64MiB:s3cret",
            "memory:s3cret+redis://cache",
            "s3cret@cache:6379",
            "S3cret",
            "user:s3cret@cache",
            "s3cret://cache",
            "redis//user:s3cret@cache",
            #[cfg(feature = "redis")]
            "redis://user:pa?s3cret@cache:6379",
            #[cfg(feature = "redis")]
            "memory+redis://user:pa?x=1&s3cret@cache:6379",
            #[cfg(feature = "dynamodb")]
            "dynamodb://table?s3cret@x",
        ] {
            let error = read(Some(OsStr::new(value))).err().unwrap_or_else(|| panic!("{value} is refused"));
            let said = format!("{error:?} {error}").to_lowercase();
            assert!(!said.contains("s3cret"), "{value}: {said}");
        }
    }
}
