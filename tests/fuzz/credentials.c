/* libs: -lsodium */
/* max: 65536 */
/* The parsers of agents' files, of the vault's header and content, and what follows from them. */
#include "../../cmd/sa-credentials/assign.c"
#include "../../cmd/sa-credentials/expiry.c"
#include "../../cmd/sa-credentials/finding.c"
#include "../../cmd/sa-credentials/locked.c"
#include "../../cmd/sa-credentials/parse.c"
#include "../../cmd/sa-credentials/parse_amp.c"
#include "../../cmd/sa-credentials/parse_variables.c"
#include "../../cmd/sa-credentials/provider.c"
#include "../../cmd/sa-credentials/quote.c"
#include "../../cmd/sa-credentials/secret.c"
#include "../../cmd/sa-credentials/vault.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static parse_function *const parsers[] = {
    parse_claude_config, parse_claude_settings, parse_claude_oauth,   parse_codex,
    parse_opencode,	 parse_amp_secrets,	parse_amp_config,     parse_pi,
    parse_cursor,	 parse_gemini_oauth,	parse_variables_json,
};

static char *fake_run(const char *command, char **ret_reason)
{
	if (strlen(command) % 2)
		return xstrdup("key");
	*ret_reason = xstrdup("no");
	return NULL;
}

/* What was found must survive being handed on. */
static void use(const struct findings *list)
{
	struct selection any = {NULL, NULL};
	struct assignments set;
	assignments_of(list, &any, &set);
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	for (size_t i = 0; i < set.count; i++) {
		const char *name = set.items[i].name, *secret = set.items[i].from->secret;
		if (name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] || !*secret)
			abort();
		for (int format = QUOTE_SH; format <= QUOTE_DOCKER; format++)
			quote_assignment(&b, (enum quote_format)format, false, name, secret);
		secret_add_masked(&b, span_of(secret));
	}
	for (size_t i = 0; i < list->count; i++)
		if ((list->items[i].verdict == VERDICT_USABLE) != !list->items[i].reason)
			abort();
	assignments_free(&set);
}

static void read_vault(struct span text)
{
	struct vault_header header;
	struct sa_error err = SA_ERROR_INIT;
	vault_header_parse(text, &header, &err);
	if (json_check(text, NULL) < 0)
		return;
	struct vault_entry entry;
	size_t entries = 0, left = 0;
	for (size_t cursor = 0; vault_next(text, &cursor, &entry);)
		entries += !json_string_is(entry.name, "gone");
	cleanup_buf struct buf out = BUF_INIT(BUF_MAX_OWN);
	if (vault_rebuild(text, "gone", SPAN_NONE, &out, &err) < 0)
		abort();
	for (size_t cursor = 0; vault_next(buf_span(&out), &cursor, &entry);)
		left++;
	if (json_check(buf_span(&out), NULL) < 0 || left != entries)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	/* A copy of its own size, so that a byte read too far is noticed. */
	char *copy = malloc(size);
	memcpy(copy, data, size);
	struct span text = {copy + 1, size - 1};
	struct findings list = {.now_ms = 1800000000000, .source = "f", .path = "p", .why = "w"};
	list.is_no_oauth = copy[0] & 1;
	list.run_command = copy[0] & 2 ? fake_run : NULL;
	if (!parse_document(text))
		for (size_t i = 0; i < ARRAY_SIZE(parsers); i++)
			parsers[i](&list, text);
	parse_dotenv(&list, text);
	use(&list);
	findings_free(&list);
	expiry_of_text(text);
	expiry_of_jwt(text);
	read_vault(text);
	free(copy);
	return 0;
}
