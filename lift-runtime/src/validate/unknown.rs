//! Whether a parse met a member that its type does not have.
//!
//! serde says it to the deserializer alone, by asking it to ignore a value; a parse is of one thread from its start
//! to its end, so that a mark of the thread is one of the parse.

use std::cell::Cell;

thread_local! {
    static MET: Cell<bool> = const { Cell::new(false) };
}

/// A value is ignored.
#[inline]
pub(crate) fn met() {
    MET.set(true);
}

/// Runs a parse, and says whether it ignored a value.
pub(crate) fn watch<T>(parse: impl FnOnce() -> T) -> (T, bool) {
    MET.set(false);
    let parsed = parse();
    (parsed, MET.get())
}
