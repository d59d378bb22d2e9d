//! The formats that schemars can name. The schema validator is given the very functions that native checks call.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::sync::LazyLock;

use jsonschema::{Draft, Validator};
use serde_json::json;

use super::document::{Document, Documents};
use crate::date::Date;

/// `email`: an address as RFC 5321 has it.
#[inline]
pub fn email(text: &str) -> bool {
    is_plain_email(text.as_bytes()) || (text.contains('@') && is_email(text))
}

macro_rules! formats {
    ($($(#[doc = $doc:literal])+ $function:ident = $name:literal;)*) => {$(
        $(#[doc = $doc])+
        pub fn $function(text: &str) -> bool {
            static FORMAT: LazyLock<Validator<Documents>> = LazyLock::new(|| format($name));
            FORMAT.is_valid(&Document::text(text))
        }
    )*};
}

formats! {
    /// `uri`: an absolute URI of RFC 3986, which is what `url` publishes.
    uri = "uri";
    /// `uri-reference`: the same, or a relative one.
    uri_reference = "uri-reference";
    /// `uri-template`: RFC 6570.
    uri_template = "uri-template";
    /// `iri`: RFC 3987.
    iri = "iri";
    /// `iri-reference`: the same, or a relative one.
    iri_reference = "iri-reference";
    /// `duration`: ISO 8601 as RFC 3339 has it, such as `P1DT2H`.
    duration = "duration";
    /// `hostname`: RFC 1123.
    hostname = "hostname";
    /// `idn-hostname`: RFC 5890.
    idn_hostname = "idn-hostname";
    /// `idn-email`: RFC 6531.
    idn_email = "idn-email";
    /// `uuid`: RFC 4122, with its hyphens.
    uuid = "uuid";
    /// `regex`: ECMA-262.
    regex = "regex";
    /// `json-pointer`: RFC 6901.
    json_pointer = "json-pointer";
    /// `relative-json-pointer`.
    relative_json_pointer = "relative-json-pointer";
}

/// `date`: the full-date of RFC 3339, such as `2026-01-31`.
pub fn date(text: &str) -> bool {
    text.parse::<Date>().is_ok()
}

/// `time`: the full-time of RFC 3339, such as `12:00:00Z`.
///
/// jsonschema 0.60.2 takes `1.:00:00Z`, for it looks at two digits at once; so the digits are looked at here.
pub fn time(text: &str) -> bool {
    static TIME: LazyLock<Validator<Documents>> = LazyLock::new(|| format("time"));
    let are_digits = |text: Option<&str>| {
        let mut pairs = text.into_iter().flat_map(|text| text.split(':'));
        pairs.all(|pair| pair.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let is_offset =
        |text: &str| text.ends_with(['Z', 'z']) || are_digits(text.get(text.len().saturating_sub(5)..));
    are_digits(text.get(..8)) && is_offset(text) && TIME.is_valid(&Document::text(text))
}

/// `date-time`: RFC 3339, such as `2026-01-31T12:00:00Z`.
pub fn date_time(text: &str) -> bool {
    text.split_once(['T', 't']).is_some_and(|(day, hour)| date(day) && time(hour))
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

/// The addresses that nearly everyone has, of 64 bytes at most: letters, digits and a few signs with single dots
/// between them, `@`, and a host name in which dots and hyphens stand between letters and digits, so that there is no
/// punycode. It accepts nothing that [`is_email`] refuses.
#[inline]
fn is_plain_email(text: &[u8]) -> bool {
    if text.len() > 64 {
        return false;
    }
    let mut before = DOT;
    let mut at = 0;
    loop {
        let Some(byte) = text.get(at) else { return false };
        let kind = KINDS[usize::from(*byte)];
        at += 1;
        match kind {
            WORD | HYPHEN | SIGN => {}
            AT if before != DOT => break,
            DOT if before != DOT => {}
            _ => return false,
        }
        before = kind;
    }
    let mut well = true;
    let mut before = DOT;
    for byte in &text[at..] {
        let kind = KINDS[usize::from(*byte)];
        // Without branches this takes half the time.
        well &= (kind == WORD) | ((kind & (DOT | HYPHEN) != 0) & (before == WORD));
        before = kind;
    }
    well & (before == WORD)
}

const WORD: u8 = 1;
const HYPHEN: u8 = 2;
const SIGN: u8 = 4;
const DOT: u8 = 8;
const AT: u8 = 16;

/// What a byte is in an address.
static KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        kinds[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => WORD,
            b'-' => HYPHEN,
            b'_' | b'+' => SIGN,
            b'.' => DOT,
            b'@' => AT,
            _ => 0,
        };
        byte += 1;
    }
    kinds
};

#[cold]
fn is_email(text: &str) -> bool {
    static EMAIL: LazyLock<Validator<Documents>> = LazyLock::new(|| format("email"));
    EMAIL.is_valid(&Document::text(text))
}

/// A validator of one built-in format.
#[expect(clippy::expect_used, reason = "the schema is a constant, which a test builds")]
fn format(name: &str) -> Validator<Documents> {
    let options =
        jsonschema::options_for::<Documents>().with_draft(Draft::Draft202012).should_validate_formats(true);
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
    fn each_format_is_one() {
        for (format, good, bad) in [
            (date as fn(&str) -> bool, "2024-02-29", "2023-02-29"),
            (time, "12:00:00Z", "12:00:00"),
            (date_time, "2024-02-29T12:00:00Z", "2024-02-29 12:00"),
            (duration, "P1DT2H", "P"),
            (hostname, "a-b.example", "-a.example"),
            (idn_hostname, "é.example", "-é.example"),
            (idn_email, "é@é.example", "é"),
            (uuid, "2EB8AA08-aa98-11ea-b4aa-73b441d16380", "2eb8aa08aa9811eab4aa73b441d16380"),
            (regex, "^[a-z]$", "^[a-z$"),
            (json_pointer, "/a~1b", "a"),
            (relative_json_pointer, "1/a", "/a"),
            (uri_reference, "/a?b", "\\a"),
            (uri_template, "/a/{b}", "/a/{b"),
            (iri, "http://é.example/", "/é"),
            (iri_reference, "/é", "\\é"),
        ] {
            assert!(format(good), "{good}");
            assert!(!format(bad), "{bad}");
        }
    }

    #[test]
    fn digits_are_digits() {
        for right in ["23:59:60Z", "12:00:00.25+01:30", "00:00:00z", "12:00:00-00:00"] {
            assert!(time(right), "{right}");
        }
        for wrong in
            ["1.:00:00Z", "12:0-:00Z", "12:00:0/Z", "12:00:00+0.:00", "12:00:00+00:0,", "éé:00:00Z", "+"]
        {
            assert!(!time(wrong), "{wrong}");
            assert!(!date_time(&std::format!("2024-01-01T{wrong}")), "{wrong}");
        }
        assert!(!date("209.-02-29") && !date("2024-0.-01") && !date_time("209.-02-28T12:00:00Z"));
    }

    #[test]
    fn uris_and_addresses() {
        assert!(uri("https://example.com/a?b#c") && !uri("/a") && !uri("https://exa mple.com"));
        assert!(ip("::1") && ip("127.0.0.1") && !ip("127.0.0.256"));
        assert!(ipv4("1.2.3.4") && !ipv4("::1") && ipv6("::1") && !ipv6("1.2.3.4"));
    }
}
