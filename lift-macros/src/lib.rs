//! The attributes of Lift.
