/* Reading and writing that ends at one deadline for the whole program, whatever interrupts it. */
#ifndef COIL_DEADLINE_H
#define COIL_DEADLINE_H
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

static long long deadline; /* ms of CLOCK_MONOTONIC */

static long long ms_left(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return deadline - now.tv_sec * 1000LL - now.tv_nsec / 1000000;
}

/* Waits until fd can be read or written; 0 with errno where it cannot, ETIMEDOUT after the deadline. */
static int ready(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};
	for (long long left; (left = ms_left()) > 0;) {
		int n = poll(&p, 1, (int)left);
		if (n > 0) return 1; /* in error, too: read and write say which */
		if (n < 0 && errno != EINTR) return 0;
	}
	errno = ETIMEDOUT;
	return 0;
}

/* Writes all of it, or returns 0 with errno. */
static int put(int fd, const char *p, size_t n)
{
	while (n > 0) {
		if (!ready(fd, POLLOUT)) return 0;
		ssize_t done = write(fd, p, n < 4096 ? n : 4096); /* as much as a pipe that is ready takes at once */
		if (done < 0 && errno != EINTR && errno != EAGAIN) return 0;
		if (done > 0) p += done, n -= done;
	}
	return 1;
}

/* Reads what there is: 0 at the end, -1 with errno. */
static ssize_t get(int fd, char *p, size_t n)
{
	while (ready(fd, POLLIN)) {
		ssize_t got = read(fd, p, n);
		if (got >= 0 || (errno != EINTR && errno != EAGAIN)) return got;
	}
	return -1;
}
#endif
