//! What a native check finds, and the trait of the types that have one.

use std::borrow::Cow;
use std::ops::{BitOr, BitOrAssign};

use schemars::JsonSchema;

use super::own::{Own, Place};
use super::violation::Violations;

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
    /// An own check has something to say, which is asked for where violations are told.
    const OWN: Self = Self(4);

    /// Valid if the constraint holds.
    #[inline]
    pub const fn when(holds: bool) -> Self {
        Self(!holds as u8)
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

    /// Whether it, or a part of it, may have own checks.
    #[doc(hidden)]
    const MAY_OWN: bool = false;

    /// Checks the value: a few nanoseconds, no allocation.
    fn check(&self) -> Finding;

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
