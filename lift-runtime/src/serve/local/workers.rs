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
    open: Place,
    /// Dropped, it stops the thread.
    _running: oneshot::Sender<Infallible>,
}

/// What each connection of a thread holds.
#[derive(Clone)]
pub(super) struct Place(Arc<()>);

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

    /// Serves a connection on the thread that has the fewest: of which it is one until it drops its [`Place`].
    pub(super) fn spawn<F, T>(&self, stream: TcpStream, serve: F)
    where
        F: FnOnce(TcpStream, Place) -> T,
        T: Future<Output = ()> + Send + 'static,
    {
        let Some(worker) = self.all.iter().min_by_key(|worker| Arc::strong_count(&worker.open.0)) else {
            return;
        };
        let _of_worker = worker.runtime.enter();
        // What fails is the client's connection alone: it is closed.
        if let Ok(stream) = stream.into_std().and_then(TcpStream::from_std) {
            tokio::spawn(serve(stream, worker.open.clone()));
        }
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
        let worker = Self { runtime: runtime.handle().clone(), open: Place(Arc::new(())), _running: running };
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
