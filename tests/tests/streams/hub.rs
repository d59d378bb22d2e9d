//! A hub behind routes, over real sockets.

use lift::prelude::*;
use lift::stream::{Hub, Subscription};
use lift::test::TestApp;

use crate::app::serve_app;
use crate::client::{BOTH, get};

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Said {
    text: String,
}

#[get("/rooms/{room}/events")]
#[stream(sse)]
async fn listen(
    Path(room): Path<String>,
    resume: LastEventId,
    State(hub): State<Hub<Said>>,
) -> Result<Subscription<Said>> {
    hub.subscribe(&room, &resume).await
}

#[get("/rooms/{room}/lines")]
#[stream(ndjson)]
async fn lines(Path(room): Path<String>, State(hub): State<Hub<Said>>) -> Result<Subscription<Said>> {
    hub.subscribe(&room, &LastEventId::default()).await
}

/// What is said loudly, and nothing else.
#[get("/rooms/{room}/loud")]
#[stream(sse)]
async fn loud(
    Path(room): Path<String>,
    State(hub): State<Hub<Said>>,
) -> Result<lift::stream::Published<Said>> {
    use futures_util::StreamExt as _;
    let mut all = hub.subscribe(&room, &LastEventId::default()).await?;
    while let Some(event) = all.next().await {
        let event = event?;
        if event.json().ends_with(b"!\"}") {
            emit!(event);
        }
    }
}

#[post("/rooms/{room}")]
async fn say(Path(room): Path<String>, State(hub): State<Hub<Said>>, said: Json<Said>) -> Result<()> {
    hub.publish(&room, Event::new(said.0).event("said")).await
}

fn app(hub: &Hub<Said>) -> App<Hub<Said>> {
    App::new().state(hub.clone()).routes(routes![listen, lines, loud, say])
}

#[tokio::test]
async fn what_is_said_reaches_every_format_on_every_http() {
    let hub = Hub::new();
    let (address, _stop, _) = serve_app(app(&hub)).await;
    let mut clients = Vec::new();
    for http in BOTH {
        clients.push((
            get(http, address, "/rooms/blue/events").await,
            "event: said\ndata: {\"text\":\"hello!\"}\n\n",
        ));
        clients.push((get(http, address, "/rooms/blue/lines").await, "{\"text\":\"hello!\"}\n"));
        clients.push((
            get(http, address, "/rooms/blue/loud").await,
            "event: said\ndata: {\"text\":\"hello!\"}\n\n",
        ));
    }
    let test = TestApp::new(app(&hub));
    for text in ["hello", "hello!"] {
        let said = test.post("/rooms/blue").json(&Said { text: text.into() }).send().await;
        assert_eq!(said.status, 200);
    }
    for (client, expected) in &mut clients {
        let mut all = String::new();
        while !all.ends_with(*expected) {
            let piece = client.next().await.expect("more").expect("well");
            all.push_str(&String::from_utf8_lossy(&piece));
        }
    }
}
