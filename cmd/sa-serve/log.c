#include "log.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "http/uri.h"
#include "os/dirs.h"
#include "os/io.h"
#include "json/write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static bool is_off(const char *value)
{
	return !value || !*value || strcmp(value, "0") == 0 || strcmp(value, "false") == 0;
}

/* "<folder>/log-MM-DD-YY", the folder made. NULL with err. */
static char *default_path(struct sa_error *err)
{
	const char *named = getenv("SANDBOX_AGENT_LOG_DIR");
	cleanup_free char *data = named ? NULL : dirs_data();
	cleanup_free char *folder = named  ? xstrdup(named)
				    : data ? xasprintf("%s/logs", data)
					   : NULL;
	time_t now = time(NULL);
	struct tm tm;
	if (!folder) {
		error_set(err, PROBLEM_FAILED, "no folder for the log: set SANDBOX_AGENT_LOG_DIR");
		return NULL;
	}
	if (dirs_make(folder, err) < 0)
		return NULL;
	localtime_r(&now, &tm);
	return xasprintf("%s/log-%02d-%02d-%02d", folder, tm.tm_mon + 1, tm.tm_mday,
			 tm.tm_year % 100);
}

int log_open(struct log *log, const char *path, struct sa_error *err)
{
	*log = (struct log){.fd = -1, .lines = BUF_INIT(16 << 20), .write_at = DEADLINE_NEVER};
	log->has_headers = !is_off(getenv("SANDBOX_AGENT_LOG_HTTP_HEADERS"));
	if (!path && is_off(getenv("SANDBOX_AGENT_LOG_HTTP")))
		return 0;
	if (!path && getenv("SANDBOX_AGENT_LOG_STDOUT"))
		path = "-";
	if (path && strcmp(path, "-") == 0) {
		log->fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
		return 0;
	}
	cleanup_free char *made = path ? NULL : default_path(err);
	if (!path && !made)
		return -1;
	log->fd =
	    open(path ? path : made, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);
	if (log->fd < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "open the log '%s'",
				       path ? path : made);
	return 0;
}

void log_close(struct log *log)
{
	log_flush(log, true);
	if (log->fd >= 0)
		close(log->fd);
	log->fd = -1;
	buf_free(&log->lines);
}

void log_add_target(struct buf *b, struct span target)
{
	const char *mark = target.n ? memchr(target.p, '?', target.n) : NULL;
	if (!mark) {
		buf_add_span(b, target);
		return;
	}
	size_t path = (size_t)(mark - target.p);
	struct span query = {mark + 1, target.n - path - 1}, name, value;
	char separator = '?';
	buf_add(b, target.p, path);
	while (http_query_next(&query, &name, &value)) {
		cleanup_buf struct buf plain = BUF_INIT(256);
		bool is_secret = http_query_decode(&plain, name) < 0 ||
				 span_is(buf_span(&plain), "access_token");
		buf_addc(b, separator);
		buf_add_span(b, name);
		buf_addc(b, '=');
		buf_add_span(b, is_secret ? span_of("...") : value);
		separator = '&';
	}
}

void log_add(struct log *log, const struct log_entry *e)
{
	struct buf *b = &log->lines;
	size_t before = b->len;
	json_open(b, '{');
	json_kv_time(b, "time", e->at_ms);
	json_kv_string(b, "requestId", e->id);
	json_kv_span(b, "method", e->method);
	json_kv_span(b, "target", e->target);
	json_kv_int(b, "status", e->status);
	json_kv_int(b, "durationMs", e->duration_ms);
	json_kv_int(b, "bytes", (int64_t)e->bytes);
	json_kv_raw(b, "headers", e->headers);
	buf_adds(b, "}\n");
	if (b->is_overflowed) {
		b->is_overflowed = false;
		b->len = before;
		log->lost++;
		return;
	}
	if (log->write_at == DEADLINE_NEVER)
		log->write_at = deadline_after(LOG_BATCH_MS);
	if (b->len >= LOG_BATCH_BYTES)
		log_flush(log, true);
}

void log_flush(struct log *log, bool is_now)
{
	if (log->fd < 0 || log->lines.len == 0 || (!is_now && clock_monotonic_ms() < log->write_at))
		return;
	/* A full disk costs lines of the log, never an answer. */
	if (io_write_all(log->fd, buf_span(&log->lines)) < 0)
		log->lost++;
	buf_clear(&log->lines);
	log->write_at = DEADLINE_NEVER;
}
