#include "prompts.h"

#include "base/clock.h"
#include "base/xalloc.h"
#include "batch.h"
#include "clients.h"
#include "sessions.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

static void append(struct supervisor *sv, struct queued_prompt *q)
{
	struct queued_prompt **end = &sv->queue;
	while (*end)
		end = &(*end)->next;
	*end = q;
	sv->queue_count++;
}

/* How many turns end before this session is idle. */
static int64_t turns_ahead(const struct supervisor *sv, const struct session_track *session)
{
	int64_t count = session->running;
	for (const struct queued_prompt *q = sv->queue; q; q = q->next)
		count += q->session == session;
	return count;
}

/* Above all that there ever were: each of those has left events behind. */
static int64_t next_number(struct supervisor *sv)
{
	if (sv->last_prompt_number < sv->server.last_index)
		sv->last_prompt_number = sv->server.last_index;
	return ++sv->last_prompt_number;
}

static int enqueue(struct supervisor *sv, struct session_track *session, bool is_detached,
		   bool is_first, const struct client_message *message, struct sa_error *err)
{
	if (sv->queue_count >= QUEUED_PROMPTS_MAX)
		return error_set(err, PROBLEM_SESSION_BUSY, "%d prompts are queued already",
				 QUEUED_PROMPTS_MAX);
	struct queued_prompt *q = xcalloc(1, sizeof(*q));
	*q = (struct queued_prompt){
	    .client = message->client,
	    .ref = message->ref,
	    .is_detached = is_detached,
	    .is_dirty = is_detached,
	    .session = session,
	    .record =
		{
		    .number = next_number(sv),
		    .session_id = xstrdup(session->record.id),
		    .payload = xmemdup0(message->payload.p, message->payload.n),
		    .created_ms = clock_now_ms(),
		},
	};
	append(sv, q);
	batch_add_queued(sv, message->client, message->ref,
			 is_first ? session->running + 1 : turns_ahead(sv, session),
			 q->record.number);
	return 0;
}

/* The last of the queue goes before all others. A detached one that is read from the store after
 * a crash stands at its number again. */
static void put_first(struct supervisor *sv)
{
	struct queued_prompt **end = &sv->queue;
	while ((*end)->next)
		end = &(*end)->next;
	struct queued_prompt *last = *end;
	*end = NULL;
	last->next = sv->queue;
	sv->queue = last;
}

int prompts_take(struct supervisor *sv, const char *session_id, enum prompt_when when,
		 bool is_detached, const struct client_message *message, struct sa_error *err)
{
	struct session_track *session = sessions_find(sv, session_id);
	if (!session)
		return error_set(err, PROBLEM_SESSION_NOT_FOUND, "no session '%s' here",
				 session_id);
	if (session_state_is_over(session->record.state))
		return error_set(err, PROBLEM_CONFLICT, "session '%s' is %s", session_id,
				 session_state_name(session->record.state));
	if (session->running == 0 || when == PROMPT_NOW)
		return traffic_from_client(sv, message, err);
	if (when == PROMPT_REJECT)
		return error_set(err, PROBLEM_SESSION_BUSY,
				 "session '%s' is in the middle of a turn", session_id);
	if (enqueue(sv, session, is_detached, when == PROMPT_INTERRUPT, message, err) < 0)
		return -1;
	if (when == PROMPT_INTERRUPT) {
		put_first(sv);
		traffic_cancel(sv, session);
	}
	return 0;
}

static void forget_stored(struct supervisor *sv, int64_t number)
{
	sv->gone_prompts =
	    xreallocarray(sv->gone_prompts, sv->gone_prompt_count + 1, sizeof(*sv->gone_prompts));
	sv->gone_prompts[sv->gone_prompt_count++] = number;
}

/* Take it out of the queue; for good: out of the store too. */
static void take_out(struct supervisor *sv, struct queued_prompt **at, bool is_for_good)
{
	struct queued_prompt *q = *at;
	*at = q->next;
	sv->queue_count--;
	if (is_for_good && q->is_stored)
		forget_stored(sv, q->record.number);
	prompt_clear(&q->record);
	free(q);
}

void prompts_forget_client(struct supervisor *sv, uint64_t client)
{
	for (struct queued_prompt **at = &sv->queue; *at;) {
		struct queued_prompt *q = *at;
		if (q->client == client && !q->is_detached) {
			take_out(sv, at, true);
			continue;
		}
		if (q->client == client)
			q->client = 0;
		at = &q->next;
	}
}

/* --- by people ---------------------------------------------------------------- */

static struct queued_prompt **find(struct supervisor *sv, const struct session_track *session,
				   int64_t number, struct sa_error *err)
{
	for (struct queued_prompt **at = &sv->queue; *at; at = &(*at)->next)
		if ((*at)->session == session && (*at)->record.number == number)
			return at;
	error_set(err, PROBLEM_NOT_FOUND,
		  "no prompt %lld waits in session '%s'; it may have been sent", (long long)number,
		  session->record.id);
	return NULL;
}

/* What was done to one that waited, for the record. */
static void tell(struct supervisor *sv, const struct queued_prompt *q, const char *method,
		 const char *by, const char *reason)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	buf_addf(&b, "{\"promptId\":\"%lld\"", (long long)q->record.number);
	json_kv_string(&b, "sessionId", q->session->record.agent_session_id);
	json_kv_string(&b, "by", by);
	json_kv_string(&b, "reason", reason);
	json_close(&b, '}');
	batch_add_notice(sv, q->session, method, buf_span(&b));
}

int prompts_drop_one(struct supervisor *sv, const struct session_track *session, int64_t number,
		     const char *by, struct sa_error *err)
{
	struct sa_error problem = SA_ERROR_INIT;
	struct queued_prompt **at = find(sv, session, number, err);
	if (!at)
		return -1;
	error_set(&problem, PROBLEM_CONFLICT, "the prompt was taken out of the queue");
	clients_tell_problem(sv, (*at)->client, (*at)->ref, &problem);
	tell(sv, *at, "_adapter/prompt_dropped", by, NULL);
	take_out(sv, at, true);
	return 0;
}

int prompts_edit(struct supervisor *sv, const struct session_track *session, int64_t number,
		 struct span blocks, const char *by, struct sa_error *err)
{
	struct queued_prompt **at = find(sv, session, number, err);
	if (!at)
		return -1;
	struct queued_prompt *q = *at;
	char *payload = prompt_payload_with(q->record.payload, blocks, err);
	if (!payload)
		return -1;
	if (strlen(payload) > sv->options->line_limit_bytes) {
		free(payload);
		return error_set(err, PROBLEM_TOO_LARGE, "the prompt is over the line limit");
	}
	free(q->record.payload);
	q->record.payload = payload;
	q->is_dirty = q->is_detached;
	tell(sv, q, "_adapter/prompt_edited", by, NULL);
	return 0;
}

void prompts_add_list(const struct supervisor *sv, const struct session_track *session,
		      struct buf *ret)
{
	int64_t position = 0;
	json_open(ret, '[');
	for (const struct queued_prompt *q = sv->queue; q; q = q->next) {
		if (q->session != session)
			continue;
		if (position++)
			buf_addc(ret, ',');
		prompt_add_json(ret, &q->record, position, q->client != 0);
		ret->len--; /* its newline */
	}
	json_close(ret, ']');
}

void prompts_drop(struct supervisor *sv, const struct session_track *session,
		  const struct sa_error *problem)
{
	for (struct queued_prompt **at = &sv->queue; *at;) {
		struct queued_prompt *q = *at;
		if (q->session != session) {
			at = &q->next;
			continue;
		}
		clients_tell_problem(sv, q->client, q->ref, problem);
		tell(sv, q, "_adapter/prompt_dropped", NULL, problem->message);
		take_out(sv, at, true);
	}
}

void prompts_next(struct supervisor *sv, struct session_track *session)
{
	struct queued_prompt **at = &sv->queue;
	/* While the agent is ending they stay for its next life. */
	if (sv->life != LIFE_RUNNING || sv->agent_in.fd < 0)
		return;
	/* One that is refused begins no turn whose end would send the next. */
	while (*at && session->running == 0) {
		struct queued_prompt *q = *at;
		struct sa_error err = SA_ERROR_INIT;
		struct client_message message = {
		    .client = q->client,
		    .ref = q->ref,
		    .payload = span_of(q->record.payload),
		};
		if (q->session != session) {
			at = &q->next;
			continue;
		}
		if (traffic_from_client(sv, &message, &err) < 0) {
			clients_tell_problem(sv, q->client, q->ref, &err);
			tell(sv, q, "_adapter/prompt_dropped", NULL, err.message);
		}
		take_out(sv, at, true);
	}
}

void prompts_refuse_all(struct supervisor *sv, bool is_for_good, const char *why)
{
	struct sa_error err = SA_ERROR_INIT;
	error_set(&err, PROBLEM_AGENT_PROCESS_EXITED, "%s", why);
	for (struct queued_prompt **at = &sv->queue; *at;) {
		struct queued_prompt *q = *at;
		if (q->is_detached && !is_for_good) {
			at = &q->next;
			continue;
		}
		clients_tell_problem(sv, q->client, q->ref, &err);
		take_out(sv, at, true);
	}
}

static int load_one(const struct prompt *prompt, void *arg)
{
	struct supervisor *sv = arg;
	if (prompt->number > sv->last_prompt_number)
		sv->last_prompt_number = prompt->number;
	if (!*prompt->payload) {
		forget_stored(sv, prompt->number); /* dropped while nobody lived here */
		return 0;
	}
	struct session_track *session = sessions_find(sv, prompt->session_id);
	if (!session || sv->queue_count >= QUEUED_PROMPTS_MAX)
		return 0;
	struct queued_prompt *q = xcalloc(1, sizeof(*q));
	*q = (struct queued_prompt){
	    .is_detached = true,
	    .is_stored = true,
	    .session = session,
	    .record =
		{
		    .number = prompt->number,
		    .session_id = xstrdup(prompt->session_id),
		    .payload = xstrdup(prompt->payload),
		    .created_ms = prompt->created_ms,
		},
	};
	append(sv, q);
	return 0;
}

int prompts_load(struct supervisor *sv, struct sa_error *err)
{
	return store_each_prompt(sv->store, sv->server.key, load_one, sv, err);
}

bool prompts_is_any_due(const struct supervisor *sv)
{
	for (const struct queued_prompt *q = sv->queue; q; q = q->next)
		if (!session_state_is_over(q->session->record.state))
			return true;
	return false;
}

void prompts_free(struct supervisor *sv)
{
	while (sv->queue)
		take_out(sv, &sv->queue, false);
	free(sv->gone_prompts);
	sv->gone_prompts = NULL;
	sv->gone_prompt_count = 0;
}

/* --- for the batch ----------------------------------------------------------- */

size_t prompts_dirty(const struct supervisor *sv, const struct prompt ***ret)
{
	size_t count = 0;
	*ret = NULL;
	for (struct queued_prompt *q = sv->queue; q; q = q->next)
		count += q->is_dirty;
	if (count == 0)
		return 0;
	*ret = xcalloc(count, sizeof(**ret));
	size_t i = 0;
	for (struct queued_prompt *q = sv->queue; q; q = q->next)
		if (q->is_dirty)
			(*ret)[i++] = &q->record;
	return count;
}

bool prompts_is_dirty(const struct supervisor *sv)
{
	for (const struct queued_prompt *q = sv->queue; q; q = q->next)
		if (q->is_dirty)
			return true;
	return sv->gone_prompt_count > 0;
}

void prompts_mark_clean(struct supervisor *sv)
{
	for (struct queued_prompt *q = sv->queue; q; q = q->next) {
		q->is_stored |= q->is_dirty;
		q->is_dirty = false;
	}
	sv->gone_prompt_count = 0;
}
