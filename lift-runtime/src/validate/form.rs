//! What JSON a type has, as far as a check must know it: where serde buffers what it reads, an array may stand for a
//! struct and a member may be read by two, and the schema allows neither.

use super::finding::Finding;

/// The JSON that every value of a type is, as far as its declaration tells.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// A string without rules of its own.
    Text,
    /// A string.
    String,
    /// A number.
    Number,
    /// A boolean.
    Bool,
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
            Self::Text => Self::String,
            Self::Members(_) | Self::Map => Self::Other,
            other => other,
        }
    }
}

/// What the items of arrays are, as a set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kinds(pub(super) u16);

impl Kinds {
    pub(super) const NONE: Self = Self(0);
    pub(super) const STRING: Self = Self(1);
    pub(super) const NUMBER: Self = Self(1 << 1);
    pub(super) const BOOL: Self = Self(1 << 2);
    pub(super) const OBJECT: Self = Self(1 << 3);
    pub(super) const ARRAY: Self = Self(1 << 4);
    /// Null, or nothing at all.
    pub(super) const NOTHING: Self = Self(1 << 5);
    /// Items of several kinds.
    pub(super) const MIXED: Self = Self(1 << 6);
    pub(super) const ANY: Self = Self(0b111_1111);

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What one array is, whose items are of these kinds.
    pub(super) const fn of_array(self) -> Self {
        match self.0.count_ones() {
            0 => Self::NOTHING,
            1 => self,
            _ => Self::MIXED,
        }
    }

    /// What a member of a form is read from, in serde's buffer.
    const fn of_member(form: Form) -> Self {
        match form {
            Form::Text | Form::String => Self::STRING,
            Form::Number => Self::NUMBER,
            Form::Bool => Self::BOOL,
            // An array could stand for the member in its turn.
            Form::Members(_) => Self::OBJECT.and(Self::ARRAY),
            Form::Map => Self::OBJECT,
            Form::Sequence => Self::ARRAY,
            Form::Other | Form::Unknown => Self::ANY,
        }
    }
}

impl Finding {
    /// What a struct adds, which serde reads from an array, too, if it has buffered it: from one that has an item for
    /// each member that is not defaulted, as these are.
    ///
    /// Where the members are of several kinds, an array of items of one kind, as most are, is none of the struct's.
    #[doc(hidden)]
    pub const fn of_struct(members: &[Form]) -> Self {
        let mut kinds = Kinds::ANY;
        let mut index = 0;
        while index < members.len() {
            kinds = Kinds(kinds.0 & Kinds::of_member(members[index]).0 | Kinds::MIXED.0);
            index += 1;
        }
        Self::stands_for(kinds)
    }

    /// The content of an internally tagged variant, whose tag stands among the members of the content.
    #[doc(hidden)]
    pub const fn of_tagged(tag: &str, content: Form) -> Self {
        match content {
            Form::Members(names) if !has(names, tag) => Self::VALID,
            _ => Self::UNDECIDED,
        }
    }

    /// The content of an adjacently tagged variant: where it is an `Option`, serde does not ask for it.
    #[doc(hidden)]
    pub const fn of_content(content: Form) -> Self {
        match content {
            Form::Unknown => Self::UNDECIDED,
            _ => Self::VALID,
        }
    }

    /// What is flattened into an object with the named members. serde gives each member to the first that names it, and
    /// the schema keeps the last one's rules.
    #[doc(hidden)]
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
    fn an_array_stands_for_a_struct_whose_members_are_as_its_items() {
        let could_be = |members: &[Form], items: Kinds| {
            Finding::of_struct(members).in_buffer().could_be(items.of_array())
        };
        let all = [
            Kinds::STRING,
            Kinds::NUMBER,
            Kinds::BOOL,
            Kinds::OBJECT,
            Kinds::ARRAY,
            Kinds::NOTHING,
            Kinds::NONE,
        ];
        let named = [Form::Text, Form::Number];
        assert!(all.iter().all(|items| !could_be(&named, *items)));
        assert!(could_be(&named, Kinds::STRING.and(Kinds::NUMBER)));
        assert!(all.iter().all(|items| could_be(&[], *items)), "all members have defaults");
        let strings = [Form::Text, Form::Unknown, Form::String];
        assert!(
            could_be(&strings, Kinds::STRING)
                && !could_be(&strings, Kinds::NUMBER)
                && !could_be(&strings, Kinds::NONE)
        );
        let nested = [Form::Members(&[]), Form::Sequence];
        assert!(could_be(&nested, Kinds::ARRAY) && !could_be(&nested, Kinds::OBJECT));
        assert!(!Finding::of_struct(&strings).could_be(Kinds::STRING), "it was not buffered");
    }

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
