//! Options that are unknown or wrong.

#![allow(unused_variables, reason = "what bodies do is not shown")]

use lift::prelude::*;

#[post("/1")]
#[validate(respond)]
async fn unknown(body: String) {}

#[post("/2")]
#[validate(response = true, status = 500, max_body = 1048576)]
async fn values(body: String) {}

#[post("/3")]
#[validate(response = "strict", max_body = "64k", with = |body| ())]
async fn more_values(body: String) {}

#[post("/4")]
#[validate(with = [known(boddy), known(body.len())])]
async fn names(body: String) {}

#[post("/5")]
#[validate = "response"]
async fn form(body: String) {}

fn main() {}
