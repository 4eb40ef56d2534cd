/*
 * The filter form of a command: requests as JSON lines in, answers as JSON
 * lines out, in any order, until the end of input. sa-serve keeps such
 * commands running behind its hot routes; in a shell they are pipes.
 *
 *   request  {"ref":R,"op":"stat","params":{...},"headers":{...},"body":{...},"fd":true}
 *   answer   {"ref":R,"status":200,"headers":{...},"fd":true,"file":{"offset":0,"length":N},
 *             "result":{...}}
 *   answer   {"ref":R,"problem":{"type":"urn:sandbox-agent:error:KIND","title":...},
 *             "headers":{...}}
 *
 * All but op may be absent. ref is any JSON value and comes back as it was.
 * params are path captures and query parameters: out of a URL every value is
 * a string, so "5" and 5, "true" and true mean the same. body is the JSON
 * body and result becomes one, byte for byte. With "fd" a descriptor comes
 * along (channel.h); "file" says which part of it is the HTTP body.
 */
#ifndef SA_FILTER_FILTER_H
#define SA_FILTER_FILTER_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"
#include "filter/channel.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * In the environment of everything that one sa-serve starts, however far down: its name. A
 * command that is told to shut down ends what carries it.
 */
#define FILTER_OWNER_TAG "SANDBOX_AGENT_OWNER"

/* Spans into the line; SPAN_NONE when absent. */
struct filter_request {
	struct span ref;
	struct span op; /* text without quotes */
	struct span params;
	struct span headers;
	struct span body;
	bool has_fd;   /* channel_take_fd() yields it */
	bool is_aside; /* in a process of its own: it may take its time */
};

/* Take a line apart (SPAN_NONE: it was too long). 0; -1 with PROBLEM_INVALID_REQUEST, and ref set if the line has one. */
int filter_parse(struct span line, struct filter_request *ret, struct sa_error *err);

/*
 * A parameter as text: strings unescaped, numbers and booleans as written.
 * NULL when absent (or null); the caller frees. A string with U+0000 or an
 * object counts as absent.
 */
char *filter_param(const struct filter_request *request, const char *name);
/* The same, wanted: NULL with PROBLEM_INVALID_REQUEST that names it. */
char *filter_param_wanted(const struct filter_request *request, const char *name,
			  struct sa_error *err);
/* true or false; *ret stays when absent. 0; -1 with PROBLEM_INVALID_REQUEST otherwise. */
int filter_param_bool(const struct filter_request *request, const char *name, bool *ret,
		      struct sa_error *err);
/* A whole number from least to most; *ret stays when absent. 0, or -1 as above. */
int filter_param_int(const struct filter_request *request, const char *name, int64_t least,
		     int64_t most, int64_t *ret, struct sa_error *err);

/* What goes back; the spans are borrowed, fd is taken by filter_answer(). */
struct filter_reply {
	int status;	     /* 0: 200, or 204 without result and file */
	struct span headers; /* a JSON object of strings, or NONE */
	struct span result;  /* JSON, or NONE */
	int fd;		     /* -1: none */
	int64_t offset;	     /* with fd: the body is length bytes from offset; length -1: no body */
	int64_t length;
	struct span extensions; /* beside -1: members of the problem, without braces; or NONE */
				/* headers count beside -1, too */
};
#define FILTER_REPLY_INIT ((struct filter_reply){.fd = -1, .length = -1})

/* Queue an answer. A descriptor that cannot travel becomes a problem. */
void filter_answer(struct channel *c, struct span ref, const struct filter_reply *reply);
/* Queue a problem; extensions: more members without braces ("\"agent\":\"x\""), or NONE. */
void filter_answer_problem(struct channel *c, struct span ref, const struct sa_error *err,
			   struct span extensions);

/*
 * One operation of a command that answers at once. 0 with reply filled
 * (result may lie in scratch, which is empty on entry), or -1 with err.
 * fd is the request's descriptor (-1: none); the function owns it.
 * FILTER_LONG, unless the request is_aside already: nothing is done yet and
 * it would take long; it is called again aside (aside.h), and answers
 * without a descriptor.
 */
enum { FILTER_LONG = 1 };
typedef int filter_fn(void *arg, const struct filter_request *request, int fd, struct buf *scratch,
		      struct filter_reply *reply, struct sa_error *err);
struct filter_op {
	const char *name; /* NULL ends the table */
	filter_fn *fn;
};

/* Serve descriptor 0 and 1 until the end of input, one request after the other but for those that
 * take long. Exit status, or -1 with err. */
int filter_serve(const struct filter_op *ops, void *arg, struct sa_error *err);
/* One request of a caller with a loop of its own: find the op, run it, queue the answer. */
void filter_dispatch(struct channel *c, const struct filter_op *ops, void *arg, struct span line);

#endif
