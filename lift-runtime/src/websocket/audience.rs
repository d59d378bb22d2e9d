//! Connections that are told something together.

use std::fmt;
use std::sync::Arc;

use http::StatusCode;
use serde::Serialize;

use super::message::Message;
use super::network::Network;
use crate::error::{Error, Result};
use crate::tenant::Tenant;

/// How long a name may be, in bytes.
const LONGEST: usize = 256;

/// All connections of a room or of a user of one tenant, whichever process holds them.
#[derive(Clone)]
#[must_use = "it does nothing by itself: send it something"]
pub struct Audience {
    network: Arc<Network>,
    tenant: Option<Tenant>,
    kind: Kind,
    name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Room,
    User,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Room => "room",
            Self::User => "user",
        }
    }

    /// Whether a group is one of this kind.
    pub(super) fn is_of(self, group: &str) -> bool {
        group.split_once(' ').is_some_and(|(kind, _)| kind == self.name())
    }
}

impl Audience {
    pub(crate) fn new(network: Arc<Network>, tenant: Option<Tenant>, kind: Kind, name: String) -> Self {
        Self { network, tenant, kind, name }
    }

    /// The name by which stores know it. A tenant's name holds no space, so no two have one.
    pub(crate) fn group(&self) -> Result<String> {
        let kind = self.kind.name();
        if !is_name(&self.name) {
            let detail = format!("The name of a {kind} has 1 to {LONGEST} bytes and no control characters.");
            let code = match self.kind {
                Kind::Room => "room_invalid",
                Kind::User => "user_invalid",
            };
            return Err(Error::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail));
        }
        let tenant = self.tenant.as_ref().map_or("", Tenant::as_str);
        Ok(format!("{kind} {tenant} {}", self.name))
    }

    /// Sends a value as JSON text to each of its connections; where there is none, to nobody.
    ///
    /// # Errors
    /// 422 `room_invalid` or `user_invalid` for a name that is none; 503 `connections_unavailable` if not everybody
    /// could be reached: those who could have been.
    pub async fn send<T: Serialize + ?Sized>(&self, value: &T) -> Result<()> {
        self.deliver(&Message::json(value)?, None).await
    }

    pub(crate) async fn deliver(&self, message: &Message, except: Option<&str>) -> Result<()> {
        self.network.deliver(&self.group()?, message, except).await
    }
}

pub(crate) fn is_name(name: &str) -> bool {
    (1..=LONGEST).contains(&name.len()) && !name.chars().any(char::is_control)
}

impl fmt::Debug for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audience")
            .field("tenant", &self.tenant)
            .field("kind", &self.kind)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
