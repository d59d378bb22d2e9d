//! What JSON a type has, as far as a check must know it: where serde buffers what it reads, an array may stand for a
//! struct and a member may be read by two, and the schema allows neither.

use super::finding::Finding;

/// The JSON that every value of a type is, as far as its declaration tells.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// A string without rules of its own.
    Text,
    /// A string, a number or a boolean.
    Scalar,
    /// An object, with the members that are named: a struct without `flatten`.
    Members(&'static [&'static str]),
    /// An object with any members.
    Map,
    /// An array.
    Sequence,
    /// Something of another kind, or of several kinds.
    Other,
    /// Perhaps nothing at all: an `Option`, or a type of which nothing is known.
    Unknown,
}

impl Form {
    /// That of a struct around one value of this form.
    pub const fn of_newtype(self) -> Self {
        match self {
            Self::Text | Self::Scalar => Self::Scalar,
            Self::Sequence => Self::Sequence,
            Self::Unknown => Self::Unknown,
            Self::Members(_) | Self::Map | Self::Other => Self::Other,
        }
    }
}

/// What arrays begin with, as a set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begin(pub(super) u16);

impl Begin {
    pub(super) const SCALAR: Self = Self(1);
    pub(super) const OBJECT: Self = Self(1 << 1);
    pub(super) const ARRAY: Self = Self(1 << 2);
    /// It is empty, or begins with null.
    pub(super) const NOTHING: Self = Self(1 << 3);
    pub(super) const ANY: Self = Self(0b1111);
}

impl Finding {
    /// What a struct adds, which serde reads from an array, too, if it has buffered it: from one that begins as the
    /// struct's first member does.
    pub const fn of_struct(first: Form) -> Self {
        Self::stands_for(match first {
            Form::Text | Form::Scalar => Begin::SCALAR,
            // An array could stand for the member in its turn.
            Form::Members(_) => Begin(Begin::OBJECT.0 | Begin::ARRAY.0),
            Form::Map => Begin::OBJECT,
            Form::Sequence => Begin::ARRAY,
            Form::Other | Form::Unknown => Begin::ANY,
        })
    }

    /// The content of an internally tagged variant, whose tag stands among the members of the content.
    pub const fn of_tagged(tag: &str, content: Form) -> Self {
        match content {
            Form::Members(names) if !has(names, tag) => Self::VALID,
            _ => Self::UNDECIDED,
        }
    }

    /// The content of an adjacently tagged variant: where it is an `Option`, serde does not ask for it.
    pub const fn of_content(content: Form) -> Self {
        match content {
            Form::Unknown => Self::UNDECIDED,
            _ => Self::VALID,
        }
    }

    /// What is flattened into an object with the named members. serde gives each member to the first that names it, and
    /// the schema keeps the last one's rules.
    pub const fn of_flattened(names: &[&str], flattened: &[Form]) -> Self {
        let mut index = 0;
        while index < flattened.len() {
            match flattened[index] {
                Form::Map => {}
                Form::Members(others) => {
                    let mut other = 0;
                    while other < others.len() {
                        let mut before = 0;
                        while before < index {
                            if let Form::Members(earlier) = flattened[before]
                                && has(earlier, others[other])
                            {
                                return Self::UNDECIDED;
                            }
                            before += 1;
                        }
                        if has(names, others[other]) {
                            return Self::UNDECIDED;
                        }
                        other += 1;
                    }
                }
                _ => return Self::UNDECIDED,
            }
            index += 1;
        }
        Self::VALID
    }
}

const fn has(names: &[&str], name: &str) -> bool {
    let mut index = 0;
    while index < names.len() {
        if is_same(names[index].as_bytes(), name.as_bytes()) {
            return true;
        }
        index += 1;
    }
    false
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let mut index = 0;
    while index < one.len() && index < other.len() && one[index] == other[index] {
        index += 1;
    }
    index == one.len() && index == other.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_of_two_is_not_decided() {
        let (ab, bc) = (Form::Members(&["a", "b"]), Form::Members(&["b", "c"]));
        assert_eq!(Finding::of_flattened(&["id", "ab"], &[ab, Form::Map]), Finding::VALID);
        assert_eq!(Finding::of_flattened(&["b"], &[ab]), Finding::UNDECIDED);
        assert_eq!(Finding::of_flattened(&[], &[ab, bc]), Finding::UNDECIDED);
        assert_eq!(Finding::of_flattened(&[], &[Form::Unknown]), Finding::UNDECIDED);
        assert_eq!(Finding::of_tagged("type", ab), Finding::VALID);
        assert_eq!(Finding::of_tagged("a", ab), Finding::UNDECIDED);
        assert_eq!(Finding::of_tagged("type", Form::Map), Finding::UNDECIDED);
    }
}
