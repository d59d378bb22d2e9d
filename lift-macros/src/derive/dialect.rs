//! Patterns, as JSON Schema reads them (ECMA-262) and as they are matched (in linear time).
//!
//! What the two would read differently, and cannot be translated, is a mistake.

use regex_syntax::ast::{self, AssertionKind, Ast, ClassSetItem, ClassUnicode, ClassUnicodeKind};

const LINEAR: &str = "for it is matched in linear time; say it without";

/// What is wrong with a pattern, and what to do.
pub(crate) fn mistakes(pattern: &str) -> Vec<String> {
    let text = pattern.replace(r"\\", "");
    let mut found = Vec::new();
    if ["(?=", "(?!", "(?<=", "(?<!"].iter().any(|look| text.contains(look)) {
        found.push(format!("a pattern cannot look around, {LINEAR}"));
    }
    let refers = |pair: &[u8]| pair[0] == b'\\' && matches!(pair[1], b'1'..=b'9');
    if text.as_bytes().windows(2).any(refers) || text.contains(r"\k<") {
        found.push(format!("a pattern cannot refer back, {LINEAR}"));
    }
    if found.is_empty() {
        found.extend(difference(pattern));
    }
    found
}

fn difference(pattern: &str) -> Option<String> {
    if !jsonschema_regex::is_valid_ecma_regex(pattern) {
        return Some(
            "this is not a pattern of ECMA-262, by which JSON Schema is read; \
             `(?P<name>…)`, `(?i)`, `\\A`, `\\z` and `\\pL` are Rust's own, and braces and brackets stand alone only escaped"
                .to_owned(),
        );
    }
    let unsupported = |reason: String| format!("this pattern cannot be matched in linear time: {reason}");
    let Ok(translated) = jsonschema_regex::to_rust_regex(pattern) else {
        return Some(unsupported("it holds an escape that `regex` does not know".to_owned()));
    };
    let ast = match ast::parse::Parser::new().parse(&translated) {
        Ok(ast) => ast,
        Err(error) => return Some(unsupported(error.kind().to_string())),
    };
    if let Err(Own(difference)) = ast::visit(&ast, Visitor) {
        return Some(difference);
    }
    regex_syntax::parse(&translated).err().map(|error| {
        let reason = match &error {
            regex_syntax::Error::Parse(error) => error.kind().to_string(),
            regex_syntax::Error::Translate(error) => error.kind().to_string(),
            _ => "it is too large".to_owned(),
        };
        unsupported(reason)
    })
}

/// A difference that no translation mends.
struct Own(String);

struct Visitor;

impl ast::Visitor for Visitor {
    type Output = ();
    type Err = Own;

    fn finish(self) -> Result<(), Own> {
        Ok(())
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), Own> {
        match ast {
            Ast::Flags(_) => Err(own("flags", "spell out what they change, as in `[aA]`")),
            Ast::Group(group) if group.flags().is_some_and(|flags| !flags.items.is_empty()) => {
                Err(own("flags", "spell out what they change, as in `[aA]`"))
            }
            Ast::Assertion(assertion) => match assertion.kind {
                AssertionKind::StartLine
                | AssertionKind::EndLine
                | AssertionKind::WordBoundary
                | AssertionKind::NotWordBoundary => Ok(()),
                _ => Err(own("this assertion", "use `^`, `$`, `\\b` or `\\B`")),
            },
            Ast::ClassUnicode(class) => property(class),
            _ => Ok(()),
        }
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), Own> {
        match item {
            ClassSetItem::Unicode(class) => property(class),
            _ => Ok(()),
        }
    }
}

fn own(what: &str, instead: &str) -> Own {
    Own(format!("ECMA-262, by which JSON Schema is read, takes {what} for something else; {instead}"))
}

/// General categories alone, and anything else by the name of what it is: `\p{Lu}`, `\p{Script=Greek}`.
fn property(class: &ClassUnicode) -> Result<(), Own> {
    /// General categories, short and long, and some properties that are there or not.
    const ALONE: &str = "L LC Lu Ll Lt Lm Lo M Mn Mc Me N Nd Nl No P Pc Pd Ps Pe Pi Pf Po S Sm Sc Sk So Z Zs Zl Zp C Cc \
        Cf Cs Co Cn Letter Cased_Letter Uppercase_Letter Lowercase_Letter Titlecase_Letter \
        Modifier_Letter Other_Letter Mark Combining_Mark Nonspacing_Mark Spacing_Mark Enclosing_Mark \
        Number Decimal_Number digit Letter_Number Other_Number Punctuation punct Connector_Punctuation \
        Dash_Punctuation Open_Punctuation Close_Punctuation Initial_Punctuation Final_Punctuation \
        Other_Punctuation Symbol Math_Symbol Currency_Symbol Modifier_Symbol Other_Symbol Separator \
        Space_Separator Line_Separator Paragraph_Separator Other Control cntrl Format Surrogate \
        Private_Use Unassigned Alphabetic Lowercase Uppercase White_Space ASCII";
    let is_known = match &class.kind {
        ClassUnicodeKind::OneLetter(_) => false,
        ClassUnicodeKind::Named(name) => ALONE.split_whitespace().any(|known| known == name),
        ClassUnicodeKind::NamedValue { name, .. } => {
            matches!(&**name, "Script" | "sc" | "Script_Extensions" | "scx" | "General_Category" | "gc")
        }
    };
    let instead = "write a general category such as `\\p{Lu}`, or `\\p{Script=Greek}`";
    if is_known { Ok(()) } else { Err(own("this property", instead)) }
}

#[cfg(test)]
mod tests {
    use super::mistakes;

    #[test]
    fn what_both_read_alike_is_taken() {
        for pattern in [
            r"^SKU-[0-9]{4}$",
            r"^.+@.+\.[a-z]{2,}$",
            r"\d\w\s\b\B",
            r"^(?:a|b)+?(?<year>\d{4})$",
            r"^\p{Lu}\p{Script=Greek}*$",
            r"^\p{digit}\p{Decimal_Number}\p{punct}\P{Combining_Mark}$",
            r"[^\]\[]",
            r"^\u0041\x41\cA?$",
            "^$",
            r"^\\1$",
        ] {
            assert_eq!(mistakes(pattern), Vec::<String>::new(), "{pattern}");
        }
    }

    #[test]
    fn what_differs_is_a_mistake() {
        for (pattern, told) in [
            ("(?=a)", "look around"),
            (r"(a)\1", "refer back"),
            ("(?i)a", "not a pattern of ECMA-262"),
            ("(?i:a)", "takes flags"),
            ("(?P<n>a)", "not a pattern of ECMA-262"),
            (r"\Aa\z", "not a pattern of ECMA-262"),
            (r"\pL", "not a pattern of ECMA-262"),
            (r"\p{Greek}", "takes this property"),
            ("a{,2}", "not a pattern of ECMA-262"),
            ("[a", "not a pattern of ECMA-262"),
            ("(a", "not a pattern of ECMA-262"),
            (r"\ud83d\ude00", "linear time"),
        ] {
            let found = mistakes(pattern);
            assert!(found.len() == 1 && found[0].contains(told), "{pattern}: {found:?}");
        }
    }
}
