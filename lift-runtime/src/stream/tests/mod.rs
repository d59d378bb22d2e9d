//! Streamed routes as an expansion makes them, called as an app calls them. Time is paused: it jumps to the next
//! timer whenever nothing else is left to do.

mod body;
mod buffered;
mod emitted;
mod endings;
mod filling;
mod opening;
mod turns;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tower_service::Service;

use crate::app::App;
use crate::context::Origin;
use crate::endpoint::{Call, Endpoint, Route, Routes};
use crate::error::Result;
use crate::private::{Infallibly as _, PhantomData, Returned};
use crate::stream::expansion::{Emitted, Emitter, Encode, EncodeItem as _, Options};
use crate::stream::{Event, Shutdown};

type Producing = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// The state of a test's app: what its one route does.
#[derive(Clone)]
struct Script {
    options: &'static Options,
    produce: Arc<dyn Fn(Emitter<Event<Value>>) -> Producing + Send + Sync>,
}

fn script<P: Future<Output = Result<()>> + Send + 'static>(
    options: &'static Options,
    produce: impl Fn(Emitter<Event<Value>>) -> P + Send + Sync + 'static,
) -> Script {
    Script { options, produce: Arc::new(move |emitter| Box::pin(produce(emitter))) }
}

/// A stream of what a test sends.
fn channel(options: &'static Options) -> (mpsc::UnboundedSender<u64>, Script) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let receiver = Arc::new(tokio::sync::Mutex::new(receiver));
    let script = script(options, move |emitter| {
        let receiver = Arc::clone(&receiver);
        async move {
            while let Some(n) = receiver.lock().await.recv().await {
                emitter.send(item(n)).await;
            }
            Ok(())
        }
    });
    (sender, script)
}

struct Probe {}

impl Endpoint<Script, ()> for Probe {
    const ROUTE: &'static Route = &Route::new(Method::GET, "/probe", "probe").streamed();

    async fn serve(call: Call<Script>) -> Response {
        let Script { options, produce } = call.state.clone();
        call.stream_emitted(
            options,
            (produce,),
            |(produce,)| Emitted::<Result<_>>::new(move |emitter| produce(emitter)),
            |item, format, out| Encode(item).write(format, out),
        )
        .await
    }
}

/// The same for `bytes`: the data of an item are its text.
struct Raw {}

impl Endpoint<Script, ()> for Raw {
    const ROUTE: &'static Route = &Route::new(Method::GET, "/raw", "raw").streamed();

    async fn serve(call: Call<Script>) -> Response {
        let Script { options, produce } = call.state.clone();
        call.stream_emitted(
            options,
            (produce,),
            |(produce,)| Emitted::<Result<_>>::new(move |emitter| produce(emitter)),
            |item, _, out| Encode(item.data.unwrap_or_default().to_string()).bytes(out),
        )
        .await
    }
}

/// The same by a function that returns a stream.
struct Returning {}

impl Endpoint<Script, ()> for Returning {
    const ROUTE: &'static Route = &Route::new(Method::GET, "/returning", "returning").streamed();

    async fn serve(call: Call<Script>) -> Response {
        let Script { options, produce } = call.state.clone();
        call.stream_opened(
            options,
            (produce,),
            |(produce,)| async move { Returned(returning(produce)).split() },
            |item| Returned(item).split(),
            |item, format, out| Encode(item).write(format, out),
        )
        .await
    }
}

fn returning(
    produce: Arc<dyn Fn(Emitter<Event<Value>>) -> Producing + Send + Sync>,
) -> impl futures_core::Stream<Item = Result<Event<Value>>> {
    Emitted::new(move |emitter| produce(emitter))
}

/// An app of these routes, and the word that ends its streams.
fn app(script: Script) -> (Router, Shutdown) {
    let routes =
        Routes::new().and(PhantomData::<Probe>).and(PhantomData::<Raw>).and(PhantomData::<Returning>);
    let app = App::new().state(script).routes(routes);
    let (router, shared) = app.into_service().expect("the routes are unique");
    (router, shared.shutdown.clone())
}

fn request(path: &str) -> Request<Body> {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = path.parse().unwrap_or_default();
    request
}

async fn send(router: &mut Router, request: Request<Body>) -> Response {
    match router.as_service::<Body>().call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// The answer of a script's route.
async fn get(path: &str, script: Script) -> Response {
    send(&mut app(script).0, request(path)).await
}

/// An answer, read: status, text, and whether it ended as it should.
#[derive(Debug, PartialEq)]
struct Read {
    status: StatusCode,
    text: String,
    aborted: bool,
}

async fn read(response: Response) -> Read {
    let status = response.status();
    let mut body = response.into_body();
    let mut text = Vec::new();
    let mut aborted = false;
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => text.extend_from_slice(&frame.into_data().unwrap_or_default()),
            Err(_) => aborted = true,
        }
    }
    Read { status, text: String::from_utf8_lossy(&text).into_owned(), aborted }
}

/// The next frame of a body, as text.
async fn next(body: &mut Body) -> String {
    let frame = body.frame().await;
    let data = frame.and_then(Result::ok).and_then(|frame| frame.into_data().ok()).unwrap_or_default();
    String::from_utf8_lossy(&data).into_owned()
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

fn item(n: u64) -> Event<Value> {
    Event::new(json!(n))
}

fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// A request as Lambda gives it.
fn on_lambda(path: &str, left: Duration, buffered: bool) -> Request<Body> {
    let mut request = request(path);
    let deadline = Instant::now() + left;
    let origin = Origin { deadline: Some(deadline), on_lambda: true, buffered, ..Origin::default() };
    request.extensions_mut().insert(origin);
    request
}
