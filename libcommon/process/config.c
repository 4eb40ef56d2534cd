#include "process/config.h"

#include "base/cleanup.h"
#include "os/io.h"
#include "json/scan.h"
#include "json/write.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#define CONFIG_FILE "config.json"
#define CONFIG_LOCK "config.lock"

enum { CONFIG_FILE_BYTES = 64 * 1024 };

static const struct member {
	const char *name;
	size_t offset;
	int64_t value; /* default */
	const char *what;
} members[] = {
#define MEMBER(key, field, value, what)                                  \
	{                                                                \
		key, offsetof(struct process_config, field), value, what \
	}
    MEMBER("maxConcurrentProcesses", max_running, 64, "the number of processes"),
    MEMBER("defaultRunTimeoutMs", default_run_timeout_ms, 30000, "a time-out"),
    MEMBER("maxRunTimeoutMs", max_run_timeout_ms, 300000, "a time-out"),
    MEMBER("maxOutputBytes", max_output_bytes, 1048576, "a number of bytes"),
    MEMBER("maxLogBytesPerProcess", max_log_bytes, 10485760, "a number of bytes"),
    MEMBER("maxInputBytesPerRequest", max_input_bytes, 65536, "a number of bytes"),
    MEMBER("maxExitedProcesses", max_exited, 1000, "the number of records"),
#undef MEMBER
};

enum { CONTRACT_MEMBERS = 6 };

static int64_t *field(struct process_config *config, const struct member *member)
{
	return (int64_t *)(void *)((char *)config + member->offset);
}

void process_config_default(struct process_config *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		*field(ret, &members[i]) = members[i].value;
}

void process_config_load(int dir_fd, struct process_config *ret)
{
	cleanup_buf struct buf text = BUF_INIT(CONFIG_FILE_BYTES);
	struct sa_error ignored = SA_ERROR_INIT;
	process_config_default(ret);
	cleanup_close int fd = openat(dir_fd, CONFIG_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || io_read_all(fd, &text, CONFIG_FILE, &ignored) < 0 ||
	    json_check(buf_span(&text), NULL) < 0)
		return;
	process_config_parse(span_trim(buf_span(&text)), ret, &ignored);
}

int process_config_lock(int dir_fd, struct sa_error *err)
{
	cleanup_close int fd =
	    openat(dir_fd, CONFIG_LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	int rc;
	do
		rc = fd < 0 ? -1 : flock(fd, LOCK_EX);
	while (rc < 0 && fd >= 0 && errno == EINTR);
	if (rc < 0)
		return error_set_errno(err, PROBLEM_STORE_ERROR, errno, "lock the configuration");
	return TAKE_FD(fd);
}

int process_config_save(int dir_fd, const struct process_config *config, struct sa_error *err)
{
	cleanup_buf struct buf text = BUF_INIT(CONFIG_FILE_BYTES);
	char fresh[64];
	process_config_add_json(&text, config);
	buf_addc(&text, '\n');
	snprintf(fresh, sizeof(fresh), "%s.%d", CONFIG_FILE, (int)getpid());
	if (io_replace_at(dir_fd, CONFIG_FILE, fresh, buf_span(&text), true) < 0)
		return error_set_errno(err, PROBLEM_STORE_ERROR, errno, "keep the configuration");
	return 0;
}

void process_config_add_json(struct buf *b, const struct process_config *config)
{
	struct process_config copy = *config;
	json_open(b, '{');
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		json_kv_int(b, members[i].name, *field(&copy, &members[i]));
	json_close(b, '}');
}

int process_config_parse(struct span object, struct process_config *ret, struct sa_error *err)
{
	struct process_config config = *ret;
	if (json_type(object) != JSON_OBJECT)
		return error_set(err, PROBLEM_INVALID_REQUEST, "the limits are a JSON object");
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		struct span value = json_get(object, members[i].name);
		int64_t number;
		if (!value.p && i >= CONTRACT_MEMBERS)
			continue;
		if (json_int(value, &number) < 0)
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "'%s' is wanted: a whole number", members[i].name);
		if (number < 1 || number > PROCESS_CONFIG_MOST)
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "'%s': %s is above 0, not %lld", members[i].name,
					 members[i].what, (long long)number);
		*field(&config, &members[i]) = number;
	}
	if (config.default_run_timeout_ms > config.max_run_timeout_ms)
		config.default_run_timeout_ms = config.max_run_timeout_ms;
	*ret = config;
	return 0;
}
