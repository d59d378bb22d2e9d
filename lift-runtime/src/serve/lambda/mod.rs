//! Lambda: an event becomes a request, the app's response becomes the answer that the event's source understands.
//!
//! `lambda_runtime` talks to Lambda; this stands where `lambda_http` would, because that decides once for the whole
//! function whether answers stream, and parses an event several times slower.

mod answer;
mod claims;
mod event;
mod fields;
mod handover;
mod mode;
mod reply;
mod request;
#[cfg(feature = "websocket")]
mod socket;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use lambda_runtime::{Diagnostic, FunctionResponse, LambdaEvent, Runtime, StreamResponse};
use serde_json::Value;
use tokio::time::Instant;
use tower_service::Service;

pub(crate) use self::answer::Chunks;
use self::event::{Event, Source};
use self::handover::Handover;
#[allow(unreachable_pub, reason = "reached by way of `test` alone, which is a feature")]
pub use self::mode::ResponseMode;
use self::mode::SpecialRoutes;
pub(crate) use self::reply::Reply;
use super::startup;
use crate::app::{App, Shared};
use crate::context::{Context, Origin};
use crate::error::{Error, Result};
use crate::tenant::Tenant;

/// What takes events that are not HTTP.
pub(crate) type OnEvent = Arc<dyn Fn(Value) -> Handling + Send + Sync>;

type Handling = Pin<Box<dyn Future<Output = Result<Value>> + Send>>;

/// What an invocation is answered with.
pub(crate) type Answer = FunctionResponse<Reply, Chunks>;

/// Kept back of an invocation's time, so that an answer that comes too late can still be sent.
const RESERVE: Duration = Duration::from_millis(200);

/// Whether this process is a Lambda function.
pub(super) fn is_here() -> bool {
    std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some()
}

/// Answers events until Lambda ends the process.
pub(super) async fn run<S: Clone + Send + Sync + 'static>(app: App<S>) -> Result<()> {
    let mode = ResponseMode::from_env()?;
    check_environment()?;
    let handover = Handover::default();
    let handler = Handler { function: Arc::new(Function::new(app, mode)?), events: handover.clone() };
    let done = Runtime::new(handler).layer(handover).run_concurrent().await;
    done.map_err(|error| startup(format!("the Lambda Runtime API failed: {error}")))
}

/// `lambda_runtime` panics without these.
fn check_environment() -> Result<()> {
    for name in ["AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
    {
        let value =
            std::env::var(name).map_err(|_| startup(format!("{name} is not set, as Lambda would set it")))?;
        if name.ends_with("_SIZE") && value.parse::<i32>().is_err() {
            return Err(startup(format!("{name} is `{value}`, which is not a number")));
        }
    }
    Ok(())
}

/// What is known of an invocation beside its event.
#[derive(Clone, Debug)]
pub(crate) struct Invocation {
    pub(crate) request_id: String,
    pub(crate) trace_id: Option<String>,
    pub(crate) tenant: Option<String>,
    pub(crate) deadline: Instant,
}

/// How long until a deadline. One of more than a day ago is no time of the wall clock: cargo-lambda's emulator sends
/// `600000`, which is meant as what remains.
fn remaining(deadline: SystemTime, now: SystemTime) -> Duration {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    match deadline.duration_since(now) {
        Ok(remaining) => remaining,
        Err(late) if late.duration() > DAY => {
            deadline.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().min(DAY)
        }
        Err(_) => Duration::ZERO,
    }
}

impl Invocation {
    /// The moment at which an answer has to be there, given the time until Lambda stops the function.
    pub(crate) fn deadline_after(remaining: Duration) -> Instant {
        Instant::now() + (remaining - RESERVE.min(remaining / 10))
    }
}

impl From<lambda_runtime::Context> for Invocation {
    fn from(context: lambda_runtime::Context) -> Self {
        let remaining = remaining(context.deadline(), SystemTime::now());
        Self {
            request_id: context.request_id,
            trace_id: context.xray_trace_id,
            tenant: context.tenant_id,
            deadline: Self::deadline_after(remaining),
        }
    }
}

/// An app as a function of events.
pub(crate) struct Function {
    router: Router,
    shared: Arc<Shared>,
    mode: ResponseMode,
    special: SpecialRoutes,
    base_path: Option<String>,
    on_event: Option<OnEvent>,
}

impl Function {
    pub(crate) fn new<S: Clone + Send + Sync + 'static>(mut app: App<S>, mode: ResponseMode) -> Result<Self> {
        let special = SpecialRoutes::new(app.endpoints());
        let (base_path, on_event) = (app.serving.base_path.take(), app.serving.on_event.take());
        let (router, shared) = app.into_service()?;
        Ok(Self { router, shared, mode, special, base_path, on_event })
    }

    #[cfg(feature = "test")]
    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    #[cfg(feature = "test")]
    pub(crate) fn set_mode(&mut self, mode: ResponseMode) {
        self.mode = mode;
    }

    /// Answers one event.
    ///
    /// # Errors
    /// What makes the invocation itself fail: an event that is neither HTTP nor taken by `on_event`.
    pub(crate) async fn invoke(&self, event: Bytes, invocation: Invocation) -> Result<Answer, Diagnostic> {
        match self.open(&event, invocation) {
            Opened::Request { request, source, origin } => {
                // A router is always ready, and does not fail.
                let Ok(response) = self.router.clone().call(request).await;
                self.answer(source, &origin, response).await
            }
            Opened::Refused { error, source, origin } => {
                let refusal = self.refusal(&origin, error).await;
                self.answer(source, &origin, refusal).await
            }
            #[cfg(feature = "websocket")]
            Opened::Socket { incoming, origin } => self.socket(incoming, origin).await,
            Opened::Other { reason, origin } => self.other(&event, &reason, &origin).await,
        }
    }

    /// Makes a request of an event. The event is borrowed no longer than this.
    fn open(&self, raw: &Bytes, invocation: Invocation) -> Opened {
        let Invocation { request_id, trace_id, tenant, deadline } = invocation;
        let mut origin = Origin {
            request_id: Some(request_id),
            trace_id,
            deadline: Some(deadline),
            on_lambda: true,
            buffered: true,
            tenant,
            claims: Default::default(),
            known: None,
        };
        // At once, for serde_json would check it string by string.
        let text = std::str::from_utf8(raw).map_err(|error| error.to_string());
        let event = text.and_then(|text| serde_json::from_str(text).map_err(|error| error.to_string()));
        let event: Event<'_> = match event {
            Ok(event) => event,
            Err(reason) => return Opened::Other { reason, origin },
        };
        #[cfg(feature = "websocket")]
        if event.request_context.connection_id.is_some() && self.special.has_websockets() {
            origin.claims = claims::claims(&event.request_context);
            return match socket::Incoming::read(event, self.base_path.as_deref()) {
                Ok(incoming) => Opened::Socket { incoming, origin },
                Err(error) => Opened::Refused { error, source: Source::Http, origin },
            };
        }
        let Some(source) = event.source() else {
            return Opened::Other {
                reason: "it is no HTTP request of a source that Lift knows".into(),
                origin,
            };
        };
        origin.claims = claims::claims(&event.request_context);
        // Before anything is refused, for a source that expects a stream expects one of a refusal as well.
        origin.buffered = !self.streams(source, &event);
        match request::build(event, source, raw, self.base_path.as_deref()) {
            Ok(mut request) => {
                request.extensions_mut().insert(origin.clone());
                Opened::Request { request, source, origin }
            }
            Err(error) => Opened::Refused { error, source, origin },
        }
    }

    fn streams(&self, source: Source, event: &Event<'_>) -> bool {
        source.can_stream()
            && match self.mode {
                ResponseMode::Buffered => false,
                ResponseMode::Stream => true,
                ResponseMode::Route => self.is_for_streamed_route(source, event),
            }
    }

    fn is_for_streamed_route(&self, source: Source, event: &Event<'_>) -> bool {
        let path = request::path(event, source, self.base_path.as_deref());
        request::method(event).is_ok_and(|method| self.special.streams(&method, &path))
    }

    /// The answer to what never reaches the app, with the headers that the app's own answers have.
    async fn refusal(&self, origin: &Origin, error: Error) -> Response {
        let context = self.context(origin).await;
        let id = HeaderValue::from_str(context.request_id());
        let mut response = context.scope(async { error.into_response() }).await;
        if let Ok(id) = id {
            response.headers_mut().insert("x-request-id", id);
        }
        response
    }

    async fn answer(
        &self,
        source: Source,
        origin: &Origin,
        response: Response,
    ) -> Result<Answer, Diagnostic> {
        if !origin.buffered {
            let (metadata_prelude, stream) = answer::streamed(response, origin.deadline);
            return Ok(FunctionResponse::StreamingResponse(StreamResponse { metadata_prelude, stream }));
        }
        let whole = match answer::whole(source, response, origin.deadline).await {
            Ok(whole) => whole,
            Err(error) => {
                let problem = self.refusal(origin, error).await;
                let fallback = |_| Diagnostic::from("a problem document could not be read");
                answer::whole(source, problem, None).await.map_err(fallback)?
            }
        };
        Ok(FunctionResponse::BufferedResponse(Reply::Http(whole)))
    }

    /// Hands over an event that is not HTTP.
    async fn other(&self, raw: &Bytes, reason: &str, origin: &Origin) -> Result<Answer, Diagnostic> {
        let Some(on_event) = &self.on_event else { return Err(unknown_event(reason)) };
        let event = serde_json::from_slice(raw).map_err(|error| unknown_event(&error.to_string()))?;
        let outcome = self.context(origin).await.scope(async move {
            let outcome = on_event(event).await;
            outcome.inspect_err(Error::log)
        });
        let failed =
            |error: Error| Diagnostic { error_type: error.code().into(), error_message: error.to_string() };
        outcome.await.map(|value| FunctionResponse::BufferedResponse(Reply::Value(value))).map_err(failed)
    }

    /// A context for what the app itself has no part in.
    async fn context(&self, origin: &Origin) -> Context {
        let context = Context::new(Arc::clone(&self.shared), Some(origin), &HeaderMap::new());
        if let Some(tenant) = self.tenant(origin).await {
            context.set_tenant(tenant);
        }
        context
    }

    /// Lambda's tenant, where the app has tenants and takes this one.
    async fn tenant(&self, origin: &Origin) -> Option<Tenant> {
        let tenants = self.shared.tenants.as_ref().filter(|_| origin.tenant.is_some())?;
        let (mut parts, ()) = http::Request::new(()).into_parts();
        parts.extensions.insert(origin.clone());
        tenants.resolve(&mut parts).await.ok().flatten()
    }
}

/// An event that was looked at.
#[cfg_attr(
    not(feature = "websocket"),
    expect(clippy::large_enum_variant, reason = "one of them is on the stack, for as long as it is matched")
)]
enum Opened {
    Request {
        request: axum::extract::Request,
        source: Source,
        origin: Origin,
    },
    Refused {
        error: Error,
        source: Source,
        origin: Origin,
    },
    #[cfg(feature = "websocket")]
    Socket {
        incoming: socket::Incoming,
        origin: Origin,
    },
    Other {
        reason: String,
        origin: Origin,
    },
}

fn unknown_event(reason: &str) -> Diagnostic {
    Diagnostic {
        error_type: "Lift.UnknownEvent".into(),
        error_message: format!(
            "this event cannot be answered: {reason}; App::on_event takes events that are not HTTP"
        ),
    }
}

/// A [`Function`] as `lambda_runtime` calls it: an event is the number under which it was handed over.
#[derive(Clone)]
struct Handler {
    function: Arc<Function>,
    events: Handover,
}

impl Service<LambdaEvent<u64>> for Handler {
    type Response = Answer;
    type Error = Diagnostic;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, Diagnostic>> + Send>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> task::Poll<Result<(), Diagnostic>> {
        task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, invocation: LambdaEvent<u64>) -> Self::Future {
        let event = self.events.take(invocation.payload);
        let function = Arc::clone(&self.function);
        Box::pin(async move { function.invoke(event, invocation.context.into()).await })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::Tenants;

    async fn tenant(app: App, name: &str) -> Option<String> {
        let function = Function::new(app, ResponseMode::Buffered).expect("an app");
        let origin = Origin { tenant: Some(name.into()), ..Origin::default() };
        function.context(&origin).await.raw_tenant().map(ToString::to_string)
    }

    #[tokio::test]
    async fn a_tenant_is_lambdas_where_the_app_takes_it() {
        let tenants = || App::new().tenants(Tenants::lambda().matching(|name| name != "evil"));
        assert_eq!(tenant(tenants(), "acme").await.as_deref(), Some("acme"));
        assert_eq!(tenant(tenants(), "evil").await, None);
        assert_eq!(tenant(tenants(), "").await, None);
        assert_eq!(tenant(App::new(), "acme").await, None);
    }

    #[test]
    fn a_deadline_is_read_as_what_remains_where_it_is_no_time_of_today() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let second = Duration::from_secs(1);
        assert_eq!(remaining(now + second, now), second);
        assert_eq!(remaining(now - second, now), Duration::ZERO);
        assert_eq!(remaining(SystemTime::UNIX_EPOCH + Duration::from_millis(600_000), now), second * 600);
        assert_eq!(remaining(now - second * 200_000, now), second * 86_400);
    }
}
