//! What hostile bodies cost: each kind at one size, at twice and at four times it, by CPU time, and the most memory.
//!
//! Each is read by a process of its own, so that its peak is its own. Exits with 1 where twice the size costs more than
//! 2.6 times the time, or where a body takes more than 32 times its size besides what its type takes of serde_json.
//!
//! `hostile` runs all kinds; `hostile KIND BYTES checked|plain` reads one body, and prints microseconds and KiB.

mod kinds;

use std::error::Error;
use std::fs;
use std::process::Command;

use rustix::time::{ClockId, clock_gettime};

use self::kinds::{KINDS, Kind};

/// The largest bodies are about as large as `max_body` lets in.
const SIZES: [usize; 3] = [250_000, 500_000, 1_000_000];
/// Linear, and what a machine that is busy with other things adds to it.
const PER_DOUBLING: f64 = 2.6;
/// Bytes of memory for a byte of body.
const MEMORY: u64 = 32;
/// Below it, a ratio says more of the machine than of the code.
const LEAST: f64 = 1000.0;

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match &*arguments {
        [] => run_all(),
        [kind, bytes, how] => {
            let kind = KINDS.get(kind.parse::<usize>()?).ok_or("no such kind")?;
            read_one(kind, bytes.parse()?, how == "plain")
        }
        _ => Err("usage: hostile [KIND BYTES checked|plain]".into()),
    }
}

fn run_all() -> Result<()> {
    let mut mistakes = Vec::new();
    let [small, middle, large] = SIZES.map(|bytes| format!("{} kB", bytes / 1000));
    println!(
        "{:28} {small:>11} {middle:>11} {large:>11} {:>11} {:>9} {:>9}",
        "", "ratios", "memory", "serde's"
    );
    for (index, kind) in KINDS.iter().enumerate() {
        let mut told = Ok(());
        // A machine that is busy may spoil one run; what is not linear spoils each.
        for _ in 0..3 {
            told = judge(index, kind);
            if told.is_ok() {
                break;
            }
        }
        mistakes.extend(told.err().map(|error| format!("{}: {error}", kind.name)));
    }
    if mistakes.is_empty() {
        Ok(())
    } else {
        Err(format!("out of proportion: {}", mistakes.join("; ")).into())
    }
}

fn judge(index: usize, kind: &Kind) -> Result<()> {
    let run = |bytes, how| measure(index, bytes, how);
    let least = run(64, "checked")?.1;
    let mut runs = Vec::new();
    for bytes in SIZES {
        runs.push(run(bytes, "checked")?);
    }
    let plain = run(SIZES[2], "plain")?.1.saturating_sub(run(64, "plain")?.1);
    let times: Vec<_> = runs.iter().map(|(micros, _)| *micros).collect();
    let memory = runs[2].1.saturating_sub(least);
    let ratios: Vec<_> = times.windows(2).map(|pair| pair[1] / pair[0]).collect();
    println!(
        "{:28} {:8.0} µs {:8.0} µs {:8.0} µs {:5.1} {:5.1} {:5} KiB {:5} KiB",
        kind.name, times[0], times[1], times[2], ratios[0], ratios[1], memory, plain
    );
    if times[2] > LEAST && ratios.iter().any(|ratio| *ratio > PER_DOUBLING) {
        return Err("time".into());
    }
    if memory.saturating_sub(plain) > MEMORY * SIZES[2] as u64 / 1024 {
        return Err("memory".into());
    }
    Ok(())
}

/// Microseconds and KiB of one kind and size, by a process of its own.
fn measure(index: usize, bytes: usize, how: &str) -> Result<(f64, u64)> {
    let arguments = [index.to_string(), bytes.to_string(), how.to_owned()];
    let output = Command::new(std::env::current_exe()?).args(arguments).output()?;
    let told = String::from_utf8(output.stdout)?;
    let (micros, kib) = told.trim().split_once(' ').ok_or("a run ended without a figure")?;
    Ok((micros.parse()?, kib.parse()?))
}

/// Reads one body: the CPU time of the fastest of several readings, and the most memory that was resident.
fn read_one(kind: &Kind, bytes: usize, plain: bool) -> Result<()> {
    // What is compiled once, such as a schema, is.
    (kind.read)(&(kind.make)(64));
    let body = (kind.make)(bytes);
    let read = if plain { kind.plain } else { kind.read };
    let now = || {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
    };
    let once = || {
        let start = now();
        read(&body);
        now() - start
    };
    let fastest = (0..5).map(|_| once()).fold(f64::INFINITY, f64::min);
    println!("{fastest} {}", peak()?);
    Ok(())
}

/// The most memory that was resident so far, in KiB.
fn peak() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().split(' ').next());
    Ok(peak.ok_or("no VmHWM")?.parse()?)
}
