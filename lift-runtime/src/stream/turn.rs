//! What spares a producer from being asked twice.
//!
//! Behind each frame a transport asks for the next one, and most often there is none: the producer has just paused, and
//! will wake the task that asks. Nothing can have woken that task as long as its turn lasts, in which it was polled; so
//! in the same turn the answer is known.

use std::cell::Cell;
use std::task::Context;

thread_local! {
    static TURN: Cell<Option<Turn>> = const { Cell::new(None) };
}

/// A poll that is under way: addresses of what is alive for as long as it lasts.
#[derive(Clone, Copy, Debug)]
struct Turn {
    waker: [usize; 2],
    /// The body whose producer has paused.
    paused: Option<usize>,
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

/// The producer of `body` has paused, and wakes the waker of `cx`.
pub(super) fn pause<B>(body: &B, cx: &Context<'_>) {
    if let Some(turn) = TURN.get().filter(|turn| turn.waker == identity(cx)) {
        TURN.set(Some(Turn { paused: Some(address(body)), ..turn }));
    }
}

/// Whether it has paused in this turn, which is polled with that waker.
pub(super) fn is_paused<B>(body: &B, cx: &Context<'_>) -> bool {
    TURN.get().is_some_and(|turn| turn.paused == Some(address(body)) && turn.waker == identity(cx))
}

/// Wakers of one identity wake one task: one that was made for something within the task would not end its turn.
fn identity(cx: &Context<'_>) -> [usize; 2] {
    [cx.waker().data().addr(), std::ptr::from_ref(cx.waker().vtable()).addr()]
}

fn address<B>(body: &B) -> usize {
    std::ptr::from_ref(body).addr()
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    #[test]
    fn a_pause_is_of_one_turn_one_body_and_one_waker() {
        let (mut cx, task) = (Context::from_waker(Waker::noop()), futures_util::task::noop_waker());
        let other = Context::from_waker(&task);
        let (body, another) = (1, 2);
        pause(&body, &cx);
        assert!(!is_paused(&body, &cx), "nobody polls");
        turn(&mut cx, |cx| {
            assert!(!is_paused(&body, cx));
            pause(&body, &other);
            assert!(!is_paused(&body, cx), "another waker may have been woken");
            pause(&body, cx);
            assert!(is_paused(&body, cx) && !is_paused(&body, &other) && !is_paused(&another, cx));
            turn(cx, |cx| assert!(!is_paused(&body, cx)));
            assert!(is_paused(&body, cx));
        });
        turn(&mut cx, |cx| assert!(!is_paused(&body, cx)));
        assert!(!is_paused(&body, &cx));
    }
}
