//! Runs the JSON Schema Test Suite's draft 2020-12 through the schemas of `#[validate(schema = "…")]`, and through
//! `derive(Validate)` of types that say the same.
//!
//! `json-schema-suite FOLDER`: the suite's, with `tests/draft2020-12` and `remotes/draft2020-12` in it. Prints each file
//! with its cases, and every case whose verdict is not the suite's; exits with 1 if there is one that is not expected,
//! or a schema that no type says and no reason is known for.

mod derived;
mod file;
mod mirror;
mod said;
mod typed;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::value::RawValue;

/// Files of the suite that ask for what Lift does not promise, with the reason.
const NOT_PROMISED: [(&str, &str); 2] = [
    ("format.json", "formats are asserted, where the suite takes them for annotations"),
    ("optional/cross-draft.json", "all schemas are of draft 2020-12"),
];

/// A schema of the suite with its cases, as they are written: a `Value` would round numbers.
#[derive(Deserialize)]
struct Group {
    description: String,
    schema: Box<RawValue>,
    tests: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    description: String,
    data: Box<RawValue>,
    valid: bool,
}

/// What came of cases.
#[derive(Default)]
struct Counts {
    right: usize,
    wrong: Vec<String>,
}

impl Counts {
    fn all(&self) -> usize {
        self.right + self.wrong.len()
    }

    /// Prints what is wrong, what is expected of it as a number; whether all of it is expected.
    fn tell(&self) -> bool {
        let file_of = |case: &str| NOT_PROMISED.iter().position(|(file, _)| case.starts_with(file));
        for (index, (file, reason)) in NOT_PROMISED.iter().enumerate() {
            let cases = self.wrong.iter().filter(|case| file_of(case) == Some(index)).count();
            println!("  {cases} of {file} are not the suite's: {reason}");
        }
        let unexpected: Vec<_> = self.wrong.iter().filter(|case| file_of(case).is_none()).collect();
        unexpected.iter().for_each(|case| println!("  FAILED  {case}"));
        unexpected.is_empty()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: json-schema-suite FOLDER")?;
    let folder = Path::new(&folder);
    let suite = folder.join("tests/draft2020-12");
    let mut files = Vec::new();
    for path in json_files(&suite)? {
        let groups: Vec<Group> = serde_json::from_str(&fs::read_to_string(&path)?)?;
        files.push((path.strip_prefix(&suite)?.display().to_string(), groups));
    }
    let by_file = file::run(&files, &folder.join("remotes/draft2020-12"))?;
    let by_type = derived::run(&files)?;
    if files.is_empty() || !by_file || !by_type {
        return Err("a case that Lift promises was not judged as the suite does".into());
    }
    Ok(())
}

fn json_files(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(json_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
