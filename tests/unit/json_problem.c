#include "tap.h"
#include "json/problem.h"
#include "json/scan.h"

static void round_trip(int64_t ref, const char *want, const char *name)
{
	struct sa_error told = SA_ERROR_INIT, heard = SA_ERROR_INIT;
	struct buf b = BUF_INIT(BUF_MAX_OWN);
	error_set(&told, PROBLEM_SESSION_BUSY, "a \"turn\" runs");
	json_add_problem(&b, ref, &told);
	is_str(b.data, want, name);
	ok(json_read_problem(buf_span(&b), &heard), "it is one");
	is_int(heard.kind, PROBLEM_SESSION_BUSY, "of that kind");
	is_str(heard.message, "a \"turn\" runs", "in these words");
	buf_free(&b);
}

int main(void)
{
	struct sa_error err = SA_ERROR_INIT;
	round_trip(
	    0,
	    "{\"type\":\"problem\",\"kind\":\"session_busy\",\"detail\":\"a \\\"turn\\\" runs\"}\n",
	    "a line");
	round_trip(7,
		   "{\"type\":\"problem\",\"ref\":7,\"kind\":\"session_busy\",\"detail\":\"a "
		   "\\\"turn\\\" runs\"}\n",
		   "about one op");
	ok(!json_read_problem(SPAN_LIT("{\"type\":\"ready\",\"kind\":\"x\"}"), &err),
	   "what is none of them is not one");
	ok(!json_read_problem(SPAN_LIT("[1]"), &err), "nor is an array");
	is_int(err.kind, 0, "and tells of nothing");
	ok(json_read_problem(SPAN_LIT("{\"type\":\"problem\",\"kind\":\"of tomorrow\"}"), &err),
	   "a newer one");
	ok(err.kind != 0 && *err.message, "has a kind and words all the same: %s", err.message);
	return done_testing();
}
