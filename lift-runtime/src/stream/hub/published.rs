//! An event of a hub, encoded once for all who get it.

use std::marker::PhantomData;
use std::ops::Range;

use bytes::Bytes;
use serde::Serialize;

use super::id::Position;
use crate::error::Result;
use crate::stream::chunk::Chunk;
use crate::stream::encode::{Encode, EncodeReady, write_line};
use crate::stream::event::Event;
use crate::stream::options::Wire;

/// An event as a hub's subscribers get it: encoded, and shared by all of them. A stream sends it as it is, whatever
/// its format.
pub struct Published<T> {
    frame: Frame,
    item: PhantomData<fn() -> T>,
}

/// An event in each format, in one piece of memory: the line of NDJSON stands within the server-sent event.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    sse: Bytes,
    line: Range<usize>,
    json: Range<usize>,
}

impl Frame {
    /// An event of a topic, under the topic's id.
    pub(super) fn new(position: Position, event: &Encoded<'_>) -> Self {
        let Encoded { fields, json } = event;
        let mut sse = Vec::with_capacity(fields.len() + json.len() + 64);
        sse.extend_from_slice(format!("id: {position}\n").as_bytes());
        sse.extend_from_slice(fields);
        let (mut range, mut line) = (0..0, 0..0);
        if !json.is_empty() {
            sse.extend_from_slice(b"data: ");
            range = sse.len()..sse.len() + json.len();
            line = range.start..range.end + 1;
            sse.extend_from_slice(json);
            sse.push(b'\n');
        }
        sse.push(b'\n');
        Self { sse: sse.into(), line, json: range }
    }

    /// Where a subscriber stands that has missed events; `None` if it is not known how many.
    pub(crate) fn gap(position: Position, missed: Option<u64>) -> Self {
        let missed = missed.map_or_else(|| "null".to_owned(), |missed| missed.to_string());
        let head = format!("id: {position}\nevent: gap\ndata: ");
        let json = format!("{{\"missed\":{missed}}}");
        let at = head.len();
        // Both are one text, so that a line of NDJSON is a slice here, too; there it says what it is.
        let line = format!("{{\"gap\":{json}}}\n");
        let sse_len = at + json.len() + 2;
        let text = format!("{head}{json}\n\n{line}");
        Self { sse: text.into_bytes().into(), line: sse_len..sse_len + line.len(), json: at..at + json.len() }
    }

    /// Where a subscriber begins, which a browser remembers and shows to nobody: an id without data.
    pub(crate) fn mark(position: Position) -> Self {
        Self { sse: format!("id: {position}\n\n").into_bytes().into(), line: 0..0, json: 0..0 }
    }

    /// How large it is.
    pub(super) fn len(&self) -> usize {
        self.sse.len()
    }

    fn sse(mut self) -> Bytes {
        // A gap's line stands behind its event.
        if self.line.start > self.json.end {
            self.sse.truncate(self.line.start);
        }
        self.sse
    }

    fn ndjson(&self) -> Bytes {
        self.sse.slice(self.line.clone())
    }
}

/// An event without its id: the other fields as lines, and the data, as it travels between processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Encoded<'a> {
    pub(super) fields: &'a [u8],
    pub(super) json: &'a [u8],
}

/// The text of an event without its id, and where in it the data begin.
pub(super) fn encode<T: Serialize>(event: &Event<T>) -> Result<(Vec<u8>, usize)> {
    let mut text = Vec::with_capacity(128);
    event.write_fields_under(None, &mut text);
    let fields = text.len();
    if let Some(data) = &event.data {
        write_line(data, &mut text)?;
        // The line's end.
        text.pop();
    }
    Ok((text, fields))
}

impl<T> Published<T> {
    pub(crate) fn new(frame: Frame) -> Self {
        Self { frame, item: PhantomData }
    }

    /// The event's data, as JSON; empty where there are none, as in what begins a subscription.
    pub fn json(&self) -> &[u8] {
        &self.frame.sse[self.frame.json.clone()]
    }

    /// The whole event, as an `EventSource` reads it.
    pub fn as_sse(&self) -> Bytes {
        self.frame.clone().sse()
    }
}

impl<T> Clone for Published<T> {
    fn clone(&self) -> Self {
        Self::new(self.frame.clone())
    }
}

impl<T> std::fmt::Debug for Published<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Published").field(&String::from_utf8_lossy(&self.as_sse())).finish()
    }
}

impl<T> EncodeReady for Encode<Published<T>> {
    fn write(self, wire: Wire, out: &mut Chunk) -> Result<()> {
        let Self(Published { frame, .. }) = self;
        out.push(if wire == Wire::Sse { frame.sse() } else { frame.ndjson() });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Position = Position { epoch: 10, number: 3 };

    fn check(frame: Frame, sse: &str, line: &str, json: &str) {
        let published = Published::<()>::new(frame);
        assert_eq!(published.as_sse(), sse);
        assert_eq!(published.frame.ndjson(), line);
        assert_eq!(published.json(), json.as_bytes());
    }

    fn of<T: Serialize>(event: &Event<T>) -> Frame {
        let (text, at) = encode(event).expect("it serialises");
        let (fields, json) = text.split_at(at);
        Frame::new(AT, &Encoded { fields, json })
    }

    #[test]
    fn one_text_is_every_format() {
        let id = "id: 000000000000000a-3\n";
        let event = Event::new([1, 2]).event("pair").id("its own");
        check(of(&event), &format!("{id}event: pair\ndata: [1,2]\n\n"), "[1,2]\n", "[1,2]");
        check(of(&Event::<()>::only_comment("x")), &format!("{id}: x\n\n"), "", "");
        check(Frame::mark(AT), &format!("{id}\n"), "", "");
        let gap = format!("{id}event: gap\ndata: {{\"missed\":7}}\n\n");
        check(Frame::gap(AT, Some(7)), &gap, "{\"gap\":{\"missed\":7}}\n", "{\"missed\":7}");
        let unknown = format!("{id}event: gap\ndata: {{\"missed\":null}}\n\n");
        check(Frame::gap(AT, None), &unknown, "{\"gap\":{\"missed\":null}}\n", "{\"missed\":null}");
    }
}
