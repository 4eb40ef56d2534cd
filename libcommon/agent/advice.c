#include "agent/advice.h"

#include "agent/catalog.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "json/scan.h"

#include <string.h>
#include <strings.h>

enum { SAID_MAX_BYTES = 64 * 1024 };

#define LOGIN "it has no credentials that are accepted"

/* The first row one of whose words is in the text, letter case aside, counts. */
static const struct row {
	const char *words[6]; /* ends with NULL */
	const char *advice;
} rows[] = {
    {{"env: 'node'", "env: \u2018node\u2019", "node: not found", "node: No such file", NULL},
     "Node is not on PATH: install Node, or name one in SANDBOX_AGENT_NODE"},
    {{"Unsupported engine", "requires Node", "requires a newer version of Node",
      "Node.js version", "SyntaxError: Unexpected", NULL},
     "it needs a newer Node: install one and put it first on PATH"},
    {{"version `GLIBC_", "version `GLIBCXX_", NULL},
     "it is built for a newer C library than this system has: take an older version "
     "(sa-install-agent NAME --agent-version V) or a newer base image"},
    {{"required file not found", "ld-linux", "ld-musl", NULL},
     "it is built for another C library than this system has (glibc or musl): "
     "sa-install-agent NAME --reinstall takes the one that fits"},
    {{"Exec format error", "cannot execute binary file", NULL},
     "it is built for another kind of machine: sa-install-agent NAME --reinstall takes the one "
     "that fits"},
    {{"root/sudo", "cannot be run as root", "run as root", "as the root user", NULL},
     "it refuses to run without questions as root: run as another user, or set IS_SANDBOX=1 if "
     "this is a sandbox"},
    {{"trust this folder", "trust the files", "not trusted", "untrusted", "trust dialog", NULL},
     "it wants this folder trusted first: start it there once by hand, or mark the folder as "
     "trusted in its configuration"},
    {{"rate limit", "rate_limit", "too many requests", "usage limit", "quota", NULL},
     "the provider limits how much may be asked: wait, or use another key or model"},
    {{"overloaded", "status 529", "\"529\"", "503 Service", NULL},
     "the provider is overloaded: try again in a while"},
    {{"authentication", "auth_required", "Auth required", "unauthorized", "not logged in", NULL},
     LOGIN},
    {{"invalid api key", "invalid x-api-key", "incorrect api key", "invalid_api_key",
      "please run /login", NULL},
     LOGIN},
    {{"no space left", "ENOSPC", NULL}, "the disk is full"},
    {{"ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "could not resolve host",
      "error sending request", NULL},
     "it cannot reach its provider: check the network and HTTPS_PROXY"},
};

const char *advice_find(struct span said)
{
	cleanup_free char *text =
	    xmemdup0(said.p ? said.p : "", said.n < SAID_MAX_BYTES ? said.n : SAID_MAX_BYTES);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (size_t j = 0; rows[i].words[j]; j++)
			if (strcasestr(text, rows[i].words[j]))
				return rows[i].advice;
	return NULL;
}

bool advice_is_login(struct span said)
{
	const char *advice = advice_find(said);
	return advice && strcmp(advice, LOGIN) == 0;
}

void advice_add(struct sa_error *err, const char *agent, struct span said)
{
	const char *advice = advice_find(said);
	if (!advice)
		return;
	cleanup_free char *message = xstrdup(err->message);
	cleanup_agent_record struct agent_record record = AGENT_RECORD_INIT;
	struct sa_error ignored;
	cleanup_free char *login = NULL;
	if (agent && strcmp(advice, LOGIN) == 0 && catalog_find(agent, &record, &ignored) == 0)
		login = json_string_dup(agent_record_get(&record, "login"));
	error_set(err, err->kind, "%s (%s%s%s)", message, advice, login ? ": " : "",
		  login ? login : "");
}

void advice_add_methods(struct sa_error *err, struct span methods)
{
	cleanup_buf struct buf list = BUF_INIT(BUF_MAX_OWN);
	struct json_iter it = json_iter(methods);
	struct span method;
	while (json_type(methods) == JSON_ARRAY && json_next(&it, NULL, &method)) {
		cleanup_free char *id = json_string_dup(json_get(method, "id"));
		cleanup_free char *name = json_string_dup(json_get(method, "name"));
		if (id)
			buf_addf(&list, "%s%s%s%s%s", list.len ? ", " : "", id, name ? " (" : "",
				 name ? name : "", name ? ")" : "");
	}
	if (!list.len)
		return;
	cleanup_free char *message = xstrdup(err->message);
	error_set(err, err->kind, "%s; it offers to authenticate by %s", message, list.data);
}
