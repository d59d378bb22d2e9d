//! What happens in a history, from its seed.

use std::time::Duration;

use fastrand::Rng;

use super::{Cell, L1_TTL, Register, Scope, Space, View};

/// Registers of each space. The last of a tenant's is written by one client alone, who also primes what is cached of it:
/// of two that prime one register, the one that wrote first may prime last.
pub(super) const KEYS: u8 = 3;
const PRIMED: u8 = KEYS - 1;

/// Clients in each process.
const CLIENTS: usize = 3;

/// What one client does at one time.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// After so many milliseconds.
    pub(super) pause: u64,
    pub(super) action: Action,
}

#[derive(Clone, Debug)]
pub(super) enum Action {
    /// Waiting so many milliseconds at most.
    Read(Cell, Delays, u64),
    /// Writes, and invalidates if there is a scope.
    Write(Register, Option<Scope>),
    Invalidate(Scope),
    /// Writes by the handler that invalidates.
    Put(Register),
    /// Writes, and primes [`View::Plain`] with what was written.
    Prime(Register),
}

/// How long a computation takes, in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Delays {
    /// Before it reads the register.
    pub(super) before: u64,
    /// After that.
    pub(super) after: u64,
}

/// What befalls processes or their store.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strike {
    /// After so long from the beginning of the history.
    pub(super) at: Duration,
    pub(super) harm: Harm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Harm {
    /// `kill -9` of a process; another one is started in its place.
    Kill(usize),
    /// A process is stopped for so long.
    Freeze(usize, Duration),
    /// The store is stopped for so long, if that can be done.
    Stall(Duration),
}

/// A history.
#[derive(Debug)]
pub(super) struct Plan {
    /// The steps of each client of each process.
    pub(super) processes: Vec<Vec<Vec<Step>>>,
    pub(super) strike: Option<Strike>,
}

/// How a history is paced.
#[derive(Clone, Copy)]
struct Pace {
    steps: usize,
    /// The longest pause between two steps, in milliseconds.
    pause: u64,
    /// The longest of a computation's delays.
    delay: u64,
    /// Of a hundred operations, how many are about one cell.
    focus: u8,
    /// Of a hundred reads, how many wait for a dead process's lease.
    patient: u8,
}

impl Pace {
    const SHORT: Self = Self { steps: 14, pause: 3, delay: 6, focus: 0, patient: 0 };
    const SLOW: Self = Self { steps: 12, pause: 6, delay: 25, ..Self::SHORT };
    /// Whoever reads meets others who read, and write, the same.
    const STORM: Self = Self { steps: 16, pause: 2, delay: 15, focus: 85, ..Self::SHORT };
    /// Longer than a near cache trusts what it has.
    const LONG: Self = Self { steps: 24, pause: 25, delay: 10, ..Self::SHORT };
}

impl Plan {
    /// The history of a seed.
    pub(super) fn of(seed: u64, processes: usize) -> Self {
        let mut rng = Rng::with_seed(seed);
        let strike = strike(&mut rng, processes);
        let pace = match rng.u8(..10) {
            0..=3 => Pace::SHORT,
            4..=5 => Pace::SLOW,
            6..=8 => Pace::STORM,
            _ => Pace::LONG,
        };
        let pace = match strike {
            Some(Strike { harm: Harm::Kill(_), .. }) => Pace { steps: 20, patient: 3, ..pace },
            Some(_) => Pace { steps: 24, ..pace },
            None => pace,
        };
        let hot = cell(&mut rng);
        let mut client = |process, client| {
            let is_sole = (process, client) == (0, 0);
            (0..pace.steps).map(|_| step(&mut rng, pace, hot, is_sole)).collect()
        };
        let clients = |process| (0..CLIENTS).map(|number| client(process, number)).collect();
        Self { processes: (0..processes).map(clients).collect(), strike }
    }
}

fn strike(rng: &mut Rng, processes: usize) -> Option<Strike> {
    let harm = match rng.u8(..96) {
        0..=5 => Harm::Kill(rng.usize(..processes)),
        6..=11 => Harm::Freeze(rng.usize(..processes), L1_TTL + Duration::from_millis(rng.u64(10..150))),
        // Every process does without it for a while afterwards.
        12 => Harm::Stall(Duration::from_millis(rng.u64(20..120))),
        _ => return None,
    };
    Some(Strike { at: Duration::from_millis(rng.u64(2..60)), harm })
}

fn step(rng: &mut Rng, pace: Pace, hot: Cell, is_sole: bool) -> Step {
    let cell = if rng.u8(..100) < pace.focus { hot } else { cell(rng) };
    Step { pause: rng.u64(..=pace.pause), action: action(rng, pace, cell, is_sole) }
}

fn action(rng: &mut Rng, pace: Pace, cell: Cell, is_sole: bool) -> Action {
    let register = cell.register;
    let writes = register.space == Space::Shared || register.key != PRIMED;
    match rng.u8(..100) {
        0..=19 if writes => Action::Write(register, Some(scope(rng, cell))),
        // Somebody else's invalidation may cover it, or nobody's.
        20..=22 if writes => Action::Write(register, None),
        23..=27 if writes && register.space != Space::Shared => Action::Put(register),
        28..=32 => Action::Invalidate(scope(rng, cell)),
        0..=37 if is_sole => Action::Prime(Register { space: tenant(rng), key: PRIMED }),
        _ => {
            let delays = Delays { before: rng.u64(..=pace.delay / 4), after: delay(rng, pace) };
            Action::Read(cell, delays, patience(rng, pace))
        }
    }
}

/// Few cells, one of them more wanted than the others, so that clients meet.
fn cell(rng: &mut Rng) -> Cell {
    let view = match rng.u8(..10) {
        0..=3 => View::Plain,
        4 | 5 => View::Stale,
        6 => View::Negative,
        7 => View::Shared,
        _ => View::Route,
    };
    let space = if view == View::Shared { Space::Shared } else { tenant(rng) };
    let key = match rng.u8(..8) {
        0..=4 => 0,
        5 => 1,
        _ => PRIMED,
    };
    Cell { view, register: Register { space, key } }
}

fn tenant(rng: &mut Rng) -> Space {
    if rng.u8(..3) == 0 { Space::Second } else { Space::First }
}

/// Something that covers the cell.
fn scope(rng: &mut Rng, cell: Cell) -> Scope {
    let space = cell.register.space;
    match rng.u8(..20) {
        0..=11 => Scope::Register(cell.register),
        12..=14 => Scope::Call(cell),
        15 | 16 => Scope::History(space),
        17 if space != Space::Shared => Scope::Tenant(space),
        18 if rng.bool() => Scope::Endpoint(cell.view, None),
        17 | 18 if space != Space::Shared => Scope::Endpoint(cell.view, Some(space)),
        // It ends what other histories have cached, too.
        19 if rng.u8(..4) == 0 => Scope::All,
        _ => Scope::Register(cell.register),
    }
}

/// Most computations are short, and some go on while others write and invalidate.
fn delay(rng: &mut Rng, pace: Pace) -> u64 {
    if rng.u8(..3) == 0 { rng.u64(..=pace.delay) } else { rng.u64(..=pace.delay / 3) }
}

fn patience(rng: &mut Rng, pace: Pace) -> u64 {
    match rng.u8(..100) {
        n if n < pace.patient => 20_000,
        // Its client leaves, and whoever waits behind it takes over.
        n if n < 6 => rng.u64(..=pace.delay),
        _ => 400,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_one_history_and_another_seed_another() {
        let text = |seed| format!("{:?}", Plan::of(seed, 3));
        assert_eq!(text(1), text(1));
        assert_ne!(text(1), text(2));
    }

    #[test]
    fn what_is_primed_has_one_writer() {
        for seed in 0..50 {
            for (process, clients) in Plan::of(seed, 3).processes.iter().enumerate() {
                for (client, steps) in clients.iter().enumerate() {
                    let writes = |step: &&Step| {
                        let (Action::Write(register, _) | Action::Put(register) | Action::Prime(register)) =
                            step.action
                        else {
                            return false;
                        };
                        register.space != Space::Shared && register.key == PRIMED
                    };
                    assert!((process, client) == (0, 0) || !steps.iter().any(|step| writes(&step)), "{seed}");
                }
            }
        }
    }

    #[test]
    fn whatever_is_invalidated_after_a_write_covers_what_was_written() {
        let mut rng = Rng::with_seed(1);
        for _ in 0..10_000 {
            let cell = cell(&mut rng);
            assert!(scope(&mut rng, cell).covers(cell));
            assert_eq!(cell.view == View::Shared, cell.register.space == Space::Shared);
        }
    }
}
