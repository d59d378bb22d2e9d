//! The checks of the types of std.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, LinkedList, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::{
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroIsize, NonZeroU8, NonZeroU16, NonZeroU32,
    NonZeroU64, NonZeroUsize,
};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use schemars::JsonSchema;

use super::finding::{Finding, Validate};
use super::form::Form;
use super::own::{Own, Place};

/// What a parse already holds true. As the key of a map they are told by nothing, by how they are displayed, or by
/// themselves.
macro_rules! held_by_the_parse {
    ($form:ident: $($type:ty)* => $name:ident) => {$(
        impl Validate for $type {
            const FORM: Form = Form::$form;

            #[inline]
            fn check(&self) -> Finding {
                Finding::VALID
            }

            held_by_the_parse! { @$name }
        }
    )*};
    (@nothing) => {};
    (@text) => {
        fn key_name(&self, _: &Place<'_>) -> Option<Cow<'_, str>> {
            Some(self.to_string().into())
        }
    };
    (@str) => {
        fn key_name(&self, _: &Place<'_>) -> Option<Cow<'_, str>> {
            Some(Cow::Borrowed(self))
        }
    };
}

held_by_the_parse! { Unknown: () serde_json::Value => nothing }
held_by_the_parse! { Map: serde_json::Map<String, serde_json::Value> => nothing }
held_by_the_parse! { String: PathBuf => nothing }
held_by_the_parse! { Number: serde_json::Number => nothing }
held_by_the_parse! { Text: str String => str }
held_by_the_parse! { Bool: bool => text }
held_by_the_parse! { String: char IpAddr Ipv4Addr Ipv6Addr SocketAddr SocketAddrV4 SocketAddrV6 => text }
held_by_the_parse! {
    Number: i8 i16 i32 i64 isize u8 u16 u32 u64 usize
    NonZeroI8 NonZeroI16 NonZeroI32 NonZeroI64 NonZeroIsize NonZeroU8 NonZeroU16 NonZeroU32 NonZeroU64 NonZeroUsize
    => text
}

/// A parse makes no float that JSON cannot say. What is written may be one, of which serde_json makes `null`.
macro_rules! floats {
    ($($float:ty)*) => {$(
        impl Validate for $float {
            const FORM: Form = Form::Number;

            #[inline]
            fn check(&self) -> Finding {
                Finding::when(self.is_finite())
            }
        }
    )*};
}

floats! { f32 f64 }

/// A parse makes none past 64 bits, within which such integers are published. What is written may be one.
macro_rules! of_128_bits {
    ($($integer:ty)*) => {$(
        impl Validate for $integer {
            const FORM: Form = Form::Number;

            #[inline]
            fn check(&self) -> Finding {
                Finding::when(i64::try_from(*self).is_ok() || u64::try_from(*self).is_ok())
            }

            held_by_the_parse! { @text }
        }
    )*};
}

of_128_bits! { i128 u128 }

/// What a pointer has is what it points to.
macro_rules! as_what_it_points_to {
    () => {
        const FORM: Form = T::FORM;
        const MAY_OWN: bool = T::MAY_OWN;

        #[inline]
        fn check(&self) -> Finding {
            T::check(self)
        }

        #[inline]
        fn check_members(&self) -> Finding {
            T::check_members(self)
        }

        fn check_own(&self, place: &Place<'_>, own: &mut Own) {
            T::check_own(self, place, own);
        }

        fn key_name(&self, place: &Place<'_>) -> Option<Cow<'_, str>> {
            T::key_name(self, place)
        }
    };
}

macro_rules! pointers {
    ($($pointer:ty)*) => {$(
        impl<T: Validate + ?Sized> Validate for $pointer {
            as_what_it_points_to! {}
        }
    )*};
}

pointers! { &T Box<T> Rc<T> Arc<T> }

impl<T: Validate + ToOwned + ?Sized> Validate for Cow<'_, T>
where
    Self: JsonSchema,
{
    as_what_it_points_to! {}
}

impl<T: Validate> Validate for Option<T> {
    const MAY_OWN: bool = T::MAY_OWN;

    #[inline]
    fn check(&self) -> Finding {
        self.as_ref().map_or(Finding::VALID, T::check)
    }

    fn check_own(&self, place: &Place<'_>, own: &mut Own) {
        if let Some(value) = self {
            value.check_own(place, own);
        }
    }

    fn key_name(&self, place: &Place<'_>) -> Option<Cow<'_, str>> {
        self.as_ref()?.key_name(place)
    }
}

#[inline]
fn every<'a, T: Validate + 'a>(items: impl IntoIterator<Item = &'a T>) -> Finding {
    items.into_iter().fold(Finding::VALID, |finding, item| finding | item.check())
}

fn each_own<'a, T: Validate + 'a>(items: impl IntoIterator<Item = &'a T>, place: &Place<'_>, own: &mut Own) {
    if T::MAY_OWN {
        for (index, item) in items.into_iter().enumerate() {
            item.check_own(&place.item(index), own);
        }
    }
}

impl<T: Validate> Validate for [T] {
    const FORM: Form = Form::Sequence;
    const MAY_OWN: bool = T::MAY_OWN;

    #[inline]
    fn check(&self) -> Finding {
        every(self)
    }

    fn check_own(&self, place: &Place<'_>, own: &mut Own) {
        each_own(self, place, own);
    }
}

impl<T: Validate, const N: usize> Validate for [T; N]
where
    Self: JsonSchema,
{
    const FORM: Form = Form::Sequence;
    const MAY_OWN: bool = T::MAY_OWN;

    #[inline]
    fn check(&self) -> Finding {
        every(self)
    }

    fn check_own(&self, place: &Place<'_>, own: &mut Own) {
        each_own(self, place, own);
    }
}

macro_rules! sequences {
    ($($sequence:ident)*) => {$(
        impl<T: Validate> Validate for $sequence<T> {
            const FORM: Form = Form::Sequence;
            const MAY_OWN: bool = T::MAY_OWN;

            #[inline]
            fn check(&self) -> Finding {
                every(self)
            }

            fn check_own(&self, place: &Place<'_>, own: &mut Own) {
                each_own(self, place, own);
            }
        }
    )*};
}

sequences! { Vec VecDeque LinkedList }

/// A set has lost the repetitions that its schema (`uniqueItems`) refuses.
impl<T: Validate, S> Validate for HashSet<T, S> {
    const FORM: Form = Form::Sequence;
    const MAY_OWN: bool = T::MAY_OWN;

    #[inline]
    fn check(&self) -> Finding {
        Finding::UNDECIDED
    }

    fn check_own(&self, place: &Place<'_>, own: &mut Own) {
        if T::MAY_OWN {
            own.walk_unordered(place, |place, own| self.iter().for_each(|item| item.check_own(place, own)));
        }
    }
}

/// A set has lost the repetitions that its schema (`uniqueItems`) refuses.
impl<T: Validate> Validate for BTreeSet<T> {
    const FORM: Form = Form::Sequence;
    const MAY_OWN: bool = T::MAY_OWN;

    #[inline]
    fn check(&self) -> Finding {
        Finding::UNDECIDED
    }

    fn check_own(&self, place: &Place<'_>, own: &mut Own) {
        if T::MAY_OWN {
            own.walk_unordered(place, |place, own| self.iter().for_each(|item| item.check_own(place, own)));
        }
    }
}

/// Refuses, at compile time, keys with rules that a map's schema does not carry.
const fn none_is_lost<K: Validate>() {
    assert!(
        !K::LOST_IN_KEYS,
        "a rule of this map's keys is lost in its schema, which has only `regex` and `contains` of a key: say it as a pattern"
    );
}

/// Names with rules of their own are rules of the members beside them, where a map is flattened.
const fn map_by(name: Form) -> Form {
    match name {
        Form::Text => Form::Map,
        _ => Form::Other,
    }
}

impl<K: Validate, V: Validate, S> Validate for HashMap<K, V, S> {
    const FORM: Form = map_by(K::FORM);
    const MAY_OWN: bool = K::MAY_OWN || V::MAY_OWN;

    #[inline]
    fn check(&self) -> Finding {
        const { none_is_lost::<K>() };
        every(self.keys()) | every(self.values())
    }

    fn check_own(&self, place: &Place<'_>, own: &mut Own) {
        if Self::MAY_OWN {
            own.walk_map(place, self, |key| key.key_name(place), K::check_own, V::check_own);
        }
    }
}

impl<K: Validate, V: Validate> Validate for BTreeMap<K, V> {
    const FORM: Form = map_by(K::FORM);
    const MAY_OWN: bool = K::MAY_OWN || V::MAY_OWN;

    #[inline]
    fn check(&self) -> Finding {
        const { none_is_lost::<K>() };
        every(self.keys()) | every(self.values())
    }

    fn check_own(&self, place: &Place<'_>, own: &mut Own) {
        if Self::MAY_OWN {
            own.walk_map(place, self, |key| key.key_name(place), K::check_own, V::check_own);
        }
    }
}

macro_rules! tuples {
    ($(($($part:ident)+))*) => {$(
        impl<$($part: Validate),+> Validate for ($($part,)+) {
            const FORM: Form = Form::Sequence;
            const MAY_OWN: bool = $($part::MAY_OWN)||+;

            #[inline]
            fn check(&self) -> Finding {
                #[expect(non_snake_case, reason = "a type's name names its part")]
                let ($($part,)+) = self;
                Finding::VALID $(| $part.check())+
            }

            fn check_own(&self, place: &Place<'_>, own: &mut Own) {
                #[expect(non_snake_case, reason = "a type's name names its part")]
                let ($($part,)+) = self;
                let mut index = 0..;
                $($part.check_own(&place.item(index.next().unwrap_or_default()), own);)+
            }
        }
    )*};
}

tuples! {
    (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H) (A B C D E F G H I)
    (A B C D E F G H I J) (A B C D E F G H I J K) (A B C D E F G H I J K L) (A B C D E F G H I J K L M)
    (A B C D E F G H I J K L M N) (A B C D E F G H I J K L M N O) (A B C D E F G H I J K L M N O P)
}
