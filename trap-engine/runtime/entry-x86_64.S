/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   x86_64: the ways into the runtime and out of it.

   A program comes to trap_entry with the number of its call in rax, arguments
   where the system call ABI has them, in rcx the address to go on at and in
   r11 that of its instruction; that ABI gives both registers up.  Nothing of
   the program's stack is touched, not even below the stack pointer.  */

#define __ASSEMBLER__ 1
#include "trap-engine/runtime/block.h"

#define NR_rt_sigreturn 15
#define NR_exit 60
#define NR_arch_prctl 158
#define ARCH_SET_GS 0x1001
#define EFAULT 14
#define ENAMETOOLONG 36

	.macro	function name
	.balign	16
	.globl	\name
	.hidden	\name
	.type	\name, @function
\name:
	.endm

	.macro	label name
	.globl	\name
	.hidden	\name
\name:
	.endm

	.text

function trap_entry
	mov	%rsp, %gs:BLOCK_RSP
	mov	%rcx, %gs:BLOCK_RETURN
	mov	%r11, %gs:BLOCK_SITE
	mov	%rax, %gs:BLOCK_NUMBER
	mov	%rdi, %gs:BLOCK_ARG
	mov	%rsi, %gs:BLOCK_ARG+8
	mov	%rdx, %gs:BLOCK_ARG+16
	mov	%r10, %gs:BLOCK_ARG+24
	mov	%r8, %gs:BLOCK_ARG+32
	mov	%r9, %gs:BLOCK_ARG+40
	mov	%rbx, %gs:BLOCK_SAVED
	mov	%rbp, %gs:BLOCK_SAVED+8
	mov	%r12, %gs:BLOCK_SAVED+16
	mov	%r13, %gs:BLOCK_SAVED+24
	mov	%r14, %gs:BLOCK_SAVED+32
	mov	%r15, %gs:BLOCK_SAVED+40
	lahf
	seto	%al
	mov	%ax, %gs:BLOCK_FLAGS
	cld
label trap_entered
	mov	%gs:BLOCK_STACK, %rsp
	mov	%gs:BLOCK_SELF, %rdi
	call	trap_dispatch
	mov	%rax, %gs:BLOCK_RESULT

/* The way out.  From trap_tail on the call is done for the program, and a
   signal finds it behind its instruction.  */
label trap_check
	cmpl	$0, %gs:BLOCK_PENDING
label trap_tail
	jne	trap_deliver
	movzwl	%gs:BLOCK_FLAGS, %eax
	add	$0x7f, %al
	sahf
	mov	%gs:BLOCK_ARG, %rdi
	mov	%gs:BLOCK_ARG+8, %rsi
	mov	%gs:BLOCK_ARG+16, %rdx
	mov	%gs:BLOCK_ARG+24, %r10
	mov	%gs:BLOCK_ARG+32, %r8
	mov	%gs:BLOCK_ARG+40, %r9
	mov	%gs:BLOCK_RESULT, %rax
	mov	%gs:BLOCK_RSP, %rsp
	jmp	*%gs:BLOCK_RETURN
label trap_tail_end

/* A signal waits: have trap_signal deliver it, with this context turned into
   the program's.  Or a tracer does, which sees this first.  */
label trap_deliver
	ud2

/* trap_blocking (number, a, b, c, d, e, f).  trap_signal makes it abort
   anywhere before the kernel has begun.  */
function trap_blocking
	mov	%rdi, %rax
	mov	%rsi, %rdi
	mov	%rdx, %rsi
	mov	%rcx, %rdx
	mov	%r8, %r10
	mov	%r9, %r8
	mov	8(%rsp), %r9
label trap_blocking_check
	testl	$WAITS_SIGNAL, %gs:BLOCK_PENDING
	jnz	trap_blocking_abort
	syscall
label trap_blocking_done
	ret
label trap_blocking_abort
	mov	$CALL_ABORTED, %rax
	ret

/* trap_copy (to, from, size): trap_signal continues at trap_copy_fault when
   memory is missing; rcx says then how much is left.  */
function trap_copy
	mov	%rdx, %rcx
label trap_copy_start
	rep movsb
label trap_copy_end
label trap_copy_fault
	mov	%rcx, %rax
	ret

/* trap_copy_string (to, from, size): likewise.  */
function trap_copy_string
	xor	%eax, %eax
1:	cmp	%rdx, %rax
	jae	2f
label trap_string_start
	movb	(%rsi,%rax), %cl
label trap_string_end
	movb	%cl, (%rdi,%rax)
	inc	%rax
	test	%cl, %cl
	jnz	1b
	dec	%rax
	ret
2:	mov	$-ENAMETOOLONG, %rax
	ret
label trap_string_fault
	mov	$-EFAULT, %rax
	ret

/* trap_clone (number, a, b, c, d, e, child).  The child has all registers but
   rax and rsp.  */
function trap_clone
	push	%rbx
	mov	16(%rsp), %rbx
	mov	%rdi, %rax
	mov	%rsi, %rdi
	mov	%rdx, %rsi
	mov	%rcx, %rdx
	mov	%r8, %r10
	mov	%r9, %r8
	syscall
label trap_clone_made
	test	%rax, %rax
	jz	1f
	pop	%rbx
	ret
1:	mov	BLOCK_HEAD+BLOCK_STACK(%rbx), %rsp
	mov	%rbx, %rdi
	call	trap_set_block
	mov	%rbx, %rdi
label trap_clone_end
	call	trap_child
	mov	%gs:BLOCK_SAVED, %rbx
	mov	%gs:BLOCK_SAVED+8, %rbp
	mov	%gs:BLOCK_SAVED+16, %r12
	mov	%gs:BLOCK_SAVED+24, %r13
	mov	%gs:BLOCK_SAVED+32, %r14
	mov	%gs:BLOCK_SAVED+40, %r15
	jmp	trap_check

/* trap_exit (status, bitmap, index).  Nothing of the block, its stack least of
   all, is used behind the instruction that gives it away.  */
function trap_exit
	mov	$NR_exit, %eax
	lock btr %rdx, (%rsi)
	syscall
	hlt

/* trap_set_block (block).  */
function trap_set_block
	add	$BLOCK_HEAD, %rdi
	cmpl	$0, trap_has_fsgsbase(%rip)
	je	1f
	wrgsbase %rdi
	ret
1:	mov	%rdi, %rsi
	mov	$ARCH_SET_GS, %edi
	mov	$NR_arch_prctl, %eax
	syscall
	ret
label trap_set_block_end

/* Stops for one who traces the thread (watch.h): a program is about to begin,
   by trap_begin with the same arguments; and another stop is to be shown.  When
   the tracer is gone, trap_signal goes on from here.  */
function trap_ready
	ud2
function trap_again
	ud2

/* trap_ask (data): likewise, a filter of the program's wants a tracer asked.  */
function trap_ask
	xor	%eax, %eax
label trap_ask_stop
	ud2
label trap_asked
	ret

/* trap_begin (entry, stack).  */
function trap_begin
	mov	%rdi, %rcx
	mov	%rsi, %rsp
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

function trap_restorer
	mov	$NR_rt_sigreturn, %eax
	syscall
	hlt

/* The first instructions of the program: rsp is as the kernel left it.  The
   stack that calls use later is used at once, so that few pages are touched.  */
function trap_start
	mov	%rsp, %rdi
	xor	%ebp, %ebp
	lea	trap_first_block+BLOCK_STACK_SIZE(%rip), %rsp
	call	trap_main
	hlt

	.section .note.GNU-stack, "", %progbits
