//! What a parse has noticed besides the value that it made.
//!
//! serde says it to the deserializer alone, by what it asks for; a parse is of one thread from its start to its end, so
//! that notes of the thread are those of the parse.

use std::cell::Cell;
use std::ops::BitOr;

use super::finding::Finding;
use super::form::Kinds;

/// What was noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Notes(u16);

impl Notes {
    const NONE: Self = Self(0);
    /// It was not the strict parse of JSON, which alone takes notes of what serde buffers.
    const UNWATCHED: Self = Self(1);
    /// A member that the type does not have.
    pub(crate) const UNKNOWN: Self = Self(1 << 1);
    /// In what serde buffers: an integer that is not negative,
    pub(crate) const INTEGER: Self = Self(1 << 2);
    /// an array that is not within anything else,
    pub(crate) const OUTERMOST: Self = Self(1 << 3);
    /// `null`,
    pub(crate) const NULL: Self = Self(1 << 4);
    /// an object with one member,
    pub(crate) const SINGLE: Self = Self(1 << 5);
    /// what serde might take for something else, whatever the type: `{}` for a unit struct, and a number that is
    /// infinite as an `f32`;
    pub(crate) const STRANGE: Self = Self(1 << 6);
    /// arrays, by their items: seven bits.
    const ARRAYS_AT: u32 = 7;

    /// In what serde buffers, an array of such items.
    pub(super) const fn array(items: Kinds) -> Self {
        Self(items.of_array().0 << Self::ARRAYS_AT)
    }

    pub(crate) const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether a value that was read from serde's buffer can have been something else in the document.
    pub(crate) fn doubt(self, finding: Finding) -> bool {
        self.has(Self::UNWATCHED)
            || self.has(Self::STRANGE)
            // `{"C": null}` for a unit variant.
            || self.has(Self::NULL | Self::SINGLE)
            || self.has(Self::OUTERMOST) && finding.is_tagged(false)
            // The number of a variant for its name.
            || self.has(Self::INTEGER) && finding.is_tagged(true)
            || finding.could_be(Kinds(self.0 >> Self::ARRAYS_AT))
    }
}

impl BitOr for Notes {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

thread_local! {
    static NOTES: Cell<Notes> = const { Cell::new(Notes::UNWATCHED) };
}

/// Takes a note.
#[inline]
pub(crate) fn take(note: Notes) {
    NOTES.set(NOTES.get() | note);
}

/// The strict parse begins.
#[inline]
pub(crate) fn begin() {
    NOTES.set(Notes::NONE);
}

/// Runs a parse, and says what it noticed. One within another, in a `Deserialize` of the app's own, has notes of its own.
#[inline]
pub(crate) fn watch<T>(parse: impl FnOnce() -> T) -> (T, Notes) {
    let before = NOTES.replace(Notes::UNWATCHED);
    let parsed = parse();
    (parsed, NOTES.replace(before))
}
