//! S2's peer: a million rows that a body joins by hand, served by axum. It prints the address it listens at.

use std::net::Ipv4Addr;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use axum::serve::ListenerExt as _;
use benches::rows::{Joined, MILLION, products};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let rows =
        get(|| async { ([("content-type", "application/x-ndjson")], Body::new(Joined(products(MILLION)))) });
    axum::serve(listener, Router::new().route("/rows", rows)).await
}
