#include "x11.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/library.h"

#include <stddef.h>
#include <stdlib.h>

/* What of xcb/xcb.h and xcb/xproto.h is used, so that its headers need not be there. */
struct xcb_connection;
struct xcb_setup;
struct xcb_screen {
	uint32_t root;
	/* and more */
};
struct xcb_screen_iterator {
	struct xcb_screen *data;
	int rem, index;
};
struct xcb_cookie {
	unsigned sequence;
};
struct xcb_translation {
	uint8_t response_type, same_screen;
	uint16_t sequence;
	uint32_t length, child;
	int16_t x, y;
};

#define XCB_FUNCTIONS(X)                                                                    \
	X(struct xcb_connection *, xcb_connect, (const char *, int *))                      \
	X(int, xcb_connection_has_error, (struct xcb_connection *))                         \
	X(void, xcb_disconnect, (struct xcb_connection *))                                  \
	X(const struct xcb_setup *, xcb_get_setup, (struct xcb_connection *))               \
	X(struct xcb_screen_iterator, xcb_setup_roots_iterator, (const struct xcb_setup *)) \
	X(struct xcb_cookie, xcb_translate_coordinates,                                     \
	  (struct xcb_connection *, uint32_t, uint32_t, int16_t, int16_t))                  \
	X(struct xcb_translation *, xcb_translate_coordinates_reply,                        \
	  (struct xcb_connection *, struct xcb_cookie, void **))

static struct xcb_functions {
#define POINTER(type, name, arguments) type(*name) arguments;
	XCB_FUNCTIONS(POINTER)
#undef POINTER
} lib;

struct x11 {
	struct xcb_connection *connection;
	uint32_t root;
};

static int load(struct sa_error *err)
{
	static const char *const files[] = {"libxcb.so.1", NULL};
	static const struct library_function functions[] = {
#define ROW(type, name, arguments) {#name, offsetof(struct xcb_functions, name)},
	    XCB_FUNCTIONS(ROW)
#undef ROW
	};
	static struct library library = {
	    .files = files,
	    .functions = functions,
	    .function_count = ARRAY_SIZE(functions),
	    .kind = PROBLEM_DESKTOP_RUNTIME_FAILED,
	    .missing = "windows need libxcb (Debian: apt install libxcb1)",
	};
	return library_load(&library, &lib, err);
}

struct x11 *x11_open(struct sa_error *err)
{
	if (load(err) < 0)
		return NULL;
	struct xcb_connection *connection = lib.xcb_connect(NULL, NULL);
	if (lib.xcb_connection_has_error(connection)) {
		lib.xcb_disconnect(connection);
		error_set(err, PROBLEM_DESKTOP_RUNTIME_FAILED, "the display does not answer");
		return NULL;
	}
	struct x11 *x = xcalloc(1, sizeof(*x));
	x->connection = connection;
	x->root = lib.xcb_setup_roots_iterator(lib.xcb_get_setup(connection)).data->root;
	return x;
}

void x11_close(struct x11 *x)
{
	if (x)
		lib.xcb_disconnect(x->connection);
	free(x);
}

bool x11_origin(struct x11 *x, uint32_t window, int *ret_x, int *ret_y)
{
	void *problem = NULL;
	struct xcb_translation *said = lib.xcb_translate_coordinates_reply(
	    x->connection, lib.xcb_translate_coordinates(x->connection, window, x->root, 0, 0),
	    &problem);
	free(problem);
	if (!said)
		return false;
	*ret_x = said->x;
	*ret_y = said->y;
	free(said);
	return true;
}
