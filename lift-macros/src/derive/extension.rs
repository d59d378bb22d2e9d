//! `extend("keyword" = …)` on a field: native where it can be, known to JSON Schema wherever it is.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::{Expr, ExprLit, ExprUnary, Lit, LitStr, MetaList, Token, UnOp};

use super::attributes::{Attributes, Mistakes};
use super::dialect;
use crate::errors::distance;
use crate::handler::located_at;

/// What a schema may say without a value being right or wrong by it.
const ANNOTATIONS: [&str; 8] =
    ["title", "description", "default", "deprecated", "examples", "readOnly", "writeOnly", "$comment"];

/// What is left to the schema's validator.
const BY_SCHEMA: [&str; 40] = [
    "type",
    "enum",
    "const",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "contains",
    "minContains",
    "maxContains",
    "properties",
    "patternProperties",
    "additionalProperties",
    "propertyNames",
    "required",
    "dependentRequired",
    "dependentSchemas",
    "items",
    "prefixItems",
    "unevaluatedItems",
    "unevaluatedProperties",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "$ref",
    "$defs",
    "$id",
    "$anchor",
    "$dynamicRef",
    "$dynamicAnchor",
    "$schema",
    "$vocabulary",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
];

/// The formats that are checked.
const FORMATS: [&str; 20] = [
    "email",
    "uri",
    "ip",
    "ipv4",
    "ipv6",
    "uuid",
    "date",
    "date-time",
    "time",
    "duration",
    "hostname",
    "regex",
    "json-pointer",
    "relative-json-pointer",
    "uri-reference",
    "uri-template",
    "iri",
    "iri-reference",
    "idn-email",
    "idn-hostname",
];

/// One keyword that has a native check.
pub(crate) struct Extension {
    span: Span,
    check: Check,
}

enum Check {
    /// The method of the runtime that compares with a number.
    Number(&'static str, Expr),
    /// The function of the runtime that tells.
    Format(syn::Ident),
    Members(&'static str, Expr),
}

/// What one keyword says.
enum Said {
    Nothing,
    /// What an app may have made a keyword of its own.
    Annotation,
    BySchema,
    /// A format that the app must have added.
    OwnFormat(LitStr),
    Native(Box<Check>),
}

/// Reads the keywords of one `extend(…)`.
pub(super) fn read(list: &MetaList, attributes: &mut Attributes, mistakes: &mut Mistakes) {
    let pairs = match pairs.parse2(list.tokens.clone()) {
        Ok(pairs) => pairs,
        Err(error) => {
            mistakes.add(error);
            Vec::new()
        }
    };
    for (keyword, value) in pairs {
        match one(&keyword, &value, mistakes) {
            Said::Nothing => {}
            Said::Annotation => attributes.annotations.push(keyword),
            Said::BySchema => attributes.opaque = true,
            Said::OwnFormat(name) => {
                attributes.own_formats.push(name);
                attributes.opaque = true;
            }
            Said::Native(check) => {
                attributes.extensions.push(Extension { span: located_at(&keyword), check: *check });
            }
        }
    }
}

fn one(keyword: &LitStr, value: &TokenStream, mistakes: &mut Mistakes) -> Said {
    let name = keyword.value();
    let number = || number(value);
    let native = |check: Option<Check>| check.map_or(Said::BySchema, |check| Said::Native(Box::new(check)));
    match &*name {
        "minimum" => native(number().map(|number| Check::Number("at_least", number))),
        "maximum" => native(number().map(|number| Check::Number("at_most", number))),
        "exclusiveMinimum" => native(number().map(|number| Check::Number("more_than", number))),
        "exclusiveMaximum" => native(number().map(|number| Check::Number("less_than", number))),
        "multipleOf" => native(number().map(|number| Check::Number("multiple_of", number))),
        "minProperties" => native(number().map(|number| Check::Members("min", number))),
        "maxProperties" => native(number().map(|number| Check::Members("max", number))),
        "format" => format(value, mistakes),
        "pattern" => {
            if let Some(pattern) = text(value) {
                for mistake in dialect::mistakes(&pattern.value()) {
                    mistakes.at(pattern.span(), mistake);
                }
            }
            Said::BySchema
        }
        _ if name.starts_with("x-") => Said::Annotation,
        _ if ANNOTATIONS.contains(&&*name) => Said::Nothing,
        _ if BY_SCHEMA.contains(&&*name) => Said::BySchema,
        _ => {
            let message = format!(
                "`{name}` is no keyword of JSON Schema 2020-12, and would not be checked; the name of an annotation, or of a keyword of the app's own, starts with `x-`"
            );
            mistakes.at(keyword.span(), message);
            Said::Nothing
        }
    }
}

fn format(value: &TokenStream, mistakes: &mut Mistakes) -> Said {
    let Some(format) = text(value) else { return Said::BySchema };
    let name = format.value();
    if FORMATS.contains(&&*name) {
        let function = syn::Ident::new(&name.replace('-', "_"), format.span());
        return Said::Native(Box::new(Check::Format(function)));
    }
    // What schemars writes of numbers; Lift writes their limits from it.
    let bits = name.strip_prefix("uint").or_else(|| name.strip_prefix("int"));
    if matches!(&*name, "float" | "double") || matches!(bits, Some("" | "8" | "16" | "32" | "64" | "128")) {
        return Said::BySchema;
    }
    if let Some(known) = FORMATS.into_iter().find(|known| is_slip(&name, known)) {
        let message = format!(
            "`{name}` is no format of JSON Schema: did you mean `{known}`? A format of the app's own has a name that is less like it"
        );
        mistakes.at(format.span(), message);
        return Said::BySchema;
    }
    Said::OwnFormat(format)
}

/// Whether a name was probably meant to be a known one: nearly the same, or the same letters in another order. Short names
/// are like many others, such as `vat` like `date`.
fn is_slip(name: &str, known: &str) -> bool {
    let most = match known.len() {
        ..=2 => 0,
        3..=4 => 1,
        _ => 2,
    };
    let sorted = |text: &str| {
        let mut letters: Vec<char> = text.chars().collect();
        letters.sort_unstable();
        letters
    };
    let name = name.to_lowercase().replace('_', "-");
    distance(&name, known) <= most || sorted(&name) == sorted(known)
}

/// `"key" = value, …`, where a value may be anything that `json!` takes.
fn pairs(input: ParseStream<'_>) -> syn::Result<Vec<(LitStr, TokenStream)>> {
    let mut pairs = Vec::new();
    while !input.is_empty() {
        let keyword = input.parse()?;
        input.parse::<Token![=]>()?;
        let mut value = TokenStream::new();
        while !input.is_empty() && !input.peek(Token![,]) {
            value.extend([input.parse::<TokenTree>()?]);
        }
        input.parse::<Option<Token![,]>>()?;
        pairs.push((keyword, value));
    }
    Ok(pairs)
}

fn text(value: &TokenStream) -> Option<LitStr> {
    syn::parse2(value.clone()).ok()
}

/// A number as it is written.
fn number(value: &TokenStream) -> Option<Expr> {
    let is_number =
        |value: &Expr| matches!(value, Expr::Lit(ExprLit { lit: Lit::Int(_) | Lit::Float(_), .. }));
    let value = syn::parse2(value.clone()).ok()?;
    match &value {
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) if is_number(expr) => Some(value),
        _ if is_number(&value) => Some(value),
        _ => None,
    }
}

impl Extension {
    /// The check of `__lift_value`.
    pub(super) fn expand(&self) -> TokenStream {
        let private = quote!(::lift::__private::validate);
        let check = match &self.check {
            Check::Number(method, number) => {
                let method = syn::Ident::new(method, self.span);
                quote!(#private::AsNumber(__lift_value).#method(#number))
            }
            Check::Format(function) => quote!(#private::AsText(__lift_value).is(#private::#function)),
            Check::Members("min", least) => {
                quote!(#private::AsMembers(__lift_value).within(#least, ::core::primitive::usize::MAX))
            }
            Check::Members(_, most) => quote!(#private::AsMembers(__lift_value).within(0, #most)),
        };
        quote_spanned!(self.span=> __lift_found |= #check;)
    }
}

#[cfg(test)]
mod tests {
    use super::{FORMATS, is_slip};

    #[test]
    fn a_slip_is_told_from_a_format_of_the_apps_own() {
        for slip in [
            "emial",
            "Email",
            "tiem",
            "date_time",
            "DateTime",
            "datetime",
            "url",
            "UUID",
            "uid",
            "IPv4",
            "ipv5",
            "IP",
        ] {
            assert!(FORMATS.iter().any(|known| is_slip(slip, known)), "{slip}");
        }
        for own in [
            "sku",
            "zip",
            "id",
            "iban",
            "isbn",
            "vat",
            "currency",
            "postcode",
            "phone",
            "e164",
            "country-code",
        ] {
            assert!(!FORMATS.iter().any(|known| is_slip(own, known)), "{own}");
        }
    }
}
