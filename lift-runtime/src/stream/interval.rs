//! Ticks that come to many streams at once.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use tokio::time::{Instant, Sleep, sleep_until};

/// What a tick may wait for others, in milliseconds: one divides the other, so that ticks of different periods meet.
const SHARES: [u64; 2] = [10, 5];
/// A tick waits for such a part of its period at most.
const PART: u32 = 10;
/// So late a tick may be that is none left out: timers are, now and then.
const SLACK: Duration = Duration::from_millis(5);

/// A timer is exact to the millisecond.
const SHORTEST: Duration = Duration::from_millis(1);
/// A hundred years.
const LONGEST: Duration = Duration::from_hours(100 * 365 * 24);

/// Ticks at once, and then every `period`: the clock of a stream that many have open.
///
/// A thread that wakes for each stream of thousands does little else. So a tick waits until others are due: for 10 ms at
/// most, 5 ms where `period` is under 100 ms, and not at all where it is under 50, beside what a timer is late, which is a
/// millisecond or two. It is never early, and those after it are not moved: by the hour there are as many as there ought to
/// be. What that saves of an event's processor time, README's table has (S1), beside `tokio::time::interval`.
///
/// Ticks that have passed while the stream was waiting, for its client for example, are left out if the wait was over 5 ms;
/// the next comes when it would have come. A period shorter than a millisecond is one of a millisecond.
///
/// A test that pauses tokio's clock finds its ticks as late by that clock, for the moments at which they come are those of
/// the process; what [`tick`](Interval::tick) returns is exact.
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
        self.due = match late > SLACK {
            true => now + (self.period - remainder(late, self.period)),
            false => due + self.period,
        };
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
    // Of a clock that is paused, a moment may be before that.
    let over = remainder(due.saturating_duration_since(first), share);
    let short = remainder(first.saturating_duration_since(due) + (share - over), share);
    due + short
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
        for (period, share) in [(1, 0), (49, 0), (50, 5), (99, 5), (100, 10), (1_234, 10)] {
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

    /// How often something wakes for the second ticks of a hundred streams, of which each begins a millisecond after another.
    async fn moments<T: Future>(ticks: impl Fn(Duration) -> T) -> usize {
        let streams = (0..100).map(|n| {
            let second = ticks(MILLI * n);
            async {
                second.await;
                Instant::now()
            }
        });
        join_all(streams).await.into_iter().collect::<BTreeSet<_>>().len()
    }

    #[tokio::test(start_paused = true)]
    async fn ticks_of_many_streams_come_at_once() {
        let second = async |period, begins| {
            sleep(begins).await;
            interval(period).skip(1).next().await
        };
        // One more where the first is not due at such a moment.
        for (period, expected) in [(MILLI * 49, 100), (MILLI * 50, 20), (MILLI * 99, 20), (SECOND, 10)] {
            let moments = moments(|begins| second(period, begins)).await;
            assert!((expected..=expected + 1).contains(&moments), "{moments} of {period:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_timer_that_is_late_costs_no_tick() {
        let start = Instant::now();
        let mut ticks = interval(MILLI);
        ticks.tick().await;
        advance(SLACK).await;
        for n in 1..=5 {
            assert_eq!(ticks.tick().await, start + MILLI * n);
        }
        assert_eq!(start.elapsed(), SLACK);
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
