"""Imported by the scripts beside it: claims that are checked, servers on free ports, and shops."""
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
WORK = pathlib.Path(tempfile.mkdtemp())
processes, failures, passes = [], 0, 0


def claim(text, holds):
    global failures, passes
    passes, failures = passes + bool(holds), failures + (not holds)
    print(f"  {'ok     ' if holds else 'FAILED '} {text}", flush=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start(command, **environment):
    process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    processes.append(process)
    return process


def serve(program, profile="debug", **environment):
    """A server of this workspace, on a free port or the one that is said, and its port."""
    process = start([TARGET / profile / program], **{"PORT": "0", "LIFT_LOG": "off", **environment})
    for line in process.stdout:
        if found := re.search(rb"http://127\.0\.0\.1:(\d+)", line):
            return process, int(found[1])
    sys.exit(f"{program} did not start")


class Shop:
    def __init__(self, profile="debug", **environment):
        self.process, self.port = serve("shop", profile, **{"SHOP_DB_LATENCY_MS": "0", **environment})
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def ask(self, method, path, body=None):
        headers = {"x-tenant-id": "acme", "content-type": "application/json"}
        self.connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = self.connection.getresponse()
        return answer.status, answer.headers, json.loads(answer.read() or "null")

    def put(self, price, sku="SKU-0007"):
        product = {"name": "Product 7", "price_cents": price, "stock": 1}
        status, _, _ = self.ask("PUT", f"/products/{sku}", product)
        assert status == 200, status

    def price(self, sku="SKU-0007"):
        status, headers, product = self.ask("GET", f"/products/{sku}")
        assert status == 200, status
        return product["price_cents"], headers["cache-status"]

    def warm(self, sku="SKU-0007"):
        for _ in range(100):
            if self.price(sku)[1].startswith("lift; hit"):
                return
            time.sleep(0.05)
        sys.exit("never a hit")


def build(package="shop"):
    subprocess.run(["cargo", "build", "--quiet", "--locked", "-p", package], cwd=ROOT, check=True)


def start_redis():
    """A Redis, and its URL."""
    port = free_port()
    server = start(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", WORK])
    for _ in range(100):
        if subprocess.run(["redis-cli", "-p", str(port), "ping"], capture_output=True).stdout.strip() == b"PONG":
            return server, f"redis://127.0.0.1:{port}"
        time.sleep(0.05)
    sys.exit("redis-server did not start")


def start_dynamodb():
    """moto with the table that the documentation of `#[cached]` tells of; and what leads the AWS SDK to it."""
    port = free_port()
    server = start([TARGET / "moto-5.2.5/bin/python", ROOT / "tests/src/dynamodb/server.py", str(port)])
    for _ in range(200):
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    else:
        sys.exit("moto did not start")
    threading.Thread(target=server.stdout.read, daemon=True).start()  # its log
    table = {
        "TableName": "lift-cache",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    }
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("POST", "/", json.dumps(table), {
        "x-amz-target": "DynamoDB_20120810.CreateTable",
        "content-type": "application/x-amz-json-1.0",
        "authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request",
    })
    assert connection.getresponse().status == 200
    connection.close()
    environment = {"AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{port}", "AWS_REGION": "us-east-1"}
    return server, {**environment, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def finish(show):
    """Runs a demonstration, stops what it has started, and says how many claims held."""
    try:
        show()
    finally:
        for process in processes:
            process.kill()
            process.wait()
        shutil.rmtree(WORK, ignore_errors=True)
    print(f"\n{passes} passed, {failures} failed")
    sys.exit(failures > 0)
