#include "settle.h"

#include "acp/envelope.h"
#include "agent_io.h"
#include "asks.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "batch.h"
#include "policy/policy.h"
#include "sessions.h"
#include "json/scan.h"
#include "json/write.h"

#include <string.h>

/* --- what is answered ----------------------------------------------------------------------- */

static char *permission_member(struct span request, enum wish wish)
{
	enum decision decision = wish == WISH_ALLOW    ? DECISION_ALLOW
				 : wish == WISH_REJECT ? DECISION_DENY
						       : DECISION_ASK;
	struct span option = policy_option(request, decision);
	if (option.p)
		return xasprintf("\"result\":{\"outcome\":{\"outcome\":\"selected\","
				 "\"optionId\":%.*s}}",
				 SPAN_ARG(option));
	/* One without a way to say no is cancelled. */
	return wish == WISH_ALLOW ? NULL
				  : xstrdup("\"result\":{\"outcome\":{\"outcome\":\"cancelled\"}}");
}

char *settle_member(struct span request, enum wish wish)
{
	struct span method = json_get(request, "method");
	if (wish == WISH_NONE)
		return NULL;
	if (json_string_is(method, "session/request_permission"))
		return permission_member(request, wish);
	if (wish == WISH_ALLOW)
		return NULL;
	if (json_string_is(method, "elicitation/create"))
		return xasprintf("\"result\":{\"action\":\"%s\"}",
				 wish == WISH_REJECT ? "decline" : "cancel");
	return xasprintf("\"error\":{\"code\":%d,\"message\":\"nobody answered\"}",
			 RPC_INTERNAL_ERROR);
}

/* --- who is told ------------------------------------------------------------------------------ */

/* For all who look on; those of the ACP proxy do not see what clients say. */
static void tell(struct supervisor *sv, const struct ask_track *ask)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	const struct ask *record = &ask->record;
	buf_adds(&b, "{\"requestId\":\"");
	event_id_add(&b, sv->server.uid, record->index);
	buf_addc(&b, '"');
	if (ask->session)
		json_kv_string(&b, "sessionId", ask->session->record.agent_session_id);
	json_kv_string(&b, "method", record->method);
	json_kv_string(&b, "state", ask_state_name(record->state));
	json_kv_string(&b, "by", record->settled_by);
	json_kv_string(&b, "reason", record->reason);
	json_close(&b, '}');
	batch_add_notice(sv, ask->session,
			 record->state == ASK_EXPIRED ? "_adapter/request_expired"
						      : "_adapter/request_settled",
			 buf_span(&b));
}

int settle_by_client(struct supervisor *sv, struct ask_track *ask, struct span response,
		     const struct client_message *message, struct sa_error *err)
{
	if (agent_io_refuses(sv, err))
		return -1;
	agent_io_send(sv, response);
	int64_t index = batch_add_event(sv, SENDER_CLIENT, sessions_id(ask->session), response,
					SPAN_NONE, span_of(ask->record.method));
	asks_settle(sv, ask, ASK_ANSWERED, response, message->by ? message->by : "client",
		    message->reason);
	tell(sv, ask);
	batch_add_delivery(sv, DELIVER_SETTLED, message->client, message->ref, index);
	sv->last_byte_ms = clock_monotonic_ms();
	return 0;
}

/* The response, sent and recorded as the clients' (whose part it is), without the word on it. */
static char *respond(struct supervisor *sv, const struct ask_track *ask, const char *member)
{
	char *text = xasprintf("{\"jsonrpc\":\"2.0\",\"id\":%s,%s}", ask->record.rpc_id, member);
	agent_io_send(sv, span_of(text));
	batch_add_event(sv, SENDER_CLIENT, sessions_id(ask->session), span_of(text), SPAN_NONE,
			span_of(ask->record.method));
	return text;
}

void settle_by_us(struct supervisor *sv, struct ask_track *ask, enum ask_state state,
		  const char *member, const char *by, const char *reason)
{
	cleanup_free char *text = respond(sv, ask, member);
	asks_settle(sv, ask, state, span_of(text), by, reason);
	tell(sv, ask);
	sv->last_byte_ms = clock_monotonic_ms();
}

void settle_cancel(struct supervisor *sv, struct session_track *session)
{
	for (struct ask_track *ask = sv->asks; ask; ask = ask->next) {
		const char *member = NULL;
		if (ask->record.state != ASK_OPEN || ask->session != session)
			continue;
		if (strcmp(ask->record.method, "session/request_permission") == 0)
			member = "\"result\":{\"outcome\":{\"outcome\":\"cancelled\"}}";
		else if (strcmp(ask->record.method, "elicitation/create") == 0)
			member = "\"result\":{\"action\":\"cancel\"}";
		if (!member)
			continue;
		cleanup_free char *text = respond(sv, ask, member);
		asks_settle(sv, ask, ASK_CANCELLED, span_of(text), "cancel", NULL);
		tell(sv, ask);
	}
}
