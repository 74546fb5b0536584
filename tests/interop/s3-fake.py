"""s3-fake.py PORT-FILE [STATE-FILE] - AWS's services as far as the tests need them, on a free port of loopback.

STS (AssumeRole, AssumeRoleWithWebIdentity), SSO's portal, a container's agent, the metadata service of a machine (version 2), and
S3 with buckets that misbehave, each by its name; see BUCKETS. Keys are handed out as KEY1, KEY2, ... and are good for
FAKE_SECONDS (3600). Each request is a line of PORT-FILE.log: who (the access key), method, path, and what it carried; with
FAKE_PAYLOAD also what was signed of the body. FAKE_TLS, a file with a certificate and its key, makes it speak TLS.
"""
import base64
import email.utils
import hashlib
import http.server
import json
import os
import re
import ssl
import sys
import threading
import time
import urllib.parse

port_file = sys.argv[1]
seconds = int(os.environ.get("FAKE_SECONDS", "3600"))
n_million = int(os.environ.get("FAKE_KEYS", "1000000"))
lock = threading.Lock()
n_keys = 0
counts = {}
objects = {}
parts = {}
NS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


def stamp(t):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t))


def new_key():
    global n_keys
    with lock:
        n_keys += 1
        return "KEY%d" % n_keys


def count(what):
    with lock:
        counts[what] = counts.get(what, 0) + 1
        return counts[what]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body go apart: else each waits 40 ms

    def log_message(self, *args):
        pass

    def answer(self, status, body=b"", headers=(), cut=False):
        if isinstance(body, str):
            body = body.encode()
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        if not any(n == "Date" for n, _ in headers):
            self.send_header("Date", email.utils.formatdate(usegmt=True))
        if not any(n == "Content-Length" for n, _ in headers):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[:len(body) // 2] if cut else body)
        if cut:
            self.close_connection = True

    def error(self, status, code, extra="", headers=()):
        self.answer(status, "<Error><Code>%s</Code><Message>no</Message>%s</Error>" % (code, extra), headers)

    def handle_any(self):
        self.body = self.rfile.read(int(self.headers.get("content-length") or 0))
        url = urllib.parse.urlsplit(self.path)
        self.query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        who = re.search(r"Credential=([^/]*)/[^/]*/([^/]*)/", self.headers.get("Authorization", ""))
        self.who, self.region = who.groups() if who else ("-", "-")
        wanted = ("x-amz-", "content-md5", "if-none-match", "range", "content-type")
        wanted += ("host",) if os.environ.get("FAKE_HOSTS") else ()
        unwanted = ("x-amz-date",) if os.environ.get("FAKE_PAYLOAD") else ("x-amz-date", "x-amz-content-sha256")
        carried = ["%s=%s" % (n.lower(), v) for n, v in self.headers.items()
                   if n.lower().startswith(wanted) and n.lower() not in unwanted]
        with lock:
            with open(port_file + ".log", "a") as f:
                f.write(" ".join([self.who, self.region, self.command, self.path] + sorted(carried)) + "\n")
        if "Action" in self.query:
            return self.sts()
        if url.path == "/federation/credentials":
            return self.sso()
        if url.path == "/agent":
            return self.agent()
        if url.path.startswith("/latest/"):
            return self.machine(url.path)
        path = urllib.parse.unquote(url.path)[1:]
        host = self.headers["Host"].partition(":")[0]
        if host.endswith(".localhost"):
            path = host.partition(".")[0] + "/" + path
        self.bucket, _, self.key = path.partition("/")
        bucket = self.bucket
        return getattr(self, "b_" + bucket.partition("-")[0], self.plain)()

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = handle_any

    # ---- who hands out keys

    def sts(self):
        action = self.query["Action"]
        role = self.query["RoleArn"]
        if "denied" in role or (action == "AssumeRoleWithWebIdentity" and self.query["WebIdentityToken"] != "tok/en="):
            return self.error(403, "AccessDenied")
        if "stale" in role:
            return self.error(400, "ExpiredTokenException")
        if action == "AssumeRole" and self.who == "-":
            return self.error(403, "MissingAuthenticationToken")
        self.answer(200, "<%sResponse xmlns='https://sts.amazonaws.com/doc/2011-06-15/'><%sResult><Credentials><AccessKeyId>%s"
                    "</AccessKeyId><SecretAccessKey>s3cret</SecretAccessKey><SessionToken>session</SessionToken>"
                    "<Expiration>%s</Expiration></Credentials></%sResult></%sResponse>"
                    % (action, action, new_key(), stamp(time.time() + seconds), action, action))

    def keys(self):
        return {"AccessKeyId": new_key(), "SecretAccessKey": "s3cret", "Token": "session",
                "Expiration": stamp(time.time() + seconds)}

    def sso(self):
        if self.headers.get("x-amz-sso_bearer_token") != "bearer":
            return self.answer(401, "{}")
        self.answer(200, json.dumps({"roleCredentials": {
            "accessKeyId": new_key(), "secretAccessKey": "s3cret", "sessionToken": "session",
            "expiration": int((time.time() + seconds) * 1000)}}))

    def agent(self):
        if self.headers.get("Authorization") != "agent-token":
            return self.answer(403, "{}")
        self.answer(200, json.dumps(self.keys()))

    def machine(self, path):
        roles = "/latest/meta-data/iam/security-credentials/"
        if path == "/latest/api/token":
            return self.answer(200, "imds") if self.command == "PUT" else self.answer(405)
        if self.headers.get("X-aws-ec2-metadata-token") != "imds":
            return self.answer(401)
        if path == roles:
            return self.answer(200, "worker\n")
        if path == roles + "worker":
            return self.answer(200, json.dumps(self.keys()))
        self.answer(404)

    # ---- buckets

    def plain(self):
        """Keeps objects, also in parts and by ranges, verifies MD5, knows DeleteObjects; keys with 'locked' stay."""
        md5 = self.headers.get("content-md5")
        if md5 and base64.b64decode(md5) != hashlib.md5(self.body).digest():
            return self.error(400, "BadDigest")
        name = (self.bucket, self.key)
        if not self.key:
            if "uploads" in self.query:
                return self.answer(200, "<ListMultipartUploadsResult %s></ListMultipartUploadsResult>" % NS)
            if "delete" in self.query:
                return self.delete_many()
            return self.listing(sorted((k, v) for (b, k), v in objects.items() if b == self.bucket))
        if "uploads" in self.query:
            return self.answer(200, "<InitiateMultipartUploadResult %s><UploadId>u1</UploadId></InitiateMultipartUploadResult>" % NS)
        if "uploadId" in self.query:
            return self.upload(parts.setdefault(name, {}))
        if self.command == "PUT":
            objects[name] = self.body
            return self.answer(200, headers=[("ETag", '"%s"' % hashlib.md5(self.body).hexdigest())])
        if self.command == "DELETE":
            objects.pop(name, None)
            return self.answer(204)
        if name not in objects:
            return self.error(404, "NoSuchKey")
        self.give(objects[name])

    def upload(self, mine):
        if self.command == "PUT":
            mine[int(self.query["partNumber"])] = self.body
            return self.answer(200, headers=[("ETag", '"%s"' % hashlib.md5(self.body).hexdigest())])
        if self.command == "POST":
            objects[self.bucket, self.key] = b"".join(mine[n] for n in sorted(mine))
            mine.clear()
            return self.answer(200, "<CompleteMultipartUploadResult %s><ETag>&quot;x-1&quot;</ETag></CompleteMultipartUploadResult>" % NS)
        mine.clear()
        self.answer(204)

    def give(self, body, etag=None, extra=()):
        """An object, or the range of it that is asked for."""
        headers = [("ETag", etag or '"%s"' % hashlib.md5(body).hexdigest())] + list(extra)
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if not asked or self.command == "HEAD":
            return self.answer(200, body, headers)
        first, last = int(asked[1]), min(int(asked[2]), len(body) - 1)
        if first > last:
            return self.error(416, "InvalidRange")
        self.answer(206, body[first:last + 1], headers + [("Content-Range", "bytes %d-%d/%d" % (first, last, len(body)))])

    def delete_many(self):
        if "content-md5" not in self.headers and "x-amz-checksum-crc64nvme" not in self.headers:
            return self.error(400, "InvalidRequest")
        gone, stay = re.findall(r"<Key>([^<]*)</Key>", self.body.decode()), ""
        for key in gone:
            key = key.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
            if "locked" in key:
                stay += "<Error><Key>%s</Key><Code>AccessDenied</Code><Message>locked</Message></Error>" % key
            else:
                objects.pop((self.bucket, key), None)
        self.answer(200, "<DeleteResult %s>%s</DeleteResult>" % (NS, stay))

    def listing(self, entries, truncated=False, stated=None, token="", cut=False):
        prefix = self.query.get("prefix", "")
        rows = ["<Contents><Key>%s</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>&quot;%s&quot;</ETag>"
                "<Size>%d</Size></Contents>" % (urllib.parse.quote(k), hashlib.md5(v).hexdigest(), len(v))
                for k, v in entries if k.startswith(prefix)]
        self.answer(200, "<ListBucketResult %s><EncodingType>url</EncodingType><KeyCount>%d</KeyCount><IsTruncated>%s</IsTruncated>%s%s</ListBucketResult>"
                    % (NS, len(rows) if stated is None else stated, "true" if truncated else "false",
                       "<NextContinuationToken>%s</NextContinuationToken>" % token if token else "", "".join(rows)), cut=cut)

    def b_million(self):
        """A listing of FAKE_KEYS keys, made page by page."""
        if self.query.get("prefix") and not self.query["prefix"].startswith("k"):
            return self.listing([])
        at = int(self.query.get("continuation-token") or 0)
        stop = min(at + 1000, n_million)
        rows = "".join("<Contents><Key>k%09d</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>&quot;"
                       "d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>0</Size></Contents>" % i
                       for i in range(at, stop))
        self.answer(200, "<ListBucketResult %s><EncodingType>url</EncodingType><KeyCount>%d</KeyCount><IsTruncated>%s</IsTruncated><NextContinuationToken>%d"
                    "</NextContinuationToken>%s</ListBucketResult>"
                    % (NS, stop - at, "true" if stop < n_million else "false", stop, rows))

    def b_east(self):
        """Lies in eu-west-3: 301, as S3 says it."""
        if self.region != "eu-west-3":
            return self.error(301, "PermanentRedirect", headers=[("x-amz-bucket-region", "eu-west-3")])
        self.plain()

    def b_moving(self):
        """307 with the region in the header."""
        if self.region != "eu-west-3":
            return self.error(307, "TemporaryRedirect", headers=[("x-amz-bucket-region", "eu-west-3")])
        self.plain()

    def b_fresh(self):
        """307 to a host of its own below the endpoint's, as for a bucket that is new."""
        host = self.headers["Host"]
        if host.startswith("localhost"):
            return self.error(307, "TemporaryRedirect", headers=[("Location", "http://%s.%s/%s" % (self.bucket, host, self.key))])
        self.plain()

    def b_thief(self):
        """307 to a strange host."""
        if self.headers["Host"].startswith("localhost"):
            return self.error(307, "TemporaryRedirect", headers=[
                ("Location", "http://%s/%s" % (self.headers["Host"].replace("localhost", "127.0.0.1"), self.path))])
        self.plain()

    def b_ring(self):
        """307 from one host to another without an end."""
        n = count("ring")
        port = self.headers["Host"].partition(":")[2]
        self.error(307, "TemporaryRedirect", headers=[("Location", "http://ring.h%d.localhost:%s/" % (n, port))])

    def b_malformed(self):
        """400 with the region in the text, as newer regions answer."""
        if self.region != "eu-west-3":
            return self.error(400, "AuthorizationHeaderMalformed", "<Region>eu-west-3</Region>")
        self.plain()

    def b_slow(self):
        """SlowDown for the first three requests."""
        if count("slow") <= 3:
            return self.error(503, "SlowDown")
        self.plain()

    def b_skewed(self):
        """Its clock is an hour ahead."""
        theirs = time.time() + 3600
        if abs(time.mktime(time.strptime(self.headers["x-amz-date"], "%Y%m%dT%H%M%SZ")) - time.timezone - theirs) > 900:
            return self.error(403, "RequestTimeTooSkewed", headers=[("Date", email.utils.formatdate(theirs, usegmt=True))])
        self.plain()

    def b_expiring(self):
        """Each key is good for three requests."""
        if count("with " + self.who) > 3:
            return self.error(400, "ExpiredToken")
        self.plain()

    def b_denied(self):
        self.error(403, "AccessDenied")

    def b_unsigned(self):
        self.error(403, "SignatureDoesNotMatch")

    def b_none(self):
        self.error(404, "NoSuchBucket")

    def b_single(self):
        """Knows no DeleteObjects."""
        if "delete" in self.query:
            return self.error(501, "NotImplemented")
        self.plain()

    def b_cut(self):
        """Its listing ends in the middle."""
        self.listing([("a", b"1"), ("b", b"2")], cut=True)

    def b_short(self):
        """Its listing is well-formed, and states more keys than it has."""
        self.listing([("a", b"1")], stated=3)

    def b_lost(self):
        """The second page of its listing does not come."""
        if "continuation-token" in self.query:
            return self.error(403, "AccessDenied")
        self.listing([("a", b"1")], truncated=True, token="next")

    def b_unsorted(self):
        self.listing([("b", b"1"), ("a", b"2")])

    def b_empty(self):
        self.listing([])


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass


server = Server(("127.0.0.1", 0), Handler)
if os.environ.get("FAKE_TLS"):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.environ["FAKE_TLS"])
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
with open(port_file + ".tmp", "w") as f:
    f.write(str(server.server_address[1]))
os.rename(port_file + ".tmp", port_file)
server.serve_forever()
