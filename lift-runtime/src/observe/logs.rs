//! Logs: `tracing`, as JSON on Lambda and readable elsewhere; never a body, never a header's value.

use std::any::Any;
use std::error::Error as StdError;

use axum::response::Response;
use http::{Method, Uri};
use tokio::time::Instant;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::context::Context;
use crate::problem::Problem;

/// Starts logging to standard output, unless a subscriber is there already: JSON on Lambda, text elsewhere.
/// `LIFT_LOG` filters it by level and target, such as `warn` or `info,shop::orders=debug` (`info` by default).
pub fn init() {
    let wanted = std::env::var("LIFT_LOG").unwrap_or_default();
    let read = if wanted.is_empty() { Ok(default_filter()) } else { wanted.parse() };
    let is_understood = read.is_ok();
    let filter = read.unwrap_or_else(|_| default_filter());
    // The filter is one of targets and levels: an `EnvFilter` would bring in the regex crate, a megabyte of the binary.
    let format = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_target(false);
    let started = if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
        let format = format.json().flatten_event(true).with_current_span(false).with_span_list(false);
        format.finish().with(filter).try_init()
    } else {
        format.finish().with(filter).try_init()
    };
    // A subscriber of the app's own is as good as ours.
    drop(started);
    if !is_understood {
        tracing::warn!("LIFT_LOG is `{wanted}`, which is no filter; it is taken as `info`");
    }
}

fn default_filter() -> Targets {
    Targets::new().with_default(LevelFilter::INFO)
}

/// A request that is being served, for its line in the log.
pub(crate) struct Served {
    request: Option<Request>,
}

struct Request {
    method: Method,
    path: String,
    start: Instant,
}

impl Served {
    pub(crate) fn begin(_: &Context, method: &Method, uri: &Uri) -> Self {
        let request = tracing::enabled!(target: "lift::request", tracing::Level::INFO).then(|| Request {
            method: method.clone(),
            path: uri.path().to_owned(),
            start: Instant::now(),
        });
        Self { request }
    }

    pub(crate) fn end(self, context: &Context, response: &Response) {
        let Some(Request { method, path, start }) = self.request else { return };
        tracing::info!(
            target: "lift::request",
            %method,
            %path,
            route = context.route(),
            status = response.status().as_u16(),
            ms = start.elapsed().as_secs_f64() * 1000.0,
            tenant = context.raw_tenant().map(super::super::tenant::Tenant::as_str),
            request_id = context.request_id(),
            trace_id = context.trace_id(),
        );
    }
}

/// Writes the cause of an error, under the request's id.
pub(crate) fn error(problem: &Problem, source: &(dyn StdError + 'static)) {
    let context = Context::try_current();
    tracing::error!(
        target: "lift::error",
        status = problem.status.as_u16(),
        code = &*problem.code,
        cause = %chain(source),
        request_id = context.as_ref().map(Context::request_id),
        tenant = context.as_ref().and_then(|context| context.raw_tenant()).map(super::super::tenant::Tenant::as_str),
    );
}

/// An error and all that caused it, in one line.
fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

/// What a panic said.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("with something that is not text"))
}
