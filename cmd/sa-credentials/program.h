/*
 * Programs that print a key: helpers that the user's own settings name, and
 * secret-tool. Run only when asked for, with a time and an output limit.
 */
#ifndef SA_CREDENTIALS_PROGRAM_H
#define SA_CREDENTIALS_PROGRAM_H

enum {
	PROGRAM_TIMEOUT_MS = 10000,
	PROGRAM_OUTPUT_MAX_BYTES = 64 * 1024,
};

/*
 * Run argv (looked up on PATH) with stdin and stderr on /dev/null. Its
 * output without white space at the end, owned (secret_free); NULL with a
 * reason, owned, when it fails, takes too long or prints too much.
 */
char *program_output(char *const *argv, char **ret_reason);
/*
 * A command line of the user's settings. It is a shell command by the
 * definition of the program it is written for, so sh runs it.
 */
char *program_shell_output(const char *command, char **ret_reason);

#endif
