//! Every ending, on every format.

use super::*;
use crate::error::Error;
use crate::stream::expansion::Format;

static OPTIONS: [Options; 3] = [
    Options::new(Format::Sse).keep_alive(0).item_timeout(10_000).max_duration(60_000),
    Options::new(Format::Ndjson).item_timeout(10_000).max_duration(60_000),
    Options::new(Format::Bytes).item_timeout(10_000).max_duration(60_000),
];

const PATHS: [&str; 3] = ["/probe", "/probe", "/raw"];

#[derive(Clone, Copy, Debug)]
enum Midway {
    Ends,
    Fails,
    Panics,
    HidesItsCause,
    Stalls,
    NeverEnds,
}

/// One item, and then the ending.
fn ending(options: &'static Options, midway: Midway) -> Script {
    script(options, move |emitter| async move {
        emitter.send(item(1)).await;
        match midway {
            Midway::Ends => {}
            Midway::Fails => return Err(Error::conflict("it was moved")),
            Midway::Panics => panic!("midway"),
            Midway::HidesItsCause => return Err(Error::internal("secret cause")),
            Midway::Stalls => std::future::pending().await,
            Midway::NeverEnds => loop {
                tokio::time::sleep(millis(9_000)).await;
                emitter.send(item(2)).await;
            },
        }
        Ok(())
    })
}

async fn ended(format: usize, midway: Midway) -> Read {
    let response = get(PATHS[format], ending(&OPTIONS[format], midway)).await;
    let id = header(&response, "x-request-id").unwrap_or_default().to_owned();
    let mut read = read(response).await;
    read.text = read.text.replace(&id, "ID");
    read
}

/// What each format says about a problem.
async fn check_problem(midway: Midway, problem: &str) {
    let expected = [
        (format!("data: 1\n\nevent: problem\ndata: {problem}\n\n"), false),
        (format!("1\n{{\"error\":{problem}}}\n"), true),
        ("1".to_owned(), true),
    ];
    for (format, (text, aborted)) in expected.into_iter().enumerate() {
        assert_eq!(ended(format, midway).await, Read { status: StatusCode::OK, text, aborted }, "{midway:?}");
    }
}

fn problem(code: &str, title: &str, status: u16, detail: &str) -> String {
    format!(
        "{{\"type\":\"urn:lift:{code}\",\"title\":\"{title}\",\"status\":{status},\"code\":\"{code}\",\
         \"detail\":\"{detail}\",\"request_id\":\"ID\"}}"
    )
}

#[tokio::test(start_paused = true)]
async fn the_end_is_the_end() {
    for (format, text) in ["data: 1\n\n", "1\n", "1"].into_iter().enumerate() {
        let text = text.to_owned();
        assert_eq!(ended(format, Midway::Ends).await, Read { status: StatusCode::OK, text, aborted: false });
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_is_the_formats_ending() {
    check_problem(Midway::Fails, &problem("conflict", "Conflict", 409, "it was moved")).await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_and_a_secret_cause_are_internal() {
    let detail = "Something went wrong on our side; the request id finds it in our logs.";
    let internal = problem("internal", "Internal Server Error", 500, detail);
    check_problem(Midway::Panics, &internal).await;
    check_problem(Midway::HidesItsCause, &internal).await;
}

#[tokio::test(start_paused = true)]
async fn an_item_that_is_late_is_a_problem() {
    let start = Instant::now();
    let detail = "The next item was not ready in time.";
    check_problem(Midway::Stalls, &problem("item_timeout", "Gateway Timeout", 504, detail)).await;
    // Three formats, of which two linger before they abort.
    assert!((30_200..30_220).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_time_is_up() {
    let detail = "The stream has lasted as long as it may.";
    let problem = problem("max_duration", "Service Unavailable", 503, detail);
    let expected = [
        (format!("data: 1\n\n{}retry: 1000\n\n", "data: 2\n\n".repeat(6)), false),
        (format!("1\n{}{{\"error\":{problem}}}\n", "2\n".repeat(6)), true),
        ("1222222".to_owned(), true),
    ];
    for (format, (text, aborted)) in expected.into_iter().enumerate() {
        let start = Instant::now();
        assert_eq!(ended(format, Midway::NeverEnds).await, Read { status: StatusCode::OK, text, aborted });
        assert!((60_000..=60_110).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_producer_that_never_pauses_is_cut_too() {
    static ENDLESS: Options = Options::new(Format::Sse).max_duration(50);
    let endless = script(&ENDLESS, |emitter| async move {
        loop {
            emitter.send(item(1)).await;
        }
    });
    let mut body = get("/probe", endless).await.into_body();
    assert!(next(&mut body).await.ends_with("data: 1\n\n"));
    tokio::time::advance(millis(50)).await;
    assert_eq!(next(&mut body).await, "retry: 1000\n\n");
    assert!(body.frame().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn shutdown_ends_every_open_stream() {
    let detail = "The server is going down; come back.";
    let problem = problem("shutting_down", "Service Unavailable", 503, detail);
    let expected = [
        ("data: 1\n\nretry: 1000\n\n".to_owned(), false),
        (format!("1\n{{\"error\":{problem}}}\n"), true),
        ("1".to_owned(), true),
    ];
    for (format, (text, aborted)) in expected.into_iter().enumerate() {
        let (mut router, shutdown) = app(ending(&OPTIONS[format], Midway::Stalls));
        let response = send(&mut router, request(PATHS[format])).await;
        let id = header(&response, "x-request-id").unwrap_or_default().to_owned();
        let reader = tokio::spawn(read(response));
        tokio::time::sleep(millis(1000)).await;
        assert!(!reader.is_finished());
        let start = Instant::now();
        shutdown.begin();
        let mut read =
            reader.await.unwrap_or(Read { status: StatusCode::OK, text: String::new(), aborted: false });
        read.text = read.text.replace(&id, "ID");
        assert_eq!(read, Read { status: StatusCode::OK, text, aborted });
        assert!(start.elapsed() <= millis(101), "{:?}", start.elapsed());
        // One that is opened now: a browser is told when to come back, others get an answer that says it.
        let response = send(&mut router, request(PATHS[format])).await;
        let expected = if format == 0 { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        assert_eq!(response.status(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn on_lambda_a_stream_ends_before_the_deadline_and_never_with_an_error() {
    let expected = ["data: 1\n\nretry: 1000\n\n", "1\n{\"error\":", "1"];
    for (format, text) in expected.into_iter().enumerate() {
        let start = Instant::now();
        let (mut router, _) = app(ending(&OPTIONS[format], Midway::Stalls));
        let request = on_lambda(PATHS[format], millis(3000), false);
        let read = read(send(&mut router, request).await).await;
        assert!(read.text.starts_with(text) && !read.aborted, "{read:?}");
        assert!((2500..=2501).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn half_an_item_never_leaves() {
    struct Half;
    impl serde::Serialize for Half {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            use serde::ser::{Error as _, SerializeSeq as _};
            let mut sequence = serializer.serialize_seq(None)?;
            sequence.serialize_element(&1)?;
            Err(S::Error::custom("no more"))
        }
    }
    struct Broken {}
    impl Endpoint<(), ()> for Broken {
        const ROUTE: &'static Route = &Route::new(Method::GET, "/broken", "broken").streamed();
        async fn serve(call: Call<()>) -> Response {
            let emitted = |()| {
                Emitted::<Result<Option<Half>>>::new(|emitter| async move {
                    emitter.send(None).await;
                    emitter.send(Some(Half)).await;
                    emitter.send(None).await;
                    Ok(())
                })
            };
            call.stream_emitted(&OPTIONS[1], (), emitted, |item, format, out| Encode(item).write(format, out))
                .await
        }
    }
    let app = App::new().routes(Routes::new().and(PhantomData::<Broken>));
    let mut router = app.into_router().unwrap_or_default();
    let read = read(send(&mut router, request("/broken")).await).await;
    assert!(read.text.starts_with("null\n{\"error\":{\"type\":\"urn:lift:internal\""), "{read:?}");
    assert!(read.aborted && !read.text.contains("[1"));
}
