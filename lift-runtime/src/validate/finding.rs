//! What a native check finds, and the check of the types of std.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, LinkedList, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::{
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroIsize, NonZeroU8, NonZeroU16, NonZeroU32,
    NonZeroU64, NonZeroUsize,
};
use std::ops::{BitOr, BitOrAssign};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use schemars::JsonSchema;

/// What a native check finds. Findings of parts are joined by `|`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding(u8);

impl Finding {
    /// The schema accepts what this value was parsed from.
    pub const VALID: Self = Self(0);
    /// The value breaks a constraint: the schema tells which.
    pub const INVALID: Self = Self(1);
    /// The value cannot tell; only the schema can.
    pub const UNDECIDED: Self = Self(2);

    /// Valid if the constraint holds.
    #[inline]
    pub const fn when(holds: bool) -> Self {
        Self(!holds as u8)
    }

    /// Whether the value is right for certain.
    #[inline]
    pub const fn is_valid(self) -> bool {
        self.0 == 0
    }
}

impl BitOr for Finding {
    type Output = Self;

    #[inline]
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Finding {
    #[inline]
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// A type whose constraints are checked natively, beside the schema that publishes them.
///
/// `#[derive(Validate)]` implements it from the attributes that schemars reads. The check looks at a value that
/// Lift's strict parse has made, so it need not repeat what a parse already holds true, such as a type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no native checks",
    note = "add `#[derive(schemars::JsonSchema, lift::Validate)]` to `{Self}`"
)]
pub trait Validate: JsonSchema {
    /// Whether it has rules that the schema of a map loses where it is the map's key: schemars publishes a key's
    /// pattern and its values, and nothing else.
    #[doc(hidden)]
    const LOST_IN_KEYS: bool = false;

    /// Checks the value: a few nanoseconds, no allocation.
    fn check(&self) -> Finding;
}

macro_rules! held_by_the_parse {
    ($($type:ty)*) => {$(
        impl Validate for $type {
            #[inline]
            fn check(&self) -> Finding {
                Finding::VALID
            }
        }
    )*};
}

held_by_the_parse! {
    () bool char i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize f32 f64
    NonZeroI8 NonZeroI16 NonZeroI32 NonZeroI64 NonZeroIsize NonZeroU8 NonZeroU16 NonZeroU32 NonZeroU64 NonZeroUsize
    str String PathBuf IpAddr Ipv4Addr Ipv6Addr SocketAddr SocketAddrV4 SocketAddrV6
    serde_json::Value serde_json::Map<String, serde_json::Value> serde_json::Number
}

macro_rules! pointers {
    ($($pointer:ty)*) => {$(
        impl<T: Validate + ?Sized> Validate for $pointer {
            #[inline]
            fn check(&self) -> Finding {
                T::check(self)
            }
        }
    )*};
}

pointers! { &T Box<T> Rc<T> Arc<T> }

impl<T: Validate + ToOwned + ?Sized> Validate for Cow<'_, T>
where
    Self: JsonSchema,
{
    #[inline]
    fn check(&self) -> Finding {
        T::check(self)
    }
}

impl<T: Validate> Validate for Option<T> {
    #[inline]
    fn check(&self) -> Finding {
        self.as_ref().map_or(Finding::VALID, T::check)
    }
}

#[inline]
fn every<'a, T: Validate + 'a>(items: impl IntoIterator<Item = &'a T>) -> Finding {
    items.into_iter().fold(Finding::VALID, |finding, item| finding | item.check())
}

impl<T: Validate> Validate for [T] {
    #[inline]
    fn check(&self) -> Finding {
        every(self)
    }
}

impl<T: Validate, const N: usize> Validate for [T; N]
where
    Self: JsonSchema,
{
    #[inline]
    fn check(&self) -> Finding {
        every(self)
    }
}

macro_rules! sequences {
    ($($sequence:ident)*) => {$(
        impl<T: Validate> Validate for $sequence<T> {
            #[inline]
            fn check(&self) -> Finding {
                every(self)
            }
        }
    )*};
}

sequences! { Vec VecDeque LinkedList }

/// A set has lost the repetitions that its schema (`uniqueItems`) refuses.
impl<T: Validate, S> Validate for HashSet<T, S> {
    #[inline]
    fn check(&self) -> Finding {
        Finding::UNDECIDED
    }
}

/// A set has lost the repetitions that its schema (`uniqueItems`) refuses.
impl<T: Validate> Validate for BTreeSet<T> {
    #[inline]
    fn check(&self) -> Finding {
        Finding::UNDECIDED
    }
}

/// Refuses, at compile time, keys with rules that a map's schema does not carry.
const fn none_is_lost<K: Validate>() {
    assert!(
        !K::LOST_IN_KEYS,
        "a rule of this map's keys is lost in its schema, which has only `regex` and `contains` of a key: say it as a pattern"
    );
}

impl<K: Validate, V: Validate, S> Validate for HashMap<K, V, S> {
    #[inline]
    fn check(&self) -> Finding {
        const { none_is_lost::<K>() };
        every(self.keys()) | every(self.values())
    }
}

impl<K: Validate, V: Validate> Validate for BTreeMap<K, V> {
    #[inline]
    fn check(&self) -> Finding {
        const { none_is_lost::<K>() };
        every(self.keys()) | every(self.values())
    }
}

macro_rules! tuples {
    ($(($($part:ident)+))*) => {$(
        impl<$($part: Validate),+> Validate for ($($part,)+) {
            #[inline]
            fn check(&self) -> Finding {
                #[expect(non_snake_case, reason = "a type's name names its part")]
                let ($($part,)+) = self;
                Finding::VALID $(| $part.check())+
            }
        }
    )*};
}

tuples! {
    (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H) (A B C D E F G H I)
    (A B C D E F G H I J) (A B C D E F G H I J K) (A B C D E F G H I J K L) (A B C D E F G H I J K L M)
    (A B C D E F G H I J K L M N) (A B C D E F G H I J K L M N O) (A B C D E F G H I J K L M N O P)
}
