#include "skills.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/beneath.h"
#include "os/io.h"
#include "os/names.h"
#include "os/tempfile.h"
#include "os/tree.h"
#include "skill.h"
#include "source.h"
#include "store.h"
#include "json/scan.h"
#include "json/write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

struct sync {
	const char *directory;
	enum source_mode mode;
	struct skill *skills;
	size_t count;
	const char *entry;  /* the one at hand */
	bool is_incomplete; /* a source was left out: whose skills are whose is not known */
};

/* --- finding ------------------------------------------------------------------------- */

static int add_skill(struct sync *s, struct skill *skill, struct span source, struct sa_error *err)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->skills[i].name, skill->name) == 0)
			return error_set(err, PROBLEM_CONFLICT,
					 "skill '%s' comes from %s and from %s", skill->name,
					 s->skills[i].entry, s->entry);
	if (s->count >= SKILLS_MAX)
		return error_set(err, PROBLEM_TOO_LARGE, "at most %d skills in a folder",
				 SKILLS_MAX);
	skill->entry = xstrdup(s->entry);
	skill->source = json_string_dup(json_get(source, "source"));
	s->skills = xreallocarray(s->skills, s->count + 1, sizeof(*s->skills));
	s->skills[s->count++] = *skill;
	*skill = SKILL_INIT;
	return 0;
}

/* Is it in the list of the source, or is there no list? */
static bool is_wanted(struct span source, const char *name)
{
	struct span list = json_get(source, "skills"), item;
	if (json_type(list) != JSON_ARRAY)
		return true;
	for (struct json_iter it = json_iter(list); json_next(&it, NULL, &item);)
		if (json_string_is(item, name))
			return true;
	return false;
}

/* The folders of dir (borrowed), and itself, that are skills. How many; -1. */
static int look_in(struct sync *s, int dir, struct span source, struct sa_error *err)
{
	cleanup_names struct names names = NAMES_INIT;
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), found = 0;
	if (fd < 0 || names_read(fd, &names) < 0)
		return 0;
	for (size_t i = 0; i < names.count; i++) {
		struct skill skill = SKILL_INIT;
		int folder =
		    openat(dir, names.items[i], O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		int rc = folder < 0 ? 0 : skill_open(folder, names.items[i], &skill, err);
		/* One that is not wanted may be as broken as it likes. */
		if (rc < 0 && !is_wanted(source, names.items[i]))
			rc = 0;
		if (rc > 0) {
			found++;
			rc = is_wanted(source, skill.name) ? add_skill(s, &skill, source, err) : 0;
		}
		skill_clear(&skill);
		if (rc < 0)
			return -1;
	}
	return found;
}

/* The names that the source wants and that have not been found. */
static int check_wanted(const struct sync *s, size_t first, struct span source,
			struct sa_error *err)
{
	struct span item;
	for (struct json_iter it = json_iter(json_get(source, "skills"));
	     json_next(&it, NULL, &item);) {
		bool is_there = false;
		for (size_t i = first; i < s->count; i++)
			is_there = is_there || json_string_is(item, s->skills[i].name);
		if (!is_there)
			return error_set(err, PROBLEM_NOT_FOUND, "there is no skill %.*s",
					 SPAN_ARG(item));
	}
	return 0;
}

/* The source itself, its folders, or those in the places where repositories keep them. */
static int look_at_source(struct sync *s, struct span source, struct sa_error *err)
{
	static const char *const places[] = {".", "skills", ".claude/skills", ".agents/skills"};
	size_t first = s->count;
	struct beneath at;
	struct skill skill = SKILL_INIT;
	int top = source_open(s->directory, source, s->mode, err), found = 0;
	if (top < 0)
		return -1;
	beneath_init_fd(&at, top, true);
	cleanup_free char *text = json_string_dup(json_get(source, "source"));
	const char *slash = text ? strrchr(text, '/') : NULL;
	int rc = skill_open(fcntl(top, F_DUPFD_CLOEXEC, 3), slash && slash[1] ? slash + 1 : "skill",
			    &skill, err);
	if (rc > 0) {
		found = 1;
		rc = add_skill(s, &skill, source, err);
	}
	skill_clear(&skill);
	for (size_t i = 0; i < ARRAY_SIZE(places) && rc == 0 && !found; i++) {
		cleanup_close int dir = beneath_open(&at, places[i], O_PATH | O_DIRECTORY, 0);
		int more = dir < 0 ? 0 : look_in(s, dir, source, err);
		rc = more < 0 ? -1 : 0;
		found += more > 0 ? more : 0;
	}
	beneath_close(&at);
	if (rc == 0 && !found)
		return error_set(err, PROBLEM_NOT_FOUND, "%s has no folder with a SKILL.md", text);
	return rc < 0 ? -1 : check_wanted(s, first, source, err);
}

static int collect(const struct config_entry *entry, void *arg, struct sa_error *err)
{
	struct sync *s = arg;
	struct span source;
	if (!entry->is_trusted) {
		config_tell_untrusted(&config_skills, s->directory, entry->name);
		return 0;
	}
	s->entry = entry->name;
	for (struct json_iter it = json_iter(json_get(entry->json, "sources"));
	     json_next(&it, NULL, &source);)
		if (look_at_source(s, source, err) < 0) {
			error_prefix(err, "skills '%s'", entry->name);
			if (s->mode != SOURCE_CACHED)
				return -1;
			s->is_incomplete = true;
			fprintf(stderr, "sa-config: left out: %s\n", err->message);
		}
	return 0;
}

/* --- laying out ------------------------------------------------------------------------- */

static bool is_marked(int dir, const char *name)
{
	struct stat st;
	cleanup_free char *path = xasprintf("%s/" SKILLS_MARK, name);
	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode) &&
	       fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

static int write_mark(int dir, const char *name, const struct skill *skill, struct sa_error *err)
{
	cleanup_free char *path = xasprintf("%s/" SKILLS_MARK, name);
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	cleanup_close int fd =
	    openat(dir, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	json_open(&b, '{');
	json_kv_string(&b, "entry", skill->entry);
	json_kv_string(&b, "source", skill->source);
	json_close(&b, '}');
	buf_addc(&b, '\n');
	if (fd < 0 || io_write_all(fd, buf_span(&b)) < 0)
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "mark skill '%s'",
				       skill->name);
	return 0;
}

/* A copy beside, then in its place; what was there before goes behind that. */
static int lay_out(int dir, const struct skill *skill, struct sa_error *err)
{
	struct stat st;
	bool is_there = fstatat(dir, skill->name, &st, AT_SYMLINK_NOFOLLOW) == 0;
	if (is_there && !is_marked(dir, skill->name))
		return error_set(err, PROBLEM_CONFLICT,
				 "skill '%s' is there already and was not put there by sa-config",
				 skill->name);
	cleanup_free char *copy = tempfile_name();
	int rc = skill_copy(skill, dir, copy, err);
	if (rc == 0)
		rc = write_mark(dir, copy, skill, err);
	if (rc == 0 && renameat2(dir, copy, dir, skill->name,
				 is_there ? RENAME_EXCHANGE : RENAME_NOREPLACE) < 0)
		rc = error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "lay out skill '%s'",
				     skill->name);
	tree_remove(dir, copy);
	return rc;
}

static bool is_configured(const struct sync *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->skills[i].name, name) == 0)
			return true;
	return false;
}

/* What we put there and is not configured any more, and what a killed run has left: it holds the
 * lock of this folder no longer. */
static void clean(const struct sync *s, int dir)
{
	cleanup_names struct names names = NAMES_INIT;
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || names_read(fd, &names) < 0)
		return;
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.items[i];
		bool is_left = strncmp(name, TEMPFILE_PREFIX, sizeof(TEMPFILE_PREFIX) - 1) == 0;
		bool is_over = !s->is_incomplete && !is_configured(s, name);
		if (is_left || (is_over && is_marked(dir, name)))
			tree_remove(dir, name);
	}
}

static int sync_place(const struct sync *s, const struct beneath *at, const char *place,
		      struct sa_error *err)
{
	cleanup_close int dir = s->count ? beneath_make_dirs(at, place, 0777)
					 : beneath_open(at, place, O_PATH | O_DIRECTORY, 0);
	if (dir < 0 && s->count == 0)
		return 0;
	if (dir < 0)
		return error_set_errno(err, PROBLEM_PERMISSION_DENIED, errno, "make %s/%s",
				       s->directory, place);
	cleanup_close int lock = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock < 0 || flock(lock, LOCK_EX) < 0)
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "lock %s", place);
	clean(s, dir);
	for (size_t i = 0; i < s->count; i++)
		if (lay_out(dir, &s->skills[i], err) < 0)
			return error_prefix(err, "%s", place);
	return 0;
}

static void add_records(const struct sync *s, struct buf *b)
{
	for (size_t i = 0; i < s->count; i++) {
		json_open(b, '{');
		json_kv_string(b, "name", s->skills[i].name);
		json_kv_string(b, "entry", s->skills[i].entry);
		json_kv_string(b, "source", s->skills[i].source);
		json_close(b, '}');
		buf_addc(b, '\n');
	}
}

int skills_sync(const char *directory, const char *agent, enum source_mode mode, struct buf *ret,
		struct sa_error *err)
{
	struct sync s = {.directory = directory, .mode = mode};
	bool is_claude = agent && strcmp(agent, "claude") == 0;
	int rc = config_each(&config_skills, directory, collect, &s, err);
	int top = rc < 0 ? -1 : open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rc == 0 && top < 0)
		rc = error_set_errno(err, PROBLEM_NOT_FOUND, errno, "open %s", directory);
	struct beneath at;
	beneath_init_fd(&at, top, true);
	if (rc == 0 && (!agent || is_claude))
		rc = sync_place(&s, &at, ".claude/skills", err);
	if (rc == 0 && !is_claude)
		rc = sync_place(&s, &at, ".agents/skills", err);
	beneath_close(&at);
	if (rc == 0)
		add_records(&s, ret);
	for (size_t i = 0; i < s.count; i++)
		skill_clear(&s.skills[i]);
	free(s.skills);
	return rc;
}
