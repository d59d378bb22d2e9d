//! W1's server: a `#[websocket]` that echoes, and a room for W2.

use lift::prelude::*;
use lift::websocket::Message;

#[websocket("/echo")]
async fn echo(message: Message) -> Message {
    message
}

#[connect]
async fn enter(conn: Connection, Path(room): Path<String>) -> Result<()> {
    conn.room(room).join().await
}

#[websocket("/room/{room}", connect = enter)]
async fn room(message: String, conn: Connection, Path(room): Path<String>) -> Result<()> {
    conn.room(room).broadcast(&message).await
}

#[tokio::main]
async fn main() -> Result<()> {
    App::new().routes(routes![echo, room]).run().await
}
