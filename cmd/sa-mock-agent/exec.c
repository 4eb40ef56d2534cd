#include "exec.h"

#include "cli/words.h"
#include "directive.h"
#include "rpc.h"
#include "speech.h"
#include "update.h"
#include "json/write.h"
#include "os/io.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

void exec_child_reset(void)
{
	sigset_t none;
	struct sigaction normal = {.sa_handler = SIG_DFL};
	sigemptyset(&none);
	sigaction(SIGPIPE, &normal, NULL);
	sigaction(SIGTERM, &normal, NULL);
	sigaction(SIGHUP, &normal, NULL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	io_close_others(NULL, 0);
}

static void run_child(char **words, const char *cwd, int out)
{
	int null = open("/dev/null", O_RDONLY);
	setpgid(0, 0);
	dup2(null, 0);
	dup2(out, 1);
	dup2(out, 2);
	exec_child_reset();
	if (chdir(cwd) == 0)
		execvp(words[0], words);
	dprintf(2, "%s: %s\n", words[0], strerror(errno));
	_exit(127);
}

/* 0, or -1 when no child could be made. */
static int start(struct turn *turn, char **words)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	turn->child = fork();
	if (turn->child == 0)
		run_child(words, turn->session->cwd, fds[1]);
	close(fds[1]);
	if (turn->child < 0) {
		turn->child = 0;
		close(fds[0]);
		return -1;
	}
	setpgid(turn->child, turn->child);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	turn->child_fd = fds[0];
	return 0;
}

static enum step begin(struct turn *turn)
{
	struct sa_error err = SA_ERROR_INIT;
	struct update update;
	char **words = words_split(turn->text.data ? turn->text.data : "", &err);
	if (!words)
		return directive_bad(turn, err.message);
	struct buf *b = speech_tool_open(&update, turn, "execute", turn->args);
	json_key(b, "rawInput");
	json_open(b, '{');
	json_kv_span(b, "command", turn->args);
	json_close(b, '}');
	update_close(&update, true);
	int rc = start(turn, words);
	words_free(words);
	if (rc < 0)
		return turn_fail(turn, RPC_INTERNAL_ERROR, SPAN_LIT("exec: no new process"));
	speech_tool_change(&update, turn, "in_progress");
	update_close(&update, true);
	buf_clear(&turn->text);
	return STEP_AGAIN;
}

/* Read what there is; the part beyond the limit is dropped. */
static void read_output(struct turn *turn)
{
	char chunk[4096];
	for (int i = 0; i < 64 && turn->child_fd >= 0; i++) {
		ssize_t n = read(turn->child_fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			close(turn->child_fd);
			turn->child_fd = -1;
			return;
		}
		size_t room = EXEC_OUTPUT_MAX - turn->text.len;
		buf_add(&turn->text, chunk, (size_t)n < room ? (size_t)n : room);
	}
}

static void end(struct turn *turn)
{
	struct update update;
	int status = turn->child_status;
	bool is_good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	struct buf *b = speech_tool_change(&update, turn, is_good ? "completed" : "failed");
	speech_tool_content(b, buf_span(&turn->text));
	json_key(b, "rawOutput");
	json_open(b, '{');
	if (WIFEXITED(status))
		json_kv_int(b, "exitCode", WEXITSTATUS(status));
	else
		json_kv_int(b, "signal", WTERMSIG(status));
	json_close(b, '}');
	update_close(&update, true);
}

/*
 * The command has ended when it was reaped; a grandchild that still holds the
 * output open is not waited for.
 */
enum step exec_run(struct turn *turn)
{
	if (turn->at == 0) {
		buf_clear(&turn->text);
		buf_add_span(&turn->text, turn->args);
		return begin(turn);
	}
	read_output(turn);
	if (!turn->is_child_done)
		return STEP_WAIT;
	end(turn);
	return STEP_DONE;
}

void exec_reap(struct agent *agent)
{
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (struct session *s = agent->sessions; s; s = s->next)
			if (s->turns && s->turns->child == pid) {
				s->turns->child = 0;
				s->turns->child_status = status;
				s->turns->is_child_done = true;
			}
}
