//! `Emitted` as a plain stream: what a unit test of a handler sees.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _, join};

use super::*;
use crate::error::Error;
use futures_core::FusedStream as _;

type Numbers = Emitted<Result<u32>>;

async fn all(emitted: Numbers) -> Vec<Result<u32, String>> {
    emitted.map(|item| item.map_err(|error| error.code().to_owned())).collect().await
}

fn numbers(numbers: impl IntoIterator<Item = u32>) -> Vec<Result<u32, String>> {
    numbers.into_iter().map(Ok).collect()
}

#[tokio::test]
async fn items_come_in_order_then_the_error() {
    let emitted = Numbers::new(|emitter| async move {
        let emitter = &emitter;
        for n in 0..3 {
            emitter.send(n).await;
        }
        let text: &str = "four";
        match text.parse::<u32>() {
            Ok(n) => emitter.send(n).await,
            Err(_) => Err(Error::bad_request("not a number"))?,
        }
        Ok(())
    });
    let mut expected = numbers(0..3);
    expected.push(Err("bad_request".to_owned()));
    assert_eq!(all(emitted).await, expected);
}

#[tokio::test]
async fn nothing_runs_ahead_of_the_item_that_was_asked_for() {
    let made = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&made);
    let mut emitted = Numbers::new(|emitter| async move {
        loop {
            emitter.send(count.fetch_add(1, Ordering::Relaxed)).await;
        }
    });
    assert_eq!(made.load(Ordering::Relaxed), 0);
    for n in 0..5 {
        assert_eq!(emitted.next().await.and_then(Result::ok), Some(n));
        assert_eq!(made.load(Ordering::Relaxed), n + 1);
    }
}

#[tokio::test]
async fn it_may_be_awaited_anywhere() {
    let emitted = Numbers::new(|emitter| async move {
        let emitter = &emitter;
        let some = |from: u32| async move {
            for n in from..from + 3 {
                emitter.send(n).await;
            }
        };
        join!(some(0), some(10));
        let mut unordered: FuturesUnordered<_> = [20, 30].into_iter().map(some).collect();
        while unordered.next().await.is_some() {}
        tokio::select! {
            () = async move { emitter.send(40).await } => {}
            () = std::future::pending() => {}
        }
        let nested = async move { emitter.send(41).await };
        nested.await;
        Ok(())
    });
    let mut items: Vec<_> = all(emitted).await.into_iter().filter_map(Result::ok).collect();
    assert_eq!(items.split_off(items.len() - 2), [40, 41]);
    // Two senders at once take turns.
    assert_eq!(items[..6], [0, 10, 1, 11, 2, 12]);
    items.sort_unstable();
    assert_eq!(items[6..], [20, 21, 22, 30, 31, 32]);
}

#[tokio::test]
async fn an_item_of_a_dropped_send_is_not_lost() {
    let emitted = Numbers::new(|emitter| async move {
        tokio::select! {
            biased;
            () = emitter.send(1) => {}
            () = std::future::ready(()) => {}
        }
        Ok(())
    });
    assert_eq!(all(emitted).await, numbers([1]));
}

#[tokio::test]
async fn a_task_may_emit_too() {
    let emitted = Numbers::new(|emitter| async move {
        let task = tokio::spawn(async move {
            for n in 0..100 {
                emitter.send(n).await;
            }
        });
        task.await?;
        Ok(())
    });
    assert_eq!(all(emitted).await, numbers(0..100));
}

#[tokio::test]
async fn it_is_fused_also_after_a_panic() {
    let mut emitted = Numbers::new(|emitter| async move {
        emitter.send(1).await;
        panic!("midway");
    });
    assert!(emitted.next().await.is_some());
    assert!(!emitted.is_terminated());
    assert!(AssertUnwindSafe(emitted.next()).catch_unwind().await.is_err());
    assert!(emitted.next().await.is_none());
    assert!(emitted.is_terminated());
}

#[tokio::test]
async fn an_item_may_be_borrowed_from_what_is_static() {
    struct Borrowing {}
    impl Endpoint<(), ()> for Borrowing {
        const ROUTE: &'static Route = &Route::new(Method::GET, "/emitted", "emitted").streamed();
        async fn serve(call: Call<()>) -> Response {
            call.stream_emitted(
                &OPTIONS,
                (),
                |()| {
                    Emitted::<Result<&'static str>>::new(|emitter| async move {
                        emitter.send("one").await;
                        Ok(())
                    })
                },
                |item, format, out| Encode(item).write(format, out),
            )
            .await
        }
    }
    struct Returned {}
    impl Endpoint<(), ()> for Returned {
        const ROUTE: &'static Route = &Route::new(Method::GET, "/returned", "returned").streamed();
        async fn serve(call: Call<()>) -> Response {
            call.stream_opened(
                &OPTIONS,
                (),
                |()| async { crate::private::Returned(futures_util::stream::iter(["one"])).split() },
                |item| crate::private::Returned(item).split(),
                |item, format, out| Encode(item).write(format, out),
            )
            .await
        }
    }
    static OPTIONS: Options = Options::new(crate::stream::expansion::Format::Ndjson);
    let routes = Routes::new().and(PhantomData::<Borrowing>).and(PhantomData::<Returned>);
    let mut router = App::new().routes(routes).into_router().unwrap_or_default();
    for path in ["/emitted", "/returned"] {
        assert_eq!(read(send(&mut router, request(path)).await).await.text, "\"one\"\n");
    }
}
