/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   i386: the stub's first and last instructions, its system calls, and the
   trampolines.  */

#define __ASSEMBLER__ 1
#include "proot-engine/loader/loader.h"

/* One trampoline a slot, as on x86_64.  Programs that came by sysenter go back
   to the vDSO, which restores what that instruction loses.

   FIXME: since Linux 6.7 a kernel asks the interrupt controller at each "int
   $0x80", which in a virtual machine may take ten times as long as the call.
   sysenter goes through the vDSO, whose place the filter cannot know, and
   needs the program's stack; a stop at the exit costs less there and more
   elsewhere.  */
	.section .trampolines, "ax", @progbits
	.globl	loader_trampolines
	.hidden	loader_trampolines
loader_trampolines:
	.set	slot, 0
	.rept	LOADER_SLOTS
	.balign	LOADER_TRAMPOLINE_SIZE
	int	$0x80
	mov	loader_slots + slot * LOADER_SLOT_SIZE +  0, %ebx
	mov	loader_slots + slot * LOADER_SLOT_SIZE +  8, %ecx
	mov	loader_slots + slot * LOADER_SLOT_SIZE + 16, %edx
	mov	loader_slots + slot * LOADER_SLOT_SIZE + 24, %esi
	mov	loader_slots + slot * LOADER_SLOT_SIZE + 32, %edi
	mov	loader_slots + slot * LOADER_SLOT_SIZE + 40, %ebp
	jmp	*loader_slots + slot * LOADER_SLOT_SIZE + 48
	.set	slot, slot + 1
	.endr

	.text
	.globl	loader_start
	.type	loader_start, @function
loader_start:
	mov	%esp, %ebx
	and	$-16, %esp
	sub	$12, %esp
	push	%ebx
	call	loader_main
	/* The address to jump to; registers as a new program finds them.  */
	mov	%ebx, %esp
	push	%eax
	xor	%eax, %eax
	xor	%ebx, %ebx
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%esi, %esi
	xor	%edi, %edi
	xor	%ebp, %ebp
	ret
	.size	loader_start, . - loader_start

	.globl	loader_call6
	.hidden	loader_call6
	.type	loader_call6, @function
loader_call6:
	push	%ebp
	push	%edi
	push	%esi
	push	%ebx
	mov	20(%esp), %eax
	mov	24(%esp), %ebx
	mov	28(%esp), %ecx
	mov	32(%esp), %edx
	mov	36(%esp), %esi
	mov	40(%esp), %edi
	mov	44(%esp), %ebp
	int	$0x80
	pop	%ebx
	pop	%esi
	pop	%edi
	pop	%ebp
	ret
	.size	loader_call6, . - loader_call6

	.section .window, "aw", @nobits
	.balign	4096
	.globl	loader_window_data
	.hidden	loader_window_data
loader_window_data:
	.skip	LOADER_BLOCK_SIZE
	.hidden	loader_slots
loader_slots:
	.skip	LOADER_SLOTS * LOADER_SLOT_SIZE
	.section .note.GNU-stack, "", @progbits
