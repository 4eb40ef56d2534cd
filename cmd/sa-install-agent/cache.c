#include "cache.h"

#include "base/base64.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "digest.h"
#include "os/dirs.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define SHA512 "sha512-"

/* cacache's layout: content-v2/sha512/HH/HH/REST, the digest in hexadecimal. NULL: no SHA-512. */
static char *content_path(const char *folder, const char *integrity)
{
	if (strncmp(integrity, SHA512, strlen(SHA512)) != 0)
		return NULL;
	cleanup_buf struct buf digest = BUF_INIT(BUF_MAX_OWN), hex = BUF_INIT(BUF_MAX_OWN);
	struct span text = span_of(integrity + strlen(SHA512));
	text.n = strcspn(text.p, " \t\r\n?");
	if (base64_decode(&digest, text) < 0 || digest.len < 3)
		return NULL;
	for (size_t i = 0; i < digest.len; i++)
		buf_addf(&hex, "%s%02x", i == 1 || i == 2 ? "/" : "",
			 (unsigned char)digest.data[i]);
	return xasprintf("%s/_cacache/content-v2/sha512/%s", folder, hex.data);
}

int cache_open(const struct npmrc *rc, const char *integrity)
{
	const char *named = npmrc_get(rc, "cache");
	cleanup_free char *home = dirs_home();
	cleanup_free char *folder = named  ? xstrdup(named)
				    : home ? xasprintf("%s/.npm", home)
					   : NULL;
	cleanup_free char *path = folder && integrity ? content_path(folder, integrity) : NULL;
	cleanup_close int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
	struct sa_error ignored;
	if (fd < 0 || digest_check(fd, integrity, path, &ignored) < 0)
		return -1;
	return TAKE_FD(fd);
}
