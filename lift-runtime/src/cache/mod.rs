//! Caching (placeholder until the engine lands).

pub(crate) mod expansion;

/// A cache.
#[derive(Clone, Debug)]
pub struct Cache {}

impl Cache {
    /// In memory.
    pub fn memory() -> Self {
        Self {}
    }

    /// As `LIFT_CACHE` says.
    pub fn from_env() -> crate::Result<Self> {
        Ok(Self {})
    }
}
