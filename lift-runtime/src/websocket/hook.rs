//! What `connect` and `disconnect` of a `#[websocket]` name.

use std::future::Future;

use axum::response::Response;

use crate::endpoint::Call;

/// A function with `#[connect]` or `#[disconnect]`. The attributes implement it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `connect` or `disconnect` of a socket in an app whose state is `{S}`",
    note = "it is a function with `#[connect]` or `#[disconnect]`",
    note = "each argument must be an extractor for that state; call `.state(…)` before `.routes(…)`"
)]
pub trait Hook<S, M> {
    /// Runs it.
    fn serve(call: Call<S>) -> impl Future<Output = Response> + Send;
}

/// What is a function with `#[connect]` or `#[disconnect]`, for an app of any state.
#[diagnostic::on_unimplemented(
    message = "`connect` and `disconnect` name functions with `#[connect]` or `#[disconnect]`",
    label = "has neither attribute"
)]
pub trait IsHook {}

/// Refuses, at compile time, what is none.
pub const fn is_hook<T: IsHook>() {}

/// A function without an attribute is no type. Expansions import what stands for one by an asterisk, and by its path what
/// the attribute has made of it, which goes before the other where it is there.
pub mod fallback {
    use axum::response::Response;

    use super::Hook;
    use crate::endpoint::Call;

    /// A function with neither `#[connect]` nor `#[disconnect]`.
    pub struct PlainFunction;

    #[doc(hidden)]
    pub use self::{PlainFunction as __lift_connect, PlainFunction as __lift_disconnect};

    /// So that nothing else is said of it.
    #[diagnostic::do_not_recommend]
    impl<S: Send> Hook<S, ()> for PlainFunction {
        async fn serve(_: Call<S>) -> Response {
            unreachable!("it is refused when it is compiled")
        }
    }
}
