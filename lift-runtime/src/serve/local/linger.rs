//! How a connection is closed: not before its client has seen the end.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::ready;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::time::timeout;

/// How long a client may take to see that a connection has ended.
const LONGEST: Duration = Duration::from_secs(2);
/// How much of what it sends meanwhile is read.
const MOST: usize = 32 << 20;
/// How much at once, of the stack: ten thousand connections may end together.
const PIECE: usize = 8 * 1024;

/// Ends a connection, and reads what the client sends until it has seen the end: to what comes after a socket was closed the
/// system answers by a reset, and what the client has not read by then is lost
/// ([RFC 9112 §9.6](https://www.rfc-editor.org/rfc/rfc9112#section-9.6)).
pub(crate) async fn linger<Io: AsyncRead + AsyncWrite + Unpin>(io: &mut Io) -> io::Result<()> {
    let ended = async {
        io.shutdown().await?;
        let mut left = MOST;
        poll_fn(|cx| {
            loop {
                let mut piece = [MaybeUninit::uninit(); PIECE];
                let mut piece = ReadBuf::uninit(&mut piece);
                ready!(Pin::new(&mut *io).poll_read(cx, &mut piece))?;
                left = left.saturating_sub(piece.filled().len());
                if piece.filled().is_empty() || left == 0 {
                    return Ok(()).into();
                }
            }
        })
        .await
    };
    timeout(LONGEST, ended).await.unwrap_or(Ok(()))
}
