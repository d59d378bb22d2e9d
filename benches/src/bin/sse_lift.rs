//! S1: an event a second by `#[stream(sse)]`. It prints the address it listens at.

use std::net::Ipv4Addr;
use std::time::Duration;

use benches::tick::Tick;
use lift::prelude::*;
use tokio::net::TcpListener;
use tokio::time::interval;

#[get("/ticks")]
#[stream(sse)]
async fn ticks() -> Result<Event<Tick>> {
    let mut interval = interval(Duration::from_secs(1));
    for n in 1.. {
        let due = interval.tick().await;
        emit!(Event::new(Tick::due(n, due)).id(n));
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", listener.local_addr()?);
    App::new().routes(routes![ticks]).serve(listener, std::future::pending()).await
}
