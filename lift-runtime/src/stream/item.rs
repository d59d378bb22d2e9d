//! What `#[validate(response)]` checks of a stream: each item, before it is encoded.

use std::convert::Infallible;

use serde::Serialize;

use crate::error::{Error, Result};
use crate::stream::chunk::Chunk;
use crate::stream::encode::{Encode, EncodeItem as _};
use crate::stream::event::Event;
use crate::stream::options::Wire;
use crate::validate::expansion::{Output, Unanswered};

/// An item that is to be checked. An [`Event`] goes by the type's own method, anything else by [`PlainItem`]'s.
pub struct Item<T>(pub T);

impl<T> Item<Event<T>> {
    /// The event, whose data are checked if it has any.
    pub fn output(self) -> Event<T> {
        self.0
    }
}

/// [`Item`] for what is not an [`Event`].
pub trait PlainItem<T> {
    /// The item, which is checked itself.
    fn output(self) -> Plain<T>;
}

impl<T> PlainItem<T> for Item<T> {
    fn output(self) -> Plain<T> {
        Plain(self.0)
    }
}

/// An item that is no [`Event`].
pub struct Plain<T>(T);

impl<T> Output for Plain<T> {
    type Value = T;

    fn value(&self) -> Option<&T> {
        Some(&self.0)
    }
}

impl<T> Output for Event<T> {
    type Value = T;

    fn value(&self) -> Option<&T> {
        self.data.as_ref()
    }
}

impl<T> Encode<Plain<T>> {
    /// Writes the item.
    ///
    /// # Errors
    /// If it does not serialise.
    pub fn write(self, wire: Wire, out: &mut Chunk) -> Result<()>
    where
        T: Serialize,
    {
        Encode(self.0.0).write(wire, out)
    }
}

/// An item that was found wrong ends its stream.
impl From<Unanswered<Infallible>> for Error {
    fn from(wrong: Unanswered<Infallible>) -> Self {
        match wrong {
            Unanswered::Output(error) => error,
            Unanswered::Handler(never) => match never {},
        }
    }
}
