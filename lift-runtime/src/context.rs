//! What is known of the request that is being served, wherever the code that asks may stand.

use std::cell::RefCell;
use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;
use tokio::time::Instant;

use crate::app::Shared;
use crate::clock::Clock;
use crate::scope::Place;
use crate::tenant::Tenant;

/// What a message on Lambda leaves of its invocation's time.
#[cfg(feature = "websocket")]
const MARGIN: Duration = Duration::from_millis(500);

thread_local! {
    static OF_THREAD: RefCell<Option<Scope>> = const { RefCell::new(None) };
}

static CURRENT: Place<Scope> = Place(&OF_THREAD);

/// What a task carries: its request's context, and the cached computation it is part of, if any.
#[derive(Clone)]
struct Scope {
    context: Context,
    computation: Option<Arc<Computation>>,
}

/// The request that is being served: tenant, request id, deadline, trace id, caller.
///
/// A handler takes it as an argument; anything it calls reaches it by [`Context::current`].
/// [`spawn`](crate::spawn) carries it into a task.
#[derive(Clone)]
pub struct Context(Arc<Inner>);

struct Inner {
    request_id: Box<str>,
    trace_id: Option<Box<str>>,
    deadline: Option<Instant>,
    on_lambda: bool,
    buffered: bool,
    tenant: OnceLock<Tenant>,
    caller: OnceLock<Box<str>>,
    headers: OnceLock<HeaderMap>,
    route: OnceLock<&'static str>,
    shared: Arc<Shared>,
    /// A socket's connection, of which this is one message.
    connection: Option<Context>,
}

/// What stands before a request and the request itself does not say: filled in by whatever received it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    pub(crate) request_id: Option<String>,
    pub(crate) trace_id: Option<String>,
    pub(crate) deadline: Option<Instant>,
    pub(crate) on_lambda: bool,
    /// Whatever the answer is, it goes out whole.
    pub(crate) buffered: bool,
    /// Lambda's own tenant id.
    pub(crate) tenant: Option<String>,
    /// What the event's authorizer has verified, flattened to its claims.
    pub(crate) claims: HashMap<String, serde_json::Value>,
    /// Whose the request is, where that was found out before.
    pub(crate) known: Option<Known>,
}

/// Whose a connection is, as it was found out when it connected.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    pub(crate) tenant: Option<Tenant>,
    pub(crate) caller: Option<String>,
}

impl Context {
    pub(crate) fn new(shared: Arc<Shared>, origin: Option<&Origin>, headers: &HeaderMap) -> Self {
        let request_id = origin
            .and_then(|origin| origin.request_id.as_deref().map(Box::from))
            .or_else(|| incoming_id(headers))
            .unwrap_or_else(new_id);
        let trace_id = origin
            .and_then(|origin| origin.trace_id.as_deref())
            .or_else(|| headers.get("traceparent").and_then(|value| value.to_str().ok()))
            .map(Box::from);
        let deadline = origin.and_then(|origin| origin.deadline);
        Self(Arc::new(Inner {
            request_id,
            trace_id,
            deadline: deadline.or_else(|| Instant::now().checked_add(shared.timeout)),
            on_lambda: origin.is_some_and(|origin| origin.on_lambda),
            buffered: origin.is_some_and(|origin| origin.buffered),
            tenant: OnceLock::new(),
            caller: OnceLock::new(),
            headers: OnceLock::new(),
            route: OnceLock::new(),
            shared,
            connection: None,
        }))
    }

    /// A context for work that no request asked for: no deadline, no caller.
    pub(crate) fn for_job(shared: Arc<Shared>, tenant: Option<Tenant>) -> Self {
        Self(Arc::new(Inner {
            request_id: new_id(),
            trace_id: None,
            deadline: None,
            on_lambda: false,
            buffered: false,
            tenant: tenant.map(OnceLock::from).unwrap_or_default(),
            caller: OnceLock::new(),
            headers: OnceLock::new(),
            route: OnceLock::new(),
            shared,
            connection: None,
        }))
    }

    /// What the contexts of a socket's messages are made of: this request's, without its deadline and headers.
    #[cfg(feature = "websocket")]
    pub(crate) fn for_connection(&self) -> Self {
        Self(Arc::new(Inner {
            request_id: self.0.request_id.clone(),
            trace_id: self.0.trace_id.clone(),
            // On Lambda, where each message is an invocation.
            deadline: self.early_deadline().filter(|_| self.0.on_lambda),
            on_lambda: self.0.on_lambda,
            buffered: self.0.buffered,
            tenant: self.0.tenant.clone(),
            caller: self.0.caller.clone(),
            headers: OnceLock::new(),
            route: self.0.route.clone(),
            shared: Arc::clone(&self.0.shared),
            connection: None,
        }))
    }

    /// The deadline, less what it takes to tell a client of a connection that it was missed, or to have no store know of
    /// the connection any more.
    #[cfg(feature = "websocket")]
    pub(crate) fn early_deadline(&self) -> Option<Instant> {
        self.0.deadline.map(|at| at.checked_sub(MARGIN).unwrap_or(at))
    }

    /// A context for one message of a connection: with an id and a deadline of its own.
    #[cfg(feature = "websocket")]
    pub(crate) fn for_message(&self) -> Self {
        let on_lambda = self.0.on_lambda;
        let timeout = self.0.shared.timeout;
        Self(Arc::new(Inner {
            request_id: if on_lambda { self.0.request_id.clone() } else { new_id() },
            trace_id: self.0.trace_id.clone(),
            deadline: self.0.deadline.or_else(|| Instant::now().checked_add(timeout)),
            on_lambda,
            buffered: self.0.buffered,
            tenant: self.0.tenant.clone(),
            caller: self.0.caller.clone(),
            headers: OnceLock::new(),
            route: self.0.route.clone(),
            shared: Arc::clone(&self.0.shared),
            connection: Some(self.clone()),
        }))
    }

    /// The context of the request that this task serves.
    ///
    /// # Panics
    /// Outside a request, such as in a task that was started by `tokio::spawn` instead of
    /// [`lift::spawn`](crate::spawn); [`try_current`](Self::try_current) does not.
    pub fn current() -> Self {
        let context = Self::try_current();
        #[expect(clippy::expect_used, reason = "documented; try_current is the way that does not panic")]
        context.expect("no request is being served here: use lift::spawn for tasks, or Context::try_current")
    }

    /// The context of the request that this task serves, if it serves one.
    pub fn try_current() -> Option<Self> {
        Self::with_current(|context| Some(context?.clone()))
    }

    /// Calls `f` with the current context, without cloning it.
    pub(crate) fn with_current<R>(f: impl FnOnce(Option<&Self>) -> R) -> R {
        CURRENT.with(|scope| f(scope.map(|scope| &scope.context)))
    }

    /// The request's id: Lambda's or the gateway's, a well-formed `x-request-id` header, or a new one.
    pub fn request_id(&self) -> &str {
        &self.0.request_id
    }

    /// The tenant, if the app has tenants and the request named one.
    ///
    /// Asked within a `shared` cached computation, it makes the result not storable.
    pub fn tenant(&self) -> Option<&Tenant> {
        Computation::asked(Asked::Tenant);
        self.0.tenant.get()
    }

    /// The trace this request is part of: the value of `X-Amzn-Trace-Id` or `traceparent`.
    pub fn trace_id(&self) -> Option<&str> {
        self.0.trace_id.as_deref()
    }

    /// Who calls, as [`App::caller`](crate::App::caller) reads it.
    ///
    /// Asked within a cached computation, it makes the result not storable, unless the entry is `private`.
    pub fn caller(&self) -> Option<&str> {
        Computation::asked(Asked::Caller);
        self.0.caller.get().map(AsRef::as_ref)
    }

    /// A request header, if it is there and is text.
    ///
    /// Asked within a cached computation, it makes the result not storable: say `vary("…")` and take the header
    /// as an argument instead.
    pub fn header(&self, name: &str) -> Option<&str> {
        Computation::asked(Asked::Header);
        self.raw_headers()?.get(name)?.to_str().ok()
    }

    /// The moment at which an answer comes too late; `None` for work that no request asked for.
    pub fn deadline(&self) -> Option<Instant> {
        self.0.deadline
    }

    /// What is left until the [deadline](Self::deadline); zero when it has passed, `None` without one.
    pub fn remaining(&self) -> Option<Duration> {
        self.0.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// The time by the app's clock: the system's, unless a test has put another in its place, as
    /// `TestApp::paused` does. What an app computes from it, a test can move.
    pub fn now(&self) -> SystemTime {
        self.clock().now()
    }

    /// Whether this request came as a Lambda event.
    pub fn on_lambda(&self) -> bool {
        self.0.on_lambda
    }

    /// Whether the answer goes out whole, so that a stream must be run to its end before it is answered.
    pub(crate) fn is_buffered(&self) -> bool {
        self.0.buffered
    }

    /// A cached function's result is for one tenant, and so is whatever is computed with it.
    pub(crate) fn depends_on_tenant() {
        Computation::asked(Asked::Tenant);
    }

    /// The same for one caller.
    pub(crate) fn depends_on_caller() {
        Computation::asked(Asked::Caller);
    }

    /// The same for one value of a header.
    pub(crate) fn depends_on_header() {
        Computation::asked(Asked::Header);
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.shared.clock
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0.shared
    }

    /// The tenant, for the framework itself: not counted as asked.
    pub(crate) fn raw_tenant(&self) -> Option<&Tenant> {
        self.0.tenant.get()
    }

    pub(crate) fn raw_caller(&self) -> Option<&str> {
        self.0.caller.get().map(AsRef::as_ref)
    }

    pub(crate) fn raw_headers(&self) -> Option<&HeaderMap> {
        let connection = self.0.connection.as_ref();
        self.0.headers.get().or_else(|| connection.and_then(Self::raw_headers))
    }

    pub(crate) fn route(&self) -> Option<&'static str> {
        self.0.route.get().copied()
    }

    pub(crate) fn set_tenant(&self, tenant: Tenant) {
        let _ = self.0.tenant.set(tenant);
    }

    pub(crate) fn set_caller(&self, caller: String) {
        let _ = self.0.caller.set(caller.into());
    }

    pub(crate) fn set_headers(&self, headers: HeaderMap) {
        let _ = self.0.headers.set(headers);
    }

    pub(crate) fn set_route(&self, route: &'static str) {
        let _ = self.0.route.set(route);
    }

    /// Runs a future with this as the current context.
    pub(crate) fn scope<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        CURRENT.carry(Scope { context: self, computation: None }, future)
    }

    /// This, to be the current context again and again, such as whenever a response's body is polled.
    pub(crate) fn lent(&self) -> Lent {
        Lent(Some(Scope { context: self.clone(), computation: None }))
    }

    /// Runs a cached computation, which notes what it asks of the context.
    pub(crate) fn compute<F: Future>(
        self,
        computation: Arc<Computation>,
        future: F,
    ) -> impl Future<Output = F::Output> {
        CURRENT.carry(Scope { context: self, computation: Some(computation) }, future)
    }
}

/// A [`Context`] that is the current one whenever it is asked to be.
pub(crate) struct Lent(Option<Scope>);

impl Lent {
    /// Calls a function with it as the current context.
    pub(crate) fn scope<R>(&mut self, f: impl FnOnce() -> R) -> R {
        CURRENT.lend(&mut self.0, f)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Context {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        match parts.extensions.get::<Self>() {
            Some(context) => Ok(context.clone()),
            None => Ok(Self::current()),
        }
    }
}

/// What a cached computation may ask behind its key's back.
#[derive(Clone, Copy)]
enum Asked {
    Tenant,
    Caller,
    Header,
}

/// A cached computation that is under way, and whether it asked for something that its key does not hold.
#[derive(Debug, Default)]
pub(crate) struct Computation {
    /// The key holds no tenant.
    pub(crate) shared: bool,
    /// The key holds the caller.
    pub(crate) private: bool,
    tainted: AtomicBool,
    /// The computation that this one is part of: what it depends on, that one does.
    outer: Option<Arc<Self>>,
}

impl Computation {
    pub(crate) fn new(shared: bool, private: bool) -> Self {
        let outer = CURRENT.with(|scope| scope?.computation.clone());
        Self { shared, private, tainted: AtomicBool::new(false), outer }
    }

    /// Whether the result depends on something that is not in the key.
    pub(crate) fn is_tainted(&self) -> bool {
        self.tainted.load(Ordering::Relaxed)
    }

    fn asked(what: Asked) {
        let note = |scope: &Scope| {
            let computations =
                std::iter::successors(scope.computation.as_deref(), |inner| inner.outer.as_deref());
            for computation in computations {
                let unkeyed = match what {
                    Asked::Tenant => computation.shared,
                    Asked::Caller => !computation.private,
                    Asked::Header => true,
                };
                if unkeyed {
                    computation.tainted.store(true, Ordering::Relaxed);
                }
            }
        };
        CURRENT.with(|scope| scope.map(note));
    }
}

/// [`tokio::spawn`] with the current [`Context`], if there is one.
pub fn spawn<F>(future: F) -> tokio::task::JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    match CURRENT.with(|scope| Some(scope?.clone())) {
        Some(scope) => tokio::spawn(CURRENT.carry(scope, future)),
        None => tokio::spawn(future),
    }
}

/// [`tokio::task::spawn_blocking`] with the current [`Context`], if there is one.
pub fn spawn_blocking<F, R>(f: F) -> tokio::task::JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let mut scope = CURRENT.with(|scope| Some(scope?.clone()));
    tokio::task::spawn_blocking(move || CURRENT.lend(&mut scope, f))
}

/// The client's own request id, if it is one that a log line can carry.
fn incoming_id(headers: &HeaderMap) -> Option<Box<str>> {
    let id = headers.get("x-request-id")?.to_str().ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'=' | b':');
    ((1..=128).contains(&id.len()) && id.bytes().all(plain)).then(|| id.into())
}

fn new_id() -> Box<str> {
    random_id().into()
}

/// 128 random bits in hexadecimal, such as a request's id: unique, but not secret, for it can be guessed by whoever
/// has seen enough others.
pub fn random_id() -> String {
    format!("{:032x}", fastrand::u128(..))
}
