//! Running an app: its command line, the local server, and Lambda.

mod cli;
#[cfg(feature = "schema-check")]
mod gate;
#[cfg(feature = "lambda")]
pub(crate) mod lambda;
mod local;

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;

use self::cli::Command;
use self::local::Server;
#[cfg(feature = "websocket")]
pub(crate) use self::local::{Upgraded, linger};
use crate::app::App;
use crate::error::{Error, Result};

/// How long a client may take nothing of what the local server sends, unless the app says it.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// What an app says about how it is run.
pub(crate) struct Serving {
    about: Option<String>,
    write_timeout: Duration,
    workers: usize,
    #[cfg(feature = "lambda")]
    pub(crate) base_path: Option<String>,
    #[cfg(feature = "lambda")]
    pub(crate) on_event: Option<lambda::OnEvent>,
}

impl Default for Serving {
    fn default() -> Self {
        Self {
            about: None,
            write_timeout: WRITE_TIMEOUT,
            workers: 0,
            #[cfg(feature = "lambda")]
            base_path: None,
            #[cfg(feature = "lambda")]
            on_event: None,
        }
    }
}

impl<S: Clone + Send + Sync + 'static> App<S> {
    /// Runs the app: on Lambda it answers events, elsewhere its command line says what to do.
    ///
    /// | command | |
    /// |---|---|
    /// | `serve` (or none) | serves HTTP/1.1 and h2c at `--addr`, at `127.0.0.1` and `PORT`, or at `127.0.0.1:3000`, until SIGTERM or ctrl-c |
    /// | `routes` | prints the routes |
    /// | `schema` | prints the schemas of what routes take and answer; `schema --check old.json` compares |
    /// | `--help` | prints what the program understands, and what [`about`](App::about) says |
    ///
    /// It is on Lambda where `AWS_LAMBDA_RUNTIME_API` is set; `LIFT_RESPONSE_MODE` then says how answers leave:
    /// `buffered` (default), `stream` (a Function URL whose invoke mode is `RESPONSE_STREAM`: every answer streams)
    /// or `route` (an API Gateway REST API: the answers of `#[stream]` routes do).
    ///
    /// ```no_run
    /// # use lift_runtime::{App, Result};
    /// # async fn doc() -> Result<()> {
    /// App::new().about("A small API.").run().await
    /// # }
    /// ```
    ///
    /// # Errors
    /// What keeps the app from starting, as one line for the operator: a command or a setting that is not
    /// understood, an address that is taken, two endpoints that serve the same route.
    pub async fn run(self) -> Result<()> {
        match cli::parse()? {
            Command::Help { program } => cli::print(&cli::help(&program, self.serving.about.as_deref())),
            Command::Routes => cli::print(&cli::routes(self.endpoints())),
            Command::Schema => cli::print(&self.schemas().write()),
            #[cfg(feature = "schema-check")]
            Command::Check { old, allow_unknown } => {
                gate::check_file(&old, allow_unknown, &self.schemas());
            }
            #[cfg(not(feature = "schema-check"))]
            Command::Check { .. } => return Err(cli::without_check()),
            Command::Serve { addr } => {
                crate::observe::init();
                #[cfg(feature = "lambda")]
                if lambda::is_here() {
                    return lambda::run(self).await;
                }
                self.run_locally(&addr).await?;
            }
        }
        Ok(())
    }

    async fn run_locally(self, addr: &str) -> Result<()> {
        let listener = local::bind(addr).await?;
        let stop = local::signals()?;
        let about = self.serving.about.clone();
        let server = Server::new(self)?;
        cli::print(&cli::listening(listener.local_addr()?, about.as_deref()));
        server.run(listener, stop).await;
        Ok(())
    }

    /// Serves the app on a listener of your own until a future ends, then lets open requests finish for 10 s at most.
    ///
    /// ```
    /// # use lift_runtime::{App, Result};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    /// App::new().serve(listener, async {}).await
    /// # }
    /// ```
    ///
    /// # Errors
    /// If two endpoints serve the same method and path, or if [`workers`](Self::workers) cannot be started.
    pub async fn serve(self, listener: TcpListener, until: impl Future<Output = ()>) -> Result<()> {
        Server::new(self)?.run(listener, until).await;
        Ok(())
    }

    /// What the app says of itself: shown by `--help`, and when the local server has started.
    #[must_use]
    pub fn about(mut self, text: impl Into<String>) -> Self {
        self.serving.about = Some(text.into());
        self
    }

    /// How long a client of the local server may take nothing of what is sent to it, before its connection (on HTTP/2,
    /// its stream) is dropped, and with it what produces the answer; 30 s by default. A client that takes little is
    /// waited for, if it is 128 KiB within that time; of small writes, 32 KiB are enough.
    #[must_use]
    pub fn write_timeout(mut self, timeout: Duration) -> Self {
        self.serving.write_timeout = timeout;
        self
    }

    /// Has the local server serve connections on so many threads, each with a single-threaded runtime of its own; by
    /// default, and with 0, they are served on the runtime that [`run`](Self::run) was called on.
    ///
    /// A connection stays on the thread that has the fewest when it comes, so that its timers and its socket wake nobody
    /// else. With as many workers as there are processors, an event of a stream has taken a fifth less processor time by that
    /// on one machine, and as much on another: README's table has both. In exchange a handler that blocks delays all that its
    /// thread serves, and `tokio::task::block_in_place` panics in it. The tasks that a handler spawns run on its thread, and
    /// end with the server, as its connections do if the future of [`serve`](Self::serve) is dropped.
    ///
    /// ```no_run
    /// # use lift_runtime::{App, Result};
    /// # async fn doc() -> Result<()> {
    /// App::new().workers(std::thread::available_parallelism()?.get()).run().await
    /// # }
    /// ```
    #[must_use]
    pub fn workers(mut self, count: usize) -> Self {
        self.serving.workers = count;
        self
    }

    /// The path below which a custom domain serves this app on Lambda, such as `/v1`. It is taken off the paths
    /// of events that carry it; others are left as they are.
    #[cfg(feature = "lambda")]
    #[must_use]
    pub fn base_path(mut self, path: &str) -> Self {
        let path = path.trim_matches('/');
        self.serving.base_path = (!path.is_empty()).then(|| format!("/{path}"));
        self
    }

    /// Takes the Lambda events that are not HTTP requests (SQS, EventBridge, …) as they are; what it returns is
    /// the invocation's result. Without it such an event is an error of its invocation.
    ///
    /// ```
    /// # use lift_runtime::App;
    /// let app = App::new().on_event(async |event: serde_json::Value| Ok(serde_json::json!({ "got": event["source"] })));
    /// ```
    #[cfg(feature = "lambda")]
    #[must_use]
    pub fn on_event<F, R>(mut self, handle: F) -> Self
    where
        F: Fn(serde_json::Value) -> R + Send + Sync + 'static,
        R: Future<Output = Result<serde_json::Value>> + Send + 'static,
    {
        self.serving.on_event = Some(std::sync::Arc::new(move |event| Box::pin(handle(event))));
        self
    }
}

/// An error that keeps the app from starting.
fn startup(text: impl Into<String>) -> Error {
    Error::startup(text.into())
}

fn url(addr: SocketAddr) -> String {
    format!("http://{addr}")
}
