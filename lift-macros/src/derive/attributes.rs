//! What the attributes of a type, a variant or a field say: constraints, and what keeps a check from being native.

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Expr, ExprLit, Lit, LitStr, Meta, MetaList, Token};

use super::extension::Extension;
use super::function::{self, OwnCheck};
use super::{dialect, extension};
use crate::handler::located_at;

/// Everything that a set of attributes says.
#[derive(Default)]
pub(crate) struct Attributes {
    pub(crate) constraints: Constraints,
    /// Keywords that stand in `extend(…)` and have native checks.
    pub(crate) extensions: Vec<Extension>,
    /// Keywords of the app's own, perhaps: annotations where an app has not added them.
    pub(crate) annotations: Vec<LitStr>,
    /// Formats of the app's own.
    pub(crate) own_formats: Vec<LitStr>,
    /// Functions of the app's own.
    pub(crate) own: Vec<OwnCheck>,
    /// It is never read, so that there is nothing to check.
    pub(crate) skipped: bool,
    /// The value does not tell what was read: only the schema can check it.
    pub(crate) opaque: bool,
}

/// The constraints that the schema will carry.
#[derive(Default)]
pub(crate) struct Constraints {
    pub(crate) length: Option<Bounds>,
    pub(crate) range: Option<Bounds>,
    pub(crate) pattern: Option<Expr>,
    pub(crate) contains: Option<Expr>,
    pub(crate) format: Option<(Format, Span)>,
    pub(crate) required: bool,
    pub(crate) inner: Option<Box<Constraints>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Email,
    Uri,
    Ip,
    Ipv4,
    Ipv6,
}

/// What `length(…)` and `range(…)` hold.
pub(crate) struct Bounds {
    pub(crate) span: Span,
    pub(crate) min: Option<Expr>,
    pub(crate) max: Option<Expr>,
}

/// Whose attribute it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Serde,
    Schemars,
    Validate,
    Garde,
}

/// Collects the mistakes of a derive, all of which are told.
#[derive(Default)]
pub(crate) struct Mistakes(Option<Error>);

impl Mistakes {
    pub(crate) fn add(&mut self, error: Error) {
        match &mut self.0 {
            Some(earlier) => earlier.combine(error),
            none => *none = Some(error),
        }
    }

    pub(super) fn at(&mut self, span: Span, message: impl std::fmt::Display) {
        self.add(Error::new(span, message));
    }

    pub(crate) fn into_error(self) -> Option<Error> {
        self.0
    }
}

/// An item of an attribute; `None` is `!key`, which schemars has besides what Rust knows.
pub(super) struct Item(pub(super) Option<Meta>);

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let unset = input.parse::<Option<Token![!]>>()?.is_some();
        let meta = input.parse()?;
        Ok(Self((!unset).then_some(meta)))
    }
}

impl Attributes {
    pub(crate) fn read(attributes: &[Attribute], mistakes: &mut Mistakes) -> Self {
        let mut read = Self::default();
        for attribute in attributes {
            let owner = match attribute.path().get_ident().map(ToString::to_string).as_deref() {
                Some("serde") => Owner::Serde,
                Some("schemars") => Owner::Schemars,
                Some("validate") => Owner::Validate,
                Some("garde") => Owner::Garde,
                _ => continue,
            };
            let Meta::List(list) = &attribute.meta else { continue };
            for item in items(list, mistakes) {
                match item {
                    Item(None) => read.opaque = true,
                    Item(Some(meta)) if owner == Owner::Serde => read.read_serde(&meta, mistakes),
                    Item(Some(meta)) => read.read_constraint(owner, &meta, mistakes),
                }
            }
        }
        read
    }

    fn read_serde(&mut self, meta: &Meta, mistakes: &mut Mistakes) {
        match &*name(meta) {
            "alias" => mistakes.at(
                meta.span(),
                "`alias` accepts a name that the published schema does not have; use `rename`, or take both as `Option` fields",
            ),
            "other" => mistakes.at(
                meta.span(),
                "`other` accepts what the published schema refuses; take a `String` instead",
            ),
            "skip" | "skip_deserializing" => self.skipped = true,
            "rename" | "rename_all" | "rename_all_fields" | "deny_unknown_fields" | "default" | "bound" | "crate"
            | "expecting" | "transparent" | "skip_serializing" | "skip_serializing_if" | "borrow" => {}
            // How these are read is known to `Shape`.
            "flatten" | "tag" | "content" | "untagged" => {}
            // `with`, `from` and the like read another type.
            _ => self.opaque = true,
        }
    }

    /// What schemars reads of its own attribute, of validator's and of garde's.
    fn read_constraint(&mut self, owner: Owner, meta: &Meta, mistakes: &mut Mistakes) {
        if self.constraints.read(owner, meta, mistakes) {
            return;
        }
        let name = name(meta);
        match (owner, &*name) {
            (Owner::Schemars, "title" | "description" | "example" | "deprecated" | "inline" | "crate" | "bound") => {}
            (Owner::Schemars, "extend") => {
                let Meta::List(list) = meta else { return };
                extension::read(list, self, mistakes);
            }
            // The schema says more or other than serde does.
            (Owner::Schemars, _) => self.opaque = true,
            (Owner::Validate | Owner::Garde, "custom") => self.own.extend(function::read(owner, meta, mistakes)),
            (Owner::Validate, "schema") => self.own.extend(function::read(owner, meta, mistakes)),
            (Owner::Validate, "nested") | (Owner::Garde, "skip" | "dive" | "rename" | "allow_unvalidated") => {}
            (Owner::Validate | Owner::Garde | Owner::Serde, _) => mistakes.at(
                meta.span(),
                format_args!(
                    "`{name}` is not in the JSON Schema, and would not be checked; say it by `length`, `range`, `regex`, \
                     `contains`, a format or `inner`, or check it by `custom(function = path)`"
                ),
            ),
        }
    }
}

impl Constraints {
    pub(crate) fn is_empty(&self) -> bool {
        let Self { length, range, pattern, contains, format, required, inner } = self;
        length.is_none()
            && range.is_none()
            && pattern.is_none()
            && contains.is_none()
            && format.is_none()
            && !required
            && inner.is_none()
    }

    /// Reads one constraint; `false` if it is not one.
    fn read(&mut self, owner: Owner, meta: &Meta, mistakes: &mut Mistakes) -> bool {
        let format = |format| Some((format, located_at(meta)));
        match &*name(meta) {
            "length" => self.length = bounds(owner, meta, mistakes),
            "range" => self.range = bounds(owner, meta, mistakes),
            "required" => self.required = true,
            "email" => self.format = format(Format::Email),
            "url" => self.format = format(Format::Uri),
            "ip" => self.format = format(Format::Ip),
            "ipv4" => self.format = format(Format::Ipv4),
            "ipv6" => self.format = format(Format::Ipv6),
            "pattern" if owner != Owner::Validate => self.pattern = argument(meta, None, mistakes),
            "regex" if owner == Owner::Validate => self.pattern = argument(meta, Some("path"), mistakes),
            "regex" if owner == Owner::Schemars => self.pattern = argument(meta, Some("pattern"), mistakes),
            "contains" => self.contains = argument(meta, Some("pattern"), mistakes),
            "inner" if owner != Owner::Validate => {
                let inner = self.inner.get_or_insert_default();
                let Meta::List(list) = meta else { return true };
                for item in items(list, mistakes) {
                    if let Item(Some(meta)) = &item
                        && !inner.read(owner, meta, mistakes)
                    {
                        mistakes
                            .at(meta.span(), format_args!("`{}` is not a constraint of items", name(meta)));
                    }
                }
            }
            _ => return false,
        }
        if matches!(&*name(meta), "pattern" | "regex") {
            self.check_pattern(mistakes);
        }
        true
    }

    fn check_pattern(&self, mistakes: &mut Mistakes) {
        let Some(Expr::Lit(ExprLit { lit: Lit::Str(pattern), .. })) = &self.pattern else { return };
        for mistake in dialect::mistakes(&pattern.value()) {
            mistakes.at(pattern.span(), mistake);
        }
    }
}

pub(super) fn name(meta: &Meta) -> String {
    meta.path().get_ident().map(ToString::to_string).unwrap_or_default()
}

pub(super) fn items(list: &MetaList, mistakes: &mut Mistakes) -> Vec<Item> {
    match list.parse_args_with(Punctuated::<Item, Token![,]>::parse_terminated) {
        Ok(items) => items.into_iter().collect(),
        Err(error) => {
            mistakes.add(error);
            Vec::new()
        }
    }
}

/// `min`, `max` and `equal`.
fn bounds(owner: Owner, meta: &Meta, mistakes: &mut Mistakes) -> Option<Bounds> {
    let Meta::List(list) = meta else { return None };
    let mut bounds = Bounds { span: located_at(meta), min: None, max: None };
    for item in items(list, mistakes) {
        let Item(Some(item)) = item else { continue };
        let key = name(&item);
        match (&*key, &item) {
            ("min", Meta::NameValue(pair)) => bounds.min = expression(&pair.value, mistakes),
            ("max", Meta::NameValue(pair)) => bounds.max = expression(&pair.value, mistakes),
            ("equal", Meta::NameValue(pair)) => {
                bounds.min = expression(&pair.value, mistakes);
                bounds.max.clone_from(&bounds.min);
            }
            ("message" | "code", _) if owner == Owner::Validate => {}
            ("chars" | "simple", _) if owner == Owner::Garde => {}
            _ => mistakes.at(
                item.span(),
                format_args!(
                    "`{key}` is not in the JSON Schema, and would not be checked; use `min`, `max` or `equal`"
                ),
            ),
        }
    }
    Some(bounds)
}

/// `name(expression)`, or `name(key = expression)`.
fn argument(meta: &Meta, key: Option<&str>, mistakes: &mut Mistakes) -> Option<Expr> {
    let Meta::List(list) = meta else { return None };
    let Some(key) = key else { return list.parse_args::<Expr>().map_err(|error| mistakes.add(error)).ok() };
    // As schemars does: `contains("x")` is an expression, `contains(pattern = "x", …)` is not.
    let is_pairs = |input: ParseStream<'_>| {
        let pairs = input.peek2(Token![=]) || input.peek2(Token![,]);
        input.parse::<proc_macro2::TokenStream>()?;
        Ok(pairs)
    };
    if !list.parse_args_with(is_pairs).unwrap_or(false) {
        return list.parse_args::<Expr>().map_err(|error| mistakes.add(error)).ok();
    }
    items(list, mistakes).into_iter().find_map(|item| match item {
        Item(Some(Meta::NameValue(pair))) if pair.path.is_ident(key) => {
            if key == "path" {
                expression(&pair.value, mistakes)
            } else {
                Some(pair.value)
            }
        }
        _ => None,
    })
}

/// An expression, or one in quotes.
fn expression(value: &Expr, mistakes: &mut Mistakes) -> Option<Expr> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
            text.parse().map_err(|error| mistakes.add(error)).ok()
        }
        value => Some(value.clone()),
    }
}
