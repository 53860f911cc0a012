/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   aarch64: the stub's first and last instructions.  There are no trampolines:
   the way back would need a register that a system call does not change.  */

#define __ASSEMBLER__ 1
#include "proot-engine/loader/loader.h"

	.text
	.globl	loader_start
	.type	loader_start, %function
loader_start:
	mov	x0, sp
	bl	loader_main
	mov	x16, x0
	mov	x0, xzr
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	mov	x4, xzr
	mov	x5, xzr
	mov	x29, xzr
	mov	x30, xzr
	br	x16
	.size	loader_start, . - loader_start

	.section .window, "aw", %nobits
	.balign	4096
	.globl	loader_window_data
	.hidden	loader_window_data
loader_window_data:
	.skip	LOADER_BLOCK_SIZE + LOADER_SLOTS * LOADER_SLOT_SIZE
	.section .note.GNU-stack, "", %progbits
