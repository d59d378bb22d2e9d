//! Patterns by ECMA-262, as JSON Schema reads them, for the `regex` crate.
//!
//! jsonschema's translation makes `\d`, `\w` and `\s` what they are there. Two more differ: a `.` takes no line
//! terminator, of which there are four (section 12.3), and a word boundary is one of ASCII words.

use std::borrow::Cow;

use regex_syntax::ast::{self, AssertionKind, Ast, Span};

/// A pattern for the `regex` crate; as it is if it cannot be translated, for the crate to refuse.
pub(crate) fn in_rust(pattern: &str) -> Cow<'_, str> {
    let Ok(translated) = jsonschema_regex::to_rust_regex(pattern) else { return Cow::Borrowed(pattern) };
    let Ok(ast) = ast::parse::Parser::new().parse(&translated) else { return translated };
    let mut found = Vec::new();
    if ast::visit(&ast, Differences(&mut found)).is_err() || found.is_empty() {
        return translated;
    }
    let mut written = String::with_capacity(translated.len() + 32);
    let mut end = 0;
    for (span, instead) in found {
        written.push_str(&translated[end..span.start.offset]);
        written.push_str(instead);
        end = span.end.offset;
    }
    written.push_str(&translated[end..]);
    Cow::Owned(written)
}

/// What is to be written otherwise, in order.
struct Differences<'a>(&'a mut Vec<(Span, &'static str)>);

impl ast::Visitor for Differences<'_> {
    type Output = ();
    type Err = ast::Error;

    fn finish(self) -> Result<(), ast::Error> {
        Ok(())
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), ast::Error> {
        match ast {
            Ast::Dot(span) => self.0.push((**span, r"[^\n\r\u{2028}\u{2029}]")),
            Ast::Assertion(assertion) if assertion.kind == AssertionKind::WordBoundary => {
                self.0.push((assertion.span, r"(?-u:\b)"));
            }
            Ast::Assertion(assertion) if assertion.kind == AssertionKind::NotWordBoundary => {
                self.0.push((assertion.span, r"(?-u:\B)"));
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::in_rust;

    #[test]
    fn what_differs_is_written_otherwise() {
        for (pattern, text, expected) in [
            ("^.$", "a", true),
            ("^.$", "é", true),
            ("^.$", "\r", false),
            ("^.$", "\u{2028}", false),
            ("^[.]$", "a", false),
            (r"^\.$", "a", false),
            (r"^(a.)+\w$", "abacx", true),
            (r"a\b", "aé", true),
            (r"a\B", "aé", false),
            (r"^\s$", "\u{feff}", true),
            (r"^\d$", "٣", false),
        ] {
            let regex = Regex::new(&in_rust(pattern)).expect(pattern);
            assert_eq!(regex.is_match(text), expected, "{pattern} on {text:?}");
        }
        assert_eq!(in_rust("^[a-z]+$"), "^[a-z]+$");
        assert!(Regex::new(&in_rust("(?=a)")).is_err());
    }
}
