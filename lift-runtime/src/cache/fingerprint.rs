//! Which version of a type an entry was made with.

use std::marker::PhantomData;
use std::sync::OnceLock;

use schemars::JsonSchema;
use twox_hash::XxHash3_64;

use crate::created::Created;
use crate::json::Json;

/// A type whose entries are told apart from those of its other versions.
///
/// [`fingerprint!`](crate::__lift_fingerprint) peels `Result`, `Option` and `Json` off a return type and asks
/// the first of these that fits: `&Fingerprint` for types with a schema, `Fingerprint` for all others.
pub struct Fingerprint<T: ?Sized>(PhantomData<fn() -> Box<T>>);

impl<T> Fingerprint<T> {
    /// The fingerprint of `T`.
    pub const NEW: Self = Self(PhantomData);

    /// The same: there is nothing to peel off. A wrapper's own [`Peel`] comes before this.
    pub fn inner(&self) -> Fingerprint<T> {
        Fingerprint(PhantomData)
    }
}

/// Takes one wrapper off.
pub trait Peel {
    /// What is inside.
    type Inner;

    /// The fingerprint of that.
    fn inner(&self) -> Fingerprint<Self::Inner>;
}

impl<T, E> Peel for &Fingerprint<Result<T, E>> {
    type Inner = T;

    fn inner(&self) -> Fingerprint<T> {
        Fingerprint(PhantomData)
    }
}

impl<T> Peel for &Fingerprint<Option<T>> {
    type Inner = T;

    fn inner(&self) -> Fingerprint<T> {
        Fingerprint(PhantomData)
    }
}

/// Lets wrappers of the shape `Name<T>` be peeled off.
macro_rules! peels {
    ($($name:ident),* $(,)?) => {$(
        impl<T> Peel for &Fingerprint<$name<T>> {
            type Inner = T;

            fn inner(&self) -> Fingerprint<T> {
                Fingerprint(PhantomData)
            }
        }
    )*};
}

peels!(Created, Json);

/// A type whose schema is its fingerprint, together with its name.
pub trait BySchema {
    /// The fingerprint.
    fn of(&self) -> u64;
}

impl<T: JsonSchema> BySchema for &Fingerprint<T> {
    fn of(&self) -> u64 {
        let schema = schemars::schema_for!(T).to_value().to_string();
        hash(std::any::type_name::<T>(), schema.as_bytes())
    }
}

/// A type of which nothing is known: two builds of an app never share its entries.
pub trait ByBuild {
    /// The fingerprint.
    fn of(&self) -> u64;
}

impl<T> ByBuild for Fingerprint<T> {
    fn of(&self) -> u64 {
        hash(std::any::type_name::<T>(), &build().to_le_bytes())
    }
}

fn hash(name: &str, what: &[u8]) -> u64 {
    XxHash3_64::oneshot(&[name.as_bytes(), b"\0", what].concat())
}

/// A hash of the running executable. Where it cannot be read, a random number: nothing is shared then.
fn build() -> u64 {
    static BUILD: OnceLock<u64> = OnceLock::new();
    let read = || std::fs::read(std::env::current_exe()?);
    *BUILD.get_or_init(|| read().map_or_else(|_| fastrand::u64(..), |bytes| XxHash3_64::oneshot(&bytes)))
}

/// The fingerprint of what a function returns.
#[doc(hidden)]
#[macro_export]
macro_rules! __lift_fingerprint {
    ($type:ty) => {{
        #[allow(unused_imports, reason = "which of them is used depends on the type")]
        use $crate::private::cache::{ByBuild as _, BySchema as _, Fingerprint, Peel as _};
        let fingerprint = (&&Fingerprint::<$type>::NEW).inner();
        let fingerprint = (&&fingerprint).inner();
        let fingerprint = (&&fingerprint).inner();
        (&&fingerprint).of()
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Plain;

    #[test]
    fn wrappers_do_not_matter_and_types_do() {
        let number = crate::__lift_fingerprint!(u32);
        assert_eq!(crate::__lift_fingerprint!(Result<Json<u32>, String>), number);
        assert_eq!(crate::__lift_fingerprint!(Result<Option<u32>, ()>), number);
        assert_ne!(crate::__lift_fingerprint!(u64), number);
        assert_ne!(crate::__lift_fingerprint!(Result<Plain, ()>), crate::__lift_fingerprint!(Plain) + 1);
    }

    #[test]
    fn a_field_more_is_another_fingerprint() {
        mod one {
            #[derive(schemars::JsonSchema)]
            #[expect(dead_code, reason = "only its schema matters")]
            pub(super) struct Product {
                pub(super) sku: String,
            }
        }
        mod two {
            #[derive(schemars::JsonSchema)]
            #[expect(dead_code, reason = "only its schema matters")]
            pub(super) struct Product {
                pub(super) sku: String,
                pub(super) stock: u32,
            }
        }
        assert_ne!(
            crate::__lift_fingerprint!(Json<one::Product>),
            crate::__lift_fingerprint!(Json<two::Product>)
        );
    }
}
