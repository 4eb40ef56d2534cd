#include "listener.h"

#include "base/cleanup.h"
#include "base/num.h"

#include <dirent.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SOCKETS_MAX = 64, ADDRESS_BYTES = 33, STATE_LISTEN = 0x0A };

struct inodes {
	unsigned long long at[SOCKETS_MAX];
	size_t count;
};

/* An address as the kernel's tables show it: words in the machine's order. */
static void format_address(const struct addrinfo *a, char *out)
{
	const void *sockaddr = a->ai_addr;
	if (a->ai_family == AF_INET) {
		const struct sockaddr_in *v4 = sockaddr;
		snprintf(out, ADDRESS_BYTES, "%08X", v4->sin_addr.s_addr);
		return;
	}
	const struct sockaddr_in6 *v6 = sockaddr;
	uint32_t w[4];
	memcpy(w, &v6->sin6_addr, sizeof(w));
	snprintf(out, ADDRESS_BYTES, "%08X%08X%08X%08X", w[0], w[1], w[2], w[3]);
}

/* Is a table's address one of the host's, or every address? */
static bool is_of_host(struct span address, const struct addrinfo *list)
{
	char own[ADDRESS_BYTES];
	size_t zeros = 0;
	while (zeros < address.n && address.p[zeros] == '0')
		zeros++;
	if (zeros == address.n)
		return true;
	for (; list; list = list->ai_next) {
		if (list->ai_family != AF_INET && list->ai_family != AF_INET6)
			continue;
		format_address(list, own);
		if (span_is(address, own))
			return true;
	}
	return false;
}

/* The field with this number, from 0, of a line cut at blanks; NULL when there are fewer. */
static const char *field(const char *line, int number)
{
	for (;; number--) {
		line += strspn(line, " \t");
		if (*line == '\0' || number == 0)
			return *line ? line : NULL;
		line += strcspn(line, " \t");
	}
}

/* "  0: 0100007F:09A4 00000000:0000 0A ... uid timeout inode ..." */
static void read_table(const char *path, const struct addrinfo *list, unsigned port,
		       struct inodes *inodes)
{
	cleanup_fclose FILE *f = fopen(path, "re");
	char line[512];
	while (f && fgets(line, sizeof(line), f)) {
		const char *local = field(line, 1), *state = field(line, 3),
			   *inode = field(line, 9);
		const char *colon = local ? strchr(local, ':') : NULL;
		if (!inode || !colon || strtoul(state, NULL, 16) != STATE_LISTEN ||
		    strtoul(colon + 1, NULL, 16) != port || inodes->count == SOCKETS_MAX ||
		    !is_of_host((struct span){local, (size_t)(colon - local)}, list))
			continue;
		inodes->at[inodes->count++] = strtoull(inode, NULL, 10);
	}
}

/* Has the process a descriptor of one of these sockets? Other users' cannot be looked at. */
static bool has_socket(const char *pid, const struct inodes *inodes)
{
	char path[PATH_MAX], target[64];
	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	cleanup_closedir DIR *dir = opendir(path);
	if (!dir)
		return false;
	for (struct dirent *entry; (entry = readdir(dir));) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);
		if (n <= 0)
			continue;
		target[n] = '\0';
		if (strncmp(target, "socket:[", 8) != 0)
			continue;
		unsigned long long inode = strtoull(target + 8, NULL, 10);
		for (size_t i = 0; i < inodes->count; i++)
			if (inodes->at[i] == inode)
				return true;
	}
	return false;
}

bool listener_find(const char *host, unsigned port, struct procid *ret_id)
{
	struct inodes inodes = {.count = 0};
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
	bool is_found = false;
	if (getaddrinfo(host, NULL, &hints, &list) != 0)
		return false;
	read_table("/proc/net/tcp", list, port, &inodes);
	read_table("/proc/net/tcp6", list, port, &inodes);
	freeaddrinfo(list);
	cleanup_closedir DIR *proc = inodes.count ? opendir("/proc") : NULL;
	if (!proc)
		return false;
	for (struct dirent *entry; (entry = readdir(proc));) {
		uint64_t pid;
		struct procid id;
		if (num_parse_u64(span_of(entry->d_name), INT_MAX, &pid) < 0 ||
		    !has_socket(entry->d_name, &inodes) || !procid_of((pid_t)pid, &id))
			continue;
		if (!is_found || id.start < ret_id->start)
			*ret_id = id;
		is_found = true;
	}
	return is_found;
}
