//! The cached functions: five of each register, all of whose entries bear the register's tag and the history's.

use std::sync::OnceLock;
use std::time::Duration;

use lift::prelude::*;
use lift::test::TestApp;

use super::plan::Delays;
use super::truth::Truth;
use super::{Cell, Event, Register, Space, Value, View, What, now, owner};

tokio::task_local! {
    /// How long the computation takes that a read may lead; a refresh in the background takes no time.
    pub(super) static DELAYS: Delays;
}

/// What the cached functions of this process work on: plain functions have no state but a process's.
pub(super) struct Process {
    pub(super) truth: Truth,
    pub(super) log: Log,
}

static PROCESS: OnceLock<Process> = OnceLock::new();

impl Process {
    pub(super) fn set(directory: &std::path::Path, number: u32) -> &'static Self {
        PROCESS.get_or_init(|| Self { truth: Truth::at(directory), log: Log { number } })
    }

    fn get() -> &'static Self {
        PROCESS.get().expect("a worker sets it first")
    }

    /// Writes a register.
    pub(super) fn write(&self, history: u64, register: Register) -> u64 {
        let begin = now();
        let version = self.truth.write(history, register).expect("the database is there");
        self.log.say(history, begin, What::Wrote(register, version));
        version
    }
}

/// Where events go: to the coordinator, each line at once, so that a killed process leaves no half of one.
pub(super) struct Log {
    number: u32,
}

impl Log {
    /// Says what is over now and began then.
    pub(super) fn say(&self, history: u64, begin: u64, what: What) {
        self.say_until(history, begin, now(), what);
    }

    pub(super) fn say_until(&self, history: u64, begin: u64, end: u64, what: What) {
        let event = Event { process: self.number, begin, end, what };
        super::worker::Said::Event(history, event).print();
    }
}

/// What all of the functions do: read the register of whoever asks, some time after they began and before they end.
async fn compute(view: View, history: u64, key: u8) -> Value {
    let (begin, process) = (now(), Process::get());
    let (space, owner) = match view {
        View::Shared => (Space::Shared, owner(history, Space::Shared)),
        _ => tenant(history),
    };
    let register = Register { space, key };
    let delays = DELAYS.try_with(|delays| *delays).unwrap_or_default();
    tokio::time::sleep(Duration::from_millis(delays.before)).await;
    let version = process.truth.read(history, register).expect("the database is there");
    tokio::time::sleep(Duration::from_millis(delays.after)).await;
    process.log.say(history, begin, What::Computed(Cell { view, register }, version));
    Value { owner, key, version }
}

/// The space of whoever asks, as the context has it.
fn tenant(history: u64) -> (Space, String) {
    let context = Context::current();
    let name = context.tenant().expect("every read has a tenant").as_str();
    let space = if name == owner(history, Space::First) { Space::First } else { Space::Second };
    (space, name.to_owned())
}

#[cached(ttl = "60s", tags = ["register:{history}:{key}", "history:{history}"])]
pub(super) async fn plain(history: u64, key: u8) -> Value {
    compute(View::Plain, history, key).await
}

#[cached(ttl = "30ms", stale = "60s", tags = ["register:{history}:{key}", "history:{history}"])]
pub(super) async fn stale(history: u64, key: u8) -> Value {
    compute(View::Stale, history, key).await
}

#[cached(ttl = "60s", negative = "60s", tags = ["register:{history}:{key}", "history:{history}"])]
pub(super) async fn negative(history: u64, key: u8) -> Option<Value> {
    Some(compute(View::Negative, history, key).await).filter(|value| value.version > 0)
}

#[cached(ttl = "60s", shared, tags = ["register:{history}:{key}", "history:{history}"])]
pub(super) async fn shared(history: u64, key: u8) -> Value {
    compute(View::Shared, history, key).await
}

#[get("/{history}/{key}")]
#[cached(ttl = "60s", tags = ["register:{history}:{key}", "history:{history}"])]
pub(super) async fn route(Path((history, key)): Path<(u64, u8)>) -> Json<Value> {
    Json(compute(View::Route, history, key).await)
}

/// Writes a register, and answers when it had done so.
#[put("/{history}/{key}")]
#[invalidates("register:{history}:{key}")]
pub(super) async fn put(Path((history, key)): Path<(u64, u8)>) -> Json<u64> {
    let (space, _) = tenant(history);
    Process::get().write(history, Register { space, key });
    Json(now())
}

/// The app on a cache.
pub(super) fn app(cache: Cache) -> TestApp {
    let tenants = Tenants::header("x-tenant-id");
    TestApp::new(App::new().cache(cache).tenants(tenants).routes(routes![route, put]))
}

/// A function's full name.
pub(super) fn name(view: View) -> String {
    let name = match view {
        View::Plain => "plain",
        View::Stale => "stale",
        View::Negative => "negative",
        View::Shared => "shared",
        View::Route => "route",
    };
    format!("{}::{name}", module_path!())
}
