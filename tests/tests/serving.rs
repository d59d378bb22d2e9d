//! An app as a process: its command line, its server, its end, and its life on Lambda.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lift::App;
use lift::test::Event;
use lift_tests::process::{Signal, signal};
use lift_tests::runtime_api::RuntimeApi;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_served"));
    command.env_remove("PORT").env_remove("AWS_LAMBDA_RUNTIME_API").env_remove("LIFT_RESPONSE_MODE");
    command
}

/// A server that ends with its test.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    fn start() -> Self {
        let mut process = program().env("PORT", "0").stdout(Stdio::piped()).spawn().expect("it starts");
        let mut lines = BufReader::new(process.stdout.take().expect("its output")).lines();
        let line = lines.next().expect("a line").expect("text");
        let address = line.strip_prefix("listening on http://").expect(&line).parse().expect("an address");
        // What it logs from now on is read, so that it is never held up.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, address }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
        stream
    }

    /// Sends text and reads until the server closes.
    fn exchange(&self, text: &[u8]) -> String {
        let mut stream = self.connect();
        stream.write_all(text).expect("written");
        let mut answer = Vec::new();
        // A server that refuses a request in the middle may reset the connection after its answer.
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn get(&self, path: &str) -> String {
        self.exchange(
            format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").as_bytes(),
        )
    }

    fn terminate(&self) {
        signal(&self.process, Signal::TERM);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn output(arguments: &[&str], environment: &[(&str, &str)]) -> (bool, String, String) {
    let output = program().args(arguments).envs(environment.iter().copied()).output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.success(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_command_line_tells_what_there_is() {
    let (good, out, _) = output(&["--help"], &[]);
    assert!(
        good && out.starts_with("An app under test.\n") && out.contains("Usage: served [serve]"),
        "{out}"
    );
    let (good, out, _) = output(&["routes"], &[]);
    assert!(good);
    assert_eq!(
        out,
        "GET  /hello         no_tenant          served::hello\nGET  /events/{how}  stream, no_tenant  served::events\n"
    );
}

#[test]
fn what_keeps_it_from_starting_is_one_line() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("its address").to_string();
    let lambda = ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1");
    for (arguments, environment, expected) in [
        (&["--addr", &taken][..], &[][..], "cannot listen on"),
        (&["--addr", "nowhere"], &[], "cannot listen on nowhere: "),
        (&[], &[("PORT", "many")], "cannot listen on 127.0.0.1:many: "),
        (&["sell"], &[], "there is no command `sell`"),
        (&["--loud"], &[], "--loud"),
        (&[], &[lambda], "AWS_LAMBDA_FUNCTION_NAME is not set"),
        (&[], &[lambda, ("LIFT_RESPONSE_MODE", "fast")], "LIFT_RESPONSE_MODE is `fast`; it must be"),
    ] {
        let (good, _, error) = output(arguments, environment);
        assert!(!good && error.contains(expected), "{arguments:?}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[cfg(unix)]
#[test]
fn a_port_that_is_not_text_is_refused() {
    use std::os::unix::ffi::OsStrExt as _;
    let port = std::ffi::OsStr::from_bytes(b"30\xff");
    let output = program().env("PORT", port).output().expect("it runs");
    let error = String::from_utf8(output.stderr).expect("text");
    assert!(!output.status.success() && error.contains("cannot listen on 127.0.0.1:30"), "{error}");
}

#[test]
fn it_serves_and_survives_what_clients_do() {
    let server = Server::start();
    assert!(server.get("/hello").ends_with("\r\n\r\nhello"));
    let panicked = server.get("/panic");
    assert!(panicked.starts_with("HTTP/1.1 500") && !panicked.contains("secret"), "{panicked}");
    let long = "x".repeat(10_000);
    assert!(server.get(&format!("/hello?{long}")).starts_with("HTTP/1.1 200"));
    assert!(server.get("/%FF%00").starts_with("HTTP/1.1 404"));
    // Gone before the answer, and gone in the middle of a body.
    drop(server.connect());
    server
        .connect()
        .write_all(b"POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc")
        .expect("written");
    assert!(server.get("/hello").ends_with("hello"));
}

#[test]
fn heads_that_hyper_refuses_get_problem_documents() {
    let server = Server::start();
    let long = "x".repeat(100_000);
    for (request, status, code) in [
        (format!("GET /hello?{long} HTTP/1.1\r\n\r\n").into_bytes(), "431", "head_too_large"),
        (format!("GET /hello HTTP/1.1\r\nx: {long}\r\n\r\n").into_bytes(), "431", "head_too_large"),
        (b"GET /hello HTTP/1.1\r\nx: a\rb\r\n\r\n".to_vec(), "400", "bad_request"),
        (b"nonsense\r\n\r\n".to_vec(), "400", "bad_request"),
        (b"GET /\xff HTTP/1.1\r\n\r\n".to_vec(), "400", "bad_request"),
        (b"GET /hello HTTP/1.1\r\nhost: a\r\nx: \x01\r\n\r\n".to_vec(), "400", "bad_request"),
    ] {
        let answer = server.exchange(&request);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        assert!(
            answer.contains("application/problem+json") && answer.contains(&format!(r#""code":"{code}""#)),
            "{answer}"
        );
    }
}

#[test]
fn a_connection_that_was_kept_alive_gets_problem_documents_too() {
    let server = Server::start();
    let good = "GET /hello HTTP/1.1\r\nhost: a\r\n\r\n";
    let bad = "GET /hello HTTP/1.1\r\nhost: a\r\nx: \0\r\n\r\n";
    let mut stream = server.connect();
    stream.write_all(good.as_bytes()).expect("written");
    let mut answer = Vec::new();
    while !answer.ends_with(b"hello") {
        let mut piece = [0; 1024];
        let read = stream.read(&mut piece).expect("an answer");
        assert!(read > 0, "it is kept alive");
        answer.extend_from_slice(&piece[..read]);
    }
    stream.write_all(bad.as_bytes()).expect("written");
    let mut rest = String::new();
    stream.read_to_string(&mut rest).expect("an answer");
    for answer in [rest, server.exchange(format!("{good}{bad}").as_bytes())] {
        let refusal = &answer[answer.find("HTTP/1.1 400").expect(&answer)..];
        assert!(refusal.contains("application/problem+json"), "{answer}");
        assert!(refusal.contains(r#""code":"bad_request""#), "{answer}");
    }
    // What the app refuses without a body is its own.
    let own = server.exchange(b"HEAD /nowhere HTTP/1.1\r\nconnection: close\r\n\r\n");
    assert!(own.starts_with("HTTP/1.1 404") && own.ends_with("\r\n\r\n"), "{own}");
}

#[test]
fn http_2_without_tls_is_served() {
    let server = Server::start();
    let mut stream = server.connect();
    // The preface, an empty SETTINGS frame, and its acknowledgement (RFC 9113).
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").expect("written");
    let mut frame = [0; 9];
    stream.read_exact(&mut frame).expect("a frame");
    assert_eq!(frame[3], 4, "the server's SETTINGS");
}

/// The head of an HTTP/2 frame of the first stream.
fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, 1], payload].concat()
}

#[test]
fn http_2_refuses_a_large_head_with_a_problem_document() {
    let server = Server::start();
    let mut stream = server.connect();
    // GET, /, http, and a header `x` of 20 000 bytes (RFC 7541).
    let mut head = b"\x82\x84\x86\x00\x01x\x7f\xa1\x9b\x01".to_vec();
    head.resize(head.len() + 20_000, b'a');
    let (first, rest) = head.split_at(16_384);
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").expect("written");
    // HEADERS that end the stream, and the CONTINUATION that ends the headers.
    stream.write_all(&[frame(1, 1, first), frame(9, 4, rest)].concat()).expect("written");
    let mut answer = Vec::new();
    while !String::from_utf8_lossy(&answer).contains(r#""code":"head_too_large""#) {
        let mut piece = [0; 1024];
        let read = stream.read(&mut piece).expect("an answer");
        assert!(read > 0, "{}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&piece[..read]);
    }
}

#[test]
fn terminated_it_finishes_what_it_has_begun() {
    let mut server = Server::start();
    let mut stream = server.connect();
    stream.write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").expect("written");
    let mut idle = server.connect();
    std::thread::sleep(Duration::from_millis(200));
    let start = Instant::now();
    server.terminate();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.ends_with("slow"), "{answer}");
    assert_eq!(idle.read(&mut [0]).expect("the idle connection is closed"), 0);
    assert!(server.process.wait().expect("it ends").success());
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert!(TcpStream::connect(server.address).is_err());
}

/// Serves an app in this process, where time is paused, until the sender is gone.
async fn serve_paused(
    router: axum::Router,
) -> (tokio::net::TcpStream, oneshot::Sender<()>, JoinHandle<lift::Result<()>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    let (stop, stopped) = oneshot::channel();
    let server = App::new().merge(router).serve(listener, async { drop(stopped.await) });
    let server = tokio::spawn(server);
    (tokio::net::TcpStream::connect(address).await.expect("it listens"), stop, server)
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_finishes_its_head_is_let_go() {
    let (mut client, _stop, _) = serve_paused(axum::Router::new()).await;
    let start = tokio::time::Instant::now();
    client.write_all(b"GET / HTTP/1.1\r\nx: ").await.expect("written");
    assert_eq!(client.read_to_end(&mut Vec::new()).await.expect("closed"), 0);
    assert_eq!(start.elapsed().as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_end_is_cut_off_after_ten_seconds() {
    let endless = || async {
        axum::body::Body::from_stream(futures_util::stream::pending::<Result<&str, std::io::Error>>())
    };
    let (mut client, stop, server) =
        serve_paused(axum::Router::new().route("/", axum::routing::get(endless))).await;
    client.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("written");
    assert!(client.read(&mut [0; 1024]).await.expect("a head") > 0);
    let start = tokio::time::Instant::now();
    drop(stop);
    server.await.expect("it ends").expect("well");
    assert_eq!(start.elapsed().as_secs(), 10);
}

/// A function that ends with its test.
struct Function {
    process: Child,
    api: RuntimeApi,
}

impl Function {
    async fn start(environment: &[(&str, &str)]) -> Self {
        let api = RuntimeApi::start().await.expect("a Runtime API");
        let mut command = program();
        command.envs(api.environment()).envs(environment.iter().copied()).stdout(Stdio::null());
        Self { process: command.spawn().expect("it starts"), api }
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn event(event: Event) -> String {
    Value::from(event).to_string()
}

#[tokio::test]
async fn on_lambda_it_answers_events_one_after_the_other() {
    let function = Function::start(&[]).await;
    for event in Event::of_every_source("GET", "/hello") {
        let answer = function.api.invoke(Value::from(event).to_string()).await.expect("an answer").json();
        assert_eq!((&answer["statusCode"], &answer["body"]), (&200.into(), &"hello".into()));
    }
    // Neither a panic nor an event that is none ends the process.
    let answer =
        function.api.invoke(event(Event::http_api("GET", "/panic"))).await.expect("an answer").json();
    assert_eq!(answer["statusCode"], 500);
    for bad in ["", "{", "[]", "\u{0}"] {
        let answer = function.api.invoke(bad).await.expect("an answer");
        assert!(answer.failed, "{answer:?}");
        assert_eq!(answer.json()["errorType"], "Lift.UnknownEvent");
    }
    let answer = function
        .api
        .invoke(event(Event::http_api("POST", "/echo").binary([0, 255])))
        .await
        .expect("an answer");
    assert_eq!(answer.json()["body"], "AP8=");
}

#[tokio::test]
async fn a_streamed_answer_arrives_piece_by_piece() {
    let function = Function::start(&[("LIFT_RESPONSE_MODE", "stream")]).await;
    let answer = function.api.invoke(event(Event::function_url("GET", "/ticks"))).await.expect("an answer");
    assert!(answer.streamed && !answer.failed);
    let bytes = answer.bytes();
    assert!(
        bytes.starts_with(b"{\"statusCode\":200,") && bytes.ends_with(b"}\0\0\0\0\0\0\0\x000\n1\n2\n"),
        "{bytes:?}"
    );
    let (first, last) = (answer.pieces[0].0, answer.pieces[answer.pieces.len() - 1].0);
    assert!(last - first >= Duration::from_millis(250), "{:?}", last - first);
    // An answer without a body ends as well, and the next event is taken.
    let answer = function.api.invoke(event(Event::function_url("HEAD", "/hello"))).await.expect("an answer");
    assert!(answer.streamed && answer.bytes().ends_with(&[0; 8]));
    let answer = function.api.invoke(event(Event::http_api("GET", "/hello"))).await.expect("an answer");
    assert!(!answer.streamed);
}

#[tokio::test]
async fn a_stream_that_fails_midway_ends_as_its_format_says_and_never_as_the_runtime_would() {
    let function = Function::start(&[("LIFT_RESPONSE_MODE", "route")]).await;
    let accept = [("text/event-stream", "id: 1\ndata: 1\n\n"), ("application/x-ndjson", "1\n")];
    for (format, first) in accept {
        for (how, ending) in
            [("ends", "2"), ("fails", "\"code\":\"internal\""), ("panics", "\"code\":\"internal\"")]
        {
            let event = event(Event::rest_api("GET", &format!("/events/{how}")).header("accept", format));
            let answer = function.api.invoke(event).await.expect("an answer");
            assert!(answer.streamed && !answer.failed, "{format} {how}: {answer:?}");
            let all = String::from_utf8(answer.bytes()).expect("text");
            let (prelude, body) = all.split_once("\0\0\0\0\0\0\0\0").expect("a prelude");
            let prelude: Value = serde_json::from_str(prelude).expect("JSON");
            assert_eq!(
                (&prelude["statusCode"], &prelude["headers"]["content-type"]),
                (&200.into(), &format.into())
            );
            assert!(body.starts_with(first) && body.trim_end().ends_with(['2', '}']), "{body}");
            assert!(
                body.contains(ending) && !body.contains("secret") && !body.contains("Lambda-Runtime"),
                "{body}"
            );
        }
    }
    // The same behind an integration that buffers: here an error can still be the status.
    let fails = function.api.invoke(event(Event::http_api("GET", "/events/fails"))).await.expect("an answer");
    assert!(!fails.streamed);
    assert_eq!(fails.json()["statusCode"], 500);
    // What has no body ends as well.
    let resumed = Event::rest_api("GET", "/events/ends").header("last-event-id", "2");
    for (event_of, status) in [
        (Event::rest_api("HEAD", "/events/ends"), 200),
        (resumed, 204),
        (Event::rest_api("GET", "/hello"), 200),
    ] {
        let answer = function.api.invoke(event(event_of)).await.expect("an answer");
        if answer.streamed {
            let all = answer.bytes();
            let prelude: Value =
                serde_json::from_slice(&all[..all.len() - 8]).expect("a prelude and nothing else");
            assert_eq!(prelude["statusCode"], status);
        } else {
            assert_eq!(answer.json()["body"], "hello");
        }
    }
}

#[tokio::test]
async fn managed_instances_are_served_concurrently() {
    let function = Function::start(&[("AWS_LAMBDA_MAX_CONCURRENCY", "4")]).await;
    for _ in 0..4 {
        function.api.polled().await;
    }
    let start = Instant::now();
    let slow = || function.api.invoke(event(Event::http_api("GET", "/slow")));
    let (a, b, c, d) = tokio::join!(slow(), slow(), slow(), slow());
    for answer in [a, b, c, d] {
        assert_eq!(answer.expect("an answer").json()["body"], "slow");
    }
    assert!(start.elapsed() < Duration::from_millis(1400), "{:?}", start.elapsed());
}
