//! Own checks: functions of an app's that `custom(…)` and `schema(…)` name, for a field or for a whole type.
//!
//! A native check calls them to know whether a value is right. Where something may be wrong, they are called once more,
//! on a walk through the value that knows where it is, for what they have to say.

use std::fmt::Write as _;
use std::sync::Arc;

use super::dialect::Dialect;
use super::finding::{Finding, Validate};
use super::refusal::escape;
use super::report;
use super::verdict::IntoViolations;
use super::violation::{Location, Violation, Violations};

/// What an own check may return.
#[diagnostic::on_unimplemented(
    message = "an own check does not return `{Self}`",
    note = "return `Option<Violation>`, `Result<(), Violation>`, `Vec<Violation>` or `Violations`",
    note = "only a validator of a handler, `#[validate(with = path)]`, may be asynchronous"
)]
pub trait OwnVerdict {
    /// What is wrong.
    fn said(self) -> Violations;
}

#[diagnostic::do_not_recommend]
impl<T: IntoViolations> OwnVerdict for T {
    #[inline]
    fn said(self) -> Violations {
        self.into_violations()
    }
}

/// Where a value stands on the wire: the way back to the whole, of which a pointer is made when something is wrong.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    outer: Option<&'a Place<'a>>,
    segment: Segment<'a>,
    /// The value is written, not read: serde may have other names for it.
    written: bool,
    /// What is in it stands elsewhere on the wire, or nowhere.
    sealed: bool,
}

#[derive(Clone, Copy)]
enum Segment<'a> {
    /// The same place.
    Same,
    Member(&'a str),
    Item(usize),
}

impl<'a> Place<'a> {
    /// The whole of an input.
    pub(crate) const READ: Self = Self { outer: None, segment: Segment::Same, written: false, sealed: false };

    /// The whole of an answer.
    pub(crate) const WRITTEN: Self = Self { written: true, ..Self::READ };

    fn within(&'a self, segment: Segment<'a>) -> Self {
        let segment = if self.sealed { Segment::Same } else { segment };
        Self { outer: Some(self), segment, ..*self }
    }

    /// A member of it.
    pub fn member(&'a self, name: &'a str) -> Self {
        self.within(Segment::Member(name))
    }

    /// An item of it.
    pub fn item(&'a self, index: usize) -> Self {
        self.within(Segment::Item(index))
    }

    /// The same place, of whose inside nothing can be told: a set has lost its order.
    #[must_use]
    pub fn sealed(&'a self) -> Self {
        Self { sealed: true, ..self.within(Segment::Same) }
    }

    /// Of two names the one that is on the wire.
    pub fn spelled<T>(&self, read: T, written: T) -> T {
        if self.written { written } else { read }
    }

    fn write(&self, pointer: &mut String) {
        if let Some(outer) = self.outer {
            outer.write(pointer);
        }
        match self.segment {
            Segment::Same => {}
            Segment::Member(name) => pointer.extend(["/", &escape(name)]),
            // Writing to a string does not fail.
            Segment::Item(index) => drop(write!(pointer, "/{index}")),
        }
    }

    fn pointer(&self) -> String {
        let mut pointer = String::new();
        self.write(&mut pointer);
        pointer
    }
}

/// What the own checks of one value have found.
pub struct Own {
    location: Location,
    found: Violations,
    dialect: Arc<Dialect>,
    unknown: Option<String>,
}

impl Own {
    /// Takes what a check has to say of the value at a place.
    pub fn add(&mut self, place: &Place<'_>, said: Violations) {
        if said.is_empty() {
            return;
        }
        // A body may break a rule in very many places, for most of which no pointer need be made.
        if self.found.is_full() {
            return self.found.truncate();
        }
        let at = place.pointer();
        let within = |pointer: &mut String| {
            if place.sealed {
                pointer.clear();
            }
            pointer.insert_str(0, &at);
        };
        self.found.append(said.map_pointers(within).all_at(self.location));
    }

    /// Notes that a value is told to have a format that the app must know.
    pub fn needs_format(&mut self, name: &str) {
        if !self.dialect.knows_format(name) {
            self.unknown.get_or_insert_with(|| name.to_owned());
        }
    }

    /// Walks through what stands at no place of its own, and in no order that lasts.
    pub(crate) fn walk_unordered(&mut self, place: &Place<'_>, walk: impl FnOnce(&Place<'_>, &mut Self)) {
        let earlier = std::mem::take(&mut self.found);
        walk(&place.sealed(), self);
        let found = std::mem::replace(&mut self.found, earlier);
        self.found.append(found.sorted());
    }

    /// Walks through a map in the order of its names.
    pub(crate) fn walk_map<'m, K: 'm, V: 'm, N: Ord + AsRef<str>>(
        &mut self,
        place: &Place<'_>,
        entries: impl IntoIterator<Item = (&'m K, &'m V)>,
        name: impl Fn(&'m K) -> Option<N>,
        mut walk_key: impl FnMut(&K, &Place<'_>, &mut Self),
        mut walk_value: impl FnMut(&V, &Place<'_>, &mut Self),
    ) {
        let (mut named, mut nameless) = (Vec::new(), Vec::new());
        for (key, value) in entries {
            match name(key) {
                Some(name) => named.push((name, key, value)),
                None => nameless.push((key, value)),
            }
        }
        named.sort_by(|(one, ..), (other, ..)| one.cmp(other));
        for (name, key, value) in named {
            let place = place.member(name.as_ref());
            walk_key(key, &place.sealed(), self);
            walk_value(value, &place, self);
        }
        self.walk_unordered(place, |place, own| {
            for (key, value) in nameless {
                walk_key(key, place, own);
                walk_value(value, place, own);
            }
        });
    }
}

/// How the values of a type are checked natively.
pub(crate) struct Checks<T> {
    pub(crate) find: fn(&T) -> Finding,
    walk: fn(&T, &Place<'_>, &mut Own),
}

impl<T> Clone for Checks<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Checks<T> {}

/// Why a value is refused.
pub(crate) enum Refused {
    /// It is not right.
    Wrong(Violations),
    /// It cannot be told whether it is, for the reason that is given.
    Undecidable(String),
}

impl Refused {
    /// As it is told outside of handlers.
    pub(crate) fn into_violations<T>(self) -> Violations {
        match self {
            Self::Wrong(violations) => violations,
            Self::Undecidable(reason) => report::broken_schema::<T>(&reason),
        }
    }
}

impl<T: Validate> Checks<T> {
    /// Those of a type that has some.
    pub(crate) const NATIVE: Self = Self { find: T::check, walk: T::check_own };
}

impl<T> Checks<T> {
    /// Only the schema can tell.
    pub(crate) const BY_SCHEMA: Self = Self { find: |_| Finding::UNDECIDED, walk: |_, _, _| {} };

    /// All that own checks have to say of a value, after what the schema has found.
    pub(crate) fn add_own(
        self,
        found: &mut Violations,
        value: &T,
        place: &Place<'_>,
        location: Location,
    ) -> Result<(), Refused> {
        let mut own = Own { location, found: Violations::new(), dialect: Dialect::current(), unknown: None };
        (self.walk)(value, place, &mut own);
        if let Some(name) = own.unknown {
            let reason = format!("there is no format `{name}`: add it by `App::format({name:?}, …)`");
            return Err(Refused::Undecidable(reason));
        }
        found.append(own.found);
        Ok(())
    }

    /// The verdict on what was read, if it could be: what the schema found, then what own checks have to say.
    ///
    /// What serde refused and the schema accepts is read once more; if serde refuses it again, its reason is told.
    pub(crate) fn verdict<E>(
        self,
        mut found: Violations,
        read: Result<(T, Finding), E>,
        reread: impl FnOnce(E) -> Result<T, Violation>,
        location: Location,
    ) -> Result<T, Refused> {
        let read = match read {
            Ok(read) => Some(read),
            Err(_) if !found.is_empty() => None,
            Err(refusal) => match reread(refusal) {
                Ok(value) => Some((value, Finding::UNDECIDED)),
                Err(violation) => {
                    found.push(violation);
                    None
                }
            },
        };
        if let Some((value, _)) = read.as_ref().filter(|(_, finding)| finding.may_be_own()) {
            self.add_own(&mut found, value, &Place::READ, location)?;
        }
        match read {
            Some((value, _)) if found.is_empty() => Ok(value),
            _ => Err(Refused::Wrong(found)),
        }
    }
}
