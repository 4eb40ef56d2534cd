#include "lockfile.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "json/scan.h"
#include "json/write.h"
#include "os/io.h"
#include "package.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char *platform(void)
{
	static char name[64];
	snprintf(name, sizeof(name), "linux-%s", platform_arch());
	return name;
}

int lockfile_read(const char *path, struct buf *text, struct sa_error *err)
{
	struct sa_error why = SA_ERROR_INIT;
	if (io_read_file(path, text, &why) < 0) {
		if (why.kind == PROBLEM_NOT_FOUND)
			return 0;
		*err = why;
		return -1;
	}
	if (span_trim(buf_span(text)).n == 0)
		return 0;
	if (json_check(buf_span(text), NULL) == 0 &&
	    json_int_or(json_get(buf_span(text), "lockfileVersion"), 0) == 1)
		return 0;
	return error_set(err, PROBLEM_INVALID_REQUEST, "%s is no lock file of sa-install-agent",
			 path);
}

struct span lockfile_entry(struct span lockfile, const char *component)
{
	struct span all = json_get(lockfile, "components");
	return json_get(json_get(all, component), platform());
}

/* The members of object but for one, then that one anew. */
static void add_replaced(struct buf *b, struct span object, const char *name, struct span value)
{
	struct json_iter it = json_iter(object);
	struct span key, old;
	json_open(b, '{');
	while (json_type(object) == JSON_OBJECT && json_next(&it, &key, &old)) {
		cleanup_free char *text = json_string_dup(key);
		if (text && strcmp(text, name) != 0)
			json_kv_raw(b, text, old);
	}
	json_kv_raw(b, name, value);
	json_close(b, '}');
}

int lockfile_write(const char *path, const char *component, struct span entry, struct sa_error *err)
{
	cleanup_buf struct buf old = BUF_INIT(LOCKFILE_MAX_BYTES);
	if (lockfile_read(path, &old, err) < 0)
		return -1;
	struct span components = json_get(buf_span(&old), "components");
	cleanup_buf struct buf one = BUF_INIT(LOCKFILE_MAX_BYTES);
	cleanup_buf struct buf all = BUF_INIT(LOCKFILE_MAX_BYTES);
	cleanup_buf struct buf text = BUF_INIT(LOCKFILE_MAX_BYTES);
	add_replaced(&one, json_get(components, component), platform(), entry);
	add_replaced(&all, components, component, buf_span(&one));
	json_open(&text, '{');
	json_kv_int(&text, "lockfileVersion", 1);
	json_kv_raw(&text, "components", buf_span(&all));
	json_close(&text, '}');
	buf_addc(&text, '\n');
	cleanup_free char *next = xasprintf("%s.new", path);
	cleanup_close int fd = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (text.is_overflowed)
		return error_set(err, PROBLEM_TOO_LARGE, "%s would become too large", path);
	if (fd < 0 || io_write_all(fd, buf_span(&text)) < 0 || fsync(fd) < 0 ||
	    rename(next, path) < 0) {
		error_set_errno(err, PROBLEM_INSTALL_FAILED, errno, "write %s", path);
		unlink(next);
		return -1;
	}
	return 0;
}
