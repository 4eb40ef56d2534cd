#include "unlock.h"

#include "locked.h"
#include "place.h"
#include "secret.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "os/dirs.h"
#include "os/io.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>

char *unlock_default_path(const char *home)
{
	const char *path = getenv("SANDBOX_AGENT_VAULT");
	if (!home && path && path[0] == '/')
		return xstrdup(path);
	if (home)
		return xasprintf("%s/.local/share/sandbox-agent/credentials.vault", home);
	cleanup_free char *data = dirs_data();
	return data ? xasprintf("%s/credentials.vault", data) : NULL;
}

const char *unlock_key_file(const char *key_file)
{
	const char *path = key_file ? key_file : getenv("SANDBOX_AGENT_VAULT_KEY_FILE");
	return path && *path ? path : NULL;
}

/* A byte at a time: what lies behind the newline is somebody else's. */
static int read_line(int fd, const char *what, struct buf *out, struct sa_error *err)
{
	enum { CONTROL_C = 3, CONTROL_D = 4 };
	for (;;) {
		if (out->len == out->max)
			return error_set(err, PROBLEM_TOO_LARGE, "the %s is too long", what);
		ssize_t n = io_read_some(fd, out, 1);
		if (n < 0)
			return error_set_errno(err, PROBLEM_FAILED, errno, "read the %s", what);
		char c = n ? out->data[out->len - 1] : '\n';
		if (c == CONTROL_C)
			return error_set(err, PROBLEM_FAILED, "given up");
		if (c != '\n' && c != CONTROL_D)
			continue;
		if (n)
			out->data[--out->len] = '\0';
		if (out->len && out->data[out->len - 1] == '\r')
			out->data[--out->len] = '\0';
		if (out->len == 0)
			return error_set(err, PROBLEM_INVALID_REQUEST, "the %s is empty", what);
		return 0;
	}
}

int unlock_read_fd(const char *fd_text, const char *what, struct buf *ret_secret,
		   struct sa_error *err)
{
	uint64_t fd;
	if (num_parse_u64(span_of(fd_text), 1 << 20, &fd) < 0 || fcntl((int)fd, F_GETFD) < 0)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "'%s' is not the number of an open descriptor", fd_text);
	struct buf line = locked_new(UNLOCK_SECRET_MAX_BYTES);
	int rc = read_line((int)fd, what, &line, err);
	if (fd > 2)
		close((int)fd);
	if (rc < 0)
		locked_free(&line);
	else
		*ret_secret = line;
	return rc;
}

static int ask_once(int tty, const char *prompt, struct buf *out, struct sa_error *err)
{
	struct termios before;
	if (tcgetattr(tty, &before) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "the terminal");
	struct termios unseen = before;
	/* Without ISIG a Control-C comes as a byte, and the echo is always put back. */
	unseen.c_lflag &= (tcflag_t) ~(ECHO | ISIG);
	tcsetattr(tty, TCSAFLUSH, &unseen);
	io_write_all(tty, span_of(prompt));
	int rc = read_line(tty, "secret", out, err);
	tcsetattr(tty, TCSAFLUSH, &before);
	io_write_all(tty, span_of("\n"));
	return rc;
}

int unlock_ask(const char *prompt, bool is_new, struct buf *ret_secret, struct sa_error *err)
{
	cleanup_close int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (tty < 0)
		return error_set(err, PROBLEM_AUTH_REQUIRED,
				 "no terminal to ask on; give --key-file or --passphrase-fd");
	struct buf first = locked_new(UNLOCK_SECRET_MAX_BYTES);
	cleanup_locked struct buf second = locked_new(UNLOCK_SECRET_MAX_BYTES);
	int rc = ask_once(tty, prompt, &first, err);
	if (rc == 0 && is_new)
		rc = ask_once(tty, "Once more: ", &second, err);
	if (rc == 0 && is_new && !span_equal(buf_span(&first), buf_span(&second)))
		rc = error_set(err, PROBLEM_INVALID_REQUEST, "the two differ");
	if (rc < 0)
		locked_free(&first);
	else
		*ret_secret = first;
	return rc;
}

static int read_key_file(const char *path, struct buf *ret_secret, struct sa_error *err)
{
	cleanup_secret_buf struct buf text = BUF_INIT(0);
	cleanup_free char *reason = NULL;
	enum place_result result = place_read_private(path, &text, &reason);
	if (result != PLACE_READ)
		return error_set(
		    err, result == PLACE_ABSENT ? PROBLEM_NOT_FOUND : PROBLEM_PERMISSION_DENIED,
		    "key file %s: %s", path, reason);
	if (text.len < UNLOCK_KEY_FILE_MIN_BYTES)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "key file %s: fewer than %d bytes; make one with "
				 "'head -c 32 /dev/urandom'",
				 path, UNLOCK_KEY_FILE_MIN_BYTES);
	*ret_secret = locked_new(text.len);
	buf_add_span(ret_secret, buf_span(&text));
	return 0;
}

int unlock_secret(enum vault_kdf kdf, const char *key_file, const char *passphrase_fd, bool is_new,
		  struct buf *ret_secret, struct sa_error *err)
{
	const char *path = unlock_key_file(key_file);
	if (kdf == VAULT_KDF_KEY_FILE) {
		if (path)
			return read_key_file(path, ret_secret, err);
		return error_set(err, PROBLEM_AUTH_REQUIRED, "this vault wants its --key-file");
	}
	if (passphrase_fd)
		return unlock_read_fd(passphrase_fd, "passphrase", ret_secret, err);
	if (path)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "this vault wants a passphrase, not a key file");
	return unlock_ask("Vault passphrase: ", is_new, ret_secret, err);
}
