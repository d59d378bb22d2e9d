//! The table of changes, and a search for changes that are called compatible and are not.

mod changes;
mod soundness;
