//! A body that is asked as the local server asks it: again behind each frame, until it has nothing.

use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;

use tokio::sync::mpsc;

use super::*;
use crate::stream::expansion::Format;

static LINES: Options = Options::new(Format::Ndjson);
static SSE: Options = Options::new(Format::Sse).keep_alive(5_000);

/// A producer of what a test sends, and how often it was polled.
fn counted() -> (mpsc::UnboundedSender<u64>, Arc<AtomicU32>, Script) {
    let polls = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&polls);
    let (sender, Script { options, produce }) = channel(&LINES);
    let script = script(options, move |emitter| {
        let count = Arc::clone(&count);
        let mut producer = produce(emitter);
        std::future::poll_fn(move |cx| {
            count.fetch_add(1, Ordering::Relaxed);
            producer.as_mut().poll(cx)
        })
    });
    (sender, polls, script)
}

#[tokio::test(start_paused = true)]
async fn a_producer_is_polled_once_for_what_it_was_woken_for() {
    let (sender, polls, script) = counted();
    assert!(sender.send(0).is_ok());
    let body = get("/probe", script).await.into_body();
    let before = polls.load(Ordering::Relaxed);
    let reading = tokio::spawn(read_in_turns(body));
    for n in 1..=10 {
        tokio::time::sleep(millis(10)).await;
        assert!(sender.send(n).is_ok());
    }
    tokio::time::sleep(millis(10)).await;
    // Whoever opened the answer is another task: the first turn asks the producer once more.
    assert_eq!(polls.load(Ordering::Relaxed) - before, 11);
    drop(sender);
    let (text, aborted) = reading.await.expect("no panic");
    assert_eq!((text.lines().count(), aborted), (11, false));
}

#[tokio::test(start_paused = true)]
async fn what_wakes_it_in_the_turn_is_not_lost() {
    let yielding = script(&LINES, |emitter| async move {
        for n in 0..100 {
            emitter.send(item(n)).await;
            std::future::poll_fn({
                let mut woken = false;
                move |cx| {
                    if std::mem::replace(&mut woken, true) {
                        return Poll::Ready(());
                    }
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
            })
            .await;
        }
        Ok(())
    });
    let (text, aborted) = read_in_turns(get("/probe", yielding).await.into_body()).await;
    assert_eq!((text.lines().count(), aborted), (100, false));
}

#[tokio::test(start_paused = true)]
async fn silence_is_broken_and_the_shutdown_heard() {
    let (sender, script) = channel(&SSE);
    let (mut router, shutdown) = app(script);
    assert!(sender.send(0).is_ok());
    let body = send(&mut router, request("/probe")).await.into_body();
    let reading = tokio::spawn(read_in_turns(body));
    tokio::time::sleep(millis(6_000)).await;
    assert!(sender.send(1).is_ok());
    tokio::time::sleep(millis(11_000)).await;
    shutdown.begin();
    let (text, _) = reading.await.expect("no panic");
    assert_eq!(text, "data: 0\n\n:\n\ndata: 1\n\n:\n\n:\n\nretry: 1000\n\n");
}

#[tokio::test(start_paused = true)]
async fn silence_is_broken_also_where_the_task_has_had_its_share() {
    // tokio lets a task have 128 items at once; then it is told that there is none, and a timer that there is no time.
    for count in [126, 127, 128, 129, 255, 256, 400] {
        let (sender, script) = channel(&SSE);
        assert!(sender.send(0).is_ok());
        let body = get("/probe", script).await.into_body();
        (1..=count).for_each(|n| assert!(sender.send(n).is_ok()));
        let reading = tokio::spawn(read_in_turns(body));
        tokio::time::sleep(millis(6_000)).await;
        drop(sender);
        let (text, _) = reading.await.expect("no panic");
        assert!(text.ends_with(&format!("data: {count}\n\n:\n\n")), "{count}: {}", text.len());
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_is_not_another_bodys() {
    let endless = script(&LINES, |emitter| async move {
        emitter.send(item(0)).await;
        tokio::task::yield_now().await;
        loop {
            emitter.send(item(1)).await;
        }
    });
    // The answers of one poll may well lie in the same memory, one after the other.
    let answers = futures_util::stream::unfold((app(endless).0, 0), |(mut router, n)| async move {
        let mut body = send(&mut router, request("/probe")).await.into_body();
        let text = [next(&mut body).await, next(&mut body).await].concat();
        (n < 10).then(|| (Ok::<_, std::io::Error>(text[..4].to_owned()), (router, n + 1)))
    });
    let reading = read_in_turns(Body::from_stream(answers));
    let (text, aborted) = tokio::time::timeout(millis(5_000), reading).await.expect("an end");
    assert_eq!((text, aborted), ("0\n1\n".repeat(10), false));
}

/// All that a body sends.
async fn read_in_turns(mut body: Body) -> (String, bool) {
    let (mut text, mut aborted) = (Vec::new(), false);
    std::future::poll_fn(|cx| {
        crate::stream::turn(cx, |cx| {
            loop {
                match std::task::ready!(http_body::Body::poll_frame(Pin::new(&mut body), cx)) {
                    Some(Ok(frame)) => text.extend_from_slice(&frame.into_data().unwrap_or_default()),
                    Some(Err(_)) => aborted = true,
                    None => return Poll::Ready(()),
                }
            }
        })
    })
    .await;
    (String::from_utf8_lossy(&text).into_owned(), aborted)
}
