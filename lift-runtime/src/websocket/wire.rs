//! One socket's own side: what is read and written on it, and for how long nothing may be.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Sink as _, SinkExt as _, Stream as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::close::{Close, GOING_AWAY, POLICY};
use super::counted::Counted;
use super::message::Message;
use super::options::Options;
use super::outbox::{Next, Outbox};
use super::rate::Allowance;
use crate::serve::linger;

/// What is read at once, and what small messages are joined to before they are written. A silent connection holds the
/// first of them.
const BUFFER: usize = 4 * 1024;

/// What a ping, a pong or a close may hold, however small a message must be.
const CONTROL: usize = 125;

/// How long a client that was told that its connection closes may take to say that it has heard.
const FAREWELL: Duration = Duration::from_secs(2);

/// A socket, and what is known of its client.
pub(super) struct Wire<Io> {
    socket: WebSocketStream<Counted<Io>>,
    outbox: Arc<Outbox>,
    options: &'static Options,
    allowance: Option<Allowance>,
    /// Read while the message before it is handled.
    ahead: Option<Message>,
    end: Option<End>,
    /// What came is not understood, and neither is what comes after it: the socket is not asked for more.
    is_broken: bool,
    /// Something may be in the socket's own buffer.
    is_unflushed: bool,
    /// A pong is among it: another one would have no bound.
    pong_waits: bool,
    /// A message has passed that was larger than a buffer, which has grown for it.
    is_grown: bool,
    /// When the client last sent anything.
    heard: Instant,
    /// Since when an answer to a ping is awaited.
    pinged: Option<Instant>,
    /// When a message last passed either way.
    moved: Instant,
    /// Since when the client has taken nothing of what is written.
    stalled: Option<Instant>,
    /// How much it had taken then.
    taken: u64,
    timer: Pin<Box<Sleep>>,
}

/// What there is to do.
pub(super) enum Event {
    Message(Message),
    End(End),
}

/// Why there is nothing more to do.
#[derive(Clone, Debug)]
pub(super) enum End {
    /// The client closes.
    Closed,
    /// The client is to be told.
    Close(Close),
    /// There is nobody to tell.
    Lost(#[expect(dead_code, reason = "for the log")] &'static str),
}

async fn socket<Io>(io: Counted<Io>, options: &Options) -> WebSocketStream<Counted<Io>>
where
    Io: AsyncRead + AsyncWrite + Unpin,
{
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_message_size(Some(options.max_message))
        .max_frame_size(Some(options.max_message.max(CONTROL)));
    WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await
}

impl<Io: AsyncRead + AsyncWrite + Unpin> Wire<Io> {
    pub(super) async fn new(io: Io, outbox: Arc<Outbox>, options: &'static Options) -> Self {
        let now = Instant::now();
        let mut wire = Self {
            socket: socket(Counted::new(io), options).await,
            outbox,
            options,
            allowance: options.rate.map(|rate| Allowance::new(rate, now)),
            ahead: None,
            end: None,
            is_broken: false,
            is_unflushed: false,
            pong_waits: false,
            is_grown: false,
            heard: now,
            pinged: None,
            moved: now,
            stalled: None,
            taken: 0,
            timer: Box::pin(sleep_until(now)),
        };
        let due = wire.due();
        wire.timer.as_mut().reset(due);
        wire
    }

    /// The next message, or the end. A client that does not take what was sent to it is not listened to meanwhile.
    pub(super) async fn event(&mut self) -> Event {
        loop {
            if let Some(event) = poll_fn(|cx| self.poll_event(cx)).await {
                return event;
            }
            // Silence holds no more memory after a large message than before.
            let io = self.socket.get_mut().hand_over();
            self.socket = socket(io, self.options).await;
            self.is_grown = false;
        }
    }

    /// `None` if the socket's buffers have grown, and are empty.
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.drive(cx);
        let is_held_up = self.stalled.is_some() && self.end.is_none();
        if let Some(message) = self.ahead.take_if(|_| !is_held_up) {
            return Poll::Ready(Some(Event::Message(message)));
        }
        if let Some(end) = &self.end {
            return Poll::Ready(Some(Event::End(end.clone())));
        }
        // Of what was read, all whole messages have been taken: it was asked for more just now.
        let is_at_rest =
            self.ahead.is_none() && !self.is_unflushed && self.socket.get_ref().is_between_messages();
        if self.is_grown && is_at_rest { Poll::Ready(None) } else { Poll::Pending }
    }

    /// Runs a future, and the socket with it: what it sends goes out, pings are answered, and one message is read ahead.
    pub(super) async fn along<F: Future + Unpin>(&mut self, mut future: F) -> F::Output {
        poll_fn(|cx| {
            self.drive(cx);
            Pin::new(&mut future).poll(cx)
        })
        .await
    }

    fn drive(&mut self, cx: &mut Context<'_>) {
        // What was written before goes first: whoever has not taken it is given nothing more.
        self.flush(cx);
        self.write(cx);
        self.read(cx);
        self.flush(cx);
        self.check_time(cx);
        if self.end.is_some() {
            self.outbox.leave();
        }
    }

    fn end(&mut self, end: End) {
        self.end.get_or_insert(end);
    }

    fn write(&mut self, cx: &mut Context<'_>) {
        while self.end.is_none() && self.stalled.is_none() {
            // Ready as well while what was written is no more than the buffer holds.
            match Pin::new(&mut self.socket).poll_ready(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return self.end(End::Lost("it does not take what is written")),
                Poll::Pending => return self.stall(),
            }
            match self.outbox.next(cx) {
                Next::Send(message) => {
                    self.moved = Instant::now();
                    self.is_grown |= message.len() > BUFFER;
                    self.send(message.into());
                }
                Next::Close(close) => return self.end(End::Close(close)),
                Next::Nothing => return,
            }
        }
    }

    fn send(&mut self, frame: Frame) {
        self.is_unflushed = true;
        if Pin::new(&mut self.socket).start_send(frame).is_err() {
            self.end(End::Lost("it does not take what is written"));
        }
    }

    fn flush(&mut self, cx: &mut Context<'_>) {
        if !self.is_unflushed || self.end.is_some() {
            return;
        }
        match Pin::new(&mut self.socket).poll_flush(cx) {
            Poll::Ready(Ok(())) => {
                (self.is_unflushed, self.pong_waits, self.stalled) = (false, false, None);
            }
            Poll::Ready(Err(_)) => self.end(End::Lost("it does not take what is written")),
            Poll::Pending => self.stall(),
        }
    }

    fn stall(&mut self) {
        let taken = self.socket.get_ref().written();
        if self.stalled.is_none() || taken != self.taken {
            let now = Instant::now();
            (self.stalled, self.taken) = (Some(now), taken);
            let due = now + self.options.write_timeout;
            if due < self.timer.deadline() {
                self.timer.as_mut().reset(due);
            }
        }
    }

    fn read(&mut self, cx: &mut Context<'_>) {
        while self.ahead.is_none() && self.end.is_none() && !self.pong_waits {
            let frame = match Pin::new(&mut self.socket).poll_next(cx) {
                Poll::Ready(Some(Ok(frame))) => frame,
                Poll::Ready(Some(Err(failure))) => {
                    self.is_broken = true;
                    let end = Close::of(&failure).map_or(End::Lost("it has gone"), End::Close);
                    return self.end(end);
                }
                Poll::Ready(None) => return self.end(End::Lost("it has gone")),
                Poll::Pending => return,
            };
            self.heard = Instant::now();
            self.pinged = None;
            match frame {
                Frame::Text(text) => self.came(text.into()),
                Frame::Binary(bytes) => self.came(bytes.into()),
                Frame::Close(_) => self.end(End::Closed),
                // Its pong is in the socket's buffer.
                Frame::Ping(_) => {
                    (self.is_unflushed, self.pong_waits) = (true, true);
                    self.flush(cx);
                }
                Frame::Pong(_) | Frame::Frame(_) => {}
            }
        }
    }

    fn came(&mut self, message: Message) {
        self.moved = self.heard;
        self.is_grown |= message.len() > BUFFER;
        if let Some(allowance) = &mut self.allowance
            && !allowance.take(self.heard)
        {
            return self.end(End::Close(Close::new(POLICY, "too many messages")));
        }
        self.ahead = Some(message);
    }

    fn check_time(&mut self, cx: &mut Context<'_>) {
        while self.end.is_none() && self.timer.as_mut().poll(cx).is_ready() {
            let now = Instant::now();
            if self.ahead.is_some() || self.stalled.is_some() {
                // It is not listened to, so its silence says nothing.
                (self.heard, self.pinged) = (now, None);
            }
            if self.stalled.is_some_and(|since| since + self.options.write_timeout <= now) {
                self.end(End::Lost("it does not read"));
            } else if self.moved + self.options.idle_timeout <= now {
                self.end(End::Close(Close::new(GOING_AWAY, "nothing was said for too long")));
            } else if self.pinged.is_some_and(|since| since + self.options.ping <= now) {
                self.end(End::Lost("it does not answer a ping"));
            } else if self.pinged.is_none() && self.heard + self.options.ping <= now {
                self.pinged = Some(now);
                if let Poll::Ready(Ok(())) = Pin::new(&mut self.socket).poll_ready(cx) {
                    self.send(Frame::Ping(Bytes::new()));
                    self.flush(cx);
                }
            }
            let due = self.due();
            self.timer.as_mut().reset(due);
        }
    }

    /// When time is to be looked at again, at the latest.
    fn due(&self) -> Instant {
        let options = self.options;
        let ping = self.pinged.unwrap_or(self.heard) + options.ping;
        let due = ping.min(self.moved + options.idle_timeout);
        self.stalled.map_or(due, |since| due.min(since + options.write_timeout))
    }

    /// Ends the connection as the protocol has it, as far as the client lets it.
    pub(super) async fn finish(mut self, end: &End) {
        let farewell = async {
            match end {
                End::Lost(_) => return true,
                End::Closed => {}
                End::Close(close) => {
                    if self.socket.send(Frame::Close(Some(close.into()))).await.is_err() {
                        return true;
                    }
                }
            }
            while !self.is_broken {
                match self.socket.next().await {
                    Some(Ok(_)) => {}
                    Some(Err(_)) => self.is_broken = true,
                    None => return true,
                }
            }
            false
        };
        let is_over = timeout(FAREWELL.min(self.options.write_timeout), farewell).await == Ok(true);
        if !is_over && matches!(end, End::Close(_)) {
            // What it was told is on its way.
            let _ = linger(self.socket.get_mut()).await;
        }
    }
}

#[cfg(test)]
mod tests;
