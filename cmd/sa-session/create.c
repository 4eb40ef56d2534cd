#include "create.h"

#include "agent/launch.h"
#include "agent/registry.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/ident.h"
#include "base/xalloc.h"
#include "cli/command.h"
#include "cli/words.h"
#include "json/write.h"

#include <stdlib.h>
#include <unistd.h>

enum { SERVER_ID_LENGTH = 16 };

static int start(struct connection *c, const struct create_options *o, const char *cwd,
		 struct sa_error *err)
{
	struct agent_program program = {NULL, NULL};
	char **words = o->agent_command ? words_split(o->agent_command, err) : NULL;
	if (o->agent_command && !words)
		return -1;
	const char *name = o->agent ? o->agent : o->agent_command ? NULL : "claude";
	cleanup_free char *server_id = ident_random(SERVER_ID_LENGTH);
	int rc = agent_program_find(name, (const char *const *)(void *)words, &program, err);
	if (rc == 0) {
		const struct launch launch = {
		    .server_id = server_id,
		    .agent = program.name,
		    .argv = program.argv,
		    .cwd = cwd,
		    .env = o->env.items,
		    .env_count = o->env.count,
		    .credentials = o->credentials,
		};
		rc = launch_server(&launch, err);
	}
	agent_program_clear(&program);
	words_free(words);
	if (rc < 0 || store_find_server(c->store, server_id, &c->server, err) < 0)
		return -1;
	return link_open(&c->link, &c->server, err);
}

static int open_session(struct connection *c, const struct create_options *o, const char *cwd,
			struct sa_error *err)
{
	static const char hello[] =
	    "{\"protocolVersion\":1,\"clientCapabilities\":{\"fs\":{\"readTextFile\":false,"
	    "\"writeTextFile\":false},\"terminal\":false,\"elicitation\":{\"form\":{},\"url\":{}}},"
	    "\"clientInfo\":{\"name\":\"sa-session\",\"version\":\"" SA_VERSION "\"}}";
	int64_t deadline = deadline_after(o->timeout_ms);
	struct link_answer answer = {.session_id = NULL};
	if (link_call(&c->link, c->store, &c->server, "initialize", span_of(hello), NULL, deadline,
		      &answer, err) < 0)
		return -1;
	link_answer_clear(&answer);
	cleanup_buf struct buf params = BUF_INIT(BUF_MAX_OWN);
	json_open(&params, '{');
	json_kv_string(&params, "cwd", cwd);
	buf_adds(&params, ",\"mcpServers\":[]}");
	cleanup_buf struct buf extra = BUF_INIT(BUF_MAX_OWN);
	json_kv_string(&extra, "sessionName", o->id);
	if (link_call(&c->link, c->store, &c->server, "session/new", buf_span(&params),
		      extra.len ? extra.data : NULL, deadline, &answer, err) < 0)
		return -1;
	cleanup_free char *id = TAKE_PTR(answer.session_id);
	link_answer_clear(&answer);
	if (!id)
		return error_set(err, PROBLEM_AGENT_ERROR, "session/new: no sessionId in the answer");
	return store_find_session(c->store, id, &c->session, err);
}

int create_session(struct connection *c, const struct create_options *o, struct sa_error *err)
{
	cleanup_free char *cwd = realpath(o->cwd ? o->cwd : ".", NULL);
	if (!cwd)
		return error_set(err, PROBLEM_NOT_FOUND, "no working directory '%s'",
				 o->cwd ? o->cwd : ".");
	struct session taken = {.id = NULL};
	c->store = store_open(err);
	if (!c->store)
		return -1;
	if (o->id && store_find_session(c->store, o->id, &taken, err) == 0) {
		bool is_same = span_is(span_of(taken.id), o->id);
		session_clear(&taken);
		if (is_same)
			return error_set(err, PROBLEM_CONFLICT, "session '%s' exists already",
					 o->id);
	}
	if (start(c, o, cwd, err) < 0)
		return -1;
	if (open_session(c, o, cwd, err) == 0)
		return 0;
	struct sa_error ignored;
	connection_stop_server(c, "the session could not be made", &ignored);
	return -1;
}
