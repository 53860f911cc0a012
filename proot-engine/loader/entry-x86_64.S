/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   x86_64: the stub's first and last instructions, and the trampolines.  */

#define __ASSEMBLER__ 1
#include "proot-engine/loader/loader.h"

/* One trampoline a slot.  The tracer sets the instruction pointer here with
   the changed arguments in the registers and the guest's in the slot.  The
   system call leaves its result in rax; rcx and r11 are lost to any system
   call, so nothing but the argument registers needs to be put back.  No
   instruction changes the flags.  */
	.section .trampolines, "ax", @progbits
	.globl	loader_trampolines
	.hidden	loader_trampolines
loader_trampolines:
	.set	slot, 0
	.rept	LOADER_SLOTS
	.balign	LOADER_TRAMPOLINE_SIZE
	syscall
	mov	loader_slots + slot * LOADER_SLOT_SIZE +  0(%rip), %rdi
	mov	loader_slots + slot * LOADER_SLOT_SIZE +  8(%rip), %rsi
	mov	loader_slots + slot * LOADER_SLOT_SIZE + 16(%rip), %rdx
	mov	loader_slots + slot * LOADER_SLOT_SIZE + 24(%rip), %r10
	mov	loader_slots + slot * LOADER_SLOT_SIZE + 32(%rip), %r8
	mov	loader_slots + slot * LOADER_SLOT_SIZE + 40(%rip), %r9
	jmp	*loader_slots + slot * LOADER_SLOT_SIZE + 48(%rip)
	.set	slot, slot + 1
	.endr

	.text
	.globl	loader_start
	.type	loader_start, @function
loader_start:
	mov	%rsp, %rdi
	mov	%rsp, %rbx
	and	$-16, %rsp
	call	loader_main
	/* The address to jump to; registers as a new program finds them.  */
	mov	%rbx, %rsp
	mov	%rax, %rcx
	xor	%eax, %eax
	xor	%ebx, %ebx
	xor	%edx, %edx
	xor	%esi, %esi
	xor	%edi, %edi
	xor	%ebp, %ebp
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	xor	%r11d, %r11d
	xor	%r12d, %r12d
	xor	%r13d, %r13d
	xor	%r14d, %r14d
	xor	%r15d, %r15d
	jmp	*%rcx
	.size	loader_start, . - loader_start

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
