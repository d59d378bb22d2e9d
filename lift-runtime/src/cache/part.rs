//! How values enter a key: [`KeyPart`] for what is not the app's own, and the choice between it and `Hash`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, Hash};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use bytes::Bytes;

use super::key::{Key, KeyPart};
use crate::form::Form;
use crate::header::Header;
use crate::json::Json;
use crate::path::Path;
use crate::query::Query;
use crate::tenant::Tenant;

macro_rules! fixed_width {
    ($($type:ty),*) => {$(
        impl KeyPart for $type {
            #[inline]
            fn write_key(&self, key: &mut Key) {
                key.raw(&self.to_le_bytes());
            }
        }
    )*};
}

fixed_width!(u8, u16, u32, u64, u128, i8, i16, i32, i64, i128);

impl KeyPart for usize {
    fn write_key(&self, key: &mut Key) {
        (*self as u64).write_key(key);
    }
}

impl KeyPart for isize {
    fn write_key(&self, key: &mut Key) {
        (*self as i64).write_key(key);
    }
}

impl KeyPart for bool {
    fn write_key(&self, key: &mut Key) {
        key.raw(&[u8::from(*self)]);
    }
}

impl KeyPart for char {
    fn write_key(&self, key: &mut Key) {
        u32::from(*self).write_key(key);
    }
}

/// By bits: `0.0` and `-0.0` are two keys, and a NaN is equal to itself.
impl KeyPart for f32 {
    fn write_key(&self, key: &mut Key) {
        self.to_bits().write_key(key);
    }
}

/// By bits: `0.0` and `-0.0` are two keys, and a NaN is equal to itself.
impl KeyPart for f64 {
    fn write_key(&self, key: &mut Key) {
        self.to_bits().write_key(key);
    }
}

impl KeyPart for str {
    #[inline]
    fn write_key(&self, key: &mut Key) {
        key.bytes(self.as_bytes());
    }
}

impl KeyPart for String {
    #[inline]
    fn write_key(&self, key: &mut Key) {
        key.bytes(self.as_bytes());
    }
}

impl KeyPart for Bytes {
    fn write_key(&self, key: &mut Key) {
        key.bytes(self);
    }
}

impl KeyPart for Tenant {
    fn write_key(&self, key: &mut Key) {
        self.as_str().write_key(key);
    }
}

impl KeyPart for Duration {
    fn write_key(&self, key: &mut Key) {
        self.as_nanos().write_key(key);
    }
}

impl KeyPart for () {
    fn write_key(&self, _: &mut Key) {}
}

/// The app's state is not the request's: it is no part of a key.
impl<S> KeyPart for State<S> {
    fn write_key(&self, _: &mut Key) {}
}

macro_rules! pointer {
    ($($type:ty),*) => {$(
        impl<T: KeyPart + ?Sized> KeyPart for $type {
            #[inline]
            fn write_key(&self, key: &mut Key) {
                (**self).write_key(key);
            }
        }
    )*};
}

pointer!(&T, Box<T>, Arc<T>, Rc<T>);

impl<T: KeyPart + ToOwned + ?Sized> KeyPart for Cow<'_, T> {
    fn write_key(&self, key: &mut Key) {
        (**self).write_key(key);
    }
}

impl<T: KeyPart> KeyPart for Option<T> {
    fn write_key(&self, key: &mut Key) {
        key.raw(&[u8::from(self.is_some())]);
        if let Some(value) = self {
            value.write_key(key);
        }
    }
}

impl<T: KeyPart> KeyPart for [T] {
    fn write_key(&self, key: &mut Key) {
        key.length(self.len());
        for item in self {
            item.write_key(key);
        }
    }
}

impl<T: KeyPart> KeyPart for Vec<T> {
    fn write_key(&self, key: &mut Key) {
        self.as_slice().write_key(key);
    }
}

impl<T: KeyPart, const N: usize> KeyPart for [T; N] {
    fn write_key(&self, key: &mut Key) {
        self.as_slice().write_key(key);
    }
}

impl<K: KeyPart, V: KeyPart> KeyPart for BTreeMap<K, V> {
    fn write_key(&self, key: &mut Key) {
        key.length(self.len());
        for (name, value) in self {
            name.write_key(key);
            value.write_key(key);
        }
    }
}

impl<T: KeyPart> KeyPart for BTreeSet<T> {
    fn write_key(&self, key: &mut Key) {
        key.length(self.len());
        for item in self {
            item.write_key(key);
        }
    }
}

impl<K: KeyPart, V: KeyPart, H: BuildHasher> KeyPart for HashMap<K, V, H> {
    fn write_key(&self, key: &mut Key) {
        let pairs = self.iter().map(|(name, value)| {
            let mut pair = Key::new();
            name.write_key(&mut pair);
            value.write_key(&mut pair);
            pair
        });
        sorted(pairs.collect(), key);
    }
}

impl<T: KeyPart, H: BuildHasher> KeyPart for HashSet<T, H> {
    fn write_key(&self, key: &mut Key) {
        let items = self.iter().map(|item| {
            let mut part = Key::new();
            item.write_key(&mut part);
            part
        });
        sorted(items.collect(), key);
    }
}

/// Writes parts whose order means nothing in the order of their bytes.
fn sorted(mut parts: Vec<Key>, key: &mut Key) {
    parts.sort_unstable_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
    key.length(parts.len());
    for part in &parts {
        key.raw(part.as_bytes());
    }
}

impl KeyPart for serde_json::Value {
    fn write_key(&self, key: &mut Key) {
        use serde_json::Value;
        match self {
            Value::Null => key.raw(&[0]),
            Value::Bool(value) => key.raw(&[1, u8::from(*value)]),
            Value::Number(number) => {
                key.raw(&[2]);
                key.text(format_args!("{number}"));
            }
            Value::String(text) => {
                key.raw(&[3]);
                text.write_key(key);
            }
            Value::Array(items) => {
                key.raw(&[4]);
                items.write_key(key);
            }
            Value::Object(fields) => {
                key.raw(&[5]);
                let pairs = fields.iter().map(|(name, value)| {
                    let mut pair = Key::new();
                    name.write_key(&mut pair);
                    value.write_key(&mut pair);
                    pair
                });
                sorted(pairs.collect(), key);
            }
        }
    }
}

macro_rules! tuple {
    ($($name:ident),+) => {
        impl<$($name: KeyPart),+> KeyPart for ($($name,)+) {
            #[inline]
            fn write_key(&self, key: &mut Key) {
                #[expect(non_snake_case, reason = "a type's name serves as its field's")]
                let ($($name,)+) = self;
                $($name.write_key(key);)+
            }
        }
    };
}

tuple!(A);
tuple!(A, B);
tuple!(A, B, C);
tuple!(A, B, C, D);
tuple!(A, B, C, D, E);
tuple!(A, B, C, D, E, F);
tuple!(A, B, C, D, E, F, G);
tuple!(A, B, C, D, E, F, G, H);

/// An argument on its way into a key: `(&&&Part(argument)).write(key)` takes the first of these that fits.
///
/// The compiler looks for a method by the receiver's type as it stands, then with one reference more, then with
/// one less and so on; hence the odd order of the implementations' receivers.
///
/// 1. `&&Part`: it is a [`KeyPart`];
/// 2. `&&&Part`: it is an extractor whose inner value is [`Hash`];
/// 3. `&Part`: it is [`Hash`];
/// 4. `Part`: it is neither, which is an error that says what to do.
pub struct Part<'a, T: ?Sized>(pub &'a T);

/// Level 1 of [`Part`].
pub trait WriteKeyPart {
    /// Writes the argument.
    fn write(&self, key: &mut Key);
}

impl<T: KeyPart + ?Sized> WriteKeyPart for &&Part<'_, T> {
    #[inline]
    fn write(&self, key: &mut Key) {
        self.0.write_key(key);
    }
}

/// Level 2 of [`Part`].
pub trait WriteInner {
    /// Writes the argument.
    fn write(&self, key: &mut Key);
}

/// Level 3 of [`Part`].
pub trait WriteHashed {
    /// Writes the argument.
    fn write(&self, key: &mut Key);
}

impl<T: Hash + ?Sized> WriteHashed for &Part<'_, T> {
    #[inline]
    fn write(&self, key: &mut Key) {
        key.hashed(self.0);
    }
}

impl<T: ?Sized> Part<'_, T> {
    /// Level 4: reached only by what has no way into a key, and refused for want of the bound.
    pub fn write(&self, key: &mut Key)
    where
        T: KeyPart,
    {
        self.0.write_key(key);
    }
}

/// Lets extractors of the shape `Name(pub T)` into keys.
macro_rules! extractors {
    ($($name:ident),* $(,)?) => {$(
        impl<T: KeyPart> KeyPart for $name<T> {
            #[inline]
            fn write_key(&self, key: &mut Key) {
                self.0.write_key(key);
            }
        }

        impl<T: Hash> WriteInner for &&&Part<'_, $name<T>> {
            #[inline]
            fn write(&self, key: &mut Key) {
                key.hashed(&self.0.0);
            }
        }
    )*};
}

extractors!(Form, Header, Json, Path, Query);

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(part: &(impl KeyPart + ?Sized)) -> Vec<u8> {
        let mut key = Key::new();
        key.part(part);
        key.as_bytes().to_vec()
    }

    #[track_caller]
    fn differ(a: &impl KeyPart, b: &impl KeyPart) {
        assert_ne!(bytes(a), bytes(b));
    }

    #[test]
    fn what_differs_writes_different_bytes() {
        differ(&("ab", "c"), &("a", "bc"));
        differ(&(Some(1u8), None::<u8>), &(None::<u8>, Some(1u8)));
        differ(&vec!["a", "b"], &vec!["ab"]);
        differ(&(vec![1u8], vec![2u8, 3]), &(vec![1u8, 2], vec![3u8]));
        differ(&0.0f64, &-0.0f64);
        differ(&"x".repeat(254), &"x".repeat(255));
        differ(&serde_json::json!(1), &serde_json::json!("1"));
        differ(&serde_json::json!([[], 1]), &serde_json::json!([[1]]));
    }

    #[test]
    fn a_short_length_is_never_a_long_one() {
        for length in [0usize, 1, 254, 255, 256, 300, 70_000] {
            let text = "y".repeat(length);
            let written = bytes(&text);
            let header = if length < 255 { 1 } else { 9 };
            assert_eq!(written.len(), length + header);
        }
    }

    #[test]
    fn maps_are_keys_whatever_their_order() {
        let forward: HashMap<u32, String> = (0..100).map(|n| (n, n.to_string())).collect();
        let backward: HashMap<u32, String> = (0..100).rev().map(|n| (n, n.to_string())).collect();
        assert_eq!(bytes(&forward), bytes(&backward));
        let json = |text| bytes(&serde_json::from_str::<serde_json::Value>(text).expect("JSON"));
        assert_eq!(json(r#"{"a":1,"b":[2]}"#), json(r#"{"b":[2],"a":1}"#));
    }

    #[test]
    fn a_part_is_taken_by_the_first_way_that_fits() {
        #[derive(Hash)]
        struct Hashed(&'static str);
        let mut key = Key::new();
        // A `KeyPart` inside an extractor, an extractor around a `Hash`, a `Hash`, the state.
        (&&&Part(&Path(7u8))).write(&mut key);
        assert_eq!(key.as_bytes(), [7]);
        (&&&Part(&Query(Hashed("q")))).write(&mut key);
        (&&Part(&Hashed("q"))).write(&mut key);
        (&&&Part(&State(Hashed("not the request's")))).write(&mut key);
        let hashed = [&[2, 0, 0, 0, 0, 0, 0, 0][..], b"q\xff"].concat();
        assert_eq!(key.as_bytes(), [&[7][..], &hashed, &hashed].concat());
    }

    #[test]
    fn a_hash_that_writes_nothing_between_its_fields_does_not_run_into_the_next_part() {
        struct Sloppy(&'static [u8]);
        impl Hash for Sloppy {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                state.write(self.0);
            }
        }
        let write = |a, b| {
            let mut key = Key::new();
            (&&Part(&Sloppy(a))).write(&mut key);
            (&&Part(&Sloppy(b))).write(&mut key);
            key.as_bytes().to_vec()
        };
        assert_ne!(write(b"ab", b"c"), write(b"a", b"bc"));
    }

    #[test]
    fn a_long_key_spills_and_stays_whole() {
        let long = "k".repeat(100_000);
        let written = bytes(&long);
        assert!(written.ends_with(long.as_bytes()));
    }
}
