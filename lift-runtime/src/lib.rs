//! What happens while Lift serves a request. Apps depend on the `lift` crate, which re-exports what they need.

mod app;
pub mod cache;
mod clock;
mod context;
mod date;
mod endpoint;
mod error;
mod observe;
#[doc(hidden)]
pub mod private;
mod problem;
mod serve;
pub mod stream;
mod tenant;
#[cfg(feature = "test")]
pub mod test;
pub mod validate;

pub use self::app::{App, Caller};
pub use self::cache::Cache;
pub use self::clock::Clock;
pub use self::context::{Context, random_id, spawn, spawn_blocking};
pub use self::date::{Date, DateError};
pub use self::endpoint::{Endpoint, Rejection, Route, Routes};
pub use self::error::{Error, Result};
pub use self::observe::init as init_logs;
pub use self::problem::Problem;
pub use self::tenant::{Tenant, Tenants};
