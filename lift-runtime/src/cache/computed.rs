//! What a computation returned, and what the attribute's options say of it.

use std::time::Duration;

use super::key::Key;
use super::policy::millis;

/// A pluggable form of `when`, `ttl` and `key`, for `#[cached(strategy = path)]`, where `path` names a value.
///
/// ```
/// use std::time::Duration;
/// use lift_runtime::cache::{CacheStrategy, Key};
///
/// struct Report { rows: u64 }
///
/// struct Weighed;
///
/// impl CacheStrategy for Weighed {
///     type Value = Report;
///
///     fn should_cache(&self, report: &Report) -> bool {
///         report.rows > 0
///     }
///
///     fn ttl(&self, report: &Report) -> Option<Duration> {
///         (report.rows > 1_000_000).then_some(Duration::from_secs(3600))
///     }
/// }
/// ```
pub trait CacheStrategy {
    /// What the function returns: the inside of its `Result`, and of its `Json`.
    type Value;

    /// Whether to store this result; every one unless it is overridden.
    fn should_cache(&self, _value: &Self::Value) -> bool {
        true
    }

    /// How long this result is fresh; the attribute's `ttl` where it is `None`.
    fn ttl(&self, _value: &Self::Value) -> Option<Duration> {
        None
    }

    /// Adds to the key what the arguments do not tell.
    fn key(&self, _key: &mut Key) {}
}

/// What a function returned, and what is to be done with it.
pub struct Computed<T, E> {
    pub(crate) result: Result<T, E>,
    pub(crate) store: bool,
    pub(crate) absent: bool,
    pub(crate) ttl: Option<u64>,
}

impl<T, E> Computed<T, E> {
    /// A result, to be stored if it is one that can be.
    pub fn of(result: Result<T, E>) -> Self {
        Self { result, store: true, absent: false, ttl: None }
    }

    /// Stores it only when `when` says so.
    #[must_use]
    pub fn when(mut self, when: impl FnOnce(&T) -> bool) -> Self {
        if let Ok(value) = &self.result {
            self.store &= when(value);
        }
        self
    }

    /// Keeps it fresh for as long as `ttl` says.
    #[must_use]
    pub fn ttl(mut self, ttl: impl FnOnce(&T) -> Duration) -> Self {
        if let Ok(value) = &self.result {
            self.ttl = Some(millis(ttl(value)));
        }
        self
    }

    /// Asks a strategy; `view` gives it what it looks at.
    #[must_use]
    pub fn strategy<S: CacheStrategy>(mut self, strategy: &S, view: impl FnOnce(&T) -> &S::Value) -> Self {
        if let Ok(value) = &self.result {
            let value = view(value);
            self.store &= strategy.should_cache(value);
            self.ttl = strategy.ttl(value).map(millis).or(self.ttl);
        }
        self
    }

    /// Notes that it is a `None`, which is stored only under `negative`.
    #[must_use]
    pub fn absent(mut self, absent: impl FnOnce(&T) -> bool) -> Self {
        if let Ok(value) = &self.result {
            self.absent = absent(value);
        }
        self
    }
}

/// Tells a `None` from all else: `Absence(value).is_absent()` is the type's own method for an `Option`, and the
/// trait's for any other type.
pub struct Absence<'a, T>(pub &'a T);

impl<T> Absence<'_, Option<T>> {
    /// Whether it is `None`.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        self.0.is_none()
    }
}

/// [`Absence`] of what is not an `Option`.
pub trait Presence {
    /// Never.
    fn is_absent(&self) -> bool {
        false
    }
}

impl<T> Presence for Absence<'_, T> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_none_is_absent() {
        assert!(Absence(&None::<u8>).is_absent());
        assert!(!Absence(&Some(1)).is_absent());
        assert!(!Absence(&1).is_absent());
    }

    #[test]
    fn a_view_reaches_through_a_wrapper() {
        struct Longer;
        impl CacheStrategy for Longer {
            type Value = String;
            fn ttl(&self, value: &String) -> Option<Duration> {
                Some(Duration::from_secs(value.len() as u64))
            }
        }
        let boxed: Result<Box<String>, ()> = Ok(Box::new("four".to_owned()));
        let computed = Computed::of(boxed).ttl(|_| Duration::from_secs(1)).strategy(&Longer, |value| value);
        assert_eq!(computed.ttl, Some(4000));
    }
}
