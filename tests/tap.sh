# shellcheck shell=bash
# TAP for command tests: ". tests/tap.sh" (any working folder) gives
#   a private folder $T (working folder, HOME, XDG_*, TMPDIR below it),
#   PATH with the built commands first (BIN_DIR, else build/bin), no SANDBOX_AGENT_*,
#   ok NAME COMMAND...     COMMAND succeeds          is GOT WANT NAME
#   not_ok NAME COMMAND... COMMAND fails             like GOT REGEX NAME
#   status WANT NAME COMMAND...                      unlike GOT REGEX NAME
#   skip NAME WHY          skip_all WHY              need TOOL... (skip_all without)
#   start COMMAND...       in its own session, ended with the test, pid in $started
#   wait_until SECONDS COMMAND...   the one place where a test may poll
#   is_dead PID            it has ended, whoever reaps it
#   done_testing           last line; a test that ends without it fails
# Standard output of COMMANDs goes to $T/out, standard error to $T/err.
set -euo pipefail

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BIN_DIR=${BIN_DIR:-$TOP/build/bin}
tap_count=0 tap_failed=0 tap_done=
tap_pids=()

tap_setup() {
	local name
	T=$(mktemp -d "${TMPDIR:-/tmp}/sa-test.XXXXXX")
	for name in ${!SANDBOX_AGENT_*}; do unset "$name"; done
	export HOME=$T/home TMPDIR=$T/tmp LC_ALL=C.UTF-8 TZ=UTC
	export XDG_CONFIG_HOME=$HOME/.config XDG_DATA_HOME=$HOME/.local/share
	export XDG_STATE_HOME=$HOME/.local/state XDG_CACHE_HOME=$HOME/.cache XDG_RUNTIME_DIR=$T/run
	export PATH=$BIN_DIR:$PATH
	mkdir -p "$HOME" "$TMPDIR"
	mkdir -m 700 "$XDG_RUNTIME_DIR"
	: >"$T/out"
	: >"$T/err"
	cd "$T"
	trap tap_cleanup EXIT
	trap 'exit 130' INT TERM
}

# End what the test started: each "start" leads its own session, so its group goes with it.
tap_cleanup() {
	local status=$? pid
	trap - EXIT
	set +e
	for pid in "${tap_pids[@]}"; do kill -TERM -- "-$pid" 2>/dev/null; done
	for pid in "${tap_pids[@]}"; do
		wait_until 5 tap_is_gone "$pid" || kill -KILL -- "-$pid"
		wait "$pid"
	done 2>/dev/null
	# Supervisors outlive whoever started them: the test's own say who they are.
	for pid in $(sed -n 's/.*"supervisorPid":\([0-9]*\).*/\1/p' \
		"$XDG_STATE_HOME"/sandbox-agent/{run,processes}/*/status.json 2>/dev/null); do
		[ "$(tr '\0' '\n' <"/proc/$pid/environ" | sed -n 's/^XDG_STATE_HOME=//p')" = "$XDG_STATE_HOME" ] &&
			kill -TERM "$pid" && wait_until 5 is_dead "$pid"
	done 2>/dev/null
	cd /
	rm -rf "$T"
	if [ -z "$tap_done" ]; then
		echo "# ended early with status $status" >&2
		[ "$status" -ne 0 ] || status=1
	fi
	exit "$status"
}

# No process of this pid, or a zombie that its parent has not looked after.
is_dead() { # PID
	local stat
	stat=$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) || return 0
	[[ $stat == [ZX]* ]]
}

tap_is_gone() { ! kill -0 -- "-$1" 2>/dev/null; }

tap_result() { # STATUS NAME
	tap_count=$((tap_count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tap_count - ${2//[#$'\n']/?}"
		return 0
	fi
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - ${2//[#$'\n']/?}"
	local up=1 # called by ok, is, ... or by the test itself
	[ ${#BASH_SOURCE[@]} -gt 2 ] || up=0
	echo "# failed at ${BASH_SOURCE[up + 1]##*/}:${BASH_LINENO[up]}: ${2//$'\n'/ }" >&2
}

tap_diag() { printf '%s\n' "$@" | sed 's/^/#   /' >&2; }

tap_run() { "$@" >"$T/out" 2>"$T/err"; }

ok() { # NAME COMMAND...
	local name=$1 rc=0
	shift
	tap_run "$@" || rc=$?
	tap_result "$rc" "$name"
	[ "$rc" -eq 0 ] || tap_diag "exit $rc: $*" "$(head -c 2000 "$T/out" "$T/err")"
}

not_ok() { # NAME COMMAND...
	local name=$1 rc=0
	shift
	tap_run "$@" || rc=$?
	tap_result "$((rc == 0))" "$name"
}

status() { # WANT NAME COMMAND...
	local want=$1 name=$2 rc=0
	shift 2
	tap_run "$@" || rc=$?
	tap_result "$((rc != want))" "$name"
	[ "$rc" -eq "$want" ] || tap_diag "exit $rc, expected $want: $*" "$(head -c 2000 "$T/out" "$T/err")"
}

is() { # GOT WANT NAME
	if [ "$1" = "$2" ]; then tap_result 0 "$3"; else
		tap_result 1 "$3"
		tap_diag "     got: $1" "expected: $2"
	fi
}

like() { # GOT REGEX NAME
	if [[ $1 =~ $2 ]]; then tap_result 0 "$3"; else
		tap_result 1 "$3"
		tap_diag "     got: $1" "no match: $2"
	fi
}

unlike() { # GOT REGEX NAME
	if [[ ! $1 =~ $2 ]]; then tap_result 0 "$3"; else
		tap_result 1 "$3"
		tap_diag "     got: $1" " matches: $2"
	fi
}

skip() { # NAME WHY
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

skip_all() { # WHY: the rest, where something was told already
	if [ "$tap_count" -gt 0 ]; then
		skip "the rest" "$1"
		done_testing
		exit 0
	fi
	tap_done=1
	echo "1..0 # SKIP $1"
	exit 0
}

need() { # TOOL...
	local tool
	for tool in "$@"; do
		command -v "$tool" >/dev/null || skip_all "$tool is not there"
	done
}

start() { # COMMAND...: in the background, leader of its own session
	# Without job control a background child is no group leader, so setsid does not fork.
	setsid "$@" &
	started=$!
	tap_pids+=("$started")
	wait_until 5 tap_leads "$started" || true
}

# A process that ended before we looked counts too.
tap_leads() { [ "$(ps -o sid= -p "$1" 2>/dev/null | tr -d ' ')" = "$1" ] || ! kill -0 "$1" 2>/dev/null; }

wait_until() { # SECONDS COMMAND...
	# Seconds of an idle machine: a busy one gets four times as many.
	local deadline=$((${EPOCHREALTIME/./} + $1 * 4000000))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "${EPOCHREALTIME/./}" -lt "$deadline" ] || return 1
		sleep 0.02
	done
}

done_testing() {
	tap_done=1
	echo "1..$tap_count"
	[ "$tap_failed" -eq 0 ] || exit 1
}

[ -n "${TAP_PLAIN:-}" ] || tap_setup
