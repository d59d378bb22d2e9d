//! What spares a producer from being asked twice.
//!
//! Behind each frame a transport asks for the next one, and most often there is none: the producer has just paused, and
//! will wake the task that asks. Whatever wakes that task in the turn in which it was polled has it polled again, in
//! another turn; so until then the answer is known.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Context;

thread_local! {
    static TURN: Cell<Option<Turn>> = const { Cell::new(None) };
}

/// A poll that is under way.
#[derive(Clone, Copy, Debug)]
struct Turn {
    waker: [usize; 2],
    /// The body whose producer has paused.
    paused: Option<Id>,
}

/// Which body it is: a number that no other has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id(u64);

impl Id {
    pub(super) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// One poll of whoever asks bodies for frames.
pub(crate) fn turn<R>(cx: &mut Context<'_>, poll: impl FnOnce(&mut Context<'_>) -> R) -> R {
    struct Before(Option<Turn>);

    impl Drop for Before {
        fn drop(&mut self) {
            TURN.set(self.0);
        }
    }

    let _before = Before(TURN.replace(Some(Turn { waker: identity(cx), paused: None })));
    poll(cx)
}

/// The producer of `body` was polled, and has paused or has not: if so, it wakes the waker of `cx`.
pub(super) fn polled(body: Id, cx: &Context<'_>, has_paused: bool) {
    let Some(turn) = TURN.get() else { return };
    if has_paused && turn.waker == identity(cx) {
        TURN.set(Some(Turn { paused: Some(body), ..turn }));
    } else if turn.paused == Some(body) {
        TURN.set(Some(Turn { paused: None, ..turn }));
    }
}

/// Whether it has paused in this turn, which is polled with that waker.
pub(super) fn is_paused(body: Id, cx: &Context<'_>) -> bool {
    TURN.get().is_some_and(|turn| turn.paused == Some(body) && turn.waker == identity(cx))
}

/// Wakers of one identity wake one task: one that was made for something within the task would not end its turn.
fn identity(cx: &Context<'_>) -> [usize; 2] {
    [cx.waker().data().addr(), std::ptr::from_ref(cx.waker().vtable()).addr()]
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    #[test]
    fn a_pause_is_of_one_turn_one_body_and_one_waker() {
        let (mut cx, task) = (Context::from_waker(Waker::noop()), futures_util::task::noop_waker());
        let other = Context::from_waker(&task);
        let (body, another) = (Id::new(), Id::new());
        polled(body, &cx, true);
        assert!(!is_paused(body, &cx), "nobody asks");
        turn(&mut cx, |cx| {
            assert!(!is_paused(body, cx));
            polled(body, cx, true);
            assert!(is_paused(body, cx) && !is_paused(body, &other) && !is_paused(another, cx));
            turn(cx, |cx| assert!(!is_paused(body, cx)));
            polled(another, cx, false);
            assert!(is_paused(body, cx));
            polled(body, &other, true);
            assert!(!is_paused(body, cx), "it wakes another waker");
            polled(body, cx, true);
            polled(body, cx, false);
            assert!(!is_paused(body, cx), "it goes on");
            polled(body, cx, true);
        });
        turn(&mut cx, |cx| assert!(!is_paused(body, cx)));
        assert!(!is_paused(body, &cx));
    }
}
