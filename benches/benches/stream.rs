//! S2: a row of NDJSON by `emit!`, and by a stream of async-stream, beside a body that joins rows by hand.
//!
//! First a million rows over a socket, from a server in a process of its own: what the bound is for. Then the producers
//! alone: each call serves 10,000 rows of 105 bytes or so from request to last frame, through the same axum router. All
//! figures are for one row.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use benches::rows::{Joined, MILLION, Product, products};
use benches::{Program, Row, built, compare, median, next_line};
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::BodyExt as _;
use lift::__private::stream::{Emitted, Encode, EncodeItem as _, Format, Options};
use lift::__private::{Call, Endpoint, PhantomData, Returned, Route, Routes};
use tower_service::Service;

const ROWS: usize = 10_000;

static OPTIONS: Options = Options::new(Format::Ndjson);
static SMALL: Options = Options::new(Format::Ndjson).buffer(32);

/// `emit!`, as `#[stream(ndjson)]` expands it.
fn emitting() -> Emitted<lift::Result<&'static Product>> {
    Emitted::new(|emitter| async move {
        let emitter = &emitter;
        for product in products(ROWS) {
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
                for product in products(ROWS) {
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

/// Downloads, of which the median is taken.
const DOWNLOADS: usize = 31;

/// Rows from two servers in turns.
fn over_a_socket() -> io::Result<()> {
    let (peer, mut said) = Program::start(&built("benches", "rows_peer")?, &[])?;
    let theirs = next_line(&mut said)?;
    let (lift, mut said) = Program::start(&built("benches", "rows_lift")?, &[])?;
    let ours = next_line(&mut said)?;
    // What the first ones bring into memory stays.
    let (mut peers, mut lifts) = (vec![downloaded(&theirs)?], vec![downloaded(&ours)?]);
    let before = lift.resident()?;
    for _ in 0..DOWNLOADS {
        peers.push(downloaded(&theirs)?);
        lifts.push(downloaded(&ours)?);
    }
    let row = Row { id: "S2", peer: median(&mut peers[1..]), lift: median(&mut lifts[1..]) };
    row.print("NDJSON, a million rows over a socket", "joined by hand, axum", 1.0 / 0.95);
    println!(
        "S2   resident after each: axum {:.0} KiB, lift {:.0} KiB",
        peer.resident()? / 1024.0,
        lift.resident()? / 1024.0
    );
    let grown = (lift.resident()? - before) / 1024.0;
    println!(
        "S2   of which {DOWNLOADS} more downloads have added {grown:.0} KiB to lift  (memory is to be flat)"
    );
    Ok(())
}

/// Nanoseconds a row, from the request to the end of the answer.
fn downloaded(address: &str) -> io::Result<f64> {
    let mut socket = TcpStream::connect(address)?;
    let start = Instant::now();
    socket.write_all(b"GET /rows HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let (mut buf, mut rows) = (vec![0; 256 * 1024], 0);
    loop {
        let read = socket.read(&mut buf)?;
        if read == 0 {
            break;
        }
        rows += buf[..read].iter().map(|byte| usize::from(*byte == b'{')).sum::<usize>();
    }
    let taken = start.elapsed().as_secs_f64() * 1e9;
    if rows != MILLION {
        return Err(io::Error::other(format!("{rows} rows have come")));
    }
    #[expect(clippy::cast_precision_loss, reason = "a million")]
    Ok(taken / rows as f64)
}

fn main() -> lift::Result<()> {
    over_a_socket()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let by_hand = axum::routing::get(|| async { Body::new(Joined(products(ROWS))) });
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
    measure("NDJSON row, emit!, buffer = 32 said", ("joined by hand", "/by-hand"), "/small");
    measure("NDJSON row, async-stream in Lift", ("joined by hand", "/by-hand"), "/yielded");
    Ok(())
}
