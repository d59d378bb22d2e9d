//! Both paths on one input, and many inputs of one type.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::LazyLock;

use jsonschema::{PatternOptions, Validator};
use lift::validate::{Violations, from_slice, from_value};
use lift::{Validate, schema_of};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::mutate::Pool;

/// Where Rust is narrower than any schema that can be published for a type, its refusal counts beside the schema's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rust {
    /// The schema says all there is to say.
    AsTheSchema,
    /// What the schema accepts may be refused, with a reason.
    Narrower,
    /// The same, and it matters in which order members come, which a value does not keep.
    ByOrder,
}

/// A type of the zoo: anything that Lift checks.
pub(crate) trait Kept: Validate + DeserializeOwned + 'static {}

impl<T: Validate + DeserializeOwned + 'static> Kept for T {}

static SEED: LazyLock<u64> = LazyLock::new(|| {
    let given = std::env::var("LIFT_ZOO_SEED").ok().map(|seed| seed.parse().unwrap());
    let seed = given.unwrap_or_else(|| fastrand::u64(..));
    println!("LIFT_ZOO_SEED={seed}");
    seed
});

static INPUTS: LazyLock<usize> =
    LazyLock::new(|| std::env::var("LIFT_ZOO_INPUTS").map_or(10_000, |inputs| inputs.parse().unwrap()));

/// The judge: jsonschema alone, set up as the documentation says that formats and patterns are read.
pub(crate) fn validator<T: Kept>() -> Validator {
    let options = jsonschema::draft202012::options()
        .should_validate_formats(true)
        .with_pattern_options(PatternOptions::regex())
        .with_format("ip", |text: &str| text.parse::<IpAddr>().is_ok())
        .with_format("date", is_exact("date", DATE))
        .with_format("time", is_exact("time", TIME))
        .with_format("date-time", is_exact("date-time", DATE_TIME));
    options.build(schema_of::<T>().as_value()).unwrap()
}

/// Formats of days and times, by format and pattern: jsonschema 0.60.2 takes `1.:00:00Z` and the like, which RFC 3339
/// does not.
fn is_exact(format: &str, pattern: &str) -> impl Fn(&str) -> bool + Send + Sync + 'static {
    let options = jsonschema::draft202012::options().should_validate_formats(true);
    let schema = serde_json::json!({ "format": format, "pattern": pattern });
    let schema = options.build(&schema).unwrap();
    move |text| schema.is_valid(&Value::from(text))
}

const DATE: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$";
const TIME: &str = "^[0-9:]{8}([.][0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$";
const DATE_TIME: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9:]{8}([.][0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$";

/// Whether the schema accepts a text, which must be JSON.
fn is_right(json: &str, schema: &Validator) -> bool {
    serde_json::from_str::<Value>(json).is_ok_and(|value| schema.is_valid(&value))
}

/// What is wrong with a verdict, if anything is. `twins` are members given twice, which no schema can see.
fn disagreement(
    json: &str,
    right: bool,
    found: Result<(), &Violations>,
    rust: Rust,
    twins: bool,
) -> Option<String> {
    match found {
        Ok(()) if !right => Some(format!("accepted, though the schema refuses {json}")),
        Err(violations) if violations.is_empty() => Some(format!("refused without a reason: {json}")),
        Err(violations) if right && rust == Rust::AsTheSchema && !twins => {
            Some(format!("refused, though the schema accepts {json}: {violations:?}"))
        }
        _ => None,
    }
}

/// One text, of which the verdict is known, and must be the same of the schema and on every way.
pub(crate) fn judge<T: Kept>(json: &str, accepted: bool) {
    let read = from_slice::<T>(json.as_bytes());
    assert_eq!(read.is_ok(), accepted, "{json}: {:?}", read.err());
    assert_eq!(is_right(json, &validator::<T>()), accepted, "{json} by the schema");
    let value = serde_json::from_str(json).unwrap();
    assert_eq!(from_value::<T>(&value).is_ok(), accepted, "{json} as a value");
}

/// Many inputs of one type.
pub(crate) fn check<T: Kept>(name: &str, rust: Rust, seeds: &[&str]) {
    if std::env::var("LIFT_ZOO_TYPE").is_ok_and(|only| only != name) {
        return;
    }
    let schema = validator::<T>();
    for seed in seeds {
        let refused = from_slice::<T>(seed.as_bytes()).err();
        assert_eq!(refused, None, "{name}: {seed}");
    }
    let pool = Pool::new(schema_of::<T>().as_value(), seeds);
    let name_seed = name.bytes().fold(0_u64, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
    let mut random = fastrand::Rng::with_seed(*SEED ^ name_seed);
    let mut disagreements = Vec::new();
    let mut accepted = 0;
    for run in 0..*INPUTS {
        // As many are to be right as wrong, and all of them changed: of several, the first that is as wanted.
        let wanted = accepted * 2 <= run;
        let (mut json, mut right, mut twins) = Default::default();
        for _ in 0..12 {
            let node = pool.input(random.usize(1..4), &mut random);
            json = node.write(&mut (random.bool()).then_some(&mut random));
            (right, twins) = (is_right(&json, &schema), node.has_twins());
            if right == wanted {
                break;
            }
        }
        let read = from_slice::<T>(json.as_bytes());
        accepted += usize::from(read.is_ok());
        disagreements.extend(disagreement(&json, right, read.as_ref().map(drop), rust, twins));
        if let Ok(value) = serde_json::from_str::<Value>(&json)
            && !twins
            && rust != Rust::ByOrder
            && from_value::<T>(&value).is_ok() != read.is_ok()
        {
            disagreements.push(format!("as a value, the other verdict on {json}"));
        }
    }
    let percent = accepted * 100 / *INPUTS;
    println!("{name:24} {} inputs, {percent} % accepted, {} disagreements", *INPUTS, disagreements.len());
    let mut told = String::new();
    disagreements.iter().take(5).for_each(|one| writeln!(told, "  {one}").unwrap());
    let schema = schema_of::<T>();
    assert!(disagreements.is_empty(), "{name} with LIFT_ZOO_SEED={}:\n{told}{}", *SEED, schema.as_value());
    assert!((30..=70).contains(&percent), "{name} with LIFT_ZOO_SEED={}: {percent} % accepted", *SEED);
}
