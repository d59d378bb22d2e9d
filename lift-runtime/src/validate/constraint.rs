//! The constraints of JSON Schema, as native checks that agree with it.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet, LinkedList, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use regex::Regex;

use super::ecma;
use super::finding::Finding;

/// What `length(…)` measures: the code points of a string, the items of a sequence.
#[diagnostic::on_unimplemented(
    message = "`length` says nothing about `{Self}`",
    label = "neither a string nor a sequence",
    note = "the schema carries `length` for strings and sequences only; for a type of your own, put it on that type's field"
)]
pub trait Length {
    /// Whether it is at least and at most so long.
    fn within(&self, min: usize, max: usize) -> bool;
}

impl Length for str {
    #[inline]
    fn within(&self, min: usize, max: usize) -> bool {
        let bytes = self.len();
        // A code point takes one to four bytes, so that most strings need not be counted.
        if bytes < min {
            return false;
        }
        if bytes <= max && bytes.div_ceil(4) >= min {
            return true;
        }
        let points = self.chars().count();
        min <= points && points <= max
    }
}

impl<T> Length for [T] {
    #[inline]
    fn within(&self, min: usize, max: usize) -> bool {
        min <= self.len() && self.len() <= max
    }
}

/// What `regex`, `contains` and the formats look at.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a string, so that `regex`, `contains` and formats say nothing about it",
    label = "not a string",
    note = "for a type of your own, put the constraint on that type's field"
)]
pub trait Text {
    /// Whether the text, if there is one, passes.
    fn passes(&self, test: impl Fn(&str) -> bool) -> bool;
}

impl Text for str {
    #[inline]
    fn passes(&self, test: impl Fn(&str) -> bool) -> bool {
        test(self)
    }
}

/// What `inner(…)` looks into.
#[diagnostic::on_unimplemented(
    message = "`inner` says nothing about `{Self}`",
    label = "not a sequence",
    note = "the schema carries `inner` for sequences only"
)]
pub trait Items {
    /// What is in it.
    type Item;

    /// Joins what is found in each item.
    fn each(&self, check: impl Fn(&Self::Item) -> Finding) -> Finding;
}

impl<T> Items for [T] {
    type Item = T;

    #[inline]
    fn each(&self, check: impl Fn(&T) -> Finding) -> Finding {
        self.iter().fold(Finding::VALID, |finding, item| finding | check(item))
    }
}

/// Types that are looked through: their schema is that of what they point to.
macro_rules! through {
    ($($pointer:ty)*) => {$(
        impl<T: Length + ?Sized> Length for $pointer {
            #[inline]
            fn within(&self, min: usize, max: usize) -> bool {
                T::within(self, min, max)
            }
        }

        impl<T: Text + ?Sized> Text for $pointer {
            #[inline]
            fn passes(&self, test: impl Fn(&str) -> bool) -> bool {
                T::passes(self, test)
            }
        }

        impl<T: Items + ?Sized> Items for $pointer {
            type Item = T::Item;

            #[inline]
            fn each(&self, check: impl Fn(&T::Item) -> Finding) -> Finding {
                T::each(self, check)
            }
        }
    )*};
}

through! { &T Box<T> Rc<T> Arc<T> }

/// Constraints say nothing about `null`.
impl<T: Length> Length for Option<T> {
    #[inline]
    fn within(&self, min: usize, max: usize) -> bool {
        self.as_ref().is_none_or(|value| value.within(min, max))
    }
}

impl<T: Text> Text for Option<T> {
    #[inline]
    fn passes(&self, test: impl Fn(&str) -> bool) -> bool {
        self.as_ref().is_none_or(|value| value.passes(test))
    }
}

impl<T: Items> Items for Option<T> {
    type Item = T::Item;

    #[inline]
    fn each(&self, check: impl Fn(&T::Item) -> Finding) -> Finding {
        self.as_ref().map_or(Finding::VALID, |value| value.each(check))
    }
}

macro_rules! strings {
    ($($string:ty)*) => {$(
        impl Length for $string {
            #[inline]
            fn within(&self, min: usize, max: usize) -> bool {
                str::within(self, min, max)
            }
        }

        impl Text for $string {
            #[inline]
            fn passes(&self, test: impl Fn(&str) -> bool) -> bool {
                test(self)
            }
        }
    )*};
}

strings! { String Cow<'_, str> }

macro_rules! sequences {
    ($(($sequence:ty $(, $($size:tt)+)?))*) => {$(
        impl<T $(, $($size)+)?> Length for $sequence {
            #[inline]
            fn within(&self, min: usize, max: usize) -> bool {
                min <= self.len() && self.len() <= max
            }
        }

        impl<T $(, $($size)+)?> Items for $sequence {
            type Item = T;

            #[inline]
            fn each(&self, check: impl Fn(&T) -> Finding) -> Finding {
                self.iter().fold(Finding::VALID, |finding, item| finding | check(item))
            }
        }
    )*};
}

sequences! { (Vec<T>) (VecDeque<T>) (LinkedList<T>) ([T; N], const N: usize) }

/// A set has lost its repetitions, so that the schema counts them; what is too small for it is not decided here.
macro_rules! sets {
    ($($set:ident<$($parameter:ident),+>)*) => {$(
        impl<$($parameter),+> Length for $set<$($parameter),+> {
            #[inline]
            fn within(&self, _: usize, max: usize) -> bool {
                self.len() <= max
            }
        }
    )*};
}

sets! { BTreeSet<T> HashSet<T, S> }

/// A pattern that has no matcher of its own: compiled once, by the rules of ECMA-262, as the schema has it.
#[derive(Debug)]
pub struct Pattern(Option<Regex>);

impl Pattern {
    /// Compiles a pattern.
    pub fn new(pattern: &str) -> Self {
        Self(Regex::new(&ecma::in_rust(pattern)).ok())
    }

    /// Whether a text holds the pattern somewhere; undecided if the pattern is not one, which the schema then tells.
    #[inline]
    pub fn check<T: Text + ?Sized>(&self, text: &T) -> Finding {
        match &self.0 {
            Some(regex) => Finding::when(text.passes(|text| regex.is_match(text))),
            None => Finding::UNDECIDED,
        }
    }
}

/// Takes as many bytes of a kind as it may off the front of a text; the matchers made of simple patterns call it.
#[inline]
pub fn eat(rest: &mut &[u8], min: usize, max: usize, kind: impl Fn(u8) -> bool) -> bool {
    let eaten = rest.iter().take(max).take_while(|byte| kind(**byte)).count();
    *rest = &rest[eaten..];
    eaten >= min
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_code_points() {
        assert!("ééé".within(3, 3));
        assert!(!"ééé".within(4, 9));
        assert!("🦀🦀".within(1, 2));
        assert!(!"🦀🦀".within(3, 8));
        assert!(!"abc".within(0, 2));
        assert!(None::<String>.within(3, 4));
    }

    #[test]
    fn patterns_follow_ecma() {
        let digits = Pattern::new(r"^\d+$");
        assert_eq!(digits.check("0123"), Finding::VALID);
        assert_eq!(digits.check("٣"), Finding::INVALID);
        assert_eq!(Pattern::new("b").check("abc"), Finding::VALID);
        assert_eq!(Pattern::new("^.$").check("\r"), Finding::INVALID);
        assert_eq!(Pattern::new(r"a\b").check("aé"), Finding::VALID);
        assert_eq!(Pattern::new("(?=a)").check("a"), Finding::UNDECIDED);
    }
}
