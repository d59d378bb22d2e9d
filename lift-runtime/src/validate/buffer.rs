//! What serde asks for as "anything" and buffers, for `tag`, `content`, `untagged` and `flatten`, watched.
//!
//! The buffer forgets what the document was: it takes arrays for structs and `{"C": null}` for a unit variant, and the
//! schema does not. Here is noted what could be taken for something else; if the value that was made holds nothing that
//! it could stand for (see [`Finding`](super::Finding)), its native checks decide.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::form::Kinds;
use super::keys::Key;
use super::notes::{self, Notes};
use super::number::F32;
use super::strict::Strict;

/// Where a value stands.
#[derive(Clone, Copy)]
enum Place<'a> {
    Outermost,
    /// In an array, whose items tell what it can stand for.
    Item(&'a Cell<Kinds>),
    Member,
}

/// A visitor of anything.
pub(crate) struct Anything<'a, V>(Place<'a>, V);

impl<V> Anything<'_, V> {
    #[inline]
    pub(crate) fn outermost(visitor: V) -> Self {
        Self(Place::Outermost, visitor)
    }

    /// What the value is.
    #[inline]
    fn is(self, kind: Kinds) -> V {
        if let Place::Item(items) = self.0 {
            items.set(items.get().and(kind));
        }
        self.1
    }
}

macro_rules! scalars {
    ($($method:ident: $type:ty, $kind:ident;)*) => {$(
        #[inline]
        fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.is(Kinds::$kind).$method(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Anything<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.1.expecting(f)
    }

    scalars! {
        visit_bool: bool, BOOL;
        visit_i64: i64, NUMBER;
        visit_str: &str, STRING;
        visit_borrowed_str: &'de str, STRING;
        visit_string: String, STRING;
    }

    #[inline]
    fn visit_u64<E: Error>(self, value: u64) -> Result<V::Value, E> {
        notes::take(Notes::INTEGER);
        self.is(Kinds::NUMBER).visit_u64(value)
    }

    #[inline]
    fn visit_f64<E: Error>(self, value: f64) -> Result<V::Value, E> {
        if value.abs() > F32 {
            notes::take(Notes::STRANGE);
        }
        self.is(Kinds::NUMBER).visit_f64(value)
    }

    #[inline]
    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        notes::take(Notes::NULL);
        self.is(Kinds::NOTHING).visit_unit()
    }

    #[inline]
    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<V::Value, A::Error> {
        if matches!(self.0, Place::Outermost) {
            notes::take(Notes::OUTERMOST);
        }
        self.is(Kinds::ARRAY).visit_seq(Items { items, kinds: Cell::new(Kinds::NONE) })
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<V::Value, A::Error> {
        self.is(Kinds::OBJECT).visit_map(Members { members, count: 0 })
    }
}

/// A deserializer of one value: of anything, it is watched; of all else, it is the strict one.
struct Watched<'a, D>(Place<'a>, D);

macro_rules! strictly {
    ($($method:ident($($name:ident: $type:ty),*))*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            Strict(self.1).$method($($name,)* visitor)
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Watched<'_, D> {
    type Error = D::Error;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.1.deserialize_any(Anything(self.0, visitor))
    }

    strictly! {
        deserialize_bool() deserialize_char() deserialize_str() deserialize_string() deserialize_bytes()
        deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i64() deserialize_i128()
        deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128()
        deserialize_f32() deserialize_f64() deserialize_byte_buf() deserialize_option() deserialize_unit()
        deserialize_seq() deserialize_map() deserialize_identifier() deserialize_ignored_any()
        deserialize_unit_struct(name: &'static str)
        deserialize_newtype_struct(name: &'static str)
        deserialize_tuple(len: usize)
        deserialize_tuple_struct(name: &'static str, len: usize)
        deserialize_struct(name: &'static str, fields: &'static [&'static str])
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        self.1.is_human_readable()
    }
}

struct Seed<'a, S>(Place<'a>, S);

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Seed<'_, S> {
    type Value = S::Value;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<S::Value, D::Error> {
        self.1.deserialize(Watched(self.0, value))
    }
}

struct Items<A> {
    items: A,
    kinds: Cell<Kinds>,
}

/// Not every visitor asks for an item after the last one that it takes.
impl<A> Drop for Items<A> {
    #[inline]
    fn drop(&mut self) {
        notes::take(Notes::array(self.kinds.get()));
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Items<A> {
    type Error = A::Error;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, A::Error> {
        self.items.next_element_seed(Seed(Place::Item(&self.kinds), seed))
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        self.items.size_hint()
    }
}

struct Members<A> {
    members: A,
    count: usize,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Members<A> {
    type Error = A::Error;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        let key = self.members.next_key_seed(Key(seed))?;
        match (&key, self.count) {
            (None, 0) => notes::take(Notes::STRANGE),
            (None, 1) => notes::take(Notes::SINGLE),
            _ => self.count += 1,
        }
        Ok(key)
    }

    #[inline]
    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        self.members.next_value_seed(Seed(Place::Member, seed))
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        self.members.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::Value;

    use super::*;
    use crate::validate::strict::parse;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "read, and not looked at")]
    struct Point {
        x: i32,
    }

    #[derive(Debug, Deserialize)]
    #[serde(untagged)]
    #[expect(dead_code, reason = "read, and not looked at")]
    enum Buffered {
        Point(Point),
        Other(Value),
    }

    fn noticed<T: for<'de> Deserialize<'de>>(json: &str) -> Notes {
        let (parsed, notes) = notes::watch(|| parse::<T>(json.as_bytes()));
        assert!(parsed.is_ok(), "{json}: {:?}", parsed.err());
        notes
    }

    #[test]
    fn arrays_are_told_by_their_items() {
        let noticed = noticed::<Buffered>;
        let outermost = |items| Notes::OUTERMOST | Notes::array(items);
        assert_eq!(noticed(r#"["a","b"]"#), outermost(Kinds::STRING));
        assert_eq!(noticed("[true]"), outermost(Kinds::BOOL));
        assert_eq!(noticed("[-1.5,-2]"), outermost(Kinds::NUMBER));
        assert_eq!(noticed(r#"["a",-2]"#), outermost(Kinds::MIXED));
        assert_eq!(noticed("[null]"), outermost(Kinds::NOTHING) | Notes::NULL);
        assert_eq!(noticed("[]"), outermost(Kinds::NOTHING));
        assert_eq!(noticed(r#"[{"a":"b","c":"d"}]"#), outermost(Kinds::OBJECT));
        assert_eq!(
            noticed(r#"[["a"],[true]]"#),
            outermost(Kinds::ARRAY) | Notes::array(Kinds::STRING) | Notes::array(Kinds::BOOL)
        );
        assert_eq!(noticed(r#"{"a":["b"],"c":"d"}"#), Notes::array(Kinds::STRING));
    }

    #[test]
    fn what_may_be_something_else_is_noted() {
        let noticed = noticed::<Buffered>;
        assert_eq!(noticed(r#"{"a":"b","c":-1}"#), noticed(r#""a""#));
        assert_eq!(noticed(r#"{"a":null}"#), Notes::SINGLE | Notes::NULL);
        assert_eq!(noticed(r#"{"x":1}"#), Notes::SINGLE | Notes::INTEGER);
        assert_eq!(noticed("{}"), Notes::STRANGE);
        assert_eq!(noticed("3.5e38"), Notes::STRANGE);
    }

    #[test]
    fn a_typed_value_is_read_strictly_and_without_notes() {
        assert_eq!(noticed::<Vec<Point>>(r#"[{"x":1.0}]"#), noticed::<u8>("1"));
        // A visitor of anything that asks for what it knows.
        #[derive(Debug)]
        struct Points;
        impl<'de> Deserialize<'de> for Points {
            fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
                json.deserialize_any(Self)
            }
        }
        impl<'de> Visitor<'de> for Points {
            type Value = Self;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("points")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
                while items.next_element::<Point>()?.is_some() {}
                Ok(self)
            }
        }
        assert!(parse::<Points>(br#"[{"x":1.0},{"x":2}]"#).is_ok());
        assert!(parse::<Points>(br#"[{"x":1},[2]]"#).is_err());
    }

    #[test]
    fn a_parse_within_another_has_notes_of_its_own() {
        let ((), outer) = notes::watch(|| {
            notes::begin();
            assert_eq!(noticed::<Buffered>("{}"), Notes::STRANGE);
        });
        assert_eq!(outer, noticed::<u8>("1"));
        let ((), unwatched) = notes::watch(|| ());
        assert_ne!(unwatched, outer, "what is not the strict parse of JSON says so");
    }
}
