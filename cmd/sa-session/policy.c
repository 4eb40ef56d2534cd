/* The verb policy: is a policy good, and what would it have decided? */
#include "policy/policy.h"

#include "base/cleanup.h"
#include "connection.h"
#include "print.h"
#include "verbs.h"
#include "json/scan.h"
#include "json/write.h"

#include <string.h>

enum { CELL_BYTES = 100 };

static int check(int argc, char **argv, struct sa_error *err)
{
	if (argc < 1)
		return error_set(err, PROBLEM_INVALID_REQUEST, "check which policy?");
	for (int i = 0; i < argc; i++) {
		struct policy *policy = policy_open(argv[i], err);
		if (!policy)
			return -1;
		policy_free(policy);
	}
	return SA_EXIT_OK;
}

struct trial {
	struct policy *policy;
	const struct session *session;
	bool is_text;
};

static void print_verdict(const struct trial *trial, const struct ask *ask,
			  const struct server *server, struct span payload,
			  const struct verdict *verdict)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	struct span title = json_path(payload, "params.toolCall.title");
	if (!title.p)
		title = json_path(payload, "params.message");
	if (trial->is_text) {
		cleanup_free char *words = json_string_dup(title);
		buf_addf(&b, "%-5s  ", decision_name(verdict->decision));
		print_add_plain(&b, span_of(words ? words : ask->method), CELL_BYTES);
		buf_addf(&b, "  (%s%s%s)\n", verdict->rule, verdict->reason ? ": " : "",
			 verdict->reason ? verdict->reason : "");
		print_buf(&b);
		return;
	}
	buf_adds(&b, "{\"id\":\"");
	event_id_add(&b, server->uid, ask->index);
	buf_addc(&b, '"');
	json_kv_string(&b, "sessionId", ask->session_id);
	json_kv_string(&b, "method", ask->method);
	json_kv_raw(&b, "title", title);
	json_kv_string(&b, "decision", decision_name(verdict->decision));
	json_kv_string(&b, "rule", verdict->rule);
	json_kv_string(&b, "reason", verdict->reason);
	json_kv_string(&b, "state", ask_state_name(ask->state));
	json_kv_string(&b, "settledBy", ask->settled_by);
	json_kv_raw(&b, "answer", json_get(span_of(ask->answer_json), "result"));
	buf_adds(&b, "}\n");
	print_buf(&b);
}

static int try_ask(const struct ask *ask, const struct server *server, struct span payload,
		   void *arg)
{
	const struct trial *trial = arg;
	struct facts facts;
	struct verdict verdict;
	if (strcmp(ask->method, "session/request_permission") != 0 &&
	    strcmp(ask->method, "elicitation/create") != 0)
		return 0;
	facts_read(payload, server->agent, trial->session->cwd, &facts);
	policy_decide(trial->policy, &facts, &verdict);
	print_verdict(trial, ask, server, payload, &verdict);
	facts_clear(&facts);
	return 0;
}

static int test(const struct options *o, int argc, char **argv, struct sa_error *err)
{
	cleanup_connection struct connection c = CONNECTION_INIT;
	struct trial trial = {.session = &c.session, .is_text = command_wants_text(&o->common)};
	if (argc != 2)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "test wants a policy and the session to try it on");
	if (connection_find(&c, argv[1], err) < 0)
		return -1;
	trial.policy = policy_open(argv[0], err);
	if (!trial.policy)
		return -1;
	int rc = store_each_ask(c.store, c.session.id, true, try_ask, &trial, err);
	policy_free(trial.policy);
	return rc;
}

int verb_policy(const void *arg, int argc, char **argv, struct sa_error *err)
{
	if (argc > 0 && strcmp(argv[0], "check") == 0)
		return check(argc - 1, argv + 1, err);
	if (argc > 0 && strcmp(argv[0], "test") == 0)
		return test(arg, argc - 1, argv + 1, err);
	return error_set(err, PROBLEM_INVALID_REQUEST,
			 "policy wants check FILE ..., or test FILE SESSION");
}
