//! Numbers as they are parsed: `1.0` is an integer, and an `f32` is never infinite.

use std::fmt;

use serde::de::{Error, Unexpected, Visitor};
use serde_json::Number;

/// The integer that a float is, if it is one of 64 bits.
pub(crate) fn integer(float: f64) -> Option<Number> {
    // Both limits are powers of two, and floats.
    const PAST_U64: f64 = 18_446_744_073_709_551_616.0;
    const LEAST_I64: f64 = -9_223_372_036_854_775_808.0;
    match float {
        _ if float.fract() != 0.0 => None,
        0.0..PAST_U64 => Some((float as u64).into()),
        LEAST_I64..0.0 => Some((float as i64).into()),
        _ => None,
    }
}

macro_rules! forward_visits {
    ($($method:ident: $type:ty)*) => {$(
        #[inline]
        fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.0.$method(value)
        }
    )*};
}

/// A visitor of an integer, for which a float without a fraction is one.
pub(crate) struct Integer<V>(pub(crate) V);

impl<'de, V: Visitor<'de>> Visitor<'de> for Integer<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    forward_visits! {
        visit_i64: i64
        visit_u64: u64
        visit_bool: bool
        visit_str: &str
    }

    #[inline]
    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    #[cold]
    fn visit_f64<E: Error>(self, value: f64) -> Result<V::Value, E> {
        let integer = integer(value).map(|integer| (integer.as_u64(), integer.as_i64()));
        match integer {
            Some((Some(value), _)) => self.0.visit_u64(value),
            Some((None, Some(value))) => self.0.visit_i64(value),
            _ if value.fract() != 0.0 => self.0.visit_f64(value),
            _ => Err(E::invalid_value(Unexpected::Float(value), &self.0)),
        }
    }
}

/// The largest `f32` as it is written, which is above its exact value and is read as it.
pub(crate) const F32: f64 = 3.402_823_5e38;

/// A visitor of an `f32`, which is not to become infinite: JSON could not say it.
pub(crate) struct Single<V>(pub(crate) V);

impl<'de, V: Visitor<'de>> Visitor<'de> for Single<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    forward_visits! {
        visit_i64: i64
        visit_u64: u64
        visit_bool: bool
        visit_str: &str
    }

    #[inline]
    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    #[inline]
    fn visit_f64<E: Error>(self, value: f64) -> Result<V::Value, E> {
        if value.abs() <= F32 {
            self.0.visit_f64(value)
        } else {
            Err(E::invalid_value(Unexpected::Float(value), &self.0))
        }
    }
}
