//! S1: open event streams, an event a second each: resident memory and CPU, beside axum's `Sse`. S3: the same events
//! from one `Hub`. Both beside one `write` for each event by a thread that does nothing else.
//!
//! Lift's connections are served once by threads of its own (`App::workers`), which is what has a bound, and once on the
//! runtime that `tokio::main` makes, as axum's are.
//!
//! The servers and their clients are processes of their own; the servers take turns. How late an event is, is from the
//! moment it was due to the moment its client has read it.
//!
//! ```text
//! cargo bench -p benches --bench sse [-- STREAMS…]
//! ```

use std::path::Path;

use benches::{Program, Row, built, median, next_line};

type Failure = Box<dyn std::error::Error>;

const STREAMS: [usize; 2] = [10_000, 18_000];
const ROUNDS: usize = 3;
const SECONDS: usize = 10;
const LATE: f64 = 100_000.0;

fn main() -> Result<(), Failure> {
    let (peer, lift) = (built("benches", "sse_peer")?, built("benches", "sse_lift")?);
    let (bare, load) = (built("benches", "sse_bare")?, built("benches", "sse_load")?);
    let workers = std::thread::available_parallelism()?.to_string();
    let asked: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    for streams in if asked.is_empty() { STREAMS.to_vec() } else { asked } {
        let measure = |server: &Path, workers: &str, path| measure(server, workers, &load, path, streams);
        let mut all = Rounds::default();
        for _ in 0..ROUNDS {
            all.peer.push(measure(&peer, "", "/ticks")?);
            all.lift.push(measure(&lift, &workers, "/ticks")?);
            all.hub.push(measure(&lift, &workers, "/hub")?);
            all.shared.push(measure(&lift, "0", "/ticks")?);
            all.shared_hub.push(measure(&lift, "0", "/hub")?);
            all.bare.push(measure(&bare, "", "/ticks")?);
            all.bare_hub.push(measure(&bare, "", "/hub")?);
        }
        all.print(streams);
    }
    Ok(())
}

/// What each server did, round by round.
#[derive(Default)]
struct Rounds {
    peer: Vec<Measured>,
    lift: Vec<Measured>,
    hub: Vec<Measured>,
    /// Lift on the runtime of `tokio::main`.
    shared: Vec<Measured>,
    shared_hub: Vec<Measured>,
    bare: Vec<Measured>,
    bare_hub: Vec<Measured>,
}

impl Rounds {
    fn print(&self, streams: usize) {
        let all = |all: &[Measured], figure: fn(&Measured) -> f64| {
            median(&mut all.iter().map(figure).collect::<Vec<_>>())
        };
        let cpu = |measured: &[Measured]| all(measured, |one| one.cpu_nanos);
        let of = |figure| Row { id: "S1", peer: all(&self.peer, figure), lift: all(&self.lift, figure) };
        let name = |what: &str| format!("{streams} event streams, {what}");
        of(|one| one.cpu_nanos).print(&name("CPU an event"), "axum Sse", 0.85);
        let resident = of(|one| one.resident);
        print(&name("resident a stream"), &resident, "B", &verdict(resident.ratio() <= 0.6, "0.6"));
        let late = of(|one| one.late_micros);
        print(&name("event late, p99"), &late, "µs", &verdict(late.lift < LATE, "100 ms"));
        let broken = |all: &[Measured]| all.iter().map(|one| one.broken).sum();
        let broken =
            Row { id: "S1", peer: broken(&self.peer), lift: broken(&self.lift) + broken(&self.shared) };
        print(&name("broken"), &broken, "", &verdict(broken.lift == 0.0, "0"));
        let hub = Row { id: "S3", peer: cpu(&self.peer), lift: cpu(&self.hub) };
        hub.print(&name("CPU a Hub's delivery"), "axum Sse, its own event", 0.5);
        let measured = |id, what: &str, figure: f64, unit| {
            println!("{id:<4} {:<64} {figure:>10.3} {unit}  (measured)", name(what));
        };
        measured("S3", "a Hub's delivery by Lift's own event", cpu(&self.hub) / cpu(&self.lift), "");
        measured("S3", "the Hub's event late, p99", all(&self.hub, |one| one.late_micros), "µs");
        let axum = cpu(&self.peer);
        measured("S1", "CPU an event without workers, by axum's", cpu(&self.shared) / axum, "");
        measured("S3", "CPU a delivery without workers, by axum's event", cpu(&self.shared_hub) / axum, "");
        measured("S1", "one write each, of itself, by axum's event", cpu(&self.bare) / axum, "");
        measured("S3", "one write each, all at once, by axum's event", cpu(&self.bare_hub) / axum, "");
    }
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
fn measure(
    server: &Path,
    workers: &str,
    load: &Path,
    path: &str,
    streams: usize,
) -> Result<Measured, Failure> {
    let (server, mut lines) = Program::start(server, &[workers])?;
    let address = next_line(&mut lines)?;
    // What a first request brings into memory is not a stream's.
    let (first, mut said) = Program::start(load, &[&address, path, "1", "1"])?;
    while next_line(&mut said)?.starts_with("open") {}
    drop(first);
    let before = server.resident()?;
    let arguments = [&address, path, &streams.to_string(), &SECONDS.to_string()];
    let (_load, mut said) = Program::start(load, &arguments)?;
    if next_line(&mut said)? != "open" {
        return Err("the streams did not open".into());
    }
    let cpu = server.cpu()?;
    let result = next_line(&mut said)?;
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
