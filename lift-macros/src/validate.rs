//! `#[validate(…)]`: its options, and the checks of arguments and answers that they make.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Expr, ExprLit, Ident, Lit, LitInt, Path};

use crate::arguments::{Arguments, Value, path, string};
use crate::cached::number;
use crate::schema_file::SchemaFile;
use crate::template::unbound;

/// A checked `#[validate]`.
#[derive(Default)]
pub(crate) struct Validate {
    response: Option<(Span, Response)>,
    sample: Option<u32>,
    pub(crate) with: Vec<With>,
    max_body: Option<(Span, u64)>,
    status: Option<LitInt>,
    strict: bool,
    pub(crate) schema: Option<SchemaFile>,
}

#[derive(Clone, Copy)]
enum Response {
    Checked,
    Logged,
}

/// A validator of the app's own, and the names that it is called with.
pub(crate) struct With {
    pub(crate) path: Path,
    pub(crate) names: Vec<Ident>,
}

impl Validate {
    /// Reads the attribute's arguments; `names` are those that the function's arguments bind.
    pub(crate) fn read(arguments: &mut Arguments<'_>, names: &[Ident]) -> Self {
        let response = response(arguments);
        Self {
            sample: sample(arguments, response),
            response,
            with: with(arguments, names),
            max_body: max_body(arguments),
            status: arguments.integer("status", 400..=499),
            strict: arguments.flag("strict").is_some(),
            schema: schema(arguments),
        }
    }

    /// Where the answer's check was asked for, if it was.
    pub(crate) fn response(&self) -> Option<Span> {
        self.response.map(|(span, _)| span)
    }

    /// Where the size of bodies was said, if it was.
    pub(crate) fn max_body(&self) -> Option<Span> {
        self.max_body.map(|(span, _)| span)
    }

    /// `Options::new()` with what was given.
    pub(crate) fn options(&self, private: &TokenStream) -> TokenStream {
        let mut options = TokenStream::new();
        options.extend(
            self.max_body.map(|(_, bytes)| number(bytes)).iter().map(|bytes| quote! { .max_body(#bytes) }),
        );
        options.extend(self.status.iter().map(|status| quote! { .status(#status) }));
        options.extend(self.response.map(|(_, response)| match response {
            Response::Checked => quote! { .response() },
            Response::Logged => quote! { .response_log() },
        }));
        options.extend(self.sample.map(|sample| quote! { .sample(#sample) }));
        options.extend(self.strict.then(|| quote! { .strict() }));
        options.extend(self.schema.as_ref().map(|_| quote! { .schema(|| &__LIFT_SCHEMA) }));
        quote! { #private::validate::Options::new() #options }
    }
}

fn response(arguments: &mut Arguments<'_>) -> Option<(Span, Response)> {
    let (ident, value) = arguments.take("response")?;
    let response = match &value {
        Value::Flag => Some(Response::Checked),
        Value::Equals(value) if string(value).is_some_and(|text| text.value() == "log") => {
            Some(Response::Logged)
        }
        _ => None,
    };
    if response.is_none() {
        let message = "`response` stands alone, or is \"log\": write `response` or `response = \"log\"`";
        match &value {
            Value::Equals(value) => arguments.errors.at(value, message),
            _ => arguments.errors.at(&ident, message),
        }
    }
    response.map(|response| (ident.span(), response))
}

/// `sample = 0.01`, as parts of 2³².
fn sample(arguments: &mut Arguments<'_>, response: Option<(Span, Response)>) -> Option<u32> {
    let (ident, value) = arguments.value("sample", "sample = 0.01")?;
    if !matches!(response, Some((_, Response::Logged))) {
        let message = "`sample` says how many answers are checked for the log: add `response = \"log\"`";
        arguments.errors.at(&ident, message);
        return None;
    }
    let share = match &value {
        Expr::Lit(ExprLit { lit: Lit::Float(share), .. }) => share.base10_parse().ok(),
        _ => None,
    };
    let share = share.filter(|share: &f64| (0.0..1.0).contains(share) && *share > 0.0);
    if share.is_none() {
        arguments.errors.at(&value, "`sample` must be a share between 0 and 1: write `sample = 0.01`");
    }
    share.map(|share| (share * f64::from(u32::MAX)) as u32)
}

fn max_body(arguments: &mut Arguments<'_>) -> Option<(Span, u64)> {
    let span = arguments.span("max_body");
    span.zip(arguments.size("max_body"))
}

fn schema(arguments: &mut Arguments<'_>) -> Option<SchemaFile> {
    let path = arguments.string("schema")?;
    let root = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    match SchemaFile::read(&path.value(), root.as_ref()) {
        Ok(file) => Some(file),
        Err(mistakes) => {
            mistakes.iter().for_each(|mistake| arguments.errors.at(&path, mistake));
            None
        }
    }
}

fn with(arguments: &mut Arguments<'_>, names: &[Ident]) -> Vec<With> {
    let Some((_, value)) = arguments.value("with", "with = path::of_it") else { return Vec::new() };
    let validators = match value {
        Expr::Array(array) => array.elems.into_iter().collect(),
        one => vec![one],
    };
    validators.into_iter().filter_map(|validator| one_with(&validator, names, arguments)).collect()
}

/// `known_skus`, which is called with every name, or `known_skus(body, shop)`.
fn one_with(validator: &Expr, names: &[Ident], arguments: &mut Arguments<'_>) -> Option<With> {
    if let Some(path) = path(validator) {
        return Some(With { path, names: names.to_vec() });
    }
    if let Expr::Call(call) = validator
        && let Some(path) = path(&call.func)
        && let Some(given) = call.args.iter().map(name).collect::<Option<Vec<_>>>()
    {
        for name in given.iter().filter(|name| !names.contains(name)) {
            arguments.errors.at(name, unbound(name, names));
        }
        return Some(With { path, names: given });
    }
    let message = "`with` must be the path of a validator, with or without the arguments that it needs: \
                   write `with = known_skus` or `with = known_skus(body)`";
    arguments.errors.at(validator, message);
    None
}

fn name(value: &Expr) -> Option<Ident> {
    path(value)?.get_ident().cloned()
}
