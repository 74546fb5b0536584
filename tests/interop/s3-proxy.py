"""s3-proxy.py PORT-FILE BACKEND-PORT SHARE SEED - a bad way to an S3 server, on a free port of loopback.

SHARE of all requests meet a fault: dropped before or after the server acted, answered with 500 or 503 SlowDown, slowed,
cut short, or with one byte changed (of the body of a PUT, or of an object). The count by kind goes to PORT-FILE.faults
at each fault. Listings and error texts are never changed, since only TLS could protect them. Each request that the server
answered is a line of PORT-FILE.log: method, path, range, status.
"""
import http.client
import http.server
import json
import os
import random
import sys
import threading
import time

port_file, backend, share, seed = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
dice = random.Random(seed)
lock = threading.Lock()
seen = {}
KINDS = ["drop", "lose", "500", "503", "slow", "cut", "corrupt"]
SLOW = b"<?xml version='1.0'?><Error><Code>%s</Code><Message>busy</Message></Error>"


def flip(data):
    if not data:
        return data
    at = dice.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 0x20]) + data[at + 1:]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        with lock:
            fault = dice.choice(KINDS) if dice.random() < share else ""
            if fault:
                seen[fault] = seen.get(fault, 0) + 1
                with open(port_file + ".faults", "w") as f:
                    json.dump(seen, f)
        if fault == "drop":
            self.close_connection = True
            return
        if fault in ("500", "503"):
            return self.answer(int(fault), [], SLOW % (b"SlowDown" if fault == "503" else b"InternalError"))
        if fault == "slow":
            time.sleep(0.3)
        if fault == "corrupt" and self.command == "PUT":
            body = flip(body)
        server = http.client.HTTPConnection("127.0.0.1", backend)
        server.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() != "expect":
                server.putheader(name, value)
        server.endheaders(body)
        got = server.getresponse()
        data = got.read()
        headers = [(n, v) for n, v in got.getheaders() if n.lower() not in ("connection", "transfer-encoding")]
        server.close()
        with lock:
            with open(port_file + ".log", "a") as f:
                f.write("%s %s %s %d\n" % (self.command, self.path, self.headers.get("range", "-"), got.status))
        if fault == "lose":
            self.close_connection = True
            return
        if fault == "corrupt" and self.command == "GET" and got.status in (200, 206) and not data.startswith(b"<?xml"):
            data = flip(data)
        self.answer(got.status, headers, data, fault == "cut")

    def answer(self, status, headers, data, cut=False):
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        if not any(n.lower() == "content-length" for n, _ in headers):
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data[:len(data) // 2] if cut else data)
        if cut:
            self.close_connection = True

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = handle_any


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


server = Server(("127.0.0.1", 0), Handler)
with open(port_file + ".tmp", "w") as f:
    f.write(str(server.server_address[1]))
os.rename(port_file + ".tmp", port_file)
server.serve_forever()
