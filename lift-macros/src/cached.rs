//! `#[cached(…)]`: its options, and the policy, key and tags that they make.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Ident, LitInt, LitStr, Path};

use crate::arguments::{Arguments, path};
use crate::handler::{Annotation, Argument, located_at};
use crate::template::{Template, unbound};

/// A checked `#[cached]`.
#[derive(Default)]
pub(crate) struct Cached {
    ttl: Option<Ttl>,
    pub(crate) key: Option<Template>,
    skip: Vec<Ident>,
    vary: Vec<LitStr>,
    pub(crate) tags: Vec<Template>,
    pub(crate) shared: Option<Span>,
    pub(crate) private: Option<Span>,
    stale: Option<u64>,
    stale_if_error: Option<u64>,
    negative: Option<u64>,
    when: Option<Path>,
    pub(crate) cache_control: Option<LitStr>,
    version: Option<LitInt>,
    store: Option<LitStr>,
    pub(crate) strategy: Option<Path>,
    max_bytes: Option<u64>,
    pub(crate) local: Option<Span>,
}

enum Ttl {
    Millis(u64),
    Path(Path),
}

impl Cached {
    /// Reads the attribute's arguments; `names` are those that the function's arguments bind.
    pub(crate) fn read(
        annotation: &Annotation,
        arguments: &mut Arguments<'_>,
        function: &[Argument],
        names: &[Ident],
    ) -> Self {
        let cached = Self {
            ttl: ttl(annotation, arguments),
            key: key(arguments, names),
            skip: arguments.listed_names("skip"),
            vary: vary(arguments),
            tags: tags(arguments, names),
            shared: arguments.flag("shared"),
            private: arguments.flag("private"),
            stale: arguments.duration("stale"),
            stale_if_error: arguments.duration("stale_if_error"),
            negative: arguments.duration("negative"),
            when: arguments.path("when"),
            cache_control: cache_control(arguments),
            version: arguments.integer("version", 0..=u64::from(u32::MAX)),
            store: arguments.string("store"),
            strategy: arguments.path("strategy"),
            max_bytes: arguments.size("max_bytes"),
            local: arguments.flag("local"),
        };
        cached.check_skip(arguments, function, names);
        if let (Some(_), Some(private)) = (cached.shared, cached.private) {
            let message = "`private` and `shared` exclude each other: an entry is one caller's or everybody's; keep one";
            arguments.errors.at_span(private, message);
        }
        cached
    }

    /// A skipped name must be an argument's, and a whole one's, since arguments enter a key as wholes.
    fn check_skip(&self, arguments: &mut Arguments<'_>, function: &[Argument], names: &[Ident]) {
        for name in &self.skip {
            let Some(argument) = function.iter().find(|argument| argument.bindings.contains(name)) else {
                arguments.errors.at(name, unbound(name, names));
                continue;
            };
            if self.key.is_some() {
                let message = "`key` already says which arguments matter: remove `skip`, or remove `key`";
                arguments.errors.at(name, message);
            } else if let Some(kept) = argument.bindings.iter().find(|binding| !self.skip.contains(binding)) {
                let message =
                    format!("the argument also binds `{kept}`: skip both, or name what matters in a `key`");
                arguments.errors.at(name, message);
            }
        }
    }

    /// Whether an argument enters the key as a whole. What binds nothing cannot be seen by the function; `State` is
    /// the app's and not the request's.
    pub(crate) fn keys(&self, argument: &Argument, is_route: bool) -> bool {
        let seen = argument.bindings.iter().any(|binding| !self.skip.contains(binding));
        let is_state = is_route && argument.is_written("State");
        seen && !is_state
    }

    /// The arguments that enter the key, as wholes or by some of their names.
    pub(crate) fn keyed<'a>(&self, function: &'a [Argument], is_route: bool) -> Vec<&'a Argument> {
        let enters = |argument: &&Argument| match &self.key {
            Some(key) => key.places().iter().any(|place| argument.bindings.contains(&place.name)),
            None => self.keys(argument, is_route),
        };
        function.iter().filter(enters).collect()
    }

    /// `Policy::new(…)` with its options; the time to live is 0 where a function tells it.
    pub(crate) fn policy(
        &self,
        private: &TokenStream,
        name: &TokenStream,
        fingerprint: Option<TokenStream>,
    ) -> TokenStream {
        let ttl = match self.ttl {
            Some(Ttl::Millis(millis)) => number(millis),
            _ => number(0),
        };
        let mut options = TokenStream::new();
        for (option, millis) in [
            (quote! { stale }, self.stale),
            (quote! { stale_if_error }, self.stale_if_error),
            (quote! { negative }, self.negative),
            (quote! { max_bytes }, self.max_bytes),
        ] {
            if let Some(millis) = millis.map(number) {
                options.extend(quote! { .#option(#millis) });
            }
        }
        for (option, flag) in [
            (quote! { shared }, self.shared),
            (quote! { private }, self.private),
            (quote! { local }, self.local),
        ] {
            options.extend(flag.map(|_| quote! { .#option() }));
        }
        let Self { vary, cache_control, version, store, .. } = self;
        if !vary.is_empty() {
            options.extend(quote! { .vary(&[#(#vary),*]) });
        }
        options.extend(cache_control.iter().map(|value| quote! { .cache_control(#value) }));
        options.extend(version.iter().map(|value| quote! { .version(#value) }));
        options.extend(store.iter().map(|value| quote! { .store(#value) }));
        options.extend(fingerprint);
        quote! { #private::cache::Policy::new(#name, #ttl) #options }
    }

    /// What a strategy adds to the key.
    pub(crate) fn strategy_key(&self, private: &TokenStream) -> Option<TokenStream> {
        let strategy = self.strategy.as_ref()?;
        Some(quote! { #private::cache::CacheStrategy::key(&#strategy, __lift_key); })
    }

    /// Whether a stale value is served while another is made.
    pub(crate) fn refreshes(&self) -> bool {
        self.stale.is_some()
    }

    /// What is asked about a computed value: whether to keep it, and for how long.
    pub(crate) fn questions(&self) -> TokenStream {
        let mut questions = TokenStream::new();
        // A call, not the function itself, so that `fn(&Product)` can be asked about a `Json<Product>`.
        questions.extend(self.when.iter().map(|path| {
            quote_spanned! { located_at(path)=> .when(|__lift_value| #path(__lift_value)) }
        }));
        if let Some(Ttl::Path(path)) = &self.ttl {
            questions.extend(quote_spanned! { located_at(path)=> .ttl(|__lift_value| #path(__lift_value)) });
        }
        questions.extend(self.strategy.iter().map(|path| {
            quote_spanned! { located_at(path)=> .strategy(&#path, |__lift_value| __lift_value) }
        }));
        questions
    }
}

/// A number without a type, as the runtime's builders take it.
pub(crate) fn number(number: u64) -> LitInt {
    LitInt::new(&number.to_string(), Span::call_site())
}

fn ttl(annotation: &Annotation, arguments: &mut Arguments<'_>) -> Option<Ttl> {
    if !arguments.has("ttl") {
        let message = "`ttl` is missing: say how long an entry is fresh, such as `#[cached(ttl = \"60s\")]`";
        arguments.errors.at_span(annotation.span, message);
    }
    let (_, value) = arguments.value("ttl", "ttl = \"60s\"")?;
    if let Some(path) = path(&value) {
        return Some(Ttl::Path(path));
    }
    let millis = arguments.read_duration("ttl", &value)?;
    if millis == 0 {
        arguments
            .errors
            .at(&value, "`ttl` must be longer than zero: an entry that is never fresh is never served");
    }
    Some(Ttl::Millis(millis))
}

fn key(arguments: &mut Arguments<'_>, names: &[Ident]) -> Option<Template> {
    let literal = arguments.string("key")?;
    Template::parse(&literal, names, arguments.errors)
}

fn tags(arguments: &mut Arguments<'_>, names: &[Ident]) -> Vec<Template> {
    let literals = arguments.strings("tags");
    literals.iter().filter_map(|literal| Template::parse(literal, names, arguments.errors)).collect()
}

/// Header names are compared in lower case, as HTTP/2 has them.
fn vary(arguments: &mut Arguments<'_>) -> Vec<LitStr> {
    let names = arguments.listed_strings("vary");
    let mut lower = Vec::new();
    for name in names {
        let text = name.value();
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if text.is_empty() || !text.bytes().all(token) {
            arguments
                .errors
                .at(&name, "`vary` lists request headers by name, such as `vary(\"accept-language\")`");
        }
        lower.push(LitStr::new(&text.to_ascii_lowercase(), name.span()));
    }
    lower
}

fn cache_control(arguments: &mut Arguments<'_>) -> Option<LitStr> {
    let value = arguments.string("cache_control")?;
    if value.value().is_empty() || !value.value().bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        let message = "`cache_control` must be a header's value, such as \"private, max-age=30\"";
        arguments.errors.at(&value, message);
    }
    Some(value)
}
