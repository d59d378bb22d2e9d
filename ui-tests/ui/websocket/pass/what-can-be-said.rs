//! What a socket's function may take and return, in any order of attributes.

use axum::extract::FromRef;
use lift::prelude::*;
use lift::websocket::{Message, Text};

#[derive(Clone)]
struct Shop {
    name: Name,
}

#[derive(Clone)]
struct Name(String);

impl FromRef<Shop> for Name {
    fn from_ref(shop: &Shop) -> Self {
        shop.name.clone()
    }
}

#[derive(Deserialize, Serialize, JsonSchema, Validate)]
struct Said {
    text: String,
}

/// Without a schema, which is asked for by `#[validate]` only.
#[derive(Deserialize, Serialize)]
struct Plain {
    text: String,
}

mod hooks {
    use lift::prelude::*;

    #[connect]
    #[validate]
    pub(crate) async fn join(Path(room): Path<String>, State(shop): State<super::Shop>) -> Result<()> {
        println!("{room} {}", shop.name.0);
        Ok(())
    }

    #[lift::disconnect]
    pub(crate) async fn leave(conn: Connection) {
        println!("{}", conn.id());
    }
}

#[validate]
#[websocket("/1/{room}", connect = hooks::join, disconnect = hooks::leave)]
async fn typed(said: Said, Path(room): Path<String>, State(name): State<Name>) -> Result<Option<Said>> {
    println!("{room} {}", name.0);
    Ok(Some(said))
}

#[websocket("/2")]
#[tracing::instrument(skip_all)]
async fn text(message: String, State(shop): State<Shop>) -> Result<String, std::io::Error> {
    Ok(message + &shop.name.0)
}

#[lift::websocket("/3", origins("*"), rate = "5/10s")]
async fn plain(mut plain: Plain) -> Plain {
    plain.text.push('!');
    plain
}

#[websocket("/4")]
async fn shared(message: Text) -> Option<Text> {
    Some(message)
}

#[websocket("/5")]
async fn either(message: Message) -> Message {
    message
}

#[websocket("/6")]
async fn words(_: Vec<String>) -> &'static str {
    "heard"
}

#[websocket("/7")]
async fn silent(_: Message) {}

#[websocket("/8")]
async fn nothing(_: u32) -> Result<()> {
    Ok(())
}

fn main() {
    #[connect]
    async fn local() {}

    #[websocket("/9", connect = local)]
    async fn within_a_function(_: Message) {}

    let app = lift::App::new().state(Shop { name: Name("shop".into()) });
    let app = app.routes(routes![typed, text, plain, shared, either, words, silent, nothing, within_a_function]);
    assert_eq!(app.endpoints().filter(|route| route.websocket).count(), 9);
}
