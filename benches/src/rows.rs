//! S2's rows: some products, again and again.

use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::Frame;
use serde::Serialize;

/// How many rows S2's servers send.
pub const MILLION: usize = 1_000_000;

/// A row of 105 bytes or so.
#[derive(Debug, Serialize)]
pub struct Product {
    sku: String,
    name: String,
    price_cents: u32,
    category: &'static str,
    stock: u32,
    version: u32,
}

static CATALOG: LazyLock<Vec<Product>> = LazyLock::new(|| {
    let product = |n: u32| Product {
        sku: format!("SKU-{n:04}"),
        name: format!("Product {n}"),
        price_cents: 100 + 7 * n,
        category: ["books", "games", "garden", "music"][n as usize % 4],
        stock: 100,
        version: 1,
    };
    (1..=1000).map(product).collect()
});

/// So many rows.
pub fn products(count: usize) -> impl Iterator<Item = &'static Product> + Send {
    CATALOG.iter().cycle().take(count)
}

/// What one writes by hand: rows joined into 16 KiB.
#[derive(Debug)]
pub struct Joined<I>(pub I);

impl<I: Iterator<Item = &'static Product> + Unpin> http_body::Body for Joined<I> {
    type Data = Bytes;
    type Error = serde_json::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let mut chunk = Vec::with_capacity(17 * 1024);
        while chunk.len() < 16 * 1024 {
            let Some(product) = self.0.next() else { break };
            serde_json::to_writer(&mut chunk, product)?;
            chunk.push(b'\n');
        }
        Poll::Ready((!chunk.is_empty()).then(|| Ok(Frame::data(Bytes::from(chunk)))))
    }
}
