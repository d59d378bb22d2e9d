//! Which requests a path is for, as the router sees it.

use serde_json::{Value, json};

use super::super::document::RoutePart;
use super::super::include::{Certainty, Giver, Outcome, compare};
use crate::validate::Location;

/// Any one segment, and all that follow.
const ONE: &str = "{}";
const REST: &str = "{*}";

/// A path without the names of its parameters, which no client sees.
pub(super) fn shape(path: &str) -> Vec<&str> {
    path.split('/')
        .map(|segment| match segment.split_once('{') {
            Some((before, name)) if !name.starts_with('{') => {
                if name.starts_with('*') {
                    REST
                } else if before.is_empty() {
                    ONE
                } else {
                    segment
                }
            }
            _ => segment,
        })
        .collect()
}

/// The route that took what a new one takes from now on, if there may have been one: of two paths, the more literal one
/// is asked.
pub(super) fn former<'a>(old: &'a [RoutePart], new: &RoutePart) -> Option<&'a RoutePart> {
    let path = shape(&new.path);
    if old.iter().any(|route| shape(&route.path) == path) {
        return None;
    }
    old.iter().find(|route| covers(&shape(&route.path), &path) && !refused(route, &new.path))
}

/// Whether all paths of the second shape are of the first.
fn covers(wide: &[&str], narrow: &[&str]) -> bool {
    match (wide, narrow) {
        ([REST], [_, ..]) | ([], []) => true,
        ([one, wide @ ..], [other, narrow @ ..]) => {
            (one == other || *one == ONE && *other != REST) && covers(wide, narrow)
        }
        _ => false,
    }
}

/// Whether a route refused a path, by what it says of its one parameter.
fn refused(route: &RoutePart, path: &str) -> bool {
    let segments = shape(&route.path);
    let mut parameters = segments.iter().enumerate().filter(|(_, segment)| matches!(**segment, ONE | REST));
    let (Some((at, &ONE)), None) = (parameters.next(), parameters.next()) else { return false };
    let Some(literal) = path.split('/').nth(at) else { return false };
    let mut inputs = route.inputs.iter().filter(|input| input.location == Location::Path && input.validated);
    let (Some(input), None) = (inputs.next(), inputs.next()) else { return false };
    let is_refused =
        |value: Value| match compare(&json!({ "const": value }), &input.schema, Giver::Client, false) {
            Outcome::Findings(found) => found.iter().all(|finding| finding.certainty == Certainty::Breaking),
            _ => false,
        };
    let is_scalar = input.schema.get("properties").is_none() && input.schema.get("prefixItems").is_none();
    // Text becomes the type that the schema names.
    is_scalar && is_refused(literal.into()) && serde_json::from_str(literal).map_or(true, is_refused)
}
