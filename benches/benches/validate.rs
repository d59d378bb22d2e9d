//! V1 and V2 of the targets: an order that is right, some that are not, and the same of larger bodies.
//!
//! `cargo bench -p benches --bench validate -- tree` measures the bodies whose name holds "tree" alone.

#![expect(clippy::expect_used, reason = "a benchmark of constants")]

use std::hint::black_box;

use benches::compare;
use benches::shapes::{Events, Flat, Readings, Samples, Shape, Tree};
use lift::Validate;
use lift::validate::from_slice;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
struct Order {
    #[schemars(length(min = 1, max = 64))]
    customer: String,
    #[schemars(email)]
    email: String,
    #[schemars(length(min = 1, max = 50))]
    lines: Vec<Line>,
    #[schemars(length(max = 500))]
    note: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
struct Line {
    #[schemars(regex(pattern = r"^SKU-[0-9]{4}$"))]
    sku: String,
    #[schemars(range(min = 1, max = 100))]
    qty: u32,
    #[schemars(range(min = 1, max = 10000000))]
    price: u32,
}

/// The same for garde, with its pattern written by hand: a regular expression would cost it more.
mod peer {
    use garde::Validate;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, Validate)]
    #[serde(deny_unknown_fields)]
    pub(crate) struct Order {
        #[garde(length(chars, min = 1, max = 64))]
        pub(crate) customer: String,
        #[garde(email)]
        pub(crate) email: String,
        #[garde(length(min = 1, max = 50), dive)]
        pub(crate) lines: Vec<Line>,
        #[garde(inner(length(chars, max = 500)))]
        pub(crate) note: Option<String>,
    }

    #[derive(Debug, Deserialize, Validate)]
    #[serde(deny_unknown_fields)]
    pub(crate) struct Line {
        #[garde(custom(is_sku))]
        pub(crate) sku: String,
        #[garde(range(min = 1, max = 100))]
        pub(crate) qty: u32,
        #[garde(range(min = 1, max = 10_000_000))]
        pub(crate) price: u32,
    }

    fn is_sku(sku: &str, (): &()) -> garde::Result {
        match sku.as_bytes() {
            [b'S', b'K', b'U', b'-', digits @ ..]
                if digits.len() == 4 && digits.iter().all(u8::is_ascii_digit) =>
            {
                Ok(())
            }
            _ => Err(garde::Error::new("must be a SKU")),
        }
    }
}

/// 216 bytes, as the targets have it.
const RIGHT: &str = r#"{"customer":"Ada Lovelace","email":"ada@example.com","lines":[{"sku":"SKU-0007","qty":2,"price":149},{"sku":"SKU-0042","qty":1,"price":394},{"sku":"SKU-1000","qty":10,"price":7100}],"note":"Please leave at the back"}"#;

fn main() {
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    if "order".contains(&wanted) {
        order();
    }
    shape::<Flat>(&wanted);
    shape::<Readings>(&wanted);
    shape::<Samples>(&wanted);
    shape::<Tree>(&wanted);
    shape::<Events>(&wanted);
}

/// The same rows of another body, whose type garde and Lift share.
fn shape<T>(wanted: &str)
where
    T: Shape + DeserializeOwned + Validate + garde::Validate<Context = ()> + 'static,
{
    let name = T::NAME;
    if !name.contains(wanted) {
        return;
    }
    let right = T::right().to_string();
    let right = right.as_bytes();
    let parsed: T = serde_json::from_slice(right).expect("a right body");
    let validator = validator::<T>();
    assert!(
        parsed.check().is_valid() && parsed.validate().is_ok() && validator.is_valid(&T::right()),
        "{name}"
    );

    let typed = || serde_json::from_slice::<T>(black_box(right)).is_ok();
    let validated = || from_slice::<T>(black_box(right)).is_ok();
    compare("V1", typed, validated).print(
        &format!("validated parse, {name}"),
        "serde_json::from_slice",
        1.05,
    );

    let native = || black_box(&parsed).check();
    let row = compare("V1", || black_box(&parsed).validate().is_ok(), native);
    row.print(&format!("checks of what is parsed, {name}"), "garde 0.23", 1.0 / 3.0);

    let by_schema = || {
        let value: Value = serde_json::from_slice(black_box(right)).expect("JSON");
        validator.is_valid(&value)
    };
    let row = compare("V1", by_schema, native);
    row.print(&format!("checks, {name}"), "Value + jsonschema 0.60", 1.0 / 20.0);

    for count in [1, 10] {
        let wrong = T::wrong(count);
        let errors = || {
            let value: Value = serde_json::from_slice(black_box(wrong.as_bytes())).expect("JSON");
            validator.iter_errors(&value).count()
        };
        let refused = || from_slice::<T>(black_box(wrong.as_bytes())).is_err();
        assert!(errors() > 0, "{name}");
        assert_eq!(
            from_slice::<T>(wrong.as_bytes()).err().map(|found| found.iter().count()),
            Some(count),
            "{name}"
        );
        let what = format!("full report of {count}, {name}");
        compare("V2", errors, refused).print(&what, "Value + iter_errors", 1.2);
    }
}

fn order() {
    assert_eq!(RIGHT.len(), 216, "the order of the targets");
    let right = RIGHT.as_bytes();
    let order: Order = serde_json::from_slice(right).expect("an order");
    let theirs: peer::Order = serde_json::from_slice(right).expect("an order");
    assert!(order.check().is_valid() && garde::Validate::validate(&theirs).is_ok());

    let typed = || serde_json::from_slice::<Order>(black_box(right)).is_ok();
    let validated = || from_slice::<Order>(black_box(right)).is_ok();
    compare("V1", typed, validated).print("validated parse of an order", "serde_json::from_slice", 1.05);

    let native = || black_box(&order).check();
    let row = compare("V1", || garde::Validate::validate(black_box(&theirs)).is_ok(), native);
    row.print("checks of a parsed order (25 ns at most)", "garde 0.23", 1.0 / 3.0);

    let validator = validator::<Order>();
    let by_schema = || {
        let value: Value = serde_json::from_slice(black_box(right)).expect("JSON");
        validator.is_valid(&value)
    };
    compare("V1", by_schema, native).print("checks of an order", "Value + jsonschema 0.60", 1.0 / 20.0);

    for (what, wrong) in wrong() {
        let reported = || {
            let value: Value = serde_json::from_slice(black_box(wrong.as_bytes())).expect("JSON");
            validator.iter_errors(&value).count()
        };
        let refused = || from_slice::<Order>(black_box(wrong.as_bytes())).is_err();
        assert!(reported() > 0 && refused());
        compare("V2", reported, refused).print(&format!("full report, {what}"), "Value + iter_errors", 1.2);
    }
}

fn wrong() -> [(&'static str, String); 4] {
    let three = RIGHT.replace("Ada Lovelace", "").replace("@example", "").replace("SKU-0042", "SKU-42");
    let eight = three.replace("149", "0").replace("394", "0").replace("7100", "0");
    [
        ("one number out of range", RIGHT.replace(r#""qty":10"#, r#""qty":101"#)),
        ("a wrong type", RIGHT.replace(r#""qty":2"#, r#""qty":"2""#)),
        ("eight at once", eight.replace(r#""qty":2"#, r#""qty":200"#).replace("SKU-0007", "SKU")),
        ("three at once", three),
    ]
}

fn validator<T: JsonSchema>() -> jsonschema::Validator {
    let schema = lift::schema_of::<T>();
    let options = jsonschema::draft202012::options().should_validate_formats(true);
    let options = options.with_pattern_options(jsonschema::PatternOptions::regex());
    options.build(schema.as_value()).expect("a schema")
}
