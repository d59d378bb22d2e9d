//! How an item becomes bytes: server-sent events, NDJSON, or what it is already.

use bytes::Bytes;
use serde::Serialize;

use crate::error::Result;
use crate::json::append_on_one_line;
use crate::stream::chunk::Chunk;
use crate::stream::event::Event;
use crate::stream::options::Wire;

/// An item that is to be written. An [`Event`] goes by the type's own method, what is encoded already by that of
/// [`EncodeReady`], and anything else by [`EncodeItem`]'s, for which a reference must be taken: the others come first.
pub struct Encode<T>(pub T);

impl<T> Encode<Event<T>> {
    /// Writes the event.
    ///
    /// # Errors
    /// If its data do not serialise.
    pub fn write(self, wire: Wire, out: &mut Chunk) -> Result<()>
    where
        T: Serialize,
    {
        let Self(event) = self;
        let text = out.text();
        match (wire, &event.data) {
            (Wire::Sse, data) => {
                event.write_fields(text);
                if let Some(data) = data {
                    write_data(data, text)?;
                }
                text.push(b'\n');
            }
            (_, Some(data)) => write_line(data, text)?,
            (_, None) => {}
        }
        out.commit();
        Ok(())
    }
}

/// [`Encode`] for what is encoded already.
pub trait EncodeReady {
    /// Writes it as it is.
    ///
    /// # Errors
    /// None; it has the shape of the others.
    fn write(self, wire: Wire, out: &mut Chunk) -> Result<()>;
}

/// [`Encode`] for anything else.
pub trait EncodeItem<T> {
    /// Writes the item: an event with data alone, or a line.
    ///
    /// # Errors
    /// If it does not serialise.
    fn write(&self, wire: Wire, out: &mut Chunk) -> Result<()>
    where
        T: Serialize;

    /// Writes the item as it is.
    ///
    /// # Errors
    /// None; it has the shape of the others.
    fn bytes(self, out: &mut Chunk) -> Result<()>
    where
        T: Into<Bytes>;
}

impl<T> EncodeItem<T> for Encode<T> {
    fn write(&self, wire: Wire, out: &mut Chunk) -> Result<()>
    where
        T: Serialize,
    {
        let text = out.text();
        if wire == Wire::Sse {
            write_data(&self.0, text)?;
            text.push(b'\n');
        } else {
            write_line(&self.0, text)?;
        }
        out.commit();
        Ok(())
    }

    fn bytes(self, out: &mut Chunk) -> Result<()>
    where
        T: Into<Bytes>,
    {
        out.push(self.0.into());
        Ok(())
    }
}

fn write_data<T: Serialize>(data: &T, out: &mut Vec<u8>) -> Result<()> {
    out.extend_from_slice(b"data: ");
    write_line(data, out)
}

pub(crate) fn write_line<T: Serialize>(value: &T, out: &mut Vec<u8>) -> Result<()> {
    append_on_one_line(value, out)?;
    out.push(b'\n');
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::value::RawValue;

    use super::*;
    use crate::stream::options::{Format, Options};

    static OPTIONS: Options = Options::new(Format::Negotiated);

    fn written(write: impl FnOnce(&mut Chunk) -> Result<()>) -> String {
        let mut chunk = Chunk::begin(&OPTIONS, true);
        assert!(write(&mut chunk).is_ok());
        String::from_utf8(chunk.finish().0.unwrap_or_default().to_vec()).unwrap_or_default()
    }

    #[test]
    fn an_item_is_an_event_or_a_line() {
        assert_eq!(written(|out| Encode("a\nb").write(Wire::Sse, out)), "data: \"a\\nb\"\n\n");
        assert_eq!(written(|out| Encode("a\nb").write(Wire::Ndjson, out)), "\"a\\nb\"\n");
    }

    #[test]
    fn an_event_is_its_fields_and_data_and_in_ndjson_its_data() {
        let event = || Event::new([1, 2]).id(7).event("pair");
        assert_eq!(
            written(|out| Encode(event()).write(Wire::Sse, out)),
            "id: 7\nevent: pair\ndata: [1,2]\n\n"
        );
        assert_eq!(written(|out| Encode(event()).write(Wire::Ndjson, out)), "[1,2]\n");
    }

    #[test]
    fn a_comment_has_no_data() {
        let comment = || Event::<()>::only_comment("hello");
        assert_eq!(written(|out| Encode(comment()).write(Wire::Sse, out)), ": hello\n\n");
        assert_eq!(written(|out| Encode(comment()).write(Wire::Ndjson, out)), "");
    }

    #[test]
    fn raw_json_stays_on_one_line() -> Result<()> {
        let raw = RawValue::from_string("{\r\n \"a\": \"b\\n\"\n}".to_owned())?;
        let map = BTreeMap::from([("raw", raw)]);
        assert_eq!(
            written(|out| Encode(map).write(Wire::Sse, out)),
            "data: {\"raw\":{   \"a\": \"b\\n\" }}\n\n"
        );
        Ok(())
    }

    #[test]
    fn bytes_go_as_they_are() {
        let all = written(|out| {
            Encode("a").bytes(out)?;
            Encode("b".to_owned()).bytes(out)?;
            Encode(vec![b'c']).bytes(out)?;
            Encode(Bytes::from_static(b"d")).bytes(out)
        });
        assert_eq!(all, "abcd");
    }
}
