/*
 * The inspector: files of one folder, read for each request and served below
 * /ui/ without a token. A page of them asks the API for everything else.
 *
 *   /ui, /ui/          index.html
 *   /ui/a/b.js         that file; 404 when there is none
 *   /ui/a/b            (no dot in the last name) a place within the page: index.html
 *
 * Names are opened beneath the folder (os/beneath.h): nothing leads out of it.
 */
#ifndef SA_SERVE_UI_H
#define SA_SERVE_UI_H

#include "conn.h"
#include "http/request.h"

enum { UI_FILE_BYTES = 2 << 20 }; /* of one file; above: 404, as if it were not there */

/*
 * Open the folder: named, or NULL for the installed one (share/sandbox-agent/ui
 * beside the program's bin), else the source tree's, for a program in build/bin.
 * 0; -1 only for a named one that cannot be opened: without any, all of /ui is 404.
 */
int ui_open(struct front *front, const char *named, struct sa_error *err);
/* Answer a GET or HEAD for /ui... */
void ui_answer(struct conn *c, const struct http_request *r);

#endif
