//! Bodies that are larger than an order: flat, long, deep and tagged. garde's attributes say their rules, which Lift and
//! schemars read as well, so that both check the same values.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// A body and what it is wrong by.
pub trait Shape: Sized {
    /// What it is called in a row.
    const NAME: &'static str;

    /// A right body.
    fn right() -> Value;

    /// Pointers to numbers that are out of range once they are 0, of which there are ten at least.
    fn numbers() -> Vec<String>;

    /// A body that is wrong in so many places, evenly spread.
    fn wrong(count: usize) -> String {
        let (mut body, numbers) = (Self::right(), Self::numbers());
        for pointer in numbers.iter().step_by(numbers.len() / count).take(count) {
            if let Some(number) = body.pointer_mut(pointer) {
                *number = json!(0);
            }
        }
        body.to_string()
    }
}

/// 50 fields: texts, numbers, options, flags, addresses.
macro_rules! flat {
    ($($text:ident)*; $($number:ident)*; $($float:ident)*; $($option:ident)*; $($flag:ident)*; $($email:ident)*) => {
        /// A struct of 50 fields.
        #[derive(Debug, Deserialize, JsonSchema, garde::Validate, lift::Validate)]
        #[serde(deny_unknown_fields)]
        #[expect(missing_docs, reason = "fifty alike")]
        pub struct Flat {
            $(#[garde(length(chars, min = 1, max = 64))] pub $text: String,)*
            $(#[garde(range(min = 1, max = 1_000_000))] pub $number: u32,)*
            $(#[garde(range(min = 0.5, max = 1000.0))] pub $float: f64,)*
            $(#[garde(length(chars, max = 64))] pub $option: Option<String>,)*
            $(#[garde(skip)] pub $flag: bool,)*
            $(#[garde(email)] pub $email: String,)*
        }

        impl Shape for Flat {
            const NAME: &'static str = "50 fields";

            fn right() -> Value {
                let members = [
                    $((stringify!($text), json!(concat!("the text of ", stringify!($text)))),)*
                    $((stringify!($number), json!(12345)),)*
                    $((stringify!($float), json!(99.5)),)*
                    $((stringify!($option), json!((!stringify!($option).ends_with('1')).then_some("perhaps"))),)*
                    $((stringify!($flag), json!(true)),)*
                    $((stringify!($email), json!(concat!(stringify!($email), "@example.com"))),)*
                ];
                members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            }

            fn numbers() -> Vec<String> {
                vec![$(concat!("/", stringify!($number)).to_owned(),)*]
            }
        }
    };
}

flat! {
    text_0 text_1 text_2 text_3 text_4 text_5 text_6 text_7 text_8 text_9
    text_10 text_11 text_12 text_13 text_14 text_15 text_16 text_17 text_18 text_19;
    number_0 number_1 number_2 number_3 number_4 number_5 number_6 number_7 number_8 number_9 number_10 number_11;
    float_0 float_1 float_2 float_3 float_4;
    option_0 option_1 option_2 option_3 option_4;
    flag_0 flag_1 flag_2 flag_3 flag_4;
    email_0 email_1 email_2
}

/// 1,000 small objects.
#[derive(Debug, Deserialize, JsonSchema, garde::Validate, lift::Validate)]
pub struct Readings {
    /// They.
    #[garde(length(min = 1, max = 1000), dive)]
    pub readings: Vec<Reading>,
}

/// A small object.
#[derive(Debug, Deserialize, JsonSchema, garde::Validate, lift::Validate)]
pub struct Reading {
    /// Of what.
    #[garde(length(chars, min = 1, max = 16))]
    pub sensor: String,
    /// Which.
    #[garde(range(min = 1, max = 1_000_000))]
    pub number: u32,
    /// How much.
    #[garde(range(min = -50.0, max = 60.0))]
    pub celsius: f64,
}

impl Shape for Readings {
    const NAME: &'static str = "1,000 objects";

    fn right() -> Value {
        let reading = |number| json!({"sensor": "roof, north", "number": number, "celsius": 21.5});
        json!({"readings": (1..=1000).map(reading).collect::<Vec<_>>()})
    }

    fn numbers() -> Vec<String> {
        (0..1000).map(|index| format!("/readings/{index}/number")).collect()
    }
}

/// 1,000 numbers.
#[derive(Debug, Deserialize, JsonSchema, garde::Validate, lift::Validate)]
pub struct Samples {
    /// They.
    #[garde(length(min = 1, max = 1000), inner(range(min = 1, max = 1_000_000)))]
    pub samples: Vec<u32>,
}

impl Shape for Samples {
    const NAME: &'static str = "1,000 numbers";

    fn right() -> Value {
        json!({"samples": (0..1000).map(|index| index * 977 + 1).collect::<Vec<_>>()})
    }

    fn numbers() -> Vec<String> {
        (0..1000).map(|index| format!("/samples/{index}")).collect()
    }
}

/// A tree.
#[derive(Debug, Deserialize, JsonSchema, garde::Validate, lift::Validate)]
pub struct Tree {
    /// What it is called.
    #[garde(length(chars, min = 1, max = 16))]
    pub name: String,
    /// How much it weighs.
    #[garde(range(min = 1, max = 1000))]
    pub weight: u32,
    /// What is below it.
    #[serde(default)]
    #[garde(dive)]
    pub children: Vec<Tree>,
}

const LEVELS: usize = 30;

impl Shape for Tree {
    const NAME: &'static str = "a tree of 30 levels";

    fn right() -> Value {
        let leaf = json!({"name": "leaf", "weight": 7});
        (1..LEVELS).fold(leaf.clone(), |below, level| {
            json!({"name": format!("level {level}"), "weight": level, "children": [leaf, below]})
        })
    }

    fn numbers() -> Vec<String> {
        (0..LEVELS).map(|level| format!("{}/weight", "/children/1".repeat(level))).collect()
    }
}

/// A list of what serde buffers before it knows what it is.
#[derive(Debug, Deserialize, JsonSchema, garde::Validate, lift::Validate)]
pub struct Events {
    /// They.
    #[garde(length(min = 1, max = 20), dive)]
    pub events: Vec<Event>,
}

/// Told by its tag.
#[derive(Debug, Deserialize, JsonSchema, garde::Validate, lift::Validate)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// With objects.
    Ordered {
        /// By whom.
        #[garde(length(chars, min = 1, max = 64))]
        customer: String,
        /// What.
        #[garde(length(min = 1, max = 50), dive)]
        lines: Vec<Reading>,
    },
    /// With texts.
    Noted {
        /// What was said.
        #[garde(length(chars, max = 500))]
        note: String,
        /// How it is filed.
        #[garde(length(max = 10))]
        labels: Vec<String>,
        /// How often.
        #[garde(range(min = 1, max = 100))]
        times: u32,
    },
}

impl Shape for Events {
    const NAME: &'static str = "20 tagged variants";

    fn right() -> Value {
        let event = |number| match number % 2 {
            0 => json!({
                "type": "ordered", "customer": "Ada Lovelace",
                "lines": [{"sensor": "roof, north", "number": 1, "celsius": 21.5}, {"sensor": "roof, south", "number": 2, "celsius": 22}],
            }),
            _ => json!({"type": "noted", "note": "at the back", "labels": ["one", "two"], "times": 3}),
        };
        json!({"events": (0..20).map(event).collect::<Vec<_>>()})
    }

    fn numbers() -> Vec<String> {
        (0..10).map(|index| format!("/events/{}/times", 2 * index + 1)).collect()
    }
}
