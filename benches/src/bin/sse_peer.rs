//! S1's peer: an event a second by axum's `Sse`, with tokio's interval or Lift's. It prints the address it listens at.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::time::Duration;

use axum::Router;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use axum::routing::get;
use axum::serve::ListenerExt as _;
use benches::tick::Tick;
use futures_util::stream::{iter, unfold};
use futures_util::{Stream, StreamExt as _};
use tokio::net::TcpListener;
use tokio::time::{Instant, interval};

async fn ticks() -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let ticks = unfold((interval(Duration::from_secs(1)), 1), |(mut interval, n)| async move {
        let due = interval.tick().await;
        Some((event(n, due), (interval, n + 1)))
    });
    Sse::new(ticks).keep_alive(KeepAlive::default())
}

async fn by_lift() -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let ticks = lift::stream::interval(Duration::from_secs(1)).zip(iter(1..)).map(|(due, n)| event(n, due));
    Sse::new(ticks).keep_alive(KeepAlive::default())
}

fn event(n: u64, due: Instant) -> Result<Event, Infallible> {
    Ok(Event::default().id(n.to_string()).json_data(Tick::due(n, due)).unwrap_or_default())
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, Router::new().route("/ticks", get(ticks)).route("/lift", get(by_lift))).await
}
