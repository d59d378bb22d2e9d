//! What a cached result depends on, as bytes.
//!
//! A key is recorded, not hashed: two keys are the same only if all they were made of is. Every part is
//! prefix-free (fixed width, or a length before the bytes), so that no two lists of parts make the same bytes.

use std::fmt;
use std::hash::Hasher;

/// Keys up to this length stand on the stack; longer ones spill to the heap.
const INLINE: usize = 128;

/// The key of a cached result, while it is being written.
///
/// ```
/// use lift_runtime::cache::{Key, KeyPart};
///
/// struct Page { number: u32, size: u32 }
///
/// impl KeyPart for Page {
///     fn write_key(&self, key: &mut Key) {
///         key.part(&self.number);
///         key.part(&self.size);
///     }
/// }
/// ```
#[derive(Clone)]
pub struct Key {
    /// How much of `stack` is used; all of the key stands in `heap` once that is not empty.
    used: usize,
    stack: [u8; INLINE],
    heap: Vec<u8>,
}

impl Key {
    #[inline]
    pub(crate) fn new() -> Self {
        Self { used: 0, stack: [0; INLINE], heap: Vec::new() }
    }

    /// Adds a value.
    #[inline]
    pub fn part<T: KeyPart + ?Sized>(&mut self, part: &T) {
        part.write_key(self);
    }

    /// Adds bytes, after their length.
    #[inline]
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.raw(bytes);
    }

    /// Adds text, such as `format_args!("{sku}:{page}")`, after its length.
    pub fn text(&mut self, text: fmt::Arguments<'_>) {
        self.measured(|key| {
            // Writing into a key cannot fail; a `Display` that fails on its own leaves what it has written.
            let _ = fmt::Write::write_fmt(&mut Text(key), text);
        });
    }

    /// Adds what a [`Hash`](std::hash::Hash) implementation feeds its hasher, after its length: the bytes
    /// themselves, so that values that differ do not meet by accident.
    pub fn hashed<T: std::hash::Hash + ?Sized>(&mut self, value: &T) {
        self.measured(|key| value.hash(&mut Recorder(key)));
    }

    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        if self.heap.is_empty() { &self.stack[..self.used] } else { &self.heap }
    }

    pub(crate) fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Adds bytes whose length is known from what they stand for.
    #[inline]
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        let end = self.used + bytes.len();
        match self.stack.get_mut(self.used..end) {
            Some(room) if self.heap.is_empty() => {
                room.copy_from_slice(bytes);
                self.used = end;
            }
            _ => self.spill(bytes),
        }
    }

    #[cold]
    fn spill(&mut self, bytes: &[u8]) {
        if self.heap.is_empty() {
            self.heap.reserve(2 * (self.used + bytes.len()));
            self.heap.extend_from_slice(&self.stack[..self.used]);
        }
        self.heap.extend_from_slice(bytes);
    }

    /// Adds a length: one byte below 255, nine from there.
    #[inline]
    pub(crate) fn length(&mut self, length: usize) {
        match u8::try_from(length) {
            Ok(short) if short < u8::MAX => self.raw(&[short]),
            _ => {
                self.raw(&[u8::MAX]);
                self.raw(&(length as u64).to_le_bytes());
            }
        }
    }

    /// Adds what `write` writes, after its length.
    fn measured(&mut self, write: impl FnOnce(&mut Self)) {
        let start = self.len();
        self.raw(&[0; 8]);
        write(self);
        let length = (self.len() - start - 8) as u64;
        let bytes = if self.heap.is_empty() { &mut self.stack[..] } else { &mut self.heap[..] };
        bytes[start..start + 8].copy_from_slice(&length.to_le_bytes());
    }
}

impl fmt::Debug for Key {
    /// Its length only: keys hold what clients sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("len", &self.len()).finish()
    }
}

struct Text<'a>(&'a mut Key);

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.raw(text.as_bytes());
        Ok(())
    }
}

/// A hasher that keeps what it is fed.
struct Recorder<'a>(&'a mut Key);

impl Hasher for Recorder<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.0.raw(bytes);
    }

    fn finish(&self) -> u64 {
        // No `Hash` implementation has a use for it; one that asks gets a constant.
        0
    }
}

/// What can be part of a cache key: it writes all of itself that a handler can see.
///
/// `derive(Validate)` implements it. A type without it that is [`Hash`](std::hash::Hash) enters a key by that.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a cache key",
    label = "this argument has no `KeyPart`",
    note = "name what matters of it with `key = \"{{…}}\"`, or leave it out with `skip(…)`",
    note = "a type of your own becomes a part by `#[derive(Validate)]` or `#[derive(Hash)]`"
)]
pub trait KeyPart {
    /// Writes the value into the key, so that no other value of the type, or beginning of one, writes the same.
    fn write_key(&self, key: &mut Key);
}
