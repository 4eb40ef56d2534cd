/*
 * follow --interactive: what agents ask is answered on the terminal, one
 * question after the other, while events go on. A question that somebody
 * else answers meanwhile, or whose agent ends, is withdrawn.
 */
#ifndef SA_EVENTS_QUESTIONS_H
#define SA_EVENTS_QUESTIONS_H

#include "cli/form.h"
#include "view.h"

#include "base/buf.h"
#include "base/error.h"

struct follower;
struct question;

struct questions {
	int fd; /* the terminal, -1: not interactive */
	struct buf line; /* what was typed so far */
	struct question *first; /* oldest first; this one is being asked */
	struct form form;
	bool is_shown; /* the prompt stands at the end of what is printed */
	bool is_asked; /* first was introduced */
};

/* Open the terminal. 0, or -1 with PROBLEM_INVALID_REQUEST when there is none. */
int questions_open(struct questions *q, struct sa_error *err);
void questions_close(struct questions *q);

/* Learn from a record: something is asked, or answered. Appends what there is to tell. */
void questions_note(struct questions *q, struct follower *f, struct view *view, struct buf *out);
/* The agent behind f is gone. */
void questions_drop(struct questions *q, const struct follower *f, struct buf *out);
/* Something else is printed: the prompt must be left first. */
void questions_interrupt(struct questions *q, struct buf *out);
/* Everything is printed: append the prompt if one is due. */
void questions_prompt(struct questions *q, struct buf *out);
/* The terminal is readable. Appends what there is to tell. */
void questions_read(struct questions *q, struct buf *out);

#endif
