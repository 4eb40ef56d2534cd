/* store set|get|list|rm: the vault. */
#include "verbs.h"

#include "expiry.h"
#include "locked.h"
#include "secret.h"
#include "unlock.h"
#include "vault_file.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "json/scan.h"
#include "json/write.h"

#include <string.h>
#include <unistd.h>

/* An opened vault: what it holds and what closes it again. */
struct opened {
	const char *path;
	struct vault_header header;
	struct buf secret; /* locked */
	struct buf plain;  /* locked */
	bool is_new;
};

static void opened_free(struct opened *v)
{
	locked_free(&v->secret);
	locked_free(&v->plain);
}
#define cleanup_opened __attribute__((cleanup(opened_free)))

/* Get what opens the vault, before any lock is taken: a person may take long to type it. */
static int open_secret(const struct store_options *o, const char *path, bool may_create,
		       struct opened *ret, struct sa_error *err)
{
	cleanup_buf struct buf bytes = BUF_INIT(0);
	int rc = vault_file_read(path, &bytes, err);
	if (rc < 0)
		return -1;
	ret->path = path;
	ret->is_new = rc > 0;
	if (ret->is_new && !may_create)
		return error_set(err, PROBLEM_NOT_FOUND, "no vault at %s", path);
	if (ret->is_new)
		ret->header = vault_header_new(unlock_key_file(o->key_file) && !o->passphrase_fd
						   ? VAULT_KDF_KEY_FILE
						   : VAULT_KDF_PASSPHRASE);
	else if (vault_header_parse(buf_span(&bytes), &ret->header, err) < 0)
		return error_prefix(err, "vault %s", path);
	return unlock_secret(ret->header.kdf, o->key_file, o->passphrase_fd, ret->is_new,
			     &ret->secret, err);
}

/* Read and decrypt what is there now; nothing yet is an empty vault. */
static int open_content(struct opened *v, struct sa_error *err)
{
	cleanup_buf struct buf bytes = BUF_INIT(0);
	int rc = vault_file_read(v->path, &bytes, err);
	if (rc < 0)
		return -1;
	if (rc > 0 && !v->is_new)
		return error_set(err, PROBLEM_NOT_FOUND, "no vault at %s any more", v->path);
	if (rc > 0) {
		v->plain = locked_new(64);
		return buf_adds(&v->plain, "{\"version\":1,\"entries\":[]}");
	}
	if (vault_header_parse(buf_span(&bytes), &v->header, err) < 0 ||
	    vault_open(buf_span(&bytes), buf_span(&v->secret), 0, &v->plain, err) < 0)
		return error_prefix(err, "vault %s", v->path);
	return 0;
}

/* Write the vault anew without the entry called name and with addition. */
static int change(struct opened *v, const char *name, struct span addition, struct sa_error *err)
{
	cleanup_locked struct buf plain = locked_new(v->plain.len + addition.n + 64);
	cleanup_buf struct buf bytes = BUF_INIT(BUF_MAX_OWN);
	if (vault_rebuild(buf_span(&v->plain), name, addition, &plain, err) < 0 ||
	    vault_seal(&v->header, buf_span(&v->secret), buf_span(&plain), &bytes, err) < 0)
		return -1;
	return vault_file_replace(v->path, buf_span(&bytes), err);
}

static int check_name(const char *name, struct sa_error *err)
{
	size_t n =
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");
	if (n == 0 || name[n] || n > VAULT_NAME_MAX_BYTES)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "a name has 1 to %d of A-Z a-z 0-9 _ . -", VAULT_NAME_MAX_BYTES);
	return 0;
}

/* The value to store: a descriptor's line, stdin's, or typed. */
static int read_value(const struct store_options *o, struct buf *ret_value, struct sa_error *err)
{
	const char *fd = o->value_fd ? o->value_fd : "0";
	if (o->passphrase_fd && strcmp(fd, o->passphrase_fd) == 0)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "the value and the passphrase cannot both come from descriptor %s",
				 fd);
	if (!o->value_fd && isatty(STDIN_FILENO))
		return unlock_ask("Value: ", false, ret_value, err);
	return unlock_read_fd(fd, "value", ret_value, err);
}

/* name decides provider and kind when it is a known variable; options decide over it. */
static int describe(const struct store_options *o, const char *name, const char **ret_provider,
		    enum key_kind *ret_kind, int64_t *ret_expires_ms, struct sa_error *err)
{
	const struct variable *v = variable_find(span_of(name));
	*ret_provider = o->provider ? o->provider : v ? v->provider : name;
	*ret_kind = v ? v->kind : KEY_API;
	*ret_expires_ms = 0;
	if (check_name(*ret_provider, err) < 0)
		return error_prefix(err, "provider");
	if (o->kind && key_kind_of_name(span_of(o->kind), ret_kind) < 0)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "unknown kind '%s' (api_key, oauth, bearer)", o->kind);
	if (o->expires)
		*ret_expires_ms = expiry_of_text(span_of(o->expires));
	if (o->expires && !*ret_expires_ms)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "--expires wants 2026-12-31T00:00:00Z or Unix time, not '%s'",
				 o->expires);
	return 0;
}

static int store_set(const struct store_options *o, const char *path, const char *name,
		     struct sa_error *err)
{
	const char *provider;
	enum key_kind kind;
	int64_t expires_ms;
	if (describe(o, name, &provider, &kind, &expires_ms, err) < 0)
		return -1;
	cleanup_locked struct buf value = BUF_INIT(0);
	if (read_value(o, &value, err) < 0)
		return -1;
	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.data[i] < 0x20 || value.data[i] == 0x7f)
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "the value holds control characters: that is no key");
	cleanup_locked struct buf entry = locked_new(UNLOCK_SECRET_MAX_BYTES * 6 + 1024);
	json_open(&entry, '{');
	json_kv_string(&entry, "name", name);
	json_kv_string(&entry, "provider", provider);
	json_kv_string(&entry, "kind", key_kind_name(kind));
	json_kv_span(&entry, "value", buf_span(&value));
	if (expires_ms)
		json_kv_int(&entry, "expiresAtMs", expires_ms);
	json_kv_int(&entry, "updatedAtMs", clock_now_ms());
	json_close(&entry, '}');
	cleanup_opened struct opened v = {0};
	if (open_secret(o, path, true, &v, err) < 0)
		return -1;
	cleanup_close int lock = vault_file_lock(path, err);
	if (lock < 0 || open_content(&v, err) < 0)
		return -1;
	return change(&v, name, buf_span(&entry), err) < 0 ? -1 : SA_EXIT_OK;
}

static int not_stored(const char *name, struct sa_error *err)
{
	return error_set(err, PROBLEM_NOT_FOUND, "nothing is stored under the name '%s'", name);
}

static int store_rm(const struct store_options *o, const char *path, const char *name,
		    struct sa_error *err)
{
	cleanup_opened struct opened v = {0};
	struct vault_entry entry;
	if (open_secret(o, path, false, &v, err) < 0)
		return -1;
	cleanup_close int lock = vault_file_lock(path, err);
	if (lock < 0 || open_content(&v, err) < 0)
		return -1;
	if (!vault_find(buf_span(&v.plain), name, &entry))
		return not_stored(name, err);
	return change(&v, name, SPAN_NONE, err) < 0 ? -1 : SA_EXIT_OK;
}

static int store_get(const struct store_options *o, const char *path, const char *name,
		     struct sa_error *err)
{
	cleanup_opened struct opened v = {0};
	struct vault_entry entry;
	if (open_secret(o, path, false, &v, err) < 0 || open_content(&v, err) < 0)
		return -1;
	if (!vault_find(buf_span(&v.plain), name, &entry))
		return not_stored(name, err);
	cleanup_locked struct buf value = locked_new(entry.value.n * 3 + 1);
	json_string_add(&value, entry.value);
	buf_addc(&value, '\n');
	return verb_write(buf_span(&value), err) < 0 ? -1 : SA_EXIT_OK;
}

static void print_entry(const struct vault_entry *entry, bool is_text)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	cleanup_locked struct buf value = locked_new(entry->value.n * 3 + 1);
	cleanup_buf struct buf masked = BUF_INIT(64);
	json_string_add(&value, entry->value);
	secret_add_masked(&masked, buf_span(&value));
	struct span name = json_string_plain(entry->name);
	struct span provider = json_string_plain(entry->provider);
	struct span kind = json_string_plain(entry->kind);
	if (is_text) {
		char when[CLOCK_TEXT_BYTES] = "";
		if (entry->expires_ms)
			clock_format(entry->expires_ms, when);
		printf("%-28.*s %-12.*s %-8.*s %-12s %s\n", SPAN_ARG(name), SPAN_ARG(provider),
		       SPAN_ARG(kind), masked.data, when);
		return;
	}
	json_open(&b, '{');
	json_kv_span(&b, "name", name);
	json_kv_span(&b, "provider", provider);
	json_kv_span(&b, "authType", kind);
	json_kv_span(&b, "masked", buf_span(&masked));
	json_kv_time(&b, "expiresAt", entry->expires_ms);
	json_kv_time(&b, "updatedAt", entry->updated_ms);
	json_close(&b, '}');
	printf("%s\n", b.data);
}

static int store_list(const struct store_options *o, const char *path, struct sa_error *err)
{
	cleanup_opened struct opened v = {0};
	if (open_secret(o, path, false, &v, err) < 0 || open_content(&v, err) < 0)
		return -1;
	bool is_text = command_wants_text(&o->common);
	struct vault_entry entry;
	for (size_t cursor = 0; vault_next(buf_span(&v.plain), &cursor, &entry);)
		print_entry(&entry, is_text);
	return SA_EXIT_OK;
}

int verb_store(const void *options, int argc, char **argv, struct sa_error *err)
{
	const struct store_options *o = options;
	const char *action = argc > 0 ? argv[0] : "";
	bool is_list = strcmp(action, "list") == 0;
	bool is_named =
	    strcmp(action, "set") == 0 || strcmp(action, "get") == 0 || strcmp(action, "rm") == 0;
	if (!is_list && !is_named)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "store set, get, list or rm, not '%s'", action);
	if (argc != (is_list ? 1 : 2))
		return error_set(err, PROBLEM_INVALID_REQUEST, "store %s takes %s", action,
				 is_list ? "no name" : "one name");
	cleanup_free char *usual = o->vault ? NULL : unlock_default_path(NULL);
	const char *path = o->vault ? o->vault : usual;
	if (!path)
		return error_set(err, PROBLEM_FAILED, "no home directory: set HOME or --vault");
	if (crypto_start(err) < 0)
		return -1;
	if (is_list)
		return store_list(o, path, err);
	if (check_name(argv[1], err) < 0)
		return -1;
	if (strcmp(action, "set") == 0)
		return store_set(o, path, argv[1], err);
	return strcmp(action, "get") == 0 ? store_get(o, path, argv[1], err)
					  : store_rm(o, path, argv[1], err);
}
