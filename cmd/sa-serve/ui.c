#include "ui.h"

#include "answer.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "http/condition.h"
#include "http/uri.h"
#include "os/dirs.h"
#include "os/io.h"
#include "json/write.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The page runs what this folder holds and speaks to this server, nothing else. */
#define POLICY                                                                                  \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " \
	"connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; "           \
	"form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "      \
	"trusted-types 'none'"

static const struct {
	const char *ending, *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".json", "application/json"},
    {".png", "image/png"},
    {".woff2", "font/woff2"},
    {".txt", "text/plain; charset=utf-8"},
};

int ui_open(struct front *front, const char *named, struct sa_error *err)
{
	static const char *const below[] = {"../share/sandbox-agent/ui", "../../cmd/sa-serve/ui",
					    "../../../cmd/sa-serve/ui"};
	if (named) {
		if (beneath_init(&front->ui, named) < 0)
			return error_set_errno(err, PROBLEM_NOT_FOUND, errno, "--ui %s", named);
		front->ui_path = xstrdup(named);
		return 0;
	}
	cleanup_free char *bin = dirs_program();
	for (size_t i = 0; bin && i < ARRAY_SIZE(below); i++) {
		cleanup_free char *path = xasprintf("%s/%s", bin, below[i]);
		if (beneath_init(&front->ui, path) == 0) {
			front->ui_path = TAKE_PTR(path);
			return 0;
		}
	}
	return 0;
}

static const char *type_of(const char *path)
{
	size_t n = strlen(path);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		size_t m = strlen(types[i].ending);
		if (n > m && strcmp(path + n - m, types[i].ending) == 0)
			return types[i].type;
	}
	return "application/octet-stream";
}

/* The file that a URL's path means; NULL: a broken escape or a NUL in it. */
static char *file_name(struct span path)
{
	struct span prefix = SPAN_LIT("/ui/");
	cleanup_buf struct buf name = BUF_INIT(path.n + 1);
	if (path.n <= prefix.n)
		return xstrdup("index.html");
	struct span raw = {path.p + prefix.n, path.n - prefix.n};
	if (http_percent_decode(&name, raw) < 0 || memchr(name.data, '\0', name.len))
		return NULL;
	buf_addc(&name, '\0');
	const char *slash = strrchr(name.data, '/');
	return xstrdup(strchr(slash ? slash : name.data, '.') ? name.data : "index.html");
}

/* An upgrade may have put another folder in ours' place. True when it has: that one is ours now. */
static bool is_replaced(struct front *front)
{
	struct stat ours, there;
	struct beneath fresh = BENEATH_ALL;
	if (fstat(front->ui.fd, &ours) < 0 || stat(front->ui_path, &there) < 0 ||
	    (ours.st_dev == there.st_dev && ours.st_ino == there.st_ino) ||
	    beneath_init(&fresh, front->ui_path) < 0)
		return false;
	beneath_close(&front->ui);
	front->ui = fresh;
	return true;
}

/* A regular file of the folder, open; -1 without. */
static int open_file(struct front *front, const char *name, struct stat *ret_st)
{
	struct stat st;
	if (front->ui.fd < 0)
		return -1;
	cleanup_close int fd = beneath_open(&front->ui, name, O_RDONLY | O_NONBLOCK, 0);
	if (fd < 0 && is_replaced(front))
		fd = beneath_open(&front->ui, name, O_RDONLY | O_NONBLOCK, 0);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > UI_FILE_BYTES)
		return -1;
	*ret_st = st;
	return TAKE_FD(fd);
}

void ui_answer(struct conn *c, const struct http_request *r)
{
	struct stat st;
	cleanup_free char *name = file_name(r->target.path);
	cleanup_close int fd = name ? open_file(c->front, name, &st) : -1;
	cleanup_buf struct buf body = BUF_INIT(UI_FILE_BYTES + 1);
	struct sa_error err = SA_ERROR_INIT;
	if (fd < 0 || io_read_all(fd, &body, name, &err) < 0) {
		answer_kind(c, PROBLEM_NOT_FOUND, "the inspector has no such file");
		return;
	}
	cleanup_free char *etag = xasprintf("\"%llx-%llx-%llx\"", (unsigned long long)st.st_size,
					    (unsigned long long)st.st_mtim.tv_sec * 1000000000ULL +
						(unsigned long long)st.st_mtim.tv_nsec,
					    (unsigned long long)st.st_ino);
	cleanup_buf struct buf fields = BUF_INIT(4096);
	json_open(&fields, '{');
	json_kv_string(&fields, "etag", etag);
	json_kv_string(&fields, "cache-control", "no-cache");
	json_kv_string(&fields, "x-content-type-options", "nosniff");
	json_kv_string(&fields, "referrer-policy", "no-referrer");
	json_kv_string(&fields, "content-security-policy", POLICY);
	json_close(&fields, '}');
	if (http_etag_matches(http_request_find(r, "if-none-match"), span_of(etag), true))
		answer_text(c, 304, NULL, SPAN_NONE, buf_span(&fields));
	else
		answer_text(c, 200, type_of(name), body.len ? buf_span(&body) : span_of(""),
			    buf_span(&fields));
}
