//! What stands beside a cached function, as functions of its unit type.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{GenericArgument, Ident, PathArguments, Type};

use crate::cached::Cached;
use crate::endpoint::{fingerprint, key_parts};
use crate::handler::{Argument, Function};
use crate::model::Model;

/// Beside an endpoint: its policy, and `invalidate`.
pub(crate) fn of_endpoint(model: &Model, cached: &Cached) -> TokenStream {
    let name = model.function.name();
    let (policy, invalidate) = (policy(model, cached), invalidate(model, cached, true));
    quote! { impl #name { #policy #invalidate } }
}

/// Beside a plain function: its policy, `uncached`, `invalidate` and `prime`. `uncached` is the function as the
/// user wrote it.
pub(crate) fn of_function(model: &Model, cached: &Cached, original: &Function) -> TokenStream {
    let name = model.function.name();
    let (policy, invalidate, prime) = (policy(model, cached), invalidate(model, cached, false), prime(model, cached));
    let uncached = uncached(original);
    quote! { impl #name { #policy #uncached #invalidate #prime } }
}

fn policy(model: &Model, cached: &Cached) -> TokenStream {
    let private = model.private();
    let name = format!("::{}", syn::ext::IdentExt::unraw(model.function.name()));
    let name = quote! { ::core::concat!(::core::module_path!(), #name) };
    let policy = cached.policy(&private, &name, fingerprint(model));
    quote! {
        #[doc(hidden)]
        fn __lift_policy() -> &'static #private::cache::Policy {
            static POLICY: #private::cache::Policy = #policy;
            &POLICY
        }
    }
}

fn invalidate(model: &Model, cached: &Cached, is_route: bool) -> TokenStream {
    let (lift, vis) = (model.lift(), &model.function.vis);
    let keyed = Keyed::of(model, cached, is_route);
    let Keyed { parameters, parts, .. } = &keyed;
    let (generics, bounds) = generics(&model.function, is_route);
    let bind = keyed.bind(is_route);
    quote! {
        /// Forgets what is kept for these arguments.
        #[allow(dead_code, reason = "an app need not use it")]
        #vis async fn invalidate #generics (__lift_cache: &#lift::Cache #(, #parameters)*) -> #lift::Result<()> #bounds {
            #bind
            __lift_cache.invalidate_key(Self::__lift_policy(), |__lift_key| { #parts }).await
        }
    }
}

fn prime(model: &Model, cached: &Cached) -> TokenStream {
    let (lift, vis) = (model.lift(), &model.function.vis);
    let keyed = Keyed::of(model, cached, false);
    let Keyed { parameters, parts, .. } = &keyed;
    let (generics, bounds) = generics(&model.function, false);
    let bind = keyed.bind(false);
    let value = value(&model.function);
    quote! {
        /// Keeps a value for these arguments, as if the function had returned it now.
        #[allow(dead_code, reason = "an app need not use it")]
        #vis async fn prime #generics (
            __lift_cache: &#lift::Cache,
            #(#parameters,)*
            __lift_value: #value,
        ) -> #lift::Result<()> #bounds {
            #bind
            __lift_cache.prime_key(Self::__lift_policy(), |__lift_key| { #parts }, __lift_value).await
        }
    }
}

/// The function as it was written, under the name `uncached`.
fn uncached(original: &Function) -> TokenStream {
    let Function { attributes, vis, signature, body } = original;
    let mut signature = signature.clone();
    signature.ident = Ident::new("uncached", signature.ident.span());
    let lints = attributes.iter().filter(|attribute| {
        ["allow", "expect", "warn", "deny", "forbid"].iter().any(|lint| attribute.path().is_ident(lint))
    });
    quote! {
        /// Computes the value, whatever is kept.
        #(#lints)*
        #vis #signature #body
    }
}

/// The arguments that make a key, as parameters of a companion.
struct Keyed<'a> {
    arguments: Vec<&'a Argument>,
    parameters: Vec<TokenStream>,
    parts: TokenStream,
}

impl<'a> Keyed<'a> {
    fn of(model: &'a Model, cached: &Cached, is_route: bool) -> Self {
        let arguments = cached.keyed(&model.arguments, is_route);
        let parameter = |argument: &&Argument| {
            let (name, ty) = (argument.public_name(), &argument.ty);
            if is_route {
                let ty = argument.static_type();
                quote! { #name: impl ::core::convert::Into<#ty> }
            } else {
                quote! { #name: #ty }
            }
        };
        let parameters = arguments.iter().map(parameter).collect();
        let parts = key_parts(&model.arguments, cached, is_route, &model.private());
        Self { arguments, parameters, parts }
    }

    /// Binds each keyed argument's local to a reference.
    fn bind(&self, is_route: bool) -> TokenStream {
        let binding = |argument: &&Argument| {
            let (name, local) = (argument.public_name(), &argument.local);
            if is_route {
                let ty = argument.static_type();
                quote! { let #local = &::core::convert::Into::<#ty>::into(#name); }
            } else {
                quote! { let #local = &#name; }
            }
        };
        self.arguments.iter().map(binding).collect()
    }
}

/// The function's lifetimes and what it says of them, for a companion that takes arguments of the same types.
fn generics(function: &Function, is_route: bool) -> (Option<TokenStream>, Option<TokenStream>) {
    if is_route {
        return (None, None);
    }
    let generics = &function.signature.generics;
    let bounds = &generics.where_clause;
    (Some(quote! { #generics }), Some(quote! { #bounds }))
}

/// The type of the value that is kept: what is in an `Ok`, or all of it.
fn value(function: &Function) -> TokenStream {
    if let syn::ReturnType::Type(_, output) = &function.signature.output
        && let Type::Path(path) = &**output
        && let Some(last) = path.path.segments.last()
        && last.ident == "Result"
        && let PathArguments::AngleBracketed(generics) = &last.arguments
        && let Some(GenericArgument::Type(value)) = generics.args.first()
    {
        return quote! { #value };
    }
    function.output()
}
