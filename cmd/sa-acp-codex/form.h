/* Codex's questions as ACP forms (elicitation/create), and their answers back. */
#ifndef CODEX_FORM_H
#define CODEX_FORM_H

#include "base/buf.h"
#include "base/span.h"

/* Members mode, message, requestedSchema for item/tool/requestUserInput. */
void form_write_questions(struct buf *b, struct span params);
/* {"answers":{...}} from the client's {action, content}. */
void form_write_answers(struct buf *b, struct span params, struct span answer);
/* The same for mcpServer/elicitation/request, which has ACP's form already. */
void form_write_mcp(struct buf *b, struct span params);
void form_write_mcp_result(struct buf *b, struct span params, struct span answer);

#endif
