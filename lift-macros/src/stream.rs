//! `#[stream(…)]`: the format and its options, and the body that emits.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::{Block, Expr, LitInt, LitStr, ReturnType, Stmt};

use crate::arguments::Arguments;
use crate::cached::number;
use crate::errors::listed;
use crate::handler::located_at;
use crate::model::Model;

const FORMATS: [(&str, &str); 3] = [("sse", "Sse"), ("ndjson", "Ndjson"), ("bytes", "Bytes")];

/// A checked `#[stream]`.
pub(crate) struct Stream {
    format: &'static str,
    buffer: Option<LitInt>,
    durations: Vec<(&'static str, u64)>,
    chunk: Option<u64>,
    content_type: Option<LitStr>,
}

impl Stream {
    /// Reads the attribute's arguments.
    pub(crate) fn read(arguments: &mut Arguments<'_>) -> Self {
        let format = format(arguments);
        let buffer = arguments.integer("buffer", 1..=65_536);
        let chunk = arguments.size("chunk");
        let content_type = content_type(arguments, format);
        let mut durations = Vec::new();
        for option in ["keep_alive", "item_timeout", "max_duration", "retry"] {
            durations.extend(arguments.duration(option).map(|millis| (option, millis)));
        }
        // Zero is right here: headers leave at once.
        if let Some((_, value)) = arguments.value("open_after", "open_after = \"100ms\"") {
            durations
                .extend(arguments.read_duration("open_after", &value).map(|millis| ("open_after", millis)));
        }
        Self { format, buffer, durations, chunk, content_type }
    }

    pub(crate) fn is_bytes(&self) -> bool {
        self.format == "Bytes"
    }

    /// `Options::new(…)` with what was given.
    pub(crate) fn options(&self, private: &TokenStream) -> TokenStream {
        let format = Ident::new(self.format, Span::call_site());
        let mut options = TokenStream::new();
        options.extend(self.buffer.iter().map(|items| quote! { .buffer(#items) }));
        options.extend(self.chunk.map(number).iter().map(|bytes| quote! { .chunk(#bytes) }));
        options.extend(self.content_type.iter().map(|value| quote! { .content_type(#value) }));
        for (option, millis) in &self.durations {
            let (option, millis) = (Ident::new(option, Span::call_site()), number(*millis));
            options.extend(quote! { .#option(#millis) });
        }
        quote! { #private::stream::Options::new(#private::stream::Format::#format) #options }
    }
}

fn format(arguments: &mut Arguments<'_>) -> &'static str {
    let mut found: Option<(&str, &str)> = None;
    for (word, format) in FORMATS {
        let Some(span) = arguments.flag(word) else { continue };
        match found {
            Some((earlier, _)) => {
                let names = listed([earlier, word]);
                arguments.errors.at_span(span, format!("a stream has one format, not {names}: keep one"));
            }
            None => found = Some((word, format)),
        }
    }
    found.map_or("Negotiated", |(_, format)| format)
}

/// The media type of bytes; the other formats have their own.
fn content_type(arguments: &mut Arguments<'_>, format: &str) -> Option<LitStr> {
    let value = arguments.string("content_type")?;
    let visible = value.value().bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if format != "Bytes" {
        arguments.errors.at(&value, "`content_type` is of streams of `bytes`: leave it out, or say `bytes`");
    } else if !visible || value.value().is_empty() {
        arguments.errors.at(&value, "`content_type` must be a media type, such as \"text/csv\"");
    } else {
        return Some(value);
    }
    None
}

/// Whether a body emits: `emit!` occurs anywhere in it.
pub(crate) fn emits(tokens: TokenStream) -> bool {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let found = match token {
            TokenTree::Group(group) => emits(group.stream()),
            TokenTree::Ident(ident) if ident == "emit" => {
                matches!(tokens.peek(), Some(TokenTree::Punct(next)) if next.as_char() == '!')
            }
            _ => false,
        };
        if found {
            return true;
        }
    }
    false
}

/// Makes a function that emits return a stream.
///
/// ```text
/// // Input:
/// async fn ticks(count: Query<Count>) -> Result<Tick> {
///     for n in 0..count.n { emit!(Tick { n }) }
/// }
///
/// // Output:
/// fn ticks(count: Query<Count>) -> ::lift::stream::Emitted<Result<Tick>> {
///     use ::lift::__private as __lift;
///     __lift::stream::Emitted::<Result<Tick>>::new(move |__lift_emitter| async move {
///         let __lift_emitter = &__lift_emitter;
///         macro_rules! emit { ($item:expr $(,)?) => { __lift_emitter.send($item).await } }
///         for n in 0..count.n { emit!(Tick { n }) }
///         return Result::<(), Error>::Ok(());
///     })
/// }
/// ```
pub(crate) fn emitting(model: &mut Model) {
    let (lift, alias, private) = (model.lift(), model.private_as_lift(), model.private());
    let span = model.output_span;
    let function = &mut model.function;
    let output = function.output();
    let error = quote_spanned! { span=> <#output as #private::stream::StreamResult>::Error };
    let body = statements(&function.body, &error, &private);
    function.signature.asyncness = None;
    if let ReturnType::Type(_, ty) = &mut function.signature.output {
        **ty = syn::Type::Verbatim(quote_spanned! { span=> #lift::stream::Emitted<#output> });
    }
    let emitted = quote_spanned! { span=> #private::stream::Emitted::<#output>::new };
    let body = quote! {
        #alias
        #emitted(move |__lift_emitter| async move {
            // A reference, so that blocks within the body that move what they use can emit, too.
            let __lift_emitter = &__lift_emitter;
            #[allow(unused_macros, reason = "the body may emit by another macro only")]
            macro_rules! emit {
                ($item:expr $(,)?) => { __lift_emitter.send($item).await };
            }
            #body
        })
    };
    let mut group = Group::new(proc_macro2::Delimiter::Brace, body);
    group.set_span(function.body.span());
    function.body = group;
}

/// The body's statements, and after them the `Ok(())` that the user need not write.
fn statements(body: &Group, error: &TokenStream, private: &TokenStream) -> TokenStream {
    let tokens = body.stream();
    let end = returned(&quote! { ::core::result::Result::<(), #error>::Ok(()) });
    // Tokens that syn does not know are left as they are: rustc tells what is wrong with them.
    let Ok(mut statements) = syn::parse::Parser::parse2(Block::parse_within, tokens.clone()) else {
        return quote! { #tokens; #end };
    };
    let tail = match statements.pop() {
        Some(Stmt::Expr(tail, None)) if !is_loop(&tail) => tail.into_token_stream(),
        Some(Stmt::Macro(tail)) if tail.semi_token.is_none() => tail.into_token_stream(),
        last => return quote! { #(#statements)* #last #end },
    };
    let local = Ident::new("__lift_end", located_at(&tail));
    let end = returned(&quote! { #private::Ending::<#error>::end(#local) });
    quote! { #(#statements)* let #local = #tail; #end }
}

fn returned(end: &TokenStream) -> TokenStream {
    quote! {
        #[allow(unreachable_code, reason = "a body may never end")]
        return #end;
    }
}

/// Whether an expression is a loop or an `if` without `else`, which is `()` or never ends.
fn is_loop(tail: &Expr) -> bool {
    match tail {
        Expr::ForLoop(_) | Expr::While(_) | Expr::Loop(_) => true,
        Expr::If(tail) => tail.else_branch.is_none(),
        _ => false,
    }
}
