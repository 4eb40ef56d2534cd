#include "session.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

/* The first value of each list is a new session's. */
static const struct choice {
	const char *id, *name;
} modes[] = {{"normal", "Normal"}, {"plan", "Plan"}, {NULL, NULL}},
  models[] = {{"mock", "Mock"}, {"mock-fast", "Mock Fast"}, {NULL, NULL}},
  levels[] = {{"low", "Low"}, {"medium", "Medium"}, {"high", "High"}, {NULL, NULL}};

static const struct setting_info {
	const char *id, *name;
	const struct choice *choices;
} setting_table[SETTING_COUNT] = {
    [SETTING_MODE] = {"mode", "Mode", modes},
    [SETTING_MODEL] = {"model", "Model", models},
    [SETTING_THOUGHT_LEVEL] = {"thought_level", "Thought level", levels},
};

const char *setting_name(enum setting setting)
{
	return setting_table[setting].id;
}

enum setting setting_by_name(const char *name)
{
	int i = 0;
	while (i < SETTING_COUNT && strcmp(setting_table[i].id, name) != 0)
		i++;
	return (enum setting)i;
}

static int set(struct session *session, enum setting setting, const char *value)
{
	for (const struct choice *c = setting_table[setting].choices; c->id; c++)
		if (strcmp(c->id, value) == 0) {
			session->settings[setting] = c->id;
			return 0;
		}
	return -1;
}

static void record_set(struct session *session, const char *name, const char *value)
{
	json_open(&session->unsaved, '{');
	json_key(&session->unsaved, "set");
	json_open(&session->unsaved, '{');
	json_kv_string(&session->unsaved, name, value);
	json_close(&session->unsaved, '}');
	json_close(&session->unsaved, '}');
	buf_addc(&session->unsaved, '\n');
}

int session_set(struct session *session, enum setting setting, const char *value)
{
	if (set(session, setting, value) < 0)
		return -1;
	record_set(session, setting_table[setting].id, value);
	return 0;
}

void session_set_cwd(struct session *session, const char *cwd)
{
	if (strcmp(session->cwd, cwd) == 0)
		return;
	free(session->cwd);
	session->cwd = xstrdup(cwd);
	record_set(session, "cwd", cwd);
}

static struct session *session_new(const char *id)
{
	struct session *session = xcalloc(1, sizeof(*session));
	memcpy(session->id, id, STORE_ID_BYTES);
	buf_init(&session->unsaved, BUF_MAX_OWN);
	for (int i = 0; i < SETTING_COUNT; i++)
		session->settings[i] = setting_table[i].choices[0].id;
	return session;
}

struct session *session_create(struct store *store, const char *cwd, struct sa_error *err)
{
	char id[STORE_ID_BYTES];
	cleanup_buf struct buf record = BUF_INIT(BUF_MAX_OWN);
	json_open(&record, '{');
	json_key(&record, "session");
	json_open(&record, '{');
	json_kv_string(&record, "cwd", cwd);
	json_close(&record, '}');
	json_close(&record, '}');
	buf_addc(&record, '\n');
	if (store_new_id(id, err) < 0 || store_create(store, id, buf_span(&record), err) < 0)
		return NULL;
	struct session *session = session_new(id);
	session->cwd = xstrdup(cwd);
	return session;
}

static void take_text(char **target, struct span value)
{
	char *text = json_string_dup(value);
	if (!text)
		return;
	free(*target);
	*target = text;
}

static void apply_set(struct session *session, struct span values)
{
	for (int i = 0; i < SETTING_COUNT; i++) {
		cleanup_free char *value = json_string_dup(json_get(values, setting_table[i].id));
		if (value)
			set(session, (enum setting)i, value);
	}
	take_text(&session->cwd, json_get(values, "cwd"));
}

static void apply_update(struct session *session, struct span update)
{
	static const char *const names[] = {"sessionUpdate", "title"};
	struct span values[ARRAY_SIZE(names)];
	json_members(update, names, values, ARRAY_SIZE(names));
	if (json_string_is(values[0], "tool_call"))
		session->tool_count++;
	else if (json_string_is(values[0], "session_info_update"))
		take_text(&session->title, values[1]);
}

struct session *session_restore(struct store *store, const char *id)
{
	static const char *const names[] = {"session", "set", "update"};
	struct store_reader reader;
	struct span record;
	if (store_reader_open(&reader, store, id) < 0)
		return NULL;
	struct session *session = session_new(id);
	while (store_reader_next(&reader, &record)) {
		struct span values[ARRAY_SIZE(names)];
		json_members(record, names, values, ARRAY_SIZE(names));
		take_text(&session->cwd, json_get(values[0], "cwd"));
		if (values[1].p)
			apply_set(session, values[1]);
		if (values[2].p)
			apply_update(session, values[2]);
	}
	store_reader_close(&reader);
	if (!session->cwd)
		session->cwd = xstrdup("/");
	return session;
}

struct session *session_fork(struct store *store, const struct session *from, const char *cwd,
			     struct sa_error *err)
{
	struct store_reader reader = STORE_READER_NONE;
	struct span record;
	struct session *session = session_create(store, cwd, err);
	if (!session || store_reader_open(&reader, store, from->id) < 0)
		return session;
	while (store_reader_next(&reader, &record)) {
		if (json_get(record, "session").p || json_path(record, "set.cwd").p)
			continue;
		buf_add_span(&session->unsaved, record);
		buf_addc(&session->unsaved, '\n');
	}
	store_reader_close(&reader);
	memcpy(session->settings, from->settings, sizeof(session->settings));
	session->tool_count = from->tool_count;
	if (from->title)
		session->title = xstrdup(from->title);
	return session;
}

void session_free(struct session *session)
{
	if (!session)
		return;
	free(session->cwd);
	free(session->title);
	buf_free(&session->unsaved);
	free(session);
}

int session_save(struct session *session, struct store *store, struct sa_error *err)
{
	if (session->unsaved.len == 0)
		return 0;
	int rc = store_append(store, session->id, buf_span(&session->unsaved), err);
	buf_clear(&session->unsaved);
	buf_shrink(&session->unsaved);
	return rc;
}

static void write_choices(struct buf *b, const struct choice *choices, const char *id_key)
{
	json_open(b, '[');
	for (; choices->id; choices++) {
		json_open(b, '{');
		json_kv_string(b, id_key, choices->id);
		json_kv_string(b, "name", choices->name);
		json_close(b, '}');
	}
	json_close(b, ']');
}

void session_write_options(struct buf *b, const struct session *session)
{
	json_key(b, "configOptions");
	json_open(b, '[');
	for (int i = SETTING_MODEL; i < SETTING_COUNT; i++) {
		const struct setting_info *info = &setting_table[i];
		json_open(b, '{');
		json_kv_string(b, "id", info->id);
		json_kv_string(b, "name", info->name);
		json_kv_string(b, "category", info->id);
		json_kv_string(b, "type", "select");
		json_kv_string(b, "currentValue", session->settings[i]);
		json_key(b, "options");
		write_choices(b, info->choices, "value");
		json_close(b, '}');
	}
	json_close(b, ']');
}

void session_write_setup(struct buf *b, const struct session *session)
{
	json_key(b, "modes");
	json_open(b, '{');
	json_kv_string(b, "currentModeId", session->settings[SETTING_MODE]);
	json_key(b, "availableModes");
	write_choices(b, modes, "id");
	json_close(b, '}');
	session_write_options(b, session);
}
