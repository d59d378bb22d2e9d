//! What expansions call.

pub use crate::stream::chunk::Chunk;
pub use crate::stream::emitted::{Emitted, Emitter, StreamResult};
pub use crate::stream::encode::{Encode, EncodeItem, EncodeReady};
pub use crate::stream::item::{Item, PlainItem};
pub use crate::stream::options::{Format, Options, Wire};
