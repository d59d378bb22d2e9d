//! `with = path`: what an own validator says.

use std::future::Future;

use super::violation::{Violation, Violations};

/// What an own validator may return, itself or as a future.
#[diagnostic::on_unimplemented(
    message = "a validator does not return `{Self}`",
    note = "return `Violations`, `Vec<Violation>`, `Option<Violation>`, `Result<(), Violations>`, or a future of one"
)]
pub trait IntoViolations {
    /// As violations; none if all is well.
    fn into_violations(self) -> Violations;
}

impl IntoViolations for () {
    fn into_violations(self) -> Violations {
        Violations::new()
    }
}

impl IntoViolations for Violations {
    fn into_violations(self) -> Violations {
        self
    }
}

impl IntoViolations for Violation {
    fn into_violations(self) -> Violations {
        self.into()
    }
}

impl IntoViolations for Vec<Violation> {
    fn into_violations(self) -> Violations {
        self.into_iter().collect()
    }
}

impl<T: IntoViolations> IntoViolations for Option<T> {
    fn into_violations(self) -> Violations {
        self.map(T::into_violations).unwrap_or_default()
    }
}

impl<E: IntoViolations> IntoViolations for Result<(), E> {
    fn into_violations(self) -> Violations {
        self.err().into_violations()
    }
}

/// What an own validator returned.
pub struct Verdict<T>(pub T);

impl<T: IntoViolations> Verdict<T> {
    /// What it found.
    pub async fn violations(self) -> Violations
    where
        T: Send,
    {
        self.0.into_violations()
    }
}

/// What an asynchronous validator will return.
#[diagnostic::on_unimplemented(
    message = "a validator does not return `{Self}`",
    note = "return `Violations`, `Vec<Violation>`, `Option<Violation>`, `Result<(), Violations>`, or a future of one"
)]
pub trait Later {
    /// What it finds.
    fn later(self) -> impl Future<Output = Violations> + Send;
}

impl<F> Later for F
where
    F: Future<Output: IntoViolations> + Send,
{
    async fn later(self) -> Violations {
        self.await.into_violations()
    }
}

/// [`Verdict`] of a future.
pub trait VerdictLater<T> {
    /// What it finds.
    fn violations(self) -> impl Future<Output = Violations> + Send
    where
        T: Later;
}

impl<T> VerdictLater<T> for Verdict<T> {
    fn violations(self) -> impl Future<Output = Violations> + Send
    where
        T: Later,
    {
        self.0.later()
    }
}
