//! A socket whose client is a pipe of few bytes, in paused time.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

use super::*;

static OPTIONS: Options = Options::new().write_timeout(10_000).max_message(1 << 20);

static TINY: Options = Options::new().max_message(16);

async fn wire(pipe: usize, options: &'static Options) -> (Wire<DuplexStream>, Arc<Outbox>, DuplexStream) {
    let (io, client) = tokio::io::duplex(pipe);
    let outbox = Arc::new(Outbox::new(16, 1 << 20));
    (Wire::new(io, Arc::clone(&outbox), options).await, outbox, client)
}

/// A frame as a client sends it, with a mask of zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("a short frame");
    [&[first, 0x80 | length, 0, 0, 0, 0], payload].concat()
}

async fn end(wire: &mut Wire<DuplexStream>) -> End {
    match wire.event().await {
        Event::End(end) => end,
        Event::Message(message) => panic!("nothing was said: {message:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn who_takes_nothing_of_a_small_message_is_given_up() {
    let (mut wire, outbox, _client) = wire(16, &OPTIONS).await;
    let began = Instant::now();
    outbox.put(&"x".repeat(100).into());
    assert!(matches!(end(&mut wire).await, End::Lost(_)));
    assert_eq!(began.elapsed(), OPTIONS.write_timeout);
}

#[tokio::test(start_paused = true)]
async fn who_pings_and_reads_nothing_is_not_listened_to_and_given_up() {
    let (mut wire, _outbox, mut client) = wire(1024, &OPTIONS).await;
    let began = Instant::now();
    let pings = tokio::spawn(async move {
        let ping = frame(0x89, &[b'x'; 125]);
        let mut taken = 0;
        while client.write_all(&ping).await.is_ok() {
            taken += 1;
            if taken % 1000 == 0 {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        taken
    });
    assert!(matches!(end(&mut wire).await, End::Lost(_)));
    assert_eq!(began.elapsed(), OPTIONS.write_timeout);
    drop(wire);
    // What the pipe holds both ways, and what was read at once.
    let taken = pings.await.expect("no panic");
    assert!(taken < 100, "{taken} pings were answered into memory");
}

#[tokio::test]
async fn control_frames_are_taken_however_small_a_message_must_be() {
    let (mut wire, _outbox, mut client) = wire(1024, &TINY).await;
    let said = async {
        client.write_all(&frame(0x89, &[b'x'; 125])).await.expect("written");
        let mut pong = [0; 127];
        client.read_exact(&mut pong).await.expect("a pong");
        assert_eq!(pong[..3], [0x8a, 125, b'x']);
        client.write_all(&frame(0x82, &[0; 17])).await.expect("written");
    };
    let (end, ()) = tokio::join!(end(&mut wire), said);
    assert!(matches!(end, End::Close(close) if close.code == crate::websocket::close::TOO_BIG));
}
