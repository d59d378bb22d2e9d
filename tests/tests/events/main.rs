//! An app answers the events of every AWS source as it answers HTTP.

mod answers;
mod app;
mod requests;
mod streams;
