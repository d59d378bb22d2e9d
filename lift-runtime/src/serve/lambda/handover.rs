//! Hands an event's bytes to the handler.
//!
//! `lambda_runtime` deserialises every event itself, through a deserialiser that keeps track of paths, into a type
//! that cannot borrow. So a layer in front of it keeps the bytes under a number, passes the number on as the event,
//! and the handler takes the bytes back.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use lambda_runtime::LambdaInvocation;
use tower_layer::Layer;
use tower_service::Service;

/// Events on their way to the handler.
#[derive(Clone, Default)]
pub(super) struct Handover(Arc<Waiting>);

#[derive(Default)]
struct Waiting {
    next: AtomicU64,
    events: Mutex<HashMap<u64, Bytes>>,
}

impl Handover {
    fn put(&self, event: Bytes) -> u64 {
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        self.events().insert(number, event);
        number
    }

    /// The event of a number; empty if there is none.
    pub(super) fn take(&self, number: u64) -> Bytes {
        self.events().remove(&number).unwrap_or_default()
    }

    fn events(&self) -> MutexGuard<'_, HashMap<u64, Bytes>> {
        self.0.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Layer<S> for Handover {
    type Service = HandingOver<S>;

    fn layer(&self, inner: S) -> HandingOver<S> {
        HandingOver { inner, events: self.clone() }
    }
}

/// The layer's service.
#[derive(Clone)]
pub(super) struct HandingOver<S> {
    inner: S,
    events: Handover,
}

impl<S: Service<LambdaInvocation>> Service<LambdaInvocation> for HandingOver<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut invocation: LambdaInvocation) -> S::Future {
        let number = self.events.put(std::mem::take(&mut invocation.body));
        invocation.body = number.to_string().into();
        self.inner.call(invocation)
    }
}
