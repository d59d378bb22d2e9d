//! A large message's buffers are given back, and nothing of what comes meanwhile is lost with them.

use lift::App;
use lift::prelude::*;
use lift::websocket::Message;
use tokio::net::TcpStream;

use crate::client::{BINARY, CONTINUATION, Client, FIN, PING, PONG, Server, TEXT, frame};

#[websocket("/large", max_message = "4MiB")]
async fn large(message: Message) -> Message {
    message
}

const LARGE: usize = 2 << 20;

async fn open() -> (Server, Client) {
    let server = Server::start(App::new().routes(routes![large])).await;
    let client = server.open("/large").await;
    (server, client)
}

async fn echoes(client: &mut Client<TcpStream>, kind: u8, payload: Vec<u8>) {
    client.send(FIN | kind, &payload).await;
    assert!(client.next().await == Some((FIN | kind, payload)), "it comes back as it was");
}

#[test]
fn what_a_large_message_took_is_given_back() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (server, mut client) = runtime.block_on(open());
    runtime.block_on(echoes(&mut client, TEXT, b"small".to_vec()));
    let measured = allocation_counter::measure(|| {
        runtime.block_on(async {
            echoes(&mut client, BINARY, vec![7; LARGE]).await;
            echoes(&mut client, TEXT, vec![b'x'; LARGE]).await;
            client.send(BINARY, &vec![7; LARGE / 2]).await;
            client.send(FIN | CONTINUATION, &vec![7; LARGE / 2]).await;
            assert!(client.next().await == Some((FIN | BINARY, vec![7; LARGE])));
            // The server's task runs on this thread: once more, and it has come to rest.
            echoes(&mut client, TEXT, b"small".to_vec()).await;
            tokio::task::yield_now().await;
        });
    });
    let (held, most) = (measured.bytes_current, measured.bytes_max);
    assert!(most > 2 * LARGE as u64, "its buffers are seen: {most} bytes");
    assert!(held < 16 * 1024, "{held} bytes are held by a silent connection");
    runtime.block_on(async {
        drop(client);
        server.stop().await;
    });
}

#[tokio::test]
async fn what_comes_in_pieces_after_a_large_message_is_whole() {
    let (server, mut client) = open().await;
    // In each place in which bytes may lie when the buffers are exchanged.
    let mut small = frame(FIN | TEXT, b"of thirty bytes, and of a few more");
    small.extend(frame(FIN | BINARY, &[9; 300]));
    for cut in 0..60 {
        client.write(&[frame(FIN | BINARY, &[7; 20_000]), small[..cut].to_vec()].concat()).await;
        assert!(client.next().await == Some((FIN | BINARY, vec![7; 20_000])));
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        client.write(&small[cut..]).await;
        assert_eq!(client.next().await, Some((FIN | TEXT, b"of thirty bytes, and of a few more".to_vec())));
        assert_eq!(client.next().await, Some((FIN | BINARY, vec![9; 300])));
    }
    // Within a message.
    client.send(FIN | BINARY, &[7; 20_000]).await;
    client.send(TEXT, b"be").await;
    assert!(client.next().await == Some((FIN | BINARY, vec![7; 20_000])));
    client.send(FIN | PING, b"there?").await;
    assert_eq!(client.next().await, Some((FIN | PONG, b"there?".to_vec())));
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    client.send(FIN | CONTINUATION, b"gun").await;
    assert_eq!(client.next().await, Some((FIN | TEXT, b"begun".to_vec())));
    server.stop().await;
}
