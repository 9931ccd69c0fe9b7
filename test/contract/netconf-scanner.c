/*
 * Runs launcher/netconf.h over many texts in one process, for a comparison with JSON.parse: standard input has each as
 * its size (32 bits, host order) and its bytes; standard output gets a line for each: "-" where it is no JSON object
 * (then all members have to be absent), else the state of each (A absent, G given, U unreadable) with its text where given.
 */
#include <stdint.h>
#include <stdio.h>
#include "netconf.h"

int main(void)
{
	for (uint32_t size; fread(&size, sizeof size, 1, stdin) == 1;) {
		struct member members[] = {{.name = "cniVersion"}, {.name = "coild"}, {.name = NULL}};
		char *text = malloc(size + 1); /* no larger, so that a read past the NUL is seen */
		if (!text || fread(text, 1, size, stdin) != size) return 1;
		text[size] = 0;
		int object = scan_object(text, size, members);
		for (struct member *m = members; !object && m->name; m++)
			if (m->state != ABSENT) return 1;
		if (!object) printf("-");
		else for (struct member *m = members; m->name; m++)
			printf("%c%s\t", "AGU"[m->state], m->state == GIVEN ? m->text : "");
		putchar('\n');
		free(text);
	}
	return 0;
}
