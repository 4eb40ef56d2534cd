"""The parts of four providers' published APIs that scripts/deploy uses, strict about what they are asked: a request
without its key, with a member that the API does not have, or without a time to live is refused. Commands really run,
here. One program, a prefix for each provider; deploy-contracts.t compares it with what the providers publish.
usage: providers.py FOLDER; writes FOLDER/port, FOLDER/asked (lines METHOD PATH) and FOLDER/said (a line of JSON for each
request and its answer). Toolboxes of Daytona's are behind the address in FOLDER/toolbox, if there is one."""
import base64, http.server, json, os, random, re, signal, socket, struct, subprocess, sys, threading, time
from urllib.parse import parse_qs

folder = sys.argv[1]
sandboxes = {}
lock = threading.Lock()
HANG = os.path.join(folder, "hang")  # while it is there, commands do nothing
FAULT = os.path.join(folder, "fault")  # while it is there, sandboxes of Daytona's do not start


class Refused(Exception):
    """status, message"""


def members(body, required, optional=()):
    missing = [name for name in required if name not in body]
    unknown = [name for name in body if name not in required and name not in optional]
    if missing or unknown:
        raise Refused(400, f"missing {missing}, unknown {unknown}")


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
        raise Refused(404, "no such sandbox")
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if f"\0SANDBOX={sandbox}\0".encode() in b"\0" + open(f"/proc/{pid}/environ", "rb").read():
                os.kill(int(pid), signal.SIGKILL)
        except OSError:
            pass


def new(prefix, **more):
    name = prefix + "".join(random.choices("abcdefghijklmnopqrstuvwxyz234567", k=25))
    os.makedirs(os.path.join(folder, name))
    sandboxes[name] = {"env": {}, **more}
    return name


def known(sandbox):
    if sandbox not in sandboxes:
        raise Refused(404, "no such sandbox")
    return sandboxes[sandbox]


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
        return True
    except OSError:
        return False


def refusal(provider, status, message):
    """In the provider's own form of words."""
    if provider == "vercel":
        return {"error": {"code": "refused", "message": message}}
    if provider == "cloudflare":
        return {"error": message, "code": "invalid_request"}
    return {"code": status, "message": message}


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *words):
        pass

    def answer(self, provider, path, status, body=b"", kind="application/json"):
        with lock, open(os.path.join(folder, "said"), "a") as file:
            file.write(json.dumps({"provider": provider, "method": self.command, "path": path, "asked": self.asked,
                                   "status": status, "answered": None if isinstance(body, bytes) else body}) + "\n")
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.send_response(status)
        if body:
            self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def body(self):
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        parts = []
        while length := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(length))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def handle_any(self):
        raw = self.body()
        with lock, open(os.path.join(folder, "asked"), "a") as file:
            file.write(f"{self.command} {self.path}\n")
        provider, _, path = self.path[1:].partition("/")
        path = "/" + path
        # A message of E2B's has five bytes before its JSON.
        self.asked = json.loads(raw[5:] if raw[:1] == b"\0" else raw or b"null")
        try:
            self.answer(provider, path, *getattr(self, provider)(self.command, path, raw))
        except Refused as refused:
            status, message = refused.args
            self.answer(provider, path, status, refusal(provider, status, message))

    do_GET = do_POST = do_DELETE = handle_any

    def key(self, header, value):
        if self.headers.get(header) != value:
            raise Refused(401, f"{header}?")

    def e2b(self, method, path, raw):
        asked = self.asked
        if path == "/process.Process/Start":
            known(self.headers.get("E2b-Sandbox-Id"))
            self.key("X-Access-Token", "envd-token")
            self.key("Content-Type", "application/connect+json")
            self.key("Authorization", "Basic " + base64.b64encode(b"user:").decode())
            flags, length = struct.unpack(">BI", raw[:5])
            if flags or length != len(raw) - 5:
                raise Refused(400, "bad frame")
            members(asked, ["process"], ["stdin", "tag", "pty"])
            members(asked["process"], ["cmd"], ["args", "envs", "cwd"])
            status = run(self.headers["E2b-Sandbox-Id"], [asked["process"]["cmd"], *asked["process"]["args"]], asked["process"]["envs"], True)
            frames = [(0, {"event": {"start": {"pid": 7}}}), (0, {"event": {"end": {"exitCode": status, "exited": True}}}), (2, {})]
            return 200, b"".join(struct.pack(">BI", f, len(json.dumps(b))) + json.dumps(b).encode() for f, b in frames), "application/connect+json"
        self.key("X-API-Key", "e2b-key")
        if (method, path) == ("POST", "/v2/sandboxes"):
            members(asked, ["templateID", "timeout"], ["envVars", "metadata", "autoPause", "allow_internet_access", "network"])
            name = new("e")
            return 201, {"sandboxID": name, "templateID": "base", "envdAccessToken": "envd-token", "clientID": "c", "envdVersion": "0.3.0"}
        if method == "DELETE" and (found := re.fullmatch(r"/sandboxes/(\w+)", path)):
            end(found[1])
            return 204,
        raise Refused(404, path)

    def daytona(self, method, path, raw):
        self.key("Authorization", "Bearer daytona-key")
        asked = self.asked
        if (method, path) == ("POST", "/sandbox"):
            members(asked, ["ttlMinutes", "autoStopInterval"], ["snapshot", "env", "labels", "public", "autoDeleteInterval"])
            if not asked["ttlMinutes"] or not asked["autoStopInterval"] or asked.get("public"):
                raise Refused(400, "never ends, or open to all")
            return 200, self.daytona_sandbox(new("d", asked=asked, env=asked["env"], looks=0))
        found = re.fullmatch(r"/(sandbox|toolbox)/(\w+)(.*)", path)
        if not found:
            raise Refused(404, path)
        kind, name, rest = found.groups()
        sandbox = known(name)
        if (method, rest) == ("DELETE", ""):
            last = self.daytona_sandbox(name)
            end(name)
            return 200, last
        if (method, rest) == ("GET", ""):
            sandbox["looks"] += 1
            return 200, self.daytona_sandbox(name)
        if kind == "toolbox" and rest == "/process/session":
            members(asked, ["sessionId"])
            sandbox["session"] = asked["sessionId"]
            return 201,
        if kind == "toolbox" and rest == f"/process/session/{sandbox.get('session')}/exec":
            members(asked, ["command"], ["runAsync"])
            run(name, ["bash", "-c", asked["command"]], {}, False)
            return 202, {"cmdId": "c1"}
        if port := re.fullmatch(r"/ports/(\d+)/preview-url", rest):
            return 200, {"sandboxId": name, "url": f"http://127.0.0.1:{port[1]}", "token": "preview"}
        raise Refused(404, path)

    def daytona_sandbox(self, name):
        asked, toolbox = sandboxes[name]["asked"], f"http://127.0.0.1:{self.server.server_port}/daytona/toolbox"
        if os.path.exists(os.path.join(folder, "toolbox")):
            toolbox = open(os.path.join(folder, "toolbox")).read().strip()
        state = "error" if os.path.exists(FAULT) else "started" if sandboxes[name]["looks"] > 1 else "creating"
        return {"id": name, "organizationId": "o", "name": name, "user": "daytona", "env": asked["env"], "labels": asked.get("labels", {}),
                "public": False, "networkBlockAll": False, "kvm": False, "target": "us", "cpu": 1, "gpu": 0, "memory": 1, "disk": 3,
                "state": state, "errorReason": "no room", "toolboxProxyUrl": toolbox,
                "autoStopInterval": asked["autoStopInterval"], "autoDeleteInterval": asked.get("autoDeleteInterval", -1)}

    def vercel(self, method, path, raw):
        self.key("Authorization", "Bearer vercel-key")
        path, _, query = path.partition("?")
        query, asked, now = parse_qs(query), self.asked, int(time.time() * 1000)
        if query.get("teamId") != ["team"]:
            raise Refused(403, "forbidden")
        if (method, path) == ("POST", "/v2/sandboxes"):
            members(asked, ["projectId", "runtime", "ports", "timeout", "persistent"], ["env", "resources", "source", "name"])
            if asked["timeout"] < 60000 or asked["persistent"]:
                raise Refused(400, "milliseconds are meant; and what is persistent is kept, and paid for, after its time")
            if asked["runtime"] not in ("node22", "node24", "node26", "python3.13"):
                raise Refused(400, "no such runtime")
            if any(port < 1024 or port > 65535 or port == 23456 for port in asked["ports"]):
                raise Refused(400, "that port is not to be had")
            name = new("v", env=asked["env"], asked=asked)
            return 200, {
                "sandbox": self.vercel_sandbox(name),
                "session": {"id": "s" + name, "projectId": asked["projectId"], "sourceSandboxName": name, "memory": 4096, "vcpus": 2, "region": "iad1",
                            "runtime": asked["runtime"], "timeout": asked["timeout"], "status": "running", "requestedAt": now, "startedAt": now,
                            "createdAt": now, "updatedAt": now, "cwd": "/vercel/sandbox"},
                "routes": [{"port": p, "subdomain": "x", "url": f"http://127.0.0.1:{p}"} for p in asked["ports"]]}
        if method == "POST" and (found := re.fullmatch(r"/v2/sandboxes/sessions/s(\w+)/cmd", path)):
            members(asked, ["command"], ["args", "cwd", "env", "sudo", "wait", "timeout"])
            known(found[1])
            run(found[1], [asked["command"], *asked["args"]], asked["env"], False)
            return 200, {"command": {"id": "c1", "name": asked["command"], "args": asked["args"], "cwd": "/vercel/sandbox",
                                     "sessionId": "s" + found[1], "exitCode": None, "startedAt": now}}
        if method == "DELETE" and (found := re.fullmatch(r"/v2/sandboxes/(\w+)", path)):
            if query.get("projectId") != ["project"]:
                raise Refused(404, "a name without its project")
            known(found[1])
            last = self.vercel_sandbox(found[1])
            end(found[1])
            return 200, {"sandbox": last}
        raise Refused(404, path)

    def vercel_sandbox(self, name):
        asked, now = sandboxes[name]["asked"], int(time.time() * 1000)
        return {"name": name, "persistent": asked["persistent"], "region": "iad1", "vcpus": 2, "memory": 4096, "runtime": asked["runtime"],
                "timeout": asked["timeout"], "createdAt": now, "updatedAt": now, "statusUpdatedAt": now, "currentSessionId": "s" + name,
                "status": "running"}

    def cloudflare(self, method, path, raw):
        self.key("Authorization", "Bearer bridge-key")
        if (method, path) == ("POST", "/v1/sandbox"):
            return 200, {"id": new("c")}
        found = re.fullmatch(r"/v1/sandbox/([a-z2-7]{1,128})(/.*)?", path)
        if not found:
            raise Refused(404, path)
        name, rest = found.groups()
        if (method, rest) == ("DELETE", None):
            if name in sandboxes:
                end(name)
            return 204,
        known(name)
        if (method, rest) == ("POST", "/exec"):
            members(self.asked, ["argv"], ["cwd", "timeout_ms"])
            if not re.match(r"/workspace(/|$)", self.asked.get("cwd", "/workspace")):
                raise Refused(403, "cwd must resolve to a location within /workspace")
            status = run(name, self.asked["argv"], {}, True)
            return 200, f'event: exit\ndata: {{"exit_code":{status}}}\n\n'.encode(), "text/event-stream"
        if method == "POST" and (port := re.fullmatch(r"/tunnel/(\d+)", rest)):
            if not 1024 <= int(port[1]) <= 65535 or port[1] == "3000":
                raise Refused(400, "Invalid port")
            if not listens(int(port[1])):
                raise Refused(502, "tunnel failed: nothing listens there")
            return 200, {"id": "t1", "port": int(port[1]), "url": f"http://127.0.0.1:{port[1]}", "hostname": "127.0.0.1",
                         "createdAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
        raise Refused(404, path)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(os.path.join(folder, "port.new"), "w") as out:
    out.write(str(server.server_port))
os.rename(os.path.join(folder, "port.new"), os.path.join(folder, "port"))
server.serve_forever()
