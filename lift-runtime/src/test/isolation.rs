//! Whether anything a tenant gets depends on another: every route, replayed by several tenants.

mod compare;
mod noise;
mod script;
#[cfg(feature = "websocket")]
mod socket;
mod text;
mod verdict;
mod visitor;

use std::any::Any;
use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::time::Duration;

use serde::Serialize;

use self::script::{Samples, Target};
use super::{TestRequest, json};
use crate::app::App;

/// Asserts that nothing a tenant gets depends on another tenant: no byte, no header, and not the time it takes.
///
/// Every route of the app's is replayed by tenants the app has never seen. One of them comes first and tells what
/// a tenant sees that is alone. Then a busy one does all it can: reads, writes with text that would be known again,
/// wrong bodies, clearing all of its cache, and filling its share of memory, together with many more. What the
/// next tenant sees afterwards must be what the first one saw, and so must be what a further one sees while another
/// busy one asks for the same at the same time. No answer may hold another's name or text; what tenants had before
/// the busy ones came must still be there, and still cached; and another tenant's `ETag` must say nothing.
///
/// ```
/// use axum::routing::get;
/// use http::HeaderMap;
/// use lift_runtime::test::assert_isolated;
/// use lift_runtime::{App, Tenants};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// async fn note(headers: HeaderMap) -> String {
///     format!("a note of {:?}", headers["x-tenant-id"])
/// }
///
/// let legacy = axum::Router::new().route("/notes/{id}", get(note));
/// let app = App::new().tenants(Tenants::header("x-tenant-id")).merge(legacy);
/// assert_isolated(app).also("GET", "/notes/{id}").sample("id", "1").await;
/// # }
/// ```
///
/// The routes are those of [`App::endpoints`]; those of an axum router that was merged are named by
/// [`also`](Isolation::also). The methods of [`Isolation`] say what a request needs. A route that cannot be replayed
/// for want of a sample, or that never answers with less than 400, fails the assertion rather than being passed over.
///
/// **What may differ.** A tenant's own name; times that tell when the request was answered (RFC 3339, HTTP dates, Unix
/// seconds and milliseconds); what [`capture`](Isolation::capture) declares, as long as it looks random; the `ETag`
/// that Lift makes of a body; in `Cache-Status`, how long an entry will be fresh. Request ids are given, so that they
/// are the same.
///
/// **Time.** The app runs on a thread and a tokio runtime of its own, where time is paused: waiting takes no time, and
/// how long a handler waited is known to the millisecond. How much it computed is not. The app's clock stands still, too
/// ([`Context::now`](crate::Context::now)); the system's does not. An app that talks to a server
/// (a database, Redis) needs [`real_time`](Isolation::real_time). Streams are read for a minute, up to a
/// thousand pieces or a mebibyte.
///
/// **Routes for everyone**, with `no_tenant` or named by [`shared`](Isolation::shared), are called before the first
/// tenant comes, so that all find the same cached. They are replayed and compared as all others.
///
/// **WebSockets** are opened at the start of a visit and closed at its end; [`body`](Isolation::body) says the message that
/// each is sent. All that comes on one meanwhile is compared, in its order, and how soon the message is answered; the ids
/// of a tenant's own connections may differ, and must not be told to others. Sockets of another process, and API
/// Gateway's, are the store's matter: `connection_store_conformance`.
///
/// # Panics
/// When awaited, if the app is not isolated, with each route that tells on another tenant, what was asked, and what
/// differed. Also if it does not start, has no tenants, or a sample is missing.
pub fn assert_isolated<S: Clone + Send + Sync + 'static>(app: App<S>) -> Isolation<S> {
    Isolation { app, samples: Samples::default(), noise: None }
}

/// An [`assert_isolated`] in the making: it is run when it is awaited.
#[must_use = "it is run when it is awaited"]
pub struct Isolation<S = ()> {
    app: App<S>,
    samples: Samples,
    /// In real time.
    noise: Option<Duration>,
}

impl<S> Isolation<S> {
    /// The value of a path parameter, on all routes: `sample("sku", "SKU-0007")`.
    pub fn sample(mut self, parameter: &str, value: &str) -> Self {
        self.samples.parameters.insert(parameter.into(), value.into());
        self
    }

    /// A route's query, such as `limit=2`. One that is given several is replayed with each, and not without.
    ///
    /// # Panics
    /// If the method is none.
    pub fn query(mut self, method: &str, path: &str, query: &str) -> Self {
        self.samples.queries.push((Target::new(method, path), query.into()));
        self
    }

    /// A route's JSON body, or a socket's message (`body("GET", "/chat/{room}", …)`), which is sent as JSON text. Busy tenants also send it with each of its strings replaced by text of their own.
    ///
    /// # Panics
    /// If the method is none, or the body cannot be JSON.
    pub fn body(mut self, method: &str, path: &str, body: impl Serialize) -> Self {
        let body = serde_json::from_slice(&json(&body)).unwrap_or_default();
        self.samples.bodies.push((Target::new(method, path), body));
        self
    }

    /// A header of every request, such as `authorization`.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.samples.headers.push((name.into(), value.into()));
        self
    }

    /// A path parameter whose value a route's answer holds, at a JSON pointer: `capture("id", "POST", "/orders",
    /// "/id")`. Each tenant gets a value of its own; values that look random may differ between tenants, and numbers
    /// and whatever differs in a few places may not, for they count what others do.
    ///
    /// # Panics
    /// If the method is none.
    pub fn capture(mut self, parameter: &str, method: &str, path: &str, pointer: &str) -> Self {
        self.samples.captures.push((parameter.into(), Target::new(method, path), pointer.into()));
        self
    }

    /// One more route to be replayed, of an axum router that was merged or nested.
    ///
    /// # Panics
    /// If the method is none.
    pub fn also(mut self, method: &str, path: &str) -> Self {
        self.samples.also.push(Target::new(method, path));
        self
    }

    /// A route whose answers are the same for everyone, such as one with `#[cached(shared)]`: that it is cached already
    /// tells nobody anything. What it answers is compared all the same.
    ///
    /// # Panics
    /// If the method is none.
    pub fn shared(mut self, method: &str, path: &str) -> Self {
        self.samples.shared.push(Target::new(method, path));
        self
    }

    /// A route that is not replayed, and why: it is named in the message of an assertion that fails.
    ///
    /// # Panics
    /// If the method is none, or no reason is given.
    pub fn exempt(mut self, method: &str, path: &str, reason: &str) -> Self {
        assert!(!reason.trim().is_empty(), "say why {method} {path} is exempt");
        self.samples.exempt.push((Target::new(method, path), reason.into()));
        self
    }

    /// The tenants, where the app knows only some: five names of one length.
    ///
    /// # Panics
    /// If their lengths differ, or two are the same.
    pub fn tenants(mut self, names: [&str; 5]) -> Self {
        let distinct: std::collections::HashSet<_> = names.iter().collect();
        let long = names.iter().all(|name| name.len() == names[0].len());
        assert!(long && distinct.len() == names.len(), "five names of one length are wanted: {names:?}");
        self.samples.names = Some(names.map(str::to_owned));
        self
    }

    /// How a request says which tenant it is for. Needed where the app reads it by `Tenants::custom` only; otherwise it
    /// is said where the app's `Tenants` look.
    pub fn as_tenant(mut self, say: impl Fn(TestRequest, &str) -> TestRequest + Send + 'static) -> Self {
        self.samples.as_tenant = Some(Box::new(say));
        self
    }

    /// Leaves time alone, for an app that talks to a server. An answer's time then differs where it takes ten times
    /// another's, and longer by more than `noise`: what the machine may lose by chance, such as a second. Streams are
    /// read for half a second.
    pub fn real_time(mut self, noise: Duration) -> Self {
        self.noise = Some(noise);
        self
    }
}

impl<S: Clone + Send + Sync + 'static> IntoFuture for Isolation<S> {
    type Output = ();
    type IntoFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let (done, outcome) = tokio::sync::oneshot::channel();
            let thread = std::thread::spawn(move || drop(done.send(caught(self))));
            match outcome.await {
                Ok(Ok(Ok(()))) => {}
                Ok(Ok(Err(report))) => panic!("{report}"),
                Ok(Err(panic)) => std::panic::resume_unwind(panic),
                Err(_) => panic!("the assertion's thread ended without a word: {:?}", thread.join()),
            }
        })
    }
}

type Caught = Result<Result<(), String>, Box<dyn Any + Send>>;

/// Runs it to its end on this thread.
fn caught<S: Clone + Send + Sync + 'static>(isolation: Isolation<S>) -> Caught {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let Isolation { app, samples, noise } = isolation;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(noise.is_none())
            .build()
            .map_err(|error| format!("no runtime: {error}"))?;
        runtime.block_on(verdict::of(app, samples, noise))
    }))
}

impl<S> fmt::Debug for Isolation<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Isolation").field("noise", &self.noise).finish_non_exhaustive()
    }
}
