//! `connect` and `disconnect`.

use std::sync::{Arc, Mutex};

use axum::response::IntoResponse;
use lift::prelude::*;
use lift::test::TestApp;
use lift::websocket::Message;
use serde_json::Value;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, line: impl Into<String>) {
        self.0.lock().expect("not poisoned").push(line.into());
    }

    /// Waits until so many lines are there.
    async fn lines(&self, count: usize) -> Vec<String> {
        loop {
            let lines = self.0.lock().expect("not poisoned").clone();
            if lines.len() >= count {
                return lines;
            }
            tokio::task::yield_now().await;
        }
    }
}

#[connect]
async fn join(
    conn: Connection,
    context: Context,
    Path(room): Path<String>,
    State(log): State<Log>,
) -> Result<impl IntoResponse> {
    log.add(format!("join {room}"));
    if context.header("authorization") != Some("Bearer right") {
        return Err(Error::unauthorized("who are you?"));
    }
    match &*room {
        "panic" => panic!("in connect"),
        "early" => conn.send("too early").await?,
        _ => {}
    }
    conn.room(&room).join().await?;
    Ok([("sec-websocket-protocol", "chat")])
}

#[disconnect]
async fn leave(conn: Connection, Path(room): Path<String>, State(log): State<Log>) -> Result<()> {
    log.add(format!("leave {room}"));
    let gone = conn.send("you").await.expect_err("it has gone");
    assert_eq!(gone.code(), "connection_gone");
    conn.room(&room).broadcast_to_others("left").await
}

#[websocket("/{room}", connect = join, disconnect = leave)]
async fn chat(message: Message, conn: Connection, State(log): State<Log>) -> Result<()> {
    log.add("message");
    match message.as_text() {
        Some("close") => conn.close(4001, "as you wish").await,
        Some("bad close") => conn.close(1005, "").await,
        _ => Ok(()),
    }
}

fn app() -> (TestApp, Log) {
    let log = Log::default();
    (TestApp::new(App::new().state(log.clone()).routes(routes![chat])), log)
}

const RIGHT: (&str, &str) = ("authorization", "Bearer right");

#[tokio::test]
async fn each_hook_runs_once() {
    let (app, log) = app();
    let mut ada = app.socket("/blue").header(RIGHT.0, RIGHT.1).await;
    let eve = app.socket("/blue").header(RIGHT.0, RIGHT.1).await;
    ada.send_message("hello").await;
    eve.close().await;
    assert_eq!(ada.json::<String>().await, "left");
    ada.close().await;
    let lines = log.lines(5).await;
    assert_eq!(lines, ["join blue", "join blue", "message", "leave blue", "leave blue"]);
}

#[tokio::test]
async fn connect_refuses_by_status_before_there_is_a_socket() {
    let (app, log) = app();
    let refusal = async |room: &str, authorization: &str| {
        let socket = app.socket(room).header("authorization", authorization);
        let response = socket.connect().await.err().expect("it is refused");
        (response.status.as_u16(), response.json::<Value>().await["code"].clone())
    };
    assert_eq!(refusal("/blue", "Bearer wrong").await, (401, "unauthorized".into()));
    assert_eq!(refusal("/panic", RIGHT.1).await, (500, "internal".into()));
    assert_eq!(refusal("/early", RIGHT.1).await, (409, "connection_not_open".into()));
    let foreign = app.socket("/blue").header(RIGHT.0, RIGHT.1).header("origin", "https://evil.example");
    let response = foreign.connect().await.err().expect("it is refused");
    assert_eq!(response.status, 403);
    assert_eq!(
        log.lines(3).await,
        ["join /blue", "join /panic", "join /early"].map(|line| line.replace('/', ""))
    );
}

#[tokio::test]
async fn a_handler_closes_with_a_code_of_its_own() {
    let (app, log) = app();
    let mut socket = app.socket("/blue").header(RIGHT.0, RIGHT.1).await;
    socket.send_message("bad close").await;
    assert_eq!(socket.json::<Value>().await["problem"]["code"], "internal");
    socket.send_message("close").await;
    assert_eq!(socket.next().await, None);
    assert_eq!(socket.closed(), Some((4001, "as you wish")));
    assert_eq!(log.lines(4).await.last().map(String::as_str), Some("leave blue"));
}
