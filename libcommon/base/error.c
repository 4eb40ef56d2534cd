#include "base/error.h"

#include "base/utf8.h"
#include "base/xalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Copy with truncation at a character's edge. */
static void set_message(struct sa_error *err, const char *text)
{
	size_t n = strlen(text);
	if (n >= sizeof(err->message))
		n = utf8_cut((struct span){text, n}, sizeof(err->message) - 1);
	memmove(err->message, text, n);
	err->message[n] = '\0';
}

static int __attribute__((format(printf, 4, 0)))
vset(struct sa_error *err, enum problem_kind kind, int errnum, const char *fmt, va_list ap)
{
	char *text = NULL;
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	err->kind = kind;
	err->errnum = errnum;
	if (errnum) {
		char *full = xasprintf("%s: %s", text ? text : "", strerror(errnum));
		free(text);
		text = full;
	}
	set_message(err, text ? text : "");
	free(text);
	return -1;
}

int error_set(struct sa_error *err, enum problem_kind kind, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vset(err, kind, 0, fmt, ap);
	va_end(ap);
	return -1;
}

int error_set_errno(struct sa_error *err, enum problem_kind kind, int errnum, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vset(err, kind, errnum, fmt, ap);
	va_end(ap);
	return -1;
}

int error_prefix(struct sa_error *err, const char *fmt, ...)
{
	char *context = NULL;
	va_list ap;
	va_start(ap, fmt);
	int n = vasprintf(&context, fmt, ap);
	va_end(ap);
	if (n < 0)
		return -1;
	char *full = xasprintf("%s: %s", context, err->message);
	set_message(err, full);
	free(full);
	free(context);
	return -1;
}
