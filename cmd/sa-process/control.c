/* start, stop, kill, input, resize, attach, config: what changes a process. */
#include "attach.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "os/io.h"
#include "process/launch.h"
#include "process/link.h"
#include "socket.h"
#include "verbs.h"
#include "json/scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { CONFIG_BYTES = 64 * 1024, INPUT_PATIENCE_MS = 10000 };

static void print_record(const struct process *process)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	process_add_json(&b, process);
	buf_addc(&b, '\n');
	fwrite(b.data, 1, b.len, stdout);
	/* The next command of the pipeline starts on it. */
	fflush(stdout);
}

/* --- start ------------------------------------------------------------------------------ */

static int run_attach(struct folder *folder, const struct process *process, const struct options *o,
		      struct sa_error *err)
{
	struct attach_options options = {.scrollback_bytes = o->scrollback};
	if (terminal_parse_key(o->detach_key, &options.detach_key, err) < 0)
		return -1;
	return attach_run(folder, process, &options, err);
}

int verb_start(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	cleanup_folder struct folder folder = FOLDER_INIT;
	cleanup_process struct process process = {.id = NULL};
	struct process_launch launch = PROCESS_LAUNCH_INIT;
	struct winsize size = {.ws_col = 0};
	if (argc < 1 || !span_trim(span_of(argv[0])).n)
		return error_set(err, PROBLEM_INVALID_REQUEST, "start wants a command");
	if (process_owner_parse(span_of(o->owner), &launch.owner) < 0)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "an owner is user, agent, desktop or system");
	if (o->cols > UINT16_MAX || o->rows > UINT16_MAX)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "--cols and --rows are at most 65535");
	for (size_t i = 0; i < o->env.count; i++)
		if (!strchr(o->env.items[i], '=') || o->env.items[i][0] == '=')
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "--env wants NAME=VALUE, not '%s'", o->env.items[i]);
	/* What is started from a terminal looks the same there. */
	if (o->is_tty && ioctl(0, TIOCGWINSZ, &size) < 0)
		size.ws_col = size.ws_row = 0;
	launch.argv = argv;
	launch.cwd = o->cwd;
	launch.env = o->env.items;
	launch.env_count = o->env.count;
	launch.is_tty = o->is_tty;
	launch.is_interactive = o->is_interactive;
	launch.cols = o->cols ? (int)o->cols : size.ws_col;
	launch.rows = o->rows ? (int)o->rows : size.ws_row;
	launch.limits = (struct process_limits){o->memory, o->cpu, o->pids};
	if (folder_open(&folder, err) < 0 || process_launch(&launch, &process, err) < 0)
		return -1;
	if (o->is_attach)
		return run_attach(&folder, &process, o, err);
	print_record(&process);
	return SA_EXIT_OK;
}

/* --- stop, kill --------------------------------------------------------------------------- */

static int end(const struct options *o, const char *op, struct folder *folder, const char *id,
	       struct sa_error *err)
{
	cleanup_process struct process process = {.id = NULL};
	bool is_left = true; /* the supervisor does not hear us, or no more */
	if (folder_read(folder, id, &process, err) < 0)
		return -1;
	if (!process.is_exited) {
		struct sa_error late = SA_ERROR_INIT;
		cleanup_close int fd = process_link_open(folder, id, &late);
		if (fd >= 0 && process_link_send(fd, span_of(op)) == 0)
			is_left =
			    process_link_wait_end(fd, o->wait_ms > 0 ? deadline_after(o->wait_ms)
								     : clock_monotonic_ms()) == 1;
	}
	process_clear(&process);
	if (folder_read(folder, id, &process, err) < 0)
		return -1;
	if (is_left && !process.is_exited)
		return error_set(err, PROBLEM_STREAM_ERROR,
				 "process '%s' runs, and its supervisor cannot be told", id);
	print_record(&process);
	return SA_EXIT_OK;
}

static int end_each(const struct options *o, const char *op, int argc, char **argv,
		    struct sa_error *err)
{
	cleanup_folder struct folder folder = FOLDER_INIT;
	struct folder_ids ids = {NULL, 0};
	if ((argc < 1) != o->is_all)
		return error_set(err, PROBLEM_INVALID_REQUEST, "wants processes, or --all");
	if (folder_open(&folder, err) < 0 ||
	    (o->is_all && folder_list(&folder, true, &ids, err) < 0))
		return -1;
	int rc = SA_EXIT_OK;
	for (size_t i = 0; i < ids.count; i++) {
		struct sa_error gone = SA_ERROR_INIT;
		if (end(o, op, &folder, ids.items[i], &gone) < 0 && gone.kind != PROBLEM_NOT_FOUND)
			rc = error_set(err, gone.kind, "%s", gone.message);
	}
	for (int i = 0; i < argc && rc == SA_EXIT_OK; i++)
		rc = end(o, op, &folder, argv[i], err);
	folder_ids_free(&ids);
	return rc;
}

int verb_stop(const void *arg, int argc, char **argv, struct sa_error *err)
{
	return end_each(arg, "{\"op\":\"stop\"}\n", argc, argv, err);
}

int verb_kill(const void *arg, int argc, char **argv, struct sa_error *err)
{
	return end_each(arg, "{\"op\":\"kill\"}\n", argc, argv, err);
}

/* --- input, resize ---------------------------------------------------------------------- */

static int send_input(const struct folder *folder, const char *id, struct span data,
		      struct sa_error *err)
{
	while (data.n) {
		size_t n = data.n < PROCESS_INPUT_BYTES ? data.n : PROCESS_INPUT_BYTES;
		cleanup_free char *op = xasprintf("{\"op\":\"input\",\"bytes\":%zu}", n);
		if (process_link_call(folder, id, op, (struct span){data.p, n},
				      deadline_after(INPUT_PATIENCE_MS), err) < 0)
			return -1;
		data.p += n;
		data.n -= n;
	}
	return 0;
}

/* Standard input as it comes. */
static int copy_input(const struct folder *folder, const char *id, struct sa_error *err)
{
	cleanup_buf struct buf data = BUF_INIT(PROCESS_INPUT_BYTES);
	ssize_t n;
	while ((n = io_read_some(0, &data, PROCESS_INPUT_BYTES)) > 0) {
		if (send_input(folder, id, buf_span(&data), err) < 0)
			return -1;
		buf_clear(&data);
	}
	return n < 0 ? error_set(err, PROBLEM_FAILED, "standard input cannot be read") : 0;
}

int verb_input(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	cleanup_folder struct folder folder = FOLDER_INIT;
	cleanup_process struct process process = {.id = NULL};
	if (argc < 1 || argc > 2)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "input wants a process, and a text or standard input");
	if (folder_open(&folder, err) < 0 || folder_read(&folder, argv[0], &process, err) < 0)
		return -1;
	int rc = argc == 2 ? send_input(&folder, argv[0], span_of(argv[1]), err)
		 /* To close is all that is wanted: nobody waits for a person to type. */
		 : o->is_close && isatty(0) ? 0
					    : copy_input(&folder, argv[0], err);
	if (rc == 0 && o->is_close)
		rc = process_link_call(&folder, argv[0], "{\"op\":\"close\"}", SPAN_LIT(""),
				       deadline_after(INPUT_PATIENCE_MS), err);
	return rc;
}

int verb_resize(const void *arg, int argc, char **argv, struct sa_error *err)
{
	cleanup_folder struct folder folder = FOLDER_INIT;
	cleanup_process struct process process = {.id = NULL};
	uint64_t cols, rows;
	(void)arg;
	if (argc != 3 || num_parse_u64(span_of(argv[1]), UINT16_MAX, &cols) < 0 ||
	    num_parse_u64(span_of(argv[2]), UINT16_MAX, &rows) < 0)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "resize wants a process, columns and rows, 1 to 65535 each");
	if (folder_open(&folder, err) < 0 || folder_read(&folder, argv[0], &process, err) < 0)
		return -1;
	cleanup_free char *op = xasprintf("{\"op\":\"resize\",\"cols\":%llu,\"rows\":%llu}",
					  (unsigned long long)cols, (unsigned long long)rows);
	return process_link_call(&folder, argv[0], op, SPAN_LIT(""),
				 deadline_after(INPUT_PATIENCE_MS), err);
}

/* --- attach ------------------------------------------------------------------------------ */

int verb_attach(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	cleanup_folder struct folder folder = FOLDER_INIT;
	cleanup_process struct process process = {.id = NULL};
	const char *id = verb_one_id(argc, argv, err);
	if (!id || folder_open(&folder, err) < 0 || folder_read(&folder, id, &process, err) < 0)
		return -1;
	if (!o->is_websocket)
		return run_attach(&folder, &process, o, err);
	if (!process.is_tty)
		return error_set(err, PROBLEM_CONFLICT, "process '%s' has no terminal", id);
	const struct socket_options options = {
	    .fd = 0,
	    .preread_fd = o->preread_fd,
	    .scrollback_bytes = o->scrollback,
	};
	return socket_serve(&folder, &process, &options, err);
}

/* --- config ------------------------------------------------------------------------------ */

/* "maxOutputBytes=4096" ... on top of what there is: all of them at once, since one limits another.
 */
static int apply_words(struct process_config *config, int argc, char **argv, struct sa_error *err)
{
	cleanup_buf struct buf old = BUF_INIT(CONFIG_BYTES), fresh = BUF_INIT(CONFIG_BYTES);
	process_config_add_json(&old, config);
	buf_add(&fresh, old.data, old.len - 1);
	for (int i = 0; i < argc; i++) {
		const char *equals = strchr(argv[i], '=');
		size_t name = equals ? (size_t)(equals - argv[i]) : 0;
		cleanup_free char *key = xmemdup0(argv[i], name);
		int64_t number;
		if (!name || !json_get(buf_span(&old), key).p)
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "no such limit: '%s' (NAME=NUMBER; 'config' lists them)",
					 argv[i]);
		if (num_parse_i64(span_of(equals + 1), INT64_MIN, INT64_MAX, &number) < 0)
			return error_set(err, PROBLEM_INVALID_REQUEST, "'%s' is no number",
					 argv[i]);
		/* The last value of a name counts. */
		buf_addf(&fresh, ",\"%s\":%lld", key, (long long)number);
	}
	buf_addc(&fresh, '}');
	return process_config_parse(buf_span(&fresh), config, err);
}

int verb_config(const void *arg, int argc, char **argv, struct sa_error *err)
{
	cleanup_folder struct folder folder = FOLDER_INIT;
	cleanup_buf struct buf b = BUF_INIT(CONFIG_BYTES);
	struct process_config config;
	(void)arg;
	cleanup_close int lock = -1;
	if (folder_open(&folder, err) < 0 ||
	    (argc > 0 && (lock = process_config_lock(folder.fd, err)) < 0))
		return -1;
	process_config_load(folder.fd, &config);
	if (argc > 0 && (apply_words(&config, argc, argv, err) < 0 ||
			 process_config_save(folder.fd, &config, err) < 0))
		return -1;
	process_config_add_json(&b, &config);
	printf("%s\n", b.data);
	return SA_EXIT_OK;
}
