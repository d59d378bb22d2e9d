//! The formats that schemars can name. The schema validator is given the very functions that native checks call.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};

/// `email`: an address as RFC 5321 has it.
#[inline]
pub fn email(text: &str) -> bool {
    is_plain_email(text.as_bytes()) || is_email(text)
}

/// `uri`: an absolute URI of RFC 3986, which is what `url` publishes.
pub fn uri(text: &str) -> bool {
    static URI: LazyLock<Validator> = LazyLock::new(|| format("uri"));
    URI.is_valid(&Value::from(text))
}

/// `ip`: an IPv4 or IPv6 address.
pub fn ip(text: &str) -> bool {
    IpAddr::from_str(text).is_ok()
}

/// `ipv4`: four decimal numbers.
pub fn ipv4(text: &str) -> bool {
    Ipv4Addr::from_str(text).is_ok()
}

/// `ipv6`: RFC 4291, without a zone.
pub fn ipv6(text: &str) -> bool {
    Ipv6Addr::from_str(text).is_ok()
}

/// The addresses that nearly everyone has: letters, digits and a few signs in dotted atoms, `@`, a host name without
/// punycode. It accepts nothing that [`is_email`] refuses.
#[inline]
fn is_plain_email(text: &[u8]) -> bool {
    let Some(at) = text.iter().position(|byte| *byte == b'@') else { return false };
    let (local, domain) = (&text[..at], &text[at + 1..]);
    (1..=64).contains(&local.len())
        && (1..=253).contains(&domain.len())
        && is_dotted(local, LOCAL)
        && is_host(domain)
}

const LOCAL: u8 = 1;
const HOST: u8 = 2;

/// Which bytes may stand where.
static KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let c = byte as u8;
        if c.is_ascii_alphanumeric() {
            kinds[byte] = LOCAL | HOST;
        } else if matches!(c, b'_' | b'+') {
            kinds[byte] = LOCAL;
        } else if c == b'-' {
            kinds[byte] = LOCAL | HOST;
        }
        byte += 1;
    }
    kinds
};

/// Atoms of one kind of byte, none of them empty, between dots.
#[inline]
fn is_dotted(text: &[u8], kind: u8) -> bool {
    let mut after_dot = true;
    for byte in text {
        if *byte == b'.' {
            if after_dot {
                return false;
            }
            after_dot = true;
        } else if KINDS[usize::from(*byte)] & kind == 0 {
            return false;
        } else {
            after_dot = false;
        }
    }
    !after_dot
}

/// A host name of labels up to 63 bytes that neither begin nor end with a hyphen, nor have two of them together, as
/// punycode has.
#[inline]
fn is_host(text: &[u8]) -> bool {
    let mut before = b'.';
    let mut label = 0;
    for byte in text {
        let byte = *byte;
        if byte == b'.' {
            if before == b'.' || before == b'-' || label > 63 {
                return false;
            }
            label = 0;
        } else if KINDS[usize::from(byte)] & HOST == 0 || (byte == b'-' && (before == b'.' || before == b'-'))
        {
            return false;
        } else {
            label += 1;
        }
        before = byte;
    }
    before != b'.' && before != b'-' && label <= 63
}

#[cold]
fn is_email(text: &str) -> bool {
    static EMAIL: LazyLock<Validator> = LazyLock::new(|| format("email"));
    EMAIL.is_valid(&Value::from(text))
}

/// A validator of one built-in format.
#[expect(clippy::expect_used, reason = "the schema is a constant, which a test builds")]
fn format(name: &str) -> Validator {
    let options = jsonschema::draft202012::options().should_validate_formats(true);
    options.build(&json!({ "format": name })).expect("a schema of one built-in format")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emails() {
        for good in ["ada@example.com", "a.b+c_d-e@sub.example.co", "x@localhost", "\"a b\"@example.com"] {
            assert!(email(good), "{good}");
        }
        for bad in
            ["", "@", "a@", "@b.c", "a b@c.d", "a..b@c.d", ".a@c.d", "a@-c.d", "a@c-.d", "a@c..d", "a@c.d."]
        {
            assert!(!email(bad), "{bad}");
        }
    }

    #[test]
    fn a_plain_email_is_an_email() {
        let alphabet = b"aZ0._+-@x";
        let mut random = fastrand::Rng::with_seed(7);
        let mut plain = 0;
        for _ in 0..200_000 {
            let text: String =
                (0..random.usize(3..14)).map(|_| char::from(alphabet[random.usize(..9)])).collect();
            if is_plain_email(text.as_bytes()) {
                plain += 1;
                assert!(is_email(&text), "{text}");
            }
        }
        assert!(plain > 1_000, "{plain}");
    }

    #[test]
    fn uris_and_addresses() {
        assert!(uri("https://example.com/a?b#c") && !uri("/a") && !uri("https://exa mple.com"));
        assert!(ip("::1") && ip("127.0.0.1") && !ip("127.0.0.256"));
        assert!(ipv4("1.2.3.4") && !ipv4("::1") && ipv6("::1") && !ipv6("1.2.3.4"));
    }
}
