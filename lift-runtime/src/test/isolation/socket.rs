//! A tenant's sockets: each is open for the length of a visit, and what comes on it is compared as an answer is.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode};
use serde_json::Value;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::script::Step;
use super::text::Span;
use super::visitor::{End, Seen, Visitor};
use crate::test::{TestHandshake, TestSocket};

/// So many silences are waited for after a message, on a socket that is never silent.
const SILENCES: u32 = 10;

/// A socket, and what has come on it.
pub(super) struct Listening {
    step: Step,
    uri: String,
    /// That of the handshake, or of the problem that the message was.
    status: StatusCode,
    since: SystemTime,
    heard: watch::Receiver<Heard>,
    /// What came before it was opened anew.
    before: Vec<String>,
    leave: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Heard {
    messages: Vec<String>,
    last: Option<Instant>,
    /// The app's own code, when it has closed it.
    closed: Option<u16>,
}

impl Visitor<'_> {
    /// Opens a socket, and sends it a message. What is seen is the handshake, and when its answer, or all that came, was
    /// there; or the problem that the message was.
    pub(super) async fn open(&mut self, step: Step, message: &Value) -> Option<Seen> {
        let start = Instant::now();
        let (mut seen, socket) = self.connect(step).await?;
        let Some(mut socket) = socket else { return Some(seen) };
        socket.send(message).await;
        let mut listening = Listening::start(step, &seen, socket);
        for _ in 0..SILENCES {
            if timeout(self.silence(), listening.heard.changed()).await.is_err() {
                break;
            }
        }
        if let Some(last) = listening.heard.borrow().last {
            seen.ended = last - start;
        }
        if let Some((status, problem)) = listening.problem() {
            (seen.status, seen.body, listening.status) = (status, problem.into_bytes(), status);
        }
        self.sockets.push(listening);
        Some(seen)
    }

    /// Closes a socket; what is seen is all that has come.
    pub(super) async fn hear(&mut self, step: Step) -> Option<Seen> {
        let of_step =
            |listening: &Listening| (listening.step.route, listening.step.query) == (step.route, step.query);
        let position = self.sockets.iter().position(of_step)?;
        sleep(self.silence()).await;
        let listening = self.sockets.remove(position);
        let Listening { uri, status, since: from, heard, before, leave, task, .. } = listening;
        // It has gone already if the app has closed it.
        let _ = leave.send(());
        let _ = task.await;
        let heard = heard.borrow();
        let mut lines: Vec<_> = before.iter().chain(&heard.messages).cloned().collect();
        lines.extend(heard.closed.map(|code| format!("(closed with {code})")));
        // In real time one visit may be longer than another, and hear more of what comes by itself.
        let end = if self.stage.noise.is_some() { End::Longer } else { End::Complete };
        Some(Seen {
            step,
            uri,
            status,
            headers: HeaderMap::new(),
            body: lines.join("\n").into_bytes(),
            end,
            span: Span { from, to: SystemTime::now() },
            opened: Duration::ZERO,
            ended: Duration::ZERO,
        })
    }

    /// Opens anew what the app has closed because nothing was said for too long: others' news may come yet.
    pub(super) async fn reopen(&mut self) {
        const GOING_AWAY: u16 = 1001;
        for index in 0..self.sockets.len() {
            if self.sockets[index].heard.borrow().closed != Some(GOING_AWAY) {
                continue;
            }
            let step = self.sockets[index].step;
            let Some((seen, Some(socket))) = self.connect(step).await else { continue };
            let old = std::mem::replace(&mut self.sockets[index], Listening::start(step, &seen, socket));
            let new = &mut self.sockets[index];
            (new.since, new.before) = (old.since, old.before);
            new.before.extend(old.heard.borrow().messages.iter().cloned());
        }
    }

    async fn connect(&mut self, step: Step) -> Option<(Seen, Option<TestSocket>)> {
        let (request, uri) = self.request(step, None)?;
        let at = (SystemTime::now(), Instant::now());
        let (response, socket) = TestHandshake::new(request).answer().await;
        self.connections.extend(socket.iter().map(|socket| socket.id().to_owned()));
        Some((self.seen(step, uri, response, at).await, socket))
    }

    /// After so long no more is expected to come of what was done.
    fn silence(&self) -> Duration {
        Duration::from_millis(if self.stage.noise.is_some() { 100 } else { 1_000 })
    }
}

impl Listening {
    fn start(step: Step, seen: &Seen, mut socket: TestSocket) -> Self {
        let (hears, heard) = watch::channel(Heard::default());
        let (leave, mut left) = oneshot::channel();
        let task = tokio::spawn(async move {
            loop {
                tokio::select! {
                    message = socket.next() => match message {
                        Some(message) => hears.send_modify(|heard| {
                            let text = message.as_text().map(str::to_owned);
                            heard.messages.push(text.unwrap_or_else(|| message.as_bytes().escape_ascii().to_string()));
                            heard.last = Some(Instant::now());
                        }),
                        None => {
                            let code = socket.closed().map(|(code, _)| code);
                            hears.send_modify(|heard| heard.closed = Some(code.unwrap_or_default()));
                            return;
                        }
                    },
                    _ = &mut left => return socket.close().await,
                }
            }
        });
        let (uri, status, since) = (seen.uri.clone(), seen.status, seen.span.from);
        Self { step, uri, status, since, heard, before: Vec::new(), leave, task }
    }

    /// The problem that a message was answered with, and its status.
    fn problem(&self) -> Option<(StatusCode, String)> {
        let heard = self.heard.borrow();
        heard.messages.iter().find_map(|text| {
            let frame: Value = serde_json::from_str(text).ok()?;
            let status = frame.pointer("/problem/status").filter(|_| frame["type"] == "error")?.as_u64()?;
            Some((StatusCode::from_u16(u16::try_from(status).ok()?).ok()?, text.clone()))
        })
    }
}
