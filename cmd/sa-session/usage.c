/* The verb usage: what sessions have used, each or by day, agent or directory. */
#include "acp/usage.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "connection.h"
#include "print.h"
#include "verbs.h"
#include "json/write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_BYTES = 10, TIME_BYTES = 64 };

struct group {
	char *name;
	struct usage usage;
	int64_t sessions;
};

struct tally {
	struct store *store;
	const char *by;
	struct group *groups;
	size_t count;
	/* of the session that is read */
	struct usage usage;
	struct usage told; /* ... up to the last turn that was counted */
	struct sa_error *err;
};

static struct group *group_of(struct tally *tally, const char *name)
{
	for (size_t i = 0; i < tally->count; i++)
		if (strcmp(tally->groups[i].name, name) == 0)
			return &tally->groups[i];
	tally->groups = xreallocarray(tally->groups, tally->count + 1, sizeof(*tally->groups));
	tally->groups[tally->count] = (struct group){.name = xstrdup(name)};
	return &tally->groups[tally->count++];
}

/* What has come since the last call belongs to this group. */
static void settle(struct tally *tally, const char *name)
{
	struct group *group = group_of(tally, name);
	struct usage more = tally->usage;
	more.turns -= tally->told.turns;
	more.input_tokens -= tally->told.input_tokens;
	more.output_tokens -= tally->told.output_tokens;
	more.cached_tokens -= tally->told.cached_tokens;
	more.total_tokens -= tally->told.total_tokens;
	more.cost -= tally->told.cost;
	usage_add(&group->usage, &more);
	tally->told = tally->usage;
}

static int take_event(const struct event *event, void *arg)
{
	struct tally *tally = arg;
	if (event->sender == SENDER_CLIENT)
		return 0;
	usage_learn(&tally->usage, event->answers, event->payload);
	if (strcmp(tally->by, "day") == 0 &&
	    (tally->usage.turns != tally->told.turns || tally->usage.cost > tally->told.cost)) {
		char day[TIME_BYTES];
		clock_format(event->at_ms, day);
		day[DAY_BYTES] = '\0';
		settle(tally, day);
	}
	return 0;
}

static int take_session(const struct session *session, void *arg)
{
	struct tally *tally = arg;
	cleanup_server struct server server = {.key = 0};
	const char *name = strcmp(tally->by, "agent") == 0	 ? session->agent
			   : strcmp(tally->by, "directory") == 0 ? session->cwd
								 : session->id;
	tally->usage = tally->told = (struct usage){.turns = 0};
	if (store_get_server(tally->store, session->server_key, &server, tally->err) < 0 ||
	    store_each_event(tally->store, &server, session->id, 0, 0, take_event, tally,
			     tally->err) < 0)
		return -1;
	if (strcmp(tally->by, "day") == 0)
		return 0;
	settle(tally, name ? name : "");
	group_of(tally, name ? name : "")->sessions++;
	return 0;
}

static void print_group(const struct tally *tally, const struct group *group, bool is_text)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	const struct usage *u = &group->usage;
	if (!is_text) {
		json_open(&b, '{');
		json_kv_string(&b, tally->by, group->name);
		bool is_one = strcmp(tally->by, "session") == 0;
		if (!is_one && group->sessions)
			json_kv_int(&b, "sessions", group->sessions);
		struct usage told = *u;
		if (!is_one)
			told.context_size = 0;
		usage_add_json(&b, &told);
		buf_adds(&b, "}\n");
		print_buf(&b);
		return;
	}
	print_add_plain(&b, span_of(group->name), 120);
	buf_addf(&b, "  %lld turns  %lld tokens", (long long)u->turns, (long long)u->total_tokens);
	if (u->currency[0])
		buf_addf(&b, "  %.4f %s", u->cost, u->currency);
	buf_addc(&b, '\n');
	print_buf(&b);
}

static int tally_all(struct tally *tally, int argc, char **argv, struct sa_error *err)
{
	if (argc == 0)
		return store_each_session(tally->store, 0, take_session, tally, err);
	for (int i = 0; i < argc; i++) {
		cleanup_connection struct connection c = CONNECTION_INIT;
		if (connection_find(&c, argv[i], err) < 0 || take_session(&c.session, tally) < 0)
			return -1;
	}
	return 0;
}

int verb_usage(const void *arg, int argc, char **argv, struct sa_error *err)
{
	static const char *const known[] = {"session", "day", "agent", "directory"};
	const struct options *o = arg;
	cleanup_store struct store *store = store_open(err);
	struct tally tally = {
	    .store = store, .by = o->usage_by ? o->usage_by : "session", .err = err};
	bool is_known = false;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		is_known |= strcmp(tally.by, known[i]) == 0;
	if (!is_known)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "--by is session, day, agent or directory, not '%s'", tally.by);
	int rc = store ? tally_all(&tally, argc, argv, err) : -1;
	for (size_t i = 0; i < tally.count; i++) {
		if (rc == 0)
			print_group(&tally, &tally.groups[i], command_wants_text(&o->common));
		free(tally.groups[i].name);
	}
	free(tally.groups);
	return rc;
}
