//! The fields of events: borrowed from the event where JSON allows it.

use std::borrow::Cow;
use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A string, borrowed unless it holds escapes.
#[derive(Debug, Default)]
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text)))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

/// Headers, whether each holds a string or a list of them.
#[derive(Debug, Default)]
pub(super) struct Headers {
    pub(super) map: HeaderMap,
    /// A name or a value was none that HTTP knows.
    pub(super) malformed: bool,
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Most requests carry ten to twenty headers.
        let mut headers = Self { map: HeaderMap::with_capacity(24), malformed: false };
        deserializer.deserialize_map(Pairs(|name: &str, value: &str| headers.append(name, value)))?;
        Ok(headers)
    }
}

impl Headers {
    fn append(&mut self, name: &str, value: &str) {
        match (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value.as_bytes())) {
            (Ok(name), Ok(value)) => self.malformed |= self.map.try_append(name, value).is_err(),
            _ => self.malformed = true,
        }
    }
}

/// Calls a function with each name and value of a map whose values are strings or lists of strings.
pub(super) struct Pairs<F>(pub(super) F);

impl<'de, F: FnMut(&str, &str)> DeserializeSeed<'de> for Pairs<F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F: FnMut(&str, &str)> Visitor<'de> for Pairs<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of strings or of lists of strings")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<Text<'de>>()? {
            map.next_value_seed(OneOrMore(|value: &str| (self.0)(&name, value)))?;
        }
        Ok(())
    }
}

/// A string, a list of strings, or null.
struct OneOrMore<F>(F);

impl<'de, F: FnMut(&str)> DeserializeSeed<'de> for OneOrMore<F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, F: FnMut(&str)> Visitor<'de> for OneOrMore<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a list of strings")
    }

    fn visit_str<E: Error>(mut self, text: &str) -> Result<(), E> {
        (self.0)(text);
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        while let Some(text) = list.next_element::<Text<'de>>()? {
            (self.0)(&text);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_hold_strings_lists_and_nulls() {
        let headers: Headers =
            serde_json::from_str(r#"{"A":"1","b":["2","3"],"c":null,"d":[],"x-é":"4"}"#).expect("headers");
        let all: Vec<_> = headers.map.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        assert_eq!(all, [("a", &b"1"[..]), ("b", b"2"), ("b", b"3")]);
        assert!(headers.malformed);
        assert!(serde_json::from_str::<Headers>(r#"{"a":7}"#).is_err());
    }

    #[test]
    fn text_is_borrowed_unless_it_is_escaped() {
        let texts: Vec<Text<'_>> = serde_json::from_str(r#"["plain","a\"b"]"#).expect("texts");
        assert!(matches!(texts[0].0, Cow::Borrowed("plain")));
        assert_eq!(&*texts[1], "a\"b");
    }
}
