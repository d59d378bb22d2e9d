//! The smallest complete chat: `cargo run -p chat`, then open <http://localhost:3000> in two windows.

use lift::prelude::*;

#[derive(Deserialize, JsonSchema, Validate)]
struct Say {
    #[schemars(length(min = 1, max = 500))]
    text: String,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum News<'a> {
    Joined { from: &'a str },
    Said { from: &'a str, text: &'a str },
    Left { from: &'a str },
}

#[connect]
async fn enter(conn: Connection, Path(room): Path<String>) -> Result<()> {
    let room = conn.room(room);
    room.join().await?;
    room.broadcast_to_others(&News::Joined { from: conn.id() }).await
}

#[disconnect]
async fn leave(conn: Connection, Path(room): Path<String>) -> Result<()> {
    conn.room(room).broadcast_to_others(&News::Left { from: conn.id() }).await
}

#[websocket("/chat/{room}", connect = enter, disconnect = leave)]
#[validate]
async fn chat(say: Say, conn: Connection, Path(room): Path<String>) -> Result<()> {
    conn.room(room).broadcast(&News::Said { from: conn.id(), text: &say.text }).await
}

/// The page that a browser shows.
#[get("/")]
async fn page() -> ([(&'static str, &'static str); 1], &'static str) {
    ([("content-type", "text/html; charset=utf-8")], include_str!("page.html"))
}

#[tokio::main]
async fn main() -> Result<()> {
    App::new().connections(Connections::from_env()?).routes(routes![chat, page]).run().await
}

#[cfg(test)]
mod tests {
    use lift::App;
    use lift::test::TestApp;
    use serde_json::{Value, json};

    use super::*;

    #[tokio::test]
    async fn two_talk() {
        let app = TestApp::new(App::new().routes(routes![chat, page]));
        assert!(app.get("/").send().await.text().await.contains("new WebSocket"));
        let mut ada = app.socket("/chat/blue").await;
        let mut bob = app.socket("/chat/blue").await;
        assert_eq!(ada.json::<Value>().await, json!({ "type": "joined", "from": bob.id() }));
        ada.send(&json!({ "text": "hello" })).await;
        assert_eq!(bob.json::<Value>().await["text"], "hello");
        ada.send(&json!({ "text": "" })).await;
        assert_eq!(ada.json::<Value>().await["text"], "hello");
        assert_eq!(ada.json::<Value>().await["problem"]["code"], "validation_failed");
        let left = json!({ "type": "left", "from": bob.id() });
        bob.close().await;
        assert_eq!(ada.json::<Value>().await, left);
    }
}
