"""hostile-s3.py PORT-FILE - an S3 server that lies, on a free port of loopback. What a bucket does stands at its name, below.

Of honest buckets it holds ("a", a small object, and "big", of two ranges and a bit); FAULTS change what is answered. Each request is
a line of PORT-FILE.log: method and path.
"""
import hashlib
import http.server
import os
import re
import sys
import threading
import time
import urllib.parse

port_file = sys.argv[1]
lock = threading.Lock()
NS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
RANGE = 8 << 20
BIG = bytes(range(256)) * (2 * RANGE // 256) + b"end"
OBJECTS = {"a": b"hello\n", "big": BIG}
# Names that no file below a folder may have.
BAD_NAMES = ["../out", "/etc/out", "a/../../out", "./x", "a//b", "x/", "..", "sub/.."]


def etag(body):
    return '"%s"' % hashlib.md5(body).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body go apart: else each waits 40 ms

    def log_message(self, *args):
        pass

    def do_any(self):
        self.body = self.rfile.read(int(self.headers.get("content-length") or 0))
        url = urllib.parse.urlsplit(self.path)
        self.query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        with lock, open(port_file + ".log", "a") as f:
            f.write("%s %s\n" % (self.command, self.path))
        self.bucket, _, self.key = urllib.parse.unquote(url.path)[1:].partition("/")
        getattr(self, self.bucket.replace("-", "_"), self.honest)()

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = do_any

    # ---- answers

    def answer(self, status, body=b"", headers=(), length=None):
        """With `length` the answer states another size than it has."""
        if isinstance(body, str):
            body = body.encode()
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.close_connection = length is not None

    def endless(self, status, piece, headers=()):
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while True:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))

    def error(self, status, code, message="no", headers=()):
        self.answer(status, "<Error><Code>%s</Code><Message>%s</Message></Error>" % (code, message), headers)

    def give(self, tag=True, told="bytes %(first)d-%(last)d/%(total)d", status=206, extra=b"", length=None, body=None):
        """The object, or the range of it that is asked for, with one lie."""
        body = OBJECTS.get(self.key) if body is None else body
        if body is None:
            return self.error(404, "NoSuchKey")
        headers = [("ETag", etag(body) if tag is True else tag)] if tag else []
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if not asked or self.command == "HEAD" or status == 200:
            return self.answer(200, body + extra, headers, length)
        first, last = int(asked[1]), min(int(asked[2]), len(body) - 1)
        told = told % {"first": first, "last": last, "total": len(body)}
        self.answer(206, body[first:last + 1] + extra, headers + [("Content-Range", told)], length)

    def entries(self, rows, truncated=False, token="", head=""):
        self.answer(200, "<ListBucketResult %s>%s<EncodingType>url</EncodingType><IsTruncated>%s</IsTruncated>"
                    "<NextContinuationToken>%s</NextContinuationToken>%s</ListBucketResult>"
                    % (NS, head, "true" if truncated else "false", token, "".join(rows)))

    def row(self, key, size=None, date="2026-01-01T00:00:00.000Z", tag=None):
        body = OBJECTS.get(key, b"hello\n")
        return ("<Contents><Key>%s</Key><LastModified>%s</LastModified><ETag>%s</ETag><Size>%s</Size></Contents>"
                % (urllib.parse.quote(key), date, tag or etag(body).replace('"', "&quot;"), len(body) if size is None else size))

    def list_of(self, keys):
        prefix = self.query.get("prefix", "")
        self.entries([self.row(k) for k in keys if k.startswith(prefix)])

    def honest(self):
        if self.key:
            return self.give()
        self.list_of(OBJECTS)

    def lie(self, **what):
        """Lies about objects, not in listings."""
        if self.key:
            return self.give(**what)
        self.honest()

    # ---- objects

    def get_short(self):
        """States fewer bytes than the object has, and gives as many; its ETag is no MD5."""
        self.lie(status=200, body=OBJECTS.get(self.key, b"")[:3], tag='"x-1"')

    def get_more(self):
        """Gives more than the object has."""
        self.lie(status=200, extra=b"more", tag='"x-1"')

    def get_cut(self):
        """States the right size, and ends before."""
        self.lie(body=OBJECTS.get(self.key, b"")[:3], length=6)

    def get_beyond(self):
        """A range with more bytes behind it."""
        self.lie(extra=b"x" * RANGE)

    def get_etag(self):
        """The ETag of something else."""
        self.lie(tag=etag(b"other"))

    def get_elsewhere(self):
        """Another range than was asked for, of the right length."""
        self.lie(told="bytes 1-%(last)d/%(total)d", tag='"x-1"')

    def get_second(self):
        """The first range is right, the second one is the first again."""
        if self.key != "big" or "bytes=0-" in self.headers.get("Range", ""):
            return self.lie(tag='"x-3"')
        self.answer(206, BIG[:RANGE], [("ETag", '"x-3"'), ("Content-Range", "bytes 0-%d/%d" % (RANGE - 1, len(BIG)))])

    def get_mixed(self):
        """No ETag, and other bytes in each answer."""
        if not self.key:
            return self.honest()
        with lock:
            self.server.n_given += 1
        self.give(tag=None, body=bytes([self.server.n_given % 256]) * len(BIG))

    def get_untold(self):
        self.lie(told="bytes %(first)d-%(last)d/*", tag='"x-1"')

    def get_nonsense(self):
        self.lie(told="bytes all", tag='"x-1"')

    def get_huge(self):
        """An object of exabytes."""
        self.lie(told="bytes 0-%%(last)d/%d" % (1 << 62), tag='"x-1"')

    def get_endless(self):
        if self.key:
            return self.endless(200, b"x" * 65536, [("ETag", '"x-1"')])
        self.honest()

    def get_future(self):
        """Its dates do not fit into nanoseconds."""
        if self.key:
            return self.answer(200, b"hello\n", [("ETag", etag(b"hello\n")), ("Last-Modified", "Fri, 31 Dec 9999 23:59:59 GMT")])
        self.entries([self.row("a", date="9999-12-31T23:59:59.000Z")])

    def get_headers(self):
        if not self.key:
            return self.honest()
        self.answer(200, b"hello\n", [("X-Filling", "x" * 8000)] * 100)

    # ---- listings

    def xml(self, text):
        self.answer(200, text)

    def list_broken(self):
        self.xml("<ListBucketResult %s><Contents><Key>a</Key>" % NS)

    def list_json(self):
        self.xml('{"keys": ["a"]}')

    def list_deep(self):
        self.xml("<ListBucketResult>" + "<a>" * 100000 + "</a>" * 100000 + "</ListBucketResult>")

    def list_laughs(self):
        """A billion laughs."""
        entities = '<!ENTITY l0 "ha">' + "".join('<!ENTITY l%d "%s">' % (i, ("&l%d;" % (i - 1)) * 10) for i in range(1, 10))
        self.xml("<!DOCTYPE x [%s]><ListBucketResult><Contents><Key>&l9;</Key></Contents></ListBucketResult>" % entities)

    def list_outer(self):
        """Asks for a file of the client."""
        self.xml('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><ListBucketResult><Contents><Key>&e;</Key></Contents></ListBucketResult>')

    def list_long(self):
        """A key of megabytes."""
        self.entries(["<Contents><Key>%s</Key><Size>1</Size></Contents>" % ("k" * (3 << 20))])

    def list_endless(self):
        self.endless(200, b"<Contents><Key>a</Key><Size>1</Size></Contents>" * 20000)

    def list_same(self):
        """The same page again and again."""
        self.entries([self.row("a")], truncated=True, token="again")

    def list_ring(self):
        """Three empty pages in a circle."""
        n = int(self.query.get("continuation-token", "0"))
        self.entries([], truncated=True, token=str((n + 1) % 3 + 1))

    def list_empty(self):
        """Empty pages without an end, each with a token of its own."""
        self.entries([], truncated=True, token=str(int(self.query.get("continuation-token", "0")) + 1))

    def list_names(self):
        """Has a good name among bad ones."""
        if self.key:
            return self.give(body=b"hello\n")
        self.entries([self.row(k) for k in sorted(BAD_NAMES + ["good", "new\nline", "esc\x1b[31m"])])

    def list_nul(self):
        """Two keys that C takes for one."""
        if self.key:
            return self.give(body=b"hello\n")
        self.entries([self.row("a\0b"), self.row("b")])

    def list_strange(self):
        """Keys that do not begin as asked for."""
        self.entries([self.row("other/a"), self.row("p/a")])

    def list_size(self):
        self.entries([self.row("a", size=-1)])

    def list_sizes(self):
        self.entries([self.row("a", size="9" * 40)])

    # ---- errors

    def error_mega(self):
        self.error(403, "AccessDenied", "\x1b[31m".encode("unicode_escape").decode() + "m" * (8 << 20))

    def error_endless(self):
        self.endless(403, b"<Error>" + b"m" * 65536)

    def error_region(self):
        """Leads to a region that makes another host of the name."""
        self.error(301, "PermanentRedirect", headers=[("x-amz-bucket-region", "evil.example/")])

    # ---- uploads

    def put_tagless(self):
        """Takes parts, and gives no ETag for them."""
        if self.command == "PUT":
            return self.answer(200)
        self.uploading()

    def put_mute(self):
        """Answers the completion with nothing, and has nothing."""
        if self.command == "PUT":
            return self.answer(200, headers=[("ETag", etag(self.body))])
        if self.command == "POST" and "uploadId" in self.query:
            return self.answer(200)
        self.uploading()

    def put_parts(self):
        """Its list of parts begins again and again."""
        if self.command == "PUT":
            return self.answer(200, headers=[("ETag", etag(self.body))])
        if self.command == "GET" and "uploadId" in self.query:
            return self.xml("<ListPartsResult><IsTruncated>true</IsTruncated><NextPartNumberMarker>1</NextPartNumberMarker></ListPartsResult>")
        if self.command == "GET" and "uploads" in self.query:
            return self.xml("<ListMultipartUploadsResult><Upload><Key>%s</Key><UploadId>u</UploadId></Upload></ListMultipartUploadsResult>"
                            % self.query["prefix"])
        self.uploading(complete=True)

    def uploading(self, complete=False):
        if self.command == "HEAD":
            return self.answer(404)
        if "uploads" in self.query and self.command == "GET":
            return self.xml("<ListMultipartUploadsResult></ListMultipartUploadsResult>")
        if "uploads" in self.query:
            return self.xml("<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>")
        if complete and self.command == "POST":
            return self.xml("<CompleteMultipartUploadResult></CompleteMultipartUploadResult>")
        self.answer(204) if self.command == "DELETE" else self.error(400, "InvalidRequest")

    # ---- web servers

    def web_ring(self):
        self.answer(302, headers=[("Location", "/web-ring/%d" % len(self.path))])

    def web_file(self):
        self.answer(302, headers=[("Location", "file:///etc/passwd")])

    def web_tag(self):
        self.answer(200, b"hello\n", [("ETag", '"\xff\x1b[31m"')])

    # ---- time

    def stall(self):
        """Gives half, and then says nothing."""
        if not self.key:
            return self.honest()
        self.send_response_only(200)
        self.send_header("ETag", etag(OBJECTS["a"]))
        self.send_header("Content-Length", "6")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(b"hel")
            self.wfile.flush()
            time.sleep(60)

    def stall_once(self):
        """The first answer stalls, the others do not."""
        with lock:
            self.server.n_given += self.command == "GET" and bool(self.key)
            is_first = self.server.n_given == 1
        self.stall() if is_first and self.key else self.honest()

    def mute(self):
        """Takes the request, and never answers."""
        time.sleep(60)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    n_given = 0

    def handle_error(self, request, client_address):
        pass


server = Server(("127.0.0.1", 0), Handler)
with open(port_file + ".new", "w") as f:
    f.write(str(server.server_port))
os.rename(port_file + ".new", port_file)
server.serve_forever()
