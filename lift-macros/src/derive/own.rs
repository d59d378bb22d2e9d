//! The walk that calls own checks, with the place on the wire of each value: names are those that serde has for them.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote};
use serde_derive_internals::ast::{Container, Data, Field, Style, Variant};
use serde_derive_internals::attr::TagType;
use serde_derive_internals::name::MultiName;
use serde_derive_internals::{Ctxt, Derive};
use syn::{DeriveInput, LitStr};

use super::attributes::{Attributes, Mistakes};
use super::types;

// Input:
//
//     #[validate(schema(function = in_order))]
//     struct Stay { #[validate(custom(function = known))] room: Option<String>, nights: Vec<Night> }
//
// Output, shortened:
//
//     const MAY_OWN: bool = true;
//     fn check_own(&self, __lift_place: &Place<'_>, __lift_own: &mut Own) {
//         {
//             let __lift_value = &self.room;
//             let __lift_place = &__lift_place.member("room");
//             if let Some(__lift_given) = Given(__lift_value).value() { __lift_own.add(__lift_place, known(__lift_given)); }
//         }
//         {
//             let __lift_value = &self.nights;
//             let __lift_place = &__lift_place.member("nights");
//             <Probe<Vec<Night>>>::check_own(__lift_value, __lift_place, __lift_own);
//         }
//         __lift_own.add(__lift_place, in_order(self));
//     }
pub(super) fn expand(input: &DeriveInput) -> TokenStream {
    let context = Ctxt::new();
    let container = Container::from_ast(&context, input, Derive::Deserialize, &format_ident!("__private"));
    // What is wrong with serde's attributes is told by serde's own derive.
    drop(context.check());
    let Some(container) = container else { return TokenStream::new() };
    let walk = walk(&container);
    let key_name = key_name(&container);
    quote!(#walk #key_name)
}

fn walk(container: &Container<'_>) -> Option<TokenStream> {
    let fields = match &container.data {
        Data::Struct(style, fields) => {
            let inside = if container.attrs.transparent() { Style::Newtype } else { *style };
            let member = |field: &Field<'_>| {
                let member = &field.member;
                quote!(&self.#member)
            };
            each_field(inside, fields, member)
        }
        Data::Enum(variants) => {
            let arms: Vec<_> = variants.iter().filter_map(|variant| arm(container, variant)).collect();
            let rest = (arms.len() < variants.len()).then(|| quote!(_ => {}));
            (!arms.is_empty()).then(|| quote!(match self { #(#arms)* #rest }))
        }
    };
    let fields = fields.map(|fields| match is_another_on_the_wire(container) {
        true => quote!({ let __lift_place = &__lift_place.sealed(); #fields }),
        false => fields,
    });
    let Attributes { own, own_formats, .. } = read(&container.original.attrs);
    let formats = of_formats(&own_formats);
    let own = own.iter().map(|check| {
        let said = check.call("self");
        quote!(__lift_own.add(__lift_place, #said);)
    });
    let own: TokenStream = own.collect();
    if fields.is_none() && formats.is_empty() && own.is_empty() {
        return None;
    }
    Some(quote! {
        const MAY_OWN: bool = true;

        fn check_own(
            &self,
            __lift_place: &::lift::__private::validate::Place<'_>,
            __lift_own: &mut ::lift::__private::validate::Own,
        ) {
            use ::lift::__private::validate::{
                AlwaysGiven as _, Closed as _, Foreign as _, PerhapsGiven as _,
            };
            #fields
            #formats
            #own
        }
    })
}

/// Attributes whose mistakes are told where the checks are made of them.
fn read(attributes: &[syn::Attribute]) -> Attributes {
    Attributes::read(attributes, &mut Mistakes::default())
}

/// Whether it is read or written as another type.
fn is_another_on_the_wire(container: &Container<'_>) -> bool {
    let attributes = &container.attrs;
    attributes.type_from().is_some()
        || attributes.type_try_from().is_some()
        || attributes.type_into().is_some()
        || attributes.remote().is_some()
}

fn arm(container: &Container<'_>, variant: &Variant<'_>) -> Option<TokenStream> {
    let mut bindings = Vec::new();
    let fields = each_field(variant.style, &variant.fields, |field| {
        let (member, binding) = (&field.member, format_ident!("__lift_field_{}", bindings.len()));
        bindings.push(quote!(#member: #binding));
        binding.into_token_stream()
    });
    let formats = of_formats(&read(&variant.original.attrs).own_formats);
    if fields.is_none() && formats.is_empty() {
        return None;
    }
    let place = match container.attrs.tag() {
        _ if variant.attrs.untagged() => None,
        TagType::External => Some(member(variant.attrs.name())),
        TagType::Adjacent { content, .. } => Some(quote!(&__lift_place.member(#content))),
        TagType::Internal { .. } | TagType::None => None,
    };
    let place = place.map(|place| quote!(let __lift_place = #place;));
    let is_other = variant.attrs.deserialize_with().is_some() || variant.attrs.serialize_with().is_some();
    let sealed = is_other.then(|| quote!(let __lift_place = &__lift_place.sealed();));
    let name = &variant.ident;
    Some(quote!(Self::#name { #(#bindings,)* .. } => { #place #sealed #formats #fields }))
}

/// The member that a name is, of what is read and of what is written.
fn member(name: &MultiName) -> TokenStream {
    let (read, written) = (&name.deserialize_name().value, &name.serialize_name().value);
    if read == written {
        quote!(&__lift_place.member(#read))
    } else {
        quote!(&__lift_place.member(__lift_place.spelled(#read, #written)))
    }
}

/// The walks through the fields that have something to be called; `value` is a reference to one.
fn each_field(
    style: Style,
    fields: &[Field<'_>],
    mut value: impl FnMut(&Field<'_>) -> TokenStream,
) -> Option<TokenStream> {
    let (mut read, mut written) = (0_usize, 0_usize);
    let mut walks = TokenStream::new();
    for field in fields {
        let place = match style {
            Style::Struct if field.attrs.flatten() => None,
            Style::Struct => Some(member(field.attrs.name())),
            Style::Tuple if read == written => Some(quote!(&__lift_place.item(#read))),
            Style::Tuple => Some(quote!(&__lift_place.item(__lift_place.spelled(#read, #written)))),
            Style::Newtype | Style::Unit => None,
        };
        read += usize::from(!field.attrs.skip_deserializing());
        written += usize::from(!field.attrs.skip_serializing());
        if let Some(walk) = of_field(field) {
            let value = value(field);
            let place = place.map(|place| quote!(let __lift_place = #place;));
            walks.extend(quote!({ let __lift_value = #value; #place #walk }));
        }
    }
    (!walks.is_empty()).then_some(walks)
}

/// The own checks of `__lift_value` at `__lift_place`, and the walk through what is in it.
fn of_field(field: &Field<'_>) -> Option<TokenStream> {
    let Attributes { own, own_formats, skipped, .. } = read(&field.original.attrs);
    if skipped {
        return None;
    }
    let ty = field.ty;
    let formats = of_formats(&own_formats);
    let own = own.iter().map(|check| {
        let said = check.call("__lift_given");
        quote!(
            if let ::core::option::Option::Some(__lift_given) =
                ::lift::__private::validate::Given(__lift_value).value()
            {
                __lift_own.add(__lift_place, #said);
            }
        )
    });
    let own: TokenStream = own.collect();
    let is_other = field.attrs.deserialize_with().is_some() || field.attrs.serialize_with().is_some();
    let nested = types::walk(ty);
    let nested = match is_other && !nested.is_empty() {
        true => quote!({ let __lift_place = &__lift_place.sealed(); #nested }),
        false => nested,
    };
    let walk = quote!(#own #formats #nested);
    (!walk.is_empty()).then_some(walk)
}

fn of_formats(names: &[LitStr]) -> TokenStream {
    quote!(#(__lift_own.needs_format(#names);)*)
}

/// The name of a member that has such a key: of a newtype that of what is in it, of an enum's variant its own.
fn key_name(container: &Container<'_>) -> Option<TokenStream> {
    if is_another_on_the_wire(container) {
        return None;
    }
    let name = match &container.data {
        Data::Struct(Style::Newtype, fields) => {
            let [Field { ty, attrs, .. }] = &**fields else { return None };
            if attrs.deserialize_with().is_some() || attrs.serialize_with().is_some() {
                return None;
            }
            quote! {
                use ::lift::__private::validate::Foreign as _;
                <::lift::__private::validate::Probe<#ty>>::key_name(&self.0, __lift_place)
            }
        }
        Data::Enum(variants)
            if matches!(container.attrs.tag(), TagType::External)
                && !variants.is_empty()
                && variants.iter().all(|variant| matches!(variant.style, Style::Unit)) =>
        {
            let names = variants.iter().map(|variant| {
                let (ident, name) = (&variant.ident, variant.attrs.name());
                let (read, written) = (&name.deserialize_name().value, &name.serialize_name().value);
                quote!(Self::#ident => __lift_place.spelled(#read, #written),)
            });
            quote! {
                ::core::option::Option::Some(::lift::__private::validate::Cow::Borrowed(match self { #(#names)* }))
            }
        }
        _ => return None,
    };
    Some(quote! {
        fn key_name(
            &self,
            __lift_place: &::lift::__private::validate::Place<'_>,
        ) -> ::core::option::Option<::lift::__private::validate::Cow<'_, ::core::primitive::str>> {
            #name
        }
    })
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::expand;

    /// What a type's walk holds, without its blanks.
    fn code(input: &syn::DeriveInput) -> String {
        expand(input).to_string().replace(' ', "")
    }

    #[test]
    fn a_type_that_has_nothing_to_call_has_no_walk() {
        let plain = code(&parse_quote! {
            struct Plain { #[schemars(length(min = 1))] text: String, list: Option<Vec<Box<u32>>>, #[serde(skip)] own: Own }
        });
        assert_eq!(plain, "");
        let units = code(&parse_quote!(
            #[serde(rename_all = "lowercase")]
            enum Units {
                One,
                Two,
            }
        ));
        assert!(
            !units.contains("check_own") && units.contains(r#"Self::One=>__lift_place.spelled("one","one")"#)
        );
    }

    #[test]
    fn only_what_may_be_lost_is_taken_apart() {
        for ty in ["Line", "Vec<Line>", "HashMap<String, Line>", "(u8, Line)", "[Line; 2]", "Page<'a, Line>"]
        {
            let ty: syn::Type = syn::parse_str(ty).expect("a type");
            let code = code(&parse_quote!(struct Whole { field: #ty }));
            assert!(code.contains(r#"member("field")"#) && !code.contains("IS_NATIVE"), "{code}");
        }
        for ty in ["(Uuid, Line)", "HashMap<Uuid, Line>", "Vec<Option<(Uuid, Line)>>", "[(Uuid, Line); 2]"] {
            let ty: syn::Type = syn::parse_str(ty).expect("a type");
            let code = code(&parse_quote!(struct Apart { field: #ty }));
            assert!(code.contains("<::lift::__private::validate::Probe<Line>>::check_own"), "{code}");
        }
    }
}
