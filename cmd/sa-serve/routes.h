/*
 * The one table of routes: what is asked for, which command does it, what
 * the body is and what the answer is. sa-serve itself does nothing but '/'
 * and the health check.
 *
 * Three ways to shell out:
 *
 *   ASK(command, op)     a request line to "command filter", which is started
 *                        once and kept (libcommon/filter/filter.h):
 *        {"ref":R,"op":OP,"requestId":ID,"params":{...},"headers":{...},"body":{...}}
 *        params: captures of the pattern and all query parameters, decoded,
 *        every value a string; a capture beats a parameter of its name, and
 *        access_token is never among them. headers: those that the row
 *        names, as sent. body: for BODY_JSON, its bytes with line ends
 *        outside of strings as spaces.
 *        An answer with "file" is a body of that part of the descriptor.
 *   ONCE(command, op)    the same with a process for this one request, for
 *                        what takes long and blocks.
 *   SPAWN(command, ...)  the command with these words; the body is its
 *                        standard input, standard output the answer's body;
 *                        a failure is the problem document on its standard error.
 *
 * An UPLOAD is two requests: OP.begin (params) answers {"handle":H} with a
 * descriptor ("fd":true) that the front writes the body into; then
 * OP.commit or OP.abort with the same params and "handle".
 *
 * A STREAM or a SOCKET first asks the op: a problem is the answer; any
 * success means that the words are run with the client's connection as
 * standard output (a socket: as standard input too). The head has been
 * written by then. Bytes of a WebSocket that came too early are in
 * descriptor 3, a file: "--preread-fd 3" is put after the verb then.
 *
 * A STREAM without an op is not asked first; the body is its standard input.
 *
 * Words: "{name}" is the parameter or header of that name, and a word with
 * one that is absent is left out. Operands stand behind "--".
 *
 * When the client of an ASK with tells_gone leaves before the answer, the
 * command hears {"op":"gone","params":{"of":R}} and need not answer. When the server
 * ends in order it hears {"op":"shutdown"}: end what you started, answer, exit.
 */
#ifndef SA_SERVE_ROUTES_H
#define SA_SERVE_ROUTES_H

#include "base/span.h"
#include "http/request.h"

#include <stdbool.h>
#include <stddef.h>

enum route_body {
	BODY_NONE,     /* read and dropped */
	BODY_JSON,     /* wanted: 415 without its media type, 400 when it is not JSON */
	BODY_OPTIONAL, /* JSON, or nothing at all */
	BODY_UPLOAD,   /* any bytes, into the descriptor of OP.begin */
	BODY_STDIN,    /* any bytes, the command's standard input */
	BODY_HELD,     /* the same, but its end is told: descriptor 3 gets a byte, and 4 holds the
			* input open until then. Its end alone is a server that was killed. */
};

enum route_answer {
	ANSWER_JSON,
	ANSWER_METRICS, /* {"text":...} behind our own figures */
	ANSWER_STREAM,	/* server-sent events */
	ANSWER_SOCKET,	/* a WebSocket */
};

enum route_limit {
	LIMIT_BODY,    /* --body-limit */
	LIMIT_MESSAGE, /* --message-limit: ACP messages, prompts */
	LIMIT_NONE,
};

enum { ROUTE_NAME_BYTES = 32 }; /* of a parameter, a header, an op */

struct route {
	const char *method;
	const char *pattern; /* "{name}" takes one segment that is not empty */
	const char
	    *condition;	     /* the row counts only with this "name=value" in the query; or NULL */
	bool is_if_stream;   /* the row counts only when Accept names text/event-stream */
	const char *command; /* NULL: the front answers with body_text */
	const char *op;
	const char *const *words;
	const char *text;    /* the front's own answer */
	const char *headers; /* lower case, separated by spaces, that travel along */
	const char *renames; /* "mcpName=name ...": parameters under another name */
	const char *media;   /* what a BODY_STDIN must be; else 400 */
	const char *accept;  /* Accept must admit this; else 406 */
	enum route_body body;
	enum route_answer answer;
	enum route_limit limit;
	bool is_ui;   /* the front answers with a file: ui.h */
	bool is_deep; /* the pattern's last name takes all that is left, even nothing */
	bool is_once;
	bool is_open;	  /* no token wanted */
	bool is_harmless; /* tells nothing to a foreign page */
	bool is_long;	  /* may outlive the front: see adopt.h */
	bool tells_gone;
	bool has_error_list; /* OpenCode: {"errors":[{"message":TEXT}]}; a Basic password is a token
			      */
};

extern const struct route routes[];
extern const size_t route_count;

#endif
