#include "json/problem.h"

#include "base/cleanup.h"
#include "json/scan.h"
#include "json/write.h"

void json_add_problem(struct buf *b, int64_t ref, const struct sa_error *problem)
{
	json_open(b, '{');
	json_kv_string(b, "type", "problem");
	if (ref)
		json_kv_int(b, "ref", ref);
	json_kv_string(b, "kind", problem_info(problem->kind)->name);
	json_kv_string(b, "detail", problem->message);
	buf_adds(b, "}\n");
}

bool json_read_problem(struct span line, struct sa_error *err)
{
	static const char *const names[] = {"type", "kind", "detail"};
	struct span f[3];
	json_members(line, names, f, 3);
	if (!json_string_is(f[0], "problem"))
		return false;
	cleanup_free char *kind = json_string_dup(f[1]);
	cleanup_free char *detail = json_string_dup(f[2]);
	error_set(err, problem_kind_of_name(kind ? kind : ""), "%s", detail ? detail : "failed");
	return true;
}
