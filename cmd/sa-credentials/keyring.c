#include "keyring.h"

#include "program.h"
#include "secret.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "os/dirs.h"

#include <stdlib.h>

void keyring_search(struct findings *list)
{
	static const char *const providers[] = {"anthropic", "openai", "amp", "cursor", "google"};
	list->source = "keyring";
	list->agent = NULL;
	list->path = NULL;
	list->why = "the Secret Service, asked because of --keyring";
	cleanup_free char *tool = dirs_find_on_path("secret-tool");
	if (!tool) {
		findings_add_note(list, VERDICT_SKIPPED, NULL, "secret-tool",
				  "the program secret-tool is not on PATH");
		return;
	}
	int64_t deadline = deadline_after(PROGRAM_TIMEOUT_MS);
	for (size_t i = 0; i < ARRAY_SIZE(providers); i++) {
		if (deadline_poll_ms(deadline) == 0) {
			findings_add_note(list, VERDICT_SKIPPED, providers[i], "secret-tool",
					  "the keyring takes too long to answer");
			continue;
		}
		char *argv[] = {tool,
				(char *)"lookup",
				(char *)"application",
				(char *)"sandbox-agent",
				(char *)"provider",
				(char *)providers[i],
				NULL};
		cleanup_free char *reason = NULL;
		cleanup_secret char *key = program_output(argv, &reason);
		struct candidate c = {.provider = span_of(providers[i]), .member = "secret-tool"};
		if (key)
			findings_add_text(list, &c, span_of(key));
		else
			findings_add_note(list, VERDICT_ABSENT, providers[i], "secret-tool",
					  "no such item, or the keyring is locked");
	}
}
