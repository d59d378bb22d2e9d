//! Randomised histories of several processes on one store. `tests/show/history` runs thousands on every form of store,
//! and `tests/show/history-faults` proves that they find what is broken.

use std::path::Path;

use lift_tests::history::Store;
use lift_tests::history::campaign::Campaign;

/// Runs the same histories each time, and then others.
fn check(form: &str) {
    let store = Store::start(form).expect("a form of store");
    let others = u64::from(fastrand::u32(..));
    let seeds = Box::new((1..=60).chain(others..others + 30));
    let program = Path::new(env!("CARGO_BIN_EXE_history"));
    let summary = Campaign { program, store: &store, seeds, until_violation: false }.run();
    assert!(summary.violations.is_empty(), "{form}, seeds 1 to 60 and 30 from {others} on:\n{summary}");
    assert_eq!(summary.vacuous(), None, "{form}:\n{summary}");
}

#[test]
fn no_read_on_redis_is_older_than_an_acknowledged_invalidation() {
    check("redis");
}

#[test]
fn none_on_memory_before_redis_is_beyond_its_bound() {
    check("memory+redis");
}

#[test]
fn none_on_memory_is_in_its_own_process() {
    check("memory");
}
