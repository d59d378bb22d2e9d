//! What a route tells of itself.

use schemars::JsonSchema;
use serde_json::Value;

use super::document::{FilePart, InputPart};
use crate::validate::Input;
use crate::validate::expansion::{FileSchema, Options};
use crate::validate::{Contract, published};

/// The schemas of one route. Nothing is written before somebody asks for it.
#[derive(Debug)]
pub struct Description {
    checks: Option<&'static Options>,
    pub(super) inputs: Vec<InputPart>,
    pub(super) response: Option<Value>,
    pub(super) items: Option<Value>,
}

impl Description {
    pub(super) fn new() -> Self {
        Self { checks: None, inputs: Vec::new(), response: None, items: None }
    }

    /// The route carries `#[validate]` with these options. It comes before what they are about.
    pub fn checked(&mut self, options: &'static Options) {
        self.checks = Some(options);
    }

    pub(super) fn input<I: Input>(&mut self)
    where
        I::Value: JsonSchema,
    {
        let is_strict = self.checks.is_some_and(Options::is_strict);
        let contract = if is_strict { Contract::StrictInput } else { Contract::Input };
        let file = self.checks.and_then(|options| options.schema_of(I::LOCATION));
        self.inputs.push(InputPart {
            location: I::LOCATION,
            media_type: I::MEDIA_TYPE.map(str::to_owned),
            schema: published::<I::Value>(contract),
            files: file.map(files).unwrap_or_default(),
            validated: self.checks.is_some(),
        });
    }

    pub(super) fn response<T: JsonSchema>(&mut self) {
        self.response = Some(published::<T>(Contract::Output));
    }

    pub(super) fn items<T: JsonSchema>(&mut self) {
        self.items = Some(published::<T>(Contract::Output));
    }
}

fn files(file: &FileSchema) -> Vec<FilePart> {
    // The files were read as JSON when the app was compiled.
    let parts = file.parts().filter_map(Result::ok);
    parts.map(|(uri, schema)| FilePart { uri: uri.to_owned(), schema }).collect()
}
