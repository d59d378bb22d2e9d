//! S2: a million rows by `#[stream(ndjson)]`. It prints the address it listens at.

use std::net::Ipv4Addr;

use benches::rows::{MILLION, Product, products};
use lift::prelude::*;
use tokio::net::TcpListener;

#[get("/rows")]
#[stream(ndjson)]
async fn rows() -> Result<&'static Product> {
    for product in products(MILLION) {
        emit!(product);
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", listener.local_addr()?);
    App::new().routes(routes![rows]).serve(listener, std::future::pending()).await
}
