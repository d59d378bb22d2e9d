//! The smallest Lift app: `cargo run -p hello`, then `curl localhost:3000/hello/world`.

use lift::prelude::*;

#[derive(Serialize)]
struct Greeting {
    hello: String,
}

#[get("/hello/{name}")]
async fn hello(Path(name): Path<String>) -> Json<Greeting> {
    Json(Greeting { hello: name })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    App::new().routes(routes![hello]).run().await
}
