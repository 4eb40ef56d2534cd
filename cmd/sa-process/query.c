#include "query.h"

#include "base/base64.h"
#include "json/write.h"

#include <string.h>

int query_stream(const char *name, bool is_tty, enum log_stream *ret, const char **ret_label,
		 struct sa_error *err)
{
	if (!name)
		name = is_tty ? "pty" : "combined";
	*ret = 0;
	*ret_label = "combined";
	if (strcmp(name, "combined") == 0)
		return 0;
	for (int stream = LOG_STDOUT; stream < LOG_STREAM_COUNT; stream++) {
		if (strcmp(name, log_stream_name((enum log_stream)stream)) != 0)
			continue;
		*ret = (enum log_stream)stream;
		*ret_label = log_stream_name(*ret);
		return 0;
	}
	return error_set(err, PROBLEM_INVALID_REQUEST,
			 "a stream is stdout, stderr, combined or pty, not '%.100s'", name);
}

static bool is_wanted(const struct query_run *run, const struct log_entry *entry)
{
	if (entry->sequence <= run->query.since ||
	    (run->query.stream && entry->stream != run->query.stream))
		return false;
	/* What has come since is shown to who follows, however small the limit. */
	return entry->sequence >= run->end.next_sequence ||
	       log_is_kept(run->limit_bytes, &run->end, entry->sequence, entry->offset);
}

/* How many matching entries there are, to know where the tail begins. */
static int count(struct query_run *run, uint64_t *ret, struct sa_error *err)
{
	struct log_entry entry;
	int rc;
	*ret = 0;
	while ((rc = log_reader_next(&run->reader, &entry, err)) == 1 &&
	       entry.sequence < run->end.next_sequence)
		*ret += is_wanted(run, &entry);
	return rc < 0 ? -1 : 0;
}

int query_open(struct query_run *run, int dir_fd, uint64_t limit_bytes,
	       const struct log_query *query, struct sa_error *err)
{
	*run = (struct query_run){.query = *query, .limit_bytes = limit_bytes};
	log_reader_init(&run->reader, dir_fd, query->since);
	if (log_find_end(dir_fd, &run->end, err) < 0)
		return -1;
	if (query->tail < 0)
		return 0;
	uint64_t matching;
	if (count(run, &matching, err) < 0)
		return -1;
	run->skip = matching > (uint64_t)query->tail ? matching - (uint64_t)query->tail : 0;
	log_reader_free(&run->reader);
	log_reader_init(&run->reader, dir_fd, query->since);
	return 0;
}

void query_close(struct query_run *run)
{
	log_reader_free(&run->reader);
}

int query_next(struct query_run *run, struct log_entry *ret, struct sa_error *err)
{
	int rc;
	while ((rc = log_reader_next(&run->reader, ret, err)) == 1) {
		if (!is_wanted(run, ret))
			continue;
		if (run->skip == 0 || ret->sequence >= run->end.next_sequence)
			return 1;
		run->skip--;
	}
	return rc;
}

int query_next_old(struct query_run *run, struct log_entry *ret, struct sa_error *err)
{
	int rc = query_next(run, ret, err);
	return rc == 1 && ret->sequence >= run->end.next_sequence ? 0 : rc;
}

void query_add_entry(struct buf *b, const struct log_entry *entry)
{
	json_open(b, '{');
	json_kv_int(b, "sequence", (int64_t)entry->sequence);
	json_kv_string(b, "stream", log_stream_name(entry->stream));
	json_kv_int(b, "timestampMs", entry->time_ms);
	json_key(b, "data");
	buf_addc(b, '"');
	base64_add(b, entry->data);
	buf_addc(b, '"');
	json_kv_string(b, "encoding", "base64");
	json_close(b, '}');
}
