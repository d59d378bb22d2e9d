//! A row of NDJSON: what `emit!` costs beside a hand-written body, and beside async-stream.
//!
//! Each call serves 10,000 rows of 105 bytes or so from request to last frame, through the same axum router; the
//! figures are for one row.

use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use benches::{Row, compare};
use bytes::Bytes;
use http::{Method, Request};
use http_body::Frame;
use http_body_util::BodyExt as _;
use lift::__private::stream::{Emitted, Encode, EncodeItem as _, Format, Options};
use lift::__private::{Call, Endpoint, PhantomData, Returned, Route, Routes};
use serde::Serialize;
use tower_service::Service;

const ROWS: usize = 10_000;

#[derive(Serialize)]
struct Product {
    sku: String,
    name: String,
    price_cents: u32,
    category: &'static str,
    stock: u32,
    version: u32,
}

static CATALOG: LazyLock<Vec<Product>> = LazyLock::new(|| {
    let product = |n: u32| Product {
        sku: format!("SKU-{n:04}"),
        name: format!("Product {n}"),
        price_cents: 100 + 7 * n,
        category: ["books", "games", "garden", "music"][n as usize % 4],
        stock: 100,
        version: 1,
    };
    (1..=1000).map(product).collect()
});

fn products() -> impl Iterator<Item = &'static Product> + Send {
    CATALOG.iter().cycle().take(ROWS)
}

/// What one writes by hand: rows joined into 16 KiB.
struct Joined<I>(I);

impl<I: Iterator<Item = &'static Product> + Unpin> http_body::Body for Joined<I> {
    type Data = Bytes;
    type Error = serde_json::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let mut chunk = Vec::with_capacity(17 * 1024);
        while chunk.len() < 16 * 1024 {
            let Some(product) = self.0.next() else { break };
            serde_json::to_writer(&mut chunk, product)?;
            chunk.push(b'\n');
        }
        Poll::Ready((!chunk.is_empty()).then(|| Ok(Frame::data(Bytes::from(chunk)))))
    }
}

static OPTIONS: Options = Options::new(Format::Ndjson);
static SMALL: Options = Options::new(Format::Ndjson).buffer(32);

/// `emit!`, as `#[stream(ndjson)]` expands it.
fn emitting() -> Emitted<lift::Result<&'static Product>> {
    Emitted::new(|emitter| async move {
        let emitter = &emitter;
        for product in products() {
            emitter.send(product).await;
        }
        Ok(())
    })
}

struct Emitting {}

impl Endpoint<(), ()> for Emitting {
    const ROUTE: &'static Route = &Route::new(Method::GET, "/emitted", "emitted").streamed();
    async fn serve(call: Call<()>) -> Response {
        call.stream_emitted(&OPTIONS, (), |()| emitting(), |item, wire, out| Encode(item).write(wire, out))
            .await
    }
}

struct EmittingSmall {}

impl Endpoint<(), ()> for EmittingSmall {
    const ROUTE: &'static Route = &Route::new(Method::GET, "/small", "small").streamed();
    async fn serve(call: Call<()>) -> Response {
        call.stream_emitted(&SMALL, (), |()| emitting(), |item, wire, out| Encode(item).write(wire, out))
            .await
    }
}

/// async-stream under the same route.
struct Yielding {}

impl Endpoint<(), ()> for Yielding {
    const ROUTE: &'static Route = &Route::new(Method::GET, "/yielded", "yielded").streamed();
    async fn serve(call: Call<()>) -> Response {
        let yielded = || {
            async_stream::try_stream! {
                for product in products() {
                    yield product;
                }
            }
        };
        call.stream_opened(
            &OPTIONS,
            (),
            |()| async move { Ok::<_, std::convert::Infallible>(yielded()) },
            |item: lift::Result<&'static Product>| Returned(item).split(),
            |item, wire, out| Encode(item).write(wire, out),
        )
        .await
    }
}

async fn drained(router: &mut Router, path: &'static str) -> usize {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = http::Uri::from_static(path);
    let response = match router.as_service::<Body>().call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let mut body = response.into_body();
    let mut bytes = 0;
    while let Some(Ok(frame)) = body.frame().await {
        bytes += frame.data_ref().map_or(0, Bytes::len);
    }
    bytes
}

fn main() -> lift::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let by_hand = axum::routing::get(|| async { Body::new(Joined(products())) });
    let routes = Routes::new()
        .and(PhantomData::<Emitting>)
        .and(PhantomData::<EmittingSmall>)
        .and(PhantomData::<Yielding>);
    let app = lift::App::new().merge(Router::new().route("/by-hand", by_hand)).routes(routes);
    let router = app.into_router()?;
    let measure = |what: &str, peer: (&str, &'static str), path: &'static str| {
        let (mut theirs, mut ours) = (router.clone(), router.clone());
        let lengths =
            runtime.block_on(async { (drained(&mut theirs, peer.1).await, drained(&mut ours, path).await) });
        assert_eq!(lengths.0, lengths.1, "both serve the same");
        let row = compare(
            "S2",
            || runtime.block_on(drained(&mut theirs, peer.1)),
            || runtime.block_on(drained(&mut ours, path)),
        );
        #[expect(clippy::cast_precision_loss, reason = "ten thousand")]
        let rows = ROWS as f64;
        Row { id: row.id, peer: row.peer / rows, lift: row.lift / rows }.print(what, peer.0, 1.0 / 0.95);
    };
    measure("NDJSON row, emit!", ("joined by hand", "/by-hand"), "/emitted");
    measure("NDJSON row, emit!", ("async-stream in Lift", "/yielded"), "/emitted");
    measure("NDJSON row, emit!, buffer = 32 said", ("joined by hand", "/by-hand"), "/small");
    Ok(())
}
