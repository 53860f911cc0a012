/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The judge of filters against the kernel: random filters, and random sets of
   them, say the same there.  */

#include "trap-engine/judge.h"

#include <errno.h>
#include <linux/audit.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/tap.h"

/* A call that does not exist: what it gives is the filters' word alone.  */
#define NUMBER 1000

#define BODY_MAX 40
#define FILTERS_MAX 4

/* Not for cryptography: the same in each run.  */
static uint32_t seed = 12345;

static uint32_t
draw (uint32_t limit)
{
  seed = seed * 1664525u + 1013904223u;
  return (uint32_t) ((uint64_t) (seed >> 8) * limit >> 24);
}

static uint32_t
draw_word (void)
{
  static const uint32_t few[] = { 0,    1,          2,          31,
                                  0xff, 0x7fffffff, 0x80000000, 0xffffffff };
  return draw (2) ? few[draw (sizeof few / sizeof *few)]
                  : draw (1 << 16) << 16 | draw (1 << 16);
}

/* Return a random instruction; LEFT follow it in the body.  */
static struct sock_filter
draw_step (uint32_t left)
{
  static const uint16_t plain[] = {
    BPF_LD | BPF_W | BPF_ABS,
    BPF_LD | BPF_W | BPF_LEN,
    BPF_LDX | BPF_W | BPF_LEN,
    BPF_LD | BPF_IMM,
    BPF_LDX | BPF_IMM,
    BPF_MISC | BPF_TAX,
    BPF_MISC | BPF_TXA,
    BPF_LD | BPF_MEM,
    BPF_LDX | BPF_MEM,
    BPF_ST,
    BPF_STX,
    BPF_ALU | BPF_ADD | BPF_K,
    BPF_ALU | BPF_ADD | BPF_X,
    BPF_ALU | BPF_SUB | BPF_K,
    BPF_ALU | BPF_SUB | BPF_X,
    BPF_ALU | BPF_MUL | BPF_K,
    BPF_ALU | BPF_MUL | BPF_X,
    BPF_ALU | BPF_DIV | BPF_K,
    BPF_ALU | BPF_DIV | BPF_X,
    BPF_ALU | BPF_AND | BPF_K,
    BPF_ALU | BPF_AND | BPF_X,
    BPF_ALU | BPF_OR | BPF_K,
    BPF_ALU | BPF_OR | BPF_X,
    BPF_ALU | BPF_XOR | BPF_K,
    BPF_ALU | BPF_XOR | BPF_X,
    BPF_ALU | BPF_LSH | BPF_K,
    BPF_ALU | BPF_LSH | BPF_X,
    BPF_ALU | BPF_RSH | BPF_K,
    BPF_ALU | BPF_RSH | BPF_X,
    BPF_ALU | BPF_NEG,
    BPF_JMP | BPF_JA,
    BPF_JMP | BPF_JEQ | BPF_K,
    BPF_JMP | BPF_JEQ | BPF_X,
    BPF_JMP | BPF_JGE | BPF_K,
    BPF_JMP | BPF_JGE | BPF_X,
    BPF_JMP | BPF_JGT | BPF_K,
    BPF_JMP | BPF_JGT | BPF_X,
    BPF_JMP | BPF_JSET | BPF_K,
    BPF_JMP | BPF_JSET | BPF_X,
  };
  struct sock_filter step = { .code =
                                  plain[draw (sizeof plain / sizeof *plain)],
                              .k = draw_word () };
  if (BPF_CLASS (step.code) == BPF_JMP)
    {
      step.jt = (unsigned char) draw (left + 1);
      step.jf = (unsigned char) draw (left + 1);
      if (BPF_OP (step.code) == BPF_JA)
        {
          step.k = step.jt;
          step.jt = step.jf = 0;
        }
    }
  else if (BPF_CLASS (step.code) == BPF_ALU && BPF_SRC (step.code) == BPF_K
           && (BPF_OP (step.code) == BPF_LSH || BPF_OP (step.code) == BPF_RSH))
    step.k %= 32; /* or the kernel refuses it */
  else if (step.code == (BPF_ALU | BPF_DIV | BPF_K) && step.k == 0)
    step.k = 3;
  else if (step.code == BPF_ST || step.code == BPF_STX
           || BPF_MODE (step.code) == BPF_MEM)
    step.k = draw (BPF_MEMWORDS);
  else if (step.code == (BPF_LD | BPF_W | BPF_ABS))
    step.k = draw (sizeof (struct seccomp_data) / 4) * 4;
  return step;
}

static void
add (struct trap_filter *filter, uint16_t code, uint32_t k, uint8_t jt,
     uint8_t jf)
{
  filter->program[filter->count++] = (struct sock_filter){ code, jt, jf, k };
}

/* Begin FILTER: all calls but ours are allowed, and all memory is written, as
   the kernel wants it before it is read.  */
static void
begin (struct trap_filter *filter)
{
  filter->count = 0;
  filter->strict = 0;
  add (filter, BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr), 0,
       0);
  add (filter, BPF_JMP | BPF_JEQ | BPF_K, NUMBER, 1, 0);
  add (filter, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
  for (uint32_t i = 0; i < BPF_MEMWORDS; i++)
    add (filter, BPF_ST, i, 0, 0);
}

/* Make FILTER a random computation, of which one byte is the error.  */
static void
make_computation (struct trap_filter *filter)
{
  begin (filter);
  uint32_t length = draw (BODY_MAX);
  for (uint32_t i = 0; i < length; i++)
    filter->program[filter->count++] = draw_step (length - 1 - i);
  add (filter, BPF_ALU | BPF_RSH | BPF_K, draw (4) * 8, 0, 0);
  add (filter, BPF_ALU | BPF_AND | BPF_K, 0xff, 0, 0);
  add (filter, BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO, 0, 0);
  add (filter, BPF_RET | BPF_A, 0, 0, 0);
}

/* Make FILTER a random action with random data.  */
static void
make_action (struct trap_filter *filter)
{
  static const uint32_t actions[] = {
    SECCOMP_RET_ALLOW,        SECCOMP_RET_ALLOW,
    SECCOMP_RET_ERRNO,        SECCOMP_RET_TRAP,
    SECCOMP_RET_TRACE,        SECCOMP_RET_LOG,
    SECCOMP_RET_KILL_THREAD,  0x7fc00000u,
    SECCOMP_RET_KILL_PROCESS, 0x12340000u /* none */
  };
  begin (filter);
  add (filter, BPF_RET | BPF_K,
       actions[draw (sizeof actions / sizeof *actions)] | draw (5000), 0, 0);
}

/* What became of a call.  */
struct outcome
{
  int signal; /* that has killed */
  long result;
  int trapped; /* si_errno and 1, or 0 */
};

static struct outcome *seen;

static void
note_trap (int number, siginfo_t *info, void *context)
{
  (void) number;
  (void) context;
  seen->trapped = info->si_errno + 1;
}

/* Make the call with six arguments; filters see the address behind the
   instruction, too.  */
long judged_call (long a, long b, long c, long d, long e, long f);
extern const char judged_call_behind[];
__asm__(".text\n"
        "judged_call:\n"
        "  mov %rcx, %r10\n"
        "  mov $1000, %eax\n"
        "  syscall\n"
        "judged_call_behind:\n"
        "  ret\n");

static const long arguments[6] = { 0x123456789abcdef0, -1, 0, 7, 1 << 20,
                                   0x7fffffffffff };

/* Return what the kernel makes of the call under the COUNT FILTERS, the oldest
   first.  */
static struct outcome
ask_kernel (struct trap_filter *const *filters, int count)
{
  int status = 0;
  *seen = (struct outcome){ 0 };
  pid_t child = fork ();
  if (child == 0)
    {
      struct sigaction action = { .sa_sigaction = note_trap,
                                  .sa_flags = SA_SIGINFO };
      sigaction (SIGSYS, &action, NULL);
      prctl (PR_SET_DUMPABLE, 0, 0, 0, 0); /* no core files */
      if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        _exit (98);
      for (int i = 0; i < count; i++)
        {
          struct sock_fprog program = { (unsigned short) filters[i]->count,
                                        filters[i]->program };
          if (prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
            _exit (99);
        }
      seen->result = judged_call (arguments[0], arguments[1], arguments[2],
                                  arguments[3], arguments[4], arguments[5]);
      _exit (0);
    }
  if (child < 0 || waitpid (child, &status, 0) < 0)
    tap_bail ("no child");
  if (WIFEXITED (status) && WEXITSTATUS (status) != 0)
    tap_bail ("the kernel takes no such filter");
  if (WIFSIGNALED (status))
    seen->signal = WTERMSIG (status);
  return *seen;
}

/* Return what is to become of a call of which SAID is said.  */
static struct outcome
expect (uint32_t said)
{
  uint32_t data = said & SECCOMP_RET_DATA;
  switch (said & SECCOMP_RET_ACTION_FULL)
    {
    case SECCOMP_RET_ALLOW:
    case SECCOMP_RET_LOG:
    case SECCOMP_RET_TRACE: /* by nobody */
    case 0x7fc00000u:       /* nobody listens */
      return (struct outcome){ .result = -ENOSYS };
    case SECCOMP_RET_ERRNO:
      return (struct outcome){ .result = -(long) (data < 4095 ? data : 4095) };
    case SECCOMP_RET_TRAP:
      /* The number stays where the result would be.  */
      return (struct outcome){ .result = NUMBER, .trapped = (int) data + 1 };
    default:
      return (struct outcome){ .signal = SIGSYS };
    }
}

/* Return whether the COUNT FILTERS mean the same here and in the kernel.  */
static bool
agree (struct trap_filter **filters, int count)
{
  struct seccomp_data data = { .nr = NUMBER,
                               .arch = AUDIT_ARCH_X86_64,
                               .instruction_pointer =
                                   (uintptr_t) judged_call_behind };
  for (int i = 0; i < 6; i++)
    data.args[i] = (unsigned long) arguments[i];
  for (int i = 0; i < count; i++)
    filters[i]->older = i > 0 ? filters[i - 1] : NULL;
  struct outcome expected = expect (trap_judge (filters[count - 1], &data));
  struct outcome real = ask_kernel (filters, count);
  bool same = expected.signal == real.signal
              && (real.signal != 0
                  || (expected.result == real.result
                      && expected.trapped == real.trapped));
  if (!same)
    tap_note ("%d filters: signal %d result %ld trap %d, but the kernel has "
              "signal %d result %ld trap %d",
              count, expected.signal, expected.result, expected.trapped,
              real.signal, real.result, real.trapped);
  return same;
}

int
main (void)
{
  const char *wish = getenv ("TEST_LONG");
  int rounds = wish != NULL && strcmp (wish, "yes") == 0 ? 20000 : 1000;
  struct trap_filter *filters[FILTERS_MAX];
  int computations = 0, actions = 0;

  seen = mmap (NULL, sizeof *seen, PROT_READ | PROT_WRITE,
               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (seen == MAP_FAILED)
    tap_bail ("no memory");
  for (int i = 0; i < FILTERS_MAX; i++)
    {
      filters[i] = malloc (sizeof *filters[i]
                           + (BODY_MAX + 32) * sizeof filters[i]->program[0]);
      if (filters[i] == NULL)
        tap_bail ("no memory");
    }
  for (int round = 0; round < rounds; round++)
    {
      make_computation (filters[0]);
      computations += agree (filters, 1);
      int count = 1 + (int) draw (FILTERS_MAX);
      for (int i = 0; i < count; i++)
        make_action (filters[i]);
      actions += agree (filters, count);
    }
  tap_is_number (computations, rounds, "computations are the kernel's");
  tap_is_number (actions, rounds, "and so are sets of filters");

  /* What no kernel accepts must not harm either.  */
  const struct seccomp_data data = { .nr = 1 };
  const struct sock_filter bad[] = { { BPF_LD | BPF_W | BPF_ABS, 0, 0,
                                       1 << 20 },
                                     { BPF_ST, 0, 0, 1 << 20 },
                                     { BPF_JMP | BPF_JA, 0, 0, 0xfffffff0u } };
  tap_is_number (trap_judge_program (bad, 3, &data), SECCOMP_RET_KILL_THREAD,
                 "what goes wrong kills");
  tap_is_number (trap_judge (NULL, &data), SECCOMP_RET_ALLOW,
                 "without a filter all is allowed");
  for (int i = 0; i < FILTERS_MAX; i++)
    free (filters[i]);
  return tap_done ();
}
