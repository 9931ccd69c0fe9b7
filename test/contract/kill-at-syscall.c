/*
 * kill-at-syscall N PROGRAM ARGUMENT...: runs a program, and kills it with SIGKILL, and the process that it may have
 * made, where one of the two is about to make their N-th system call after execve (1 is the first). Ends with the
 * program's exit status, or 128 + 9 where it was killed. ptrace(2)
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static int is_before_call(pid_t pid, int status)
{
	struct __ptrace_syscall_info info;
	return WSTOPSIG(status) == (SIGTRAP | 0x80) && ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) > 0 &&
		info.op == PTRACE_SYSCALL_INFO_ENTRY;
}

int main(int argc, char **argv)
{
	if (argc < 3) return 2;
	pid_t program = fork(), pid = program;
	if (program == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execv(argv[2], argv + 2);
		_exit(2);
	}
	int status, calls = 0;
	if (waitpid(program, &status, 0) < 0 || !WIFSTOPPED(status)) return 2; /* at the end of execve */
	ptrace(PTRACE_SETOPTIONS, program, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_EXITKILL);
	for (;;) {
		if (WIFSTOPPED(status)) {
			int passed_on = WSTOPSIG(status);
			if (is_before_call(pid, status) && ++calls == atoi(argv[1])) {
				kill(program, SIGKILL);
				kill(pid, SIGKILL);
			}
			/* what ptrace makes is not for the program: of the second process, the stop that it begins with, too */
			if ((passed_on & 0x7f) == SIGTRAP || passed_on == SIGSTOP) passed_on = 0;
			ptrace(PTRACE_SYSCALL, pid, NULL, passed_on);
		}
		if ((pid = waitpid(-1, &status, __WALL)) < 0) return 2;
		if (pid != program) continue;
		if (WIFEXITED(status)) return WEXITSTATUS(status);
		if (WIFSIGNALED(status)) return 128 + WTERMSIG(status);
	}
}
