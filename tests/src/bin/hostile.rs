//! What hostile bodies cost: each kind at one size and at four times it, by CPU time, and the most memory of all.
//!
//! Exits with 1 where four times the size costs more than nine times the time, or memory is out of proportion.

use std::error::Error;
use std::fs;

use lift::prelude::*;
use lift::validate::from_slice;
use rustix::time::{ClockId, clock_gettime};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Of the smaller bodies; the larger ones are as large as `max_body` lets in.
const SMALL: usize = 1 << 18;
const LARGE: usize = 1 << 20;

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
struct Texts {
    #[schemars(regex(pattern = "^(a+)+$"))]
    nested: Option<String>,
    #[schemars(regex(pattern = "^(a|a)*b$"))]
    ambiguous: Option<String>,
    #[schemars(email)]
    email: Option<String>,
    #[schemars(url)]
    link: Option<String>,
    #[schemars(extend("format" = "hostname"))]
    host: Option<String>,
    #[schemars(length(max = 3))]
    short: Option<String>,
    number: Option<f64>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Tree {
    #[schemars(length(max = 3))]
    name: String,
    #[serde(default)]
    children: Vec<Tree>,
}

#[derive(Deserialize, JsonSchema, Validate)]
#[serde(untagged)]
enum Untagged {
    Numbers(Vec<u8>),
    Texts(Vec<String>),
    Trees(Vec<Tree>),
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Sets {
    #[schemars(extend("uniqueItems" = true))]
    items: Vec<Value>,
}

type Kind = (&'static str, fn(usize) -> String, fn(&[u8]));

fn read<T: Validate + DeserializeOwned + 'static>(json: &[u8]) {
    drop(std::hint::black_box(from_slice::<T>(json)));
}

fn many(before: &str, item: impl Fn(usize) -> String, after: &str, bytes: usize) -> String {
    let mut text = before.to_owned();
    let mut index = 0;
    while text.len() < bytes {
        text.push_str(if index == 0 { "" } else { "," });
        text.push_str(&item(index));
        index += 1;
    }
    text + after
}

const KINDS: [Kind; 17] = [
    ("[[[[", |n| "[".repeat(n), read::<Tree>),
    ("[[[[ as any value", |n| "[".repeat(n), read::<Value>),
    ("{\"a\":{\"a\":", |n| "{\"a\":".repeat(n / 5), read::<Value>),
    ("numbers that are wrong", |n| many("[", |_| "-1".into(), "]", n), read::<Vec<u8>>),
    ("objects that are wrong", |n| many("[", |_| "{}".into(), "]", n), read::<Vec<Tree>>),
    ("one wrong at the end", |n| many("[", |_| "1".into(), ",-1]", n), read::<Vec<u8>>),
    ("unknown members", |n| many("{", |index| format!("\"x{index}\":1"), "}", n), read::<Texts>),
    ("one member, many times", |n| many("{", |_| "\"short\":\"\"".into(), "}", n), read::<Texts>),
    ("(a+)+ and a's", |n| format!("{{\"nested\":\"{}!\"}}", "a".repeat(n)), read::<Texts>),
    ("(a|a)*b and a's", |n| format!("{{\"ambiguous\":\"{}\"}}", "a".repeat(n)), read::<Texts>),
    ("a long email", |n| format!("{{\"email\":\"{}@b\"}}", "a.".repeat(n / 2)), read::<Texts>),
    ("a long link", |n| format!("{{\"link\":\"http://{}\"}}", "a/%".repeat(n / 3)), read::<Texts>),
    ("a long host", |n| format!("{{\"host\":\"{}\"}}", "a.".repeat(n / 2)), read::<Texts>),
    ("digits", |n| format!("{{\"number\":{}}}", "9".repeat(n)), read::<Texts>),
    ("escapes", |n| format!("{{\"short\":\"{}\"}}", "\\u00e9".repeat(n / 6)), read::<Texts>),
    (
        "of no form",
        |n| many("[", |index| if index % 2 == 0 { "1" } else { "\"a\"" }.into(), "]", n),
        read::<Untagged>,
    ),
    (
        "items that are to be unique",
        |n| many("{\"items\":[", |index| format!("{{\"a\":{index}}}"), "]}", n),
        read::<Sets>,
    ),
];

/// CPU time of one reading in microseconds, the least of three.
fn cost(json: &str, read: fn(&[u8])) -> f64 {
    let now = || {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
    };
    let once = || {
        let start = now();
        read(json.as_bytes());
        now() - start
    };
    (0..3).map(|_| once()).fold(f64::INFINITY, f64::min)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut slow = Vec::new();
    println!("{:32} {:>12} {:>12} {:>8} {:>10}", "", "256 KiB", "1 MiB", "ratio", "so far");
    for (name, make, read) in KINDS {
        read(make(64).as_bytes());
        let (small, large) = (cost(&make(SMALL), read), cost(&make(LARGE), read));
        let ratio = large / small;
        println!("{name:32} {small:9.0} µs {large:9.0} µs {ratio:8.1} {:6} MiB", peak()?);
        // Below a tenth of a millisecond there is nothing to gain, and little to measure.
        if ratio > 9.0 && large > 100.0 {
            slow.push(name);
        }
    }
    let most = peak()?;
    if !slow.is_empty() || most > 256 {
        return Err(format!("out of proportion: {slow:?}, {most} MiB").into());
    }
    Ok(())
}

/// The most memory that was resident so far, in MiB.
fn peak() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().split(' ').next());
    Ok(peak.ok_or("no VmHWM")?.parse::<u64>()? / 1024)
}
