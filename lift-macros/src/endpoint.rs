//! What a function with a route becomes: an endpoint, and what `#[cached]` puts beside it.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Ident, Pat};

use crate::cached::Cached;
use crate::companions;
use crate::handler::{Argument, has_impl, located_at};
use crate::model::Model;
use crate::patterns;
use crate::route::Route;
use crate::stream::Stream;
use crate::template::Template;
use crate::validate::{Validate, With};
use crate::websocket;

/// The implementation of `Endpoint`, and the companions of a cached one.
pub(crate) fn expand(model: &Model, route: &Route) -> TokenStream {
    let private = model.private();
    let name = model.function.name();
    let metadata = metadata(model, route);
    let types: Vec<TokenStream> = model.extracted().iter().map(Argument::static_type).collect();
    let markers: Vec<&Ident> = model.extracted().iter().map(|argument| &argument.marker).collect();
    let checks = checks(model);
    if let Some(socket) = &model.attributes.websocket {
        let socket = websocket::expand(model, socket, &metadata, &types, &markers);
        return quote! { #checks #socket };
    }
    let serve = serve(model);
    let companions = model.attributes.cached.as_ref().map(|cached| companions::of_endpoint(model, cached));
    quote! {
        #checks
        impl<__LiftS, #(#markers),*> #private::Endpoint<__LiftS, (#(#markers,)*)> for #name
        where
            __LiftS: ::core::clone::Clone + ::core::marker::Send + ::core::marker::Sync + 'static,
            #(#types: #private::Argument<__LiftS, #markers>,)*
        {
            const ROUTE: &'static #private::Route = &#metadata;
            #serve
        }
        #companions
    }
}

fn metadata(model: &Model, route: &Route) -> TokenStream {
    let mut metadata = route.metadata(&model.private(), model.function.name());
    let attributes = &model.attributes;
    metadata.extend(attributes.cached.iter().map(|_| quote! { .cached() }));
    metadata.extend(attributes.validate.iter().map(|_| quote! { .validated() }));
    metadata.extend(attributes.stream.iter().map(|_| quote! { .streamed() }));
    metadata.extend(attributes.websocket.iter().map(|_| quote! { .websocket() }));
    metadata.extend(described(model));
    metadata
}

/// What tells the route's schemas when somebody asks. A type without a name is not told of.
fn described(model: &Model) -> Option<TokenStream> {
    let private = model.private();
    let types = model.extracted().iter().map(Argument::static_type).filter(|ty| !has_impl(ty));
    let inputs = types.map(|ty| {
        quote! { (&&#private::contract::Describe::<#ty>::NEW).input(__lift_route); }
    });
    let inputs: Vec<TokenStream> = inputs.collect();
    let output = &model.returned;
    let sends_bytes = model.attributes.stream.as_ref().is_some_and(Stream::is_bytes);
    // What a socket's function returns is no answer to a request.
    let answers = !sends_bytes && model.attributes.websocket.is_none();
    let response = (answers && !has_impl(output)).then(|| {
        let output = if model.emits {
            quote! { #private::contract::Emits<#output> }
        } else {
            output.clone()
        };
        quote! { (&&&#private::contract::Describe::<#output>::NEW).response(__lift_route); }
    });
    if inputs.is_empty() && response.is_none() {
        return None;
    }
    let checks = model.attributes.validate.as_ref().map(|_| quote! { __lift_route.checked(&__LIFT_CHECKS); });
    Some(quote! {
        .described(|__lift_route| {
            use #private::contract::traits::*;
            #checks
            #(#inputs)*
            #response
        })
    })
}

/// What `#[validate]` says, for the endpoint and for what it tells of itself.
pub(crate) fn checks(model: &Model) -> Option<TokenStream> {
    let private = model.private();
    let validate = model.attributes.validate.as_ref()?;
    let options = validate.options(&private);
    let schema = validate.schema.as_ref().map(|schema| schema.expand(&private));
    Some(quote! { const __LIFT_CHECKS: #private::validate::Options = #options; #schema })
}

/// `serve` of an endpoint, or of what is taken and run as one.
pub(crate) fn serve(model: &Model) -> TokenStream {
    let private = model.private();
    let has_body = model.attributes.validate.as_ref().and_then(|validate| validate.schema.as_ref()).map(|_| {
        let types = model.arguments.iter().map(Argument::static_type);
        quote! { const { #private::validate::has_body(&[#(<#private::validate::Check<#types>>::IS_BODY),*]) }; }
    });
    let traits = traits(model);
    let (one_body, take) = (one_body(model), take(model));
    let own = model.attributes.validate.as_ref().and_then(|validate| own_validators(model, validate));
    let tail = tail(model);
    let mutable = (!model.arguments.is_empty()).then(|| quote! { mut });
    quote! {
        async fn serve(#mutable __lift_call: #private::Call<__LiftS>) -> #private::Response {
            #traits
            #has_body
            #one_body
            #take
            #own
            #tail
        }
    }
}

/// The traits by whose methods the runtime tells types apart, without names that could stand in the way of the
/// user's.
fn traits(model: &Model) -> TokenStream {
    let private = model.private();
    let attributes = &model.attributes;
    let mut traits = Vec::new();
    if attributes.cached.is_some() {
        traits.push(quote! { cache::traits::* });
    }
    if attributes.stream.is_some() {
        traits.push(quote! { stream::traits::* });
    }
    if attributes.validate.is_some() {
        traits.push(quote! { validate::traits::* });
    }
    if splits(model) {
        traits.push(quote! { Infallibly as _ });
    }
    if traits.is_empty() {
        TokenStream::new()
    } else {
        quote! { use #private::{#(#traits),*}; }
    }
}

/// Whether what the function returns is taken apart.
fn splits(model: &Model) -> bool {
    let attributes = &model.attributes;
    match attributes.stream {
        Some(_) => !model.emits,
        None => attributes.cached.is_some() || checks_response(model),
    }
}

fn checks_response(model: &Model) -> bool {
    model.attributes.validate.as_ref().is_some_and(|checks| checks.response().is_some())
}

/// Sees what `model::check_bodies` cannot: extractors of the app's own.
fn one_body(model: &Model) -> Option<TokenStream> {
    if model.arguments.len() < 2 {
        return None;
    }
    let private = model.private();
    let readers = model.arguments.iter().map(|argument| {
        let (ty, marker) = (argument.static_type(), &argument.marker);
        quote! { <#ty as #private::Argument<__LiftS, #marker>>::READS_BODY }
    });
    Some(quote! { const { #private::one_body(&[#(#readers),*]) }; })
}

/// Takes every argument before anything is refused, so that all that is wrong is told at once.
fn take(model: &Model) -> Option<TokenStream> {
    if model.arguments.is_empty() {
        return None;
    }
    let private = model.private();
    let validated = model.attributes.validate.is_some();
    let locals: Vec<&Ident> = locals(model).collect();
    let taken = model.arguments.iter().map(|argument| {
        let (Argument { local, marker, .. }, ty) = (argument, argument.static_type());
        if validated {
            // The user's type is marked if it cannot be checked.
            quote_spanned! { located_at(&argument.ty)=>
                let #local = (&&&#private::validate::Check::<#ty>::NEW)
                    .take::<__LiftS, #marker>(&mut __lift_call, &__LIFT_CHECKS)
                    .await;
            }
        } else {
            quote! { let #local = __lift_call.argument::<#ty, #marker>().await; }
        }
    });
    Some(quote! {
        #(#taken)*
        let (#(::core::option::Option::Some(#locals),)*) = (#(#locals,)*) else {
            return __lift_call.rejection().await;
        };
    })
}

/// Hears every validator before anything is refused, for the same reason.
fn own_validators(model: &Model, validate: &Validate) -> Option<TokenStream> {
    if validate.with.is_empty() {
        return None;
    }
    let verdicts = validate.with.iter().map(|with| own_validator(model, with));
    Some(quote! {
        let mut __lift_well = true;
        #(#verdicts)*
        if !__lift_well {
            return __lift_call.rejection().await;
        }
    })
}

pub(crate) fn own_validator(model: &Model, With { path, names }: &With) -> TokenStream {
    let private = model.private();
    let used: Vec<&Argument> = using(model, names).collect();
    let patterns =
        used.iter().map(|argument| patterns::borrowed(&argument.pattern, &|name| names.contains(name)));
    let locals = used.iter().map(|argument| &argument.local);
    // The validator's path is marked if it returns something else.
    quote_spanned! { located_at(path)=>
        let __lift_found = {
            let (#(#patterns,)*) = (#(&#locals,)*);
            #private::validate::Verdict(#path(#(#names),*)).violations().await
        };
        __lift_well &= __lift_call.judge(&__LIFT_CHECKS, __lift_found);
    }
}

fn using<'a>(model: &'a Model, names: &'a [Ident]) -> impl Iterator<Item = &'a Argument> {
    model.arguments.iter().filter(|argument| argument.bindings.iter().any(|binding| names.contains(binding)))
}

fn tail(model: &Model) -> TokenStream {
    let attributes = &model.attributes;
    match (&attributes.stream, &attributes.cached, &attributes.invalidates) {
        (Some(stream), _, _) => streamed(model, stream),
        (None, Some(cached), _) => cached_tail(model, cached),
        (None, None, Some(invalidates)) => {
            let (scope, tags, arguments) = (
                invalidates.scope(&model.private()),
                tags(&model.arguments, &invalidates.tags, &model.private()),
                arguments(model),
            );
            let run = run(model);
            quote! { __lift_call.invalidates(#scope, #arguments, #tags, #run).await }
        }
        (None, None, None) => {
            let (arguments, run) = (arguments(model), run(model));
            quote_spanned! { model.output_span=> __lift_call.run(#arguments, #run).await }
        }
    }
}

/// `(__lift_0, __lift_1,)`
fn arguments(model: &Model) -> TokenStream {
    let locals = locals(model);
    quote! { (#(#locals,)*) }
}

fn locals(model: &Model) -> impl Iterator<Item = &Ident> {
    model.arguments.iter().map(|argument| &argument.local)
}

/// The function, called with the locals.
fn called(model: &Model) -> TokenStream {
    let (name, locals) = (model.function.name(), locals(model));
    quote! { #name(#(#locals),*) }
}

/// A closure that runs the function and checks its answer if that was asked for.
fn run(model: &Model) -> TokenStream {
    let (arguments, called) = (arguments(model), called(model));
    if checks_response(model) {
        let outcome = outcome(model);
        quote! { |#arguments| async move { #outcome } }
    } else {
        quote! { |#arguments| #called }
    }
}

/// What the function returned, as a `Result`, checked if that was asked for.
fn outcome(model: &Model) -> TokenStream {
    let (private, called) = (model.private(), called(model));
    let split = quote! { #private::Returned(#called.await).split() };
    if checks_response(model) {
        quote! { #private::validate::CheckOutput(#split).checked(&__LIFT_CHECKS) }
    } else {
        split
    }
}

fn cached_tail(model: &Model, cached: &Cached) -> TokenStream {
    let private = model.private();
    let arguments = arguments(model);
    let key = key(&model.arguments, cached, true, &private);
    let tags = tags(&model.arguments, &cached.tags, &private);
    let (outcome, questions) = (outcome(model), cached.questions());
    quote! {
        __lift_call.cached(
            &__LIFT_POLICY,
            #arguments,
            #key,
            #tags,
            |#arguments| async move { #private::cache::Computed::of(#outcome) #questions },
        ).await
    }
}

fn streamed(model: &Model, stream: &Stream) -> TokenStream {
    let private = model.private();
    let (options, arguments, called) = (stream.options(&private), arguments(model), called(model));
    let span = model.output_span;
    let encode = if stream.is_bytes() {
        quote_spanned! { span=> |__lift_item, _, __lift_out| #private::stream::Encode(__lift_item).bytes(__lift_out) }
    } else {
        let item = if checks_response(model) {
            quote_spanned! { span=>
                #private::validate::CheckOutput(
                    ::core::result::Result::<_, ::core::convert::Infallible>::Ok(
                        #private::stream::Item(__lift_item).output(),
                    ),
                )
                .checked(&__LIFT_CHECKS)?
            }
        } else {
            quote! { __lift_item }
        };
        quote_spanned! { span=>
            |__lift_item, __lift_format, __lift_out| {
                #private::stream::Encode(#item).write(__lift_format, __lift_out)
            }
        }
    };
    let tail = if model.emits {
        quote! { __lift_call.stream_emitted(&__LIFT_STREAM, #arguments, |#arguments| #called, #encode).await }
    } else {
        quote! {
            __lift_call.stream_opened(
                &__LIFT_STREAM,
                #arguments,
                |#arguments| async move { #private::Returned(#called.await).split() },
                |__lift_item| #private::Returned(__lift_item).split(),
                #encode,
            ).await
        }
    };
    quote! {
        static __LIFT_STREAM: #private::stream::Options = #options;
        #tail
    }
}

/// A closure that writes the key's parts, over all arguments as a tuple.
pub(crate) fn key(
    arguments: &[Argument],
    cached: &Cached,
    is_route: bool,
    private: &TokenStream,
) -> TokenStream {
    let keyed = cached.keyed(arguments, is_route);
    let parameters = arguments.iter().map(|argument| {
        let enters = keyed.iter().any(|keyed| keyed.local == argument.local);
        if enters {
            let local = &argument.local;
            quote! { #local }
        } else {
            quote! { _ }
        }
    });
    let parts = key_parts(arguments, cached, is_route, private);
    let written = !keyed.is_empty() || cached.strategy.is_some();
    let key = if written {
        quote! { __lift_key }
    } else {
        quote! { _ }
    };
    quote! { |(#(#parameters,)*), #key: &mut #private::cache::Key| { #parts } }
}

/// The statements that write the key's parts, where each keyed argument's local is bound to a reference.
pub(crate) fn key_parts(
    arguments: &[Argument],
    cached: &Cached,
    is_route: bool,
    private: &TokenStream,
) -> TokenStream {
    let keyed = cached.keyed(arguments, is_route);
    let Some(template) = &cached.key else {
        // The user's type is marked if it cannot enter a key.
        let parts = keyed.iter().map(|argument| {
            let (local, span) = (&argument.local, located_at(&argument.ty));
            quote_spanned! { span=> (&&&#private::cache::Part(#local)).write(__lift_key); }
        });
        let strategy = cached.strategy_key(private);
        return quote! { #(#parts)* #strategy };
    };
    let used = |name: &Ident| template.places().iter().any(|place| place.name == *name);
    let patterns: Vec<Pat> =
        keyed.iter().map(|argument| patterns::borrowed(&argument.pattern, &used)).collect();
    let locals = keyed.iter().map(|argument| &argument.local);
    let parts = template.places().iter().map(|place| {
        let part = place.reference();
        quote_spanned! { located_at(&place.name)=> (&&&#private::cache::Part(#part)).write(__lift_key); }
    });
    let strategy = cached.strategy_key(private);
    quote! { #(let #patterns = #locals;)* #(#parts)* #strategy }
}

/// A closure that names the tags, over all arguments as a tuple.
pub(crate) fn tags(arguments: &[Argument], tags: &[Template], private: &TokenStream) -> TokenStream {
    let used = |name: &Ident| names(tags, name);
    let patterns = arguments.iter().map(|argument| patterns::borrowed(&argument.pattern, &used));
    let parameter = if tags.is_empty() {
        quote! { _ }
    } else {
        quote! { __lift_tags }
    };
    let added = added(tags);
    quote! { |(#(#patterns,)*), #parameter: &mut #private::cache::Tags| { #added } }
}

/// The statements that name the tags, where the local of each argument that they name is bound to a reference.
pub(crate) fn tag_parts(arguments: &[Argument], tags: &[Template]) -> TokenStream {
    let used = |name: &Ident| names(tags, name);
    let named: Vec<&Argument> =
        arguments.iter().filter(|argument| argument.bindings.iter().any(used)).collect();
    let patterns = named.iter().map(|argument| patterns::borrowed(&argument.pattern, &used));
    let locals = named.iter().map(|argument| &argument.local);
    let added = added(tags);
    quote! { #(let #patterns = #locals;)* #added }
}

/// Whether any of the tags names this.
pub(crate) fn names(tags: &[Template], name: &Ident) -> bool {
    tags.iter().flat_map(Template::places).any(|place| place.name == *name)
}

fn added(tags: &[Template]) -> TokenStream {
    let texts = tags.iter().map(Template::format_args);
    quote! { #(__lift_tags.add(#texts);)* }
}

/// `.fingerprint(…)` of the result's type, for a type that has a name.
pub(crate) fn fingerprint(model: &Model) -> Option<TokenStream> {
    let (output, private) = (model.function.static_output(), model.private());
    if has_impl(&output) {
        return None;
    }
    Some(quote! { .fingerprint(|| #private::cache::fingerprint!(#output)) })
}
