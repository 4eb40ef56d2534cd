"""The parts of four providers' published APIs that scripts/deploy uses, strict about what they are asked: a request
without its key, with a member that the API does not have, or without a time to live is refused. Commands really run,
here. One program, a prefix for each provider. usage: providers.py FOLDER; writes FOLDER/port, FOLDER/asked."""
import base64, http.server, json, os, re, signal, struct, subprocess, sys, threading

folder = sys.argv[1]
sandboxes = {}
lock = threading.Lock()
HANG = os.path.join(folder, "hang")  # while it is there, commands do nothing


class Refused(Exception):
    pass


def members(body, required, optional=()):
    missing = [name for name in required if name not in body]
    unknown = [name for name in body if name not in required and name not in optional]
    if missing or unknown:
        raise Refused(400, {"message": f"missing {missing}, unknown {unknown}"})


def run(sandbox, argv, env, wait):
    home = os.path.join(folder, sandbox)
    os.makedirs(home, exist_ok=True)
    with open(os.path.join(home, ".profile"), "w") as file:  # a login shell sets PATH anew
        file.write(f"PATH='{os.environ['PATH']}'\n")
    if os.path.exists(HANG):
        return 0
    process = subprocess.Popen(argv, cwd=home, stdin=subprocess.DEVNULL, env={
        "PATH": os.environ["PATH"], "HOME": home, "SANDBOX": sandbox, **sandboxes[sandbox]["env"], **env})
    return process.wait() if wait else 0


def end(sandbox):
    if sandboxes.pop(sandbox, None) is None:
        raise Refused(404, {"message": "no such sandbox"})
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if f"\0SANDBOX={sandbox}\0".encode() in b"\0" + open(f"/proc/{pid}/environ", "rb").read():
                os.kill(int(pid), signal.SIGKILL)
        except OSError:
            pass


def new(prefix, **more):
    with lock:
        name = f"{prefix}{len(os.listdir(folder))}x{len(sandboxes)}"
        os.makedirs(os.path.join(folder, name))
        sandboxes[name] = {"env": {}, **more}
        return name


def known(sandbox):
    if sandbox not in sandboxes:
        raise Refused(404, {"message": "no such sandbox"})
    return sandboxes[sandbox]


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *words):
        pass

    def answer(self, status, body=b"", kind="application/json"):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle_any(self):
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        with open(os.path.join(folder, "asked"), "a") as file:
            file.write(f"{self.command} {self.path}\n")
        provider, _, path = self.path[1:].partition("/")
        try:
            self.answer(*getattr(self, provider)(self.command, "/" + path, raw))
        except Refused as refused:
            self.answer(*refused.args)

    do_GET = do_POST = do_DELETE = handle_any

    def key(self, header, value):
        if self.headers.get(header) != value:
            raise Refused(401, {"message": f"{header}?"})

    def e2b(self, method, path, raw):
        if path == "/process.Process/Start":
            known(self.headers.get("E2b-Sandbox-Id"))
            self.key("X-Access-Token", "envd-token")
            self.key("Content-Type", "application/connect+json")
            self.key("Authorization", "Basic " + base64.b64encode(b"user:").decode())
            flags, length = struct.unpack(">BI", raw[:5])
            if flags or length != len(raw) - 5:
                raise Refused(400, {"message": "bad frame"})
            asked = json.loads(raw[5:])
            members(asked, ["process"], ["stdin", "tag", "pty"])
            members(asked["process"], ["cmd"], ["args", "envs", "cwd"])
            status = run(self.headers["E2b-Sandbox-Id"], [asked["process"]["cmd"], *asked["process"]["args"]], asked["process"]["envs"], True)
            frames = [(0, {"event": {"start": {"pid": 7}}}), (0, {"event": {"end": {"exitCode": status, "exited": True}}}), (2, {})]
            return 200, b"".join(struct.pack(">BI", f, len(json.dumps(b))) + json.dumps(b).encode() for f, b in frames), "application/connect+json"
        self.key("X-API-Key", "e2b-key")
        if (method, path) == ("POST", "/sandboxes"):
            body = json.loads(raw)
            members(body, ["templateID", "timeout"], ["envVars", "metadata", "autoPause", "secure", "allow_internet_access", "network"])
            name = new("e")
            return 201, {"sandboxID": name, "templateID": "base", "envdAccessToken": "envd-token", "clientID": "c", "envdVersion": "1"}
        if method == "DELETE" and (found := re.fullmatch(r"/sandboxes/(\w+)", path)):
            end(found[1])
            return 204,
        raise Refused(404, {"message": path})

    def daytona(self, method, path, raw):
        self.key("Authorization", "Bearer daytona-key")
        if (method, path) == ("POST", "/sandbox"):
            body = json.loads(raw)
            members(body, ["ttlMinutes", "autoStopInterval"], ["snapshot", "env", "labels", "public", "autoDeleteInterval"])
            if not body["autoStopInterval"] or body.get("public"):
                raise Refused(400, {"message": "never ends, or open to all"})
            return 200, {"id": new("d", env=body["env"], looks=0), "state": "creating"}
        found = re.fullmatch(r"/(sandbox|toolbox)/(\w+)(.*)", path)
        if not found:
            raise Refused(404, {"message": path})
        kind, name, rest = found.groups()
        sandbox = known(name)
        body = json.loads(raw or b"null")
        if (method, rest) == ("DELETE", ""):
            end(name)
            return 200, {}
        if (method, rest) == ("GET", ""):
            sandbox["looks"] += 1
            return 200, {"id": name, "state": "started" if sandbox["looks"] > 1 else "creating"}
        if rest == "/toolbox-proxy-url":
            return 200, {"url": self.base("daytona/toolbox")}
        if kind == "toolbox" and rest == "/process/session":
            members(body, ["sessionId"])
            sandbox["session"] = body["sessionId"]
            return 201, {}
        if kind == "toolbox" and rest == f"/process/session/{sandbox.get('session')}/exec":
            members(body, ["command"], ["runAsync"])
            run(name, ["bash", "-c", body["command"]], {}, False)
            return 202, {"cmdId": "c1"}
        if port := re.fullmatch(r"/ports/(\d+)/preview-url", rest):
            return 200, {"url": f"http://127.0.0.1:{port[1]}", "token": "preview"}
        raise Refused(404, {"message": path})

    def vercel(self, method, path, raw):
        self.key("Authorization", "Bearer vercel-key")
        path, _, query = path.partition("?")
        if query != "teamId=team":
            raise Refused(403, {"error": {"code": "forbidden"}})
        body = json.loads(raw or b"null")
        if (method, path) == ("POST", "/v2/sandboxes"):
            members(body, ["projectId", "runtime", "ports", "timeout"], ["env", "resources", "source", "name"])
            if body["timeout"] < 60000:
                raise Refused(400, {"message": "milliseconds"})
            name = new("v", env=body["env"])
            return 200, {"sandbox": {"name": name}, "session": {"id": "s" + name},
                         "routes": [{"port": p, "subdomain": "x", "url": f"http://127.0.0.1:{p}"} for p in body["ports"]]}
        if method == "POST" and (found := re.fullmatch(r"/v2/sandboxes/sessions/s(\w+)/cmd", path)):
            members(body, ["command"], ["args", "cwd", "env", "sudo", "wait", "timeout"])
            known(found[1])
            run(found[1], [body["command"], *body["args"]], body["env"], False)
            return 200, {"command": {"id": "c1"}}
        if method == "DELETE" and (found := re.fullmatch(r"/v2/sandboxes/(\w+)", path)):
            end(found[1])
            return 200, {}
        raise Refused(404, {"message": path})

    def cloudflare(self, method, path, raw):
        self.key("Authorization", "Bearer bridge-key")
        if (method, path) == ("POST", "/v1/sandbox"):
            return 200, {"id": new("c")}
        found = re.fullmatch(r"/v1/sandbox/(\w+)(.*)", path)
        if not found:
            raise Refused(404, {"error": path})
        name, rest = found.groups()
        known(name)
        body = json.loads(raw or b"null")
        if (method, rest) == ("DELETE", ""):
            end(name)
            return 204,
        if rest == "/exec":
            members(body, ["argv"], ["cwd", "env", "timeout_ms"])
            status = run(name, body["argv"], {}, True)
            return 200, f'event: exit\ndata: {{"exit_code":{status}}}\n\n'.encode(), "text/event-stream"
        if port := re.fullmatch(r"/tunnel/(\d+)", rest):
            return 200, {"url": f"http://127.0.0.1:{port[1]}"}
        raise Refused(404, {"error": path})

    def base(self, rest):
        return f"http://127.0.0.1:{self.server.server_port}/{rest}"


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(os.path.join(folder, "port.new"), "w") as out:
    out.write(str(server.server_port))
os.rename(os.path.join(folder, "port.new"), os.path.join(folder, "port"))
server.serve_forever()
