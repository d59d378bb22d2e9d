//! Expansions as code to read, compared with the files in `snapshots/`. `UPDATE_SNAPSHOTS=1 cargo test -p lift-macros`
//! writes them anew.

use std::path::Path;

use proc_macro2::TokenStream;
use quote::quote;

use crate::expand::attribute;
use crate::handler::Kind;

fn expanded(kind: Kind, arguments: TokenStream, item: TokenStream) -> String {
    let tokens = attribute(kind, arguments, item);
    match syn::parse2(tokens.clone()) {
        Ok(file) => prettyplease::unparse(&file),
        Err(error) => panic!("the expansion is no file of Rust: {error}\n{tokens}"),
    }
}

fn check(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots").join(name);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, actual).expect("the snapshot can be written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(actual, expected, "{name} is not as committed");
}

#[test]
fn a_handler_with_all_that_goes_together() {
    let item = quote! {
        /// One product.
        #[cached(ttl = "60s", stale = "30s", negative = "5s", tags = ["product:{sku}"])]
        #[validate(response, with = known_sku)]
        pub async fn product(Path(sku): Path<Sku>, State(catalog): State<Catalog>) -> Result<Json<Product>> {
            catalog.product(&sku).await.map(Json)
        }
    };
    check("product.rs", &expanded(Kind::Route("get"), quote! { "/products/{sku}" }, item));
}

#[test]
fn a_writer() {
    let item = quote! {
        #[put("/products/{sku}")]
        #[invalidates("product:{sku}", "products")]
        async fn put_product(Path(sku): Path<Sku>, body: Json<NewProduct>) -> Result<Json<Product>> {
            catalog().put(sku, body.0).await.map(Json)
        }
    };
    check("put_product.rs", &expanded(Kind::Validate, quote! { max_body = "64KiB" }, item));
}

#[test]
fn a_handler_that_emits() {
    let item = quote! {
        #[get("/orders/{id}/events")]
        async fn order_events(Path(id): Path<OrderId>, resume: LastEventId) -> Result<OrderEvent> {
            let mut steps = orders().watch(id, resume)?;
            while let Some(step) = steps.next().await {
                emit!(step);
            }
        }
    };
    check("order_events.rs", &expanded(Kind::Stream, quote! { sse, keep_alive = "15s" }, item));
}

#[test]
fn a_handler_that_returns_a_stream() {
    let item = quote! {
        #[stream(bytes)]
        async fn export(Query(range): Query<Range>) -> Result<impl Stream<Item = Result<Bytes>>> {
            open(range).await
        }
    };
    check("export.rs", &expanded(Kind::Route("get"), quote! { "/export" }, item));
}

#[test]
fn a_plain_function() {
    let item = quote! {
        #[tracing::instrument]
        pub(crate) async fn user<'a>(id: &'a str, mut page: Page) -> Result<User, Failure> {
            page.turn();
            fetch(id, page).await
        }
    };
    let arguments = quote! { ttl = lifetime, key = "{id}:{page.number}", when = is_complete, shared };
    check("user.rs", &expanded(Kind::Cached, arguments, item));
}

#[test]
fn every_option_of_a_policy() {
    let item = quote! {
        async fn rates(Query(q): Query<Rates>, headers: HeaderMap) -> Json<Rates> { todo!() }
    };
    let item = quote! {
        #[cached(
            ttl = "1h30m", key = "{q.from}", vary("Accept-Language"), tags = ["rates", "rates:{q.from}"], private,
            stale = "30s", stale_if_error = "10m", negative = "5s", cache_control = "private, max-age=30", version = 2,
            store = "second", strategy = crate::HOURLY, max_bytes = "1MiB",
        )]
        #item
    };
    check("rates.rs", &expanded(Kind::Route("route"), quote! { GET, "/rates", no_tenant }, item));
}

#[test]
fn a_socket() {
    let item = quote! {
        #[validate(with = allowed(said, conn))]
        async fn chat(said: Said, conn: Connection, Path(room): Path<String>) -> Result<Option<Reply>> {
            conn.room(room).broadcast(&said).await?;
            Ok(None)
        }
    };
    let arguments = quote! {
        "/chat/{room}", connect = join, disconnect = hooks::leave, max_message = "16KiB", buffer = 64,
        buffer_bytes = "256KiB", ping = "20s", idle_timeout = "5m", write_timeout = "5s", rate = "20/s",
        origins("https://shop.example", "http://localhost:3000"), no_tenant,
    };
    check("chat.rs", &expanded(Kind::Websocket, arguments, item));
}

#[test]
fn what_runs_before_a_socket_opens() {
    let item = quote! {
        #[validate]
        async fn join(conn: Connection, Path(room): Path<RoomName>) -> Result<()> {
            conn.room(room.0).join().await
        }
    };
    check("join.rs", &expanded(Kind::Hook("connect"), quote! {}, item));
}

/// Whatever comes first, the expansion is the same.
#[test]
fn the_order_of_attributes_does_not_matter() {
    let function =
        quote! { async fn list(Query(page): Query<Page>) -> Result<Json<List>> { read(page).await } };
    let (get, cached, validate) =
        (quote! { "/products" }, quote! { ttl = "60s", tags = ["products"] }, quote! { status = 400 });
    let get_first = attribute(
        Kind::Route("get"),
        get.clone(),
        quote! { #[cached(#cached)] #[lift::validate(#validate)] #function },
    );
    let validate_first =
        attribute(Kind::Validate, validate, quote! { #[cached(#cached)] #[lift::get(#get)] #function });
    let without_marks = |tokens: TokenStream| {
        let text = tokens.to_string();
        text.split("# [").filter(|part| !part.contains("__lift_taken")).collect::<String>()
    };
    assert_eq!(without_marks(get_first), without_marks(validate_first));
}

#[test]
fn another_place_of_the_crate_is_used_everywhere() {
    let item = quote! {
        #[validate(response, with = known)]
        #[cached(ttl = "60s", tags = ["a:{id}"])]
        async fn all(Path(id): Path<u32>) -> Result<Json<u32>> { Ok(Json(id)) }
    };
    let tokens = attribute(Kind::Route("get"), quote! { "/{id}", crate = crate::renamed }, item).to_string();
    assert!(!tokens.contains(":: lift"), "{tokens}");
    assert!(tokens.contains("use crate :: renamed :: __private as __lift ;"), "{tokens}");
}
