//! Inputs that are text: path, query, form and headers. Their values take the type that the target asks for.

use std::borrow::Cow;

use serde::de::{
    DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Number, Value};

use super::document::{Document, Members};
use super::notes::{self, Notes};
use super::number::F32;
use super::refusal::Refusal;
use super::schema::Schema;

type Result<T> = std::result::Result<T, Refusal>;

/// A name and what was said under it.
pub(crate) type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

/// Pairs by name: repeated names together, in the order in which they were given.
pub(crate) struct Pairs<'a> {
    names: Vec<Cow<'a, str>>,
    values: Vec<Cow<'a, str>>,
}

impl<'a> Pairs<'a> {
    pub(crate) fn new(pairs: impl IntoIterator<Item = Pair<'a>>) -> Self {
        let mut pairs: Vec<_> = pairs.into_iter().collect();
        if !pairs.is_sorted_by(|one, next| one.0 <= next.0) {
            pairs.sort_by(|one, other| one.0.cmp(&other.0));
        }
        let (names, values) = pairs.into_iter().unzip();
        Self { names, values }
    }

    /// Each name once, with all its values.
    pub(crate) fn iter(&self) -> Named<'_> {
        Named { names: &self.names, values: &self.values, current: None }
    }

    /// The pairs as an object of the types that a schema names.
    pub(crate) fn document<'d>(&self, schema: &Schema) -> Document<'d> {
        let mut members = Vec::new();
        for (name, values) in self.iter() {
            let of = schema.member(schema.root(), name);
            let value = of.map_or_else(|| plain(values), |of| coerce(schema, of, values));
            members.push((name.to_owned().into(), value));
        }
        Document::Object(Members::new(members))
    }
}

/// The pairs, name by name.
pub(crate) struct Named<'a> {
    names: &'a [Cow<'a, str>],
    values: &'a [Cow<'a, str>],
    current: Option<(&'a str, &'a [Cow<'a, str>])>,
}

impl<'a> Iterator for Named<'a> {
    type Item = (&'a str, &'a [Cow<'a, str>]);

    fn next(&mut self) -> Option<Self::Item> {
        let name = self.names.first()?;
        let count = self.names.iter().take_while(|other| *other == name).count();
        let (values, rest) = self.values.split_at(count);
        (self.names, self.values) = (&self.names[count..], rest);
        Some((name, values))
    }
}

impl<'de> MapAccess<'de> for Named<'_> {
    type Error = Refusal;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        self.current = self.next();
        self.current.map(|(name, _)| seed.deserialize(name.into_deserializer())).transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        let Some((name, values)) = self.current.take() else {
            return Err(Refusal::custom("a value was asked for before its key"));
        };
        seed.deserialize(Texts(values)).map_err(|refusal| refusal.within(name))
    }
}

/// Pairs as a struct or a map.
impl<'de> Deserializer<'de> for Named<'_> {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_map(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

/// Pairs as a tuple, or as any type that takes its items in order.
pub(crate) struct InOrder<'a>(pub(crate) std::slice::Iter<'a, Pair<'a>>);

impl<'de> SeqAccess<'de> for InOrder<'_> {
    type Error = Refusal;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        let Some((name, value)) = self.0.next() else { return Ok(None) };
        seed.deserialize(Texts(std::slice::from_ref(value))).map(Some).map_err(|refusal| refusal.within(name))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// The values under one name: usually one.
#[derive(Clone, Copy)]
pub(crate) struct Texts<'a>(pub(crate) &'a [Cow<'a, str>]);

/// One text.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a>(pub(crate) &'a str);

impl Texts<'_> {
    fn one(&self) -> Result<Text<'_>> {
        match self.0 {
            [text] => Ok(Text(text)),
            _ => Err(Refusal::new("type", "must be given once")),
        }
    }
}

macro_rules! of_one {
    ($($method:ident($($name:ident: $type:ty),*))*) => {$(
        fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value> {
            self.one()?.$method($($name,)* visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Texts<'_> {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.0 {
            [text] => visitor.visit_str(text),
            _ => self.deserialize_seq(visitor),
        }
    }

    of_one! {
        deserialize_bool() deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i64() deserialize_i128()
        deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128() deserialize_f32()
        deserialize_f64() deserialize_char() deserialize_str() deserialize_string() deserialize_bytes()
        deserialize_byte_buf() deserialize_unit() deserialize_map() deserialize_identifier()
        deserialize_unit_struct(name: &'static str)
        deserialize_struct(name: &'static str, fields: &'static [&'static str])
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_seq(Items::new(self.0.iter().map(|text| Text(text))))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
        if self.0.len() == len {
            self.deserialize_seq(visitor)
        } else {
            Err(Refusal::new("type", format!("must be given {len} times")))
        }
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        notes::take(Notes::UNKNOWN);
        visitor.visit_unit()
    }
}

/// The items of a sequence, each of them a deserializer. What is refused knows at which index.
pub(crate) struct Items<I> {
    items: I,
    index: usize,
}

impl<I: ExactSizeIterator> Items<I> {
    pub(crate) fn new(items: I) -> Self {
        Self { items, index: 0 }
    }

    /// How many were not asked for.
    pub(crate) fn left(&self) -> usize {
        self.items.len()
    }
}

impl<'de, I> SeqAccess<'de> for Items<I>
where
    I: ExactSizeIterator<Item: Deserializer<'de, Error = Refusal>>,
{
    type Error = Refusal;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        let Some(item) = self.items.next() else { return Ok(None) };
        let index = self.index;
        self.index += 1;
        seed.deserialize(item).map(Some).map_err(|refusal| refusal.within(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left())
    }
}

macro_rules! parsed {
    ($($method:ident => $visit:ident: $type:ty;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            match self.0.parse::<$type>() {
                Ok(value) => visitor.$visit(value),
                Err(_) => Err(Refusal::invalid_type(Unexpected::Str(self.0), &visitor)),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Text<'_> {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_str(self.0)
    }

    parsed! {
        deserialize_bool => visit_bool: bool;
        deserialize_i8 => visit_i8: i8;
        deserialize_i16 => visit_i16: i16;
        deserialize_i32 => visit_i32: i32;
        deserialize_i64 => visit_i64: i64;
        deserialize_u8 => visit_u8: u8;
        deserialize_u16 => visit_u16: u16;
        deserialize_u32 => visit_u32: u32;
        deserialize_u64 => visit_u64: u64;
    }

    /// No more than 64 bits hold, as everywhere.
    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.0.starts_with('-') { self.deserialize_i64(visitor) } else { self.deserialize_u64(visitor) }
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.0.parse::<f64>() {
            Ok(value) if value.abs() <= F32 => visitor.visit_f64(value),
            _ => Err(Refusal::invalid_type(Unexpected::Str(self.0), &visitor)),
        }
    }

    /// A number as JSON can say it: neither infinite nor none.
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.0.parse::<f64>() {
            Ok(value) if value.is_finite() => visitor.visit_f64(value),
            _ => Err(Refusal::invalid_type(Unexpected::Str(self.0), &visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.0.is_empty() { visitor.visit_unit() } else { self.deserialize_any(visitor) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// Values as the type that a schema names; text where they are not of it, for the schema to refuse.
pub(crate) fn coerce<'d>(schema: &Schema, of: &Value, values: &[Cow<'_, str>]) -> Document<'d> {
    let types = schema.types(of);
    match values {
        [text] if !types.array || types.any_scalar() => {
            let number =
                || number(text).filter(|number| types.number || (types.integer && is_integral(number)));
            let boolean = || text.parse().ok().filter(|_| types.boolean).map(Document::Bool);
            number().map(Document::Number).or_else(boolean).unwrap_or_else(|| owned(text))
        }
        _ if types.array => {
            let item = |text: &Cow<'_, str>| match schema.items(of) {
                Some(items) => coerce(schema, items, std::slice::from_ref(text)),
                None => owned(text),
            };
            Document::Array(values.iter().map(item).collect())
        }
        _ => plain(values),
    }
}

fn plain<'d>(values: &[Cow<'_, str>]) -> Document<'d> {
    match values {
        [text] => owned(text),
        _ => Document::Array(values.iter().map(|text| owned(text)).collect()),
    }
}

fn owned<'d>(text: &str) -> Document<'d> {
    Document::Text(Cow::Owned(text.to_owned()))
}

/// The number that a text is, as the typed parse reads it.
fn number(text: &str) -> Option<Number> {
    if let Ok(number) = text.parse::<u64>() {
        return Some(number.into());
    }
    if let Ok(number) = text.parse::<i64>() {
        return Some(number.into());
    }
    Number::from_f64(text.parse().ok()?)
}

fn is_integral(number: &Number) -> bool {
    number.as_f64().is_some_and(|number| number.fract() == 0.0)
}
