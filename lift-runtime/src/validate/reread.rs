//! A second parse, of a document that is there already: for the sake of a place and a reason.

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    self, DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;

use super::document::{Document, Members};
use super::number::{F32, Integer};
use super::refusal::Refusal;
use super::text::{Items, Text};
use super::variants::Tagged;

/// A document as a deserializer, as strict as the first parse.
#[derive(Clone, Copy)]
pub(crate) struct At<'a>(pub(crate) &'a Document<'a>);

type Result<T> = std::result::Result<T, Refusal>;

macro_rules! integers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            self.deserialize_any(Integer(visitor))
        }
    )*};
}

impl<'de> Deserializer<'de> for At<'de> {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.0 {
            Document::Null => visitor.visit_unit(),
            Document::Bool(value) => visitor.visit_bool(*value),
            Document::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(value), _, _) => visitor.visit_u64(value),
                (None, Some(value), _) => visitor.visit_i64(value),
                (None, None, value) => visitor.visit_f64(value.unwrap_or(f64::NAN)),
            },
            Document::Text(text) => visitor.visit_borrowed_str(text),
            Document::Array(items) => {
                let mut elements = Items::new(items.iter().map(At));
                let value = visitor.visit_seq(&mut elements)?;
                match elements.left() {
                    0 => Ok(value),
                    more => Err(Refusal::invalid_length(items.len(), &Fewer(items.len() - more))),
                }
            }
            Document::Object(members) => visitor.visit_map(Entries::of(members)),
        }
    }

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }

    /// Beyond an `f32`'s range a number would be infinite, which JSON cannot say.
    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.0 {
            Document::Number(number) if number.as_f64().is_some_and(|value| value.abs() > F32) => {
                Err(Refusal::new("type", "must be a number in the range of f32"))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if matches!(self.0, Document::Null) { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match self.0 {
            Document::Object(_) => self.deserialize_any(visitor),
            other => Err(Refusal::invalid_type(unexpected(other), &visitor)),
        }
    }

    /// Some visitors of arrays take null as well.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.0 {
            Document::Array(_) => self.deserialize_any(visitor),
            other => Err(Refusal::invalid_type(unexpected(other), &visitor)),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_struct("", &[], visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match self.0 {
            Document::Text(name) => visitor.visit_enum((&**name).into_deserializer()),
            Document::Object(members) => visitor.visit_enum(Tagged(Entries::of(members))),
            other => Err(Refusal::invalid_type(unexpected(other), &visitor)),
        }
    }

    forward_to_deserialize_any! {
        bool f64 char str string bytes byte_buf unit unit_struct identifier ignored_any
    }
}

/// What is there instead; none of it is told.
fn unexpected(document: &Document<'_>) -> Unexpected<'static> {
    match document {
        Document::Null => Unexpected::Unit,
        Document::Bool(value) => Unexpected::Bool(*value),
        Document::Number(_) => Unexpected::Other("a number"),
        Document::Text(_) => Unexpected::Other("a string"),
        Document::Array(_) => Unexpected::Seq,
        Document::Object(_) => Unexpected::Map,
    }
}

struct Fewer(usize);

impl de::Expected for Fewer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an array of {}", self.0)
    }
}

struct Entries<'a> {
    members: std::slice::Iter<'a, (Cow<'a, str>, Document<'a>)>,
    value: Option<(&'a str, &'a Document<'a>)>,
}

impl<'a> Entries<'a> {
    fn of(members: &'a Members<'a>) -> Self {
        Self { members: members.iter(), value: None }
    }
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Refusal;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        let Some((name, value)) = self.members.next() else { return Ok(None) };
        self.value = Some((name, value));
        seed.deserialize(Key(name)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        let Some((name, value)) = self.value.take() else {
            return Err(Refusal::custom("a value was asked for before its key"));
        };
        seed.deserialize(At(value)).map_err(|refusal| refusal.within(name))
    }
}

/// A member's name. An integer has one form in it, or two names could be the same key.
struct Key<'a>(&'a str);

impl Key<'_> {
    fn is_integer(&self) -> bool {
        let digits = self.0.strip_prefix('-').unwrap_or(self.0);
        digits.bytes().all(|byte| byte.is_ascii_digit()) && (!digits.starts_with('0') || self.0 == "0")
    }
}

macro_rules! integer_keys {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            if self.is_integer() {
                Text(self.0).$method(visitor)
            } else {
                Err(Refusal::invalid_type(Unexpected::Str(self.0), &visitor))
            }
        }
    )*};
}

macro_rules! other_keys {
    ($($method:ident($($name:ident: $type:ty),*))*) => {$(
        fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value> {
            Text(self.0).$method($($name,)* visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Key<'de> {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_borrowed_str(self.0)
    }

    integer_keys! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }

    other_keys! {
        deserialize_bool() deserialize_f32() deserialize_f64()
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
