/* list, show, rm: records. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/command.h"
#include "process/folder.h"
#include "verbs.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdio.h>
#include <string.h>

const char *verb_one_id(int argc, char **argv, struct sa_error *err)
{
	if (argc == 1)
		return argv[0];
	error_set(err, PROBLEM_INVALID_REQUEST, "wants one process");
	return NULL;
}

static void print_json(const struct process *process)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	process_add_json(&b, process);
	buf_addc(&b, '\n');
	fwrite(b.data, 1, b.len, stdout);
}

/* "running 123", "exited 3", "killed SIGKILL" */
static void print_state(const struct process *p)
{
	char text[64];
	if (!p->is_exited)
		snprintf(text, sizeof(text), "running %d", (int)p->pid);
	else if (p->has_exit_code)
		snprintf(text, sizeof(text), "exited %d", p->exit_code);
	else
		snprintf(text, sizeof(text), "killed %s", process_signal_name(p->end_signal));
	printf("%-16s", text);
}

static void print_words(const struct process *p)
{
	cleanup_buf struct buf line = BUF_INIT(BUF_MAX_OWN);
	struct json_iter it = json_iter(span_of(p->args_json));
	struct span arg;
	buf_adds(&line, p->command);
	while (json_next(&it, NULL, &arg)) {
		buf_addc(&line, ' ');
		json_string_add(&line, arg);
	}
	/* Arguments may hold what a terminal would obey. */
	for (size_t i = 0; i < line.len; i++)
		if ((unsigned char)line.data[i] < 0x20 || line.data[i] == 0x7f)
			line.data[i] = ' ';
	printf("%-10s ", p->id);
	print_state(p);
	printf(" %-8s %s %s\n", process_owner_name(p->owner), p->is_tty ? "tty " : "pipe",
	       line.data);
}

int verb_list(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	bool is_text = command_wants_text(&o->common);
	enum process_owner owner = OWNER_COUNT;
	cleanup_folder struct folder folder = FOLDER_INIT;
	struct folder_ids ids;
	(void)argv;
	if (argc > 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "list takes no operand");
	if (o->owner && process_owner_parse(span_of(o->owner), &owner) < 0)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "an owner is user, agent, desktop or system");
	if (folder_open(&folder, err) < 0 || folder_list(&folder, false, &ids, err) < 0)
		return -1;
	for (size_t i = 0; i < ids.count; i++) {
		cleanup_process struct process process = {.id = NULL};
		struct sa_error ignored = SA_ERROR_INIT;
		/* One that is being started or removed just now is not there. */
		if (folder_read(&folder, ids.items[i], &process, &ignored) < 0)
			continue;
		if (owner != OWNER_COUNT && process.owner != owner)
			continue;
		if (is_text)
			print_words(&process);
		else
			print_json(&process);
	}
	folder_ids_free(&ids);
	return SA_EXIT_OK;
}

int verb_show(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	cleanup_folder struct folder folder = FOLDER_INIT;
	cleanup_process struct process process = {.id = NULL};
	const char *id = verb_one_id(argc, argv, err);
	if (!id || folder_open(&folder, err) < 0 || folder_read(&folder, id, &process, err) < 0)
		return -1;
	if (command_wants_text(&o->common))
		print_words(&process);
	else
		print_json(&process);
	return SA_EXIT_OK;
}

int verb_rm(const void *arg, int argc, char **argv, struct sa_error *err)
{
	cleanup_folder struct folder folder = FOLDER_INIT;
	(void)arg;
	if (argc < 1)
		return error_set(err, PROBLEM_INVALID_REQUEST, "rm wants a process");
	if (folder_open(&folder, err) < 0)
		return -1;
	for (int i = 0; i < argc; i++)
		if (folder_remove(&folder, argv[i], err) < 0)
			return -1;
	return SA_EXIT_OK;
}
