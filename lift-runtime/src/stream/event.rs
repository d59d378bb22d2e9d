//! A server-sent event, and how it is written
//! ([WHATWG HTML, server-sent events](https://html.spec.whatwg.org/multipage/server-sent-events.html)).

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// A server-sent event: an item with an id, a name, a hint when to come back, or a comment. The data are JSON.
///
/// ```
/// use lift_runtime::stream::Event;
/// let event = Event::new("parcel 7").id(3).event("shipped");
/// # drop(event);
/// ```
///
/// In an NDJSON stream, only its data are written.
#[derive(Clone, Debug, PartialEq)]
pub struct Event<T> {
    pub(crate) data: Option<T>,
    id: Option<Box<str>>,
    event: Option<Cow<'static, str>>,
    retry: Option<Duration>,
    comment: Option<Cow<'static, str>>,
}

impl<T> Event<T> {
    /// An event with data.
    pub const fn new(data: T) -> Self {
        Self { data: Some(data), id: None, event: None, retry: None, comment: None }
    }

    /// A comment alone, which clients ignore. Each of its lines becomes a line.
    pub fn only_comment(text: impl Into<Cow<'static, str>>) -> Self {
        Self { data: None, id: None, event: None, retry: None, comment: Some(text.into()) }
    }

    /// The event's id, which a browser sends back as `Last-Event-ID` when it resumes. Line breaks and NUL, which an id
    /// cannot hold, are left out.
    #[must_use]
    pub fn id(mut self, id: impl fmt::Display) -> Self {
        self.id = Some(id.to_string().into());
        self
    }

    /// The event's name, by which a browser's listener is chosen; `message` without one. Line breaks are left out.
    #[must_use]
    pub fn event(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.event = Some(name.into());
        self
    }

    /// After how long a browser comes back, from now on, when the stream breaks. Written in whole milliseconds.
    #[must_use]
    pub const fn retry(mut self, after: Duration) -> Self {
        self.retry = Some(after);
        self
    }

    /// A comment beside the data, which clients ignore.
    #[must_use]
    pub fn comment(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.comment = Some(text.into());
        self
    }

    /// Everything but the data, which come next.
    pub(crate) fn write_fields(&self, out: &mut Vec<u8>) {
        self.write_fields_under(self.id.as_deref(), out);
    }

    /// The same under another id.
    pub(crate) fn write_fields_under(&self, id: Option<&str>, out: &mut Vec<u8>) {
        if let Some(comment) = &self.comment {
            for line in comment.split(['\r', '\n']).filter(|line| !line.is_empty()) {
                out.extend_from_slice(b": ");
                out.extend_from_slice(line.as_bytes());
                out.push(b'\n');
            }
        }
        if let Some(retry) = self.retry {
            write_retry(retry, out);
        }
        if let Some(id) = id {
            write_field(b"id: ", id, out);
        }
        if let Some(event) = &self.event {
            write_field(b"event: ", event, out);
        }
    }
}

impl<T> From<T> for Event<T> {
    fn from(data: T) -> Self {
        Self::new(data)
    }
}

/// A field whose value comes from the app, and may come from a client: it never ends its line.
fn write_field(name: &[u8], value: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(name);
    if value.bytes().any(is_forbidden) {
        out.extend(value.bytes().filter(|byte| !is_forbidden(*byte)));
    } else {
        out.extend_from_slice(value.as_bytes());
    }
    out.push(b'\n');
}

const fn is_forbidden(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n' | 0)
}

/// The field `retry`.
pub(crate) fn write_retry(after: Duration, out: &mut Vec<u8>) {
    out.extend_from_slice(b"retry: ");
    out.extend_from_slice(after.as_millis().to_string().as_bytes());
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(event: &Event<()>, expected: &str) {
        let mut out = Vec::new();
        event.write_fields(&mut out);
        assert_eq!(String::from_utf8(out).as_deref(), Ok(expected));
    }

    #[test]
    fn fields_are_lines() {
        check(&Event::new(()), "");
        check(&Event::new(()).id(4).event("shipped"), "id: 4\nevent: shipped\n");
        check(&Event::new(()).retry(Duration::from_secs(3)).id("a b"), "retry: 3000\nid: a b\n");
    }

    #[test]
    fn a_value_cannot_begin_another_line() {
        check(&Event::new(()).id("4\r\n\ndata: forged\0"), "id: 4data: forged\n");
        check(&Event::new(()).event("a\nretry: 0"), "event: aretry: 0\n");
        check(&Event::only_comment("one\r\ntwo\n\ndata: 3"), ": one\n: two\n: data: 3\n");
    }
}
