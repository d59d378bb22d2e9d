//! Arrays: how many items, and what each place takes.

use serde_json::{Map, Value};

use super::prove::{Findings, Prover, breaking};

struct Array<'a> {
    places: &'a [Value],
    items: Option<&'a Value>,
    least: u64,
    most: u64,
    is_set: bool,
}

impl<'a> Array<'a> {
    /// A schema as an array; none if it says more.
    fn of(schema: &'a Map<String, Value>) -> Option<Self> {
        let mut array = Self { places: &[], items: None, least: 0, most: u64::MAX, is_set: false };
        for (keyword, value) in schema {
            match &**keyword {
                "type" => {}
                "items" => array.items = Some(value),
                "prefixItems" => array.places = value.as_array()?,
                "minItems" => array.least = value.as_u64()?,
                "maxItems" => array.most = value.as_u64()?,
                "uniqueItems" => array.is_set = value.as_bool()?,
                _ => return None,
            }
        }
        if array.items == Some(&Value::Bool(false)) {
            array.most = array.most.min(array.places.len() as u64);
        }
        Some(array)
    }

    fn place(&self, index: usize) -> &'a Value {
        static ANYTHING: Value = Value::Bool(true);
        self.places.get(index).or(self.items).unwrap_or(&ANYTHING)
    }
}

/// What is given and not taken; none if it is not told by the items.
pub(super) fn compare(
    prover: &mut Prover<'_>,
    gives: &Map<String, Value>,
    takes: &Map<String, Value>,
) -> Option<Findings> {
    let (gives, takes) = (Array::of(gives)?, Array::of(takes)?);
    let mut findings = Vec::new();
    if takes.least > gives.least {
        let (few, many) = (gives.least, takes.least);
        let client = format!("must have {many} items at least, and {few} were enough");
        let server = format!("may have {few} items, and had {many} at least");
        findings.extend(breaking(prover.say(&client, &server)));
    }
    if takes.most < gives.most {
        let most = if gives.most == u64::MAX { "any number".to_owned() } else { gives.most.to_string() };
        let client = format!("may have {} items at most, and could have {most}", takes.most);
        let server = format!("may have {most} items, and had {} at most", takes.most);
        findings.extend(breaking(prover.say(&client, &server)));
    }
    if takes.is_set && !gives.is_set && gives.most > 1 {
        findings.extend(breaking(prover.say("must not hold an item twice", "may hold an item twice")));
    }
    let places = gives.places.len().max(takes.places.len());
    for index in (0..places).filter(|index| (*index as u64) < gives.most) {
        findings.extend(prover.part(&index.to_string(), gives.place(index), takes.place(index)));
    }
    if (places as u64) < gives.most {
        findings.extend(prover.part("*", gives.place(places), takes.place(places)));
    }
    Some(findings)
}
