/* Results and failures, in the forms of the reference. */
#include "options.h"

#include "base/cleanup.h"
#include "json/write.h"

#include <stdio.h>
#include <string.h>

void report_add_members(struct buf *b, const char *agent, const struct sa_error *err)
{
	json_kv_string(b, "agent", agent);
	if (err->kind != PROBLEM_INSTALL_FAILED)
		return;
	json_key(b, "details");
	json_open(b, '{');
	json_kv_string(b, "stderr", err->message);
	json_close(b, '}');
}

int report_failure(const struct options *options, const char *agent, const struct sa_error *err)
{
	const struct problem_info *info = problem_info(err->kind);
	if (!options->common.is_json) {
		fprintf(stderr, "sa-install-agent: %s\n", err->message);
		return SA_EXIT_FAILED;
	}
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	json_open(&b, '{');
	json_key(&b, "type");
	buf_addf(&b, "\"urn:sandbox-agent:error:%s\"", info->name);
	json_kv_string(&b, "title", info->title);
	json_kv_int(&b, "status", info->http_status);
	json_kv_string(&b, "detail", err->message);
	report_add_members(&b, agent, err);
	json_kv_int(&b, "exitStatus", SA_EXIT_FAILED);
	json_close(&b, '}');
	fprintf(stderr, "%s\n", b.data);
	return SA_EXIT_FAILED;
}

/* --json is the form of HTTP, the other one that of the reference's command line. */
static void add_artifact(struct buf *b, const struct artifact *a, bool is_http)
{
	static const struct {
		const char *http, *cli;
	} sources[] = {{"registry", "Registry"}, {"local_path", "LocalPath"}, {"builtin", "Builtin"}};
	const char *source = a->source;
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		if (!is_http && strcmp(a->source, sources[i].http) == 0)
			source = sources[i].cli;
	json_open(b, '{');
	json_kv_string(b, "kind",
		       a->is_native ? (is_http ? "native_agent" : "NativeAgent")
				    : (is_http ? "agent_process" : "AgentProcess"));
	json_kv_string(b, "path", a->path);
	json_kv_string(b, "source", source);
	json_kv_string(b, "version", a->version);
	json_close(b, '}');
}

void report_add_installation(struct buf *b, const struct installation *result, bool is_http)
{
	json_open(b, '{');
	json_kv_bool(b, is_http ? "already_installed" : "alreadyInstalled", result->count == 0);
	json_key(b, "artifacts");
	json_open(b, '[');
	for (size_t i = 0; i < result->count; i++)
		add_artifact(b, &result->artifacts[i], is_http);
	json_close(b, ']');
	json_close(b, '}');
}

static void print_words(const char *agent, const struct installation *result)
{
	if (result->count == 0)
		printf("%s is installed already\n", agent);
	for (size_t i = 0; i < result->count; i++)
		printf("%s: %s %s%s(%s)\n", agent, result->artifacts[i].path,
		       result->artifacts[i].version ? result->artifacts[i].version : "",
		       result->artifacts[i].version ? " " : "", result->artifacts[i].source);
}

/* Install one; its result goes to b. 0, or the exit status of a failure that has been told. */
static int install_one(const struct options *o, const char *name, struct buf *b)
{
	cleanup_agent_record struct agent_record record = AGENT_RECORD_INIT;
	cleanup_installation struct installation result = {.count = 0};
	struct sa_error err = SA_ERROR_INIT;
	if (catalog_find(name, &record, &err) < 0 ||
	    install_agent(&record, &o->install, &result, &err) < 0)
		return report_failure(o, record.name ? record.name : name, &err);
	if (command_wants_text(&o->common))
		print_words(record.name, &result);
	else
		report_add_installation(b, &result, o->common.is_json);
	return SA_EXIT_OK;
}

int job_install(const struct options *o, int count, char **names, struct sa_error *err)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	int status = SA_EXIT_OK;
	bool is_list = o->is_all || count > 1;
	(void)err;
	if (is_list)
		buf_adds(&b, "{\"agents\":[");
	for (int i = 0; i < count; i++) {
		cleanup_buf struct buf one = BUF_INIT(BUF_MAX_OWN);
		int rc = install_one(o, names[i], &one);
		if (rc != SA_EXIT_OK)
			status = rc;
		if (!is_list)
			buf_add_span(&b, buf_span(&one));
		else if (one.len) {
			json_open(&b, '{');
			json_kv_string(&b, "agent", names[i]);
			json_kv_raw(&b, "result", buf_span(&one));
			json_close(&b, '}');
		}
	}
	if (is_list)
		buf_adds(&b, "]}");
	if (b.len && !command_wants_text(&o->common))
		printf("%s\n", b.data);
	return status;
}
