//! JSON, written straight into a `Vec<u8>`.
//!
//! serde_json writes to any `io::Write`, piece by piece, and looks at every byte of every name and string: for small
//! objects that is most of the time. Here a field's name is one piece, decided where the type is compiled, and strings
//! are looked at in words of eight bytes. Whatever is rare or hard (escapes, numbers, the names of maps, types of its own)
//! is serde_json's, so that the text is the same to the byte.

#[cfg(test)]
mod tests;

use std::fmt::Display;
use std::io;

use serde::Serialize;
use serde::ser::{self, Serializer};
use serde_json::Error;
use serde_json::ser::Formatter;

/// The names by which serde_json's own types, such as `RawValue`, tell it to write them in its own way.
const SERDE_JSONS: &str = "$serde_json::private::";

/// A value as JSON, behind what is there.
///
/// # Errors
/// If it does not serialise; then half of it may be there.
pub(crate) fn append<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), Error> {
    value.serialize(Writer { out, one_line: false })
}

/// [`append`] without a line break, which otherwise a `RawValue` can bring.
pub(crate) fn append_on_one_line<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), Error> {
    value.serialize(Writer { out, one_line: true })
}

/// A value as JSON.
///
/// # Errors
/// If it does not serialise.
pub(crate) fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Error> {
    let mut json = Vec::with_capacity(128);
    append(value, &mut json)?;
    Ok(json)
}

struct Writer<'a> {
    out: &'a mut Vec<u8>,
    one_line: bool,
}

/// Forwards to serde_json.
macro_rules! as_serde_json {
    ($($method:ident($type:ty)),* $(,)?) => {$(
        #[inline]
        fn $method(self, value: $type) -> Result<(), Error> {
            serde_json::Serializer::new(self.out).$method(value)
        }
    )*};
}

impl<'a> Serializer for Writer<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Array<'a>;
    type SerializeTuple = Array<'a>;
    type SerializeTupleStruct = Array<'a>;
    type SerializeTupleVariant = Array<'a>;
    type SerializeMap = Object<'a>;
    type SerializeStruct = Object<'a>;
    type SerializeStructVariant = Object<'a>;

    as_serde_json! {
        serialize_bool(bool), serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64),
        serialize_i128(i128), serialize_u8(u8), serialize_u16(u16), serialize_u32(u32), serialize_u64(u64),
        serialize_u128(u128), serialize_f32(f32), serialize_f64(f64), serialize_char(char), serialize_bytes(&[u8]),
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<(), Error> {
        write_string(self.out, value)
    }

    #[inline]
    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    #[inline]
    fn serialize_unit(self) -> Result<(), Error> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    #[inline]
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    #[inline]
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        write_string(self.out, variant)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        let mut object = Object::new(self);
        object.member(variant, value)?;
        object.close();
        Ok(())
    }

    #[inline]
    fn serialize_seq(self, _: Option<usize>) -> Result<Array<'a>, Error> {
        Ok(Array::new(self))
    }

    #[inline]
    fn serialize_tuple(self, _: usize) -> Result<Array<'a>, Error> {
        self.serialize_seq(None)
    }

    #[inline]
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Array<'a>, Error> {
        self.serialize_seq(None)
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Array<'a>, Error> {
        write_name(self.out, b'{', variant)?;
        Ok(Array { end: b"]}", ..Array::new(self) })
    }

    #[inline]
    fn serialize_map(self, _: Option<usize>) -> Result<Object<'a>, Error> {
        Ok(Object::new(self))
    }

    #[inline]
    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Object<'a>, Error> {
        Ok(Object { private: name.starts_with(SERDE_JSONS).then_some(name), ..Object::new(self) })
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Object<'a>, Error> {
        write_name(self.out, b'{', variant)?;
        Ok(Object { end: b"}}", ..Object::new(self) })
    }

    #[inline]
    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), Error> {
        serde_json::Serializer::new(self.out).collect_str(value)
    }
}

/// An array under way.
struct Array<'a> {
    writer: Writer<'a>,
    /// What stands before the next element.
    lead: u8,
    /// What stands behind the last one.
    end: &'static [u8],
}

impl<'a> Array<'a> {
    #[inline]
    fn new(writer: Writer<'a>) -> Self {
        Self { writer, lead: b'[', end: b"]" }
    }

    #[inline]
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.writer.out.push(self.lead);
        self.lead = b',';
        value.serialize(self.writer.again())
    }

    #[inline]
    fn close(&mut self) {
        if self.lead == b'[' {
            self.writer.out.push(b'[');
        }
        self.writer.out.extend_from_slice(self.end);
    }
}

/// An object under way.
struct Object<'a> {
    writer: Writer<'a>,
    /// What stands before the next member.
    lead: u8,
    /// What stands behind the last one.
    end: &'static [u8],
    /// It is no object but a type of serde_json's, of this name.
    private: Option<&'static str>,
}

impl<'a> Object<'a> {
    #[inline]
    fn new(writer: Writer<'a>) -> Self {
        Self { writer, lead: b'{', end: b"}", private: None }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn member<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        if let Some(name) = self.private {
            return self.writer.write_private(name, key, value);
        }
        write_name(self.writer.out, self.lead, key)?;
        self.lead = b',';
        value.serialize(self.writer.again())
    }

    #[inline]
    fn close(&mut self) {
        if self.private.is_some() {
            return;
        }
        if self.lead == b'{' {
            self.writer.out.push(b'{');
        }
        self.writer.out.extend_from_slice(self.end);
    }
}

impl Writer<'_> {
    #[inline]
    fn again(&mut self) -> Writer<'_> {
        Writer { out: self.out, one_line: self.one_line }
    }

    #[cold]
    fn write_private<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        key: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        let mut serializer =
            serde_json::Serializer::with_formatter(&mut *self.out, Raw { one_line: self.one_line });
        let mut whole = serializer.serialize_struct(name, 1)?;
        ser::SerializeStruct::serialize_field(&mut whole, key, value)?;
        ser::SerializeStruct::end(whole)
    }
}

/// How a `RawValue` is written.
struct Raw {
    one_line: bool,
}

impl Formatter for Raw {
    fn write_raw_fragment<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if !self.one_line {
            return writer.write_all(fragment.as_bytes());
        }
        // Line breaks stand between its tokens alone: in a string they are escaped.
        for (index, part) in fragment.split(['\r', '\n']).enumerate() {
            if index > 0 {
                writer.write_all(b" ")?;
            }
            writer.write_all(part.as_bytes())?;
        }
        Ok(())
    }
}

/// The traits of what is under way are alike: another value, and the end.
macro_rules! under_way {
    ($($compound:ty: $trait:ident { $method:ident($($key:ident)?) by $own:ident })*) => {$(
        impl ser::$trait for $compound {
            type Ok = ();
            type Error = Error;

            #[cfg_attr(not(debug_assertions), inline(always))]
            fn $method<T: Serialize + ?Sized>(&mut self, $($key: &'static str,)? value: &T) -> Result<(), Error> {
                self.$own($($key,)? value)
            }

            #[inline]
            fn end(mut self) -> Result<(), Error> {
                self.close();
                Ok(())
            }
        }
    )*};
}

under_way! {
    Array<'_>: SerializeSeq { serialize_element() by element }
    Array<'_>: SerializeTuple { serialize_element() by element }
    Array<'_>: SerializeTupleStruct { serialize_field() by element }
    Object<'_>: SerializeStruct { serialize_field(key) by member }
    Array<'_>: SerializeTupleVariant { serialize_field() by element }
    Object<'_>: SerializeStructVariant { serialize_field(key) by member }
}

impl ser::SerializeMap for Object<'_> {
    type Ok = ();
    type Error = Error;

    /// serde_json knows what can be a name. It writes it as the first one of an object, behind a brace, which may have
    /// to be a comma.
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        let out = &mut *self.writer.out;
        let start = out.len();
        serde_json::Serializer::new(&mut *out).serialize_map(None)?.serialize_key(key)?;
        if let Some(brace) = out.get_mut(start) {
            *brace = self.lead;
        }
        self.lead = b',';
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.writer.out.push(b':');
        value.serialize(self.writer.again())
    }

    fn end(mut self) -> Result<(), Error> {
        self.close();
        Ok(())
    }
}

/// A member's name with what stands around it. It is inlined, with what calls it, to where the compiler knows the name:
/// then a member's beginning is a comparison and a few stores. As a call it would be slower than serde_json. Without
/// optimisation each would take its own place on the stack.
#[cfg_attr(not(debug_assertions), inline(always))]
fn write_name(out: &mut Vec<u8>, lead: u8, name: &'static str) -> Result<(), Error> {
    /// Names up to here are put together beside `out`, to be one piece.
    const SHORT: usize = 28;

    let length = name.len();
    if length <= SHORT && is_plain(name.as_bytes()) {
        let mut piece = [0; SHORT + 4];
        piece[0] = lead;
        piece[1] = b'"';
        piece[2..length + 2].copy_from_slice(name.as_bytes());
        piece[length + 2] = b'"';
        piece[length + 3] = b':';
        out.extend_from_slice(&piece[..length + 4]);
    } else {
        out.push(lead);
        write_string(out, name)?;
        out.push(b':');
    }
    Ok(())
}

fn write_string(out: &mut Vec<u8>, text: &str) -> Result<(), Error> {
    if !is_plain(text.as_bytes()) {
        return serde_json::Serializer::new(out).serialize_str(text);
    }
    out.reserve(text.len() + 2);
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
    Ok(())
}

/// Whether nothing has to be escaped: no quotation mark, no backslash, no control character.
#[cfg_attr(not(debug_assertions), inline(always))]
fn is_plain(text: &[u8]) -> bool {
    const SPACES: u64 = ONES << 5;

    let word = |bytes: &[u8; 8]| escaped(u64::from_le_bytes(*bytes));
    let half = |bytes: &[u8; 4]| escaped(u64::from(u32::from_le_bytes(*bytes)) | SPACES << 32);
    let found = match (text.last_chunk(), text.first_chunk(), text.last_chunk()) {
        // The last word holds some bytes of the one before it, unless the length is a multiple.
        (Some(last), _, _) => text.as_chunks().0.iter().fold(word(last), |found, bytes| found | word(bytes)),
        (None, Some(first), Some(last)) => half(first) | half(last),
        _ => text.iter().fold(0, |found, byte| found | escaped(u64::from(*byte) | SPACES << 8)),
    };
    found == 0
}

const ONES: u64 = u64::from_ne_bytes([1; 8]);

/// The high bit of each byte that is to be escaped, and perhaps of some above one of those.
///
/// After "Determine if a word has a zero byte" and "a byte less than n" of Anderson's Bit Twiddling Hacks.
#[cfg_attr(not(debug_assertions), inline(always))]
fn escaped(word: u64) -> u64 {
    let less = |word: u64, than: u8| word.wrapping_sub(ONES * u64::from(than)) & !word;
    let is = |byte: u8| less(word ^ (ONES * u64::from(byte)), 1);
    (less(word, b' ') | is(b'"') | is(b'\\')) & (ONES << 7)
}
