//! Many histories, one beside the other, on the same few processes: those are what takes long to start.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use super::check::{Report, Violation, check};
use super::plan::{Harm, Plan};
use super::truth::Truth;
use super::worker::{Run, Said};
use super::{Event, Store, owner};
use crate::process::{Signal, signal};

/// How many processes take part in a history.
const PROCESSES: usize = 3;

/// How many histories run at once.
const AT_ONCE: usize = 12;

/// The same where moto stands in for DynamoDB, which answers one request after the other.
const AT_ONCE_ON_MOTO: usize = 1;

/// No history takes so long: one that waits for a dead process's lease takes eleven seconds or so.
const ENDLESS: Duration = Duration::from_secs(120);

/// What a campaign is to do.
pub struct Campaign<'a> {
    /// The program that runs a worker when it is given `worker`, a directory and a number.
    pub program: &'a Path,
    /// On this store.
    pub store: &'a Store,
    /// The histories, by their seeds.
    pub seeds: Box<dyn Iterator<Item = u64>>,
    /// Whether to begin no further history after the first violation.
    pub until_violation: bool,
}

/// What a campaign has shown.
#[derive(Debug, Default)]
pub struct Summary {
    /// How many histories ran.
    pub histories: usize,
    /// The first seed and the last.
    pub seeds: (u64, u64),
    /// All of them together, but for the violations.
    pub report: Report,
    /// The violations, by the seeds of their histories.
    pub violations: Vec<(u64, Violation)>,
    /// Processes that were killed.
    pub kills: usize,
    /// Processes that were stopped for a while.
    pub freezes: usize,
    /// How often the store was.
    pub stalls: usize,
    took: Duration,
}

impl Summary {
    /// Why too little has happened for the absence of violations to mean anything, if so.
    pub fn vacuous(&self) -> Option<&'static str> {
        let Report { reads, raced, bound, computed, overtaken, invalidations, untold, .. } = self.report;
        let reasons = [
            (computed * 100 > reads * 97, "next to nothing came from the cache"),
            (bound * 4 < reads, "most reads might have returned anything"),
            (raced * 20 < reads, "hardly a read raced with an invalidation"),
            (overtaken * 200 < computed, "hardly an invalidation came in the midst of a computation"),
            (untold * 10 > invalidations * 9, "the store was told of next to nothing"),
        ];
        reasons.into_iter().find_map(|(holds, reason)| holds.then_some(reason))
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { operations, reads, raced, bound, computed, overtaken, invalidations, untold, .. } =
            self.report;
        let Self { histories, seeds: (first, last), kills, freezes, stalls, took, violations, .. } = self;
        writeln!(
            f,
            "  {histories} histories of {PROCESSES} processes, seeds {first} to {last}, in {took:.1?}"
        )?;
        writeln!(f, "  {operations} operations; {invalidations} invalidations, of which {untold} failed")?;
        writeln!(
            f,
            "  {reads} reads checked: {raced} raced with an invalidation, {bound} had a least version"
        )?;
        writeln!(f, "  {computed} computations, {overtaken} of them overtaken by an invalidation")?;
        writeln!(f, "  {kills} kill -9, {freezes} freezes of a process, {stalls} of the store")?;
        write!(f, "  {} violations", violations.len())?;
        let shown = violations.iter().take(3);
        shown.into_iter().try_for_each(|(seed, violation)| write!(f, "\n  seed {seed}: {violation}"))
    }
}

impl Campaign<'_> {
    /// Runs it.
    ///
    /// # Panics
    /// If a worker does not start, ends by itself, or does not end a history.
    pub fn run(self) -> Summary {
        let began = Instant::now();
        let directory = Directory::new();
        let mut running = Running::new(self, directory.0.clone());
        while running.go_on() {}
        let mut summary = std::mem::take(&mut running.summary);
        summary.took = began.elapsed();
        summary
    }
}

/// A directory for the database, gone when dropped.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        let name = format!("lift-history-{}-{}", std::process::id(), fastrand::u64(..));
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&directory).expect("a directory for the database");
        Self(directory)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A worker process, gone when dropped.
struct Worker {
    number: u32,
    child: Child,
    input: ChildStdin,
    is_ready: bool,
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A history under way.
struct Live {
    seed: u64,
    began: Instant,
    events: Vec<Event>,
    /// The workers that have not done their part.
    waits_for: BTreeSet<u32>,
}

/// Which worker has said what; nothing is the last that one says.
type Heard = (u32, Option<Said>);

/// What is to happen at some time.
#[derive(Clone, Copy)]
enum Due {
    Strike(Harm),
    Thaw(u32),
    GoOn,
}

struct Running<'a> {
    campaign: Campaign<'a>,
    directory: PathBuf,
    truth: Truth,
    workers: Vec<Worker>,
    started: u32,
    /// What workers say.
    said: (Sender<Heard>, Receiver<Heard>),
    live: HashMap<u64, Live>,
    due: Vec<(Instant, Due)>,
    begun: u64,
    is_over: bool,
    summary: Summary,
}

impl<'a> Running<'a> {
    fn new(campaign: Campaign<'a>, directory: PathBuf) -> Self {
        let mut running = Self {
            campaign,
            truth: Truth::at(&directory),
            directory,
            workers: Vec::new(),
            started: 0,
            said: channel(),
            live: HashMap::new(),
            due: Vec::new(),
            begun: 0,
            is_over: false,
            summary: Summary::default(),
        };
        for _ in 0..PROCESSES {
            let worker = running.start();
            running.workers.push(worker);
        }
        running
    }

    fn start(&mut self) -> Worker {
        self.started += 1;
        let number = self.started;
        let mut child = Command::new(self.campaign.program)
            .arg("worker")
            .arg(&self.directory)
            .arg(number.to_string())
            .envs(self.campaign.store.environment())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the worker starts");
        let input = child.stdin.take().expect("it is piped");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        let said = self.said.0.clone();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = said.send((number, Some(serde_json::from_str(&line).expect("what workers say"))));
            }
            let _ = said.send((number, None));
        });
        Worker { number, child, input, is_ready: false }
    }

    /// Waits for what comes next; false when all is over.
    fn go_on(&mut self) -> bool {
        let at_once = if self.campaign.store.is_slow() { AT_ONCE_ON_MOTO } else { AT_ONCE };
        while self.live.len() < at_once && self.begin() {}
        if self.live.is_empty() && self.is_over {
            return false;
        }
        let next = self.due.iter().map(|(at, _)| *at).min();
        let pause = next.map_or(ENDLESS, |at| at.saturating_duration_since(Instant::now()));
        match self.said.1.recv_timeout(pause.min(Duration::from_secs(1))) {
            Ok((number, said)) => self.hear(number, said),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => unreachable!("a sender is kept"),
        }
        let now = Instant::now();
        while let Some(index) = self.due.iter().position(|(at, _)| *at <= now) {
            let (_, due) = self.due.swap_remove(index);
            self.happen(due);
        }
        let stuck = self.live.values().find(|live| live.began.elapsed() > ENDLESS);
        assert!(stuck.is_none(), "the history of seed {} does not end", stuck.map_or(0, |live| live.seed));
        true
    }

    /// Begins the next history, if there is one and all workers are there.
    fn begin(&mut self) -> bool {
        let found = self.campaign.until_violation && !self.summary.violations.is_empty();
        if self.is_over || !self.workers.iter().all(|worker| worker.is_ready) {
            return false;
        }
        let Some(seed) = self.campaign.seeds.next().filter(|_| !found) else {
            self.is_over = true;
            return false;
        };
        let history = self.begun;
        let (first, _) = self.summary.seeds;
        self.summary.seeds = (if history == 0 { seed } else { first }, seed);
        self.begun += 1;
        let waits_for = self.workers.iter().map(|worker| worker.number).collect();
        let began = Instant::now();
        self.live.insert(history, Live { seed, began, events: Vec::new(), waits_for });
        if let Some(strike) = Plan::of(seed, PROCESSES).strike {
            self.due.push((began + strike.at, Due::Strike(strike.harm)));
        }
        for (part, worker) in self.workers.iter_mut().enumerate() {
            let run = Run { history, seed, processes: PROCESSES, part };
            let line = serde_json::to_string(&run).expect("it has a form in JSON");
            writeln!(worker.input, "{line}").expect("a worker listens");
        }
        true
    }

    fn hear(&mut self, number: u32, said: Option<Said>) {
        match said {
            Some(Said::Ready) => {
                for worker in self.workers.iter_mut().filter(|worker| worker.number == number) {
                    worker.is_ready = true;
                }
            }
            // What a refresh in the background does after the end no longer matters.
            Some(Said::Event(history, event)) => {
                if let Some(live) = self.live.get_mut(&history) {
                    live.events.push(event);
                }
            }
            Some(Said::Done(history)) => self.done(history, number),
            None => {
                let is_ours = self.workers.iter().all(|worker| worker.number != number);
                assert!(is_ours, "worker {number} ended by itself");
                for history in self.live.keys().copied().collect::<Vec<_>>() {
                    self.done(history, number);
                }
            }
        }
    }

    /// A worker has done its part, or will do nothing more.
    fn done(&mut self, history: u64, number: u32) {
        let Some(live) = self.live.get_mut(&history) else { return };
        live.waits_for.remove(&number);
        if !live.waits_for.is_empty() {
            return;
        }
        let Some(live) = self.live.remove(&history) else { return };
        self.truth.forget(history);
        let name = |register: super::Register| owner(history, register.space);
        let mut report = check(&live.events, self.campaign.store.reach(), name);
        let violations = report.violations.drain(..).map(|violation| (live.seed, violation));
        self.summary.violations.extend(violations);
        self.summary.report += report;
        self.summary.histories += 1;
    }

    fn happen(&mut self, due: Due) {
        match due {
            Due::Strike(Harm::Kill(part)) => {
                let worker = self.start();
                // What it has said is read to its end.
                drop(std::mem::replace(&mut self.workers[part], worker));
                self.summary.kills += 1;
            }
            Due::Strike(Harm::Freeze(part, duration)) => {
                let worker = &self.workers[part];
                signal(&worker.child, Signal::STOP);
                self.due.push((Instant::now() + duration, Due::Thaw(worker.number)));
                self.summary.freezes += 1;
            }
            Due::Strike(Harm::Stall(duration)) => {
                if self.campaign.store.stop() {
                    self.due.push((Instant::now() + duration, Due::GoOn));
                    self.summary.stalls += 1;
                }
            }
            Due::Thaw(number) => {
                if let Some(worker) = self.workers.iter().find(|worker| worker.number == number) {
                    signal(&worker.child, Signal::CONT);
                }
            }
            Due::GoOn => self.campaign.store.go_on(),
        }
    }
}
