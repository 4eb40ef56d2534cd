#include "http/origin.h"

#include "http/octet.h"
#include "http/target.h"

#include <arpa/inet.h>

/* Four decimal parts without leading zeros: inet_pton takes no other form. */
static bool is_loopback_v4(struct span host)
{
	char copy[INET_ADDRSTRLEN];
	struct in_addr address;
	if (host.n == 0 || host.n >= sizeof(copy))
		return false;
	memcpy(copy, host.p, host.n);
	copy[host.n] = '\0';
	return inet_pton(AF_INET, copy, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

static bool is_loopback_v6(struct span host)
{
	char copy[INET6_ADDRSTRLEN];
	struct in6_addr address;
	if (host.n < 2 || host.n - 2 >= sizeof(copy) || host.p[0] != '[')
		return false;
	memcpy(copy, host.p + 1, host.n - 2);
	copy[host.n - 2] = '\0';
	return inet_pton(AF_INET6, copy, &address) == 1 && IN6_IS_ADDR_LOOPBACK(&address);
}

bool http_host_is_local(struct span host)
{
	return http_is_nocase(host, "localhost") || is_loopback_v4(host) || is_loopback_v6(host);
}

static bool is_listed(struct span text, const struct http_allowed *allowed)
{
	for (size_t i = 0; allowed && i < allowed->count; i++)
		if (http_is_nocase(text, allowed->entries[i]))
			return true;
	return false;
}

bool http_host_is_allowed(struct span authority, const struct http_allowed *allowed)
{
	struct http_authority a;
	if (!authority.p || http_parse_authority(authority, &a) < 0)
		return false;
	return http_host_is_local(a.host) || is_listed(a.host, allowed) ||
	       is_listed(authority, allowed);
}

bool http_origin_is_allowed(struct span origin, const struct http_allowed *allowed)
{
	static const char *const schemes[] = {"http://", "https://"};
	for (size_t i = 0; i < 2; i++) {
		if (!span_starts_with(origin, schemes[i]))
			continue;
		size_t n = strlen(schemes[i]);
		struct span authority = {origin.p + n, origin.n - n};
		return http_host_is_allowed(authority, allowed) || is_listed(origin, allowed);
	}
	return false;
}
