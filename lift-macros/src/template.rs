//! Keys and tags: text with names of arguments in it, such as `"product:{sku}"` or `"list:{q.category}"`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Ident, LitStr, Member};

use crate::errors::{Errors, closest, listed};

/// A template whose names are all bound by arguments.
pub(crate) struct Template {
    literal: LitStr,
    places: Vec<Place>,
    /// The template with each place as `{}`.
    format: String,
}

/// What stands between braces: a name that an argument binds, and fields of it.
pub(crate) struct Place {
    pub(crate) name: Ident,
    fields: Vec<Member>,
}

impl Place {
    /// Whether a format string can hold it as it is.
    fn is_plain(&self) -> bool {
        self.fields.is_empty() && !self.name.to_string().starts_with("r#")
    }

    /// The place as an expression.
    pub(crate) fn value(&self) -> TokenStream {
        let Self { name, fields } = self;
        quote! { #name #(.#fields)* }
    }

    /// The place as a reference, where the name itself is bound to one.
    pub(crate) fn reference(&self) -> TokenStream {
        let value = self.value();
        if self.fields.is_empty() {
            value
        } else {
            quote! { &#value }
        }
    }
}

impl Template {
    /// Reads a template; `names` are those that the function's arguments bind.
    pub(crate) fn parse(literal: &LitStr, names: &[Ident], errors: &mut Errors) -> Option<Self> {
        let text = literal.value();
        match split(&text) {
            Ok(pieces) => Self::resolve(literal, &pieces, names, errors),
            Err(message) => {
                errors.at(literal, message);
                None
            }
        }
    }

    fn resolve(literal: &LitStr, pieces: &[Piece<'_>], names: &[Ident], errors: &mut Errors) -> Option<Self> {
        let mut template = Self { literal: literal.clone(), places: Vec::new(), format: String::new() };
        let mut complete = true;
        for piece in pieces {
            match piece {
                Piece::Text(text) => template.format.push_str(text),
                Piece::Place(text) => match place(text, literal, names) {
                    Ok(place) => {
                        template.places.push(place);
                        template.format.push_str("{}");
                    }
                    Err(message) => {
                        errors.at(literal, message);
                        complete = false;
                    }
                },
            }
        }
        complete.then_some(template)
    }

    /// What stands between its braces, in order.
    pub(crate) fn places(&self) -> &[Place] {
        &self.places
    }

    /// `format_args!` over it. The user's own literal is used where it can be, since rustc then marks the very name
    /// that lacks `Display`.
    pub(crate) fn format_args(&self) -> TokenStream {
        let Self { literal, places, format } = self;
        if places.iter().all(Place::is_plain) {
            return quote! { ::core::format_args!(#literal) };
        }
        let format = LitStr::new(format, literal.span());
        let values = places.iter().map(Place::value);
        quote! { ::core::format_args!(#format, #(#values),*) }
    }
}

enum Piece<'a> {
    /// Text as it stands, `{{` and `}}` included.
    Text(&'a str),
    Place(&'a str),
}

fn split(text: &str) -> Result<Vec<Piece<'_>>, &'static str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        pieces.push(Piece::Text(before));
        if from.starts_with("{{") || from.starts_with("}}") {
            pieces.push(Piece::Text(&from[..2]));
            rest = &from[2..];
        } else if from.starts_with('}') {
            return Err("`}` closes nothing: write `}}` for a brace that is meant as text");
        } else {
            let end = from
                .find('}')
                .ok_or("`{` is never closed: write `{name}`, or `{{` for a brace that is meant as text")?;
            pieces.push(Piece::Place(&from[1..end]));
            rest = &from[end + 1..];
        }
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

fn place(text: &str, literal: &LitStr, names: &[Ident]) -> Result<Place, String> {
    let wrong =
        || format!("`{{{text}}}` must hold the name of an argument, such as `{{sku}}` or `{{query.page}}`");
    let mut parts = text.split('.');
    let name: Ident = parts.next().and_then(|name| syn::parse_str(name).ok()).ok_or_else(wrong)?;
    let fields: Option<Vec<Member>> = parts.map(|field| syn::parse_str(field).ok()).collect();
    let mut fields = fields.ok_or_else(wrong)?;
    for field in &mut fields {
        match field {
            Member::Named(ident) => ident.set_span(literal.span()),
            Member::Unnamed(index) => index.span = literal.span(),
        }
    }
    if !names.contains(&name) {
        return Err(unbound(&name, names));
    }
    Ok(Place { name: Ident::new(&name.to_string(), literal.span()), fields })
}

/// Says that no argument binds a name, and which names there are.
pub(crate) fn unbound(name: &Ident, names: &[Ident]) -> String {
    let names: Vec<String> = names.iter().map(Ident::to_string).collect();
    let name = name.to_string();
    let fix = match closest(&name, names.iter().map(String::as_str)) {
        Some(close) => format!("did you mean `{close}`?"),
        None if names.is_empty() => "add one, or name none".to_owned(),
        None => format!("they bind {}", listed(names.iter().map(String::as_str))),
    };
    format!("`{name}` is not bound by any of the function's arguments: {fix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        let names = ["sku", "q"].map(|name| Ident::new(name, proc_macro2::Span::call_site()));
        let mut errors = Errors::default();
        match Template::parse(&LitStr::new(text, proc_macro2::Span::call_site()), &names, &mut errors) {
            Some(template) => Ok(template.format_args().to_string().replace(' ', "")),
            None => Err(errors.into_tokens().to_string()),
        }
    }

    #[test]
    fn names_fields_and_escapes() {
        assert_eq!(read("product:{sku}"), Ok("::core::format_args!(\"product:{sku}\")".into()));
        assert_eq!(read("{q.page}/{sku}"), Ok("::core::format_args!(\"{}/{}\",q.page,sku)".into()));
        assert_eq!(read("{{{q.0}}}"), Ok("::core::format_args!(\"{{{}}}\",q.0)".into()));
        assert_eq!(read("all"), Ok("::core::format_args!(\"all\")".into()));
    }

    #[test]
    fn mistakes_are_named() {
        for (text, expected) in [
            ("{skv}", "did you mean `sku`?"),
            ("{warehouse}", "they bind `sku` and `q`"),
            ("{sku", "is never closed"),
            ("sku}", "closes nothing"),
            ("{sku:?}", "must hold the name of an argument"),
            ("{}", "must hold the name of an argument"),
        ] {
            let message = read(text).expect_err(text);
            assert!(message.contains(expected), "{text}: {message}");
        }
    }
}
