//! The app that tests run as a process.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use http::Method;
use lift::__private::{Call, Endpoint, PhantomData, Routes};
use lift::{App, Result, Route};

#[expect(non_camel_case_types, reason = "an endpoint has its function's name")]
struct hello {}

impl<S: Clone + Send + Sync + 'static> Endpoint<S, ()> for hello {
    const ROUTE: &'static Route = &Route::new(Method::GET, "/hello", "served::hello").no_tenant();

    async fn serve(call: Call<S>) -> Response {
        call.run((), |()| async { "hello" }).await
    }
}

async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_millis(700)).await;
    "slow"
}

async fn ticks() -> Response {
    let ticks = futures_util::stream::unfold(0, async |n| {
        if n > 0 {
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
        (n < 3).then(|| (Ok::<_, std::io::Error>(format!("{n}\n")), n + 1))
    });
    Body::from_stream(ticks).into_response()
}

async fn panics() {
    let nothing: Option<()> = None;
    #[expect(clippy::expect_used, reason = "what panics is under test")]
    nothing.expect("a secret");
}

#[tokio::main]
async fn main() -> Result<()> {
    let router = Router::new()
        .route("/slow", get(slow))
        .route("/ticks", get(ticks))
        .route("/panic", get(panics))
        .route("/echo", post(|body: Bytes| async { body }));
    let routes = Routes::new().and::<hello, ()>(PhantomData);
    App::new().about("An app under test.\n\nTry:\n  curl localhost:3000/hello").merge(router).routes(routes).run().await
}
