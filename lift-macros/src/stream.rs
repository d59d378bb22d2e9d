//! `#[stream(…)]`: the format and its options, and the body that emits.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::{Block, Expr, LitInt, ReturnType, Stmt};

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
}

impl Stream {
    /// Reads the attribute's arguments.
    pub(crate) fn read(arguments: &mut Arguments<'_>) -> Self {
        let format = format(arguments);
        let buffer = arguments.integer("buffer", 1..=65_536);
        let chunk = arguments.size("chunk");
        let mut durations = Vec::new();
        for option in ["keep_alive", "item_timeout", "max_duration", "retry"] {
            durations.extend(arguments.duration(option).map(|millis| (option, millis)));
        }
        // Zero is right here: headers leave at once.
        if let Some((_, value)) = arguments.value("open_after", "open_after = \"100ms\"") {
            durations.extend(arguments.read_duration("open_after", &value).map(|millis| ("open_after", millis)));
        }
        Self { format, buffer, durations, chunk }
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
///     __lift::stream::Emitted::new(move |__lift_emitter| async move {
///         macro_rules! emit { ($item:expr $(,)?) => { __lift_emitter.send($item).await } }
///         for n in 0..count.n { emit!(Tick { n }) }
///         Result::<(), Error>::Ok(())
///     })
/// }
/// ```
pub(crate) fn emitting(model: &mut Model) {
    let (lift, alias, private) = (model.lift(), model.private_as_lift(), model.private());
    let function = &mut model.function;
    let output = function.output();
    let body = statements(&function.body, &output, &private);
    function.signature.asyncness = None;
    if let ReturnType::Type(_, ty) = &mut function.signature.output {
        **ty = syn::Type::Verbatim(quote! { #lift::stream::Emitted<#output> });
    }
    let body = quote! {
        #alias
        #private::stream::Emitted::new(move |__lift_emitter| async move {
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
fn statements(body: &Group, output: &TokenStream, private: &TokenStream) -> TokenStream {
    let tokens = body.stream();
    let ending = quote! { <#output as #private::stream::StreamResult>::Error };
    let end = quote! { ::core::result::Result::<(), #ending>::Ok(()) };
    // Tokens that syn does not know are left as they are: rustc tells what is wrong with them.
    let Ok(mut statements) = syn::parse::Parser::parse2(Block::parse_within, tokens.clone()) else {
        return quote! { #tokens; #end };
    };
    let tail = match statements.pop() {
        Some(Stmt::Expr(tail, None)) if !is_loop(&tail) => tail.into_token_stream(),
        Some(Stmt::Macro(tail)) if tail.semi_token.is_none() => tail.into_token_stream(),
        last => return quote! { #(#statements)* #last #end },
    };
    let end = quote_spanned! { located_at(&tail)=> #private::Ending::<#ending>::end };
    quote! { #(#statements)* #end(#tail) }
}

/// Whether an expression is a loop or an `if` without `else`, which is `()` or never ends.
fn is_loop(tail: &Expr) -> bool {
    match tail {
        Expr::ForLoop(_) | Expr::While(_) | Expr::Loop(_) => true,
        Expr::If(tail) => tail.else_branch.is_none(),
        _ => false,
    }
}
