// SPDX-License-Identifier: GPL-2.0
/* Runs in the guest: the smallest program that exec can take. */
void _start(void)
{
	__asm__ volatile("mov $60, %eax\n\txor %edi, %edi\n\tsyscall");
	__builtin_unreachable();
}
