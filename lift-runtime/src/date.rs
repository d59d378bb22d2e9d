//! A calendar date, read as strictly as JSON Schema's `date` format.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::cache::{Key, KeyPart};
use crate::validate::{Finding, Form, Place, Validate};

/// A date of the Gregorian calendar, `2026-02-28`: [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339#section-5.6)'s
/// `full-date`, which JSON Schema's format `date` names. Years 0000–9999, months and days with two digits, and only
/// days that the month has.
///
/// ```
/// use lift_runtime::Date;
/// let date: Date = "2024-02-29".parse()?;
/// assert_eq!((date.year(), date.month(), date.day()), (2024, 2, 29));
/// assert!("2023-02-29".parse::<Date>().is_err());
/// assert!("2024-2-9".parse::<Date>().is_err());
/// # Ok::<(), lift_runtime::DateError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// A text is not a date such as `2026-02-28`, or no such day exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DateError;

impl fmt::Display for DateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a date such as 2026-02-28")
    }
}

impl std::error::Error for DateError {}

impl Date {
    /// The date with this year (0–9999), month (1–12) and day (from 1), if there is one.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let exists = year <= 9999 && (1..=days_in(year, month)).contains(&day);
        exists.then_some(Self { year, month, day })
    }

    /// The year, 0–9999.
    pub fn year(self) -> u16 {
        self.year
    }

    /// The month, 1–12.
    pub fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, 1–31.
    pub fn day(self) -> u8 {
        self.day
    }
}

fn days_in(year: u16, month: u8) -> u8 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 0,
    }
}

impl FromStr for Date {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let digits = |range: std::ops::Range<usize>| {
            let part = text.as_bytes().get(range)?;
            part.iter().try_fold(0_u16, |number, byte| {
                byte.is_ascii_digit().then(|| number * 10 + u16::from(byte - b'0'))
            })
        };
        let parse = || {
            let bytes = text.as_bytes();
            let shaped = bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-';
            let (month, day) = (u8::try_from(digits(5..7)?).ok()?, u8::try_from(digits(8..10)?).ok()?);
            Self::new(digits(0..4)?, month, day).filter(|_| shaped)
        };
        parse().ok_or(DateError)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Date;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a date such as 2026-02-28")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Date, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Text)
    }
}

impl JsonSchema for Date {
    fn schema_name() -> Cow<'static, str> {
        "Date".into()
    }

    fn schema_id() -> Cow<'static, str> {
        "lift::Date".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date" })
    }
}

impl Validate for Date {
    const FORM: Form = Form::String;

    #[inline]
    fn check(&self) -> Finding {
        Finding::VALID
    }

    fn key_name(&self, _: &Place<'_>) -> Option<Cow<'_, str>> {
        Some(self.to_string().into())
    }
}

impl KeyPart for Date {
    fn write_key(&self, key: &mut Key) {
        key.part(&self.year);
        key.part(&self.month);
        key.part(&self.day);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(u16, u8, u8)>) {
        let found = text.parse::<Date>().ok().map(|date| (date.year(), date.month(), date.day()));
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn only_days_that_exist_are_dates() {
        check("2026-11-23", Some((2026, 11, 23)));
        check("2000-02-29", Some((2000, 2, 29)));
        check("1900-02-29", None);
        check("2026-04-31", None);
        check("2026-13-01", None);
        check("2026-00-01", None);
        check("2026-01-00", None);
    }

    #[test]
    fn only_the_one_spelling_is_read() {
        for text in ["", "2026-1-1", "2026/01/01", "+026-01-01", "2026-01-01T", "٢٠٢٦-01-01", "20260101--"]
        {
            check(text, None);
        }
    }
}
