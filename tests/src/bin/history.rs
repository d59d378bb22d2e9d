//! Runs randomised histories of a cache on one form of store, and checks them: see `lift_tests::history`.
//!
//! ```text
//! history FORM [--histories N] [--from SEED]     the histories of N seeds from this one on (1000, 1)
//! history FORM --seed SEED [--histories N]       the history of one seed, N times (once)
//! history forms                                  the forms of stores
//!   --until-violation                            ends at the first violation
//! ```
//!
//! Its status is 1 if there was a violation, 2 if it could not run, and 3 if too little happened to tell.

use std::path::Path;
use std::process::ExitCode;

use lift_tests::history::campaign::Campaign;
use lift_tests::history::{FORMS, Store, worker};

/// So many histories must show something.
const TELLING: usize = 100;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn work(directory: &Path, number: u32) -> lift::Result<()> {
    worker::serve(directory, number).await
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["worker", directory, number] => {
            let worked = number.parse().map(|number| work(Path::new(directory), number));
            if matches!(worked, Ok(Ok(()))) { ExitCode::SUCCESS } else { usage(&format!("{worked:?}")) }
        }
        ["forms"] => {
            FORMS.iter().for_each(|(form, _)| println!("{form}"));
            ExitCode::SUCCESS
        }
        [form, options @ ..] => match Options::read(options) {
            Ok(options) => run(form, &options),
            Err(wrong) => usage(&wrong),
        },
        [] => usage("which form of store?"),
    }
}

fn usage(wrong: &str) -> ExitCode {
    eprintln!(
        "history: {wrong}\nusage: history FORM [--histories N] [--from SEED | --seed SEED] [--until-violation]"
    );
    ExitCode::from(2)
}

#[derive(Default)]
struct Options {
    histories: Option<usize>,
    from: Option<u64>,
    seed: Option<u64>,
    until_violation: bool,
}

impl Options {
    fn read(arguments: &[&str]) -> Result<Self, String> {
        let mut options = Self::default();
        let mut rest = arguments.iter();
        while let Some(name) = rest.next() {
            if *name == "--until-violation" {
                options.until_violation = true;
                continue;
            }
            let value = rest.next().and_then(|value| value.parse::<u64>().ok());
            let value = value.ok_or_else(|| format!("`{name}` needs a number"))?;
            match *name {
                "--histories" => options.histories = usize::try_from(value).ok(),
                "--from" => options.from = Some(value),
                "--seed" => options.seed = Some(value),
                _ => return Err(format!("there is no option `{name}`")),
            }
        }
        Ok(options)
    }
}

fn run(form: &str, options: &Options) -> ExitCode {
    let (Some(store), Ok(program)) = (Store::start(form), std::env::current_exe()) else {
        return usage(&format!("there is no form of store `{form}`"));
    };
    let (from, until_violation) = (options.from.unwrap_or(1), options.until_violation);
    let seeds: Box<dyn Iterator<Item = u64>> = match options.seed {
        Some(seed) => Box::new(std::iter::repeat_n(seed, options.histories.unwrap_or(1))),
        None => Box::new((from..).take(options.histories.unwrap_or(1000))),
    };
    let summary = Campaign { program: &program, store: &store, seeds, until_violation }.run();
    println!("{summary}");
    if !summary.violations.is_empty() {
        return ExitCode::FAILURE;
    }
    match summary.vacuous().filter(|_| summary.histories >= TELLING) {
        Some(reason) => {
            println!("  too little happened to tell: {reason}");
            ExitCode::from(3)
        }
        None => ExitCode::SUCCESS,
    }
}
