//! Whether one schema takes all that another gives.
//!
//! Two parties look at it from two sides. One proves: step by step, as the two schemas are built alike, and by
//! jsonschema's canonical schemas where they are not. The other refutes: it makes values of the giving schema, on its
//! bounds and on those of the taking one, and has both validators judge them. What the one proves is compatible; what
//! the other finds is breaking, with the value as the example; what neither decides is not known.
//!
//! A proof may take the giver for larger than it is and the taker for smaller, never the reverse.
//!
//! **Who gives, says no more than its schema names.** Schemas of structs are open: what they do not name is ignored.
//! Taken by the letter, a new optional member would break every client that happens to send something else under its
//! name. So a client is taken to send, besides what is named to it, only what both versions ignore; and a server to
//! send what its schema names.

mod array;
mod canonical;
mod node;
mod object;
mod prove;
mod same;
mod sample;
#[cfg(test)]
mod tests;
mod text;

use serde_json::Value;

use self::node::Schema;
use self::prove::Prover;

/// Who gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Giver {
    /// A client: it sent what the old schema takes. It may have sent more, which was ignored.
    Client,
    /// A server: it sends what the new schema writes, and nothing else.
    Server,
}

/// How sure it is that something is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Certainty {
    Unknown,
    Breaking,
}

/// What may be given and is not taken.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Finding {
    pub(super) certainty: Certainty,
    /// Where in the value: a JSON Pointer, with `*` for any item or member.
    pub(super) pointer: String,
    pub(super) what: String,
}

/// What a comparison came to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    /// Both say the same, but for names and annotations.
    Same,
    /// Nothing found: all that is given is taken.
    Compatible,
    Findings(Vec<Finding>),
}

/// Compares what is given with what is taken. `is_text` where values come as text, such as in a query: it becomes
/// the type that the schema names.
pub(super) fn compare(gives: &Value, takes: &Value, giver: Giver, is_text: bool) -> Outcome {
    if gives == takes {
        return Outcome::Same;
    }
    let unknown = |what: &str| {
        let what = what.to_owned();
        Outcome::Findings(vec![Finding { certainty: Certainty::Unknown, pointer: String::new(), what }])
    };
    let (Some(gives), Some(takes)) = (Schema::read(gives), Schema::read(takes)) else {
        return unknown("it refers to other places than `$defs`, and is not the same");
    };
    let mut prover = Prover::new(&gives, &takes, giver);
    if prover.is_same(&gives.root, &takes.root) {
        return Outcome::Same;
    }
    let mut findings = prover.prove();
    if is_text {
        text::correct(&gives, &takes, &mut findings);
    }
    if findings.is_empty() { Outcome::Compatible } else { Outcome::Findings(findings) }
}
