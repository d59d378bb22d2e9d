//! What `#[validate(response)]` checks of a stream: each item, before it is encoded.

use std::convert::Infallible;

use serde::{Serialize, Serializer};

use crate::error::{Error, Result};
use crate::stream::event::Event;
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

/// An item that is no [`Event`]. It is written as the item is.
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

impl<T: Serialize> Serialize for Plain<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
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
