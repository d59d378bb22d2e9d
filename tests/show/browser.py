"""A page with an EventSource for a browser, and a record of what it heard.

    python3 browser.py URL NAME…

Prints its own address, then a line for each event (`event ID DATA`), each time that the stream opens (`open`) and each time
that it breaks (`error STATE`, whose state 2 says that the browser does not come back). NAMEs are those of the events.
"""
import http.server
import json
import sys

PAGE = """<!doctype html><title>events</title><script>
const report = text => fetch("/report", { method: "POST", body: text });
const source = new EventSource(%s);
for (const name of %s) source.addEventListener(name, event => report(`event ${event.lastEventId} ${event.data}`));
source.onopen = () => report("open");
source.onerror = () => report(`error ${source.readyState}`);
</script>"""


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        page = (PAGE % (json.dumps(sys.argv[1]), json.dumps(sys.argv[2:]))).encode()
        self.answer(200 if self.path == "/" else 404, page if self.path == "/" else b"")

    def do_POST(self):
        print(self.rfile.read(int(self.headers["content-length"])).decode(), flush=True)
        self.answer(200, b"")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Page)
print(f"http://127.0.0.1:{server.server_address[1]}/", flush=True)
server.serve_forever()
