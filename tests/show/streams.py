"""Event streams of a shop, by the thousand, in a process of its own.

    python3 streams.py soak PORT MINUTES [STREAMS]
    python3 streams.py hostile PORT

Both say on their standard output what was done. `soak` keeps so many streams of `/clock` open, while 250 of them leave and
250 others come each second, half of them without a word; it prints `steady` when all are open and again after
each minute, and waits for a line on its standard input after that.
"""
import collections
import os
import random
import select
import socket
import struct
import sys
import time

CLOCK = b"GET /clock?interval_ms=5000 HTTP/1.1\r\nhost: shop\r\naccept: text/event-stream\r\n\r\n"
A_SECOND = 250
# An event is due each five seconds, on a machine that others may be using.
PATIENCE = 30


def connect(port, n=0):
    client = socket.socket()
    # Several source addresses, so that no port is used again too soon.
    client.bind((f"127.0.0.{2 + n % 8}", 0))
    client.connect(("127.0.0.1", port))
    return client


def reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


class Streams:
    def __init__(self, port):
        self.port, self.poll, self.open = port, select.epoll(), {}
        self.count, self.events, self.broken = 0, 0, collections.Counter()

    def add(self):
        client = connect(self.port, self.count)
        self.count += 1
        client.sendall(CLOCK)
        client.setblocking(False)
        self.poll.register(client, select.EPOLLIN)
        # When it was heard from last; a client that has just come has not.
        self.open[client.fileno()] = [client, time.monotonic()]

    def remove(self, fd, leave):
        client, _ = self.open.pop(fd)
        self.poll.unregister(fd)
        leave(client)

    def read(self, seconds):
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            for fd, _ in self.poll.poll(left, 1000):
                entry = self.open[fd]
                try:
                    text = entry[0].recv(65536)
                except OSError as error:
                    text = b""
                    self.broken[type(error).__name__] += 1
                if text:
                    self.events += text.count(b"data: ")
                    entry[1] = time.monotonic()
                else:
                    self.broken["ended"] += 1
                    self.remove(fd, socket.socket.close)

    def silent(self):
        oldest = time.monotonic() - PATIENCE
        return sum(heard < oldest for _, heard in self.open.values())


def soak(port, minutes, count):
    streams = Streams(port)
    while len(streams.open) < count:
        streams.add()
        if len(streams.open) % 50 == 0:
            streams.read(0.02)
    streams.read(5)
    for minute in range(minutes + 1):
        say(f"steady {minute} open={len(streams.open)} events={streams.events} broken={sum(streams.broken.values())} silent={streams.silent()}")
        sys.stdin.readline()
        if minute == minutes:
            return
        until = time.monotonic() + 60
        while time.monotonic() < until:
            for n, fd in enumerate(random.sample(list(streams.open), A_SECOND // 10)):
                streams.remove(fd, reset if n % 2 else socket.socket.close)
                streams.add()
            streams.read(0.1)
        # Whoever has come has had an event by then, and whoever has left is gone.
        streams.read(2)


def ask(port, request, seconds=30):
    """What is answered within a time, to its first event or its end."""
    client = connect(port)
    client.settimeout(seconds)
    client.sendall(request)
    text = b""
    try:
        while b"data: " not in text and (more := client.recv(65536)):
            text += more
    except OSError as error:
        text += f" {error!r}".encode()
    client.close()
    return text


def hostile(port):
    for n in range(10_000):
        reset(connect(port, n))
    say("done 10,000 connects and resets")
    for n in range(10_000):
        client = connect(port, n)
        client.sendall(CLOCK[: random.randint(1, len(CLOCK))])
        reset(client)
    say("done 10,000 requests, whole or cut, and resets")
    garbage = 0
    for _ in range(1_000):
        junk = bytes(byte for byte in os.urandom(random.randint(0, 400)) if byte not in b"\r\n\0")
        text = ask(port, CLOCK[:-2] + b"last-event-id: " + junk + b"\r\n\r\n")
        # Control characters are none of a header's: hyper refuses those.
        garbage += text.startswith((b"HTTP/1.1 200", b"HTTP/1.1 400"))
    say(f"done {garbage} of 1000 answers to a Last-Event-ID of garbage are a stream or a 400")
    lines = b"GET /products.ndjson?count=1000000 HTTP/1.1\r\nhost: shop\r\nx-tenant-id: acme\r\n\r\n"
    deaf, slow, late = [], [], []
    for n in range(300):
        for kind, request in [(deaf, lines), (slow, lines), (late, CLOCK[:40])]:
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", port))
            client.sendall(request)
            kind.append(client)
    say("open")
    sys.stdin.readline()
    # A little each second; the deaf ones take nothing, and the late ones never end their heads.
    taken = 0
    for _ in range(50):
        for client in slow:
            try:
                taken += len(client.recv(4096))
            except OSError:
                pass
        time.sleep(1)
    say(f"done {taken} bytes read slowly")
    sys.stdin.readline()


def say(text):
    print(text, flush=True)


if __name__ == "__main__":
    what, port, *more = sys.argv[1:]
    if what == "soak":
        soak(int(port), int(more[0]), int(more[1]) if more[1:] else 10_000)
    else:
        hostile(int(port))
