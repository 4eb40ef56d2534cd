#include "cancel.h"

#include "agent/hygiene.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "batch.h"
#include "client.h"
#include "life.h"
#include "os/dirs.h"
#include "os/guard.h"
#include "os/spawn.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

enum { TALKING_TIMES = 3 }; /* how many graces an agent gets that talks on */

/* --- the record ------------------------------------------------------------------------------- */

static void tell(struct supervisor *sv, const struct session_track *t, const char *method,
		 const char *name, const char *word)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	json_open(&b, '{');
	json_kv_string(&b, "sessionId", t->record.agent_session_id);
	json_kv_string(&b, name, word);
	json_kv_int(&b, "durationMs", clock_monotonic_ms() - t->cancelled_at);
	json_close(&b, '}');
	batch_add_notice(sv, t, method, buf_span(&b));
}

static void settle(struct supervisor *sv, struct session_track *t, const char *result)
{
	tell(sv, t, "_adapter/cancel_settled", "result", result);
	t->cancel_step = CANCEL_NONE;
}

static void escalate(struct supervisor *sv, struct session_track *t, enum cancel_step step,
		     const char *word)
{
	tell(sv, t, "_adapter/cancel_escalated", "step", word);
	t->cancel_step = step;
	t->cancel_step_at = clock_monotonic_ms();
}

/* --- events ----------------------------------------------------------------------------------- */

void cancel_note(struct session_track *t)
{
	if (t->running == 0 ||
	    (t->cancel_step != CANCEL_NONE && t->cancel_step != CANCEL_AFTERMATH))
		return;
	t->cancel_step = CANCEL_ASKED;
	t->cancelled_at = t->cancel_step_at = clock_monotonic_ms();
}

void cancel_turn_ended(struct supervisor *sv, struct session_track *t,
		       const struct envelope *answer)
{
	bool is_cancelled = json_string_is(json_get(answer->result, "stopReason"), "cancelled");
	if (t->running > 0)
		return;
	if (t->cancel_step == CANCEL_ASKED) {
		settle(sv, t, is_cancelled ? "cancelled" : "ended");
	} else if (t->cancel_step == CANCEL_INTERRUPTED) {
		settle(sv, t, "interrupted");
		t->cancel_step = CANCEL_AFTERMATH;
		t->cancel_step_at = clock_monotonic_ms();
	}
}

static bool is_tied(const struct supervisor *sv)
{
	for (const struct client *c = sv->clients; c; c = c->next)
		if (c->is_tied)
			return true;
	return false;
}

static void note_resumed(struct supervisor *sv, const char *id)
{
	sv->resumed_ids =
	    xreallocarray(sv->resumed_ids, sv->resumed_count + 1, sizeof(*sv->resumed_ids));
	sv->resumed_ids[sv->resumed_count++] = xstrdup(id);
}

void cancel_agent_ended(struct supervisor *sv)
{
	bool is_ours = false;
	for (struct session_track *t = sv->sessions; t; t = t->next)
		is_ours |= t->cancel_step > CANCEL_ASKED;
	is_ours = is_ours && !sv->is_closing && !is_tied(sv);
	for (struct session_track *t = sv->sessions; t; t = t->next) {
		if (t->cancel_step == CANCEL_AFTERMATH && is_ours)
			escalate(sv, t, CANCEL_NONE, "restart");
		else if (t->cancel_step != CANCEL_NONE && t->cancel_step != CANCEL_AFTERMATH)
			settle(sv, t, is_ours ? "restarted" : "agent_ended");
		if (is_ours && !session_state_is_over(t->record.state))
			note_resumed(sv, t->record.id);
	}
}

/* --- deadlines -------------------------------------------------------------------------------- */

static int64_t deadline_of(const struct supervisor *sv, const struct session_track *t)
{
	int64_t said = sv->options->cancel_grace_ms;
	int64_t grace = said < 0 ? CANCEL_GRACE_MS : said;
	if (grace <= 0 || t->cancel_step == CANCEL_NONE || t->cancel_step == CANCEL_RESTARTING)
		return DEADLINE_NEVER;
	if (t->cancel_step == CANCEL_AFTERMATH)
		return t->cancel_step_at + grace;
	int64_t since = t->cancel_step_at > sv->last_byte_ms ? t->cancel_step_at : sv->last_byte_ms;
	int64_t last = t->cancel_step_at + TALKING_TIMES * grace;
	return since + grace < last ? since + grace : last;
}

int64_t cancel_next_deadline(const struct supervisor *sv)
{
	int64_t at = DEADLINE_NEVER;
	for (const struct session_track *t = sv->sessions; t; t = t->next) {
		int64_t its = deadline_of(sv, t);
		at = its < at ? its : at;
	}
	return at;
}

void cancel_tick(struct supervisor *sv, int64_t now)
{
	for (struct session_track *t = sv->sessions; t; t = t->next) {
		if (deadline_of(sv, t) > now)
			continue;
		if (t->cancel_step == CANCEL_AFTERMATH) {
			t->cancel_step = CANCEL_NONE;
			continue;
		}
		if (t->cancel_step == CANCEL_ASKED) {
			escalate(sv, t, CANCEL_INTERRUPTED, "interrupt");
			guard_interrupt(sv->ward.guard.fd);
			continue;
		}
		escalate(sv, t, CANCEL_RESTARTING, "restart");
		life_stop(sv, false, "a turn was not cancelled", sv->options->stop_grace_ms);
	}
}

/* --- afterwards ------------------------------------------------------------------------------- */

static void add(char ***words, size_t *count, char *word)
{
	*words = xreallocarray(*words, *count + 2, sizeof(**words));
	(*words)[(*count)++] = word;
	(*words)[*count] = NULL;
}

/* In the environment that the agent had, told by names: it inherits ours. */
static char **resume_words(const struct supervisor *sv)
{
	cleanup_free char **seen = hygiene_of_agent();
	char **words = NULL;
	size_t count = 0;
	add(&words, &count, xstrdup("sa-session"));
	add(&words, &count, xstrdup("resume"));
	for (char **entry = seen; *entry; entry++) {
		size_t n = strcspn(*entry, "=");
		if (n == 0)
			continue;
		add(&words, &count, xstrdup("--env"));
		add(&words, &count, xmemdup0(*entry, n));
	}
	add(&words, &count, xstrdup("--"));
	for (size_t i = 0; i < sv->resumed_count; i++)
		add(&words, &count, sv->resumed_ids[i]);
	return words;
}

void cancel_restart(struct supervisor *sv)
{
	cleanup_free char *program = sv->resumed_count ? dirs_find_sibling("sa-session") : NULL;
	struct sa_error ignored;
	if (!program)
		return;
	char **words = resume_words(sv);
	struct spawn spawn = SPAWN_INIT;
	spawn.path = program;
	spawn.argv = words;
	spawn.is_session_leader = true;
	/* It outlives us, and starts who comes after us. */
	spawn_start(&spawn, &ignored);
	for (char **word = words; *word; word++)
		free(*word);
	free(words);
	free(sv->resumed_ids);
}
