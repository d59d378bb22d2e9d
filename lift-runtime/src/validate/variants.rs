//! Enums in the strict parse: each variant has one form, the one that the schema has.

use std::fmt;

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IgnoredAny, IntoDeserializer, MapAccess, Unexpected,
    VariantAccess, Visitor,
};

use super::strict::{Parts, Strict};

/// A visitor of an enum that tells a unit variant from one with content.
pub(crate) struct Variants<V>(pub(crate) V);

impl<'de, V: Visitor<'de>> Visitor<'de> for Variants<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    #[inline]
    fn visit_str<E: Error>(self, name: &str) -> Result<V::Value, E> {
        let name: StrDeserializer<'_, E> = name.into_deserializer();
        self.0.visit_enum(name)
    }

    #[inline]
    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<V::Value, E> {
        self.0.visit_enum(BorrowedStrDeserializer::new(name))
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<V::Value, A::Error> {
        self.0.visit_enum(Tagged(members))
    }
}

/// A variant with content: an object whose one key names it.
pub(crate) struct Tagged<A>(pub(crate) A);

impl<'de, A: MapAccess<'de>> EnumAccess<'de> for Tagged<A> {
    type Error = A::Error;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(mut self, seed: S) -> Result<(S::Value, Self), A::Error> {
        match self.0.next_key_seed(seed)? {
            Some(variant) => Ok((variant, self)),
            None => Err(A::Error::invalid_length(0, &"an object with one member")),
        }
    }
}

impl<'de, A: MapAccess<'de>> Tagged<A> {
    fn content<S: DeserializeSeed<'de>>(mut self, seed: S) -> Result<S::Value, A::Error> {
        let content = self.0.next_value_seed(seed)?;
        match self.0.next_key::<IgnoredAny>()? {
            None => Ok(content),
            Some(_) => Err(A::Error::invalid_length(2, &"an object with one member")),
        }
    }
}

impl<'de, A: MapAccess<'de>> VariantAccess<'de> for Tagged<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        Err(A::Error::invalid_type(Unexpected::Map, &"a string"))
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.content(Parts(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.content(Tuple(len, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.content(Struct(visitor))
    }
}

struct Tuple<V>(usize, V);

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Tuple<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        Strict(value).deserialize_tuple(self.0, self.1)
    }
}

struct Struct<V>(V);

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Struct<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        Strict(value).deserialize_map(self.0)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use crate::validate::strict::parse;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Point {
        x: i32,
        y: Option<u8>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    enum Shape {
        Empty,
        At(Point),
        Pair(Point, u8),
        Box { size: u16 },
    }

    fn shape(json: &str) -> Option<Shape> {
        parse(json.as_bytes()).ok()
    }

    #[test]
    fn variants_have_one_form() {
        assert_eq!(shape(r#""Empty""#), Some(Shape::Empty));
        assert_eq!(shape(r#"{"Empty":null}"#), None);
        assert_eq!(shape(r#"{"At":{"x":1.0}}"#), Some(Shape::At(Point { x: 1, y: None })));
        assert_eq!(shape(r#"{"At":[1,2]}"#), None);
        assert_eq!(shape(r#"{"Pair":[{"x":1},2]}"#), Some(Shape::Pair(Point { x: 1, y: None }, 2)));
        assert_eq!(shape(r#"{"Box":{"size":3}}"#), Some(Shape::Box { size: 3 }));
        assert_eq!(shape(r#"{"Box":[3]}"#), None);
        for json in [r#"{}"#, r#""At""#, r#"{"Box":{"size":3},"At":{"x":1}}"#, r#"{"No":1}"#, "1", "null"] {
            assert_eq!(shape(json), None, "{json}");
        }
    }
}
