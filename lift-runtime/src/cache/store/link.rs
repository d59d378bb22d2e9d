//! What a store is reached by: made at its first use, shared by all who ask, and made anew when it is lost.

use std::fmt::Display;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use super::StoreError;

/// How long an operation waits for a connection: only as long as it may be a matter of milliseconds.
const PATIENCE: Duration = Duration::from_millis(40);

/// An operation that was given up after so long tells that the connection may be dead: after a freeze nobody says so.
const LATE: Duration = Duration::from_millis(45);

/// Between attempts to connect.
const PAUSE: Duration = Duration::from_millis(100);
const PAUSE_AT_MOST: Duration = Duration::from_secs(5);

/// A line in the log for so much time without a connection.
const LOG_EVERY: Duration = Duration::from_secs(60);

/// How to reach a store.
pub(crate) trait Connect: Send + Sync + 'static {
    /// What is shared: as many as are needed are cloned from it.
    type Connection: Clone + Send + Sync + 'static;
    type Error: Display + Into<StoreError> + Send;

    /// The store, for the log.
    const NAME: &'static str;

    /// How long connecting may take, in the background.
    const BOUND: Duration;

    fn connect(&self) -> impl Future<Output = Result<Self::Connection, Self::Error>> + Send;

    /// Whether the connection is of no use after this.
    fn is_fatal(error: &Self::Error) -> bool;
}

/// A connection, or how far it is from being one.
pub(crate) struct Link<C: Connect>(Arc<Inner<C>>);

struct Inner<C: Connect> {
    connect: C,
    state: Mutex<State<C::Connection>>,
    logged: Mutex<Option<Instant>>,
}

enum State<T> {
    /// There is none; after failures not before a certain time.
    Closed {
        failures: u32,
        not_before: Option<Instant>,
    },
    Opening {
        began: Instant,
        opened: watch::Receiver<bool>,
    },
    Open(Arc<Opened<T>>),
}

struct Opened<T> {
    connection: T,
    /// How many operations have been answered.
    answered: AtomicU64,
}

impl<C: Connect> Link<C> {
    pub(crate) fn new(connect: C) -> Self {
        let state = Mutex::new(State::Closed { failures: 0, not_before: None });
        Self(Arc::new(Inner { connect, state, logged: Mutex::default() }))
    }

    pub(crate) fn connector(&self) -> &C {
        &self.0.connect
    }

    /// Runs an operation on the connection, and drops that if it proves dead.
    pub(crate) async fn run<T>(
        &self,
        operation: impl AsyncFnOnce(C::Connection) -> Result<T, C::Error>,
    ) -> Result<T, StoreError> {
        let opened = self.opened(PATIENCE).await?;
        let answered = opened.answered.load(Ordering::Relaxed);
        let mut suspicion =
            Suspicion { inner: &self.0, opened: &opened, answered, began: Instant::now(), is_over: false };
        let done = operation(opened.connection.clone()).await;
        suspicion.is_over = true;
        match &done {
            Err(error) if C::is_fatal(error) => self.0.forget(&opened),
            _ => drop(opened.answered.fetch_add(1, Ordering::Relaxed)),
        }
        done.map_err(Into::into)
    }

    /// Connects, and waits for it.
    pub(crate) async fn connect(&self) -> Result<(), StoreError> {
        self.opened(C::BOUND).await.map(drop)
    }

    async fn opened(&self, patience: Duration) -> Result<Arc<Opened<C::Connection>>, StoreError> {
        let (began, mut opened) = {
            let mut state = self.0.state();
            match &*state {
                State::Open(opened) => return Ok(Arc::clone(opened)),
                State::Opening { began, opened } if opened.has_changed().is_ok() => (*began, opened.clone()),
                // The runtime that was to connect has gone.
                State::Opening { .. } => self.open(0, &mut state),
                State::Closed { not_before: Some(time), .. } if Instant::now() < *time => {
                    return Err(StoreError::Connecting);
                }
                State::Closed { failures, .. } => self.open(*failures, &mut state),
            }
        };
        let opening = opened.wait_for(|opened| *opened);
        if timeout_at(began + patience, opening).await.is_err() {
            return Err(StoreError::Connecting);
        }
        match &*self.0.state() {
            State::Open(opened) => Ok(Arc::clone(opened)),
            _ => Err(StoreError::Connecting),
        }
    }

    /// Connects, in a task of its own, so that a request that is given up does not take the attempt with it.
    fn open(&self, failures: u32, state: &mut State<C::Connection>) -> (Instant, watch::Receiver<bool>) {
        let (sender, opened) = watch::channel(false);
        let began = Instant::now();
        *state = State::Opening { began, opened: opened.clone() };
        let inner = Arc::clone(&self.0);
        tokio::spawn(async move {
            let connected = timeout(C::BOUND, inner.connect.connect()).await;
            let state = match connected {
                Ok(Ok(connection)) => {
                    State::Open(Arc::new(Opened { connection, answered: AtomicU64::new(0) }))
                }
                Ok(Err(error)) => inner.failed(failures, &error),
                Err(late) => inner.failed(failures, &late),
            };
            *inner.state() = state;
            // Whoever waits looks at the state.
            let _ = sender.send(true);
        });
        (began, opened)
    }
}

impl<C: Connect> Inner<C> {
    fn state(&self) -> MutexGuard<'_, State<C::Connection>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forget(&self, opened: &Arc<Opened<C::Connection>>) {
        let mut state = self.state();
        if matches!(&*state, State::Open(open) if Arc::ptr_eq(open, opened)) {
            *state = State::Closed { failures: 0, not_before: None };
        }
    }

    /// What follows an attempt that failed: a pause, longer each time.
    fn failed(&self, failures: u32, cause: &dyn Display) -> State<C::Connection> {
        let now = Instant::now();
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        if logged.is_none_or(|last| now - last >= LOG_EVERY) {
            *logged = Some(now);
            tracing::warn!(target: "lift::cache", store = C::NAME, %cause, "no connection to the store");
        }
        let pause = (PAUSE * (1 << failures.min(6))).min(PAUSE_AT_MOST);
        let pause = pause.mul_f64(0.5 + fastrand::f64() / 2.0);
        State::Closed { failures: failures + 1, not_before: Some(now + pause) }
    }
}

/// An operation under way. Dropped before it is over, and late, it takes the connection for dead, unless others have
/// been answered meanwhile.
struct Suspicion<'a, C: Connect> {
    inner: &'a Inner<C>,
    opened: &'a Arc<Opened<C::Connection>>,
    answered: u64,
    began: Instant,
    is_over: bool,
}

impl<C: Connect> Drop for Suspicion<'_, C> {
    fn drop(&mut self) {
        let is_late = !self.is_over && self.began.elapsed() >= LATE;
        if is_late && self.opened.answered.load(Ordering::Relaxed) == self.answered {
            self.inner.forget(self.opened);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Connects after so long; its connections are numbers.
    struct Slow(Duration, AtomicU64);

    impl Connect for Slow {
        type Connection = u64;
        type Error = std::io::Error;

        const NAME: &'static str = "slow";
        const BOUND: Duration = Duration::from_secs(2);

        async fn connect(&self) -> Result<u64, std::io::Error> {
            tokio::time::sleep(self.0).await;
            Ok(self.1.fetch_add(1, Ordering::Relaxed))
        }

        fn is_fatal(_: &std::io::Error) -> bool {
            false
        }
    }

    fn link(delay: Duration) -> Link<Slow> {
        Link::new(Slow(delay, AtomicU64::new(0)))
    }

    async fn number(link: &Link<Slow>) -> Result<u64, StoreError> {
        link.run(async |number| Ok(number)).await
    }

    async fn hang(link: &Link<Slow>) {
        let hanging = link.run(async |_| std::future::pending::<Result<(), std::io::Error>>().await);
        timeout(Duration::from_millis(50), hanging).await.expect_err("it hangs");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_long_for_a_connection() {
        let link = link(Duration::from_millis(1500));
        let began = Instant::now();
        for _ in 0..10 {
            assert!(matches!(number(&link).await, Err(StoreError::Connecting)));
        }
        assert_eq!(began.elapsed().as_millis() / 10, 4, "40 ms in all");
        tokio::time::sleep(Duration::from_millis(1500)).await;
        assert_eq!(number(&link).await.expect("connected"), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_that_takes_too_long_is_given_up_and_made_again_later() {
        let link = link(Duration::from_secs(60));
        assert!(number(&link).await.is_err());
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert!(matches!(&*link.0.state(), State::Closed { failures: 1, .. }));
        assert!(number(&link).await.is_err());
        assert!(matches!(&*link.0.state(), State::Opening { .. }));
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_on_which_nobody_is_answered_is_dead() {
        let link = link(Duration::ZERO);
        assert_eq!(number(&link).await.expect("connected"), 0);
        hang(&link).await;
        assert_eq!(number(&link).await.expect("connected anew"), 1);
        let others = async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            number(&link).await.expect("answered")
        };
        tokio::join!(hang(&link), others);
        assert_eq!(number(&link).await.expect("the same"), 1, "one that is slow is no proof");
    }
}
