//! The end of the local server, as those see it who have to finish before it.

use std::sync::Arc;

use tokio::sync::watch;

/// Whether the server is about to stop. Open streams wait for it, and end with their format's ending.
#[derive(Clone, Debug)]
pub(crate) struct Shutdown(Arc<watch::Sender<bool>>);

impl Default for Shutdown {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Shutdown {
    /// Tells all who wait.
    pub(crate) fn begin(&self) {
        self.0.send_replace(true);
    }

    /// Ends once the server is about to stop; at once if it is already.
    pub(crate) fn begun(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut begun = self.0.subscribe();
        // The sender lives in the future, so that waiting ends by the signal alone.
        let sender = self.clone();
        async move {
            let _ = begun.wait_for(|begun| *begun).await;
            drop(sender);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_seen_by_those_who_wait_and_by_those_who_come_later() {
        let shutdown = Shutdown::default();
        let waiting = tokio::spawn(shutdown.begun());
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        shutdown.begin();
        waiting.await.expect("it ends");
        shutdown.begun().await;
    }
}
