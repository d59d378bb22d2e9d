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
    /// One call's result, for whatever caller and `vary` headers; the key holds the space and the endpoint.
    Call(&'a Space, &'a [u8]),
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
            Self::Call(space, call) => {
                key.raw(&[4]);
                space.write(key);
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

/// Whose a name is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NameOwner {
    /// Nobody's in particular: entries of all tenants may stand under it. Bytes that are no name are of this kind.
    Everybody,
    /// Of `shared` entries, or of an app without tenants.
    Whole,
    Tenant(Tenant),
}

impl NameOwner {
    /// Reads it from a written name.
    pub(crate) fn of(name: &[u8]) -> Self {
        match name {
            [1 | 3 | 4 | 5, 0 | 1, ..] => Self::Whole,
            // A tenant's name is shorter than what takes more than one byte for its length.
            [1 | 3 | 4 | 5, 2, length, rest @ ..] => rest
                .get(..usize::from(*length))
                .and_then(|name| Tenant::new(std::str::from_utf8(name).ok()?).ok())
                .map_or(Self::Everybody, Self::Tenant),
            _ => Self::Everybody,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_name_tells_whose_it_is() {
        let tenant = Tenant::new(&"t".repeat(128)).expect("a name");
        let spaces = [
            (Space::Tenant(tenant.clone()), NameOwner::Tenant(tenant)),
            (Space::Shared, NameOwner::Whole),
            (Space::Whole, NameOwner::Whole),
        ];
        for (space, owner) in spaces {
            let names = [
                Name::Space(&space),
                Name::EndpointIn(&space, "shop::product"),
                Name::Call(&space, b"call"),
                Name::Tag(&space, "tag"),
            ];
            for name in names {
                assert_eq!(NameOwner::of(&name.to_bytes()), owner, "{name:?}");
            }
        }
        for name in
            [&*Name::All.to_bytes(), &*Name::Endpoint("\u{2}\u{1}x").to_bytes(), b"", b"\x05\x02\x09abc"]
        {
            assert_eq!(NameOwner::of(name), NameOwner::Everybody, "{name:?}");
        }
    }
}
