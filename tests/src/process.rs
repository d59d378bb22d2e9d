//! The servers that tests start, and what is done to them.

use std::process::{Child, Command};

pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process};

/// Sends a signal to a process that a test has started and not yet waited for.
///
/// # Panics
/// If it could not be sent.
pub fn signal(process: &Child, signal: Signal) {
    kill_process(Pid::from_child(process), signal).expect("a process of one's own takes signals");
}

/// A server of a test's own, which may be killed, stopped and started again; gone when dropped.
#[derive(Default)]
pub struct Server(Option<Child>);

impl Server {
    /// Starts it.
    ///
    /// # Panics
    /// If it runs, or if its program is missing: `tests/run` installs it.
    pub(crate) fn spawn(&mut self, command: &mut Command) {
        assert!(self.0.is_none(), "it was killed before");
        let started = command.spawn();
        let program = command.get_program().display();
        self.0 = Some(started.unwrap_or_else(|error| panic!("{program}: {error}: tests/run installs it")));
    }

    fn process(&self) -> &Child {
        self.0.as_ref().expect("it runs")
    }

    /// Its process id.
    ///
    /// # Panics
    /// If it was killed.
    pub fn id(&self) -> u32 {
        self.process().id()
    }

    /// Kills it as `kill -9` does.
    ///
    /// # Panics
    /// If it was killed already.
    pub fn kill(&mut self) {
        let mut process = self.0.take().expect("it runs");
        process.kill().expect("killed");
        process.wait().expect("gone");
    }

    /// Stops it as `kill -STOP` does: its connections stay open, and nothing answers.
    ///
    /// # Panics
    /// If it was killed.
    pub fn stop(&self) {
        signal(self.process(), Signal::STOP);
    }

    /// Lets it go on.
    ///
    /// # Panics
    /// If it was killed.
    pub fn go_on(&self) {
        signal(self.process(), Signal::CONT);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut process) = self.0.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
