//! Objects, member by member: one that cannot be decided does not keep the others from it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Giver;
use super::node::required;
use super::prove::{Findings, Prover, breaking, is_anything};

/// What an object may hold besides the members that its schema names.
#[derive(Clone, Copy)]
enum Others<'a> {
    /// Nothing is said: what comes is ignored.
    Ignored,
    /// Anything of this schema: a map.
    Of(&'a Value),
    None,
}

struct Object<'a> {
    members: Option<&'a Map<String, Value>>,
    required: BTreeSet<&'a str>,
    others: Others<'a>,
    least: u64,
    most: u64,
    names: Option<&'a Value>,
}

impl<'a> Object<'a> {
    /// A schema as an object; none if it says more.
    fn of(schema: &'a Map<String, Value>) -> Option<Self> {
        let mut object = Self {
            members: None,
            required: required(schema).collect(),
            others: Others::Ignored,
            least: 0,
            most: u64::MAX,
            names: None,
        };
        for (keyword, value) in schema {
            match &**keyword {
                "type" | "required" => {}
                "properties" => object.members = Some(value.as_object()?),
                "additionalProperties" if *value == Value::Bool(false) => object.others = Others::None,
                "additionalProperties" => object.others = Others::Of(value),
                "minProperties" => object.least = value.as_u64()?,
                "maxProperties" => object.most = value.as_u64()?,
                "propertyNames" => object.names = Some(value),
                _ => return None,
            }
        }
        Some(object)
    }

    fn member(&self, name: &str) -> Option<&'a Value> {
        self.members?.get(name)
    }

    fn members(&self) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
        self.members.into_iter().flatten()
    }
}

/// What is given and not taken; none if that is not told by the members.
pub(super) fn compare(
    prover: &mut Prover<'_>,
    gives: &Map<String, Value>,
    takes: &Map<String, Value>,
) -> Option<Findings> {
    let (gives, takes) = (Object::of(gives)?, Object::of(takes)?);
    if !counts_fit(&gives, &takes) || !names_fit(prover, &gives, &takes) {
        return None;
    }
    let needed = prover.say("is required", "may be missing, and was always there");
    let unexpected = prover.say("is not expected any more", "was not there before");
    let mut findings: Findings =
        takes.required.difference(&gives.required).flat_map(|name| at(name, breaking(needed))).collect();
    for (name, given) in gives.members() {
        if *given == Value::Bool(false) {
            continue;
        }
        findings.extend(match (takes.member(name), takes.others) {
            (Some(taken), _) | (None, Others::Of(taken)) => prover.part(name, given, taken),
            (None, Others::Ignored) => Vec::new(),
            (None, Others::None) => at(name, breaking(unexpected)),
        });
    }
    // What is required is named by that.
    let nameless = gives.required.iter().filter(|name| gives.member(name).is_none());
    for name in nameless.filter(|_| matches!(gives.others, Others::Ignored)) {
        if let Some(taken) = takes.member(name) {
            findings.extend(prover.part(name, &Value::Bool(true), taken));
        }
    }
    findings.extend(others(prover, &gives, &takes));
    Some(findings)
}

/// What is given besides the members that are named.
fn others(prover: &mut Prover<'_>, gives: &Object<'_>, takes: &Object<'_>) -> Findings {
    let given = match (gives.others, prover.giver) {
        (Others::None, _) | (Others::Ignored, Giver::Server) => return Vec::new(),
        // What is named from now on is nothing that a client was told of.
        (Others::Ignored, Giver::Client) => None,
        (Others::Of(given), _) => Some(given),
    };
    let anything = Value::Bool(true);
    let mut findings = match takes.others {
        Others::Ignored => Vec::new(),
        Others::None if given.is_none() => {
            breaking("members that are not named are refused, which were ignored")
        }
        Others::None => at("*", breaking(prover.say("is not expected any more", "was not there before"))),
        Others::Of(taken) => prover.part("*", given.unwrap_or(&anything), taken),
    };
    if let Some(given) = given {
        for (name, taken) in takes.members().filter(|(name, _)| gives.member(name).is_none()) {
            findings.extend(prover.part(name, given, taken));
        }
    }
    findings
}

fn at(name: &str, mut findings: Findings) -> Findings {
    for finding in &mut findings {
        finding.pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
    }
    findings
}

/// Whether as many members are taken as are given.
fn counts_fit(gives: &Object<'_>, takes: &Object<'_>) -> bool {
    let named = gives.members().count() as u64;
    let most = if matches!(gives.others, Others::None) { gives.most.min(named) } else { gives.most };
    let least = gives.least.max(gives.required.len() as u64);
    least >= takes.least && most <= takes.most
}

/// Whether all names that are given are taken.
fn names_fit(prover: &Prover<'_>, gives: &Object<'_>, takes: &Object<'_>) -> bool {
    match (gives.names, takes.names) {
        (_, None) => true,
        (_, Some(taken)) if is_anything(taken) => true,
        (Some(given), Some(taken)) => prover.is_same(given, taken),
        (None, Some(_)) => false,
    }
}
