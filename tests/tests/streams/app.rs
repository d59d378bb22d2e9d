//! An app of streams, and what becomes of their producers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::rejection::StringRejection;
use bytes::Bytes;
use lift::prelude::*;
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

/// An item of an endless stream, on which everything between producer and client is soon full.
const LARGE: usize = 64 * 1024;

/// What the producers of an app have done.
#[derive(Clone, Default)]
pub(crate) struct Producers(Arc<Counts>);

#[derive(Default)]
struct Counts {
    made: AtomicUsize,
    running: AtomicUsize,
    go_on: Notify,
}

struct Running(Producers);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Producers {
    fn begin(&self) -> Running {
        self.0.running.fetch_add(1, Ordering::SeqCst);
        Running(self.clone())
    }

    pub(crate) fn running(&self) -> usize {
        self.0.running.load(Ordering::SeqCst)
    }

    pub(crate) fn made(&self) -> usize {
        self.0.made.load(Ordering::SeqCst)
    }

    /// Lets the one that waits make its last item.
    pub(crate) fn go_on(&self) {
        self.0.go_on.notify_one();
    }

    /// Waits until so many run.
    pub(crate) async fn until_running(&self, count: usize) {
        let until = Instant::now() + Duration::from_secs(60);
        while self.running() != count {
            assert!(Instant::now() < until, "{} producers run, not {count}", self.running());
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until nothing more is made, and tells how many items there were.
    pub(crate) async fn at_rest(&self) -> usize {
        let mut before = 0;
        while before == 0 || before != self.made() {
            before = self.made();
            sleep(Duration::from_millis(300)).await;
        }
        before
    }
}

macro_rules! streams {
    ($($name:ident $format:tt $path:literal $item:ty;)*) => {$(
        /// `endless` as fast as it is taken, `silent` after one item, or so many items.
        #[get($path)]
        #[stream($format)]
        async fn $name(Path(kind): Path<String>, State(producers): State<Producers>) -> Result<$item> {
            let _running = producers.begin();
            let (count, size) = match &*kind {
                "endless" => (usize::MAX, LARGE),
                "silent" => (1, 1),
                count => (count.parse().map_err(|_| Error::bad_request("how many?"))?, 1),
            };
            for _ in 0..count {
                producers.0.made.fetch_add(1, Ordering::SeqCst);
                emit!(<$item>::from("x".repeat(size)));
            }
            if kind == "silent" {
                std::future::pending::<()>().await;
            }
        }
    )*};
}

streams! {
    events sse "/sse/{kind}" String;
    lines ndjson "/ndjson/{kind}" String;
    raw bytes "/bytes/{kind}" Bytes;
}

/// The text that was sent, behind which nothing comes if it is `silent`.
#[post("/echo")]
#[stream(ndjson)]
async fn echo(State(producers): State<Producers>, text: Json<String>) -> Result<String> {
    let _running = producers.begin();
    emit!(text.0.clone());
    if text.0 == "silent" {
        std::future::pending::<()>().await;
    }
}

/// Waits between its two items.
#[get("/waiting")]
#[stream(ndjson)]
async fn waiting(State(producers): State<Producers>) -> Result<&'static str> {
    emit!("first");
    producers.0.go_on.notified().await;
    emit!("last");
}

/// Whether a text was sent.
#[post("/careless")]
#[stream(ndjson)]
async fn careless(text: Result<String, StringRejection>) -> Result<bool> {
    emit!(text.is_ok());
}

/// Everything at once, which is no stream.
#[get("/whole")]
async fn whole() -> Bytes {
    Bytes::from(vec![b'x'; WHOLE])
}

pub(crate) const WHOLE: usize = 8 * 1024 * 1024;

pub(crate) const FORMATS: [&str; 3] = ["sse", "ndjson", "bytes"];

/// A server of these streams, until the sender is gone.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) producers: Producers,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<()>>,
}

pub(crate) async fn serve(write_timeout: Duration) -> Server {
    let producers = Producers::default();
    let app = App::new()
        .state(producers.clone())
        .routes(routes![events, lines, raw, echo, waiting, careless, whole]);
    let (address, stop, task) = serve_app(app.write_timeout(write_timeout)).await;
    Server { address, producers, stop, task }
}

pub(crate) async fn serve_app<S: Clone + Send + Sync + 'static>(
    app: App<S>,
) -> (SocketAddr, oneshot::Sender<()>, JoinHandle<Result<()>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(app.serve(listener, async { drop(stopped.await) }));
    (address, stop, task)
}

impl Server {
    /// Tells the server to stop, and waits until it has.
    pub(crate) async fn stop(self) {
        drop(self.stop);
        self.task.await.expect("no panic").expect("served");
    }
}
