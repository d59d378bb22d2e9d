//! Clients that stop reading, and clients that leave.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use crate::app::{FORMATS, WHOLE, serve};
use crate::client::{BOTH, Http, get};

const LONG: Duration = Duration::from_secs(600);

#[tokio::test]
async fn a_client_that_leaves_cancels_the_producer() {
    for http in BOTH {
        let server = serve(LONG).await;
        for format in FORMATS {
            for kind in ["silent", "endless"] {
                let mut answer = get(http, server.address, &format!("/{format}/{kind}")).await;
                assert_eq!(answer.status, 200);
                answer.next().await.expect("an item").expect("well");
                server.producers.until_running(1).await;
                drop(answer);
                server.producers.until_running(0).await;
            }
        }
    }
}

/// On HTTP/1.1 it has to be read past what the client has sent before it left.
#[tokio::test]
async fn a_client_that_has_sent_more_and_leaves_cancels_the_producer() {
    let head =
        "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 8\r\n\r\n";
    let told = head.to_owned() + "\"silent\"";
    let silent = FORMATS.map(|format| format!("GET /{format}/silent HTTP/1.1\r\nhost: a\r\n\r\n"));
    let leaving = async |request: String| {
        let server = serve(LONG).await;
        for more in ["", "GET / HTTP/1.1\r\n", &"x".repeat(17_000), &"x".repeat(1_000_000)] {
            for reset in [false, true] {
                let mut client = TcpStream::connect(server.address).await.expect("connected");
                client.write_all(request.as_bytes()).await.expect("written");
                server.producers.until_running(1).await;
                client.write_all(more.as_bytes()).await.expect("it is read");
                if reset {
                    client.set_zero_linger().expect("a socket");
                }
                drop(client);
                server.producers.until_running(0).await;
            }
        }
    };
    join_all(silent.into_iter().chain([told]).map(leaving)).await;
}

#[tokio::test]
async fn a_client_that_does_not_read_stops_its_producer_and_may_go_on() {
    for http in BOTH {
        for format in FORMATS {
            let server = serve(LONG).await;
            let mut answer = get(http, server.address, &format!("/{format}/endless")).await;
            answer.next().await.expect("an item").expect("well");
            // What is in the buffers of both sockets and of the client's library, and no more.
            let made = server.producers.at_rest().await;
            assert!(made < 400, "{http:?} {format}: {made} items of 64 KiB");
            let mut read = 0;
            while read < made * 64 * 1024 {
                read += answer.next().await.expect("more").expect("well").len();
            }
            assert!(server.producers.made() > made);
        }
    }
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_dropped_after_the_write_timeout() {
    for http in BOTH {
        for format in FORMATS {
            let server = serve(Duration::from_millis(700)).await;
            let mut answer = get(http, server.address, &format!("/{format}/endless")).await;
            answer.next().await.expect("an item").expect("well");
            server.producers.until_running(1).await;
            let start = Instant::now();
            server.producers.until_running(0).await;
            assert!(
                start.elapsed() >= Duration::from_millis(500),
                "{http:?} {format}: {:?}",
                start.elapsed()
            );
            // What was on its way is there, and then the client learns that it is not all.
            let rest = timeout(LONG, answer.rest()).await.expect("an end");
            assert!(!rest.1, "{http:?} {format}");
        }
    }
}

#[tokio::test]
async fn an_answer_of_which_nothing_is_taken_is_given_up_even_if_it_is_no_stream() {
    for http in BOTH {
        let server = serve(Duration::from_millis(700)).await;
        let mut answer = get(http, server.address, "/whole").await;
        answer.next().await.expect("a piece").expect("well");
        sleep(Duration::from_millis(2_000)).await;
        let rest = timeout(LONG, answer.rest()).await.expect("an end");
        assert!(!rest.1 && rest.0.len() < WHOLE / 2, "{http:?}: {} bytes", rest.0.len());
    }
}

#[tokio::test]
async fn a_client_that_reads_slowly_is_waited_for() {
    for http in BOTH {
        let server = serve(Duration::from_millis(2_000)).await;
        let mut answer = get(http, server.address, "/bytes/endless").await;
        answer.next().await.expect("an item").expect("well");
        // All that the sockets and the client's library take is full by then.
        sleep(Duration::from_millis(1_000)).await;
        for _ in 0..12 {
            // Once its window has been shut, Linux opens it again when a sixteenth of its buffer, up to 384 KiB, is free.
            let mut read = 0;
            while read < 512 * 1024 {
                read += answer.next().await.expect("more").expect("well").len();
            }
            sleep(Duration::from_millis(500)).await;
        }
        assert_eq!(server.producers.running(), 1, "{http:?}");
    }
}

#[tokio::test]
async fn silence_is_not_taken_for_a_client_that_does_not_read() {
    for http in BOTH {
        let server = serve(Duration::from_millis(100)).await;
        let mut answer = get(http, server.address, "/sse/silent").await;
        answer.next().await.expect("an item").expect("well");
        sleep(Duration::from_millis(600)).await;
        assert_eq!(server.producers.running(), 1, "{http:?}");
    }
}

#[tokio::test]
async fn a_server_that_stops_ends_streams_with_their_formats_ending() {
    for http in BOTH {
        for (format, last, well) in [
            ("sse", "retry: 1000\n\n", true),
            ("ndjson", "\"code\":\"shutting_down\"", false),
            ("bytes", "x", false),
        ] {
            let server = serve(LONG).await;
            let mut answer = get(http, server.address, &format!("/{format}/silent")).await;
            let first = answer.next().await.expect("an item").expect("well");
            let stopping = tokio::spawn(server.stop());
            let (rest, ended) = timeout(LONG, answer.rest()).await.expect("an end");
            let all = String::from_utf8_lossy(&first).into_owned() + &rest;
            assert!(all.contains(last), "{http:?} {format}: {all}");
            assert_eq!(ended, well, "{http:?} {format}: {all}");
            // The answer's connection is still the client's to close.
            if http == Http::Two {
                drop(answer);
            }
            stopping.await.expect("no panic");
        }
    }
}
