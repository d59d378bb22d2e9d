//! Headers as the fields of a struct.

use std::borrow::Cow;

use axum::body::Body;
use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::de::{DeserializeOwned, Deserializer, Visitor};
use serde::forward_to_deserialize_any;

use crate::endpoint::Rejection;
use crate::error::{Error, Result};
use crate::validate::{Document, Input, Location, Pair, Pairs, Refusal, Schema, Unread, unchecked};

/// Headers, by the names of a struct's fields with `-` for `_`.
///
/// A header takes the type of its field; one that may come several times is a `Vec`, one that may be missing an
/// `Option`. In violations the pointer holds the header's name, such as `/x-api-version`.
///
/// ```
/// use lift_runtime::Header;
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Client {
///     x_api_version: u16,
///     accept_language: Option<String>,
/// }
///
/// async fn version(Header(client): Header<Client>) -> String {
///     client.x_api_version.to_string()
/// }
/// ```
///
/// # Errors
/// 422 `validation_failed`, also for a header that is not UTF-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Header<T>(pub T);

crate::validate::input_wrapper!(Header);

impl<T: DeserializeOwned> Input for Header<T> {
    type Value = T;
    type Raw = HeaderMap;
    const LOCATION: Location = Location::Header;

    async fn read(parts: &mut Parts, _: &mut Option<Body>, _: usize) -> Result<HeaderMap> {
        Ok(parts.headers.clone())
    }

    fn parse(raw: &HeaderMap) -> Result<T, Unread> {
        T::deserialize(Fields(raw)).map_err(|refusal| match refusal.keyword() {
            NOT_TEXT => Unread::Unreadable(Error::bad_request(refusal.to_string()).with_code("invalid_utf8")),
            _ => Unread::Refused(refusal.rename(hyphenated)),
        })
    }

    fn document<'a>(raw: &'a HeaderMap, schema: &Schema) -> Result<Document<'a>> {
        // A header that is not text was refused by the parse.
        let pairs = schema.members().into_iter().flat_map(|field| of_field(raw, field).unwrap_or_default());
        Ok(Pairs::new(pairs).document(schema))
    }

    fn point(_: &HeaderMap, _: &Schema, pointer: &mut String) {
        *pointer = hyphenated(pointer);
    }

    fn wrap(value: T) -> Self {
        Self(value)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Header<T> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        unchecked(&parts.headers)
    }
}

fn hyphenated(field: &str) -> String {
    field.replace('_', "-")
}

/// The keyword of a header that is not UTF-8.
const NOT_TEXT: &str = "utf8";

fn text(field: &str, value: &HeaderValue) -> Result<String, Refusal> {
    let not_text = || Refusal::new(NOT_TEXT, format!("the header {} is not UTF-8", hyphenated(field)));
    String::from_utf8(value.as_bytes().to_vec()).map_err(|_| not_text())
}

/// What was said in the header of a field.
fn of_field<'a>(headers: &HeaderMap, field: &'a str) -> Result<Vec<Pair<'a>>, Refusal> {
    let pair = |value| Ok((Cow::from(field), text(field, value)?.into()));
    headers.get_all(hyphenated(field)).into_iter().map(pair).collect()
}

/// Headers as a struct: only those that have a field are looked at.
struct Fields<'a>(&'a HeaderMap);

impl<'de> Deserializer<'de> for Fields<'_> {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let pair = |(name, value): (&HeaderName, &HeaderValue)| {
            let field = name.as_str().replace('-', "_");
            let text = text(&field, value)?;
            Ok((field.into(), text.into()))
        };
        let pairs = self.0.iter().map(pair).collect::<Result<Vec<_>, _>>()?;
        visitor.visit_map(Pairs::new(pairs).iter())
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        let mut pairs = Vec::new();
        for field in fields {
            pairs.extend(of_field(self.0, field)?);
        }
        visitor.visit_map(Pairs::new(pairs).iter())
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map enum identifier ignored_any
    }
}
