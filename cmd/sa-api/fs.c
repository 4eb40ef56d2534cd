/* api fs ...: the server's files. */
#include "base/cleanup.h"
#include "output.h"
#include "path.h"
#include "verbs.h"
#include "json/write.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int with_path(struct client *client, const char *method, const char *route,
		     const char *path_operand, bool is_recursive, struct sa_error *err)
{
	cleanup_buf struct buf path = PATH_INIT;
	buf_adds(&path, route);
	path_query(&path, "path", path_operand);
	path_query_flag(&path, "recursive", is_recursive);
	struct request request = REQUEST(method, path.data);
	return output_line(client, &request, err);
}

static int run_list(struct client *client, const struct api_options *o, int argc, char **argv,
		    struct sa_error *err)
{
	(void)o;
	cleanup_buf struct buf path = PATH_INIT;
	buf_adds(&path, "/v1/fs/entries");
	path_query(&path, "path", argc ? argv[0] : NULL);
	struct request request = REQUEST("GET", path.data);
	return output_elements(client, &request, NULL, err);
}

static int run_stat(struct client *client, const struct api_options *o, int argc, char **argv,
		    struct sa_error *err)
{
	(void)o;
	(void)argc;
	return with_path(client, "GET", "/v1/fs/stat", argv[0], false, err);
}

static int run_read(struct client *client, const struct api_options *o, int argc, char **argv,
		    struct sa_error *err)
{
	(void)o;
	(void)argc;
	cleanup_buf struct buf path = PATH_INIT;
	buf_adds(&path, "/v1/fs/file");
	path_query(&path, "path", argv[0]);
	struct request request = REQUEST("GET", path.data);
	return output_bytes(client, &request, err);
}

/* Standard input, or --file, as the body. */
static int send_body(struct client *client, const struct api_options *o, const char *method,
		     const char *route, const char *where, const char *content_type,
		     struct sa_error *err)
{
	cleanup_buf struct buf path = PATH_INIT;
	bool is_stdin = !o->file || strcmp(o->file, "-") == 0;
	cleanup_close int opened = is_stdin ? -1 : open(o->file, O_RDONLY | O_CLOEXEC);
	if (!is_stdin && opened < 0)
		return error_set_errno(err, errno == ENOENT ? PROBLEM_NOT_FOUND : PROBLEM_FAILED,
				       errno, "open %s", o->file);
	buf_adds(&path, route);
	path_query(&path, "path", where);
	struct request request = REQUEST(method, path.data);
	request.body_fd = is_stdin ? STDIN_FILENO : opened;
	request.content_type = content_type;
	return output_line(client, &request, err);
}

static int run_write(struct client *client, const struct api_options *o, int argc, char **argv,
		     struct sa_error *err)
{
	(void)argc;
	return send_body(client, o, "PUT", "/v1/fs/file", argv[0], "application/octet-stream", err);
}

static int run_upload(struct client *client, const struct api_options *o, int argc, char **argv,
		      struct sa_error *err)
{
	return send_body(client, o, "POST", "/v1/fs/upload-batch", argc ? argv[0] : NULL,
			 "application/x-tar", err);
}

static int run_mkdir(struct client *client, const struct api_options *o, int argc, char **argv,
		     struct sa_error *err)
{
	(void)o;
	(void)argc;
	return with_path(client, "POST", "/v1/fs/mkdir", argv[0], false, err);
}

static int run_remove(struct client *client, const struct api_options *o, int argc, char **argv,
		      struct sa_error *err)
{
	(void)argc;
	return with_path(client, "DELETE", "/v1/fs/entry", argv[0], o->is_recursive, err);
}

static int run_move(struct client *client, const struct api_options *o, int argc, char **argv,
		    struct sa_error *err)
{
	(void)argc;
	cleanup_buf struct buf body = BUF_INIT(BUF_MAX_OWN);
	json_open(&body, '{');
	json_kv_string(&body, "from", argv[0]);
	json_kv_string(&body, "to", argv[1]);
	if (o->is_overwrite)
		json_kv_bool(&body, "overwrite", true);
	json_close(&body, '}');
	struct request request = REQUEST("POST", "/v1/fs/move");
	request.body = buf_span(&body);
	return output_line(client, &request, err);
}

const struct subverb fs_subverbs[] = {
    {"list", 0, 1, "[PATH]", run_list},
    {"stat", 1, 1, "PATH", run_stat},
    {"read", 1, 1, "PATH", run_read},
    {"write", 1, 1, "PATH", run_write},
    {"upload", 0, 1, "[PATH]", run_upload},
    {"mkdir", 1, 1, "PATH", run_mkdir},
    {"move", 2, 2, "FROM TO", run_move},
    {"remove", 1, 1, "PATH", run_remove},
    {.name = NULL},
};
