//! The suite through `#[validate(schema = "…")]`: each schema as a file.

use std::error::Error;
use std::fs;
use std::path::Path;

use lift::__private::validate::FileSchema;

use crate::{Counts, Group, json_files};

type Files = Vec<(&'static str, &'static str)>;

/// Runs every case; whether each verdict is the suite's, or is not promised.
pub(crate) fn run(files: &[(String, Vec<Group>)], remotes: &Path) -> Result<bool, Box<dyn Error>> {
    let remotes = read_remotes(remotes)?;
    let mut all = Counts::default();
    println!("through `schema = …`");
    for (name, groups) in files {
        let mut counts = Counts::default();
        groups.iter().for_each(|group| run_group(name, group, &remotes, &mut counts));
        println!("  {name:48} {:4} of {:4}", counts.right, counts.all());
        all.right += counts.right;
        all.wrong.append(&mut counts.wrong);
    }
    println!("{} of {} cases in {} files", all.right, all.all(), files.len());
    Ok(all.tell())
}

fn run_group(name: &str, group: &Group, remotes: &Files, counts: &mut Counts) {
    // What a schema refers to lives as long as the program.
    let mut files: Files = vec![("file:///schema.json", group.schema.get().to_owned().leak())];
    files.extend(remotes);
    let schema = FileSchema::new(files.leak());
    for case in &group.tests {
        let found = schema.accepts(case.data.get().as_bytes());
        if found == Ok(case.valid) {
            counts.right += 1;
        } else {
            counts.wrong.push(format!("{name}: {}, {}: {found:?}", group.description, case.description));
        }
    }
}

/// What the suite serves at `http://localhost:1234`.
fn read_remotes(folder: &Path) -> Result<Files, Box<dyn Error>> {
    let mut files = Files::new();
    for path in json_files(folder)? {
        let name = path.strip_prefix(folder)?.display().to_string();
        let uri = format!("http://localhost:1234/draft2020-12/{name}");
        files.push((uri.leak(), fs::read_to_string(&path)?.leak()));
    }
    Ok(files)
}
