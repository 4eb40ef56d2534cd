/* The client's side of a WebSocket (RFC 6455) to a route of the server. */
#ifndef SA_API_WEBSOCKET_H
#define SA_API_WEBSOCKET_H

#include "client.h"

/* A whole message of the server. */
typedef void websocket_fn(void *arg, bool is_text, struct span message);

struct websocket {
	struct client_link link;
	void *frames;	/* wslay's */
	struct buf in;	/* bytes behind the handshake */
	struct buf out; /* what the connection has not taken yet */
	websocket_fn *fn;
	void *arg;
	bool is_gone; /* no more comes, and nothing can be sent */
};

/* Connect and shake hands. 0; -1: as client_connect(), or what the server's refusal means. */
int websocket_open(struct websocket *ws, struct client *client, const char *path, websocket_fn *fn,
		   void *arg, struct sa_error *err);
void websocket_close(struct websocket *ws);
/* Queue a text message, and send as much as the connection takes. */
void websocket_send(struct websocket *ws, struct span text);
/* Send what waits, take what came: after poll(2) said so. */
void websocket_turn(struct websocket *ws);

#endif
