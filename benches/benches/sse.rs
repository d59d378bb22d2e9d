//! S1: open event streams, an event a second each: resident memory and CPU, beside axum's `Sse`. S3: the same events
//! from one `Hub`.
//!
//! The servers and their clients are processes of their own; the servers take turns. How late an event is, is from the
//! moment it was due to the moment its client has read it.
//!
//! ```text
//! cargo bench -p benches --bench sse [-- STREAMS…]
//! ```

use std::io::{BufRead as _, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use benches::{Row, built, median};

type Failure = Box<dyn std::error::Error>;

const STREAMS: [usize; 2] = [10_000, 18_000];
const ROUNDS: usize = 3;
const SECONDS: usize = 10;
const LATE: f64 = 100_000.0;

fn main() -> Result<(), Failure> {
    let (peer, lift, load) =
        (built("benches", "sse_peer")?, built("benches", "sse_lift")?, built("benches", "sse_load")?);
    let asked: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    for streams in if asked.is_empty() { STREAMS.to_vec() } else { asked } {
        let (mut peers, mut ours, mut hubs) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            peers.push(measure(&peer, &load, "/ticks", streams)?);
            ours.push(measure(&lift, &load, "/ticks", streams)?);
            hubs.push(measure(&lift, &load, "/hub", streams)?);
        }
        let all = |all: &[Measured], figure: fn(&Measured) -> f64| {
            median(&mut all.iter().map(figure).collect::<Vec<_>>())
        };
        let of = |figure| Row { id: "S1", peer: all(&peers, figure), lift: all(&ours, figure) };
        let name = |what: &str| format!("{streams} event streams, {what}");
        of(|one| one.cpu_nanos).print(&name("CPU an event"), "axum Sse", 0.85);
        let resident = of(|one| one.resident);
        print(&name("resident a stream"), &resident, "B", &verdict(resident.ratio() <= 0.6, "0.6"));
        let late = of(|one| one.late_micros);
        print(&name("event late, p99"), &late, "µs", &verdict(late.lift < LATE, "100 ms"));
        let broken = Row {
            id: "S1",
            peer: peers.iter().map(|one| one.broken).sum(),
            lift: ours.iter().map(|one| one.broken).sum(),
        };
        print(&name("broken"), &broken, "", &verdict(broken.lift == 0.0, "0"));
        let hub = |peer: &[Measured]| {
            let cpu = |measured: &[Measured]| all(measured, |one| one.cpu_nanos);
            Row { id: "S3", peer: cpu(peer), lift: cpu(&hubs) }
        };
        hub(&peers).print(&name("CPU a Hub's delivery"), "axum Sse, its own event", 0.5);
        println!(
            "S3   {:<46} {:>10.3}  (measured)",
            name("the same by Lift's own event"),
            hub(&ours).ratio()
        );
        let late = all(&hubs, |one| one.late_micros);
        println!("S3   {:<46} {late:>10.1} µs  (measured)", name("the Hub's event late, p99"));
    }
    Ok(())
}

fn verdict(reached: bool, bound: &str) -> String {
    format!("(bound {bound}, {})", if reached { "reached" } else { "MISSED" })
}

fn print(what: &str, row: &Row, unit: &str, verdict: &str) {
    let (id, peer, lift) = (row.id, row.peer, row.lift);
    let ratio = if peer > 0.0 { format!("{:.3}", row.ratio()) } else { "-".into() };
    println!(
        "{id:<4} {what:<46} {:<28} {peer:>10.1} {unit:<2}  lift {lift:>10.1} {unit:<2}  ratio {ratio:>6}  {verdict}",
        "axum Sse"
    );
}

/// What one server did in [`SECONDS`] with its streams open.
#[derive(Debug)]
struct Measured {
    cpu_nanos: f64,
    resident: f64,
    late_micros: f64,
    broken: f64,
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn measure(server: &Path, load: &Path, path: &str, streams: usize) -> Result<Measured, Failure> {
    let (server, mut lines) = Program::start(server, &[])?;
    let address = next(&mut lines)?;
    // What a first request brings into memory is not a stream's.
    let (first, mut said) = Program::start(load, &[&address, path, "1", "1"])?;
    while next(&mut said)?.starts_with("open") {}
    drop(first);
    let before = server.resident()?;
    let arguments = [&address, path, &streams.to_string(), &SECONDS.to_string()];
    let (_load, mut said) = Program::start(load, &arguments)?;
    if next(&mut said)? != "open" {
        return Err("the streams did not open".into());
    }
    let cpu = server.cpu()?;
    let result = next(&mut said)?;
    let cpu = server.cpu()? - cpu;
    let figure = |name: &str| {
        let words = result.split(' ').filter_map(|word| word.split_once('='));
        let found = words.filter(|(key, _)| *key == name).find_map(|(_, value)| value.parse::<f64>().ok());
        found.ok_or_else(|| format!("no {name} in `{result}`"))
    };
    Ok(Measured {
        cpu_nanos: cpu.as_secs_f64() * 1e9 / figure("events")?,
        resident: (server.resident()? - before) / streams as f64,
        late_micros: figure("late_p99_us")?,
        broken: figure("broken")?,
    })
}

fn next(lines: &mut Lines<BufReader<ChildStdout>>) -> Result<String, Failure> {
    Ok(lines.next().ok_or("the program has ended")??)
}

/// A process that ends with its measurement.
struct Program(Child);

impl Program {
    fn start(program: &Path, arguments: &[&str]) -> Result<(Self, Lines<BufReader<ChildStdout>>), Failure> {
        let mut child = Command::new(program).args(arguments).stdout(Stdio::piped()).spawn()?;
        let output = child.stdout.take().ok_or("no output")?;
        Ok((Self(child), BufReader::new(output).lines()))
    }

    /// Resident bytes.
    fn resident(&self) -> Result<f64, Failure> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? * 1024.0)
    }

    /// What its threads have used of the processors, by the scheduler's own nanoseconds.
    fn cpu(&self) -> Result<Duration, Failure> {
        let mut nanos = 0;
        for thread in std::fs::read_dir(format!("/proc/{}/task", self.0.id()))? {
            let used = std::fs::read_to_string(thread?.path().join("schedstat"))?;
            nanos += used.split(' ').next().ok_or("no time")?.parse::<u64>()?;
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
