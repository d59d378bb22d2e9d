//! What a native check finds, and the trait of the types that have one.

use std::borrow::Cow;
use std::ops::{BitOr, BitOrAssign};

use schemars::JsonSchema;

use super::form::{Form, Kinds};
use super::notes::Notes;
use super::own::{Own, Place};
use super::violation::Violations;

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
    /// An own check has something to say, which is asked for where violations are told.
    const OWN: Self = Self(4);
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

    /// Valid if an own check has nothing to say.
    #[inline]
    pub fn by(said: &Violations) -> Self {
        if said.is_empty() { Self::VALID } else { Self::OWN }
    }

    /// Whether own checks may have something to say: an undecided value was not looked at by all of them.
    pub(crate) const fn may_be_own(self) -> bool {
        self.0 & (Self::OWN.0 | Self::UNDECIDED.0) != 0
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

    /// Whether it, or a part of it, may have own checks.
    #[doc(hidden)]
    const MAY_OWN: bool = false;

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

    /// Calls the own checks of a value and of what is in it, each with the place of what it is about. It is called
    /// when something may be wrong only.
    #[doc(hidden)]
    fn check_own(&self, place: &Place<'_>, own: &mut Own) {
        let _ = (place, own);
    }

    /// The name of the member whose key this is, in a map at a place; `None` if it cannot be told.
    #[doc(hidden)]
    fn key_name(&self, place: &Place<'_>) -> Option<Cow<'_, str>> {
        let _ = place;
        None
    }
}
