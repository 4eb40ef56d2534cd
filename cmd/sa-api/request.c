/* api health, api request METHOD PATH: what has no verb of its own. */
#include "base/cleanup.h"
#include "output.h"
#include "verbs.h"
#include "json/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int health_run(struct client *client, const struct api_options *o, int argc, char **argv,
	       struct sa_error *err)
{
	(void)o;
	(void)argv;
	if (argc > 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "health takes no operand");
	struct request request = REQUEST("GET", "/v1/health");
	return output_line(client, &request, err);
}

static bool is_word(const char *text)
{
	return *text && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(text);
}

/* A target goes out as it is: nothing may end it early. */
static bool is_target(const char *text)
{
	if (*text != '/')
		return false;
	for (; *text; text++)
		if (*text <= ' ' || *text == 0x7f)
			return false;
	return true;
}

int request_run(struct client *client, const struct api_options *o, int argc, char **argv,
		struct sa_error *err)
{
	if (argc != 2 || !is_word(argv[0]) || !is_target(argv[1]))
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "request wants METHOD and /PATH[?QUERY], encoded");
	if (o->json && o->file)
		return error_set(err, PROBLEM_INVALID_REQUEST, "--json or --file, not both");
	struct request request = REQUEST(argv[0], argv[1]);
	cleanup_close int fd = -1;
	if (o->json) {
		size_t bad;
		if (json_check(span_of(o->json), &bad) < 0)
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "--json is not JSON, from byte %zu on", bad + 1);
		request.body = span_of(o->json);
	} else if (o->file && strcmp(o->file, "-") == 0) {
		request.body_fd = STDIN_FILENO;
	} else if (o->file) {
		fd = open(o->file, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return error_set_errno(err,
					       errno == ENOENT ? PROBLEM_NOT_FOUND : PROBLEM_FAILED,
					       errno, "open %s", o->file);
		request.body_fd = fd;
	}
	return output_bytes(client, &request, err);
}
