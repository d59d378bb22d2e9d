//! Keywords that stand in `extend(…)`, checked natively where the type lets them be.
//!
//! `extend` writes into the schema of any type, so that no bound can be asked of it: a function of the wrapper wins
//! over one of the trait, and what is no number, text or map goes to the schema.

use std::collections::{BTreeMap, HashMap};

use super::amount::{Amount, Limit};
use super::constraint::Text;
use super::finding::Finding;

/// A value that may be a number.
pub struct AsNumber<'a, T: ?Sized>(pub &'a T);

impl<T: Amount + ?Sized> AsNumber<'_, T> {
    /// `minimum`.
    #[inline]
    pub fn at_least(&self, limit: impl Limit) -> Finding {
        self.0.at_least(limit)
    }

    /// `maximum`.
    #[inline]
    pub fn at_most(&self, limit: impl Limit) -> Finding {
        self.0.at_most(limit)
    }

    /// `exclusiveMinimum`.
    #[inline]
    pub fn more_than(&self, limit: impl Limit) -> Finding {
        self.0.more_than(limit)
    }

    /// `exclusiveMaximum`.
    #[inline]
    pub fn less_than(&self, limit: impl Limit) -> Finding {
        self.0.less_than(limit)
    }

    /// `multipleOf`.
    #[inline]
    pub fn multiple_of(&self, divisor: impl Limit) -> Finding {
        self.0.multiple_of(divisor.float())
    }
}

macro_rules! undecided {
    ($($method:ident)*) => {$(
        /// Only the schema can tell.
        fn $method<L>(&self, _: L) -> Finding {
            Finding::UNDECIDED
        }
    )*};
}

/// [`AsNumber`] of what is no number.
pub trait NoNumber {
    undecided! { at_least at_most more_than less_than multiple_of }
}

impl<T: ?Sized> NoNumber for AsNumber<'_, T> {}

/// A value that may be text.
pub struct AsText<'a, T: ?Sized>(pub &'a T);

impl<T: Text + ?Sized> AsText<'_, T> {
    /// `format`.
    #[inline]
    pub fn is(&self, format: fn(&str) -> bool) -> Finding {
        Finding::when(self.0.passes(format))
    }
}

/// [`AsText`] of what is no text.
pub trait NoText {
    /// Only the schema can tell.
    fn is(&self, _: fn(&str) -> bool) -> Finding {
        Finding::UNDECIDED
    }
}

impl<T: ?Sized> NoText for AsText<'_, T> {}

/// How many members there are.
pub trait Members {
    /// If it is an object at all.
    fn count(&self) -> Option<usize>;
}

impl<K, V> Members for BTreeMap<K, V> {
    #[inline]
    fn count(&self) -> Option<usize> {
        Some(self.len())
    }
}

impl<K, V, S> Members for HashMap<K, V, S> {
    #[inline]
    fn count(&self) -> Option<usize> {
        Some(self.len())
    }
}

impl<T: Members> Members for Option<T> {
    #[inline]
    fn count(&self) -> Option<usize> {
        self.as_ref().and_then(T::count)
    }
}

/// A value that may be a map.
pub struct AsMembers<'a, T: ?Sized>(pub &'a T);

impl<T: Members + ?Sized> AsMembers<'_, T> {
    /// `minProperties` and `maxProperties`.
    #[inline]
    pub fn within(&self, min: usize, max: usize) -> Finding {
        Finding::when(self.0.count().is_none_or(|count| min <= count && count <= max))
    }
}

/// [`AsMembers`] of what is no map.
pub trait NoMembers {
    /// Only the schema can tell.
    fn within(&self, _: usize, _: usize) -> Finding {
        Finding::UNDECIDED
    }
}

impl<T: ?Sized> NoMembers for AsMembers<'_, T> {}
