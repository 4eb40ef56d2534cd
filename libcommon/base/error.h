/*
 * The error that fallible functions fill: it lives on the caller's stack,
 * says what kind of problem this is, and collects context while it is
 * passed up. libcommon never prints it; the main wrapper does, once.
 */
#ifndef SA_BASE_ERROR_H
#define SA_BASE_ERROR_H

#include "base/problem.h"

enum { ERROR_MESSAGE_BYTES = 2048 };

struct sa_error {
	enum problem_kind kind;
	int errnum;			   /* errno, or 0 */
	char message[ERROR_MESSAGE_BYTES]; /* UTF-8 is kept whole when cut */
};

#define SA_ERROR_INIT ((struct sa_error){.kind = PROBLEM_NONE})

/* Set kind and message. Returns -1, so that "return error_set(...)" reads well. */
int error_set(struct sa_error *err, enum problem_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same from errno: the message gets ": " and strerror(errnum) at its end. */
int error_set_errno(struct sa_error *err, enum problem_kind kind, int errnum, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Put "<context>: " in front of the message. Returns -1. */
int error_prefix(struct sa_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
