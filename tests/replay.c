/*
 * main for a fuzz target without libFuzzer: runs each file of the folders
 * and files named (else of tests/fuzz/corpus/<target>) and prints TAP. Each
 * file also runs cut short at a few places, which libFuzzer would try first.
 */
#include "fuzz/fuzz.h"
#include "tap.h"

#include <dirent.h>
#include <sys/stat.h>

enum { REPLAY_MAX_BYTES = 1 << 20 };

static void replay_file(const char *path)
{
	static uint8_t data[REPLAY_MAX_BYTES];
	FILE *f = fopen(path, "rb");
	if (!f) {
		ok(false, "%s can be read", path);
		return;
	}
	size_t n = fread(data, 1, sizeof(data), f);
	fclose(f);
	static const size_t eighths[] = {8, 0, 1, 3, 4, 7};
	for (size_t i = 0; i < sizeof(eighths) / sizeof(eighths[0]); i++) {
		size_t part = n * eighths[i] / 8;
		uint8_t *exact = malloc(part ? part : 1);
		if (!exact)
			abort();
		memcpy(exact, data, part);
		LLVMFuzzerTestOneInput(exact, part);
		free(exact);
	}
	ok(true, "%s", path);
}

static void replay(const char *path)
{
	struct stat st;
	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode)) {
		replay_file(path);
		return;
	}
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		char name[4096];
		snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			replay_file(name);
		free(entries[i]);
	}
	free(entries);
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	const char *target = slash ? slash + 1 : argv[0];
	if (strncmp(target, "fuzz-", 5) == 0)
		target += 5;
	char corpus[4096];
	snprintf(corpus, sizeof(corpus), "tests/fuzz/corpus/%s", target);
	if (argc < 2)
		replay(corpus);
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	ok(tap_count > 0, "there is a corpus for %s", target);
	return done_testing();
}
