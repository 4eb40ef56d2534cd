#!/usr/bin/env python3
"""A package registry on loopback that can misbehave, for tests.

registry.py FOLDER PORTFILE [CERT KEY]: serves the tarballs FOLDER/NAME-VERSION.tgz
as "npm pack" names them, over TLS when there is a certificate. Each request is a line
in FOLDER/log. The first part of the path says how it behaves:
  ok          as it should
  whole       knows no address of one version, only of the whole package
  baddigest   announces another digest
  nodigest    announces none
  tampered    announces the digest of the true tarball and sends another one
  truncated   sends half and says that it was all
  cut         breaks each connection after a quarter of the tarball
  norange     breaks the first connection, and always begins at the start
  busy        answers 503 to the first two requests of each address
  down        redirects tarballs to http
  away        announces a tarball at http
  private     wants the token "sesame"
  stall       sends half of the tarball, then nothing; stall:N the first N bytes, stall:-N all but the last N
Other files of FOLDER are under /files/, with an ETag.
"""
import base64, hashlib, http.server, io, json, os, socket, ssl, sys, tarfile, threading, urllib.parse

folder, port_file = sys.argv[1], sys.argv[2]
tls = sys.argv[3:5]
seen, lock = {}, threading.Lock()


def tarball(name, version):
    path = os.path.join(folder, f"{name.lstrip('@').replace('/', '-')}-{version}.tgz")
    return open(path, "rb").read() if os.path.exists(path) else None


def versions(name):
    start = name.lstrip("@").replace("/", "-") + "-"
    return sorted(f[len(start):-4] for f in os.listdir(folder) if f.startswith(start) and f.endswith(".tgz"))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send(self, status, body=b"", headers=()):
        self.send_response(status)
        for key, value in headers:
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def base(self, how, scheme=None):
        return f"{scheme or ('https' if tls else 'http')}://127.0.0.1:{self.server.server_port}/{how}"

    def document(self, how, name, version):
        data = tarball(name, version)
        digest = hashlib.sha512(data + (b"x" if how == "baddigest" else b"")).digest()
        dist = {"tarball": f"{self.base(how, 'http' if how == 'away' else None)}/-/{name.replace('/', '%2f')}/{version}.tgz"}
        if how != "nodigest":
            dist["integrity"] = "sha512-" + base64.b64encode(digest).decode()
        try:
            with tarfile.open(fileobj=io.BytesIO(data)) as archive:
                said = json.load(archive.extractfile("package/package.json"))
        except (tarfile.TarError, KeyError, ValueError, EOFError, OSError):
            said = {}
        return {**said, "name": name, "version": version, "dist": dist}

    def metadata(self, how, name, version):
        known = versions(name)
        if not known:
            return self.send(404, b"{}")
        if version and how != "whole":
            version = known[-1] if version == "latest" else version
            if version not in known:
                return self.send(404, b"{}")
            return self.send(200, json.dumps(self.document(how, name, version)).encode())
        if version:
            return self.send(404, b"{}")
        body = {"dist-tags": {"latest": known[-1]}, "versions": {v: self.document(how, name, v) for v in known}}
        self.send(200, json.dumps(body).encode())

    def breaks(self, data, start, count):
        """Announce all of it, send count bytes, hang up."""
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        self.wfile.write(data[start:start + count])
        self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def file(self, how, name, version, times):
        data = tarball(name, version)
        if data is None:
            return self.send(404)
        if how == "tampered":
            data = data[:-20] + bytes(20)
        if how == "truncated":
            data = data[:len(data) // 2]
        if how == "down":
            return self.send(302, b"", [("Location", self.base("ok", "http") + "/-/x/1.tgz")])
        span = self.headers.get("Range")
        start = int(span[6:].split("-")[0]) if span and how != "norange" else 0
        if start >= len(data):
            return self.send(416)
        if how == "cut":
            return self.breaks(data, start, max(1, len(data) // 4))
        if how == "norange" and times == 1:
            return self.breaks(data, 0, len(data) // 2)
        if how.startswith("stall"):
            wanted = int(how[6:]) if how[5:] else len(data) // 2
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[:wanted])
            self.wfile.flush()
            open(os.path.join(folder, "stalled"), "w").close()
            self.rfile.read(1)
            return None
        if start:
            return self.send(206, data[start:], [("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")])
        self.send(200, data)

    def do_GET(self):
        how, *rest = [urllib.parse.unquote(p) for p in self.path.strip("/").split("/")]
        with lock:
            times = seen[self.path] = seen.get(self.path, 0) + 1
            with open(os.path.join(folder, "log"), "a") as log:
                log.write(f"{self.path} {self.headers.get('Range', '-')} {self.headers.get('If-None-Match', '-')}\n")
        if how == "busy" and times <= 2:
            return self.send(503)
        if how == "private" and self.headers.get("Authorization") != "Bearer sesame":
            return self.send(401)
        if how == "files":
            path = os.path.join(folder, rest[0])
            if not os.path.exists(path):
                return self.send(404)
            data = open(path, "rb").read()
            etag = '"' + hashlib.sha256(data).hexdigest()[:16] + '"'
            if self.headers.get("If-None-Match") == etag:
                return self.send(304, b"", [("ETag", etag)])
            return self.send(200, data.replace(b"@BASE@", self.base("files").encode()), [("ETag", etag)])
        if rest[:1] == ["-"]:
            return self.file(how, rest[1], rest[2][:-4], times)
        if len(rest) in (1, 2):
            return self.metadata(how, rest[0], rest[1] if len(rest) == 2 else None)
        self.send(404)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


server = Server(("127.0.0.1", 0), Handler)
if tls:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*tls)
    server.socket = context.wrap_socket(server.socket, server_side=True)
with open(port_file + ".new", "w") as out:
    out.write(str(server.server_port))
os.rename(port_file + ".new", port_file)
server.serve_forever()
