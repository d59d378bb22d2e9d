//! `LIFT_CONNECTIONS`.

use std::ffi::OsStr;

use super::connections::Connections;
use crate::cache::shown;
use crate::error::{Error, Result};

/// Connections as the variable says; in memory where it is not set.
pub(super) fn read(value: Option<&OsStr>) -> Result<Connections> {
    let Some(value) = value else { return Ok(Connections::memory()) };
    let Some(value) = value.to_str() else { return Err(refused("it is not text")) };
    if value == "memory" {
        return Ok(Connections::memory());
    }
    // What stands after the scheme may hold a password.
    let scheme = value.split_once(':').map_or(value, |(scheme, _)| scheme);
    match scheme {
        #[cfg(feature = "redis")]
        "redis" | "rediss" => super::RedisConnections::new(value).map(Connections::store),
        #[cfg(not(feature = "redis"))]
        "redis" | "rediss" => Err(left_out(scheme, "redis")),
        #[cfg(feature = "dynamodb")]
        "dynamodb" => super::DynamoDbConnections::new(value).map(Connections::store),
        #[cfg(not(feature = "dynamodb"))]
        "dynamodb" => Err(left_out(scheme, "dynamodb")),
        _ => Err(refused(&format!("`{}:…` is no store that there is", shown(scheme)))),
    }
}

#[cfg(not(all(feature = "dynamodb", feature = "redis")))]
fn left_out(scheme: &str, feature: &str) -> Error {
    refused(&format!("`{scheme}:…` is in no binary that was built without Lift's feature `{feature}`"))
}

fn refused(why: &str) -> Error {
    Error::startup(format!(
        "LIFT_CONNECTIONS must be `memory`, or a store's URL, such as `redis://host:6379` or `dynamodb://table`: {why}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_are_named_by_their_urls() {
        assert!(read(None).is_ok());
        assert!(read(Some(OsStr::new("memory"))).is_ok());
        for (value, is_in) in [
            ("redis://cache", cfg!(feature = "redis")),
            ("rediss://user:pass@cache/1?prefix=a:", cfg!(feature = "redis")),
            ("dynamodb://connections", cfg!(feature = "dynamodb")),
        ] {
            assert_eq!(read(Some(OsStr::new(value))).is_ok(), is_in, "{value}");
        }
    }

    #[test]
    fn what_is_none_is_refused_without_its_password() {
        for value in [
            "",
            "disk",
            "redis",
            "redis+cluster://user:s3cret@a",
            "s3cret@host",
            "disk://s3cret",
            "memory:1MiB",
        ] {
            let said = format!("{:?}", read(Some(OsStr::new(value))).expect_err(value));
            assert!(!said.contains("s3cret"), "{said}");
        }
    }
}
