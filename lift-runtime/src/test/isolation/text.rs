//! What may differ between two answers by nature, made the same.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use regex::{Captures, Regex};

/// When a request was sent, and when it was answered, by the system's clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) from: SystemTime,
    pub(super) to: SystemTime,
}

impl Span {
    /// Whether a time, known to some precision, may be one at which the request was being answered.
    fn holds(&self, nanos: u128, precision: u128) -> bool {
        let since = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let from = since(self.from);
        (from - from % precision..=since(self.to)).contains(&nanos)
    }
}

/// Names the times in a text that are the request's own. Others stay: the time of somebody's last write is no
/// business of other tenants.
pub(super) fn without_times(text: &str, span: Span) -> String {
    let text = replaced(
        text,
        &RFC3339,
        r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)",
        |found| {
            let part = |n: usize| found[n].parse::<i64>().ok();
            let days = days(part(1)?, part(2)?, part(3)?);
            let local = days * 86_400 + part(4)? * 3600 + part(5)? * 60 + part(6)?;
            let seconds = u128::try_from(local - offset(&found[8])?).ok()?;
            let fraction = found.get(7).map_or("", |fraction| fraction.as_str());
            let precision = 10_u128.pow(9 - u32::try_from(fraction.len()).ok()?);
            let nanos = seconds * NANOS + fraction.parse::<u128>().unwrap_or_default() * precision;
            Some(span.holds(nanos, precision))
        },
    );
    let text = replaced(
        &text,
        &HTTP,
        r"[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT",
        |found| {
            let part = |n: usize| found[n].parse::<i64>().ok();
            let month = MONTHS.iter().position(|month| *month == &found[2])?;
            let days = days(part(3)?, i64::try_from(month).ok()? + 1, part(1)?);
            let seconds = days * 86_400 + part(4)? * 3600 + part(5)? * 60 + part(6)?;
            Some(span.holds(u128::try_from(seconds).ok()? * NANOS, NANOS))
        },
    );
    replaced(&text, &UNIX, r"\b(\d{10}|\d{13})\b", |found| {
        let precision = if found[1].len() == 10 { NANOS } else { 1_000_000 };
        Some(span.holds(found[1].parse::<u128>().ok()? * precision, precision))
    })
}

const NANOS: u128 = 1_000_000_000;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

static RFC3339: OnceLock<Regex> = OnceLock::new();
static HTTP: OnceLock<Regex> = OnceLock::new();
static UNIX: OnceLock<Regex> = OnceLock::new();
static TTL: OnceLock<Regex> = OnceLock::new();

fn replaced(
    text: &str,
    compiled: &'static OnceLock<Regex>,
    pattern: &str,
    is_now: impl Fn(&Captures<'_>) -> Option<bool>,
) -> String {
    let regex = regex(compiled, pattern);
    let replaced = regex.replace_all(text, |found: &Captures<'_>| match is_now(found) {
        Some(true) => "<now>".to_owned(),
        _ => found[0].to_owned(),
    });
    replaced.into_owned()
}

fn regex(compiled: &'static OnceLock<Regex>, pattern: &str) -> &'static Regex {
    compiled.get_or_init(|| Regex::new(pattern).unwrap_or_else(|error| panic!("{error}")))
}

/// Seconds east of Greenwich.
fn offset(text: &str) -> Option<i64> {
    let Some((hours, minutes)) = text.get(1..).and_then(|rest| rest.split_once(':')) else { return Some(0) };
    let seconds = hours.parse::<i64>().ok()? * 3600 + minutes.parse::<i64>().ok()? * 60;
    Some(if text.starts_with('-') { -seconds } else { seconds })
}

/// Days since 1970 in the Gregorian calendar, by Howard Hinnant's `days_from_civil`.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// `Cache-Status` without how long an entry will be fresh, for that is drawn by lot; whether it is, stays.
pub(super) fn without_ttl(text: &str) -> String {
    regex(&TTL, r"ttl=(-?)\d+").replace_all(text, "ttl=$1<seconds>").into_owned()
}

/// A name that is shorter may stand in any text by chance, unless it stands there as a word.
const LONG: usize = 12;

/// Where a name stands in a text, from some place on.
fn place(text: &str, name: &str, from: usize) -> Option<usize> {
    let inside = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    let is_word = |at: usize| {
        !inside(at.checked_sub(1).and_then(|before| bytes.get(before))) && !inside(bytes.get(at + name.len()))
    };
    let mut places = text[from..].match_indices(name).map(|(at, _)| from + at);
    places.find(|at| name.len() >= LONG || is_word(*at))
}

/// Where a name of somebody's stands in a text.
pub(super) fn find(text: &str, name: &str) -> Option<usize> {
    place(text, name, 0)
}

/// A text in which a name is called otherwise.
pub(super) fn renamed(text: &str, name: &str, with: &str) -> String {
    let (mut renamed, mut from) = (String::with_capacity(text.len()), 0);
    while let Some(at) = place(text, name, from) {
        renamed += &text[from..at];
        renamed += with;
        from = at + name.len();
    }
    renamed + &text[from..]
}

/// Whether two values of one length may be two draws of one lottery, rather than counts of what tenants do.
pub(super) fn look_random(one: &str, other: &str) -> bool {
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let different = one.bytes().zip(other.bytes()).filter(|(one, other)| one != other).count();
    let numbers = one.parse::<u128>().is_ok() || other.parse::<u128>().is_ok();
    one.len() == other.len() && plain(one) && plain(other) && !numbers && different >= 8
}

/// Whether two times are of one class; in real time, with so much noise.
pub(super) fn same_class(one: Duration, other: Duration, noise: Option<Duration>) -> bool {
    let (short, long) = (one.min(other), one.max(other));
    let apart = long - short;
    if let Some(noise) = noise {
        return apart <= noise || long < short * 10;
    }
    // Timers go by whole milliseconds, and what an app computes from the system's clock is not paused.
    apart <= Duration::from_millis(2) + long / 10
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span() -> Span {
        let at = UNIX_EPOCH + Duration::from_millis(1_795_549_629_250);
        Span { from: at, to: at + Duration::from_millis(3) }
    }

    #[test]
    fn times_of_the_request_itself_are_named() {
        for now in [
            "2026-11-24T19:47:09.251Z",
            "2026-11-24T19:47:09Z",
            "2026-11-24 21:47:09.251000000+02:00",
            "2026-11-24T14:17:09.252-05:30",
            "Tue, 24 Nov 2026 19:47:09 GMT",
            "1795549629",
            "1795549629253",
        ] {
            assert_eq!(
                without_times(&format!("{{\"at\":\"{now}\"}}"), span()),
                "{\"at\":\"<now>\"}",
                "{now}"
            );
        }
    }

    #[test]
    fn other_times_stay() {
        for other in [
            "2026-11-24T19:47:09.249Z",
            "2026-11-24T19:47:09.254Z",
            "2026-11-24T19:47:08Z",
            "2025-11-24T19:47:09Z",
            "Tue, 24 Nov 2026 19:47:08 GMT",
            "1795549628",
            "1795549629249",
            "17955496292",
            "2026-99-99T99:99:99Z",
        ] {
            assert_eq!(without_times(other, span()), other);
        }
    }

    #[test]
    fn short_names_are_words_and_long_ones_may_be_parts() {
        assert_eq!(renamed("cc, accept; \"cc\" id=1cc cc", "cc", "<t>"), "<t>, accept; \"<t>\" id=1cc <t>");
        assert_eq!(find("accept", "cc"), None);
        assert_eq!(renamed("keyt123456789abcdef1", "t123456789abcdef", "<t>"), "key<t>1");
        assert_eq!(renamed("äcc", "cc", "<t>"), "ä<t>");
    }

    #[test]
    fn counts_do_not_look_random() {
        assert!(look_random("3f7a9c21d40be816aa01c2ff09123bde", "91c2ffde09123bde3f7a9c21d40be816"));
        for (one, other) in [
            ("1", "2"),
            ("order-0000000001", "order-0000000002"),
            ("1234567890123456", "6543210987654321"),
            ("short", "short"),
            ("abcdefghijklmnop", "abcdefghijklmnopq"),
        ] {
            assert!(!look_random(one, other), "{one} {other}");
        }
    }

    #[test]
    fn times_are_told_apart_by_what_was_waited_for() {
        let millis = Duration::from_millis;
        assert!(!same_class(millis(0), millis(20), None));
        assert!(!same_class(millis(0), millis(3), None));
        assert!(same_class(millis(20), millis(21), None));
        let noise = Some(millis(250));
        assert!(same_class(millis(0), millis(200), noise));
        assert!(!same_class(millis(20), millis(300), noise));
        assert!(same_class(millis(200), millis(900), noise));
    }
}
