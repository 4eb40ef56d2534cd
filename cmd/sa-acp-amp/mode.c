#include "mode.h"

#include "adapter/content.h"
#include "base/cleanup.h"
#include "session.h"
#include "json/scan.h"

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

const char *mode_id(const struct session *session)
{
	return modes[session->is_asking].id;
}

void mode_write_all(struct buf *b, const struct session *session, const char *key)
{
	(void)session;
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		content_choice(b, key, modes[i].id, modes[i].name, modes[i].description);
}
