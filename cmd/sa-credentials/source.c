#include "source.h"

#include "keyring.h"
#include "parse.h"
#include "place.h"
#include "program.h"
#include "secret.h"
#include "vault_source.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "os/dirs.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder, which a variable may move. */
enum root { ROOT_HOME, ROOT_CLAUDE, ROOT_CLAUDE_JSON, ROOT_CODEX, ROOT_DATA, ROOT_CONFIG, ROOT_PI };

static const struct {
	const char *variable;
	const char *below_home;
} roots[] = {
    [ROOT_HOME] = {NULL, ""},
    [ROOT_CLAUDE] = {"CLAUDE_CONFIG_DIR", "/.claude"},
    /* Claude Code keeps .claude.json beside ~/.claude, but inside a moved folder. */
    [ROOT_CLAUDE_JSON] = {"CLAUDE_CONFIG_DIR", ""},
    [ROOT_CODEX] = {"CODEX_HOME", "/.codex"},
    [ROOT_DATA] = {"XDG_DATA_HOME", "/.local/share"},
    [ROOT_CONFIG] = {"XDG_CONFIG_HOME", "/.config"},
    [ROOT_PI] = {"PI_CODING_AGENT_DIR", "/.pi/agent"},
};

struct source {
	const char *name;
	const char *agent;
	const char *provider; /* NULL: any */
	enum root root;
	const char *path;
	parse_function *parse;
	bool is_dotenv;
	const char *why;
};

/* Behind the environment and the vault. Amp stands first as in the reference. */
static const struct source sources[] = {
    {"amp", "amp", "amp", ROOT_HOME, ".amp/config.json", parse_amp_config, false,
     "where sandbox-agent 0.4.2 looks for Amp's key"},
    {"amp", "amp", "amp", ROOT_DATA, "amp/secrets.json", parse_amp_secrets, false,
     "where amp login stores its key"},
    {"claude-code", "claude", "anthropic", ROOT_CLAUDE, "settings.json", parse_claude_settings,
     false, "apiKeyHelper is what Claude Code asks before its files"},
    {"claude-code", "claude", "anthropic", ROOT_CLAUDE_JSON, ".claude.json.api",
     parse_claude_config, false, "where sandbox-agent 0.4.2 looks first"},
    {"claude-code", "claude", "anthropic", ROOT_CLAUDE_JSON, ".claude.json", parse_claude_config,
     false, "where Claude Code stores a key from the console"},
    {"claude-code", "claude", "anthropic", ROOT_CLAUDE_JSON, ".claude.json.nathan",
     parse_claude_config, false, "where sandbox-agent 0.4.2 looks, too"},
    {"claude-code", "claude", "anthropic", ROOT_CLAUDE, ".credentials.json", parse_claude_oauth,
     false, "where Claude Code stores a browser login"},
    {"claude-code", "claude", "anthropic", ROOT_HOME, ".claude-oauth-credentials.json",
     parse_claude_oauth, false, "where sandbox-agent 0.4.2 looks for a browser login, too"},
    {"codex", "codex", "openai", ROOT_CODEX, "auth.json", parse_codex, false,
     "where codex login stores a key or a ChatGPT login"},
    {"opencode", "opencode", NULL, ROOT_DATA, "opencode/auth.json", parse_opencode, false,
     "where opencode auth login stores each provider's login"},
    {"pi", "pi", NULL, ROOT_PI, "auth.json", parse_pi, false,
     "where Pi stores each provider's login"},
    {"cursor", "cursor", "cursor", ROOT_CONFIG, "cursor/auth.json", parse_cursor, false,
     "where cursor-agent login stores its tokens"},
    {"gemini", "gemini", "google", ROOT_HOME, ".gemini/.env", parse_dotenv, true,
     "variables that Gemini CLI loads at its start"},
    {"gemini", "gemini", "google", ROOT_HOME, ".gemini/oauth_creds.json", parse_gemini_oauth, false,
     "where Gemini CLI stores a browser login"},
};

static void set_place(struct findings *list, const char *source, const char *agent,
		      const char *path, const char *why)
{
	list->source = source;
	list->agent = agent;
	list->path = path;
	list->why = why;
}

static void search_environment(struct findings *list)
{
	set_place(list, "environment", NULL, NULL, "a variable set by hand beats every file");
	for (const struct variable *v = variables; v->name; v++) {
		const char *value = getenv(v->name);
		struct candidate c = {
		    .provider = span_of(v->provider), .member = v->name, .kind = v->kind};
		if (value)
			findings_add_text(list, &c, span_of(value));
		else
			findings_add_note(list, VERDICT_ABSENT, v->provider, v->name, "not set");
	}
}

/* Parse what was read; a place without any key is told as such. */
static void parse_place(struct findings *list, const struct source *source, struct span text)
{
	size_t before = list->count;
	const char *no = source->is_dotenv ? NULL : parse_document(text);
	if (no)
		findings_add_note(list, VERDICT_SKIPPED, source->provider, NULL, no);
	else
		source->parse(list, text);
	if (list->count == before)
		findings_add_note(list, VERDICT_ABSENT, source->provider, NULL, "holds no key");
}

static void search_source(struct findings *list, const struct source *source, const char *home,
			  bool is_own_home, uid_t owner)
{
	const char *variable = is_own_home ? roots[source->root].variable : NULL;
	const char *moved = variable ? getenv(variable) : NULL;
	cleanup_free char *path =
	    moved && moved[0] == '/'
		? xasprintf("%s/%s", moved, source->path)
		: xasprintf("%s%s/%s", home, roots[source->root].below_home, source->path);
	set_place(list, source->name, source->agent, path, source->why);
	cleanup_secret_buf struct buf text = BUF_INIT(0);
	cleanup_free char *reason = NULL;
	enum place_result result = place_read(path, owner, &text, &reason);
	if (result == PLACE_READ)
		parse_place(list, source, buf_span(&text));
	else
		findings_add_note(list, result == PLACE_ABSENT ? VERDICT_ABSENT : VERDICT_SKIPPED,
				  source->provider, NULL, reason);
	list->path = NULL;
}

static void prepare(const struct search_options *options, struct findings *list)
{
	list->now_ms = clock_now_ms();
	list->is_no_oauth = options->is_no_oauth;
	list->run_command = options->is_run_helpers ? program_shell_output : NULL;
}

int search_all(const struct search_options *options, struct findings *list, struct sa_error *err)
{
	prepare(options, list);
	cleanup_free char *own = options->home_dir ? NULL : dirs_home();
	const char *home = options->home_dir ? options->home_dir : own;
	if (!home)
		return error_set(err, PROBLEM_FAILED, "no home directory: set HOME or --home-dir");
	/* Whoever names a home means the files of its owner. */
	struct stat st;
	uid_t owner = options->home_dir && stat(home, &st) == 0 ? st.st_uid : geteuid();
	/* Root looking into somebody's home does not run that somebody's commands. */
	if (owner != geteuid())
		list->run_command = NULL;
	search_environment(list);
	if (vault_search(options, home, list, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		search_source(list, &sources[i], home, own != NULL, owner);
	if (options->is_keyring)
		keyring_search(list);
	return 0;
}

int search_file(const struct search_options *options, const char *path, struct findings *list,
		struct sa_error *err)
{
	prepare(options, list);
	cleanup_secret_buf struct buf text = BUF_INIT(0);
	cleanup_free char *reason = NULL;
	enum place_result result = place_read(path, geteuid(), &text, &reason);
	if (result != PLACE_READ)
		return error_set(err, result == PLACE_ABSENT ? PROBLEM_NOT_FOUND : PROBLEM_FAILED,
				 "%s: %s", path, reason);
	struct span bytes = buf_span(&text);
	if (vault_is_vault(bytes))
		return vault_search_file(options, path, list, err);
	set_place(list, "file", NULL, path, "named with --credentials");
	bool is_json = span_starts_with(span_trim(bytes), "{");
	const char *no = is_json ? parse_document(bytes) : NULL;
	if (!no && !utf8_is_valid(bytes))
		no = "not UTF-8";
	if (no)
		return error_set(err, PROBLEM_FAILED, "%s: %s", path, no);
	if (is_json)
		parse_variables_json(list, bytes);
	else
		parse_dotenv(list, bytes);
	list->path = NULL;
	return 0;
}
