//! What expansions call.

pub use super::computed::{Absence, CacheStrategy, Computed, Presence};
pub use super::fingerprint::{ByBuild, BySchema, Fingerprint, Peel};
pub use super::function::{Encoded, Form, Local, function, prime, refreshed};
pub use super::key::{Key, KeyPart};
pub use super::part::{Part, WriteHashed, WriteInner, WriteKeyPart};
pub use super::policy::Policy;
pub use super::tags::{Scope, Tags};
pub use crate::__lift_fingerprint as fingerprint;
