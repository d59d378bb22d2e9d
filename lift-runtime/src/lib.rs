//! What happens while Lift serves a request. Apps depend on the `lift` crate, which re-exports what they need.

mod app;
pub mod cache;
mod clock;
mod context;
mod contract;
mod created;
mod date;
mod endpoint;
mod error;
mod form;
mod head;
mod header;
mod json;
mod observe;
mod path;
#[doc(hidden)]
pub mod private;
mod problem;
mod query;
mod scope;
mod serve;
pub mod stream;
mod tenant;
#[cfg(feature = "test")]
pub mod test;
pub mod validate;
#[cfg(feature = "websocket")]
#[cfg_attr(
    not(feature = "lambda"),
    allow(dead_code, reason = "Lambda's events alone lead to API Gateway's side")
)]
pub mod websocket;

pub use http;

pub use self::app::{App, Caller};
pub use self::cache::Cache;
pub use self::clock::Clock;
pub use self::context::{Context, random_id, spawn, spawn_blocking};
pub use self::created::Created;
pub use self::date::{Date, DateError};
pub use self::endpoint::{Endpoint, Rejection, Route, Routes};
pub use self::error::{Error, Result};
pub use self::form::Form;
pub use self::header::Header;
pub use self::json::Json;
pub use self::observe::init as init_logs;
pub use self::path::Path;
pub use self::problem::Problem;
pub use self::query::Query;
pub use self::tenant::{Tenant, Tenants};
pub use self::validate::{Validate, schema_of};
