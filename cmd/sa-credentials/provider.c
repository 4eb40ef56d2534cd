#include "provider.h"

#include "base/cleanup.h"

#include <string.h>

static const char *const kind_names[KEY_KIND_COUNT] = {
    [KEY_API] = "api_key",
    [KEY_OAUTH] = "oauth",
    [KEY_BEARER] = "bearer",
};

const char *key_kind_name(enum key_kind kind)
{
	return kind_names[kind];
}

int key_kind_of_name(struct span name, enum key_kind *ret_kind)
{
	for (int i = 0; i < KEY_KIND_COUNT; i++) {
		if (!span_is(name, kind_names[i]))
			continue;
		*ret_kind = (enum key_kind)i;
		return 0;
	}
	return -1;
}

const struct variable variables[] = {
    {"ANTHROPIC_API_KEY", "anthropic", KEY_API},
    {"CLAUDE_API_KEY", "anthropic", KEY_API},
    {"CLAUDE_CODE_OAUTH_TOKEN", "anthropic", KEY_OAUTH},
    {"ANTHROPIC_AUTH_TOKEN", "anthropic", KEY_BEARER},
    {"OPENAI_API_KEY", "openai", KEY_API},
    {"CODEX_API_KEY", "openai", KEY_API},
    {"AMP_API_KEY", "amp", KEY_API},
    {"CURSOR_API_KEY", "cursor", KEY_API},
    {"GEMINI_API_KEY", "google", KEY_API},
    {"GOOGLE_API_KEY", "google", KEY_API},
    {"GOOGLE_GENERATIVE_AI_API_KEY", "google", KEY_API},
    {"DASHSCOPE_API_KEY", "alibaba", KEY_API},
    {"AWS_BEARER_TOKEN_BEDROCK", "amazon-bedrock", KEY_API},
    {"AZURE_API_KEY", "azure", KEY_API},
    {"AZURE_OPENAI_API_KEY", "azure", KEY_API},
    {"CEREBRAS_API_KEY", "cerebras", KEY_API},
    {"COHERE_API_KEY", "cohere", KEY_API},
    {"DEEPSEEK_API_KEY", "deepseek", KEY_API},
    {"FIREWORKS_API_KEY", "fireworks-ai", KEY_API},
    {"GROQ_API_KEY", "groq", KEY_API},
    {"MINIMAX_API_KEY", "minimax", KEY_API},
    {"MISTRAL_API_KEY", "mistral", KEY_API},
    {"MOONSHOT_API_KEY", "moonshotai", KEY_API},
    {"NVIDIA_API_KEY", "nvidia", KEY_API},
    {"OPENCODE_API_KEY", "opencode", KEY_API},
    {"OPENROUTER_API_KEY", "openrouter", KEY_API},
    {"PERPLEXITY_API_KEY", "perplexity", KEY_API},
    {"TOGETHER_API_KEY", "togetherai", KEY_API},
    {"AI_GATEWAY_API_KEY", "vercel", KEY_API},
    {"XAI_API_KEY", "xai", KEY_API},
    {"ZAI_API_KEY", "zai", KEY_API},
    {"ZHIPU_API_KEY", "zai", KEY_API},
    {.name = NULL},
};

const struct variable *variable_find(struct span name)
{
	for (const struct variable *v = variables; v->name; v++)
		if (span_is(name, v->name))
			return v;
	return NULL;
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

int variable_add_generic(struct buf *b, struct span provider)
{
	size_t before = b->len;
	for (size_t i = 0; i < provider.n; i++) {
		char c = provider.p[i];
		c = memchr("-./", c, 3) ? '_' : upper(c);
		bool is_letter = (c >= 'A' && c <= 'Z') || c == '_';
		bool is_digit = c >= '0' && c <= '9';
		if (!is_letter && !(is_digit && i > 0)) {
			b->len = before;
			if (b->data)
				b->data[before] = '\0';
			return -1;
		}
		buf_addc(b, c);
	}
	if (provider.n == 0)
		return -1;
	return buf_adds(b, "_API_KEY");
}

const struct agent agents[] = {
    {.name = "claude", .providers = {"anthropic"}, .is_oauth_variable = true},
    {.name = "codex", .providers = {"openai"}},
    {.name = "opencode", .providers = {"openai", "anthropic"}, .is_any_provider = true},
    {.name = "amp", .providers = {"amp"}},
    {.name = "pi", .providers = {"anthropic", "openai"}, .is_any_provider = true},
    {.name = "cursor", .providers = {"cursor"}},
    {.name = "gemini", .providers = {"google"}},
    {.name = "qwen", .providers = {"openai", "alibaba"}},
    {.name = "mock", .needs_none = true},
    {.name = NULL},
};

const struct agent *agent_find(const char *name)
{
	for (const struct agent *a = agents; a->name; a++)
		if (strcmp(a->name, name) == 0)
			return a;
	return NULL;
}

bool provider_is_product(const char *provider)
{
	return strcmp(provider, "amp") == 0 || strcmp(provider, "cursor") == 0;
}

bool agent_takes(const struct agent *agent, const char *provider)
{
	for (size_t i = 0; i < AGENT_PROVIDERS_MAX; i++)
		if (agent->providers[i] && strcmp(agent->providers[i], provider) == 0)
			return true;
	return agent->is_any_provider && !provider_is_product(provider);
}
