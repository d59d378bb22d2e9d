//! An annotated function as the router sees it: what it serves, and how its arguments are taken.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::handler::Handler;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use http::request::Parts;
use http::{Method, StatusCode};

use crate::app::Shared;
use crate::context::{Context, Origin};
use crate::contract::Description;
use crate::error::{Error, Result};
use crate::head;
use crate::problem::Problem;
use crate::tenant;
use crate::validate::Violations;

/// An endpoint's metadata, known at compile time.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Route {
    /// The HTTP method.
    pub method: Method,
    /// The path as axum writes it, such as `/products/{sku}`.
    pub path: &'static str,
    /// The function's full name, such as `shop::catalog::product`.
    pub name: &'static str,
    /// Whether the route serves requests without a tenant, and ignores one.
    pub no_tenant: bool,
    /// Whether it carries `#[cached]`.
    pub cached: bool,
    /// Whether it carries `#[validate]`.
    pub validated: bool,
    /// Whether it carries `#[stream]`.
    pub streamed: bool,
    /// Whether it carries `#[websocket]`: its method is that of the handshake.
    pub websocket: bool,
    /// What tells the schemas of its inputs and its answer.
    pub(crate) describe: Option<fn(&mut Description)>,
}

impl Route {
    /// A route without attributes.
    pub const fn new(method: Method, path: &'static str, name: &'static str) -> Self {
        Self {
            method,
            path,
            name,
            no_tenant: false,
            cached: false,
            validated: false,
            streamed: false,
            websocket: false,
            describe: None,
        }
    }

    /// The same route, for requests with and without a tenant.
    #[must_use]
    pub const fn no_tenant(mut self) -> Self {
        self.no_tenant = true;
        self
    }

    /// The same route with `#[cached]`.
    #[must_use]
    pub const fn cached(mut self) -> Self {
        self.cached = true;
        self
    }

    /// The same route with `#[validate]`.
    #[must_use]
    pub const fn validated(mut self) -> Self {
        self.validated = true;
        self
    }

    /// The same route with `#[stream]`.
    #[must_use]
    pub const fn streamed(mut self) -> Self {
        self.streamed = true;
        self
    }

    /// The same route with `#[websocket]`.
    #[must_use]
    pub const fn websocket(mut self) -> Self {
        self.websocket = true;
        self
    }

    /// The same route with what tells its schemas; it is not called unless somebody asks for them.
    #[doc(hidden)]
    #[must_use]
    pub const fn described(mut self, describe: fn(&mut Description)) -> Self {
        self.describe = Some(describe);
        self
    }
}

/// An annotated function. The attributes implement it; `M` tells how each argument is taken.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an endpoint of an app whose state is `{S}`",
    note = "each argument must be an extractor for that state; call `.state(…)` before `.routes(…)`"
)]
pub trait Endpoint<S, M>: Sized {
    /// What it serves.
    const ROUTE: &'static Route;

    /// Serves one request.
    fn serve(call: Call<S>) -> impl Future<Output = Response> + Send;
}

/// Endpoints, collected by `routes![…]`.
pub struct Routes<S>(pub(crate) Vec<Mounted<S>>);

type Mount<S> = Box<dyn FnOnce(Arc<Shared>) -> MethodRouter<S> + Send>;

pub(crate) struct Mounted<S> {
    pub(crate) route: &'static Route,
    pub(crate) mount: Mount<S>,
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// No endpoint yet.
    #[expect(clippy::new_without_default, reason = "made by `routes!` only")]
    pub fn new() -> Self {
        Self(Vec::new())
    }

    /// These and one more.
    #[must_use]
    pub fn and<E, M>(mut self, _: PhantomData<E>) -> Self
    where
        E: Endpoint<S, M> + 'static,
        M: 'static,
    {
        let mount = |shared| on(methods(E::ROUTE), Serve::<E, M> { shared, endpoint: PhantomData });
        self.0.push(Mounted { route: E::ROUTE, mount: Box::new(mount) });
        self
    }
}

fn methods(route: &Route) -> MethodFilter {
    // The attributes refuse what axum cannot route; see lift-macros' `route.rs`.
    let method = MethodFilter::try_from(route.method.clone()).unwrap_or(MethodFilter::GET);
    // The handshake of HTTP/2.
    if route.websocket { method.or(MethodFilter::CONNECT) } else { method }
}

/// An endpoint as an axum handler.
struct Serve<E, M> {
    shared: Arc<Shared>,
    endpoint: PhantomData<fn() -> (E, M)>,
}

impl<E, M> Clone for Serve<E, M> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), endpoint: PhantomData }
    }
}

impl<E, M, S> Handler<M, S> for Serve<E, M>
where
    E: Endpoint<S, M> + 'static,
    M: 'static,
    S: Clone + Send + Sync + 'static,
{
    type Future = Pin<Box<dyn Future<Output = Response> + Send>>;

    fn call(self, request: Request, state: S) -> Self::Future {
        Box::pin(async move {
            match Call::open(request, state, &self.shared, E::ROUTE).await {
                Ok(call) => E::serve(call).await,
                Err(error) => error.into_response(),
            }
        })
    }
}

/// One request on its way through an endpoint.
pub struct Call<S> {
    pub(crate) parts: Parts,
    pub(crate) body: Option<Body>,
    pub(crate) state: S,
    pub(crate) context: Context,
    rejections: Rejections,
}

/// Why arguments could not be taken. An extractor of the app's own (authorization, say) is heard before input
/// that could not be read, and that before input that was read and found wrong.
#[derive(Default)]
struct Rejections {
    foreign: Option<Response>,
    unreadable: Option<Error>,
    invalid: Option<(StatusCode, Violations)>,
}

/// Why an input could not be taken.
#[derive(Debug)]
pub enum Rejection {
    /// It could not be read: 400, 413 or 415.
    Unreadable(Error),
    /// It was read, and is wrong; the status is the one to answer with.
    Invalid(StatusCode, Violations),
}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Unreadable(error) => error,
            Rejection::Invalid(status, violations) => Self::invalid(status, violations),
        }
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        Error::from(self).into_response()
    }
}

impl<S: Clone + Send + Sync + 'static> Call<S> {
    async fn open(request: Request, state: S, shared: &Arc<Shared>, route: &'static Route) -> Result<Self> {
        let (mut parts, body) = request.into_parts();
        if route.streamed {
            // What its handler takes of the head is kept as long as the stream is open.
            head::detach(&mut parts);
        }
        let context = match parts.extensions.get::<Context>() {
            Some(context) => context.clone(),
            None => Context::new(Arc::clone(shared), None, &parts.headers),
        };
        context.set_route(route.path);
        if let Some(known) = parts.extensions.get::<Origin>().and_then(|origin| origin.known.clone()) {
            known.tenant.into_iter().for_each(|tenant| context.set_tenant(tenant));
            known.caller.into_iter().for_each(|caller| context.set_caller(caller));
            return Ok(Self::of(parts, Some(body), state, context));
        }
        if let Some(tenants) = shared.tenants.as_ref().filter(|_| !route.no_tenant) {
            match tenants.resolve(&mut parts).await? {
                Some(tenant) => context.set_tenant(tenant),
                None if tenants.is_optional() => {}
                None => return Err(tenant::required()),
            }
        }
        if let Some(caller) = shared.caller.as_ref().and_then(|caller| caller.read(&parts)) {
            context.set_caller(caller);
        }
        Ok(Self::of(parts, Some(body), state, context))
    }

    pub(crate) fn of(parts: Parts, body: Option<Body>, state: S, context: Context) -> Self {
        Self { parts, body, state, context, rejections: Rejections::default() }
    }

    /// Takes one argument; `None` if it was refused, which [`rejection`](Self::rejection) then answers.
    pub async fn argument<T: Argument<S, M>, M>(&mut self) -> Option<T> {
        match T::take(self).await {
            Ok(argument) => Some(argument),
            Err(response) => {
                self.rejections.foreign.get_or_insert(response);
                None
            }
        }
    }

    /// Notes why an input could not be taken.
    pub(crate) fn reject(&mut self, rejection: Rejection) {
        match rejection {
            Rejection::Unreadable(error) => {
                self.rejections.unreadable.get_or_insert(error);
            }
            Rejection::Invalid(status, violations) => match &mut self.rejections.invalid {
                Some((_, earlier)) => earlier.append(violations),
                none => *none = Some((status, violations)),
            },
        }
    }

    /// The answer to a request whose arguments could not all be taken.
    pub async fn rejection(mut self) -> Response {
        self.refusal().await
    }

    /// The answer to an input whose arguments could not all be taken, for a call that goes on.
    pub(crate) async fn refusal(&mut self) -> Response {
        let messages = self.context.shared().messages.clone();
        let headers = &self.parts.headers;
        let worded = |violations: Violations| match &messages {
            Some(messages) => violations.reworded(|violation| messages(violation, headers)),
            None => violations,
        };
        let Rejections { foreign, unreadable, invalid } = std::mem::take(&mut self.rejections);
        match (foreign, unreadable, invalid) {
            (Some(response), _, _) => match response.extensions().get::<Arc<Problem>>() {
                // An input of Lift's on a handler without `#[validate]`.
                Some(problem) if messages.is_some() && problem.violations.is_some() => {
                    let violations = problem.violations.clone().map(worded);
                    Problem { violations, ..Problem::clone(problem) }.into_response()
                }
                _ => as_problem(response).await,
            },
            (None, Some(error), _) => error.into_response(),
            (None, None, Some((status, violations))) => {
                Error::invalid(status, worded(violations)).into_response()
            }
            (None, None, None) => Error::internal("an argument was refused without a reason").into_response(),
        }
    }

    /// Nothing of another input has been refused yet: the one before it may have been given up on the way.
    #[cfg(feature = "websocket")]
    pub(crate) fn begin_input(&mut self) {
        self.rejections = Rejections::default();
    }

    /// Everything that could be taken is taken: the headers go where `Context::header` finds them.
    pub(crate) fn seal(&mut self) {
        self.context.set_headers(std::mem::take(&mut self.parts.headers));
    }

    /// Runs a handler that has no attribute but its route.
    pub async fn run<A, F, T>(mut self, arguments: A, handler: impl FnOnce(A) -> F + Send) -> Response
    where
        A: Send,
        F: Future<Output = T> + Send,
        T: IntoResponse,
    {
        self.seal();
        handler(arguments).await.into_response()
    }
}

/// Makes a problem document of a rejection that axum or another crate has written as plain text.
pub(crate) async fn as_problem(response: Response) -> Response {
    let status = response.status();
    let text = |value: &http::HeaderValue| value.as_bytes().starts_with(b"text/plain");
    let plain = response.headers().get(http::header::CONTENT_TYPE).is_none_or(text);
    // A text that is long, or whose end is not known, is more than a sentence: it is left as it is.
    let short = http_body::Body::size_hint(response.body()).exact().is_some_and(|bytes| bytes <= 16 * 1024);
    if !plain || !short || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let text = axum::body::to_bytes(body, 16 * 1024).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let detail = (status.is_client_error() && !text.is_empty()).then(|| text.into());
    let mut response = Problem { detail, ..Problem::new(status, code(status)) }.into_response();
    for (name, value) in &parts.headers {
        if name != http::header::CONTENT_TYPE && name != http::header::CONTENT_LENGTH {
            response.headers_mut().append(name, value.clone());
        }
    }
    response
}

/// A stable code for a status that came without one: its phrase, in snake case.
pub(crate) fn code(status: StatusCode) -> String {
    let phrase = status.canonical_reason().unwrap_or("error");
    phrase
        .chars()
        .filter(|c| *c != '\'')
        .map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
        .collect()
}

/// An argument of a handler, taken from the request's parts or from its whole, by any of axum's extractors.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a handler in an app whose state is `{S}`",
    note = "an argument is an extractor: `Json<T>`, `Path<T>`, `Query<T>`, `State<T>`, `Tenant`, or any of axum's",
    note = "`State<T>` needs `T` to be the app's state, or `T: FromRef<the app's state>`"
)]
pub trait Argument<S, M>: Sized {
    /// Whether it reads the body; a handler has one such argument at most.
    const READS_BODY: bool;

    /// Takes it.
    fn take(call: &mut Call<S>) -> impl Future<Output = Result<Self, Response>> + Send;
}

/// Marks arguments that are taken from the request's parts.
pub struct ViaParts;

/// Marks arguments that are taken from the whole request.
pub struct ViaBody;

impl<T, S> Argument<S, ViaParts> for T
where
    T: FromRequestParts<S>,
    S: Clone + Send + Sync + 'static,
{
    const READS_BODY: bool = false;

    async fn take(call: &mut Call<S>) -> Result<Self, Response> {
        let Call { parts, state, .. } = call;
        T::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)
    }
}

impl<T, S> Argument<S, ViaBody> for T
where
    T: FromRequest<S>,
    S: Clone + Send + Sync + 'static,
{
    const READS_BODY: bool = true;

    async fn take(call: &mut Call<S>) -> Result<Self, Response> {
        let request = Request::from_parts(call.parts.clone(), call.body.take().unwrap_or_default());
        T::from_request(request, &call.state).await.map_err(IntoResponse::into_response)
    }
}
