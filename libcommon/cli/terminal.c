#include "cli/terminal.h"

#include "os/signals.h"

#include <ctype.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

int terminal_parse_key(const char *text, int *ret, struct sa_error *err)
{
	size_t n = strlen(text);
	char last = n ? text[n - 1] : '\0';
	bool is_control =
	    (n == 2 && text[0] == '^') || (n == 6 && strncasecmp(text, "ctrl-", 5) == 0);
	if (strcmp(text, "none") == 0)
		*ret = -1;
	else if (is_control && toupper((unsigned char)last) >= '@' &&
		 toupper((unsigned char)last) <= '_')
		*ret = toupper((unsigned char)last) & 0x1f;
	else if (n == 1)
		*ret = (unsigned char)last;
	else
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "a key is one character, ^X, ctrl-x or none, not '%s'", text);
	return 0;
}

void terminal_make_raw(struct terminal *terminal)
{
	terminal->is_raw = false;
	if (tcgetattr(0, &terminal->modes) < 0)
		return;
	struct termios raw = terminal->modes;
	cfmakeraw(&raw);
	terminal->is_raw = tcsetattr(0, TCSADRAIN, &raw) == 0;
}

void terminal_restore(struct terminal *terminal)
{
	if (terminal->is_raw)
		tcsetattr(0, TCSADRAIN, &terminal->modes);
	terminal->is_raw = false;
}

bool terminal_size(const struct terminal *terminal, int *ret_cols, int *ret_rows)
{
	struct winsize size;
	if (!terminal->is_raw || ioctl(0, TIOCGWINSZ, &size) < 0 || !size.ws_col || !size.ws_row)
		return false;
	*ret_cols = size.ws_col;
	*ret_rows = size.ws_row;
	return true;
}

int terminal_watch_signals(void)
{
	return signals_open((const int[]){SIGWINCH, SIGTERM, SIGHUP, SIGINT, 0});
}

void terminal_take_signals(int fd, bool *ret_resized, bool *ret_ended)
{
	int number;
	while ((number = signals_take(fd))) {
		if (number == SIGWINCH)
			*ret_resized = true;
		else
			*ret_ended = true;
	}
}
