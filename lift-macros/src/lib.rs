//! The attributes of Lift.

mod derive;

/// Native checks of the constraints that a type publishes in its JSON Schema; see `lift::Validate`.
#[proc_macro_derive(Validate, attributes(validate, garde, schemars))]
pub fn derive_validate(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    derive::expand(&syn::parse_macro_input!(input as syn::DeriveInput)).into()
}
