//! What each kind of change is called.
