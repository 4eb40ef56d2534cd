#include "block.h"

#include "base/base64.h"
#include "base/cleanup.h"
#include "base/utf8.h"
#include "http/uri.h"
#include "os/io.h"
#include "json/write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct magic {
	const char *bytes;
	size_t n;
	size_t at;
	const char *type;
};

static const struct magic magics[] = {
    {"\x89PNG\r\n\x1a\n", 8, 0, "image/png"},
    {"\xff\xd8\xff", 3, 0, "image/jpeg"},
    {"GIF87a", 6, 0, "image/gif"},
    {"GIF89a", 6, 0, "image/gif"},
    {"WEBP", 4, 8, "image/webp"},
};

/* The media type of an image; NULL for anything else. */
static const char *image_type(struct span data)
{
	for (size_t i = 0; i < ARRAY_SIZE(magics); i++) {
		const struct magic *m = &magics[i];
		if (data.n >= m->at + m->n && memcmp(data.p + m->at, m->bytes, m->n) == 0)
			return m->type;
	}
	return NULL;
}

void block_add_text(struct buf *b, struct span text)
{
	json_open(b, '{');
	json_kv_string(b, "type", "text");
	json_kv_span(b, "text", text);
	json_close(b, '}');
}

static void add_base64(struct buf *b, const char *key, struct span data)
{
	json_key(b, key);
	buf_addc(b, '"');
	base64_add(b, data);
	buf_addc(b, '"');
}

int block_add_image(struct buf *b, const char *path, struct sa_error *err)
{
	cleanup_buf struct buf data = BUF_INIT(BLOCK_FILE_BYTES);
	if (io_read_file(path, &data, err) < 0)
		return -1;
	const char *type = image_type(buf_span(&data));
	if (!type)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "%s is no PNG, JPEG, GIF or WebP image; --attach takes any file",
				 path);
	json_open(b, '{');
	json_kv_string(b, "type", "image");
	json_kv_string(b, "mimeType", type);
	add_base64(b, "data", buf_span(&data));
	json_close(b, '}');
	return 0;
}

/* file:// and the encoded absolute path. 0, or -1. */
static int add_uri(struct buf *uri, const char *path, struct sa_error *err)
{
	cleanup_free char *real = realpath(path, NULL);
	if (!real)
		return error_set_errno(
		    err, errno == ENOENT ? PROBLEM_NOT_FOUND : PROBLEM_INVALID_REQUEST, errno, "%s",
		    path);
	buf_adds(uri, "file://");
	for (const char *p = real; *p;) {
		size_t n = strcspn(p, "/");
		http_percent_encode(uri, (struct span){p, n});
		p += n;
		if (*p == '/')
			buf_addc(uri, *p++);
	}
	return 0;
}

int block_add_file(struct buf *b, const char *path, struct sa_error *err)
{
	cleanup_buf struct buf data = BUF_INIT(BLOCK_FILE_BYTES);
	cleanup_buf struct buf uri = BUF_INIT(BUF_MAX_OWN);
	if (io_read_file(path, &data, err) < 0 || add_uri(&uri, path, err) < 0)
		return -1;
	struct span content = buf_span(&data);
	bool is_text = utf8_is_valid(content) && (!content.n || !memchr(content.p, 0, content.n));
	const char *type = image_type(content);
	json_open(b, '{');
	json_kv_string(b, "type", "resource");
	json_key(b, "resource");
	json_open(b, '{');
	json_kv_span(b, "uri", buf_span(&uri));
	json_kv_string(b, "mimeType",
		       is_text ? "text/plain"
		       : type  ? type
			       : "application/octet-stream");
	if (is_text)
		json_kv_span(b, "text", content);
	else
		add_base64(b, "blob", content);
	json_close(b, '}');
	json_close(b, '}');
	return 0;
}

int block_add_link(struct buf *b, const char *path, struct sa_error *err)
{
	cleanup_buf struct buf uri = BUF_INIT(BUF_MAX_OWN);
	struct stat st = {.st_size = -1};
	const char *slash = strrchr(path, '/');
	bool is_uri = strstr(path, "://") != NULL;
	if (is_uri)
		buf_adds(&uri, path);
	else if (add_uri(&uri, path, err) < 0)
		return -1;
	bool is_file = !is_uri && stat(path, &st) == 0 && S_ISREG(st.st_mode);
	json_open(b, '{');
	json_kv_string(b, "type", "resource_link");
	json_kv_span(b, "uri", buf_span(&uri));
	json_kv_string(b, "name", slash && slash[1] ? slash + 1 : path);
	if (is_file)
		json_kv_int(b, "size", (int64_t)st.st_size);
	json_close(b, '}');
	return 0;
}
