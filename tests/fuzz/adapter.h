/*
 * For fuzz targets of the adapters: an adapter without descriptors, whose
 * input is lines of the native agent; a line that begins with '>' is the
 * client's result for the oldest request that waits. Whatever comes in,
 * what goes out to either side must be JSON lines.
 */
#ifndef SA_TESTS_FUZZ_ADAPTER_H
#define SA_TESTS_FUZZ_ADAPTER_H

#include "adapter/adapter.h"
#include "adapter/prompt.h"
#include "base/cleanup.h"
#include "fuzz/fuzz.h"
#include "json/scan.h"
#include "json/write.h"

#include <string.h>

static const struct adapter_method fuzz_no_methods[] = {{NULL, NULL}};

static inline void fuzz_adapter_init(struct adapter *adapter, void *arg)
{
	*adapter = (struct adapter){
	    .name = "fuzz",
	    .loop = {.fd = -1},
	    .methods = fuzz_no_methods,
	    .arg = arg,
	    .next_id = 1,
	    .client_can = {.has_forms = true},
	};
	adapter->client.queue = BUF_INIT(BUF_MAX_OWN);
	adapter->client.in.fd = adapter->client.out.fd = -1;
}

static inline void fuzz_require_lines(struct span out)
{
	while (out.n) {
		size_t bad_offset;
		const char *newline = memchr(out.p, '\n', out.n);
		fuzz_require(newline != NULL);
		struct span line = {out.p, (size_t)(newline - out.p)};
		fuzz_require(json_check(line, &bad_offset) == 0);
		out.p += line.n + 1;
		out.n -= line.n + 1;
	}
}

static inline void fuzz_answer(struct adapter *adapter, struct span result)
{
	const struct adapter_ask *oldest = adapter->asks;
	while (oldest && oldest->next)
		oldest = oldest->next;
	if (!oldest)
		return;
	cleanup_buf struct buf line = BUF_INIT(BUF_MAX_OWN);
	json_open(&line, '{');
	json_kv_int(&line, "id", oldest->id);
	json_kv_raw(&line, "result", result);
	json_close(&line, '}');
	adapter_line(adapter, buf_span(&line));
}

/* Hand the input over, line by line; native gets arg. */
static inline void fuzz_lines(struct adapter *adapter, const uint8_t *data, size_t size,
			      void (*native)(void *arg, struct span line), void *arg)
{
	struct span rest = {(const char *)data, size};
	while (rest.n) {
		const char *newline = memchr(rest.p, '\n', rest.n);
		struct span line = {rest.p, newline ? (size_t)(newline - rest.p) : rest.n};
		size_t bad_offset;
		bool is_answer = line.n && line.p[0] == '>';
		struct span json =
		    span_trim(is_answer ? (struct span){line.p + 1, line.n - 1} : line);
		/* What is no JSON is only complained about. */
		if (json_check(json, &bad_offset) == 0) {
			if (is_answer)
				fuzz_answer(adapter, json);
			else
				native(arg, line);
		}
		rest.p += line.n + (newline ? 1 : 0);
		rest.n -= line.n + (newline ? 1 : 0);
	}
	fuzz_require_lines(buf_span(&adapter->client.queue));
}

/* One prompt that runs, request 9. */
static inline void fuzz_prompt(struct prompts *prompts)
{
	struct sa_error err = SA_ERROR_INIT;
	struct buf body = BUF_INIT(BUF_MAX_OWN);
	buf_adds(&body, "[]");
	prompts_add(prompts, SPAN_LIT("9"), &body, &err);
	prompts->first->is_sent = true;
}

static inline void fuzz_adapter_free(struct adapter *adapter)
{
	for (struct adapter_ask *ask = adapter->asks, *next; ask; ask = next) {
		next = ask->next;
		free(ask);
	}
	buf_free(&adapter->client.queue);
}

#endif
