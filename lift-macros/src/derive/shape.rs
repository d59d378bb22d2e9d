//! How serde reads a type: from an object or an array, member by member or from its buffer.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_derive_internals::ast::{Container, Data, Field, Style};
use serde_derive_internals::attr::TagType;
use serde_derive_internals::{Ctxt, Derive};
use syn::{DeriveInput, Type};

use super::key;

/// How a type is read.
pub(super) struct Shape {
    pub(super) tagging: Tagging,
    /// `deny_unknown_fields`.
    pub(super) denies: bool,
    pub(super) is_enum: bool,
    /// A struct is as an enum of one variant.
    pub(super) variants: Vec<Members>,
    /// The `Form` that it has.
    pub(super) form: TokenStream,
}

/// How a variant is told.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Tagging {
    External,
    Internal(String),
    Adjacent,
    Untagged,
}

/// What a struct or a variant has in it.
pub(super) struct Members {
    pub(super) untagged: bool,
    /// The names on the wire of what is neither flattened nor skipped.
    pub(super) names: Vec<String>,
    /// Which fields are flattened.
    pub(super) flattened: Vec<bool>,
    /// If an array could stand for it, where serde has buffered it: the forms of the members that are not defaulted.
    pub(super) stands_for: Option<Vec<TokenStream>>,
    /// Whether serde takes an array with fewer items than its schema asks for: of several, some are defaulted.
    pub(super) may_be_shorter: bool,
}

impl Shape {
    /// `None` for what serde itself refuses, and says so.
    pub(super) fn of(input: &DeriveInput) -> Option<Self> {
        let errors = Ctxt::new();
        let container = Container::from_ast(&errors, input, Derive::Deserialize, &format_ident!("__private"));
        errors.check().ok()?;
        let container = container?;
        let tagging = match container.attrs.tag() {
            TagType::External => Tagging::External,
            TagType::Internal { tag } => Tagging::Internal(tag.clone()),
            TagType::Adjacent { .. } => Tagging::Adjacent,
            TagType::None => Tagging::Untagged,
        };
        let variants = match &container.data {
            Data::Enum(variants) => {
                let members = variants.iter().map(|variant| {
                    Members::of(variant.style, &variant.fields, variant.attrs.untagged(), false)
                });
                members.collect()
            }
            // The tag of a struct is written and not read.
            Data::Struct(..) if tagging != Tagging::External => return None,
            Data::Struct(style, fields) => {
                let is_defaulted = !container.attrs.default().is_none();
                let mut members = Members::of(*style, fields, false, is_defaulted);
                if container.attrs.transparent() {
                    members.stands_for = None;
                }
                vec![members]
            }
        };
        let form = form(&container, &variants);
        let (denies, is_enum) =
            (container.attrs.deny_unknown_fields(), matches!(container.data, Data::Enum(_)));
        Some(Self { tagging, denies, is_enum, variants, form })
    }

    /// How a variant is told.
    pub(super) fn tagging_of(&self, members: &Members) -> &Tagging {
        if members.untagged { &Tagging::Untagged } else { &self.tagging }
    }

    /// What becomes of the findings in an enum that serde buffers.
    pub(super) fn buffered(&self) -> TokenStream {
        match self.tagging {
            Tagging::Internal(_) => quote!(.in_tagged()),
            Tagging::Adjacent => quote!(.in_content()),
            Tagging::Untagged => quote!(.in_buffer()),
            Tagging::External if self.variants.iter().any(|variant| variant.untagged) => quote!(.in_buffer()),
            Tagging::External => quote!(),
        }
    }
}

impl Members {
    fn of(style: Style, fields: &[Field<'_>], untagged: bool, is_defaulted: bool) -> Self {
        let read = || fields.iter().filter(|field| !field.attrs.skip_deserializing());
        let flattened: Vec<bool> = fields.iter().map(|field| field.attrs.flatten()).collect();
        let named = read().filter(|field| !field.attrs.flatten());
        let names = named.map(|field| field.attrs.name().deserialize_name().value.clone()).collect();
        let stands_for = match style {
            // What has something flattened is read from objects alone.
            Style::Struct if flattened.contains(&true) => None,
            Style::Struct | Style::Unit => {
                let needed = read().filter(|field| !is_defaulted && field.attrs.default().is_none());
                Some(needed.map(|field| form_of(field.ty)).collect())
            }
            Style::Newtype | Style::Tuple => None,
        };
        let is_defaulted = is_defaulted || read().any(|field| !field.attrs.default().is_none());
        let may_be_shorter = matches!(style, Style::Tuple) && is_defaulted;
        Self { untagged, names, flattened, stands_for, may_be_shorter }
    }

    /// What it adds to the findings: that an array could stand for it.
    pub(super) fn of_struct(&self) -> Option<TokenStream> {
        let forms = self.stands_for.as_ref()?;
        Some(quote!(const { ::lift::__private::validate::Finding::of_struct(&[#(#forms),*]) }))
    }
}

/// The path of the runtime's `Form`.
struct FormPath;

const FORM: FormPath = FormPath;

impl quote::ToTokens for FormPath {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(quote!(::lift::__private::validate::Form));
    }
}

/// The `Form` of a field.
pub(super) fn form_of(ty: &Type) -> TokenStream {
    quote!(<::lift::__private::validate::Probe<#ty>>::FORM)
}

fn form(container: &Container<'_>, variants: &[Members]) -> TokenStream {
    let around = |field: &Field<'_>| {
        // What is around itself has no form that could be told.
        if key::mentions(quote::ToTokens::to_token_stream(field.ty), &container.ident)
            || field.attrs.deserialize_with().is_some()
        {
            return quote!(#FORM::Unknown);
        }
        let form = form_of(field.ty);
        quote!(#form.of_newtype())
    };
    match &container.data {
        Data::Struct(_, fields) if container.attrs.transparent() => {
            let only = fields.iter().find(|field| field.attrs.transparent());
            only.map_or_else(|| quote!(#FORM::Unknown), around)
        }
        Data::Struct(Style::Newtype, fields) => around(&fields[0]),
        Data::Struct(Style::Struct, _) if !variants[0].flattened.contains(&true) => {
            let names = &variants[0].names;
            quote!(#FORM::Members(&[#(#names),*]))
        }
        Data::Struct(Style::Tuple, _) => quote!(#FORM::Sequence),
        Data::Struct(..) => quote!(#FORM::Other),
        Data::Enum(all) => {
            let are_names =
                all.iter().all(|variant| matches!(variant.style, Style::Unit) && !variant.attrs.untagged());
            match container.attrs.tag() {
                TagType::External if are_names && !all.is_empty() => quote!(#FORM::String),
                _ => quote!(#FORM::Other),
            }
        }
    }
}
