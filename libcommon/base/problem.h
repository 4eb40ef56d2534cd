/*
 * The kinds of things that go wrong, once for the whole toolkit: each kind
 * has the name of its RFC 9457 problem type, its title, its HTTP status and
 * its exit status. sa(7) prints the same table.
 */
#ifndef SA_BASE_PROBLEM_H
#define SA_BASE_PROBLEM_H

/* Exit statuses that scripts may branch on. */
enum sa_exit {
	SA_EXIT_OK = 0,
	SA_EXIT_FAILED = 1,
	SA_EXIT_USAGE = 2,
	SA_EXIT_NOT_FOUND = 3,
	SA_EXIT_CONFLICT = 4,
	SA_EXIT_DENIED = 5,
	SA_EXIT_TIMEOUT = 6,
	SA_EXIT_AGENT = 7,
	SA_EXIT_UNREACHABLE = 8,
	SA_EXIT_BUG = 70,
};

enum problem_kind {
	PROBLEM_NONE,
	PROBLEM_FAILED,
	PROBLEM_INVALID_REQUEST,
	PROBLEM_UNSUPPORTED_AGENT,
	PROBLEM_NOT_FOUND,
	PROBLEM_SESSION_NOT_FOUND,
	PROBLEM_AGENT_NOT_INSTALLED,
	PROBLEM_INSTALL_FAILED,
	PROBLEM_CONFLICT,
	PROBLEM_SESSION_BUSY,
	PROBLEM_PRECONDITION_FAILED,
	PROBLEM_RANGE_NOT_SATISFIABLE,
	PROBLEM_PERMISSION_DENIED,
	PROBLEM_TOKEN_INVALID,
	PROBLEM_AUTH_REQUIRED,
	PROBLEM_TIMEOUT,
	PROBLEM_REQUEST_EXPIRED, /* nobody answered what the agent asked */
	PROBLEM_LIMIT_REACHED,	 /* a session is at the end of what it may use */
	PROBLEM_AGENT_PROCESS_EXITED,
	PROBLEM_AGENT_ERROR,
	PROBLEM_AGENT_STALLED,
	PROBLEM_STREAM_ERROR,
	PROBLEM_STORE_ERROR,
	PROBLEM_STORE_FULL,
	PROBLEM_TOO_LARGE,
	PROBLEM_NOT_ACCEPTABLE,
	PROBLEM_UNSUPPORTED_MEDIA_TYPE,
	PROBLEM_DESKTOP_DEPENDENCIES_MISSING,
	PROBLEM_DESKTOP_RUNTIME_INACTIVE,
	PROBLEM_DESKTOP_RUNTIME_FAILED,
	PROBLEM_DESKTOP_INVALID_ACTION,
	PROBLEM_DESKTOP_INPUT_FAILED,
	PROBLEM_DESKTOP_SCREENSHOT_FAILED,
	PROBLEM_NO_FOCUSED_WINDOW,
	PROBLEM_WINDOW_NOT_FOUND,
	PROBLEM_APP_NOT_FOUND,
	PROBLEM_BUG,
	PROBLEM_KIND_COUNT,
};

struct problem_info {
	const char *name; /* last part of urn:sandbox-agent:error:<name> */
	const char *title;
	int http_status;
	int exit_status; /* enum sa_exit */
};

/* Never NULL; a kind outside the enum yields PROBLEM_BUG's row. */
const struct problem_info *problem_info(enum problem_kind kind);
/* The kind with this name; PROBLEM_FAILED for a name that is not in the table. */
enum problem_kind problem_kind_of_name(const char *name);

#endif
