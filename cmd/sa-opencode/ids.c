#include "ids.h"

#include "base/cleanup.h"
#include "base/ident.h"
#include "base/xalloc.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { TIME_DIGITS = 12, PER_MS = 0x1000, RANDOM_LENGTH = 14 };
#define TIME_MASK ((1ULL << 48) - 1)

static char *message_id(uint64_t time, const char *server_uid, int64_t index)
{
	return xasprintf("msg_%012llx%s%08llx", (unsigned long long)(time & TIME_MASK), server_uid,
			 (unsigned long long)index);
}

char *id_of_message(int64_t at_ms, const char *server_uid, int64_t index)
{
	return message_id((uint64_t)at_ms * PER_MS, server_uid, index);
}

/* The time in an id that is made like ours, or 0. */
static uint64_t time_of(const char *id)
{
	char digits[TIME_DIGITS + 1] = "";
	if (strncmp(id, "msg_", 4) != 0)
		return 0;
	for (size_t i = 0; i < TIME_DIGITS; i++) {
		if (!isxdigit((unsigned char)id[4 + i]))
			return 0;
		digits[i] = id[4 + i];
	}
	return strtoull(digits, NULL, 16);
}

char *id_of_answer(const char *parent, int64_t at_ms, const char *server_uid, int64_t index)
{
	uint64_t time = time_of(parent);
	return message_id((time ? time : (uint64_t)at_ms * PER_MS) + 1, server_uid, index);
}

char *id_of_part(const char *server_uid, int64_t index, size_t number)
{
	return xasprintf("part_%s_%010lld_%04zu", server_uid, (long long)index, number);
}

char *id_of_ask(bool is_question, const char *server_uid, int64_t index)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	buf_addf(&b, "%s%s-%lld", is_question ? "q_" : "perm_", server_uid, (long long)index);
	return buf_take(&b);
}

char *id_of_session(int64_t at_ms)
{
	cleanup_free char *rest = ident_random(RANDOM_LENGTH);
	return xasprintf("ses_%012llx%s",
			 (unsigned long long)((uint64_t)at_ms * PER_MS & TIME_MASK), rest);
}

/* FNV-1a: it only has to be the same each time. */
char *id_of_project(const char *directory)
{
	uint64_t hash = 0xcbf29ce484222325ULL;
	for (const char *at = directory; *at; at++)
		hash = (hash ^ (unsigned char)*at) * 0x100000001b3ULL;
	return xasprintf("proj_%016llx", (unsigned long long)hash);
}
