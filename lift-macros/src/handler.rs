//! The annotated function as a model: every Lift attribute on it, its arguments, and its body left as it is.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::spanned::Spanned as _;
use syn::{Attribute, FnArg, Ident, Lifetime, Meta, Pat, Path, ReturnType, Signature, Type, Visibility};

use crate::errors::Errors;
use crate::patterns;

/// One of Lift's attributes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// `#[get]` and its like, by name; `#[route]` names its method itself.
    Route(&'static str),
    Cached,
    Validate,
    Stream,
    Invalidates,
    Websocket,
    /// `#[connect]` and `#[disconnect]`, by name.
    Hook(&'static str),
}

impl Kind {
    const ALL: [Self; 13] = [
        Self::Route("get"),
        Self::Route("post"),
        Self::Route("put"),
        Self::Route("patch"),
        Self::Route("delete"),
        Self::Route("route"),
        Self::Cached,
        Self::Validate,
        Self::Stream,
        Self::Invalidates,
        Self::Websocket,
        Self::Hook("connect"),
        Self::Hook("disconnect"),
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Route(name) | Self::Hook(name) => name,
            Self::Cached => "cached",
            Self::Validate => "validate",
            Self::Stream => "stream",
            Self::Invalidates => "invalidates",
            Self::Websocket => "websocket",
        }
    }

    /// Whether it says when the function is called; there is one such attribute.
    pub(crate) fn is_route(self) -> bool {
        matches!(self, Self::Route(_) | Self::Websocket | Self::Hook(_))
    }

    fn of(path: &Path) -> Option<Self> {
        let name = &path.segments.last()?.ident;
        Self::ALL.into_iter().find(|kind| name == kind.name())
    }
}

/// One of Lift's attributes as it stands on a function.
pub(crate) struct Annotation {
    pub(crate) kind: Kind,
    pub(crate) arguments: TokenStream,
    /// Where to report what concerns it as a whole.
    pub(crate) span: Span,
    /// The path as the user wrote it; none for the attribute that is being expanded.
    pub(crate) path: Option<Path>,
}

/// Any item: its attributes, and the rest.
pub(crate) struct Annotated {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) rest: TokenStream,
}

impl Parse for Annotated {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Self { attributes: input.call(Attribute::parse_outer)?, rest: input.parse()? })
    }
}

impl Annotated {
    /// Takes Lift's attributes off.
    pub(crate) fn take_annotations(&mut self, errors: &mut Errors) -> Vec<Annotation> {
        let mut taken = Vec::new();
        self.attributes.retain(|attribute| {
            let Some(kind) = Kind::of(attribute.path()) else { return true };
            let arguments = match &attribute.meta {
                Meta::Path(_) => TokenStream::new(),
                Meta::List(list) => list.tokens.clone(),
                other => {
                    errors.at(other, format!("arguments go in parentheses: write `#[{}(…)]`", kind.name()));
                    TokenStream::new()
                }
            };
            let path = attribute.path().clone();
            taken.push(Annotation { kind, arguments, span: path.span(), path: Some(path) });
            false
        });
        taken
    }
}

impl ToTokens for Annotated {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.attributes.iter().for_each(|attribute| attribute.to_tokens(tokens));
        self.rest.to_tokens(tokens);
    }
}

/// A function whose body nobody looks into, unless it emits.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: Group,
}

impl Function {
    /// Reads a function; none if the item is something else.
    pub(crate) fn parse(item: Annotated) -> Option<Self> {
        let Annotated { attributes, rest } = item;
        let function = |input: ParseStream<'_>| {
            let (vis, signature, body) = (input.parse()?, input.parse()?, input.parse()?);
            Ok(Self { attributes, vis, signature, body })
        };
        function.parse2(rest).ok().filter(|function| function.body.delimiter() == Delimiter::Brace)
    }

    pub(crate) fn name(&self) -> &Ident {
        &self.signature.ident
    }

    /// The return type as it is written, `()` if it is not.
    pub(crate) fn output(&self) -> TokenStream {
        match &self.signature.output {
            ReturnType::Default => quote! { () },
            ReturnType::Type(_, output) => output.to_token_stream(),
        }
    }

    /// The return type where the function's lifetimes are not in scope.
    pub(crate) fn static_output(&self) -> TokenStream {
        without_lifetimes(self.output())
    }

    pub(crate) fn returns_impl_trait(&self) -> bool {
        has_impl(&self.output())
    }

    /// Its arguments but for `self`.
    pub(crate) fn arguments(&self) -> Vec<Argument> {
        let typed = |argument: &FnArg| match argument {
            FnArg::Typed(typed) => Some((*typed.pat).clone()).zip(Some((*typed.ty).clone())),
            FnArg::Receiver(_) => None,
        };
        let arguments = self.signature.inputs.iter().filter_map(typed);
        arguments.enumerate().map(|(index, (pattern, ty))| Argument::new(index, pattern, ty)).collect()
    }
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { attributes, vis, signature, body } = self;
        tokens.extend(quote! { #(#attributes)* #vis #signature #body });
    }
}

/// One argument of the function.
pub(crate) struct Argument {
    pub(crate) pattern: Pat,
    pub(crate) ty: Type,
    /// The names that the pattern binds.
    pub(crate) bindings: Vec<Ident>,
    /// The name by which the expansion knows it, spanned as its type, so that what the type lacks is told there.
    pub(crate) local: Ident,
    /// The name of the type parameter that tells how it is taken.
    pub(crate) marker: Ident,
}

impl Argument {
    fn new(index: usize, pattern: Pat, ty: Type) -> Self {
        let local = Ident::new(&format!("__lift_{index}"), located_at(&ty));
        let marker = Ident::new(&format!("__LiftM{index}"), Span::call_site());
        Self { bindings: patterns::bindings(&pattern), pattern, ty, local, marker }
    }

    /// The type where the function's lifetimes are not in scope.
    pub(crate) fn static_type(&self) -> TokenStream {
        without_lifetimes(self.ty.to_token_stream())
    }

    /// The last segment of its type's path, such as `Path` of `axum::extract::Path<u32>`.
    pub(crate) fn outer(&self) -> Option<&syn::PathSegment> {
        match &self.ty {
            Type::Path(path) => path.path.segments.last(),
            _ => None,
        }
    }

    /// Whether its type is written as this, whatever stands before or in angle brackets.
    pub(crate) fn is_written(&self, name: &str) -> bool {
        self.outer().is_some_and(|segment| segment.ident == name)
    }

    /// The name by which it is known outside of the function: its only binding, if it has but one.
    pub(crate) fn public_name(&self) -> Ident {
        match self.bindings.as_slice() {
            [only] => only.clone(),
            _ => self.local.clone(),
        }
    }
}

/// A span that shows the user's tokens, and that lints know as an expansion's.
pub(crate) fn located_at(tokens: &impl ToTokens) -> Span {
    Span::call_site().located_at(tokens.span())
}

/// Whether `impl` occurs in a type.
pub(crate) fn has_impl(tokens: &TokenStream) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "impl",
        TokenTree::Group(group) => has_impl(&group.stream()),
        _ => false,
    })
}

/// A type with `'static` for each lifetime, written or elided: what an expansion names is outside of the function,
/// where no lifetime of the function is known, and an extractor's type is `'static` anyway.
fn without_lifetimes(tokens: TokenStream) -> TokenStream {
    let mut result = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let next_is_quote = matches!(tokens.peek(), Some(TokenTree::Punct(next)) if next.as_char() == '\'');
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '\'' => {
                tokens.next();
                Lifetime::new("'static", punct.span()).to_tokens(&mut result);
            }
            TokenTree::Punct(punct) if punct.as_char() == '&' && !next_is_quote => {
                let lifetime = Lifetime::new("'static", punct.span());
                result.extend(quote! { #punct #lifetime });
            }
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), without_lifetimes(group.stream()));
                inner.set_span(group.span());
                inner.to_tokens(&mut result);
            }
            other => other.to_tokens(&mut result),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_become_static() {
        let check = |ty: &str, expected: &str| {
            let tokens: TokenStream = ty.parse().expect("tokens");
            assert_eq!(without_lifetimes(tokens).to_string().replace(' ', ""), expected.replace(' ', ""));
        };
        check("Path<Cow<'a, str>>", "Path<Cow<'static, str>>");
        check("Query<(&str, &'_ [u8])>", "Query<(&'static str, &'static [u8])>");
        check("Path<u32>", "Path<u32>");
    }
}
