/* max: 16384 */
/*
 * An entry of the public ACP registry, on its way to a launcher: whatever it
 * names, the launcher is a shell script in which nothing of it stands
 * outside of quotes, and no program outside of the agent's folder is run.
 */
#include "../../cmd/sa-install-agent/acp.c"
#include "fuzz.h"

static struct buf launcher = {.max = BUF_MAX_OWN};

/* --- what surrounds it ------------------------------------------------------------------- */

int place_write(struct place *place, const char *name, struct span text, bool is_program,
		struct sa_error *err)
{
	(void)place;
	(void)err;
	fuzz_require(is_program && strcmp(name, PLACE_RUN) == 0);
	buf_clear(&launcher);
	return buf_add_span(&launcher, text);
}

char *place_final(const struct place *place, const char *version)
{
	(void)place;
	return xasprintf("/data/agents/goose/%s-x", version);
}

int component_unpack(struct component *component, const char *url, bool has_login,
		     const char *version, const char *integrity, int strip, char **ret_integrity,
		     struct sa_error *err)
{
	(void)component;
	(void)version;
	(void)strip;
	(void)ret_integrity;
	fuzz_require(!has_login);
	fuzz_require(integrity || strncmp(url, "https://", 8) == 0);
	return error_set(err, PROBLEM_INSTALL_FAILED, "no network here");
}

bool fetch_is_private(const char *url)
{
	return strncmp(url, "https://", 8) == 0;
}

/* Never reached. */
int fetch_text(struct fetcher *fetcher, const char *url, struct fetch_text *fetch, struct buf *body,
	       struct sa_error *err)
{
	(void)fetcher;
	(void)url;
	(void)fetch;
	(void)body;
	return error_set(err, PROBLEM_INSTALL_FAILED, "no network here");
}
int component_record(struct component *component, const char *package, const char *version,
		     const char *integrity, const char *entry, struct sa_error *err)
{
	(void)component;
	(void)package;
	(void)version;
	(void)integrity;
	(void)entry;
	return error_set(err, PROBLEM_INSTALL_FAILED, "no");
}
int place_commit(struct place *place, const char *version, const char *entry, struct sa_error *err)
{
	(void)place;
	(void)version;
	(void)entry;
	return error_set(err, PROBLEM_INSTALL_FAILED, "no");
}
int place_stage(struct place *place, struct sa_error *err)
{
	(void)place;
	return error_set(err, PROBLEM_INSTALL_FAILED, "no");
}
int node_install(struct place *place, const struct package *package, bool is_offline,
		 struct span lock, struct buf *ret_lock, struct sa_error *err)
{
	(void)place;
	(void)package;
	(void)is_offline;
	(void)lock;
	(void)ret_lock;
	return error_set(err, PROBLEM_INSTALL_FAILED, "no");
}
char *node_find(const char *least, struct sa_error *err)
{
	(void)least;
	(void)err;
	return xstrdup("/usr/bin/node");
}
void package_clear(struct package *package)
{
	free(package->npm);
	free(package->version);
}
const char *platform_acp(void)
{
	return "linux-x86_64";
}
bool manifest_is_version(const char *text)
{
	return *text && text[strspn(text, "0123456789abcdefghijklmnopqrstuvwxyz.-")] == '\0';
}
void progress_step(struct progress *progress, const char *event, const char *text)
{
	(void)progress;
	(void)event;
	(void)text;
}
void shell_add_quoted(struct buf *b, const char *text)
{
	buf_addc(b, '\'');
	for (; *text; text++)
		*text == '\'' ? buf_adds(b, "'\\''") : buf_addc(b, *text);
	buf_addc(b, '\'');
}

/* --- what must hold ------------------------------------------------------------------------ */

/* With everything in single quotes taken out, "export NAME=" lines and one "exec" are left. */
static void check_launcher(void)
{
	cleanup_buf struct buf plain = BUF_INIT(BUF_MAX_OWN);
	bool is_quoted = false;
	for (size_t i = 0; i < launcher.len; i++) {
		char c = launcher.data[i];
		if (!is_quoted && c == '\\' && launcher.data[i + 1] == '\'')
			i++;
		else if (c == '\'')
			is_quoted = !is_quoted;
		else if (!is_quoted)
			buf_addc(&plain, c);
	}
	fuzz_require(!is_quoted);
	const char *line = plain.data;
	fuzz_require(strncmp(line, "#!/bin/sh\n", 10) == 0);
	for (line += 10; strncmp(line, "export ", 7) == 0; line = strchr(line, '\n') + 1)
		for (const char *p = line + 7; *p != '='; p++)
			fuzz_require(*p == '_' || (*p >= '0' && *p <= '9') ||
				     (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z'));
	fuzz_require(strncmp(line, "exec ", 5) == 0);
	fuzz_require(line[5 + strspn(line + 5, " ")] == '"');
	fuzz_require(strcmp(strchr(line, '"'), "\"$@\"\n") == 0);
}

static void check(struct span entry)
{
	static const struct install_options options = {.is_quiet = true};
	struct sa_error err = SA_ERROR_INIT;
	struct place place = PLACE_INIT;
	struct component component = {.options = &options, .place = &place};
	cleanup_free char *program = json_string_dup(json_get(entry, "cmd"));
	place.staging = (char *)(uintptr_t) "/data/agents/goose/new";
	fuzz_require(install_binary(&component, entry, "goose", "1.0.0", &err) < 0);
	fuzz_require(install_npx(&component, entry, "goose", "1.0.0", &err) < 0);
	if (!program || !is_inside(program) ||
	    write_run(&component, entry, "1.0.0", program[0] == 'n' ? "/usr/bin/node" : NULL,
		      program, &err) < 0)
		return;
	check_launcher();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	size_t bad_offset;
	if (json_check(text, &bad_offset) < 0)
		return 0;
	struct span distribution = json_get(text, "distribution");
	struct span binary = json_get(json_get(distribution, "binary"), "linux-x86_64");
	check(binary.p ? binary : json_get(distribution, "npx"));
	return 0;
}
