//! How a connection is closed whose client may be sending still.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

/// How long a client may take to see that a connection has ended.
const LONGEST: Duration = Duration::from_secs(2);
/// How much of what it sends meanwhile is read.
const MOST: u64 = 32 << 20;

/// Ends a connection, and reads what the client sends until it has seen the end: closed with something unread, a connection
/// is reset, and what the client has not read by then is lost
/// ([RFC 9112 §9.6](https://www.rfc-editor.org/rfc/rfc9112#section-9.6)).
pub(crate) async fn linger<Io: AsyncRead + AsyncWrite + Unpin>(io: &mut Io) -> io::Result<()> {
    let ended = async {
        io.shutdown().await?;
        tokio::io::copy(&mut io.take(MOST), &mut tokio::io::sink()).await
    };
    timeout(LONGEST, ended).await.map_or(Ok(()), |ended| ended.map(drop))
}
