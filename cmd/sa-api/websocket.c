#include "websocket.h"

#include "base/base64.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "http/websocket.h"
#include "json/scan.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <wslay/wslay.h>

enum {
	KEY_BYTES = 16,
	HEAD_BYTES = 64 * 1024,
	MESSAGE_BYTES = 1 << 20, /* of the server; it sends less */
	HANDSHAKE_MS = 30000,
};

/* --- frames ------------------------------------------------------------------------- */

static ssize_t on_send(wslay_event_context_ptr frames, const uint8_t *data, size_t n, int flags,
		       void *arg)
{
	struct websocket *ws = arg;
	(void)frames;
	(void)flags;
	buf_add(&ws->out, data, n);
	return (ssize_t)n;
}

static ssize_t on_receive(wslay_event_context_ptr frames, uint8_t *data, size_t n, int flags,
			  void *arg)
{
	struct websocket *ws = arg;
	(void)flags;
	if (ws->in.len) {
		size_t early = n < ws->in.len ? n : ws->in.len;
		memcpy(data, ws->in.data, early);
		buf_consume(&ws->in, early);
		return (ssize_t)early;
	}
	ssize_t got = client_link_recv(&ws->link, data, n);
	if (got > 0)
		return got;
	bool is_later = got < 0 && errno == EAGAIN;
	ws->is_gone = ws->is_gone || !is_later;
	wslay_event_set_error(frames, is_later ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
	return -1;
}

static int on_mask(wslay_event_context_ptr frames, uint8_t *mask, size_t n, void *arg)
{
	(void)frames;
	(void)arg;
	return getrandom(mask, n, 0) == (ssize_t)n ? 0 : -1;
}

static void on_message(wslay_event_context_ptr frames, const struct wslay_event_on_msg_recv_arg *m,
		       void *arg)
{
	struct websocket *ws = arg;
	(void)frames;
	if (!wslay_is_ctrl_frame(m->opcode))
		ws->fn(ws->arg, m->opcode == WSLAY_TEXT_FRAME,
		       (struct span){(const char *)m->msg, m->msg_length});
}

static void flush(struct websocket *ws)
{
	size_t done = 0;
	wslay_event_send(ws->frames);
	while (done < ws->out.len) {
		ssize_t n = client_link_send(
		    &ws->link, (struct span){ws->out.data + done, ws->out.len - done});
		if (n < 0 && errno != EAGAIN)
			ws->is_gone = true;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	buf_consume(&ws->out, done);
}

void websocket_send(struct websocket *ws, struct span text)
{
	const struct wslay_event_msg message = {WSLAY_TEXT_FRAME, (const uint8_t *)text.p, text.n};
	wslay_event_queue_msg(ws->frames, &message);
	flush(ws);
}

void websocket_turn(struct websocket *ws)
{
	if (wslay_event_recv(ws->frames) < 0)
		ws->is_gone = true;
	flush(ws);
	/* The server has closed, and our answer to that has left. */
	if (!wslay_event_get_read_enabled(ws->frames) && ws->out.len == 0)
		ws->is_gone = true;
}

/* --- the handshake -------------------------------------------------------------------- */

/* "http://host:port/prefix": where the authority ends and the prefix begins. */
static struct span authority_of(const struct client *client, struct span *ret_prefix)
{
	const char *p = strstr(client->endpoint, "://");
	*ret_prefix = SPAN_LIT("");
	if (!p)
		return SPAN_LIT("localhost");
	p += 3;
	size_t n = strcspn(p, "/");
	size_t end = strlen(p);
	while (end > n && p[end - 1] == '/')
		end--;
	*ret_prefix = (struct span){p + n, end - n};
	return (struct span){p, n};
}

static void add_request(struct buf *b, const struct client *client, const char *path,
			struct span key)
{
	struct span prefix, host = authority_of(client, &prefix);
	buf_addf(b, "GET %.*s%s HTTP/1.1\r\nHost: %.*s\r\n", SPAN_ARG(prefix), path,
		 SPAN_ARG(host));
	buf_addf(b, "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n");
	buf_addf(b, "Sec-WebSocket-Key: %.*s\r\n", SPAN_ARG(key));
	if (client->token)
		buf_addf(b, "Authorization: Bearer %s\r\n", client->token);
	buf_adds(b, "\r\n");
}

/* Send all of it; then read until the head is whole. 0, or -1. */
static int exchange_heads(struct websocket *ws, struct buf *request, struct buf *head)
{
	char data[4096];
	while (!head->data || !strstr(head->data, "\r\n\r\n")) {
		struct pollfd p = {.fd = ws->link.fd, .events = POLLIN};
		ssize_t n = 0;
		if (request->len) {
			n = client_link_send(&ws->link, buf_span(request));
			p.events = POLLOUT;
			if (n > 0)
				buf_consume(request, (size_t)n);
		} else {
			n = client_link_recv(&ws->link, data, sizeof(data));
			if (n == 0 || (n > 0 && buf_add(head, data, (size_t)n) < 0))
				return -1;
		}
		if (n < 0 && (errno != EAGAIN || poll(&p, 1, HANDSHAKE_MS) <= 0))
			return -1;
	}
	return 0;
}

/* Is it a 101 with the right answer to our key? Names of fields are any case (RFC 6455 4.1). */
static bool is_accepted(const char *head, struct span key)
{
	cleanup_buf struct buf want = BUF_INIT(128);
	http_websocket_accept_add(&want, key);
	const char *field = strcasestr(head, "\r\nsec-websocket-accept:");
	if (strncmp(head, "HTTP/1.1 101", 12) != 0 || !field)
		return false;
	field = strchr(field, ':') + 1;
	field += strspn(field, " \t");
	return strncmp(field, want.data, want.len) == 0;
}

static int shake_hands(struct websocket *ws, const struct client *client, const char *path,
		       struct sa_error *err)
{
	char random[KEY_BYTES];
	cleanup_buf struct buf key = BUF_INIT(64), request = BUF_INIT(HEAD_BYTES),
			       head = BUF_INIT(HEAD_BYTES);
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return error_set_errno(err, PROBLEM_FAILED, errno, "get random bytes");
	base64_add(&key, (struct span){random, sizeof(random)});
	add_request(&request, client, path, buf_span(&key));
	int rc = exchange_heads(ws, &request, &head);
	if (rc < 0)
		return error_set(err, PROBLEM_STREAM_ERROR, "%s: it does not answer",
				 client->endpoint);
	if (!is_accepted(head.data, buf_span(&key)))
		return error_set(err, PROBLEM_STREAM_ERROR, "%s opens no WebSocket: %.*s",
				 client->endpoint, (int)strcspn(head.data, "\r\n"), head.data);
	const char *rest = strstr(head.data, "\r\n\r\n") + 4;
	buf_add(&ws->in, rest, head.len - (size_t)(rest - head.data));
	return 0;
}

int websocket_open(struct websocket *ws, struct client *client, const char *path, websocket_fn *fn,
		   void *arg, struct sa_error *err)
{
	static const struct wslay_event_callbacks callbacks = {
	    .recv_callback = on_receive,
	    .send_callback = on_send,
	    .genmask_callback = on_mask,
	    .on_msg_recv_callback = on_message,
	};
	*ws = (struct websocket){
	    .link = CLIENT_LINK_INIT,
	    .in = BUF_INIT(HEAD_BYTES),
	    .out = BUF_INIT(BUF_MAX_OWN),
	    .fn = fn,
	    .arg = arg,
	};
	wslay_event_context_ptr frames = NULL;
	if (client_connect(client, &ws->link, err) < 0 || shake_hands(ws, client, path, err) < 0) {
		websocket_close(ws);
		return -1;
	}
	if (wslay_event_context_client_init(&frames, &callbacks, ws) != 0) {
		websocket_close(ws);
		return error_set(err, PROBLEM_FAILED, "make a WebSocket");
	}
	wslay_event_config_set_max_recv_msg_length(frames, MESSAGE_BYTES);
	ws->frames = frames;
	return 0;
}

void websocket_close(struct websocket *ws)
{
	if (ws->frames)
		wslay_event_context_free(ws->frames);
	ws->frames = NULL;
	client_link_close(&ws->link);
	buf_free(&ws->in);
	buf_free(&ws->out);
}
