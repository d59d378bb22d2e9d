//! What a `#[cached]` function without a route becomes: one that caches when it is called.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::quote;
use syn::{FnArg, Ident, Pat, PatIdent};

use crate::cached::Cached;
use crate::companions;
use crate::endpoint::{key, tags};
use crate::handler::{Argument, Function};
use crate::model::Model;

/// Makes the function look its value up, and returns what stands beside it.
///
/// ```text
/// // Input:
/// async fn user(id: UserId) -> Result<User> { fetch(id).await }
///
/// // Output:
/// async fn user(id: UserId) -> Result<User> {
///     use ::lift::__private as __lift;
///     __lift::cache::function(user::__lift_policy(), (id,), …, |(id,)| user::uncached(id)…).await
/// }
/// impl user { async fn uncached(id: UserId) -> Result<User> { fetch(id).await } … }
/// ```
pub(crate) fn expand(model: &mut Model) -> TokenStream {
    let Some(cached) = model.attributes.cached.take() else { return TokenStream::new() };
    let function = &model.function;
    let original = Function {
        attributes: function.attributes.clone(),
        vis: function.vis.clone(),
        signature: function.signature.clone(),
        body: function.body.clone(),
    };
    let body = body(model, &cached);
    // What a lint is expected to find is in `uncached` now.
    model.function.attributes.retain(|attribute| !attribute.path().is_ident("expect"));
    let mut group = Group::new(Delimiter::Brace, body);
    group.set_span(original.body.span());
    model.function.body = group;
    name_arguments(model);
    companions::of_function(model, &cached, &original)
}

fn body(model: &Model, cached: &Cached) -> TokenStream {
    let (private, name) = (model.private(), model.function.name());
    let given: Vec<Ident> = model.arguments.iter().map(passed).collect();
    let locals: Vec<&Ident> = model.arguments.iter().map(|argument| &argument.local).collect();
    let key = key(&model.arguments, cached, false, &private);
    let tags = tags(&model.arguments, &cached.tags, &private);
    let (questions, output) = (questions(cached, &private), model.function.output());
    let (function, form) = (function(cached, model.output_span), form(cached, &private));
    let alias = model.private_as_lift();
    quote! {
        #alias
        use #private::{Infallibly as _, cache::traits::*};
        #private::cache::#function(
            #name::__lift_policy(),
            #form,
            (#(#given,)*),
            #key,
            #tags,
            |(#(#locals,)*)| async move {
                #private::cache::Computed::of(#private::Returned(#name::uncached(#(#locals),*).await).split())
                    #questions
            },
            |__lift_result| #private::Returned::<#output>::join(__lift_result),
        ).await
    }
}

/// A refresh outlives the call that found a stale value, and so do the arguments.
fn function(cached: &Cached, span: Span) -> Ident {
    let name = if cached.refreshes() { "refreshed" } else { "function" };
    Ident::new(name, span)
}

/// How a value leaves the process, if it does.
pub(crate) fn form(cached: &Cached, private: &TokenStream) -> TokenStream {
    if cached.local.is_some() {
        quote! { #private::cache::Local }
    } else {
        quote! { #private::cache::Encoded }
    }
}

/// What is asked about a computed value: besides all that an answer is asked, whether it is a `None`.
pub(crate) fn questions(cached: &Cached, private: &TokenStream) -> TokenStream {
    let questions = cached.questions();
    quote! { .absent(|__lift_value| #private::cache::Absence(__lift_value).is_absent()) #questions }
}

/// The name by which the function passes an argument on: the user's, where it has one, for the sake of attributes
/// such as `#[instrument]` that record arguments by name.
fn passed(argument: &Argument) -> Ident {
    match &argument.pattern {
        Pat::Ident(PatIdent { ident, subpat: None, .. }) => ident.clone(),
        _ => argument.local.clone(),
    }
}

/// Gives each argument of the function a name, in place of its pattern.
fn name_arguments(model: &mut Model) {
    let inputs = model.function.signature.inputs.iter_mut();
    for (input, argument) in inputs.zip(&model.arguments) {
        let FnArg::Typed(typed) = input else { continue };
        let ident = passed(argument);
        *typed.pat =
            Pat::Ident(PatIdent { attrs: Vec::new(), by_ref: None, mutability: None, ident, subpat: None });
    }
}
