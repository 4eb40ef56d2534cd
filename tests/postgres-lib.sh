# shellcheck shell=bash
# A PostgreSQL server of the test's own, on a unix socket in a folder of its own.
# After ". tap.sh": pg_there (is there one?), pg_need (skips the rest without), pg_start, pg_stop [fast|immediate],
# pg_kill (SIGKILL to the postmaster and its children); $PG_URL names it.

pg_there() {
	local bin
	for bin in /usr/lib/postgresql/*/bin /usr/local/pgsql/bin; do
		[ -x "$bin/initdb" ] && PG_BIN=$bin
	done
	[ -n "${PG_BIN:-}" ] && PATH=$PATH:/usr/sbin:/sbin ldconfig -p 2>/dev/null | grep libpq.so.5 >/dev/null
}

pg_need() {
	pg_there || skip_all "no PostgreSQL server, or no libpq.so.5 (Debian: apt install postgresql libpq5)"
	PG_DIR=$(mktemp -d /tmp/sa-pg.XXXXXX)
	PG_USER=$(id -un)
	if [ "$(id -u)" -eq 0 ]; then
		# PostgreSQL refuses root.
		PG_USER=nobody
		getent passwd postgres >/dev/null && PG_USER=postgres
		chown "$PG_USER" "$PG_DIR"
	fi
	pg_as "$PG_BIN/initdb" -D "$PG_DIR/data" -U sa -A trust -E UTF8 --locale=C >"$T/initdb.log" 2>&1 || {
		cat "$T/initdb.log" >&2
		exit 1
	}
	PG_URL="postgres://sa@/postgres?host=$PG_DIR"
	trap 'pg_stop immediate; rm -rf "$PG_DIR"; tap_cleanup' EXIT
}

pg_as() {
	if [ "$PG_USER" = "$(id -un)" ]; then "$@"; else setpriv --reuid "$PG_USER" --regid "$(id -g "$PG_USER")" --clear-groups env HOME="$PG_DIR" "$@"; fi
}

pg_start() {
	(cd "$PG_DIR" && pg_as "$PG_BIN/pg_ctl" -D "$PG_DIR/data" -w -t 30 -l "$PG_DIR/log" \
		-o "-c listen_addresses='' -c unix_socket_directories='$PG_DIR'" start) >/dev/null
}

pg_stop() {
	[ -f "$PG_DIR/data/postmaster.pid" ] || return 0
	(cd "$PG_DIR" && pg_as "$PG_BIN/pg_ctl" -D "$PG_DIR/data" -m "${1:-fast}" -w -t 30 stop) >/dev/null 2>&1 || true
}

pg_kill() {
	local pid
	pid=$(head -n 1 "$PG_DIR/data/postmaster.pid")
	# The children share memory with the postmaster and leave when it is gone.
	kill -9 "$pid" && wait_until 10 eval "! pgrep -P $pid >/dev/null && ! kill -0 $pid 2>/dev/null"
}
