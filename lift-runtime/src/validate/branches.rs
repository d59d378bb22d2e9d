//! A value that none of several forms fits: which one was meant, and what is wrong with it by that.

use std::borrow::Cow;

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::types::JsonTypeSet;
use serde_json::Value;

use super::report::Found;
use super::sentence;
use super::violation::LIMIT;

/// The errors of each form.
pub(super) struct Branches<'a> {
    error: &'a ValidationError<'a>,
    keyword: &'static str,
    all: Vec<Branch<'a>>,
}

/// The errors of one form, and where the value is that it is a form of.
#[derive(Clone, Copy)]
struct Branch<'a> {
    errors: &'a [ValidationError<'static>],
    here: &'a str,
}

impl<'a> Branches<'a> {
    pub(super) fn of(
        error: &'a ValidationError<'a>,
        keyword: &'static str,
        branches: &'a [Vec<ValidationError<'static>>],
    ) -> Self {
        let here = error.instance_path().as_str();
        Self { error, keyword, all: branches.iter().map(|errors| Branch { errors, here }).collect() }
    }

    /// Tells what is wrong by the form that is meant: the one of the value's type and tag, or the one whose members are
    /// there. Where that is not clear, what would be right by any of them is told.
    pub(super) fn tell(&self, found: &mut Found<'_>) {
        let of_type: Vec<_> =
            self.all.iter().filter(|branch| !branch.is_of_another_type()).copied().collect();
        let of_tag: Vec<_> = of_type.iter().filter(|branch| branch.other_tag().is_none()).copied().collect();
        if let [meant] = *of_tag {
            return meant.tell(found);
        }
        if of_tag.is_empty() && self.tell_tag(&of_type, found) {
            return;
        }
        let mut complete = of_tag.iter().filter(|branch| !branch.has_other_members());
        if let (Some(meant), None) = (complete.next(), complete.next()) {
            return meant.tell(found);
        }
        if !self.tell_missing(&of_tag, found) {
            self.tell_forms(&of_type, found);
        }
    }

    /// A tag that none of the forms has.
    fn tell_tag(&self, of_type: &[Branch<'_>], found: &mut Found<'_>) -> bool {
        let mut tags = of_type.iter().filter_map(Branch::other_tag);
        let Some((error, first)) = tags.next() else { return false };
        let mut allowed = vec![first.clone()];
        for (other, tag) in tags {
            if other.instance_path() != error.instance_path() {
                return false;
            }
            allowed.push(tag.clone());
        }
        tell_allowed(error, allowed, found);
        true
    }

    /// A member that all forms have.
    fn tell_missing(&self, of_tag: &[Branch<'_>], found: &mut Found<'_>) -> bool {
        let Some((first, others)) = of_tag.split_first() else { return false };
        let mut is_told = false;
        for name in first.missing() {
            if others.iter().all(|branch| branch.missing().any(|other| other == name)) {
                found.member(self.error, name, "required", "is required");
                is_told = true;
            }
        }
        is_told
    }

    /// The values, the types or the members that would be right.
    fn tell_forms(&self, of_type: &[Branch<'_>], found: &mut Found<'_>) {
        let mut values = Vec::new();
        let mut types = JsonTypeSet::empty();
        for error in self.all.iter().flat_map(Branch::here) {
            match error.kind() {
                Kind::Constant { expected_value } => values.push(Value::clone(expected_value)),
                Kind::Enum { options } => values.extend(options.as_array().into_iter().flatten().cloned()),
                Kind::Type { kind: TypeKind::Single(one) } => types = types.insert(*one),
                Kind::Type { kind: TypeKind::Multiple(several) } => {
                    types = several.iter().fold(types, JsonTypeSet::insert);
                }
                _ => {}
            }
        }
        // Variants with content, of which each is an object with one member.
        let names: Vec<_> = match self.keyword {
            "oneOf" => of_type.iter().flat_map(Branch::missing).map(Value::from).collect(),
            _ => Vec::new(),
        };
        if !names.is_empty() {
            let names = ["have exactly one of ", &sentence::listed(&names.into())].concat();
            let message = match sentence::listed(&values.into()) {
                none if none.is_empty() => ["must ", &names].concat(),
                values => ["must be one of ", &values, ", or ", &names].concat(),
            };
            found.plain(self.error, self.keyword, message);
        } else if self.keyword == "oneOf" && of_type.iter().any(Branch::has_other_members) {
            found.plain(self.error, self.keyword, "must have exactly one member");
        } else if !values.is_empty() {
            tell_allowed(self.error, values, found);
        } else if of_type.is_empty() {
            found.plain(self.error, "type", sentence::types(&TypeKind::Multiple(types)));
        } else {
            found.plain(self.error, self.keyword, Cow::Borrowed("fits none of its forms"));
        }
    }
}

fn tell_allowed(error: &ValidationError<'_>, mut allowed: Vec<Value>, found: &mut Found<'_>) {
    let mut seen = Vec::new();
    allowed.retain(|value| {
        let is_new = !seen.contains(value);
        seen.push(value.clone());
        is_new
    });
    let allowed = Value::Array(allowed);
    let message = ["must be one of ", &sentence::listed(&allowed)].concat();
    found.limited(error, "enum", allowed, message);
}

impl<'a> Branch<'a> {
    /// The errors of the value itself.
    fn here(&self) -> impl Iterator<Item = &'a ValidationError<'static>> {
        let here = self.here;
        self.errors.iter().filter(move |error| error.instance_path().as_str() == here)
    }

    fn is_of_another_type(&self) -> bool {
        let is_other = |error: &ValidationError<'_>| {
            matches!(error.kind(), Kind::Type { .. } | Kind::Enum { .. } | Kind::Constant { .. })
        };
        self.here().any(is_other)
    }

    /// A member whose one value is another: what tells the forms of an enum apart.
    fn other_tag(&self) -> Option<(&'a ValidationError<'static>, &'a Value)> {
        let here = self.here;
        self.errors.iter().find_map(|error| {
            let name = error.instance_path().as_str().strip_prefix(here)?.strip_prefix('/')?;
            match error.kind() {
                Kind::Constant { expected_value } if !name.contains('/') => Some((error, &**expected_value)),
                _ => None,
            }
        })
    }

    /// Members that are required and not there.
    fn missing(&self) -> impl Iterator<Item = &'a str> {
        self.here().filter_map(|error| match error.kind() {
            Kind::Required { property } => property.as_str(),
            _ => None,
        })
    }

    fn has_other_members(&self) -> bool {
        let is_other = |error: &ValidationError<'_>| {
            matches!(error.kind(), Kind::Required { .. } | Kind::AdditionalProperties { .. })
        };
        self.here().any(is_other)
    }

    fn tell(&self, found: &mut Found<'_>) {
        self.errors.iter().take(LIMIT + 1).for_each(|error| found.add(error));
    }
}
