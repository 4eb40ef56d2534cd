/* Requests to a sandbox-agent server. */
#ifndef SA_CLIENT_H
#define SA_CLIENT_H

#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define ENDPOINT_DEFAULT "http://127.0.0.1:2468"
#define ENDPOINT_VARIABLE "SANDBOX_AGENT_ENDPOINT"

enum { CONNECT_MS = 10000 };
/* Longest answer that is collected in memory, bytes; bodies that go to a sink have no limit. */
#define ANSWER_BYTES_MAX ((size_t)256 << 20)

struct client {
	const char *endpoint; /* http://..., https://... or unix:PATH */
	char *token;	      /* NULL: none; owned */
	int64_t timeout_ms;   /* of a whole request; 0: none, a prompt takes as long as it takes */
	bool is_json;	      /* problems as they came, not in words */
};

/*
 * endpoint and flag may be NULL: then the environment, then the default;
 * file too. 0, or -1 with PROBLEM_INVALID_REQUEST.
 */
int client_init(struct client *client, const char *endpoint, const char *flag, const char *file,
		struct sa_error *err);
void client_clear(struct client *client);

/* A piece of a successful answer. 0 to go on; else the request ends, and that is no error. */
typedef int client_sink(void *arg, struct span data);

struct request {
	const char *method;
	const char *path;	  /* encoded, with its query; begins with '/' */
	const char *content_type; /* NULL: application/json, if there is a body */
	struct span body;	  /* SPAN_NONE: none */
	int body_fd;		  /* read to its end as the body; -1: none */
	const char *accept;	  /* NULL: application/json */
	const char *header;	  /* one more, "Name: value"; NULL: none */
	client_sink *sink;	  /* NULL: collect */
	void *sink_arg;
};
#define REQUEST(verb, where) ((struct request){.method = (verb), .path = (where), .body_fd = -1})

struct answer {
	long status;
	struct buf body; /* what no sink took */
	bool is_stopped; /* the sink wanted no more */
};
#define ANSWER_INIT ((struct answer){.body = BUF_INIT(ANSWER_BYTES_MAX)})
static inline void answer_free_fn(struct answer *answer)
{
	buf_free(&answer->body);
}
#define cleanup_answer __attribute__((cleanup(answer_free_fn)))

/* Send and wait. 0 whatever the status is; -1: PROBLEM_STREAM_ERROR when the server cannot be
 * reached or breaks off, PROBLEM_TIMEOUT, PROBLEM_TOO_LARGE. */
int client_send(struct client *client, const struct request *request, struct answer *ret,
		struct sa_error *err);

/*
 * What a refusal means: 0 for a status below 300; else -1 with the problem's
 * kind and words. A problem that is a usage error to the server is
 * PROBLEM_FAILED here: this command was used rightly.
 */
int client_judge(const struct answer *answer, struct sa_error *err);

/*
 * Send, and tell of a refusal: 0 with a successful answer; an exit status
 * above 0 when the server's problem was printed; -1 with err.
 */
int client_call(struct client *client, const struct request *request, struct answer *ret,
		struct sa_error *err);

/* A connection for bytes both ways, TLS included. */
struct client_link {
	void *easy;
	int fd; /* to poll(2) for; -1: none */
};
#define CLIENT_LINK_INIT ((struct client_link){.fd = -1})

/* 0, or -1 as client_send(). */
int client_connect(struct client *client, struct client_link *ret, struct sa_error *err);
void client_link_close(struct client_link *link);
/* As send(2) and recv(2): bytes; 0 at the end; -1 with EAGAIN, or EIO. */
ssize_t client_link_send(const struct client_link *link, struct span data);
ssize_t client_link_recv(const struct client_link *link, void *data, size_t n);

#endif
