/*
 * Running programs that end: tools with their output and a deadline, and
 * sa-process, which starts and ends those that go on.
 */
#ifndef SA_DESKTOP_TOOL_H
#define SA_DESKTOP_TOOL_H

#include "desktop.h"

#include <stddef.h>

enum {
	TOOL_DEADLINE_MS = 5000,     /* an action */
	CAPTURE_DEADLINE_MS = 20000, /* a screenshot */
	READY_DEADLINE_MS = 15000,   /* until a program of the desktop is ready */
	END_DEADLINE_MS = 8000,	     /* for processes to end */
	TOOL_TEXT_BYTES = 1 << 20,   /* of output that is read as text */
	TOOL_ARGS_MAX = 128,
};

/* An argv in the making: words are borrowed. */
struct words {
	const char *items[TOOL_ARGS_MAX + 1]; /* ends with NULL */
	size_t count;
};
void words_add(struct words *w, const char *word);
#define WORDS_ADD(w, ...)                                                                       \
	do {                                                                                    \
		const char *const words_[] = {__VA_ARGS__};                                     \
		for (size_t words_i = 0; words_i < sizeof(words_) / sizeof(*words_); words_i++) \
			words_add(w, words_[words_i]);                                          \
	} while (0)

struct tool {
	struct words words;
	struct span input;   /* its standard input; NONE: nothing */
	int input_fd;	     /* the same as a file, read from its start; -1: none */
	int out_fd;	     /* its standard output; -1: into out */
	bool is_one_line;    /* the first line of output is enough */
	int64_t deadline_ms; /* 0: TOOL_DEADLINE_MS */
};
#define TOOL_INIT ((struct tool){.input_fd = -1, .out_fd = -1})

/*
 * Run it. Its exit status (128 + a signal's number), or -1: PROBLEM_TIMEOUT
 * after it was killed with all its group, or what starting it said.
 */
int tool_run(const struct tool *tool, struct buf *out, struct buf *errors, struct sa_error *err);

/*
 * Start a program of the desktop, with its display and private home. ret_pid
 * may be NULL. 0, or -1: PROBLEM_NOT_FOUND when there is no such program.
 */
int managed_start(struct desktop *d, const char *const *argv, struct part *ret,
		  struct sa_error *err);
/* The first line that it prints there (stdout, stderr), at most READY_DEADLINE_MS from now. 0, or
 * -1 when it ends. */
int managed_first_line(const struct part *part, const char *stream, struct buf *line,
		       struct sa_error *err);
/* End it and all below it. */
void managed_end(struct part *part);
/* The same, and forget that there was one. */
void managed_forget(struct part *part);

#endif
