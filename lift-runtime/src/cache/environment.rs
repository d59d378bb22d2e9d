//! `LIFT_CACHE`.

use std::ffi::OsStr;

use super::Cache;
use crate::error::{Error, Result};

/// A cache as the variable says; memory where it is not set.
pub(crate) fn read(value: Option<&OsStr>) -> Result<Cache> {
    let Some(value) = value else { return Ok(Cache::memory()) };
    let Some(value) = value.to_str() else { return Err(refused("it is not text")) };
    match value.split_once(':') {
        None if value == "memory" => Ok(Cache::memory()),
        Some(("memory", size)) => match bytes(size) {
            Some(size) => Ok(Cache::memory_of(size)),
            None => Err(refused(&format!("`{size}` is not a size such as 64MiB, from 64KiB up"))),
        },
        // What stands after the scheme may hold a password.
        Some((scheme, _)) => Err(refused(&format!("`{scheme}:…` is no store that this binary has"))),
        None => Err(refused(&format!("`{value}` is no store that this binary has"))),
    }
}

fn refused(why: &str) -> Error {
    Error::internal(format!(
        "LIFT_CACHE must be `memory` or `memory:64MiB` (a size in KiB, MiB or GiB): {why}"
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

    #[test]
    fn an_unknown_store_is_named_without_its_password() {
        let error =
            read(Some(OsStr::new("redis://user:s3cret@cache.internal/0"))).expect_err("no such store");
        let said = format!("{error:?}");
        assert!(said.contains("`redis:…`"), "{said}");
        assert!(!said.contains("s3cret") && !said.contains("internal/0"), "{said}");
    }
}
