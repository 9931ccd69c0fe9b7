/*
 * launcher/coil.c as a function that a fuzzer calls: the environment, standard input, what answers at the socket, and
 * the clock are the fuzzer's; nothing of it reaches the machine.
 *
 * An input is a byte of switches, a byte of factors, the variables (each to a NUL), then standard input up to FF FE,
 * then what answers. The factors repeat the variables, standard input or answer, or fill standard input up with
 * spaces, to get at their limits.
 *
 *   clang -fsanitize=fuzzer,address,undefined launcher.c     coverage-guided: libFuzzer
 *   cc -fsanitize=address,undefined -DSTANDALONE launcher.c   RUNS SEED FILE...: mutations of the files by a generator
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { VARIABLES = 6, SOCKET = 7, INPUT_MAX = 6 * 1024 * 1024 };
enum { NO_CONNECT = 1, HANGS = 2, NO_SPOOL = 4, SMALL_READS = 8, CLOSES_EARLY = 16, UNSET = 32, READ_ERROR = 64 };

struct bytes { char *at; size_t size, done; };

static jmp_buf ended;
static int exit_status, switches, was_spooled;
static long long now_ms;
static char *variables[VARIABLES], variable_bytes[64 * 1024];
static char input_bytes[INPUT_MAX], answer_bytes[INPUT_MAX], output_bytes[8 * 1024 * 1024];
static struct bytes input = {input_bytes, 0, 0}, from_coild = {answer_bytes, 0, 0}, output = {output_bytes, 0, 0};

static void require(int holds, const char *what)
{
	if (holds) return;
	fprintf(stderr, "the launcher broke its promise: %s; it printed %.*s\n", what, (int)output.size, output.at);
	abort();
}

static _Noreturn void leave(int status)
{
	exit_status = status;
	longjmp(ended, 1);
}

static char *variable(const char *name)
{
	static const char *const names[VARIABLES] = {"CNI_COMMAND", "CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_ARGS",
		"CNI_PATH"};
	for (int i = 0; i < VARIABLES; i++)
		if (!strcmp(names[i], name)) return variables[i];
	return NULL;
}

static ssize_t fake_read(int fd, void *to, size_t n)
{
	struct bytes *from = fd == STDIN_FILENO ? &input : &from_coild;
	size_t left = from->size - from->done;
	if (n > left) n = left;
	if ((switches & SMALL_READS) && n > 7) n = 7;
	if (n == 0 && (switches & READ_ERROR)) {
		errno = fd == STDIN_FILENO ? EIO : ECONNRESET;
		return -1;
	}
	memcpy(to, from->at + from->done, n);
	from->done += n;
	return (ssize_t)n;
}

static ssize_t fake_write(int fd, const void *from, size_t n)
{
	if (fd == SOCKET) {
		if ((switches & CLOSES_EARLY)) return errno = EPIPE, -1;
		return (ssize_t)n;
	}
	require(fd == STDOUT_FILENO || fd == STDERR_FILENO, "it writes to nothing else than its streams and coild");
	if (fd == STDERR_FILENO) return (ssize_t)n;
	require(output.size + n <= sizeof output_bytes, "it prints no more than it read");
	memcpy(output.at + output.size, from, n);
	output.size += n;
	return (ssize_t)n;
}

/* Of what hangs nothing can be read after its last byte, until the time is over. */
static int fake_poll(struct pollfd *p, nfds_t n, int ms)
{
	const struct bytes *from = p->fd == STDIN_FILENO ? &input : &from_coild;
	require(n == 1 && ms > 0 && ms <= 120000, "it waits for one thing, and not for ever");
	if (!(switches & HANGS) || !(p->events & POLLIN) || from->done < from->size) return 1;
	now_ms += ms;
	return 0;
}

static int fake_clock(struct timespec *to)
{
	*to = (struct timespec){now_ms / 1000, now_ms % 1000 * 1000000};
	return 0;
}

static int fake_connect(const struct sockaddr *to, socklen_t size)
{
	require(to->sa_family == AF_UNIX ? size == sizeof(struct sockaddr_un)
		: size == (to->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6)),
		"it connects to an address of a known family");
	return (switches & NO_CONNECT) ? (errno = ECONNREFUSED, -1) : 0;
}

/* launcher/spool.h, whose folder is on a disk, has tests of its own; here it must be called for good reason. */
#define COIL_SPOOL_H
#define SPOOL_SUFFIX ".spool"
static const char *spool(const char *path, const char *container, const char *ifname, const char *call, size_t size)
{
	char *command = variable("CNI_COMMAND"), length[64];
	const char *body = memmem(call, size, "\r\n\r\n", 4);
	require(command && !strcmp(command, "DEL"), "nothing but a DEL is spooled");
	require(path[0] == '/' && strlen(path) > 6 && strlen(path) < 120, "the spool is beside a socket");
	require(!strncmp(call, "POST /cni HTTP/1.1\r\n", 20) && body, "a request is spooled");
	require((size_t)(call + size - body) == input.size + 4 && !memcmp(body + 4, input.at, input.size),
		"standard input is spooled as it came");
	snprintf(length, sizeof length, "Content-Length: %zu\r\n", input.size);
	require(memmem(call, body + 2 - call, length, strlen(length)) != NULL, "the request has its length");
	was_spooled = 1;
	return !container || !ifname || (switches & NO_SPOOL) ? "no" : NULL;
}

static int closed(int fd) { return fd < 0; }

#define main launcher
#define exit(status) leave(status)
#define getenv(name) variable(name)
#define read(fd, to, n) fake_read(fd, to, n)
#define write(fd, from, n) fake_write(fd, from, n)
#define poll(p, n, ms) fake_poll(p, n, ms)
#define clock_gettime(id, to) fake_clock(to)
#define socket(family, type, protocol) SOCKET
#define connect(fd, to, size) fake_connect(to, size)
#define setsockopt(fd, level, name, value, size) ((void)(value), 0)
#define fcntl(fd, ...) (closed(fd) ? -1 : 0)
#define signal(number, handler) ((void)(number))
#define fputs(text, stream) ((void)(text))
#include "coil.c"
#undef main
#undef exit
#undef getenv
#undef read
#undef write
#undef poll
#undef fcntl
#undef fputs
#undef signal

static void repeat(struct bytes *to, const char *from, size_t size, size_t times)
{
	to->size = to->done = 0;
	for (size_t i = 0; i < times && to->size + size <= INPUT_MAX; i++, to->size += size)
		memcpy(to->at + to->size, from, size);
}

static void check_outcome(void)
{
	static struct member none[] = {{.name = NULL}};
	struct member found[] = {{.name = "code"}, {.name = "msg"}, {.name = NULL}};
	require(exit_status == 0 || exit_status == 1, "the exit status is 0 or 1");
	if (output.size == 0) {
		require(exit_status == 0 ? was_spooled || from_coild.size > 0 : from_coild.size > 0, "it says why it fails");
		return;
	}
	if (was_spooled) require(exit_status == 1, "a DEL that was spooled prints nothing");
	require(output.size <= BODY_MAX, "it prints no more than an answer may be");
	/* a body is printed as it is; all else is JSON of our own */
	if (from_coild.size >= output.size && memmem(from_coild.at, from_coild.size, output.at, output.size)) return;
	output.at[output.size] = 0;
	require(scan_object(output.at, output.size, exit_status == 0 ? none : found), "what it prints is a JSON object");
	if (exit_status == 1) require(found[0].state == UNREADABLE, "an error has a code");
	for (size_t i = 0; i + 1 < output.size; i++)
		require(output.at[i] >= 0x20 && output.at[i] < 0x7f, "what it prints is printable ASCII");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t factors[] = {1, 1, 1, 3, 60, 700, 4000, 70000}, fill[] = {NETCONF_MAX, NETCONF_MAX + 100};
	static char name[] = "coil", *arguments[] = {name, NULL};
	static size_t used;
	if (size < 2) return 0;
	const char *p = (const char *)data + 2, *end = (const char *)data + size;
	switches = data[0];
	int amplify = data[1];
	char *to = variable_bytes;
	for (int i = 0; i < VARIABLES; i++) {
		size_t n = strnlen(p, end - p), times = (amplify & 3) == 3 ? 50 : 1;
		variables[i] = (switches & UNSET) && n == 0 ? NULL : to;
		for (size_t k = 0; k < times && to + n + VARIABLES < variable_bytes + sizeof variable_bytes; k++, to += n)
			memcpy(to, p, n);
		*to++ = 0;
		p += n + (p + n < end);
	}
	const char *separator = memmem(p, end - p, "\xff\xfe", 2), *rest = separator ? separator + 2 : end;
	size_t factor = amplify >> 2 & 7, given = (separator ? separator : end) - p;
	repeat(&input, p, given, factors[factor]);
	if ((factor == 1 || factor == 2) && given < fill[factor - 1]) {
		memset(input.at + given, ' ', fill[factor - 1] - given);
		input.size = fill[factor - 1];
	}
	repeat(&from_coild, rest, end - rest, factors[amplify >> 5 & 7]);
	/* as a process begins */
	memset(netconf, 0, used < sizeof netconf ? used : sizeof netconf);
	used = input.size + 1;
	for (struct member *member = members; member->name; member++) member->state = ABSENT, *member->text = 0;
	*spooled = 0, *answer = 0, *request = 0;
	deadline = 0, now_ms = 1000000, request_size = 0, was_spooled = 0;
	output.size = 0;
	if (!setjmp(ended)) {
		launcher(1, arguments);
		require(0, "it ends by itself");
	}
	check_outcome();
	return 0;
}

#ifdef STANDALONE
#include <sanitizer/common_interface_defs.h>

enum { SEEDS_MAX = 4096, CASE_MAX = 1 << 20 };
static struct bytes seeds[SEEDS_MAX];
static uint8_t one[CASE_MAX];
static size_t one_size;
static uint64_t state;
static unsigned long run;

/* xorshift64* */
static uint32_t below(uint32_t n)
{
	state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
	return (uint32_t)(state * 0x2545f4914f6cdd1d >> 32) % (n ? n : 1);
}

static void tell(void)
{
	fprintf(stderr, "in run %lu, with the input ", run);
	for (size_t i = 0; i < one_size && i < 4096; i++) fprintf(stderr, "%02x", one[i]);
	fprintf(stderr, "\n");
}

static void on_abort(int number)
{
	tell();
	_exit(128 + number);
}

static void replace(size_t at, size_t old, const void *with, size_t size)
{
	if (one_size - old + size > CASE_MAX) return;
	memmove(one + at + size, one + at + old, one_size - at - old);
	memcpy(one + at, with, size);
	one_size += size - old;
}

static void mutate(int n_seeds)
{
	static const char *const words[] = {"\r\n\r\n", "\r\n", "Content-Length: ", "Transfer-Encoding: x\r\n",
		"Content-Type: application/cni+json\r\n", "HTTP/1.1 200 ", "HTTP/1.0 999", "99999999999999999999", "-1", "4194305",
		"\"", "\\u0000", "\\u0041", "\\", "{", "}", "[[[[[[[[[[[[[[[[", "\"coild\":\"unix:///a/b\"", "\"cniVersion\":\"1.0.0\"",
		"unix:///", "http://[::1]:80", "http://127.0.0.1:65535/", ",", ":", "null", "1e99", "DEL", "ADD", "VERSION", "STATUS",
		"\xff\xfe", "\xff", "\x7f", "\xc3\xb6", "%n%s%s%s"};
	size_t at = below((uint32_t)one_size + 1), left = one_size - at;
	uint8_t byte = (uint8_t)below(256);
	const struct bytes *other = &seeds[below((uint32_t)n_seeds)];
	size_t from = below((uint32_t)other->size + 1), size = below((uint32_t)(other->size - from) + 1);
	const char *word = words[below(sizeof words / sizeof *words)];
	switch (below(8)) {
	case 0: if (left) one[at] = byte; break;
	case 1: if (left) one[at] ^= (uint8_t)(1 << byte % 8); break;
	case 2: replace(at, 0, &byte, 1); break;
	case 3: replace(at, below((uint32_t)(left < 64 ? left : 64) + 1), "", 0); break;
	case 4: replace(at, 0, word, strlen(word)); break;
	case 5: replace(at, below((uint32_t)(left < 16 ? left : 16) + 1), word, strlen(word)); break;
	case 6: replace(at, left, other->at + from, size); break;
	case 7: if (one_size > 1) one[byte & 1] = (uint8_t)below(256); break;
	}
}

int main(int argc, char **argv)
{
	int n_seeds = 0;
	if (argc < 4) return 2;
	state = strtoull(argv[2], NULL, 10) * 2 + 1;
	for (int i = 3; i < argc && n_seeds < SEEDS_MAX; i++) {
		FILE *file = fopen(argv[i], "r");
		char *bytes = malloc(CASE_MAX);
		if (!file || !bytes) return 2;
		seeds[n_seeds++] = (struct bytes){bytes, fread(bytes, 1, CASE_MAX, file), 0};
		fclose(file);
	}
	__sanitizer_set_death_callback(tell);
	signal(SIGABRT, on_abort);
	for (unsigned long runs = strtoul(argv[1], NULL, 10); run < runs; run++) {
		const struct bytes *seed = &seeds[run < (unsigned long)n_seeds ? run : below((uint32_t)n_seeds)];
		memcpy(one, seed->at, one_size = seed->size);
		/* the seeds themselves first */
		if (run >= (unsigned long)n_seeds) for (uint32_t n = 1 + below(6); n > 0; n--) mutate(n_seeds);
		LLVMFuzzerTestOneInput(one, one_size);
	}
	printf("%lu runs of %d seeds\n", run, n_seeds);
	return 0;
}
#endif
