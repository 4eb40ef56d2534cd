#!/usr/bin/env bash
# sa-fs filter: what sa-serve asks behind /v1/fs, over a socket that passes descriptors.
. "$(dirname "$0")/tap.sh"
need python3 jq

ask() { sa-fs filter "${@:2}" <<<"$1"; }
is "$(ask '{"ref":[1],"op":"mkdir","params":{"path":"a/b"}}')" \
	"{\"ref\":[1],\"status\":200,\"result\":{\"path\":\"$HOME/a/b\"}}" "relative paths start at the home folder"
is "$(ask '{"op":"stat","params":{"path":"./a/./b/"}}' | jq -r '.result | "\(.path) \(.entryType)"')" \
	"$HOME/a/b directory" "dots are dropped"
problem() { ask "$1" "${@:2}" | jq -r '.problem | "\(.status) \(.type | sub(".*:"; "")) \(.title)"'; }
bad="400 invalid_request Invalid Request"
is "$(problem '{"op":"stat","params":{"path":"../x"}}')" "$bad" "and dot-dot is refused"
is "$(problem '{"op":"stat","params":{"path":"x/../../y"}}')" "$bad" "anywhere"
is "$(problem '{"op":"stat","params":{"path":"none"}}')" "$bad" "what is missing is 400, as clients expect"
is "$(problem '{"op":"stat","params":{}}')" "$bad" "so is a missing parameter"
is "$(problem '{"op":"stat","params":{"path":"a\u0000b"}}')" "$bad" "and a NUL"
is "$(problem '{"op":"read","params":{"path":"a"}}')" "$bad" "and reading a folder"
is "$(problem '{"op":"delete","params":{"path":"","recursive":"true"}}')" "$bad" "deleting the empty path deletes nothing"
is "$(problem '{"op":"delete","params":{"path":"a","recursive":"yes"}}')" "$bad" "a boolean is true or false"
is "$(problem '{"op":"delete","params":{"path":"a"}}')" "409 conflict Conflict" "a full folder is in the way"
is "$(ask '{"op":"delete","params":{"path":"a","recursive":"true"}}' | jq -c .result)" "{\"path\":\"$HOME/a\"}" "unless recursive"
: >"$HOME/f" && : >"$HOME/g"
is "$(problem '{"op":"mkdir","params":{"path":"f"}}')" "409 conflict Conflict" "a file is no folder"
is "$(problem '{"op":"move","body":{"from":"f","to":"g"}}')" "$bad" "moving onto something is 400"
is "$(problem '{"op":"move","body":{"from":"f"}}')" "$bad" "a body without a member too"
is "$(problem '{"op":"move","body":{"from":"f","to":"g","overwrite":"true"}}')" "$bad" "or with a wrong one"
is "$(ask '{"op":"move","body":{"from":"f","to":"g","overwrite":true}}' | jq -c .result)" \
	"{\"from\":\"$HOME/f\",\"to\":\"$HOME/g\"}" "overwriting moves"
is "$(ask '{"op":"entries","params":{}}' | jq -c '.result | map(.name)')" '["g"]' "entries without a path are those of the home folder"
is "$(problem '{"op":"stat","params":{"path":"/etc"}}' --root "$HOME")" "403 permission_denied Permission Denied" "a root confines"
is "$(ask '{"op":"stat","params":{"path":"g"}}' --root "$T" | jq -r .result.path)" "$HOME/g" "the home folder counts when it lies in it"
mkdir "$T/elsewhere"
is "$(ask '{"op":"entries"}' --root "$T/elsewhere" | jq -c .result)" "[]" "else paths start at the root"
like "$(ask '{"op":"read","params":{"path":"g"}}')" 'must be a unix socket' "a pipe passes no descriptor, and that is told"
like "$(ask '{"op":"nonsense"}')" 'unknown op' "an unknown op is told"

cat >client.py <<'END'
import array, json, os, socket, subprocess, sys
home = os.environ["HOME"]
ours, theirs = socket.socketpair()
child = subprocess.Popen(["sa-fs", "filter"], stdin=theirs, stdout=theirs)
theirs.close()
pending = b""
fds = []
def ask(op, params={}, **more):
    global pending
    ours.sendall(json.dumps({"ref": 7, "op": op, "params": params, **more}).encode() + b"\n")
    while b"\n" not in pending:
        data, ancillary, _, _ = ours.recvmsg(1 << 20, socket.CMSG_SPACE(64))
        for level, kind, got in ancillary:
            fds.extend(array.array("i", got[: len(got) - len(got) % 4]))
        assert data, "the filter went away"
        pending += data
    line, pending = pending.split(b"\n", 1)
    answer = json.loads(line)
    assert answer["ref"] == 7
    return answer
count = 0
def check(condition, name):
    global count
    count += 1
    print(("ok" if condition else "not ok") + f" {count} - {name}", flush=True)
def body(answer):
    fd = fds.pop(0)
    data = os.pread(fd, answer["file"]["length"], answer["file"]["offset"])
    os.close(fd)
    return data
def write(path, data, headers={}, end="commit"):
    begun = ask("write.begin", {"path": path}, headers=headers)
    if "problem" in begun:
        return begun
    fd = fds.pop(0)
    os.write(fd, data)
    os.close(fd)
    return ask("write." + end, {"path": path, "handle": begun["result"]["handle"]})

w = write("x/file", b"0123456789")
check(w["result"] == {"path": home + "/x/file", "bytesWritten": 10}, "a write in two steps")
tag = w["headers"]["etag"]
r = ask("read", {"path": "x/file"})
check(body(r) == b"0123456789" and r["status"] == 200, "the file comes as a descriptor")
check(r["headers"]["etag"] == tag and r["headers"]["content-type"] == "application/octet-stream", "with the tag that the write told")
check(ask("stat", {"path": "x/file"})["headers"]["etag"] == tag, "stat tells the same tag")
r = ask("read", {"path": "x/file"}, headers={"range": "bytes=2-4"})
check((r["status"], body(r), r["headers"]["content-range"]) == (206, b"234", "bytes 2-4/10"), "a range is 206")
r = ask("read", {"path": "x/file"}, headers={"range": "bytes=-2"})
check((r["status"], body(r)) == (206, b"89"), "from the end too")
r = ask("read", {"path": "x/file"}, headers={"range": "bytes=0-1,4-5"})
check((r["status"], body(r)) == (200, b"0123456789"), "several ranges are the whole file")
r = ask("read", {"path": "x/file"}, headers={"range": "bytes=10-"})
check((r["problem"]["status"], r["headers"]["content-range"]) == (416, "bytes */10"), "nothing there is 416, and the size is told")
r = ask("read", {"path": "x/file"}, headers={"range": "bytes=1-1", "if-range": tag})
check((r["status"], body(r)) == (206, b"1"), "If-Range with the tag")
r = ask("read", {"path": "x/file"}, headers={"range": "bytes=1-1", "if-range": '"other"'})
check((r["status"], body(r)) == (200, b"0123456789"), "If-Range with another one")
r = ask("read", {"path": "x/file"}, headers={"range": "bytes=1-1", "if-range": r["headers"]["last-modified"]})
check((r["status"], body(r)) == (206, b"1"), "If-Range with the date")
r = ask("read", {"path": "x/file"}, headers={"if-none-match": 'W/"a", ' + tag})
check(r["status"] == 304 and not fds and r["headers"]["etag"] == tag and "result" not in r, "If-None-Match is 304 without a body")
check(write("x/file", b"no", {"if-match": '"wrong"'})["problem"]["status"] == 412, "If-Match refuses")
check(write("x/file", b"no", {"if-none-match": "*"})["problem"]["status"] == 412, "If-None-Match: * too")
w = write("x/file", b"new", {"if-match": tag})
check(w["result"]["bytesWritten"] == 3 and w["headers"]["etag"] != tag, "If-Match writes, and the tag is another")
def write_at_once(path, data, headers={}):
    global pending
    r, out = os.pipe()
    os.write(out, data)
    os.close(out)
    line = {"ref": 7, "op": "write", "params": {"path": path}, "headers": headers, "fd": True}
    socket.send_fds(ours, [json.dumps(line).encode() + b"\n"], [r])
    os.close(r)
    while b"\n" not in pending:
        pending += ours.recv(1 << 20)
    answer, pending = pending.split(b"\n", 1)
    return json.loads(answer)
w = write_at_once("x/file", b"at once")
check(w["result"]["bytesWritten"] == 7 and open(home + "/x/file").read() == "at once", "a small file comes in one message")
check(w["headers"]["etag"] == ask("stat", {"path": "x/file"})["headers"]["etag"], "with its tag")
check(write_at_once("x/file", b"no", {"if-match": '"wrong"'})["problem"]["status"] == 412, "under the same conditions")
check("problem" in ask("write", {"path": "x/file"}) and os.listdir(home + "/x") == ["file"], "and never without it")
w = write("x/file", b"new")
first = ask("write.begin", {"path": "x/file"}, headers={"if-match": w["headers"]["etag"]})
second = ask("write.begin", {"path": "x/file"}, headers={"if-match": w["headers"]["etag"]})
for fd in fds: os.close(fd)
fds.clear()
a = ask("write.commit", {"handle": first["result"]["handle"]})
b = ask("write.commit", {"handle": second["result"]["handle"]})
check("result" in a and b["problem"]["status"] == 412, "of two writers with one tag one wins")
check(write("x/file", b"junk", end="abort")["status"] == 204, "an aborted write")
check(os.listdir(home + "/x") == ["file"] and open(home + "/x/file").read() == "", "changes nothing and leaves nothing")
check(ask("write.commit", {"handle": "nonsense"})["problem"]["status"] == 404, "an unknown handle is not found")
handles = []
while True:
    answer = ask("write.begin", {"path": "many"})
    if "problem" in answer: break
    os.close(fds.pop(0))
    handles.append(answer["result"]["handle"])
check(len(handles) == 256 and answer["problem"]["status"] == 413, "at most 256 writes are open")
ask("write.abort", {"handle": handles[0]})
check("result" in ask("write.begin", {"path": "many"}), "and one more when one is over")
os.close(fds.pop(0))

# What takes long is done aside: requests that came later are answered first.
def tree(path, files=3):
    os.makedirs(home + "/" + path + "/sub")
    for i in range(files):
        open(f"{home}/{path}/{i}", "w").close()
def both(op, params={}, **more):
    "op, then a stat in the same bytes: the answers in the order of their coming"
    global pending
    lines = [{"ref": op, "op": op, "params": params, **more}, {"ref": "stat", "op": "stat", "params": {"path": "x"}}]
    ours.sendall("".join(json.dumps(line) + "\n" for line in lines).encode())
    while pending.count(b"\n") < 2:
        data = ours.recv(1 << 20)
        assert data, "the filter went away"
        pending += data
    first, second, pending = pending.split(b"\n", 2)
    return json.loads(first), json.loads(second)
tree("tree")
first, second = both("delete", {"path": "tree", "recursive": "true"})
check((first["ref"], second["ref"], second["status"]) == ("stat", "delete", 200), "a recursive delete keeps nobody waiting")
check(not os.path.exists(home + "/tree"), "and deletes")
tree("tree"); tree("other")
first, second = both("move", body={"from": home + "/tree", "to": home + "/other", "overwrite": True})
check((first["ref"], second["ref"], second["status"]) == ("stat", "move", 200), "nor does a move onto a full folder")
check(len(os.listdir(home + "/other")) == 4 and not os.path.exists(home + "/tree"), "and moves")
tree("many-files", 4100)
first, second = both("entries", {"path": "many-files"})
check((first["ref"], second["ref"], len(second["result"])) == ("stat", "entries", 4101), "nor does a list of many")
first, second = both("delete", {"path": "x/file", "recursive": "true"})
check((first["ref"], second["ref"]) == ("delete", "stat"), "what is quick is done in order")
check(ask("delete", {"path": "other"})["problem"]["status"] == 409, "a full folder stays in the way")
check(ask("shutdown")["status"] == 204, "shutdown is answered")
ours.close()
check(child.wait() == 0, "the end of input ends it")
check(not os.path.exists(home + "/many") and os.listdir(home + "/x") == [], "and what was not committed is gone")
END
ok "the socket client ran" python3 client.py
while read -r verdict _ _ name; do is "$verdict" ok "socket: $name"; done < <(grep -E '^(not )?ok ' "$T/out" | sed 's/^not ok/not-ok/')
like "$(tail -n 1 "$T/out")" 'ok 35 ' "to its end"
done_testing
