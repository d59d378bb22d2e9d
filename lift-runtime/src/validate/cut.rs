//! A large document in part: so much of it as a report needs.

use std::borrow::Cow;

use super::document::{Document, Members};
use super::refusal::escape;

/// The first values of a large document, and the pointers of the containers that are not whole; `None` if it is small.
pub(crate) fn cut<'a>(document: &'a Document<'a>, most: usize) -> Option<(Document<'a>, Vec<String>)> {
    // The document itself is a value, too.
    if !is_over(document, &mut most.saturating_sub(1)) {
        return None;
    }
    let mut cuts = Vec::new();
    let part = first_of(document, &mut { most }, &mut String::new(), &mut cuts);
    Some((part, cuts))
}

/// Whether there are more values in a document than the budget. Those of a container are counted at once, so that a
/// small document, which nearly every one is, is not walked value by value.
fn is_over(value: &Document<'_>, budget: &mut usize) -> bool {
    match value {
        Document::Array(items) => {
            spends(budget, items.len())
                || items.iter().any(|item| item.is_container() && is_over(item, budget))
        }
        Document::Object(members) => {
            let mut members = members.iter();
            spends(budget, members.len())
                || members.any(|(_, member)| member.is_container() && is_over(member, budget))
        }
        _ => false,
    }
}

/// Takes so many values out of the budget; whether it has not as many left.
fn spends(budget: &mut usize, values: usize) -> bool {
    let left = budget.checked_sub(values);
    *budget = left.unwrap_or_default();
    left.is_none()
}

fn first_of<'a>(
    value: &'a Document<'a>,
    budget: &mut usize,
    pointer: &mut String,
    cuts: &mut Vec<String>,
) -> Document<'a> {
    *budget = budget.saturating_sub(1);
    let length = pointer.len();
    match value {
        Document::Array(items) => {
            let mut first = Vec::new();
            for (index, item) in items.iter().enumerate() {
                if *budget == 0 {
                    cuts.push(pointer.clone());
                    break;
                }
                pointer.push_str(&format!("/{index}"));
                first.push(first_of(item, budget, pointer, cuts));
                pointer.truncate(length);
            }
            Document::Array(first)
        }
        Document::Object(members) => {
            let mut first = Vec::new();
            for (name, member) in members.iter() {
                if *budget == 0 {
                    cuts.push(pointer.clone());
                    break;
                }
                pointer.push_str(&format!("/{}", escape(name)));
                first.push((Cow::Borrowed(&**name), first_of(member, budget, pointer, cuts)));
                pointer.truncate(length);
            }
            Document::Object(Members::new(first))
        }
        scalar => scalar.clone(),
    }
}

/// The part, but for one value in it, which is whole; `None` if there is none.
pub(crate) fn with_whole<'a>(
    part: &Document<'a>,
    document: &Document<'a>,
    pointer: &str,
) -> Option<Document<'a>> {
    let Some(rest) = pointer.strip_prefix('/') else { return Some(document.clone()) };
    let (segment, rest) = rest.find('/').map_or((rest, ""), |end| rest.split_at(end));
    match (part, document) {
        (Document::Array(items), Document::Array(whole)) => {
            let index: usize = segment.parse().ok()?;
            let mut items = items.clone();
            let item = items.get_mut(index)?;
            *item = with_whole(item, whole.get(index)?, rest)?;
            Some(Document::Array(items))
        }
        (Document::Object(members), Document::Object(whole)) => {
            let mut members: Vec<_> = members.iter().cloned().collect();
            let is_it = |name: &str| *escape(name) == *segment;
            let (_, member) = members.iter_mut().find(|(name, _)| is_it(name))?;
            let (_, whole) = whole.iter().find(|(name, _)| is_it(name))?;
            *member = with_whole(member, whole, rest)?;
            Some(Document::Object(Members::new(members)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What is left of a document, and where it was cut.
    fn check(json: &str, most: usize, expected: Option<&(serde_json::Value, &[&str])>) {
        let document: Document<'_> = serde_json::from_str(json).expect("JSON");
        let expected = expected.map(|(part, cuts)| (Document::from(part), cuts.to_vec()));
        let found = cut(&document, most);
        let found =
            found.as_ref().map(|(part, cuts)| (part.clone(), cuts.iter().map(|cut| &**cut).collect()));
        assert_eq!(found, expected, "{json} to {most}");
    }

    #[test]
    fn one_value_is_whole_again() {
        let document: Document<'_> = serde_json::from_str(r#"{"a/b":[[1,2],[3,4]],"c":[5]}"#).expect("JSON");
        let (part, _) = cut(&document, 4).expect("a part");
        let whole = |pointer| with_whole(&part, &document, pointer);
        let expected = json!({"a/b": [[1, 2]]});
        assert_eq!(whole("/a~1b/0"), Some(Document::from(&expected)));
        let expected = json!({"a/b": [[1, 2], [3, 4]]});
        assert_eq!(whole("/a~1b"), Some(Document::from(&expected)));
        assert_eq!(whole(""), Some(document.clone()));
        assert_eq!(whole("/c"), None);
        assert_eq!(whole("/a~1b/0/0/0"), None);
    }

    #[test]
    fn a_document_is_cut_where_it_has_one_value_too_many() {
        check("7", 1, None);
        check("[]", 1, None);
        check("[1,2]", 3, None);
        check("[1,2]", 2, Some(&(json!([1]), &[""])));
        let nested = r#"{"a/b":[1,[2,3]],"c":{"d":{}}}"#;
        check(nested, 8, None);
        check(nested, 7, Some(&(json!({"a/b": [1, [2, 3]], "c": {}}), &["/c"])));
        check(nested, 5, Some(&(json!({"a/b": [1, [2]]}), &["/a~1b/1", ""])));
    }
}
