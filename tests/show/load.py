"""Load on a shop, in a process of its own: requests leave on schedule, whatever the answers before them take.

    python3 load.py PORT FILE

Each line on its standard input is how many requests a second leave from then on. Until that ends it writes a line per request to the file: when it was due (monotonic seconds), how many milliseconds
after that it was answered, `hit`, `miss`, `write` or `control`, and `ok` or what was wrong. Of ten requests six ask for
products that nobody has asked for, two for a hundred that are asked for again and again, and one writes a product, whose
next read must show the write. Every body of these is compared byte for byte. The tenth asks for what needs neither store nor
handler, and so tells what the machine is good for at that time.
"""
import asyncio
import itertools
import json
import random
import sys
import time

CATEGORIES = ["books", "games", "garden", "music"]


def product(n, name=None, price=None, stock=100, version=1):
    body = {"sku": f"SKU-{n:04}", "name": name or f"Product {n}", "price_cents": price or 100 + 7 * n, "category": CATEGORIES[n % 4], "stock": stock, "version": version}
    return json.dumps(body, separators=(",", ":")).encode()


class Load:
    def __init__(self, port, out):
        self.port, self.out, self.rate = port, out, 1
        self.idle, self.asking = [], set()
        self.run = f"{random.randrange(16**6):06x}"
        self.cold = itertools.count()
        # Each is one writer's at a time, so that it is known what its next read must show.
        self.written = [(n, 1) for n in range(1, 501)]

    async def drive(self):
        due = time.monotonic()
        while True:
            due += 1 / self.rate
            await asyncio.sleep(max(0, due - time.monotonic()))
            kind = random.choices([self.cold_read, self.hot_read, self.write_and_read, self.control], [6, 2, 1, 1])[0]
            task = asyncio.create_task(kind(due))
            self.asking.add(task)
            task.add_done_callback(self.asking.discard)

    async def cold_read(self, due):
        tenant, n = divmod(next(self.cold), 1000)
        await self.read(due, f"cold-{self.run}-{tenant}", n + 1, product(n + 1))

    async def hot_read(self, due):
        n = random.randint(1, 100)
        await self.read(due, f"hot-{self.run}", n, product(n))

    async def write_and_read(self, due):
        if not self.written:  # all are under way
            return await self.cold_read(due)
        n, version = self.written.pop(random.randrange(len(self.written)))
        tenant, price, version = f"written-{self.run}", random.randint(1, 10_000_000), version + 1
        expected = product(n, f"Written {version}", price, version, version)
        body = json.dumps({"name": f"Written {version}", "price_cents": price, "stock": version})
        await self.ask(due, "PUT", f"/products/SKU-{n:04}", tenant, expected, body, kind="write")
        await self.read(time.monotonic(), tenant, n, expected)
        self.written.append((n, version))

    async def control(self, due):
        await self.ask(due, "GET", "/loads", f"control-{self.run}", b'{"catalog_reads":0}', kind="control")

    async def read(self, due, tenant, n, expected):
        await self.ask(due, "GET", f"/products/SKU-{n:04}", tenant, expected)

    async def ask(self, due, method, path, tenant, expected, body="", kind=None):
        request = (
            f"{method} {path} HTTP/1.1\r\nhost: shop\r\nx-tenant-id: {tenant}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n{body}"
        )
        try:
            status, answer = await asyncio.wait_for(self.exchange(request.encode()), 30)
            said = "ok" if answer == expected else f"body: {answer[:200]!r} instead of {expected!r}"
        except Exception as error:
            status, said = "none", f"{type(error).__name__} {error}"
        took = (time.monotonic() - due) * 1000
        self.out.write(f"{due:.4f}\t{took:.2f}\t{kind or status}\t{said}\n")

    async def exchange(self, request):
        reader, writer = await self.connection()
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        body = await reader.readexactly(int(fields["content-length"]))
        self.idle.append((reader, writer, time.monotonic()))
        if not head.startswith("http/1.1 200"):
            raise ValueError(f"{head.splitlines()[0]}: {body[:200]!r}")
        return "hit" if fields.get("cache-status", "").startswith("lift; hit") else "miss", body


    async def connection(self):
        """The one used last, unless a server might be closing it because nothing has come on it for long."""
        while self.idle:
            reader, writer, since = self.idle.pop()
            if time.monotonic() - since < 5 and not reader.at_eof():
                return reader, writer
            writer.close()
        return await asyncio.open_connection("127.0.0.1", self.port)


async def main(port, file):
    with open(file, "w", buffering=1) as out:
        load, rates = Load(port, out), asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(rates), sys.stdin)
        load.rate = float(await rates.readline())
        driving = asyncio.create_task(load.drive())
        while line := await rates.readline():
            load.rate = float(line)
        driving.cancel()
        await asyncio.gather(*load.asking)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
