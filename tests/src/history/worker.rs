//! A process of histories: it reads what to run from its standard input, and says on its standard output what happened.

use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lift::test::TestApp;
use lift::{Cache, Result, Tenant};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::app::{self, DELAYS, Process};
use super::plan::{Action, Delays, Plan, Step};
use super::{Answer, Cell, Event, L1_TTL, Register, Scope, Space, Told, Value, View, What, now, owner};

/// A line to a worker.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Run {
    /// A number that no other history of the campaign has.
    pub(super) history: u64,
    pub(super) seed: u64,
    /// How many processes take part, and which part is this one's.
    pub(super) processes: usize,
    pub(super) part: usize,
}

/// A line from a worker.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Said {
    /// It has a cache.
    Ready,
    /// This happened in a history.
    Event(u64, Event),
    /// It has done its part of one.
    Done(u64),
}

impl Said {
    pub(super) fn print(&self) {
        let mut line = serde_json::to_string(self).expect("it has a form in JSON");
        line.push('\n');
        // Whoever started it may be gone, and closes its standard input then.
        let _ = std::io::stdout().lock().write_all(line.as_bytes());
    }
}

/// Runs histories on the cache that `LIFT_CACHE` names until its standard input ends.
///
/// # Errors
/// If `LIFT_CACHE` is wrong.
///
/// # Panics
/// If what it is told is nothing of the sort, and if the database's directory is not there.
pub async fn serve(directory: &Path, number: u32) -> Result<()> {
    let cache = Cache::from_env()?.l1_ttl(L1_TTL);
    let worker =
        Arc::new(Worker { process: Process::set(directory, number), app: app::app(cache.clone()), cache });
    worker.warm(number).await;
    Said::Ready.print();
    let (sender, mut runs) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            let _ = sender.send(serde_json::from_str::<Run>(&line).expect("what to run"));
        }
    });
    while let Some(run) = runs.recv().await {
        tokio::spawn(Arc::clone(&worker).run(run));
    }
    Ok(())
}

struct Worker {
    process: &'static Process,
    cache: Cache,
    app: TestApp,
}

impl Worker {
    /// Reads until there is a connection to the store, if there is to be one.
    async fn warm(&self, number: u32) {
        let cell = Cell { view: View::Plain, register: Register { space: Space::First, key: 0 } };
        for _ in 0..50 {
            self.answer(u64::MAX - u64::from(number), cell).await;
            if self.cache.invalidate_tag("connected").await.is_ok() {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn run(self: Arc<Self>, run: Run) {
        let Run { history, seed, processes, part } = run;
        let clients = Plan::of(seed, processes).processes.swap_remove(part);
        let clients = clients.into_iter().map(|steps| {
            let worker = Arc::clone(&self);
            tokio::spawn(async move {
                for Step { pause, action } in steps {
                    sleep(Duration::from_millis(pause)).await;
                    worker.act(history, action).await;
                }
            })
        });
        for client in clients.collect::<Vec<_>>() {
            client.await.expect("no client panics");
        }
        Said::Done(history).print();
    }

    async fn act(&self, history: u64, action: Action) {
        match action {
            Action::Read(cell, delays, patience) => self.read(history, cell, delays, patience).await,
            Action::Write(register, scope) => {
                self.process.write(history, register);
                if let Some(scope) = scope {
                    self.invalidate(history, scope).await;
                }
            }
            Action::Invalidate(scope) => self.invalidate(history, scope).await,
            Action::Put(register) => self.put(history, register).await,
            Action::Prime(register) => self.prime(history, register).await,
        }
    }

    async fn read(&self, history: u64, cell: Cell, delays: Delays, patience: u64) {
        let begin = now();
        let answer = DELAYS.scope(delays, self.answer(history, cell));
        let answer = timeout(Duration::from_millis(patience), answer).await.unwrap_or(Answer::Left);
        self.process.log.say(history, begin, What::Read(cell, answer));
    }

    async fn answer(&self, history: u64, cell: Cell) -> Answer {
        let Register { space, key } = cell.register;
        let cache = self.cache_of(history, space);
        match cell.view {
            View::Plain => Answer::Value(cache.scope(app::plain(history, key)).await),
            View::Stale => Answer::Value(cache.scope(app::stale(history, key)).await),
            View::Shared => Answer::Value(cache.scope(app::shared(history, key)).await),
            View::Negative => match cache.scope(app::negative(history, key)).await {
                Some(value) => Answer::Value(value),
                None => Answer::Absent,
            },
            View::Route => {
                let request = self.app.get(&format!("/{history}/{key}"));
                let response = request.header("x-tenant-id", owner(history, space)).send().await;
                let (status, body) = (response.status, response.bytes().await);
                match serde_json::from_slice::<Value>(&body) {
                    Ok(value) if status == 200 => Answer::Value(value),
                    _ => Answer::Failed(format!("{status}: {}", String::from_utf8_lossy(&body))),
                }
            }
        }
    }

    async fn invalidate(&self, history: u64, scope: Scope) {
        let begin = now();
        let told = told(&self.forget(history, scope).await);
        self.process.log.say(history, begin, What::Invalidated(scope, told));
    }

    async fn forget(&self, history: u64, scope: Scope) -> Result<()> {
        match scope {
            Scope::Register(Register { space, key }) => {
                self.cache_of(history, space).invalidate_tag(&format!("register:{history}:{key}")).await
            }
            Scope::History(space) => {
                self.cache_of(history, space).invalidate_tag(&format!("history:{history}")).await
            }
            Scope::Call(Cell { view, register: Register { space, key } }) => {
                let cache = &self.cache_of(history, space);
                match view {
                    View::Plain => app::plain::invalidate(cache, history, key).await,
                    View::Stale => app::stale::invalidate(cache, history, key).await,
                    View::Negative => app::negative::invalidate(cache, history, key).await,
                    View::Shared => app::shared::invalidate(cache, history, key).await,
                    View::Route => app::route::invalidate(cache, (history, key)).await,
                }
            }
            Scope::Endpoint(view, None) => self.cache.invalidate_endpoint(&app::name(view)).await,
            Scope::Endpoint(view, Some(space)) => {
                self.cache_of(history, space).invalidate_endpoint(&app::name(view)).await
            }
            Scope::Tenant(space) => self.cache.invalidate_tenant(&Tenant::new(&owner(history, space))?).await,
            Scope::All => self.cache.invalidate_all().await,
        }
    }

    /// By the handler with `#[invalidates]`, whose answer stands even if the store could not be told: then it is told by the
    /// next invalidation that it takes note of.
    async fn put(&self, history: u64, register: Register) {
        let Register { space, key } = register;
        let request = self.app.put(&format!("/{history}/{key}")).header("x-tenant-id", owner(history, space));
        let wrote: u64 = request.send().await.json().await;
        let (scope, end) = (Scope::Register(register), now());
        self.process.log.say_until(history, wrote, end, What::Invalidated(scope, Told::Own));
        let told = told(&self.cache.invalidate_tag("told").await);
        self.process.log.say(history, wrote, What::Invalidated(scope, told));
    }

    async fn prime(&self, history: u64, register: Register) {
        let Register { space, key } = register;
        let version = self.process.write(history, register);
        let (begin, owner) = (now(), owner(history, space));
        let cache = self.cache_of(history, space);
        let value = Value { owner, key, version };
        let told = told(&app::plain::prime(&cache, history, key, value).await);
        let scope = Scope::Call(Cell { view: View::Plain, register });
        self.process.log.say(history, begin, What::Invalidated(scope, told));
    }

    fn cache_of(&self, history: u64, space: Space) -> Cache {
        match space {
            Space::Shared => self.cache.clone(),
            tenant => self.cache.tenant(&owner(history, tenant)).expect("a tenant's name"),
        }
    }
}

fn told(result: &Result<()>) -> Told {
    if result.is_ok() { Told::All } else { Told::Failed }
}
