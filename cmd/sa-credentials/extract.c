/* extract and extract-env: the keys themselves, on stdout. */
#include "verbs.h"

#include "assign.h"
#include "quote.h"
#include "secret.h"

#include "base/cleanup.h"
#include "os/io.h"
#include "json/write.h"

#include <errno.h>
#include <unistd.h>

/* Room at once: a buffer that moves leaves copies of secrets behind. */
enum { OUTPUT_RESERVE_BYTES = 64 * 1024 };

int verb_no_operands(int argc, char **argv, struct sa_error *err)
{
	if (argc == 0)
		return 0;
	return error_set(err, PROBLEM_INVALID_REQUEST, "unexpected operand '%s'", argv[0]);
}

int verb_agent(const char *name, const struct agent **ret_agent, struct sa_error *err)
{
	*ret_agent = name ? agent_find(name) : NULL;
	if (!name || *ret_agent)
		return 0;
	return error_set(err, PROBLEM_INVALID_REQUEST, "unknown agent '%s'", name);
}

int verb_write(struct span text, struct sa_error *err)
{
	if (io_write_all(STDOUT_FILENO, text) == 0)
		return 0;
	return error_set_errno(err, PROBLEM_FAILED, errno, "write standard output");
}

/* --- extract: JSON of all -------------------------------------------------- */

/* The reference's object for one key. provider as it is told there. */
static void add_credential(struct buf *b, const struct finding *f, const char *provider,
			   bool is_reveal)
{
	cleanup_secret_buf struct buf shown = BUF_INIT(FINDING_SECRET_MAX_BYTES);
	buf_reserve(&shown, strlen(f->secret));
	if (is_reveal)
		buf_adds(&shown, f->secret);
	else
		secret_add_masked(&shown, span_of(f->secret));
	json_open(b, '{');
	json_kv_string(b, "provider", provider);
	json_kv_string(b, "source", f->source);
	json_kv_string(b, "auth_type", f->kind == KEY_API ? "api_key" : "oauth");
	json_kv_span(b, "api_key", buf_span(&shown));
	json_kv_bool(b, "redacted", !is_reveal);
	json_close(b, '}');
}

/* The first key of anthropic as the reference counts: there a token in Amp's
 * own config is one, and people's scripts find it here. Nowhere else. */
static const struct finding *first_anthropic(const struct findings *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct finding *f = &list->items[i];
		if (f->verdict == VERDICT_USABLE &&
		    (f->is_amp_legacy || strcmp(f->provider, "anthropic") == 0))
			return f;
	}
	return NULL;
}

static void add_slot(struct buf *b, const char *slot, const struct finding *f, bool is_reveal)
{
	json_key(b, slot);
	if (f)
		add_credential(b, f, slot, is_reveal);
	else
		json_add_null(b);
}

static void add_all(struct buf *b, const struct findings *list, bool is_reveal)
{
	json_open(b, '{');
	add_slot(b, "anthropic", first_anthropic(list), is_reveal);
	add_slot(b, "openai", finding_first(list, "openai", false, NULL), is_reveal);
	json_key(b, "other");
	json_open(b, '{');
	cleanup_free const char **names = findings_providers(list);
	for (const char **name = names; *name; name++)
		if (strcmp(*name, "anthropic") != 0 && strcmp(*name, "openai") != 0)
			add_slot(b, *name, finding_first(list, *name, false, NULL), is_reveal);
	json_close(b, '}');
	json_close(b, '}');
}

/* Compact JSON as people read it, two spaces a level; empty containers stay on their line. */
static void indent_json(struct buf *out, struct span json)
{
	int depth = 0;
	bool in_string = false;
	for (size_t i = 0; i < json.n; i++) {
		char c = json.p[i], next = i + 1 < json.n ? json.p[i + 1] : 0;
		if (in_string) {
			buf_addc(out, c);
			if (c == '\\')
				buf_addc(out, json.p[++i]);
			in_string = c != '"';
			continue;
		}
		bool is_end = c == '}' || c == ']';
		if (is_end)
			buf_addf(out, "\n%*s", 2 * --depth, "");
		buf_addc(out, c);
		in_string = c == '"';
		if ((c == '{' && next == '}') || (c == '[' && next == ']'))
			buf_addc(out, json.p[++i]);
		else if (c == '{' || c == '[')
			buf_addf(out, "\n%*s", 2 * ++depth, "");
		else if (c == ',')
			buf_addf(out, "\n%*s", 2 * depth, "");
		else if (c == ':')
			buf_addc(out, ' ');
	}
}

/* --- extract --agent, --provider: the bare secret --------------------------- */

/* OpenCode and its like: openai, else anthropic, else the only other one. */
static const struct finding *pick_of_many(const struct findings *list, const struct agent *agent,
					  struct sa_error *err)
{
	const struct finding *f = NULL;
	for (size_t i = 0; i < AGENT_PROVIDERS_MAX && !f; i++)
		if (agent->providers[i])
			f = finding_first(list, agent->providers[i], false, NULL);
	if (f || !agent->is_any_provider)
		return f;
	cleanup_free const char **names = findings_providers(list);
	cleanup_buf struct buf candidates = BUF_INIT(ERROR_MESSAGE_BYTES);
	size_t count = 0;
	for (const char **name = names; *name; name++) {
		if (!agent_takes(agent, *name))
			continue;
		buf_addf(&candidates, "%s%s", count++ ? ", " : "", *name);
		f = finding_first(list, *name, false, NULL);
	}
	if (count <= 1)
		return f;
	error_set(err, PROBLEM_FAILED, "multiple providers available for %s: %s (use --provider)",
		  agent->name, candidates.data ? candidates.data : "");
	return NULL;
}

static const struct finding *pick(const struct findings *list, const struct agent *agent,
				  const char *provider, struct sa_error *err)
{
	/* In the reference Amp's key goes by Anthropic's name. */
	if (agent && provider && strcmp(agent->name, "amp") == 0 &&
	    strcmp(provider, "anthropic") == 0)
		provider = "amp";
	if (agent && provider && !agent_takes(agent, provider)) {
		error_set(err, PROBLEM_FAILED, "agent %s does not take keys of provider %s",
			  agent->name, provider);
		return NULL;
	}
	const struct finding *f =
	    provider ? finding_first(list, provider, false, NULL) : pick_of_many(list, agent, err);
	if (!f && err->kind == PROBLEM_NONE) {
		const char *only = provider		 ? provider
				   : agent->providers[1] ? NULL
							 : agent->providers[0];
		error_set(err, PROBLEM_FAILED, "no credentials found for %s%s",
			  only ? "provider " : "", only ? only : agent->name);
	}
	return f;
}

int verb_extract(const void *options, int argc, char **argv, struct sa_error *err)
{
	const struct extract_options *o = options;
	const struct agent *agent;
	if (verb_no_operands(argc, argv, err) < 0 || verb_agent(o->agent, &agent, err) < 0)
		return -1;
	struct findings list __attribute__((cleanup(findings_free))) = {0};
	if (search_all(&o->search, &list, err) < 0)
		return -1;
	struct selection selection = {agent, o->provider};
	if (!o->is_quiet)
		assignments_report(&list, &selection, false, stderr);
	cleanup_secret_buf struct buf out = BUF_INIT(BUF_MAX_OWN);
	buf_reserve(&out, OUTPUT_RESERVE_BYTES);
	if (o->agent || o->provider) {
		const struct finding *f = pick(&list, agent, o->provider, err);
		if (!f)
			return -1;
		buf_adds(&out, f->secret);
	} else {
		cleanup_secret_buf struct buf json = BUF_INIT(BUF_MAX_OWN);
		buf_reserve(&json, OUTPUT_RESERVE_BYTES);
		add_all(&json, &list, o->is_reveal);
		if (o->common.is_json)
			buf_add_span(&out, buf_span(&json));
		else
			indent_json(&out, buf_span(&json));
	}
	buf_addc(&out, '\n');
	return verb_write(buf_span(&out), err) < 0 ? -1 : SA_EXIT_OK;
}

/* --- extract-env ------------------------------------------------------------ */

int verb_extract_env(const void *options, int argc, char **argv, struct sa_error *err)
{
	const struct env_options *o = options;
	enum quote_format format = o->common.is_json ? QUOTE_JSON : QUOTE_SH;
	struct selection selection = {NULL, o->provider};
	if (verb_no_operands(argc, argv, err) < 0 ||
	    (o->format && quote_format_parse(o->format, &format, err) < 0) ||
	    verb_agent(o->agent, &selection.agent, err) < 0)
		return -1;
	if (o->is_export && (format == QUOTE_JSON || format == QUOTE_DOCKER))
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "--export has no meaning in json and docker");
	struct findings list __attribute__((cleanup(findings_free))) = {0};
	if (search_all(&o->search, &list, err) < 0)
		return -1;
	if (!o->is_quiet)
		assignments_report(&list, &selection, true, stderr);
	cleanup_assignments struct assignments set;
	assignments_of(&list, &selection, &set);
	if (!o->is_quiet)
		assignments_tell_none(&set, o->provider, stderr);
	cleanup_secret_buf struct buf out = BUF_INIT(BUF_MAX_OWN);
	buf_reserve(&out, OUTPUT_RESERVE_BYTES);
	if (format == QUOTE_JSON)
		json_open(&out, '{');
	for (size_t i = 0; i < set.count; i++)
		quote_assignment(&out, format, o->is_export, set.items[i].name,
				 set.items[i].from->secret);
	if (format == QUOTE_JSON) {
		json_close(&out, '}');
		buf_addc(&out, '\n');
	}
	return verb_write(buf_span(&out), err) < 0 ? -1 : SA_EXIT_OK;
}
