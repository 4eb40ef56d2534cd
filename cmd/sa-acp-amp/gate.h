/*
 * How Amp's questions reach the adapter: a folder of a session's own with
 *
 *   settings.json  the user's settings, and rules that delegate what is more than reading
 *   sa-amp-ask     a link to this program; Amp runs it for each such call (helper.h)
 *   socket         where that program asks
 */
#ifndef AMP_GATE_H
#define AMP_GATE_H

#include "adapter/wire.h"
#include "base/error.h"

struct session;
struct question;

#define GATE_HELPER "sa-amp-ask"
#define GATE_SOCKET "socket"
#define GATE_SETTINGS "settings.json"
/* An answer is this, or the reason why not. */
#define GATE_ALLOW "allow"
/* The longest call that is asked about, bytes; and how many ask at once. */
#define GATE_LINE_BYTES ((size_t)16 << 20)
enum { GATE_PEERS_MAX = 64 };

/* A helper that asks. */
struct gate_peer {
	struct gate_peer *next;
	struct session *session;
	struct wire wire;
	struct question *question; /* the one it waits for */
	bool is_answered, is_gone;
};

struct gate {
	char *folder; /* NULL: not open */
	struct loop *loop;
	struct watch watch; /* of the socket */
	struct gate_peer *peers;
};

void gate_init(struct gate *gate, struct loop *loop);
/* Make the folder unless it is there, and write the settings as they are to be now. 0, or -1. */
int gate_open(struct session *session, struct sa_error *err);
/* The path of the settings file, caller frees. */
char *gate_settings(const struct gate *gate);
void gate_answer(struct gate_peer *peer, const char *answer);
/* Send what is left, forget who has gone. */
void gate_tick(struct gate *gate);
void gate_close(struct gate *gate);

#endif
