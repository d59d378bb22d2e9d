//! What one process tells another: a message for a group.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::local::Local;
use super::message::{Message, Text};
use crate::json;

/// Where a store puts what is [published](super::ConnectionStore::publish) for this process.
pub struct Inbox {
    pub(super) local: Arc<Local>,
    pub(super) state: Arc<watch::Sender<Listening>>,
}

/// Whether this process hears the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listening {
    NotYet,
    Yes,
    /// The store has no means for it.
    Never,
}

impl Inbox {
    /// What is published from now on comes in.
    pub fn listening(&self) {
        self.state.send_replace(Listening::Yes);
    }

    /// A message that was published for this process. One that cannot be read is dropped.
    pub fn deliver(&self, message: &[u8]) {
        match Envelope::open(message) {
            Some((envelope, message)) => {
                self.local.deliver(&envelope.group, &message, envelope.except.as_deref());
            }
            None => tracing::warn!(target: "lift::websocket", "another process sent what cannot be read"),
        }
    }
}

/// What stands before a message, on a line of its own.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Envelope<'a> {
    #[serde(borrow)]
    group: Cow<'a, str>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    except: Option<Cow<'a, str>>,
    binary: bool,
}

impl<'a> Envelope<'a> {
    pub(super) fn seal(group: &str, except: Option<&str>, message: &Message) -> Bytes {
        let binary = matches!(message, Message::Binary(_));
        let envelope = Envelope { group: group.into(), except: except.map(Cow::from), binary };
        // Text and a flag always serialise.
        let mut sealed = json::to_vec(&envelope).unwrap_or_default();
        sealed.push(b'\n');
        sealed.extend_from_slice(message.as_bytes());
        sealed.into()
    }

    fn open(sealed: &'a [u8]) -> Option<(Self, Message)> {
        let end = sealed.iter().position(|byte| *byte == b'\n')?;
        let (envelope, message) = (&sealed[..end], &sealed[end + 1..]);
        let envelope: Self = serde_json::from_slice(envelope).ok()?;
        let message = if envelope.binary {
            Message::Binary(Bytes::copy_from_slice(message))
        } else {
            Message::Text(Text::from(std::str::from_utf8(message).ok()?.to_owned()))
        };
        Some((envelope, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_opened() {
        for message in [Message::from("a\nb"), Message::from(vec![0, 10, 255])] {
            for except in [None, Some("c1")] {
                let sealed = Envelope::seal("room acme \"x\"", except, &message);
                let (envelope, opened) = Envelope::open(&sealed).expect("it is one");
                assert_eq!((&*envelope.group, envelope.except.as_deref()), ("room acme \"x\"", except));
                assert_eq!(opened, message);
            }
        }
        for broken in [&b""[..], b"{}", b"{}\nx", b"{\"group\":\"g\",\"binary\":false}\n\xff"] {
            assert!(Envelope::open(broken).is_none());
        }
    }
}
