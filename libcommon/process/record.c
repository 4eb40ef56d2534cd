#include "process/record.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "json/scan.h"
#include "json/write.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const owner_names[OWNER_COUNT] = {"user", "agent", "desktop", "system"};

void process_clear(struct process *process)
{
	free(process->id);
	free(process->command);
	free(process->args_json);
	free(process->cwd);
	free(process->tag);
	free(process->cgroup);
	*process = (struct process){.id = NULL};
}

const char *process_owner_name(enum process_owner owner)
{
	return (size_t)owner < OWNER_COUNT ? owner_names[owner] : "unknown";
}

int process_owner_parse(struct span name, enum process_owner *ret)
{
	for (size_t i = 0; i < OWNER_COUNT; i++)
		if (span_is(name, owner_names[i])) {
			*ret = (enum process_owner)i;
			return 0;
		}
	return -1;
}

const char *process_signal_name(int number)
{
	/* sigabbrev_np() is too new for some C libraries that this runs on. */
	static const char *const names[] = {
		[SIGHUP] = "SIGHUP",       [SIGINT] = "SIGINT",   [SIGQUIT] = "SIGQUIT",
		[SIGILL] = "SIGILL",       [SIGTRAP] = "SIGTRAP", [SIGABRT] = "SIGABRT",
		[SIGBUS] = "SIGBUS",       [SIGFPE] = "SIGFPE",   [SIGKILL] = "SIGKILL",
		[SIGUSR1] = "SIGUSR1",     [SIGSEGV] = "SIGSEGV", [SIGUSR2] = "SIGUSR2",
		[SIGPIPE] = "SIGPIPE",     [SIGALRM] = "SIGALRM", [SIGTERM] = "SIGTERM",
		[SIGSTKFLT] = "SIGSTKFLT", [SIGCHLD] = "SIGCHLD", [SIGCONT] = "SIGCONT",
		[SIGSTOP] = "SIGSTOP",     [SIGTSTP] = "SIGTSTP", [SIGTTIN] = "SIGTTIN",
		[SIGTTOU] = "SIGTTOU",     [SIGURG] = "SIGURG",   [SIGXCPU] = "SIGXCPU",
		[SIGXFSZ] = "SIGXFSZ",     [SIGPROF] = "SIGPROF", [SIGVTALRM] = "SIGVTALRM",
		[SIGWINCH] = "SIGWINCH",   [SIGIO] = "SIGPOLL",   [SIGPWR] = "SIGPWR",
		[SIGSYS] = "SIGSYS",
	};
	static char text[32];
	if (number >= 0 && (size_t)number < sizeof(names) / sizeof(*names) && names[number])
		return names[number];
	snprintf(text, sizeof(text), "SIG%d", number);
	return text;
}

/* --- writing -------------------------------------------------------------------- */

static void add_limits(struct buf *b, const struct process_limits *limits)
{
	if (!limits->memory_bytes && !limits->cpu_percent && !limits->pids)
		return;
	json_key(b, "limits");
	json_open(b, '{');
	if (limits->memory_bytes)
		json_kv_int(b, "memoryBytes", (int64_t)limits->memory_bytes);
	if (limits->cpu_percent)
		json_kv_int(b, "cpuPercent", (int64_t)limits->cpu_percent);
	if (limits->pids)
		json_kv_int(b, "pids", (int64_t)limits->pids);
	json_close(b, '}');
}

static void open_json(struct buf *b, const struct process *p)
{
	json_open(b, '{');
	json_kv_string(b, "id", p->id);
	json_kv_string(b, "command", p->command);
	json_kv_raw(b, "args", span_of(p->args_json ? p->args_json : "[]"));
	json_kv_string(b, "cwd", p->cwd);
	json_kv_bool(b, "tty", p->is_tty);
	json_kv_bool(b, "interactive", p->is_interactive);
	json_kv_string(b, "owner", process_owner_name(p->owner));
	json_kv_string(b, "status", p->is_exited ? "exited" : "running");
	if (!p->is_exited && p->pid)
		json_kv_int(b, "pid", p->pid);
	if (p->is_exited && p->has_exit_code)
		json_kv_int(b, "exitCode", p->exit_code);
	if (p->is_exited && p->end_signal)
		json_kv_string(b, "signal", process_signal_name(p->end_signal));
	json_kv_int(b, "createdAtMs", p->created_ms);
	if (p->is_exited)
		json_kv_int(b, "exitedAtMs", p->exited_ms);
	add_limits(b, &p->limits);
}

void process_add_json(struct buf *b, const struct process *process)
{
	open_json(b, process);
	json_close(b, '}');
}

static void add_procid(struct buf *b, const char *key, struct procid id)
{
	json_key(b, key);
	json_open(b, '{');
	json_kv_int(b, "pid", id.pid);
	json_kv_int(b, "start", (int64_t)id.start);
	json_close(b, '}');
}

void process_add_status(struct buf *b, const struct process *process)
{
	open_json(b, process);
	json_kv_int(b, "signalNumber", process->end_signal);
	json_kv_int(b, "supervisorPid", process->keeper.pid);
	add_procid(b, "keeper", process->keeper);
	add_procid(b, "starter", process->starter);
	json_kv_string(b, "bootId", process->boot_id);
	json_kv_string(b, "tag", process->tag);
	json_kv_string(b, "cgroup", process->cgroup);
	json_kv_int(b, "logLimitBytes", (int64_t)process->log_limit_bytes);
	buf_adds(b, "}\n");
}

/* --- reading -------------------------------------------------------------------- */

static struct procid read_procid(struct span value)
{
	return (struct procid){
	    .pid = (pid_t)json_int_or(json_get(value, "pid"), 0),
	    .start = (uint64_t)json_int_or(json_get(value, "start"), 0),
	};
}

static void read_numbers(struct span text, struct process *p)
{
	struct span limits = json_get(text, "limits");
	p->pid = (pid_t)json_int_or(json_get(text, "pid"), 0);
	p->has_exit_code = json_type(json_get(text, "exitCode")) == JSON_NUMBER;
	p->exit_code = (int)json_int_or(json_get(text, "exitCode"), 0);
	p->end_signal = (int)json_int_or(json_get(text, "signalNumber"), 0);
	p->created_ms = json_int_or(json_get(text, "createdAtMs"), 0);
	p->exited_ms = json_int_or(json_get(text, "exitedAtMs"), 0);
	p->log_limit_bytes = (uint64_t)json_int_or(json_get(text, "logLimitBytes"), 0);
	p->limits = (struct process_limits){
	    .memory_bytes = (uint64_t)json_int_or(json_get(limits, "memoryBytes"), 0),
	    .cpu_percent = (uint64_t)json_int_or(json_get(limits, "cpuPercent"), 0),
	    .pids = (uint64_t)json_int_or(json_get(limits, "pids"), 0),
	};
}

int process_parse_status(struct span text, struct process *ret, struct sa_error *err)
{
	text = span_trim(text);
	if (json_check(text, NULL) < 0 || json_type(text) != JSON_OBJECT)
		return error_set(err, PROBLEM_STORE_ERROR, "a process's status file is damaged");
	struct process p = {
	    .id = json_string_dup(json_get(text, "id")),
	    .command = json_string_dup(json_get(text, "command")),
	    .cwd = json_string_dup(json_get(text, "cwd")),
	    .is_tty = json_bool_or(json_get(text, "tty"), false),
	    .is_interactive = json_bool_or(json_get(text, "interactive"), false),
	    .is_exited = json_string_is(json_get(text, "status"), "exited"),
	    .keeper = read_procid(json_get(text, "keeper")),
	    .starter = read_procid(json_get(text, "starter")),
	    .tag = json_string_dup(json_get(text, "tag")),
	    .cgroup = json_string_dup(json_get(text, "cgroup")),
	};
	struct span args = json_get(text, "args");
	struct span boot = json_string_plain(json_get(text, "bootId"));
	if (!p.id || !p.command || json_type(args) != JSON_ARRAY ||
	    process_owner_parse(json_string_plain(json_get(text, "owner")), &p.owner) < 0) {
		process_clear(&p);
		return error_set(err, PROBLEM_STORE_ERROR, "a process's status file is damaged");
	}
	p.args_json = xmemdup0(args.p, args.n);
	if (boot.n && boot.n < sizeof(p.boot_id))
		memcpy(p.boot_id, boot.p, boot.n);
	read_numbers(text, &p);
	*ret = p;
	return 0;
}

bool process_is_kept(const struct process *process)
{
	char boot[BOOT_ID_BYTES];
	procid_boot_id(boot);
	return strcmp(boot, process->boot_id) == 0 && procid_is_alive(process->keeper);
}
