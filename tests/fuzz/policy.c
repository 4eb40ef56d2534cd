/* A policy and a request out of the same bytes, cut at the first NUL: nothing they say may crash,
 * and whatever a policy says, a question is never allowed. */
/* max: 65536 */
#include "policy/policy.h"
#include "fuzz.h"
#include "json/scan.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sa_error err = SA_ERROR_INIT;
	const uint8_t *cut = size ? memchr(data, 0, size) : NULL;
	size_t n = cut ? (size_t)(cut - data) : size;
	struct span text = {(const char *)data, n};
	struct span request = {(const char *)data + n, size - n};
	if (request.n) {
		request.p++;
		request.n--;
	}
	struct policy *policy = policy_parse("fuzz", text, &err);
	fuzz_require(policy || err.kind != PROBLEM_NONE);
	if (policy && json_check(request, NULL) == 0) {
		struct facts facts;
		struct verdict verdict;
		facts_read(span_trim(request), "mock", "/tmp", &facts);
		policy_decide(policy, &facts, &verdict);
		fuzz_require(!facts.is_question || verdict.decision != DECISION_ALLOW);
		policy_option(span_trim(request), verdict.decision);
		facts_clear(&facts);
	}
	policy_free(policy);
	return 0;
}
