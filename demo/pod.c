/*
 * What runs in a Pod of the demo; C, since six of them start at once.
 *
 *   pod serve NAME         answers every HTTP request to port 8080 with NAME
 *   pod fetch ADDRESS...   asks each, and prints a line for each: ADDRESS MICROSECONDS NAME, or ADDRESS - REASON
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define PORT 8080
#define PATIENCE_SECONDS 3 /* with one connect, send or receive */

static void limit_waits(int fd)
{
	struct timeval limit = {.tv_sec = PATIENCE_SECONDS};
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

static int serve(const char *name)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&any, sizeof any) < 0 || listen(listener, 64) < 0) {
		perror("cannot listen on port 8080");
		return 1;
	}
	printf("%s is listening\n", name);
	fflush(stdout);
	for (;;) {
		char request[4096];
		int client = accept(listener, NULL, NULL);
		if (client < 0) continue;
		limit_waits(client);
		if (read(client, request, sizeof request) > 0)
			dprintf(client, "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n%s\n", name);
		close(client);
	}
}

static long long microseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static const char *reason(void)
{
	return strerror(errno == EINPROGRESS || errno == EAGAIN ? ETIMEDOUT : errno);
}

/* Fills in the first line of the answer's body; returns why it cannot, NULL where it can. */
static const char *ask(int fd, const char *address, char *answer, size_t size)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	if (inet_pton(AF_INET, address, &to.sin_addr) != 1) return "not an IPv4 address";
	if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) return reason();
	if (dprintf(fd, "GET / HTTP/1.0\r\nHost: %s\r\n\r\n", address) < 0) return reason();
	size_t n = 0;
	for (ssize_t got = 1; got > 0 && n < size - 1; n += got)
		if ((got = read(fd, answer + n, size - 1 - n)) < 0) return reason();
	answer[n] = 0;
	char *body = strstr(answer, "\r\n\r\n");
	if (strncmp(answer, "HTTP/1.0 200 ", 13) || !body) return "not an answer of a Pod";
	memmove(answer, body + 4, strlen(body + 4) + 1);
	answer[strcspn(answer, "\n")] = 0;
	return NULL;
}

static void fetch(const char *address)
{
	char answer[1024];
	long long start = microseconds();
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	limit_waits(fd);
	const char *why_not = ask(fd, address, answer, sizeof answer);
	close(fd);
	if (why_not) printf("%s - %s\n", address, why_not);
	else printf("%s %lld %s\n", address, microseconds() - start, answer);
}

static void end(int signal)
{
	(void)signal;
	_exit(0);
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc == 3 && !strcmp(argv[1], "serve")) {
		signal(SIGTERM, end); /* process 1 of a container heeds only what it handles */
		return serve(argv[2]);
	}
	if (argc < 3 || strcmp(argv[1], "fetch")) return 2;
	for (int i = 2; i < argc; i++) fetch(argv[i]);
	return 0;
}
