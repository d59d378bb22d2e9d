"""What stands before a DynamoDB and throttles, in a process of its own.

    python3 front.py PORT SERVER_PORT

Each line on its standard input is the share of calls that it refuses from then on, 0 to 1; the others go on to the server. It
refuses as DynamoDB does (Amazon DynamoDB Developer Guide, "Error handling with DynamoDB"): 400 with the error's name in
`__type`, in turns each of those that mean throttling. When its input ends, it prints how many it refused and passed on.
"""
import asyncio
import json
import os
import random
import sys

THROTTLED = [
    "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
    "com.amazon.coral.availability#ThrottlingException",
    "com.amazonaws.dynamodb.v20120810#RequestLimitExceeded",
]
share, refused, passed, serving = 0.0, 0, 0, set()


async def receive(reader):
    """A whole message, as it came."""
    head = await reader.readuntil(b"\r\n\r\n")
    fields = dict(line.split(": ", 1) for line in head.decode().lower().split("\r\n")[1:] if line)
    return head + await reader.readexactly(int(fields.get("content-length", 0)))


def refusal():
    body = json.dumps({"__type": THROTTLED[refused % 3], "message": "Rate of requests exceeds the allowed throughput."}).encode()
    return b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


async def serve(reader, writer):
    global refused, passed
    # The event loop itself does not keep a task whose client has left.
    task = asyncio.current_task()
    serving.add(task)
    task.add_done_callback(serving.discard)
    try:
        while True:
            request = await receive(reader)
            if random.random() < share:
                refused += 1
                answer = refusal()
            else:
                passed += 1
                up, down = await asyncio.open_connection("127.0.0.1", int(sys.argv[2]))
                down.write(request)
                try:
                    answer = await asyncio.wait_for(receive(up), 5)
                finally:
                    down.close()
                answer = answer.replace(b"Connection: close\r\n", b"", 1)
            writer.write(answer)
    except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
        writer.close()


async def main():
    global share
    async with await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1])):
        commands = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
        while line := await commands.readline():
            share = float(line)
        print(refused, passed, flush=True)
        # Calls that are under way are nobody's any more.
        os._exit(0)


asyncio.run(main())
