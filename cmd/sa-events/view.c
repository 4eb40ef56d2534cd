#include "view.h"

#include "base/num.h"
#include "json/scan.h"

#include <string.h>

/* p is behind literal? Then move it on. */
static bool skip(struct span *rest, const char *literal, size_t n)
{
	if (rest->n < n || memcmp(rest->p, literal, n) != 0)
		return false;
	rest->p += n;
	rest->n -= n;
	return true;
}
#define SKIP(rest, literal) skip(rest, literal, sizeof(literal) - 1)

/* A string without escapes, with its quotes. */
static bool take_string(struct span *rest, struct span *ret)
{
	const char *end = rest->n > 1 && *rest->p == '"' ? memchr(rest->p + 1, '"', rest->n - 1)
							 : NULL;
	size_t n = end ? (size_t)(end + 1 - rest->p) : 0;
	if (n == 0 || memchr(rest->p, '\\', n))
		return false;
	*ret = (struct span){rest->p, n};
	rest->p += n;
	rest->n -= n;
	return true;
}

static bool take_int(struct span *rest, int64_t *ret)
{
	size_t n = 0;
	while (n < rest->n && rest->p[n] >= '0' && rest->p[n] <= '9')
		n++;
	if (num_parse_i64((struct span){rest->p, n}, 0, INT64_MAX, ret) < 0)
		return false;
	rest->p += n;
	rest->n -= n;
	return true;
}

/*
 * The way that event_add_json() writes a record, without a look into the
 * payload: following costs a tenth of what reading all of it would. Anything
 * that is not exactly so (an escaped session id, rawBase64) is left to the
 * reader of any JSON.
 */
static bool read_quickly(struct span line, struct view *v)
{
	struct span server, created, rest = line;
	return SKIP(&rest, "{\"id\":") && take_string(&rest, &v->id) &&
	       SKIP(&rest, ",\"eventIndex\":") && take_int(&rest, &v->index) &&
	       (!SKIP(&rest, ",\"streamIndex\":") || take_int(&rest, &v->stream_index)) &&
	       (!SKIP(&rest, ",\"sessionId\":") || take_string(&rest, &v->session)) &&
	       SKIP(&rest, ",\"serverId\":") && take_string(&rest, &server) &&
	       SKIP(&rest, ",\"createdAt\":") && take_string(&rest, &created) &&
	       SKIP(&rest, ",\"sender\":") && take_string(&rest, &v->sender) &&
	       (!SKIP(&rest, ",\"answers\":") || take_string(&rest, &v->answers)) &&
	       SKIP(&rest, ",\"payload\":") && rest.n > 1 && rest.p[rest.n - 1] == '}' &&
	       (v->payload = (struct span){rest.p, rest.n - 1}).p;
}

void view_read(struct span line, struct view *ret)
{
	static const char *const names[] = {"id",     "eventIndex", "sessionId",
					    "sender", "answers",    "payload", "streamIndex"};
	struct span f[7];
	*ret = (struct view){.line = line};
	if (read_quickly(line, ret))
		return;
	json_members(line, names, f, 7);
	*ret = (struct view){
	    .line = line,
	    .index = json_int_or(f[1], 0),
	    .stream_index = json_int_or(f[6], 0),
	    .id = f[0],
	    .session = f[2],
	    .sender = f[3],
	    .answers = f[4],
	    .payload = f[5],
	};
}

void view_look_inside(struct view *view)
{
	if (view->is_inside_known)
		return;
	view->is_inside_known = true;
	view->method = json_get(view->payload, "method");
	if (!json_string_is(view->method, "session/update"))
		return;
	view->update = json_path(view->payload, "params.update");
	view->kind = json_get(view->update, "sessionUpdate");
}

bool view_is_prompt(struct view *view)
{
	if (!json_string_is(view->sender, "client"))
		return false;
	view_look_inside(view);
	return json_string_is(view->method, "session/prompt");
}

bool view_is_turn_end(const struct view *view)
{
	return json_string_is(view->answers, "session/prompt");
}
