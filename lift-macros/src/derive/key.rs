//! `KeyPart`, which `derive(Validate)` gives to a type whose fields all have it.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::{Data, DeriveInput, Field, Fields, WhereClause, parse_quote};

// Input:
//
//     enum Page { First, After { sku: Sku, limit: u32 } }
//
// Output, shortened:
//
//     impl KeyPart for Page where for<'__lift> &'__lift Sku: KeyPart, for<'__lift> &'__lift u32: KeyPart {
//         fn write_key(&self, key: &mut Key) {
//             match self {
//                 Self::First {} => { key.part(&0_u32); }
//                 Self::After { sku: __lift_0, limit: __lift_1 } => { key.part(&1_u32); key.part(&__lift_0); key.part(&__lift_1); }
//             }
//         }
//     }
//
// The bound of a reference with any lifetime is one that the compiler leaves for who asks: if no type satisfies it, it
// means "not a `KeyPart`", where a plain bound would refuse the whole derive. Such a type enters keys by its `Hash`, or
// says what to do. A field that holds the type itself, as a tree's children do, has no bound: it would ask for what is
// being made. Of two types that hold each other each asks for the other, and neither is a `KeyPart`.
pub(super) fn expand(input: &DeriveInput) -> TokenStream {
    let arms: Vec<TokenStream> = match &input.data {
        Data::Struct(data) => vec![arm(&quote!(Self), &data.fields, None)],
        Data::Enum(data) => {
            let variant = |(index, variant): (u32, &syn::Variant)| {
                let name = &variant.ident;
                arm(&quote!(Self::#name), &variant.fields, Some(index))
            };
            (0..).zip(&data.variants).map(variant).collect()
        }
        Data::Union(_) => return TokenStream::new(),
    };
    let body = if arms.is_empty() { quote!(match *self {}) } else { quote!(match self { #(#arms)* }) };
    let mut generics = input.generics.clone();
    let clause: &mut WhereClause = generics.make_where_clause();
    let types = fields(&input.data).into_iter().map(|field| &field.ty);
    for ty in types.filter(|ty| !mentions(ty.to_token_stream(), &input.ident)) {
        clause.predicates.push(parse_quote!(for<'__lift> &'__lift #ty: ::lift::__private::cache::KeyPart));
    }
    let name = &input.ident;
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        #[allow(clippy::all, reason = "derived")]
        impl #impl_generics ::lift::__private::cache::KeyPart for #name #ty_generics #where_clause {
            fn write_key(&self, __lift_key: &mut ::lift::__private::cache::Key) {
                #body
            }
        }
    }
}

fn arm(path: &TokenStream, fields: &Fields, index: Option<u32>) -> TokenStream {
    let bindings: Vec<_> = (0..fields.len()).map(|index| format_ident!("__lift_{index}")).collect();
    let members = fields.members();
    let index = index.map(|index| quote!(__lift_key.part(&#index);));
    quote!(#path { #(#members: #bindings),* } => { #index #(__lift_key.part(&#bindings);)* })
}

/// Whether a type names another, or `Self`.
pub(super) fn mentions(ty: TokenStream, name: &Ident) -> bool {
    ty.into_iter().any(|token| match token {
        TokenTree::Group(group) => mentions(group.stream(), name),
        TokenTree::Ident(ident) => ident == *name || ident == "Self",
        _ => false,
    })
}

/// All fields, of all variants.
pub(super) fn fields(data: &Data) -> Vec<&Field> {
    match data {
        Data::Struct(data) => data.fields.iter().collect(),
        Data::Enum(data) => data.variants.iter().flat_map(|variant| &variant.fields).collect(),
        Data::Union(_) => Vec::new(),
    }
}
