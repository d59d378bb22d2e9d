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

use super::form::{Form, Kinds};
use super::notes::Notes;

/// What a native check finds. Findings of parts are joined by `|`.
///
/// Beside the verdict stands what the value holds that serde, where it buffers, also reads from what the schema refuses.
/// Two findings are equal if their verdicts are.
#[derive(Clone, Copy, Debug)]
pub struct Finding(u32);

impl Finding {
    /// The schema accepts what this value was parsed from.
    pub const VALID: Self = Self(0);
    /// The value breaks a constraint: the schema tells which.
    pub const INVALID: Self = Self(1);
    /// The value cannot tell; only the schema can.
    pub const UNDECIDED: Self = Self(2);
    const VERDICT: u32 = 0b111;

    /// Structs, by the items of an array that could stand for them: seven bits, as `Kinds` has them.
    const STRUCTS: u32 = (Kinds::ANY.0 as u32) << Self::STRUCTS_AT;
    const STRUCTS_AT: u32 = 3;
    /// The same, where serde has buffered them: the next seven bits.
    const BUFFERED_STRUCTS_AT: u32 = 10;
    /// An internally tagged enum that is not within a buffer, which serde reads from an array, too.
    const TAGGED: Self = Self(1 << 17);
    /// An internally tagged enum that serde has buffered.
    const BUFFERED_TAGGED: Self = Self(1 << 18);
    /// Anything that serde has buffered.
    const BUFFERED: Self = Self(1 << 19);

    /// Valid if the constraint holds.
    #[inline]
    pub const fn when(holds: bool) -> Self {
        Self(!holds as u32)
    }

    /// Whether the value is right for certain, as it is written.
    #[inline]
    pub const fn is_valid(self) -> bool {
        self.0 & Self::VERDICT == 0
    }

    /// Whether the schema accepts, for certain, what the value was read from.
    #[inline]
    pub(crate) fn accepts(self, notes: Notes) -> bool {
        self.is_valid() && !(self.has(Self::BUFFERED) && notes.doubt(self))
    }

    /// Whether serde has buffered any of it, so that what was unknown in it is not noticed.
    pub(crate) const fn is_buffered(self) -> bool {
        self.has(Self::BUFFERED)
    }

    const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether it has an internally tagged enum, or one that serde has buffered.
    pub(super) const fn is_tagged(self, in_buffer: bool) -> bool {
        self.has(if in_buffer { Self::BUFFERED_TAGGED } else { Self::TAGGED })
    }

    /// Whether one of the arrays that serde has buffered could stand for a struct.
    pub(super) const fn could_be(self, arrays: Kinds) -> bool {
        self.0 >> Self::BUFFERED_STRUCTS_AT & arrays.0 as u32 != 0
    }

    /// A struct that such arrays could stand for, if serde buffers it.
    pub(super) const fn stands_for(arrays: Kinds) -> Self {
        Self((arrays.0 as u32) << Self::STRUCTS_AT)
    }

    /// What is found in a value that serde has buffered.
    #[doc(hidden)]
    #[inline]
    #[must_use]
    pub const fn in_buffer(self) -> Self {
        let structs = (self.0 & Self::STRUCTS) << (Self::BUFFERED_STRUCTS_AT - Self::STRUCTS_AT);
        let tagged = if self.has(Self::TAGGED) { Self::BUFFERED_TAGGED.0 } else { 0 };
        Self(self.0 & !(Self::STRUCTS | Self::TAGGED.0) | structs | tagged | Self::BUFFERED.0)
    }

    /// What is found in the content of an internally tagged enum, of which an array could have the tag as its first item.
    #[doc(hidden)]
    #[inline]
    #[must_use]
    pub const fn in_tagged(self) -> Self {
        Self(self.in_content().0 | Self::TAGGED.0)
    }

    /// What is found in the content of an adjacently tagged enum, of which an array could have the tag as its first item.
    #[doc(hidden)]
    #[inline]
    #[must_use]
    pub const fn in_content(self) -> Self {
        Self(self.in_buffer().0 | Self::stands_for(Kinds::STRING.and(Kinds::MIXED)).0)
    }
}

impl PartialEq for Finding {
    fn eq(&self, other: &Self) -> bool {
        self.0 & Self::VERDICT == other.0 & Self::VERDICT
    }
}

impl Eq for Finding {}

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

    /// The JSON that it is.
    #[doc(hidden)]
    const FORM: Form = Form::Unknown;

    /// Checks the value: a few nanoseconds, no allocation.
    fn check(&self) -> Finding;

    /// Checks the members of a struct that was read member by member, from no array.
    #[doc(hidden)]
    #[inline]
    fn check_members(&self) -> Finding {
        self.check()
    }
}

macro_rules! held_by_the_parse {
    ($form:ident: $($type:ty)*) => {$(
        impl Validate for $type {
            const FORM: Form = Form::$form;

            #[inline]
            fn check(&self) -> Finding {
                Finding::VALID
            }
        }
    )*};
}

held_by_the_parse! { Unknown: () serde_json::Value }
held_by_the_parse! { Map: serde_json::Map<String, serde_json::Value> }
held_by_the_parse! { Text: str String }
held_by_the_parse! { Bool: bool }
held_by_the_parse! { String: char PathBuf IpAddr Ipv4Addr Ipv6Addr SocketAddr SocketAddrV4 SocketAddrV6 }
held_by_the_parse! {
    Number: i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize f32 f64
    NonZeroI8 NonZeroI16 NonZeroI32 NonZeroI64 NonZeroIsize NonZeroU8 NonZeroU16 NonZeroU32 NonZeroU64 NonZeroUsize
    serde_json::Number
}

macro_rules! pointers {
    ($($pointer:ty)*) => {$(
        impl<T: Validate + ?Sized> Validate for $pointer {
            const FORM: Form = T::FORM;

            #[inline]
            fn check(&self) -> Finding {
                T::check(self)
            }

            #[inline]
            fn check_members(&self) -> Finding {
                T::check_members(self)
            }
        }
    )*};
}

pointers! { &T Box<T> Rc<T> Arc<T> }

impl<T: Validate + ToOwned + ?Sized> Validate for Cow<'_, T>
where
    Self: JsonSchema,
{
    const FORM: Form = T::FORM;

    #[inline]
    fn check(&self) -> Finding {
        T::check(self)
    }

    #[inline]
    fn check_members(&self) -> Finding {
        T::check_members(self)
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
    const FORM: Form = Form::Sequence;

    #[inline]
    fn check(&self) -> Finding {
        every(self)
    }
}

impl<T: Validate, const N: usize> Validate for [T; N]
where
    Self: JsonSchema,
{
    const FORM: Form = Form::Sequence;

    #[inline]
    fn check(&self) -> Finding {
        every(self)
    }
}

macro_rules! sequences {
    ($($sequence:ident)*) => {$(
        impl<T: Validate> Validate for $sequence<T> {
            const FORM: Form = Form::Sequence;

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
    const FORM: Form = Form::Sequence;

    #[inline]
    fn check(&self) -> Finding {
        Finding::UNDECIDED
    }
}

/// A set has lost the repetitions that its schema (`uniqueItems`) refuses.
impl<T: Validate> Validate for BTreeSet<T> {
    const FORM: Form = Form::Sequence;

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

/// Names with rules of their own are rules of the members beside them, where a map is flattened.
const fn map_by(name: Form) -> Form {
    match name {
        Form::Text => Form::Map,
        _ => Form::Other,
    }
}

impl<K: Validate, V: Validate, S> Validate for HashMap<K, V, S> {
    const FORM: Form = map_by(K::FORM);

    #[inline]
    fn check(&self) -> Finding {
        const { none_is_lost::<K>() };
        every(self.keys()) | every(self.values())
    }
}

impl<K: Validate, V: Validate> Validate for BTreeMap<K, V> {
    const FORM: Form = map_by(K::FORM);

    #[inline]
    fn check(&self) -> Finding {
        const { none_is_lost::<K>() };
        every(self.keys()) | every(self.values())
    }
}

macro_rules! tuples {
    ($(($($part:ident)+))*) => {$(
        impl<$($part: Validate),+> Validate for ($($part,)+) {
            const FORM: Form = Form::Sequence;

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
