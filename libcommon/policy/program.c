#include "policy/program.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/library.h"

#include <jq.h>
#include <stdio.h>
#include <stdlib.h>

#define JQ_FUNCTIONS(X)    \
	X(jq_init)         \
	X(jq_teardown)     \
	X(jq_set_error_cb) \
	X(jq_compile)      \
	X(jq_start)        \
	X(jq_next)         \
	X(jq_format_error) \
	X(jv_parse_sized)  \
	X(jv_get_kind)     \
	X(jv_string_value) \
	X(jv_free)

static struct jq_functions {
#define FIELD(name) __typeof__(name) *name;
	JQ_FUNCTIONS(FIELD)
#undef FIELD
} lib;

struct program {
	jq_state *jq;
};

static int load(struct sa_error *err)
{
	static const char *const files[] = {"libjq.so.1", NULL};
	static const struct library_function functions[] = {
#define ROW(name) {#name, offsetof(struct jq_functions, name)},
	    JQ_FUNCTIONS(ROW)
#undef ROW
	};
	static struct library library = {
	    .files = files,
	    .functions = functions,
	    .function_count = ARRAY_SIZE(functions),
	    .kind = PROBLEM_FAILED,
	    .missing = "a rule with \"if\" needs libjq (Debian: apt install libjq1)",
	};
	return library_load(&library, &lib, err);
}

/* Keep the compiler's first message: it names the place. */
static void on_message(void *arg, jv message)
{
	struct sa_error *err = arg;
	message = lib.jq_format_error(message);
	if (err && err->kind == PROBLEM_NONE && lib.jv_get_kind(message) == JV_KIND_STRING)
		error_set(err, PROBLEM_INVALID_REQUEST, "%s", lib.jv_string_value(message));
	lib.jv_free(message);
}

struct program *program_compile(const char *text, struct sa_error *err)
{
	struct sa_error message = SA_ERROR_INIT;
	if (load(err) < 0)
		return NULL;
	struct program *program = xcalloc(1, sizeof(*program));
	program->jq = lib.jq_init();
	lib.jq_set_error_cb(program->jq, on_message, &message);
	int is_compiled = lib.jq_compile(program->jq, text);
	lib.jq_set_error_cb(program->jq, on_message, NULL);
	if (is_compiled)
		return program;
	error_set(err, PROBLEM_INVALID_REQUEST, "%s",
		  message.kind ? message.message : "the jq program does not compile");
	program_free(program);
	return NULL;
}

void program_free(struct program *program)
{
	if (!program)
		return;
	lib.jq_teardown(&program->jq);
	free(program);
}

int program_run(struct program *program, struct span json)
{
	jv input = lib.jv_parse_sized(json.p, (int)json.n);
	if (lib.jv_get_kind(input) == JV_KIND_INVALID) {
		lib.jv_free(input);
		return -1;
	}
	lib.jq_start(program->jq, input, 0);
	jv result = lib.jq_next(program->jq);
	jv_kind kind = lib.jv_get_kind(result);
	lib.jv_free(result);
	if (kind == JV_KIND_INVALID)
		return -1;
	return kind != JV_KIND_FALSE && kind != JV_KIND_NULL;
}
