//! The strict parse: serde_json's own, made to agree with the schema where serde is laxer or stricter than it.
//!
//! A derived `Deserialize` takes an array for a struct, and `{"C": null}` for a unit variant; the schema does not.
//! The schema takes `1.0` and `1e2` as integers; serde does not. serde_json skips the value of an unknown field
//! without looking at it, so that junk inside passes; here it is parsed, and its depth counts. All of it is done by
//! visitors that forward, and costs nothing measurable.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::buffer::Anything;
use super::document::Document;
use super::keys::Key;
use super::notes::{self, Notes};
use super::number::{Integer, Single};
use super::variants::Variants;

/// Parses the whole of `bytes` as one JSON value.
///
/// That they are UTF-8 is checked at once, for serde_json would do it string by string, at several times the cost.
pub(crate) fn parse<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> serde_json::Result<T> {
    let Ok(text) = std::str::from_utf8(bytes) else { return Err(malformed(bytes)) };
    notes::begin();
    let mut json = serde_json::Deserializer::from_str(text);
    let value = T::deserialize(Strict(&mut json))?;
    json.end()?;
    Ok(value)
}

/// Where bytes that are not UTF-8 are not JSON.
#[cold]
fn malformed(bytes: &[u8]) -> serde_json::Error {
    match serde_json::from_slice::<Document<'_>>(bytes) {
        Err(error) => error,
        Ok(_) => Error::custom("not UTF-8"),
    }
}

/// A deserializer of JSON, made strict.
pub(crate) struct Strict<D>(pub(crate) D);

/// A visitor whose parts are parsed strictly.
pub(crate) struct Parts<V>(pub(crate) V);

macro_rules! forward {
    ($($method:ident => $wrap:expr;)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.$method($wrap(visitor))
        }
    )*};
}

fn same<V>(visitor: V) -> V {
    visitor
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Strict<D> {
    type Error = D::Error;

    forward! {
        deserialize_any => Anything::outermost;
        deserialize_bool => same;
        deserialize_i8 => Integer;
        deserialize_i16 => Integer;
        deserialize_i32 => Integer;
        deserialize_i64 => Integer;
        deserialize_u8 => Integer;
        deserialize_u16 => Integer;
        deserialize_u32 => Integer;
        deserialize_u64 => Integer;
        deserialize_f64 => same;
        deserialize_char => same;
        deserialize_str => same;
        deserialize_string => same;
        deserialize_bytes => same;
        deserialize_byte_buf => same;
        deserialize_option => Parts;
        deserialize_unit => same;
        deserialize_seq => Parts;
        deserialize_map => Parts;
        deserialize_identifier => same;
    }

    /// serde_json would read digits past 64 bits here, which the schema's view of the document cannot hold.
    #[inline]
    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_i64(Integer(visitor))
    }

    /// An `f64` first, as the schema sees it: serde_json would round what is too large down.
    #[inline]
    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_f64(Single(visitor))
    }

    #[inline]
    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_u64(Integer(visitor))
    }

    #[inline]
    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_unit_struct(name, visitor)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_newtype_struct(name, Parts(visitor))
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple(len, Parts(visitor))
    }

    #[inline]
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple_struct(name, len, Parts(visitor))
    }

    /// Only an object is a struct.
    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(Parts(visitor))
    }

    /// Only a string is a unit variant, and only an object with one member any other.
    #[inline]
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(Variants(visitor))
    }

    /// What is ignored is parsed all the same.
    #[inline]
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        notes::take(Notes::UNKNOWN);
        self.0.deserialize_any(Parts(visitor))
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

macro_rules! forward_visits {
    ($($method:ident: $type:ty)*) => {$(
        #[inline]
        fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.0.$method(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Parts<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    forward_visits! {
        visit_bool: bool
        visit_i64: i64
        visit_i128: i128
        visit_u64: u64
        visit_u128: u128
        visit_f64: f64
        visit_str: &str
        visit_borrowed_str: &'de str
        visit_string: String
        visit_bytes: &[u8]
        visit_borrowed_bytes: &'de [u8]
        visit_byte_buf: Vec<u8>
    }

    #[inline]
    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    #[inline]
    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    #[inline]
    fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Strict(value))
    }

    #[inline]
    fn visit_newtype_struct<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        self.0.visit_newtype_struct(Strict(value))
    }

    #[inline]
    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Parts(items))
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Parts(members))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Parts<S> {
    type Value = S::Value;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Strict(value))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Parts<A> {
    type Error = A::Error;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, A::Error> {
        self.0.next_element_seed(Parts(seed))
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

/// There is no `1.0` among keys.
impl<'de, A: MapAccess<'de>> MapAccess<'de> for Parts<A> {
    type Error = A::Error;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        self.0.next_key_seed(Key(seed))
    }

    #[inline]
    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        self.0.next_value_seed(Parts(seed))
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde::Deserialize;

    use super::parse;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Point {
        x: i32,
        y: Option<u8>,
    }

    fn point(json: &str) -> Option<Point> {
        parse(json.as_bytes()).ok()
    }

    #[test]
    fn only_an_object_is_a_struct() {
        assert_eq!(point(r#"{"x":1,"y":2}"#), Some(Point { x: 1, y: Some(2) }));
        assert_eq!(point("[1,2]"), None);
        assert!(parse::<Vec<Point>>(b"[[1,2]]").is_err());
        assert!(parse::<HashMap<String, Option<Point>>>(br#"{"a":[1,2]}"#).is_err());
        assert!(parse::<(Point, u8)>(b"[[1,2],3]").is_err());
    }

    #[test]
    fn a_float_without_a_fraction_is_an_integer() {
        for (json, x) in [("1.0", 1), ("1e2", 100), ("-0", 0), ("-2.0", -2), ("-0.0", 0)] {
            assert_eq!(point(&format!(r#"{{"x":{json}}}"#)), Some(Point { x, y: None }), "{json}");
        }
        for json in ["1.5", "1e10", "1e300", "-1e300"] {
            assert_eq!(point(&format!(r#"{{"x":{json}}}"#)), None, "{json}");
        }
        assert_eq!(parse::<u64>(b"1e19").ok(), Some(10_000_000_000_000_000_000));
        assert!(parse::<u64>(b"18446744073709551616").is_err());
        assert!(parse::<i64>(b"1e19").is_err());
    }

    #[test]
    fn what_is_ignored_is_parsed() {
        assert!(point(r#"{"x":1,"z":{"a":[1,"b"]}}"#).is_some());
        for junk in [
            r#""\ud800""#,
            "1e999",
            "[1,]",
            &"[".repeat(200),
            &format!("{}{}", "[".repeat(200), "]".repeat(200)),
        ] {
            assert_eq!(point(&format!(r#"{{"x":1,"z":{junk}}}"#)), None, "{junk}");
        }
        assert!(parse::<Point>(b"{\"x\":1,\"z\":\"\xff\"}").is_err());
    }

    #[test]
    fn borrows_as_serde_json_does() {
        assert_eq!(parse::<&str>(br#""plain""#).ok(), Some("plain"));
        assert!(parse::<u8>(b"1 2").is_err());
        assert_eq!(
            parse::<serde_json::Value>(br#"{"a":[1.0]}"#).ok(),
            serde_json::from_str(r#"{"a":[1.0]}"#).ok()
        );
    }
}
