#include "offers.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "install.h"
#include "json/scan.h"
#include "json/write.h"
#include "os/dirs.h"
#include "os/io.h"
#include "probe.h"
#include "run.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { VERSION_WAIT_MS = 5000, VERSION_MAX_BYTES = 4096, CACHE_MAX_BYTES = 4 << 20 };

/* path, size and times: another program has another mark. */
static void add_mark(struct buf *b, const char *path)
{
	struct stat st;
	if (!path || stat(path, &st) < 0)
		return;
	buf_addf(b, "%s %lld %lld.%ld %lld;", path, (long long)st.st_size,
		 (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, (long long)st.st_ino);
}

static char *cache_key(const struct agent_program *program, const char *native)
{
	struct buf key = BUF_INIT(BUF_MAX_OWN);
	buf_adds(&key, "2;");
	add_mark(&key, native);
	for (char **word = program->argv; *word; word++)
		if (**word == '/')
			add_mark(&key, *word);
		else
			buf_addf(&key, "%s;", *word);
	return buf_take(&key);
}

static char *cache_path(const char *name)
{
	cleanup_free char *cache = dirs_cache();
	return cache ? xasprintf("%s/agents/%s.json", cache, name) : NULL;
}

/* The cached members if they are of this key. */
static bool read_cache(const char *path, const char *key, struct buf *text)
{
	struct sa_error ignored;
	return path && io_read_file(path, text, &ignored) == 0 &&
	       json_check(buf_span(text), NULL) == 0 &&
	       json_string_is(json_get(buf_span(text), "key"), key);
}

static void write_cache(const char *path, const char *key, struct span members)
{
	struct sa_error ignored;
	cleanup_buf struct buf text = BUF_INIT(CACHE_MAX_BYTES);
	cleanup_free char *folder = path ? xmemdup0(path, (size_t)(strrchr(path, '/') - path)) : NULL;
	cleanup_free char *next = path ? xasprintf("%s.%d", path, (int)getpid()) : NULL;
	if (!path || dirs_make(folder, &ignored) < 0)
		return;
	json_open(&text, '{');
	json_kv_string(&text, "key", key);
	json_kv_raw(&text, "members", members);
	json_close(&text, '}');
	cleanup_close int fd = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	/* A cache that cannot be written is no cache. */
	if (fd < 0 || io_write_all(fd, buf_span(&text)) < 0 || rename(next, path) < 0)
		unlink(next);
}

/* The first line that is not blank, up to " (". The caller frees. */
static char *first_line(struct span text)
{
	text = span_trim(text);
	size_t n = 0;
	while (n < text.n && text.p[n] != '\n' && text.p[n] != '\r' &&
	       !(text.p[n] == ' ' && n + 1 < text.n && text.p[n + 1] == '('))
		n++;
	return n ? xmemdup0(text.p, n) : NULL;
}

/* What the version is: our record of it, else what the program says. The caller frees. */
static char *find_version(const struct agent_record *record, const char *native)
{
	static const char *const words[] = {"--version", "version", "-V"};
	cleanup_place struct place place = PLACE_INIT;
	cleanup_buf struct buf text = BUF_INIT(PLACE_RECORD_MAX_BYTES);
	struct sa_error ignored;
	if (place_open_native(&place, record, false, &ignored) == 0 && native &&
	    strcmp(place.link, native) == 0 && place_current(&place, &text, &ignored) > 0)
		return json_string_dup(json_get(buf_span(&text), "version"));
	for (size_t i = 0; native && i < ARRAY_SIZE(words); i++) {
		cleanup_buf struct buf out = BUF_INIT(VERSION_MAX_BYTES);
		const char *const argv[] = {native, words[i], NULL};
		const struct run run = {
		    .argv = argv, .cwd = "/", .wait_ms = VERSION_WAIT_MS, .out = &out};
		int rc = run_program(&run, &ignored);
		char *version = rc == 0 ? first_line(buf_span(&out)) : NULL;
		if (version)
			return version;
		if (ignored.kind == PROBLEM_TIMEOUT)
			break; /* it does not get better */
	}
	return NULL;
}

/* --- config options out of an answer to session/new --------------------------------- */

/* Older agents have "modes" and "models" instead: the same as options. */
static void add_list(struct buf *b, const char *id, const char *name, struct span current,
		     struct span list, const char *value_name)
{
	struct json_iter it = json_iter(list);
	struct span item;
	if (json_type(list) != JSON_ARRAY || !current.p)
		return;
	json_open(b, '{');
	json_kv_string(b, "id", id);
	json_kv_string(b, "name", name);
	json_kv_string(b, "category", id);
	json_kv_string(b, "type", "select");
	json_kv_raw(b, "currentValue", current);
	json_key(b, "options");
	json_open(b, '[');
	while (json_next(&it, NULL, &item)) {
		json_open(b, '{');
		json_kv_raw(b, "value", json_get(item, value_name));
		json_kv_raw(b, "name", json_get(item, "name"));
		json_close(b, '}');
	}
	json_close(b, ']');
	json_close(b, '}');
}

static bool has_category(struct span options, const char *category)
{
	struct json_iter it = json_iter(options);
	struct span item;
	while (json_type(options) == JSON_ARRAY && json_next(&it, NULL, &item))
		if (json_string_is(json_get(item, "category"), category))
			return true;
	return false;
}

static void add_category(struct buf *b, struct span options, const char *category)
{
	struct json_iter it = json_iter(options);
	struct span item;
	while (json_type(options) == JSON_ARRAY && json_next(&it, NULL, &item)) {
		struct span own = json_get(item, "category");
		bool is_first = json_string_is(own, "model") || json_string_is(own, "mode") ||
				json_string_is(own, "thought_level");
		if (category ? json_string_is(own, category) : !is_first)
			json_add_raw(b, item);
	}
}

/* Models, modes and thought levels first, as clients expect them. */
static void add_options(struct buf *b, struct span session)
{
	struct span options = json_get(session, "configOptions");
	json_key(b, "configOptions");
	json_open(b, '[');
	add_category(b, options, "model");
	if (!has_category(options, "model"))
		add_list(b, "model", "Model", json_path(session, "models.currentModelId"),
			 json_path(session, "models.availableModels"), "modelId");
	add_category(b, options, "mode");
	if (!has_category(options, "mode"))
		add_list(b, "mode", "Mode", json_path(session, "modes.currentModeId"),
			 json_path(session, "modes.availableModes"), "id");
	add_category(b, options, "thought_level");
	add_category(b, options, NULL);
	json_close(b, ']');
}

static bool offers_something(struct span session)
{
	return json_get(session, "configOptions").p || json_get(session, "modes").p ||
	       json_get(session, "models").p;
}

static void add_fallback(struct buf *b, const struct agent_record *record)
{
	struct span options = agent_record_get(record, "configOptions");
	json_key(b, "configOptions");
	json_add_raw_line(b, options.p ? options : SPAN_LIT("[]"));
}

/* Ask the agent. Whether its answer is worth keeping. */
static bool add_asked(struct buf *b, const struct agent_record *record,
		      const struct agent_program *program, const char *native)
{
	cleanup_probe struct probe probe = PROBE_INIT;
	struct sa_error err = SA_ERROR_INIT;
	bool is_mock = !agent_record_get(record, "program").p && record->base.p;
	cleanup_free char *version = is_mock ? xstrdup("builtin") : find_version(record, native);
	int rc = probe_run(program, true, &probe, &err);
	if (!version && rc == 0)
		version = json_string_dup(json_path(buf_span(&probe.initialize), "agentInfo.version"));
	json_kv_string(b, "version", version);
	json_kv_string(b, "path", native ? native : program->argv[0]);
	if (rc == 0 && !probe.session_error && offers_something(buf_span(&probe.session))) {
		add_options(b, buf_span(&probe.session));
		return true;
	}
	add_fallback(b, record);
	if (rc < 0 || probe.session_error)
		json_kv_string(b, "configError", rc < 0 ? err.message : probe.session_error);
	/* An agent without options is not asked again; one that failed is. */
	return rc == 0 && !probe.session_error;
}

void offers_add(struct buf *b, const struct agent_record *record,
		const struct agent_program *program, bool is_fresh)
{
	if (!program) {
		add_fallback(b, record);
		return;
	}
	cleanup_free char *native = agent_native_path(record);
	cleanup_free char *key = cache_key(program, native);
	cleanup_free char *path = cache_path(record->name);
	cleanup_buf struct buf cached = BUF_INIT(CACHE_MAX_BYTES);
	cleanup_buf struct buf members = BUF_INIT(CACHE_MAX_BYTES);
	struct span object = SPAN_NONE;
	if (!is_fresh && read_cache(path, key, &cached)) {
		object = json_get(buf_span(&cached), "members");
	} else {
		json_open(&members, '{');
		bool is_kept = add_asked(&members, record, program, native);
		json_close(&members, '}');
		object = buf_span(&members);
		if (is_kept)
			write_cache(path, key, object);
	}
	struct json_iter it = json_iter(object);
	struct span name, value;
	while (json_type(object) == JSON_OBJECT && json_next(&it, &name, &value)) {
		cleanup_free char *text = json_string_dup(name);
		json_kv_raw(b, text ? text : "", value);
	}
}
