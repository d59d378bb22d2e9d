//! `custom(…)` and `schema(…)`: the function of an own check, as validator and garde spell it.

use proc_macro2::Span;
use syn::spanned::Spanned as _;
use syn::{Expr, ExprLit, Lit, Meta};

use super::attributes::{Item, Mistakes, Owner, items, name};

/// The function of one own check.
pub(crate) struct OwnCheck {
    pub(crate) function: Expr,
    /// Where it was asked for.
    pub(crate) span: Span,
    /// Whether it was asked for as a check of a whole type.
    pub(crate) is_schema: bool,
}

/// Reads `custom(function = path)`, `schema(function = path)`, or garde's `custom(path)`.
pub(super) fn read(owner: Owner, meta: &Meta, mistakes: &mut Mistakes) -> Option<OwnCheck> {
    let key = name(meta);
    let form = match owner {
        Owner::Garde => format!("{key}(path::of_it)"),
        _ => format!("{key}(function = path::of_it)"),
    };
    let Meta::List(list) = meta else {
        mistakes.at(meta.span(), format_args!("`{key}` names a function: write `{form}`"));
        return None;
    };
    let function = match owner {
        Owner::Garde => list.parse_args::<Expr>().map_err(|error| mistakes.add(error)).ok(),
        _ => {
            let mut function = None;
            for item in items(list, mistakes) {
                match item {
                    Item(Some(Meta::NameValue(pair))) if pair.path.is_ident("function") => {
                        function = Some(pair.value);
                    }
                    Item(Some(other)) => mistakes.at(
                        other.span(),
                        format_args!(
                            "`{key}` has no option `{}`: what the function returns says it; write `{form}`",
                            name(&other)
                        ),
                    ),
                    Item(None) => {}
                }
            }
            if function.is_none() {
                mistakes.at(meta.span(), format_args!("`{key}` names a function: write `{form}`"));
            }
            function
        }
    }?;
    let function = match &function {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
            text.parse().map_err(|error| mistakes.add(error)).ok()?
        }
        _ => function,
    };
    if !matches!(function, Expr::Path(_)) {
        mistakes.at(function.span(), format_args!("`{key}` takes the path of a function: write `{form}`"));
        return None;
    }
    Some(OwnCheck { function, span: meta.span(), is_schema: key == "schema" })
}
