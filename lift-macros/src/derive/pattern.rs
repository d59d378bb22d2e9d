//! Simple patterns as code: `^SKU-[0-9]{4}$` is a slice pattern, `^[a-z0-9-]{1,64}$` a loop over bytes.
//!
//! Whatever is not surely understood is left to the `regex` crate.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

/// Longer matches are not spelled out byte by byte.
const SPELLED_OUT: usize = 48;

/// A run of one kind of ASCII bytes.
struct Atom {
    kind: Kind,
    min: usize,
    max: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Kind(u128);

impl Kind {
    const NONE: Self = Self(0);

    fn of(byte: u8) -> Self {
        Self(1 << byte)
    }

    fn range(first: u8, last: u8) -> Self {
        (first..=last).map(Self::of).fold(Self::NONE, Self::or)
    }

    fn digit() -> Self {
        Self::range(b'0', b'9')
    }

    fn word() -> Self {
        Self::digit().or(Self::range(b'a', b'z')).or(Self::range(b'A', b'Z')).or(Self::of(b'_'))
    }

    fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// As a pattern of bytes.
    fn tokens(self) -> TokenStream {
        let mut ranges: Vec<(u8, u8)> = Vec::new();
        for byte in (0..128_u8).filter(|byte| self.meets(Self::of(*byte))) {
            match ranges.last_mut() {
                Some((_, last)) if *last + 1 == byte => *last = byte,
                _ => ranges.push((byte, byte)),
            }
        }
        let ranges = ranges.into_iter().map(|(first, last)| {
            let (from, to) = (Literal::byte_character(first), Literal::byte_character(last));
            if first == last { quote!(#from) } else { quote!(#from..=#to) }
        });
        quote!(#(#ranges)|*)
    }
}

/// A test of `text: &str`, if the pattern is simple enough.
pub(crate) fn matcher(pattern: &str) -> Option<TokenStream> {
    let atoms = parse(pattern)?;
    let length: usize = atoms.iter().map(|atom| atom.min).sum();
    if atoms.iter().all(|atom| atom.min == atom.max) && length <= SPELLED_OUT {
        let kinds = atoms.iter().flat_map(|atom| std::iter::repeat_n(atom.kind.tokens(), atom.min));
        let kinds: Vec<_> = kinds.collect();
        let bytes: Vec<_> = (0..length).map(|index| format_ident!("__lift_{index}")).collect();
        // All bytes are compared whatever the first ones are, which takes no branches, and two thirds of the time.
        return Some(quote! {
            match text.as_bytes() {
                [#(#bytes),*] => true #(& ::core::matches!(#bytes, #kinds))*,
                _ => false,
            }
        });
    }
    if !is_decided(&atoms) {
        return None;
    }
    let runs = atoms.iter().map(|Atom { kind, min, max }| {
        let kind = kind.tokens();
        quote!(::lift::__private::validate::eat(&mut __lift_rest, #min, #max, |byte| ::core::matches!(byte, #kind)))
    });
    Some(quote!({
        let mut __lift_rest = text.as_bytes();
        #(#runs &&)* __lift_rest.is_empty()
    }))
}

/// Whether a run that takes all it can never takes what a later one needs.
fn is_decided(atoms: &[Atom]) -> bool {
    atoms.iter().enumerate().filter(|(_, atom)| atom.min < atom.max).all(|(index, atom)| {
        let mut rest = atoms[index + 1..].iter();
        loop {
            match rest.next() {
                None => return true,
                Some(next) if next.kind.meets(atom.kind) => return false,
                Some(next) if next.min > 0 => return true,
                Some(_) => {}
            }
        }
    })
}

/// The runs between `^` and `$`.
fn parse(pattern: &str) -> Option<Vec<Atom>> {
    let inner = pattern.strip_prefix('^')?.strip_suffix('$')?;
    let mut rest = inner.is_ascii().then_some(inner.as_bytes())?;
    let mut atoms = Vec::new();
    while let Some((first, after)) = rest.split_first() {
        let kind;
        (kind, rest) = match first {
            b'[' => class(after)?,
            b'\\' => escape(after)?,
            b'.' | b'(' | b')' | b'|' | b'?' | b'*' | b'+' | b'{' | b'}' | b']' | b'^' | b'$' => return None,
            byte => (Kind::of(*byte), after),
        };
        let (min, max);
        (min, max, rest) = quantifier(rest)?;
        atoms.push(Atom { kind, min, max });
    }
    Some(atoms)
}

fn escape(after: &[u8]) -> Option<(Kind, &[u8])> {
    let (escaped, rest) = after.split_first()?;
    let kind = match escaped {
        b'd' => Kind::digit(),
        b'w' => Kind::word(),
        byte if byte.is_ascii_punctuation() => Kind::of(*byte),
        _ => return None,
    };
    Some((kind, rest))
}

/// A class such as `[a-z_]`, without its opening bracket.
fn class(mut rest: &[u8]) -> Option<(Kind, &[u8])> {
    let mut kind = Kind::NONE;
    if rest.first() == Some(&b'^') {
        return None;
    }
    loop {
        let (first, after) = rest.split_first()?;
        let (one, single);
        (one, single, rest) = match first {
            b']' => return (kind != Kind::NONE).then_some((kind, after)),
            // In the dialects that come together here, a bracket in a class is not always a bracket.
            b'[' => return None,
            b'\\' => {
                let (kind, after) = escape(after)?;
                (kind, (kind.0.count_ones() == 1).then(|| kind.0.trailing_zeros() as u8), after)
            }
            byte => (Kind::of(*byte), Some(*byte), after),
        };
        kind = match rest {
            [b'-', last, after @ ..] if !matches!(last, b']' | b'\\' | b'[' | b'-') => {
                rest = after;
                let first = single.filter(|first| first <= last)?;
                kind.or(Kind::range(first, *last))
            }
            [b'-', b'\\' | b'[' | b'-', ..] => return None,
            _ => kind.or(one),
        };
    }
}

/// How often; once where nothing is said.
fn quantifier(rest: &[u8]) -> Option<(usize, usize, &[u8])> {
    let (min, max, rest) = match rest {
        [b'?', rest @ ..] => (0, 1, rest),
        [b'*', rest @ ..] => (0, usize::MAX, rest),
        [b'+', rest @ ..] => (1, usize::MAX, rest),
        [b'{', rest @ ..] => {
            let end = rest.iter().position(|byte| *byte == b'}')?;
            let count = std::str::from_utf8(&rest[..end]).ok()?;
            let (min, max) = match count.split_once(',') {
                None => (number(count)?, number(count)?),
                Some((min, "")) => (number(min)?, usize::MAX),
                Some((min, max)) => (number(min)?, number(max)?),
            };
            (min <= max).then_some((min, max, &rest[end + 1..]))?
        }
        rest => return Some((1, 1, rest)),
    };
    // A lazy quantifier, or a quantifier of a quantifier.
    if matches!(rest.first(), Some(b'?' | b'*' | b'+' | b'{')) { None } else { Some((min, max, rest)) }
}

fn number(text: &str) -> Option<usize> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) { None } else { text.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::matcher;

    fn code(pattern: &str) -> Option<String> {
        matcher(pattern).map(|tokens| tokens.to_string().replace(' ', ""))
    }

    #[test]
    fn a_fixed_length_is_a_slice_pattern() {
        let expected = "matchtext.as_bytes(){[__lift_0,__lift_1]=>true\
                        &::core::matches!(__lift_0,b'S')&::core::matches!(__lift_1,b'0'..=b'9'),_=>false,}";
        assert_eq!(code("^S[0-9]$").as_deref(), Some(expected));
        assert_eq!(code("^$").as_deref(), Some("matchtext.as_bytes(){[]=>true,_=>false,}"));
    }

    #[test]
    fn a_decided_run_is_a_loop() {
        for pattern in
            ["^[a-z0-9-]{1,64}$", r"^\d+$", "^[A-Z]{2}[0-9]*$", "^-?[0-9]+$", r"^[a-z]+\.[a-z]+$", "^a?b?c$"]
        {
            assert!(code(pattern).is_some_and(|code| code.contains("eat")), "{pattern}");
        }
    }

    #[test]
    fn the_rest_is_left_to_regex() {
        for pattern in [
            "abc",
            "^abc",
            "abc$",
            "^a|b$",
            "^(a)$",
            "^.$",
            "^[^a]$",
            "^é$",
            r"^\s$",
            r"^\bword$",
            "^a+a$",
            "^[a-z]+x$",
            "^a??$",
            "^[[a]]$",
            "^a{2,1}$",
            "^[b-a]$",
            r"^a\$",
            "^a*?b$",
            r"^[a\-z-\d]$",
            "^[]$",
            "^{a}$",
            "^a{,2}$",
        ] {
            assert_eq!(code(pattern), None, "{pattern}");
        }
    }
}
