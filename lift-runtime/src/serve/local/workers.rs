//! Threads that serve connections, each on a runtime of its own.
//!
//! On a runtime that several threads share, the thread that finds a timer has run out hands the stream to whichever is
//! idle, and wakes it for that. Here a connection stays where it is: its timers, its socket and its stream are one
//! thread's.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{mpsc, oneshot};

/// How long the threads have to drop what is left when the server has stopped. One that a handler blocks is left behind.
const STOPPING: Duration = Duration::from_secs(1);

pub(super) struct Workers {
    all: Vec<Worker>,
    ended: mpsc::Receiver<Infallible>,
}

struct Worker {
    runtime: Handle,
    /// Each of its connections holds one.
    open: Arc<()>,
    /// Dropped, it stops the thread.
    _running: oneshot::Sender<Infallible>,
}

impl Workers {
    /// Starts so many threads.
    ///
    /// # Errors
    /// If the system has no thread or no file descriptor left.
    pub(super) fn start(count: NonZeroUsize) -> io::Result<Self> {
        let (alive, ended) = mpsc::channel(1);
        let all = (0..count.get()).map(|n| Worker::start(n, alive.clone())).collect::<io::Result<_>>()?;
        Ok(Self { all, ended })
    }

    /// Serves a connection on the thread that has the fewest.
    pub(super) fn spawn<F, T>(&self, stream: TcpStream, serve: F)
    where
        F: FnOnce(TcpStream) -> T + Send + 'static,
        T: Future<Output = ()> + Send,
    {
        let Some(worker) = self.all.iter().min_by_key(|worker| Arc::strong_count(&worker.open)) else {
            return;
        };
        // What fails is the client's connection alone: it is closed.
        let Ok(stream) = stream.into_std() else { return };
        let open = Arc::clone(&worker.open);
        worker.runtime.spawn(async move {
            if let Ok(stream) = TcpStream::from_std(stream) {
                serve(stream).await;
            }
            drop(open);
        });
    }

    /// Stops the threads, and drops what they still serve.
    pub(super) async fn stop(mut self) {
        self.all.clear();
        if tokio::time::timeout(STOPPING, self.ended.recv()).await.is_err() {
            tracing::warn!("a handler blocks its thread, which is left behind");
        }
    }
}

impl Worker {
    fn start(n: usize, alive: mpsc::Sender<Infallible>) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (running, stopped) = oneshot::channel::<Infallible>();
        let worker = Self { runtime: runtime.handle().clone(), open: Arc::new(()), _running: running };
        let runtime = Own(Some(runtime));
        std::thread::Builder::new().name(format!("lift-worker-{n}")).spawn(move || {
            if let Own(Some(runtime)) = &runtime {
                let _ = runtime.block_on(stopped);
            }
            drop(runtime);
            drop(alive);
        })?;
        Ok(worker)
    }
}

/// A runtime that may be dropped anywhere: it does not wait for what was spawned to block.
struct Own(Option<Runtime>);

impl Drop for Own {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
