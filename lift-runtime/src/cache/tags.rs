//! The names by which entries are invalidated.

use std::fmt;

use super::key::{Key, KeyPart as _};
use crate::tenant::Tenant;

/// Whose tags a writer invalidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those of entries of the request's tenant.
    Tenant,
    /// Those of `shared` entries.
    Shared,
}

/// Tags, as an attribute's templates make them.
#[derive(Debug, Default)]
pub struct Tags(Vec<Box<str>>);

impl Tags {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds a tag, such as `format_args!("product:{sku}")`.
    pub fn add(&mut self, tag: fmt::Arguments<'_>) {
        self.0.push(tag.to_string().into());
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|tag| &**tag)
    }
}

/// Whose an entry is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Space {
    /// An app without tenants.
    Whole,
    /// All tenants.
    Shared,
    /// One tenant.
    Tenant(Tenant),
}

impl Space {
    #[inline]
    pub(crate) fn write(&self, key: &mut Key) {
        match self {
            Self::Whole => key.raw(&[0]),
            Self::Shared => key.raw(&[1]),
            Self::Tenant(tenant) => Self::write_tenant(tenant, key),
        }
    }

    #[inline]
    pub(crate) fn write_tenant(tenant: &Tenant, key: &mut Key) {
        key.raw(&[2]);
        tenant.as_str().write_key(key);
    }
}

/// What can be invalidated. Each has a generation; an entry is good while those it was made under stand.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Name<'a> {
    /// Everything.
    All,
    /// Everything of a tenant, or everything that is shared.
    Space(&'a Space),
    /// Everything an endpoint has made.
    Endpoint(&'a str),
    /// Everything an endpoint has made for a tenant.
    EndpointIn(&'a Space, &'a str),
    /// One call's result, for whatever caller and `vary` headers; the key begins with the space and endpoint.
    Call(&'a [u8]),
    /// Everything that carries a tag.
    Tag(&'a Space, &'a str),
}

impl Name<'_> {
    /// Writes the name, so that no two names write the same.
    pub(crate) fn write(&self, key: &mut Key) {
        match self {
            Self::All => key.raw(&[0]),
            Self::Space(space) => {
                key.raw(&[1]);
                space.write(key);
            }
            Self::Endpoint(endpoint) => {
                key.raw(&[2]);
                endpoint.write_key(key);
            }
            Self::EndpointIn(space, endpoint) => {
                key.raw(&[3]);
                space.write(key);
                endpoint.write_key(key);
            }
            Self::Call(call) => {
                key.raw(&[4]);
                key.bytes(call);
            }
            Self::Tag(space, tag) => {
                key.raw(&[5]);
                space.write(key);
                tag.write_key(key);
            }
        }
    }

    pub(crate) fn to_bytes(self) -> Box<[u8]> {
        let mut key = Key::new();
        self.write(&mut key);
        key.as_bytes().into()
    }
}
