/*
 * The files of the agents, read for keys. Each parser takes a text that
 * parse_document() accepted and adds findings; none touches the file system.
 * All of this is other people's bytes: tests/fuzz/credentials.c drives them.
 */
#ifndef SA_CREDENTIALS_PARSE_H
#define SA_CREDENTIALS_PARSE_H

#include "finding.h"

typedef void parse_function(struct findings *list, struct span text);

/* Is text a JSON object in UTF-8? NULL, or the reason why not (static). */
const char *parse_document(struct span text);

/* ~/.claude.json: primaryApiKey and kin, only what begins with "sk-ant-". */
parse_function parse_claude_config;
/* ~/.claude/settings.json: apiKeyHelper, a command. */
parse_function parse_claude_settings;
/* ~/.claude/.credentials.json: claudeAiOauth.accessToken, expiresAt. */
parse_function parse_claude_oauth;
/* ~/.codex/auth.json: OPENAI_API_KEY, else tokens.access_token (a JWT). */
parse_function parse_codex;
/* ~/.local/share/opencode/auth.json: {"<provider>":{"type":"api"|"oauth",...}}. */
parse_function parse_opencode;
/* ~/.local/share/amp/secrets.json: {"apiKey@<AMP_URL>":"..."}. */
parse_function parse_amp_secrets;
/* ~/.amp/config.json, where the reference looks. */
parse_function parse_amp_config;
/* ~/.pi/agent/auth.json: {"<provider>":{"type":"api_key"|"oauth",...}}. */
parse_function parse_pi;
/* ~/.config/cursor/auth.json: accessToken, refreshToken. */
parse_function parse_cursor;
/* ~/.gemini/oauth_creds.json: access_token, expiry_date. */
parse_function parse_gemini_oauth;
/* A JSON object {"VARIABLE":"value"}. */
parse_function parse_variables_json;
/* Lines VARIABLE=value, "export " and quotes allowed. No JSON: not through parse_document(). */
parse_function parse_dotenv;

#endif
