/*
 * The operations: one function each, whoever asks - the filter for sa-serve
 * or a verb of the shell. A request is the filter's (params, body); the
 * answer is JSON in out, or a descriptor in reply.
 */
#ifndef SA_DESKTOP_OP_H
#define SA_DESKTOP_OP_H

#include "desktop.h"
#include "filter/filter.h"

typedef int op_fn(struct desktop *d, const struct filter_request *r, struct buf *out,
		  struct filter_reply *reply, struct sa_error *err);

op_fn op_status, op_start, op_stop, op_shutdown;			     /* runtime.c */
op_fn op_display, op_screenshot, op_screenshot_region;			     /* screen.c */
op_fn op_mouse_position, op_mouse_move, op_mouse_click, op_mouse_down;	     /* mouse.c */
op_fn op_mouse_up, op_mouse_drag, op_mouse_scroll;			     /* mouse.c */
op_fn op_keyboard_type, op_keyboard_press, op_keyboard_down, op_keyboard_up; /* keyboard.c */
op_fn op_windows, op_window_focused, op_window_focus, op_window_move,
    op_window_resize;							      /* window.c */
op_fn op_clipboard_get, op_clipboard_set;				      /* clipboard.c */
op_fn op_launch, op_open;						      /* launch.c */
op_fn op_recordings, op_recording_show, op_recording_delete;		      /* recording.c */
op_fn op_recording_download, op_recording_start, op_recording_stop;	      /* recording.c */
op_fn op_stream_status, op_stream_start, op_stream_stop, op_stream_signaling; /* stream.c */

/* Run the operation of that name with the request; the problem's members are in d->extensions. */
int op_run(struct desktop *d, const struct filter_request *r, struct buf *out,
	   struct filter_reply *reply, struct sa_error *err);
/* The filter. */
int op_serve(struct sa_error *err);

/*
 * A whole number of the body within bounds. *ret stays when absent.
 * has: was it there; NULL: it is wanted. 0, or -1 with
 * PROBLEM_DESKTOP_INVALID_ACTION.
 */
int body_int(const struct filter_request *r, const char *name, int64_t least, int64_t most,
	     int64_t *ret, bool *has, struct sa_error *err);
/* true or false; absent (or null) leaves *ret. 0; -1 with PROBLEM_DESKTOP_INVALID_ACTION. */
int body_bool(struct span object, const char *name, bool *ret, struct sa_error *err);
/* Text that is not empty; the caller frees. NULL with PROBLEM_DESKTOP_INVALID_ACTION. */
char *body_text(const struct filter_request *r, const char *name, struct sa_error *err);

/* Where the pointer is, once the desktop runs. 0, or -1. */
int mouse_where(int64_t *ret_x, int64_t *ret_y, struct sa_error *err);

/* Append the windows as a JSON array. How many there are, or -1. */
int windows_add(struct buf *b, struct sa_error *err);
/* Their ids, a line each. 0, or -1. */
int windows_list(struct buf *ret_ids, struct sa_error *err);
/* Until the program has a window that was not there before; none is appended when it ends, or takes
 * too long. 0, or -1. */
int window_await(const struct part *program, const struct buf *before, struct buf *ret_id,
		 struct sa_error *err);

/* The desktop must run; parts that have died are started again. 0, or -1. */
int runtime_ensure(struct desktop *d, struct sa_error *err);

#endif
