//! A tenant under test: sends its requests, and keeps what came of them.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use axum::Router;
use http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::script::{Kind, Replayed, Samples, Step};
#[cfg(feature = "websocket")]
use super::socket::Listening;
use super::text::Span;
use crate::app::Caller;
use crate::context::{Origin, random_id};
use crate::tenant::{Source, Tenants};
use crate::test::{TestRequest, TestResponse};

/// So many bytes of a body are read, in so many pieces.
const BYTES: usize = 1 << 20;
const PIECES: usize = 1000;

/// What the visits of all tenants have in common.
pub(super) struct Stage {
    pub(super) router: Router,
    pub(super) tenants: Tenants,
    pub(super) caller: Option<Caller>,
    pub(super) routes: Vec<Replayed>,
    pub(super) samples: Samples,
    /// In real time, what a machine may lose by chance.
    pub(super) noise: Option<Duration>,
}

/// A tenant.
pub(super) struct Visitor<'a> {
    pub(super) stage: &'a Stage,
    pub(super) name: String,
    /// What it was given for path parameters, all of it and in order.
    pub(super) captured: Vec<(String, String)>,
    /// Its `ETag`s by route, in order.
    pub(super) etags: HashMap<usize, Vec<String>>,
    /// What its request ids begin with. Those who are compared have the same.
    pub(super) ids: String,
    /// The ids of its connections, in order.
    pub(super) connections: Vec<String>,
    #[cfg(feature = "websocket")]
    pub(super) sockets: Vec<Listening>,
    writes: usize,
}

/// An answer.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) step: Step,
    pub(super) uri: String,
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    pub(super) end: End,
    pub(super) span: Span,
    /// Until the headers were there, and until the body had ended.
    pub(super) opened: Duration,
    pub(super) ended: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Complete,
    BrokenOff,
    /// Longer than is read.
    Longer,
}

impl<'a> Visitor<'a> {
    pub(super) fn new(stage: &'a Stage, name: &str) -> Self {
        Self {
            stage,
            name: name.into(),
            captured: Vec::new(),
            etags: HashMap::new(),
            ids: "isolation".into(),
            connections: Vec::new(),
            #[cfg(feature = "websocket")]
            sockets: Vec::new(),
            writes: 0,
        }
    }

    /// One who is not compared with anybody, and whose request ids would be known again.
    pub(super) fn busy(stage: &'a Stage, name: &str) -> Self {
        Self { ids: random_id(), ..Self::new(stage, name) }
    }

    /// Takes steps, one after the other. A step for which nothing was captured yet is left out.
    pub(super) async fn take(&mut self, steps: &[Step]) -> Vec<Seen> {
        let mut seen = Vec::new();
        for step in steps {
            seen.extend(self.step(*step).await);
        }
        seen
    }

    pub(super) async fn step(&mut self, step: Step) -> Option<Seen> {
        self.writes += usize::from(!self.stage.routes[step.route].is_read());
        let body = self.stage.routes[step.route].body.clone();
        #[cfg(feature = "websocket")]
        match step.kind {
            Kind::Open => return self.open(step, &body?).await,
            Kind::Close => return self.hear(step).await,
            Kind::Plain | Kind::Known | Kind::Head | Kind::Garbled => self.reopen().await,
        }
        let request = self.request(step, body.as_ref())?;
        Some(self.send(step, request).await)
    }

    /// Sends a route another body than its sample; what comes of it is captured all the same.
    pub(super) async fn send_body(&mut self, step: Step, body: &Value) {
        #[cfg(feature = "websocket")]
        if self.stage.routes[step.route].is_socket {
            self.open(step, body).await;
            self.hear(step).await;
            return;
        }
        if let Some(request) = self.request(step, Some(body)) {
            self.send(step, request).await;
        }
    }

    /// Reads with somebody's `ETag`.
    pub(super) async fn read_known(&mut self, step: Step, etag: &str) -> Option<Seen> {
        let request = self.request(Step { kind: Kind::Plain, ..step }, None)?;
        Some(self.send(step, (request.0.header(IF_NONE_MATCH.as_str(), etag), request.1)).await)
    }

    /// The last `ETag` of a route.
    pub(super) fn etag(&self, route: usize) -> Option<&str> {
        self.etags.get(&route)?.last().map(String::as_str)
    }

    pub(super) fn request(&self, step: Step, body: Option<&Value>) -> Option<(TestRequest, String)> {
        let route = &self.stage.routes[step.route];
        let mut uri = self.path(route)? + &route.queries[step.query];
        let mut origin = Origin::default();
        let mut headers = Vec::new();
        if self.stage.samples.as_tenant.is_none() {
            self.say_tenant(route, &mut uri, &mut headers, &mut origin);
        }
        if let Some(claim) = self.stage.caller.as_ref().and_then(Caller::claim_name) {
            // The same for all, for two tenants' callers of one name are two.
            origin.claims.insert(claim.into(), Value::from("somebody"));
        }
        let method = if step.kind == Kind::Head { Method::HEAD } else { route.target.method.clone() };
        let mut request = TestRequest::new(self.stage.router.clone(), method, &uri).origin(origin);
        // One that is given is not drawn by lot.
        request = request.header("x-request-id", format!("{}-{}", self.ids, self.writes));
        for (name, value) in self.stage.samples.headers.iter().chain(&headers) {
            request = request.header(name, value);
        }
        request = match (step.kind, body) {
            (Kind::Garbled, _) => request.header(CONTENT_TYPE.as_str(), "application/json").body("{"),
            (Kind::Plain, Some(body)) => request.json(body),
            _ => request,
        };
        if let (Kind::Known, Some(etag)) = (step.kind, self.etag(step.route)) {
            request = request.header(IF_NONE_MATCH.as_str(), etag);
        }
        if let Some(say) = &self.stage.samples.as_tenant {
            request = say(request, &self.name);
        }
        Some((request, uri))
    }

    fn path(&self, route: &Replayed) -> Option<String> {
        let mut path = route.target.path.clone();
        for name in &route.parameters {
            let captured = self.captured.iter().rev().find(|(captured, _)| captured == name);
            let value = match captured {
                Some((_, value)) => value,
                None if self.stage.tenants.parameters().any(|parameter| parameter == name) => &self.name,
                None => self.stage.samples.parameters.get(name)?,
            };
            path = path.replace(&format!("{{{name}}}"), value).replace(&format!("{{*{name}}}"), value);
        }
        Some(path)
    }

    /// Says whose a request is at the first place where the app looks.
    fn say_tenant(
        &self,
        route: &Replayed,
        uri: &mut String,
        headers: &mut Vec<(String, String)>,
        origin: &mut Origin,
    ) {
        let mut parameters = self.stage.tenants.parameters();
        if parameters.any(|parameter| route.parameters.iter().any(|name| name == parameter)) {
            return;
        }
        match self.stage.tenants.sources().iter().find(|source| !source.is_custom_or_path()) {
            Some(Source::Lambda) => origin.tenant = Some(self.name.clone()),
            Some(Source::Claim(claim)) => {
                origin.claims.insert(claim.to_string(), Value::from(&*self.name));
            }
            Some(Source::Header(name)) => headers.push((name.to_string(), self.name.clone())),
            Some(Source::Query(name)) => {
                let mark = if uri.contains('?') { '&' } else { '?' };
                *uri += &format!("{mark}{name}={}", self.name);
            }
            Some(Source::Subdomain) => headers.push(("host".into(), format!("{}.example.com", self.name))),
            Some(Source::Path(_) | Source::Custom(_)) | None => {}
        }
    }

    async fn send(&mut self, step: Step, (request, uri): (TestRequest, String)) -> Seen {
        let (from, start) = (SystemTime::now(), Instant::now());
        let response = request.send().await;
        let seen = self.seen(step, uri, response, (from, start)).await;
        self.learn(&seen);
        seen
    }

    /// An answer that has begun, to its end.
    pub(super) async fn seen(
        &self,
        step: Step,
        uri: String,
        mut response: TestResponse,
        (from, start): (SystemTime, Instant),
    ) -> Seen {
        let opened = start.elapsed();
        let (body, end) = self.body(&mut response, start).await;
        let ended = start.elapsed();
        let span = Span { from, to: SystemTime::now() };
        let TestResponse { status, headers, .. } = response;
        Seen { step, uri, status, headers, body, end, span, opened, ended }
    }

    /// The body, as far as it is read.
    async fn body(&self, response: &mut TestResponse, start: Instant) -> (Vec<u8>, End) {
        // Not a round number, at which an item might be due.
        let patience = Duration::from_millis(if self.stage.noise.is_some() { 507 } else { 60_337 });
        let mut body = Vec::new();
        for _ in 0..PIECES {
            match timeout_at(start + patience, response.next()).await {
                Ok(Some(Ok(bytes))) => body.extend_from_slice(&bytes),
                Ok(Some(Err(_))) => return (body, End::BrokenOff),
                Ok(None) => return (body, End::Complete),
                Err(_) => return (body, End::Longer),
            }
            if body.len() > BYTES {
                break;
            }
        }
        (body, End::Longer)
    }

    fn learn(&mut self, seen: &Seen) {
        if let Some(etag) = seen.headers.get(ETAG).and_then(|etag| etag.to_str().ok()) {
            let known = self.etags.entry(seen.step.route).or_default();
            if !known.iter().any(|known| known == etag) {
                known.push(etag.into());
            }
        }
        let captures = &self.stage.routes[seen.step.route].captures;
        if captures.is_empty() || !seen.status.is_success() {
            return;
        }
        let answer: Value = serde_json::from_slice(&seen.body).unwrap_or_default();
        for (name, pointer) in captures {
            let value = match answer.pointer(pointer) {
                Some(Value::String(text)) => text.clone(),
                Some(Value::Number(number)) => number.to_string(),
                _ => continue,
            };
            self.captured.push((name.clone(), value));
        }
    }
}
