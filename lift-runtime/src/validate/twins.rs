//! Members that are given twice in one object.
//!
//! A `Document` keeps the last of them, as nearly every reader does, and cannot tell any more; serde refuses a declared
//! one. RFC 8259 (section 4) leaves it open, and I-JSON (RFC 7493) forbids it.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use foldhash::fast::RandomState;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::document::Name;

/// Whether any object in a JSON text has a member twice.
pub(crate) fn has_twins(json: &[u8]) -> bool {
    serde_json::from_slice::<Twins>(json).is_ok_and(|Twins(found)| found)
}

struct Twins(bool);

impl<'de> Deserialize<'de> for Twins {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

macro_rules! none_in {
    ($($method:ident: $type:ty)*) => {$(
        fn $method<E>(self, _: $type) -> Result<bool, E> {
            Ok(false)
        }
    )*};
}

impl<'de> Visitor<'de> for Reader {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    none_in! { visit_bool: bool visit_u64: u64 visit_i64: i64 visit_f64: f64 visit_str: &str }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<bool, A::Error> {
        let mut found = false;
        while let Some(Twins(twins)) = items.next_element()? {
            found |= twins;
        }
        Ok(found)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<bool, A::Error> {
        let mut found = false;
        let mut names: HashSet<Cow<'de, str>, RandomState> = HashSet::default();
        while let Some(Name(name)) = members.next_key()? {
            found |= !names.insert(name);
            let Twins(twins) = members.next_value()?;
            found |= twins;
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::has_twins;

    #[test]
    fn twins_are_found_at_any_depth_and_by_what_they_mean() {
        for json in [r#"{"a":1,"a":1}"#, r#"[{"b":{"a":1,"b":2,"a":3}}]"#, r#"{"a":1,"\u0061":2}"#] {
            assert!(has_twins(json.as_bytes()), "{json}");
        }
        for json in [r#"{"a":{"a":1},"b":[{"a":1},{"a":1}]}"#, "1", r#"{"a":1,"a""#] {
            assert!(!has_twins(json.as_bytes()), "{json}");
        }
    }
}
