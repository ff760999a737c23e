// SPDX-License-Identifier: GPL-2.0
/* Runs in the guest, in containers: true, and as "pause" one that stays. */
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	(void)argc;
	if (strstr(argv[0], "pause"))
		for (;;)
			pause();
	return 0;
}
