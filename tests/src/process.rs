//! Signals to the servers that tests start.

use std::process::Child;

pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process};

/// Sends a signal to a process that a test has started and not yet waited for.
///
/// # Panics
/// If it could not be sent.
pub fn signal(process: &Child, signal: Signal) {
    kill_process(Pid::from_child(process), signal).expect("a process of one's own takes signals");
}
