//! What a task carries with it: in its thread's place, for as long as it is polled there.
//!
//! A scope of `tokio::task_local!` takes a value and drops it behind the call. A stream, which is polled for each of its
//! events, lends the same value every time: a clone would touch memory that no event needs, once for each of thousands.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread::LocalKey;

use pin_project_lite::pin_project;

/// A thread's place for what the task carries that it polls.
pub(crate) struct Place<T: 'static>(pub(crate) &'static LocalKey<RefCell<Option<T>>>);

impl<T> Place<T> {
    /// Calls `f` with what is there, if anything is.
    pub(crate) fn with<R>(&self, f: impl FnOnce(Option<&T>) -> R) -> R {
        let mut f = Some(f);
        let done = self.0.try_with(|place| f.take().map(|f| f(place.borrow().as_ref())));
        match (done, f) {
            (Ok(Some(result)), _) => result,
            (_, Some(f)) => f(None),
            _ => unreachable!("the closure is called once, on one path or on the other"),
        }
    }

    /// Calls `f` while `lent` is there, and gives it back, also from a panic.
    pub(crate) fn lend<R>(&self, lent: &mut Option<T>, f: impl FnOnce() -> R) -> R {
        struct GivenBack<'a, T: 'static>(&'a Place<T>, &'a mut Option<T>);

        impl<T> Drop for GivenBack<'_, T> {
            fn drop(&mut self) {
                self.0.swap(self.1);
            }
        }

        let _given_back = self.swap(lent).then(|| GivenBack(self, lent));
        f()
    }

    /// Whether that was possible: at a thread's end there may be no place any more, and what is looked at stays.
    fn swap(&self, value: &mut Option<T>) -> bool {
        let swap = |place: &RefCell<Option<T>>| {
            place.try_borrow_mut().map(|mut place| std::mem::swap(&mut *place, value)).is_ok()
        };
        self.0.try_with(swap).unwrap_or(false)
    }

    /// A future that has `value` there whenever it is polled, and when it is dropped.
    pub(crate) fn carry<F: Future>(&'static self, value: T, future: F) -> Carrying<T, F> {
        Carrying { place: self, value: Some(value), future: Some(future) }
    }
}

pin_project! {
    /// See [`Place::carry`].
    pub(crate) struct Carrying<T: 'static, F> {
        place: &'static Place<T>,
        value: Option<T>,
        #[pin]
        future: Option<F>,
    }

    impl<T, F> PinnedDrop for Carrying<T, F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            this.place.lend(this.value, || this.future.set(None));
        }
    }
}

impl<T, F: Future> Future for Carrying<T, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        this.place.lend(this.value, || {
            let Some(future) = this.future.as_mut().as_pin_mut() else {
                unreachable!("polled after its end")
            };
            let polled = future.poll(cx);
            if polled.is_ready() {
                this.future.set(None);
            }
            polled
        })
    }
}

#[cfg(test)]
mod tests {
    use std::future::{poll_fn, ready};
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    thread_local! {
        static OF_THREAD: RefCell<Option<Box<u8>>> = const { RefCell::new(None) };
    }

    static PLACE: Place<Box<u8>> = Place(&OF_THREAD);

    fn current() -> Option<u8> {
        PLACE.with(|value| Some(**value?))
    }

    #[test]
    fn what_is_lent_comes_back() {
        let mut outer = Some(Box::new(1));
        PLACE.lend(&mut outer, || {
            assert_eq!(current(), Some(1));
            PLACE.lend(&mut Some(Box::new(2)), || assert_eq!(current(), Some(2)));
            PLACE.lend(&mut None, || assert_eq!(current(), None));
            let panicked = catch_unwind(AssertUnwindSafe(|| {
                PLACE.lend(&mut Some(Box::new(3)), || panic!("on purpose"))
            }));
            assert!(panicked.is_err());
            assert_eq!(current(), Some(1));
        });
        assert_eq!((outer.as_deref(), current()), (Some(&1), None));
    }

    #[tokio::test]
    async fn a_future_carries_its_own_to_its_end() {
        struct Dropped;

        impl Drop for Dropped {
            fn drop(&mut self) {
                assert_eq!(current(), Some(7));
            }
        }

        let carrying = PLACE.carry(Box::new(7), async {
            let _dropped = Dropped;
            tokio::task::yield_now().await;
            current()
        });
        assert_eq!(carrying.await, Some(7));
        assert_eq!(current(), None);
        let mut never = Box::pin(PLACE.carry(Box::new(7), async {
            let _dropped = Dropped;
            std::future::pending::<()>().await;
        }));
        poll_fn(|cx| {
            assert!(never.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        drop(never);
        assert_eq!(PLACE.carry(Box::new(8), ready(())).await, ());
        assert_eq!(current(), None);
    }

    #[test]
    fn what_is_looked_at_stays() {
        PLACE.lend(&mut Some(Box::new(1)), || {
            let seen = PLACE.with(|value| {
                let mut lent = Some(Box::new(2));
                let seen = PLACE.lend(&mut lent, current);
                (value.map(|value| **value), seen, lent.as_deref().copied())
            });
            assert_eq!(seen, (Some(1), Some(1), Some(2)));
            assert_eq!(current(), Some(1));
        });
    }

    #[test]
    fn at_a_threads_end_there_is_nothing() {
        struct Last;

        impl Drop for Last {
            fn drop(&mut self) {
                assert!(OF_THREAD.try_with(|_| ()).is_err(), "the place has gone");
                assert_eq!(PLACE.lend(&mut Some(Box::new(1)), current), None);
            }
        }

        thread_local! {
            static LAST: Last = const { Last };
        }

        let thread = std::thread::spawn(|| {
            LAST.with(|_| ());
            PLACE.lend(&mut Some(Box::new(1)), || assert_eq!(current(), Some(1)));
        });
        assert!(thread.join().is_ok());
    }
}
