#include "place.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "os/dirs.h"
#include "os/io.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

enum { SMALL_FILE_BYTES = 256 };

int place_init(struct place *place, const char *host, unsigned port, struct sa_error *err)
{
	cleanup_free char *data = dirs_data();
	if (!data)
		return error_set(err, PROBLEM_FAILED, "no home directory; set XDG_DATA_HOME");
	cleanup_free char *name = xstrdup(host);
	for (char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p))
			*p = '-';
	bool is_v6 = strchr(host, ':') && host[0] != '[';
	place->url = xasprintf("http://%s%s%s:%u", is_v6 ? "[" : "", host, is_v6 ? "]" : "", port);
	place->base = xasprintf("%s/daemon/daemon-%s-%u", data, name, port);
	place->log = xasprintf("%s.log", place->base);
	return 0;
}

void place_clear(struct place *place)
{
	free(place->url);
	free(place->base);
	free(place->log);
	*place = (struct place){.url = NULL};
}

int place_lock(const struct place *place, struct sa_error *err)
{
	cleanup_free char *folder =
	    xmemdup0(place->base, (size_t)(strrchr(place->base, '/') - place->base));
	if (dirs_make(folder, err) < 0)
		return -1;
	cleanup_free char *path = xasprintf("%s.lock", place->base);
	cleanup_close int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "open %s", path);
	int rc;
	do
		rc = flock(fd, LOCK_EX);
	while (rc < 0 && errno == EINTR);
	if (rc < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "lock %s", path);
	return TAKE_FD(fd);
}

int place_open_log(const struct place *place, struct sa_error *err)
{
	struct stat st;
	if (stat(place->log, &st) == 0 && st.st_size > LOG_BYTES_MAX) {
		cleanup_free char *old = xasprintf("%s.old", place->log);
		rename(place->log, old);
	}
	int fd = open(place->log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "open %s", place->log);
	return fd;
}

/* One small file, without its line end. NULL when it is not there or no such thing. */
static char *read_small(const struct place *place, const char *ending)
{
	struct sa_error ignored;
	cleanup_free char *path = xasprintf("%s%s", place->base, ending);
	cleanup_buf struct buf b = BUF_INIT(SMALL_FILE_BYTES);
	if (io_read_file(path, &b, &ignored) < 0)
		return NULL;
	struct span text = span_trim(buf_span(&b));
	return xmemdup0(text.p, text.n);
}

static bool parse_id(const char *text, struct procid *ret_id, char *ret_boot)
{
	const char *space = strchr(text, ' ');
	const char *second = space ? strchr(space + 1, ' ') : NULL;
	uint64_t pid;
	if (!second || strlen(second + 1) >= BOOT_ID_BYTES ||
	    num_parse_u64((struct span){text, (size_t)(space - text)}, INT_MAX, &pid) < 0 ||
	    num_parse_u64((struct span){space + 1, (size_t)(second - space - 1)}, UINT64_MAX,
			  &ret_id->start) < 0)
		return false;
	ret_id->pid = (pid_t)pid;
	memcpy(ret_boot, second + 1, strlen(second + 1) + 1);
	return true;
}

enum place_state place_read(const struct place *place, struct procid *ret_id)
{
	char boot[BOOT_ID_BYTES], boot_now[BOOT_ID_BYTES];
	cleanup_free char *pid = read_small(place, ".pid");
	cleanup_free char *id = read_small(place, ".id");
	if (!id)
		return pid ? PLACE_STALE : PLACE_EMPTY;
	procid_boot_id(boot_now);
	if (!parse_id(id, ret_id, boot) || strcmp(boot, boot_now) != 0 || !procid_is_alive(*ret_id))
		return PLACE_STALE;
	return PLACE_ALIVE;
}

char *place_read_version(const struct place *place)
{
	return read_small(place, ".version");
}

/* Beside it, then in its place: nobody reads half of it. */
static int write_small(const struct place *place, const char *ending, const char *text,
		       struct sa_error *err)
{
	cleanup_free char *path = xasprintf("%s%s", place->base, ending);
	cleanup_free char *new_path = xasprintf("%s.new", path);
	cleanup_close int fd =
	    open(new_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || io_write_all(fd, span_of(text)) < 0 || rename(new_path, path) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "write %s", path);
	return 0;
}

int place_write(const struct place *place, struct procid id, const char *version,
		struct sa_error *err)
{
	char boot[BOOT_ID_BYTES];
	procid_boot_id(boot);
	cleanup_free char *identity =
	    xasprintf("%d %llu %s\n", id.pid, (unsigned long long)id.start, boot);
	cleanup_free char *pid = xasprintf("%d\n", id.pid);
	cleanup_free char *line = xasprintf("%s\n", version);
	if (write_small(place, ".id", identity, err) < 0 ||
	    write_small(place, ".version", line, err) < 0 ||
	    write_small(place, ".pid", pid, err) < 0)
		return -1;
	return 0;
}

char *place_others(const struct place *place)
{
	const char *own = strrchr(place->base, '/') + 1;
	cleanup_free char *folder = xmemdup0(place->base, (size_t)(own - place->base));
	DIR *dir = opendir(folder);
	struct dirent *entry;
	cleanup_buf struct buf found = BUF_INIT(BUF_MAX_OWN);
	while (dir && (entry = readdir(dir))) {
		char *ending = strrchr(entry->d_name, '.');
		if (!ending || strcmp(ending, ".id") != 0)
			continue;
		*ending = '\0';
		const char *port = strrchr(entry->d_name, '-');
		cleanup_free char *base = xasprintf("%s%s", folder, entry->d_name);
		struct place other = {.base = base};
		struct procid id;
		if (port && strcmp(entry->d_name, own) != 0 &&
		    place_read(&other, &id) == PLACE_ALIVE)
			buf_addf(&found, "%sPID %d (--port %s)", found.len ? ", " : "", id.pid,
				 port + 1);
	}
	if (dir)
		closedir(dir);
	return found.len ? buf_take(&found) : NULL;
}

void place_forget(const struct place *place)
{
	static const char *const endings[] = {".pid", ".id", ".version"};
	for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
		cleanup_free char *path = xasprintf("%s%s", place->base, endings[i]);
		unlink(path);
	}
}
