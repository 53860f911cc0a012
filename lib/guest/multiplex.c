/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   socketcall and ipc: several calls behind one number.  They are the same
   calls otherwise, so the rows of those decide.  The arguments of socketcall
   lie in memory; what is changed of them goes into a new array.  */

#include "lib/guest/handlers.h"

enum
{
  ARGUMENTS_MAX = 6
};

/* The calls by their numbers within socketcall: the direct call's number on
   i386, and how many arguments there are.  accept, which has none, is what
   accept4 is without flags.  */
static const struct
{
  uint16_t number;
  uint8_t arguments;
} inner_calls[] = {
  [1] = { 359, 3 },  /* socket */
  [2] = { 361, 3 },  /* bind */
  [3] = { 362, 3 },  /* connect */
  [4] = { 363, 2 },  /* listen */
  [5] = { 364, 3 },  /* accept */
  [6] = { 367, 3 },  /* getsockname */
  [7] = { 368, 3 },  /* getpeername */
  [8] = { 360, 4 },  /* socketpair */
  [9] = { 369, 4 },  /* send */
  [10] = { 371, 4 }, /* recv */
  [11] = { 369, 6 }, /* sendto */
  [12] = { 371, 6 }, /* recvfrom */
  [13] = { 373, 2 }, /* shutdown */
  [14] = { 366, 5 }, /* setsockopt */
  [15] = { 365, 5 }, /* getsockopt */
  [16] = { 370, 3 }, /* sendmsg */
  [17] = { 372, 3 }, /* recvmsg */
  [18] = { 364, 4 }, /* accept4 */
  [19] = { 337, 5 }, /* recvmmsg */
  [20] = { 345, 4 }, /* sendmmsg */
};

/* Let the row of the call NUMBER decide of the one that CALL has within itself,
   whose arguments it has already.  */
static enum guest_verdict
enter_inner (struct guest_task *task, struct guest_call *call, int number)
{
  enum guest_verdict verdict = guest_enter_rule (
      task, call, guest_rule_of (task->guest, call->abi, number));
  for (int i = 0; i < ARGUMENTS_MAX; i++)
    call->inner[i] = call->arg[i];
  call->packed = true;
  return verdict;
}

enum guest_verdict
guest_enter_socketcall (struct guest_task *task, struct guest_call *call)
{
  const struct guest_ops *ops = task->guest->ops;
  uint32_t words[ARGUMENTS_MAX] = { 0 };
  uint64_t which = call->arg[0];
  uint64_t place = call->arg[1];

  if (which == 0 || which >= sizeof inner_calls / sizeof inner_calls[0])
    return GUEST_PASS; /* the kernel says what is wrong */
  size_t size = inner_calls[which].arguments * sizeof words[0];
  int status = ops->read (task, place, words, size);
  if (status < 0)
    return guest_answer (call, status);

  for (int i = 0; i < ARGUMENTS_MAX; i++)
    call->arg[i] = words[i];
  enum guest_verdict verdict =
      enter_inner (task, call, inner_calls[which].number);
  bool changed = false;
  for (int i = 0; i < ARGUMENTS_MAX; i++)
    {
      changed = changed || words[i] != (uint32_t) call->arg[i];
      words[i] = (uint32_t) call->arg[i];
    }
  if (changed && (verdict == GUEST_RUN || verdict == GUEST_RUN_EXIT))
    {
      status = ops->scratch (task, words, size, &place);
      if (status < 0)
        return guest_answer (call, status);
    }
  call->arg[0] = which;
  call->arg[1] = place;
  for (int i = 2; i < ARGUMENTS_MAX; i++)
    call->arg[i] = 0;
  return verdict;
}

/* ipc: of what is behind it only the calls that tell of owners matter.  The
   last argument of semctl lies in memory.  */
enum guest_verdict
guest_enter_ipc (struct guest_task *task, struct guest_call *call)
{
  enum
  {
    SEMCTL = 3,
    MSGCTL = 14,
    SHMCTL = 24,
    POINTER = 4, /* the argument with a pointer */
    VERSIONED = 0x100
  };
  const struct guest_ops *ops = task->guest->ops;
  uint64_t outer[ARGUMENTS_MAX];
  uint32_t which = (uint32_t) call->arg[0] & 0xffff;
  uint32_t word = 0;
  int number = which == SEMCTL ? 394 : which == SHMCTL ? 396 : 402;
  int last = which == SEMCTL ? 3 : 2;
  uint64_t command = call->arg[last];

  /* Without the flag a structure is an older one, whose ids are cut.  */
  if ((which != SEMCTL && which != MSGCTL && which != SHMCTL)
      || !(command & VERSIONED)
      || (which == SEMCTL
          && ops->read (task, call->arg[POINTER], &word, sizeof word) < 0))
    return GUEST_PASS;

  uint64_t pointer = which == SEMCTL ? word : call->arg[POINTER];
  for (int i = 0; i < ARGUMENTS_MAX; i++)
    outer[i] = call->arg[i];
  for (int i = 0; i < last; i++)
    call->arg[i] = outer[i + 1];
  call->arg[last] = pointer;
  enum guest_verdict verdict = enter_inner (task, call, number);
  uint64_t changed = call->arg[last];
  for (int i = 0; i < ARGUMENTS_MAX; i++)
    call->arg[i] = outer[i];
  if (verdict == GUEST_ANSWER || changed == pointer)
    return verdict;
  call->arg[POINTER] = changed;
  if (which == SEMCTL)
    {
      word = (uint32_t) changed;
      int status = ops->scratch (task, &word, sizeof word, &call->arg[POINTER]);
      if (status < 0)
        return guest_answer (call, status);
    }
  return verdict;
}
