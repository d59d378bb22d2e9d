//! Whose items go into which chunk: where producers poll one another, and where items come from other tasks.

use futures_util::FutureExt as _;

use super::*;
use crate::stream::expansion::{EncodeItem as _, Format};

static LINES: Options = Options::new(Format::Ndjson);

/// An endless stream's text, as far as it comes without waiting.
fn polled(router: &mut Router, path: &str) -> String {
    let response = send(router, request(path)).now_or_never().expect("an answer");
    let text = read(response).now_or_never().expect("its end").text;
    text.replace('\n', " ")
}

#[tokio::test]
async fn a_producer_may_read_another_route() {
    let inner = script(&LINES, |emitter| async move {
        for n in 0..3 {
            emitter.send(item(n)).await;
        }
        Ok(())
    });
    let inner = app(inner).0;
    let outer = script(&LINES, move |emitter| {
        let mut inner = inner.clone();
        async move {
            emitter.send(item(7)).await;
            let text = polled(&mut inner, "/probe");
            emitter.send(Event::new(json!(text))).await;
            emitter.send(item(8)).await;
            Ok(())
        }
    });
    let read = read(get("/probe", outer).await).await;
    assert_eq!(read.text, "7\n\"0 1 2 \"\n8\n");
}

#[tokio::test]
async fn an_item_may_read_another_route_while_it_is_written() {
    struct Reading(Router);
    impl serde::Serialize for Reading {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_str(&polled(&mut self.0.clone(), "/probe"))
        }
    }
    struct Outer {}
    impl Endpoint<Router, ()> for Outer {
        const ROUTE: &'static Route = &Route::new(Method::GET, "/outer", "outer").streamed();
        async fn serve(call: Call<Router>) -> Response {
            let emitted = |inner: Router| {
                Emitted::<Result<Option<Reading>>>::new(|emitter| async move {
                    emitter.send(None).await;
                    emitter.send(Some(Reading(inner))).await;
                    emitter.send(None).await;
                    Ok(())
                })
            };
            let inner = call.state.clone();
            call.stream_emitted(&LINES, inner, emitted, |item, format, out| Encode(item).write(format, out))
                .await
        }
    }
    let inner = script(&LINES, |emitter| async move {
        for n in 0..3 {
            emitter.send(item(n)).await;
        }
        Ok(())
    });
    let app = App::new().state(app(inner).0).routes(Routes::new().and(PhantomData::<Outer>));
    let mut router = app.into_router().expect("the routes are unique");
    assert_eq!(read(send(&mut router, request("/outer")).await).await.text, "null\n\"0 1 2 \"\nnull\n");
}

#[tokio::test]
async fn no_item_overtakes_one_that_waits() {
    type Outer = Arc<std::sync::OnceLock<Emitter<Event<Value>>>>;
    let emitter = Outer::default();
    let of_outer = Arc::clone(&emitter);
    let inner = script(&LINES, move |_| {
        let outer = Arc::clone(&of_outer);
        async move {
            outer.get().expect("it is there").send(item(1)).await;
            Ok(())
        }
    });
    let inner = app(inner).0;
    let outer = script(&LINES, move |own| {
        let emitter = Arc::clone(&emitter);
        let mut inner = inner.clone();
        async move {
            let own = emitter.get_or_init(|| own);
            own.send(item(0)).await;
            // It waits for the outer stream, and is given up; its item is emitted.
            assert!(send(&mut inner, request("/probe")).now_or_never().is_none());
            own.send(item(2)).await;
            own.send(item(3)).await;
            Ok(())
        }
    });
    assert_eq!(read(get("/probe", outer).await).await.text, "0\n1\n2\n3\n");
}

#[tokio::test]
async fn of_an_item_that_panics_nothing_is_sent_though_its_producer_goes_on() {
    struct Panics;
    impl serde::Serialize for Panics {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            use serde::ser::SerializeSeq as _;
            let mut sequence = serializer.serialize_seq(None)?;
            sequence.serialize_element(&1)?;
            panic!("no more")
        }
    }
    struct Catching {}
    impl Endpoint<(), ()> for Catching {
        const ROUTE: &'static Route = &Route::new(Method::GET, "/catching", "catching").streamed();
        async fn serve(call: Call<()>) -> Response {
            let emitted = |()| {
                Emitted::<Result<Option<Panics>>>::new(|emitter| async move {
                    emitter.send(None).await;
                    let sending = std::panic::AssertUnwindSafe(emitter.send(Some(Panics)));
                    assert!(sending.catch_unwind().await.is_err());
                    emitter.send(None).await;
                    Ok(())
                })
            };
            call.stream_emitted(&LINES, (), emitted, |item, format, out| Encode(item).write(format, out))
                .await
        }
    }
    let app = App::new().routes(Routes::new().and(PhantomData::<Catching>));
    let mut router = app.into_router().expect("the routes are unique");
    assert_eq!(read(send(&mut router, request("/catching")).await).await.text, "null\nnull\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn items_of_other_tasks_keep_their_order() {
    const EACH: u64 = 2_000;
    let shared = script(&LINES, |emitter| async move {
        let emitter = Arc::new(emitter);
        let senders = (1..=3).map(|sender| {
            let emitter = Arc::clone(&emitter);
            tokio::spawn(async move {
                for n in 0..EACH {
                    emitter.send(item(sender * 10_000 + n)).await;
                }
            })
        });
        let senders: Vec<_> = senders.collect();
        for n in 0..EACH {
            emitter.send(item(n)).await;
        }
        for sender in senders {
            assert!(sender.await.is_ok());
        }
        Ok(())
    });
    let text = read(get("/probe", shared).await).await.text;
    let mut sent: Vec<Vec<u64>> = vec![Vec::new(); 4];
    for n in text.lines().filter_map(|line| line.parse::<u64>().ok()) {
        sent[usize::try_from(n / 10_000).expect("one of four")].push(n % 10_000);
    }
    for of_one in sent {
        assert!(of_one.into_iter().eq(0..EACH));
    }
}
