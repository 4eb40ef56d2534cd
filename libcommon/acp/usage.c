#include "acp/usage.h"

#include "json/scan.h"
#include "json/write.h"

#include <stdio.h>

/* Amounts above this are no costs. */
#define COST_MAX 1e9

static void add(int64_t *sum, int64_t n)
{
	if (n > 0 && __builtin_add_overflow(*sum, n, sum))
		*sum = INT64_MAX;
}

/* Counts come from outside: none makes a sum go backwards. */
static void count(int64_t *sum, struct span json)
{
	add(sum, json_int_or(json, 0));
}

void usage_learn_turn(struct usage *usage, struct span result)
{
	struct span told = json_get(result, "usage");
	struct span total = json_get(told, "totalTokens");
	usage->turns++;
	count(&usage->input_tokens, json_get(told, "inputTokens"));
	count(&usage->output_tokens, json_get(told, "outputTokens"));
	count(&usage->cached_tokens, json_get(told, "cachedReadTokens"));
	if (total.p) {
		count(&usage->total_tokens, total);
	} else {
		count(&usage->total_tokens, json_get(told, "inputTokens"));
		count(&usage->total_tokens, json_get(told, "outputTokens"));
	}
}

void usage_learn_update(struct usage *usage, struct span update)
{
	struct span cost = json_get(update, "cost");
	if (!json_string_is(json_get(update, "sessionUpdate"), "usage_update"))
		return;
	usage->context_used = json_int_or(json_get(update, "used"), usage->context_used);
	usage->context_size = json_int_or(json_get(update, "size"), usage->context_size);
	double amount = json_double_or(json_get(cost, "amount"), -1);
	if (!(amount >= 0 && amount <= COST_MAX))
		return;
	/* Less than before: another life of the agent, that counts from nothing. */
	usage->cost += amount >= usage->told_cost ? amount - usage->told_cost : amount;
	usage->told_cost = amount;
	struct span currency = json_string_plain(json_get(cost, "currency"));
	if (currency.p && currency.n < sizeof(usage->currency))
		snprintf(usage->currency, sizeof(usage->currency), "%.*s", SPAN_ARG(currency));
}

void usage_learn(struct usage *usage, struct span answers, struct span payload)
{
	if (span_is(answers, "session/prompt"))
		usage_learn_turn(usage, json_get(payload, "result"));
	else if (!answers.p && json_string_is(json_get(payload, "method"), "session/update"))
		usage_learn_update(usage, json_path(payload, "params.update"));
}

void usage_add(struct usage *usage, const struct usage *other)
{
	add(&usage->turns, other->turns);
	add(&usage->input_tokens, other->input_tokens);
	add(&usage->output_tokens, other->output_tokens);
	add(&usage->cached_tokens, other->cached_tokens);
	add(&usage->total_tokens, other->total_tokens);
	usage->cost += other->cost;
	usage->context_used = other->context_used;
	usage->context_size = other->context_size;
	if (other->currency[0])
		snprintf(usage->currency, sizeof(usage->currency), "%s", other->currency);
}

void usage_add_json(struct buf *b, const struct usage *usage)
{
	json_kv_int(b, "turns", usage->turns);
	json_kv_int(b, "inputTokens", usage->input_tokens);
	json_kv_int(b, "outputTokens", usage->output_tokens);
	json_kv_int(b, "cachedTokens", usage->cached_tokens);
	json_kv_int(b, "totalTokens", usage->total_tokens);
	if (usage->context_size) {
		json_kv_int(b, "contextUsed", usage->context_used);
		json_kv_int(b, "contextSize", usage->context_size);
	}
	if (usage->currency[0]) {
		char amount[64];
		snprintf(amount, sizeof(amount), "%.6f", usage->cost);
		json_kv_raw(b, "cost", span_of(amount));
		json_kv_string(b, "currency", usage->currency);
	}
}
