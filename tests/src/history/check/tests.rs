//! Histories by hand, good and bad.

use super::*;
use crate::history::{Space, Value, View};

const REGISTER: Register = Register { space: Space::First, key: 0 };
const CELL: Cell = Cell { view: View::Plain, register: REGISTER };
const EVERYWHERE: Reach = Reach::Within(Duration::ZERO);

fn event(process: u32, (begin, end): (u64, u64), what: What) -> Event {
    Event { process, begin, end, what }
}

fn write(process: u32, span: (u64, u64), version: u64) -> Event {
    event(process, span, What::Wrote(REGISTER, version))
}

fn forget(process: u32, span: (u64, u64), scope: Scope) -> Event {
    event(process, span, What::Invalidated(scope, Told::All))
}

fn in_vain(process: u32, span: (u64, u64)) -> Event {
    event(process, span, What::Invalidated(Scope::Register(REGISTER), Told::Failed))
}

fn read(process: u32, span: (u64, u64), version: u64) -> Event {
    let answer = match version {
        0 => Answer::Absent,
        version => Answer::Value(Value { owner: "First".to_owned(), key: 0, version }),
    };
    event(process, span, What::Read(CELL, answer))
}

fn violations(events: &[Event], reach: Reach) -> usize {
    check(events, reach, |register| format!("{:?}", register.space)).violations.len()
}

/// Version 1 is written and invalidated by process 1 from 10 to 40; what process 2 may read of it.
fn after_one(reader: Event) -> usize {
    violations(&[write(1, (10, 20), 1), forget(1, (30, 40), Scope::Register(REGISTER)), reader], EVERYWHERE)
}

#[test]
fn a_read_after_an_acknowledged_invalidation_returns_what_was_written_before_it() {
    assert_eq!(after_one(read(2, (50, 60), 1)), 0);
    assert_eq!(after_one(read(2, (50, 60), 0)), 1);
    assert_eq!(after_one(read(1, (50, 60), 0)), 1);
    assert_eq!(after_one(read(2, (40, 60), 0)), 1, "at the very moment of the acknowledgement");
}

#[test]
fn a_read_that_began_before_the_acknowledgement_may_return_either() {
    for version in [0, 1] {
        assert_eq!(after_one(read(2, (39, 60), version)), 0);
        assert_eq!(after_one(read(2, (15, 60), version)), 0, "a write may be seen before it is invalidated");
    }
}

#[test]
fn a_version_from_before_its_write_is_a_wrong_log() {
    assert_eq!(after_one(read(2, (5, 10), 1)), 1);
    assert_eq!(after_one(read(2, (5, 11), 1)), 0);
}

#[test]
fn a_write_that_nobody_has_invalidated_binds_nobody() {
    assert_eq!(violations(&[write(1, (10, 20), 1), read(2, (50, 60), 0)], EVERYWHERE), 0);
}

#[test]
fn anybody_s_invalidation_covers_all_that_was_written_before_it_began() {
    let by_another = [write(1, (10, 20), 1), forget(3, (20, 40), Scope::All), read(2, (50, 60), 0)];
    assert_eq!(violations(&by_another, EVERYWHERE), 1);
    let too_early = [write(1, (10, 20), 1), forget(3, (19, 40), Scope::All), read(2, (50, 60), 0)];
    assert_eq!(violations(&too_early, EVERYWHERE), 0);
}

#[test]
fn the_newest_of_the_acknowledged_versions_binds() {
    let scope = Scope::Register(REGISTER);
    let mut events = vec![
        write(1, (10, 20), 1),
        write(2, (12, 14), 2),
        forget(1, (30, 40), scope),
        write(2, (50, 60), 3),
        read(3, (61, 62), 2),
    ];
    assert_eq!(violations(&events, EVERYWHERE), 0);
    events.push(read(3, (61, 62), 1));
    assert_eq!(violations(&events, EVERYWHERE), 1);
    events.extend([forget(2, (63, 64), scope), read(3, (65, 66), 2)]);
    assert_eq!(violations(&events, EVERYWHERE), 2);
}

#[test]
fn an_invalidation_binds_what_it_covers_only() {
    let other = Register { space: Space::Second, key: 0 };
    let other_key = Register { key: 1, ..REGISTER };
    let other_cell = Cell { view: View::Route, ..CELL };
    let with = |scope| {
        violations(&[write(1, (10, 20), 1), forget(1, (30, 40), scope), read(2, (50, 60), 0)], EVERYWHERE)
    };
    for covers in [
        Scope::Register(REGISTER),
        Scope::History(Space::First),
        Scope::Tenant(Space::First),
        Scope::Call(CELL),
        Scope::Endpoint(View::Plain, None),
        Scope::Endpoint(View::Plain, Some(Space::First)),
        Scope::All,
    ] {
        assert_eq!(with(covers), 1, "{covers:?}");
    }
    for not in [
        Scope::Register(other),
        Scope::Register(other_key),
        Scope::History(Space::Second),
        Scope::Tenant(Space::Second),
        Scope::Call(other_cell),
        Scope::Endpoint(View::Route, None),
        Scope::Endpoint(View::Plain, Some(Space::Second)),
    ] {
        assert_eq!(with(not), 0, "{not:?}");
    }
}

#[test]
fn a_failed_invalidation_binds_its_own_process_only() {
    let write = write(1, (10, 20), 1);
    assert_eq!(violations(&[write.clone(), in_vain(1, (30, 40)), read(1, (50, 60), 0)], EVERYWHERE), 1);
    assert_eq!(violations(&[write.clone(), in_vain(1, (30, 40)), read(2, (50, 60), 0)], EVERYWHERE), 0);
    assert_eq!(
        violations(&[write.clone(), read(1, (50, 60), 0)], EVERYWHERE),
        0,
        "nor does one that was killed"
    );
    let own = event(1, (30, 40), What::Invalidated(Scope::Register(REGISTER), Told::Own));
    assert_eq!(violations(&[write.clone(), own.clone(), read(1, (50, 60), 0)], EVERYWHERE), 1);
    assert_eq!(violations(&[write, own, read(2, (50, 60), 0)], EVERYWHERE), 0);
}

#[test]
fn the_bound_is_for_other_processes() {
    let invalidated = [write(1, (10, 20), 1), forget(1, (30, 40), Scope::All)];
    let after = |reader: Event, reach| violations(&[&invalidated[..], &[reader]].concat(), reach);
    let near = Reach::Within(Duration::from_nanos(100));
    assert_eq!(after(read(2, (139, 150), 0), near), 0);
    assert_eq!(after(read(2, (140, 150), 0), near), 1);
    assert_eq!(after(read(1, (40, 50), 0), near), 1, "the writer's own next read is fresh");
    assert_eq!(after(read(2, (9000, 9001), 0), Reach::Own), 0);
    assert_eq!(after(read(1, (40, 50), 0), Reach::Own), 1);
}

#[test]
fn another_tenant_s_value_and_a_failure_are_violations_at_any_time() {
    let of = |owner: &str, key, version| {
        What::Read(CELL, Answer::Value(Value { owner: owner.to_owned(), key, version }))
    };
    let one = |what| violations(&[event(1, (1, 2), what)], Reach::Own);
    assert_eq!(one(of("First", 0, 0)), 0);
    assert_eq!(one(of("Second", 0, 0)), 1);
    assert_eq!(one(of("First", 1, 0)), 1);
    assert_eq!(one(What::Read(CELL, Answer::Failed("500".to_owned()))), 1);
    assert_eq!(one(What::Read(CELL, Answer::Left)), 0);
}

#[test]
fn races_are_counted() {
    let events = [
        write(1, (10, 20), 1),
        event(2, (5, 60), What::Computed(CELL, 0)),
        read(2, (4, 61), 0),
        forget(1, (30, 40), Scope::Register(REGISTER)),
        event(2, (35, 60), What::Computed(CELL, 1)),
        read(2, (41, 61), 1),
    ];
    let report = check(&events, EVERYWHERE, |register| format!("{:?}", register.space));
    assert_eq!((report.reads, report.raced, report.bound), (2, 1, 1));
    assert_eq!((report.computed, report.overtaken, report.invalidations), (2, 1, 1));
    assert_eq!(report.violations, []);
}
