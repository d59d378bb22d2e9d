//! A small app over a store: `GET /{name}` is cached, `PUT /{name}` writes and invalidates.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use lift::prelude::*;
use lift::test::TestApp;

/// What is true, apart from any cache: processes that share it share a database.
#[derive(Clone, Default)]
pub(super) struct Truth(Arc<Mutex<HashMap<String, u32>>>);

impl Truth {
    fn read(&self, name: &str) -> u32 {
        self.0.lock().expect("no panic").get(name).copied().unwrap_or_default()
    }

    fn write(&self, name: &str) {
        *self.0.lock().expect("no panic").entry(name.to_owned()).or_default() += 1;
    }
}

#[derive(Clone)]
struct Shelf {
    truth: Truth,
    runs: Arc<AtomicU32>,
}

#[get("/{name}")]
#[cached(ttl = "60s", tags = ["{name}"])]
async fn value(Path(name): Path<String>, State(shelf): State<Shelf>) -> String {
    shelf.runs.fetch_add(1, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_millis(5)).await;
    format!("{name} {}", shelf.truth.read(&name))
}

#[put("/{name}")]
#[invalidates("{name}")]
async fn change(Path(name): Path<String>, State(shelf): State<Shelf>) -> &'static str {
    shelf.truth.write(&name);
    "changed"
}

/// A process: an app with a cache of its own.
pub(super) struct Process {
    app: TestApp,
    runs: Arc<AtomicU32>,
}

/// What a read came to.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) body: String,
    pub(super) status: String,
    pub(super) took: Duration,
}

impl Process {
    pub(super) fn new(cache: Cache, truth: &Truth) -> Self {
        let runs = Arc::<AtomicU32>::default();
        let shelf = Shelf { truth: truth.clone(), runs: Arc::clone(&runs) };
        let app = App::new().cache(cache).state(shelf).routes(routes![value, change]);
        Self { app: TestApp::new(app), runs }
    }

    pub(super) async fn get(&self, name: &str) -> Read {
        let began = Instant::now();
        let response = self.app.get(&format!("/{name}")).send().await;
        assert_eq!(response.status, 200, "a store fails no request");
        let status = response.header("cache-status").unwrap_or_default().to_owned();
        Read { body: response.text().await, status, took: began.elapsed() }
    }

    pub(super) async fn put(&self, name: &str) {
        assert_eq!(self.app.put(&format!("/{name}")).send().await.status, 200, "a store fails no request");
    }

    /// Reads until the cache has it: a store may be connecting still, or be skipped for seconds.
    pub(super) async fn warm(&self, name: &str) {
        for _ in 0..600 {
            if self.get(name).await.status.starts_with("lift; hit") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("never a hit");
    }

    pub(super) fn runs(&self) -> u32 {
        self.runs.load(Ordering::Relaxed)
    }
}
