//! Keys of maps, for serde_json's own truth values among them break.
//!
//! Asked for a `bool`, serde_json 1.0.154 reads one byte of the key, and the rest as text that it takes for UTF-8
//! unchecked: of `{"é": 1}` that is half a letter, and telling it panics. Here it is read as text and then looked at.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

/// A key, as a seed, a deserializer or a visitor of one.
pub(crate) struct Key<T>(pub(crate) T);

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Key<S> {
    type Value = S::Value;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, key: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Key(key))
    }
}

macro_rules! forward {
    ($($method:ident($($name:ident: $type:ty),*) => $wrap:expr;)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            self.0.$method($($name,)* $wrap(visitor))
        }
    )*};
}

fn same<V>(visitor: V) -> V {
    visitor
}

/// A key in JSON is text; what it can be besides is read of the text.
impl<'de, D: Deserializer<'de>> Deserializer<'de> for Key<D> {
    type Error = D::Error;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(visitor)
    }

    #[inline]
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_str(Truth(visitor))
    }

    forward! {
        deserialize_i8() => same;
        deserialize_i16() => same;
        deserialize_i32() => same;
        deserialize_i64() => same;
        deserialize_i128() => same;
        deserialize_u8() => same;
        deserialize_u16() => same;
        deserialize_u32() => same;
        deserialize_u64() => same;
        deserialize_u128() => same;
        deserialize_f32() => same;
        deserialize_f64() => same;
        deserialize_bytes() => same;
        deserialize_byte_buf() => same;
        deserialize_option() => Key;
        deserialize_newtype_struct(name: &'static str) => Key;
        deserialize_enum(name: &'static str, variants: &'static [&'static str]) => same;
    }

    forward_to_deserialize_any! {
        char str string unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

/// What wraps a key: an `Option`, or a newtype.
impl<'de, V: Visitor<'de>> Visitor<'de> for Key<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    #[inline]
    fn visit_some<D: Deserializer<'de>>(self, key: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Key(key))
    }

    #[inline]
    fn visit_newtype_struct<D: Deserializer<'de>>(self, key: D) -> Result<V::Value, D::Error> {
        self.0.visit_newtype_struct(Key(key))
    }
}

/// A truth value in text.
struct Truth<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for Truth<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<V::Value, E> {
        match text {
            "true" => self.0.visit_bool(true),
            "false" => self.0.visit_bool(false),
            other => Err(E::invalid_type(Unexpected::Str(other), &self.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use crate::validate::strict::parse;

    #[derive(Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
    struct Flag(bool);

    #[test]
    fn a_truth_value_as_a_key_is_read_as_text() {
        let read = parse::<BTreeMap<bool, u8>>(br#"{"true":1,"f\u0061lse":2}"#).expect("truth values");
        assert_eq!(read, BTreeMap::from([(true, 1), (false, 2)]));
        assert_eq!(
            parse::<BTreeMap<Flag, u8>>(br#"{"true":1}"#).expect("one"),
            BTreeMap::from([(Flag(true), 1)])
        );
        for key in ["é", "😀", "", "t", "True", "\\u00e9", "\\\"", "truee", "1"] {
            let json = format!("{{\"{key}\":1}}");
            assert!(parse::<BTreeMap<bool, u8>>(json.as_bytes()).is_err(), "{json}");
            assert!(parse::<BTreeMap<Flag, u8>>(json.as_bytes()).is_err(), "{json}");
        }
    }

    #[test]
    fn other_keys_are_read_as_ever() {
        assert_eq!(parse::<BTreeMap<i8, u8>>(br#"{"-7":1}"#).expect("integers"), BTreeMap::from([(-7, 1)]));
        assert_eq!(
            parse::<BTreeMap<char, u8>>("{\"é\":1}".as_bytes()).expect("letters"),
            BTreeMap::from([('é', 1)])
        );
        assert!(parse::<BTreeMap<&str, u8>>(br#"{"a":1}"#).is_ok());
    }
}
