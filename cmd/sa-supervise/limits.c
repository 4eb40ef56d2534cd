#include "limits.h"

#include "batch.h"
#include "traffic.h"
#include "json/write.h"

static bool has_limits(const struct supervisor *sv)
{
	const struct supervisor_options *o = sv->options;
	return o->max_turns || o->max_tokens || o->max_cost > 0;
}

static int recall_event(const struct event *event, void *arg)
{
	if (event->sender != SENDER_CLIENT)
		usage_learn(arg, event->answers, event->payload);
	return 0;
}

void limits_recall(struct supervisor *sv, struct session_track *session)
{
	struct sa_error ignored;
	if (!has_limits(sv) || session->is_usage_known)
		return;
	session->usage = (struct usage){.turns = 0};
	session->is_usage_known = true;
	store_each_event(sv->store, &sv->server, session->record.id, 0, 0, recall_event,
			 &session->usage, &ignored);
}

/* Tokens and cost are known while a turn runs; turns are counted at their end. */
static int check_amounts(const struct supervisor_options *o, const struct usage *usage,
			 const char **ret_limit, struct sa_error *err)
{
	*ret_limit = "max-tokens";
	if (o->max_tokens && usage->total_tokens >= (int64_t)o->max_tokens)
		return error_set(err, PROBLEM_LIMIT_REACHED,
				 "the session has used %lld of %lld tokens",
				 (long long)usage->total_tokens, (long long)o->max_tokens);
	*ret_limit = "max-cost";
	if (o->max_cost > 0 && usage->cost >= o->max_cost)
		return error_set(err, PROBLEM_LIMIT_REACHED, "the session has cost %.4f of %.4f %s",
				 usage->cost, o->max_cost, usage->currency);
	return 0;
}

int limits_check(const struct supervisor *sv, const struct session_track *session,
		 struct sa_error *err)
{
	const struct supervisor_options *o = sv->options;
	const char *limit;
	int64_t turns = session->usage.turns + session->running;
	if (o->max_turns && turns >= (int64_t)o->max_turns)
		return error_set(err, PROBLEM_LIMIT_REACHED, "the session has had its %lld turns",
				 (long long)o->max_turns);
	return check_amounts(o, &session->usage, &limit, err);
}

static void tell(struct supervisor *sv, const struct session_track *session, const char *limit,
		 const struct sa_error *err)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	json_open(&b, '{');
	json_kv_string(&b, "sessionId", session->record.agent_session_id);
	json_kv_string(&b, "limit", limit);
	json_kv_string(&b, "reason", err->message);
	usage_add_json(&b, &session->usage);
	json_close(&b, '}');
	batch_add_notice(sv, session, "_adapter/limit_reached", buf_span(&b));
}

void limits_note(struct supervisor *sv, struct session_track *session, struct span answers,
		 struct span payload)
{
	struct sa_error err = SA_ERROR_INIT;
	const char *limit;
	if (!has_limits(sv) || !session)
		return;
	usage_learn(&session->usage, answers, payload);
	if (session->is_limit_told ||
	    check_amounts(sv->options, &session->usage, &limit, &err) == 0)
		return;
	session->is_limit_told = true;
	tell(sv, session, limit, &err);
	if (session->running > 0)
		traffic_cancel(sv, session);
}
