#include "agent/hygiene.h"

#include "agent/catalog.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/environment.h"
#include "json/scan.h"

#include <stdlib.h>
#include <string.h>

extern char **environ;

#define OWN_PREFIX "SANDBOX_AGENT_"
#define HIDE_NAME "SANDBOX_AGENT_HIDE_ENV"

/* The names of all variables together, bytes. */
enum { HIDE_MAX_BYTES = 1 << 20 };

static bool ends_with(struct span name, const char *suffix)
{
	size_t n = strlen(suffix);
	return name.n > n && memcmp(name.p + name.n - n, suffix, n) == 0;
}

static bool ends_with_one(struct span name, const char *const *suffixes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (ends_with(name, suffixes[i]))
			return true;
	return false;
}

bool hygiene_is_key(struct span name)
{
	static const char *const suffixes[] = {"_API_KEY", "_AUTH_TOKEN", "_OAUTH_TOKEN",
					       "_BEARER_TOKEN_BEDROCK"};
	return ends_with_one(name, suffixes, ARRAY_SIZE(suffixes));
}

/* "scheme://user:password@host" */
static bool has_password(const char *value)
{
	const char *p = strstr(value, "://");
	if (!p)
		return false;
	p += 3;
	size_t n = strcspn(p, "/?#");
	const char *at = memrchr(p, '@', n);
	return at && memchr(p, ':', (size_t)(at - p)) != NULL;
}

bool hygiene_is_secret(struct span name, const char *value)
{
	static const char *const suffixes[] = {
	    "_TOKEN",	    "_SECRET",	   "_PASSWORD",	     "_PASSWD",	     "_PASSPHRASE",
	    "_SECRET_KEY",  "_ACCESS_KEY", "_ACCESS_KEY_ID", "_PRIVATE_KEY", "_CREDENTIALS",
	    "_SIGNING_KEY", "_PAT",	   "_ENCRYPTION_KEY"};
	return hygiene_is_key(name) || ends_with_one(name, suffixes, ARRAY_SIZE(suffixes)) ||
	       span_is(name, "PGPASSWORD") || span_is(name, "MYSQL_PWD") || has_password(value);
}

bool hygiene_is_own(struct span name)
{
	return span_starts_with(name, OWN_PREFIX) && !span_is(name, "SANDBOX_AGENT_BIN");
}

bool hygiene_takes_key(struct span keys, struct span name)
{
	struct json_iter it = json_iter(keys);
	struct span key;
	while (json_next(&it, NULL, &key)) {
		struct span plain = json_string_plain(key);
		if (span_is(plain, "*") || span_equal(plain, name))
			return true;
	}
	return false;
}

static bool matches(struct span name, struct span pattern)
{
	if (pattern.n && pattern.p[pattern.n - 1] == '*')
		return name.n >= pattern.n - 1 && memcmp(name.p, pattern.p, pattern.n - 1) == 0;
	return span_equal(name, pattern);
}

/* Is it one of these words, without stars? */
static bool is_word(struct span name, const char *words)
{
	for (const char *p = words; *p;) {
		size_t n = strcspn(p, " ");
		if (n && span_equal(name, (struct span){p, n}))
			return true;
		p += n + (p[n] != '\0');
	}
	return false;
}

static bool is_in_words(struct span name, const char *words)
{
	for (const char *p = words; *p;) {
		size_t n = strcspn(p, " ,");
		if (n && matches(name, (struct span){p, n}))
			return true;
		p += n + (p[n] != '\0');
	}
	return false;
}

bool hygiene_passes(struct span passes, struct span name)
{
	/* Names only; what is behind them differs from machine to machine. */
	static const char basic[] =
	    "PATH HOME USER LOGNAME SHELL PWD HOSTNAME TMPDIR TMP TEMP LANG LANGUAGE LC_* TZ TZDIR "
	    "TERM TERMINFO TERMINFO_DIRS COLORTERM COLUMNS LINES NO_COLOR FORCE_COLOR CLICOLOR* "
	    "EDITOR VISUAL PAGER LESS MANPATH DEBIAN_FRONTEND CI XDG_* DISPLAY XAUTHORITY "
	    "WAYLAND_DISPLAY DBUS_SESSION_BUS_ADDRESS HTTP_PROXY HTTPS_PROXY FTP_PROXY ALL_PROXY "
	    "NO_PROXY http_proxy https_proxy ftp_proxy all_proxy no_proxy SSL_CERT_FILE "
	    "SSL_CERT_DIR CURL_CA_BUNDLE REQUESTS_CA_BUNDLE NODE_EXTRA_CA_CERTS "
	    "NODE_USE_SYSTEM_CA AWS_CA_BUNDLE PIP_CERT SSH_AUTH_SOCK SSH_AGENT_PID "
	    "GIT_ASKPASS GIT_AUTHOR_* GIT_COMMITTER_* GIT_CONFIG_* GIT_EDITOR GIT_SSH* "
	    "GIT_SSL_* GIT_TERMINAL_PROMPT ";
	static const char tools[] =
	    "ANDROID_HOME ANDROID_SDK_ROOT BUN_INSTALL CARGO_HOME CC CXX CFLAGS CXXFLAGS CONDA_* "
	    "CPATH CPPFLAGS DENO_DIR DOTNET_ROOT GEM_HOME GEM_PATH GOBIN GOCACHE GOFLAGS "
	    "GOMODCACHE "
	    "GOPATH GOPROXY GOROOT GRADLE_USER_HOME JAVA_HOME LDFLAGS LD_LIBRARY_PATH LIBRARY_PATH "
	    "MAKEFLAGS MAVEN_HOME NODE_ENV NODE_OPTIONS NODE_PATH NPM_CONFIG_CACHE "
	    "NPM_CONFIG_PREFIX NPM_CONFIG_REGISTRY NPM_CONFIG_USERCONFIG npm_config_registry "
	    "NVM_* PIP_CACHE_DIR PIP_INDEX_URL PKG_CONFIG_PATH PNPM_HOME PYENV_* PYTHONPATH "
	    "PYTHONUNBUFFERED RBENV_* RUSTUP_* UV_CACHE_DIR VIRTUAL_ENV VOLTA_HOME "
	    "SANDBOX_AGENT_* SA_MOCK_* IS_SANDBOX";
	const char *mode = getenv("SANDBOX_AGENT_ENV"), *more = getenv("SANDBOX_AGENT_PASS_ENV");
	if ((mode && strcmp(mode, "inherit") == 0) || hygiene_is_own(name) ||
	    is_in_words(name, basic) || is_in_words(name, tools) ||
	    (more && is_in_words(name, more)))
		return true;
	struct json_iter it = json_iter(passes);
	struct span pattern;
	while (json_next(&it, NULL, &pattern))
		if (matches(name, json_string_plain(pattern)))
			return true;
	return false;
}

void hygiene_free(struct hygiene *env)
{
	for (size_t i = 0; i < env->owned_count; i++)
		free(env->owned[i]);
	free(env->owned);
	free(env->entries);
	*env = HYGIENE_INIT;
}

static struct span name_of(const char *entry)
{
	return (struct span){entry, strcspn(entry, "=")};
}

/* Replace the entry of that name, or add it: getenv() takes the first. */
static void put(struct hygiene *env, const char *entry, bool is_default)
{
	for (size_t i = 0; i < env->count; i++) {
		if (!span_equal(name_of(env->entries[i]), name_of(entry)))
			continue;
		if (!is_default)
			env->entries[i] = (char *)(uintptr_t)entry;
		return;
	}
	env->entries = xreallocarray(env->entries, env->count + 2, sizeof(*env->entries));
	env->entries[env->count++] = (char *)(uintptr_t)entry;
	env->entries[env->count] = NULL;
}

static void put_owned(struct hygiene *env, char *entry)
{
	env->owned = xreallocarray(env->owned, env->owned_count + 1, sizeof(*env->owned));
	env->owned[env->owned_count++] = entry;
	put(env, entry, false);
}

/* The agent's "env": defaults that the caller's environment overrides. */
static void put_defaults(struct hygiene *env, struct span defaults)
{
	struct json_iter it = json_iter(defaults);
	struct span key, value;
	while (json_next(&it, &key, &value)) {
		cleanup_free char *name = json_string_dup(key);
		cleanup_free char *text = json_string_dup(value);
		if (!name || !text || !*name || strchr(name, '='))
			continue;
		env->owned = xreallocarray(env->owned, env->owned_count + 1, sizeof(*env->owned));
		env->owned[env->owned_count] = xasprintf("%s=%s", name, text);
		put(env, env->owned[env->owned_count++], true);
	}
}

static bool is_named(const char *const *more, size_t count, struct span name)
{
	for (size_t i = 0; i < count; i++)
		if (span_equal(name_of(more[i]), name))
			return true;
	return false;
}

void hygiene_environment(const char *agent, bool keeps_keys, bool inherits, const char *const *more,
			 size_t more_count, struct hygiene *ret)
{
	cleanup_agent_record struct agent_record record = AGENT_RECORD_INIT;
	cleanup_buf struct buf hidden = BUF_INIT(HIDE_MAX_BYTES);
	struct sa_error ignored;
	/* Somebody's own program is of no known agent: it gets no key. */
	catalog_find(agent, &record, &ignored);
	struct span keys = agent_record_get(&record, "keys");
	struct span passes = agent_record_get(&record, "passes");
	const char *mode = getenv("SANDBOX_AGENT_ENV");
	bool is_open = inherits && !(mode && strcmp(mode, "minimal") == 0);
	ret->entries = xcalloc(1, sizeof(*ret->entries));
	buf_adds(&hidden, HIDE_NAME "=");
	for (char **entry = environ; *entry; entry++) {
		struct span name = name_of(*entry);
		if (span_is(name, "SANDBOX_AGENT_TOKEN") || span_is(name, HIDE_NAME))
			continue;
		bool is_key = hygiene_is_key(name);
		const char *value = (*entry)[name.n] == '=' ? *entry + name.n + 1 : "";
		bool is_seen = is_key || (is_open && !hygiene_is_secret(name, value));
		if (is_key && !keeps_keys && !hygiene_takes_key(keys, name))
			continue;
		put(ret, *entry, false);
		if (is_seen || hygiene_passes(passes, name) || is_named(more, more_count, name))
			continue;
		buf_add_span(&hidden, name);
		buf_addc(&hidden, ' ');
	}
	put_defaults(ret, agent_record_get(&record, "env"));
	for (size_t i = 0; i < more_count; i++)
		put(ret, more[i], false);
	put_owned(ret, buf_take(&hidden));
	struct environment_places places;
	environment_keep_places(ret->entries, &places);
	for (size_t i = 0; i < places.count; i++)
		put_owned(ret, places.entries[i]);
}

/* What stays of entries for the agent; used or not, none is freed. The count. */
static size_t keep(char *const *entries, char **ret)
{
	const char *hidden = "";
	size_t used = 0, prefix = strlen(HIDE_NAME "=");
	for (size_t i = 0; entries[i]; i++)
		if (strncmp(entries[i], HIDE_NAME "=", prefix) == 0)
			hidden = entries[i] + prefix;
	for (size_t i = 0; entries[i]; i++)
		if (!hygiene_is_own(name_of(entries[i])) && !is_word(name_of(entries[i]), hidden))
			ret[used++] = entries[i];
	ret[used] = NULL;
	return used;
}

void hygiene_hide_own(struct hygiene *env)
{
	env->count = keep(env->entries, env->entries);
}

char **hygiene_of_agent(void)
{
	size_t count = 0;
	while (environ[count])
		count++;
	char **env = xcalloc(count + 1, sizeof(*env));
	keep(environ, env);
	return env;
}
