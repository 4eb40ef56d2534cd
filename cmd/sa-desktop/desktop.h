/*
 * The desktop of this user: a virtual display with a window manager, whose
 * programs are managed processes (sa-process, owner desktop). What is known
 * of it is one file, state.json, written whole; processes in it are believed
 * with their start time and boot only.
 */
#ifndef SA_DESKTOP_DESKTOP_H
#define SA_DESKTOP_DESKTOP_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"
#include "os/procid.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	STATE_BYTES = 64 * 1024,
	PART_NAME_BYTES = 16,
	PROCESS_ID_BYTES = 32,
	DISPLAY_BYTES = 16,
	BUS_BYTES = 256,
};

enum part_kind {
	PART_XVFB,
	PART_OPENBOX,
	PART_DBUS,
	PART_RECORDER,
	PART_CLIPBOARD, /* the three selections of X11, each with who hands it out */
	PART_PRIMARY,
	PART_SECONDARY,
	PART_COUNT,
};

/* A managed process; id is empty when there is none. */
struct part {
	char id[PROCESS_ID_BYTES];
	struct procid who;
};

struct state {
	bool is_active;
	int display_number, width, height, dpi, fps;
	int64_t started_ms;
	struct procid starter; /* the filter that started it; pid 0: a person */
	char bus[BUS_BYTES];   /* D-Bus address, or empty */
	char recording[PROCESS_ID_BYTES];
	struct part parts[PART_COUNT];
};

struct desktop {
	char *folder; /* owned */
	int folder_fd;
	int lock_fd;
	bool is_filter;
	struct state state;
	struct buf extensions; /* members of the problem, without braces */
};

/* Open the folder and read the state. 0, or -1. */
int desktop_open(struct desktop *d, struct sa_error *err);
void desktop_close(struct desktop *d);
/* Read the state again; of an earlier boot it is none. 0, or -1. */
int desktop_read(struct desktop *d, struct sa_error *err);
int desktop_write(struct desktop *d, struct sa_error *err);
/* Others wait meanwhile (flock). Reads the state. 0, or -1. */
int desktop_lock(struct desktop *d, struct sa_error *err);
void desktop_unlock(struct desktop *d);
/* A line into desktop-runtime.log; the caller frees the path of it. */
char *desktop_log_path(const struct desktop *d);
void desktop_log(const struct desktop *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

const char *part_name(enum part_kind kind);
bool part_is_alive(const struct part *part);
/* ":99"; out has DISPLAY_BYTES. */
void desktop_display(const struct state *state, char *out);

/* Append a JSON array of the wanted programs that are not on PATH. How many there are. */
size_t missing_add(struct buf *b);
#define INSTALL_COMMAND "sandbox-agent install desktop --yes"
/* All wanted programs are there: 0; else -1 with PROBLEM_DESKTOP_DEPENDENCIES_MISSING. */
int missing_check(struct desktop *d, struct sa_error *err);
/* The same for one that only some actions want. */
int missing_check_one(struct desktop *d, const char *program, struct sa_error *err);

#endif
