//! What is kept of a connection that API Gateway holds, for whichever process its messages come to.

use std::collections::HashMap;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::context::{Context, Origin};
use crate::endpoint::Call;
use crate::error::{Error, Result};
use crate::json;
use crate::tenant::Tenant;

/// A connection as a store keeps it.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Record {
    uri: String,
    headers: Vec<(String, String)>,
    tenant: Option<String>,
    pub(crate) caller: Option<String>,
    pub(crate) claims: HashMap<String, Value>,
    /// When it is no more, whatever is heard of it; in milliseconds since the Unix epoch.
    pub(crate) expires: u64,
}

impl Record {
    /// What a connection's messages need of the request that connected. Its headers are those that are kept of any.
    pub(super) fn of<S>(call: &Call<S>, context: &Context, expires: u64) -> Self {
        let text = |(name, value): (&HeaderName, &HeaderValue)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        };
        let origin = call.parts.extensions.get::<Origin>();
        Self {
            uri: call.parts.uri.to_string(),
            headers: call.parts.headers.iter().filter_map(text).collect(),
            tenant: context.raw_tenant().map(ToString::to_string),
            caller: context.raw_caller().map(str::to_owned),
            claims: origin.map(|origin| origin.claims.clone()).unwrap_or_default(),
            expires,
        }
    }

    pub(super) fn write(&self) -> Result<Bytes> {
        json::to_vec(self).map(Bytes::from).map_err(Error::internal)
    }

    /// # Errors
    /// 500 for what is none.
    pub(crate) fn read(record: &[u8]) -> Result<Self> {
        serde_json::from_slice(record).map_err(Error::internal)
    }

    pub(crate) fn uri(&self) -> Result<Uri> {
        self.uri.parse().map_err(|error: http::uri::InvalidUri| Error::internal(error))
    }

    pub(crate) fn headers(&self) -> HeaderMap {
        let header = |(name, value): &(String, String)| {
            Some((name.parse::<HeaderName>().ok()?, HeaderValue::from_str(value).ok()?))
        };
        self.headers.iter().filter_map(header).collect()
    }

    pub(crate) fn tenant(&self) -> Result<Option<Tenant>> {
        self.tenant.as_deref().map(Tenant::new).transpose()
    }
}
