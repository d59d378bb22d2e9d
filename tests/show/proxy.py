"""A proxy that changes a byte in what a server answers, in a process of its own.

    python3 proxy.py PORT SERVER_PORT

Each line on its standard input is of how many of the server's packets one byte is changed from then on, 0 to 1. When its
input ends, it prints how many it has changed.
"""
import asyncio
import random
import sys

share, changed = 0.0, 0


async def pump(reader, writer, harms):
    global changed
    try:
        while packet := await reader.read(1 << 16):
            if harms and random.random() < share:
                place, changed = random.randrange(len(packet)), changed + 1
                packet = packet[:place] + bytes([packet[place] ^ 0x55]) + packet[place + 1 :]
            writer.write(packet)
    except ConnectionError:
        pass
    writer.close()


async def serve(reader, writer):
    try:
        up, down = await asyncio.open_connection("127.0.0.1", int(sys.argv[2]))
    except ConnectionError:
        return writer.close()
    await asyncio.gather(pump(reader, down, False), pump(up, writer, True))


async def main():
    global share
    async with await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1])):
        commands = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
        while line := await commands.readline():
            share = float(line)
        print(changed, flush=True)


asyncio.run(main())
