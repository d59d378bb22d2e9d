//! The walk of own checks into a field's type, as far as its name tells what is in it.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{GenericArgument, PathArguments, Type, TypePath};

use crate::handler::located_at;

/// The walk through `__lift_value`, a reference to a value of the type; nothing where nothing can have own checks.
///
/// A type with native checks knows its own way. A map or tuple with a part of another crate has none, and is taken apart,
/// so that the own checks of its other parts are called.
pub(super) fn walk(ty: &Type) -> TokenStream {
    if is_plain(ty) {
        return TokenStream::new();
    }
    let private = quote!(::lift::__private::validate);
    let whole = quote_spanned! {located_at(ty)=>
        <#private::Probe<#ty>>::check_own(__lift_value, __lift_place, __lift_own);
    };
    let apart = match (is_mixed(ty), ty) {
        (true, Type::Tuple(tuple)) => {
            let parts = tuple.elems.iter().enumerate().map(|(index, part)| {
                let (walk, member) = (walk(part), syn::Index::from(index));
                quote!({
                    let __lift_value = &__lift_value.#member;
                    let __lift_place = &__lift_place.item(#index);
                    #walk
                })
            });
            quote!(#(#parts)*)
        }
        (true, Type::Array(array)) => {
            let part = part(&array.elem);
            quote!(#private::Contents(__lift_value).walk(__lift_place, __lift_own, #part);)
        }
        (true, Type::Path(path)) => match &*arguments(path) {
            [item] => {
                let part = part(item);
                quote!(#private::Contents(__lift_value).walk(__lift_place, __lift_own, #part);)
            }
            [key, value, ..] => {
                let (of_key, of_value) = (part(key), part(value));
                quote! {
                    #private::Contents(__lift_value).walk_map(
                        __lift_place,
                        __lift_own,
                        |__lift_key: &#key, __lift_place: &#private::Place<'_>| {
                            <#private::Probe<#key>>::key_name(__lift_key, __lift_place)
                                .map(#private::Cow::into_owned)
                        },
                        #of_key,
                        #of_value,
                    );
                }
            }
            [] => return whole,
        },
        _ => return whole,
    };
    quote!(if <#private::Probe<#ty>>::IS_NATIVE { #whole } else { #apart })
}

fn part(ty: &Type) -> TokenStream {
    let walk = walk(ty);
    quote! {
        |__lift_value: &#ty,
         __lift_place: &::lift::__private::validate::Place<'_>,
         __lift_own: &mut ::lift::__private::validate::Own| { #walk }
    }
}

/// Whether nothing in it can have own checks.
fn is_plain(ty: &Type) -> bool {
    const PLAIN: [&str; 18] = [
        "String", "bool", "char", "str", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8",
        "u16", "u32", "u64", "u128", "usize",
    ];
    const AROUND: [&str; 3] = ["Option", "Vec", "Box"];
    let Type::Path(path) = ty else { return false };
    let (None, Some(last), 1) = (&path.qself, path.path.segments.last(), path.path.segments.len()) else {
        return false;
    };
    match &last.arguments {
        PathArguments::None => PLAIN.iter().any(|name| last.ident == name),
        PathArguments::AngleBracketed(_) if AROUND.iter().any(|name| last.ident == name) => {
            arguments(path).into_iter().all(is_plain)
        }
        _ => false,
    }
}

/// Whether it has several parts, one of which may keep the checks of the others from being called.
fn is_mixed(ty: &Type) -> bool {
    let parts: Vec<&Type> = match ty {
        Type::Tuple(tuple) => tuple.elems.iter().collect(),
        Type::Array(array) => vec![&array.elem],
        Type::Path(path) => arguments(path),
        _ => return false,
    };
    parts.iter().filter(|part| !is_plain(part)).count() > 1 || parts.into_iter().any(is_mixed)
}

/// The types that a type is generic over.
fn arguments(path: &TypePath) -> Vec<&Type> {
    let Some(PathArguments::AngleBracketed(arguments)) =
        path.path.segments.last().map(|segment| &segment.arguments)
    else {
        return Vec::new();
    };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.collect()
}
