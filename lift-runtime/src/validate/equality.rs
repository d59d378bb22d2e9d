//! When two JSON values are equal, and whether the items of an array are all different.
//!
//! jsonschema would make a `Value` of each item, at several times the document's own size, and its hash of an array is
//! that of the items' in a row: one for all arrays of nothing but arrays, which anybody may send by the thousand.

use std::collections::HashSet;
use std::hash::{Hash, Hasher};

use serde_json::{Number, Value};

use super::document::Document;
use super::number::integer;

/// So many items are compared with each other faster than they are hashed.
const FEW: usize = 8;

/// `uniqueItems`.
pub(crate) fn are_unique(items: &[Document<'_>]) -> bool {
    if items.len() <= FEW {
        let is_new =
            |(index, item): (usize, &Document<'_>)| items[..index].iter().all(|other| !same(other, item));
        return items.iter().enumerate().all(is_new);
    }
    // std's hasher is keyed, and made for keys that others choose.
    let mut seen = HashSet::with_capacity(items.len());
    items.iter().all(|item| seen.insert(Item(item)))
}

/// Whether a value is one of the schema.
pub(crate) fn is(document: &Document<'_>, value: &Value) -> bool {
    match (document, value) {
        (Document::Null, Value::Null) => true,
        (Document::Bool(one), Value::Bool(other)) => one == other,
        (Document::Number(one), Value::Number(other)) => Amount::of(one) == Amount::of(other),
        (Document::Text(one), Value::String(other)) => one == other,
        (Document::Array(items), Value::Array(others)) => {
            items.len() == others.len() && items.iter().zip(others).all(|(item, other)| is(item, other))
        }
        (Document::Object(members), Value::Object(others)) => {
            members.iter().len() == others.len()
                && members
                    .iter()
                    .all(|(name, value)| others.get(&**name).is_some_and(|other| is(value, other)))
        }
        _ => false,
    }
}

/// Members are sorted by name, each once.
fn same(one: &Document<'_>, other: &Document<'_>) -> bool {
    match (one, other) {
        (Document::Number(one), Document::Number(other)) => Amount::of(one) == Amount::of(other),
        (Document::Array(items), Document::Array(others)) => {
            items.len() == others.len() && items.iter().zip(others).all(|(one, other)| same(one, other))
        }
        (Document::Object(members), Document::Object(others)) => {
            members.iter().len() == others.iter().len()
                && members
                    .iter()
                    .zip(others.iter())
                    .all(|(one, other)| one.0 == other.0 && same(&one.1, &other.1))
        }
        (one, other) => one == other,
    }
}

/// A number by its amount: `1`, `1.0` and `1e0` are one.
#[derive(PartialEq, Eq, Hash)]
enum Amount {
    Whole(i128),
    /// By its bits: what has a fraction, or is past 64 bits, is one float.
    Other(u64),
}

impl Amount {
    fn of(number: &Number) -> Self {
        let whole = |number: &Number| {
            number.as_u64().map(i128::from).or_else(|| number.as_i64().map(i128::from)).map(Self::Whole)
        };
        let float = || number.as_f64().unwrap_or(f64::NAN);
        whole(number)
            .or_else(|| integer(float()).as_ref().and_then(whole))
            .unwrap_or_else(|| Self::Other(float().to_bits()))
    }
}

/// An item in a set.
struct Item<'a>(&'a Document<'a>);

impl PartialEq for Item<'_> {
    fn eq(&self, other: &Self) -> bool {
        same(self.0, other.0)
    }
}

impl Eq for Item<'_> {}

impl Hash for Item<'_> {
    /// What begins and how long it is goes in, too, so that no two values are written alike.
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self.0).hash(state);
        match self.0 {
            Document::Null => {}
            Document::Bool(value) => value.hash(state),
            Document::Number(number) => Amount::of(number).hash(state),
            Document::Text(text) => text.hash(state),
            Document::Array(items) => {
                state.write_usize(items.len());
                items.iter().for_each(|item| Item(item).hash(state));
            }
            Document::Object(members) => {
                state.write_usize(members.iter().len());
                members.iter().for_each(|(name, value)| {
                    name.hash(state);
                    Item(value).hash(state);
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Document<'_> {
        serde_json::from_str(json).expect("JSON")
    }

    /// Pairs of values, and whether they are equal: as two, among few and among many, and as a value of a schema.
    #[test]
    fn values_are_equal_by_what_they_mean() {
        let others: Vec<_> = (0..20).map(|index| format!(r#"["other",{index}]"#)).collect();
        let others = others.join(",");
        for (one, other, equal) in [
            ("1", "1.0", true),
            ("1", "1e0", true),
            ("0", "-0.0", true),
            ("-3", "-3.0", true),
            ("18446744073709551615", "18446744073709551615", true),
            ("18446744073709551615", "18446744073709551614", false),
            ("9007199254740993", "9007199254740992", false),
            ("9007199254740993", "9007199254740992.0", false),
            ("9007199254740992", "9007199254740992.0", true),
            ("1e300", "1e300", true),
            ("1e300", "1e301", false),
            ("0.5", "0.25", false),
            ("1", "true", false),
            ("0", "false", false),
            ("1", r#""1""#, false),
            ("null", "false", false),
            ("[]", "[[]]", false),
            ("[[],[]]", "[[[]]]", false),
            ("[1,[2]]", "[[1],2]", false),
            (r#"["a","b"]"#, r#"["ab"]"#, false),
            (r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1.0}"#, true),
            (r#"{"a":1}"#, r#"{"a":2}"#, false),
            (r#"{"a":1}"#, r#"{"b":1}"#, false),
            ("{}", "[]", false),
            (r#""\u00e9""#, r#""é""#, true),
        ] {
            let told = format!("{one} and {other}");
            for json in [format!("[{one},{other}]"), format!("[{one},{others},{other}]")] {
                let Document::Array(items) = read(&json) else { panic!("an array") };
                assert_eq!(are_unique(&items), !equal, "{told} among {}", items.len());
            }
            let value: Value = serde_json::from_str(other).expect("JSON");
            assert_eq!(is(&read(one), &value), equal, "{told} of a schema");
            let value: Value = serde_json::from_str(one).expect("JSON");
            assert_eq!(is(&read(other), &value), equal, "{told} of a schema, the other way");
        }
    }
}
