#include "progress.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "json/write.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TELL_TERMINAL_MS = 100, TELL_PIPE_MS = 1000, BAR_COLUMNS = 30 };

void progress_init(struct progress *progress, const char *agent, bool is_quiet)
{
	*progress = (struct progress){
	    .agent = agent, .is_quiet = is_quiet, .is_terminal = isatty(STDERR_FILENO) == 1};
}

void progress_end(struct progress *progress)
{
	if (progress->has_bar)
		fputs("\n", stderr);
	progress->has_bar = false;
	progress->told_ms = 0;
	progress->told_bytes = 0;
}

static void print_line(const struct progress *progress, const char *event, const char *text,
		       int64_t bytes, int64_t total)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	json_open(&b, '{');
	json_kv_string(&b, "event", event);
	json_kv_string(&b, "agent", progress->agent);
	json_kv_string(&b, "text", text);
	if (bytes >= 0)
		json_kv_int(&b, "bytes", bytes);
	if (total > 0)
		json_kv_int(&b, "total", total);
	json_close(&b, '}');
	fprintf(stderr, "%s\n", b.data);
}

void progress_step(struct progress *progress, const char *event, const char *text)
{
	if (progress->is_quiet)
		return;
	progress_end(progress);
	if (progress->is_terminal)
		fprintf(stderr, "%s: %s %s\n", progress->agent, event, text);
	else
		print_line(progress, event, text, -1, 0);
}

static void draw(struct progress *progress, int64_t bytes, int64_t total)
{
	char bar[BAR_COLUMNS + 1];
	int filled = total > 0 ? (int)(bytes * BAR_COLUMNS / total) : 0;
	for (int i = 0; i < BAR_COLUMNS; i++)
		bar[i] = i < filled ? '#' : '.';
	bar[BAR_COLUMNS] = '\0';
	fprintf(stderr, "\r%s: [%s] %lld", progress->agent, bar, (long long)(bytes >> 20));
	if (total > 0)
		fprintf(stderr, " of %lld", (long long)(total >> 20));
	fputs(" MiB ", stderr);
	progress->has_bar = true;
}

void progress_bytes(struct progress *progress, int64_t bytes, int64_t total)
{
	if (progress->is_quiet)
		return;
	int64_t now = clock_monotonic_ms();
	bool is_last = total > 0 && bytes >= total && progress->told_bytes < total;
	if (!is_last &&
	    now - progress->told_ms < (progress->is_terminal ? TELL_TERMINAL_MS : TELL_PIPE_MS))
		return;
	progress->told_ms = now;
	progress->told_bytes = bytes;
	if (progress->is_terminal)
		draw(progress, bytes, total);
	else
		print_line(progress, "download", NULL, bytes, total);
}
