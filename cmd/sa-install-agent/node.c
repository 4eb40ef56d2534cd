#include "node.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "json/scan.h"
#include "json/write.h"
#include "os/dirs.h"
#include "os/io.h"
#include "run.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { VERSION_PARTS = 3, NODE_WAIT_MS = 10000, NPM_WAIT_MS = 900000, NPM_WORDS_BYTES = 1500 };

/* "v22.19.0" or "22.19" into numbers; what is missing is 0. */
static void parse_version(struct span text, uint64_t parts[VERSION_PARTS])
{
	if (span_starts_with(text, "v"))
		text = (struct span){text.p + 1, text.n - 1};
	for (int i = 0; i < VERSION_PARTS; i++) {
		size_t n = 0;
		while (n < text.n && text.p[n] >= '0' && text.p[n] <= '9')
			n++;
		parts[i] = 0;
		num_parse_u64((struct span){text.p, n}, 1000000, &parts[i]);
		n += n < text.n && text.p[n] == '.';
		text = (struct span){text.p + n, text.n - n};
	}
}

static bool is_at_least(struct span version, const char *least)
{
	uint64_t got[VERSION_PARTS], want[VERSION_PARTS];
	parse_version(version, got);
	parse_version(span_of(least), want);
	for (int i = 0; i < VERSION_PARTS; i++)
		if (got[i] != want[i])
			return got[i] > want[i];
	return true;
}

char *node_find(const char *least, struct sa_error *err)
{
	const char *named = getenv("SANDBOX_AGENT_NODE");
	cleanup_free char *path = named && *named ? xstrdup(named) : dirs_find_on_path("node");
	cleanup_buf struct buf out = BUF_INIT(BUF_MAX_OWN);
	if (!path) {
		error_set(err, PROBLEM_INSTALL_FAILED,
			  "it needs Node %s or newer, and there is no node on PATH: install Node, "
			  "or name one in SANDBOX_AGENT_NODE",
			  least);
		return NULL;
	}
	const struct run run = {.argv = (const char *[]){path, "--version", NULL},
				.cwd = "/",
				.wait_ms = NODE_WAIT_MS,
				.out = &out};
	struct span version = SPAN_NONE;
	if (run_program(&run, err) == 0)
		version = span_trim(buf_span(&out));
	if (version.n && is_at_least(version, least))
		return TAKE_PTR(path);
	error_set(err, PROBLEM_INSTALL_FAILED,
		  "it needs Node %s or newer, and %s is %.*s: install a newer one, or name it in "
		  "SANDBOX_AGENT_NODE",
		  least, path, SPAN_ARG(version.n ? version : span_of("no Node that runs")));
	return NULL;
}

void shell_add_quoted(struct buf *b, const char *text)
{
	buf_addc(b, '\'');
	for (; *text; text++)
		if (*text == '\'')
			buf_adds(b, "'\\''");
		else
			buf_addc(b, *text);
	buf_addc(b, '\'');
}

int node_write_run(struct place *place, const char *version, const char *node, const char *entry,
		   struct sa_error *err)
{
	cleanup_free char *folder = place_final(place, version);
	cleanup_free char *script = xasprintf("%s/%s", folder, entry);
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
	buf_adds(&text, "#!/bin/sh\nexec ");
	shell_add_quoted(&text, node);
	buf_addc(&text, ' ');
	shell_add_quoted(&text, script);
	buf_adds(&text, " \"$@\"\n");
	return place_write(place, PLACE_RUN, buf_span(&text), true, err);
}

/* npm with these words in the staging folder. */
static int run_npm(const struct place *place, const char *const *words, struct sa_error *err)
{
	cleanup_free char *npm = dirs_find_on_path("npm");
	cleanup_buf struct buf words_out = BUF_INIT(BUF_MAX_OWN);
	const char *argv[16] = {npm};
	size_t count = 1;
	if (!npm)
		return error_set(err, PROBLEM_INSTALL_FAILED,
				 "npm installs this package, and it is not on PATH: install Node");
	for (; *words && count + 1 < ARRAY_SIZE(argv); words++)
		argv[count++] = *words;
	const struct run run = {.argv = argv,
				.cwd = place->staging,
				.wait_ms = NPM_WAIT_MS,
				.out = &words_out,
				.has_stderr = true};
	if (run_program(&run, err) == 0)
		return 0;
	struct span text = span_trim(buf_span(&words_out));
	if (text.n > NPM_WORDS_BYTES)
		text = (struct span){text.p + text.n - NPM_WORDS_BYTES, NPM_WORDS_BYTES};
	return text.n ? error_set(err, PROBLEM_INSTALL_FAILED, "npm: %.*s", SPAN_ARG(text)) : -1;
}

/* The digest that npm checked must be the pinned one. */
static int check_lock(const struct package *package, struct span lock, struct sa_error *err)
{
	cleanup_free char *key = xasprintf("node_modules/%s", package->npm);
	struct span row = json_get(json_get(lock, "packages"), key);
	cleanup_free char *got = json_string_dup(json_get(row, "integrity"));
	if (!row.p)
		return error_set(err, PROBLEM_INSTALL_FAILED, "npm did not install %s",
				 package->npm);
	if (package->integrity && (!got || strcmp(got, package->integrity) != 0))
		return error_set(err, PROBLEM_INSTALL_FAILED,
				 "the registry's %s %s is not the one that is pinned: its digest is "
				 "%s, expected %s",
				 package->npm, package->version, got ? got : "missing",
				 package->integrity);
	return 0;
}

int node_install(struct place *place, const struct package *package, bool is_offline,
		 struct span lock, struct buf *ret_lock, struct sa_error *err)
{
	cleanup_buf struct buf json = BUF_INIT(BUF_MAX_OWN);
	cleanup_free char *path = xasprintf("%s/package-lock.json", place->staging);
	json_open(&json, '{');
	json_kv_string(&json, "name", "agent");
	json_kv_bool(&json, "private", true);
	json_key(&json, "dependencies");
	json_open(&json, '{');
	json_kv_string(&json, package->npm, package->version);
	json_close(&json, '}');
	json_close(&json, '}');
	buf_addc(&json, '\n');
	if (place_write(place, "package.json", buf_span(&json), false, err) < 0 ||
	    (lock.p && place_write(place, "package-lock.json", lock, false, err) < 0))
		return -1;
	const char *const words[] = {lock.p ? "ci" : "install",
				     "--ignore-scripts",
				     "--no-audit",
				     "--no-fund",
				     "--omit=dev",
				     "--loglevel=error",
				     "--no-update-notifier",
				     "--omit-lockfile-registry-resolved",
				     is_offline ? "--offline" : NULL,
				     NULL};
	if (run_npm(place, words, err) < 0 || io_read_file(path, ret_lock, err) < 0)
		return -1;
	if (json_check(buf_span(ret_lock), NULL) < 0)
		return error_set(err, PROBLEM_INSTALL_FAILED, "npm wrote a broken %s", path);
	return check_lock(package, buf_span(ret_lock), err);
}
