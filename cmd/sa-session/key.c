#include "key.h"

#include "base/clock.h"
#include "base/xalloc.h"
#include "http/response.h"
#include "json/scan.h"
#include "json/write.h"
#include "os/io.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct key {
	struct broker *broker;
	int fd;
	bool is_keep_alive;
	int minor_version;
	char *lines; /* header lines of the front's */
	struct buf out;
	struct watch watch;
	char *ref;
	int status;
	int64_t length;
};

void key_adopt(struct job *job, int fd, const struct filter_request *request)
{
	struct key *key = xcalloc(1, sizeof(*key));
	key_free(job->broker, job->key);
	*key = (struct key){
	    .broker = job->broker,
	    .fd = fd,
	    .is_keep_alive = json_bool_or(json_get(request->params, "keepAlive"), false),
	    .minor_version = (int)json_int_or(json_get(request->params, "minor"), 1),
	    .lines = json_string_dup(json_get(request->params, "lines")),
	    .out = BUF_INIT(BUF_MAX_OWN),
	    .watch = WATCH_INIT,
	};
	io_set_nonblocking(fd);
	job->broker->key_count++;
	job->key = key;
}

void key_free(struct broker *broker, struct key *key)
{
	if (!key)
		return;
	loop_forget(&broker->loop, &key->watch);
	close(key->fd);
	broker->key_count--;
	buf_free(&key->out);
	free(key->lines);
	free(key->ref);
	free(key);
}

/* It is over; length -1: the client is gone. */
static void finish(struct key *key, int64_t length)
{
	struct broker *broker = key->broker;
	if (key->ref && !broker->is_orphan) {
		struct buf line = BUF_INIT(BUF_MAX_OWN);
		json_open(&line, '{');
		json_kv_raw(&line, "ref", span_of(key->ref));
		json_kv_int(&line, "status", key->status);
		json_kv_int(&line, "sent", length);
		json_close(&line, '}');
		channel_add(&broker->channel, buf_span(&line), -1);
		buf_free(&line);
	}
	key_free(broker, key);
}

static void on_room(void *arg, uint32_t events)
{
	struct key *key = arg;
	(void)events;
	while (key->out.len) {
		ssize_t n = send(key->fd, key->out.data, key->out.len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			finish(key, -1);
			return;
		}
		buf_consume(&key->out, (size_t)n);
	}
	finish(key, key->length);
}

void key_answer(struct broker *broker, struct key *key, char *ref, int status, const char *type,
		struct span body)
{
	struct http_response response = {
	    .status = status,
	    .body = body.p ? HTTP_BODY_LENGTH : HTTP_BODY_NONE,
	    .length_bytes = body.n,
	    .date_s = clock_now_ms() / 1000,
	    .minor_version = key->minor_version,
	    .is_keep_alive = key->is_keep_alive && !broker->is_orphan,
	};
	key->ref = ref;
	key->status = status;
	http_head_begin(&key->out, &response);
	if (body.p)
		http_header_add(&key->out, "content-type", span_of(type));
	buf_adds(&key->out, key->lines ? key->lines : "");
	http_head_end(&key->out);
	buf_add_span(&key->out, body);
	key->length = (int64_t)key->out.len;
	if (loop_watch(&broker->loop, &key->watch, key->fd, EPOLLOUT, on_room, key) < 0)
		finish(key, -1);
}
