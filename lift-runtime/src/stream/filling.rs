//! The chunk that is being filled on a thread, for as long as its producer is polled there.

use std::cell::RefCell;
use std::mem;

use crate::error::{Error, Result};
use crate::stream::chunk::Chunk;

thread_local! {
    static FILLING: RefCell<Filling> = const { RefCell::new(Filling::NOBODYS) };
}

/// A chunk, and whose items go into it.
#[derive(Debug)]
pub(super) struct Filling {
    /// The address of a channel, which outlives this; 0 is nobody's.
    owner: usize,
    chunk: Chunk,
    /// What an item failed with that was to be written.
    failure: Option<Error>,
}

/// Whether another item fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    Left,
    None,
}

impl Filling {
    const NOBODYS: Self = Self { owner: 0, chunk: Chunk::EMPTY, failure: None };

    /// A chunk for the items of `owner`.
    pub(super) fn new<C>(owner: &C, chunk: Chunk) -> Self {
        Self { owner: address(owner), chunk, failure: None }
    }

    #[inline]
    pub(super) fn has_room(&self) -> bool {
        !self.chunk.is_full() && self.failure.is_none()
    }

    /// Writes an item. If that fails, nothing is written any more.
    #[inline]
    pub(super) fn write<T>(&mut self, item: T, encode: impl FnOnce(T, &mut Chunk) -> Result<()>) {
        if let Err(error) = encode(item, &mut self.chunk) {
            self.failure = Some(error);
        }
    }

    pub(super) fn take_failure(&mut self) -> Option<Error> {
        self.failure.take()
    }

    pub(super) fn into_chunk(self) -> Chunk {
        self.chunk
    }
}

/// Calls `f`, in which items of the chunk's owner are written into it.
pub(super) fn scope<R>(filling: &mut Filling, f: impl FnOnce() -> R) -> R {
    struct Restored<'a>(&'a mut Filling);

    impl Drop for Restored<'_> {
        fn drop(&mut self) {
            swap(self.0);
        }
    }

    swap(filling);
    let _restored = Restored(filling);
    f()
}

/// While an item is written, the chunk stays its owner's: what producers emit that this item polls is queued until they
/// are asked again.
fn swap(filling: &mut Filling) {
    FILLING.with(|of_thread| {
        if let Ok(mut of_thread) = of_thread.try_borrow_mut() {
            mem::swap(filling, &mut of_thread);
        }
    });
}

/// Writes an item of `owner` into its chunk, if that is what this thread is filling and there is room; or gives it back.
#[inline]
pub(super) fn write<C, T>(
    owner: &C,
    item: T,
    encode: impl FnOnce(T, &mut Chunk) -> Result<()>,
) -> Result<Room, T> {
    FILLING.with(|filling| {
        let Ok(mut filling) = filling.try_borrow_mut() else { return Err(item) };
        if filling.owner != address(owner) || !filling.has_room() {
            return Err(item);
        }
        filling.write(item, encode);
        Ok(if filling.has_room() { Room::Left } else { Room::None })
    })
}

/// Whether this thread is polling the producer whose items are `owner`'s.
pub(super) fn is_of<C>(owner: &C) -> bool {
    FILLING.with(|filling| filling.try_borrow().is_ok_and(|filling| filling.owner == address(owner)))
}

fn address<C>(owner: &C) -> usize {
    std::ptr::from_ref(owner).addr()
}
