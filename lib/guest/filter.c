/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   What programs do to others and to themselves by the kernel's own means of
   control: filters of system calls (seccomp), and ptrace.

   All filters of a task judge every call, and the strictest wins.  So a
   filter that a program installs works as ever on the calls that the program
   makes: those that it forbids fail before anybody is asked about their
   paths, and those that it allows are made again with another path but with
   the same number.  It must not judge what the program never does: the calls
   by which the engine's loader maps the next program, and the number -1 that
   a call gets which was answered already.  Such a filter would not know them
   and kill.  So a few instructions are put before it that let these through:
   only calls of the loader's own text, and only those that a loader needs.

   A filter that hands calls to another process of the container is refused:
   that one could let calls go on which no engine has seen.  */

#include "lib/guest/filter.h"

#include "lib/guest/handlers.h"

enum
{
  SECCOMP_STRICT = 0, /* operations of seccomp(2) */
  SECCOMP_FILTER = 1,
  SECCOMP_NEW_LISTENER = 8, /* a flag */
  SET_SECCOMP = 22,         /* of prctl(2), with one of these modes */
  MODE_STRICT = 1,
  MODE_FILTER = 2,
  FILTER_INSTRUCTIONS_MAX = 4096,

  /* Codes of instructions: load a word of the call, load a constant, jumps,
     return.  */
  BPF_LOAD = 0x20,
  BPF_LOAD_CONSTANT = 0x00,
  BPF_JUMP = 0x05,
  BPF_JUMP_EQUAL = 0x15,
  BPF_JUMP_NOT_LESS = 0x35,
  BPF_RETURN = 0x06,

  /* Where the words are.  */
  AT_NUMBER = 0,
  AT_ARCHITECTURE = 4,
  AT_INSTRUCTION = 8
};

#define FILTER_ALLOW 0x7fff0000u
#define FILTER_KILL 0u

/* What each ABI is called in what filters see.  */
static const uint32_t architecture[GUEST_ABI_COUNT] = {
#if defined __x86_64__
  [GUEST_ABI_NATIVE] = 0xc000003eu,
#else
  [GUEST_ABI_NATIVE] = 0xc00000b7u,
#endif
  [GUEST_ABI_I386] = 0x40000003u,
};

struct instruction
{
  uint16_t code;
  uint8_t if_true, if_false;
  uint32_t operand;
};

/* What the loader does.  */
static const char loader_calls[][12] = { "openat",    "read",   "pread64",
                                         "mmap",      "munmap", "mprotect",
                                         "close",     "prctl",  "personality",
                                         "getrandom", "mmap2" };
#define LOADER_CALL_COUNT (sizeof loader_calls / sizeof loader_calls[0])

enum
{
  LOADER_BLOCK = 8 + (int) LOADER_CALL_COUNT,  /* instructions for an ABI */
  PREFIX = 5 + GUEST_ABI_COUNT * LOADER_BLOCK, /* before a filter */
  ROOM = 2000                                  /* for all; more goes unmended */
};

struct filter
{
  struct instruction instruction[ROOM];
  uint16_t count;
};

static void
add (struct filter *filter, uint16_t code, uint32_t operand,
     unsigned int if_true, unsigned int if_false)
{
  filter->instruction[filter->count++] =
      (struct instruction){ code, (uint8_t) if_true, (uint8_t) if_false,
                            operand };
}

static uint32_t
number_of (enum guest_abi abi, const char *name)
{
  for (size_t i = 0; i < guest_rule_count; i++)
    if (guest_text_equal (guest_rules[i].name, name))
      return (uint32_t) guest_rule_number (&guest_rules[i], abi);
  return (uint32_t) -1;
}

/* Add to FILTER what lets through the calls of the loader of ABI; DONE is how
   many instructions behind that the whole filter allows a call.  */
static void
add_loader (struct filter *filter, const struct guest *guest,
            enum guest_abi abi, unsigned int done)
{
  unsigned int behind = LOADER_BLOCK - 1;
  uint64_t start = guest->loader[abi].start;

  add (filter, BPF_LOAD, AT_ARCHITECTURE, 0, 0);
  add (filter, BPF_JUMP_EQUAL, architecture[abi], 0, behind - 1);
  add (filter, BPF_LOAD, AT_INSTRUCTION + 4, 0, 0);
  add (filter, BPF_JUMP_EQUAL, (uint32_t) (start >> 32), 0, behind - 3);
  add (filter, BPF_LOAD, AT_INSTRUCTION, 0, 0);
  add (filter, BPF_JUMP_NOT_LESS, (uint32_t) start, 0, behind - 5);
  add (filter, BPF_JUMP_NOT_LESS, (uint32_t) guest->loader[abi].end, behind - 6,
       0);
  add (filter, BPF_LOAD, AT_NUMBER, 0, 0);
  for (unsigned int i = 0; i < LOADER_CALL_COUNT; i++)
    add (filter, BPF_JUMP_EQUAL, number_of (abi, loader_calls[i]),
         (unsigned int) LOADER_CALL_COUNT - 1 - i + done, 0);
}

/* Begin FILTER with what lets through, of GUEST's engine, what the program
   itself does not do.  */
static void
add_prefix (struct filter *filter, const struct guest *guest)
{
  add (filter, BPF_LOAD, AT_NUMBER, 0, 0);
  add (filter, BPF_JUMP_EQUAL, (uint32_t) -1,
       GUEST_ABI_COUNT * LOADER_BLOCK + 1, 0);
  for (enum guest_abi abi = 0; abi < GUEST_ABI_COUNT; abi++)
    add_loader (filter, guest, abi,
                (GUEST_ABI_COUNT - 1 - abi) * LOADER_BLOCK + 1);
  add (filter, BPF_JUMP, 1, 0, 0);
  add (filter, BPF_RETURN, FILTER_ALLOW, 0, 0);
  /* As at the start of any program.  */
  add (filter, BPF_LOAD_CONSTANT, 0, 0, 0);
}

/* Put FILTER into TASK's scratch memory and have CALL install it.  */
static enum guest_verdict
install (struct guest_task *task, struct guest_call *call,
         const struct filter *filter)
{
  const struct guest_ops *ops = task->guest->ops;
  struct k_program program = { .count = filter->count };
  unsigned char bytes[sizeof program];
  int status = ops->scratch (task, filter->instruction,
                             filter->count * sizeof filter->instruction[0],
                             &program.instructions);
  size_t size = guest_form_program (call, &program, bytes);
  if (status == 0)
    status = ops->scratch (task, bytes, size, &call->arg[2]);
  return status < 0 ? guest_answer (call, status) : GUEST_RUN_EXIT;
}

/* Strict mode, which is not to be had besides a filter of the engine's: the
   same by a filter.  */
static enum guest_verdict
enter_strict (struct guest_task *task, struct guest_call *call)
{
  static const char allowed[][13] = { "read", "write", "exit", "rt_sigreturn" };
  struct filter filter;
  unsigned int count = sizeof allowed / sizeof allowed[0];

  filter.count = 0;
  add (&filter, BPF_LOAD, AT_NUMBER, 0, 0);
  for (unsigned int i = 0; i < count; i++)
    add (&filter, BPF_JUMP_EQUAL, number_of (call->abi, allowed[i]), count - i,
         0);
  add (&filter, BPF_RETURN, FILTER_KILL, 0, 0);
  add (&filter, BPF_RETURN, FILTER_ALLOW, 0, 0);
  return install (task, call, &filter);
}

/* Install, for TASK, the filter that REQUEST, which CALL is, tells of.  */
static enum guest_verdict
enter_filter (struct guest_task *task, struct guest_call *call,
              const struct guest_filter_request *request)
{
  struct guest *guest = task->guest;
  struct filter filter;

  if (request->count > ROOM - PREFIX || guest->loader[call->abi].start == 0)
    return GUEST_RUN_EXIT;
  filter.count = 0;
  add_prefix (&filter, guest);
  int status = guest->ops->read (task, request->instructions,
                                 &filter.instruction[filter.count],
                                 request->count * sizeof filter.instruction[0]);
  if (status < 0)
    return guest_answer (call, status);
  filter.count = (uint16_t) (filter.count + request->count);
  return install (task, call, &filter);
}

/* Read the filter that CALL's argument 2 points to into REQUEST, and see
   whether TASK may install it.  */
static int
read_filter (struct guest_task *task, const struct guest_call *call,
             struct guest_filter_request *request)
{
  struct k_program header;
  int status = guest_read_program (task, call, call->arg[2], &header);

  if (status < 0)
    return status;
  if (header.count == 0 || header.count > FILTER_INSTRUCTIONS_MAX)
    return -K_EINVAL;
  if (!task->ids.no_new_privileges
      && !guest_ids_can (&task->ids, GUEST_CAP_SYS_ADMIN))
    return -K_EACCES;
  request->instructions = header.instructions;
  request->count = header.count;
  return 1;
}

/* See whether TASK may enter strict mode by a REQUEST.  */
static int
read_strict (const struct guest_task *task,
             struct guest_filter_request *request)
{
  if (!task->guest->filtered)
    return 0;
  if (task->ids.filters > 0)
    return -K_EINVAL; /* it is in another mode */
  request->flags = 0;
  request->strict = true;
  return 1;
}

/* What read_filter does, for prctl.  */
static int
read_prctl (struct guest_task *task, const struct guest_call *call,
            struct guest_filter_request *request)
{
  request->flags = 0;
  if (call->arg[1] == MODE_FILTER)
    return read_filter (task, call, request);
  return call->arg[1] == MODE_STRICT ? read_strict (task, request) : 0;
}

int
guest_filter_read (struct guest_task *task, const struct guest_call *call,
                   struct guest_filter_request *request)
{
  const struct guest_rule *rule =
      guest_rule_of (task->guest, call->abi, call->number);

  *request = (struct guest_filter_request){ .flags = call->arg[1] };
  if (rule == NULL || !guest_text_equal (rule->name, "seccomp"))
    return call->arg[0] == SET_SECCOMP ? read_prctl (task, call, request) : 0;
  if (call->arg[0] == SECCOMP_STRICT)
    return call->arg[1] == 0 && call->arg[2] == 0 ? read_strict (task, request)
                                                  : 0;
  if (call->arg[0] != SECCOMP_FILTER)
    return 0;
  return call->arg[1] & SECCOMP_NEW_LISTENER
             ? -K_EINVAL
             : read_filter (task, call, request);
}

enum guest_verdict
guest_enter_seccomp (struct guest_task *task, struct guest_call *call)
{
  struct guest_filter_request request;
  int status = guest_filter_read (task, call, &request);

  if (status < 0)
    return guest_answer (call, status);
  if (status == 0)
    return GUEST_PASS;
  if (!request.strict)
    return enter_filter (task, call, &request);
  /* seccomp (SECCOMP_FILTER, 0, program) or prctl (SET_SECCOMP, MODE_FILTER,
     program) */
  if (call->arg[0] == SET_SECCOMP)
    call->arg[1] = MODE_FILTER;
  else
    call->arg[0] = SECCOMP_FILTER;
  return enter_strict (task, call);
}

void
guest_leave_seccomp (struct guest_task *task, struct guest_call *call)
{
  if (call->result == 0 && task->ids.filters < UINT8_MAX)
    task->ids.filters++;
}

/* wait4 for tasks of any kind: an engine may know better.  */
enum guest_verdict
guest_enter_wait (struct guest_task *task, struct guest_call *call)
{
  (void) task;
  (void) call;
  return GUEST_PASS;
}

enum guest_verdict
guest_enter_ptrace (struct guest_task *task, struct guest_call *call)
{
  enum
  {
    TRACE_ME = 0,
    ATTACH = 16,
    SEIZE = 0x4206
  };
  const struct guest_ops *ops = task->guest->ops;
  if (call->arg[0] != TRACE_ME && call->arg[0] != ATTACH
      && call->arg[0] != SEIZE)
    return GUEST_PASS;
  if (ops->remark != NULL)
    ops->remark (task, GUEST_REMARK_PTRACE);
  return guest_answer (call, -K_EPERM);
}
