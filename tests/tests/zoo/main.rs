//! One verdict: over a zoo of types, the fast path and a JSON Schema validator that knows nothing of Lift agree.
//!
//! Inputs are made near the boundary of validity, by changing right ones; the seed is printed. `LIFT_ZOO_INPUTS` says
//! how many a type (10,000 if unset), `LIFT_ZOO_SEED` repeats a run, and `LIFT_ZOO_TYPE` runs one type alone:
//!
//! ```text
//! LIFT_ZOO_INPUTS=1000000 cargo test -p lift-tests --test zoo -- --nocapture
//! ```
//!
//! What a run finds becomes a case of `regressions.rs`.

#![expect(dead_code, reason = "fields are parsed and checked, not read")]
#![expect(clippy::unwrap_used, reason = "tests")]

mod buffered;
mod enums;
mod foreign;
mod formats;
mod keywords;
mod mixed;
mod mutate;
mod node;
mod numbers;
mod regressions;
mod shapes;
mod structs;
mod verdict;
