/*
 * The files of one background server, named after its host and port, in
 * the data directory's "daemon":
 *   .pid       its process id, for people and scripts
 *   .id        "PID START BOOT": with its start time, so that a pid that
 *              belongs to somebody else by now is not believed
 *   .version   the build that was started
 *   .log       what it prints
 *   .lock      held while somebody starts or stops it
 */
#ifndef SA_PLACE_H
#define SA_PLACE_H

#include "base/error.h"
#include "os/procid.h"

#include <stdbool.h>

/* A log that has grown beyond this is put aside as .log.old at the next start. */
enum { LOG_BYTES_MAX = 16 << 20 };

struct place {
	char *url;  /* http://host:port */
	char *base; /* folder and the files' common start */
	char *log;
};

/* Fill ret; makes nothing. 0, or -1 without a home. */
int place_init(struct place *place, const char *host, unsigned port, struct sa_error *err);
void place_clear(struct place *place);
static inline void place_clear_fn(struct place *place)
{
	place_clear(place);
}
#define cleanup_place __attribute__((cleanup(place_clear_fn)))

/* Make the folder and take the lock, waiting for whoever has it. A descriptor, or -1. */
int place_lock(const struct place *place, struct sa_error *err);
/* Open the log for appending. A descriptor, or -1. */
int place_open_log(const struct place *place, struct sa_error *err);

enum place_state {
	PLACE_EMPTY, /* nothing written down */
	PLACE_STALE, /* written down, but that process is gone */
	PLACE_ALIVE, /* ret_id is it */
};
enum place_state place_read(const struct place *place, struct procid *ret_id);
/* The build written down (caller frees), or NULL. */
char *place_read_version(const struct place *place);
int place_write(const struct place *place, struct procid id, const char *version,
		struct sa_error *err);
/* The living servers that other places of this user tell of: "PID 12 (--port 4000), PID ...", or NULL
 * when there are none. The caller frees it. */
char *place_others(const struct place *place);
/* Remove what place_write() wrote. */
void place_forget(const struct place *place);

#endif
