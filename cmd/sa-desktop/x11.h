/*
 * Where windows really are, asked of the display itself: xdotool counts the border and the title
 * bar of a window manager's frame twice. By libxcb, which is there since xdotool needs it.
 */
#ifndef SA_DESKTOP_X11_H
#define SA_DESKTOP_X11_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct x11;

/* Connect to the display of the environment (DISPLAY); x11_close() ends it. NULL with
 * PROBLEM_DESKTOP_RUNTIME_FAILED. */
struct x11 *x11_open(struct sa_error *err);
void x11_close(struct x11 *x);
static inline void x11_close_fn(struct x11 **x)
{
	x11_close(*x);
}
#define cleanup_x11 __attribute__((cleanup(x11_close_fn)))

/* The upper left corner of what is drawn in the window, in pixels of the screen. False: it is gone.
 * (X11 protocol, TranslateCoordinates) */
bool x11_origin(struct x11 *x, uint32_t window, int *ret_x, int *ret_y);

#endif
