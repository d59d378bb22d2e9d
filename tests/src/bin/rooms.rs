//! A chat that tests run as a process, locally or as a Lambda function.

use std::time::Duration;

use lift::prelude::*;
use lift::websocket::Message;
use serde_json::{Value, json};

#[derive(Deserialize, JsonSchema, Validate)]
struct Said {
    #[schemars(length(max = 200_000))]
    text: String,
}

/// Longer than any function runs, for a client that wants it.
async fn sleep() {
    tokio::time::sleep(Duration::from_secs(3600)).await;
}

async fn sleep_at(hook: &str, context: &Context) {
    if context.header("x-sleep-at") == Some(hook) {
        sleep().await;
    }
}

#[connect]
async fn join(conn: Connection, context: Context, Path(room): Path<String>) -> Result<()> {
    if room == "secret" && context.header("authorization") != Some("right") {
        return Err(Error::forbidden("not you"));
    }
    conn.room(&room).join().await?;
    sleep_at("connect", &context).await;
    conn.room(&room).broadcast_to_others(&json!({ "joined": conn.id() })).await
}

#[disconnect]
async fn leave(conn: Connection, context: Context, Path(room): Path<String>) -> Result<()> {
    sleep_at("disconnect", &context).await;
    conn.room(&room).broadcast_to_others(&json!({ "left": conn.id() })).await
}

#[websocket("/chat/{room}", connect = join, disconnect = leave)]
#[validate]
async fn chat(
    said: Said,
    conn: Connection,
    Path(room): Path<String>,
    context: Context,
) -> Result<Option<Value>> {
    match &*said.text {
        "who am I?" => {
            let (query, agent) = (context.caller(), context.header("user-agent"));
            let known = json!([conn.id(), conn.tenant(), query, agent, context.header("authorization")]);
            Ok(Some(known))
        }
        "close" => conn.close(1000, "").await.map(|()| None),
        "sleep" => {
            sleep().await;
            Ok(None)
        }
        "panic" => panic!("as you say"),
        text => {
            conn.room(&room).broadcast(&json!({ "said": text, "by": conn.id() })).await?;
            Ok(None)
        }
    }
}

#[websocket("/echo", no_tenant)]
async fn echo(message: Message) -> Message {
    message
}

#[websocket("/small", no_tenant, max_message = "16B")]
async fn small(message: Message) -> Message {
    message
}

#[post("/tell/{user}")]
async fn tell(connections: Connections, Path(user): Path<String>, body: Json<Value>) -> Result<()> {
    connections.user(user).send(&body.0).await
}

#[tokio::main]
async fn main() -> Result<()> {
    App::new()
        .tenants(Tenants::query("tenant"))
        .caller(lift::Caller::custom(|parts| parts.headers.get("x-user")?.to_str().ok().map(str::to_owned)))
        .connections(Connections::from_env()?)
        .routes(routes![chat, echo, small, tell])
        .run()
        .await
}
