//! All that is known of one annotated function, and the checks that no attribute can make alone.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{FnArg, GenericParam, Ident, Path, ReturnType, Safety};

use crate::arguments::Arguments;
use crate::cached::Cached;
use crate::errors::Errors;
use crate::handler::{Annotation, Argument, Function, Kind, has_impl, located_at};
use crate::invalidates::Invalidates;
use crate::route::Route;
use crate::stream::{self, Stream};
use crate::validate::Validate;
use crate::websocket::{self, Websocket};

/// An annotated function.
pub(crate) struct Model {
    pub(crate) function: Function,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) attributes: Attributes,
    /// Whether its body emits.
    pub(crate) emits: bool,
    /// The return type as the user wrote it, where the function's lifetimes are not in scope.
    pub(crate) returned: TokenStream,
    /// Where to tell what the return type lacks.
    pub(crate) output_span: Span,
}

/// What each of Lift's attributes said.
#[derive(Default)]
pub(crate) struct Attributes {
    krate: Option<Path>,
    pub(crate) route: Option<Route>,
    pub(crate) cached: Option<Cached>,
    pub(crate) validate: Option<Validate>,
    pub(crate) stream: Option<Stream>,
    pub(crate) invalidates: Option<Invalidates>,
    pub(crate) websocket: Option<Websocket>,
    /// `connect` or `disconnect`.
    pub(crate) hook: Option<&'static str>,
}

impl Model {
    /// Reads and checks all attributes of a function.
    pub(crate) fn read(function: Function, annotations: &[Annotation], errors: &mut Errors) -> Self {
        let arguments = function.arguments();
        let names: Vec<Ident> = arguments.iter().flat_map(|argument| argument.bindings.clone()).collect();
        check_function(&function, errors);
        check_unique(annotations, errors);
        let mut attributes = Attributes::default();
        for annotation in annotations {
            attributes.read(annotation, &arguments, &names, errors);
        }
        check_together(annotations, errors);
        let streams = annotations.iter().any(|annotation| annotation.kind == Kind::Stream);
        let emits = streams && stream::emits(function.body.stream());
        let output_span = match &function.signature.output {
            ReturnType::Default => Span::call_site(),
            ReturnType::Type(_, ty) => located_at(ty),
        };
        let returned = function.static_output();
        let model = Self { function, arguments, attributes, emits, returned, output_span };
        model.check(annotations, errors);
        model
    }

    /// The arguments that are extracted of the request: all but a socket's message, which is the first.
    pub(crate) fn extracted(&self) -> &[Argument] {
        let from = usize::from(self.attributes.websocket.is_some());
        self.arguments.get(from..).unwrap_or_default()
    }

    /// Where Lift is found.
    pub(crate) fn lift(&self) -> TokenStream {
        self.attributes.krate.as_ref().map_or_else(|| quote! { ::lift }, |path| quote! { #path })
    }

    /// What only expansions may call, by a short name that `private_as_lift` brings into a block.
    pub(crate) fn private(&self) -> TokenStream {
        quote! { __lift }
    }

    /// `use ::lift::__private as __lift;`
    pub(crate) fn private_as_lift(&self) -> TokenStream {
        let lift = self.lift();
        quote! { use #lift::__private as __lift; }
    }

    fn check(&self, annotations: &[Annotation], errors: &mut Errors) {
        let at = |kind: Kind| annotations.iter().find(|annotation| annotation.kind == kind);
        if let Some(route) = &self.attributes.route {
            let arguments = self.extracted();
            route.check_parameters(arguments, errors);
            match &self.attributes.websocket {
                Some(_) => websocket::check(self, errors),
                None => check_bodies(arguments, errors),
            }
        }
        if self.attributes.hook.is_some() {
            websocket::check_hook(self, errors);
        }
        if let (Some(cached), Some(annotation)) = (&self.attributes.cached, at(Kind::Cached)) {
            let is_route = annotations.iter().any(|annotation| annotation.kind.is_route());
            self.check_cached(cached, annotation, is_route, errors);
        }
        if self.attributes.stream.as_ref().is_some_and(Stream::is_bytes)
            && let Some(span) = self.attributes.validate.as_ref().and_then(Validate::response)
        {
            let message = "`response` checks items by their schema, and bytes have none: remove it";
            errors.at_span(span, message);
        }
        if at(Kind::Stream).is_some() && matches!(self.function.signature.output, ReturnType::Default) {
            let message = "a `#[stream]` function says what it yields: write `-> Result<Item>` and `emit!` items, \
                           or `-> impl Stream<Item = Item>`";
            errors.at(self.function.name(), message);
        }
    }

    fn check_cached(&self, cached: &Cached, annotation: &Annotation, is_route: bool, errors: &mut Errors) {
        if let Some(route) = &self.attributes.route
            && !route.is_get()
            && cached.key.is_none()
        {
            let message = format!(
                "a {} is cached only by an explicit key: add `key = \"…\"` over the arguments that matter",
                route.method()
            );
            errors.at_span(annotation.span, message);
        }
        if let (Some(local), true) = (cached.local, is_route) {
            let message = "`local` is for plain functions: an answer is kept encoded in any case; remove it";
            errors.at_span(local, message);
        }
        if let (Some(value), false) = (&cached.cache_control, is_route) {
            let message = "`cache_control` is for answers, which a plain function does not give: remove it, or add a route";
            errors.at(value, message);
        }
        if !is_route && self.function.returns_impl_trait() {
            let message = "a cached value has a name: write the type instead of `impl Trait`";
            errors.at(&self.function.signature.output, message);
        }
    }
}

impl Attributes {
    fn read(&mut self, annotation: &Annotation, function: &[Argument], names: &[Ident], errors: &mut Errors) {
        let mut arguments = Arguments::parse(annotation.kind.name(), annotation.arguments.clone(), errors);
        let krate = arguments.krate();
        match annotation.kind {
            Kind::Route(_) => self.route = Route::read(annotation, &mut arguments),
            Kind::Cached => self.cached = Some(Cached::read(annotation, &mut arguments, function, names)),
            Kind::Validate => self.validate = Some(Validate::read(&mut arguments, names)),
            Kind::Stream => self.stream = Some(Stream::read(&mut arguments)),
            Kind::Invalidates => {
                self.invalidates = Some(Invalidates::read(annotation, &mut arguments, names));
            }
            Kind::Hook(name) => self.hook = Some(name),
            Kind::Websocket => {
                self.route = Route::read(annotation, &mut arguments);
                self.websocket = Some(Websocket::read(&mut arguments));
            }
        }
        arguments.finish();
        self.krate = krate.or(self.krate.take());
    }
}

/// A function that Lift can call: async, free, without type parameters.
fn check_function(function: &Function, errors: &mut Errors) {
    let signature = &function.signature;
    if signature.asyncness.is_none() {
        errors.at(signature.fn_token, "an annotated function is async: write `async fn`");
    }
    if !matches!(signature.safety, Safety::Default) {
        errors.at(
            &signature.safety,
            "an annotated function is called by Lift, which calls no unsafe function: remove this",
        );
    }
    if let Some(abi) = &signature.abi {
        errors.at(abi, "an annotated function is called by Lift, as Rust functions are: remove this");
    }
    for parameter in &signature.generics.params {
        if !matches!(parameter, GenericParam::Lifetime(_)) {
            let message = "an annotated function has no type parameters, since its route has one type: \
                           write the type itself";
            errors.at(parameter, message);
        }
    }
    for argument in &signature.inputs {
        check_argument(argument, errors);
    }
}

fn check_argument(argument: &FnArg, errors: &mut Errors) {
    let attributes = match argument {
        FnArg::Receiver(receiver) => {
            let message = "an annotated function is a free function: move it out of its `impl` and take what it needs \
                           as an argument, such as `State<…>`";
            errors.at(receiver, message);
            return;
        }
        FnArg::Typed(typed) => {
            if has_impl(&quote::ToTokens::to_token_stream(&typed.ty)) {
                errors.at(&typed.ty, "an argument's type has a name: write it instead of `impl Trait`");
            }
            &typed.attrs
        }
    };
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")) {
        errors.at(
            attribute,
            "an argument cannot depend on `cfg`: write two functions, each with its own `cfg`",
        );
    }
}

fn check_unique(annotations: &[Annotation], errors: &mut Errors) {
    for (index, annotation) in annotations.iter().enumerate() {
        let earlier = &annotations[..index];
        if annotation.kind.is_route() && earlier.iter().any(|earlier| earlier.kind.is_route()) {
            let message =
                "a function has one route: remove this one, and write a second function that calls this one";
            errors.at_span(annotation.span, message);
        } else if earlier.iter().any(|earlier| earlier.kind == annotation.kind) {
            errors.at_span(
                annotation.span,
                format!("`#[{}]` is written twice: keep one", annotation.kind.name()),
            );
        }
    }
}

/// Which attributes go together.
fn check_together(annotations: &[Annotation], errors: &mut Errors) {
    let at =
        |kind: Kind| annotations.iter().find(|annotation| annotation.kind == kind).map(|found| found.span);
    if let (Some(_), Some(stream)) = (at(Kind::Cached), at(Kind::Stream)) {
        let message = "`#[stream]` and `#[cached]` exclude each other, since a stream is never there as a whole: \
                       remove one, or cache the function that the items come from";
        errors.at_span(stream, message);
    }
    if let (Some(_), Some(invalidates)) = (at(Kind::Cached), at(Kind::Invalidates)) {
        let message =
            "`#[invalidates]` and `#[cached]` exclude each other: a function reads or writes; remove one";
        errors.at_span(invalidates, message);
    }
    if let (Some(_), Some(invalidates)) = (at(Kind::Stream), at(Kind::Invalidates)) {
        let message = "`#[invalidates]` runs when the answer is there, which a stream's never is as a whole: \
                       remove it, and call `Cache::invalidate_tag` where the stream has written";
        errors.at_span(invalidates, message);
    }
    if annotations.iter().any(|annotation| matches!(annotation.kind, Kind::Websocket | Kind::Hook(_))) {
        let others = [Kind::Cached, Kind::Stream, Kind::Invalidates];
        for annotation in annotations.iter().filter(|annotation| others.contains(&annotation.kind)) {
            let name = annotation.kind.name();
            let message = format!(
                "`#[{name}]` is for what a request is answered with, and this is for a socket: remove it, or put it on \
                 a function that this one calls"
            );
            errors.at_span(annotation.span, message);
        }
    }
    let has_place = |annotation: &Annotation| annotation.kind.is_route() || annotation.kind == Kind::Cached;
    if annotations.iter().any(has_place) {
        return;
    }
    for annotation in annotations {
        let name = annotation.kind.name();
        errors
            .at_span(annotation.span, format!("`#[{name}]` needs a route: add one such as `#[get(\"/…\")]`"));
    }
}

/// A request has one body. Only the well-known extractors are known here; an assertion in the expansion sees the rest.
fn check_bodies(arguments: &[Argument], errors: &mut Errors) {
    const READ_THE_BODY: [&str; 7] = ["Json", "Form", "Bytes", "String", "Multipart", "Request", "Body"];
    let reads = |argument: &&Argument| READ_THE_BODY.iter().any(|name| argument.is_written(name));
    for second in arguments.iter().filter(reads).skip(1) {
        let message =
            "a request has one body, and an argument before this one reads it: take both as one `Json<…>`";
        errors.at(&second.ty, message);
    }
}
