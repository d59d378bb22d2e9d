//! What a function may take as a message and return as an answer.

use bytes::Bytes;
use lift::prelude::*;
use lift::test::{TestApp, TestSocket};
use lift::websocket::{Message, Text};
use serde_json::{Value, json};

#[derive(Debug, Deserialize, Serialize, JsonSchema, Validate)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Command {
    Say {
        #[schemars(length(min = 1, max = 5))]
        text: String,
    },
    Nothing,
}

/// From a crate that knows no Lift: a schema, and no native checks.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Foreign {
    #[schemars(range(max = 3))]
    n: u32,
}

#[websocket("/echo")]
async fn echo(message: Message) -> Message {
    message
}

#[websocket("/text")]
async fn text(message: String) -> String {
    format!("<{message}>")
}

#[websocket("/shared-text")]
async fn shared_text(message: Text) -> Option<Text> {
    (!message.is_empty()).then_some(message)
}

#[websocket("/bytes")]
async fn binary(message: Bytes) -> Result<Bytes> {
    Ok(message.slice(1..))
}

#[websocket("/command")]
#[validate]
async fn command(command: Command) -> Result<Option<Command>> {
    match command {
        Command::Nothing => Ok(None),
        Command::Say { text } if &text == "panic" => panic!("said so"),
        Command::Say { text } if &text == "fail" => Err(Error::conflict("no").with_code("said_so")),
        Command::Say { text } if &text == "io" => Err(std::io::Error::other("a secret"))?,
        said => Ok(Some(said)),
    }
}

#[websocket("/foreign")]
#[validate(strict, status = 400)]
async fn foreign(message: Foreign) -> Json4 {
    Json4 { doubled: message.n * 2 }
}

#[derive(Serialize)]
struct Json4 {
    doubled: u32,
}

#[websocket("/unchecked")]
async fn unchecked(message: Vec<u32>) -> u32 {
    message.into_iter().sum()
}

#[websocket("/silent")]
async fn silent(_: Value, conn: Connection) {
    let _ = conn.send(&json!({ "from": conn.id() })).await;
}

fn app() -> TestApp {
    let app = App::new();
    let app = app.routes(routes![echo, text, shared_text, binary, command, foreign, unchecked, silent]);
    TestApp::new(app)
}

async fn answer(socket: &mut TestSocket, message: impl Into<Message>) -> Message {
    socket.send_message(message).await;
    socket.next().await.expect("an answer")
}

async fn problem(socket: &mut TestSocket, message: impl Into<Message>) -> Value {
    let answer = answer(socket, message).await;
    let frame: Value = serde_json::from_slice(answer.as_bytes()).expect("JSON");
    assert_eq!(frame["type"], "error", "{frame}");
    frame["problem"].clone()
}

#[tokio::test]
async fn messages_are_taken_as_they_are() {
    let app = app();
    let mut echo = app.socket("/echo").await;
    assert_eq!(answer(&mut echo, "a").await, "a".into());
    assert_eq!(answer(&mut echo, vec![0, 255]).await, vec![0, 255].into());
    assert_eq!(answer(&mut app.socket("/text").await, "ü").await, "<ü>".into());
    assert_eq!(answer(&mut app.socket("/bytes").await, vec![1, 2]).await, vec![2].into());
    let mut shared = app.socket("/shared-text").await;
    shared.send_message("").await;
    assert_eq!(answer(&mut shared, "b").await, "b".into(), "nothing was answered to the first");
}

#[tokio::test]
async fn a_message_of_the_other_kind_is_told_and_the_connection_stays() {
    let app = app();
    for (path, wrong, code, right) in [
        ("/text", Message::from(vec![1]), "text_expected", Message::from("a")),
        ("/bytes", "a".into(), "binary_expected", vec![1, 2].into()),
        ("/command", vec![1].into(), "text_expected", r#"{"type":"say","text":"a"}"#.into()),
    ] {
        let mut socket = app.socket(path).await;
        let problem = problem(&mut socket, wrong).await;
        assert_eq!((&problem["code"], &problem["status"]), (&json!(code), &json!(415)));
        answer(&mut socket, right).await;
    }
}

#[tokio::test]
async fn typed_messages_are_checked() {
    let app = app();
    let mut socket = app.socket("/command").await;
    socket.send(&json!({ "type": "nothing" })).await;
    socket.send(&json!({ "type": "say", "text": "hello" })).await;
    assert_eq!(socket.json::<Value>().await, json!({ "type": "say", "text": "hello" }));

    let check = async |socket: &mut TestSocket, text: &str, expected: (u16, &str)| {
        let problem = problem(socket, text).await;
        assert_eq!((&problem["status"], &problem["code"]), (&json!(expected.0), &json!(expected.1)));
        problem
    };
    let invalid = (422, "validation_failed");
    let too_long = check(&mut socket, r#"{"type":"say","text":"too long"}"#, invalid).await;
    assert_eq!(too_long["errors"][0]["pointer"], "/text");
    assert_eq!(too_long["errors"][0]["keyword"], "maxLength");
    check(&mut socket, r#"{"type":"shout"}"#, invalid).await;
    check(&mut socket, "{", (400, "malformed_json")).await;
    check(&mut socket, "", (400, "malformed_json")).await;

    let mut socket = app.socket("/foreign").await;
    check(&mut socket, r#"{"n":4}"#, (400, "validation_failed")).await;
    check(&mut socket, r#"{"n":3,"m":1}"#, (400, "validation_failed")).await;
    assert_eq!(answer(&mut socket, r#"{"n":3}"#).await, r#"{"doubled":6}"#.into());

    let mut socket = app.socket("/unchecked").await;
    check(&mut socket, r#"["a"]"#, invalid).await;
    assert_eq!(answer(&mut socket, "[1,2]").await, "3".into());
}

#[tokio::test]
async fn errors_and_panics_are_told_and_the_connection_stays() {
    let app = app();
    let mut socket = app.socket("/command").await;
    let say = |text: &str| format!(r#"{{"type":"say","text":"{text}"}}"#);
    let mut ids = std::collections::HashSet::new();
    for (text, status, code) in
        [("fail", 409, "said_so"), ("panic", 500, "internal"), ("io", 500, "internal")]
    {
        let problem = problem(&mut socket, say(text)).await;
        assert_eq!((&problem["status"], &problem["code"]), (&json!(status), &json!(code)));
        assert!(!problem.to_string().contains("secret"), "{problem}");
        ids.insert(problem["request_id"].as_str().expect("an id").to_owned());
    }
    assert_eq!(ids.len(), 3, "each message has an id of its own");
    assert_eq!(answer(&mut socket, say("ok")).await, say("ok").into());
}

#[tokio::test]
async fn a_function_may_answer_by_its_connection_alone() {
    let app = app();
    let mut socket = app.socket("/silent").await;
    socket.send(&1).await;
    let first: Value = socket.json().await;
    socket.send(&2).await;
    assert_eq!(socket.json::<Value>().await, first);
    assert_eq!(first["from"].as_str().expect("an id").len(), 32);
}
