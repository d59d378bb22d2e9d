//! Numbers of every width, at their limits.

use std::num::{NonZeroI8, NonZeroU32, NonZeroU64};
use std::ops::{Bound, Range};
use std::time::Duration;

use lift::prelude::*;
use serde::Deserialize;

use crate::verdict::{Rust, check};

#[derive(Deserialize, JsonSchema, Validate)]
struct Small {
    a: u8,
    b: i8,
    c: u16,
    d: i16,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Middle {
    a: u32,
    b: i32,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Large {
    a: u64,
    b: i64,
    c: usize,
    d: isize,
}

/// JSON numbers are exact to 64 bits; what is longer is refused in both.
#[derive(Deserialize, JsonSchema, Validate)]
struct Huge {
    a: u128,
    b: i128,
    c: Option<u128>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct NonZero {
    a: NonZeroU32,
    b: Option<NonZeroI8>,
    c: NonZeroU64,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Floats {
    a: f32,
    b: f64,
    #[schemars(range(min = -0.5, max = 1e3))]
    c: f64,
    #[schemars(range(min = 0.1, max = 0.3))]
    d: Option<f32>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Ranges {
    #[schemars(range(min = -2.5, max = 1000))]
    a: i64,
    #[schemars(range(min = 10))]
    b: u64,
    #[schemars(range(max = 18446744073709551614_u64))]
    c: u64,
    #[schemars(range(min = -9223372036854775807_i64))]
    d: i64,
    #[schemars(range(min = 3, max = 9))]
    e: Option<u128>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Std {
    wait: Duration,
    range: Range<u8>,
    bound: Bound<u8>,
    either: Result<u8, String>,
}

#[test]
fn integers() {
    let small = [r#"{"a":255,"b":-128,"c":65535,"d":-32768}"#, r#"{"a":0,"b":127,"c":0,"d":32767}"#];
    check::<Small>("Small", Rust::AsTheSchema, &small);
    let middle = [r#"{"a":4294967295,"b":-2147483648}"#, r#"{"a":0,"b":2147483647}"#];
    check::<Middle>("Middle", Rust::AsTheSchema, &middle);
    let large = [
        r#"{"a":18446744073709551615,"b":-9223372036854775808,"c":18446744073709551615,"d":-9223372036854775808}"#,
        r#"{"a":0,"b":9223372036854775807,"c":0,"d":9223372036854775807}"#,
    ];
    check::<Large>("Large", Rust::AsTheSchema, &large);
    check::<u64>("u64", Rust::AsTheSchema, &["0", "18446744073709551615", "1e19"]);
    check::<i64>("i64", Rust::AsTheSchema, &["0", "9223372036854775807", "-9223372036854775808"]);
    check::<NonZero>("NonZero", Rust::AsTheSchema, &[r#"{"a":1,"b":-1,"c":18446744073709551615}"#]);
}

#[test]
fn of_128_bits() {
    let huge =
        [r#"{"a":18446744073709551615,"b":-9223372036854775808,"c":null}"#, r#"{"a":0,"b":1.0,"c":1e2}"#];
    check::<Huge>("Huge", Rust::AsTheSchema, &huge);
}

#[test]
fn floats_and_ranges() {
    let floats =
        [r#"{"a":3.4028235e38,"b":1e300,"c":-0.5,"d":0.25}"#, r#"{"a":1,"b":-0.0,"c":1000,"d":0.1}"#];
    check::<Floats>("Floats", Rust::AsTheSchema, &floats);
    check::<f32>("f32", Rust::AsTheSchema, &["0", "3.4028234663852886e38", "-3.4028234663852886e38"]);
    let ranges = [
        r#"{"a":-2,"b":10,"c":18446744073709551614,"d":-9223372036854775807,"e":9}"#,
        r#"{"a":1000,"b":18446744073709551615,"c":0,"d":0}"#,
    ];
    check::<Ranges>("Ranges", Rust::AsTheSchema, &ranges);
}

#[test]
fn of_the_standard_library() {
    // A duration of which the nanoseconds overflow the seconds is refused by serde alone.
    let seeds = [
        r#"{"wait":{"secs":1,"nanos":999999999},"range":{"start":1,"end":2},"bound":{"Included":3},"either":{"Ok":1}}"#,
        r#"{"wait":{"secs":0,"nanos":0},"range":{"start":9,"end":2},"bound":"Unbounded","either":{"Err":"x"}}"#,
    ];
    check::<Std>("Std", Rust::Narrower, &seeds);
}
