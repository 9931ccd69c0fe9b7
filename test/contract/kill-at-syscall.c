/*
 * kill-at-syscall N PROGRAM ARGUMENT...: runs a program of one thread, and kills it with SIGKILL where it is about to
 * make its N-th system call after execve (1 is the first). Ends with the program's exit status, or 128 + 9 where it was
 * killed. ptrace(2)
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 3) return 2;
	pid_t child = fork();
	if (child == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execv(argv[2], argv + 2);
		_exit(2);
	}
	int status, calls = 0, within = 0;
	if (waitpid(child, &status, 0) < 0 || !WIFSTOPPED(status)) return 2; /* at the end of execve */
	ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
	for (;;) {
		int at_call = WSTOPSIG(status) == (SIGTRAP | 0x80); /* before and after each */
		if (at_call && (within ^= 1) && ++calls == atoi(argv[1])) kill(child, SIGKILL);
		ptrace(PTRACE_SYSCALL, child, NULL, at_call || calls == 0 ? 0 : WSTOPSIG(status));
		if (waitpid(child, &status, 0) < 0) return 2;
		if (WIFEXITED(status)) return WEXITSTATUS(status);
		if (WIFSIGNALED(status)) return 128 + WTERMSIG(status);
	}
}
