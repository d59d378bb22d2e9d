//! Durations and sizes as people write them: `"1h30m"`, `"16KiB"`.

const DAY: u64 = 24 * 60 * 60 * 1000;

/// A hundred years, so that a moment and a duration can be added without thought.
const LONGEST: u64 = 36_500 * DAY;

const DURATIONS: &[(&str, u64)] = &[("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", DAY)];

const SIZES: &[(&str, u64)] = &[
    ("B", 1),
    ("KB", 1000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

/// The milliseconds of a duration: one or more numbers, each with `ms`, `s`, `m`, `h` or `d`, largest unit first.
pub(crate) fn millis(text: &str) -> Option<u64> {
    let (mut rest, mut sum, mut smaller_than) = (text, 0_u64, u64::MAX);
    while !rest.is_empty() {
        let (number, after) = number(rest)?;
        let end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, next) = after.split_at(end);
        let scale = scale(DURATIONS, unit).filter(|scale| *scale < smaller_than)?;
        sum = sum.checked_add(number.checked_mul(scale)?)?;
        (rest, smaller_than) = (next, scale);
    }
    (!text.is_empty() && sum <= LONGEST).then_some(sum)
}

/// The bytes of a size: a number with `B`, `KB`, `MB`, `GB`, `KiB`, `MiB` or `GiB`.
pub(crate) fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = number(text)?;
    number.checked_mul(scale(SIZES, unit)?)
}

fn number(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    Some((digits.parse().ok()?, rest))
}

fn scale(units: &[(&str, u64)], unit: &str) -> Option<u64> {
    units.iter().find(|(name, _)| *name == unit).map(|(_, scale)| *scale)
}

#[cfg(test)]
mod tests {
    use super::{bytes, millis};

    #[test]
    fn durations() {
        let right =
            [("60s", 60_000), ("5m", 300_000), ("250ms", 250), ("1h30m", 5_400_000), ("1d", 86_400_000)];
        for (text, expected) in right {
            assert_eq!(millis(text), Some(expected), "{text}");
        }
        for wrong in [
            "",
            "60",
            "s",
            "60 s",
            "1.5h",
            "-1s",
            "30m1h",
            "1s1s",
            "60sec",
            "99999999999999999999s",
            "40000d",
        ] {
            assert_eq!(millis(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sizes() {
        let right = [("16KiB", 16_384), ("1MiB", 1_048_576), ("64KB", 64_000), ("12B", 12)];
        for (text, expected) in right {
            assert_eq!(bytes(text), Some(expected), "{text}");
        }
        for wrong in ["", "16", "KiB", "1kib", "1 MiB", "99999999999999999GiB"] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }
}
