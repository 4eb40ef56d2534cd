#include "base/error.h"
#include "base/utf8.h"
#include "tap.h"

#include <errno.h>

static void setting(void)
{
	struct sa_error err = SA_ERROR_INIT;
	is_int(error_set(&err, PROBLEM_NOT_FOUND, "no session '%s'", "x"), -1, "set yields -1");
	is_str(err.message, "no session 'x'", "the message is formatted");
	is_int(err.kind, PROBLEM_NOT_FOUND, "the kind is kept");
	is_int(error_prefix(&err, "resume %d", 7), -1, "prefix yields -1");
	is_str(err.message, "resume 7: no session 'x'", "context goes in front");
	is_int(err.kind, PROBLEM_NOT_FOUND, "and leaves the kind");
	error_set_errno(&err, PROBLEM_FAILED, ENOENT, "open %s", "f");
	is_str(err.message, "open f: No such file or directory", "errno is told in words");
	is_int(err.errnum, ENOENT, "and kept");
	error_set(&err, PROBLEM_FAILED, "again: %s", err.message);
	is_str(err.message, "again: open f: No such file or directory",
	       "a message may be made from itself");
	is_int(err.errnum, 0, "a new error forgets the old errno");
}

static void cutting(void)
{
	char text[ERROR_MESSAGE_BYTES * 2];
	for (int shift = 0; shift < 4; shift++) {
		struct sa_error err = SA_ERROR_INIT;
		memset(text, 'a', sizeof(text));
		for (size_t i = (size_t)shift; i + 4 < sizeof(text); i += 4)
			memcpy(text + i, "\xf0\x9f\x98\x80", 4);
		text[sizeof(text) - 1] = '\0';
		error_set(&err, PROBLEM_FAILED, "%s", text);
		size_t n = strlen(err.message);
		ok(n < ERROR_MESSAGE_BYTES && n >= ERROR_MESSAGE_BYTES - 4,
		   "a long message fills the room (shift %d)", shift);
		ok(utf8_is_valid(span_of(err.message)), "and ends between characters (shift %d)",
		   shift);
		error_prefix(&err, "context");
		ok(span_starts_with(span_of(err.message), "context: ") &&
		       utf8_is_valid(span_of(err.message)),
		   "context still fits in front (shift %d)", shift);
	}
	struct sa_error err = SA_ERROR_INIT;
	memset(text, 'a', ERROR_MESSAGE_BYTES);
	text[ERROR_MESSAGE_BYTES - 1] = '\0';
	error_set(&err, PROBLEM_FAILED, "%s", text);
	is_str(err.message, text, "a message that just fits is whole");
	memset(text, 0x80, sizeof(text));
	memcpy(text, "agent: ", 7);
	text[sizeof(text) - 1] = '\0';
	error_set(&err, PROBLEM_FAILED, "%s", text);
	ok(strlen(err.message) > 1000, "stray bytes do not swallow the whole message");
}

static void kinds(void)
{
	bool is_right = true;
	for (int kind = PROBLEM_NONE; kind < PROBLEM_KIND_COUNT; kind++) {
		const struct problem_info *info = problem_info((enum problem_kind)kind);
		is_right = is_right && info->name && info->title && info->http_status >= 200;
		if (kind > PROBLEM_NONE)
			is_right = is_right &&
				   problem_kind_of_name(info->name) == (enum problem_kind)kind &&
				   info->exit_status > 0 && info->http_status >= 400;
	}
	ok(is_right, "every kind has a whole row and is found by its name");
	is_str(problem_info((enum problem_kind)9999)->name, "bug", "a kind outside is a bug");
	is_int(problem_kind_of_name("nonsense"), PROBLEM_FAILED, "an unknown name is 'failed'");
	is_int(problem_kind_of_name("none"), PROBLEM_FAILED, "'none' is no problem's name");
}

int main(void)
{
	setting();
	cutting();
	kinds();
	return done_testing();
}
