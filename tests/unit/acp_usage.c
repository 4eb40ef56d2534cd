#include "acp/usage.h"

#include "base/cleanup.h"
#include "json/scan.h"
#include "tap.h"

static struct usage usage;

static void turn(const char *result)
{
	usage_learn_turn(&usage, span_of(result));
}

static void cost(const char *amount)
{
	char update[256];
	snprintf(update, sizeof(update),
		 "{\"sessionUpdate\":\"usage_update\",\"used\":1,\"size\":2,"
		 "\"cost\":{\"amount\":%s,\"currency\":\"USD\"}}",
		 amount);
	usage_learn_update(&usage, span_of(update));
}

static void is_cost(const char *want, const char *name)
{
	char text[64];
	snprintf(text, sizeof(text), "%.4f", usage.cost);
	is_str(text, want, name);
}

static void is_json(const char *want, const char *name)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	buf_addc(&b, '{');
	usage_add_json(&b, &usage);
	buf_addc(&b, '}');
	ok(json_check(buf_span(&b), NULL) == 0, "%s: it is JSON", name);
	buf_addc(&b, '\0');
	if (want)
		is_str(b.data, want, name);
}

static void tokens(void)
{
	turn("{\"stopReason\":\"end_turn\"}");
	turn("{\"usage\":{\"inputTokens\":10,\"outputTokens\":5}}");
	turn("{\"usage\":{\"inputTokens\":10,\"outputTokens\":5,\"cachedReadTokens\":3,\"totalTokens\":20}}");
	is_json("{\"turns\":3,\"inputTokens\":20,\"outputTokens\":10,\"cachedTokens\":3,"
		"\"totalTokens\":35}",
		"tokens add up; a total is taken where it is told");
	turn("{\"usage\":{\"inputTokens\":-7,\"outputTokens\":\"x\",\"totalTokens\":1.5}}");
	turn("{\"usage\":[]}");
	ok(usage.total_tokens == 35 && usage.input_tokens == 20, "what is no count is none");
	turn("{\"usage\":{\"totalTokens\":9223372036854775807}}");
	turn("{\"usage\":{\"totalTokens\":9223372036854775807}}");
	ok(usage.total_tokens == INT64_MAX, "sums stop at the largest number");
	struct usage sum = usage;
	usage_add(&sum, &usage);
	ok(sum.total_tokens == INT64_MAX, "sums of sums, too");
}

static void costs(void)
{
	usage = (struct usage){.turns = 0};
	cost("0.5");
	cost("0.75");
	is_cost("0.7500", "an agent tells what it has cost in all");
	cost("0.75");
	is_cost("0.7500", "twice the same is told once");
	cost("0.25");
	is_cost("1.0000", "one that tells less has begun again");
	cost("-3");
	cost("0.25");
	is_cost("1.0000", "less than nothing is nothing");
	cost("\"1\"");
	cost("null");
	is_cost("1.0000", "nor are words");
	cost("1e999");
	cost("0.5");
	is_cost("1.2500", "nor more than there is");
	is_json("{\"turns\":0,\"inputTokens\":0,\"outputTokens\":0,\"cachedTokens\":0,"
		"\"totalTokens\":0,\"contextUsed\":1,\"contextSize\":2,\"cost\":1.250000,"
		"\"currency\":\"USD\"}",
		"all that is told");
	for (int i = 0; i < 3; i++) {
		cost("1e300");
		cost("1");
	}
	is_json(NULL, "whatever it costs");
}

static void messages(void)
{
	usage = (struct usage){.turns = 0};
	usage_learn(&usage, span_of("session/prompt"),
		    span_of("{\"id\":1,\"result\":{\"usage\":{\"totalTokens\":5}}}"));
	usage_learn(&usage, span_of("session/new"),
		    span_of("{\"id\":1,\"result\":{\"usage\":{\"totalTokens\":5}}}"));
	usage_learn(&usage, SPAN_NONE,
		    span_of("{\"method\":\"session/update\",\"params\":{\"update\":"
			    "{\"sessionUpdate\":\"usage_update\",\"used\":7,\"size\":9}}}"));
	usage_learn(&usage, SPAN_NONE,
		    span_of("{\"method\":\"session/update\",\"params\":{\"update\":"
			    "{\"sessionUpdate\":\"plan\",\"used\":8,\"size\":9}}}"));
	ok(usage.turns == 1 && usage.total_tokens == 5, "answers to prompts are turns, others not");
	ok(usage.context_used == 7 && usage.context_size == 9, "usage_update tells the context");
}

int main(void)
{
	tokens();
	costs();
	messages();
	return done_testing();
}
