//! Whether a history is what a cache may show.
//!
//! For each read, the newest version counts that had been written before an invalidation began which covers what was
//! read, and which was acknowledged before the read began. A read that returned less is a violation. What has been
//! written and not yet invalidated may be seen or not; an invalidation that failed is acknowledged to its own process
//! only, which bypasses the cache until the store has been told; one whose process was killed is acknowledged to nobody.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::AddAssign;
use std::time::Duration;

use super::{Answer, Cell, Event, Register, Scope, Told, What};

/// What processes know of each other's invalidations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Nothing: each has its entries to itself.
    Own,
    /// All, so long after they were acknowledged.
    Within(Duration),
}

/// What a history has shown.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Reads, writes and invalidations.
    pub operations: usize,
    /// Reads that were answered, and checked.
    pub reads: usize,
    /// Of these, how many were under way at the same time as an invalidation of what they read.
    pub raced: usize,
    /// Of these, how many had to be of some version or a later one.
    pub bound: usize,
    /// How often a function was computed.
    pub computed: usize,
    /// Of these, how many times an invalidation came and went in the midst of it.
    pub overtaken: usize,
    /// Invalidations that returned.
    pub invalidations: usize,
    /// Of these, how many could not tell the store.
    pub untold: usize,
    /// What must not be.
    pub violations: Vec<Violation>,
}

impl AddAssign for Report {
    fn add_assign(&mut self, other: Self) {
        let Self { operations, reads, raced, bound, computed, overtaken, invalidations, untold, violations } =
            other;
        self.operations += operations;
        self.reads += reads;
        self.raced += raced;
        self.bound += bound;
        self.computed += computed;
        self.overtaken += overtaken;
        self.invalidations += invalidations;
        self.untold += untold;
        self.violations.extend(violations);
    }
}

/// What must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// A read returned a version that had been invalidated before it began.
    Outdated {
        /// The read.
        read: Event,
        /// What it had to return at least.
        least: u64,
        /// The invalidation that says so.
        invalidation: Event,
        /// Where the version that was returned had been computed, as far as is known.
        computed: Vec<Event>,
    },
    /// A read returned what belongs to another tenant, or to another register.
    Foreign(Event),
    /// A read returned a version before anybody began to write it: the log is wrong.
    Unwritten(Event),
    /// A read failed.
    Failed(Event),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outdated { read, least, invalidation, computed } => {
                write!(f, "older than an acknowledged invalidation: {} of at least {least}", Line(read))?;
                write!(f, "\n    after {}", Line(invalidation))?;
                computed.iter().try_for_each(|event| write!(f, "\n    made by {}", Line(event)))
            }
            Self::Foreign(read) => write!(f, "another's value: {}", Line(read)),
            Self::Unwritten(read) => write!(f, "a version before it was written: {}", Line(read)),
            Self::Failed(read) => write!(f, "a failed read: {}", Line(read)),
        }
    }
}

/// An event as a line.
struct Line<'a>(&'a Event);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Event { process, begin, end, what } = self.0;
        write!(f, "[process {process}, from {} to {} µs: {what:?}]", begin / 1000, end / 1000)
    }
}

/// Checks a history. `owners` gives the name that a register's values bear.
pub fn check(events: &[Event], reach: Reach, owner: impl Fn(Register) -> String) -> Report {
    let log = Log::of(events);
    let mut report = Report::default();
    for event in events {
        match &event.what {
            What::Read(_, Answer::Left) => report.operations += 1,
            What::Read(cell, answer) => {
                report.operations += 1;
                report.reads += 1;
                report.raced += usize::from(log.covering(*cell).any(|other| overlap(event, other)));
                log.judge(event, *cell, answer, reach, &owner(cell.register), &mut report);
            }
            What::Computed(cell, _) => {
                report.computed += 1;
                let within = |other: &Event| event.begin < other.begin && other.end < event.end;
                report.overtaken += usize::from(log.covering(*cell).any(within));
            }
            What::Wrote(..) => report.operations += 1,
            // What follows counts: that the store was told of it as well, or not.
            What::Invalidated(_, Told::Own) => {}
            What::Invalidated(_, told) => {
                report.operations += 1;
                report.invalidations += 1;
                report.untold += usize::from(*told == Told::Failed);
            }
        }
    }
    report
}

fn overlap(one: &Event, other: &Event) -> bool {
    one.begin <= other.end && other.begin <= one.end
}

/// A history by what is asked of it.
struct Log<'a> {
    events: &'a [Event],
    invalidations: Vec<(&'a Event, Scope, Told)>,
    /// By register and version: when it was begun to be written, and when it was.
    writes: BTreeMap<(u8, u8, u64), (u64, u64)>,
}

impl<'a> Log<'a> {
    fn of(events: &'a [Event]) -> Self {
        let mut log = Self { events, invalidations: Vec::new(), writes: BTreeMap::new() };
        for event in events {
            match event.what {
                What::Invalidated(scope, told) => log.invalidations.push((event, scope, told)),
                What::Wrote(register, version) => {
                    log.writes.insert(Self::written(register, version), (event.begin, event.end));
                }
                What::Read(..) | What::Computed(..) => {}
            }
        }
        log
    }

    fn written(register: Register, version: u64) -> (u8, u8, u64) {
        (register.space as u8, register.key, version)
    }

    fn covering(&self, cell: Cell) -> impl Iterator<Item = &'a Event> {
        self.invalidations.iter().filter(move |(_, scope, _)| scope.covers(cell)).map(|(event, ..)| *event)
    }

    /// The newest version of a register that was written before then.
    fn newest(&self, register: Register, before: u64) -> u64 {
        let all = Self::written(register, 0)..=Self::written(register, u64::MAX);
        let written = self.writes.range(all).rev().find(|(_, (_, end))| *end <= before);
        written.map_or(0, |((.., version), _)| *version)
    }

    /// What a read had to return at least, and the invalidation that says so.
    fn least(&self, read: &Event, cell: Cell, reach: Reach) -> Option<(u64, &'a Event)> {
        let acknowledged = |(event, scope, told): &(&'a Event, Scope, Told)| {
            let in_time = if event.process == read.process {
                event.end <= read.begin
            } else {
                match reach {
                    Reach::Own => false,
                    Reach::Within(bound) => *told == Told::All && event.end + nanos(bound) <= read.begin,
                }
            };
            (scope.covers(cell) && in_time).then(|| (self.newest(cell.register, event.begin), *event))
        };
        self.invalidations.iter().filter_map(acknowledged).max_by_key(|(least, _)| *least)
    }

    fn judge(
        &self,
        read: &Event,
        cell: Cell,
        answer: &Answer,
        reach: Reach,
        owner: &str,
        report: &mut Report,
    ) {
        let version = match answer {
            Answer::Value(value) if value.owner != owner || value.key != cell.register.key => {
                return report.violations.push(Violation::Foreign(read.clone()));
            }
            Answer::Failed(_) => return report.violations.push(Violation::Failed(read.clone())),
            Answer::Value(value) => value.version,
            Answer::Absent => 0,
            Answer::Left => return,
        };
        // What a killed process wrote may have gone without a line.
        let written = self.writes.get(&Self::written(cell.register, version));
        if written.is_some_and(|(begin, _)| *begin >= read.end) {
            report.violations.push(Violation::Unwritten(read.clone()));
        }
        let Some((least, invalidation)) = self.least(read, cell, reach) else { return };
        report.bound += usize::from(least > 0);
        if version < least {
            let made = |event: &&Event| event.what == What::Computed(cell, version);
            let computed = self.events.iter().filter(made).cloned().collect();
            let (read, invalidation) = (read.clone(), invalidation.clone());
            report.violations.push(Violation::Outdated { read, least, invalidation, computed });
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
