/*
 * A DEL that coild does not take is kept in a folder beside coild's socket, from where coild takes it when it is back.
 * src/cni/spooled-del.ts has the same names, bounds and bytes.
 */
#ifndef COIL_SPOOL_H
#define COIL_SPOOL_H
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "deadline.h"

#define SPOOL_SUFFIX ".spool"	 /* behind the path of the socket */
#define SPOOL_FILES 4096	 /* and as many more as launchers that look at the same moment */
#define SPOOL_BYTES (32 * 1024) /* of a file */

/* FNV-1a of 64 bits, the closing NUL too. */
static uint64_t spool_hash(uint64_t hash, const char *text)
{
	do hash = (hash ^ (unsigned char)*text) * 0x100000001b3; while (*text++);
	return hash;
}

/* -1 with errno */
static int open_spool(const char *path)
{
	char parent[PATH_MAX];
	snprintf(parent, sizeof parent, "%s", path);
	*strrchr(parent, '/') = 0;
	mkdir(parent, 0700); /* /run/coil is not there where coild never ran since the node's start */
	if (mkdir(path, 0700) < 0 && errno != EEXIST) return -1;
	return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* How many there are beside `name`, which is to be replaced; -1 with errno */
static int count_others(int folder, const char *name)
{
	int n = 0, own = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = own < 0 ? NULL : fdopendir(own);
	if (!entries) return -1;
	for (struct dirent *entry; n < SPOOL_FILES && (entry = readdir(entries));)
		n += strcmp(entry->d_name, name) && strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
	closedir(entries);
	return n;
}

/* Under a name of its own first: whenever this is killed, what is there by `name` is whole. 0 with errno */
static int write_spool(int folder, const char *name, const char *call, size_t size)
{
	char partial[64];
	snprintf(partial, sizeof partial, "%.16s.%d.tmp", name, (int)getpid());
	signal(SIGXFSZ, SIG_IGN);
	int fd = openat(folder, partial, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) return 0;
	int done = put(fd, call, size) && fsync(fd) == 0 && renameat(folder, partial, folder, name) == 0 && fsync(folder) == 0;
	int why = errno;
	if (!done) unlinkat(folder, partial, 0);
	close(fd);
	errno = why;
	return done;
}

/* As `spool`, however long the file system takes. */
static const char *spool_patiently(const char *path, const char *container, const char *ifname, const char *call, size_t size)
{
	static char wrong[128], name[32];
	struct stat found;
	if (!container || !*container || !ifname || !*ifname) return "CNI_CONTAINERID or CNI_IFNAME is not set";
	snprintf(wrong, sizeof wrong, "the call is %zu bytes, more than %d", size, SPOOL_BYTES);
	if (size > SPOOL_BYTES) return wrong;
	snprintf(name, sizeof name, "%016llx.del",
		(unsigned long long)spool_hash(spool_hash(0xcbf29ce484222325, container), ifname));
	int folder = open_spool(path), others;
	if (folder < 0 || fstat(folder, &found) < 0) return strerror(errno);
	if (found.st_uid != geteuid() || (found.st_mode & 022)) return "others than this user may write there";
	if ((others = count_others(folder, name)) < 0) return strerror(errno);
	snprintf(wrong, sizeof wrong, "%d calls wait there already", others);
	if (others >= SPOOL_FILES) return wrong;
	return write_spool(folder, name, call, size) ? NULL : strerror(errno);
}

/* Keeps nothing open of what the launcher has but `result`: who reads what it prints waits for the end of that. */
static void keep_only(int result)
{
	for (int fd = 0; fd < 3; fd++) dup2(result, fd);
	syscall(SYS_close_range, 3, ~0U, 0); /* Linux 5.9 */
}

/*
 * Keeps `call`, in the place of an earlier one for the same interface. Returns NULL, or why that cannot be done before
 * the deadline. A process of its own does it: in a file system that hangs, the kernel lets it sleep where no signal, nor
 * SIGKILL, ends it. It goes with the launcher as soon as the kernel lets go.
 */
static const char *spool(const char *path, const char *container, const char *ifname, const char *call, size_t size)
{
	static char wrong[128];
	int result[2];
	size_t n = 0;
	ssize_t got = 1;
	pid_t launcher = getpid(), writer = pipe2(result, O_CLOEXEC) < 0 ? -1 : fork();
	if (writer < 0) return spool_patiently(path, container, ifname, call, size);
	if (writer == 0) {
		keep_only(result[1]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != launcher) _exit(1);
		const char *why = spool_patiently(path, container, ifname, call, size);
		put(STDOUT_FILENO, why ? why : "", why ? strlen(why) + 1 : 1);
		_exit(0);
	}
	close(result[1]);
	while (n < sizeof wrong && (got = get(result[0], wrong + n, sizeof wrong - n)) > 0) n += got;
	if (n > 0 && !wrong[n - 1]) return *wrong ? wrong : NULL;
	return got < 0 ? "the file system does not answer" : "the process that writes it was ended";
}
#endif
