//! S1: an event a second by `#[stream(sse)]`, with Lift's interval or tokio's; S3: the same from a `Hub`. It prints the
//! address it listens at.
//!
//! ```text
//! sse_lift [WORKERS]
//! ```

use std::net::Ipv4Addr;
use std::time::Duration;

use benches::tick::Tick;
use lift::prelude::*;
use lift::stream::{Hub, Subscription, interval};
use tokio::net::TcpListener;

#[get("/ticks")]
#[stream(sse)]
async fn ticks() -> Result<Event<Tick>> {
    let mut interval = interval(Duration::from_secs(1));
    let first = interval.tick().await;
    let mut due = first;
    loop {
        // One that was left out would be missed.
        let n = (due - first).as_secs() + 1;
        emit!(Event::new(Tick::due(n, due)).id(n));
        due = interval.tick().await;
    }
}

#[get("/tokio")]
#[stream(sse)]
async fn by_tokio() -> Result<Event<Tick>> {
    let mut interval = tokio::time::interval(Duration::from_secs(1));
    for n in 1.. {
        let due = interval.tick().await;
        emit!(Event::new(Tick::due(n, due)).id(n));
    }
}

#[get("/hub")]
#[stream(sse)]
async fn hub(State(hub): State<Hub<Tick>>, resume: LastEventId) -> Result<Subscription<Tick>> {
    hub.subscribe("ticks", &resume).await
}

async fn publish(hub: Hub<Tick>) -> Result<()> {
    let mut interval = interval(Duration::from_secs(1));
    for n in 1.. {
        let due = interval.tick().await;
        hub.publish("ticks", Tick::due(n, due)).await?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", listener.local_addr()?);
    let ticks_for_all = Hub::new();
    tokio::spawn(publish(ticks_for_all.clone()));
    let workers = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(0);
    let app = App::new().workers(workers).state(ticks_for_all).routes(routes![ticks, by_tokio, hub]);
    app.serve(listener, std::future::pending()).await
}
