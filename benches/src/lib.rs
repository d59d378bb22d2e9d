//! Lift beside its peers: each measured in the same run, in turns, and printed as a ratio.
//!
//! A library such as criterion measures one function after the other, so that a machine that slows down between the
//! two spoils their ratio; here samples of the two alternate, and the medians are compared.

pub mod rows;
pub mod shapes;
pub mod tick;

use std::hint::black_box;
use std::io::{self, BufRead as _, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

const SAMPLES: usize = 101;
const SAMPLE: Duration = Duration::from_millis(4);

/// Some hundred round trips on loopback.
const WAITING_SAMPLE: Duration = Duration::from_millis(10);

/// One row of the table: how long one call of each takes (the median of 101 alternating samples).
#[derive(Clone, Debug)]
pub struct Row {
    /// Which row of the table of targets this is, such as `V1`.
    pub id: &'static str,
    /// The peer's nanoseconds a call.
    pub peer: f64,
    /// Lift's nanoseconds a call.
    pub lift: f64,
}

impl Row {
    /// Lift's time as a multiple of the peer's.
    pub fn ratio(&self) -> f64 {
        self.lift / self.peer
    }

    /// Prints the row with the bound it is to stay under.
    pub fn print(&self, what: &str, peer: &str, bound: f64) {
        let Self { id, peer: theirs, lift, .. } = self;
        let verdict = if self.ratio() <= bound { "reached" } else { "MISSED" };
        println!(
            "{id:<4} {what:<46} {peer:<28} {theirs:>10.1} ns  lift {lift:>10.1} ns  ratio {:>6.3}  (bound {bound}, {verdict})",
            self.ratio()
        );
    }
}

/// Measures two functions in turns.
pub fn compare<A, B>(id: &'static str, mut peer: impl FnMut() -> A, mut lift: impl FnMut() -> B) -> Row {
    let peer_calls = calibrate(&mut peer);
    let lift_calls = calibrate(&mut lift);
    let mut peers = Vec::with_capacity(SAMPLES);
    let mut lifts = Vec::with_capacity(SAMPLES);
    for _ in 0..SAMPLES {
        peers.push(sample(&mut peer, peer_calls));
        lifts.push(sample(&mut lift, lift_calls));
    }
    Row { id, peer: median(&mut peers), lift: median(&mut lifts) }
}

/// Measures two functions that wait, such as round trips to a server, in turns.
pub async fn compare_waiting<A, B>(
    id: &'static str,
    mut peer: impl AsyncFnMut() -> A,
    mut lift: impl AsyncFnMut() -> B,
) -> Row {
    let mut peers = Vec::with_capacity(SAMPLES);
    let mut lifts = Vec::with_capacity(SAMPLES);
    for _ in 0..SAMPLES {
        peers.push(sample_waiting(&mut peer).await);
        lifts.push(sample_waiting(&mut lift).await);
    }
    Row { id, peer: median(&mut peers), lift: median(&mut lifts) }
}

async fn sample_waiting<R>(f: &mut impl AsyncFnMut() -> R) -> f64 {
    let (start, mut calls) = (Instant::now(), 0_u32);
    while start.elapsed() < WAITING_SAMPLE {
        black_box(f().await);
        calls += 1;
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
}

/// How many calls fill one sample.
fn calibrate<R>(f: &mut impl FnMut() -> R) -> u32 {
    let mut calls = 1;
    loop {
        let start = Instant::now();
        for _ in 0..calls {
            black_box(f());
        }
        if start.elapsed() >= SAMPLE {
            return calls;
        }
        calls *= 2;
    }
}

fn sample<R>(f: &mut impl FnMut() -> R, calls: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..calls {
        black_box(f());
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
}

/// The median of some samples.
pub fn median(samples: &mut [f64]) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

/// Builds a program as it would be deployed, with no other package's features.
///
/// # Errors
/// If it does not build.
pub fn built(package: &str, program: &str) -> std::io::Result<PathBuf> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let arguments = ["build", "--quiet", "--release", "--locked", "--package", package, "--bin", program];
    let done = Command::new(cargo).args(arguments).status()?;
    if !done.success() {
        return Err(std::io::Error::other(format!("{program} does not build")));
    }
    // This program lies in `deps`, beside which the others are.
    let here = std::env::current_exe()?;
    let folder = here.parent().and_then(Path::parent).unwrap_or(&here);
    Ok(folder.join(program))
}

/// A program that is measured, in a process that ends with its measurement.
#[derive(Debug)]
pub struct Program(Child);

impl Program {
    /// Starts it; the lines are what it prints.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(program: &Path, arguments: &[&str]) -> io::Result<(Self, Lines<BufReader<ChildStdout>>)> {
        Self::spawn(Command::new(program).args(arguments))
    }

    /// The same by a command of one's own.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn spawn(command: &mut Command) -> io::Result<(Self, Lines<BufReader<ChildStdout>>)> {
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let output = child.stdout.take().ok_or_else(|| io::Error::other("no output"))?;
        Ok((Self(child), BufReader::new(output).lines()))
    }

    /// Resident bytes.
    ///
    /// # Errors
    /// If it has ended.
    pub fn resident(&self) -> io::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
        Ok(kibibytes.ok_or_else(|| io::Error::other("no VmRSS"))? * 1024.0)
    }

    /// What its threads have used of the processors, by the scheduler's own nanoseconds.
    ///
    /// # Errors
    /// If it has ended.
    pub fn cpu(&self) -> io::Result<Duration> {
        let mut nanos = 0;
        for thread in std::fs::read_dir(format!("/proc/{}/task", self.0.id()))? {
            let used = std::fs::read_to_string(thread?.path().join("schedstat"))?;
            let used = used.split(' ').next().and_then(|used| used.parse::<u64>().ok());
            nanos += used.ok_or_else(|| io::Error::other("no schedstat"))?;
        }
        Ok(Duration::from_nanos(nanos))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The next line that a program prints.
///
/// # Errors
/// If it has ended.
pub fn next_line(lines: &mut Lines<BufReader<ChildStdout>>) -> io::Result<String> {
    lines.next().unwrap_or_else(|| Err(io::Error::other("the program has ended")))
}
