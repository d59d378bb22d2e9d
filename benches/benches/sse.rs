//! S1: open event streams, an event a second each: resident memory and CPU, beside axum's `Sse`. S3: the same events
//! from one `Hub`. Both beside one `write` for each event by a thread that does nothing else.
//!
//! axum's server and the one that is compared with it are at work at the same time, for what an event costs changes by
//! the minute with what else a machine does. Each has its clients, in a process of their own. Lift's connections are
//! served once on the runtime that `tokio::main` makes, as axum's are, which is what has a bound, and once by threads of
//! their own (`App::workers`). How late an event is, is from the moment it was due to the moment its client has read it.
//!
//! ```text
//! cargo bench -p benches --bench sse [-- STREAMS…]
//! ```

use std::io::{BufReader, Lines};
use std::path::Path;
use std::process::ChildStdout;
use std::time::{Duration, Instant};

use benches::{Program, built, median, next_line};

type Failure = Box<dyn std::error::Error>;

const STREAMS: [usize; 2] = [10_000, 18_000];
const ROUNDS: usize = 3;
/// For which CPU is counted, and how late events are.
const SECONDS: u64 = 20;
const LATE: f64 = 100_000.0;

fn main() -> Result<(), Failure> {
    let (peer, lift) = (built("benches", "sse_peer")?, built("benches", "sse_lift")?);
    let (bare, load) = (built("benches", "sse_bare")?, built("benches", "sse_load")?);
    let workers = std::thread::available_parallelism()?.to_string();
    let own = |program, workers| Server { program, workers, path: "/ticks" };
    let all = |program, workers| Server { program, workers, path: "/hub" };
    let asked: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    for streams in if asked.is_empty() { STREAMS.to_vec() } else { asked } {
        let compared = |id: &'static str, what: &str, server: Server<'_>| {
            let rounds = (0..ROUNDS).map(|_| measure([&own(&peer, ""), &server], &load, streams));
            let what = format!("{streams} event streams, {what}");
            Ok::<_, Failure>(Compared { id, what, rounds: rounds.collect::<Result<_, _>>()? })
        };
        let events = compared("S1", "an event of its own", own(&lift, "0"))?;
        events.print_cpu(Some(0.85));
        events.print("resident a stream", "B ", |one| one.resident, |peer, lift| lift <= 0.6 * peer, "0.6");
        events.print("event late, p99", "µs", |one| one.late_micros, |_, lift| lift < LATE, "100 ms");
        events.print("broken", "  ", |one| one.broken, |_, lift| lift == 0.0, "0");
        compared("S1", "the same, by workers", own(&lift, &workers))?.print_cpu(None);
        compared("S1", "one write each, and nothing else", own(&bare, ""))?.print_cpu(None);
        let hub = compared("S3", "a Hub's delivery", all(&lift, "0"))?;
        hub.print_cpu(Some(0.5));
        hub.print("event late, p99", "µs", |one| one.late_micros, |_, lift| lift < LATE, "100 ms");
        hub.print("broken", "  ", |one| one.broken, |_, lift| lift == 0.0, "0");
        compared("S3", "the same, by workers", all(&lift, &workers))?.print_cpu(None);
        compared("S3", "one write each, and nothing else", all(&bare, ""))?.print_cpu(None);
    }
    Ok(())
}

/// A server's program, its argument, and what its clients ask for.
struct Server<'a> {
    program: &'a Path,
    workers: &'a str,
    path: &'a str,
}

/// What axum's server and another did at the same time, round by round.
struct Compared {
    id: &'static str,
    what: String,
    rounds: Vec<[Measured; 2]>,
}

impl Compared {
    /// Medians; the ratio is that of the ratios, beside which the least and the greatest stand.
    fn print_cpu(&self, bound: Option<f64>) {
        let mut ratios: Vec<f64> =
            self.rounds.iter().map(|[peer, other]| other.cpu_nanos / peer.cpu_nanos).collect();
        let ratio = median(&mut ratios);
        let verdict = match bound {
            Some(bound) => format!("bound {bound}, {}", verdict(ratio <= bound)),
            None => "measured".into(),
        };
        let [peer, other] = self.medians(|one| one.cpu_nanos);
        println!(
            "{:<4} {:<64} axum Sse {peer:>10.1} ns  {other:>10.1} ns  ratio {ratio:.3} ({:.3} to {:.3})  ({verdict})",
            self.id,
            format!("{}, CPU", self.what),
            ratios[0],
            ratios[ratios.len() - 1],
        );
    }

    fn print(
        &self,
        figure_name: &str,
        unit: &str,
        figure: fn(&Measured) -> f64,
        reached: fn(f64, f64) -> bool,
        bound: &str,
    ) {
        let [peer, lift] = self.medians(figure);
        println!(
            "{:<4} {:<64} axum Sse {peer:>10.1} {unit}  {lift:>10.1} {unit}  (bound {bound}, {})",
            self.id,
            format!("{}, {figure_name}", self.what),
            verdict(reached(peer, lift)),
        );
    }

    fn medians(&self, figure: fn(&Measured) -> f64) -> [f64; 2] {
        [0, 1].map(|of| median(&mut self.rounds.iter().map(|round| figure(&round[of])).collect::<Vec<_>>()))
    }
}

fn verdict(reached: bool) -> &'static str {
    if reached { "reached" } else { "MISSED" }
}

/// What one server did with its streams open.
struct Measured {
    cpu_nanos: f64,
    resident: f64,
    late_micros: f64,
    broken: f64,
}

/// A server with its clients.
struct Serving {
    server: Program,
    /// Resident before there were any.
    before: f64,
    _load: Program,
    said: Lines<BufReader<ChildStdout>>,
}

impl Serving {
    fn start(server: &Server<'_>, load: &Path, streams: usize) -> Result<Self, Failure> {
        let Server { program, workers, path } = *server;
        let (server, mut lines) = Program::start(program, &[workers])?;
        let address = next_line(&mut lines)?;
        // What a first request brings into memory is not a stream's.
        let (first, mut said) = Program::start(load, &[&address, path, "1", "1"])?;
        while next_line(&mut said)?.starts_with("open") {}
        drop(first);
        let before = server.resident()?;
        let arguments = [&address, path, &streams.to_string(), &SECONDS.to_string()];
        let (load, said) = Program::start(load, &arguments)?;
        Ok(Self { server, before, _load: load, said })
    }

    fn opened(&mut self) -> Result<(), Failure> {
        if next_line(&mut self.said)? != "open" {
            return Err("the streams did not open".into());
        }
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    fn measured(mut self, streams: usize, cpu_nanos: f64) -> Result<Measured, Failure> {
        let result = next_line(&mut self.said)?;
        let figure = |name: &str| {
            let words = result.split(' ').filter_map(|word| word.split_once('='));
            let found = words.filter(|(key, _)| *key == name).find_map(|(_, value)| value.parse::<f64>().ok());
            found.ok_or_else(|| format!("no {name} in `{result}`"))
        };
        Ok(Measured {
            cpu_nanos,
            resident: (self.server.resident()? - self.before) / streams as f64,
            late_micros: figure("late_p99_us")?,
            broken: figure("broken")?,
        })
    }
}

/// What two servers do at the same time.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn measure([peer, other]: [&Server<'_>; 2], load: &Path, streams: usize) -> Result<[Measured; 2], Failure> {
    let mut both = [Serving::start(peer, load, streams)?, Serving::start(other, load, streams)?];
    for one in &mut both {
        one.opened()?;
    }
    let cpu = |both: &[Serving; 2]| Ok::<_, Failure>([both[0].server.cpu()?, both[1].server.cpu()?]);
    let (begin, before) = (Instant::now(), cpu(&both)?);
    std::thread::sleep(Duration::from_secs(SECONDS));
    // Each stream has had an event a second: one that has not is broken, or late.
    let (after, events) = (cpu(&both)?, streams as f64 * begin.elapsed().as_secs_f64());
    let nanos = |of: usize| (after[of] - before[of]).as_secs_f64() * 1e9 / events;
    let [peer, other] = both;
    Ok([peer.measured(streams, nanos(0))?, other.measured(streams, nanos(1))?])
}
