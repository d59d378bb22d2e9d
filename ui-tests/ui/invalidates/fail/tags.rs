//! Tags that are missing or name no argument.

#![allow(unused_variables, reason = "what bodies do is not shown")]

use lift::prelude::*;

#[put("/1")]
#[invalidates]
async fn none() {}

#[put("/2/{sku}")]
#[invalidates("product:{skuu}", products, 3)]
async fn wrong(Path(sku): Path<String>) {}

#[put("/3")]
#[invalidates("rates", share)]
async fn unknown() {}

fn main() {}
