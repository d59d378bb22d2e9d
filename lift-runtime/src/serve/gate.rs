//! `schema --check`: the verdict of two versions, and the exit status that tells it.

use std::path::Path;

use super::cli;
use crate::contract::{Document, Report, Verdict, check};

/// The status where the file cannot be read; see `sysexits.h`.
const USAGE: i32 = 64;

/// Prints what has changed since the file was written, and ends the process.
pub(super) fn check_file(old: &Path, allow_unknown: bool, new: &Document) -> ! {
    let read = std::fs::read(old).map_err(|error| error.to_string());
    match read.and_then(|json| Document::read(&json)) {
        Ok(before) => {
            let report = check(&before, new);
            cli::print(&report.to_string());
            std::process::exit(status(&report, allow_unknown))
        }
        Err(reason) => {
            cli::complain(&format!("{} cannot be compared with: {reason}", old.display()));
            std::process::exit(USAGE)
        }
    }
}

fn status(report: &Report, allow_unknown: bool) -> i32 {
    match report.verdict() {
        Verdict::Breaking => 1,
        Verdict::Unknown if !allow_unknown => 2,
        Verdict::Unknown | Verdict::Compatible | Verdict::Same => 0,
    }
}
