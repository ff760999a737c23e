// SPDX-License-Identifier: GPL-2.0
/* The floor as a program, as other runtimes are ones: floor GROUP PROGRAM ARGS... */
#define _GNU_SOURCE
#include "floor.h"

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	floor_run(argv[1], argv + 2, 0);
	return 0;
}
