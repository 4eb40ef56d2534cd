#include "names.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

const char *name_clean(const char *path, struct buf *ret)
{
	size_t depth = 0;
	buf_clear(ret);
	buf_adds(ret, "");
	if (*path == '/')
		return "its name is absolute";
	for (const char *p = path; *p;) {
		size_t n = strcspn(p, "/");
		if (n == 2 && memcmp(p, "..", 2) == 0)
			return "its name has '..'";
		if (n > NAME_PART_BYTES)
			return "a part of its name is too long";
		if (n && !(n == 1 && *p == '.')) {
			if (++depth > NAME_DEPTH)
				return "it lies too deep";
			if (ret->len)
				buf_addc(ret, '/');
			buf_add(ret, p, n);
		}
		if (ret->len > NAME_PATH_BYTES)
			return "its name is too long";
		p += n + (p[n] == '/');
	}
	return NULL;
}

const char *link_judge(const char *target, size_t depth)
{
	size_t up = 0;
	bool is_down = false;
	if (*target == '\0')
		return "it is a link to nothing";
	if (*target == '/')
		return "it is a link with an absolute target";
	if (strlen(target) >= PATH_MAX)
		return "its target is too long";
	for (const char *p = target; *p;) {
		size_t n = strcspn(p, "/");
		if (n == 2 && memcmp(p, "..", 2) == 0) {
			if (is_down || ++up > depth)
				return "it is a link that leads out";
		} else if (n && !(n == 1 && *p == '.')) {
			is_down = true;
		}
		p += n + (p[n] == '/');
	}
	return NULL;
}
