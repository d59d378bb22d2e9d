//! Randomised histories of a cache that several processes share, checked afterwards.
//!
//! A history is a few registers (a database, as it were: files, apart from any cache), and a few clients in each of
//! several worker processes, who read them through cached functions, write them, invalidate what is cached of them, and
//! are killed or stopped meanwhile. All of it follows from a seed, but for what the schedulers of machine and store do.
//! Each operation is logged with its begin and end by the one clock that all processes of a machine share. Afterwards
//! [`check`](check::check) looks for reads that returned something older than an invalidation that had been acknowledged
//! before they began.
//!
//! `plan` makes a history from its seed, `worker` runs a process's part of it on the cached functions of `app`, `truth`
//! is the database, `campaign` runs many histories on the same processes, and `check` judges them.

mod app;
pub mod campaign;
pub mod check;
mod plan;
mod store;
mod truth;
pub mod worker;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::store::{FORMS, Store};

/// For how long a near cache trusts what nobody has vouched for: short, so that a short history outlives it.
const L1_TTL: Duration = Duration::from_millis(100);

/// Whose data it is: one of a history's two tenants, or that of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Space {
    /// A tenant.
    First,
    /// Another one.
    Second,
    /// For all tenants.
    Shared,
}

/// A number in the database, which every write raises by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Register {
    /// Whose.
    pub space: Space,
    /// Which.
    pub key: u8,
}

/// A cached function of a register; each has its own entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum View {
    /// A plain function.
    Plain,
    /// One whose entries go stale soon, and are served so while one caller refreshes them.
    Stale,
    /// One that remembers absence.
    Negative,
    /// One whose entries are for all tenants.
    Shared,
    /// A handler.
    Route,
}

/// What is cached of a register by one function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cell {
    /// By which function.
    pub view: View,
    /// Of which register.
    pub register: Register,
}

/// What an invalidation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// The tag of a register, which all functions of it bear.
    Register(Register),
    /// The tag that everything of the history bears, for one tenant or for what is shared.
    History(Space),
    /// One call of one function.
    Call(Cell),
    /// All that a function has made, for one tenant or for everybody.
    Endpoint(View, Option<Space>),
    /// All of a tenant.
    Tenant(Space),
    /// All of everybody.
    All,
}

impl Scope {
    /// Whether an invalidation of this ends what a cell holds.
    pub fn covers(self, cell: Cell) -> bool {
        let space = cell.register.space;
        match self {
            Self::Register(register) => register == cell.register,
            Self::History(whose) | Self::Tenant(whose) => whose == space,
            Self::Call(one) => one == cell,
            Self::Endpoint(view, whose) => view == cell.view && whose.is_none_or(|whose| whose == space),
            Self::All => true,
        }
    }
}

/// What a cached function returns: a version of a register, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Value {
    /// The tenant for whom it was read, or `shared`.
    pub owner: String,
    /// The register's key.
    pub key: u8,
    /// How often it had been written.
    pub version: u64,
}

/// What a read came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// This value.
    Value(Value),
    /// Nothing, as of a register that was never written.
    Absent,
    /// An error, which no handler here gives.
    Failed(String),
    /// Its client did not wait for it.
    Left,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// A client has read.
    Read(Cell, Answer),
    /// A function was computed, from this version.
    Computed(Cell, u64),
    /// The register has this version now.
    Wrote(Register, u64),
    /// An invalidation returned.
    Invalidated(Scope, Told),
}

/// To whom an invalidation is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// To everybody: it returned `Ok`.
    All,
    /// To its own process, which is what an answer says whose handler invalidates.
    Own,
    /// To its own process, for it failed: the store could not be told, and is bypassed here until it was.
    Failed,
}

/// One line of a history's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The process: one that is started in place of a killed one is another.
    pub process: u32,
    /// When it began, in nanoseconds of the machine's monotonic clock.
    pub begin: u64,
    /// When it was over.
    pub end: u64,
    /// What it was.
    pub what: What,
}

/// The tenant, or what stands for all, by its name in one history.
fn owner(history: u64, space: Space) -> String {
    match space {
        Space::First => format!("first-{history}"),
        Space::Second => format!("second-{history}"),
        Space::Shared => "shared".to_owned(),
    }
}

/// Nanoseconds of the clock that all processes of a machine share.
fn now() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    u64::try_from(now.tv_sec).unwrap_or_default() * 1_000_000_000
        + u64::try_from(now.tv_nsec).unwrap_or_default()
}
