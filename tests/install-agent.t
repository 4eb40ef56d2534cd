#!/usr/bin/env bash
# sa-install-agent against a registry on loopback that behaves, and one that does not.
. "$(dirname "$0")/tap.sh"
need python3 tar openssl jq

# What this machine says of registries and certificates is not ours.
for name in ${!npm_config_*} ${!NPM_CONFIG_*} CURL_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR NODE_EXTRA_CA_CERTS; do unset "$name"; done
for name in http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy; do unset "$name"; done
export NPM_CONFIG_GLOBALCONFIG=/dev/null

mkdir reg
start python3 "$TOP/tests/registry.py" "$T/reg" "$T/port"
wait_until 10 test -s port || { echo "# the registry did not start" >&2; exit 1; }
base=http://127.0.0.1:$(cat port)
export SANDBOX_AGENT_RETRY_MS=1 SANDBOX_AGENT_ACP_REGISTRY_URL=$base/files/registry.json
use() { export NPM_CONFIG_REGISTRY=$base/$1; }
use ok

# A toy: an agent of the user's own, in two versions, which is the mock agent and speaks ACP itself.
data=$XDG_DATA_HOME/sandbox-agent
agents=$XDG_CONFIG_HOME/sandbox-agent/agents.d
mkdir -p "$agents"
pack() { # VERSION [FILE...]: a tarball of the toy
	rm -rf package
	mkdir -p package/bin
	printf '#!/bin/sh\n[ "$1" != --version ] || exec echo "toy %s (test)"\nexec sa-mock-agent\n' "$1" >package/bin/toy
	chmod 755 package/bin/toy
	head -c 400000 /dev/urandom >package/filler
	printf '{"name":"@toy/agent","version":"%s"}\n' "$1" >package/package.json
	tar -czf "reg/toy-agent-$1.tgz" package
}
describe() { # VERSION [INTEGRITY]
	jq -n --arg v "$1" --arg i "${2:-}" '{title: "Toy", program: "toy", native: ["acp"],
		packages: [{npm: "@toy/agent", version: $v, entry: "bin/toy"} + (if $i == "" then {} else {integrity: $i} end)]}' \
		>"$agents/toy.json"
}
sri() { echo "sha512-$(openssl dgst -sha512 -binary "$1" | base64 -w0)"; }
says() { "$data/bin/toy" --version; }
requests() { grep -c "$1" reg/log || true; }
pack 1.0.0
pack 1.1.0
describe 1.0.0

# --- what works -------------------------------------------------------------------------
ok "an agent is installed" sa-install-agent toy
is "$(jq -c '[.alreadyInstalled, .artifacts[0].kind, .artifacts[0].source, .artifacts[0].version]' out)" \
	'[false,"NativeAgent","Registry","1.0.0"]' "told in the reference's form"
is "$(jq -r '.artifacts[0].path' out)" "$data/bin/toy" "it lies where the reference looks for it"
is "$(says)" "toy 1.0.0 (test)" "and runs"
is "$(jq -r 'select(.event == "download" and .bytes == .total) | .agent' err | head -1)" toy \
	"its progress is told as JSON lines in a pipe"
ok "a second time there is nothing to do" sa-install-agent toy
is "$(cat out)" '{"alreadyInstalled":true,"artifacts":[]}' "as the reference says it"
ok "--json gives the form of HTTP" sa-install-agent --json --reinstall toy
is "$(jq -c '[.already_installed, .artifacts[0].kind, .artifacts[0].source]' out)" '[false,"native_agent","registry"]' \
	"with its own spelling"
ok "--quiet" sa-install-agent --quiet --reinstall toy
is "$(cat err)" "" "tells no progress"
ok "--verify starts it and has initialize answered" sa-install-agent --verify toy
is "$(jq -c '[.agent, .ok, .protocolVersion, .route]' out)" '["toy",true,1,"native"]' "and tells what it saw"
ok "--list --config asks the agent" sa-install-agent --list --config toy
is "$(jq -c '[.version, .installed, .configOptions[0].category]' out)" '["1.0.0",true,"model"]' "what it offers"
mkdir -p onpath
printf '#!/bin/sh\ncase $1 in -V) echo; echo "9.8.7 (on PATH)"; head -c 9000 /dev/zero | tr "\\0" x ;; acp) exec sa-mock-agent ;; *) exit 1 ;; esac\n' >onpath/gemini
sed -i 's/acp)/--acp)/' onpath/gemini
chmod 755 onpath/gemini
PATH=$T/onpath:$PATH ok "an agent on PATH is used" sa-install-agent --list --config gemini
is "$(jq -c '[.installed, .version, .path]' out)" "[true,\"9.8.7\",\"$T/onpath/gemini\"]" \
	"its version is what it says, however much that is"
PATH=$T/onpath:$PATH ok "it is not installed again" sa-install-agent gemini
is "$(cat out)" '{"alreadyInstalled":true,"artifacts":[]}' "since it is there"
ok "--outdated" sa-install-agent --outdated toy
is "$(jq -c '[.agent, .installed, .latest]' out)" '["toy","1.0.0","1.1.0"]' "names the newer version"
ok "another version" sa-install-agent toy --agent-version latest
is "$(says)" "toy 1.1.0 (test)" "takes its place"
ok "nothing is outdated then" sa-install-agent --outdated toy
is "$(cat out)" "" "and nothing is printed"
ok "--rollback" sa-install-agent --rollback toy
is "$(says)" "toy 1.0.0 (test)" "goes back to the version before"
ok "and again" sa-install-agent --rollback toy
is "$(says)" "toy 1.1.0 (test)" "forth"
is "$(ls -d "$data"/agents/toy/1.* | wc -l)" 2 "two versions are kept, older ones are not"

# --- what goes wrong ----------------------------------------------------------------------
pack 2.0.0
stays() { # NAME
	is "$(says)" "toy 1.1.0 (test)" "$1: the old version works"
	is "$(find "$data/agents/toy" -name 'new-*' | wc -l)" 0 "$1: nothing half-finished is left"
}
fails() { # BEHAVIOUR REGEX NAME
	use "$1"
	status 1 "$3 is refused" sa-install-agent toy --agent-version 2.0.0
	like "$(tail -1 err)" "$2" "$3: it says what is wrong"
	like "$(tail -1 err)" "version 1.1.0 stays in use" "$3: and what is in use"
	stays "$3"
}
fails baddigest "is not what was promised" "a digest that does not fit"
fails tampered "is not what was promised" "a tampered tarball"
fails truncated "is not what was promised" "a truncated tarball"
fails nodigest "gives no SHA-512" "a tarball without a digest"
fails private "set the token for it" "a registry that wants a token"
use ok
status 1 "a version that does not exist" sa-install-agent toy --agent-version 7.7.7
like "$(tail -1 err)" "has no @toy/agent in version 7.7.7" "is told"
status 1 "--json tells a failure as a problem" sa-install-agent --json --quiet toy --agent-version 7.7.7
is "$(jq -c '[.type, .status, .agent, (.details.stderr | length > 0)]' err)" \
	'["urn:sandbox-agent:error:install_failed",500,"toy",true]' "of the reference's kind"
describe 2.0.0 "$(sri reg/toy-agent-1.0.0.tgz)"
status 1 "a registry whose digest is not the pinned one" sa-install-agent --reinstall toy
like "$(tail -1 err)" "not the one that is pinned" "is told"
stays "another digest than the pinned one"
describe 2.0.0
status 1 "a version is no path" sa-install-agent toy --agent-version ../../x
status 1 "--offline fetches nothing" sa-install-agent --offline --reinstall toy
like "$(tail -1 err)" "--offline: this would fetch" "and says what it would have"
printf 'registry=http://127.0.0.1:9/\nregistry=%s ; the one that counts\n//127.0.0.1:%s/private/:_authToken=${TOKEN_OF_MINE}\n' "$base/private" "$(cat port)" >"$HOME/.npmrc"
(
	unset NPM_CONFIG_REGISTRY
	export TOKEN_OF_MINE=sesame
	sa-install-agent --quiet --reinstall toy
) >out 2>err || true
is "$(says)" "toy 2.0.0 (test)" "a token in ~/.npmrc opens a private registry, of two the last"
unlike "$(cat err out reg/log)" sesame "and is told to nobody"
rm "$HOME/.npmrc"
ok "back" sa-install-agent --quiet toy --agent-version 1.1.0
mkdir proj
echo "registry=$base/ok" >proj/.npmrc
(unset NPM_CONFIG_REGISTRY; PATH=$BIN_DIR:/usr/bin:/bin; cd proj; npm_config_globalconfig=/dev/null sa-install-agent --lazy --quiet --reinstall toy --agent-version 1.0.0) >out 2>err || true
unlike "$(says)" "1.0.0" "on the way to a session the .npmrc of a project is not heeded"
(unset NPM_CONFIG_REGISTRY; cd proj; sa-install-agent --quiet toy --agent-version 1.0.0) >out 2>err || true
is "$(says)" "toy 1.0.0 (test)" "by hand it is"
ok "back again" sa-install-agent --quiet toy --agent-version 1.1.0

# --- lines that break ---------------------------------------------------------------------
for how in cut norange busy; do
	use $how
	rm -f "$data"/agents/toy/*.part
	ok "$how: the download gets there in the end" sa-install-agent toy --agent-version 2.0.0
	is "$(says)" "toy 2.0.0 (test)" "$how: what came is whole"
	like "$(cat err)" '"event":"retry"' "$how: each new try is told"
	use ok
	ok "$how: back" sa-install-agent --quiet toy --agent-version 1.1.0
done
like "$(grep /cut/-/ reg/log | tail -1)" ' bytes=[1-9]' "a broken download goes on where it was"
use stall
start sa-install-agent --quiet toy --agent-version 2.0.0
wait_until 10 test -e reg/stalled
wait_until 10 eval '[ "$(stat -c %s "$data"/agents/toy/2.0.0.part)" -gt 100000 ]'
kill -9 "$started"
stays "killed in the middle of the download"
use ok
ok "the next one goes on with it" sa-install-agent toy --agent-version 2.0.0
like "$(cat err)" '"event":"resume"' "instead of beginning anew"
is "$(says)" "toy 2.0.0 (test)" "and what came is whole"
ok "back once more" sa-install-agent --quiet toy --agent-version 1.1.0
size=$(stat -c %s reg/toy-agent-2.0.0.tgz)
wrong=
for bytes in 1 17 4096 100000 -4096 -1; do
	rm -f reg/stalled "$data"/agents/toy/*.part
	use "stall:$bytes"
	start sa-install-agent --quiet toy --agent-version 2.0.0
	wait_until 20 eval '[ "$(stat -c %s "$data"/agents/toy/2.0.0.part 2>/dev/null || echo 0)" -ge $(((bytes + size) % size)) ]' ||
		wrong+=" never-$bytes"
	kill -9 "$started"
	[ "$(says)" = "toy 1.1.0 (test)" ] || wrong+=" old-$bytes"
	use ok
	sa-install-agent --quiet toy --agent-version 2.0.0 >out 2>err && [ "$(says)" = "toy 2.0.0 (test)" ] || wrong+=" new-$bytes"
	sa-install-agent --quiet toy --agent-version 1.1.0 >out 2>err
done
is "$wrong" "" "killed after any number of bytes: the old version works, and the next installation gets there"
head -c 5000 /dev/zero >"$data/agents/toy/2.0.0.part"
ok "a beginning that is of something else" sa-install-agent --quiet toy --agent-version 2.0.0
is "$(says)" "toy 2.0.0 (test)" "is found out by the digest, and all is fetched again"
use whole
ok "a registry that knows whole packages only" sa-install-agent --quiet toy --agent-version 1.1.0
is "$(says)" "toy 1.1.0 (test)" "serves too"
use ok

# --- kill -9 at any moment ----------------------------------------------------------------
broken=0
for delay in 0.005 0.01 0.015 0.02 0.025 0.03 0.035 0.04 0.05 0.06 0.08; do
	timeout -s KILL "$delay" sa-install-agent --quiet --reinstall toy --agent-version 2.0.0 >out 2>&1 || true
	case $(says 2>&1) in "toy 1.1.0 (test)" | "toy 2.0.0 (test)") ;; *) broken=$((broken + 1)) ;; esac
done
is "$broken" 0 "killed at whatever moment, one of the two versions is whole and in use"
ok "and the next installation works" sa-install-agent --quiet --reinstall toy --agent-version 1.1.0
stays "after that"

# --- a way that is not private ------------------------------------------------------------
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=127.0.0.1 \
	-addext subjectAltName=IP:127.0.0.1 2>/dev/null
start python3 "$TOP/tests/registry.py" "$T/reg" "$T/tls-port" "$T/cert.pem" "$T/key.pem"
wait_until 10 test -s tls-port
secure() { # BEHAVIOUR ARG...
	NPM_CONFIG_REGISTRY=https://127.0.0.1:$(cat tls-port)/$1 sa-install-agent toy --agent-version 2.0.0 "${@:2}"
}
status 1 "a certificate that nobody vouches for" secure ok
like "$(tail -1 err)" "[Cc]ertificate" "is told"
stays "a wrong certificate"
for name in CURL_CA_BUNDLE SSL_CERT_FILE NODE_EXTRA_CA_CERTS NPM_CONFIG_CAFILE; do
	ok "$name names another authority" env "$name=$T/cert.pem" bash -c "NPM_CONFIG_REGISTRY=https://127.0.0.1:$(cat tls-port)/ok \
		sa-install-agent --quiet --reinstall toy --agent-version 1.1.0"
done
export SSL_CERT_FILE=$T/cert.pem
status 1 "a redirect from https to http" secure down
like "$(tail -1 err)" "away from https: refused.*version 1.1.0 stays in use" "is refused"
status 1 "a registry at https that sends one to http" secure away
like "$(tail -1 err)" "away from https: refused" "is refused"
stays "downgrades"
unset SSL_CERT_FILE
(
	export NPM_CONFIG_REGISTRY=http://registry.invalid HTTP_PROXY= http_proxy=$base
	sa-install-agent --quiet toy --agent-version 2.0.0
) >out 2>err || true
like "$(tail -1 err)" "registry.invalid" "a registry elsewhere over plain http serves nothing whose digest is not known"
stays "plain http"

# --- no space left ------------------------------------------------------------------------
# shellcheck disable=SC2016 # the inner shell expands
full='mount -t tmpfs -o size=1300k tmpfs "$1" && cp -a "$2/." "$1" && export XDG_DATA_HOME=$1 &&
	sa-install-agent --quiet toy --agent-version 4.0.0; "$1/sandbox-agent/bin/toy" --version'
pack 4.0.0
head -c 900000 /dev/urandom >package/filler
tar -czf reg/toy-agent-4.0.0.tgz package
mkdir small
if unshare -rm true 2>/dev/null; then
	unshare -rm bash -c "$full" full "$T/small" "$XDG_DATA_HOME" >out 2>err || true
	like "$(cat err)" "no space left.*version 1.1.0 stays in use|No space left.*version 1.1.0 stays in use" "a full disk is told"
	is "$(tail -1 out)" "toy 1.1.0 (test)" "and the old version works"
else
	skip "a full disk is told" "mount namespaces are not allowed here"
fi
rm reg/toy-agent-4.0.0.tgz

# --- archives that reach out --------------------------------------------------------------
evil() { # NAME REGEX TAR-OPTIONS...: version 3.0.0 is an archive made like this
	local name=$1 regex=$2
	shift 2
	rm -f reg/toy-agent-3.0.0.tgz
	tar -czf reg/toy-agent-3.0.0.tgz "$@"
	status 1 "$name is refused" sa-install-agent toy --agent-version 3.0.0
	like "$(tail -1 err)" "$regex" "$name: it says so"
	stays "$name"
}
mkdir -p package/sub
echo evil >package/outside
ln -sfn /etc package/abs
ln -sfn ../../../../etc package/rel
mkfifo package/fifo
ln -f package/outside package/hard
evil "a name with .." "leads out of the folder" -P --transform 's,package/outside,package/../../../../outside,' package/bin package/outside
evil "an absolute name" "leads out of the folder" -P --transform "s,package/outside,$T/absolute," package/bin package/outside
ok "nothing was written outside" test ! -e "$T/absolute" -a ! -e "$data/outside" -a ! -e "$data/agents/outside"
evil "a link to an absolute path" "link that leads out" package/bin package/abs
evil "a link that climbs out" "link that leads out" package/bin package/rel
evil "a pipe" "neither file nor folder" package/bin package/fifo
evil "a hard link" "hard link" package/bin package/outside package/hard
evil "an archive without the program" "there is no program 'bin/toy'" package/outside
head -c 3000 /dev/urandom >reg/toy-agent-3.0.0.tgz
status 1 "what is no archive is refused" sa-install-agent toy --agent-version 3.0.0
stays "no archive"
rm reg/toy-agent-3.0.0.tgz

# --- from files, locked, offline ----------------------------------------------------------
ok "--from a tarball" sa-install-agent --offline --quiet toy --from reg/toy-agent-2.0.0.tgz
is "$(says) $(jq -r '.artifacts[0].source' out)" "toy 2.0.0 (test) LocalPath" "needs no registry"
ok "--from a folder of tarballs" sa-install-agent --offline --quiet toy --from reg --agent-version 1.0.0
is "$(says)" "toy 1.0.0 (test)" "finds its version"
mkdir unpacked && tar -xzf reg/toy-agent-1.1.0.tgz -C unpacked
ok "--from an unpacked package" sa-install-agent --offline --quiet toy --from unpacked/package
is "$(says)" "toy 1.1.0 (test)" "works too"
ok "--from the program alone" sa-install-agent --offline --quiet toy --from package/bin/toy
describe 1.0.0 "$(sri reg/toy-agent-1.1.0.tgz)"
status 1 "--from a tarball of the pinned version with another digest" \
	sa-install-agent --offline --quiet toy --from reg/toy-agent-1.0.0.tgz
like "$(cat err)" "is not what was promised" "is refused"
describe 1.0.0
sed -i 's/@toy/@other/' unpacked/package/package.json
status 1 "--from another package is refused" sa-install-agent --offline --quiet toy --from unpacked/package
cached=$(openssl dgst -sha512 -r reg/toy-agent-2.0.0.tgz | cut -d' ' -f1)
cached=$HOME/.npm/_cacache/content-v2/sha512/${cached:0:2}/${cached:2:2}/${cached:4}
mkdir -p "${cached%/*}"
cp reg/toy-agent-1.0.0.tgz "$cached"
describe 2.0.0 "$(sri reg/toy-agent-2.0.0.tgz)"
status 1 "--offline with another file under that digest in npm's cache" sa-install-agent --offline --quiet --reinstall toy
cp reg/toy-agent-2.0.0.tgz "$cached"
ok "--offline with the package in npm's cache" sa-install-agent --offline --quiet --reinstall toy
is "$(says)" "toy 2.0.0 (test)" "takes it"
rm -r "$HOME/.npm"
describe 1.0.0
ok "--lock notes what was installed" sa-install-agent --quiet --reinstall toy --agent-version 1.0.0 --lock agents.lock
is "$(jq -r '.components.toy[].version' agents.lock)" 1.0.0 "its version"
is "$(jq -r '.components.toy[].integrity' agents.lock)" "$(sri reg/toy-agent-1.0.0.tgz)" "and its digest"
describe 1.1.0
ok "with a lock file" sa-install-agent --quiet --reinstall toy --lock agents.lock
is "$(says)" "toy 1.0.0 (test)" "its version counts"
status 1 "another one beside it" sa-install-agent --quiet --reinstall toy --agent-version 2.0.0 --lock agents.lock
like "$(cat err)" "names version 1.0.0 of toy, not 2.0.0" "is a contradiction"
before=$(requests '/ok/-/')
ok "a lock file that names what is there" sa-install-agent --quiet toy --lock agents.lock
is "$(jq -c .artifacts out) $(($(requests '/ok/-/') - before))" "[] 0" "is followed already"
ok "another version is there" sa-install-agent --quiet toy --agent-version 2.0.0
ok "then the lock file" sa-install-agent --quiet toy --lock agents.lock
is "$(says)" "toy 1.0.0 (test)" "is followed, too"
ok "what a lock file does not name and is there" sa-install-agent --quiet toy --lock fresh.lock
is "$(jq -c .artifacts out) $(jq -c .components fresh.lock)" "[] $(jq -c .components agents.lock)" "is noted"
pack 1.0.0
status 1 "a tarball that changed since" sa-install-agent --quiet --reinstall toy --lock agents.lock
like "$(cat err)" "not the one that is pinned" "is refused"

# --- once, however many ask ---------------------------------------------------------------
status 2 "--remove is about all versions" sa-install-agent --remove toy --agent-version 1.0.0
ok "(and has removed none)" test -e "$data/bin/toy"
ok "--remove" sa-install-agent --remove toy
ok "takes it away" test ! -e "$data/bin/toy"
# What somebody else put there, as a program and as a link into a folder that has our names.
printf '#!/bin/sh\necho theirs\n' >"$data/bin/toy"
chmod 755 "$data/bin/toy"
ok "a program of somebody else's" sa-install-agent --quiet --reinstall toy
like "$(says)" '^toy 1' "is replaced when that is asked for"
ok "(and once more)" sa-install-agent --quiet --reinstall toy
mv "$data/bin/toy" mine
printf '#!/bin/sh\necho theirs, too\n' >"$data/bin/toy"
chmod 755 "$data/bin/toy"
ok "--rollback" sa-install-agent --rollback toy
is "$(says | cut -c1-5) $(for kept in "$data"/agents/toy/before-*; do "$kept"; done | sort | paste -sd ' ')" "toy 1 theirs theirs, too" "keeps what somebody has put there since"
ok "--remove of it" sa-install-agent --remove toy
is "$(says)" "theirs, too" "puts the newest one back"
status 1 "which is none of ours" sa-install-agent --remove toy
is "$(says)" "theirs, too" "and stays"
mkdir -p elsewhere/agents/toy
mv "$data/bin/toy" elsewhere/agents/toy/toy
ln -s "$T/elsewhere/agents/toy/toy" "$data/bin/toy"
status 1 "so does a link to another folder" sa-install-agent --remove toy
is "$(says)" "theirs, too" "with the same names"
rm "$data/bin/toy" mine "$data"/agents/toy/before-*
status 1 "what is not there cannot be removed" sa-install-agent --remove toy
before=$(requests '/ok/-/')
pids=()
for i in {1..20}; do
	sa-session run --agent toy "say here $i" >"run$i" 2>&1 &
	pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid" || true; done
is "$(grep -l '^here' run[0-9]* | wc -l)" 20 "twenty sessions at once get an agent that was missing"
is "$(grep -h fetching run[0-9]* | sort -u)" "sa-session: 'toy' is not installed; fetching it" "and say what they wait for"
is "$(($(requests '/ok/-/') - before))" 1 "which was fetched once"
ok "--remove again" sa-install-agent --remove toy
SANDBOX_AGENT_REQUIRE_PREINSTALL=1 status 3 "SANDBOX_AGENT_REQUIRE_PREINSTALL" \
	sa-session run --agent toy --json "say here"
is "$(jq -r .type err)" urn:sandbox-agent:error:agent_not_installed "forbids that"
is "$(($(requests '/ok/-/') - before))" 1 "and nothing is fetched"

# --- versions that carry the platform -----------------------------------------------------
describe_suffix() {
	jq -n '{program: "toy", native: ["acp"], packages: [{npm: "@toy/agent", version: "1.0.0-here", suffix: "-here", entry: "bin/toy"}]}' \
		>"$agents/toy.json"
}
pack 1.0.0-here
pack 1.1.0-here
describe_suffix
ok "a package whose versions name the platform" sa-install-agent --quiet toy
is "$(jq -r '.artifacts[0].version' out)" 1.0.0 "is told without it"
ok "another version of it" sa-install-agent --quiet toy --agent-version 1.1.0
is "$(says)" "toy 1.1.0-here (test)" "is asked for without it, too"
ok "the same again" sa-install-agent --quiet toy --agent-version 1.1.0
is "$(cat out)" '{"alreadyInstalled":true,"artifacts":[]}' "is known as installed"
rm reg/toy-agent-*-here.tgz
describe 1.1.0
ok "latest" sa-install-agent --quiet --reinstall toy --agent-version latest
before=$(requests '/ok/-/')
ok "latest again" sa-install-agent --quiet toy --agent-version latest
is "$(jq .alreadyInstalled out) $(($(requests '/ok/-/') - before))" "true 0" "fetches nothing when it is in use"
ok "and away" sa-install-agent --remove toy

# --- agents that do not run ---------------------------------------------------------------
mkdir -p bad
bad() { # NAME SCRIPT: an agent that is this script
	printf '#!/bin/sh\n%s\n' "$2" >"bad/$1"
	chmod 755 "bad/$1"
	jq -n --arg p "$T/bad/$1" '{command: [$p], configOptions: [{id: "model", name: "Model", category: "model", type: "select",
		currentValue: "a", options: [{value: "a", name: "A"}]}]}' >"$agents/$1.json"
}
bad old 'echo "./old: /lib/libc.so.6: version \`GLIBC_2.99'"'"' not found (required by ./old)" >&2; exit 1'
status 7 "an agent that needs a newer C library" sa-install-agent --verify old
like "$(jq -r .detail out)" "ended with status 1: .*GLIBC_2.99.*newer base image" "is told with its last words and the way out"
answers=0
for round in $(seq 20); do
	[ "$(sa-install-agent --verify old | jq -r '.detail | test("GLIBC_2.99")')" != true ] || answers=$((answers + 1))
done
is "$answers" 20 "whether it ends before it was asked, or after"
bad mute "tail -f '$T/bad/mute' & exec tail -f '$T/bad/mute'"
export SANDBOX_AGENT_PROBE_TIMEOUT_MS=300
status 7 "an agent that says nothing" sa-install-agent --verify mute
like "$(jq -r .detail out)" "did not answer in time" "is not waited for without end"
bad login 'say() { read -r x; echo "{\"jsonrpc\":\"2.0\",\"id\":$(echo "$x" | jq .id),$1}"; }
say "\"result\":{\"protocolVersion\":1,\"authMethods\":[{\"id\":\"oauth\",\"name\":\"Log in\"}]}"
say "\"error\":{\"code\":-32000,\"message\":\"Authentication required\"}"; read -r x'
export SANDBOX_AGENT_PROBE_TIMEOUT_MS=4000
ok "what agents offer is asked of all at once" sa-install-agent --list --config mute login old mock
is "$(jq -r 'select(.id == "mute") | [.configOptions[0].currentValue, .configError] | join(" ")' out | head -c 50)" \
	"a agent 'mute': it did not answer in time" "one that says nothing has what its record says"
like "$(jq -r 'select(.id == "login").configError' out)" "oauth \\(Log in\\)" "one that wants a login tells how"
is "$(jq -r 'select(.id == "mock").version' out)" builtin "and the others are told as ever"
is "$(pgrep -fc "$T/bad" || true)" 0 "nothing that was started for it is left"
unset SANDBOX_AGENT_PROBE_TIMEOUT_MS
status 5 "a session with it" sa-session run --agent login --timeout 20s "hi"
like "$(cat err)" "wants a login.*oauth \\(Log in\\)" "tells the ways to log in"
printf '#!/bin/sh\necho "cannot be used with root/sudo privileges" >&2\nexit 1\n' >bad/rooted
chmod 755 bad/rooted
jq -n --arg p "$T/bad/rooted" '{program: $p, own: ["sa-mock-agent"]}' >"$agents/rooted.json"
status 7 "an agent that does not run behind an adapter that does" sa-install-agent --verify rooted
like "$(jq -r .detail out)" "root/sudo.*IS_SANDBOX=1" "is seen all the same"
rm "$agents/rooted.json"
echo '{"broken' >"$agents/broken.json"
ok "a broken file in agents.d" sa-install-agent --list
like "$(jq -r 'select(.id == "broken").configError' out)" "broken.json is not a JSON object" "is told, and hides nobody"
rm "$agents"/{broken,old,mute,login}.json

# --- behind sa-serve ----------------------------------------------------------------------
filter() { printf '%s\n' "$@" | sa-install-agent filter; }
filter '{"ref":1,"op":"agents.install","params":{"agent":"toy"},"body":{"agentVersion":"1.1.0"}}' >out
is "$(jq -c '[.ref, .status, .result.already_installed, .result.artifacts[0].kind]' out)" '[1,200,false,"native_agent"]' \
	"agents.install answers in the form of HTTP"
is "$(says)" "toy 1.1.0 (test)" "and installs"
filter '{"ref":1,"op":"agents.install","params":{"agent":"toy"},"body":{"agentVersion":"8.8.8"}}' >out
is "$(jq -c '[.ref, .problem.type, .problem.agent, (.problem.details.stderr | length > 0)]' out)" \
	'[1,"urn:sandbox-agent:error:install_failed","toy",true]' "a failure is a problem"
filter '{"ref":"a","op":"agents.show","params":{"agent":"toy","config":"true"}}' '{"ref":"b","op":"agents.list"}' \
	'{"ref":"c","op":"agents.show","params":{"agent":"hal"}}' '{"ref":"d","op":"agents.list","params":{"config":"maybe"}}' \
	'{"ref":"e","op":"agents.install","params":{"agent":"toy"},"body":{"reinstall":1}}' '{"ref":"f","op":"no"}' >out
is "$(jq -c 'select(.ref == "a").result | [.id, .installed, .version, .configOptions[0].category]' out)" \
	'["toy",true,"1.1.0","model"]' "agents.show with config asks the agent"
is "$(jq -c 'select(.ref == "b").result.agents | map(.id) | [.[:7], (map(select(. == "toy")) | length)]' out)" \
	'[["claude","codex","opencode","amp","pi","cursor","mock"],1]' "agents.list is in the reference's order"
is "$(jq -c 'select(.ref == "b").result.agents[0] | [.installed, (.capabilities | length), has("configOptions")]' out)" \
	'[false,18,false]' "with 18 abilities, and options only when asked for"
is "$(jq -c 'select(.ref == "c").problem | [.status, .agent]' out)" '[400,"hal"]' "an unknown agent is named"
is "$(jq -s -c 'map(select(.problem.status == 400).ref) | sort' out)" '["c","d","e","f"]' "what makes no sense is refused"
ok "--remove once more" sa-install-agent --remove toy
coproc FILTER { exec sa-install-agent filter 2>filter.err; }
filter_pid=$FILTER_PID # it vanishes with it
toy_now() { # is toy installed, in the list of a filter that lives on?
	echo '{"ref":1,"op":"agents.list"}' >&"${FILTER[1]}"
	read -r -t 20 line <&"${FILTER[0]}"
	jq '.result.agents[] | select(.id == "toy").installed' <<<"$line"
}
is "$(toy_now) $(toy_now)" "false false" "the list, and the same at once"
echo '{"ref":2,"op":"agents.install","params":{"agent":"toy"},"body":{"agentVersion":"1.1.0"}}' >&"${FILTER[1]}"
read -r -t 20 line <&"${FILTER[0]}"
is "$(toy_now)" true "an installation is in the next list"
eval "exec ${FILTER[1]}>&-"
wait "$filter_pid" 2>/dev/null || true
ok "--remove for the last time" sa-install-agent --remove toy

# --- usage, as the reference's ------------------------------------------------------------
status 2 "no name" sa-install-agent
status 2 "--all with a name" sa-install-agent --all toy
status 1 "--all with a version" sa-install-agent --all --agent-version 1
status 1 "an unknown name" sa-install-agent hal9000
like "$(cat err)" hal9000 "is named"
ok "the mock agent is there at once" sa-install-agent mock
is "$(jq -c '[.alreadyInstalled, .artifacts[0].source]' out)" '[false,"Builtin"]' "as built in"
ok "its launcher exists" test -e "$(jq -r '.artifacts[0].path' out)"
ok "and a second time" sa-install-agent mock
is "$(cat out)" '{"alreadyInstalled":true,"artifacts":[]}' "there is nothing to do"
status 1 "an agent that is no package" sa-install-agent cursor
like "$(cat err)" "installer on cursor.com" "tells where it comes from"

# --- the ACP registry ---------------------------------------------------------------------
mkdir -p arch/bin
printf '#!/bin/sh\n[ "$1" = acp ] && [ "$GREETING" = "it'"'"'s me" ] || exit 9\nexec sa-mock-agent\n' >arch/bin/goosey
tar -czf reg/goosey.tgz -C arch bin
entry() { # ARCHIVE-EXTRA
	jq -n --arg p "linux-$(uname -m)" --argjson more "${1:-{\}}" '{version: "1", agents: [{id: "goosey", name: "Goosey",
		version: "3.1.4", distribution: {binary: {($p): ({archive: "@BASE@/goosey.tgz", cmd: "./bin/goosey",
		args: ["acp"], env: {GREETING: "it'"'"'s me"}} + $more)}}}]}' >reg/registry.json
}
entry
status 1 "an agent of the registry is not known before the registry was read" sa-install-agent goosey
ok "--refresh reads it" sa-install-agent --refresh
ok "then it is installed" sa-install-agent --quiet goosey
is "$(jq -c '[.artifacts[0].kind, .artifacts[0].source, .artifacts[0].version]' out)" \
	'["AgentProcess","Registry","3.1.4"]' "as what speaks ACP"
is "$(sa-session run --agent goosey "say honk")" honk "and runs with its words and environment"
like "$(sa-install-agent --list)" '"id":"goosey"' "it is listed"
like "$(grep registry.json reg/log | tail -1)" ' "[0-9a-f]*"$' "the registry is asked with the ETag of the copy"
SANDBOX_AGENT_ACP_REGISTRY_URL=http://127.0.0.1:9/x ok "out of reach, its copy serves" sa-install-agent --quiet --reinstall goosey
entry '{"sha256": "0000000000000000000000000000000000000000000000000000000000000000"}'
status 1 "an archive with another digest" sa-install-agent --quiet --reinstall goosey
like "$(cat err)" "is not what was promised.*3.1.4 stays in use" "is refused"
entry "{\"sha256\": \"$(sha256sum reg/goosey.tgz | cut -d' ' -f1)\"}"
ok "with the right one it is taken" sa-install-agent --quiet --reinstall goosey
entry '{"cmd": "../../../bin/sh"}'
status 1 "a command outside the archive is refused" sa-install-agent --quiet --reinstall goosey
entry '{"archive": "https://127.0.0.1:9/goosey.tgz"}'
status 1 "an archive that cannot be had" sa-install-agent --quiet --reinstall goosey
is "$(sa-session run --agent goosey "say honk")" honk "leaves the agent working"
ok "--remove takes a registry's agent away" sa-install-agent --remove goosey
unlike "$(sa-install-agent --list)" goosey "and off the list"
done_testing
