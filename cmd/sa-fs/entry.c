#include "entry.h"

#include "http/condition.h"
#include "json/write.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void entry_etag(const struct stat *st, char out[ETAG_BYTES])
{
	uint64_t modified =
	    (uint64_t)st->st_mtim.tv_sec * 1000000000u + (uint64_t)st->st_mtim.tv_nsec;
	uint64_t changed =
	    (uint64_t)st->st_ctim.tv_sec * 1000000000u + (uint64_t)st->st_ctim.tv_nsec;
	snprintf(out, ETAG_BYTES, "\"%llx-%llx-%llx-%llx\"", (unsigned long long)st->st_ino,
		 (unsigned long long)st->st_size, (unsigned long long)modified,
		 (unsigned long long)(changed - modified));
}

int entry_judge(const struct http_conditions *conditions, const struct stat *st, const char *shown,
		struct sa_error *err)
{
	char etag[ETAG_BYTES];
	if (st)
		entry_etag(st, etag);
	switch (http_conditions_judge(conditions, st ? span_of(etag) : SPAN_NONE,
				      st ? st->st_mtim.tv_sec : 0)) {
	case HTTP_CONDITION_CHANGED:
		return error_set(err, PROBLEM_PRECONDITION_FAILED, "%s %s", shown,
				 st ? "has changed" : "does not exist");
	case HTTP_CONDITION_SAME:
		return error_set(err, PROBLEM_PRECONDITION_FAILED, "%s exists already", shown);
	case HTTP_CONDITION_HOLDS:
		break;
	}
	return 0;
}

const char *entry_kind(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return "directory";
	case S_IFLNK:
		return "symlink";
	case S_IFIFO:
		return "fifo";
	case S_IFSOCK:
		return "socket";
	case S_IFBLK:
		return "block";
	case S_IFCHR:
		return "character";
	default:
		return "file";
	}
}

/* count digits of value into text; behind them. A folder has thousands of times: no printf. */
static char *put_digits(char *text, long value, int count)
{
	for (int i = count; i-- > 0; value /= 10)
		text[i] = (char)('0' + value % 10);
	return text + count;
}

/* RFC 3339 with nanoseconds and "+00:00" (contract 2); its years have four digits. */
static void add_time(struct buf *b, const char *key, const struct timespec *at)
{
	struct tm tm;
	char text[] = "0000-00-00T00:00:00.000000000+00:00", *p = text;
	if (!gmtime_r(&at->tv_sec, &tm) || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900)
		return;
	p = put_digits(p, tm.tm_year + 1900, 4) + 1;
	p = put_digits(p, tm.tm_mon + 1, 2) + 1;
	p = put_digits(p, tm.tm_mday, 2) + 1;
	p = put_digits(p, tm.tm_hour, 2) + 1;
	p = put_digits(p, tm.tm_min, 2) + 1;
	p = put_digits(p, tm.tm_sec, 2) + 1;
	put_digits(p, at->tv_nsec, 9);
	json_kv_string(b, key, text);
}

void entry_add_json(struct buf *b, const char *name, const char *path, const struct stat *st,
		    const char *link)
{
	const char *kind = entry_kind(st->st_mode);
	bool is_directory = S_ISDIR(st->st_mode);
	char mode[] = "0000";
	for (int i = 0; i < 4; i++)
		mode[3 - i] = (char)('0' + (st->st_mode >> (3 * i) & 7));
	json_open(b, '{');
	json_kv_string(b, "name", name);
	json_kv_string(b, "path", path);
	json_kv_string(b, "entryType", is_directory ? "directory" : "file");
	if (!is_directory && !S_ISREG(st->st_mode))
		json_kv_string(b, "kind", kind);
	json_kv_string(b, "linkTarget", link);
	json_kv_int(b, "size", st->st_size);
	json_kv_string(b, "mode", mode);
	add_time(b, "modified", &st->st_mtim);
	json_close(b, '}');
}

void entry_print_text(const char *name, const struct stat *st, const char *link)
{
	static const char letters[] = "rwxrwxrwx";
	char bits[] = "?rwxrwxrwx", when[32] = "";
	const char *kind = entry_kind(st->st_mode);
	struct tm tm;
	bits[0] = S_ISREG(st->st_mode) ? '-' : S_ISLNK(st->st_mode) ? 'l' : kind[0];
	for (int i = 0; i < 9; i++)
		bits[i + 1] = st->st_mode & (0400u >> i) ? letters[i] : '-';
	if (localtime_r(&st->st_mtim.tv_sec, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M", &tm);
	printf("%s %12lld  %s  ", bits, (long long)st->st_size, when);
	/* A terminal is no place for other people's control characters. */
	for (const char *p = name; *p; p++)
		putchar((unsigned char)*p < 0x20 || *p == 0x7f ? '?' : *p);
	printf("%s%s\n", link ? " -> " : "", link ? link : "");
}
