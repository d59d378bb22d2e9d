//! Endpoints whose tenants are isolated.

use super::*;

#[get("/notes")]
#[cached(ttl = "60s", stale = "30s", tags = ["notes"])]
pub(super) async fn notes(tenant: Tenant, State(notes): State<Notes>) -> Json<Vec<String>> {
    database().await;
    Json(notes.of(&tenant))
}

#[get("/notes/{n}")]
#[cached(ttl = "60s", negative = "5s", tags = ["notes"])]
pub(super) async fn note(Path(n): Path<usize>, tenant: Tenant, State(notes): State<Notes>) -> Result<String> {
    database().await;
    let note = notes.of(&tenant).into_iter().nth(n);
    note.map(|note| format!("{tenant}: {note}")).ok_or_else(|| Error::not_found("There is no such note."))
}

#[post("/notes")]
#[validate]
#[invalidates("notes")]
pub(super) async fn add(
    tenant: Tenant,
    State(notes): State<Notes>,
    Json(note): Json<NewNote>,
) -> Created<Kept> {
    let id = lift::random_id();
    let number = notes.add(&tenant, note.text);
    Created::at(format!("/receipts/{id}"), Kept { id, number })
}

#[get("/receipts/{id}")]
pub(super) async fn receipt(Path(id): Path<String>, tenant: Tenant) -> String {
    format!("{tenant} has the receipt {id}")
}

#[get("/mine")]
#[cached(ttl = "60s", private)]
pub(super) async fn mine(tenant: Tenant) -> String {
    format!("{}'s at {tenant}", Context::current().caller().unwrap_or("nobody"))
}

#[get("/ticks")]
#[stream]
pub(super) async fn ticks(tenant: Tenant) -> Result<String> {
    loop {
        emit!(format!("tick for {tenant}"));
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

#[get("/rates", no_tenant)]
#[cached(ttl = "60s", shared)]
pub(super) async fn rates() -> &'static str {
    "1 EUR = 1.1 USD"
}

#[delete("/notes")]
#[invalidates("notes")]
pub(super) async fn clear(tenant: Tenant, State(notes): State<Notes>) -> http::StatusCode {
    notes.kept.lock().expect("no panic under the lock").remove(&tenant);
    http::StatusCode::NO_CONTENT
}
