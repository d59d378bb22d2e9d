//! An app: state, tenants, caches, layers and routes, put together and made a service.

use std::collections::HashMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::response::{IntoResponse, Response};
use axum::routing::Route as AxumRoute;
use futures_util::FutureExt as _;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::Value;
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

use crate::cache::Cache;
use crate::clock::Clock;
use crate::context::{Context, Origin};
use crate::contract::Document;
use crate::endpoint::{Mounted, Route, Routes, as_problem};
use crate::error::{Error, Result};
use crate::observe;
use crate::problem::Problem;
use crate::serve::Serving;
use crate::stream::Shutdown;
use crate::tenant::Tenants;
use crate::validate::{Dialect, Violation};
#[cfg(feature = "websocket")]
use crate::websocket::Connections;

/// API Gateway's own limit.
const TIMEOUT: Duration = Duration::from_secs(29);

/// What every request of an app shares.
pub(crate) struct Shared {
    pub(crate) cache: Cache,
    pub(crate) stores: HashMap<&'static str, Cache>,
    pub(crate) clock: Clock,
    pub(crate) tenants: Option<Tenants>,
    pub(crate) caller: Option<Caller>,
    pub(crate) timeout: Duration,
    pub(crate) client_no_cache: bool,
    pub(crate) messages: Option<Messages>,
    pub(crate) dialect: Arc<Dialect>,
    /// Ends open streams when the app goes down.
    pub(crate) shutdown: Shutdown,
    #[cfg(feature = "websocket")]
    pub(crate) connections: Connections,
}

impl Shared {
    /// What a job outside any request shares: its cache.
    pub(crate) fn for_cache(cache: Cache) -> Self {
        Self {
            cache,
            stores: HashMap::new(),
            clock: Clock::system(),
            tenants: None,
            caller: None,
            timeout: TIMEOUT,
            client_no_cache: false,
            messages: None,
            dialect: Dialect::built_in(),
            shutdown: Shutdown::default(),
            #[cfg(feature = "websocket")]
            connections: Connections::memory(),
        }
    }
}

/// An app's own words for what is wrong with an input.
pub(crate) type Messages = Arc<dyn Fn(&Violation, &HeaderMap) -> Option<String> + Send + Sync>;

/// An app in the making: `App::new().state(…).routes(routes![…]).run().await`.
///
/// What a request passes, from the outside in: the context (request id, deadline, log line, panics), the layers
/// added here (the last one first, as axum has it), the routes.
pub struct App<S = ()> {
    state: S,
    router: Router<S>,
    has_fallback: bool,
    routes: Vec<Mounted<S>>,
    layers: Vec<Box<dyn FnOnce(Router) -> Router + Send>>,
    shared: Shared,
    pub(crate) serving: Serving,
}

impl Default for App {
    fn default() -> Self {
        Self::new()
    }
}

impl App {
    /// An app without routes, with a memory cache and without tenants.
    pub fn new() -> Self {
        Self {
            state: (),
            router: Router::new(),
            has_fallback: false,
            routes: Vec::new(),
            layers: Vec::new(),
            shared: Shared::for_cache(Cache::memory()),
            serving: Serving::default(),
        }
    }

    /// Gives the app its state, which handlers take as `State<T>`: the state itself, or a part of it by axum's
    /// `FromRef`. Call it before [`routes`](App::routes).
    pub fn state<S: Clone + Send + Sync + 'static>(self, state: S) -> App<S> {
        let with_state = |mounted: Mounted<()>| {
            let Mounted { route, mount } = mounted;
            Mounted { route, mount: Box::new(move |shared| mount(shared).with_state(())) as _ }
        };
        App {
            state,
            router: self.router.with_state(()),
            has_fallback: self.has_fallback,
            routes: self.routes.into_iter().map(with_state).collect(),
            layers: self.layers,
            shared: self.shared,
            serving: self.serving,
        }
    }
}

impl<S: Clone + Send + Sync + 'static> App<S> {
    /// Adds endpoints: `.routes(routes![product, put_product])`.
    #[must_use]
    pub fn routes(mut self, routes: Routes<S>) -> Self {
        self.routes.extend(routes.0);
        self
    }

    /// Says where tenants come from. Every route then needs one, unless it says `no_tenant`.
    #[must_use]
    pub fn tenants(mut self, tenants: Tenants) -> Self {
        self.shared.tenants = Some(tenants);
        self
    }

    /// Says who a caller is, for `Context::caller` and `#[cached(private)]`.
    #[must_use]
    pub fn caller(mut self, caller: Caller) -> Self {
        self.shared.caller = Some(caller);
        self
    }

    /// Says what is wrong with an input in the app's own words, or in the client's language: the function is given each
    /// violation and the request's headers. Where it returns nothing, Lift's sentence stays.
    ///
    /// ```
    /// use lift_runtime::App;
    ///
    /// let app: App = App::new().messages(|violation, headers| {
    ///     let german = headers.get("accept-language").is_some_and(|language| language.as_bytes().starts_with(b"de"));
    ///     match &*violation.keyword {
    ///         "required" if german => Some("fehlt".into()),
    ///         "maximum" if german => violation.limit.as_ref().map(|limit| format!("darf höchstens {limit} sein")),
    ///         _ => None,
    ///     }
    /// });
    /// ```
    #[must_use]
    pub fn messages(
        mut self,
        messages: impl Fn(&Violation, &HeaderMap) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.shared.messages = Some(Arc::new(messages));
        self
    }

    /// A format of the app's own, by a function that tells whether a text has it. It holds wherever a schema says it: on
    /// a field with `#[schemars(extend("format" = "sku"))]`, and in the files of `#[validate(schema = "…")]`.
    ///
    /// ```
    /// use lift_runtime::App;
    ///
    /// let app: App = App::new().format("sku", |text| text.strip_prefix("SKU-").is_some_and(|number| number.len() == 4));
    /// ```
    ///
    /// # Errors
    /// A format that JSON Schema has itself, or one that is added twice, is refused when the app is put together. A field
    /// with a format that its app does not have is answered 500, and the log says which one.
    #[must_use]
    pub fn format(mut self, name: &str, format: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Arc::make_mut(&mut self.shared.dialect).add_format(name, format);
        self
    }

    /// A keyword of the app's own, whose name starts with `x-`, by a function that is given the keyword's value in the
    /// schema and a value to check, and returns the sentence that a client is told.
    ///
    /// ```
    /// use lift_runtime::App;
    ///
    /// let app: App = App::new().keyword("x-even", |limit, value| match value.as_u64() {
    ///     Some(number) if limit == true && number % 2 == 1 => Err("must be even"),
    ///     _ => Ok(()),
    /// });
    /// ```
    ///
    /// It holds where [`format`](App::format) does. In an app that has not added it, `x-even` is an annotation.
    ///
    /// # Errors
    /// A name that does not start with `x-`, or one that is added twice, is refused when the app is put together.
    #[must_use]
    pub fn keyword<E: Into<String>>(
        mut self,
        name: &str,
        rule: impl Fn(&Value, &Value) -> std::result::Result<(), E> + Send + Sync + 'static,
    ) -> Self {
        let rule = move |limit: &Value, value: &Value| rule(limit, value).map_err(Into::into);
        Arc::make_mut(&mut self.shared.dialect).add_keyword(name, rule);
        self
    }

    /// The app's cache; a memory cache unless this is called.
    #[must_use]
    pub fn cache(mut self, cache: Cache) -> Self {
        self.shared.cache = cache;
        self
    }

    /// A further cache, for `#[cached(store = "name")]`.
    #[must_use]
    pub fn store(mut self, name: &'static str, cache: Cache) -> Self {
        self.shared.stores.insert(name, cache);
        self
    }

    /// Where the connections of `#[websocket]` routes are known; in this process only, unless this is called.
    #[cfg(feature = "websocket")]
    #[must_use]
    pub fn connections(mut self, connections: Connections) -> Self {
        self.shared.connections = connections;
        self
    }

    /// Lets a client's `Cache-Control: no-cache` run the handler. Off by default, for it is a way to load a backend.
    #[must_use]
    pub fn honour_client_no_cache(mut self) -> Self {
        self.shared.client_no_cache = true;
        self
    }

    /// How long a request may take until its headers are sent, where it is not Lambda that says so; 29 s by
    /// default, as API Gateway has it. Later than that it is answered 504 `deadline_exceeded`.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.shared.timeout = timeout;
        self
    }

    /// Adds a tower layer around everything that was added so far and will be.
    #[must_use]
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<AxumRoute> + Clone + Send + Sync + 'static,
        L::Service: Service<Request> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Response: IntoResponse + 'static,
        <L::Service as Service<Request>>::Error: Into<std::convert::Infallible> + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        self.layers.push(Box::new(move |router| router.layer(layer)));
        self
    }

    /// Adds the routes of an axum router. Its fallback is not taken; [`fallback`](App::fallback) is for the whole app.
    #[must_use]
    pub fn merge(mut self, router: Router<S>) -> Self {
        self.router = self.router.merge(router.reset_fallback());
        self
    }

    /// Adds the routes of an axum router below a path.
    #[must_use]
    pub fn nest(mut self, path: &str, router: Router<S>) -> Self {
        self.router = self.router.nest(path, router);
        self
    }

    /// What answers where no route does; 404 `not_found` unless this is called.
    #[must_use]
    pub fn fallback<H: Handler<T, S>, T: 'static>(mut self, handler: H) -> Self {
        self.router = self.router.fallback(handler);
        self.has_fallback = true;
        self
    }

    /// The metadata of the app's endpoints, in the order they were added.
    pub fn endpoints(&self) -> impl Iterator<Item = &'static Route> {
        self.routes.iter().map(|mounted| mounted.route)
    }

    /// The schemas of all that the routes take and answer.
    pub(crate) fn schemas(&self) -> Document {
        Document::of(self.endpoints(), self.shared.dialect.keyword_names())
    }

    #[cfg(any(test, feature = "test"))]
    pub(crate) fn set_clock(&mut self, clock: Clock) {
        self.shared.clock = clock;
    }

    /// The app as an axum router, to be nested in another or served by hand.
    ///
    /// # Errors
    /// If two endpoints serve the same method and path, or a [`format`](App::format) or [`keyword`](App::keyword) has a
    /// name that it cannot have.
    pub fn into_router(self) -> Result<Router> {
        self.into_service().map(|(router, _)| router)
    }

    /// The router, and what its requests share.
    pub(crate) fn into_service(self) -> Result<(Router, Arc<Shared>)> {
        check_unique(&self.routes)?;
        if let Some(mistake) = self.shared.dialect.mistake() {
            return Err(Error::startup(mistake));
        }
        if self.shared.tenants.is_some() {
            self.shared.stores.values().chain([&self.shared.cache]).for_each(Cache::require_tenant);
        }
        let shared = Arc::new(self.shared);
        let mut router = if self.has_fallback { self.router } else { self.router.fallback(not_found) };
        for Mounted { route, mount } in self.routes {
            router = router.route(route.path, mount(Arc::clone(&shared)));
        }
        let mut router = router.method_not_allowed_fallback(method_not_allowed).with_state(self.state);
        for layer in self.layers {
            router = layer(router);
        }
        Ok((router.layer(Opening { shared: Arc::clone(&shared) }), shared))
    }
}

fn check_unique<S>(routes: &[Mounted<S>]) -> Result<()> {
    let mut seen = HashMap::new();
    for Mounted { route, .. } in routes {
        if let Some(earlier) = seen.insert((&route.method, route.path), route.name) {
            let Route { method, path, name, .. } = route;
            return Err(Error::internal(format!("`{earlier}` and `{name}` both serve {method} {path}")));
        }
    }
    Ok(())
}

async fn not_found() -> Response {
    Error::not_found("There is nothing at this path.").into_response()
}

async fn method_not_allowed() -> Response {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed").into_response()
}

/// Who calls.
#[derive(Clone)]
pub struct Caller(CallerSource);

type ReadCaller = Arc<dyn Fn(&Parts) -> Option<String> + Send + Sync>;

#[derive(Clone)]
enum CallerSource {
    Claim(&'static str),
    Custom(ReadCaller),
}

impl Caller {
    /// A claim that the event's authorizer has verified, such as `sub`.
    pub fn claim(name: &'static str) -> Self {
        Self(CallerSource::Claim(name))
    }

    /// An own source, such as what an authorization layer has left in the extensions. Never a header that was
    /// only decoded.
    pub fn custom(read: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(CallerSource::Custom(Arc::new(read)))
    }

    /// The claim that it is, if it is one.
    #[cfg(feature = "test")]
    pub(crate) fn claim_name(&self) -> Option<&'static str> {
        match self.0 {
            CallerSource::Claim(name) => Some(name),
            CallerSource::Custom(_) => None,
        }
    }

    pub(crate) fn read(&self, parts: &Parts) -> Option<String> {
        match &self.0 {
            CallerSource::Claim(name) => {
                parts.extensions.get::<Origin>()?.claims.get(*name)?.as_str().map(str::to_owned)
            }
            CallerSource::Custom(read) => read(parts),
        }
    }
}

/// The outermost layer: gives a request its context, bounds it, and sees that it is answered.
#[derive(Clone)]
struct Opening {
    shared: Arc<Shared>,
}

#[derive(Clone)]
struct Opened<T> {
    inner: T,
    shared: Arc<Shared>,
}

impl<T> Layer<T> for Opening {
    type Service = Opened<T>;

    fn layer(&self, inner: T) -> Opened<T> {
        Opened { inner, shared: Arc::clone(&self.shared) }
    }
}

impl<T> Service<Request> for Opened<T>
where
    T: Service<Request, Response = Response, Error = std::convert::Infallible> + Clone + Send + 'static,
    T::Future: Send,
{
    type Response = Response;
    type Error = std::convert::Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, std::convert::Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> task::Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let context =
            Context::new(Arc::clone(&self.shared), request.extensions().get::<Origin>(), request.headers());
        request.extensions_mut().insert(context.clone());
        let served = observe::Served::begin(&context, request.method(), request.uri());
        let inner = self.inner.call(request);
        let inner = async move {
            match inner.await {
                Ok(response) => as_problem(response).await,
                Err(never) => match never {},
            }
        };
        let answer = context.clone().scope(async move {
            let mut response = bounded(context.deadline(), inner).await.unwrap_or_else(Error::into_response);
            if let Ok(id) = HeaderValue::from_str(context.request_id()) {
                response.headers_mut().insert("x-request-id", id);
            }
            served.end(&context, &response);
            Ok(response)
        });
        Box::pin(answer)
    }
}

/// What a future of the app's gives, if it neither panics nor comes too late.
///
/// # Errors
/// 500 `internal`, 504 `deadline_exceeded`.
pub(crate) async fn bounded<T>(deadline: Option<Instant>, future: impl Future<Output = T>) -> Result<T> {
    let caught = AssertUnwindSafe(future).catch_unwind();
    let outcome = match deadline {
        Some(deadline) => tokio::time::timeout_at(deadline, caught).await,
        None => Ok(caught.await),
    };
    outcome.map_err(|_| late())?.map_err(|panic| Error::internal(observe::panic_text(&*panic)))
}

pub(crate) fn late() -> Error {
    let detail = "The answer was not ready in time.";
    Error::new(StatusCode::GATEWAY_TIMEOUT, "deadline_exceeded", detail)
}
