//! A document as a report needs it: its strings borrowed, cheaper by half than serde_json's `Value`. Most are read by [`plain`](super::plain).
//!
//! The schema validator walks it as it is, by the traits that jsonschema has for other representations than its own.

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use jsonschema::JsonType;
use jsonschema::json::{Array, Json, Node, NodeIdentity, Object};
use jsonschema_value::LazyInstance;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

use super::equality;
use super::number::integer;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Document<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'a, str>),
    Array(Vec<Self>),
    Object(Members<'a>),
}

/// The members of an object, sorted by name, each name once: the last one, as in a `Value`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Members<'a>(Vec<Member<'a>>);

pub(super) type Member<'a> = (Cow<'a, str>, Document<'a>);

/// So many members are found faster one by one.
pub(super) const FEW: usize = 8;

impl<'a> Members<'a> {
    pub(crate) fn new(mut members: Vec<Member<'a>>) -> Self {
        if !members.is_sorted_by(|one, next| one.0 < next.0) {
            // The sort is stable, so that of two with one name the later one stands behind.
            members.sort_by(|one, other| one.0.cmp(&other.0));
            members.dedup_by(|later, earlier| {
                let same = later.0 == earlier.0;
                if same {
                    std::mem::swap(later, earlier);
                }
                same
            });
        }
        Self(members)
    }

    /// Members that are sorted, each with a name of its own.
    pub(super) const fn sorted(members: Vec<Member<'a>>) -> Self {
        Self(members)
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Member<'a>> {
        self.0.iter()
    }

    fn position(&self, name: &str) -> Option<usize> {
        if self.0.len() <= FEW {
            self.0.iter().position(|(other, _)| other == name)
        } else {
            self.0.binary_search_by(|(other, _)| (**other).cmp(name)).ok()
        }
    }

    /// Looks where the member was in the object before: most bodies of a type have the same members.
    fn get(&self, key: &Key) -> Option<&Document<'a>> {
        match self.0.get(key.last_at.load(Ordering::Relaxed)) {
            Some((name, value)) if **name == *key.name => Some(value),
            _ => {
                let index = self.position(&key.name)?;
                key.last_at.store(index, Ordering::Relaxed);
                Some(&self.0[index].1)
            }
        }
    }
}

/// A member's name in a schema.
pub(crate) struct Key {
    name: Box<str>,
    /// Where it was last among the members of an object.
    last_at: AtomicUsize,
}

impl<'a> Document<'a> {
    pub(super) const fn is_container(&self) -> bool {
        matches!(self, Self::Array(_) | Self::Object(_))
    }

    pub(crate) fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// Writes `1.0` and `1e2` as integers, wherever they are; whether there was one.
    pub(crate) fn write_integers(&mut self) -> bool {
        match self {
            Self::Number(number) => match number.as_f64().filter(|_| number.is_f64()).and_then(integer) {
                Some(integer) => {
                    *number = integer;
                    true
                }
                None => false,
            },
            Self::Array(items) => items.iter_mut().fold(false, |found, item| item.write_integers() | found),
            Self::Object(Members(members)) => {
                members.iter_mut().fold(false, |found, (_, value)| value.write_integers() | found)
            }
            _ => false,
        }
    }

    pub(crate) fn to_value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Number(number) => Value::Number(number.clone()),
            Self::Text(text) => Value::from(&**text),
            Self::Array(items) => items.iter().map(Self::to_value).collect(),
            Self::Object(members) => {
                members.iter().map(|(name, value)| (name.to_string(), value.to_value())).collect()
            }
        }
    }
}

impl<'a> From<&'a Value> for Document<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => Self::Number(number.clone()),
            Value::String(text) => Self::text(text),
            Value::Array(items) => Self::Array(items.iter().map(Self::from).collect()),
            Value::Object(members) => {
                let member =
                    |(name, value): (&'a String, &'a Value)| (Cow::from(name.as_str()), Self::from(value));
                Self::Object(Members::new(members.iter().map(member).collect()))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Document<'de> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Document<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Document<'de>, E> {
        Ok(Document::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Document<'de>, E> {
        Ok(Document::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Document<'de>, E> {
        Ok(Document::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Document<'de>, E> {
        Ok(Document::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Document<'de>, E> {
        Number::from_f64(value).map(Document::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Document<'de>, E> {
        Ok(Document::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Document<'de>, E> {
        Ok(Document::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Document<'de>, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element()? {
            all.push(item);
        }
        all.shrink_to_fit();
        Ok(Document::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Document<'de>, A::Error> {
        let mut all = Vec::new();
        while let Some(Name(name)) = members.next_key()? {
            all.push((name, members.next_value()?));
        }
        all.shrink_to_fit();
        Ok(Document::Object(Members::new(all)))
    }
}

/// A member's name, borrowed if it can be; serde's own `Cow` never is.
pub(crate) struct Name<'a>(pub(crate) Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct NameReader;

        impl<'de> Visitor<'de> for NameReader {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_str<E>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }
        }

        json.deserialize_str(NameReader)
    }
}

/// Documents as jsonschema walks them.
pub(crate) struct Documents;

impl Json for Documents {
    type Node<'a> = &'a Document<'a>;
    type PreparedKey = Key;
    type StringBuffer = ();

    const KEYS_PER_LOOKUP: usize = 2;

    fn prepare_key(key: &str) -> Key {
        Key { name: key.into(), last_at: AtomicUsize::new(0) }
    }

    fn with_string_node<T>((): &mut (), string: &str, f: impl FnOnce(Self::Node<'_>) -> T) -> T {
        f(&Document::text(string))
    }
}

impl<'a> Node<'a, Documents> for &'a Document<'a> {
    type Object = &'a Members<'a>;
    type Array = &'a [Document<'a>];
    type Number = &'a Number;

    fn as_object(&self) -> Option<&'a Members<'a>> {
        if let Document::Object(members) = self { Some(members) } else { None }
    }

    fn as_array(&self) -> Option<&'a [Document<'a>]> {
        if let Document::Array(items) = self { Some(items) } else { None }
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        if let Document::Text(text) = self { Some(Cow::Borrowed(text)) } else { None }
    }

    fn as_number(&self) -> Option<&'a Number> {
        if let Document::Number(number) = self { Some(number) } else { None }
    }

    fn as_boolean(&self) -> Option<bool> {
        if let Document::Bool(value) = self { Some(*value) } else { None }
    }

    fn is_null(&self) -> bool {
        matches!(self, Document::Null)
    }

    fn json_type(&self) -> JsonType {
        match self {
            Document::Null => JsonType::Null,
            Document::Bool(_) => JsonType::Boolean,
            Document::Number(_) => JsonType::Number,
            Document::Text(_) => JsonType::String,
            Document::Array(_) => JsonType::Array,
            Document::Object(_) => JsonType::Object,
        }
    }

    fn equals_value(&self, expected: &Value) -> bool {
        equality::is(self, expected)
    }

    fn to_value(&self) -> Cow<'a, Value> {
        Cow::Owned(Document::to_value(self))
    }

    /// An error is told without the value that it is about, so that there is no need to copy it.
    fn lazy_value(&self) -> LazyInstance<'a> {
        LazyInstance::Ready(Cow::Owned(Value::Null))
    }

    fn identity(&self) -> Option<NodeIdentity> {
        Some(NodeIdentity::new(std::ptr::from_ref::<Document<'a>>(self) as usize))
    }
}

/// Members as jsonschema asks for them.
pub(crate) struct MembersIter<'a>(std::slice::Iter<'a, Member<'a>>);

impl<'a> Iterator for MembersIter<'a> {
    type Item = (&'a str, &'a Document<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(name, value)| (&**name, value))
    }
}

impl<'a> Object<'a, Documents> for &'a Members<'a> {
    type Node = &'a Document<'a>;
    type MemberName = &'a str;
    type MembersIter = MembersIter<'a>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, key: &Key) -> Option<&'a Document<'a>> {
        Members::get(self, key)
    }

    fn members(&self) -> MembersIter<'a> {
        MembersIter(self.0.iter())
    }
}

impl<'a> Array<'a, Documents> for &'a [Document<'a>] {
    type Node = &'a Document<'a>;
    type ElementsIter = std::slice::Iter<'a, Document<'a>>;

    fn len(&self) -> usize {
        <[Document<'a>]>::len(self)
    }

    fn elements(&self) -> Self::ElementsIter {
        self.iter()
    }

    fn is_unique(&self) -> bool {
        equality::are_unique(self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(json: &str) -> Document<'_> {
        serde_json::from_str(json).expect("JSON")
    }

    #[test]
    fn a_document_is_what_a_value_is() {
        let json = r#"{"b":[1,-2,1.5,1e300,true,null,"x\ny"],"a":{"\u00e9":"é","":{}},"b2":18446744073709551615,"c":[]}"#;
        let value: Value = serde_json::from_str(json).expect("JSON");
        assert_eq!(read(json).to_value(), value);
        assert_eq!(Document::from(&value), read(json));
    }

    #[test]
    fn the_last_of_two_members_with_one_name_stays() {
        assert_eq!(read(r#"{"b":1,"a":2,"b":3,"a":4,"b":5}"#).to_value(), json!({"a": 4, "b": 5}));
        assert_eq!(read(r#"{"a":1,"a":2}"#).to_value(), json!({"a": 2}));
        let many = r#"{"j":0,"i":1,"h":2,"g":3,"f":4,"e":5,"d":6,"c":7,"b":8,"j":9,"a":10,"b":11,"c":12}"#;
        let value: Value = serde_json::from_str(many).expect("JSON");
        assert_eq!(read(many), Document::from(&value));
    }

    #[test]
    fn members_are_found_among_few_and_among_many() {
        for count in [3, 300] {
            let value: Value = (0..count).map(|n| (n.to_string(), json!(n))).collect();
            let Document::Object(members) = Document::from(&value) else { panic!("an object") };
            let (key, none) = (Documents::prepare_key("2"), Documents::prepare_key("x"));
            let two = Document::Number(2.into());
            assert_eq!([members.get(&key), members.get(&key)], [Some(&two); 2]);
            assert_eq!(members.get(&none), None);
            let Document::Object(other) = read(r#"{"2":true}"#) else { panic!("an object") };
            assert_eq!(other.get(&key), Some(&Document::Bool(true)));
            assert_eq!(members.get(&key), Some(&two));
        }
    }

    #[test]
    fn is_walked_like_a_value() {
        let schema = json!({"properties": {"a": {"enum": ["x", 1, [2], {"b": 1}]}}, "uniqueItems": true});
        let options = jsonschema::options_for::<Documents>().build(&schema).expect("a schema");
        for (json, valid) in [
            (r#"{"a":"x"}"#, true),
            (r#"{"a":1.0}"#, true),
            (r#"{"a":[2]}"#, true),
            (r#"{"a":{"b":1}}"#, true),
            (r#"{"a":"y"}"#, false),
            (r#"{"a":{"b":2}}"#, false),
            (r#"[1,[1],"1"]"#, true),
            (r#"[{"a":1},{"a":1.0}]"#, false),
        ] {
            assert_eq!(options.is_valid(&read(json)), valid, "{json}");
        }
    }
}
