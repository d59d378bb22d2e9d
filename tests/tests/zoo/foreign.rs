//! Types of other crates: by their schema, with serde's refusal beside it.
//!
//! Each that schemars has a schema for. Where the type's own parser is narrower than its schema, its refusal counts.

use std::ops::{Bound, Range};
use std::time::{Duration, SystemTime};

use lift::prelude::*;
use serde::Deserialize;

use crate::verdict::{Rust, check};

/// Without the derive.
#[derive(Deserialize, JsonSchema)]
struct Plain {
    #[schemars(range(min = 10))]
    id: u8,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Holds {
    #[schemars(range(max = 3))]
    n: u8,
    plain: Option<Plain>,
    several: Vec<Plain>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Identified {
    id: uuid::Uuid,
    link: Option<url::Url>,
    version: Option<semver::Version>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Chrono {
    day: chrono::NaiveDate,
    at: Option<chrono::DateTime<chrono::Utc>>,
    there: Option<chrono::DateTime<chrono::FixedOffset>>,
    local: Option<chrono::NaiveDateTime>,
    time: Option<chrono::NaiveTime>,
    weekday: Option<chrono::Weekday>,
    delta: Option<chrono::TimeDelta>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Jiff {
    day: jiff::civil::Date,
    at: Option<jiff::Timestamp>,
    local: Option<jiff::civil::DateTime>,
    time: Option<jiff::civil::Time>,
    span: Option<jiff::Span>,
    duration: Option<jiff::SignedDuration>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Decimals {
    price: rust_decimal::Decimal,
    exact: Option<bigdecimal::BigDecimal>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Collections {
    map: indexmap::IndexMap<String, u8>,
    set: indexmap::IndexSet<u8>,
    small: smallvec::SmallVec<[u8; 2]>,
    bounded: arrayvec::ArrayVec<u8, 3>,
    text: smol_str::SmolStr,
    bytes: bytes::Bytes,
    either: either::Either<u8, String>,
}

/// Of the standard library, without the derive as well.
#[derive(Deserialize, JsonSchema, Validate)]
struct Standard {
    duration: Duration,
    time: Option<SystemTime>,
    range: Option<Range<u8>>,
    bound: Option<Bound<i8>>,
    result: Option<Result<u8, String>>,
}

#[test]
fn without_the_derive() {
    check::<Holds>("Holds", Rust::AsTheSchema, &[r#"{"n":3,"plain":{"id":10},"several":[{"id":255}]}"#]);
    let standard = [
        r#"{"duration":{"secs":1,"nanos":2},"time":{"secs_since_epoch":1,"nanos_since_epoch":2},"range":{"start":1,"end":2},"bound":{"Included":1},"result":{"Ok":1}}"#,
        r#"{"duration":{"secs":0,"nanos":999999999},"bound":"Unbounded","result":{"Err":"x"}}"#,
    ];
    // A range's end may not be exceeded by carrying nanoseconds over, and a result has one member.
    check::<Standard>("Standard", Rust::Narrower, &standard);
}

#[test]
fn of_identity() {
    // The types' own parsers are narrower than the formats here and there: a URL without a host, a version past 64 bits.
    let identified = r#"{"id":"2eb8aa08-aa98-11ea-b4aa-73b441d16380","link":"https://example.com/a?b","version":"1.2.3-rc.1+build"}"#;
    check::<Identified>("Identified", Rust::Narrower, &[identified]);
}

#[test]
fn of_time() {
    // No JSON Schema has a format for what has no offset, nor do formats say a leap second that no type holds.
    let chrono = [
        r#"{"day":"2024-02-29","at":"2024-02-29T12:00:00Z","there":"2024-02-29T12:00:00+01:00","weekday":"Mon","delta":[1,2]}"#,
        r#"{"day":"2024-02-29","local":"2024-02-29T12:00:00","time":"23:59:59.5"}"#,
    ];
    check::<Chrono>("Chrono", Rust::Narrower, &chrono);
    let jiff = [
        r#"{"day":"2024-02-29","at":"2024-02-29T12:00:00Z","span":"P1DT2H","duration":"PT2H"}"#,
        r#"{"day":"2024-02-29","local":"2024-02-29T12:00:00","time":"23:59:59.5"}"#,
    ];
    check::<Jiff>("Jiff", Rust::Narrower, &jiff);
}

#[test]
fn of_numbers_and_collections() {
    // A decimal holds so many digits.
    let decimals = [r#"{"price":"19.99","exact":"1e5"}"#, r#"{"price":19.5,"exact":-3}"#];
    check::<Decimals>("Decimals", Rust::Narrower, &decimals);
    let collections = [
        r#"{"map":{"a":1,"b":2},"set":[1,2],"small":[1,2,3],"bounded":[1],"text":"é","bytes":[1,255],"either":{"Left":1}}"#,
        r#"{"map":{},"set":[],"small":[],"bounded":[1,2,3],"text":"","bytes":"abc","either":{"Right":"x"}}"#,
    ];
    check::<Collections>("Collections", Rust::AsTheSchema, &collections);
}
