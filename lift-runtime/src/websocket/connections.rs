//! All connections of an app.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::audience::{Audience, Kind};
use super::environment;
use super::network::Network;
use super::store::{ConnectionStore, MemoryStore};
use crate::context::Context;
use crate::error::Result;
use crate::tenant::Tenant;

/// The connections of an app, and where they are known: for [`App::connections`](crate::App::connections).
///
/// As an argument of any handler it speaks for the request's tenant, so that a plain request can tell a room or a user
/// something:
///
/// ```
/// use lift_runtime::websocket::Connections;
/// use lift_runtime::{Json, Result};
///
/// async fn announce(connections: Connections, Json(text): Json<String>) -> Result<()> {
///     connections.room("lobby").send(&text).await
/// }
/// ```
#[derive(Clone)]
pub struct Connections {
    pub(crate) network: Arc<Network>,
    tenant: Option<Tenant>,
}

impl Connections {
    /// Connections that only this process knows.
    pub fn memory() -> Self {
        Self::store(MemoryStore::default())
    }

    /// Connections that all processes with one store know.
    pub fn store(store: impl ConnectionStore) -> Self {
        Self { network: Arc::new(Network::new(store)), tenant: None }
    }

    /// As `LIFT_CONNECTIONS` says; in memory where it is not set.
    ///
    /// | `LIFT_CONNECTIONS` | |
    /// |---|---|
    /// | `memory` | this process only |
    /// | `redis://…`, `rediss://…` | [`RedisConnections`](super::RedisConnections), with the feature `redis` |
    /// | `dynamodb://table` | [`DynamoDbConnections`](super::DynamoDbConnections), with the feature `dynamodb` |
    ///
    /// # Errors
    /// If it says something else; what stands in it of a password is not repeated.
    pub fn from_env() -> Result<Self> {
        environment::read(std::env::var_os("LIFT_CONNECTIONS").as_deref())
    }

    /// The same connections, speaking for a tenant, in a job that no request asked for.
    ///
    /// # Errors
    /// 400 `tenant_invalid` for a name that is none.
    pub fn tenant(&self, name: &str) -> Result<Self> {
        Ok(self.of(Some(Tenant::new(name)?)))
    }

    /// Those who are in a room of the tenant, by a name of 1 to 256 bytes without control characters.
    pub fn room(&self, name: impl Into<String>) -> Audience {
        self.audience(Kind::Room, name.into())
    }

    /// All connections of one user of the tenant: those whose [`caller`](crate::Context::caller) it is.
    pub fn user(&self, name: impl Into<String>) -> Audience {
        self.audience(Kind::User, name.into())
    }

    pub(crate) fn audience(&self, kind: Kind, name: String) -> Audience {
        Audience::new(Arc::clone(&self.network), self.tenant.clone(), kind, name)
    }

    pub(crate) fn of(&self, tenant: Option<Tenant>) -> Self {
        Self { network: Arc::clone(&self.network), tenant }
    }

    pub(crate) fn bound(&self) -> Option<&Tenant> {
        self.tenant.as_ref()
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Connections {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let context = Context::from_request_parts(parts, state).await?;
        Ok(context.shared().connections.of(context.raw_tenant().cloned()))
    }
}
