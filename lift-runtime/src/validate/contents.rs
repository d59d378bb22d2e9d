//! The walk into containers of std that have no native checks because a part of them has none, as a map by `Uuid` has.
//!
//! Such a container is no `Validate`, but what else is in it may have own checks. The derive knows the types of the parts.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, LinkedList, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use super::own::{Own, Place};

/// A container, which is taken apart: a function of the wrapper wins over one of the trait [`Closed`], so that what is none
/// of std's is left as it is.
pub struct Contents<'a, T: ?Sized>(pub &'a T);

macro_rules! sequences {
    ($(($sequence:ty $(, $($size:tt)+)?))*) => {$(
        impl<T $(, $($size)+)?> Contents<'_, $sequence> {
            /// Walks through each item.
            pub fn walk(&self, place: &Place<'_>, own: &mut Own, mut part: impl FnMut(&T, &Place<'_>, &mut Own)) {
                self.0.iter().enumerate().for_each(|(index, item)| part(item, &place.item(index), own));
            }
        }
    )*};
}

sequences! { (Vec<T>) (VecDeque<T>) (LinkedList<T>) ([T]) ([T; N], const N: usize) }

macro_rules! pointers {
    ($($pointer:ident)*) => {$(
        impl<T> Contents<'_, $pointer<T>> {
            /// Walks through what is pointed to.
            pub fn walk(&self, place: &Place<'_>, own: &mut Own, mut part: impl FnMut(&T, &Place<'_>, &mut Own)) {
                part(self.0, place, own);
            }
        }
    )*};
}

pointers! { Box Rc Arc }

impl<T> Contents<'_, Option<T>> {
    /// Walks through what is there.
    pub fn walk(&self, place: &Place<'_>, own: &mut Own, mut part: impl FnMut(&T, &Place<'_>, &mut Own)) {
        if let Some(value) = self.0 {
            part(value, place, own);
        }
    }
}

macro_rules! sets {
    ($($set:ident<$($parameter:ident),+>)*) => {$(
        impl<$($parameter),+> Contents<'_, $set<$($parameter),+>> {
            /// Walks through each item, none of which has a place.
            pub fn walk(&self, place: &Place<'_>, own: &mut Own, mut part: impl FnMut(&T, &Place<'_>, &mut Own)) {
                own.walk_unordered(place, |place, own| self.0.iter().for_each(|item| part(item, place, own)));
            }
        }
    )*};
}

sets! { BTreeSet<T> HashSet<T, S> }

macro_rules! maps {
    ($($map:ident<$($parameter:ident),+>)*) => {$(
        impl<$($parameter),+> Contents<'_, $map<$($parameter),+>> {
            /// Walks through each entry: its key, which has no inside, and its value.
            pub fn walk_map(
                &self,
                place: &Place<'_>,
                own: &mut Own,
                name: impl Fn(&K, &Place<'_>) -> Option<String>,
                key: impl FnMut(&K, &Place<'_>, &mut Own),
                value: impl FnMut(&V, &Place<'_>, &mut Own),
            ) {
                own.walk_map(place, self.0, |key| name(key, place), key, value);
            }
        }
    )*};
}

maps! { BTreeMap<K, V> HashMap<K, V, S> }

/// [`Contents`] of what is not known.
pub trait Closed {
    /// Nothing can be reached.
    fn walk<T>(&self, _: &Place<'_>, _: &mut Own, _: impl FnMut(&T, &Place<'_>, &mut Own)) {}

    /// Nothing can be reached.
    fn walk_map<K, V>(
        &self,
        _: &Place<'_>,
        _: &mut Own,
        _: impl Fn(&K, &Place<'_>) -> Option<String>,
        _: impl FnMut(&K, &Place<'_>, &mut Own),
        _: impl FnMut(&V, &Place<'_>, &mut Own),
    ) {
    }
}

impl<T: ?Sized> Closed for Contents<'_, T> {}
