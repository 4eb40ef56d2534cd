/*
 * The supervisor's unix socket: JSON lines both ways, every line typed.
 *
 * From a client ("ref" is an integer of the client's choice that comes back):
 *   {"op":"send","ref":R,"payload":{...}}   JSON-RPC to the agent; optional
 *        "sessionName" (id for the session that it makes), "hideReplay":true,
 *        "expand":true (the agent gets values for ${NAME} in mcpServers, the
 *        record keeps the names: agent/provision.h), "hosts":true (with
 *        initialize: the supervisor answers fs/ and terminal/ requests: host.h);
 *        with session/new and session/fork: "primer":TEXT, "about":{...},
 *        "parentId":S, "parentIndex":N (origin.h)
 *   {"op":"prompt","ref":R,"sessionId":S,"when":"queue"|"now"|"reject"|"interrupt",
 *        "detached":true?,"payload":{...}}  a session/prompt request
 *        detached: it waits in the store, and outlives client and supervisor
 *   {"op":"unqueue","ref":R,"sessionId":S}  drop the prompts that wait
 *   {"op":"queue","ref":R,"sessionId":S}  those: "queue" comes back
 *   {"op":"queue_drop","ref":R,"sessionId":S,"promptId":P,"by":TEXT?}  one of them
 *   {"op":"queue_edit","ref":R,"sessionId":S,"promptId":P,"prompt":[...],"by":TEXT?}
 *   {"op":"title","ref":R,"sessionId":S,"title":TEXT}  what people call the session
 *   {"op":"reply","ref":R,"eventId":E,"result":{...}|"error":{...},"reason":TEXT?}; it and a
 *        response that is sent may say who answers: "by":TEXT
 *   {"op":"attach","after":N,"sessionId":S?,"present":false?}  events with eventIndex > N;
 *        not present: it could not show what is asked to anybody
 *   {"op":"status","ref":R}
 *   {"op":"tie","ref":R,"tied":true|false}  tied: when this client leaves, however
 *        that comes, the server is stopped and closed
 *   {"op":"stop","ref":R,"outcome":"closed"|"interrupted","reason":TEXT,"graceMs":N?}
 * To a client:
 *   {"type":"accepted"|"settled","ref":R,"eventIndex":N}
 *   {"type":"queue","ref":R,"payload":[...]}  as sa-events(5) says
 *   {"type":"queued","ref":R,"eventIndex":N,"turns":T,"promptId":P}  that turn is over after T more
 *        turn ends behind event N; once it is sent, "accepted" follows
 *   {"type":"answer","ref":R,"eventIndex":N,"sessionId":S?,"payload":{...}}
 *        without payload when it is large: it is in the store
 *   {"type":"problem","ref":R?,"kind":K,"detail":TEXT}
 *   {"type":"attached","after":N}  then event records, each as sa-events(5) says
 *   {"type":"behind","committed":N}  not attached (any more): read the store
 *        up to N, then attach again
 *   {"type":"status",...}, {"type":"stopped","ref":R}, {"type":"bye","reason":TEXT}
 */
#ifndef SA_SUPERVISE_CLIENTS_H
#define SA_SUPERVISE_CLIENTS_H

#include "batch.h"
#include "supervisor.h"

int clients_listen(struct supervisor *sv, struct sa_error *err);
/* Say goodbye and close all; what is queued gets a moment to leave. */
void clients_close_all(struct supervisor *sv, const char *reason);

/* After a commit. */
bool clients_have_follower(const struct supervisor *sv);
/* Committed events in order, with what followers get to read of each. */
struct event_group {
	const struct event *events;
	size_t count;
	const char *frames; /* of event i: from ends[i - 1] (0) to ends[i] */
	const size_t *ends;
};
void clients_show_events(struct supervisor *sv, const struct event_group *group);
/* event: NULL when it is of an earlier batch. */
void clients_deliver(struct supervisor *sv, enum delivery_type type, uint64_t client, int64_t ref,
		     int64_t index, const struct event *event);

/* At any time; a client that has left is ignored. */
void clients_tell_problem(struct supervisor *sv, uint64_t client, int64_t ref,
			  const struct sa_error *problem);
void clients_tell_queued(struct supervisor *sv, uint64_t client, int64_t ref, int64_t index,
			 int64_t turns, int64_t number);
void clients_tell_store_problem(struct supervisor *sv, const struct sa_error *problem);
void clients_tell_stopped(struct supervisor *sv);

/* At the end of an iteration: write what waits, read on or hold back. */
void clients_settle(struct supervisor *sv);

#endif
