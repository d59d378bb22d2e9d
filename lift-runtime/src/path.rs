//! The parameters of a path.

use std::borrow::Cow;

use axum::body::Body;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use serde::de::{DeserializeOwned, Deserializer, Visitor};
use serde_json::Value;

use crate::endpoint::Rejection;
use crate::error::{Error, Result};
use crate::validate::{
    Document, InOrder, Input, Location, Pair, Pairs, Refusal, Schema, Texts, Unread, coerce, escape,
    unchecked,
};

/// The parameters of the path: one value, a tuple in their order, or a struct by their names.
///
/// ```
/// use lift_runtime::Path;
///
/// // `/products/{sku}`
/// async fn product(Path(sku): Path<String>) -> String {
///     sku
/// }
///
/// // `/orders/{id}/lines/{line}`
/// async fn line(Path((id, line)): Path<(u64, u16)>) -> String {
///     format!("{id}, {line}")
/// }
/// ```
///
/// # Errors
/// 422 `validation_failed` with pointers such as `/sku`, the parameter's name; 400 if one is not UTF-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path<T>(pub T);

crate::validate::input_wrapper!(Path);

impl<T: DeserializeOwned> Input for Path<T> {
    type Value = T;
    type Raw = RawPathParams;
    const LOCATION: Location = Location::Path;

    async fn read(parts: &mut Parts, _: &mut Option<Body>, _: usize) -> Result<RawPathParams> {
        RawPathParams::from_request_parts(parts, &()).await.map_err(|rejection| match rejection {
            RawPathParamsRejection::InvalidUtf8InPathParam(_) => {
                Error::bad_request("the path is not UTF-8").with_code("invalid_utf8")
            }
            other => Error::internal(other),
        })
    }

    fn parse(raw: &RawPathParams) -> Result<T, Unread> {
        let parameters = parameters(raw);
        T::deserialize(Parameters(&parameters)).map_err(|refusal| match refusal.keyword() {
            MISCOUNTED => Unread::Unreadable(Error::internal(refusal)),
            _ => Unread::Refused(refusal),
        })
    }

    fn document<'a>(raw: &'a RawPathParams, schema: &Schema) -> Result<Document<'a>> {
        let parameters = parameters(raw);
        let types = schema.types(schema.root());
        let one = |of: Option<&Value>, value: &Cow<'a, str>| match of {
            Some(of) => coerce(schema, of, std::slice::from_ref(value)),
            None => Document::Text(value.clone()),
        };
        Ok(match &*parameters {
            parameters if types.array => {
                let place =
                    |(index, (_, value)): (usize, &Pair<'a>)| one(schema.place(schema.root(), index), value);
                Document::Array(parameters.iter().enumerate().map(place).collect())
            }
            [(_, value)] if !types.object => one(Some(schema.root()), value),
            parameters => Parameters(parameters).pairs().document(schema),
        })
    }

    fn point(raw: &RawPathParams, schema: &Schema, pointer: &mut String) {
        let types = schema.types(schema.root());
        if types.array {
            let rest = pointer.strip_prefix('/').unwrap_or_default();
            let (index, rest) = rest.split_once('/').unwrap_or((rest, ""));
            if let Some((name, _)) = index.parse().ok().and_then(|index| raw.iter().nth(index)) {
                let rest = if rest.is_empty() { String::new() } else { format!("/{rest}") };
                *pointer = format!("/{}{rest}", escape(name));
            }
        } else if !types.object
            && let Some((name, _)) = raw.iter().next()
            && pointer.is_empty()
        {
            *pointer = format!("/{}", escape(name));
        }
    }

    fn wrap(value: T) -> Self {
        Self(value)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Path<T> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        let raw = Self::read(parts, &mut None, 0).await.map_err(Rejection::Unreadable)?;
        unchecked(&raw)
    }
}

fn parameters(raw: &RawPathParams) -> Vec<Pair<'_>> {
    raw.iter().map(|(name, value)| (Cow::from(name), Cow::from(value))).collect()
}

/// The type takes one value, and the route has another number of parameters: a mistake in the app.
const MISCOUNTED: &str = "parameters";

/// Parameters as whatever the target takes.
#[derive(Clone, Copy)]
struct Parameters<'a>(&'a [Pair<'a>]);

type Deserialized<T> = std::result::Result<T, Refusal>;

impl<'a> Parameters<'a> {
    fn single<R>(self, read: impl FnOnce(Texts<'a>) -> Deserialized<R>) -> Deserialized<R> {
        match self.0 {
            [(name, value)] => {
                read(Texts(std::slice::from_ref(value))).map_err(|refusal| refusal.within(name))
            }
            all => {
                Err(Refusal::new(MISCOUNTED, format!("`Path` takes one value; the route has {}", all.len())))
            }
        }
    }

    fn pairs(self) -> Pairs<'a> {
        Pairs::new(self.0.iter().map(|(name, value)| (Cow::from(&**name), Cow::from(&**value))))
    }
}

macro_rules! of_one {
    ($($method:ident($($name:ident: $type:ty),*))*) => {$(
        fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Deserialized<V::Value> {
            self.single(|value| value.$method($($name,)* visitor))
        }
    )*};
}

impl<'de> Deserializer<'de> for Parameters<'_> {
    type Error = Refusal;

    of_one! {
        deserialize_any() deserialize_bool() deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i64()
        deserialize_i128() deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128()
        deserialize_f32() deserialize_f64() deserialize_char() deserialize_str() deserialize_string()
        deserialize_bytes() deserialize_byte_buf() deserialize_identifier()
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Deserialized<V::Value> {
        visitor.visit_map(self.pairs().iter())
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Deserialized<V::Value> {
        visitor.visit_map(self.pairs().iter())
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Deserialized<V::Value> {
        visitor.visit_seq(InOrder(self.0.iter()))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Deserialized<V::Value> {
        if len != self.0.len() {
            let text = format!("`Path` takes {len} values; the route has {}", self.0.len());
            return Err(Refusal::new(MISCOUNTED, text));
        }
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Deserialized<V::Value> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Deserialized<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Deserialized<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Deserialized<V::Value> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Deserialized<V::Value> {
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Deserialized<V::Value> {
        visitor.visit_unit()
    }
}
