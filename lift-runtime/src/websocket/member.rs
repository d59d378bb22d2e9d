//! Who is told of what is sent to a group, as a store keeps it.

use std::fmt;

/// A process that has sockets in the group, or one connection that API Gateway holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Member {
    Process(String),
    Gateway {
        id: String,
        /// When it connected, in milliseconds since the Unix epoch.
        since: u64,
        /// Where its `@connections` are.
        endpoint: String,
    },
}

impl Member {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let member = match words.next()? {
            "p" => Self::Process(words.next()?.into()),
            "g" => Self::Gateway {
                id: words.next()?.into(),
                since: words.next()?.parse().ok()?,
                endpoint: words.next()?.into(),
            },
            _ => return None,
        };
        words.next().is_none().then_some(member)
    }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Process(process) => write!(f, "p {process}"),
            Self::Gateway { id, since, endpoint } => write!(f, "g {id} {since} {endpoint}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let gateway =
            Member::Gateway { id: "L0SM9cOFvHcCIhw=".into(), since: 7, endpoint: "https://a/b".into() };
        for member in [Member::Process("abc".into()), gateway] {
            assert_eq!(Member::parse(&member.to_string()), Some(member));
        }
        for broken in ["", "p", "x a", "g a b c", "g a 1", "p a b"] {
            assert_eq!(Member::parse(broken), None, "{broken}");
        }
    }
}
