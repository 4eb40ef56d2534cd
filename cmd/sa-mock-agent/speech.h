/* Directives that show each kind of session/update once. */
#ifndef MOCK_SPEECH_H
#define MOCK_SPEECH_H

#include "turn.h"

enum step speech_echo(struct turn *turn); /* "You said: ..." */
enum step speech_say(struct turn *turn);
enum step speech_think(struct turn *turn);
enum step speech_plan(struct turn *turn);
enum step speech_tool(struct turn *turn);
enum step speech_run(struct turn *turn);
enum step speech_edit(struct turn *turn);
enum step speech_tokens(struct turn *turn);
enum step speech_usage(struct turn *turn);
enum step speech_title(struct turn *turn);
enum step speech_commands(struct turn *turn);
enum step speech_update(struct turn *turn);
enum step speech_report(struct turn *turn);

/*
 * For directives that are tool calls: open one (its id goes to
 * turn->tool_id), pending; the caller may add members to the buffer and
 * closes the update. And what follows it.
 */
struct update;
struct buf *speech_tool_open(struct update *update, struct turn *turn, const char *kind,
			     struct span title);
struct buf *speech_tool_change(struct update *update, struct turn *turn, const char *status);
/* "content":[{"type":"content","content":{"type":"text","text":TEXT}}] */
void speech_tool_content(struct buf *b, struct span text);

#endif
