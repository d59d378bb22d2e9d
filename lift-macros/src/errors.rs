//! Collects everything that is wrong with a function, so that all of it is reported at once.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// What is wrong so far.
#[derive(Default)]
pub(crate) struct Errors(Vec<syn::Error>);

impl Errors {
    /// Notes a mistake at the tokens that are wrong.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.0.push(syn::Error::new_spanned(tokens, message));
    }

    /// Notes a mistake at a span, for what has no tokens of its own.
    pub(crate) fn at_span(&mut self, span: Span, message: impl std::fmt::Display) {
        self.0.push(syn::Error::new(span, message));
    }

    /// Notes what a parser has found.
    pub(crate) fn push(&mut self, error: syn::Error) {
        self.0.push(error);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A `compile_error!` for each mistake, in the order in which they stand in the file.
    pub(crate) fn into_tokens(mut self) -> TokenStream {
        self.0.sort_by_key(|error| {
            let start = error.span().start();
            (start.line, start.column)
        });
        self.0.iter().map(syn::Error::to_compile_error).collect()
    }
}

/// The candidate that a mistyped name was probably meant to be.
pub(crate) fn closest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let close = |candidate: &&str| distance(name, candidate) <= 1 + candidate.len() / 4;
    candidates.into_iter().filter(close).min_by_key(|candidate| distance(name, candidate))
}

/// Levenshtein's distance.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.chars().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

/// `a`, `b` and `c`, each in backquotes.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut quoted: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match quoted.pop() {
        Some(last) if quoted.is_empty() => last,
        Some(last) => format!("{} and {last}", quoted.join(", ")),
        None => "none".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{closest, listed};

    #[test]
    fn a_typing_slip_finds_its_option() {
        let options = ["ttl", "stale", "stale_if_error", "tags"];
        assert_eq!(closest("tll", options), Some("ttl"));
        assert_eq!(closest("tag", options), Some("tags"));
        assert_eq!(closest("stale_on_error", options), Some("stale_if_error"));
        assert_eq!(closest("colour", options), None);
    }

    #[test]
    fn lists_read_as_prose() {
        assert_eq!(listed(["a"]), "`a`");
        assert_eq!(listed(["a", "b", "c"]), "`a`, `b` and `c`");
    }
}
