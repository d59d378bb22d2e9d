//! From a miss to an answer: wait for whoever computes, or compute, and store.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::{Instant, timeout_at};

use super::entry::{Entry, Freshness, Times};
use super::flight::{Failure, Outcome, Seat};
use super::generation::Snapshot;
use super::lease::{Hold, Obtained, establish, obtain, release};
use super::plan::{Codec, Looked, Plan};
use super::policy::Sharing;
use crate::context::{Computation, Context};

/// Before the deadline, so that a stale answer still gets out in time.
const MARGIN: Duration = Duration::from_millis(250);

/// Longer than anything waits.
const ENDLESS: Duration = Duration::from_secs(24 * 3600);

/// What a computation came to.
pub(crate) enum Produced<P, A> {
    /// A result that may be handed to all who asked, to be stored if `store`.
    Kept { payload: P, keep: Keep, store: bool },
    /// An error, likewise.
    Failed(Failure),
    /// An answer for one.
    Alone(A),
}

/// For how long.
#[derive(Clone, Copy)]
pub(crate) enum Keep {
    Millis(u64),
    /// As a remembered absence.
    Negative,
}

/// What a call is answered with.
pub(crate) enum Answer<A> {
    Hit(Arc<Entry>),
    Stale(Arc<Entry>),
    Made { entry: Arc<Entry>, how: Made },
    Failed { failure: Failure, collapsed: bool },
    Alone(A),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    Stored,
    Unstored,
    /// Somebody else's computation.
    Collapsed,
}

/// An answer, or one that comes with a refresh to be run.
pub(crate) enum Step<A, M> {
    Done(Answer<A>),
    Refresh(Refresh<M>),
}

/// A refresh that is this caller's to run.
pub(crate) struct Refresh<M> {
    pub(crate) stale: Arc<Entry>,
    seat: Seat,
    snapshot: Snapshot,
    make: M,
}

/// Answers a call that memory could not.
pub(crate) async fn resolve<C, A, M, F>(plan: &mut Plan, make: M) -> Step<A, M>
where
    C: Codec,
    M: FnOnce() -> F + Send,
    F: Future<Output = Produced<C::Payload, A>> + Send,
{
    let Looked { snapshot, found } = plan.look::<C>().await;
    let fallback = match found {
        Some((entry, Freshness::Fresh)) => {
            plan.row.hit_abroad();
            return Step::Done(Answer::Hit(entry));
        }
        Some((stale, Freshness::Stale)) => {
            plan.row.stale();
            return match plan.inner.flights.lead(plan.wanted(), &snapshot, |stamp| plan.stands(stamp)) {
                Some(seat) => Step::Refresh(Refresh { stale, seat, snapshot, make }),
                None => Step::Done(Answer::Stale(stale)),
            };
        }
        Some((entry, _)) => Some(entry),
        None => None,
    };
    plan.row.miss();
    let seat = plan.inner.flights.join(plan.wanted(), &snapshot, |stamp| plan.stands(stamp));
    Step::Done(wait::<C, A, M, F>(plan, seat, snapshot, fallback, make).await)
}

/// Waits for the outcome of the flight, or for its lead.
async fn wait<C, A, M, F>(
    plan: &mut Plan,
    mut seat: Seat,
    mut snapshot: Snapshot,
    mut fallback: Option<Arc<Entry>>,
    make: M,
) -> Answer<A>
where
    C: Codec,
    M: FnOnce() -> F + Send,
    F: Future<Output = Produced<C::Payload, A>> + Send,
{
    if !seat.leads() {
        let outcome = match &fallback {
            Some(entry) => match timeout_at(limit(plan), seat.wait()).await {
                Ok(outcome) => outcome,
                Err(_) if serves(plan, entry) => return late(plan, entry),
                Err(_) => seat.wait().await,
            },
            None => seat.wait().await,
        };
        match outcome {
            Some(outcome) => return collapsed::<C, A, M, F>(plan, outcome, fallback, make).await,
            None => {
                // The leader is gone, and what it began under may be too.
                let looked = plan.look::<C>().await;
                fallback = plan.standing(fallback, &snapshot, &looked);
                snapshot = looked.snapshot;
                seat.begin(&snapshot);
            }
        }
    }
    lead::<C, A, M, F>(plan, seat, snapshot, fallback, make).await
}

/// Answers one who has waited.
async fn collapsed<C, A, M, F>(
    plan: &Plan,
    outcome: Outcome,
    fallback: Option<Arc<Entry>>,
    make: M,
) -> Answer<A>
where
    C: Codec,
    M: FnOnce() -> F + Send,
    F: Future<Output = Produced<C::Payload, A>> + Send,
{
    match outcome {
        Outcome::Made(entry) => Answer::Made { entry, how: Made::Collapsed },
        Outcome::Stale(entry) if serves(plan, &entry) => late(plan, &entry),
        Outcome::Failed(failure) => match fallback {
            Some(entry) if failure.fault && serves(plan, &entry) => late(plan, &entry),
            _ => Answer::Failed { failure, collapsed: true },
        },
        Outcome::Stale(_) | Outcome::Alone => match forced::<C, A, M, F>(plan, None, make).await {
            Answer::Failed { failure, collapsed } => match fallback {
                Some(entry) if failure.fault && serves(plan, &entry) => late(plan, &entry),
                _ => Answer::Failed { failure, collapsed },
            },
            answer => answer,
        },
    }
}

/// Whether an entry may still be served late: since it was looked up it may have become too old for that.
fn serves(plan: &Plan, entry: &Entry) -> bool {
    entry.times().freshness(plan.now()) != Freshness::Gone
}

fn late<A>(plan: &Plan, entry: &Arc<Entry>) -> Answer<A> {
    plan.row.stale();
    Answer::Stale(Arc::clone(entry))
}

/// Computes for one caller alone; with a snapshot, the result is stored.
pub(crate) async fn forced<C, A, M, F>(plan: &Plan, snapshot: Option<Snapshot>, make: M) -> Answer<A>
where
    C: Codec,
    M: FnOnce() -> F + Send,
    F: Future<Output = Produced<C::Payload, A>> + Send,
{
    let (created, computation) = (plan.now(), computation(plan));
    let produced = compute(plan, &computation, make()).await;
    match produced {
        Produced::Alone(answer) => Answer::Alone(answer),
        Produced::Failed(failure) => Answer::Failed { failure, collapsed: false },
        Produced::Kept { payload, keep, store } => {
            let times = times(plan, created, keep);
            match snapshot {
                Some(snapshot) if store && !tainted(plan, &computation) => {
                    let (entry, stored) = plan.store::<C>(&snapshot, times, payload, None).await;
                    Answer::Made { entry, how: if stored { Made::Stored } else { Made::Unstored } }
                }
                _ => Answer::Made {
                    entry: Entry::loose(Arc::clone(&plan.row), times, payload),
                    how: Made::Unstored,
                },
            }
        }
    }
}

/// Computes whatever is stored, and stores the result.
pub(crate) async fn reload<C, A, M, F>(plan: &mut Plan, make: M) -> Answer<A>
where
    C: Codec,
    M: FnOnce() -> F + Send,
    F: Future<Output = Produced<C::Payload, A>> + Send,
{
    plan.row.miss();
    let snapshot = current::<C>(plan).await;
    forced::<C, A, M, F>(plan, Some(snapshot), make).await
}

/// The generations of now, where something is stored whatever is there.
pub(crate) async fn current<C: Codec>(plan: &mut Plan) -> Snapshot {
    let mut snapshot = plan.look::<C>().await.snapshot;
    establish(plan, None, &mut snapshot).await;
    snapshot
}

/// Runs a future after the response, in its context and until its deadline.
pub(crate) fn background(context: &Context, work: impl Future<Output = ()> + Send + 'static) {
    let deadline = context.deadline().unwrap_or_else(|| Instant::now() + ENDLESS);
    // Whether it was in time shows in what is stored.
    let work = async move { drop(timeout_at(deadline, work).await) };
    drop(tokio::spawn(context.clone().scope(work)));
}

/// Runs a refresh: what was stale stands in for it if it fails.
pub(crate) async fn refresh<C, A, M, F>(plan: &mut Plan, refresh: Refresh<M>) -> Answer<A>
where
    C: Codec,
    M: FnOnce() -> F + Send,
    F: Future<Output = Produced<C::Payload, A>> + Send,
{
    let Refresh { stale, seat, snapshot, make } = refresh;
    lead::<C, A, M, F>(plan, seat, snapshot, Some(stale), make).await
}

/// Computes for everybody on the flight.
async fn lead<C, A, M, F>(
    plan: &mut Plan,
    seat: Seat,
    mut snapshot: Snapshot,
    mut fallback: Option<Arc<Entry>>,
    make: M,
) -> Answer<A>
where
    C: Codec,
    M: FnOnce() -> F + Send,
    F: Future<Output = Produced<C::Payload, A>> + Send,
{
    // Between the look-up and the lead, an earlier flight may have landed.
    if let Some(entry) = plan.peek() {
        seat.finish(Outcome::Made(Arc::clone(&entry)));
        return Answer::Hit(entry);
    }
    let hold = match obtain::<C>(plan, &seat, &mut snapshot, &mut fallback).await {
        Obtained::Filled(entry) => {
            seat.finish(Outcome::Made(Arc::clone(&entry)));
            return Answer::Hit(entry);
        }
        Obtained::Late(entry) => {
            seat.finish(Outcome::Stale(Arc::clone(&entry)));
            return late(plan, &entry);
        }
        Obtained::Without => None,
        Obtained::Granted(hold) => Some(hold),
    };
    seat.start().await;
    let (created, computation) = (plan.now(), computation(plan));
    let work = compute(plan, &computation, make());
    let produced = match attempt(plan, fallback.as_ref(), work).await {
        Ok(produced) => produced,
        Err(entry) => {
            release(hold).await;
            seat.finish(Outcome::Stale(Arc::clone(entry)));
            return late(plan, entry);
        }
    };
    land::<C, A>(
        plan,
        seat,
        Landing { snapshot, fallback, hold, created, tainted: tainted(plan, &computation) },
        produced,
    )
    .await
}

/// Runs a computation. An error is the entry that stands in, for it panicked or takes too long.
async fn attempt<'a, T>(
    plan: &Plan,
    fallback: Option<&'a Arc<Entry>>,
    work: impl Future<Output = T> + Send,
) -> Result<T, &'a Arc<Entry>> {
    let Some(entry) = fallback else { return Ok(work.await) };
    let mut work = pin!(AssertUnwindSafe(work).catch_unwind());
    let ended = match timeout_at(limit(plan), &mut work).await {
        Ok(Ok(produced)) => return Ok(produced),
        ended if serves(plan, entry) => {
            note(plan, ended.is_err());
            return Err(entry);
        }
        Ok(panicked) => panicked,
        Err(_) => work.await,
    };
    Ok(ended.unwrap_or_else(|panic| resume_unwind(panic)))
}

/// What a leader knows when its computation is done.
struct Landing {
    snapshot: Snapshot,
    fallback: Option<Arc<Entry>>,
    /// The right to store, where the store knows of such.
    hold: Option<Hold>,
    created: u64,
    tainted: bool,
}

/// Stores what was produced and tells everybody on the flight.
async fn land<C: Codec, A>(
    plan: &Plan,
    seat: Seat,
    landing: Landing,
    produced: Produced<C::Payload, A>,
) -> Answer<A> {
    let Landing { snapshot, fallback, hold, created, tainted } = landing;
    match produced {
        Produced::Kept { payload, keep, store } if store && !tainted => {
            let times = times(plan, created, keep);
            let lease = hold.as_ref().map(Hold::lease);
            let (entry, stored) = plan.store::<C>(&snapshot, times, payload, lease).await;
            match hold {
                Some(hold) if stored => hold.end(),
                hold => release(hold).await,
            }
            seat.finish(Outcome::Made(Arc::clone(&entry)));
            return Answer::Made { entry, how: if stored { Made::Stored } else { Made::Unstored } };
        }
        Produced::Failed(failure)
            if failure.fault && fallback.as_ref().is_some_and(|entry| serves(plan, entry)) =>
        {
            release(hold).await;
            let answer = match &fallback {
                Some(entry) => late(plan, entry),
                None => Answer::Failed { failure: failure.clone(), collapsed: false },
            };
            // A tainted error is for nobody else, and what is stored stays.
            seat.finish(if tainted { Outcome::Alone } else { Outcome::Failed(failure) });
            return answer;
        }
        _ => {}
    }
    // The function has spoken, and what it said is not what is stored; a fault says nothing.
    let is_fault = matches!(&produced, Produced::Failed(failure) if failure.fault);
    if let Some(entry) = fallback.as_ref().filter(|_| !is_fault) {
        plan.forget(entry).await;
    }
    release(hold).await;
    let (outcome, answer) = match produced {
        Produced::Kept { payload, keep, .. } => {
            let entry = Entry::loose(Arc::clone(&plan.row), times(plan, created, keep), payload);
            (Outcome::Made(Arc::clone(&entry)), Answer::Made { entry, how: Made::Unstored })
        }
        Produced::Failed(failure) => {
            (Outcome::Failed(failure.clone()), Answer::Failed { failure, collapsed: false })
        }
        Produced::Alone(answer) => (Outcome::Alone, Answer::Alone(answer)),
    };
    seat.finish(if tainted { Outcome::Alone } else { outcome });
    answer
}

/// Runs a computation in the call's context.
async fn compute<T>(plan: &Plan, computation: &Arc<Computation>, work: impl Future<Output = T> + Send) -> T {
    let began = Instant::now();
    let produced = plan.context.clone().compute(Arc::clone(computation), work).await;
    plan.row.computations.record(began.elapsed());
    produced
}

fn computation(plan: &Plan) -> Arc<Computation> {
    let sharing = plan.policy.sharing;
    Arc::new(Computation::new(sharing == Sharing::Shared, sharing == Sharing::Private))
}

fn tainted(plan: &Plan, computation: &Computation) -> bool {
    let tainted = computation.is_tainted();
    if tainted {
        plan.policy.warn_tainted();
    }
    tainted
}

fn times(plan: &Plan, created: u64, keep: Keep) -> Times {
    match keep {
        Keep::Millis(ttl) => Times::new(created, ttl, plan.policy),
        Keep::Negative => Times::negative(created, plan.policy),
    }
}

/// When a stale entry goes out instead of waiting on; without a deadline, in practice never.
pub(crate) fn limit(plan: &Plan) -> Instant {
    shortly_before_deadline(&plan.context)
}

/// When there is just time left for what has to be done before an answer.
pub(crate) fn shortly_before_deadline(context: &Context) -> Instant {
    match context.remaining() {
        Some(left) => Instant::now() + left.saturating_sub(MARGIN.min(left / 10)),
        None => Instant::now() + ENDLESS,
    }
}

fn note(plan: &Plan, late: bool) {
    let cause = if late { "it took too long" } else { "it panicked" };
    tracing::error!(target: "lift::cache", endpoint = plan.policy.name, cause, "served stale in place of an error");
}

/// An error that can be handed to all who waited.
pub(crate) fn failure<E: Any + Send + Sync>(error: E, fault: bool) -> Failure {
    Failure { error: Arc::new(error), fault }
}
