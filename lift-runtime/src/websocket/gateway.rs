//! API Gateway's side of its connections: [`@connections`][docs], by which a message is sent to one, and one is closed.
//!
//! [docs]: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_apigatewaymanagement::Client;
use aws_sdk_apigatewaymanagement::config::Builder;
use aws_sdk_apigatewaymanagement::config::timeout::TimeoutConfig;
use aws_sdk_apigatewaymanagement::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_apigatewaymanagement::operation::delete_connection::DeleteConnectionError;
use aws_sdk_apigatewaymanagement::operation::post_to_connection::PostToConnectionError;
use aws_sdk_apigatewaymanagement::primitives::Blob;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use tokio::sync::OnceCell;

use super::connection::too_large;
use super::message::Message;
use crate::error::{Error, Result};

/// The largest message that API Gateway takes.
pub(crate) const LARGEST: usize = 128 * 1024;

/// How long one call may take, with what is tried again.
const PATIENCE: Duration = Duration::from_secs(5);

/// Clients of endpoints, each made at its first use. An API has one for each of its stages and domains.
#[derive(Default)]
pub(crate) struct Gateway {
    /// Region and credentials.
    config: OnceCell<SdkConfig>,
    clients: Mutex<HashMap<Box<str>, Client>>,
}

impl Gateway {
    /// Sends a message. Says whether the connection was there.
    ///
    /// # Errors
    /// 500 `message_too_large` over 128 KiB and 500 `internal` for a binary message, without a call; 503
    /// `connections_unavailable` if the call fails.
    pub(crate) async fn send(&self, endpoint: &str, id: &str, message: &Message) -> Result<bool> {
        if message.as_text().is_none() {
            return Err(Error::internal(
                "API Gateway carries text only, and a binary message was to be sent",
            ));
        }
        if message.len() > LARGEST {
            return Err(too_large(message.len(), LARGEST));
        }
        let data = Blob::new(message.as_bytes());
        let sent = self.client(endpoint).await.post_to_connection().connection_id(id).data(data).send().await;
        match sent {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(PostToConnectionError::is_gone_exception) => {
                Ok(false)
            }
            Err(error) => Err(unavailable(&error)),
        }
    }

    /// Closes a connection; one that has gone is closed.
    ///
    /// # Errors
    /// 503 `connections_unavailable` if the call fails.
    pub(crate) async fn close(&self, endpoint: &str, id: &str) -> Result<()> {
        match self.client(endpoint).await.delete_connection().connection_id(id).send().await {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(DeleteConnectionError::is_gone_exception) => {
                Ok(())
            }
            Err(error) => Err(unavailable(&error)),
        }
    }

    async fn client(&self, endpoint: &str) -> Client {
        let config = self.config.get_or_init(load).await;
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(endpoint) {
            return client.clone();
        }
        let mut builder = Builder::from(config)
            .timeout_config(TimeoutConfig::builder().operation_timeout(PATIENCE).build());
        // What the SDK's own variables say stands, for tests.
        if config.endpoint_url().is_none() && !is_overridden() {
            builder = builder.endpoint_url(endpoint);
        }
        let client = Client::from_conf(builder.build());
        clients.insert(endpoint.into(), client.clone());
        client
    }
}

fn is_overridden() -> bool {
    std::env::var_os("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI").is_some()
}

async fn load() -> SdkConfig {
    let http =
        aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(http).load().await
}

fn unavailable<E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static>(
    error: &SdkError<E>,
) -> Error {
    Error::unavailable("A connection cannot be reached now.")
        .with_code("connections_unavailable")
        .with_source(DisplayErrorContext(error).to_string())
}
