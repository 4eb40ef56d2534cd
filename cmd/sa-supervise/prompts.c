#include "prompts.h"

#include "base/xalloc.h"
#include "clients.h"
#include "sessions.h"

#include <stdlib.h>

static int enqueue(struct supervisor *sv, struct session_track *session, bool is_detached,
		   const struct client_message *message, struct sa_error *err)
{
	if (sv->queue_count >= QUEUED_PROMPTS_MAX)
		return error_set(err, PROBLEM_SESSION_BUSY, "%d prompts are queued already",
				 QUEUED_PROMPTS_MAX);
	struct queued_prompt *q = xcalloc(1, sizeof(*q));
	*q = (struct queued_prompt){
	    .client = message->client,
	    .ref = message->ref,
	    .is_detached = is_detached,
	    .session = session,
	    .payload = xmemdup0(message->payload.p, message->payload.n),
	    .payload_len = message->payload.n,
	};
	struct queued_prompt **end = &sv->queue;
	while (*end)
		end = &(*end)->next;
	*end = q;
	sv->queue_count++;
	clients_tell_queued(sv, message->client, message->ref);
	return 0;
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
	return enqueue(sv, session, is_detached, message, err);
}

static void free_prompt(struct supervisor *sv, struct queued_prompt **at)
{
	struct queued_prompt *q = *at;
	*at = q->next;
	sv->queue_count--;
	free(q->payload);
	free(q);
}

void prompts_next(struct supervisor *sv, struct session_track *session)
{
	for (struct queued_prompt **at = &sv->queue; *at; at = &(*at)->next) {
		struct queued_prompt *q = *at;
		if (q->session != session)
			continue;
		struct sa_error err = SA_ERROR_INIT;
		struct client_message message = {
		    .client = q->client,
		    .ref = q->ref,
		    .payload = {q->payload, q->payload_len},
		};
		if (traffic_from_client(sv, &message, &err) < 0)
			clients_tell_problem(sv, q->client, q->ref, &err);
		free_prompt(sv, at);
		return;
	}
}

void prompts_forget_client(struct supervisor *sv, uint64_t client)
{
	for (struct queued_prompt **at = &sv->queue; *at;) {
		if ((*at)->client == client && !(*at)->is_detached)
			free_prompt(sv, at);
		else
			at = &(*at)->next;
	}
}

void prompts_refuse_all(struct supervisor *sv, const char *why)
{
	struct sa_error err = SA_ERROR_INIT;
	error_set(&err, PROBLEM_AGENT_PROCESS_EXITED, "%s", why);
	while (sv->queue) {
		clients_tell_problem(sv, sv->queue->client, sv->queue->ref, &err);
		free_prompt(sv, &sv->queue);
	}
}
