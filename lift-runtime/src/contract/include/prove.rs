//! The proof, step by step as two schemas are built.

use serde_json::{Map, Value};

use super::node::{Schema, values};
use super::same::Same;
use super::{Certainty, Finding, Giver, array, canonical, object, sample};

/// How many pairs of schemas one comparison looks at: types of Rust make some hundred.
const BUDGET: usize = 4_000;

pub(super) struct Prover<'a> {
    pub(super) gives: &'a Schema,
    pub(super) takes: &'a Schema,
    pub(super) giver: Giver,
    /// References that are being compared, with the depth of the value at which they were met.
    under_way: Vec<(String, usize)>,
    /// How deep in the value.
    depth: usize,
    left: usize,
}

/// Findings; none of them is a proof.
pub(super) type Findings = Vec<Finding>;

pub(super) fn breaking(what: impl Into<String>) -> Findings {
    vec![Finding { certainty: Certainty::Breaking, pointer: String::new(), what: what.into() }]
}

pub(super) fn unknown(what: impl Into<String>) -> Findings {
    vec![Finding { certainty: Certainty::Unknown, pointer: String::new(), what: what.into() }]
}

/// A schema as a message shows it.
pub(super) fn shown(schema: &Value) -> String {
    const LONGEST: usize = 200;
    let text = schema.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text,
    }
}

impl<'a> Prover<'a> {
    pub(super) fn new(gives: &'a Schema, takes: &'a Schema, giver: Giver) -> Self {
        Self { gives, takes, giver, under_way: Vec::new(), depth: 0, left: BUDGET }
    }

    /// What is found, in the words of who gives: a client's value that is refused, or a server's that is new.
    pub(super) fn say<'t>(&self, of_client: &'t str, of_server: &'t str) -> &'t str {
        match self.giver {
            Giver::Client => of_client,
            Giver::Server => of_server,
        }
    }

    /// That a value, or what a schema describes, is given and not taken.
    fn refused(&self, what: &str) -> Findings {
        breaking(format!("{what} {}", self.say("is not taken any more", "was not answered before")))
    }

    /// That the type is another one.
    fn retyped(&self, gives: &str, takes: &str) -> Findings {
        let (was, is) = match self.giver {
            Giver::Client => (gives, takes),
            Giver::Server => (takes, gives),
        };
        breaking(format!("was of the type {was}, and is of {is}"))
    }

    /// Whether two schemas say the same.
    pub(super) fn is_same(&self, gives: &Value, takes: &Value) -> bool {
        Same::new(self.gives, self.takes).schemas(gives, takes)
    }

    /// What is given and not taken, of the whole.
    pub(super) fn prove(&mut self) -> Findings {
        let (gives, takes) = (self.gives, self.takes);
        self.compare(&gives.root, &takes.root)
    }

    /// What is given and not taken of a part of the value.
    pub(super) fn part(&mut self, name: &str, gives: &Value, takes: &Value) -> Findings {
        self.depth += 1;
        let mut findings = self.compare(gives, takes);
        self.depth -= 1;
        let name = name.replace('~', "~0").replace('/', "~1");
        for finding in &mut findings {
            finding.pointer.insert_str(0, &format!("/{name}"));
        }
        findings
    }

    fn compare(&mut self, gives: &Value, takes: &Value) -> Findings {
        if *gives == Value::Bool(false) || is_anything(takes) {
            return Vec::new();
        }
        let Some(left) = self.left.checked_sub(1) else {
            return unknown("the schemas are too large to compare");
        };
        self.left = left;
        let is_reference = |schema: &Value| schema.get("$ref").is_some();
        if !is_reference(gives) && !is_reference(takes) {
            return self.expanded(gives, takes);
        }
        let pair = format!("{gives} {takes}");
        match self.under_way.iter().find(|(other, _)| *other == pair) {
            // A value is finite: what holds of all of its parts holds of it.
            Some((_, depth)) if *depth < self.depth => return Vec::new(),
            Some(_) => return unknown("it refers to itself"),
            None => {}
        }
        self.under_way.push((pair, self.depth));
        let findings = self.expanded(gives, takes);
        self.under_way.pop();
        findings
    }

    fn expanded(&mut self, gives: &Value, takes: &Value) -> Findings {
        if self.is_same(gives, takes) {
            return Vec::new();
        }
        let named = gives;
        let (gives, takes) = (&self.gives.expand(gives), &self.takes.expand(takes));
        if is_anything(takes) || self.is_same(gives, takes) {
            return Vec::new();
        }
        let Some(given) = gives.as_object() else { return self.judge(gives, takes) };
        if let Some(values) = values(given) {
            return self.each_value(gives, values, takes);
        }
        if let Some((_, forms)) = forms(given) {
            return forms.iter().flat_map(|form| self.compare(form, takes)).collect();
        }
        if let Some(Value::Array(types)) = given.get("type") {
            let types: Vec<&str> = types.iter().filter_map(Value::as_str).collect();
            return types.iter().flat_map(|of| self.compare(&of_type(given, of), takes)).collect();
        }
        let Some(taken) = takes.as_object() else { return self.judge(gives, takes) };
        if let Some((keyword, forms)) = forms(taken) {
            return self.one_of(named, takes, keyword == "oneOf", forms);
        }
        match (given.get("type").and_then(Value::as_str), taken.get("type")) {
            (Some(of), Some(Value::Array(types))) => match takeable(of, types) {
                Some(other) => self.compare(gives, &of_type(taken, other)),
                None if of == "number" && types.iter().any(|other| other == "integer") => {
                    self.judge(gives, takes)
                }
                None => {
                    let types: Vec<&str> = types.iter().filter_map(Value::as_str).collect();
                    self.retyped(of, &types.join(" or "))
                }
            },
            (Some(of), Some(Value::String(other)))
                if of != other && !(of == "integer" && other == "number") =>
            {
                self.other_type(gives, takes, of, other)
            }
            (Some("object"), Some(Value::String(_))) => {
                object::compare(self, given, taken).unwrap_or_else(|| self.judge(gives, takes))
            }
            (Some("array"), Some(Value::String(_))) => {
                array::compare(self, given, taken).unwrap_or_else(|| self.judge(gives, takes))
            }
            _ => self.judge(gives, takes),
        }
    }

    fn other_type(&self, gives: &Value, takes: &Value, of: &str, other: &str) -> Findings {
        // Integers are among the numbers that are given, and some numbers may be all that there are.
        if of == "number" && other == "integer" {
            return self.judge(gives, takes);
        }
        self.retyped(of, other)
    }

    /// Values that are listed are judged one by one.
    fn each_value(&self, gives: &Value, values: &[Value], takes: &Value) -> Findings {
        let (Some(given), Some(taken)) =
            (sample::Judge::of(self.gives, gives), sample::Judge::of(self.takes, takes))
        else {
            return unknown("the schema does not compile");
        };
        let is_beyond = |schema: &Schema, part: &Value| canonical::is_beyond_judges(&schema.whole(part));
        if is_beyond(self.gives, gives) || is_beyond(self.takes, takes) {
            return unknown("cannot be decided: it has a keyword or a format of the app's own");
        }
        let refused = values.iter().filter(|value| given.accepts(value) && !taken.accepts(value));
        refused.flat_map(|value| self.refused(&shown(value))).collect()
    }

    /// What is given is of one form; one of those that are taken must take it.
    fn one_of(&mut self, gives: &Value, takes: &Value, is_exclusive: bool, forms: &[Value]) -> Findings {
        let mut possible = forms.iter().filter(|form| !self.gives.are_apart(gives, self.takes, form));
        if let (Some(only), None) = (possible.next(), possible.next()) {
            return self.compare(gives, only);
        }
        for (at, form) in forms.iter().enumerate() {
            let findings = self.compare(gives, form);
            if findings.is_empty() {
                let mut others = forms.iter().enumerate().filter(|(other, _)| *other != at);
                let is_only = others.all(|(_, other)| self.gives.are_apart(gives, self.takes, other));
                if !is_exclusive || is_only {
                    return findings;
                }
                return self.judge(gives, takes);
            }
        }
        // Several forms may take it together, which only the whole can tell.
        self.judge(gives, takes)
    }

    /// Proof and refutation of what is not built alike.
    pub(super) fn judge(&self, gives: &Value, takes: &Value) -> Findings {
        let difference = match canonical::difference(self, gives, takes) {
            canonical::Difference::Nothing => return Vec::new(),
            canonical::Difference::Schema(schema) => Some(schema),
            canonical::Difference::Undecided => None,
        };
        // By the letter of open schemas, it may differ by what nobody sends.
        let is_of_objects = [gives, takes].iter().any(|schema| sample::mentions(schema, "properties"));
        let difference = difference.filter(|_| !is_of_objects);
        match (sample::refute(self, gives, takes), difference) {
            (Some(example), Some(schema)) if schema.get("const").is_none() => {
                self.refused(&format!("{}, as all of {},", shown(&example), shown(&schema)))
            }
            (Some(example), _) => self.refused(&shown(&example)),
            (None, Some(schema)) => self.refused(&format!("what is of {}", shown(&schema))),
            (None, None) => {
                let (was, is) = match self.giver {
                    Giver::Client => (gives, takes),
                    Giver::Server => (takes, gives),
                };
                unknown(format!("cannot be decided: it was {}, and is {}", shown(was), shown(is)))
            }
        }
    }
}

/// Whether a schema says nothing.
pub(super) fn is_anything(schema: &Value) -> bool {
    *schema == Value::Bool(true) || schema.as_object().is_some_and(Map::is_empty)
}

/// The forms of a schema that is nothing else.
fn forms(schema: &Map<String, Value>) -> Option<(&str, &[Value])> {
    let mut keywords = schema.iter();
    match (keywords.next(), keywords.next()) {
        (Some((keyword, Value::Array(forms))), None) if matches!(&**keyword, "anyOf" | "oneOf") => {
            Some((keyword, forms))
        }
        _ => None,
    }
}

/// The schema of one of the types that a schema names, with what concerns that type.
fn of_type(schema: &Map<String, Value>, of: &str) -> Value {
    let concerns = |keyword: &str| match keyword {
        "maxLength" | "minLength" | "pattern" => of == "string",
        "exclusiveMaximum" | "exclusiveMinimum" | "maximum" | "minimum" | "multipleOf" => {
            matches!(of, "integer" | "number")
        }
        "additionalProperties"
        | "maxProperties"
        | "minProperties"
        | "patternProperties"
        | "properties"
        | "propertyNames"
        | "required"
        | "unevaluatedProperties" => of == "object",
        "items" | "maxItems" | "minItems" | "prefixItems" | "uniqueItems" => of == "array",
        // jsonschema's formats are of strings.
        "format" => of == "string",
        _ => true,
    };
    let members = schema.iter().filter(|(keyword, _)| concerns(keyword));
    let mut members: Map<String, Value> =
        members.map(|(keyword, value)| (keyword.clone(), value.clone())).collect();
    members.insert("type".to_owned(), of.into());
    Value::Object(members)
}

/// Which of the types that are taken takes this one.
fn takeable<'t>(of: &'t str, types: &[Value]) -> Option<&'t str> {
    let is_there = |name: &str| types.iter().any(|other| other == name);
    if is_there(of) && !(of == "integer" && is_there("number")) {
        return Some(of);
    }
    (of == "integer" && is_there("number")).then_some("number")
}
