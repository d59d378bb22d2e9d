//! `custom(…)` and `schema(…)`: the function of an own check, as validator and garde spell it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned as _;
use syn::{Error, Expr, ExprLit, Lit, Meta};

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
            let (mut function, mut is_mistaken) = (None, false);
            for item in items(list, mistakes) {
                match item {
                    Item(Some(Meta::NameValue(pair))) if pair.path.is_ident("function") => {
                        function = Some(pair.value);
                    }
                    Item(Some(other)) => {
                        is_mistaken = true;
                        let option = name(&other);
                        let message = format_args!(
                            "`{key}` has no option `{option}`: what the function returns says it; write `{form}`"
                        );
                        mistakes.at(other.span(), message);
                    }
                    Item(None) => is_mistaken = true,
                }
            }
            if function.is_none() && !is_mistaken {
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
        let message = format!("`{key}` takes the path of a function: write `{form}`");
        mistakes.add(Error::new_spanned(&function, message));
        return None;
    }
    Some(OwnCheck { function, span: meta.span(), is_schema: key == "schema" })
}

impl OwnCheck {
    /// What it says of a value that has a name. All of the call is at the place of the function's path, for messages to
    /// be there.
    pub(super) fn call(&self, value: &str) -> TokenStream {
        let (function, span) = (&self.function, self.function.span());
        let value = Ident::new(value, span);
        quote_spanned!(span=> ::lift::__private::validate::OwnVerdict::said((#function)(#value)))
    }
}
