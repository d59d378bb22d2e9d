//! Why a socket closes: the codes of [RFC 6455, 7.4](https://www.rfc-editor.org/rfc/rfc6455#section-7.4) and of its
//! [registry](https://www.iana.org/assignments/websocket).

use tokio_tungstenite::tungstenite::Error as Failure;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use crate::error::{Error, Result};

/// What a close frame holds of a reason, in bytes.
const LONGEST: usize = 123;

pub(crate) const GOING_AWAY: u16 = 1001;
pub(crate) const PROTOCOL: u16 = 1002;
pub(crate) const INVALID: u16 = 1007;
pub(crate) const POLICY: u16 = 1008;
pub(crate) const TOO_BIG: u16 = 1009;

/// A close code and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Close {
    pub(crate) code: u16,
    pub(crate) reason: Box<str>,
}

impl Close {
    pub(crate) fn new(code: u16, reason: &str) -> Self {
        Self { code, reason: reason.into() }
    }

    /// What an app says when it closes a connection.
    ///
    /// # Errors
    /// If an endpoint may not send the code, or the reason is over 123 bytes.
    pub(crate) fn checked(code: u16, reason: &str) -> Result<Self> {
        if !matches!(code, 1000 | 1001 | 1003 | 1007..=1009 | 1011..=1014 | 3000..=4999) {
            return Err(Error::internal(format!("{code} is no code that a server may close a socket with")));
        }
        if reason.len() > LONGEST {
            return Err(Error::internal(format!("a socket's close has a reason of {LONGEST} bytes at most")));
        }
        Ok(Self::new(code, reason))
    }

    pub(crate) fn going_away() -> Self {
        Self::new(GOING_AWAY, "the server is going down")
    }

    pub(crate) fn too_slow() -> Self {
        Self::new(POLICY, "does not read fast enough")
    }

    /// How to close after what a client has sent; `None` where there is nobody left to tell.
    pub(crate) fn of(failure: &Failure) -> Option<Self> {
        match failure {
            Failure::Capacity(_) => Some(Self::new(TOO_BIG, "the message is too big")),
            Failure::Utf8(_) => Some(Self::new(INVALID, "the text is not UTF-8")),
            Failure::Protocol(
                tokio_tungstenite::tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
            ) => None,
            Failure::Protocol(_) => Some(Self::new(PROTOCOL, "this is not what the protocol allows")),
            _ => None,
        }
    }
}

impl From<&Close> for CloseFrame {
    fn from(close: &Close) -> Self {
        Self { code: close.code.into(), reason: String::from(close.reason.clone()).into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_closes_with_codes_that_a_server_may_send() {
        for right in [1000, 1001, 1008, 1011, 1013, 3000, 4999] {
            assert!(Close::checked(right, "").is_ok(), "{right}");
        }
        for wrong in [0, 999, 1002, 1004, 1005, 1006, 1010, 1015, 2999, 5000] {
            assert!(Close::checked(wrong, "").is_err(), "{wrong}");
        }
        assert!(Close::checked(4000, &"x".repeat(123)).is_ok());
        assert!(Close::checked(4000, &"x".repeat(124)).is_err());
    }
}
