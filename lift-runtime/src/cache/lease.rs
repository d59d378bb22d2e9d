//! The right to compute, where processes share a store.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::entry::{Entry, Freshness};
use super::flight::Seat;
use super::generation::Snapshot;
use super::plan::{Codec, Plan};
use super::remote::Remote;
use super::resolve::limit;
use super::store::{Lease, Leased};
use crate::clock::Clock;

/// How long another process may hold a lease; a holder that dies delays others by so much at most.
const LEASE: Duration = Duration::from_secs(10);

/// How long a lease is waited for: one whose holder has died, and then its successor's computation. At most half of the
/// time that is left, so that who has waited in vain can compute by itself, unless something stands in for the result.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often a lease that another process holds is asked for.
const POLL: Duration = Duration::from_millis(5);
const POLL_AT_MOST: Duration = Duration::from_millis(100);

/// How often in a row that may fail before whoever waits computes by itself.
const FAILURES: u32 = 2;

/// After the first attempt to give a lease back; twice as long after each, until it has run out by itself.
const AGAIN: Duration = Duration::from_millis(250);

pub(crate) enum Obtained {
    Granted(Hold),
    /// Another process has computed it meanwhile.
    Filled(Arc<Entry>),
    /// Another process computes it, and this may be served meanwhile, or there is no time left to wait.
    Late(Arc<Entry>),
    /// The store has no leases, or could not be asked.
    Without,
}

/// A lease that is held, or that may be: one that was asked for in vain may have been granted too late to be told.
/// Dropped unused, because its holder's client left, its handler panicked or the store fails just now, it is given back
/// in the background, and the store is told again until it hears.
pub(crate) struct Hold {
    remote: Option<Arc<Remote>>,
    key: Box<[u8]>,
    lease: Lease,
    clock: Clock,
}

impl Hold {
    fn new(plan: &Plan, key: &[u8]) -> Self {
        let (remote, lease) = (plan.inner.remote.clone(), Lease(fastrand::u128(..)));
        Self { remote, key: key.into(), lease, clock: plan.context.clock().clone() }
    }

    pub(crate) fn lease(&self) -> Lease {
        self.lease
    }

    /// It has ended with the entry that it stored.
    pub(crate) fn end(mut self) {
        self.remote = None;
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let (Some(remote), Ok(runtime)) = (self.remote.take(), tokio::runtime::Handle::try_current()) else {
            return;
        };
        let (key, lease, clock) = (std::mem::take(&mut self.key), self.lease, self.clock.clone());
        let end = Instant::now() + LEASE;
        runtime.spawn(async move {
            let mut pause = AGAIN;
            while remote.release(clock.now_millis(), &key, lease).await.is_err() && Instant::now() < end {
                sleep(pause).await;
                pause *= 2;
            }
        });
    }
}

/// Gives a lease back unused; in the background if the store fails just now, for the answer need not wait for that.
pub(crate) async fn release(hold: Option<Hold>) {
    let Some(mut hold) = hold else { return };
    if let Some(remote) = hold.remote.clone().filter(|remote| !remote.fails())
        && remote.release(hold.clock.now_millis(), &hold.key, hold.lease).await.is_ok()
    {
        hold.remote = None;
    }
}

/// Makes the generations that are missing, and takes the right to compute, where the store knows of such.
/// Of what stands in for an error, what stands no longer is dropped.
pub(crate) async fn obtain<C: Codec>(
    plan: &mut Plan,
    seat: &Seat,
    snapshot: &mut Snapshot,
    fallback: &mut Option<Arc<Entry>>,
) -> Obtained {
    if !matches!(snapshot, Snapshot::Remote(..)) {
        return Obtained::Without;
    }
    let patience = match plan.context.remaining() {
        Some(left) if fallback.is_none() => PATIENCE.min(left / 2),
        _ => PATIENCE,
    };
    let end = Instant::now() + patience;
    let late = limit(plan);
    let (mut pause, mut is_leased) = (POLL, plan.is_leased);
    // Who knows that somebody computes does not compute too because the store is slow for a moment.
    let mut patient = if is_leased == Some(true) { FAILURES } else { 0 };
    let hold = loop {
        // Asking in vain may cost a write, as large as the entry.
        let asked = if is_leased == Some(true) { Asked::Held } else { ask(plan).await };
        let hold = match asked {
            Asked::Granted(hold) => Some(hold),
            Asked::Held => {
                patient = FAILURES;
                None
            }
            Asked::Failed if patient > 0 => {
                patient -= 1;
                None
            }
            Asked::Unsupported => break None,
            Asked::Failed => {
                *snapshot = Snapshot::Unknown(plan.inner.flights.moment());
                return Obtained::Without;
            }
        };
        if hold.is_none() {
            let now = plan.now();
            let serves = |entry: &&Arc<Entry>| match entry.freshness(now) {
                Freshness::Fresh | Freshness::Stale => true,
                Freshness::Fallback => Instant::now() >= late,
                Freshness::Gone => false,
            };
            if let Some(entry) = fallback.as_ref().filter(serves) {
                return Obtained::Late(Arc::clone(entry));
            }
            let until = Instant::now() + pause;
            sleep_until(if fallback.is_some() { until.min(late) } else { until }).await;
        }
        // Also when it was granted: the last holder may have stored between the look-up and now.
        let began = Instant::now();
        let looked = plan.look::<C>().await;
        if let Some((entry, Freshness::Fresh)) = looked.found {
            release(hold).await;
            return Obtained::Filled(entry);
        }
        *fallback = plan.standing(fallback.take(), snapshot, &looked);
        *snapshot = looked.snapshot;
        is_leased = plan.is_leased;
        if hold.is_some() {
            break hold;
        }
        if Instant::now() >= end {
            // Whoever holds it renews it without end; its fill and ours must not race.
            *snapshot = Snapshot::Unknown(plan.inner.flights.moment());
            return Obtained::Without;
        }
        // Those who wait leave a slow store time for others.
        pause = (pause * 2).min(POLL_AT_MOST.max(began.elapsed() * 25));
    };
    establish(plan, Some(seat), snapshot).await;
    hold.map_or(Obtained::Without, Obtained::Granted)
}

enum Asked {
    Granted(Hold),
    Held,
    Unsupported,
    Failed,
}

/// Asks for the lease once.
async fn ask(plan: &Plan) -> Asked {
    let Some((remote, abroad)) = plan.remote() else { return Asked::Unsupported };
    let mut hold = Hold::new(plan, &abroad.key);
    match remote.lease(plan.now(), &abroad.key, hold.lease, LEASE).await {
        Ok(Leased::Granted) => Asked::Granted(hold),
        Ok(leased) => {
            hold.remote = None;
            if leased == Leased::Unsupported { Asked::Unsupported } else { Asked::Held }
        }
        Err(failed) => {
            if failed.is_refusal() {
                hold.remote = None;
            }
            Asked::Failed
        }
    }
}

/// Makes the generations that a look-up found missing.
pub(crate) async fn establish(plan: &Plan, seat: Option<&Seat>, snapshot: &mut Snapshot) {
    let Snapshot::Remote(generations, near) = &*snapshot else { return };
    let Some((remote, abroad)) = plan.remote() else { return };
    if generations.iter().all(Option::is_some) {
        return;
    }
    match remote.establish(plan.now(), &abroad.names).await {
        Ok(generations) => {
            let near = near.clone();
            *snapshot = Snapshot::Remote(generations.into_iter().map(Some).collect(), near);
            if let Some(seat) = seat {
                seat.also(snapshot);
            }
        }
        Err(_) => *snapshot = Snapshot::Unknown(plan.inner.flights.moment()),
    }
}
