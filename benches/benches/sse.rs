//! S1: open event streams, an event a second each: resident memory and CPU, beside axum's `Sse`. S3: the same events
//! from one `Hub`. Both beside one `write` for each event by a thread that does nothing else.
//!
//! Lift's events are those of `lift::stream::interval`, whose ticks come to many streams at once and up to 10 ms late, which
//! counts as late; axum's are those of `tokio::time::interval`. For comparison both have tokio's, and both Lift's.
//!
//! axum's server and the one that is compared with it are at work at the same time, for what an event costs changes by
//! the minute with what else a machine does; each has its clients, in a process of their own. A hub, whose events come
//! all at once, is at work alone, so that it does not delay axum's, which would be cheaper then; beside it stands axum's
//! alone, in the same round. A stream that breaks ends it all.
//!
//! A hub's delivery has a bound that some kernels leave no room for: where one `write` each, by a thread that does nothing
//! else, takes more than that, a delivery may take a twentieth more than such a write, which is told.
//!
//! Lift's connections are served once on the runtime that `tokio::main` makes, as axum's are, which is what has a bound,
//! and once by threads of their own (`App::workers`). How late an event is, is from the moment it was due to the moment its client has read it.
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

const STREAMS: [usize; 2] = [SUBSCRIBERS, 18_000];
/// For which a hub's delivery has a bound.
const SUBSCRIBERS: usize = 10_000;
const ROUNDS: usize = 3;
/// For which CPU is counted, and how late events are.
const SECONDS: u64 = 20;
const LATE: f64 = 100_000.0;

fn main() -> Result<(), Failure> {
    let (peer, lift) = (built("benches", "sse_peer")?, built("benches", "sse_lift")?);
    let (bare, load) = (built("benches", "sse_bare")?, built("benches", "sse_load")?);
    let workers = std::thread::available_parallelism()?.to_string();
    let server = |program, workers, path| Server { program, workers, path };
    let (axum, axum_by_lift) = (server(&*peer, "", "/ticks"), server(&*peer, "", "/lift"));
    let asked: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    for streams in if asked.is_empty() { STREAMS.to_vec() } else { asked } {
        let beside_axum = |other| Ok::<_, Failure>(Pair::from(measure([axum, other], &load, streams)?));
        let mut all = Rounds::default();
        for _ in 0..ROUNDS {
            let [peer] = measure([axum], &load, streams)?;
            let alone = |program, workers| {
                let [other] = measure([server(program, workers, "/hub")], &load, streams)?;
                Ok::<_, Failure>(Pair { peer, other })
            };
            all.hub.push(alone(&*lift, "0")?);
            all.hub_by_workers.push(alone(&*lift, &workers)?);
            all.hub_bare.push(alone(&*bare, "")?);
            all.events.push(beside_axum(server(&lift, "0", "/ticks"))?);
            all.by_workers.push(beside_axum(server(&lift, &workers, "/ticks"))?);
            all.by_tokio.push(beside_axum(server(&lift, "0", "/tokio"))?);
            let both = [axum_by_lift, server(&*lift, "0", "/ticks")];
            all.both_by_lift.push(measure(both, &load, streams)?.into());
            all.bare.push(beside_axum(server(&bare, "", "/ticks"))?);
        }
        all.print(streams);
    }
    Ok(())
}

/// A server's program, its argument, and what its clients ask for.
#[derive(Clone, Copy)]
struct Server<'a> {
    program: &'a Path,
    workers: &'a str,
    path: &'a str,
}

/// What axum's server did, and another one.
#[derive(Clone, Copy)]
struct Pair {
    peer: Measured,
    other: Measured,
}

impl From<[Measured; 2]> for Pair {
    fn from([peer, other]: [Measured; 2]) -> Self {
        Self { peer, other }
    }
}

/// Round by round.
#[derive(Default)]
struct Rounds {
    events: Vec<Pair>,
    by_workers: Vec<Pair>,
    by_tokio: Vec<Pair>,
    both_by_lift: Vec<Pair>,
    bare: Vec<Pair>,
    /// Each alone.
    hub: Vec<Pair>,
    hub_by_workers: Vec<Pair>,
    hub_bare: Vec<Pair>,
}

impl Rounds {
    fn print(&self, streams: usize) {
        let row = |id: &str, what: &str| format!("{id:<4} {streams} event streams, {what:<40}");
        let cpu = |id, what, pairs: &[Pair], bound: &dyn Fn(f64) -> String| {
            let (ratio, least, most) = ratios(pairs);
            let [peer, other] = medians(pairs, |one| one.cpu_nanos);
            println!(
                "{} axum Sse {peer:>8.0} ns  {other:>8.0} ns  ratio {ratio:.3}, {least:.3} to {most:.3}  ({})",
                row(id, what),
                bound(ratio)
            );
        };
        let measured = &|_: f64| "measured".to_owned();
        let of_event = &|ratio: f64| format!("bound 0.85, {}", verdict(ratio <= 0.85));
        let (floor, ..) = ratios(&self.hub_bare);
        let of_delivery = &|ratio: f64| match ratio {
            _ if streams != SUBSCRIBERS => "measured".to_owned(),
            ratio if ratio > 0.5 && floor > 0.5 && ratio <= 1.05 * floor => {
                "bound 0.5, out of reach of one write each".to_owned()
            }
            ratio => format!("bound 0.5, {}", verdict(ratio <= 0.5)),
        };
        let rest = |id, what, pairs: &[Pair]| {
            let [peers, resident] = medians(pairs, |one| one.resident);
            let bound = verdict(resident <= 0.6 * peers);
            println!("{} axum Sse {peers:>8.0} B   {resident:>8.0} B   (bound 0.6, {bound})", row(id, what));
            let [peers, late] = medians(pairs, |one| one.late_micros);
            let bound = verdict(late < LATE);
            println!("{:<60} {peers:>8.0} µs  {late:>8.0} µs  (bound 100 ms, {bound})", "     late, p99");
        };
        cpu("S1", "CPU an event by lift::stream::interval", &self.events, of_event);
        rest("S1", "resident a stream", &self.events);
        cpu("S1", "by workers", &self.by_workers, measured);
        rest("S1", "by workers", &self.by_workers);
        cpu("S1", "both by tokio's interval", &self.by_tokio, measured);
        cpu("S1", "both by lift::stream::interval", &self.both_by_lift, measured);
        cpu("S1", "one write each, and no more", &self.bare, measured);
        cpu("S3", "CPU a Hub's delivery", &self.hub, of_delivery);
        let [_, last] = medians(&self.hub, |one| one.late_micros);
        println!("{:<60} {last:>21.0} µs  (measured)", "     late, p99");
        cpu("S3", "by workers", &self.hub_by_workers, measured);
        cpu("S3", "one write each, and no more", &self.hub_bare, measured);
    }
}

/// What the other one took for an event, of what axum took: the median, the least and the most of all rounds.
fn ratios(pairs: &[Pair]) -> (f64, f64, f64) {
    let mut all: Vec<f64> = pairs.iter().map(|pair| pair.other.cpu_nanos / pair.peer.cpu_nanos).collect();
    let middle = median(&mut all);
    (middle, all[0], all[all.len() - 1])
}

fn medians(pairs: &[Pair], figure: fn(&Measured) -> f64) -> [f64; 2] {
    let of = |one: fn(&Pair) -> &Measured| {
        median(&mut pairs.iter().map(|pair| figure(one(pair))).collect::<Vec<_>>())
    };
    [of(|pair| &pair.peer), of(|pair| &pair.other)]
}

fn verdict(reached: bool) -> &'static str {
    if reached { "reached" } else { "MISSED" }
}

/// What one server did with its streams open.
#[derive(Clone, Copy)]
struct Measured {
    cpu_nanos: f64,
    resident: f64,
    late_micros: f64,
}

/// A server that has served a stream.
struct Warm {
    program: Program,
    address: String,
    /// Resident by then: what a first request brings into memory is not a stream's.
    resident: f64,
}

impl Warm {
    fn start(server: &Server<'_>, load: &Path) -> Result<Self, Failure> {
        let (program, mut lines) = Program::start(server.program, &[server.workers])?;
        let address = next_line(&mut lines)?;
        let (_first, mut said) = Program::start(load, &[&address, server.path, "1", "1"])?;
        while next_line(&mut said)?.starts_with("open") {}
        let resident = program.resident()?;
        Ok(Self { program, address, resident })
    }
}

/// Clients, which stay until they are dropped, and what they say.
struct Clients {
    _load: Program,
    said: Lines<BufReader<ChildStdout>>,
}

impl Clients {
    fn start(server: &Warm, path: &str, load: &Path, streams: usize) -> Result<Self, Failure> {
        let arguments = [&server.address, path, &streams.to_string(), &SECONDS.to_string()];
        let (_load, said) = Program::start(load, &arguments)?;
        Ok(Self { _load, said })
    }

    fn opened(&mut self) -> Result<(), Failure> {
        if next_line(&mut self.said)? != "open" {
            return Err("the streams did not open".into());
        }
        Ok(())
    }

    /// How late events were, if all that were due have come.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    fn late_micros(&mut self, streams: usize) -> Result<f64, Failure> {
        let result = next_line(&mut self.said)?;
        let figure = |name: &str| {
            let words = result.split(' ').filter_map(|word| word.split_once('='));
            let found =
                words.filter(|(key, _)| *key == name).find_map(|(_, value)| value.parse::<f64>().ok());
            found.ok_or_else(|| format!("no {name} in `{result}`"))
        };
        let due = streams as f64 * SECONDS as f64;
        // Those of all at once may be one more, or one less.
        let missing = (figure("events")? - due).abs() / due;
        if figure("broken")? > 0.0 || missing > 1.1 / SECONDS as f64 {
            return Err(format!("{due} events were due in `{result}`").into());
        }
        Ok(figure("late_p99_us")?)
    }
}

/// What servers do at the same time.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn measure<const N: usize>(
    servers: [Server<'_>; N],
    load: &Path,
    streams: usize,
) -> Result<[Measured; N], Failure> {
    let warm = servers.iter().map(|server| Warm::start(server, load)).collect::<Result<Vec<_>, _>>()?;
    let clients = warm.iter().zip(&servers);
    let clients = clients.map(|(warm, server)| Clients::start(warm, server.path, load, streams));
    let mut clients = clients.collect::<Result<Vec<_>, _>>()?;
    for one in &mut clients {
        one.opened()?;
    }
    let cpu = || warm.iter().map(|one| one.program.cpu()).collect::<Result<Vec<_>, _>>();
    let (begin, before) = (Instant::now(), cpu()?);
    std::thread::sleep(Duration::from_secs(SECONDS));
    let (after, events) = (cpu()?, streams as f64 * begin.elapsed().as_secs_f64());
    let used = before.into_iter().zip(after).map(|(before, after)| (after - before).as_secs_f64() * 1e9);
    let measured = warm.iter().zip(&mut clients).zip(used).map(|((server, clients), nanos)| {
        Ok::<_, Failure>(Measured {
            cpu_nanos: nanos / events,
            late_micros: clients.late_micros(streams)?,
            resident: (server.program.resident()? - server.resident) / streams as f64,
        })
    });
    let measured = measured.collect::<Result<Vec<_>, _>>()?;
    measured.try_into().map_err(|_| "as many as were started".into())
}
