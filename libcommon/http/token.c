#include "http/token.h"

#include "base/buf.h"
#include "base/xalloc.h"
#include "os/io.h"

#include <stdlib.h>
#include <string.h>

void token_free(char *token)
{
	if (!token)
		return;
	explicit_bzero(token, strlen(token));
	free(token);
}

/* Visible ASCII, as a Bearer credential may be (RFC 6750 2.1 allows less, servers allow this). */
static int check(struct span text, const char *what, struct sa_error *err)
{
	if (text.n == 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "%s is empty", what);
	if (text.n > TOKEN_BYTES_MAX)
		return error_set(err, PROBLEM_INVALID_REQUEST, "%s is longer than %d bytes", what,
				 TOKEN_BYTES_MAX);
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] <= ' ' || text.p[i] == 0x7f)
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "%s holds a byte that no token may hold", what);
	return 0;
}

static int read_file(const char *path, char **ret_token, struct sa_error *err)
{
	struct buf b = BUF_INIT(TOKEN_BYTES_MAX + 2);
	int rc = io_read_file(path, &b, err);
	if (rc < 0)
		error_prefix(err, "--token-file");
	while (b.len && (b.data[b.len - 1] == '\n' || b.data[b.len - 1] == '\r'))
		b.len--;
	if (rc == 0)
		rc = check(buf_span(&b), "the token in --token-file", err);
	if (rc == 0)
		*ret_token = xmemdup0(b.data, b.len);
	if (b.data)
		explicit_bzero(b.data, b.cap);
	buf_free(&b);
	return rc;
}

int token_find(const char *flag, const char *file, char **ret_token, struct sa_error *err)
{
	if (flag) {
		if (check(span_of(flag), "--token", err) < 0)
			return -1;
		*ret_token = xstrdup(flag);
		explicit_bzero((char *)flag, strlen(flag));
		return 0;
	}
	if (file)
		return read_file(file, ret_token, err);
	const char *variable = getenv(TOKEN_VARIABLE);
	if (!variable || !*variable) {
		*ret_token = NULL;
		return 0;
	}
	if (check(span_of(variable), TOKEN_VARIABLE, err) < 0)
		return -1;
	*ret_token = xstrdup(variable);
	return 0;
}
