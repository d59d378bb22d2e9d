//! One topic: its last events, and who waits for the next.
//!
//! Events are kept once for all. A subscriber is no more than a number, that of the event it gets next, and the waker
//! of whoever waits for it: it has no queue that could fill.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::id::Position;
use super::published::{Encoded, Frame};
use super::{Keep, OnLag};
use crate::tenant::Tenant;

/// A topic of one tenant.
#[derive(Debug)]
pub(super) struct Topic {
    pub(super) tenant: Option<Tenant>,
    pub(super) name: Box<str>,
    state: Mutex<State>,
    /// It holds all that is kept elsewhere, and hears what is new.
    #[cfg(feature = "redis")]
    live: std::sync::atomic::AtomicBool,
    /// Told when an event is needed by nobody any more: whoever publishes under [`OnLag::Wait`] waits for that.
    room: Notify,
}

#[derive(Debug)]
struct State {
    /// Nobody finds it any more, so that nothing may be put into it.
    forgotten: bool,
    epoch: u64,
    /// The last events, the oldest first.
    log: VecDeque<Kept>,
    /// How large they are together.
    bytes: usize,
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
    /// It was too slow: events that it has not seen are gone, so many if that is known.
    Lagged(Option<u64>, Position),
    Nothing,
}

/// Where a subscriber stands in its topic.
#[derive(Debug)]
pub(super) struct Cursor {
    place: usize,
    epoch: u64,
    next: u64,
}

impl Topic {
    pub(super) fn new(tenant: Option<Tenant>, name: &str) -> Self {
        let state = State {
            forgotten: false,
            epoch: fastrand::u64(..),
            log: VecDeque::new(),
            bytes: 0,
            next: 1,
            places: Vec::new(),
            free: Vec::new(),
            published: Instant::now(),
        };
        Self {
            tenant,
            name: name.into(),
            state: Mutex::new(state),
            #[cfg(feature = "redis")]
            live: std::sync::atomic::AtomicBool::new(false),
            room: Notify::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps an event, the oldest giving way to it, and wakes everybody.
    pub(super) fn try_publish(&self, keep: Keep, on_lag: OnLag, event: &Encoded<'_>) -> Outcome {
        let mut state = self.state();
        if state.forgotten {
            return Outcome::Forgotten;
        }
        let frame = Frame::new(Position { epoch: state.epoch, number: state.next }, event);
        if on_lag == OnLag::Wait {
            // Whoever wants an event wants all that come after it, too.
            let last = state.giving_way(keep, &frame).checked_sub(1).and_then(|last| state.log.get(last));
            if last.is_some_and(|last| last.wanted > 0) {
                return Outcome::Full;
            }
        }
        state.append(keep, frame);
        wake(state);
        Outcome::Published
    }

    /// What another process has published, if it is the next event or one that is known; `false` if some are missing.
    #[cfg(feature = "redis")]
    pub(super) fn feed(&self, keep: Keep, position: Position, event: &Encoded<'_>) -> bool {
        let mut state = self.state();
        if position.epoch != state.epoch || position.number > state.next {
            return false;
        }
        if position.number == state.next {
            state.append(keep, Frame::new(position, event));
            wake(state);
        }
        true
    }

    /// All that is kept elsewhere, up to its latest event. Whoever has missed what is not among it is told.
    #[cfg(feature = "redis")]
    pub(super) fn catch_up(&self, keep: Keep, latest: Position, kept: Vec<(u64, Frame)>) {
        let mut state = self.state();
        let is_known = |state: &State, number| latest.epoch == state.epoch && number < state.next;
        let (before, first) =
            (state.next, kept.iter().map(|(number, _)| *number).find(|number| !is_known(&state, *number)));
        if latest.epoch != state.epoch
            || first.is_some_and(|first| first > before)
            || (first.is_none() && latest.number >= before)
        {
            // Nothing connects what is known with what is kept.
            state.log.clear();
            state.bytes = 0;
            state.epoch = latest.epoch;
            state.next = first.unwrap_or(latest.number + 1);
        }
        for (number, frame) in kept {
            if number == state.next {
                state.append(keep, frame);
            }
        }
        wake(state);
    }

    #[cfg(feature = "redis")]
    pub(super) fn set_live(&self, live: bool) {
        self.live.store(live, std::sync::atomic::Ordering::SeqCst);
    }

    #[cfg(feature = "redis")]
    pub(super) fn is_live(&self) -> bool {
        self.live.load(std::sync::atomic::Ordering::SeqCst)
    }

    /// Whether a client has seen more of this topic than this process has.
    #[cfg(feature = "redis")]
    pub(super) fn is_behind(&self, seen: Option<&str>) -> bool {
        let state = self.state();
        let seen = seen.and_then(|seen| seen.parse::<Position>().ok());
        seen.is_some_and(|seen| seen.epoch == state.epoch && seen.number >= state.next)
    }

    /// Told when an event may have become wanted by nobody.
    pub(super) fn room(&self) -> &Notify {
        &self.room
    }

    /// A new subscriber, and what it is to be told first: where it begins, or that it has missed something. `None` if the
    /// topic is another one by now.
    pub(super) fn subscribe(&self, seen: Option<&str>) -> Option<(Cursor, Option<Frame>)> {
        let mut state = self.state();
        if state.forgotten {
            return None;
        }
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
        Some((Cursor { place, epoch: state.epoch, next }, first))
    }

    /// The subscriber's next event, or a place for its waker.
    pub(super) fn take(&self, cursor: &mut Cursor, waker: &Waker) -> Taken {
        let mut state = self.state();
        let oldest = state.oldest();
        if cursor.epoch != state.epoch || cursor.next < oldest {
            let missed = (cursor.epoch == state.epoch).then(|| oldest - cursor.next);
            (cursor.epoch, cursor.next) = (state.epoch, oldest);
            return Taken::Lagged(missed, Position { epoch: state.epoch, number: oldest - 1 });
        }
        if cursor.next == state.next {
            state.places[cursor.place].wait(waker);
            return Taken::Nothing;
        }
        let index = usize::try_from(cursor.next - oldest).unwrap_or(usize::MAX);
        cursor.next += 1;
        let Some(kept) = state.log.get_mut(index) else { return Taken::Nothing };
        kept.wanted = kept.wanted.saturating_sub(1);
        let frame = kept.frame.clone();
        let room = kept.wanted == 0;
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
        if cursor.epoch == state.epoch {
            state.wanted_from(cursor.next, |wanted| wanted.saturating_sub(1));
        }
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

/// Wakes everybody who waits, not under the lock.
fn wake(mut state: MutexGuard<'_, State>) {
    let wakers: Vec<Waker> = state.places.iter_mut().filter_map(Place::wake).collect();
    drop(state);
    wakers.into_iter().for_each(Waker::wake);
}

impl State {
    /// How many events, the oldest ones, give way to another one.
    fn giving_way(&self, keep: Keep, frame: &Frame) -> usize {
        let (mut count, mut bytes) = (0, self.bytes + frame.len());
        while let Some(oldest) = self.log.get(count)
            && (self.log.len() - count >= keep.events || bytes > keep.bytes)
        {
            bytes -= oldest.frame.len();
            count += 1;
        }
        count
    }

    /// Keeps the next event, and so many in all.
    fn append(&mut self, keep: Keep, frame: Frame) {
        for oldest in self.log.drain(..self.giving_way(keep, &frame)) {
            self.bytes -= oldest.frame.len();
        }
        self.bytes += frame.len();
        let wanted = self.places.len() - self.free.len();
        self.log.push_back(Kept { frame, wanted });
        self.next += 1;
        self.published = Instant::now();
    }

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
