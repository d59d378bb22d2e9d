//! Where in a topic an event stands: the topic's epoch and a number, as `5f0c…-42`.

use std::fmt;
use std::str::FromStr;

/// A position. Numbers are comparable within an epoch only: a topic that was forgotten, or whose process started anew,
/// begins another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) epoch: u64,
    pub(crate) number: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{}", self.epoch, self.number)
    }
}

impl FromStr for Position {
    type Err = ();

    /// Reads what [`Display`](fmt::Display) has written, and nothing else.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (epoch, number) = text.split_once('-').ok_or(())?;
        let plain = epoch.len() == 16
            && epoch.bytes().all(|byte| byte.is_ascii_hexdigit())
            && number.bytes().all(|byte| byte.is_ascii_digit());
        let read =
            || Some(Self { epoch: u64::from_str_radix(epoch, 16).ok()?, number: number.parse().ok()? });
        plain.then(read).flatten().ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_what_it_has_written_and_no_garbage() {
        for position in [Position { epoch: 0, number: 0 }, Position { epoch: u64::MAX, number: u64::MAX }] {
            assert_eq!(position.to_string().parse(), Ok(position));
        }
        let garbage = ["", "-", "1-1", "000000000000000g-1", "0000000000000000-", "0000000000000000-+1"];
        for garbage in
            garbage.into_iter().chain(["0000000000000000-18446744073709551616", "é", "0000000000000000-1-1"])
        {
            assert_eq!(garbage.parse::<Position>(), Err(()), "{garbage}");
        }
    }
}
