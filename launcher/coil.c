/*
 * coil: the CNI plugin of Coil, as it stands in /opt/cni/bin.
 *
 * It only hands over: the CNI variables become HTTP headers and standard input the body of POST /cni to coild, which
 * does the work on this node; what coild answers goes to standard output, and 200 becomes exit status 0. It is C, and
 * static, because it is started for every Pod: it costs a millisecond. src/programs/coil.ts is the same client in
 * TypeScript; test/contract/cni-client-cases.ts holds both to the same words.
 *
 * Build: musl-gcc -std=c11 -O2 -static -s -Wall -Wextra -Werror -o coil coil.c
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/time.h>
#include "coild-address.h"
#include "deadline.h"
#include "http-answer.h"
#include "netconf.h"
#include "spool.h"

#ifndef DEADLINE_SECONDS
#define DEADLINE_SECONDS 60 /* from the start of the program to the end of coild's answer */
#define DEL_SECONDS 20	    /* of it, for a DEL that can be spooled: runtimes give a failed ADD's DELs a minute in all */
#endif
#define PRINT_SECONDS 5 /* then, for the spool to take a DEL, and for standard output to take what there is to say */
#define NETCONF_MAX (512 * 1024)
#define HEAD_MAX (16 * 1024)	      /* of an HTTP message: what coild's server takes as well */
#define VARIABLES_MAX (HEAD_MAX - 256) /* of it, for the CNI variables */
#define VERSIONS "\"0.3.0\",\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\""
#define USAGE "coil is the CNI plugin of Coil, for CNI 0.3.0 to 1.1.0. A container runtime starts it with CNI_COMMAND and\n" \
	"the other CNI variables set and the network configuration on standard input; it hands them to coild.\n" \
	"By hand: echo '{\"cniVersion\":\"1.1.0\",\"name\":\"k8s\",\"type\":\"coil\"}' | CNI_COMMAND=STATUS /opt/cni/bin/coil\n"

enum cni_code { INVALID_ENVIRONMENT = 4, IO = 5, DECODE = 6, INVALID_NETCONF = 7, TRY_AGAIN_LATER = 11 };

static const struct { const char *variable, *header; } forwarded[] = {
	{"CNI_COMMAND", "CNI-Command"}, {"CNI_CONTAINERID", "CNI-Containerid"}, {"CNI_NETNS", "CNI-Netns"},
	{"CNI_IFNAME", "CNI-Ifname"}, {"CNI_ARGS", "CNI-Args"}, {"CNI_PATH", "CNI-Path"}, {NULL, NULL},
};

static struct member members[] = {{.name = "cniVersion"}, {.name = "coild"}, {.name = NULL}};
static struct member *const version = &members[0], *const coild = &members[1];
static char netconf[NETCONF_MAX + 1], request[HEAD_MAX + NETCONF_MAX], answer[HEAD_MAX + BODY_MAX + 1];
static size_t request_size;
static char spooled[MEMBER_MAX]; /* the folder for a call that coild does not take; empty where that is an error */

static _Noreturn void finish(int status, const char *text, size_t n)
{
	deadline += PRINT_SECONDS * 1000;
	exit(put(STDOUT_FILENO, text, n) ? status : 1);
}

/* Appends a JSON string, which is valid whatever `from` holds: bytes that are not printable ASCII become U+FFFD. */
static char *quote(char *to, const char *from)
{
	*to++ = '"';
	for (; *from; from++) {
		if (*from < 0x20 || *from >= 0x7f) to += sprintf(to, "\\ufffd");
		else to += sprintf(to, *from == '"' || *from == '\\' ? "\\%c" : "%c", *from);
	}
	return to + sprintf(to, "\"");
}

/* Answers with a CNI error, and ends the program. The text is msg, and after a line break details, if there are any. */
static _Noreturn void fail(enum cni_code code, const char *format, ...)
{
	char text[1024], quoted[MEMBER_MAX * 2 + 3], out[sizeof text * 6 + 256], *to = out;
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	char *details = strchr(text, '\n');
	if (details) *details++ = 0;
	quote(quoted, version->text);
	int known = version->state == GIVEN && isdigit((unsigned char)*version->text) && strstr(VERSIONS, quoted);
	to += sprintf(to, "{\"cniVersion\":%s,\"code\":%d,\"msg\":", known ? quoted : "\"1.1.0\"", code);
	to = quote(to, text);
	if (details) to = quote(to + sprintf(to, ",\"details\":"), details);
	finish(1, out, to + sprintf(to, "}\n") - out);
}

static _Noreturn void no_answer(const char *step, const char *why)
{
	char late[64], kept[MEMBER_MAX + 192] = "";
	sprintf(late, "no complete answer within %d s", *spooled ? DEL_SECONDS : DEADLINE_SECONDS);
	if (ms_left() <= 0) why = late;
	if (*spooled) {
		deadline += PRINT_SECONDS * 1000;
		const char *wrong = spool(spooled, getenv("CNI_CONTAINERID"), getenv("CNI_IFNAME"), request, request_size);
		if (!wrong) finish(0, "", 0);
		snprintf(kept, sizeof kept, "; this DEL cannot be kept for later in %s: %s", spooled, wrong);
	}
	fail(TRY_AGAIN_LATER, "coild did not answer at %s\n%s: %s%s; is coild running on this node? (systemctl status coild, "
		"or the coild container of this node's DaemonSet Pod)", coild->text, step, why, kept);
}

static _Noreturn void not_coild(const char *what, int status)
{
	char number[32] = "";
	if (status) sprintf(number, "HTTP status %d, ", status);
	fail(TRY_AGAIN_LATER, "what answers at %s is no coild that this plugin can talk to\n%s%s; coild there may be older than "
		"this plugin", coild->text, number, what);
}

static void check_environment(void)
{
	static const char *const commands[] = {"ADD", "DEL", "CHECK", "STATUS", "GC", "VERSION", NULL};
	const char *command = getenv("CNI_COMMAND"), *const *known = commands;
	for (int i = 0; forwarded[i].variable; i++)
		for (const char *p = getenv(forwarded[i].variable); p && *p; p++)
			if (iscntrl((unsigned char)*p))
				fail(INVALID_ENVIRONMENT, "%s holds a control character, such as a line break", forwarded[i].variable);
	if (!command || !*command) {
		fputs(USAGE, stderr);
		fail(INVALID_ENVIRONMENT, "CNI_COMMAND is not set");
	}
	while (*known && strcmp(*known, command)) known++;
	if (!*known)
		fail(INVALID_ENVIRONMENT, "CNI_COMMAND is %.64s, not one of ADD, DEL, CHECK, STATUS, GC, VERSION", command);
}

static size_t read_netconf(void)
{
	size_t size = 0;
	for (ssize_t got = 1; got > 0; size += got) { /* what is too much is read as well, to name the size */
		got = size < NETCONF_MAX ? get(STDIN_FILENO, netconf + size, NETCONF_MAX - size)
			: get(STDIN_FILENO, answer, sizeof answer);
		if (got < 0)
			fail(IO, "cannot read the network configuration from standard input\n%s",
				ms_left() > 0 ? strerror(errno) : "it did not end in time");
	}
	if (size > NETCONF_MAX)
		fail(INVALID_NETCONF, "the network configuration is %zu bytes, more than %d", size, NETCONF_MAX);
	if (!scan_object(netconf, size, members) && (size || strcmp(getenv("CNI_COMMAND"), "VERSION")))
		fail(DECODE, "the network configuration on standard input is not a JSON object\nit is malformed, or nested deeper "
			"than %d", DEPTH_MAX);
	return size;
}

static void require_text(const struct member *member)
{
	if (member->state == UNREADABLE)
		fail(INVALID_NETCONF, "%s in the network configuration must be a string of at most %d printable ASCII characters",
			member->name, MEMBER_MAX);
}

static size_t build_request(size_t body)
{
	size_t total = 0, most = 0;
	const char *longest = "", *value;
	for (int i = 0; forwarded[i].variable; i++) {
		if (!(value = getenv(forwarded[i].variable))) continue;
		if (strlen(value) > most) most = strlen(value), longest = forwarded[i].variable;
		total += strlen(forwarded[i].header) + strlen(value) + strlen(": \r\n");
	}
	if (total > VARIABLES_MAX)
		fail(INVALID_ENVIRONMENT, "%s is %zu bytes, too long to hand over\nthe CNI variables may be %d bytes as HTTP headers, "
			"and are %zu", longest, most, VARIABLES_MAX, total);
	char *to = request + sprintf(request, "POST /cni HTTP/1.1\r\nHost: coild\r\nContent-Type: application/json\r\n"
		"Content-Length: %zu\r\nConnection: close\r\n", body);
	for (int i = 0; forwarded[i].variable; i++)
		if ((value = getenv(forwarded[i].variable))) to += sprintf(to, "%s: %s\r\n", forwarded[i].header, value);
	to += sprintf(to, "\r\n");
	memcpy(to, netconf, body);
	return to + body - request;
}

static int connect_coild(void)
{
	union coild_address to = {0};
	socklen_t size = parse_coild_address(coild->text, &to);
	if (!size) fail(INVALID_NETCONF, "coild in the network configuration is %s\n" COILD_TAKES, coild->text);
	if (to.any.sa_family == AF_UNIX && !strcmp(getenv("CNI_COMMAND"), "DEL")) {
		sprintf(spooled, "%s" SPOOL_SUFFIX, to.un.sun_path);
		deadline -= (DEADLINE_SECONDS - DEL_SECONDS) * 1000;
	}
	int fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), done = -1;
	do { /* SO_SNDTIMEO bounds connect, also where it waits for room in a Unix socket's queue */
		long long left = ms_left() > 0 ? ms_left() : 1;
		struct timeval limit = {left / 1000, left % 1000 * 1000};
		if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0) done = connect(fd, &to.any, size);
	} while (done < 0 && errno == EINTR);
	if (done < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0) no_answer("connect", strerror(errno));
	return fd;
}

static _Noreturn void hand_over(int fd)
{
	size_t n = 0, length = SIZE_MAX;
	char *body = NULL;
	int status = 0, sent = put(fd, request, request_size), send_error = errno; /* it may have answered before it read all */
	for (ssize_t got = 1; got > 0 && (!body || n - (body - answer) < length);) {
		if ((got = get(fd, answer + n, sizeof answer - 1 - n)) < 0)
			no_answer(sent ? "receive" : "send", strerror(sent ? errno : send_error));
		answer[n += got] = 0;
		if (memcmp(answer, "HTTP/1.", n < 7 ? n : 7) || (!body && n > HEAD_MAX && !strstr(answer, "\r\n\r\n")))
			not_coild(NOT_HTTP, 0);
		if (!body && (body = strstr(answer, "\r\n\r\n"))) {
			body[2] = 0;
			body += 4;
			const char *wrong = read_head(answer, &status, &length);
			if (wrong) not_coild(wrong, status);
		}
		if (body && n - (body - answer) > BODY_MAX) not_coild(TOO_LARGE, status);
	}
	n -= body ? body - answer : 0;
	if (!body || (length < SIZE_MAX && n < length))
		no_answer("receive", "the connection was closed before the answer was complete");
	finish(status == 200 ? 0 : 1, body, n < length ? n : length);
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0) return 1; /* coild's socket would be taken for it */
	deadline = DEADLINE_SECONDS * 1000LL - ms_left(); /* deadline was 0: ms_left() is the clock, negated */
	if (argc == 2 && !getenv("CNI_COMMAND") &&
		(!strcmp(argv[1], "--help") || !strcmp(argv[1], "--version") || !strcmp(argv[1], "version")))
		finish(0, USAGE, strlen(USAGE));
	check_environment();
	size_t size = read_netconf();
	require_text(version);
	if (!strcmp(getenv("CNI_COMMAND"), "VERSION")) {
		quote(request, version->state == GIVEN ? version->text : "1.1.0");
		finish(0, answer, sprintf(answer, "{\"cniVersion\":%s,\"supportedVersions\":[" VERSIONS "]}\n", request));
	}
	require_text(coild);
	if (!*coild->text) strcpy(coild->text, DEFAULT_COILD);
	request_size = build_request(size);
	hand_over(connect_coild());
}
