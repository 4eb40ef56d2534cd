#include "vault_source.h"

#include "locked.h"
#include "secret.h"
#include "unlock.h"
#include "vault_file.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "json/scan.h"

#include <unistd.h>

static void add_entries(struct findings *list, struct span plain)
{
	struct vault_entry entry;
	for (size_t cursor = 0; vault_next(plain, &cursor, &entry);) {
		cleanup_free char *name = json_string_dup(entry.name);
		struct candidate c = {
		    .provider = json_string_plain(entry.provider),
		    .member = name,
		    .expires_ms = entry.expires_ms,
		};
		if (key_kind_of_name(json_string_plain(entry.kind), &c.kind) == 0)
			findings_add_json(list, &c, entry.value);
		else
			findings_add_note(list, VERDICT_SKIPPED, NULL, name,
					  "a kind of key that is not known");
	}
}

static void set_place(struct findings *list, const char *path)
{
	list->source = "vault";
	list->agent = NULL;
	list->path = path;
	list->why = "keys put there with sa-credentials store set";
}

int vault_search_file(const struct search_options *options, const char *path, struct findings *list,
		      struct sa_error *err)
{
	struct vault_header header;
	cleanup_buf struct buf bytes = BUF_INIT(0);
	int rc = vault_file_read(path, &bytes, err);
	if (rc > 0)
		return error_set(err, PROBLEM_NOT_FOUND, "vault %s: no such file", path);
	if (rc < 0 || crypto_start(err) < 0)
		return -1;
	if (vault_header_parse(buf_span(&bytes), &header, err) < 0)
		return error_prefix(err, "vault %s", path);
	cleanup_locked struct buf secret = BUF_INIT(0);
	cleanup_locked struct buf plain = BUF_INIT(0);
	if (unlock_secret(header.kdf, options->key_file, options->passphrase_fd, false, &secret,
			  err) < 0 ||
	    vault_open(buf_span(&bytes), buf_span(&secret), 0, &plain, err) < 0)
		return error_prefix(err, "vault %s", path);
	set_place(list, path);
	add_entries(list, buf_span(&plain));
	list->path = NULL;
	return 0;
}

int vault_search(const struct search_options *options, const char *home, struct findings *list,
		 struct sa_error *err)
{
	if (options->vault)
		return vault_search_file(options, options->vault, list, err);
	cleanup_free char *path = unlock_default_path(options->home_dir ? home : NULL);
	if (!path)
		return 0;
	set_place(list, path);
	bool is_there = access(path, F_OK) == 0;
	bool has_key = options->passphrase_fd || unlock_key_file(options->key_file);
	struct sa_error why = SA_ERROR_INIT;
	if (!is_there)
		findings_add_note(list, VERDICT_ABSENT, NULL, NULL, "no such file");
	else if (!has_key)
		findings_add_note(list, VERDICT_SKIPPED, NULL, NULL,
				  "locked: give --key-file, --passphrase-fd or --vault");
	else if (vault_search_file(options, path, list, &why) < 0) {
		set_place(list, path);
		findings_add_note(list, VERDICT_SKIPPED, NULL, NULL, why.message);
	}
	list->path = NULL;
	return 0;
}
