//! Texts of a pattern or of a format.

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::validate::ecma_in_rust;

/// Some texts that a pattern matches, as JSON Schema has it: in any part of them.
pub(super) fn of_pattern(pattern: &str) -> Vec<String> {
    let Ok(hir) = regex_syntax::parse(&ecma_in_rust(pattern)) else { return Vec::new() };
    let mut made: Vec<String> = [End::First, End::Last].iter().filter_map(|end| write(&hir, *end)).collect();
    made.dedup();
    made
}

/// Which of several possibilities.
#[derive(Clone, Copy)]
enum End {
    First,
    Last,
}

fn write(hir: &Hir, end: End) -> Option<String> {
    let mut text = String::new();
    append(hir, end, &mut text).map(|()| text)
}

/// The longest text that is made of a pattern.
const LONGEST: usize = 2_000;

fn append(hir: &Hir, end: End, text: &mut String) -> Option<()> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(Class::Unicode(class)) => {
            let ranges = class.ranges();
            text.push(match end {
                End::First => ranges.first()?.start(),
                End::Last => ranges.last()?.end(),
            });
        }
        HirKind::Class(Class::Bytes(class)) => text.push(char::from(class.ranges().first()?.start())),
        HirKind::Repetition(repetition) => {
            let times = match end {
                End::First => repetition.min,
                End::Last => repetition.max.unwrap_or(repetition.min.saturating_add(1)),
            };
            for _ in 0..times {
                if text.len() > LONGEST {
                    return None;
                }
                append(&repetition.sub, end, text)?;
            }
        }
        HirKind::Capture(capture) => append(&capture.sub, end, text)?,
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| append(part, end, text))?,
        HirKind::Alternation(forms) => {
            let form = match end {
                End::First => forms.first()?,
                End::Last => forms.last()?,
            };
            append(form, end, text)?;
        }
    }
    Some(())
}

/// A text of a format.
pub(super) fn of_format(format: &str) -> Option<&'static str> {
    Some(match format {
        "date" => "2024-02-29",
        "date-time" => "2024-02-29T12:00:00Z",
        "duration" => "P1DT12H",
        "email" | "idn-email" => "ada@example.com",
        "hostname" | "idn-hostname" => "www.example.com",
        "ip" | "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        "iri" | "uri" => "https://example.com/a?b=c",
        "iri-reference" | "uri-reference" => "/a?b=c",
        "json-pointer" => "/a/0",
        "regex" => "^a+$",
        "relative-json-pointer" => "1/a",
        "time" => "12:00:00Z",
        "uri-template" => "/{id}",
        "uuid" => "67e55044-10b1-426f-9247-bb680e5fe0c8",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::of_pattern;

    #[test]
    fn texts_of_patterns_match_them() {
        for pattern in ["^SKU-[0-9]{4}$", "^(a|bc)+$", r"\d{2,3}", "^x*$", "", r"^\w+@\S+$", "[^a]"] {
            let regex = regex::Regex::new(&crate::validate::ecma_in_rust(pattern)).expect(pattern);
            let made = of_pattern(pattern);
            assert!(!made.is_empty() && made.iter().all(|text| regex.is_match(text)), "{pattern}: {made:?}");
        }
    }
}
