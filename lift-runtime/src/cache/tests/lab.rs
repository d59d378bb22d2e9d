//! An app whose one handler does what a test says.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::response::Response;
use http::{Method, Request};
use tower::ServiceExt as _;

use crate::app::{App, Caller};
use crate::cache::Cache;
use crate::cache::computed::Computed;
use crate::cache::key::Key;
use crate::cache::policy::Policy;
use crate::cache::tags::{Scope, Tags};
use crate::clock::Clock;
use crate::endpoint::{Call, Endpoint, Route, Routes};
use crate::error::Result;
use crate::tenant::Tenants;

type Ran = Pin<Box<dyn Future<Output = Result<Response>> + Send>>;

/// What handlers do, and how often one ran.
#[derive(Clone)]
pub(super) struct Lab {
    runs: Arc<AtomicU32>,
    handler: Arc<dyn Fn(u32, String) -> Ran + Send + Sync>,
}

impl Lab {
    pub(super) fn runs(&self) -> u32 {
        self.runs.load(Ordering::SeqCst)
    }

    fn run(&self, name: String) -> Ran {
        let run = self.runs.fetch_add(1, Ordering::SeqCst) + 1;
        (self.handler)(run, name)
    }
}

/// An endpoint under a policy of its own.
pub(super) trait Case: Sized + 'static {
    fn policy() -> &'static Policy;
}

/// `GET /{name}` with `#[cached(…, tags = ["{name}"])]`.
pub(super) struct Read<C>(PhantomData<C>);

/// `POST /{name}` with `#[invalidates("{name}")]`.
pub(super) struct Write;

impl<C: Case> Endpoint<Lab, ()> for Read<C> {
    const ROUTE: &'static Route = &Route::new(Method::GET, "/{name}", "lab::read").cached();

    async fn serve(mut call: Call<Lab>) -> Response {
        let Some(Path(name)) = call.argument::<Path<String>, _>().await else {
            return call.rejection().await;
        };
        let lab = call.state.clone();
        call.cached(
            C::policy(),
            (name, lab),
            |(name, _), key: &mut Key| key.part(name),
            |(name, _), tags: &mut Tags| tags.add(format_args!("{name}")),
            |(name, lab)| async move { Computed::of(lab.run(name).await) },
        )
        .await
    }
}

impl Endpoint<Lab, ()> for Write {
    const ROUTE: &'static Route = &Route::new(Method::POST, "/{name}", "lab::write");

    async fn serve(mut call: Call<Lab>) -> Response {
        let Some(Path(name)) = call.argument::<Path<String>, _>().await else {
            return call.rejection().await;
        };
        let lab = call.state.clone();
        call.invalidates(
            Scope::Tenant,
            (name, lab),
            |(name, _), tags: &mut Tags| tags.add(format_args!("{name}")),
            |(name, lab)| async move { lab.run(format!("write {name}")).await },
        )
        .await
    }
}

/// A case for each policy.
macro_rules! case {
    ($name:ident, $policy:expr) => {
        struct $name;
        impl crate::cache::tests::lab::Case for $name {
            fn policy() -> &'static crate::cache::policy::Policy {
                static POLICY: crate::cache::policy::Policy = $policy;
                &POLICY
            }
        }
    };
}
pub(super) use case;

/// An app on its bench: with a clock of its own, without a network.
#[derive(Clone)]
pub(super) struct Bench {
    pub(super) lab: Lab,
    pub(super) clock: Clock,
    pub(super) cache: Cache,
    router: Router,
}

pub(super) struct Setup {
    pub(super) cache: Cache,
    pub(super) tenants: Option<Tenants>,
    pub(super) client_no_cache: bool,
    pub(super) timeout: Option<Duration>,
    pub(super) clock: Clock,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            cache: Cache::memory(),
            tenants: None,
            client_no_cache: false,
            timeout: None,
            clock: Clock::manual(),
        }
    }
}

impl Bench {
    pub(super) fn new<C: Case, F>(handler: impl Fn(u32, String) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Response>> + Send + 'static,
    {
        Self::with::<C, F>(Setup::default(), handler)
    }

    pub(super) fn with<C: Case, F>(
        setup: Setup,
        handler: impl Fn(u32, String) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Response>> + Send + 'static,
    {
        let Setup { cache, tenants, client_no_cache, timeout, clock } = setup;
        let lab =
            Lab { runs: Arc::default(), handler: Arc::new(move |run, name| Box::pin(handler(run, name))) };
        let header =
            |parts: &http::request::Parts| Some(parts.headers.get("x-caller")?.to_str().ok()?.to_owned());
        let mut app = App::new().state(lab.clone()).cache(cache.clone()).caller(Caller::custom(header));
        if let Some(tenants) = tenants {
            app = app.tenants(tenants);
        }
        if let Some(timeout) = timeout {
            app = app.timeout(timeout);
        }
        if client_no_cache {
            app = app.honour_client_no_cache();
        }
        app.set_clock(clock.clone());
        let routes = Routes::new().and::<Read<C>, ()>(PhantomData).and::<Write, ()>(PhantomData);
        let router = app.routes(routes).into_router().expect("two routes");
        Self { lab, clock, cache, router }
    }

    /// Answers a request; headers are written `name: value`.
    pub(super) async fn send(&self, method: &str, path: &str, headers: &[&str]) -> Answered {
        let mut request = Request::builder().method(method).uri(path);
        for header in headers {
            let (name, value) = header.split_once(": ").expect("a header");
            request = request.header(name, value);
        }
        let request = request.body(Body::empty()).expect("a request");
        self.ask(request).await
    }

    pub(super) async fn ask(&self, request: Request<Body>) -> Answered {
        let response = match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
        Answered { parts, body: String::from_utf8(body.to_vec()).expect("text") }
    }

    pub(super) async fn get(&self, path: &str) -> Answered {
        self.send("GET", path, &[]).await
    }

    /// The same, as a task.
    pub(super) fn start(&self, path: &str) -> tokio::task::JoinHandle<Answered> {
        let (bench, path) = (self.clone(), path.to_owned());
        tokio::spawn(async move { bench.get(&path).await })
    }
}

pub(super) struct Answered {
    pub(super) parts: http::response::Parts,
    pub(super) body: String,
}

impl Answered {
    pub(super) fn status(&self) -> u16 {
        self.parts.status.as_u16()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.parts.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// `Cache-Status`.
    pub(super) fn cache(&self) -> &str {
        self.header("cache-status")
    }
}

/// Lets other tasks run until a condition holds.
pub(super) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..10_000 {
        if holds() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("never: {what}");
}
