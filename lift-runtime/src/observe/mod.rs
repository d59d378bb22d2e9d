//! What an operator sees: a line for each request, and the causes of errors.

mod logs;

pub use self::logs::init;
pub(crate) use self::logs::{Served, error, panic_text};
