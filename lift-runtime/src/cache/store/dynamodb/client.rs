//! The client: what the SDK needs is loaded at its first use, and it asks once, for whoever asks has no time for more.

use std::error::Error as StdError;
use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Builder, IdentityCache, SharedHttpClient};
use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

use super::item::{self, Item};
use crate::cache::StoreError;
use crate::cache::store::link::Connect;

/// Error codes by which DynamoDB says that it is asked too much, of a table, a partition or an account.
const THROTTLED: [&str; 3] =
    ["ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException"];

/// A table, and how to reach it.
pub(crate) struct Table {
    pub(crate) name: Box<str>,
    /// A key, whole, of which nothing is kept.
    probe: Item,
    /// Region, endpoint and credentials.
    config: OnceLock<SdkConfig>,
}

impl Table {
    pub(crate) fn new(name: Box<str>, probe: Item, config: Option<SdkConfig>) -> Self {
        let config = config.map(OnceLock::from).unwrap_or_default();
        Self { name, probe, config }
    }

    async fn config(&self) -> Result<&SdkConfig, Fault> {
        if let Some(config) = self.config.get() {
            return Ok(config);
        }
        let config = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(http_client())
            // Outlives the clients, so that the next one has its credentials.
            .identity_cache(IdentityCache::lazy().build())
            .load()
            .await;
        if config.region().is_none() {
            return Err(Fault::Unreachable("no region is set, as AWS_REGION would".into()));
        }
        Ok(self.config.get_or_init(|| config))
    }
}

impl Connect for Table {
    type Connection = Client;
    type Error = Fault;

    const NAME: &'static str = "DynamoDB";
    const BOUND: Duration = Duration::from_secs(5);

    /// A client whose connections are its own: those of its predecessor may be dead, as after a freeze.
    async fn connect(&self) -> Result<Client, Fault> {
        let config = Builder::from(self.config().await?)
            .http_client(http_client())
            // Time is kept by whoever asks: 50 ms for an operation, `BOUND` for connecting.
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        let client = Client::from_conf(config.build());
        // Finds the credentials, opens a connection, and learns whether there is such a table.
        match item::probe(&client, &self.name, self.probe.clone()).await {
            Ok(()) | Err(Fault::Throttled) => Ok(client),
            Err(fault) => Err(fault),
        }
    }

    fn is_fatal(fault: &Fault) -> bool {
        matches!(fault, Fault::Unreachable(_))
    }
}

/// Connections, and TLS by rustls with ring and the system's authorities.
fn http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

/// Why a call came to nothing.
#[derive(Debug)]
pub(crate) enum Fault {
    /// It is asked too much.
    Throttled,
    /// It said no, or something that makes no sense.
    Refused(Box<dyn StdError + Send + Sync>),
    /// It did not say anything.
    Unreachable(Box<dyn StdError + Send + Sync>),
}

impl Fault {
    pub(crate) fn odd() -> Self {
        Self::Refused("DynamoDB answered in a form that was not expected".into())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Throttled => f.write_str("throttled"),
            Self::Refused(cause) | Self::Unreachable(cause) => cause.fmt(f),
        }
    }
}

impl<E: ProvideErrorMetadata + StdError + Send + Sync + 'static> From<SdkError<E>> for Fault {
    fn from(error: SdkError<E>) -> Self {
        match &error {
            SdkError::ServiceError(service) => {
                let error = service.err();
                match error.code() {
                    Some(code) if THROTTLED.contains(&code) => Self::Throttled,
                    Some(code) => {
                        Self::Refused(format!("{code}: {}", error.message().unwrap_or_default()).into())
                    }
                    None => Self::odd(),
                }
            }
            SdkError::ResponseError(_) => Self::odd(),
            _ => Self::Unreachable(chain(&error).into()),
        }
    }
}

impl From<BuildError> for Fault {
    fn from(error: BuildError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Throttled => Self::Throttled,
            Fault::Refused(cause) | Fault::Unreachable(cause) => Self::Failed(cause),
        }
    }
}

/// An error with its causes: the SDK's own text is the first alone.
fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
