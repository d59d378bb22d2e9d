//! Ticks that come to many streams at once.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use tokio::time::{Instant, Sleep, sleep_until};

/// What a tick may wait for others, in milliseconds: each divides those before it, so that ticks of different periods meet.
const SHARES: [u64; 3] = [10, 5, 1];
/// A tick waits for such a part of its period at most.
const PART: u32 = 10;

/// A timer is exact to the millisecond.
const SHORTEST: Duration = Duration::from_millis(1);
/// A hundred years.
const LONGEST: Duration = Duration::from_hours(100 * 365 * 24);

/// Ticks at once, and then every `period`: the clock of a stream that many have open.
///
/// A thread that wakes for each stream of thousands does little else. So a tick waits until others are due: for 10 ms at
/// most and for no more than a tenth of `period`, beside what a timer is late, which is exact to the millisecond. It is
/// never early, and those after it are not moved: by the hour there are as many as there ought to be. What that saves of an
/// event's processor time, README's table has (S1), beside `tokio::time::interval`.
///
/// Ticks that have passed while the stream was waiting, for its client for example, are left out; the next comes when it
/// would have come. A period shorter than a millisecond is one of a millisecond.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// use std::time::Duration;
/// use lift_runtime::stream::interval;
///
/// let mut seconds = interval(Duration::from_secs(1));
/// let first = seconds.tick().await;
/// assert_eq!(seconds.tick().await - first, Duration::from_secs(1));
/// # }
/// ```
///
/// # Panics
/// Outside a runtime of tokio with timers, as `tokio::time::interval` does.
pub fn interval(period: Duration) -> Interval {
    let due = Instant::now();
    Interval { timer: Box::pin(sleep_until(due)), due, period: period.clamp(SHORTEST, LONGEST) }
}

/// An [`interval`]; as a [`Stream`], it is one of the moments at which its ticks were due, and does not end.
#[derive(Debug)]
#[must_use = "an interval does nothing unless its ticks are awaited"]
pub struct Interval {
    timer: Pin<Box<Sleep>>,
    due: Instant,
    period: Duration,
}

impl Interval {
    /// Waits for the next tick: the moment at which it was due.
    ///
    /// Dropped before that, it takes no tick away.
    pub async fn tick(&mut self) -> Instant {
        poll_fn(|cx| self.poll_tick(cx)).await
    }

    fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
        ready!(self.timer.as_mut().poll(cx));
        let (due, now) = (self.due, Instant::now());
        let late = now.saturating_duration_since(due);
        self.due = now + (self.period - remainder(late, self.period));
        self.timer.as_mut().reset(shared(self.due, self.period));
        Poll::Ready(due)
    }
}

impl Stream for Interval {
    type Item = Instant;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Instant>> {
        self.poll_tick(cx).map(Some)
    }
}

/// The next moment, from `due` on, at which ticks come.
fn shared(due: Instant, period: Duration) -> Instant {
    static FIRST: OnceLock<Instant> = OnceLock::new();
    let mut shares = SHARES.into_iter().map(Duration::from_millis);
    let Some(share) = shares.find(|share| *share * PART <= period) else { return due };
    let first = *FIRST.get_or_init(|| std::time::Instant::now().into());
    let Some(since) = due.checked_duration_since(first) else { return due };
    match remainder(since, share) {
        Duration::ZERO => due,
        over => due + (share - over),
    }
}

fn remainder(of: Duration, by: Duration) -> Duration {
    Duration::from_nanos_u128(of.as_nanos() % by.as_nanos())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use futures_util::future::join_all;
    use futures_util::{FutureExt as _, StreamExt as _};
    use tokio::time::{advance, sleep, timeout};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const MILLI: Duration = Duration::from_millis(1);

    #[tokio::test(start_paused = true)]
    async fn a_tick_is_late_by_no_more_than_its_share_and_never_early() {
        for (period, share) in [(1, 0), (9, 0), (10, 1), (49, 1), (50, 5), (99, 5), (100, 10), (1_234, 10)] {
            sleep(Duration::from_micros(300)).await;
            let (start, period) = (Instant::now(), MILLI * period);
            let mut ticks = interval(period);
            for n in 0..50 {
                assert_eq!(ticks.tick().await, start + period * n);
                let late = start.elapsed().checked_sub(period * n).expect("it is not early");
                assert!(late <= MILLI * (share + 1), "{period:?} {late:?}");
            }
        }
    }

    /// How often something wakes for a hundred streams, whose ticks begin at moments that are different to the millisecond.
    async fn moments<T: Future<Output = ()>>(ticks: impl Fn() -> T) -> usize {
        let streams = (0..100).map(|n| {
            let ticks = ticks();
            async move {
                sleep(MILLI * (7 * n)).await;
                ticks.await;
                Instant::now()
            }
        });
        join_all(streams).await.into_iter().collect::<BTreeSet<_>>().len()
    }

    #[tokio::test(start_paused = true)]
    async fn ticks_of_many_streams_come_at_once() {
        let of_tokio = moments(async || {
            let mut ticks = tokio::time::interval(SECOND);
            ticks.tick().await;
            ticks.tick().await;
        });
        assert_eq!(of_tokio.await, 100);
        let here = moments(async || {
            let mut ticks = interval(SECOND);
            ticks.tick().await;
            ticks.tick().await;
        });
        assert!(
            (70..=71).contains(&here.await),
            "the 693 ms from the first to the last have as many of 10 ms"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn ticks_that_have_passed_are_left_out_and_the_others_not_moved() {
        let start = Instant::now();
        let mut ticks = interval(SECOND);
        ticks.tick().await;
        advance(SECOND * 7 / 2).await;
        assert_eq!(ticks.tick().await, start + SECOND);
        assert!(ticks.tick().now_or_never().is_none());
        let rest: Vec<_> = ticks.take(2).collect().await;
        assert_eq!(rest, [start + SECOND * 4, start + SECOND * 5]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_wait_to_the_end_takes_no_tick() {
        let start = Instant::now();
        let mut ticks = interval(SECOND);
        ticks.tick().await;
        for _ in 0..3 {
            assert!(timeout(SECOND / 4, ticks.tick()).await.is_err());
        }
        assert_eq!(ticks.tick().await, start + SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn a_period_may_be_of_any_length() {
        let start = Instant::now();
        let mut ticks = interval(Duration::ZERO);
        for n in 0..3 {
            assert_eq!(ticks.tick().await, start + MILLI * n);
        }
        let mut never = interval(Duration::MAX);
        never.tick().await;
        assert!(timeout(LONGEST / 200, never.tick()).await.is_err());
    }
}
