/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Owners of System V shared memory, semaphores and message queues, where the
   container's ids are not the host's.  Their descriptions begin alike: the
   key, then the ids of the owner and of who made it.  */

#include "lib/guest/handlers.h"

enum
{
  IPC_SET = 1,
  IPC_STAT = 2,
  IPC_VERSION = 0x100, /* a flag of older interfaces */

  /* The same as IPC_STAT by index: of messages, memory, semaphores; the
     second one asks for no permission.  */
  MSG_STAT = 11,
  SHM_STAT = 13,
  SHM_STAT_ANY = 15,
  SEM_STAT = 18,
  SEM_STAT_ANY = 20,

  DESCRIPTION_MAX = 128
};

struct ipc_owner
{
  uint32_t key;
  uint32_t uid, gid;
  uint32_t made_uid, made_gid;
};

/* Return which argument of CALL is the command; the description follows.  */
static int
command_argument (const struct guest_call *call)
{
  return guest_text_equal (call->rule->name, "semctl") ? 2 : 1;
}

/* Return how long a description is that CALL sets.  With words of 32 bits it
   begins in the same way.  */
static size_t
description_size (const struct guest_call *call)
{
  bool is_short = guest_word_size (call) == 4;
  if (guest_text_equal (call->rule->name, "msgctl"))
    return is_short ? 88 : 120;
  if (guest_text_equal (call->rule->name, "shmctl"))
    return is_short ? 84 : 112;
#if defined __x86_64__
  return is_short ? 64 : 104;
#else
  return 88;
#endif
}

static bool
is_status (int command)
{
  return command == IPC_STAT || command == MSG_STAT || command == SHM_STAT
         || command == SHM_STAT_ANY || command == SEM_STAT
         || command == SEM_STAT_ANY;
}

/* shmctl, semctl, msgctl.  */
enum guest_verdict
guest_enter_ipc_control (struct guest_task *task, struct guest_call *call)
{
  const struct guest_ops *ops = task->guest->ops;
  int argument = command_argument (call);
  int command = (int) (uint32_t) call->arg[argument] & ~IPC_VERSION;
  union
  {
    struct ipc_owner owner;
    unsigned char bytes[DESCRIPTION_MAX];
  } description;

  if (is_status (command))
    return GUEST_RUN_EXIT;
  if (command != IPC_SET)
    return GUEST_PASS;

  /* Given to another id of the host it would be lost to the container.  */
  size_t size = description_size (call);
  int status =
      ops->read (task, call->arg[argument + 1], description.bytes, size);
  if (status == 0)
    {
      description.owner.uid = task->guest->identity.host_uid;
      description.owner.gid = task->guest->identity.host_gid;
      status = ops->scratch (task, description.bytes, size,
                             &call->arg[argument + 1]);
    }
  return status < 0 ? guest_answer (call, status) : GUEST_RUN;
}

void
guest_leave_ipc_control (struct guest_task *task, struct guest_call *call)
{
  const struct guest_ops *ops = task->guest->ops;
  const struct guest_identity *identity = &task->guest->identity;
  uint64_t place = call->arg[command_argument (call) + 1];
  struct ipc_owner owner;

  if (call->result < 0 || ops->read (task, place, &owner, sizeof owner) < 0)
    return;
  if (owner.uid == identity->host_uid)
    owner.uid = identity->uid;
  if (owner.gid == identity->host_gid)
    owner.gid = identity->gid;
  if (owner.made_uid == identity->host_uid)
    owner.made_uid = identity->uid;
  if (owner.made_gid == identity->host_gid)
    owner.made_gid = identity->gid;
  (void) ops->write (task, place, &owner, sizeof owner);
}
