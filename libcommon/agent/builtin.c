#include "agent/builtin.h"

#include "base/cleanup.h"

/* The assembler reads the file; the Makefile names the files as what this object depends on. */
#define AGENT_FILE(id)                                                             \
	__asm__(".section .rodata\n"                                               \
		"agent_file_" #id ":\n"                                            \
		".incbin \"libcommon/agent/agents.d/" #id ".json\"\n"              \
		"agent_file_" #id "_end:\n"                                        \
		".byte 0\n"                                                        \
		".previous\n");                                                    \
	extern const char agent_file_##id[] __attribute__((visibility("hidden"))); \
	extern const char agent_file_##id##_end[] __attribute__((visibility("hidden")))

AGENT_FILE(claude);
AGENT_FILE(codex);
AGENT_FILE(opencode);
AGENT_FILE(amp);
AGENT_FILE(pi);
AGENT_FILE(cursor);
AGENT_FILE(mock);
AGENT_FILE(gemini);
AGENT_FILE(qwen);

enum { BUILTIN_COUNT = 9 };

const struct builtin_agent *builtin_agents(void)
{
	static struct builtin_agent rows[BUILTIN_COUNT + 1];
	if (rows[0].name)
		return rows;
	const struct {
		const char *name, *start, *end;
	} files[BUILTIN_COUNT] = {
	    {"claude", agent_file_claude, agent_file_claude_end},
	    {"codex", agent_file_codex, agent_file_codex_end},
	    {"opencode", agent_file_opencode, agent_file_opencode_end},
	    {"amp", agent_file_amp, agent_file_amp_end},
	    {"pi", agent_file_pi, agent_file_pi_end},
	    {"cursor", agent_file_cursor, agent_file_cursor_end},
	    {"mock", agent_file_mock, agent_file_mock_end},
	    {"gemini", agent_file_gemini, agent_file_gemini_end},
	    {"qwen", agent_file_qwen, agent_file_qwen_end},
	};
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		rows[i] = (struct builtin_agent){
		    files[i].name, {files[i].start, (size_t)(files[i].end - files[i].start)}};
	return rows;
}
