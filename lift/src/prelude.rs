//! What most apps use: `use lift::prelude::*;`.

pub use axum::Extension;
pub use axum::extract::State;
pub use schemars::JsonSchema;
pub use serde::{Deserialize, Serialize};

pub use crate::stream::{Event, LastEventId};
pub use crate::{
    App, Cache, Context, Created, Date, Error, Form, Header, Json, Path, Query, Result, Tenant, Tenants,
    Validate,
};
pub use crate::{cached, delete, get, invalidates, patch, post, put, route, stream, validate};
pub use crate::{emit, routes};
