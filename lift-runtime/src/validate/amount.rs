//! Numbers, and what they are compared with.

use std::rc::Rc;
use std::sync::Arc;

use jsonschema_value::numeric;
use serde_json::Number;

use super::finding::Finding;

/// What `range(…)` compares: a number.
#[diagnostic::on_unimplemented(
    message = "`range` says nothing about `{Self}`",
    label = "not a number",
    note = "for a type of your own, put `range` on that type's field"
)]
pub trait Amount {
    /// Whether it is not less than the limit.
    fn at_least(&self, limit: impl Limit) -> Finding;
    /// Whether it is not more than the limit.
    fn at_most(&self, limit: impl Limit) -> Finding;
    /// Whether it is more than the limit.
    fn more_than(&self, limit: impl Limit) -> Finding;
    /// Whether it is less than the limit.
    fn less_than(&self, limit: impl Limit) -> Finding;
    /// Whether it is so many times the other number, both as the decimals that they are written as.
    fn multiple_of(&self, divisor: f64) -> Finding;
}

/// A bound of `range(…)`.
#[diagnostic::on_unimplemented(message = "a bound of `range` is a number, not `{Self}`")]
pub trait Limit: Copy {
    /// The least integer that is not below it.
    fn ceil(self) -> i128;
    /// The greatest integer that is not above it.
    fn floor(self) -> i128;
    /// As a float.
    fn float(self) -> f64;
}

macro_rules! integers {
    ($($int:ident)*) => {$(
        impl Limit for $int {
            #[inline]
            fn ceil(self) -> i128 {
                clamped(self)
            }

            #[inline]
            fn floor(self) -> i128 {
                clamped(self)
            }

            #[inline]
            fn float(self) -> f64 {
                self as f64
            }
        }

        impl Amount for $int {
            #[inline]
            fn at_least(&self, limit: impl Limit) -> Finding {
                Finding::when(clamped(*self) >= limit.ceil())
            }

            #[inline]
            fn at_most(&self, limit: impl Limit) -> Finding {
                Finding::when(clamped(*self) <= limit.floor())
            }

            #[inline]
            fn more_than(&self, limit: impl Limit) -> Finding {
                Finding::when(clamped(*self) > limit.floor())
            }

            #[inline]
            fn less_than(&self, limit: impl Limit) -> Finding {
                Finding::when(clamped(*self) < limit.ceil())
            }

            fn multiple_of(&self, divisor: f64) -> Finding {
                Number::from_i128(clamped(*self)).map_or(Finding::UNDECIDED, |number| divides(&number, divisor))
            }
        }
    )*};
}

integers! { i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize }

/// Only a `u128` can be out of an `i128`'s range, and is then beyond every limit.
#[inline]
fn clamped<T: TryInto<i128>>(number: T) -> i128 {
    number.try_into().unwrap_or(i128::MAX)
}

impl Limit for f64 {
    #[inline]
    fn ceil(self) -> i128 {
        f64::ceil(self) as i128
    }

    #[inline]
    fn floor(self) -> i128 {
        f64::floor(self) as i128
    }

    #[inline]
    fn float(self) -> f64 {
        self
    }
}

impl Limit for f32 {
    #[inline]
    fn ceil(self) -> i128 {
        Limit::ceil(f64::from(self))
    }

    #[inline]
    fn floor(self) -> i128 {
        Limit::floor(f64::from(self))
    }

    #[inline]
    fn float(self) -> f64 {
        f64::from(self)
    }
}

/// Up to here an `f64` is the very number that was written.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl Amount for f64 {
    #[inline]
    fn at_least(&self, limit: impl Limit) -> Finding {
        if self.abs() >= EXACT { Finding::UNDECIDED } else { Finding::when(*self >= limit.float()) }
    }

    #[inline]
    fn at_most(&self, limit: impl Limit) -> Finding {
        if self.abs() >= EXACT { Finding::UNDECIDED } else { Finding::when(*self <= limit.float()) }
    }

    #[inline]
    fn more_than(&self, limit: impl Limit) -> Finding {
        if self.abs() >= EXACT { Finding::UNDECIDED } else { Finding::when(*self > limit.float()) }
    }

    #[inline]
    fn less_than(&self, limit: impl Limit) -> Finding {
        if self.abs() >= EXACT { Finding::UNDECIDED } else { Finding::when(*self < limit.float()) }
    }

    fn multiple_of(&self, divisor: f64) -> Finding {
        match Number::from_f64(*self) {
            // Too small a number is read as zero, which is a multiple of everything.
            Some(number) if self.abs() < EXACT && *self != 0.0 => divides(&number, divisor),
            _ => Finding::UNDECIDED,
        }
    }
}

/// An `f32` has lost digits that the schema compares.
impl Amount for f32 {
    #[inline]
    fn at_least(&self, _: impl Limit) -> Finding {
        Finding::UNDECIDED
    }

    #[inline]
    fn at_most(&self, _: impl Limit) -> Finding {
        Finding::UNDECIDED
    }

    #[inline]
    fn more_than(&self, _: impl Limit) -> Finding {
        Finding::UNDECIDED
    }

    #[inline]
    fn less_than(&self, _: impl Limit) -> Finding {
        Finding::UNDECIDED
    }

    #[inline]
    fn multiple_of(&self, _: f64) -> Finding {
        Finding::UNDECIDED
    }
}

/// By the schema validator's own arithmetic, which reads `0.3` and `0.1` as decimals.
fn divides(number: &Number, divisor: f64) -> Finding {
    Finding::when(if divisor.fract() == 0.0 {
        numeric::is_multiple_of_integer(&number, divisor)
    } else {
        numeric::is_multiple_of_float(&number, divisor)
    })
}

macro_rules! through {
    ($($pointer:ty)*) => {$(
        impl<T: Amount + ?Sized> Amount for $pointer {
            #[inline]
            fn at_least(&self, limit: impl Limit) -> Finding {
                T::at_least(self, limit)
            }

            #[inline]
            fn at_most(&self, limit: impl Limit) -> Finding {
                T::at_most(self, limit)
            }

            #[inline]
            fn more_than(&self, limit: impl Limit) -> Finding {
                T::more_than(self, limit)
            }

            #[inline]
            fn less_than(&self, limit: impl Limit) -> Finding {
                T::less_than(self, limit)
            }

            #[inline]
            fn multiple_of(&self, divisor: f64) -> Finding {
                T::multiple_of(self, divisor)
            }
        }
    )*};
}

through! { &T Box<T> Rc<T> Arc<T> }

/// Constraints say nothing about `null`.
impl<T: Amount> Amount for Option<T> {
    #[inline]
    fn at_least(&self, limit: impl Limit) -> Finding {
        self.as_ref().map_or(Finding::VALID, |value| value.at_least(limit))
    }

    #[inline]
    fn at_most(&self, limit: impl Limit) -> Finding {
        self.as_ref().map_or(Finding::VALID, |value| value.at_most(limit))
    }

    #[inline]
    fn more_than(&self, limit: impl Limit) -> Finding {
        self.as_ref().map_or(Finding::VALID, |value| value.more_than(limit))
    }

    #[inline]
    fn less_than(&self, limit: impl Limit) -> Finding {
        self.as_ref().map_or(Finding::VALID, |value| value.less_than(limit))
    }

    #[inline]
    fn multiple_of(&self, divisor: f64) -> Finding {
        self.as_ref().map_or(Finding::VALID, |value| value.multiple_of(divisor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_of_another_kind_compare_exactly() {
        assert_eq!(3_u32.at_least(2.5), Finding::VALID);
        assert_eq!(2_u32.at_least(2.5), Finding::INVALID);
        assert_eq!(2_i64.at_most(2.5), Finding::VALID);
        assert_eq!(u64::MAX.at_most(i32::MAX), Finding::INVALID);
        assert_eq!((-1_i8).at_least(0_u64), Finding::INVALID);
        assert_eq!(0.5.at_least(1), Finding::INVALID);
        assert_eq!(1e300.at_most(1), Finding::UNDECIDED);
        assert_eq!(u128::MAX.at_most(u64::MAX), Finding::INVALID);
    }

    #[test]
    fn exclusive_bounds_and_multiples() {
        assert_eq!(3_u8.more_than(2.5), Finding::VALID);
        assert_eq!(2_u8.more_than(2), Finding::INVALID);
        assert_eq!(2_u8.less_than(2.5), Finding::VALID);
        assert_eq!(0.5.less_than(0.5), Finding::INVALID);
        assert_eq!(9_i64.multiple_of(3.0), Finding::VALID);
        assert_eq!((-10_i64).multiple_of(2.5), Finding::VALID);
        assert_eq!(11_u64.multiple_of(2.5), Finding::INVALID);
        assert_eq!(19.99.multiple_of(0.01), Finding::VALID);
        assert_eq!(0.7.multiple_of(0.1), Finding::VALID);
        assert_eq!(0.75.multiple_of(0.1), Finding::INVALID);
        assert_eq!(1e300.multiple_of(0.1), Finding::UNDECIDED);
    }
}
