//! What most apps use: `use lift::prelude::*;`.

pub use axum::Extension;
pub use axum::extract::State;
pub use schemars::JsonSchema;
pub use serde::{Deserialize, Serialize};

pub use crate::stream::{Event, LastEventId};
#[cfg(feature = "websocket")]
pub use crate::websocket::{Connection, Connections};
pub use crate::{
    App, Cache, Context, Created, Date, Error, Form, Header, Json, Path, Query, Result, Tenant, Tenants,
    Validate,
};
pub use crate::{cached, delete, get, invalidates, patch, post, put, route, stream, validate};
#[cfg(feature = "websocket")]
pub use crate::{connect, disconnect, websocket};
pub use crate::{emit, routes};
