/* What a session has used, out of any messages (one a line): sums never go backwards nor leave
 * their range, and their record is JSON. */
/* max: 8192 */
#include "acp/usage.h"
#include "fuzz.h"
#include "json/scan.h"

#include <math.h>
#include <string.h>

static void check(const struct usage *now, const struct usage *before)
{
	struct buf b = BUF_INIT(BUF_MAX_OWN);
	fuzz_require(now->turns >= before->turns && now->input_tokens >= before->input_tokens &&
		     now->output_tokens >= before->output_tokens &&
		     now->cached_tokens >= before->cached_tokens &&
		     now->total_tokens >= before->total_tokens);
	fuzz_require(isfinite(now->cost) && now->cost >= before->cost);
	buf_addc(&b, '{');
	usage_add_json(&b, now);
	buf_addc(&b, '}');
	fuzz_require(json_check(buf_span(&b), NULL) == 0);
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct usage usage = {.turns = 0}, sum = {.turns = 0};
	struct span text = {(const char *)data, size};
	while (text.n) {
		const struct usage before = usage;
		const char *newline = memchr(text.p, '\n', text.n);
		struct span line = {text.p, newline ? (size_t)(newline - text.p) : text.n};
		text = (struct span){line.p + line.n, text.n - line.n};
		if (newline) {
			text.p++;
			text.n--;
		}
		/* Its first byte says whether it answers a prompt. */
		bool is_answer = line.n && *line.p == 'a';
		if (is_answer) {
			line.p++;
			line.n--;
		}
		if (json_check(line, NULL) == 0)
			usage_learn(&usage, is_answer ? SPAN_LIT("session/prompt") : SPAN_NONE,
				    line);
		check(&usage, &before);
		usage_add(&sum, &usage);
		check(&sum, &(struct usage){.turns = 0});
	}
	return 0;
}
