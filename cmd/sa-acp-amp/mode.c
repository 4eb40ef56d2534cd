#include "mode.h"

#include "adapter/content.h"
#include "base/cleanup.h"
#include "session.h"
#include "json/scan.h"
#include "json/write.h"

static const struct mode {
	const char *id, *other_id, *name, *description;
} modes[] = {
    {"allow", "bypass", "Allow", "Run tools without asking"},
    {"ask", "default", "Ask", "Ask before every tool call that does more than read"},
};

int mode_read(struct span id, bool *ret_is_asking)
{
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		if (!json_string_is(id, modes[i].id) && !json_string_is(id, modes[i].other_id))
			continue;
		*ret_is_asking = i == 1;
		return 0;
	}
	return -1;
}

static void write_modes(struct buf *b, const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		content_choice(b, key, modes[i].id, modes[i].name, modes[i].description);
}

void mode_write_options(struct buf *b, const struct session *session)
{
	json_key(b, "configOptions");
	json_open(b, '[');
	content_option_open(b, "mode", "Mode", "mode", modes[session->is_asking].id);
	write_modes(b, "value");
	content_option_close(b);
	json_close(b, ']');
}

void mode_write_setup(struct buf *b, const struct session *session)
{
	content_modes_open(b, modes[session->is_asking].id);
	write_modes(b, "id");
	content_modes_close(b);
	mode_write_options(b, session);
}
