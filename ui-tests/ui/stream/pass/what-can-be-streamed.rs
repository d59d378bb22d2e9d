//! `emit!` wherever a statement may stand, and streams that are returned.

#![deny(warnings)]

use axum::body::Bytes;
use futures_core::Stream;
use lift::prelude::*;
use lift::stream::{Hub, Subscription};

#[derive(Serialize)]
struct Tick {
    n: u32,
}

#[derive(Deserialize)]
struct Count {
    to: u32,
}

#[get("/loop")]
#[stream(sse, keep_alive = "15s", buffer = 8, retry = "2s")]
async fn endless(mut resume: LastEventId) -> Result<Event<Tick>> {
    let mut n = resume.take_number();
    loop {
        n += 1;
        emit!(Event::new(Tick { n }).id(n));
    }
}

trait TakeNumber {
    fn take_number(&mut self) -> u32;
}

impl TakeNumber for LastEventId {
    fn take_number(&mut self) -> u32 {
        0
    }
}

#[get("/everywhere")]
#[stream(ndjson, chunk = "16KiB", item_timeout = "10s", max_duration = "5m", open_after = "0ms")]
#[tracing::instrument(skip_all)]
async fn everywhere(Query(Count { to }): Query<Count>) -> Result<Tick> {
    let text: u32 = "1".parse()?;
    if to == 0 {
        return Ok(());
    } else if to > 100 {
        return Err(Error::bad_request("too many"));
    }
    for n in 0..to {
        match n % 3 {
            0 => emit!(Tick { n }),
            1 => {
                let inner = async { emit!(Tick { n }) };
                inner.await;
            }
            _ => tokio::select! {
                () = std::future::ready(()) => emit!(Tick { n }),
                () = std::future::pending() => return Err(Error::conflict("never")),
            },
        }
    }
    emit!(Tick { n: text },)
}

#[get("/moved")]
#[stream(bytes, content_type = "text/csv")]
async fn from_blocks_that_move(count: Query<Count>) -> Result<String> {
    async move {
        emit!(count.0.to.to_string());
        async move { emit!("last".to_owned()) }.await;
    }
    .await;
    emit!("after".to_owned());
}

#[get("/endings/1")]
#[stream]
async fn ends_with_a_result() -> Result<u32, Error> {
    emit!(1);
    Ok(())
}

#[get("/endings/2")]
#[stream]
async fn ends_with_a_match(count: Query<Count>) -> Result<u32> {
    match count.0.to {
        0 => Err(Error::conflict("nothing")),
        n => {
            emit!(n);
            Ok(())
        }
    }
}

#[get("/endings/3")]
#[stream]
async fn ends_with_an_if(count: Query<Count>) -> Result<u32> {
    if count.0.to > 1 {
        emit!(2)
    } else {
        emit!(1)
    }
}

#[get("/endings/4")]
#[stream]
async fn ends_by_returning(count: Query<Count>) -> Result<u32> {
    match count.0.to {
        0 => return Ok(()),
        1 => return Err(Error::conflict("one")),
        n => emit!(n),
    }
    return Ok(());
}

#[get("/endings/5")]
#[stream]
async fn never_ends(count: Query<Count>) -> Result<u32> {
    emit!(1);
    match count.0.to {
        0 => return Ok(()),
        _ => return Err(Error::conflict("one")),
    }
}

#[get("/returned/1")]
#[stream(ndjson)]
async fn returned(Query(count): Query<Count>) -> impl Stream<Item = Tick> {
    lift::stream::stream! {
        for n in 0..count.to {
            yield Tick { n };
        }
    }
}

#[get("/returned/2")]
#[stream(bytes)]
async fn opened(count: Query<Count>) -> Result<impl Stream<Item = Result<Bytes>>> {
    if count.0.to == 0 {
        return Err(Error::bad_request("nothing"));
    }
    Ok(lift::try_stream! {
        yield Bytes::from_static(b"piece");
    })
}

#[derive(Serialize, JsonSchema, Validate)]
struct Checked {
    #[schemars(range(max = 100))]
    qty: u32,
}

#[get("/checked/1")]
#[stream]
#[validate(response)]
async fn checked_items() -> Result<Checked> {
    emit!(Checked { qty: 1 });
}

#[get("/checked/2")]
#[validate(response = "log", sample = 0.1)]
#[stream(sse)]
async fn checked_events() -> Result<Event<Checked>> {
    emit!(Event::new(Checked { qty: 1 }));
}

#[get("/checked/3")]
#[validate(response)]
#[stream(ndjson)]
async fn checked_and_returned() -> impl Stream<Item = Checked> {
    lift::stream::iter([Checked { qty: 1 }])
}

#[get("/hub")]
#[stream(sse)]
async fn from_a_hub(hub: State<Hub<Tick>>, resume: LastEventId) -> Result<Subscription<Tick>> {
    hub.subscribe("ticks", &resume).await
}

fn main() {
    let app = App::new().state(Hub::<Tick>::new()).routes(routes![
        endless,
        everywhere,
        from_blocks_that_move,
        ends_with_a_result,
        ends_with_a_match,
        ends_with_an_if,
        ends_by_returning,
        never_ends,
        returned,
        opened,
        checked_items,
        checked_events,
        checked_and_returned,
        from_a_hub,
    ]);
    assert_eq!(app.endpoints().filter(|route| route.streamed).count(), 14);
}
