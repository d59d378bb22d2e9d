//! Runs the JSON Schema Test Suite's draft 2020-12 through the schemas of `#[validate(schema = "…")]`.
//!
//! `json-schema-suite FOLDER`: the suite's, with `tests/draft2020-12` and `remotes/draft2020-12` in it. Prints each file
//! with its cases, and every case whose verdict is not the suite's; exits with 1 if there is one that is not expected.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use lift::__private::validate::FileSchema;
use serde::Deserialize;
use serde_json::value::RawValue;

type Files = Vec<(&'static str, &'static str)>;

/// Files of the suite that ask for what Lift does not promise, with the reason.
const NOT_PROMISED: [(&str, &str); 2] = [
    ("format.json", "formats are asserted, where the suite takes them for annotations"),
    ("optional/cross-draft.json", "all schemas are of draft 2020-12"),
];

/// A schema of the suite with its cases, as they are written: a `Value` would round numbers.
#[derive(Deserialize)]
struct Group<'a> {
    description: String,
    #[serde(borrow)]
    schema: &'a RawValue,
    #[serde(borrow)]
    tests: Vec<Case<'a>>,
}

#[derive(Deserialize)]
struct Case<'a> {
    description: String,
    #[serde(borrow)]
    data: &'a RawValue,
    valid: bool,
}

struct Counts {
    right: usize,
    wrong: Vec<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: json-schema-suite FOLDER")?;
    let folder = Path::new(&folder);
    let remotes = remotes(&folder.join("remotes/draft2020-12"))?;
    let suite = folder.join("tests/draft2020-12");
    let (mut right, mut wrong, mut files) = (0, Vec::new(), 0);
    for path in json_files(&suite)? {
        let name = path.strip_prefix(&suite)?.display().to_string();
        let counts = run(&path, &remotes)?;
        files += 1;
        right += counts.right;
        println!("{name:48} {:4} of {:4}", counts.right, counts.right + counts.wrong.len());
        wrong.extend(counts.wrong.into_iter().map(|case| format!("{name}: {case}")));
    }
    let is_promised = |case: &&String| !NOT_PROMISED.iter().any(|(file, _)| case.starts_with(file));
    println!("\n{right} of {} cases in {files} files", right + wrong.len());
    for case in &wrong {
        let reason = NOT_PROMISED.iter().find(|(file, _)| case.starts_with(file));
        println!("  {case}{}", reason.map(|(_, reason)| format!(" ({reason})")).unwrap_or_default());
    }
    if files == 0 || wrong.iter().any(|case| is_promised(&case)) {
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

/// What the suite serves at `http://localhost:1234`. It lives as long as the program.
fn remotes(folder: &Path) -> Result<Files, Box<dyn Error>> {
    let mut files = Files::new();
    for path in json_files(folder)? {
        let name = path.strip_prefix(folder)?.display().to_string();
        let uri = format!("http://localhost:1234/draft2020-12/{name}");
        files.push((uri.leak(), fs::read_to_string(&path)?.leak()));
    }
    Ok(files)
}

fn run(path: &Path, remotes: &Files) -> Result<Counts, Box<dyn Error>> {
    let text = fs::read_to_string(path)?;
    let groups: Vec<Group<'_>> = serde_json::from_str(&text)?;
    let mut counts = Counts { right: 0, wrong: Vec::new() };
    for group in &groups {
        let mut files: Files = vec![("file:///schema.json", group.schema.get().to_owned().leak())];
        files.extend(remotes);
        let schema = FileSchema::new(files.leak());
        for case in &group.tests {
            let found = schema.accepts(case.data.get().as_bytes());
            if found == Ok(case.valid) {
                counts.right += 1;
            } else {
                counts.wrong.push(format!("{}, {}: {found:?}", group.description, case.description));
            }
        }
    }
    Ok(counts)
}
