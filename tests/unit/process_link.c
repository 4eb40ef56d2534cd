#include "process/link.h"
#include "tap.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
	char op[16];
	int pair[2];
	ok(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "a connection");
	is_int(process_link_send(pair[0], SPAN_LIT("{\"op\":\"kill\"}\n")), 0, "an op is sent");
	is_int(read(pair[1], op, sizeof(op)), 14, "all of it");
	close(pair[1]);
	is_int(process_link_send(pair[0], SPAN_LIT("{\"op\":\"kill\"}\n")), -1,
	       "nobody is there any more");
	is_int(errno, EPIPE, "which is told, and is not our end");
	close(pair[0]);
	return done_testing();
}
