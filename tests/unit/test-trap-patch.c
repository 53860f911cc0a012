/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Patched places, executed: functions are generated, a filter traps their
   calls as in a container, and a stand-in for the runtime's entry makes the
   calls and counts them.  Programs land wherever an instruction of theirs was,
   from several threads, from inside the kernel, step by step.  */

#include "tests/unit/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "trap-engine/patch.h"
#include "trap-engine/site.h"

#define PAGE 4096
#define FLAG_TRAP 0x100ul
/* Those that a program has for itself: carry, parity, adjust, zero, sign,
   overflow.  */
#define FLAGS_OWN 0x8d5ul

/* A number that patch.c reaches nothing with, for call sites that take any.  */
#define OTHER_NUMBER SYS_getuid

/* --- the stand-in of the runtime -------------------------------------------
 */

/* Registers: those of enum trap_register, but flags instead of rip.  */
struct registers
{
  uint64_t is[17];
};
#define FLAGS 16

void entry (void);
extern char entry_end[];
void call_with (struct registers *registers);

uint64_t entries, entry_site, call_target;
uint64_t entered[16];

__asm__("	.text\n"
        "	.globl	entry, entry_end, call_with\n"
        /* Count, keep what was in the registers, make the call.  */
        "entry:\n"
        "	lea	-256(%rsp), %rsp\n"
        "	pushfq\n"
        "	push	%rcx\n"
        "	push	%r11\n"
        "	lock incq entries(%rip)\n"
        "	mov	%r11, entry_site(%rip)\n"
        "	mov	%r8, entered(%rip)\n"
        "	mov	%r9, 8+entered(%rip)\n"
        "	mov	%r10, 16+entered(%rip)\n"
        "	mov	%rdi, 64+entered(%rip)\n"
        "	mov	%rsi, 72+entered(%rip)\n"
        "	mov	%rdx, 96+entered(%rip)\n"
        "	mov	%rax, 104+entered(%rip)\n"
        "	syscall\n"
        "entry_end:\n"
        "	pop	%r11\n"
        "	pop	%rcx\n"
        "	popfq\n"
        "	lea	256(%rsp), %rsp\n"
        "	jmp	*%rcx\n"
        /* Call call_target with the registers at rdi, and put them there.  */
        "call_with:\n"
        "	push	%rbx\n"
        "	push	%rbp\n"
        "	push	%r12\n"
        "	push	%r13\n"
        "	push	%r14\n"
        "	push	%r15\n"
        "	push	%rdi\n"
        "	mov	(%rdi), %r8\n"
        "	mov	8(%rdi), %r9\n"
        "	mov	16(%rdi), %r10\n"
        "	mov	24(%rdi), %r11\n"
        "	mov	32(%rdi), %r12\n"
        "	mov	40(%rdi), %r13\n"
        "	mov	48(%rdi), %r14\n"
        "	mov	56(%rdi), %r15\n"
        "	mov	72(%rdi), %rsi\n"
        "	mov	80(%rdi), %rbp\n"
        "	mov	88(%rdi), %rbx\n"
        "	mov	96(%rdi), %rdx\n"
        "	mov	104(%rdi), %rax\n"
        "	mov	112(%rdi), %rcx\n"
        "	pushq	128(%rdi)\n"
        "	mov	64(%rdi), %rdi\n"
        "	popfq\n"
        "	call	*call_target(%rip)\n"
        "	pushfq\n"
        "	push	%rax\n"
        "	mov	16(%rsp), %rax\n"
        "	mov	%r8, (%rax)\n"
        "	mov	%r9, 8(%rax)\n"
        "	mov	%r10, 16(%rax)\n"
        "	mov	%r11, 24(%rax)\n"
        "	mov	%r12, 32(%rax)\n"
        "	mov	%r13, 40(%rax)\n"
        "	mov	%r14, 48(%rax)\n"
        "	mov	%r15, 56(%rax)\n"
        "	mov	%rdi, 64(%rax)\n"
        "	mov	%rsi, 72(%rax)\n"
        "	mov	%rbp, 80(%rax)\n"
        "	mov	%rbx, 88(%rax)\n"
        "	mov	%rdx, 96(%rax)\n"
        "	mov	%rcx, 112(%rax)\n"
        "	popq	104(%rax)\n"
        "	popq	128(%rax)\n"
        "	pop	%rdi\n"
        "	pop	%r15\n"
        "	pop	%r14\n"
        "	pop	%r13\n"
        "	pop	%r12\n"
        "	pop	%rbp\n"
        "	pop	%rbx\n"
        "	ret\n");

static bool alone = true;
static bool patches = true; /* whether what is trapped is patched */
static unsigned traps, patched, landings, own_faults;
static sigjmp_buf own_fault;

static void
on_trap (int number, siginfo_t *info, void *context)
{
  greg_t *registers = ((ucontext_t *) context)->uc_mcontext.gregs;
  uint64_t rip = (uint64_t) registers[REG_RIP];

  (void) number;
  (void) info;
  __atomic_fetch_add (&traps, 1, __ATOMIC_RELAXED);
  if (patches && trap_patch (rip - 2, (const uint64_t *) registers, alone))
    __atomic_fetch_add (&patched, 1, __ATOMIC_RELAXED);
  registers[REG_RCX] = (greg_t) rip;
  registers[REG_R11] = (greg_t) (rip - 2);
  registers[REG_RIP] = (greg_t) (uintptr_t) entry;
}

static void
on_invalid (int number, siginfo_t *info, void *context)
{
  greg_t *registers = ((ucontext_t *) context)->uc_mcontext.gregs;
  uint64_t next = trap_landing ((uint64_t) registers[REG_RIP], alone);

  (void) number;
  (void) info;
  if (next == 0)
    {
      __atomic_fetch_add (&own_faults, 1, __ATOMIC_RELAXED);
      siglongjmp (own_fault, 1);
    }
  __atomic_fetch_add (&landings, 1, __ATOMIC_RELAXED);
  registers[REG_RIP] = (greg_t) next;
}

/* Single steps: at the LAST one go on where the program thinks it is.  */
static unsigned steps, last_step;
static uint64_t code_start, code_end;
static unsigned strange; /* steps at an address that is nobody's */

static void
on_step (int number, siginfo_t *info, void *context)
{
  greg_t *registers = ((ucontext_t *) context)->uc_mcontext.gregs;
  uint64_t rip = (uint64_t) registers[REG_RIP], origin = trap_origin (rip);

  (void) number;
  (void) info;
  strange += origin != rip && (origin < code_start || origin > code_end);
  if (++steps < last_step)
    return;
  registers[REG_RIP] = (greg_t) origin;
  registers[REG_EFL] &= ~(greg_t) FLAG_TRAP;
}

static void
handle (int number, void (*handler) (int, siginfo_t *, void *))
{
  struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };

  sigfillset (&action.sa_mask);
  sigaction (number, &action, NULL);
}

#define LOAD(WHAT)                                                             \
  BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, WHAT))
#define EQUAL(VALUE, YES, NO)                                                  \
  BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, (VALUE), (YES), (NO))
#define RETURN(VALUE) BPF_STMT (BPF_RET | BPF_K, (VALUE))

static void
install (struct sock_filter *filter, size_t size)
{
  struct sock_fprog program = { .len = (unsigned short) (size / sizeof *filter),
                                .filter = filter };

  prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
    tap_skip_all ("no filters of system calls here");
}

/* Trap what the generated functions call, unless the stand-in does.  */
static void
install_filter (void)
{
  uint32_t end = (uint32_t) (uintptr_t) entry_end;
  struct sock_filter filter[] = {
    LOAD (nr),
    EQUAL (SYS_getppid, 3, 0),
    EQUAL (SYS_getuid, 2, 0),
    EQUAL (SYS_getpgrp, 1, 0),
    RETURN (SECCOMP_RET_ALLOW),
    LOAD (instruction_pointer),
    EQUAL (end, 0, 1),
    RETURN (SECCOMP_RET_ALLOW),
    RETURN (SECCOMP_RET_TRAP),
  };

  install (filter, sizeof filter);
}

/* The sanitizer's search for leaks makes a call that is trapped: for gcc's,
   which asks this.  */
int __lsan_is_turned_off (void);

int
__lsan_is_turned_off (void)
{
  return 1;
}

/* Have call NUMBER fail with ERROR from now on, if the BITS of its argument
   INDEX are set (0: always).  */
static void
forbid (unsigned number, unsigned error, unsigned index, unsigned bits)
{
  struct sock_filter filter[] = {
    LOAD (nr),
    EQUAL (number, 0, 3),
    LOAD (args[0]),
    BPF_JUMP (BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1),
    RETURN (SECCOMP_RET_ERRNO | error),
    RETURN (SECCOMP_RET_ALLOW),
  };

  filter[2].k += 8 * index;
  if (bits == 0)
    filter[3] = (struct sock_filter) BPF_JUMP (BPF_JMP | BPF_JA, 0, 0, 0);
  install (filter, sizeof filter);
}

/* --- generated functions ---------------------------------------------------
 */

/* A function: what comes before the bytes that count, the instructions before
   'syscall', and those after, all as hexadecimal digits.  BACK is where its
   caller finds the result.  */
struct function
{
  const char *name;
  const char *prologue, *before, *after;
  uint64_t number; /* in rdi, for those that take it */
  int size_before; /* of the patch, as in struct trap_site; 0: after */
  int size;        /* 0: it cannot be patched */
  unsigned starts;
};

#define LEAVE "c3"
#define CHECK                                                                  \
  "483d01f0ffff"                                                               \
  "7600" LEAVE

static const struct function functions[] = {
  { "a number", "", "b86e000000", LEAVE, 0, 5, 7, 0x21 },
  { "a number, and a check after", "", "b86e000000", CHECK, 0, 5, 7, 0x21 },
  { "a number in 7 bytes", "", "48c7c06e000000", LEAVE, 0, 7, 9, 0x81 },
  { "a prefix", "b86e000000", "41ba08000000", LEAVE, 0, 6, 8, 0x41 },
  { "one move", "",
    "b86e000000"
    "4c89c7",
    LEAVE, 0, 8, 10, 0x121 },
  { "two moves", "",
    "b86e000000"
    "4989fa"
    "4c89c6",
    LEAVE, 0, 11, 13, 0x921 },
  { "three moves", "",
    "b86e000000"
    "4989fa"
    "4c89c6"
    "4889ca",
    LEAVE, 0, 14, 16, 0x4921 },
  { "registers cleared", "",
    "b86e000000"
    "31f6"
    "4531d2",
    LEAVE, 0, 10, 12, 0x4a1 },
  { "a sign", "",
    "b86e000000"
    "4863ff",
    LEAVE, 0, 8, 10, 0x121 },
  { "an address", "b86e000000", "488d742408", LEAVE, 0, 5, 7, 0x21 },
  { "a load from the stack",
    "5657"
    "53"
    "eb08"
    "0f1f840000000000",
    "488b442408",
    "5b"
    "5f5e" LEAVE,
    SYS_getppid, 5, 7, 0x21 },
  { "a store to the stack",
    "4883ec28"
    "b86e000000"
    "4c8b442410",
    "4c895c2408", "4883c428" LEAVE, 0, 5, 7, 0x21 },
  { "a check after", "4889f8", "", CHECK, SYS_getppid, 0, 8, 5 },
  { "32 bits checked after", "4889f8", "",
    "3d01f0ffff"
    "7600" LEAVE,
    SYS_getppid, 0, 7, 5 },
  { "a byte checked after", "4889f8", "",
    "4883f8da"
    "7400" LEAVE,
    SYS_getppid, 0, 6, 5 },
  { "a test after", "4889f8", "",
    "4885c0"
    "7800" LEAVE,
    SYS_getppid, 0, 5, 5 },
  { "a move after", "4889f8", "",
    "4889c2"
    "4889d0" LEAVE,
    SYS_getppid, 0, 5, 5 },
  { "a store after", "4889f8", "", "48894424f8" LEAVE, SYS_getppid, 0, 7, 5 },
  { "nothing", "4889f8", "", LEAVE, SYS_getppid, 0, 0, 1 },
};
#define FUNCTIONS (sizeof functions / sizeof functions[0])

/* What lies before a function in memory: 64 nops that belong to nobody.  */
#define ROOM 64

static unsigned char *
emit (unsigned char *to, const char *text)
{
  char digits[3] = "";

  for (; *text != '\0'; text += 2)
    {
      memcpy (digits, text, 2);
      *to++ = (unsigned char) strtoul (digits, NULL, 16);
    }
  return to;
}

/* Put FUNCTION at TO.  Return where its 'syscall' is.  */
static unsigned char *
emit_function (unsigned char *to, const struct function *function)
{
  unsigned char *site;

  memset (to, 0x90, ROOM);
  to = emit (to + ROOM, function->prologue);
  site = emit (to, function->before);
  to = emit (site, "0f05");
  emit (to, function->after);
  return site;
}

/* Return SIZE bytes of memory, to be filled with code.  */
static unsigned char *
get_memory (size_t size)
{
  void *memory = mmap (NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

  if (memory == MAP_FAILED)
    tap_bail ("no memory");
  return memory;
}

static void
make_code (unsigned char *memory, size_t size)
{
  if (mprotect (memory, size, PROT_READ | PROT_EXEC) != 0)
    tap_skip_all ("memory cannot become code here");
}

/* One function in memory of its own.  */
struct place
{
  const struct function *function;
  unsigned char *memory;
  unsigned char *start; /* of the function */
  unsigned char *site;  /* its 'syscall' */
};

static void
make_place (struct place *place, const struct function *function)
{
  place->function = function;
  place->memory = get_memory (PAGE);
  place->start = place->memory + ROOM;
  place->site = emit_function (place->memory, function);
  make_code (place->memory, PAGE);
}

static long
call_place (const struct place *place)
{
  long (*function) (uint64_t, long, long, long) = NULL;

  memcpy (&function, &place->start, sizeof function);
  return function (place->function->number, 2, 3, 4);
}

/* --- one after the other ----------------------------------------------------
 */

static void
fill_registers (struct registers *registers, const struct function *function)
{
  for (unsigned i = 0; i < FLAGS; i++)
    registers->is[i] = 0x123400000000ul + i;
  registers->is[TRAP_RDI] = function->number;
  registers->is[FLAGS] = 0x202;
}

/* Call TARGET with REGISTERS.  */
static void
call_at (const void *target, struct registers *registers)
{
  call_target = (uintptr_t) target;
  call_with (registers);
}

/* What a function leaves in the registers is the same before and after.  */
static void
check_registers (const struct place *place)
{
  struct registers first, second;
  const struct function *function = place->function;
  uint64_t before[16];
  bool good = true;

  for (unsigned flags = 0; flags < 2; flags++)
    {
      fill_registers (&first, function);
      fill_registers (&second, function);
      first.is[FLAGS] |= flags * FLAGS_OWN;
      second.is[FLAGS] = first.is[FLAGS];
      patches = false;
      call_at (place->start, &first);
      memcpy (before, entered, sizeof before);
      patches = true;
      call_at (place->start, &second);
      call_at (place->start, &second);
      fill_registers (&second, function);
      second.is[FLAGS] = first.is[FLAGS];
      fill_registers (&second, function);
      second.is[FLAGS] |= flags * FLAGS_OWN;
      call_at (place->start, &second);
      for (unsigned i = 0; i < 17; i++)
        if (i != TRAP_RCX && i != TRAP_R11 && i != TRAP_RSP
            && first.is[i] != second.is[i])
          {
            good = false;
            tap_note ("register %u: %#lx, then %#lx", i,
                      (unsigned long) first.is[i],
                      (unsigned long) second.is[i]);
          }
      good = good && memcmp (before, entered, sizeof before) == 0;
    }
  tap_ok (good, "%s: registers and flags", function->name);
}

/* Call a function until it is patched, and again.  */
static void
check_patch (const struct place *place)
{
  const struct function *function = place->function;
  long ought = getppid ();
  unsigned old_traps = traps;
  uint64_t old_entries = entries;

  tap_ok (call_place (place) == ought, "%s: trapped", function->name);
  tap_is_number (traps - old_traps, 1, "  once");
  old_traps = traps;
  tap_ok (call_place (place) == ought && call_place (place) == ought,
          "  called again");
  tap_is_number (traps - old_traps, function->size != 0 ? 0 : 2,
                 function->size != 0 ? "  no more traps" : "  traps");
  tap_is_number ((long long) (entries - old_entries), 3, "  entries");
  tap_ok (entry_site == (uintptr_t) place->site, "  with its origin");
}

/* Enter a function behind its prologue, at the byte OFFSET of its range: as a
   jump or a signal handler's return would.  NUMBER is in rax there.  Return
   the result.  */
static long
land (const struct place *place, unsigned offset, uint64_t number)
{
  unsigned char *memory = get_memory (PAGE), *at;
  const struct function *function = place->function;
  unsigned char *target = place->site - function->size_before + offset;
  const char *prologue = function->prologue;
  struct registers registers;

  /* The jump of the prologue is not needed.  */
  at = emit (memory, strncmp (prologue, "5657", 4) == 0 ? "565753" : prologue);
  at = emit (at, "48b8");
  memcpy (at, &number, 8);
  at = emit (at + 8, "ff2500000000");
  memcpy (at, &target, 8);
  make_code (memory, PAGE);
  fill_registers (&registers, function);
  call_at (memory, &registers);
  munmap (memory, PAGE);
  return (long) registers.is[TRAP_RAX];
}

/* Land wherever an instruction was.  */
static void
check_landings (const struct place *place)
{
  const struct function *function = place->function;
  long other = (long) getuid ();
  unsigned old_traps = traps, old_landings = landings, count = 0;
  long ought = getppid ();

  for (unsigned offset = 0; offset < (unsigned) function->size; offset++)
    {
      if ((function->starts >> offset & 1) == 0)
        continue;
      count += offset != 0;
      if (offset <= (unsigned) function->size_before)
        {
          /* The first instruction may set the number, or another. */
          bool sets = offset == 0 && strncmp (function->before, "b8", 2) == 0;
          long is = land (place, offset, SYS_getppid);
          tap_ok (is == ought, "%s: a landing at byte %u", function->name,
                  offset);
          if (!sets && offset == (unsigned) function->size_before)
            tap_ok (land (place, offset, OTHER_NUMBER) == other,
                    "  with another number");
        }
      else
        tap_ok (land (place, offset, 4711) == 4711, "%s: a return to byte %u",
                function->name, offset);
    }
  tap_is_number (landings - old_landings, count + (function->size_before != 0),
                 "  landings");
  tap_is_number (traps - old_traps, 0, "  no traps");
}

/* Stop at each instruction of a call, and go on where the program thinks that
   it is.  */
static void
check_steps (const struct place *place)
{
  const struct function *function = place->function;
  long ought = getppid ();
  bool good = true;
  unsigned count = 0;

  code_start = (uintptr_t) place->memory;
  code_end = code_start + PAGE;
  strange = 0;
  do
    {
      struct registers registers;
      fill_registers (&registers, function);
      registers.is[FLAGS] |= FLAG_TRAP;
      steps = 0;
      last_step = ++count;
      call_at (place->start, &registers);
      good = good && (long) registers.is[TRAP_RAX] == ought
             && registers.is[TRAP_RBX] == 0x123400000000ul + TRAP_RBX;
    }
  while (steps >= last_step && count < 200);
  if (!tap_ok (good && count > 8, "%s: each of %u steps", function->name,
               count))
    tap_note ("good %d steps %u last %u", good, steps, last_step);
  tap_is_number (strange, 0, "  at a place of its own");
}

static void
check_one_by_one (void)
{
  for (size_t i = 0; i < FUNCTIONS; i++)
    {
      struct place place;
      make_place (&place, &functions[i]);
      check_patch (&place);
      if (functions[i].size == 0)
        continue;
      check_registers (&place);
      check_landings (&place);
      check_steps (&place);
    }
}

/* --- what lies at pages' edges ---------------------------------------------
 */

static void
check_edges (void)
{
  for (size_t i = 0; i < FUNCTIONS; i++)
    for (int split = 1; split < functions[i].size; split++)
      {
        const struct function *function = &functions[i];
        unsigned char *memory = get_memory ((size_t) 4 * PAGE);
        unsigned char image[PAGE];
        struct place place = { .function = function };
        size_t to_range = (size_t) (emit_function (image, function) - image)
                          - (size_t) function->size_before;
        unsigned char *at = memory + (size_t) 2 * PAGE - split - to_range;
        long ought = getppid ();
        unsigned old;

        place.site = emit_function (at, function);
        place.start = at + ROOM;
        make_code (memory, (size_t) 4 * PAGE);
        call_place (&place);
        old = traps;
        if (call_place (&place) != ought || traps != old)
          tap_ok (false, "%s: a page ends %d bytes into it", function->name,
                  split);
        munmap (memory, (size_t) 4 * PAGE);
      }
  tap_ok (true, "ranges in two pages");

  /* Nothing before, nothing behind.  */
  unsigned char *memory = get_memory ((size_t) 3 * PAGE);
  long (*function) (void) = NULL;
  unsigned char *first = memory + PAGE, *last = first + PAGE - 8;
  emit (first, "b86e000000"
               "0f05" LEAVE);
  emit (last, "b86e000000"
              "0f05" LEAVE);
  munmap (memory, PAGE);
  munmap (memory + (size_t) 2 * PAGE, PAGE);
  make_code (first, PAGE);
  for (int i = 0; i < 2; i++)
    {
      memcpy (&function, i == 0 ? &first : &last, sizeof function);
      unsigned old = traps;
      tap_ok (function () == getppid () && function () == getppid ()
                  && traps == old + 1,
              i == 0 ? "the first byte of what is mapped"
                     : "the last byte of what is mapped");
    }
}

/* --- what must not be patched ----------------------------------------------
 */

static void
check_refused (void)
{
  unsigned old_patched;
  struct place place;
  long ought = getppid ();

  place.function = &functions[0];
  place.memory = get_memory (PAGE);
  place.start = place.memory + ROOM;
  place.site = emit_function (place.memory, place.function);
  old_patched = patched;
  if (mprotect (place.memory, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) != 0)
    tap_skip ("what the program can write is left alone",
              "memory cannot be writable and executable here");
  else
    tap_ok (call_place (&place) == ought && call_place (&place) == ought
                && patched == old_patched,
            "what the program can write is left alone");

  int fd = memfd_create ("code", MFD_CLOEXEC);
  unsigned char image[PAGE] = "", after[PAGE];
  place.site = emit_function (image, place.function);
  if (fd < 0 || write (fd, image, PAGE) != PAGE)
    tap_bail ("no memory");
  place.memory = mmap (NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
  place.start = place.memory + ROOM;
  tap_ok (call_place (&place) == ought && call_place (&place) == ought
              && patched == old_patched,
          "what others may share is left alone");
  tap_ok (pread (fd, after, PAGE, 0) == PAGE
              && memcmp (after, image, PAGE) == 0,
          "  and has not changed");
  close (fd);

  static const struct function special = { "vfork", "", "b86e000000", LEAVE, 0,
                                           5,       7,  0x21 };
  uint64_t registers[17] = { [TRAP_RAX] = SYS_vfork };
  make_place (&place, &special);
  tap_ok (!trap_patch ((uintptr_t) place.site, registers, true)
              && *place.site == 0x0f,
          "what calls vfork is left alone");
  registers[TRAP_RAX] = 4711;
  tap_ok (!trap_patch ((uintptr_t) place.site, registers, true)
              && *place.site == 0x0f,
          "what contradicts the registers is left alone");
  tap_is_number ((long long) trap_landing ((uintptr_t) place.site, true), 0,
                 "nobody lands where nothing was patched");
}

/* --- memory that becomes another's -----------------------------------------
 */

/* Map memory with FUNCTION over PLACE's.  */
static void
replace (struct place *place, const struct function *function)
{
  unsigned char *memory = place->memory;

  mmap (memory, PAGE, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  place->function = function;
  place->site = emit_function (memory, function);
  make_code (memory, PAGE);
}

static void
check_replaced (void)
{
  static const struct function faulty = { "faulty", "", "b86e0000000606",
                                          LEAVE,    0,  0,
                                          0,        1 };
  struct place place;
  long ought = getppid ();
  unsigned old;

  make_place (&place, &functions[0]);
  call_place (&place);
  replace (&place, &functions[0]);
  old = traps;
  tap_ok (call_place (&place) == ought && call_place (&place) == ought
              && traps == old + 1,
          "a library that comes again is patched again");
  for (size_t i = 0; i < FUNCTIONS; i++)
    if (functions[i].size != 0)
      {
        replace (&place, &functions[i]);
        old = traps;
        tap_ok (call_place (&place) == ought && call_place (&place) == ought
                    && traps == old + 1,
                "%s, where other code was", functions[i].name);
      }
  replace (&place, &functions[0]);
  call_place (&place);
  replace (&place, &faulty);
  old = own_faults;
  if (sigsetjmp (own_fault, 1) == 0)
    call_place (&place);
  tap_is_number (own_faults - old, 1, "a fault of other code is its own");
}

/* --- threads in the kernel --------------------------------------------------
 */

struct reader
{
  const struct place *place;
  int pipe[2];
  int tid;
  long result;
  unsigned char byte;
};

static void *
run_reader (void *argument)
{
  struct reader *reader = argument;
  long (*function) (long, void *, long, long) = NULL;
  const unsigned char *start = reader->place->start;

  __atomic_store_n (&reader->tid, (int) syscall (SYS_gettid), __ATOMIC_RELEASE);
  memcpy (&function, &start, sizeof function);
  /* Its arguments are moved by the function: fd, buffer, size.  */
  reader->result = function (reader->pipe[0], &reader->byte, 1, SYS_read);
  return NULL;
}

static int interruptions;

static void
on_interruption (int number, siginfo_t *info, void *context)
{
  __atomic_fetch_add (&interruptions, 1, __ATOMIC_RELEASE);
  (void) number;
  (void) info;
  (void) context;
}

/* Wait until thread TID sleeps in call NUMBER.  */
static void
wait_for_sleep (const int *tid, long number)
{
  char name[64], text[32] = "";

  while (__atomic_load_n (tid, __ATOMIC_ACQUIRE) == 0)
    usleep (1000);
  snprintf (name, sizeof name, "/proc/self/task/%d/syscall", *tid);
  do
    {
      int fd = open (name, O_RDONLY | O_CLOEXEC);
      usleep (1000);
      text[0] = 'r';
      if (fd < 0 || read (fd, text, sizeof text - 1) < 0)
        tap_bail ("cannot see what a thread does");
      close (fd);
    }
  while (text[0] == 'r' || strtol (text, NULL, 10) != number);
}

/* A thread sits in the kernel, called from a place that is patched meanwhile,
   and may have to make the call again because of a signal.  */
static void
check_reader (const struct function *function, bool interrupted)
{
  struct place place;
  struct reader reader = { .place = &place };
  struct registers registers = { { 0 } };
  pthread_t thread;
  unsigned old;

  make_place (&place, function);
  if (pipe2 (reader.pipe, O_CLOEXEC) != 0
      || pthread_create (&thread, NULL, run_reader, &reader) != 0)
    tap_bail ("no thread");
  wait_for_sleep (&reader.tid, SYS_read);
  old = patched;
  registers.is[FLAGS] = 0x202;
  registers.is[TRAP_RCX] = SYS_getppid;
  call_at (place.start, &registers);
  tap_ok ((long) registers.is[TRAP_RAX] == getppid () && patched == old + 1,
          "%s: patched while a thread is in the kernel", function->name);
  old = landings;
  if (interrupted)
    {
      struct sigaction action = { .sa_sigaction = on_interruption,
                                  .sa_flags = SA_SIGINFO | SA_RESTART };
      sigaction (SIGUSR1, &action, NULL);
      int old_interruptions = interruptions;
      pthread_kill (thread, SIGUSR1);
      while (__atomic_load_n (&interruptions, __ATOMIC_ACQUIRE)
             == old_interruptions)
        usleep (1000);
      wait_for_sleep (&reader.tid, SYS_read);
    }
  if (write (reader.pipe[1], "x", 1) != 1 || pthread_join (thread, NULL) != 0)
    tap_bail ("no pipe");
  tap_ok (reader.result == 1 && reader.byte == 'x', "  it returns%s",
          interrupted ? " after a signal" : "");
  if (!interrupted)
    tap_is_number (landings - old, function->size_before == 0, "  and lands");
  close (reader.pipe[0]);
  close (reader.pipe[1]);
}

static void
check_readers (void)
{
  static const struct function readers[] = {
    { "a check after", "4889c8", "", CHECK, 0, 0, 8, 5 },
    { "a move after", "4889c8", "", "4889c1" LEAVE, 0, 0, 5, 5 },
    { "a load before",
      "5156"
      "57"
      "eb08"
      "0f1f840000000000",
      "488b442410", "5f5e59" LEAVE, 0, 5, 7, 0x21 },
  };

  alone = false;
  for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++)
    {
      check_reader (&readers[i], false);
      check_reader (&readers[i], true);
    }
  alone = true;
}

/* --- processes of their own --------------------------------------------------
 */

/* Run FUNCTION in a child.  Return its exit status, or 128 and the signal that
   ended it.  */
static int
in_child (int (*function) (void))
{
  int status;
  pid_t child = fork ();

  if (child == 0)
    _exit (function ());
  if (child < 0 || waitpid (child, &status, 0) != child)
    tap_bail ("no child");
  return WIFEXITED (status) ? WEXITSTATUS (status) : 128 + WTERMSIG (status);
}

/* Call each function three times.  Return how often what came back was wrong;
 *TRAPPED how many calls were trapped.  */
static int
call_all (unsigned *trapped)
{
  long ought = getppid ();
  unsigned old = traps;
  int wrong = 0;

  for (size_t i = 0; i < FUNCTIONS; i++)
    {
      struct place place;
      make_place (&place, &functions[i]);
      for (int j = 0; j < 3; j++)
        wrong += call_place (&place) != ought;
    }
  *trapped = traps - old;
  return wrong;
}

/* All but the last can be patched: one trap each, three of the last.  */
#define TRAPS_PATCHED (FUNCTIONS + 2)
#define TRAPS_UNPATCHED (3 * FUNCTIONS)

static int
child_without_memory (void)
{
  unsigned trapped;

  if (trap_patch_probe () != TRAP_PATCHING_ON)
    return 4;
  forbid (SYS_pwrite64, EIO, 0, 0);
  if (trap_patch_probe () != TRAP_PATCHING_ALONE)
    return 5;
  if (call_all (&trapped) != 0 || trap_patching () != TRAP_PATCHING_ALONE)
    return 1;
  /* The first is what it is found by.  */
  if (trapped != TRAPS_PATCHED + 1)
    return 2;
  alone = false;
  if (call_all (&trapped) != 0 || trapped != TRAPS_UNPATCHED)
    return 3;
  return 0;
}

static int
child_without_code (void)
{
  struct place place;

  make_place (&place, &functions[0]);
  forbid (SYS_pwrite64, EIO, 0, 0);
  forbid (SYS_mprotect, EACCES, 2, PROT_EXEC);
  for (int i = 0; i < 3; i++)
    if (call_place (&place) != getppid ())
      return 1;
  if (trap_patch_probe () != TRAP_PATCHING_NEVER)
    return 3;
  return trap_patching () == TRAP_PATCHING_NEVER ? 0 : 2;
}

static int
child_without_barriers (void)
{
  unsigned trapped;

  forbid (SYS_membarrier, ENOSYS, 0, 0);
  alone = false;
  if (call_all (&trapped) != 0 || trapped != TRAPS_UNPATCHED)
    return 1;
  alone = true;
  return call_all (&trapped) != 0 || trapped != TRAPS_PATCHED ? 2 : 0;
}

static int
child_without_reading (void)
{
  unsigned trapped;

  forbid (SYS_process_vm_readv, EPERM, 0, 0);
  forbid (SYS_process_vm_writev, EPERM, 0, 0);
  return call_all (&trapped) != 0 || trapped != TRAPS_PATCHED;
}

static int
child_without_fd (void)
{
  struct trap_patch_options options = { .entry = (uintptr_t) entry, .fd = -1 };
  unsigned trapped;

  trap_patch_begin (&options);
  alone = false;
  if (call_all (&trapped) != 0 || trapped != TRAPS_UNPATCHED)
    return 1;
  alone = true;
  return call_all (&trapped) != 0 || trapped != TRAPS_PATCHED ? 2 : 0;
}

/* The descriptor that a fork leaves is that of another's memory.  */
static int
child_with_parents_memory (void)
{
  unsigned trapped;

  alone = false;
  return call_all (&trapped) != 0 || trapped != TRAPS_UNPATCHED;
}

/* The number lies above those that the program may use.  */
static int
child_with_limit (void)
{
  struct rlimit limit = { 100, 0 }, old, after;
  unsigned trapped;

  getrlimit (RLIMIT_NOFILE, &old);
  limit.rlim_max = old.rlim_max;
  setrlimit (RLIMIT_NOFILE, &limit);
  trap_patch_forked ();
  trap_patch_share (true);
  getrlimit (RLIMIT_NOFILE, &after);
  if (after.rlim_cur != 100 || after.rlim_max != old.rlim_max)
    return 1;
  alone = false;
  return call_all (&trapped) != 0 || trapped != TRAPS_PATCHED ? 2 : 0;
}

static int
child_with_patience (void)
{
  struct trap_patch_options options = { .entry = (uintptr_t) entry,
                                        .fd = -1,
                                        .patience = 3 };
  unsigned trapped, old;

  trap_patch_begin (&options);
  if (call_all (&trapped) != 0 || trapped != TRAPS_UNPATCHED)
    return 1;
  /* Places that are called in turns do not keep each other from it.  */
  struct place turns[8];
  for (int i = 0; i < 8; i++)
    make_place (&turns[i], &functions[0]);
  old = traps;
  for (int i = 0; i < 10; i++)
    for (int j = 0; j < 8; j++)
      call_place (&turns[j]);
  if (traps != old + 24)
    return 3;
  options.patience = 0;
  options.warming = 10;
  trap_patch_begin (&options);
  for (int i = 0; i < 2; i++)
    {
      /* 9 traps are not enough, 10 are.  */
      struct place place[2];
      make_place (&place[0], &functions[0]);
      make_place (&place[1], &functions[0]);
      trap_patch_forked ();
      old = traps;
      for (int j = 0; j < 9; j++)
        call_place (&place[0]);
      for (int j = 0; j < 9; j++)
        call_place (&place[1]);
      if (traps != old + 10)
        return 2;
    }
  return 0;
}

static int
child_traced (void)
{
  unsigned trapped;
  int wrong;

  if (ptrace (PTRACE_TRACEME, 0, NULL, NULL) != 0)
    return 77;
  wrong = call_all (&trapped);
  if (wrong != 0 || trap_patching () != TRAP_PATCHING_TRACED
      || trap_patch_probe () != TRAP_PATCHING_TRACED)
    return 1;
  return trapped == TRAPS_UNPATCHED ? 0 : 2;
}

static void
check_traced (void)
{
  int status = 0;
  pid_t child = fork ();

  if (child == 0)
    _exit (child_traced ());
  while (waitpid (child, &status, 0) == child && WIFSTOPPED (status))
    ptrace (PTRACE_CONT, child, NULL, (void *) (intptr_t) WSTOPSIG (status));
  if (WIFEXITED (status) && WEXITSTATUS (status) == 77)
    tap_skip ("nothing is patched under a tracer", "ptrace is forbidden");
  else
    tap_is_number (WIFEXITED (status) ? WEXITSTATUS (status) : 255, 0,
                   "nothing is patched under a tracer");
}

/* What was patched before a fork works after it, and so does the rest.  */
static struct place before_fork[FUNCTIONS];

static int
child_of_patched (void)
{
  unsigned old = traps, trapped;

  for (size_t i = 0; i + 1 < FUNCTIONS; i++)
    if (call_place (&before_fork[i]) != getppid ())
      return 1;
  if (traps != old)
    return 2;
  return call_all (&trapped) != 0 || trapped != TRAPS_PATCHED ? 3 : 0;
}

/* Return how many mappings of this process can be both written and executed. */
static int
count_writable_code (void)
{
  FILE *file = fopen ("/proc/self/maps", "re");
  char line[1024];
  int count = 0;

  while (file && fgets (line, sizeof line, file))
    count += strstr (line, " rwx") != NULL || strstr (line, " -wx") != NULL;
  if (file)
    fclose (file);
  return count;
}

static int
child_not_writable (void)
{
  unsigned trapped;
  int old = count_writable_code ();

  return call_all (&trapped) != 0 || count_writable_code () != old;
}

static void
check_processes (void)
{
  tap_is_number (in_child (child_without_memory), 0,
                 "without /proc/self/mem pages are opened while alone");
  tap_is_number (in_child (child_without_code), 0,
                 "without that nothing is patched");
  tap_is_number (in_child (child_without_barriers), 0,
                 "without barriers only who is alone patches");
  tap_is_number (in_child (child_without_reading), 0,
                 "without process_vm_readv it works");
  tap_is_number (in_child (child_without_fd), 0,
                 "without a number of its own only who is alone patches");
  tap_is_number (in_child (child_with_parents_memory), 0,
                 "a child does not write to its parent");
  tap_is_number (in_child (child_with_limit), 0,
                 "the number may be above the limit");
  tap_is_number (in_child (child_with_patience), 0,
                 "it takes some calls, where wanted");
  tap_is_number (in_child (child_not_writable), 0,
                 "nothing can be written and executed");
  check_traced ();
  for (size_t i = 0; i < FUNCTIONS; i++)
    {
      make_place (&before_fork[i], &functions[i]);
      call_place (&before_fork[i]);
    }
  tap_is_number (in_child (child_of_patched), 0,
                 "a child has what was patched");
}

/* --- between the steps
 * -------------------------------------------------------- */

/* A thread patches a place, and the kernel hands every call by which it writes
   to the test, which looks at what there is before it lets the call go on.  */
struct writer
{
  const struct place *place;
  int listener;
};

static void *
run_writer (void *argument)
{
  struct writer *writer = argument;
  struct sock_filter filter[] = {
    LOAD (nr),
    EQUAL (SYS_pwrite64, 1, 0),
    EQUAL (SYS_membarrier, 0, 1),
    RETURN (SECCOMP_RET_USER_NOTIF),
    RETURN (SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = { .len = sizeof filter / sizeof *filter,
                                .filter = filter };
  int listener = (int) syscall (SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                                SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);

  __atomic_store_n (&writer->listener, listener < 0 ? -errno : listener,
                    __ATOMIC_RELEASE);
  if (listener >= 0)
    call_place (writer->place);
  return NULL;
}

/* What a call of the writer is about to do.  */
enum step
{
  STEP_ELSEWHERE, /* it writes outside the range */
  STEP_FILL,      /* an invalid opcode where an instruction began */
  STEP_BETWEEN,   /* bytes that no instruction began with */
  STEP_BEGIN,     /* an opcode where an instruction began */
  STEP_WRONG      /* anything else */
};

static enum step
step_of (const struct place *place, const struct seccomp_data *data)
{
  const struct function *function = place->function;
  const unsigned char *range = place->site - function->size_before;
  const unsigned char *bytes = NULL;
  uint64_t at = data->args[3] - (uintptr_t) range, size = data->args[2];
  bool filled = true;

  memcpy (&bytes, &data->args[1], sizeof bytes);
  if (data->nr != SYS_pwrite64 || at >= (uint64_t) function->size)
    return STEP_ELSEWHERE;
  for (unsigned i = 0; i < (unsigned) function->size; i++)
    if ((function->starts >> i & 1) != 0)
      {
        filled = filled && range[i] == 0x06;
        if (i == at)
          return size != 1        ? STEP_WRONG
                 : *bytes == 0x06 ? STEP_FILL
                                  : STEP_BEGIN;
        if (i > at && i < at + size)
          return STEP_WRONG;
      }
  return filled ? STEP_BETWEEN : STEP_WRONG;
}

/* Call and land while the writer stands still.  Return how often what came
   back was wrong.  */
static int
call_between (const struct place *place)
{
  const struct function *function = place->function;
  long ought = getppid ();
  int wrong = call_place (place) != ought;

  for (unsigned i = 0; i < (unsigned) function->size; i++)
    if ((function->starts >> i & 1) != 0)
      wrong += i <= (unsigned) function->size_before
                   ? land (place, i, SYS_getppid) != ought
                   : land (place, i, 4711) != 4711;
  return wrong;
}

/* The same in a child, which then finishes, although the thread that it knows
   to be at work lives.  */
static const struct place *stopped;

static int
child_between (void)
{
  unsigned old;
  int wrong;

  trap_patch_forked ();
  trap_patch_share (true);
  wrong = call_between (stopped);
  old = traps + landings;
  wrong += call_place (stopped) != getppid ();
  return wrong != 0 ? 1 : traps + landings != old ? 2 : 0;
}

/* Answer the calls of WRITER until its thread is gone.  Return whether all
   went as it should.  */
static bool
follow (const struct writer *writer, int *count)
{
  struct pollfd poller = { .fd = writer->listener, .events = POLLIN };
  enum step last = STEP_ELSEWHERE;
  bool synchronized = false, good = true;

  while (poll (&poller, 1, -1) == 1 && (poller.revents & POLLIN) != 0)
    {
      struct seccomp_notif request = { 0 };
      struct seccomp_notif_resp answer = {
        .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE
      };
      enum step step;
      if (ioctl (writer->listener, SECCOMP_IOCTL_NOTIF_RECV, &request) != 0)
        continue;
      step = step_of (writer->place, &request.data);
      if (request.data.nr == SYS_membarrier)
        synchronized = true;
      else if (step != STEP_ELSEWHERE)
        {
          /* Between two kinds of step all processors are told.  */
          good = good && step != STEP_WRONG && step >= last
                 && (step == last || last == STEP_ELSEWHERE || synchronized);
          synchronized = false;
          last = step;
        }
      good = good && call_between (writer->place) == 0;
      stopped = writer->place;
      good = good && in_child (child_between) == 0;
      ++*count;
      answer.id = request.id;
      ioctl (writer->listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
    }
  return good && last == STEP_BEGIN;
}

static void
check_between (void)
{
  alone = false;
  for (size_t i = 0; i + 1 < FUNCTIONS; i++)
    {
      struct place place;
      struct writer writer = { .place = &place };
      pthread_t thread;
      int count = 0, listener;
      unsigned old;
      bool good;

      make_place (&place, &functions[i]);
      if (pthread_create (&thread, NULL, run_writer, &writer) != 0)
        tap_bail ("no thread");
      do
        listener = __atomic_load_n (&writer.listener, __ATOMIC_ACQUIRE);
      while (listener == 0);
      good = listener > 0 && follow (&writer, &count);
      pthread_join (thread, NULL);
      if (listener < 0)
        {
          tap_skip ("between the steps", "the kernel hands no calls over");
          break;
        }
      close (listener);
      old = traps + landings;
      tap_ok (good && count >= 6, "%s: before each of %d steps",
              functions[i].name, count);
      tap_ok (call_place (&place) == getppid () && traps + landings == old,
              "  and behind the last");
    }
  alone = true;
}

/* A task that shares the memory dies while it writes.  */
static int
run_victim (void *argument)
{
  const struct place *place = argument;
  uint64_t start = (uintptr_t) (place->site - place->function->size_before);
  struct sock_filter filter[] = {
    LOAD (nr),
    EQUAL (SYS_pwrite64, 0, 4),
    LOAD (args[3]),
    EQUAL ((uint32_t) start + 1, 0, 2),
    RETURN (SECCOMP_RET_KILL_PROCESS),
    RETURN (SECCOMP_RET_ALLOW),
    RETURN (SECCOMP_RET_ALLOW),
  };

  install (filter, sizeof filter);
  call_place (place);
  return 0;
}

static void
check_death (void)
{
  static unsigned char stack[65536] __attribute__ ((aligned (16)));
  struct place place;
  int status;
  long ought = getppid ();
  unsigned old;

  make_place (&place, &functions[0]);
  alone = false;
  pid_t child =
      clone (run_victim, stack + sizeof stack, CLONE_VM | SIGCHLD, &place);
  if (child < 0 || waitpid (child, &status, 0) != child)
    tap_bail ("no child");
  tap_ok (WIFSIGNALED (status) && *place.site == 0x06,
          "one that shares the memory dies while it writes");
  old = landings;
  tap_ok (call_place (&place) == ought && landings == old + 1, "  others land");
  tap_ok (call_place (&place) == ought && landings == old + 1, "  and finish");
  alone = true;
}

/* --- races -------------------------------------------------------------------
 */

#define THREADS 8
#define RACE_CALLS 40

static struct place cold[FUNCTIONS];
static pthread_barrier_t starting;
static int race_errors;

static void
make_cold (void)
{
  for (size_t i = 0; i < FUNCTIONS; i++)
    make_place (&cold[i], &functions[i]);
}

static void *
run_racer (void *argument)
{
  size_t shift = (size_t) (uintptr_t) argument;
  long ought = syscall (SYS_getpid) == 0 ? 0 : getppid ();

  pthread_barrier_wait (&starting);
  for (size_t i = 0; i < RACE_CALLS * FUNCTIONS; i++)
    {
      /* All at one place, or each at another.  */
      size_t which = (i / 8 + (shift & 1) * i) % FUNCTIONS;
      if (call_place (&cold[which]) != ought)
        __atomic_fetch_add (&race_errors, 1, __ATOMIC_RELAXED);
    }
  return NULL;
}

static int
child_race (void)
{
  pthread_t threads[THREADS];

  alone = false;
  make_cold ();
  trap_patch_forked ();
  trap_patch_share (true);
  pthread_barrier_init (&starting, NULL, THREADS);
  for (uintptr_t i = 0; i < THREADS; i++)
    if (pthread_create (&threads[i], NULL, run_racer, (void *) i) != 0)
      return 99;
  for (int i = 0; i < THREADS; i++)
    pthread_join (threads[i], NULL);
  if (race_errors != 0)
    return 1;
  /* What can be patched was, at the latest where nobody else is at it: who
     finds another one patching goes on without.  */
  for (size_t i = 0; i < 8 * FUNCTIONS; i++)
    call_place (&cold[i % FUNCTIONS]);
  unsigned old = traps;
  for (size_t i = 0; i + 1 < FUNCTIONS; i++)
    call_place (&cold[i]);
  return traps == old ? 0 : 2;
}

/* Others patch while this one forks; children call everything.  */
static int
child_forks (void)
{
  pthread_t threads[THREADS];
  int wrong = 0;

  alone = false;
  make_cold ();
  trap_patch_forked ();
  trap_patch_share (true);
  pthread_barrier_init (&starting, NULL, THREADS + 1);
  for (uintptr_t i = 0; i < THREADS; i++)
    if (pthread_create (&threads[i], NULL, run_racer, (void *) i) != 0)
      return 99;
  pthread_barrier_wait (&starting);
  for (int round = 0; round < 6; round++)
    {
      pid_t child = fork ();
      int status;
      if (child == 0)
        {
          long ought = getppid ();
          alone = true;
          for (size_t i = 0; i < 3 * FUNCTIONS; i++)
            wrong += call_place (&cold[i % FUNCTIONS]) != ought;
          /* By now all of it is done, and nobody faults.  */
          unsigned old = landings + traps;
          for (size_t i = 0; i + 1 < FUNCTIONS; i++)
            wrong += call_place (&cold[i]) != ought;
          _exit (wrong != 0 ? 1 : landings + traps != old ? 2 : 0);
        }
      if (child < 0 || waitpid (child, &status, 0) != child)
        return 99;
      if (!WIFEXITED (status) || WEXITSTATUS (status) != 0)
        return WIFEXITED (status) ? 10 + WEXITSTATUS (status) : 20;
    }
  for (int i = 0; i < THREADS; i++)
    pthread_join (threads[i], NULL);
  return race_errors != 0;
}

static void
check_races (int runs)
{
  int bad = 0, bad_forks = 0, last = 0;

  for (int i = 0; i < runs; i++)
    {
      int status = in_child (child_race);
      bad += status != 0;
      last = status != 0 ? status : last;
    }
  if (!tap_ok (bad == 0, "%d races of %d threads", runs, THREADS))
    tap_note ("  %d failed, the last with %d", bad, last);
  last = 0;
  for (int i = 0; i < runs; i++)
    {
      int status = in_child (child_forks);
      bad_forks += status != 0;
      last = status != 0 ? status : last;
    }
  if (!tap_ok (bad_forks == 0, "%d races with forks", runs))
    tap_note ("  %d failed, the last with %d", bad_forks, last);
}

int
main (void)
{
  const char *long_form = getenv ("TEST_LONG");
  struct trap_patch_options options = { .entry = (uintptr_t) entry, .fd = 500 };

  handle (SIGSYS, on_trap);
  handle (SIGILL, on_invalid);
  handle (SIGTRAP, on_step);
  install_filter ();
  tap_is_number (trap_patching (), TRAP_PATCHING_OFF, "nothing is patched yet");
  trap_patch_begin (&options);
  trap_patch_share (true);
  check_races (long_form && strcmp (long_form, "yes") == 0 ? 1000 : 50);
  check_one_by_one ();
  check_edges ();
  check_refused ();
  check_replaced ();
  check_readers ();
  check_between ();
  check_death ();
  check_processes ();
  return tap_done ();
}
