//! `#[websocket("/…", …)]`: a socket's options, and what the function on it becomes.
//!
//! ```text
//! // Input:
//! #[websocket("/chat/{room}", connect = join)]
//! async fn chat(said: Said, conn: Connection, Path(room): Path<String>) -> Result<()> { … }
//!
//! // Output, beside the function and its unit type:
//! use {fallback::*, join as Connect};
//! is_hook::<Connect>();
//! impl<S, M1, M2, C> Endpoint<S, (M1, M2, C)> for chat where Connect: Hook<S, C>, … {
//!     const ROUTE: &'static Route = &Route::new(Method::GET, "/chat/{room}", …).websocket();
//!     async fn serve(call: Call<S>) -> Response { call.websocket::<Self, _>().await }
//! }
//! impl<S, M1, M2, C> Socket<S, (M1, M2, C)> for chat where Connect: Hook<S, C>, … {
//!     const OPTIONS: &'static Options = &Options::new().connects();
//!     async fn connect(call: Call<S>) -> Response { <Connect as Hook<S, C>>::serve(call).await }
//!     async fn message(call: &mut Call<S>, message: Message) -> Answer {
//!         // takes `said` of the message and the others of the request, calls `chat`, makes a message of its answer
//!     }
//! }
//! ```

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{LitInt, LitStr, Path};

use crate::arguments::Arguments;
use crate::cached::number;
use crate::endpoint::{checks, own_validator, serve};
use crate::errors::Errors;
use crate::handler::{Argument, located_at};
use crate::model::Model;
use crate::units;

/// A checked `#[websocket]`.
pub(crate) struct Websocket {
    connect: Option<Path>,
    disconnect: Option<Path>,
    sizes: Vec<(&'static str, u64)>,
    durations: Vec<(&'static str, u64)>,
    buffer: Option<LitInt>,
    rate: Option<(u32, u64)>,
    origins: Vec<LitStr>,
}

impl Websocket {
    /// Reads the attribute's options; path and `no_tenant` are read as any route's.
    pub(crate) fn read(arguments: &mut Arguments<'_>) -> Self {
        let (connect, disconnect) = (arguments.path("connect"), arguments.path("disconnect"));
        let (mut sizes, mut durations) = (Vec::new(), Vec::new());
        for option in ["max_message", "buffer_bytes"] {
            sizes.extend(arguments.size(option).map(|bytes| (option, bytes)));
        }
        for option in ["ping", "idle_timeout", "write_timeout"] {
            durations.extend(arguments.duration(option).map(|millis| (option, millis)));
        }
        let buffer = arguments.integer("buffer", 1..=65_536);
        let (rate, origins) = (rate(arguments), origins(arguments));
        Self { connect, disconnect, sizes, durations, buffer, rate, origins }
    }

    /// `Options::new()` with what was given.
    fn options(&self, private: &TokenStream) -> TokenStream {
        let mut options = TokenStream::new();
        for (option, value) in self.sizes.iter().chain(&self.durations) {
            let (option, value) = (Ident::new(option, Span::call_site()), number(*value));
            options.extend(quote! { .#option(#value) });
        }
        options.extend(self.buffer.iter().map(|messages| quote! { .buffer(#messages) }));
        options.extend(self.rate.map(|(messages, millis)| {
            let (messages, millis) = (number(messages.into()), number(millis));
            quote! { .rate(#messages, #millis) }
        }));
        if !self.origins.is_empty() {
            let origins = &self.origins;
            options.extend(quote! { .origins(&[#(#origins),*]) });
        }
        options.extend(self.connect.iter().map(|_| quote! { .connects() }));
        options.extend(self.disconnect.iter().map(|_| quote! { .disconnects() }));
        quote! { #private::websocket::Options::new() #options }
    }
}

/// `rate = "20/s"`: so many messages a second, a minute or another duration, as milliseconds.
fn rate(arguments: &mut Arguments<'_>) -> Option<(u32, u64)> {
    let text = arguments.string("rate")?;
    let value = text.value();
    let read = value.split_once('/').and_then(|(messages, duration)| {
        let digits = duration.starts_with(|first: char| first.is_ascii_digit());
        let millis = if digits { units::millis(duration) } else { units::millis(&format!("1{duration}")) };
        let messages: u32 = messages.parse().ok()?;
        Some((messages, millis?)).filter(|(messages, millis)| *messages > 0 && *millis > 0)
    });
    if read.is_none() {
        let message =
            "`rate` must be a number of messages and a duration, such as \"20/s\", \"600/m\" or \"5/10s\"";
        arguments.errors.at(&text, message);
    }
    read
}

/// `origins("https://shop.example", …)`, or `origins("*")`.
fn origins(arguments: &mut Arguments<'_>) -> Vec<LitStr> {
    let origins = arguments.listed_strings("origins");
    for origin in &origins {
        let value = origin.value();
        // A browser leaves its scheme's own port out, so that an origin with it is nobody's.
        let own_port = |scheme: &str, host: &str| match scheme {
            "https" => host.ends_with(":443"),
            "http" => host.ends_with(":80"),
            _ => false,
        };
        let is_origin = value.split_once("://").is_some_and(|(scheme, host)| {
            !scheme.is_empty()
                && !host.is_empty()
                && !host.contains(['/', '?', '#', '*'])
                && !own_port(scheme, host)
        });
        if value != "*" && !is_origin {
            let fix = match value.split_once("://") {
                Some((_, host)) if host.contains('*') => "list each host by itself".to_owned(),
                Some((scheme, rest)) if !rest.is_empty() => {
                    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
                    let host = match host.rsplit_once(':') {
                        Some((name, _)) if own_port(scheme, host) => name,
                        _ => host,
                    };
                    format!("write \"{scheme}://{host}\"")
                }
                _ => format!("write \"https://{}\"", value.trim_matches('/')),
            };
            let message = format!(
                "an origin is a scheme and a host, with a port if it is not the scheme's own, or \"*\" for any: {fix}"
            );
            arguments.errors.at(origin, message);
        }
    }
    origins
}

/// What is asked of a function with `#[websocket]` beyond what is of any handler.
pub(crate) fn check(model: &Model, errors: &mut Errors) {
    const OTHERS: [&str; 9] =
        ["Path", "Query", "State", "Extension", "Context", "Tenant", "HeaderMap", "Connection", "Cache"];
    let Some(message) = model.arguments.first() else {
        let text = "the first argument of a `#[websocket]` function is the message: add one such as `message: String`";
        errors.at(model.function.name(), text);
        return;
    };
    if message.is_written("Json") {
        let text = "a message is JSON without a `Json` around it: write the type itself";
        errors.at(&message.ty, text);
    } else if let Some(other) = OTHERS.iter().find(|other| message.is_written(other)) {
        let text = format!(
            "the first argument of a `#[websocket]` function is the message, and `{other}` is none: move it behind one \
             such as `message: String`"
        );
        errors.at(&message.ty, text);
    }
    check_no_body(model.extracted(), errors);
    if let Some(validate) = &model.attributes.validate {
        check_validate(validate, errors);
    }
}

fn check_validate(validate: &crate::validate::Validate, errors: &mut Errors) {
    if let Some(span) = validate.response() {
        errors.at_span(span, "`response` checks what a request is answered with, not messages: remove it");
    }
    if let Some(span) = validate.max_body() {
        let text = "a socket's messages are bounded by `max_message` of `#[websocket]`: say it there, and remove this";
        errors.at_span(span, text);
    }
    if validate.schema.is_some() {
        let text = "`schema` describes a request's body, which a socket's has none of: remove it";
        errors.at_span(Span::call_site(), text);
    }
}

/// The implementations of `Endpoint` and `Socket`.
pub(crate) fn expand(
    model: &Model,
    socket: &Websocket,
    metadata: &TokenStream,
    types: &[TokenStream],
    markers: &[&Ident],
) -> TokenStream {
    let private = model.private();
    let name = model.function.name();
    let options = socket.options(&private);
    let message = message(model);
    let mut markers = markers.to_vec();
    let (mut imports, mut bounds, mut hooks) = (TokenStream::new(), TokenStream::new(), TokenStream::new());
    bounds.extend(quote! { #(#types: #private::Argument<__LiftS, #markers>,)* });
    let (connect, disconnect) = (format_ident!("__LiftC"), format_ident!("__LiftD"));
    for (name, path, marker) in
        [("connect", &socket.connect, &connect), ("disconnect", &socket.disconnect, &disconnect)]
    {
        let Some(path) = path else { continue };
        markers.push(marker);
        let name = Ident::new(name, Span::call_site());
        // The app's path is marked if it has not the attribute.
        let hook = Ident::new(&format!("__lift_{name}"), located_at(path));
        imports.extend(quote_spanned! { located_at(path)=>
            #[allow(unused_imports, reason = "it is there for what the next one does not bring")]
            use #private::websocket::fallback::*;
            use #path as #hook;
            const _: () = #private::websocket::is_hook::<#hook>();
        });
        bounds.extend(
            quote_spanned! { located_at(path)=> #hook: #private::websocket::Hook<__LiftS, #marker>, },
        );
        hooks.extend(quote! {
            async fn #name(__lift_call: #private::Call<__LiftS>) -> #private::Response {
                <#hook as #private::websocket::Hook<__LiftS, #marker>>::serve(__lift_call).await
            }
        });
    }
    let bounds = quote! {
        __LiftS: ::core::clone::Clone + ::core::marker::Send + ::core::marker::Sync + 'static,
        #bounds
        #(#markers: 'static,)*
    };
    quote! {
        #imports
        impl<__LiftS, #(#markers),*> #private::Endpoint<__LiftS, (#(#markers,)*)> for #name
        where
            #bounds
        {
            const ROUTE: &'static #private::Route = &#metadata;
            async fn serve(__lift_call: #private::Call<__LiftS>) -> #private::Response {
                __lift_call.websocket::<Self, (#(#markers,)*)>().await
            }
        }
        impl<__LiftS, #(#markers),*> #private::websocket::Socket<__LiftS, (#(#markers,)*)> for #name
        where
            #bounds
        {
            const OPTIONS: &'static #private::websocket::Options = &#options;
            #hooks
            #message
        }
    }
}

/// What is asked of a function with `#[connect]` or `#[disconnect]`.
pub(crate) fn check_hook(model: &Model, errors: &mut Errors) {
    check_no_body(&model.arguments, errors);
    if let Some(validate) = &model.attributes.validate {
        check_validate(validate, errors);
    }
}

fn check_no_body(arguments: &[Argument], errors: &mut Errors) {
    const READ_THE_BODY: [&str; 5] = ["Json", "Form", "Multipart", "Request", "Body"];
    for argument in arguments {
        if READ_THE_BODY.iter().any(|name| argument.is_written(name)) {
            errors.at(&argument.ty, "the request of a socket has no body to read: remove this");
        }
    }
}

/// The implementation of `Hook`.
pub(crate) fn expand_hook(model: &Model) -> TokenStream {
    let (private, name, checks, serve) =
        (model.private(), model.function.name(), checks(model), serve(model));
    let types = model.arguments.iter().map(Argument::static_type);
    let markers: Vec<&Ident> = model.arguments.iter().map(|argument| &argument.marker).collect();
    quote! {
        #checks
        impl #private::websocket::IsHook for #name {}
        impl<__LiftS, #(#markers),*> #private::websocket::Hook<__LiftS, (#(#markers,)*)> for #name
        where
            __LiftS: ::core::clone::Clone + ::core::marker::Send + ::core::marker::Sync + 'static,
            #(#types: #private::Argument<__LiftS, #markers>,)*
        {
            #serve
        }
    }
}

fn message(model: &Model) -> TokenStream {
    let private = model.private();
    let validate = model.attributes.validate.as_ref();
    let traits = validate.map(|_| quote! { , validate::traits::* });
    let Some((first, others)) = model.arguments.split_first() else { return TokenStream::new() };
    let take = [take_message(first, validate.is_some(), &private)]
        .into_iter()
        .chain(others.iter().map(|argument| take_argument(argument, validate.is_some(), &private)));
    let locals: Vec<&Ident> = model.arguments.iter().map(|argument| &argument.local).collect();
    let own = validate.filter(|validate| !validate.with.is_empty()).map(|validate| {
        let verdicts = validate.with.iter().map(|with| own_validator(model, with));
        quote! {
            let mut __lift_well = true;
            #(#verdicts)*
            if !__lift_well {
                return __lift_call.refused().await;
            }
        }
    });
    let name = model.function.name();
    let called = quote! { #name(#(#locals),*).await };
    // The return type is marked if its error is none.
    let split = quote_spanned! { model.output_span=> #private::Returned(#called).split()? };
    let answer = quote_spanned! { model.output_span=> #private::websocket::Reply(__lift_answer).message() };
    quote! {
        async fn message(
            __lift_call: &mut #private::Call<__LiftS>,
            __lift_message: #private::websocket::Message,
        ) -> #private::websocket::Answer {
            use #private::{Infallibly as _, websocket::traits::* #traits};
            #(#take)*
            let (#(::core::option::Option::Some(#locals),)*) = (#(#locals,)*) else {
                return __lift_call.refused().await;
            };
            #own
            let __lift_answer = #split;
            let ::core::option::Option::Some(__lift_answer) = #private::websocket::Said(__lift_answer).some() else {
                return ::core::result::Result::Ok(::core::option::Option::None);
            };
            #answer
        }
    }
}

fn take_message(message: &Argument, is_validated: bool, private: &TokenStream) -> TokenStream {
    let (local, ty) = (&message.local, message.static_type());
    // The user's type is marked if no message can be read as it, or checked.
    if is_validated {
        quote_spanned! { located_at(&message.ty)=>
            let #local = (&&&&#private::websocket::Take::<#ty>::NEW).take(
                __lift_call,
                __lift_message,
                &__LIFT_CHECKS,
            );
        }
    } else {
        quote_spanned! { located_at(&message.ty)=>
            let #local = (&&#private::websocket::Take::<#ty>::NEW).read(__lift_call, __lift_message);
        }
    }
}

fn take_argument(argument: &Argument, is_validated: bool, private: &TokenStream) -> TokenStream {
    let (Argument { local, marker, .. }, ty) = (argument, argument.static_type());
    if is_validated {
        quote_spanned! { located_at(&argument.ty)=>
            let #local = (&&&#private::validate::Check::<#ty>::NEW)
                .take::<__LiftS, #marker>(__lift_call, &__LIFT_CHECKS)
                .await;
        }
    } else {
        quote! { let #local = __lift_call.argument::<#ty, #marker>().await; }
    }
}
