/*
 * hang-link-deletion PROGRAM ARGUMENT...: runs a program whose deletions of links the kernel never answers: a thread that
 * sends one by send(2) or sendto(2) waits in there, as for the rtnl lock. seccomp_unotify(2)
 */
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static int is_deletion(const struct seccomp_notif *call)
{
	struct nlmsghdr head = {0};
	struct iovec local = {&head, sizeof head}, remote = {(void *)(uintptr_t)call->data.args[1], sizeof head};
	return process_vm_readv(call->pid, &local, 1, &remote, 1, 0) == sizeof head && head.nlmsg_type == RTM_DELLINK;
}

/* Lets all other calls through, until the program has ended. */
static int supervise(int listener)
{
	struct pollfd p = {.fd = listener, .events = POLLIN};
	while (poll(&p, 1, -1) > 0 && (p.revents & POLLIN)) {
		struct seccomp_notif call = {0};
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0 || is_deletion(&call)) continue;
		struct seccomp_notif_resp answer = {.id = call.id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_sendto, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof rules / sizeof *rules, rules};
	int ready[2], listener;
	if (argc < 2 || pipe(ready) < 0) return 2;
	/* one table of descriptors, until the exec of the parent, which is the program */
	if (syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0) == 0)
		return read(ready[0], &listener, sizeof listener) == sizeof listener ? supervise(listener) : 2;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return 2;
	listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	if (listener < 0 || write(ready[1], &listener, sizeof listener) < 0) return 2;
	execv(argv[1], argv + 1);
	return 2;
}
