//! An app whose routes tell their schemas in each way that there is.

use axum::response::IntoResponse;
use http::StatusCode;
use lift::prelude::*;
use lift::stream::{Event, Stream};

#[derive(Serialize, Deserialize, JsonSchema, Validate)]
struct Note {
    #[schemars(length(max = 80))]
    text: String,
}

#[derive(Deserialize, JsonSchema)]
struct Page {
    page: Option<u32>,
}

#[derive(Deserialize, JsonSchema)]
struct Client {
    x_version: u8,
}

/// Of which nobody has a schema.
#[derive(Serialize, Deserialize)]
struct Unknown {
    n: u8,
}

#[get("/notes/{id}")]
async fn note(
    Path(id): Path<u64>,
    Query(page): Query<Page>,
    Header(client): Header<Client>,
) -> Result<Json<Note>> {
    Ok(Json(Note { text: format!("{id} {:?} {}", page.page, client.x_version) }))
}

#[post("/notes")]
#[validate(strict)]
async fn create(Json(note): Json<Note>) -> Result<Created<Note>> {
    Ok(Created::at("/notes/1", note))
}

#[put("/notes")]
async fn by_form(Form(note): Form<Note>) -> (StatusCode, Json<Note>) {
    (StatusCode::ACCEPTED, Json(note))
}

#[post("/orders")]
#[validate(schema = "schemas/order.json")]
async fn order(Json(order): Json<serde_json::Value>) -> String {
    order.to_string()
}

#[get("/unknown")]
async fn unknown(Query(unknown): Query<Unknown>) -> Json<Unknown> {
    Json(unknown)
}

#[get("/impl")]
async fn hidden() -> impl IntoResponse {
    "hidden"
}

#[get("/items")]
#[stream]
async fn items() -> Result<Note> {
    emit!(Note { text: String::new() });
}

#[get("/events")]
#[stream(sse)]
async fn events() -> Result<Event<Note>> {
    emit!(Event::new(Note { text: String::new() }));
}

#[get("/bytes")]
#[stream(bytes)]
async fn bytes() -> Result<impl Stream<Item = String>> {
    Ok(lift::stream::iter(["a".to_owned()]))
}

#[tokio::main]
async fn main() -> Result<()> {
    let app = App::new().routes(routes![note, create, by_form, order, unknown, hidden, items, events]);
    app.routes(routes![bytes]).run().await
}
