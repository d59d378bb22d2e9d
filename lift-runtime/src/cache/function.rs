//! Plain functions that cache the value they return.

use std::any::Any;
use std::convert::Infallible;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Cache;
use super::begin::{Begun, begin};
use super::computed::Computed;
use super::entry::{Entry, Times};
use super::invalidate::call_key;
use super::key::Key;
use super::plan::{Codec, Keyed, Plan};
use super::policy::{Policy, Sharing};
use super::resolve::{Answer, Keep, Produced, Step, background, current, failure, refresh, resolve};
use super::tags::Tags;
use crate::context::Context;
use crate::error::{Error, Result as LiftResult};
use crate::json;

/// Values that stores outside the process hold as JSON.
pub struct Encoded;

/// Values that stay in this process, under `local`.
pub struct Local;

/// How a value leaves the process, if it does: [`Encoded`] or [`Local`].
pub trait Form<T>: 'static {
    /// Bytes of a value beyond its own size, about.
    fn weigh(value: &T) -> u64;

    /// The value as bytes.
    fn encode(value: &T) -> Option<Vec<u8>>;

    /// The way back.
    fn decode(bytes: &[u8]) -> Option<T>;
}

impl<T: Serialize + DeserializeOwned> Form<T> for Encoded {
    fn weigh(value: &T) -> u64 {
        let mut counted = Counted(0);
        // What does not serialise is weighed as far as it went.
        let _ = serde_json::to_writer(&mut counted, value);
        counted.0
    }

    fn encode(value: &T) -> Option<Vec<u8>> {
        json::to_vec(value).ok()
    }

    fn decode(bytes: &[u8]) -> Option<T> {
        serde_json::from_slice(bytes).ok()
    }
}

impl<T> Form<T> for Local {
    fn weigh(_: &T) -> u64 {
        0
    }

    fn encode(_: &T) -> Option<Vec<u8>> {
        None
    }

    fn decode(_: &[u8]) -> Option<T> {
        None
    }
}

/// Counts what is written.
struct Counted(u64);

impl std::io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Values of one type as payloads.
struct Values<T, C>(PhantomData<fn() -> (T, C)>);

const VALUE: u8 = 3;

impl<T: Any + Send + Sync, C: Form<T>> Codec for Values<T, C> {
    type Payload = T;

    fn weigh(value: &T) -> u64 {
        size_of::<T>() as u64 + C::weigh(value)
    }

    fn encode(value: &T) -> Option<(u8, Vec<u8>)> {
        Some((VALUE, C::encode(value)?))
    }

    fn decode(kind: u8, bytes: &Bytes) -> Option<T> {
        (kind == VALUE).then(|| C::decode(bytes))?
    }
}

/// Calls a function through the cache.
pub async fn function<C, A, K, G, H, F, J, T, E, R>(
    policy: &'static Policy,
    _: C,
    arguments: A,
    key: K,
    tags: G,
    compute: H,
    join: J,
) -> R
where
    C: Form<T>,
    K: FnOnce(&A, &mut Key),
    G: FnOnce(&A, &mut Tags),
    A: Send,
    H: FnOnce(A) -> F + Send,
    F: Future<Output = Computed<T, E>> + Send,
    J: FnOnce(Result<T, E>) -> R,
    T: Clone + Send + Sync + 'static,
    E: Clone + Send + Sync + 'static,
{
    let mut plan = match start::<T>(policy, |bytes| key(&arguments, bytes)) {
        Begun::Hit(taken) => return join(Ok(taken.value())),
        Begun::Bypass(reason) => return join(bypass(policy, reason, compute(arguments)).await),
        Begun::Miss(plan) => plan,
    };
    let mut given = Tags::new();
    tags(&arguments, &mut given);
    let work = async move {
        plan.tagged(given);
        let make = move || async move { produce(policy, compute(arguments).await) };
        match resolve::<Values<T, C>, Infallible, _, _>(&mut plan, make).await {
            Step::Done(answer) => answer,
            Step::Refresh(work) => refresh::<Values<T, C>, Infallible, _, _>(&mut plan, work).await,
        }
    };
    join(answered(Box::pin(work).await))
}

/// As [`function`], for one with `stale`: the refresh may outlive the call.
pub async fn refreshed<C, A, K, G, H, F, J, T, E, R>(
    policy: &'static Policy,
    _: C,
    arguments: A,
    key: K,
    tags: G,
    compute: H,
    join: J,
) -> R
where
    C: Form<T>,
    K: FnOnce(&A, &mut Key),
    G: FnOnce(&A, &mut Tags),
    A: Send + 'static,
    H: FnOnce(A) -> F + Send + 'static,
    F: Future<Output = Computed<T, E>> + Send + 'static,
    J: FnOnce(Result<T, E>) -> R,
    T: Clone + Send + Sync + 'static,
    E: Clone + Send + Sync + 'static,
{
    let mut plan = match start::<T>(policy, |bytes| key(&arguments, bytes)) {
        Begun::Hit(taken) => return join(Ok(taken.value())),
        Begun::Bypass(reason) => return join(bypass(policy, reason, compute(arguments)).await),
        Begun::Miss(plan) => plan,
    };
    let mut given = Tags::new();
    tags(&arguments, &mut given);
    let work = async move {
        plan.tagged(given);
        let make = move || async move { produce(policy, compute(arguments).await) };
        match resolve::<Values<T, C>, Infallible, _, _>(&mut plan, make).await {
            Step::Done(answer) => answer,
            Step::Refresh(work) if plan.context.on_lambda() => {
                refresh::<Values<T, C>, Infallible, _, _>(&mut plan, work).await
            }
            Step::Refresh(work) => {
                let (stale, context) = (work.stale.clone(), plan.context.clone());
                background(&context, async move {
                    drop(refresh::<Values<T, C>, Infallible, _, _>(&mut plan, work).await);
                });
                Answer::Stale(stale)
            }
        }
    };
    join(answered(Box::pin(work).await))
}

/// What a hit takes of its entry.
enum Taken<T> {
    /// A value that owns nothing, copied where it stands.
    Value(T),
    /// One that does is cloned later: its `Clone` is the user's code, which must not run under a lock.
    Entry(Arc<Entry>),
}

impl<T: Clone + 'static> Taken<T> {
    #[inline]
    fn of(entry: &Arc<Entry>) -> Self {
        match entry.payload::<T>() {
            Some(value) if !std::mem::needs_drop::<T>() => Self::Value(value.clone()),
            _ => Self::Entry(Arc::clone(entry)),
        }
    }

    #[inline]
    fn value(self) -> T {
        match self {
            Self::Value(value) => value,
            Self::Entry(entry) => value(&entry),
        }
    }
}

/// Looks in memory under the current context.
#[inline]
fn start<T: Clone + 'static>(policy: &'static Policy, arguments: impl FnOnce(&mut Key)) -> Begun<Taken<T>> {
    Context::with_current(|context| {
        let Some(context) = context else { return Begun::Bypass("no-context") };
        // A cached computation that calls this function depends on what this one's key holds.
        if !policy.is_shared() {
            Context::depends_on_tenant();
        }
        if policy.sharing == Sharing::Private {
            Context::depends_on_caller();
        }
        if !policy.vary.is_empty() {
            Context::depends_on_header();
        }
        begin(policy, context, false, arguments, Taken::of)
    })
}

fn produce<T, E>(policy: &'static Policy, computed: Computed<T, E>) -> Produced<T, Infallible>
where
    E: Any + Send + Sync,
{
    let Computed { result, store, absent, ttl } = computed;
    match result {
        Ok(payload) if absent => {
            Produced::Kept { payload, keep: Keep::Negative, store: store && policy.negative > 0 }
        }
        Ok(payload) => Produced::Kept { payload, keep: Keep::Millis(ttl.unwrap_or(policy.ttl)), store },
        Err(error) => {
            let fault = is_fault(&error);
            Produced::Failed(failure(error, fault))
        }
    }
}

/// Whether an error is the server's fault, so that a stale value may stand in for it. Lift's own error says; any
/// other is taken for one.
fn is_fault(error: &dyn Any) -> bool {
    error.downcast_ref::<Error>().is_none_or(|error| !error.status().is_client_error())
}

/// The value of an entry. One key is one policy's, and one policy is one function's with one type.
#[inline]
fn value<T: Clone + 'static>(entry: &Entry) -> T {
    let value = entry.payload::<T>().cloned();
    #[expect(clippy::expect_used, reason = "the key holds the policy's id, and each policy has one type")]
    value.expect("an entry holds what its function returns")
}

fn answered<T, E>(answer: Answer<Infallible>) -> Result<T, E>
where
    T: Clone + 'static,
    E: Clone + 'static,
{
    match answer {
        Answer::Hit(entry) | Answer::Stale(entry) | Answer::Made { entry, .. } => Ok(value(&entry)),
        Answer::Failed { failure, .. } => {
            let error = failure.error.downcast_ref::<E>().cloned();
            #[expect(clippy::expect_used, reason = "a flight's key is its function's, with one error type")]
            Err(error.expect("a flight fails with what its function returns"))
        }
        Answer::Alone(never) => match never {},
    }
}

/// Calls a function without the cache.
async fn bypass<T, E, F>(policy: &'static Policy, reason: &'static str, work: F) -> Result<T, E>
where
    F: Future<Output = Computed<T, E>> + Send,
{
    static WARNED: AtomicBool = AtomicBool::new(false);
    if !WARNED.swap(true, Ordering::Relaxed) {
        tracing::warn!(
            target: "lift::cache",
            function = policy.name,
            reason,
            "runs without its cache; a job says cache.tenant(…)?.scope(…), and a task is started by lift::spawn",
        );
    }
    work.await.result
}

/// Stores a value as if the function had returned it just now.
pub async fn prime<C, T>(
    cache: &Cache,
    policy: &'static Policy,
    _: C,
    key: impl FnOnce(&mut Key),
    tags: impl FnOnce(&mut Tags),
    computed: Computed<T, Infallible>,
) -> LiftResult<()>
where
    C: Form<T>,
    T: Clone + Send + Sync + 'static,
{
    if policy.sharing == Sharing::Private || !policy.vary.is_empty() {
        let text = format!("`{}` is cached by caller or header, which cannot be primed", policy.name);
        return Err(Error::internal(text));
    }
    let inner = Arc::clone(cache.inner_of(policy)?);
    let space = cache.space_of(policy)?;
    let call = call_key(policy, &space, key);
    // What is being computed now is older than the value given here.
    cache.renew_call(policy, &space, &call).await?;
    let Computed { result, store, absent, ttl } = computed;
    let Ok(value) = result;
    if !store || (absent && policy.negative == 0) {
        return Ok(());
    }
    let mut given = Tags::new();
    tags(&mut given);
    let keyed = Keyed { hash: inner.hash(call.as_bytes()), key: call.as_bytes().into(), call: call.len() };
    let mut plan = Plan::new(policy, inner, cache.context(), space, keyed);
    plan.tagged(given);
    let created = plan.now();
    let times = match absent {
        true => Times::negative(created, policy),
        false => Times::new(created, ttl.unwrap_or(policy.ttl), policy),
    };
    let snapshot = current::<Values<T, C>>(&mut plan).await;
    plan.store::<Values<T, C>>(&snapshot, times, value, None).await;
    Ok(())
}
