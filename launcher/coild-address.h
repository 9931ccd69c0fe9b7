/* Where coild is, as the member `coild` of the network configuration says: unix:///PATH or http://HOST[:PORT][/]. */
#ifndef COIL_COILD_ADDRESS_H
#define COIL_COILD_ADDRESS_H
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define DEFAULT_COILD "unix:///run/coil/coild.sock"
#define COILD_TAKES "it takes unix:///PATH, or http://HOST:PORT where HOST is an IP address or localhost"

union coild_address {
	struct sockaddr any;
	struct sockaddr_un un;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static socklen_t parse_http(const char *text, union coild_address *to)
{
	char host[INET6_ADDRSTRLEN];
	unsigned long port = 80;
	int v6 = *text == '[', n = (int)strcspn(text += v6, v6 ? "]" : ":/");
	const char *rest = text + n;
	if (snprintf(host, sizeof host, "%.*s", n, text) >= (int)sizeof host) return 0;
	if (v6 && *rest++ != ']') return 0;
	if (*rest == ':') {
		if (rest[1] < '1' || rest[1] > '9') return 0;
		char *end;
		port = strtoul(rest + 1, &end, 10);
		rest = end;
	}
	if (port > 65535 || strcmp(rest, *rest ? "/" : "")) return 0;
	to->any.sa_family = v6 ? AF_INET6 : AF_INET;
	to->in.sin_port = htons((uint16_t)port); /* sin6_port is in the same place */
	if (v6) return inet_pton(AF_INET6, host, &to->in6.sin6_addr) == 1 ? sizeof to->in6 : 0;
	return inet_pton(AF_INET, strcmp(host, "localhost") ? host : "127.0.0.1", &to->in.sin_addr) == 1 ? sizeof to->in : 0;
}

/* Fills in *to, which is zero, and returns its size; 0 where text is no such address. No name is looked up. */
static socklen_t parse_coild_address(const char *text, union coild_address *to)
{
	if (!strncmp(text, "http://", 7)) return parse_http(text + 7, to);
	const char *path = text + strlen("unix://");
	if (strncmp(text, "unix:///", 8) || !path[1] || strlen(path) >= sizeof to->un.sun_path) return 0;
	to->un.sun_family = AF_UNIX;
	strcpy(to->un.sun_path, path);
	return sizeof to->un;
}
#endif
