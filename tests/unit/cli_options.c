#include "cli/options.h"
#include "tap.h"

#include <fcntl.h>
#include <unistd.h>

struct options {
	struct common_options common;
	const char *agent;
	struct string_list env;
	uint64_t limit, room;
	int64_t timeout_ms;
	bool is_quiet;
	int fd;
};

static const struct option table[] = {
    OPTIONS_COMMON,
    {"agent", 'a', OPTION_STRING, offsetof(struct options, agent), "ID", "agent", NULL},
    {"env", 'e', OPTION_LIST, offsetof(struct options, env), "NAME", "environment", NULL},
    {"limit", 0, OPTION_U64, offsetof(struct options, limit), "N", "limit", NULL},
    {"room", 0, OPTION_SIZE, offsetof(struct options, room), "SIZE", "room", NULL},
    {"timeout", 't', OPTION_DURATION, offsetof(struct options, timeout_ms), "TIME", "time", NULL},
    {"fd", 0, OPTION_FD, offsetof(struct options, fd), "N", "descriptor", NULL},
    {"quiet", 'q', OPTION_FLAG, offsetof(struct options, is_quiet), NULL, "quiet", NULL},
    OPTIONS_END,
};

/* Parse a command line given as words between blanks; operands come back joined. */
static const char *parse(struct options *o, bool is_posix, const char *line, struct sa_error *err)
{
	static char text[256], joined[256];
	char *argv[32];
	int argc = 0, count = -1;
	snprintf(text, sizeof(text), "%s", line);
	for (char *p = text; *p;) {
		argv[argc++] = p;
		p += strcspn(p, " ");
		if (*p)
			*p++ = '\0';
	}
	argv[argc] = NULL;
	*o = (struct options){.limit = 42};
	*err = SA_ERROR_INIT;
	if (options_parse(table, o, is_posix, argc, argv, &count, err) < 0)
		return NULL;
	joined[0] = '\0';
	size_t n = 0;
	for (int i = 0; i < count; i++)
		n +=
		    (size_t)snprintf(joined + n, sizeof(joined) - n, "%s%s", i ? " " : "", argv[i]);
	return joined;
}

static void accepted(void)
{
	struct options o;
	struct sa_error err;
	is_str(parse(&o, false, "", &err), "", "no words");
	is_str(parse(&o, false, "x --agent codex y", &err), "x y", "options between operands");
	is_str(o.agent, "codex", "a value in the next word");
	parse(&o, false, "--agent=a=b", &err);
	is_str(o.agent, "a=b", "a value behind the first equals sign");
	parse(&o, false, "--agent=", &err);
	is_str(o.agent, "", "an empty value");
	parse(&o, false, "--agent --quiet", &err);
	is_str(o.agent, "--quiet", "a value may look like an option");
	ok(!o.is_quiet, "and is none then");
	is_str(parse(&o, false, "-q -- -q --agent", &err), "-q --agent", "-- ends the options");
	ok(o.is_quiet, "those before it count");
	is_str(parse(&o, false, "- -q", &err), "-", "a lone dash is an operand");
	is_str(parse(&o, true, "-q run -q --nonsense", &err), "run -q --nonsense",
	       "with is_posix the first operand ends the options");
	is_str(parse(&o, true, "-q -- -x", &err), "-x", "and so does --");
	parse(&o, false, "-qacodex", &err);
	ok(o.is_quiet && o.agent && strcmp(o.agent, "codex") == 0, "letters in one word");
	parse(&o, false, "-a codex -t 5s", &err);
	ok(o.timeout_ms == 5000 && strcmp(o.agent, "codex") == 0, "letters with values behind");
	parse(&o, false, "-e A --env B --env=C", &err);
	ok(o.env.count == 3 && strcmp(o.env.items[0], "A") == 0 && strcmp(o.env.items[2], "C") == 0,
	   "a list keeps its order");
	string_list_free(&o.env);
	ok(o.env.count == 0 && !o.env.items, "and is freed to empty");
	parse(&o, false, "--limit 7 --room 2K --timeout off --json -h", &err);
	ok(o.limit == 7 && o.room == 2048 && o.timeout_ms == 0, "numbers, sizes, durations");
	ok(o.common.is_json && o.common.is_help && !o.common.is_text, "the common options");
	parse(&o, false, "--limit 1 --limit 2", &err);
	is_int(o.limit, 2, "the last of two wins");
	is_str(parse(&o, false, "a --help b", &err), "a b", "--help does not stop the parser");
}

static void refused(void)
{
	static const struct {
		const char *line, *message;
	} cases[] = {
	    {"--nonsense", "unknown option '--nonsense'"},
	    {"--nonsense=secret", "unknown option '--nonsense'"},
	    {"--age codex", "unknown option '--age'"},
	    {"--agentx", "unknown option '--agentx'"},
	    {"-x", "unknown option '-x'"},
	    {"-qx", "unknown option '-x'"},
	    {"--quiet=yes", "--quiet takes no value"},
	    {"--agent", "--agent wants a value (ID)"},
	    {"-a", "-a wants a value (ID)"},
	    {"--limit -1", "--limit wants a whole number, not '-1'"},
	    {"--limit=", "--limit wants a whole number, not ''"},
	    {"--timeout soon", "--timeout wants a duration such as 500ms, 30s, 10m, not 'soon'"},
	    {"--room 1T", "--room wants a size such as 4096, 64K, 64M, not '1T'"},
	    {"--fd 77", "--fd wants a descriptor that is open, 3 or above, not '77'"},
	    {"--fd 1", "--fd wants a descriptor that is open, 3 or above, not '1'"},
	    {"--fd 4294967299",
	     "--fd wants a descriptor that is open, 3 or above, not '4294967299'"},
	    {"--=x", "unknown option '--'"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct options o;
		struct sa_error err;
		ok(!parse(&o, false, cases[i].line, &err), "refused: %s", cases[i].line);
		is_str(err.message, cases[i].message, "with the reason");
		is_int(err.kind, PROBLEM_INVALID_REQUEST, "as a usage error");
		is_int(o.limit, 42, "and no value is stored");
		string_list_free(&o.env);
	}
}

static void descriptors(void)
{
	struct options o;
	struct sa_error err;
	char line[32];
	int fd = open("/dev/null", O_RDONLY);
	snprintf(line, sizeof(line), "--fd %d", fd);
	ok(parse(&o, false, line, &err) != NULL, "a descriptor of ours: %s", err.message);
	is_int(o.fd, fd, "is taken");
	ok(fcntl(fd, F_GETFD) & FD_CLOEXEC, "and handed on to nobody");
	close(fd);
}

int main(void)
{
	accepted();
	descriptors();
	refused();
	return done_testing();
}
