//! What expansions call.
