//! How a connection is closed behind a stream or a socket: not before its client has seen the end.

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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, duplex};
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_ends_when_the_client_leaves_or_after_a_while_or_when_it_sends_too_much() {
        let (mut io, mut client) = duplex(64 * 1024);
        let start = Instant::now();
        linger(&mut io).await.expect("it waits no longer");
        assert_eq!(start.elapsed(), LONGEST);
        assert_eq!(client.read(&mut [0]).await.expect("the end"), 0);

        let (mut io, mut client) = duplex(64 * 1024);
        let leaves = async move {
            client.write_all(&[b'x'; 100_000]).await.expect("it is read");
        };
        let start = Instant::now();
        tokio::join!(leaves, async { linger(&mut io).await.expect("well") });
        assert_eq!(start.elapsed(), Duration::ZERO);

        let (mut io, mut client) = duplex(64 * 1024);
        let sends = async {
            let all = vec![b'x'; 2 * MOST];
            tokio::select! {
                written = client.write_all(&all) => panic!("{written:?}"),
                () = tokio::time::sleep(LONGEST / 2) => {}
            }
        };
        let lingers = async {
            linger(&mut io).await.expect("well");
            assert_eq!(start.elapsed(), Duration::ZERO);
        };
        tokio::join!(sends, lingers);
    }
}
