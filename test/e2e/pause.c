/*
 * pause: holds namespaces open and buries the processes that are left to it, until SIGTERM. It is all that runs in a
 * Pod sandbox of the end-to-end tests, and process 1 of the machine that they take for a node.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void quit(int signal_number)
{
	(void)signal_number;
	_exit(0);
}

static void bury(int signal_number)
{
	(void)signal_number;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

int main(void)
{
	/* the kernel drops signals that process 1 has no handler for */
	signal(SIGTERM, quit);
	signal(SIGCHLD, bury);
	for (;;)
		pause();
}
