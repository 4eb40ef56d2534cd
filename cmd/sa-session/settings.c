#include "settings.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "cli/plain.h"
#include "json/scan.h"
#include "json/write.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LISTED_MAX = 24 }; /* values that an error message lists */

/* --- the options ----------------------------------------------------------------- */

static struct span by_member(struct span options, const char *member, const char *name)
{
	struct json_iter it = json_iter(options);
	struct span option;
	while (options.p && json_next(&it, NULL, &option))
		if (json_string_is(json_get(option, member), name))
			return option;
	return SPAN_NONE;
}

/* An option out of a list of modes or models. */
static void add_made_up(struct buf *b, const char *id, const char *name, const char *current,
			struct span list, const char *value_member, const char *via)
{
	struct json_iter it = json_iter(list);
	struct span item;
	json_open(b, '{');
	json_kv_string(b, "id", id);
	json_kv_string(b, "name", name);
	json_kv_string(b, "category", id);
	json_kv_string(b, "type", "select");
	json_kv_string(b, "currentValue", current);
	json_key(b, "options");
	json_open(b, '[');
	while (json_next(&it, NULL, &item)) {
		json_open(b, '{');
		json_kv_raw(b, "value", json_get(item, value_member));
		json_kv_raw(b, "name", json_get(item, "name"));
		json_kv_raw(b, "description", json_get(item, "description"));
		json_close(b, '}');
	}
	json_close(b, ']');
	json_kv_string(b, "via", via);
	json_close(b, '}');
}

void settings_add(struct buf *b, const struct session *s)
{
	struct span options = span_of(s->options_json);
	struct json_iter it = json_iter(options);
	struct span option;
	json_open(b, '[');
	if (s->modes_json && !by_member(options, "category", "mode").p)
		add_made_up(b, "mode", "Mode", s->mode, span_of(s->modes_json), "id",
			    "session/set_mode");
	if (s->models_json && !by_member(options, "category", "model").p)
		add_made_up(b, "model", "Model", s->model, span_of(s->models_json), "modelId",
			    "session/set_model");
	while (options.p && json_next(&it, NULL, &option))
		json_add_raw(b, option);
	json_close(b, ']');
}

struct span settings_find(struct span options, const char *name)
{
	cleanup_free char *plain = xstrdup(name);
	struct span found = by_member(options, "id", name);
	for (char *p = plain; *p; p++)
		*p = *p == '-' ? '_' : *p;
	if (!found.p)
		found = by_member(options, "id", plain);
	return found.p ? found : by_member(options, "category", plain);
}

int settings_each_value(struct span option, settings_value_fn *fn, void *arg)
{
	struct json_iter it = json_iter(json_get(option, "options"));
	struct span item, inner;
	int stop = 0;
	while (stop == 0 && json_next(&it, NULL, &item)) {
		struct span group = json_get(item, "options");
		struct json_iter in = json_iter(group);
		if (json_type(group) != JSON_ARRAY) {
			stop = fn(json_get(item, "value"), json_get(item, "name"), arg);
			continue;
		}
		while (stop == 0 && json_next(&in, NULL, &inner))
			stop = fn(json_get(inner, "value"), json_get(inner, "name"), arg);
	}
	return stop;
}

/* --- choosing -------------------------------------------------------------------- */

struct choice {
	const char *wish;
	struct span exact;
	struct span named; /* by its name, whatever case */
	struct buf list;
	size_t count;
};

static int look_at(struct span value, struct span name, void *arg)
{
	struct choice *choice = arg;
	cleanup_free char *text = json_string_dup(value);
	cleanup_free char *title = json_string_dup(name);
	if (!text)
		return 0;
	if (strcmp(text, choice->wish) == 0)
		choice->exact = value;
	if (!choice->named.p && (strcasecmp(text, choice->wish) == 0 ||
				 (title && strcasecmp(title, choice->wish) == 0)))
		choice->named = value;
	if (choice->count++ < LISTED_MAX)
		buf_addf(&choice->list, "%s%s", choice->list.len ? ", " : "", text);
	return 0;
}

/* The value of a select option that wish means; NONE with err. */
static struct span choose(struct span option, const char *name, const char *wish,
			  struct sa_error *err)
{
	struct choice choice = {.wish = wish, .list = BUF_INIT(BUF_MAX_OWN)};
	settings_each_value(option, look_at, &choice);
	struct span value = choice.exact.p ? choice.exact : choice.named;
	if (!value.p)
		error_set(err, PROBLEM_INVALID_REQUEST, "%s cannot be '%s'; it is one of: %s%s",
			  name, wish, choice.list.len ? choice.list.data : "(nothing)",
			  choice.count > LISTED_MAX ? ", ..." : "");
	buf_free(&choice.list);
	return value;
}

static struct span choose_boolean(const char *name, const char *wish, struct sa_error *err)
{
	static const char *const yes[] = {"true", "on", "yes", "1"};
	static const char *const no[] = {"false", "off", "no", "0"};
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (strcasecmp(wish, yes[i]) == 0)
			return SPAN_LIT("true");
		if (strcasecmp(wish, no[i]) == 0)
			return SPAN_LIT("false");
	}
	error_set(err, PROBLEM_INVALID_REQUEST, "%s is true or false, not '%s'", name, wish);
	return SPAN_NONE;
}

/* --- setting --------------------------------------------------------------------- */

/* method with the session, and name: value for each pair. */
static int call(struct connection *c, const char *method, const char *value_member,
		struct span value, struct span config_id, bool is_boolean, int64_t deadline,
		struct sa_error *err)
{
	cleanup_buf struct buf params = BUF_INIT(BUF_MAX_OWN);
	struct link_answer answer = {.session_id = NULL};
	json_open(&params, '{');
	json_kv_string(&params, "sessionId", c->session.agent_session_id);
	json_kv_raw(&params, "configId", config_id);
	if (is_boolean)
		json_kv_string(&params, "type", "boolean");
	json_kv_raw(&params, value_member, value);
	json_close(&params, '}');
	if (link_call(&c->link, c->store, &c->server, method, buf_span(&params), NULL, deadline,
		      &answer, err) < 0)
		return -1;
	link_answer_clear(&answer);
	return 0;
}

static int set_known(struct connection *c, struct span option, const char *name, const char *wish,
		     int64_t deadline, struct sa_error *err)
{
	struct span via = json_get(option, "via");
	bool is_boolean = json_string_is(json_get(option, "type"), "boolean");
	struct span value =
	    is_boolean ? choose_boolean(name, wish, err) : choose(option, name, wish, err);
	if (!value.p)
		return -1;
	if (json_string_is(via, "session/set_mode"))
		return call(c, "session/set_mode", "modeId", value, SPAN_NONE, false, deadline,
			    err);
	if (json_string_is(via, "session/set_model"))
		return call(c, "session/set_model", "modelId", value, SPAN_NONE, false, deadline,
			    err);
	return call(c, "session/set_config_option", "value", value, json_get(option, "id"),
		    is_boolean, deadline, err);
}

/* The agent has told of no such option: it may know the old methods all the same. */
static int set_unknown(struct connection *c, struct span options, const char *name,
		       const char *wish, int64_t deadline, struct sa_error *err)
{
	cleanup_buf struct buf value = BUF_INIT(BUF_MAX_OWN);
	cleanup_buf struct buf list = BUF_INIT(BUF_MAX_OWN);
	struct json_iter it = json_iter(options);
	struct span option;
	json_add_string(&value, span_of(wish));
	if (strcmp(name, "model") == 0)
		return call(c, "session/set_model", "modelId", buf_span(&value), SPAN_NONE, false,
			    deadline, err);
	if (strcmp(name, "mode") == 0)
		return call(c, "session/set_mode", "modeId", buf_span(&value), SPAN_NONE, false,
			    deadline, err);
	while (json_next(&it, NULL, &option)) {
		if (list.len)
			buf_adds(&list, ", ");
		json_string_add(&list, json_get(option, "id"));
	}
	return error_set(err, PROBLEM_INVALID_REQUEST, "agent '%s' has no option '%s'; it has: %s",
			 c->server.agent, name, list.len ? list.data : "none");
}

int settings_set(struct connection *c, const char *name, const char *value, int64_t deadline,
		 struct sa_error *err)
{
	cleanup_buf struct buf options = BUF_INIT(BUF_MAX_OWN);
	settings_add(&options, &c->session);
	struct span option = settings_find(buf_span(&options), name);
	int rc = option.p ? set_known(c, option, name, value, deadline, err)
			  : set_unknown(c, buf_span(&options), name, value, deadline, err);
	return rc < 0 ? -1 : connection_look_again(c, err);
}

/* The current value of an option as the text that settings_set() takes; NULL: none. */
static char *current_value(struct span option)
{
	struct span value = json_get(option, "currentValue");
	if (json_type(value) == JSON_TRUE || json_type(value) == JSON_FALSE)
		return xmemdup0(value.p, value.n);
	return json_string_dup(value);
}

void settings_restore(struct connection *c, const struct session *before, int64_t deadline)
{
	cleanup_buf struct buf wanted = BUF_INIT(BUF_MAX_OWN);
	struct span option;
	settings_add(&wanted, before);
	struct json_iter it = json_iter(buf_span(&wanted));
	while (json_next(&it, NULL, &option)) {
		cleanup_buf struct buf now = BUF_INIT(BUF_MAX_OWN);
		cleanup_free char *id = json_string_dup(json_get(option, "id"));
		cleanup_free char *value = current_value(option);
		settings_add(&now, &c->session);
		struct span known = id ? settings_find(buf_span(&now), id) : SPAN_NONE;
		cleanup_free char *has = known.p ? current_value(known) : NULL;
		struct sa_error why = SA_ERROR_INIT;
		if (!value || !has || strcmp(value, has) == 0 ||
		    settings_set(c, id, value, deadline, &why) == 0)
			continue;
		/* It goes on all the same, but nobody shall take a "plan" for granted. */
		cleanup_buf struct buf words = BUF_INIT(BUF_MAX_OWN);
		cleanup_free char *text = xasprintf("%s of session '%s' is '%s', no more '%s': %s", id,
						    before->id, has, value, why.message);
		plain_add(&words, span_of(text));
		fprintf(stderr, "sa-session: %s\n", words.data);
	}
}

int settings_set_pair(struct connection *c, const char *pair, int64_t deadline,
		      struct sa_error *err)
{
	const char *equals = strchr(pair, '=');
	if (!equals || equals == pair)
		return error_set(err, PROBLEM_INVALID_REQUEST, "'%s' is not NAME=VALUE", pair);
	cleanup_free char *name = xmemdup0(pair, (size_t)(equals - pair));
	return settings_set(c, name, equals + 1, deadline, err);
}
