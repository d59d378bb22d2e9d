//! Sockets: what comes on one is compared, whoever and whatever made it come.

use lift::websocket::Message;
use serde_json::Value;

use super::*;

#[derive(Deserialize, JsonSchema, Validate)]
struct Say {
    #[schemars(length(min = 1))]
    text: String,
}

#[connect]
async fn join(conn: Connection, Path(room): Path<String>) -> Result<()> {
    conn.room(&room).join().await?;
    conn.room(&room).broadcast_to_others(&json!({ "joined": conn.id() })).await
}

#[disconnect]
async fn leave(conn: Connection, Path(room): Path<String>) -> Result<()> {
    conn.room(&room).broadcast_to_others(&json!({ "left": conn.id() })).await
}

#[websocket("/chat/{room}", connect = join, disconnect = leave)]
#[validate]
async fn chat(say: Say, conn: Connection, Path(room): Path<String>) -> Result<()> {
    conn.room(&room).broadcast(&json!({ "from": conn.id(), "text": say.text })).await
}

#[post("/rooms/{room}")]
async fn tell(connections: Connections, Path(room): Path<String>, Json(news): Json<Value>) -> Result<()> {
    connections.room(&room).send(&news).await?;
    connections.user("somebody").send(&news).await
}

fn app() -> App<()> {
    App::new().tenants(header()).caller(Caller::claim("sub"))
}

fn sampled<S>(isolation: Isolation<S>) -> Isolation<S> {
    isolation.sample("room", "blue").body("GET", "/chat/{room}", json!({ "text": "hello" }))
}

#[tokio::test]
async fn rooms_and_users_of_a_tenants_own_are_no_leak() {
    for tenants in [header(), Tenants::query("tenant"), Tenants::claim("org")] {
        let app = App::new().tenants(tenants).caller(Caller::claim("sub")).routes(routes![chat, tell]);
        sampled(assert_isolated(app)).body("POST", "/rooms/{room}", json!({ "news": "good" })).await;
    }
}

#[tokio::test]
async fn in_real_time_they_are_none_either() {
    let isolation = sampled(assert_isolated(app().routes(routes![chat, tell])));
    isolation.body("POST", "/rooms/{room}", json!("good news")).real_time(Duration::from_secs(20)).await;
}

#[tokio::test]
async fn a_socket_needs_a_message_that_is_taken() {
    let routes = || app().routes(routes![chat]);
    let silent = assert_isolated(routes()).sample("room", "blue");
    check(silent, &["GET /chat/{room} is a socket: say .body(\"GET\", \"/chat/{room}\""]).await;
    let refused = assert_isolated(routes()).sample("room", "blue");
    check(
        refused.body("GET", "/chat/{room}", json!({ "text": "" })),
        &["GET /chat/{room} answers 422", "validation_failed"],
    )
    .await;
    let unnamed = assert_isolated(routes()).body("GET", "/chat/{room}", json!({ "text": "hello" }));
    check(unnamed.sample("room", "x%00"), &["GET /chat/{room} answers 422"]).await;
}

/// All connections, whoever's they are.
type Everybody = Arc<Mutex<Vec<Connection>>>;

fn others(everybody: &Everybody) -> Vec<Connection> {
    everybody.lock().expect("no panic under the lock").clone()
}

#[connect]
async fn enter(conn: Connection, State(everybody): State<Everybody>) {
    everybody.lock().expect("no panic under the lock").push(conn);
}

#[disconnect]
async fn go(conn: Connection, State(everybody): State<Everybody>) {
    everybody.lock().expect("no panic under the lock").retain(|other| other.id() != conn.id());
}

/// Tells everybody, in place of those in a room.
#[websocket("/shout", connect = enter, disconnect = go)]
async fn shout(text: Value, State(everybody): State<Everybody>) {
    for conn in others(&everybody) {
        let _ = conn.send(&text).await;
    }
}

/// The same by a request.
#[post("/announcements")]
async fn announce(State(everybody): State<Everybody>, Json(news): Json<Value>) {
    for conn in others(&everybody) {
        let _ = conn.send(&news).await;
    }
}

/// A socket that tells nobody anything, but is among all.
#[websocket("/silent", connect = enter, disconnect = go)]
async fn silent(_: Message) {}

/// How many are there, of all tenants.
#[websocket("/count", connect = enter, disconnect = go)]
async fn count(_: Message, State(everybody): State<Everybody>) -> String {
    format!("{} are here", others(&everybody).len())
}

/// Who came last, of all tenants.
#[websocket("/last")]
async fn last(_: Message, conn: Connection, State(last): State<Arc<Mutex<String>>>) -> String {
    let own = conn.id().to_owned();
    let last = std::mem::replace(&mut *last.lock().expect("no panic under the lock"), own);
    // The first has nobody before it.
    if last.is_empty() { conn.id().to_owned() } else { last }
}

fn everybody() -> App<Everybody> {
    App::new().tenants(header()).state(Everybody::default())
}

#[tokio::test]
async fn a_message_that_reaches_another_tenant_is_caught() {
    let isolation = assert_isolated(everybody().routes(routes![shout]));
    check(
        isolation.body("GET", "/shout", "hello"),
        &[
            "GET /shout",
            "request: GET /shout (what came on the socket)",
            "asked for the same",
            "\"hello\"\n\"hello\"",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_request_that_tells_another_tenants_socket_is_caught() {
    let isolation = assert_isolated(everybody().routes(routes![silent, announce]));
    check(
        isolation.body("GET", "/silent", "hello").body("POST", "/announcements", "news"),
        &["GET /silent", "what came on the socket", "\"news\"\n\"news\""],
    )
    .await;
}

#[tokio::test]
async fn a_count_of_everybodys_sockets_is_caught() {
    let isolation = assert_isolated(everybody().routes(routes![count]));
    check(isolation.body("GET", "/count", "?"), &["GET /count", "alone:  1 are here", "beside: 2 are here"])
        .await;
}

#[tokio::test]
async fn the_id_of_another_tenants_connection_is_caught() {
    let app = App::new().tenants(header()).state(Arc::default()).routes(routes![last]);
    check(
        assert_isolated(app).body("GET", "/last", "?"),
        &["GET /last", "alone:  <connection 0>", "beside: "],
    )
    .await;
}

#[connect]
async fn after_another(State(queue): State<Arc<tokio::sync::Mutex<()>>>) {
    let _turn = queue.lock().await;
    database().await;
}

#[websocket("/queue", connect = after_another)]
async fn queue(_: Message) {}

#[tokio::test]
async fn a_handshake_that_waits_for_another_tenants_is_caught() {
    let app = App::new().tenants(header()).state(Arc::default()).routes(routes![queue]);
    check(assert_isolated(app).body("GET", "/queue", "?"), &["GET /queue", "time until the headers"]).await;
}
