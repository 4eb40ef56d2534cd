#include "store.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "json/scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	STORE_CHUNK_BYTES = 64 * 1024,
	STORE_SESSIONS_MAX = 100000, /* more files than that are not listed */
};
/* A prompt of the greatest length still makes one record. */
#define STORE_LINE_MAX (LINES_LIMIT_DEFAULT + ((size_t)4 << 20))

static const char *env_path(const char *name)
{
	const char *value = getenv(name);
	return value && *value ? value : NULL;
}

void store_init(struct store *store, const char *dir, bool is_off)
{
	*store = (struct store){.dir_fd = -1};
	const char *own = dir ? dir : env_path("SA_MOCK_STATE");
	const char *state = env_path("XDG_STATE_HOME"), *home = env_path("HOME");
	if (is_off)
		return;
	if (own)
		store->dir = xstrdup(own);
	else if (state)
		store->dir = xasprintf("%s/sandbox-agent/mock-agent", state);
	else if (home)
		store->dir = xasprintf("%s/.local/state/sandbox-agent/mock-agent", home);
}

void store_free(struct store *store)
{
	if (store->dir_fd >= 0)
		close(store->dir_fd);
	free(store->dir);
}

bool store_id_is_valid(const char *id)
{
	return strlen(id) == STORE_ID_BYTES - 1 && memcmp(id, "mock-", 5) == 0 &&
	       strspn(id + 5, "0123456789abcdef") == 32;
}

int store_new_id(char *ret_id, struct sa_error *err)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char random_bytes[16];
	if (getrandom(random_bytes, sizeof(random_bytes), 0) != sizeof(random_bytes))
		return error_set_errno(err, PROBLEM_FAILED, errno, "random numbers");
	memcpy(ret_id, "mock-", 5);
	for (size_t i = 0; i < sizeof(random_bytes); i++) {
		ret_id[5 + 2 * i] = digits[random_bytes[i] >> 4];
		ret_id[6 + 2 * i] = digits[random_bytes[i] & 15];
	}
	ret_id[STORE_ID_BYTES - 1] = '\0';
	return 0;
}

static void make_folders(const char *dir)
{
	cleanup_free char *path = xstrdup(dir);
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	mkdir(path, 0700);
}

/* Open the folder, which is made when is_made and missing. 0, or -1 with errno. */
static int open_folder(struct store *store, bool is_made)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	errno = ENOENT;
	if (!store->dir)
		return -1;
	if (store->dir_fd < 0)
		store->dir_fd = open(store->dir, flags);
	if (store->dir_fd < 0 && errno == ENOENT && is_made) {
		make_folders(store->dir);
		store->dir_fd = open(store->dir, flags);
	}
	return store->dir_fd < 0 ? -1 : 0;
}

static void file_name(const char *id, char *ret_name)
{
	memcpy(ret_name, id, STORE_ID_BYTES - 1);
	memcpy(ret_name + STORE_ID_BYTES - 1, ".jsonl", sizeof(".jsonl"));
}

static int append(struct store *store, const char *id, int flags, struct span data,
		  struct sa_error *err)
{
	if (!store->dir || data.n == 0)
		return 0;
	char name[STORE_ID_BYTES + sizeof(".jsonl")];
	file_name(id, name);
	if (open_folder(store, true) < 0)
		return error_set_errno(err, PROBLEM_STORE_ERROR, errno, "open '%s'", store->dir);
	cleanup_close int fd =
	    openat(store->dir_fd, name, flags | O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_set_errno(err, PROBLEM_STORE_ERROR, errno, "open '%s/%s'", store->dir,
				       name);
	while (data.n) {
		ssize_t n = write(fd, data.p, data.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set_errno(err, PROBLEM_STORE_ERROR, errno, "write '%s/%s'",
					       store->dir, name);
		data.p += n;
		data.n -= (size_t)n;
	}
	return 0;
}

int store_create(struct store *store, const char *id, struct span record, struct sa_error *err)
{
	return append(store, id, O_CREAT | O_EXCL, record, err);
}

int store_append(struct store *store, const char *id, struct span records, struct sa_error *err)
{
	return append(store, id, 0, records, err);
}

void store_remove(struct store *store, const char *id)
{
	char name[STORE_ID_BYTES + sizeof(".jsonl")];
	file_name(id, name);
	if (open_folder(store, false) == 0)
		unlinkat(store->dir_fd, name, 0);
}

static int compare_entries(const void *a, const void *b)
{
	const struct store_entry *x = a, *y = b;
	if (x->updated_ms != y->updated_ms)
		return x->updated_ms < y->updated_ms ? 1 : -1;
	return strcmp(x->id, y->id);
}

/* The id in a file name; false when it is no session of ours. */
static bool name_to_entry(int dir_fd, const char *name, struct store_entry *ret_entry)
{
	struct stat st;
	if (strlen(name) != STORE_ID_BYTES - 1 + strlen(".jsonl") ||
	    strcmp(name + STORE_ID_BYTES - 1, ".jsonl") != 0)
		return false;
	memcpy(ret_entry->id, name, STORE_ID_BYTES - 1);
	ret_entry->id[STORE_ID_BYTES - 1] = '\0';
	if (!store_id_is_valid(ret_entry->id) ||
	    fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return false;
	ret_entry->updated_ms = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
	return true;
}

size_t store_list(struct store *store, struct store_entry **ret_entries)
{
	*ret_entries = NULL;
	if (open_folder(store, false) < 0)
		return 0;
	cleanup_close int fd = openat(store->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_closedir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return 0;
	TAKE_FD(fd);
	size_t count = 0, room = 0;
	struct dirent *item;
	while ((item = readdir(dir)) && count < STORE_SESSIONS_MAX) {
		struct store_entry entry;
		if (!name_to_entry(store->dir_fd, item->d_name, &entry))
			continue;
		if (count == room) {
			room = room ? room * 2 : 16;
			*ret_entries = xreallocarray(*ret_entries, room, sizeof(entry));
		}
		(*ret_entries)[count++] = entry;
	}
	if (count)
		qsort(*ret_entries, count, sizeof(**ret_entries), compare_entries);
	return count;
}

int store_reader_open(struct store_reader *reader, struct store *store, const char *id)
{
	*reader = STORE_READER_NONE;
	char name[STORE_ID_BYTES + sizeof(".jsonl")];
	if (!store_id_is_valid(id) || open_folder(store, false) < 0)
		return -1;
	file_name(id, name);
	reader->fd = openat(store->dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (reader->fd < 0)
		return -1;
	reader->chunk = xmalloc(STORE_CHUNK_BYTES);
	lines_init(&reader->lines, STORE_LINE_MAX);
	return 0;
}

static bool is_record(struct span line)
{
	size_t bad;
	return json_check(line, &bad) == 0 && json_type(span_trim(line)) == JSON_OBJECT;
}

bool store_reader_next(struct store_reader *reader, struct span *ret_record)
{
	struct span line;
	while (reader->fd >= 0 && !reader->is_ended) {
		enum lines_result got = lines_next(&reader->lines, &line);
		if (got == LINES_MORE) {
			ssize_t n = read(reader->fd, reader->chunk, STORE_CHUNK_BYTES);
			if (n < 0 && errno == EINTR)
				continue;
			if (n <= 0)
				reader->is_ended = true;
			else
				lines_feed(&reader->lines, (struct span){reader->chunk, (size_t)n});
		} else if (got == LINES_LINE && is_record(line)) {
			*ret_record = span_trim(line);
			return true;
		}
	}
	return false;
}

void store_reader_close(struct store_reader *reader)
{
	if (reader->fd < 0)
		return;
	close(reader->fd);
	free(reader->chunk);
	lines_free(&reader->lines);
	*reader = STORE_READER_NONE;
}
