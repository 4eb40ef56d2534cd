/* --list and --verify: all agents at the same time. */
#include "options.h"

#include "agent/advice.h"
#include "agent/registry.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "info.h"
#include "json/scan.h"
#include "json/write.h"
#include "list.h"
#include "probe.h"
#include "run.h"
#include "worker.h"

#include <stdio.h>
#include <string.h>

enum { VERSION_WAIT_MS = 10000, VERSION_MAX_BYTES = 4096 };

struct question {
	const char *name;
	const struct surroundings *around;
	struct info_options options;
};

static void answer_info(void *arg, struct buf *text)
{
	const struct question *q = arg;
	struct sa_error err = SA_ERROR_INIT;
	if (info_add(text, q->name, q->around, &q->options, &err) == 0)
		return;
	/* A file in agents.d that is broken must not take the others with it. */
	json_open(text, '{');
	json_kv_string(text, "id", q->name);
	json_kv_bool(text, "installed", false);
	json_kv_string(text, "configError", err.message);
	json_close(text, '}');
}

int list_add(struct buf *b, int count, char *const *names, const struct info_options *options,
	     struct sa_error *err)
{
	cleanup_surroundings struct surroundings around;
	cleanup_free struct worker *workers = xcalloc((size_t)count + 1, sizeof(*workers));
	int started = 0, rc = 0;
	surroundings_find(&around);
	if (!options->has_config) {
		for (int i = 0; i < count; i++) {
			struct question q = {names[i], &around, *options};
			buf_adds(b, i ? "," : "");
			struct buf one = BUF_INIT(WORKER_TEXT_MAX_BYTES);
			answer_info(&q, &one);
			buf_add_span(b, buf_span(&one));
			buf_free(&one);
		}
		return 0;
	}
	for (; started < count && rc == 0; started++) {
		struct question q = {names[started], &around, *options};
		rc = worker_start(&workers[started], answer_info, &q, err);
	}
	for (int i = 0; i < started; i++) {
		worker_finish(&workers[i]);
		buf_adds(b, i ? "," : "");
		buf_add_span(b, buf_span(&workers[i].text));
		worker_clear(&workers[i]);
	}
	return rc;
}

static void print_row(struct span info)
{
	cleanup_free char *id = json_string_dup(json_get(info, "id"));
	cleanup_free char *version = json_string_dup(json_get(info, "version"));
	cleanup_free char *route = json_string_dup(json_get(info, "route"));
	cleanup_free char *reason = json_string_dup(json_get(info, "reason"));
	cleanup_free char *failure = json_string_dup(json_get(info, "configError"));
	printf("%-10s %-13s %-14s %-10s %s\n", id ? id : "?",
	       json_bool_or(json_get(info, "installed"), false) ? "installed" : "not installed",
	       json_bool_or(json_get(info, "credentialsAvailable"), false) ? "credentials"
									   : "no credentials",
	       version ? version : "", failure ? failure : route ? route : reason ? reason : "");
}

int job_list(const struct options *o, int count, char **names, struct sa_error *err)
{
	cleanup_buf struct buf b = BUF_INIT(WORKER_TEXT_MAX_BYTES);
	const struct info_options options = {o->has_config, o->is_fresh, true};
	for (int i = 0; i < count; i++) {
		cleanup_agent_record struct agent_record record = AGENT_RECORD_INIT;
		if (catalog_find(names[i], &record, err) < 0 && err->kind == PROBLEM_UNSUPPORTED_AGENT)
			return report_failure(o, names[i], err);
	}
	buf_adds(&b, "[");
	if (list_add(&b, count, names, &options, err) < 0)
		return -1;
	buf_adds(&b, "]");
	struct json_iter it = json_iter(buf_span(&b));
	struct span info;
	while (json_next(&it, NULL, &info))
		if (command_wants_text(&o->common))
			print_row(info);
		else
			printf("%.*s\n", SPAN_ARG(info));
	return SA_EXIT_OK;
}

/* --- verify --------------------------------------------------------------------------- */

/*
 * Our adapters answer initialize themselves, without the agent: whether that
 * one runs at all is seen by asking its version. 0, or -1 with its words.
 */
static int check_native(const char *name, const struct agent_program *program, char **ret_version,
			struct sa_error *err)
{
	cleanup_agent_record struct agent_record record = AGENT_RECORD_INIT;
	cleanup_buf struct buf out = BUF_INIT(VERSION_MAX_BYTES);
	if (program->route != ROUTE_OWN || catalog_find(name, &record, err) < 0)
		return 0;
	cleanup_free char *native = agent_native_path(&record);
	if (!native)
		return 0;
	const char *const argv[] = {native, "--version", NULL};
	struct run run = {.argv = argv, .cwd = "/", .wait_ms = VERSION_WAIT_MS, .out = &out};
	if (run_program(&run, err) == 0) {
		struct span line = span_trim(buf_span(&out));
		*ret_version = xmemdup0(line.p, strcspn(line.p, "\r\n"));
		return 0;
	}
	/* Once more, for what it says of that. */
	run.has_stderr = true;
	buf_clear(&out);
	run_program(&run, err);
	struct span said = span_trim(buf_span(&out));
	cleanup_free char *message = xstrdup(err->message);
	error_set(err, PROBLEM_AGENT_PROCESS_EXITED, "agent '%s': %s%s%.*s", name, message,
		  said.n ? ": " : "", SPAN_ARG(said));
	advice_add(err, name, said);
	return -1;
}

static void answer_verify(void *arg, struct buf *text)
{
	const struct question *q = arg;
	struct sa_error err = SA_ERROR_INIT;
	cleanup_agent_program struct agent_program program = {.name = NULL};
	cleanup_probe struct probe probe = PROBE_INIT;
	int rc = agent_program_find(q->name, NULL, &program, &err);
	cleanup_free char *version = NULL;
	if (rc == 0)
		rc = check_native(q->name, &program, &version, &err);
	if (rc == 0)
		rc = probe_run(&program, false, &probe, &err);
	json_open(text, '{');
	json_kv_string(text, "agent", q->name);
	json_kv_bool(text, "ok", rc == 0);
	if (program.argv) {
		json_kv_string(text, "route", agent_route_name(program.route));
		json_kv_string(text, "path", program.argv[0]);
	}
	if (rc == 0) {
		struct span answer = buf_span(&probe.initialize);
		json_kv_string(text, "version", version);
		json_kv_raw(text, "protocolVersion", json_get(answer, "protocolVersion"));
		json_kv_raw(text, "agentInfo", json_get(answer, "agentInfo"));
		json_kv_raw(text, "authMethods", json_get(answer, "authMethods"));
		json_kv_int(text, "initializeMs", probe.initialize_ms);
	} else {
		json_kv_string(text, "error", problem_info(err.kind)->name);
		json_kv_string(text, "detail", err.message);
	}
	json_close(text, '}');
}

static void print_verdict(const struct options *o, struct span verdict)
{
	if (!command_wants_text(&o->common)) {
		printf("%.*s\n", SPAN_ARG(verdict));
		return;
	}
	cleanup_free char *agent = json_string_dup(json_get(verdict, "agent"));
	cleanup_free char *detail = json_string_dup(json_get(verdict, "detail"));
	cleanup_free char *route = json_string_dup(json_get(verdict, "route"));
	if (detail)
		printf("%s: FAILED: %s\n", agent, detail);
	else
		printf("%s: answers initialize after %lld ms (%s)\n", agent,
		       (long long)json_int_or(json_get(verdict, "initializeMs"), 0), route);
}

/* Without names: those that are installed. */
static bool is_wanted(const char *name, bool is_named)
{
	cleanup_agent_program struct agent_program program = {.name = NULL};
	struct sa_error ignored;
	return is_named || agent_program_find(name, NULL, &program, &ignored) == 0;
}

int job_verify(const struct options *o, int count, char **names, struct sa_error *err)
{
	cleanup_free struct worker *workers = xcalloc((size_t)count + 1, sizeof(*workers));
	int started = 0, failures = 0;
	for (int i = 0; i < count; i++) {
		struct question q = {.name = names[i]};
		if (!is_wanted(names[i], o->has_names))
			continue;
		if (worker_start(&workers[started], answer_verify, &q, err) < 0)
			return -1;
		started++;
	}
	for (int i = 0; i < started; i++) {
		worker_finish(&workers[i]);
		struct span verdict = buf_span(&workers[i].text);
		bool is_ok = json_bool_or(json_get(verdict, "ok"), false);
		failures += !is_ok;
		print_verdict(o, verdict);
		worker_clear(&workers[i]);
	}
	return failures ? SA_EXIT_AGENT : SA_EXIT_OK;
}
