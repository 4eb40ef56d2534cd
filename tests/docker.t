#!/usr/bin/env bash
# scripts/docker: the slim image is built on a debootstrap'd base and runs with podman; scripts/deploy/docker and the
# official SDK drive it. No registry is asked.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/chroot-lib.sh"
chroot_base bookworm
need podman runc catatonit jq curl dpkg-deb dpkg-shlibdeps

store=$T/store
cat >containers.conf <<END
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
END
export CONTAINERS_CONF=$T/containers.conf
pod() { podman --root "$store/root" --runroot "$store/run" --storage-driver vfs "$@"; }
trap 'pod rm -fa >/dev/null 2>&1; pod rmi -fa >/dev/null 2>&1; tap_cleanup' EXIT
tar c -C "$base" --exclude=./proc/* --exclude=./sys/* --exclude=./dev/* --exclude=./var/cache/apt/archives/*.deb . | pod import - local/base:12 >/dev/null 2>import.err ||
	skip_all "podman import does not work here: $(tail -1 import.err)"
mkdir image
env -C "$TOP" -u B -u BIN -u SAN -u MAKEFLAGS -u MAKELEVEL scripts/deb/make "$T/image" >/dev/null 2>deb.err || exit 1
status 0 "the image is built" pod build --quiet --layers=false --isolation chroot --format docker --network host --build-arg BASE=local/base:12 \
	--target slim -t sandbox-agent:slim -f "$TOP/scripts/docker/Dockerfile" image
is "$(pod image inspect sandbox-agent:slim | jq -r '.[0].Config.User')" user "it runs as nobody special"
is "$(pod image inspect sandbox-agent:slim | jq -r '.[0].Config.Volumes | keys[]')" /home/user/.local/state "sessions are in a volume"
ok "it has a health check" sh -c "podman --root '$store/root' --runroot '$store/run' --storage-driver vfs image inspect sandbox-agent:slim | jq -e '.[0] | [.. | .Healthcheck? // .HealthCheck? // empty][0].Test'"
is "$(pod run --rm --network none sandbox-agent:slim id -un 2>run.err)" user "a container starts" || cat run.err >&2
is "$(pod run --rm --network none sandbox-agent:slim sandbox-agent session run --agent mock "say contained" 2>run.err)" contained "... and runs an agent"
status 2 "without a token it serves nobody" pod run --rm --network none sandbox-agent:slim

start podman --root "$store/root" --runroot "$store/run" --storage-driver vfs system service --time=0 "unix://$T/podman.sock"
wait_until 20 test -S podman.sock || exit 1
export DOCKER_SOCKET=$T/podman.sock SANDBOX_AGENT_IMAGE=localhost/sandbox-agent:slim
status 0 "deploy/docker: up" "$TOP/scripts/deploy/docker" up --ttl 600
cp out up
url=$(jq -r .url up) token=$(jq -r .token up) id=$(jq -r .id up)
like "$url" '^http://127\.0\.0\.1:[0-9]+$' "... on this machine alone"
is "$(curl -s -o /dev/null -w '%{http_code}' "$url/v1/sessions")" 401 "... it wants the token"
is "$(pod exec "$id" sa-api health --token "$token" | jq -r .status)" ok "the health check's command works in it"
npm install --prefix "$T/work" --no-audit --no-fund --ignore-scripts --omit=optional --silent sandbox-agent@0.4.2 >npm.out 2>&1 || true
if [ -d work/node_modules/sandbox-agent ]; then
	cat >work/client.mjs <<'END'
import { SandboxAgent } from 'sandbox-agent';
const [baseUrl, token] = process.argv.slice(2);
const sandbox = await SandboxAgent.connect({ baseUrl, token });
const session = await sandbox.createSession({ agent: 'mock' });
const { stopReason } = await session.prompt([{ type: 'text', text: 'say hello' }]);
console.log(stopReason);
await sandbox.destroySession(session.id);
await sandbox.dispose();
END
	is "$(node work/client.mjs "$url" "$token")" end_turn "the official SDK drives it"
else
	skip "the official SDK drives it" "it cannot be had from npm"
fi
is "$(pod exec "$id" sh -c 'cat /proc/[0-9]*/stat | grep -c ") Z"' || true)" 0 "no zombies"
status 0 "down" "$TOP/scripts/deploy/docker" down "$id"
is "$(pod ps -aq)" "" "... nothing is left"

# The compose example, with whatever runs such files: what was said before is there after it has gone and come again.
printf '#!/bin/sh\nexec podman --root %s --runroot %s --storage-driver vfs "$@"\n' "$store/root" "$store/run" >pod.sh
chmod +x pod.sh
composing() { # VERB...: with the program in $composer
	local podman=()
	[ "$composer" != podman-compose ] || podman=(--podman-path "$T/pod.sh")
	env DOCKER_HOST="unix://$DOCKER_SOCKET" "$composer" "${podman[@]}" -p "$project" -f "$TOP/scripts/docker/compose.yaml" "$@"
}
composed() { # PATH CURL-OPTION...: of the server that it runs
	curl -sf --max-time 30 -H "Authorization: Bearer $SANDBOX_AGENT_TOKEN" -H 'content-type: application/json' \
		"http://127.0.0.1:$SANDBOX_AGENT_PORT/v1/$1" "${@:2}"
}
healthy() { pod healthcheck run "$(pod ps -q)"; }
for composer in podman-compose docker-compose; do
	command -v "$composer" >/dev/null || { skip "the compose example, by $composer" "it is not there"; continue; }
	# A network's name is one for the whole machine.
	project=sa$$${composer%%-*}
	trap 'composing down -v >/dev/null 2>&1 || :; pod rm -fa >/dev/null 2>&1; pod rmi -fa >/dev/null 2>&1; tap_cleanup' EXIT
	unset SANDBOX_AGENT_TOKEN
	not_ok "$composer: not without a token" composing up -d
	SANDBOX_AGENT_PORT=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1)->sockport')
	export SANDBOX_AGENT_PORT SANDBOX_AGENT_TOKEN=0123456789abcdef0123456789abcdef
	status 0 "... up" composing up -d
	ok "... it answers" wait_until 30 composed sessions
	is "$(composed sessions -d '{"agent":"mock","id":"kept"}' | jq -r .id)" kept "... makes a session"
	is "$(composed sessions/kept/prompt -d '{"text":"say composed"}' | jq -r .text)" composed "... and runs an agent"
	ok "... with limits, on this machine alone" jq -e --arg port "$SANDBOX_AGENT_PORT" '.[0].HostConfig |
		.PidsLimit > 0 and .SecurityOpt == ["no-new-privileges"] and .RestartPolicy.Name == "unless-stopped" and
		.PortBindings["2468/tcp"] == [{HostIp: "127.0.0.1", HostPort: $port}]' <(pod inspect "$(pod ps -q)")
	ok "... it is healthy" wait_until 60 healthy
	status 0 "... down" composing down
	is "$(pod ps -aq)" "" "... nothing runs"
	status 0 "... up again" composing up -d
	ok "... it has its session still" wait_until 30 composed sessions/kept
	status 0 "... down with its volume" composing down -v
	is "$(pod volume ls -q)" "" "... nothing is left"
done
unset SANDBOX_AGENT_TOKEN

if [ -z "${SA_TEST_FULL:-}" ]; then
	skip "the full image" "SA_TEST_FULL is not set: it fetches 400 MB"
else
	# With the certificates of this machine, which may stand behind a proxy of its own.
	status 0 "the full image is built" pod build --quiet --layers=false --isolation chroot --format docker --network host --build-arg BASE=local/base:12 \
		--build-arg NPM_CONFIG_REGISTRY="$(npm config get registry)" --volume /etc/ssl/certs:/etc/ssl/certs:O --target full -t sandbox-agent:full -f "$TOP/scripts/docker/Dockerfile" image
	for agent in claude codex opencode; do
		status 0 "$agent is in it and starts, without a network" pod run --rm --network none sandbox-agent:full sa-install-agent --verify "$agent"
	done
fi
done_testing
