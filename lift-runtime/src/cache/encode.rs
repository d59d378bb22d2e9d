//! Entries as bytes, for stores outside the process.
//!
//! One format with a version and a checksum. Bytes of another version, damaged bytes and another key's entry are
//! a miss, never an error: two releases of an app may share one store.

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use twox_hash::XxHash3_64;

use super::entry::Times;
use super::store::Generation;

/// What an entry begins with: a name and the version of the format.
const MAGIC: [u8; 4] = *b"LFT\x01";

const CHECKSUM: usize = size_of::<u64>();

/// An entry, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Encoded {
    pub(crate) times: Times,
    /// What the names of the generations hash to, for a release may change an endpoint's tags.
    pub(crate) names: u64,
    pub(crate) generations: Vec<Generation>,
    /// What the payload is; the codec knows.
    pub(crate) kind: u8,
    /// The whole key.
    pub(crate) key: Bytes,
    pub(crate) payload: Bytes,
}

impl Encoded {
    /// The bytes of an entry, whose payload is compressed if that is over so many bytes and pays.
    pub(crate) fn to_bytes(&self, compress_over: usize) -> Bytes {
        let packed = (self.payload.len() > compress_over).then(|| compress(&self.payload)).flatten();
        let (form, payload) = packed.as_deref().map_or((PLAIN, &*self.payload), |packed| (LZ4, packed));
        let size = 64 + self.generations.len() * 16 + self.key.len() + payload.len() + CHECKSUM;
        let mut bytes = BytesMut::with_capacity(size);
        bytes.put_slice(&MAGIC);
        bytes.put_u8(self.kind);
        bytes.put_u8(form);
        let Times { created, fresh_until, stale_until, error_until } = self.times;
        for time in [created, fresh_until, stale_until, error_until] {
            bytes.put_u64_le(time);
        }
        bytes.put_u64_le(self.names);
        bytes.put_u32_le(u32::try_from(self.generations.len()).unwrap_or(u32::MAX));
        for generation in &self.generations {
            bytes.put_u128_le(generation.0);
        }
        bytes.put_u64_le(self.key.len() as u64);
        bytes.put_slice(&self.key);
        bytes.put_slice(payload);
        let checksum = XxHash3_64::oneshot(&bytes);
        bytes.put_u64_le(checksum);
        bytes.freeze()
    }

    /// Takes bytes apart; `None` if they are not a whole entry of this format.
    pub(crate) fn from_bytes(mut bytes: Bytes) -> Option<Self> {
        let sum = bytes.split_off(bytes.len().checked_sub(CHECKSUM)?);
        let damaged = sum.clone().get_u64_le() != XxHash3_64::oneshot(&bytes);
        if damaged || bytes.try_get_u32_le().ok()? != u32::from_le_bytes(MAGIC) {
            return None;
        }
        let kind = bytes.try_get_u8().ok()?;
        let form = bytes.try_get_u8().ok()?;
        let mut time = || bytes.try_get_u64_le().ok();
        let times =
            Times { created: time()?, fresh_until: time()?, stale_until: time()?, error_until: time()? };
        let names = time()?;
        let count = usize::try_from(bytes.try_get_u32_le().ok()?).ok()?;
        if bytes.remaining() / 16 < count {
            return None;
        }
        let generations =
            (0..count).map(|_| bytes.try_get_u128_le().ok().map(Generation)).collect::<Option<_>>()?;
        let length = usize::try_from(bytes.try_get_u64_le().ok()?).ok()?;
        if bytes.remaining() < length {
            return None;
        }
        let key = bytes.split_to(length);
        let payload = match form {
            PLAIN => bytes,
            LZ4 => decompress(bytes)?,
            _ => return None,
        };
        Some(Self { times, names, generations, kind, key, payload })
    }
}

/// How a payload is written.
const PLAIN: u8 = 0;
/// Its length in eight bytes, and an LZ4 block.
const LZ4: u8 = 1;

/// A payload compressed; `None` if that does not make it smaller.
#[cfg(feature = "compression")]
fn compress(payload: &[u8]) -> Option<Vec<u8>> {
    let packed = lz4_flex::block::compress(payload);
    (packed.len() + size_of::<u64>() < payload.len())
        .then(|| [&(payload.len() as u64).to_le_bytes()[..], &packed].concat())
}

#[cfg(feature = "compression")]
fn decompress(mut bytes: Bytes) -> Option<Bytes> {
    let length = usize::try_from(bytes.try_get_u64_le().ok()?).ok()?;
    // A block never holds more than 255 times its own size: a length that says so lies.
    if length / 255 > bytes.len() {
        return None;
    }
    let payload = lz4_flex::block::decompress(&bytes, length).ok()?;
    (payload.len() == length).then(|| payload.into())
}

#[cfg(not(feature = "compression"))]
fn compress(_: &[u8]) -> Option<Vec<u8>> {
    None
}

/// Another release may have compressed it; to this one it is as an entry of another format.
#[cfg(not(feature = "compression"))]
fn decompress(_: Bytes) -> Option<Bytes> {
    None
}

/// What some names hash to.
pub(crate) fn digest(names: &[Box<[u8]>]) -> u64 {
    let mut all = Vec::new();
    for name in names {
        all.extend_from_slice(&(name.len() as u64).to_le_bytes());
        all.extend_from_slice(name);
    }
    XxHash3_64::oneshot(&all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Encoded {
        Encoded {
            times: Times { created: 1, fresh_until: 2, stale_until: 3, error_until: 4 },
            names: 5,
            generations: vec![Generation(6), Generation(u128::MAX)],
            kind: 7,
            key: Bytes::from_static(b"key"),
            payload: Bytes::from_static(b"payload"),
        }
    }

    #[test]
    fn an_entry_comes_back_as_it_went() {
        assert_eq!(Encoded::from_bytes(sample().to_bytes(usize::MAX)), Some(sample()));
        let empty = Encoded { generations: vec![], key: Bytes::new(), payload: Bytes::new(), ..sample() };
        assert_eq!(Encoded::from_bytes(empty.to_bytes(usize::MAX)), Some(empty));
    }

    #[cfg(feature = "compression")]
    #[test]
    fn what_is_compressed_comes_back_and_takes_less() {
        let large = Encoded { payload: vec![7; 100_000].into(), ..sample() };
        let bytes = large.to_bytes(1024);
        assert!(bytes.len() < 1_000, "{}", bytes.len());
        assert_eq!(Encoded::from_bytes(bytes), Some(large.clone()));
        assert!(large.to_bytes(100_000).len() > 100_000, "it is not over the size");
        let noise: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(10_000).collect();
        let noise = Encoded { payload: noise.into(), ..sample() };
        assert_eq!(
            noise.to_bytes(1024),
            noise.to_bytes(usize::MAX),
            "what compression does not shrink stays"
        );
    }

    #[cfg(feature = "compression")]
    #[test]
    fn a_length_that_lies_is_refused_before_anything_is_made_of_it() {
        let packed = lz4_flex::block::compress(&[7; 1000]);
        for length in [0_u64, 999, 1001, u64::MAX] {
            assert_eq!(decompress([&length.to_le_bytes()[..], &packed].concat().into()), None, "{length}");
        }
        assert_eq!(decompress(Bytes::new()), None);
    }

    #[test]
    fn damage_anywhere_is_seen() {
        let whole = sample().to_bytes(usize::MAX);
        for length in 0..whole.len() {
            assert_eq!(Encoded::from_bytes(whole.slice(..length)), None, "cut at {length}");
        }
        for place in 0..whole.len() {
            let mut bytes = whole.to_vec();
            bytes[place] ^= 0x40;
            assert_eq!(Encoded::from_bytes(bytes.into()), None, "flipped at {place}");
        }
    }

    #[test]
    fn lengths_that_lie_are_refused_even_with_a_right_checksum() {
        let whole = sample().to_bytes(usize::MAX);
        let mut bytes = whole[..whole.len() - CHECKSUM].to_vec();
        bytes[46..50].copy_from_slice(&u32::MAX.to_le_bytes());
        let sum = XxHash3_64::oneshot(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        assert_eq!(Encoded::from_bytes(bytes.into()), None);
    }

    #[test]
    fn another_version_is_a_miss() {
        let whole = sample().to_bytes(usize::MAX);
        let mut bytes = whole[..whole.len() - CHECKSUM].to_vec();
        bytes[3] = 2;
        let sum = XxHash3_64::oneshot(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        assert_eq!(Encoded::from_bytes(bytes.into()), None);
    }
}
