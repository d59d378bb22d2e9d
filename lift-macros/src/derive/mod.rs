//! `derive(Validate)`: constraints, as schemars reads them, made native checks.
//!
//! What a check cannot tell from the value goes to the schema at run time (`Finding::UNDECIDED`); what neither of the
//! two would check is a mistake at compile time.

mod attributes;
pub(crate) mod dialect;
mod extension;
mod function;
mod key;
mod own;
mod pattern;
mod shape;
mod types;

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{
    Data, DataEnum, DeriveInput, Expr, ExprLit, Field, Fields, Generics, Lit, LitStr, Type, parse_quote,
};

use self::attributes::{Attributes, Bounds, Constraints, Format, Mistakes};
use self::extension::Extension;
use self::shape::{Members, Shape, Tagging, form_of};
use crate::handler::located_at;

// Input:
//
//     #[derive(Deserialize, JsonSchema, Validate)]
//     struct Line {
//         #[schemars(regex(pattern = "^SKU-[0-9]{4}$"))] sku: String,
//         #[schemars(range(min = 1, max = 100))] qty: u32,
//     }
//
// Output, shortened:
//
//     impl Validate for Line {
//         const FORM: Form = Form::Members(&["sku", "qty"]);
//         fn check(&self) -> Finding {
//             self.check_members() | const { Finding::of_struct(&[<Probe<String>>::FORM, <Probe<u32>>::FORM]) }
//         }
//         fn check_members(&self) -> Finding {
//             let mut __lift_found = Finding::VALID;
//             let __lift_value = &self.sku;
//             __lift_found |= Finding::when(Text::passes(__lift_value, |text| match text.as_bytes() { … }));
//             __lift_found |= <Probe<String>>::check(__lift_value);
//             let __lift_value = &self.qty;
//             __lift_found |= Amount::at_least(__lift_value, 1) | Amount::at_most(__lift_value, 100);
//             __lift_found |= <Probe<u32>>::check(__lift_value);
//             __lift_found
//         }
//     }
pub(crate) fn expand(input: &DeriveInput) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let container = Attributes::read(&input.attrs, &mut mistakes);
    let shape = Shape::of(input);
    let body = match (&input.data, &shape) {
        (Data::Struct(data), Some(shape)) => structure(&data.fields, &shape.variants[0], &mut mistakes),
        (Data::Enum(data), Some(shape)) => enumeration(data, shape, &mut mistakes),
        (Data::Struct(_) | Data::Enum(_), None) => {
            // The mistakes are told all the same.
            for field in key::fields(&input.data) {
                Attributes::read(&field.attrs, &mut mistakes);
            }
            quote!()
        }
        (Data::Union(data), _) => {
            let message = "a union has no JSON Schema; derive it for a struct";
            mistakes.add(syn::Error::new(data.union_token.span, message));
            quote!()
        }
    };
    let container_checks = of_container(&container);
    let errors = mistakes.into_error().map(|error| error.to_compile_error());
    // After a mistake the type is still `Validate`, so that one mistake gives one message.
    let opaque = container.opaque || !container.extensions.is_empty() || errors.is_some();
    let own = if errors.is_some() { quote!() } else { own::expand(input) };
    let checks = checks(shape.filter(|_| !opaque), &quote!(#body #container_checks));

    let name = &input.ident;
    let generics = bounded(input.generics.clone());
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let key = key::expand(input);
    let lost_in_keys = is_lost_in_keys(&input.data, &container).then(|| {
        quote!(
            const LOST_IN_KEYS: bool = true;
        )
    });
    quote! {
        #errors
        #key
        #[automatically_derived]
        #[allow(clippy::all, deprecated, unused_imports, unused_mut, unused_variables, reason = "derived")]
        impl #impl_generics ::lift::__private::validate::Validate for #name #ty_generics #where_clause {
            #lost_in_keys
            #checks
            #own
        }
    }
}

/// The checks of a type, and what JSON it is.
fn checks(shape: Option<Shape>, body: &TokenStream) -> TokenStream {
    let finding = quote!(::lift::__private::validate::Finding);
    let Some(shape) = shape else {
        return quote! {
            #[inline]
            fn check(&self) -> #finding {
                #finding::UNDECIDED
            }
        };
    };
    let form = &shape.form;
    let all = quote! {
        use ::lift::__private::validate::{
            AlwaysGiven as _, Foreign as _, NoMembers as _, NoNumber as _, NoText as _, PerhapsGiven as _,
        };
        let mut __lift_found = #finding::VALID;
        #body
        __lift_found
    };
    let form = quote! {
        const FORM: ::lift::__private::validate::Form = {
            use ::lift::__private::validate::Foreign as _;
            #form
        };
    };
    match &shape.variants[..] {
        [members] if !shape.is_enum && members.stands_for.is_some() => {
            let of_struct = members.of_struct();
            quote! {
                #form
                #[inline]
                fn check(&self) -> #finding {
                    use ::lift::__private::validate::Foreign as _;
                    self.check_members() | #of_struct
                }
                #[inline]
                fn check_members(&self) -> #finding { #all }
            }
        }
        _ => quote! {
            #form
            #[inline]
            fn check(&self) -> #finding { #all }
        },
    }
}

/// The checks of the whole value.
fn of_container(attributes: &Attributes) -> TokenStream {
    let annotations = of_annotations(&attributes.annotations);
    let own = attributes.own.iter().map(|check| {
        let said = check.call("self");
        quote!(__lift_found |= ::lift::__private::validate::Finding::by(&#said);)
    });
    quote!(#annotations #(#own)*)
}

/// What an app may have made keywords of its own.
fn of_annotations(names: &[LitStr]) -> TokenStream {
    quote!(#(__lift_found |= ::lift::__private::validate::keyword(#names);)*)
}

/// Whether it is text or a number by rules that the schema of a map does not take over from its keys.
fn is_lost_in_keys(data: &Data, container: &Attributes) -> bool {
    let Data::Struct(data) = data else { return false };
    let (Fields::Unnamed(fields), 1) = (&data.fields, data.fields.len()) else { return false };
    if !container.extensions.is_empty() || !container.own_formats.is_empty() {
        return true;
    }
    // Its mistakes are told where its checks are made.
    let mut mistakes = Mistakes::default();
    fields.unnamed.iter().any(|field| {
        let Attributes { constraints, extensions, own_formats, .. } =
            Attributes::read(&field.attrs, &mut mistakes);
        let Constraints { length, range, format, .. } = constraints;
        let is_extended = !extensions.is_empty() || !own_formats.is_empty();
        length.is_some() || range.is_some() || format.is_some() || is_extended
    })
}

fn bounded(mut generics: Generics) -> Generics {
    for parameter in generics.type_params_mut() {
        parameter.bounds.push(parse_quote!(::lift::__private::validate::Validate));
    }
    generics
}

fn structure(fields: &Fields, members: &Members, mistakes: &mut Mistakes) -> TokenStream {
    let flattening = of_flattening(fields, members);
    let checks = fields.members().zip(fields).zip(&members.flattened).map(|((member, field), flattened)| {
        let check =
            if *flattened { of_flattened(field, mistakes) } else { of_field(field, fields, mistakes) };
        quote!({ let __lift_value = &self.#member; #check })
    });
    let checks: Vec<_> = checks.collect();
    let shortening = of_shortening(members);
    quote!(#flattening #shortening #(#checks)*)
}

fn enumeration(data: &DataEnum, shape: &Shape, mistakes: &mut Mistakes) -> TokenStream {
    let arms = data
        .variants
        .iter()
        .zip(&shape.variants)
        .map(|(variant, members)| arm(variant, shape, members, mistakes));
    let arms: Vec<_> = arms.collect();
    if arms.is_empty() {
        return quote!();
    }
    let buffered = shape.buffered();
    quote!(match self { #(#arms)* } let mut __lift_found = __lift_found #buffered;)
}

fn arm(variant: &syn::Variant, shape: &Shape, members: &Members, mistakes: &mut Mistakes) -> TokenStream {
    let attributes = Attributes::read(&variant.attrs, mistakes);
    for check in &attributes.own {
        mistakes.at(check.span, "an own check stands on a type or on a field: move it to the enum");
    }
    let annotations = of_annotations(&attributes.annotations);
    let name = &variant.ident;
    let undecided = quote!(__lift_found |= ::lift::__private::validate::Finding::UNDECIDED;);
    if attributes.opaque || !attributes.extensions.is_empty() {
        return quote!(Self::#name { .. } => { #undecided });
    }
    let tagging = shape.tagging_of(members);
    let mut bindings = Vec::new();
    let mut checks = vec![of_flattening(&variant.fields, members)];
    checks.extend(of_shortening(members));
    for (index, (member, field)) in variant.fields.members().zip(&variant.fields).enumerate() {
        let binding = format_ident!("__lift_field_{index}");
        let check = match (tagging, &variant.fields) {
            _ if members.flattened[index] => of_flattened(field, mistakes),
            (Tagging::Internal(tag), Fields::Unnamed(_)) => of_tagged(tag, field, mistakes),
            (Tagging::Adjacent, Fields::Unnamed(fields)) if fields.unnamed.len() == 1 => {
                let check = of_field(field, &variant.fields, mistakes);
                let form = form_of(&field.ty);
                quote!(#check __lift_found |= const { ::lift::__private::validate::Finding::of_content(#form) };)
            }
            _ => of_field(field, &variant.fields, mistakes),
        };
        bindings.push(quote!(#member: #binding));
        checks.push(quote!({ let __lift_value = #binding; #check }));
    }
    match (tagging, &variant.fields) {
        // What else stands beside the tag is refused by the schema, and ignored by serde.
        (Tagging::Internal(_) | Tagging::Adjacent, Fields::Unit) if shape.denies => checks.push(undecided),
        (Tagging::Internal(_), _) | (_, Fields::Unit) => {}
        _ => checks.extend(members.of_struct().map(|found| quote!(__lift_found |= #found;))),
    }
    quote!(Self::#name { #(#bindings),* } => { #(#checks)* #annotations })
}

/// What was read from an array cannot tell how many items that had, if serde makes up for those that lack.
fn of_shortening(members: &Members) -> Option<TokenStream> {
    members.may_be_shorter.then(|| quote!(__lift_found |= ::lift::__private::validate::Finding::UNDECIDED;))
}

/// Whether all that is flattened among some fields can be told from what it was read from.
fn of_flattening(fields: &Fields, members: &Members) -> TokenStream {
    let flattened = fields.iter().zip(&members.flattened).filter(|(_, flattened)| **flattened);
    let forms: Vec<_> = flattened.map(|(field, _)| form_of(&field.ty)).collect();
    if forms.is_empty() {
        return quote!();
    }
    let names = &members.names;
    quote! {
        __lift_found |= const {
            ::lift::__private::validate::Finding::of_flattened(&[#(#names),*], &[#(#forms),*]).in_buffer()
        };
    }
}

/// The checks of `__lift_value`, which is flattened.
fn of_flattened(field: &Field, mistakes: &mut Mistakes) -> TokenStream {
    let check = of_members(field, mistakes);
    quote!(__lift_found |= #check.in_buffer();)
}

/// The checks of `__lift_value`, the content of an internally tagged variant.
fn of_tagged(tag: &str, field: &Field, mistakes: &mut Mistakes) -> TokenStream {
    let check = of_members(field, mistakes);
    let form = form_of(&field.ty);
    quote!(__lift_found |= const { ::lift::__private::validate::Finding::of_tagged(#tag, #form) } | #check;)
}

/// What is found in `__lift_value`, whose members stand among others.
fn of_members(field: &Field, mistakes: &mut Mistakes) -> TokenStream {
    let Attributes { constraints, extensions, annotations, own_formats, own, skipped, opaque } =
        Attributes::read(&field.attrs, mistakes);
    let ty = &field.ty;
    let is_ruled = !extensions.is_empty() || !constraints.is_empty() || !own_formats.is_empty();
    if opaque || skipped || is_ruled || !annotations.is_empty() || !own.is_empty() {
        return quote!(::lift::__private::validate::Finding::UNDECIDED);
    }
    quote_spanned!(located_at(ty)=> <::lift::__private::validate::Probe<#ty>>::check_members(__lift_value))
}

/// The checks of `__lift_value`, a reference to a field.
fn of_field(field: &Field, fields: &Fields, mistakes: &mut Mistakes) -> TokenStream {
    let Attributes { constraints, extensions, annotations, own_formats: _, own, skipped, opaque } =
        Attributes::read(&field.attrs, mistakes);
    for check in &own {
        if check.is_schema {
            mistakes.at(check.span, "`schema` checks a whole type: write `custom(function = path::of_it)`");
        } else if skipped {
            mistakes.at(
                check.span,
                "a field that serde skips is not checked: take the check off, or put it on the type",
            );
        }
    }
    // What a tuple struct skips moves the places of the others.
    if opaque || (skipped && matches!(fields, Fields::Unnamed(_))) {
        return quote!(__lift_found |= ::lift::__private::validate::Finding::UNDECIDED;);
    }
    if skipped {
        return quote!();
    }
    let ty = &field.ty;
    let constraints = of_constraints(&constraints, ty);
    let extensions = extensions.iter().map(Extension::expand);
    let nested =
        quote_spanned!(located_at(ty)=> <::lift::__private::validate::Probe<#ty>>::check(__lift_value));
    let annotations = of_annotations(&annotations);
    let own = own.iter().map(|check| {
        let said = check.call("__lift_given");
        quote!(
            if let ::core::option::Option::Some(__lift_given) =
                ::lift::__private::validate::Given(__lift_value).value()
            {
                __lift_found |= ::lift::__private::validate::Finding::by(&#said);
            }
        )
    });
    quote!(#constraints #(#extensions)* #annotations __lift_found |= #nested; #(#own)*)
}

/// The constraints of `__lift_value`, whose type is `ty` or, for `inner`, is in it.
fn of_constraints(constraints: &Constraints, ty: &Type) -> TokenStream {
    let Constraints { length, range, pattern, contains, format, required, inner } = constraints;
    let mut checks = Vec::new();
    if *required {
        checks.push(quote!(__lift_found |= ::lift::__private::validate::Finding::when(
            ::lift::__private::validate::Given(__lift_value).is_given()
        );));
    }
    checks.extend(length.as_ref().map(of_length));
    checks.extend(range.as_ref().map(of_range));
    checks.extend(pattern.as_ref().map(|pattern| of_pattern(pattern, ty)));
    checks.extend(contains.as_ref().map(|text| of_contains(text, ty)));
    if let Some((format, span)) = format {
        let format = match format {
            Format::Email => quote!(email),
            Format::Uri => quote!(uri),
            Format::Ip => quote!(ip),
            Format::Ipv4 => quote!(ipv4),
            Format::Ipv6 => quote!(ipv6),
        };
        checks.push(quote_spanned! {*span=>
            __lift_found |= ::lift::__private::validate::Finding::when(
                ::lift::__private::validate::Text::passes(__lift_value, ::lift::__private::validate::#format)
            );
        });
    }
    if let Some(inner) = inner.as_ref().filter(|inner| !inner.is_empty()) {
        let inner = of_constraints(inner, ty);
        checks.push(quote_spanned! {located_at(ty)=>
            __lift_found |= ::lift::__private::validate::Items::each(__lift_value, |__lift_value| {
                let mut __lift_found = ::lift::__private::validate::Finding::VALID;
                #inner
                __lift_found
            });
        });
    }
    quote!(#(#checks)*)
}

fn of_length(Bounds { span, min, max }: &Bounds) -> TokenStream {
    let as_usize = |bound: &Expr| match bound {
        Expr::Lit(ExprLit { lit: Lit::Int(literal), .. }) if literal.suffix().is_empty() => quote!(#bound),
        bound => quote!((#bound) as usize),
    };
    let min = min.as_ref().map_or_else(|| quote!(0), as_usize);
    let max = max.as_ref().map_or_else(|| quote!(::core::primitive::usize::MAX), as_usize);
    quote_spanned! {*span=>
        __lift_found |= ::lift::__private::validate::Finding::when(
            ::lift::__private::validate::Length::within(__lift_value, #min, #max)
        );
    }
}

fn of_range(Bounds { span, min, max }: &Bounds) -> TokenStream {
    let least = min.iter().map(|min| {
        quote_spanned!(*span=> __lift_found |= ::lift::__private::validate::Amount::at_least(__lift_value, #min);)
    });
    let most = max.iter().map(|max| {
        quote_spanned!(*span=> __lift_found |= ::lift::__private::validate::Amount::at_most(__lift_value, #max);)
    });
    quote!(#(#least)* #(#most)*)
}

fn of_pattern(pattern: &Expr, ty: &Type) -> TokenStream {
    if let Expr::Lit(ExprLit { lit: Lit::Str(literal), .. }) = pattern
        && let Some(matcher) = pattern::matcher(&literal.value())
    {
        return quote_spanned! {located_at(ty)=>
            __lift_found |= ::lift::__private::validate::Finding::when(
                ::lift::__private::validate::Text::passes(__lift_value, |text| #matcher)
            );
        };
    }
    quote_spanned! {located_at(ty)=>
        __lift_found |= {
            static __LIFT_PATTERN: ::lift::__private::validate::LazyLock<::lift::__private::validate::Pattern> =
                ::lift::__private::validate::LazyLock::new(|| {
                    ::lift::__private::validate::Pattern::new(
                        &::lift::__private::validate::ToString::to_string(&(#pattern))
                    )
                });
            __LIFT_PATTERN.check(__lift_value)
        };
    }
}

fn of_contains(text: &Expr, ty: &Type) -> TokenStream {
    if matches!(text, Expr::Lit(ExprLit { lit: Lit::Str(_) | Lit::Char(_), .. })) {
        return quote_spanned! {located_at(ty)=>
            __lift_found |= ::lift::__private::validate::Finding::when(
                ::lift::__private::validate::Text::passes(__lift_value, |text| text.contains(#text))
            );
        };
    }
    quote_spanned! {located_at(ty)=>
        __lift_found |= {
            static __LIFT_TEXT: ::lift::__private::validate::LazyLock<::lift::__private::validate::String> =
                ::lift::__private::validate::LazyLock::new(|| {
                    ::lift::__private::validate::ToString::to_string(&(#text))
                });
            ::lift::__private::validate::Finding::when(
                ::lift::__private::validate::Text::passes(__lift_value, |text| text.contains(__LIFT_TEXT.as_str()))
            )
        };
    }
}
