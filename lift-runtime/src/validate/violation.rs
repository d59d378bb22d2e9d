//! What is wrong with an input, as a client is told.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How many violations one answer lists.
pub(crate) const LIMIT: usize = 100;

/// Which part of a request is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Location {
    /// A parameter of the path.
    Path,
    /// A parameter of the query.
    Query,
    /// A header.
    Header,
    /// The body.
    Body,
}

/// One thing that is wrong: where, which rule, and a sentence. It never holds the offending value.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Violation {
    /// Which part of the request.
    pub r#in: Location,
    /// Where in that part: a JSON Pointer (RFC 6901), such as `/lines/0/qty`; empty for the whole.
    pub pointer: String,
    /// The rule: a JSON Schema keyword such as `maximum`, or an own one.
    pub keyword: Cow<'static, str>,
    /// The rule's limit, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Value>,
    /// A sentence for a person.
    pub message: Cow<'static, str>,
}

impl Violation {
    /// A violation of an own rule in the body. A pointer that does not begin with a slash gets one, so that `qty` is the
    /// member of that name.
    pub fn new(
        pointer: impl Into<String>,
        keyword: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        let mut pointer = pointer.into();
        if !pointer.is_empty() && !pointer.starts_with('/') {
            pointer.insert(0, '/');
        }
        Self { r#in: Location::Body, pointer, keyword: keyword.into(), limit: None, message: message.into() }
    }

    /// The same, elsewhere in the request.
    #[must_use]
    pub fn at(mut self, location: Location) -> Self {
        self.r#in = location;
        self
    }
}

/// All that is wrong with a request: at most 100, in a stable order. [`schema_of`](crate::validate::schema_of) it
/// documents the shape.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Violations {
    #[serde(rename = "errors")]
    list: Vec<Violation>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    truncated: bool,
}

impl Violations {
    /// Nothing wrong.
    pub const fn new() -> Self {
        Self { list: Vec::new(), truncated: false }
    }

    /// One more; past the hundredth it is only noted that there were more.
    #[inline]
    pub fn push(&mut self, violation: Violation) {
        if self.list.len() < LIMIT { self.list.push(violation) } else { self.truncated = true }
    }

    /// Makes room for so many more, if so many are listed.
    pub(crate) fn reserve(&mut self, more: usize) {
        self.list.reserve(more.min(LIMIT - self.list.len()));
    }

    /// These and all of the others.
    pub(crate) fn append(&mut self, others: Self) {
        self.truncated |= others.truncated;
        self.extend(others.list);
    }

    /// The same, with other pointers.
    pub(crate) fn map_pointers(mut self, change: impl Fn(&mut String)) -> Self {
        self.list.iter_mut().for_each(|violation| change(&mut violation.pointer));
        self
    }

    /// The same, all of them in one part of the request.
    pub(crate) fn all_at(mut self, location: Location) -> Self {
        self.list.iter_mut().for_each(|violation| violation.r#in = location);
        self
    }

    /// The same in an order of their own, where that in which they were found does not last.
    pub(crate) fn sorted(mut self) -> Self {
        self.list.sort_by(|one, other| (&one.keyword, &one.message).cmp(&(&other.keyword, &other.message)));
        self
    }

    /// The same, in other words where there are any.
    pub(crate) fn reworded(mut self, word: impl Fn(&Violation) -> Option<String>) -> Self {
        for violation in &mut self.list {
            if let Some(message) = word(violation) {
                violation.message = message.into();
            }
        }
        self
    }

    /// Whether one more would only be noted.
    pub(crate) fn is_full(&self) -> bool {
        self.list.len() >= LIMIT
    }

    /// Notes that there is more.
    pub(crate) fn truncate(&mut self) {
        self.truncated = true;
    }

    /// Whether there is more than is listed.
    pub(crate) fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// What is wrong.
    pub fn iter(&self) -> std::slice::Iter<'_, Violation> {
        self.list.iter()
    }
}

impl From<Violation> for Violations {
    fn from(violation: Violation) -> Self {
        Self::from_iter([violation])
    }
}

impl Extend<Violation> for Violations {
    fn extend<I: IntoIterator<Item = Violation>>(&mut self, violations: I) {
        for violation in violations {
            self.push(violation);
        }
    }
}

impl FromIterator<Violation> for Violations {
    fn from_iter<I: IntoIterator<Item = Violation>>(violations: I) -> Self {
        let mut all = Self::new();
        all.extend(violations);
        all
    }
}

impl IntoIterator for Violations {
    type Item = Violation;
    type IntoIter = std::vec::IntoIter<Violation>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl<'a> IntoIterator for &'a Violations {
    type Item = &'a Violation;
    type IntoIter = std::slice::Iter<'a, Violation>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::Violation;

    #[test]
    fn a_name_is_the_pointer_of_a_member() {
        let pointer = |given: &str| Violation::new(given, "rule", "is wrong").pointer;
        assert_eq!(["", "qty", "/lines/0", "lines/0"].map(pointer), ["", "/qty", "/lines/0", "/lines/0"]);
    }
}
