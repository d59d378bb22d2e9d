//! WebSockets: a chat in rooms, and an echo.

use lift::prelude::*;
use lift::websocket::Message;

#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Command {
    Say {
        #[schemars(length(min = 1, max = 500))]
        text: String,
    },
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum News<'a> {
    Joined { from: &'a str },
    Said { from: &'a str, text: &'a str },
    Left { from: &'a str },
}

/// Enters the room before the socket opens.
#[connect]
async fn join(conn: Connection, Path(room): Path<String>) -> Result<()> {
    let room = conn.room(room);
    room.join().await?;
    room.broadcast_to_others(&News::Joined { from: conn.id() }).await
}

/// Tells those who stay.
#[disconnect]
async fn leave(conn: Connection, Path(room): Path<String>) -> Result<()> {
    conn.room(room).broadcast_to_others(&News::Left { from: conn.id() }).await
}

/// What is said in a room goes to all who are in it.
#[websocket("/chat/{room}", connect = join, disconnect = leave)]
#[validate]
pub(crate) async fn chat(command: Command, conn: Connection, Path(room): Path<String>) -> Result<()> {
    let Command::Say { text } = command;
    conn.room(room).broadcast(&News::Said { from: conn.id(), text: &text }).await
}

/// Each message comes back.
#[websocket("/echo", no_tenant, max_message = "16MiB", write_timeout = "60s")]
pub(crate) async fn echo(message: Message) -> Message {
    message
}
