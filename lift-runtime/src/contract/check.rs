//! Two versions of an app, route by route.

use std::fmt;

use serde_json::{Value, json};

use self::paths::{former, shape};
use super::document::{Document, FilePart, InputPart, RoutePart};
use super::include::{Certainty, Finding, Giver, Outcome, compare};
use crate::validate::Location;

mod paths;
#[cfg(test)]
mod tests;

/// What is said of one schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Same,
    Compatible,
    Unknown,
    Breaking,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Same => "same",
            Self::Compatible => "compatible",
            Self::Unknown => "unknown",
            Self::Breaking => "breaking",
        })
    }
}

/// One line of a report.
struct Line {
    verdict: Verdict,
    route: String,
    place: String,
    what: String,
}

/// What a comparison of two versions came to.
pub(crate) struct Report(Vec<Line>);

impl Report {
    /// The worst that is in it.
    pub(crate) fn verdict(&self) -> Verdict {
        self.0.iter().map(|line| line.verdict).max().unwrap_or(Verdict::Same)
    }

    fn add(
        &mut self,
        verdict: Verdict,
        route: &RoutePart,
        place: impl Into<String>,
        what: impl Into<String>,
    ) {
        let route = format!("{} {}", route.method, route.path);
        self.0.push(Line { verdict, route, place: place.into(), what: what.into() });
    }

    fn outcome(&mut self, route: &RoutePart, place: &str, outcome: Outcome) {
        let findings = match outcome {
            Outcome::Same => return self.add(Verdict::Same, route, place, ""),
            Outcome::Compatible => return self.add(Verdict::Compatible, route, place, ""),
            Outcome::Findings(findings) => findings,
        };
        for Finding { certainty, pointer, what } in findings {
            let verdict = match certainty {
                Certainty::Unknown => Verdict::Unknown,
                Certainty::Breaking => Verdict::Breaking,
            };
            let place = if pointer.is_empty() { place.to_owned() } else { format!("{place} {pointer}") };
            self.add(verdict, route, place, what);
        }
    }
}

/// `breaking    POST /orders  body /qty: 3 is not taken`
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Line { verdict, route, place, what } in &self.0 {
            write!(f, "{verdict:<10}  {route}  {place}")?;
            if !what.is_empty() {
                write!(f, ": {what}")?;
            }
            f.write_str("\n")?;
        }
        let count = |verdict| self.0.iter().filter(|line| line.verdict == verdict).count();
        let (same, compatible) = (count(Verdict::Same), count(Verdict::Compatible));
        let (breaking, unknown) = (count(Verdict::Breaking), count(Verdict::Unknown));
        write!(f, "{same} same, {compatible} compatible, {breaking} breaking, {unknown} unknown")
    }
}

/// Tells whether the new version takes all that the old one took, and answers nothing that the old one did not.
pub(crate) fn check(old: &Document, new: &Document) -> Report {
    let mut report = Report(Vec::new());
    let keywords: Vec<_> = old.keywords.iter().chain(&new.keywords).collect();
    let (old, new) = (old.marked(&keywords), new.marked(&keywords));
    for before in &old {
        let alike =
            |after: &&RoutePart| after.method == before.method && shape(&after.path) == shape(&before.path);
        match new.iter().find(alike) {
            Some(after) => routes(before, after, &mut report),
            None => report.add(Verdict::Breaking, before, "route", gone(before, &new)),
        }
    }
    for after in &new {
        let alike =
            |before: &RoutePart| before.method == after.method && shape(&before.path) == shape(&after.path);
        if old.iter().any(alike) {
            continue;
        }
        match former(&old, after) {
            Some(RoutePart { method, path, .. }) => {
                let what = format!("is new, and takes requests that {method} {path} took");
                report.add(Verdict::Unknown, after, "route", what);
            }
            None => report.add(Verdict::Compatible, after, "route", "is new"),
        }
    }
    report
}

fn gone(before: &RoutePart, new: &[RoutePart]) -> &'static str {
    let is_there = new.iter().any(|after| shape(&after.path) == shape(&before.path));
    if is_there { "the method is gone" } else { "is gone" }
}

fn routes(before: &RoutePart, after: &RoutePart, report: &mut Report) {
    for location in [Location::Path, Location::Query, Location::Header, Location::Body] {
        let of = |route: &RoutePart| -> Vec<InputPart> {
            route.inputs.iter().filter(|input| input.location == location).cloned().collect()
        };
        inputs(before, after, location, &of(before), &of(after), report);
    }
    answers(before, "response", before.response.as_ref(), after.response.as_ref(), report);
    answers(before, "items", before.items.as_ref(), after.items.as_ref(), report);
}

fn inputs(
    before: &RoutePart,
    after: &RoutePart,
    location: Location,
    old: &[InputPart],
    new: &[InputPart],
    report: &mut Report,
) {
    let place = name(location);
    match (old, new) {
        ([], []) => {}
        (old, new) if old == new && before.path == after.path => {
            old.iter().for_each(|_| report.add(Verdict::Same, before, place, ""));
        }
        (_, []) => report.add(Verdict::Unknown, before, place, "its schema is not published any more"),
        ([], [only]) => added(before, only, report),
        ([old], [new]) => input(before, after, old, new, report),
        _ => report.add(Verdict::Unknown, before, place, "several arguments take it, and it has changed"),
    }
}

fn name(location: Location) -> &'static str {
    match location {
        Location::Path => "path",
        Location::Query => "query",
        Location::Header => "header",
        Location::Body => "body",
    }
}

/// An input that was none before: a client that knows nothing of it sends nothing.
fn added(route: &RoutePart, new: &InputPart, report: &mut Report) {
    let place = name(new.location);
    match new.location {
        Location::Body => report.add(Verdict::Breaking, route, place, "is required from now on"),
        Location::Path => {
            report.outcome(
                route,
                place,
                compare(&json!({ "type": "string" }), &new.schema, Giver::Client, true),
            );
        }
        Location::Query | Location::Header => {
            let nothing = json!({ "type": "object", "additionalProperties": false });
            let outcome = compare(&nothing, &new.schema, Giver::Client, false);
            report.outcome(route, place, outcome);
        }
    }
}

fn input(before: &RoutePart, after: &RoutePart, old: &InputPart, new: &InputPart, report: &mut Report) {
    let place = name(new.location);
    if old.media_type != new.media_type {
        let type_of = |input: &InputPart| input.media_type.clone().unwrap_or_default();
        let what = format!("was {}, and is {}", type_of(old), type_of(new));
        return report.add(Verdict::Breaking, before, place, what);
    }
    if new.location == Location::Path && before.path != after.path && is_named(old) && is_named(new) {
        return report.add(Verdict::Unknown, before, place, "its parameters are named otherwise than before");
    }
    let is_json = new.media_type.as_deref() == Some("application/json");
    let outcome = both(compare(&old.schema, &new.schema, Giver::Client, !is_json), by_files(old, new));
    let is_checked_newly = new.validated && !old.validated && !matches!(outcome, Outcome::Findings(_));
    report.outcome(before, place, outcome);
    if is_checked_newly {
        report.add(Verdict::Unknown, before, place, "its limits are enforced from now on");
    }
}

fn is_named(input: &InputPart) -> bool {
    input.schema.get("properties").is_some()
}

/// What the schema files of a body say.
fn by_files(old: &InputPart, new: &InputPart) -> Outcome {
    match (&*old.files, &*new.files) {
        (old, new) if old == new => Outcome::Same,
        (_, []) => Outcome::Compatible,
        // What was taken by its type only.
        ([], [file]) => compare(&old.schema, &file.schema, Giver::Client, false),
        ([old], [new]) => compare(&old.schema, &new.schema, Giver::Client, false),
        (old, new) => {
            let uri = |files: &[FilePart]| files.first().map(|file| file.uri.clone()).unwrap_or_default();
            let what = format!("{} refers to other files, and is not {}", uri(new), uri(old));
            Outcome::Findings(vec![Finding { certainty: Certainty::Unknown, pointer: String::new(), what }])
        }
    }
}

/// A body is right if both say so.
fn both(by_type: Outcome, by_files: Outcome) -> Outcome {
    match (by_type, by_files) {
        (Outcome::Findings(mut found), Outcome::Findings(more)) => {
            found.extend(more);
            Outcome::Findings(found)
        }
        (Outcome::Findings(found), _) | (_, Outcome::Findings(found)) => Outcome::Findings(found),
        (Outcome::Same, Outcome::Same) => Outcome::Same,
        _ => Outcome::Compatible,
    }
}

fn answers(route: &RoutePart, place: &str, old: Option<&Value>, new: Option<&Value>, report: &mut Report) {
    match (old, new) {
        (None, None) => {}
        (None, Some(_)) => {
            report.add(Verdict::Compatible, route, place, "its schema is published from now on");
        }
        (Some(_), None) => report.add(Verdict::Unknown, route, place, "its schema is not published any more"),
        (Some(old), Some(new)) => report.outcome(route, place, compare(new, old, Giver::Server, false)),
    }
}
