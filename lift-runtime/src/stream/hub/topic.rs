//! One topic: its last events, and who waits for the next.
//!
//! Events are kept once for all. A subscriber is no more than a number, that of the event it gets next, and the waker
//! of whoever waits for it: it has no queue that could fill.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::OnLag;
use super::id::Position;
use super::published::Frame;
use crate::error::Result;
use crate::tenant::Tenant;

/// A topic of one tenant.
#[derive(Debug)]
pub(super) struct Topic {
    pub(super) tenant: Option<Tenant>,
    pub(super) name: Box<str>,
    state: Mutex<State>,
    /// Told when the oldest event is needed by nobody any more: whoever publishes under [`OnLag::Wait`] waits for that.
    room: Notify,
}

#[derive(Debug)]
struct State {
    /// Nobody finds it any more, so that nothing may be put into it.
    forgotten: bool,
    epoch: u64,
    /// The last events, the oldest first.
    log: VecDeque<Kept>,
    /// The number of the next event; the first has 1.
    next: u64,
    /// A place for each subscriber, with its waker while it waits.
    places: Vec<Place>,
    free: Vec<usize>,
    published: Instant,
}

#[derive(Debug)]
struct Kept {
    frame: Frame,
    /// How many subscribers are still to take it.
    wanted: usize,
}

#[derive(Debug)]
enum Place {
    Free,
    Awake,
    Waiting(Waker),
}

/// What has become of an event that was to be published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Published,
    /// The oldest event is still wanted, and may not give way.
    Full,
    /// The topic is another one by now.
    Forgotten,
}

/// What there is for a subscriber.
#[derive(Debug)]
pub(super) enum Taken {
    Event(Frame),
    /// It was too slow: so many events that it has not seen are gone.
    Lagged(u64, Position),
    Nothing,
}

/// Where a subscriber stands in its topic.
#[derive(Debug)]
pub(super) struct Cursor {
    place: usize,
    next: u64,
}

impl Topic {
    pub(super) fn new(tenant: Option<Tenant>, name: &str) -> Self {
        let state = State {
            forgotten: false,
            epoch: fastrand::u64(..),
            log: VecDeque::new(),
            next: 1,
            places: Vec::new(),
            free: Vec::new(),
            published: Instant::now(),
        };
        Self { tenant, name: name.into(), state: Mutex::new(state), room: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps an event, the oldest giving way to it, and wakes everybody.
    ///
    /// # Errors
    /// What encoding the event fails with: then there is none.
    pub(super) fn try_publish(
        &self,
        keep: usize,
        on_lag: OnLag,
        encode: impl FnOnce(Position) -> Result<Frame>,
    ) -> Result<Outcome> {
        let mut state = self.state();
        if state.forgotten {
            return Ok(Outcome::Forgotten);
        }
        let full = state.log.len() >= keep;
        if full && on_lag == OnLag::Wait && state.log.front().is_some_and(|oldest| oldest.wanted > 0) {
            return Ok(Outcome::Full);
        }
        let frame = encode(Position { epoch: state.epoch, number: state.next })?;
        if full {
            state.log.pop_front();
        }
        let wanted = state.places.len() - state.free.len();
        state.log.push_back(Kept { frame, wanted });
        state.next += 1;
        state.published = Instant::now();
        let wakers: Vec<Waker> = state.places.iter_mut().filter_map(Place::wake).collect();
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
        Ok(Outcome::Published)
    }

    /// Told when an event may have become wanted by nobody.
    pub(super) fn room(&self) -> &Notify {
        &self.room
    }

    /// A new subscriber, and what it is to be told first: where it begins, or that it has missed something.
    pub(super) fn subscribe(&self, seen: Option<&str>) -> (Cursor, Option<Frame>) {
        let mut state = self.state();
        let (oldest, latest) = (state.oldest(), state.next - 1);
        let at = |number| Position { epoch: state.epoch, number };
        let (next, first) = match (seen, seen.and_then(|seen| seen.parse::<Position>().ok())) {
            (None, _) => (state.next, Some(Frame::mark(at(latest)))),
            (_, Some(Position { epoch, number })) if epoch == state.epoch && number <= latest => {
                let next = (number + 1).max(oldest);
                let missed = next - number - 1;
                (next, (missed > 0).then(|| Frame::gap(at(next - 1), Some(missed))))
            }
            // Another epoch's, or nobody's: whatever is kept may be new to it.
            _ => (oldest, Some(Frame::gap(at(oldest - 1), None))),
        };
        let place = match state.free.pop() {
            Some(place) => place,
            None => {
                state.places.push(Place::Free);
                state.places.len() - 1
            }
        };
        state.places[place] = Place::Awake;
        state.wanted_from(next, |wanted| wanted + 1);
        (Cursor { place, next }, first)
    }

    /// The subscriber's next event, or a place for its waker.
    pub(super) fn take(&self, cursor: &mut Cursor, waker: &Waker) -> Taken {
        let mut state = self.state();
        let oldest = state.oldest();
        if cursor.next < oldest {
            let missed = oldest - cursor.next;
            cursor.next = oldest;
            return Taken::Lagged(missed, Position { epoch: state.epoch, number: oldest - 1 });
        }
        if cursor.next == state.next {
            state.places[cursor.place].wait(waker);
            return Taken::Nothing;
        }
        let index = usize::try_from(cursor.next - oldest).unwrap_or(usize::MAX);
        cursor.next += 1;
        let Some(kept) = state.log.get_mut(index) else { return Taken::Nothing };
        kept.wanted -= 1;
        let frame = kept.frame.clone();
        let room = index == 0 && kept.wanted == 0;
        drop(state);
        if room {
            self.room.notify_waiters();
        }
        Taken::Event(frame)
    }

    /// The subscriber has left.
    pub(super) fn leave(&self, cursor: &Cursor) {
        let mut state = self.state();
        state.places[cursor.place] = Place::Free;
        state.free.push(cursor.place);
        state.wanted_from(cursor.next, |wanted| wanted - 1);
        if state.free.len() == state.places.len() {
            (state.places, state.free) = (Vec::new(), Vec::new());
        }
        drop(state);
        self.room.notify_waiters();
    }

    /// Ends a topic that nobody listens to, if it keeps nothing or was published to last before this moment.
    pub(super) fn forget(&self, idle_since: Option<Instant>) -> bool {
        let mut state = self.state();
        let is_old = state.log.is_empty() || idle_since.is_some_and(|since| state.published <= since);
        state.forgotten = is_old && state.places.len() == state.free.len();
        state.forgotten
    }

    /// When it was published to last, if nobody listens to it.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        let state = self.state();
        (state.places.len() == state.free.len()).then_some(state.published)
    }
}

impl State {
    /// The number of the oldest event that is kept, or of the next one.
    fn oldest(&self) -> u64 {
        self.next - self.log.len() as u64
    }

    /// Changes how many want each event from one on.
    fn wanted_from(&mut self, next: u64, change: impl Fn(usize) -> usize) {
        let seen = usize::try_from(next.saturating_sub(self.oldest())).unwrap_or(usize::MAX);
        self.log.iter_mut().skip(seen).for_each(|kept| kept.wanted = change(kept.wanted));
    }
}

impl Place {
    fn wait(&mut self, waker: &Waker) {
        match self {
            Self::Waiting(own) => own.clone_from(waker),
            place => *place = Self::Waiting(waker.clone()),
        }
    }

    /// Its waker, if it waits.
    fn wake(&mut self) -> Option<Waker> {
        match self {
            Self::Waiting(_) => match std::mem::replace(self, Self::Awake) {
                Self::Waiting(waker) => Some(waker),
                _ => None,
            },
            _ => None,
        }
    }
}
