#include "store/alive.h"

#include <string.h>

bool server_is_alive(const struct server *server)
{
	char boot_id[BOOT_ID_BYTES];
	if (server->is_elsewhere)
		return server->state == SERVER_RUNNING && server->is_seen;
	if (server->state != SERVER_RUNNING || server->supervisor.pid <= 0)
		return false;
	procid_boot_id(boot_id);
	return strcmp(boot_id, server->boot_id) == 0 && procid_is_alive(server->supervisor);
}
