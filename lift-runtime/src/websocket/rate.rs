//! How many messages a client may send: a token bucket that holds what may come in one `rate`.

use tokio::time::Instant;

use super::options::Rate;

/// What a client has left of its rate.
#[derive(Debug)]
pub(super) struct Allowance {
    rate: Rate,
    left: f64,
    since: Instant,
}

impl Allowance {
    pub(super) fn new(rate: Rate, now: Instant) -> Self {
        Self { rate, left: f64::from(rate.messages), since: now }
    }

    /// Takes one message off; false if there is none left.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let most = f64::from(self.rate.messages);
        let gained = now.duration_since(self.since).as_secs_f64() * 1000.0 / self.rate.millis as f64 * most;
        self.left = (self.left + gained).min(most);
        self.since = now;
        let is_left = self.left >= 1.0;
        if is_left {
            self.left -= 1.0;
        }
        is_left
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_is_as_large_as_the_rate_and_comes_back_with_time() {
        let mut now = Instant::now();
        let mut allowance = Allowance::new(Rate { messages: 10, millis: 1000 }, now);
        let burst = |allowance: &mut Allowance, now| (0..20).filter(|_| allowance.take(now)).count();
        assert_eq!(burst(&mut allowance, now), 10);
        now += Duration::from_millis(350);
        assert_eq!(burst(&mut allowance, now), 3);
        now += Duration::from_secs(100);
        assert_eq!(burst(&mut allowance, now), 10);
    }
}
