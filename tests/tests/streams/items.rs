//! `#[validate(response)]` on streams: each item is checked.

use lift::prelude::*;

use crate::app::serve_app;
use crate::client::{self, Http};

#[derive(Clone, Serialize, Deserialize, JsonSchema, Validate)]
struct Line {
    #[schemars(range(max = 100))]
    qty: u32,
}

#[derive(Clone, Serialize, JsonSchema)]
struct Foreign {
    #[schemars(range(max = 100))]
    secret_qty: u32,
}

#[get("/{wrong_at}")]
#[validate(response)]
#[stream]
async fn checked(Path(wrong_at): Path<u32>) -> Result<Line> {
    for n in 1..=3 {
        emit!(Line { qty: if n == wrong_at { 101 } else { n } });
    }
}

#[get("/events/{wrong_at}")]
#[validate(response)]
#[stream(sse)]
async fn events(Path(wrong_at): Path<u32>) -> Result<Event<Foreign>> {
    emit!(Event::only_comment("nothing to check"));
    for n in 1..=3 {
        emit!(Event::new(Foreign { secret_qty: if n == wrong_at { 101 } else { n } }).id(n));
    }
}

#[get("/returned/{wrong_at}")]
#[stream(ndjson)]
#[validate(response)]
async fn returned(Path(wrong_at): Path<u32>) -> impl lift::stream::Stream<Item = Line> {
    lift::stream::iter((1..=3).map(move |n| Line { qty: if n == wrong_at { 101 } else { n } }))
}

#[get("/logged/{wrong_at}")]
#[stream(ndjson)]
#[validate(response = "log")]
async fn logged(Path(wrong_at): Path<u32>) -> Result<Line> {
    for n in 1..=3 {
        emit!(Line { qty: if n == wrong_at { 101 } else { n } });
    }
}

/// The status and the text of an answer, whether or not it breaks off.
async fn get(path: &str) -> (u16, String) {
    let app = App::new().routes(routes![checked, events, returned, logged]);
    let (address, _stop, _) = serve_app(app).await;
    let mut answer = client::get(Http::One, address, path).await;
    (answer.status, answer.rest().await.0)
}

#[tokio::test]
async fn right_items_pass() {
    let lines = "{\"qty\":1}\n{\"qty\":2}\n{\"qty\":3}\n";
    for path in ["/0", "/returned/0", "/logged/0"] {
        assert_eq!(get(path).await, (200, lines.to_owned()), "{path}");
    }
    let (status, events) = get("/events/0").await;
    assert_eq!(status, 200);
    assert!(events.contains("data: {\"secret_qty\":3}\n\n") && !events.contains("problem"), "{events}");
}

#[tokio::test]
async fn a_wrong_item_ends_its_stream_and_tells_the_client_nothing_else() {
    for (path, before) in [
        ("/3", "{\"qty\":2}\n{\"error\":{"),
        ("/returned/3", "{\"qty\":2}\n{\"error\":{"),
        ("/events/3", "data: {\"secret_qty\":2}\n\nevent: problem\ndata: {"),
    ] {
        let (status, all) = get(path).await;
        assert_eq!(status, 200, "{path}: {all}");
        assert!(all.contains(before) && all.contains("\"code\":\"internal\""), "{path}: {all}");
        // A request id may hold the digits of the value.
        assert!(
            !all.contains(":101") && !all.contains("maximum") && !all.contains("errors"),
            "{path}: {all}"
        );
    }
    // Before anything was sent it is the answer's status.
    for path in ["/1", "/returned/1"] {
        let (status, all) = get(path).await;
        assert_eq!(status, 500, "{path}: {all}");
    }
}

#[tokio::test]
async fn a_wrong_item_is_let_through_where_it_is_only_logged() {
    assert_eq!(get("/logged/2").await, (200, "{\"qty\":1}\n{\"qty\":101}\n{\"qty\":3}\n".to_owned()));
}
