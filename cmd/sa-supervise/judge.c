#include "judge.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "client.h"
#include "hook.h"
#include "policy/policy.h"
#include "settle.h"
#include "json/write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_POLICY ".sandbox-agent/policy.json"

struct judge {
	struct policy **policies;
	char **names; /* as a resume has to name them */
	size_t count;
	int64_t timeout_ms;
	enum wish when_late;
	enum wish when_unattended;
};

/* --- policies --------------------------------------------------------------------------------- */

static int add_policy(struct judge *judge, const char *name, struct sa_error *err)
{
	struct policy *policy = policy_open(name, err);
	if (!policy)
		return -1;
	char *path = strchr(name, '/') ? realpath(name, NULL) : NULL;
	if (!path && access(name, R_OK) == 0 && !policy_is_named(name))
		path = realpath(name, NULL);
	judge->policies = xreallocarray(judge->policies, judge->count + 1, sizeof(struct policy *));
	judge->names = xreallocarray(judge->names, judge->count + 1, sizeof(char *));
	judge->policies[judge->count] = policy;
	judge->names[judge->count++] = path ? path : xstrdup(name);
	return 0;
}

static enum wish wish_of(enum decision decision)
{
	return decision == DECISION_ALLOW  ? WISH_ALLOW
	       : decision == DECISION_DENY ? WISH_REJECT
					   : WISH_NONE;
}

/* The options, else the first policy that says it, else our own. */
static void set_terms(struct judge *judge, const struct supervisor_options *o)
{
	judge->timeout_ms = o->ask_timeout_ms;
	judge->when_late = o->ask_default;
	judge->when_unattended = o->ask_unattended;
	for (size_t i = 0; i < judge->count; i++) {
		const struct ask_settings *ask = policy_ask_settings(judge->policies[i]);
		if (judge->timeout_ms < 0)
			judge->timeout_ms = ask->timeout_ms;
		if (judge->when_late == WISH_NONE)
			judge->when_late = wish_of(ask->when_late);
		if (judge->when_unattended == WISH_NONE)
			judge->when_unattended = wish_of(ask->when_unattended);
	}
	if (judge->timeout_ms < 0)
		judge->timeout_ms = ASK_TIMEOUT_MS;
	if (judge->when_late == WISH_NONE)
		judge->when_late = WISH_REJECT;
}

int judge_init(struct supervisor *sv, struct sa_error *err)
{
	const struct supervisor_options *o = sv->options;
	const char *general = getenv("SANDBOX_AGENT_POLICY");
	struct judge *judge = sv->judge = xcalloc(1, sizeof(*judge));
	for (size_t i = 0; i < o->policy_count; i++)
		if (add_policy(judge, o->policies[i], err) < 0)
			return -1;
	if (!o->policy_count && general && *general && add_policy(judge, general, err) < 0)
		return error_prefix(err, "SANDBOX_AGENT_POLICY");
	set_terms(judge, o);
	return hook_init(sv, err);
}

void judge_free(struct supervisor *sv)
{
	struct judge *judge = sv->judge;
	hook_free(sv);
	if (!judge)
		return;
	for (size_t i = 0; i < judge->count; i++) {
		policy_free(judge->policies[i]);
		free(judge->names[i]);
	}
	free(judge->policies);
	free(judge->names);
	free(judge);
	sv->judge = NULL;
}

static void add_words(struct buf *b, const char *option, const char *value)
{
	if (!value)
		return;
	json_add_string(b, span_of(option));
	json_add_string(b, span_of(value));
}

static const char *wish_name(enum wish wish)
{
	static const char *const names[] = {NULL, "allow", "reject", "cancel"};
	return names[wish];
}

static void add_time(struct buf *b, const char *option, int64_t ms)
{
	char text[32];
	snprintf(text, sizeof(text), "%lldms", (long long)ms);
	if (ms >= 0)
		add_words(b, option, ms ? text : "off");
}

static void add_count(struct buf *b, const char *option, uint64_t count)
{
	char text[32];
	snprintf(text, sizeof(text), "%llu", (unsigned long long)count);
	if (count)
		add_words(b, option, text);
}

char *judge_settings(const struct supervisor *sv)
{
	const struct supervisor_options *o = sv->options;
	struct buf b = BUF_INIT(BUF_MAX_OWN);
	json_open(&b, '[');
	for (size_t i = 0; i < sv->judge->count; i++)
		add_words(&b, "--policy", sv->judge->names[i]);
	add_time(&b, "--ask-timeout", o->ask_timeout_ms);
	add_words(&b, "--ask-default", wish_name(o->ask_default));
	add_words(&b, "--ask-unattended", wish_name(o->ask_unattended));
	add_time(&b, "--cancel-grace", o->cancel_grace_ms);
	add_words(&b, "--on-ask", hook_command(sv));
	add_time(&b, "--on-ask-timeout", o->on_ask_timeout_ms);
	add_count(&b, "--max-turns", o->max_turns);
	add_count(&b, "--max-tokens", o->max_tokens);
	add_words(&b, "--max-cost", o->max_cost_text);
	add_words(&b, "--reach", o->is_reaching ? "any" : NULL);
	json_close(&b, ']');
	return buf_take(&b);
}

void judge_open_session(struct supervisor *sv, struct session_track *session)
{
	const char *cwd = session->record.cwd ? session->record.cwd : sv->server.cwd;
	struct sa_error err = SA_ERROR_INIT;
	if (!cwd)
		return;
	policy_free(session->policy);
	cleanup_free char *path = xasprintf("%s/" FOLDER_POLICY, cwd);
	session->policy = policy_open(path, &err);
	free(session->policy_problem);
	session->policy_problem = NULL;
	/* A link to nothing is one that cannot be read, too: only what is not there says nothing. */
	struct stat st;
	if (!session->policy && (lstat(path, &st) == 0 || (errno != ENOENT && errno != ENOTDIR)))
		session->policy_problem = xstrdup(err.message);
}

/* --- deciding ------------------------------------------------------------------------------- */

/* What the folder says counts where it is stricter. */
static void restrict_by_folder(const struct session_track *session, const struct facts *facts,
			       struct verdict *verdict)
{
	struct verdict folder;
	if (!session || (!session->policy && !session->policy_problem))
		return;
	if (session->policy)
		policy_decide(session->policy, facts, &folder);
	else
		folder = (struct verdict){.decision = DECISION_ASK};
	if (!folder.is_silent && folder.decision > verdict->decision)
		*verdict = folder;
}

/* Carry out a verdict that is no question to anybody. Whether that could be done. */
static bool carry_out(struct supervisor *sv, struct ask_track *ask, struct span request,
		      const struct verdict *verdict)
{
	enum wish wish = wish_of(verdict->decision);
	cleanup_free char *member = settle_member(request, wish);
	if (!member)
		return false;
	cleanup_free char *reason = xasprintf("%s%s%s", verdict->rule, verdict->reason ? ": " : "",
					      verdict->reason ? verdict->reason : "");
	settle_by_us(sv, ask, ASK_ANSWERED, member, "policy", reason);
	return true;
}

static bool decide(struct supervisor *sv, struct ask_track *ask, struct span request)
{
	const struct judge *judge = sv->judge;
	const struct session_track *session = ask->session;
	bool is_judged = strcmp(ask->record.method, "session/request_permission") == 0 ||
			 strcmp(ask->record.method, "elicitation/create") == 0;
	if (!is_judged || (!judge->count && (!session || !session->policy)))
		return false;
	struct facts facts;
	struct verdict verdict;
	facts_read(request, sv->server.agent,
		   session && session->record.cwd ? session->record.cwd : sv->server.cwd, &facts);
	policy_decide_all(judge->policies, judge->count, &facts, &verdict);
	restrict_by_folder(session, &facts, &verdict);
	facts_clear(&facts);
	return carry_out(sv, ask, request, &verdict);
}

static bool is_attended(const struct supervisor *sv)
{
	for (const struct client *c = sv->clients; c; c = c->next)
		if (c->is_attached && !c->is_gone)
			return true;
	return false;
}

void judge_request(struct supervisor *sv, struct ask_track *ask, struct span request)
{
	const struct judge *judge = sv->judge;
	if (decide(sv, ask, request))
		return;
	/* Only the answer is kept: the request is in the store. */
	ask->unattended_answer = settle_member(request, judge->when_unattended);
	if (judge->timeout_ms > 0) {
		ask->late_answer = settle_member(request, judge->when_late);
		if (!ask->late_answer)
			ask->late_answer = settle_member(request, WISH_REJECT);
		ask->deadline = deadline_after(judge->timeout_ms);
		ask->record.deadline_ms = clock_now_ms() + judge->timeout_ms;
	}
	hook_ask(sv, ask, request);
}

/* --- deadlines ------------------------------------------------------------------------------ */

void judge_note_leaving(struct supervisor *sv, bool was_attached)
{
	if (!was_attached)
		return;
	sv->was_attended = true;
	sv->last_attended_ms = clock_monotonic_ms();
}

/* When the requests that have an answer for it count as unattended; DEADLINE_NEVER: somebody is
 * there. */
static int64_t unattended_from(const struct supervisor *sv)
{
	if (is_attended(sv))
		return DEADLINE_NEVER;
	return sv->was_attended ? sv->last_attended_ms + UNATTENDED_GRACE_MS : 0;
}

int64_t judge_next_deadline(const struct supervisor *sv)
{
	int64_t at = DEADLINE_NEVER, unattended = unattended_from(sv);
	if (sv->life != LIFE_RUNNING)
		return at;
	for (const struct ask_track *ask = sv->asks; ask; ask = ask->next) {
		if (ask->record.state != ASK_OPEN)
			continue;
		if (ask->deadline < at)
			at = ask->deadline;
		if (ask->unattended_answer && !ask->is_hooked && unattended < at)
			at = unattended;
	}
	return at;
}

static void expire(struct supervisor *sv, struct ask_track *ask, bool is_late)
{
	char words[64];
	int64_t ms = sv->judge->timeout_ms;
	snprintf(words, sizeof(words), "nobody answered in %lld %s",
		 (long long)(ms % 1000 ? ms : ms / 1000), ms % 1000 ? "ms" : "s");
	settle_by_us(sv, ask, ASK_EXPIRED, is_late ? ask->late_answer : ask->unattended_answer,
		     is_late ? "deadline" : "unattended", is_late ? words : "nobody is attached");
}

void judge_tick(struct supervisor *sv)
{
	int64_t now = clock_monotonic_ms();
	if (judge_next_deadline(sv) > now)
		return;
	int64_t unattended = unattended_from(sv);
	for (struct ask_track *ask = sv->asks; ask; ask = ask->next) {
		if (ask->record.state != ASK_OPEN)
			continue;
		if (ask->unattended_answer && !ask->is_hooked && unattended <= now)
			expire(sv, ask, false);
		else if (ask->deadline <= now)
			expire(sv, ask, true);
	}
}
