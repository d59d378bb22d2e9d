//! Where a Redis is, as a URL says.

use redis::cluster::ClusterClient;
use redis::{Client, IntoConnectionInfo as _, TlsCertificates};

use super::client::{CONNECT, RedisClient};
use crate::cache::environment::shown;
use crate::error::{Error, Result};

const PREFIX: &str = "lift:";

/// A URL, taken apart.
pub(crate) struct Target {
    pub(crate) client: RedisClient,
    pub(crate) prefix: Box<str>,
    pub(crate) is_cluster: bool,
}

impl Target {
    /// Reads a URL; what it says wrong is told without what may be a secret.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let (scheme, rest) = url.split_once("://").ok_or_else(|| refused("it must begin with `redis://`"))?;
        let (scheme, is_cluster) = match scheme {
            "redis" | "rediss" => (scheme, false),
            "redis+cluster" => ("redis", true),
            "rediss+cluster" => ("rediss", true),
            other => return Err(refused(&format!("`{}://` is none of its schemes", shown(other)))),
        };
        let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut prefix = PREFIX.to_owned();
        let mut root_cert = None;
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "prefix" => prefix = value.into_owned(),
                "ca" => root_cert = Some(authority(&value)?),
                other => return Err(refused(&format!("it has no parameter `{}`", shown(other)))),
            }
        }
        if root_cert.is_some() && scheme == "redis" {
            return Err(refused("`ca` is for TLS: begin with `rediss://`"));
        }
        if prefix.contains(['{', '}']) {
            return Err(refused("`prefix` must not hold braces"));
        }
        let certificates = TlsCertificates { client_tls: None, root_cert };
        if scheme == "rediss" {
            // Whoever was first has chosen; any provider will do.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let address = format!("{scheme}://{address}");
        let client =
            if is_cluster { cluster(&address, certificates) } else { single(&address, certificates) };
        Ok(Self { client: client?, prefix: prefix.into(), is_cluster })
    }
}

fn single(address: &str, certificates: TlsCertificates) -> Result<RedisClient> {
    let client = if address.starts_with("rediss") {
        Client::build_with_tls(address, certificates)
    } else {
        Client::open(address)
    };
    client.map(Box::new).map(RedisClient::Single).map_err(|error| refused(&described(&error)))
}

fn cluster(address: &str, certificates: TlsCertificates) -> Result<RedisClient> {
    let node = address.into_connection_info().map_err(|error| refused(&described(&error)))?;
    let mut builder = ClusterClient::builder([node]).connection_timeout(CONNECT).retries(1);
    if address.starts_with("rediss") {
        builder = builder.certs(certificates);
    }
    builder.build().map(Box::new).map(RedisClient::Cluster).map_err(|error| refused(&described(&error)))
}

/// What the client says of a URL, but for what it quotes.
fn described(error: &redis::RedisError) -> String {
    match error.kind() {
        redis::ErrorKind::InvalidClientConfig => "its host, port or database is not one".to_owned(),
        kind => format!("{kind:?}"),
    }
}

fn authority(path: &str) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| refused(&format!("`ca` cannot be read: {error}")))
}

fn refused(why: &str) -> Error {
    Error::startup(format!("a Redis URL must be such as `redis://host:6379/0?prefix=lift:`: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> String {
        match Target::parse(url) {
            Ok(_) => panic!("{url} is refused"),
            Err(error) => format!("{error:?}"),
        }
    }

    #[test]
    fn urls_are_read_with_their_parameters() {
        for (url, prefix, is_cluster) in [
            ("redis://127.0.0.1", "lift:", false),
            ("redis://user:secret@cache:6380/2", "lift:", false),
            ("rediss://cache:6380", "lift:", false),
            ("redis://cache?prefix=shop%3A", "shop:", false),
            ("redis+cluster://127.0.0.1:7000", "lift:", true),
            ("rediss+cluster://127.0.0.1:7000?prefix=", "", true),
        ] {
            let target = Target::parse(url).unwrap_or_else(|error| panic!("{url}: {error:?}"));
            assert_eq!((&*target.prefix, target.is_cluster), (prefix, is_cluster), "{url}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for (url, said) in [
            ("cache:6379", "it must begin with"),
            ("http://user:s3cret@cache", "`http://` is none of its schemes"),
            ("redis://user:s3cret@cache:port", "host, port or database"),
            ("redis://user:s3cret@cache/first", "host, port or database"),
            ("redis://user:s3cret@cache?timeout=1", "no parameter `timeout`"),
            ("redis://user:s3cret@cache?ca=/x", "`ca` cannot be read"),
            ("rediss://user:s3cret@cache?ca=/does/not/exist", "`ca` cannot be read"),
            ("redis://cache?prefix=%7Bx%7D", "braces"),
        ] {
            let refusal = refusal(url);
            assert!(refusal.contains(said), "{url}: {refusal}");
            assert!(!refusal.contains("s3cret"), "{refusal}");
        }
    }
}
