//! `#[invalidates("tag", …)]`: the tags whose entries a writer makes stale.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Ident, Lit};

use crate::arguments::Arguments;
use crate::handler::Annotation;
use crate::template::Template;

/// A checked `#[invalidates]`.
pub(crate) struct Invalidates {
    pub(crate) tags: Vec<Template>,
    shared: bool,
}

impl Invalidates {
    /// Reads the attribute's arguments; `names` are those that the function's arguments bind.
    pub(crate) fn read(annotation: &Annotation, arguments: &mut Arguments<'_>, names: &[Ident]) -> Self {
        let literals = arguments.literals();
        if literals.is_empty() && !arguments.are_unreadable() {
            let message = "`#[invalidates]` names no tag: write `#[invalidates(\"products\")]`";
            arguments.errors.at_span(annotation.span, message);
        }
        let mut tags = Vec::new();
        for literal in literals {
            match literal {
                Lit::Str(literal) => tags.extend(Template::parse(&literal, names, arguments.errors)),
                other => {
                    arguments.errors.at(other, "a tag is a string: write it in quotes, such as \"products\"");
                }
            }
        }
        Self { tags, shared: arguments.flag("shared").is_some() }
    }

    /// Whose entries are meant: the tenant's, or everybody's.
    pub(crate) fn scope(&self, private: &TokenStream) -> TokenStream {
        if self.shared {
            quote! { #private::cache::Scope::Shared }
        } else {
            quote! { #private::cache::Scope::Tenant }
        }
    }
}
