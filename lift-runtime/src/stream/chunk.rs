//! What a producer writes into, and what of it becomes frames of the body.

use std::cell::Cell;

use bytes::Bytes;

use crate::stream::options::Options;

thread_local! {
    /// Buffers for all streams that are polled on a thread: a stream that is silent holds none.
    static SCRATCH: Cell<Vec<Vec<u8>>> = const { Cell::new(Vec::new()) };
}

/// So many are kept: as many as one write of the local server has gathered.
const BUFFERS: usize = 16;

/// One that has grown beyond this, for an item that large, is not kept.
const KEPT: usize = 64 * 1024;

/// What is smaller than this is not worth to be kept.
const WORTH: usize = 4 * 1024;

/// From this size on an item of a `bytes` stream is its own frame, and is not copied.
const WHOLE: usize = 4 * 1024;

/// Items, encoded and joined, on their way to the transport.
#[derive(Debug)]
pub struct Chunk {
    text: Vec<u8>,
    /// Where the last whole item ends: what stands behind it is half an item, which an error left.
    committed: usize,
    whole: Option<Bytes>,
    items: usize,
    most_items: usize,
    most_bytes: usize,
}

impl Chunk {
    /// One into which nothing goes.
    pub(crate) const EMPTY: Self =
        Self { text: Vec::new(), committed: 0, whole: None, items: 0, most_items: 0, most_bytes: 0 };

    /// An empty chunk, in a buffer of this thread's; `asked` if the transport waits for it.
    pub(crate) fn begin(options: &Options, asked: bool) -> Self {
        let mut text = buffers(Vec::pop).unwrap_or_default();
        // One more item fits behind a chunk that is nearly full.
        text.reserve(options.chunk + options.chunk / 8);
        Self { text, most_items: options.most_items(asked), most_bytes: options.chunk, ..Self::EMPTY }
    }

    /// Whether the producer has to wait until the transport takes it.
    pub(crate) fn is_full(&self) -> bool {
        self.items >= self.most_items || self.committed >= self.most_bytes || self.whole.is_some()
    }

    /// How many items it holds.
    pub(crate) fn items(&self) -> usize {
        self.items
    }

    /// Where an item is written.
    pub(crate) fn text(&mut self) -> &mut Vec<u8> {
        // Of an item that panicked, and whose producer has caught that, half may be there.
        self.text.truncate(self.committed);
        &mut self.text
    }

    /// The item is complete.
    pub(crate) fn commit(&mut self) {
        self.items += 1;
        self.committed = self.text.len();
    }

    /// An item that is bytes already.
    pub(crate) fn push(&mut self, bytes: Bytes) {
        if bytes.len() < WHOLE {
            self.text().extend_from_slice(&bytes);
        } else {
            self.whole = Some(bytes);
        }
        self.commit();
    }

    /// Its frames, in order. The buffer goes back to the thread, unless so much of it is filled that it becomes one.
    pub(crate) fn finish(mut self) -> (Option<Bytes>, Option<Bytes>) {
        self.text.truncate(self.committed);
        let text = if self.text.is_empty() {
            None
        } else if self.text.len() >= self.text.capacity() / 2 {
            Some(Bytes::from(std::mem::take(&mut self.text)))
        } else {
            Some(Bytes::copy_from_slice(&self.text))
        };
        keep(self.text);
        (text, self.whole)
    }
}

/// A frame has been written: its memory is the next one's, if it is nobody else's.
pub(crate) fn recycle(frame: Bytes) {
    if let Ok(mut frame) = frame.try_into_mut() {
        frame.clear();
        keep(frame.into());
    }
}

fn keep(mut buffer: Vec<u8>) {
    if (WORTH..=KEPT).contains(&buffer.capacity()) {
        buffer.clear();
        buffers(|all| {
            if all.len() < BUFFERS {
                all.push(buffer);
            }
        });
    }
}

fn buffers<R>(f: impl FnOnce(&mut Vec<Vec<u8>>) -> R) -> R {
    let mut all = SCRATCH.take();
    let result = f(&mut all);
    SCRATCH.set(all);
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::options::Format;

    const OPTIONS: Options = Options::new(Format::Bytes).buffer(4).chunk(8);

    #[test]
    fn half_an_item_never_leaves() {
        let mut chunk = Chunk::begin(&OPTIONS, true);
        chunk.push(Bytes::from_static(b"one"));
        chunk.text().extend_from_slice(b"tw");
        assert_eq!(chunk.finish(), (Some(Bytes::from_static(b"one")), None));
    }

    #[test]
    fn it_is_full_by_items_by_bytes_and_by_one_large_item() {
        let mut chunk = Chunk::begin(&OPTIONS, true);
        for _ in 0..4 {
            assert!(!chunk.is_full());
            chunk.push(Bytes::from_static(b"1"));
        }
        assert!(chunk.is_full());
        let mut chunk = Chunk::begin(&OPTIONS, true);
        chunk.push(Bytes::from_static(b"12345678"));
        assert!(chunk.is_full());
        let mut chunk = Chunk::begin(&OPTIONS, true);
        let large = Bytes::from(vec![7; WHOLE]);
        chunk.push(Bytes::from_static(b"small"));
        chunk.push(large.clone());
        assert!(chunk.is_full());
        let (text, whole) = chunk.finish();
        assert_eq!(text, Some(Bytes::from_static(b"small")));
        assert_eq!(whole.map(|whole| whole.as_ptr()), Some(large.as_ptr()), "a large item is not copied");
    }

    #[test]
    fn a_frame_that_is_written_is_the_next_ones_memory() {
        let options = Options::new(Format::Bytes).chunk(WORTH);
        let mut chunk = Chunk::begin(&options, true);
        chunk.push(Bytes::from(vec![7; WORTH - 1]));
        chunk.push(Bytes::from_static(b"8"));
        let text = chunk.finish().0.expect("a frame");
        let (at, shared) = (text.as_ptr(), text.clone());
        recycle(text);
        assert_ne!(Chunk::begin(&options, true).text.as_ptr(), at, "somebody holds it");
        recycle(shared);
        assert_eq!(Chunk::begin(&options, true).text.as_ptr(), at);
    }

    #[test]
    fn the_threads_buffer_comes_back() {
        let chunk = Chunk::begin(&Options::new(Format::Ndjson), true);
        let first = chunk.text.as_ptr();
        drop(chunk.finish());
        let mut chunk = Chunk::begin(&Options::new(Format::Ndjson), true);
        chunk.push(Bytes::from_static(b"small"));
        assert_eq!(chunk.text.as_ptr(), first);
        let (text, _) = chunk.finish();
        assert_ne!(text.map(|text| text.as_ptr()), Some(first), "what is small is copied out");
    }
}
