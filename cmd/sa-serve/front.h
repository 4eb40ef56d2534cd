/*
 * The state that sa-serve's parts share. One process, one thread, one epoll
 * loop over all connections: measured, it is the only shape that is ahead
 * on kept connections and on new ones (a fork for each costs 1.3 ms and
 * collapses at 256). Whatever is not the transport is a command's work; the
 * commands behind hot routes are kept running, see routes.h.
 *
 *   client -> conn (bytes) -> exchange (one request) -> routes
 *          -> asks (a line to a filter) | children (a spawned command)
 *          -> answer (head and body) -> conn -> client
 */
#ifndef SA_SERVE_FRONT_H
#define SA_SERVE_FRONT_H

#include "base/buf.h"
#include "base/error.h"
#include "cli/options.h"
#include "http/request.h"
#include "log.h"
#include "metrics.h"
#include "os/beneath.h"
#include "os/loop.h"
#include "timers.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

enum {
	READ_BYTES = 64 * 1024,	 /* one read(2) of a client or a command */
	OUT_BYTES = 256 * 1024,	 /* waiting for a client; above, its next request waits */
	SKIP_BYTES = 256 * 1024, /* of a refused body that are read for the next request's sake */
	SMALL_UPLOAD_BYTES = 32 * 1024, /* goes to its command in one message: fits into a pipe */
	LISTENERS_MAX = 16,
	FILTER_QUEUE_BYTES = 256 << 20,	 /* waiting for one command's input; above: 409 */
	COMMAND_OUTPUT_BYTES = 64 << 20, /* what a spawned command may answer */
	COMMAND_ERROR_BYTES = 64 * 1024,
	COMMAND_WORDS_MAX = 32,
	PARAMS_BYTES = 256 * 1024,
	LINGER_MS = 2000,	/* for the client to take the last answer */
	HALF_CLOSED_MS = 10000, /* for an answer to a client that has shut its side down */
	ADOPT_AFTER_MS = 20,	/* a long request is then handed to its command: adopt.h */
};

/* What the command line says. Times in milliseconds, 0: no limit. */
struct front_options {
	const char *host;
	uint64_t port;
	const char *unix_path;
	bool is_inetd;	   /* one connection on descriptors 0 and 1 */
	bool is_one_fd;	   /* ... which are one socket */
	const char *token; /* NULL: none is wanted */
	bool is_open;	   /* --no-token: whatever the address */
	bool is_keeping_sessions;
	struct string_list cors_origins;
	struct string_list cors_methods;
	struct string_list cors_headers;
	bool is_cors_credentials;
	struct string_list hosts; /* beside the local ones */
	uint64_t header_bytes;
	uint64_t body_bytes;	/* of a JSON body */
	uint64_t message_bytes; /* of an ACP message or a prompt */
	uint64_t buffer_bytes;	/* of all such bodies together */
	uint64_t connections;
	uint64_t requests; /* of one connection; 0: no limit */
	uint64_t waiting;  /* requests with one command at once; above: 409 */
	uint64_t commands; /* running at once, filters and streams among them; above: 409 */
	int64_t header_ms;
	int64_t body_ms;
	int64_t write_ms;
	int64_t idle_ms;
	int64_t stop_ms;
	const char *ui;		/* the inspector's folder; NULL: where it is installed */
	const char *access_log; /* NULL: as the environment says */
};

struct listener {
	struct front *front;
	int fd;
	struct watch watch;
	bool is_unix;
};

struct conn;
struct ask_table;
struct child;

struct front {
	const struct front_options *options;
	struct loop loop;
	struct watch signals;
	struct listener listeners[LISTENERS_MAX];
	size_t listener_count;
	bool has_run_commands;
	bool is_public; /* listens on an address that is not loopback */
	struct timers timers;
	struct conn *conns;
	struct conn *gone; /* to be freed at the end of the iteration */
	size_t conn_count;
	size_t buffered;   /* bytes of bodies being collected */
	struct beneath ui; /* the inspector's folder; without one fd is -1 */
	char *ui_path;	   /* where it was found; owned */
	struct ask_table *asks;
	struct child *children;
	size_t child_count;
	struct log log;
	struct metrics metrics;
	struct http_limits limits;
	struct http_request request; /* scratch: the head that is being looked at */
	struct rlimit file_limit;    /* as it was at our start */
	char *read_buffer;
	char id_prefix[16]; /* of request ids */
	uint64_t next_request;
	bool is_stopping;
	bool is_keeping; /* what was started goes on without us */
	int64_t stop_deadline;
};

/* Serve until told to stop, or until the one connection of --inetd is over. Exit status, or -1. */
int front_run(const struct front_options *options, struct sa_error *err);

#endif
