//! From an attribute to the one expansion of the function that it stands on.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens as _, quote};
use syn::{Attribute, Path, ReturnType, parse_quote};

use crate::errors::Errors;
use crate::handler::{Annotated, Annotation, Function, Kind};
use crate::model::Model;
use crate::{endpoint, plain, stream, websocket};

/// Expands the function that an attribute stands on, with all of Lift's attributes on it.
pub(crate) fn attribute(kind: Kind, arguments: TokenStream, item: TokenStream) -> TokenStream {
    if is_taken(&arguments) {
        return TokenStream::new();
    }
    let mut item: Annotated = match syn::parse2(item) {
        Ok(item) => item,
        Err(error) => return error.into_compile_error(),
    };
    let mut errors = Errors::default();
    let renamed = take_mark(&mut item);
    let mut annotations = vec![Annotation { kind, arguments, span: Span::call_site(), path: None }];
    annotations.extend(item.take_annotations(&mut errors));
    let tokens = item.to_token_stream();
    if renamed {
        errors.at_span(Span::call_site(), renamed_import(kind));
    }
    let function = Function::parse(item);
    let Some(function) = function.filter(|_| !renamed) else {
        if errors.is_empty() {
            let name = kind.name();
            errors.at_span(
                Span::call_site(),
                format!("`#[{name}]` belongs on a function: write it above an `async fn`"),
            );
        }
        let errors = errors.into_tokens();
        return quote! { #errors #tokens };
    };
    let model = Model::read(function, &annotations, &mut errors);
    let taken = annotations.iter().filter_map(|annotation| annotation.path.as_ref());
    if errors.is_empty() { expand(model, taken) } else { fall_back(model, taken, errors) }
}

fn expand<'a>(mut model: Model, taken: impl Iterator<Item = &'a Path>) -> TokenStream {
    let marks = marks(taken);
    let alias = model.private_as_lift();
    if model.emits {
        stream::emitting(&mut model);
    }
    let mark = mark(&model.function);
    let (unit, beside) = match (&model.attributes.route, model.attributes.hook) {
        (Some(route), _) => {
            let unit = unit(&model.function, &format!("The endpoint `{}`.", route.title()));
            (unit, endpoint::expand(&model, route))
        }
        (None, Some(hook)) => {
            let unit = unit(&model.function, &format!("What `{hook}` of a `#[websocket]` may name."));
            (unit, websocket::expand_hook(&model))
        }
        (None, None) => {
            let unit = unit(&model.function, "What else can be done with the cached function of this name.");
            (unit, plain::expand(&mut model))
        }
    };
    let function = &model.function;
    quote! {
        #mark
        #function
        #unit
        const _: () = {
            #alias
            #beside
        };
        #marks
    }
}

/// What is emitted in place of an expansion: all that is wrong, the function, and an endpoint that does nothing, so
/// that neither calls of the function nor `routes!` add to what is wrong.
fn fall_back<'a>(mut model: Model, taken: impl Iterator<Item = &'a Path>, errors: Errors) -> TokenStream {
    let errors = errors.into_tokens();
    if model.function.signature.receiver().is_some() {
        let function = &model.function;
        return quote! { #errors #function };
    }
    if model.emits && matches!(model.function.signature.output, ReturnType::Default) {
        // Whatever it emits would be told again as a mismatch of types.
        model.function.body = Group::new(Delimiter::Brace, quote! { ::core::unreachable!() });
    } else if model.emits {
        stream::emitting(&mut model);
    }
    let (alias, private) = (model.private_as_lift(), model.private());
    let (marks, function) = (marks(taken), &model.function);
    let (name, unit) = (function.name(), unit(function, "An endpoint that did not compile."));
    let serve = quote! {
        async fn serve(_: #private::Call<__LiftS>) -> #private::Response {
            ::core::unreachable!()
        }
    };
    let beside = match model.attributes.hook {
        Some(_) => quote! {
            impl #private::websocket::IsHook for #name {}
            impl<__LiftS: ::core::marker::Send> #private::websocket::Hook<__LiftS, ()> for #name { #serve }
        },
        None => quote! {
            impl<__LiftS: ::core::marker::Send> #private::Endpoint<__LiftS, ()> for #name {
                const ROUTE: &'static #private::Route =
                    &#private::Route::new(#private::Method::GET, "/", "");
                #serve
            }
        },
    };
    quote! {
        #errors
        #function
        #unit
        const _: () = {
            #alias
            #beside
        };
        #marks
    }
}

/// The type of the function's name. Braces keep it out of the namespace in which the function stands.
fn unit(function: &Function, doc: &str) -> TokenStream {
    let (vis, name) = (&function.vis, function.name());
    quote! {
        #[doc = #doc]
        #[allow(non_camel_case_types, reason = "it bears the function's name")]
        #vis struct #name {}
    }
}

/// The argument of an attribute that another one has taken off its function.
const TAKEN: &str = "__lift_taken";

fn is_taken(arguments: &TokenStream) -> bool {
    let mut tokens = arguments.clone().into_iter();
    matches!((tokens.next(), tokens.next()), (Some(only), None) if only.to_string() == TAKEN)
}

/// Resolves each path that was taken off, so that its import counts as used, and a missing one is noticed.
fn marks<'a>(taken: impl Iterator<Item = &'a Path>) -> TokenStream {
    let taken_mark = syn::Ident::new(TAKEN, Span::call_site());
    taken.map(|path| quote! { #[#path(#taken_mark)] const _: () = (); }).collect()
}

/// Attributes that surely are none of Lift's under another name.
const KNOWN: [&str; 12] = [
    "doc",
    "allow",
    "warn",
    "deny",
    "forbid",
    "expect",
    "cfg",
    "inline",
    "cold",
    "must_use",
    "deprecated",
    "track_caller",
];

/// An attribute without effect, for a function that carries attributes of unknown names: one of them may be Lift's,
/// imported under another name, and would expand the function again.
fn mark(function: &Function) -> Option<TokenStream> {
    let unknown = |attribute: &Attribute| !KNOWN.iter().any(|known| attribute.path().is_ident(known));
    function.attributes.iter().any(unknown).then(|| quote! { #[rustfmt::lift_expanded] })
}

fn take_mark(item: &mut Annotated) -> bool {
    let mark: Path = parse_quote!(rustfmt::lift_expanded);
    let is_mark = |attribute: &Attribute| {
        attribute.path().to_token_stream().to_string() == mark.to_token_stream().to_string()
    };
    let before = item.attributes.len();
    item.attributes.retain(|attribute| !is_mark(attribute));
    item.attributes.len() < before
}

fn renamed_import(kind: Kind) -> String {
    let name = kind.name();
    format!(
        "`#[{name}]` is imported under another name, by which Lift's other attributes do not know it: \
         import it as `{name}`, or write `#[lift::{name}(…)]`"
    )
}
