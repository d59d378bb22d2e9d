//! Integration tests of Lift.
