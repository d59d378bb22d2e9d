//! Types that say a schema of the suite word by word: a value of any kind, with the keywords in `extend(…)`.

mod arrays;
mod compositions;
mod objects;
mod references;
mod values;

use lift::prelude::*;
use serde_json::Value;

use crate::mirror::Mirror;

/// A mirror a row, each of a type of its own.
macro_rules! said {
    ($({ $($keywords:tt)* })*) => {
        &[$({
            #[derive(serde::Deserialize, schemars::JsonSchema, lift::Validate)]
            #[schemars(extend($($keywords)*))]
            struct Said(serde_json::Value);

            Mirror::of::<Said>()
        }),*]
    };
}

use said;

/// A type without a value.
#[derive(Deserialize, JsonSchema, Validate)]
enum Never {}

const EITHER: &[Mirror] = &[Mirror::of::<Value>(), Mirror::of::<Never>()];

pub(crate) fn all() -> impl Iterator<Item = &'static Mirror> {
    let tables = [values::SAID, compositions::SAID, arrays::SAID, objects::SAID, references::SAID];
    EITHER.iter().chain(tables.into_iter().flatten())
}
