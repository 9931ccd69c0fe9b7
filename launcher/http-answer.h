/* The head of an HTTP/1.0 or 1.1 answer, as far as it decides about the body. */
#ifndef COIL_HTTP_ANSWER_H
#define COIL_HTTP_ANSWER_H
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BODY_MAX (4 * 1024 * 1024)
#define TOO_LARGE "larger than 4 MiB"
#define NOT_HTTP "it does not speak HTTP"

/* What follows the name of a header, such as "\r\nContent-Length:"; an empty text where the head has none. */
static const char *header(const char *head, const char *name)
{
	const char *p = strcasestr(head, name);
	return p ? p + strlen(name) + strspn(p + strlen(name), " \t") : "";
}

/*
 * Reads the status, and the size of the body (SIZE_MAX: up to the end of the connection), from a complete head.
 * Returns NULL, or why it is no answer of coild's.
 */
static const char *read_head(const char *head, int *status, size_t *length)
{
	*status = 0;
	if (sscanf(head, "HTTP/1.%*1[01] %3d", status) < 1 || *status < 100) {
		*status = 0;
		return NOT_HTTP;
	}
	const char *type = header(head, "\r\nContent-Type:"), *size = header(head, "\r\nContent-Length:");
	if (strncasecmp(type, "application/cni+json", 20) || !strchr("; \t\r", type[20])) return "not application/cni+json";
	if (*header(head, "\r\nTransfer-Encoding:")) return "in a Transfer-Encoding";
	*length = *size ? strtoul(size, NULL, 10) : SIZE_MAX;
	return *size && *length > BODY_MAX ? TOO_LARGE : NULL;
}
#endif
