#include "filter.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "filter/filter.h"
#include "skills.h"
#include "store.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

struct wish {
	char *directory, *name;
};

static void wish_clear(struct wish *wish)
{
	free(wish->directory);
	free(wish->name);
}
#define cleanup_wish __attribute__((cleanup(wish_clear)))

static int read_wish(const struct filter_request *r, struct wish *ret, struct sa_error *err)
{
	ret->directory = filter_param_wanted(r, "directory", err);
	ret->name = ret->directory ? filter_param_wanted(r, "name", err) : NULL;
	return ret->name ? 0 : -1;
}

static int get(const struct config_kind *kind, const struct filter_request *r, struct buf *scratch,
	       struct filter_reply *reply, struct sa_error *err)
{
	cleanup_wish struct wish wish = {NULL, NULL};
	if (read_wish(r, &wish, err) < 0)
		return -1;
	if (config_get(kind, wish.directory, wish.name, scratch, err) == 0) {
		reply->result = buf_span(scratch);
		return 0;
	}
	if (err->kind == PROBLEM_SESSION_NOT_FOUND) {
		cleanup_free char *id = xasprintf("%s:%s", kind->name, wish.name);
		buf_clear(scratch);
		json_kv_string(scratch, "sessionId", id);
		reply->extensions = buf_span(scratch);
	}
	return -1;
}

static int set(const struct config_kind *kind, const struct filter_request *r, struct sa_error *err)
{
	cleanup_wish struct wish wish = {NULL, NULL};
	if (read_wish(r, &wish, err) < 0)
		return -1;
	if (!r->body.p)
		return error_set(err, PROBLEM_INVALID_REQUEST, "the entry is missing");
	return config_set(kind, wish.directory, wish.name, r->body, err);
}

static int delete (const struct config_kind *kind, const struct filter_request *r,
		   struct sa_error *err)
{
	cleanup_wish struct wish wish = {NULL, NULL};
	return read_wish(r, &wish, err) < 0 ? -1
					    : config_delete(kind, wish.directory, wish.name, err);
}

#define OPS(kind)                                                                                  \
	static int kind##_get(void *arg, const struct filter_request *r, int fd, struct buf *b,    \
			      struct filter_reply *reply, struct sa_error *err)                    \
	{                                                                                          \
		(void)arg, (void)fd;                                                               \
		return get(&config_##kind, r, b, reply, err);                                      \
	}                                                                                          \
	static int kind##_set(void *arg, const struct filter_request *r, int fd, struct buf *b,    \
			      struct filter_reply *reply, struct sa_error *err)                    \
	{                                                                                          \
		(void)arg, (void)fd, (void)b, (void)reply;                                         \
		return set(&config_##kind, r, err);                                                \
	}                                                                                          \
	static int kind##_delete(void *arg, const struct filter_request *r, int fd, struct buf *b, \
				 struct filter_reply *reply, struct sa_error *err)                 \
	{                                                                                          \
		(void)arg, (void)fd, (void)b, (void)reply;                                         \
		return delete (&config_##kind, r, err);                                            \
	}
OPS(mcp)
OPS(skills)

/* Takes as long as fetching does: for a process of its own. */
static int skills_sync_op(void *arg, const struct filter_request *r, int fd, struct buf *scratch,
			  struct filter_reply *reply, struct sa_error *err)
{
	cleanup_buf struct buf records = BUF_INIT(BUF_MAX_OWN);
	bool is_refreshing = false;
	(void)arg, (void)fd;
	cleanup_free char *directory = filter_param_wanted(r, "directory", err);
	cleanup_free char *agent = filter_param(r, "agent");
	if (!directory || filter_param_bool(r, "refresh", &is_refreshing, err) < 0 ||
	    skills_sync(directory, agent, is_refreshing ? SOURCE_REFRESH : SOURCE_USE, &records,
			err) < 0)
		return -1;
	buf_adds(scratch, "{\"skills\":[");
	for (struct span rest = buf_span(&records); rest.n;) {
		size_t n = (size_t)((const char *)memchr(rest.p, '\n', rest.n) - rest.p);
		json_add_raw(scratch, (struct span){rest.p, n});
		rest = (struct span){rest.p + n + 1, rest.n - n - 1};
	}
	buf_adds(scratch, "]}");
	reply->result = buf_span(scratch);
	return 0;
}

static int op_shutdown(void *arg, const struct filter_request *r, int fd, struct buf *b,
		       struct filter_reply *reply, struct sa_error *err)
{
	(void)arg, (void)r, (void)fd, (void)b, (void)reply, (void)err;
	return 0;
}

int config_filter(struct sa_error *err)
{
	static const struct filter_op ops[] = {
	    {"mcp.get", mcp_get},
	    {"mcp.set", mcp_set},
	    {"mcp.delete", mcp_delete},
	    {"skills.get", skills_get},
	    {"skills.set", skills_set},
	    {"skills.delete", skills_delete},
	    {"skills.sync", skills_sync_op},
	    {"shutdown", op_shutdown},
	    {NULL, NULL},
	};
	return filter_serve(ops, NULL, err);
}
