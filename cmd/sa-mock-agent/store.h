/*
 * Sessions on disk: one file of JSON lines per session, "<id>.jsonl", in a
 * folder of mode 0700; files are 0600 and only ever appended to. Records:
 *   {"session":{"cwd":...}}        first line
 *   {"prompt":[ContentBlock...]}   what the user said
 *   {"update":{...}}               a session/update that belongs to the history
 *   {"set":{"mode"|"model"|"thought_level"|"cwd":...}}
 * A line that does not parse is skipped.
 */
#ifndef MOCK_STORE_H
#define MOCK_STORE_H

#include "base/error.h"
#include "base/span.h"
#include "json/lines.h"

#include <stdbool.h>
#include <stdint.h>

/* "mock-" and 32 hex digits, with the NUL. */
enum { STORE_ID_BYTES = 5 + 32 + 1 };

struct store {
	char *dir;  /* NULL: nothing is kept */
	int dir_fd; /* -1 until the first use */
};

/* dir NULL: $SA_MOCK_STATE, else $XDG_STATE_HOME/sandbox-agent/mock-agent,
 * else below $HOME/.local/state. is_off, or no folder known: keeps nothing. */
void store_init(struct store *store, const char *dir, bool is_off);
void store_free(struct store *store);

/* Is this an id of ours, and hence safe as a file name? */
bool store_id_is_valid(const char *id);
/* A new id from the kernel's random numbers; ret_id has STORE_ID_BYTES. */
int store_new_id(char *ret_id, struct sa_error *err);

int store_create(struct store *store, const char *id, struct span record, struct sa_error *err);
int store_append(struct store *store, const char *id, struct span records, struct sa_error *err);
/* Gone afterwards, whether it was there or not. */
void store_remove(struct store *store, const char *id);

/* The kept sessions, newest first; free the array with free(). */
struct store_entry {
	char id[STORE_ID_BYTES];
	int64_t updated_ms;
};
size_t store_list(struct store *store, struct store_entry **ret_entries);

/* Reading a session's records in order, with little memory. */
struct store_reader {
	int fd;
	char *chunk;
	struct lines lines;
	bool is_ended;
};
#define STORE_READER_NONE ((struct store_reader){.fd = -1})
/* 0, or -1 when there is no such session. */
int store_reader_open(struct store_reader *reader, struct store *store, const char *id);
/* The next record that is a JSON object; false at the end. */
bool store_reader_next(struct store_reader *reader, struct span *ret_record);
void store_reader_close(struct store_reader *reader); /* may be called twice */

#endif
