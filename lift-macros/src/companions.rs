//! What stands beside a cached function, as functions of its unit type.
//!
//! Nobody need use them. Their names are an expansion's, so that rustc does not warn of it; an `allow(dead_code)` would
//! make the type look used as well, and a route that was forgotten would not be noticed.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::{GenericArgument, Ident, PathArguments, ReturnType, Type};

use crate::cached::Cached;
use crate::endpoint::{fingerprint, key_parts, names, tag_parts};
use crate::handler::{Argument, Function, located_at};
use crate::model::Model;
use crate::plain::{form, questions};

/// Beside an endpoint: its policy, and `invalidate`.
pub(crate) fn of_endpoint(model: &Model, cached: &Cached) -> TokenStream {
    let name = model.function.name();
    let (policy, invalidate) = (policy(model, cached), invalidate(model, cached, true));
    quote! {
        #policy
        impl #name { #invalidate }
    }
}

/// Beside a plain function: its policy, `uncached`, `invalidate` and `prime`. `uncached` is the function as the
/// user wrote it.
pub(crate) fn of_function(model: &Model, cached: &Cached, original: &Function) -> TokenStream {
    let (name, private) = (model.function.name(), model.private());
    let (policy, invalidate, prime) =
        (policy(model, cached), invalidate(model, cached, false), prime(model, cached));
    let uncached = uncached(original);
    quote! {
        #policy
        impl #name {
            #[doc(hidden)]
            fn __lift_policy() -> &'static #private::cache::Policy {
                &__LIFT_POLICY
            }
            #uncached
            #invalidate
            #prime
        }
    }
}

fn policy(model: &Model, cached: &Cached) -> TokenStream {
    let private = model.private();
    let name = format!("::{}", syn::ext::IdentExt::unraw(model.function.name()));
    let name = quote! { ::core::concat!(::core::module_path!(), #name) };
    let policy = cached.policy(&private, &name, fingerprint(model));
    quote! { static __LIFT_POLICY: #private::cache::Policy = #policy; }
}

fn invalidate(model: &Model, cached: &Cached, is_route: bool) -> TokenStream {
    let (lift, vis) = (model.lift(), &model.function.vis);
    let keyed = cached.keyed(&model.arguments, is_route);
    let (parameters, bind) = (parameters(&keyed, is_route), bind(&keyed, is_route));
    let parts = key_parts(&model.arguments, cached, is_route, &model.private());
    let (generics, bounds) = generics(&model.function, is_route);
    let private = model.private();
    let traits = quote! { use #private::cache::traits::*; };
    quote! {
        /// Forgets what is kept for these arguments.
        #vis async fn invalidate #generics (__lift_cache: &#lift::Cache #(, #parameters)*) -> #lift::Result<()> #bounds {
            #traits
            #bind
            __lift_cache.invalidate_key(&__LIFT_POLICY, |__lift_key| { #parts }).await
        }
    }
}

fn prime(model: &Model, cached: &Cached) -> TokenStream {
    let (lift, vis) = (model.lift(), &model.function.vis);
    let (private, output) = (model.private(), model.function.output());
    // Tags may name arguments that are not in the key.
    let keyed = cached.keyed(&model.arguments, false);
    let tagged = |argument: &Argument| argument.bindings.iter().any(|binding| names(&cached.tags, binding));
    let needed =
        |argument: &&Argument| tagged(argument) || keyed.iter().any(|keyed| keyed.local == argument.local);
    let needed: Vec<&Argument> = model.arguments.iter().filter(needed).collect();
    let (parameters, bind) = (parameters(&needed, false), bind(&needed, false));
    let parts = key_parts(&model.arguments, cached, false, &private);
    let tags = tag_parts(&model.arguments, &cached.tags);
    let (generics, bounds) = generics(&model.function, false);
    let prime = Ident::new("prime", model.output_span);
    let (form, questions) = (form(cached, &private), questions(cached, &private));
    let (value, returned) = match ok_type(&model.function) {
        Some(value) => (
            value.to_token_stream(),
            quote! { #private::Returned::<#output>::join(::core::result::Result::Ok(__lift_value)) },
        ),
        None => (output, quote! { __lift_value }),
    };
    quote! {
        /// Keeps a value for these arguments, as if the function had returned it now.
        #vis async fn prime #generics (
            __lift_cache: &#lift::Cache,
            #(#parameters,)*
            __lift_value: #value,
        ) -> #lift::Result<()> #bounds {
            use #private::{Infallibly as _, cache::traits::*};
            #bind
            // Taken apart by the same rule as what the function returns, for one policy keeps values of one type.
            let ::core::result::Result::Ok(__lift_value) = #private::Returned(#returned).split() else {
                return ::core::result::Result::Ok(());
            };
            #private::cache::#prime(
                __lift_cache,
                &__LIFT_POLICY,
                #form,
                |__lift_key| { #parts },
                |__lift_tags| { #tags },
                #private::cache::Computed::of(::core::result::Result::Ok(__lift_value)) #questions,
            ).await
        }
    }
}

/// The function as it was written, under the name `uncached`.
fn uncached(original: &Function) -> TokenStream {
    let Function { attributes, vis, signature, body } = original;
    let mut signature = signature.clone();
    signature.ident = Ident::new("uncached", located_at(&signature.ident));
    let lints = attributes.iter().filter(|attribute| {
        ["allow", "expect", "warn", "deny", "forbid"].iter().any(|lint| attribute.path().is_ident(lint))
    });
    quote! {
        /// Computes the value, whatever is kept.
        #(#lints)*
        #vis #signature #body
    }
}

/// Arguments as parameters of a companion.
fn parameters(arguments: &[&Argument], is_route: bool) -> Vec<TokenStream> {
    let parameter = |argument: &&Argument| {
        let (name, ty) = (argument.public_name(), &argument.ty);
        if is_route {
            let ty = argument.static_type();
            quote! { #name: impl ::core::convert::Into<#ty> }
        } else {
            quote! { #name: #ty }
        }
    };
    arguments.iter().map(parameter).collect()
}

/// Binds each argument's local to a reference.
fn bind(arguments: &[&Argument], is_route: bool) -> TokenStream {
    let bind = |argument: &&Argument| {
        let (name, local) = (argument.public_name(), &argument.local);
        if is_route {
            let ty = argument.static_type();
            quote! { let #local = &::core::convert::Into::<#ty>::into(#name); }
        } else {
            quote! { let #local = &#name; }
        }
    };
    arguments.iter().map(bind).collect()
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

/// The type in the `Ok` of a return type that is written as `Result<…>`.
fn ok_type(function: &Function) -> Option<&Type> {
    let ReturnType::Type(_, output) = &function.signature.output else { return None };
    let Type::Path(path) = &**output else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Result")?;
    let PathArguments::AngleBracketed(generics) = &last.arguments else { return None };
    match generics.args.first()? {
        GenericArgument::Type(value) => Some(value),
        _ => None,
    }
}
