//! Connections that API Gateway holds: events in, calls of `@connections` out.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use http::Method;
use lift::Caller;
use lift::prelude::*;
use lift::test::{Event, GatewaySocket};
use lift_tests::dynamodb::DynamoDb;
use lift_tests::gateway::{Call, Gateway};
use lift_tests::redis::Redis;
use lift_tests::runtime_api::RuntimeApi;
use serde_json::{Value, json};

/// A function of one instance or several, gone when dropped.
struct Function {
    api: RuntimeApi,
    gateway: Gateway,
    instances: Vec<Child>,
}

impl Function {
    async fn start(instances: usize, environment: &[(&str, String)]) -> Self {
        let (api, gateway) = (RuntimeApi::start().await.expect("a port"), Gateway::start().await);
        let start = |_| {
            Command::new(env!("CARGO_BIN_EXE_rooms"))
                .env_remove("LIFT_CONNECTIONS")
                .env("LIFT_LOG", "off")
                .stderr(Stdio::null())
                .envs(api.environment())
                .envs(gateway.environment())
                .envs(environment.iter().map(|(name, value)| (name, value)))
                .spawn()
                .expect("it starts")
        };
        let instances = (0..instances).map(start).collect();
        Self { api, gateway, instances }
    }

    /// The status of what an event is answered with.
    async fn invoke(&self, event: Value) -> u64 {
        self.invoke_within(Duration::from_secs(30), event).await
    }

    async fn invoke_within(&self, remaining: Duration, event: Value) -> u64 {
        let answer = self.api.invoke_within(remaining, event.to_string()).await.expect("an answer");
        assert!(!answer.failed, "{}", answer.json());
        answer.json()["statusCode"].as_u64().expect("a status")
    }

    async fn say(&self, socket: &GatewaySocket, text: &str) -> Vec<Call> {
        assert_eq!(self.invoke(socket.message(&json!({ "text": text }).to_string())).await, 200);
        self.calls()
    }

    /// What came since, by connection.
    fn calls(&self) -> Vec<Call> {
        let mut calls = self.gateway.calls();
        calls.sort_by(|a, b| a.id.cmp(&b.id));
        calls
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        for instance in &mut self.instances {
            let _ = instance.kill();
            let _ = instance.wait();
        }
    }
}

fn sent(id: &str, body: Value) -> Call {
    Call { method: Method::POST, id: id.into(), body }
}

const BLUE: &str = "/chat/blue?tenant=acme";

async fn a_chat(function: &Function) {
    let [ada, bob, eve] =
        ["Ada1AcbSoAMCJ7A=", "Bob2AcbSoAMCJ7A=", "Eve3AcbSoAMCJ7A="].map(GatewaySocket::new);
    let (a, b) = ("Ada1AcbSoAMCJ7A=", "Bob2AcbSoAMCJ7A=");
    assert_eq!(function.invoke(ada.connect(BLUE, &[])).await, 200);
    assert_eq!(function.calls(), []);
    assert_eq!(function.invoke(eve.connect("/chat/blue?tenant=globex", &[])).await, 200);
    assert_eq!(function.invoke(bob.connect(BLUE, &[])).await, 200);
    assert_eq!(function.calls(), [sent(a, json!({ "joined": b }))]);

    let said = json!({ "said": "hello", "by": a });
    assert_eq!(function.say(&ada, "hello").await, [sent(a, said.clone()), sent(b, said)]);

    assert_eq!(function.invoke(ada.message("{}")).await, 200);
    let calls = function.calls();
    assert_eq!((calls.len(), &*calls[0].id), (1, a));
    assert_eq!(calls[0].body["type"], "error");
    assert_eq!(calls[0].body["problem"]["errors"][0]["pointer"], "/text");

    let panicked = function.say(&ada, "panic").await;
    assert_eq!(panicked[0].body["problem"]["code"], "internal");

    assert_eq!(function.invoke(ada.disconnect()).await, 200);
    assert_eq!(function.calls(), [sent(b, json!({ "left": a }))]);
    assert_eq!(function.invoke(ada.disconnect()).await, 404, "it is known no more");

    // Who has gone without a word is found out when something is sent.
    function.gateway.lose(b);
    assert_eq!(function.invoke(ada.connect(BLUE, &[])).await, 200);
    assert_eq!(function.calls(), [sent(b, json!({ "joined": a }))]);
    assert_eq!(function.say(&ada, "alone?").await, [sent(a, json!({ "said": "alone?", "by": a }))]);
    let closed = Call { method: Method::DELETE, id: a.into(), body: Value::Null };
    assert_eq!(function.say(&ada, "close").await, [closed]);
}

#[tokio::test]
async fn a_chat_in_memory() {
    a_chat(&Function::start(1, &[]).await).await;
}

#[tokio::test]
async fn a_chat_on_redis_by_several_instances() {
    let redis = Redis::start();
    a_chat(&Function::start(3, &[("LIFT_CONNECTIONS", redis.url())]).await).await;
}

#[tokio::test]
async fn a_chat_on_dynamodb_by_several_instances() {
    let dynamodb = DynamoDb::start();
    dynamodb.create_connections("lift-connections");
    let mut environment = vec![("LIFT_CONNECTIONS", "dynamodb://lift-connections".to_owned())];
    environment.extend(dynamodb.environment());
    a_chat(&Function::start(3, &environment).await).await;
}

#[tokio::test]
async fn what_connect_found_out_is_known_to_each_message() {
    let redis = Redis::start();
    let function = Function::start(2, &[("LIFT_CONNECTIONS", redis.url())]).await;
    let ada = GatewaySocket::new("Ada=");
    let headers =
        [("x-user", "ada"), ("user-agent", "me"), ("authorization", "secret"), ("cookie", "secret")];
    assert_eq!(function.invoke(ada.connect(BLUE, &headers)).await, 200);
    for _ in 0..3 {
        let calls = function.say(&ada, "who am I?").await;
        assert_eq!(calls, [sent("Ada=", json!(["Ada=", "acme", "ada", "me", null]))]);
    }
    let kept = redis.cli(&["GET", "lift:ws:k:connection Ada="]);
    assert!(kept.contains("x-user") && !kept.contains("secret"), "{kept}");
    // A plain request tells the user.
    let event = Event::http_api("POST", "/tell/ada?tenant=acme").json(&"psst");
    assert_eq!(function.invoke(event.into()).await, 200);
    assert_eq!(function.calls(), [sent("Ada=", json!("psst"))]);
    let event = Event::http_api("POST", "/tell/ada?tenant=globex").json(&"psst");
    assert_eq!(function.invoke(event.into()).await, 200);
    assert_eq!(function.calls(), []);
}

#[tokio::test]
async fn who_may_not_connect_is_refused_by_status() {
    let function = Function::start(1, &[]).await;
    let socket = GatewaySocket::new("Ada=");
    for (uri, headers, status) in [
        ("/chat/secret?tenant=acme", &[][..], 403),
        ("/chat/secret?tenant=acme", &[("authorization", "right")], 200),
        ("/chat/blue", &[], 400),
        ("/nowhere?tenant=acme", &[], 404),
        ("/tell/ada?tenant=acme", &[], 404),
        ("", &[], 400),
        (BLUE, &[("origin", "https://evil.example")], 403),
    ] {
        assert_eq!(function.invoke(socket.connect(uri, headers)).await, status, "{uri}");
    }
    let mut odd = socket.connect(BLUE, &[]);
    odd["requestContext"]["eventType"] = json!("SOMETHING");
    assert_eq!(function.invoke(odd).await, 400);
    assert_eq!(function.calls(), []);
}

#[connect]
async fn everywhere(conn: Connection, Path(rooms): Path<usize>) -> Result<()> {
    for n in 0..rooms {
        conn.room(format!("room {n}")).join().await?;
    }
    conn.room("room 0").join().await
}

#[websocket("/everywhere/{rooms}", connect = everywhere)]
async fn is_everywhere(_: Value, Path(_rooms): Path<usize>) {}

#[tokio::test]
async fn a_connection_is_in_a_hundred_rooms_at_most() {
    let caller = Caller::custom(|_: &http::request::Parts| Some("ada".to_owned()));
    let app = lift::test::TestApp::new(lift::App::new().caller(caller).routes(routes![is_everywhere]));
    for (rooms, status) in [(100, 200), (101, 409)] {
        let event = GatewaySocket::new("Ada=").connect(&format!("/everywhere/{rooms}"), &[]);
        let answer: Value =
            serde_json::from_slice(&app.invoke(event.to_string()).await.expect("an answer")).expect("JSON");
        assert_eq!(answer["statusCode"], status, "{answer}");
    }
}

#[tokio::test]
async fn a_message_of_nobody_closes_its_connection() {
    let function = Function::start(1, &[]).await;
    let stranger = GatewaySocket::new("Str=");
    assert_eq!(function.invoke(stranger.message("{}")).await, 410);
    assert_eq!(function.calls(), [Call { method: Method::DELETE, id: "Str=".into(), body: Value::Null }]);
}

#[tokio::test]
async fn who_has_only_just_connected_is_not_taken_for_gone() {
    let function = Function::start(1, &[]).await;
    let [ada, bob] = ["Ada=", "Bob="].map(GatewaySocket::new);
    assert_eq!(function.invoke(ada.connect(BLUE, &[])).await, 200);
    let mut just_now = bob.connect(BLUE, &[]);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_millis();
    just_now["requestContext"]["connectedAt"] = json!(u64::try_from(now).expect("a number"));
    function.gateway.lose("Bob=");
    assert_eq!(function.invoke(just_now).await, 200);
    function.calls();
    for _ in 0..2 {
        let calls = function.say(&ada, "hello").await;
        let told: Vec<_> = calls.iter().map(|call| &*call.id).collect();
        assert_eq!(told, ["Ada=", "Bob="], "it may be about to open");
    }
}

#[tokio::test]
async fn what_the_gateway_does_not_carry_is_refused_before_a_call() {
    let function = Function::start(1, &[]).await;
    let socket = GatewaySocket::new("Ada=");
    assert_eq!(function.invoke(socket.connect("/echo", &[])).await, 200);
    assert_eq!(function.invoke(socket.message("as it came")).await, 200);
    assert_eq!(function.calls(), [sent("Ada=", json!("as it came"))]);
    // A binary message: its echo cannot be sent.
    let mut binary = socket.message("AAEC");
    binary["isBase64Encoded"] = json!(true);
    assert_eq!(function.invoke(binary).await, 500);
    assert_eq!(function.calls(), []);

    // One that is larger than this socket takes.
    let small = GatewaySocket::new("Sma=");
    assert_eq!(function.invoke(small.connect("/small", &[])).await, 200);
    assert_eq!(function.invoke(small.message("[1234567890123]")).await, 200);
    assert_eq!(function.calls(), [sent("Sma=", json!([1_234_567_890_123_u64]))]);
    assert_eq!(function.invoke(small.message("[123456789012345]")).await, 413);
    assert_eq!(function.calls(), [Call { method: Method::DELETE, id: "Sma=".into(), body: Value::Null }]);

    let ada = GatewaySocket::new("Ada=");
    assert_eq!(function.invoke(ada.connect(BLUE, &[])).await, 200);
    let calls = function.say(&ada, &"x".repeat(128 * 1024 - 12)).await;
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].body["problem"]["code"], "message_too_large");
}

/// What Lambda gives a function in these cases. Each ends a little earlier, by itself.
const BRIEF: Duration = Duration::from_secs(3);

#[tokio::test]
async fn a_message_that_would_outlast_its_invocation_is_told_so_in_time() {
    let function = Function::start(1, &[]).await;
    let ada = GatewaySocket::new("Ada=");
    assert_eq!(function.invoke(ada.connect(BLUE, &[])).await, 200);
    let started = Instant::now();
    assert_eq!(function.invoke_within(BRIEF, ada.message(r#"{"text":"sleep"}"#)).await, 200);
    assert!(started.elapsed() < BRIEF, "Lambda would have stopped it");
    let calls = function.calls();
    assert_eq!((calls.len(), &*calls[0].id), (1, "Ada="));
    assert_eq!(calls[0].body["type"], "error");
    assert_eq!(calls[0].body["problem"]["status"], 504);
    assert_eq!(calls[0].body["problem"]["code"], "deadline_exceeded");
    let said = sent("Ada=", json!({ "said": "awake", "by": "Ada=" }));
    assert_eq!(function.say(&ada, "awake").await, [said], "the connection is as it was");
}

#[tokio::test]
async fn hooks_that_would_outlast_their_invocation_leave_nobody_in_a_room() {
    let redis = Redis::start();
    let function = Function::start(1, &[("LIFT_CONNECTIONS", redis.url())]).await;
    let [ada, bob, eve] = ["Ada=", "Bob=", "Eve="].map(GatewaySocket::new);
    assert_eq!(function.invoke(ada.connect(BLUE, &[])).await, 200);

    // It is in the room when it begins to sleep.
    let slow = eve.connect(BLUE, &[("x-sleep-at", "connect"), ("x-user", "eve")]);
    let started = Instant::now();
    assert_eq!(function.invoke_within(BRIEF, slow).await, 504);
    assert!(started.elapsed() < BRIEF, "Lambda would have stopped it");
    let said = sent("Ada=", json!({ "said": "who is there?", "by": "Ada=" }));
    assert_eq!(function.say(&ada, "who is there?").await, [said]);
    assert_eq!(function.invoke(eve.message("{}")).await, 410, "it is not known");
    function.calls();

    let slow = bob.connect(BLUE, &[("x-sleep-at", "disconnect")]);
    assert_eq!(function.invoke(slow).await, 200);
    function.calls();
    assert_eq!(function.invoke_within(BRIEF, bob.disconnect()).await, 200);
    let said = sent("Ada=", json!({ "said": "and now?", "by": "Ada=" }));
    assert_eq!(function.say(&ada, "and now?").await, [said]);
    let kept = redis.cli(&["KEYS", "*"]);
    assert!(kept.contains("Ada=") && !kept.contains("Eve=") && !kept.contains("Bob="), "{kept}");
}

#[tokio::test]
async fn disconnect_runs_once_however_often_it_is_told() {
    let redis = Redis::start();
    let function = Function::start(2, &[("LIFT_CONNECTIONS", redis.url())]).await;
    let [ada, bob] = ["Ada=", "Bob="].map(GatewaySocket::new);
    assert_eq!(function.invoke(ada.connect(BLUE, &[])).await, 200);
    for _ in 0..10 {
        assert_eq!(function.invoke(bob.connect(BLUE, &[])).await, 200);
        function.calls();
        let statuses = tokio::join!(function.invoke(bob.disconnect()), function.invoke(bob.disconnect()));
        assert!(matches!(statuses, (200, 404) | (404, 200)), "{statuses:?}");
        assert_eq!(function.calls(), [sent("Ada=", json!({ "left": "Bob=" }))]);
    }
    // While one instance runs it, the other is told, too, and a message that came before is still handled.
    assert_eq!(function.invoke(bob.connect(BLUE, &[("x-sleep-at", "disconnect")])).await, 200);
    function.calls();
    let meanwhile = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(function.invoke(bob.disconnect()).await, 404);
        let said = json!({ "said": "wait", "by": "Bob=" });
        assert_eq!(function.say(&bob, "wait").await, [sent("Ada=", said.clone()), sent("Bob=", said)]);
    };
    assert_eq!(tokio::join!(function.invoke_within(BRIEF, bob.disconnect()), meanwhile).0, 200);
    assert_eq!(function.invoke(bob.message("{}")).await, 410, "it is known no more");
}

#[tokio::test]
async fn who_was_found_to_have_gone_still_disconnects() {
    let function = Function::start(1, &[]).await;
    let [ada, bob] = ["Ada=", "Bob="].map(GatewaySocket::new);
    assert_eq!(function.invoke(ada.connect(BLUE, &[])).await, 200);
    assert_eq!(function.invoke(bob.connect(BLUE, &[])).await, 200);
    function.gateway.lose("Bob=");
    // What is wrong with this one cannot be told.
    assert_eq!(function.invoke(bob.message("{}")).await, 200);
    function.calls();
    let said = sent("Ada=", json!({ "said": "alone?", "by": "Ada=" }));
    assert_eq!(function.say(&ada, "alone?").await, [said]);
    assert_eq!(function.invoke(bob.disconnect()).await, 200);
    assert_eq!(function.calls(), [sent("Ada=", json!({ "left": "Bob=" }))]);
}

#[tokio::test]
async fn an_app_without_sockets_takes_their_events_as_they_are() {
    let app =
        lift::App::new().on_event(async |event: Value| Ok(event["requestContext"]["connectionId"].clone()));
    let taken =
        lift::test::TestApp::new(app).invoke(GatewaySocket::new("Ada=").message("x").to_string()).await;
    assert_eq!(taken.expect("an answer"), "\"Ada=\"");
}
