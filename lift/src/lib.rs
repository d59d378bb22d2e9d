//! APIs on AWS Lambda: plain async functions, annotated.

#![doc(html_root_url = "https://docs.rs/lift")]

#[allow(unused_extern_crates, reason = "for expansions in this crate's own examples and tests")]
extern crate self as lift;

pub mod prelude;

/// Pages on what is not one attribute's.
pub mod guide {
    #[doc = include_str!("../docs/serving.md")]
    pub mod serving {}

    #[doc = include_str!("../docs/tenants.md")]
    pub mod tenants {}
}

#[doc = include_str!("../docs/cached.md")]
pub use lift_macros::cached;
#[doc = include_str!("../docs/stream.md")]
pub use lift_macros::stream;
#[doc = include_str!("../docs/validate.md")]
pub use lift_macros::validate;
#[cfg(feature = "websocket")]
#[doc = include_str!("../docs/websocket.md")]
pub use lift_macros::websocket;
pub use lift_macros::{Validate, delete, get, invalidates, patch, post, put, route};
#[cfg(feature = "websocket")]
pub use lift_macros::{connect, disconnect};
pub use lift_runtime::stream::try_stream;
pub use lift_runtime::*;

#[doc(hidden)]
pub use lift_runtime::private as __private;

/// Collects endpoints for [`App::routes`]: `routes![product, orders::create]`.
///
/// ```
/// use lift::prelude::*;
///
/// #[get("/")]
/// async fn hello() -> &'static str {
///     "hello"
/// }
///
/// let app = App::new().routes(routes![hello]);
/// assert_eq!(app.endpoints().count(), 1);
/// ```
#[macro_export]
macro_rules! routes {
    ($($endpoint:ty),* $(,)?) => {
        $crate::__private::Routes::new()
            $(.and($crate::__private::PhantomData::<$endpoint>))*
    };
}

/// Sends an item of a stream: `emit!(item)`, anywhere in the body of a function with [`#[stream]`](macro@stream).
///
/// Such a body brings an `emit!` of its own, without a path. This one is what is found elsewhere, and says so.
#[macro_export]
macro_rules! emit {
    ($($item:tt)*) => {
        ::core::compile_error!(
            "`emit!` sends an item of a stream: write it, without a path, in the body of a function with `#[stream]`"
        )
    };
}
