/* The agents as data: built in, the user's, the registry's copy; which program each becomes. */
#include "agent/builtin.h"
#include "agent/catalog.h"
#include "agent/registry.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/dirs.h"
#include "os/spawn.h"
#include "tap.h"
#include "json/scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char home[] = "/tmp/sa-catalog.XXXXXX";

/* Write a file below home, its folders too. */
static void put(const char *name, const char *text, mode_t mode)
{
	struct sa_error err;
	cleanup_free char *path = xasprintf("%s/%s", home, name);
	cleanup_free char *folder = xmemdup0(path, (size_t)(strrchr(path, '/') - path));
	if (dirs_make(folder, &err) < 0)
		abort();
	cleanup_fclose FILE *f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fchmod(fileno(f), mode) < 0)
		abort();
}

static void drop(const char *name)
{
	cleanup_free char *path = xasprintf("%s/%s", home, name);
	unlink(path);
}

/* "route argv0 argv1..." without the home folder; what went wrong if nothing is found. */
static const char *program(const char *name)
{
	static char out[4096];
	struct sa_error err = SA_ERROR_INIT;
	cleanup_agent_program struct agent_program p = {.name = NULL};
	if (agent_program_find(name, NULL, &p, &err) < 0)
		snprintf(out, sizeof(out), "%s", problem_info(err.kind)->name);
	else {
		size_t n = (size_t)snprintf(out, sizeof(out), "%s", agent_route_name(p.route));
		for (char **word = p.argv; *word; word++) {
			const char *shown = *word;
			if (strncmp(shown, home, strlen(home)) == 0)
				shown += strlen(home) + 1;
			n += (size_t)snprintf(out + n, sizeof(out) - n, " %s", shown);
		}
	}
	return out;
}

static void check_builtin(void)
{
	static const char *const wanted[] = {"name",	      "title", "capabilities",
					     "configOptions", "keys",  "credentials"};
	for (const struct builtin_agent *row = builtin_agents(); row->name; row++) {
		bool is_whole = json_check(row->json, NULL) == 0 &&
				json_string_is(json_get(row->json, "name"), row->name);
		for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
			is_whole &= json_get(row->json, wanted[i]).p != NULL;
		ok(is_whole, "%s is whole", row->name);
	}
}

static void check_find(void)
{
	cleanup_agent_record struct agent_record r = AGENT_RECORD_INIT;
	struct sa_error err = SA_ERROR_INIT;
	ok(catalog_find("claude-acp", &r, &err) == 0 && strcmp(r.name, "claude") == 0,
	   "an alias finds its agent");
	ok(catalog_find("Claude", &r, &err) < 0 && err.kind == PROBLEM_UNSUPPORTED_AGENT,
	   "names are case-sensitive");
	ok(catalog_find("../claude", &r, &err) < 0 && err.kind == PROBLEM_UNSUPPORTED_AGENT,
	   "a name is no path");
	ok(catalog_find("", &r, &err) < 0, "nor empty");
	put("config/sandbox-agent/agents.d/claude.json", "{\"env\":{\"A\":\"b\"}}", 0600);
	ok(catalog_find("claude", &r, &err) == 0 &&
	       json_string_is(json_path(agent_record_get(&r, "env"), "A"), "b") &&
	       json_string_is(agent_record_get(&r, "title"), "Claude Code"),
	   "a user's file replaces members of a known agent and keeps the others");
	put("config/sandbox-agent/agents.d/claude.json", "[1]", 0600);
	ok(catalog_find("claude", &r, &err) < 0 && err.kind == PROBLEM_INVALID_REQUEST &&
	       strstr(err.message, "claude.json"),
	   "a file that is no object is told by its name");
	drop("config/sandbox-agent/agents.d/claude.json");
	put("cache/sandbox-agent/acp-registry.json",
	    "{\"agents\":[{\"id\":\"goose\",\"name\":\"Goose\"}]}", 0600);
	ok(catalog_find("goose", &r, &err) == 0 && strcmp(r.origin, "acp-registry") == 0 &&
	       json_string_is(json_path(agent_record_get(&r, "acp"), "id"), "goose"),
	   "the copy of the ACP registry is looked at last");
	put("cache/sandbox-agent/acp-registry.json", "{\"agents\":[{\"id\":", 0600);
	ok(catalog_find("goose", &r, &err) < 0 && err.kind == PROBLEM_UNSUPPORTED_AGENT,
	   "a broken copy is as good as none");
}

static void check_program(void)
{
	static const char run[] = "#!/bin/sh\n";
	is_str(program("claude"), "agent_not_installed", "nothing is there");
	put("path/claude-agent-acp", run, 0700);
	is_str(program("claude"), "adapter path/claude-agent-acp", "an adapter on PATH is used");
	put("data/sandbox-agent/bin/agent_processes/claude-acp", run, 0700);
	is_str(program("claude"), "launcher data/sandbox-agent/bin/agent_processes/claude-acp",
	       "a launcher beats it");
	setenv("SANDBOX_AGENT_ADAPTER", "claude=own", 1);
	is_str(program("claude"), "agent_not_installed", "unless our adapter is wished for");
	unsetenv("SANDBOX_AGENT_ADAPTER");
	put("path/sa-acp-amp", run, 0700);
	is_str(program("amp"), "agent_not_installed", "our adapter alone is no agent");
	put("path/amp", run, 0700);
	is_str(program("amp"), "own path/sa-acp-amp --agent-binary path/amp",
	       "with the native program it is");
	put("data/sandbox-agent/bin/amp", run, 0700);
	is_str(program("amp"), "own path/sa-acp-amp --agent-binary data/sandbox-agent/bin/amp",
	       "an installed native program beats the one on PATH");
	setenv("SANDBOX_AGENT_ADAPTER", "official", 1);
	is_str(program("amp"), "agent_not_installed", "official does without ours");
	unsetenv("SANDBOX_AGENT_ADAPTER");
	put("path/amp-acp", run, 0700);
	is_str(program("amp"), "adapter path/amp-acp", "an adapter on PATH beats ours");
	put("config/sandbox-agent/agents.d/amp.json", "{\"adapter_choice\":\"own\"}", 0600);
	is_str(program("amp"), "own path/sa-acp-amp --agent-binary data/sandbox-agent/bin/amp",
	       "a user's file chooses too");
	put("path/opencode", run, 0700);
	is_str(program("opencode"), "native path/opencode acp", "an agent that speaks ACP itself");
	put("config/sandbox-agent/agents.d/mine.json", "{\"command\":[\"opencode\",\"x y\"]}",
	    0600);
	is_str(program("mine"), "command path/opencode x y", "an agent of the user's own");
	put("config/sandbox-agent/agents.d/mine.json", "{\"command\":\"opencode\"}", 0600);
	is_str(program("mine"), "invalid_request", "whose command must be an array");
	put("config/sandbox-agent/agents.d/mine.json", "{\"command\":[\"gone\"]}", 0600);
	is_str(program("mine"), "agent_not_installed", "of a program that is there");
}

int main(void)
{
	if (!mkdtemp(home))
		return 1;
	static const char *const variables[] = {"CONFIG", "DATA", "CACHE", "STATE"};
	static const char *const folders[] = {"config", "data", "cache", "state"};
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		cleanup_free char *name = xasprintf("XDG_%s_HOME", variables[i]);
		cleanup_free char *value = xasprintf("%s/%s", home, folders[i]);
		setenv(name, value, 1);
	}
	cleanup_free char *path = xasprintf("%s/path", home);
	setenv("PATH", path, 1);
	check_builtin();
	check_find();
	check_program();
	struct sa_error err;
	struct spawn rm = SPAWN_INIT;
	rm.path = "/bin/rm";
	rm.argv = (char *[]){(char *)(uintptr_t) "rm", (char *)(uintptr_t) "-rf", home, NULL};
	pid_t pid = spawn_start(&rm, &err);
	ok(pid > 0 && spawn_wait(pid) == 0, "cleaned up");
	return done_testing();
}
