//! The suite through `derive(Validate)`: each schema by the types that say it.
//!
//! That a type says it is compared, keyword by keyword; see [`added`]. Its cases are those whose value is of the type.

use std::collections::BTreeMap;
use std::error::Error;

use jsonschema::Validator;
use serde_json::Value;

use crate::mirror::{Mirror, added};
use crate::{Counts, Group, said, typed};

/// Why no type says a schema that holds one of these words.
const NOT_SAID: [(&[&str], &str); 3] = [
    (
        &["$id", "$anchor", "$dynamicAnchor", "$dynamicRef", "$vocabulary"],
        "a type's schema has no identifier of its own, and is one document",
    ),
    (&["http://localhost:1234"], "a type's schema is one document"),
    (
        &["dependencies\"", "unknown"],
        "`extend(…)` takes no keyword or format that draft 2020-12 does not have",
    ),
];

/// A type with its schema.
struct Known {
    mirror: &'static Mirror,
    schema: Value,
    used: bool,
}

/// Runs what types can say; whether each verdict is the suite's, or is not promised, and each schema has its types or
/// a reason.
pub(crate) fn run(files: &[(String, Vec<Group>)]) -> Result<bool, Box<dyn Error>> {
    let known = |mirror: &'static Mirror| Known { mirror, schema: (mirror.schema)().to_value(), used: false };
    let mut mirrors: Vec<_> = said::all().chain(typed::all()).map(known).collect();
    let (mut counts, mut groups, mut said, mut cases, mut typed) = (Counts::default(), 0, 0, 0, 0);
    let (mut not_said, mut unexplained) = (BTreeMap::<_, usize>::new(), Vec::new());
    println!("\nthrough `derive(Validate)`");
    for (name, all) in files {
        let before = (counts.right, counts.wrong.len(), said);
        for group in all {
            groups += 1;
            let (found, held) = run_group(name, group, &mut mirrors, &mut counts)?;
            typed += held;
            if found > 0 {
                said += 1;
                cases += group.tests.len();
                continue;
            }
            match reason(group.schema.get()) {
                Some(reason) => *not_said.entry(reason).or_default() += 1,
                None => unexplained.push(format!("{name}: {}", group.description)),
            }
        }
        let right = counts.right - before.0;
        let ran = right + counts.wrong.len() - before.1;
        println!("  {name:48} {:3} of {:3} schemas, {right:4} of {ran:4}", said - before.2, all.len());
    }
    println!(
        "{} of {} runs right; {said} of {groups} schemas, with {cases} cases, are said by a type",
        counts.right,
        counts.all()
    );
    println!("{typed} runs were of values of a narrower type, such as `String` or a struct");
    not_said.iter().for_each(|(reason, schemas)| println!("  {schemas} schemas not said: {reason}"));
    unexplained.iter().for_each(|group| println!("  no type says {group}"));
    let idle: Vec<_> = mirrors.iter().filter(|known| !known.used).collect();
    idle.iter().for_each(|known| {
        println!("  {} says no schema of the suite: {}", (known.mirror.name)(), known.schema);
    });
    Ok(counts.tell() && unexplained.is_empty() && idle.is_empty())
}

fn reason(schema: &str) -> Option<&'static str> {
    let holds = |words: &[&str]| words.iter().any(|word| schema.contains(&format!("\"{word}")));
    NOT_SAID.iter().find(|(words, _)| holds(words)).map(|(_, reason)| *reason)
}

/// How many types say a schema, and how many cases were of those that hold a part of all values.
fn run_group(
    name: &str,
    group: &Group,
    mirrors: &mut [Known],
    counts: &mut Counts,
) -> Result<(usize, usize), Box<dyn Error>> {
    let schema: Value = serde_json::from_str(group.schema.get())?;
    let (mut found, mut held) = (0, 0);
    for known in mirrors {
        let Some(added) = added(&schema, &known.schema) else { continue };
        found += 1;
        known.used = true;
        let is_narrower = added != serde_json::json!({});
        let kind = jsonschema::draft202012::new(&added)?;
        let cases = of_kind(group, &kind);
        held += if is_narrower { cases.len() } else { 0 };
        for case in cases {
            let verdict = (known.mirror.accepts)(case.data.get());
            if verdict == (case.valid, case.valid) {
                counts.right += 1;
            } else {
                let told = (known.mirror.name)();
                counts.wrong.push(format!(
                    "{name}: {}, {} as {told}: {verdict:?}",
                    group.description, case.description
                ));
            }
        }
    }
    Ok((found, held))
}

/// The cases whose value is of the kind that a type holds.
fn of_kind<'a>(group: &'a Group, kind: &Validator) -> Vec<&'a crate::Case> {
    let is_of_kind = |case: &&crate::Case| {
        serde_json::from_str(case.data.get()).is_ok_and(|value: Value| kind.is_valid(&value))
    };
    group.tests.iter().filter(is_of_kind).collect()
}
