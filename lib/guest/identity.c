/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Calls about users, groups, capabilities and the machine's names, answered
   from the task's own state by the kernel's rules.  */

#include "lib/guest/handlers.h"

#define KEEP UINT32_MAX

/* Write the three ids, each where an argument says, from argument 0 on.  */
static enum guest_verdict
answer_three (struct guest_task *task, struct guest_call *call, uint32_t one,
              uint32_t two, uint32_t three)
{
  uint32_t values[3] = { one, two, three };

  for (int i = 0; i < 3; i++)
    {
      int status = guest_write_ids (task, call, call->arg[i], &values[i], 1);
      if (status < 0)
        return guest_answer (call, status);
    }
  return guest_answer (call, 0);
}

/* getuid, geteuid, getgid, getegid, also with 32 behind.  */
enum guest_verdict
guest_enter_getid (struct guest_task *task, struct guest_call *call)
{
  const struct guest_ids *ids = &task->ids;
  const char *name = call->rule->name;
  uint32_t id = ids->egid;

  if (guest_text_is (name, 6, "getuid"))
    id = ids->uid;
  else if (guest_text_is (name, 7, "geteuid"))
    id = ids->euid;
  else if (guest_text_is (name, 6, "getgid"))
    id = ids->gid;
  return guest_answer (call, guest_shown_id (call, id));
}

enum guest_verdict
guest_enter_getresuid (struct guest_task *task, struct guest_call *call)
{
  const struct guest_ids *ids = &task->ids;
  return answer_three (task, call, ids->uid, ids->euid, ids->suid);
}

enum guest_verdict
guest_enter_getresgid (struct guest_task *task, struct guest_call *call)
{
  const struct guest_ids *ids = &task->ids;
  return answer_three (task, call, ids->gid, ids->egid, ids->sgid);
}

enum guest_verdict
guest_enter_getgroups (struct guest_task *task, struct guest_call *call)
{
  const struct guest_ids *ids = &task->ids;
  int32_t size = (int32_t) call->arg[0];

  if (size < 0 || (size > 0 && (uint32_t) size < ids->group_count))
    return guest_answer (call, -K_EINVAL);
  if (size > 0 && ids->group_count > 0)
    {
      int status = guest_write_ids (task, call, call->arg[1], ids->group,
                                    ids->group_count);
      if (status < 0)
        return guest_answer (call, status);
    }
  return guest_answer (call, ids->group_count);
}

enum guest_verdict
guest_enter_setgroups (struct guest_task *task, struct guest_call *call)
{
  struct guest_ids *ids = &task->ids;
  uint32_t groups[GUEST_GROUPS_MAX];
  uint32_t count = (uint32_t) call->arg[0];

  if (!guest_ids_can (ids, GUEST_CAP_SETGID))
    return guest_answer (call, -K_EPERM);
  if (count > GUEST_GROUPS_MAX)
    return guest_answer (call, -K_EINVAL);
  int status =
      count > 0 ? guest_read_ids (task, call, call->arg[1], groups, count) : 0;
  if (status < 0)
    return guest_answer (call, status);
  for (uint32_t i = 0; i < count; i++)
    ids->group[i] = groups[i];
  ids->group_count = count;
  return guest_answer (call, 0);
}

/* What changing user ids from those of OLD does to IDS' capabilities.  */
static void
fix_capabilities (struct guest_ids *ids, const struct guest_ids *old)
{
  bool had_root = old->uid == 0 || old->euid == 0 || old->suid == 0;
  bool has_root = ids->uid == 0 || ids->euid == 0 || ids->suid == 0;

  if (ids->securebits & 4) /* SECBIT_NO_SETUID_FIXUP */
    return;
  if (had_root && !has_root)
    {
      if (!ids->keep_capabilities)
        {
          ids->permitted = 0;
          ids->effective = 0;
        }
      ids->ambient = 0;
    }
  if (old->euid == 0 && ids->euid != 0)
    ids->effective = 0;
  if (old->euid != 0 && ids->euid == 0)
    ids->effective = ids->permitted;
}

static bool
is_one_of_uids (const struct guest_ids *ids, uint32_t uid)
{
  return uid == ids->uid || uid == ids->euid || uid == ids->suid;
}

static bool
is_one_of_gids (const struct guest_ids *ids, uint32_t gid)
{
  return gid == ids->gid || gid == ids->egid || gid == ids->sgid;
}

/* Set the three user ids; KEEP leaves one as it is.  */
static enum guest_verdict
set_uids (struct guest_task *task, struct guest_call *call, uint32_t real,
          uint32_t effective, uint32_t saved)
{
  struct guest_ids *ids = &task->ids;
  struct guest_ids old = *ids;

  if (real != KEEP)
    ids->uid = real;
  if (effective != KEEP)
    ids->euid = effective;
  if (saved != KEEP)
    ids->suid = saved;
  ids->fsuid = ids->euid;
  fix_capabilities (ids, &old);
  return guest_answer (call, 0);
}

static enum guest_verdict
set_gids (struct guest_task *task, struct guest_call *call, uint32_t real,
          uint32_t effective, uint32_t saved)
{
  struct guest_ids *ids = &task->ids;

  if (real != KEEP)
    ids->gid = real;
  if (effective != KEEP)
    ids->egid = effective;
  if (saved != KEEP)
    ids->sgid = saved;
  ids->fsgid = ids->egid;
  return guest_answer (call, 0);
}

enum guest_verdict
guest_enter_setuid (struct guest_task *task, struct guest_call *call)
{
  const struct guest_ids *ids = &task->ids;
  uint32_t uid = guest_argument_id (call, 0);

  if (uid == KEEP)
    return guest_answer (call, -K_EINVAL);
  if (guest_ids_can (ids, GUEST_CAP_SETUID))
    return set_uids (task, call, uid, uid, uid);
  if (uid != ids->uid && uid != ids->suid)
    return guest_answer (call, -K_EPERM);
  return set_uids (task, call, KEEP, uid, KEEP);
}

enum guest_verdict
guest_enter_setgid (struct guest_task *task, struct guest_call *call)
{
  const struct guest_ids *ids = &task->ids;
  uint32_t gid = guest_argument_id (call, 0);

  if (gid == KEEP)
    return guest_answer (call, -K_EINVAL);
  if (guest_ids_can (ids, GUEST_CAP_SETGID))
    return set_gids (task, call, gid, gid, gid);
  if (gid != ids->gid && gid != ids->sgid)
    return guest_answer (call, -K_EPERM);
  return set_gids (task, call, KEEP, gid, KEEP);
}

enum guest_verdict
guest_enter_setreuid (struct guest_task *task, struct guest_call *call)
{
  const struct guest_ids *ids = &task->ids;
  uint32_t real = guest_argument_id (call, 0);
  uint32_t effective = guest_argument_id (call, 1);

  if (!guest_ids_can (ids, GUEST_CAP_SETUID)
      && ((real != KEEP && real != ids->uid && real != ids->euid)
          || (effective != KEEP && !is_one_of_uids (ids, effective))))
    return guest_answer (call, -K_EPERM);

  uint32_t now = effective != KEEP ? effective : ids->euid;
  bool saves = real != KEEP || (effective != KEEP && effective != ids->uid);
  return set_uids (task, call, real, effective, saves ? now : KEEP);
}

enum guest_verdict
guest_enter_setregid (struct guest_task *task, struct guest_call *call)
{
  const struct guest_ids *ids = &task->ids;
  uint32_t real = guest_argument_id (call, 0);
  uint32_t effective = guest_argument_id (call, 1);

  if (!guest_ids_can (ids, GUEST_CAP_SETGID)
      && ((real != KEEP && real != ids->gid && real != ids->egid)
          || (effective != KEEP && !is_one_of_gids (ids, effective))))
    return guest_answer (call, -K_EPERM);

  uint32_t now = effective != KEEP ? effective : ids->egid;
  bool saves = real != KEEP || (effective != KEEP && effective != ids->gid);
  return set_gids (task, call, real, effective, saves ? now : KEEP);
}

enum guest_verdict
guest_enter_setresuid (struct guest_task *task, struct guest_call *call)
{
  const struct guest_ids *ids = &task->ids;

  for (int i = 0; i < 3; i++)
    if (guest_argument_id (call, i) != KEEP
        && !guest_ids_can (ids, GUEST_CAP_SETUID)
        && !is_one_of_uids (ids, guest_argument_id (call, i)))
      return guest_answer (call, -K_EPERM);
  return set_uids (task, call, guest_argument_id (call, 0),
                   guest_argument_id (call, 1), guest_argument_id (call, 2));
}

enum guest_verdict
guest_enter_setresgid (struct guest_task *task, struct guest_call *call)
{
  const struct guest_ids *ids = &task->ids;

  for (int i = 0; i < 3; i++)
    if (guest_argument_id (call, i) != KEEP
        && !guest_ids_can (ids, GUEST_CAP_SETGID)
        && !is_one_of_gids (ids, guest_argument_id (call, i)))
      return guest_answer (call, -K_EPERM);
  return set_gids (task, call, guest_argument_id (call, 0),
                   guest_argument_id (call, 1), guest_argument_id (call, 2));
}

enum guest_verdict
guest_enter_setfsuid (struct guest_task *task, struct guest_call *call)
{
  struct guest_ids *ids = &task->ids;
  uint32_t uid = guest_argument_id (call, 0);
  uint32_t old = ids->fsuid;

  if (uid != KEEP
      && (guest_ids_can (ids, GUEST_CAP_SETUID) || uid == old
          || is_one_of_uids (ids, uid)))
    ids->fsuid = uid;
  return guest_answer (call, guest_shown_id (call, old));
}

enum guest_verdict
guest_enter_setfsgid (struct guest_task *task, struct guest_call *call)
{
  struct guest_ids *ids = &task->ids;
  uint32_t gid = guest_argument_id (call, 0);
  uint32_t old = ids->fsgid;

  if (gid != KEEP
      && (guest_ids_can (ids, GUEST_CAP_SETGID) || gid == old
          || is_one_of_gids (ids, gid)))
    ids->fsgid = gid;
  return guest_answer (call, guest_shown_id (call, old));
}

/* The header and data of capget and capset.  */
struct capability_header
{
  uint32_t version;
  int32_t pid;
};

struct capability_data
{
  uint32_t effective, permitted, inheritable;
};

#define CAPABILITY_VERSION_1 0x19980330u
#define CAPABILITY_VERSION_2 0x20071026u
#define CAPABILITY_VERSION_3 0x20080522u

/* Read the header at argument 0.  Return how many words the sets have, or a
   negative errno after telling the version we speak.  */
static int
read_capability_header (struct guest_task *task, const struct guest_call *call,
                        struct capability_header *header)
{
  const struct guest_ops *ops = task->guest->ops;
  int status = ops->read (task, call->arg[0], header, sizeof *header);

  if (status < 0)
    return status;
  switch (header->version)
    {
    case CAPABILITY_VERSION_1:
      return 1;
    case CAPABILITY_VERSION_2:
    case CAPABILITY_VERSION_3:
      return 2;
    }
  header->version = CAPABILITY_VERSION_3;
  (void) ops->write (task, call->arg[0], header, sizeof header->version);
  return -K_EINVAL;
}

enum guest_verdict
guest_enter_capget (struct guest_task *task, struct guest_call *call)
{
  struct guest *guest = task->guest;
  struct capability_header header;
  struct capability_data data[2];
  const struct guest_task *other = task;
  int words = read_capability_header (task, call, &header);

  if (words < 0)
    return guest_answer (call,
                         call->arg[1] == 0 && words == -K_EINVAL ? 0 : words);
  if (header.pid < 0)
    return guest_answer (call, -K_EINVAL);
  if (header.pid != 0 && header.pid != task->tid)
    {
      other = guest->ops->find_task (guest, header.pid);
      if (other == NULL)
        return GUEST_PASS;
    }
  if (call->arg[1] == 0)
    return guest_answer (call, 0);
  for (int i = 0; i < 2; i++)
    {
      data[i].effective = (uint32_t) (other->ids.effective >> 32 * i);
      data[i].permitted = (uint32_t) (other->ids.permitted >> 32 * i);
      data[i].inheritable = (uint32_t) (other->ids.inheritable >> 32 * i);
    }
  return guest_answer (call,
                       guest->ops->write (task, call->arg[1], data,
                                          (size_t) words * sizeof data[0]));
}

enum guest_verdict
guest_enter_capset (struct guest_task *task, struct guest_call *call)
{
  struct guest_ids *ids = &task->ids;
  struct capability_header header;
  struct capability_data data[2] = { { 0, 0, 0 }, { 0, 0, 0 } };
  int words = read_capability_header (task, call, &header);

  if (words < 0)
    return guest_answer (call, words);
  if (header.pid != 0 && header.pid != task->tid)
    return guest_answer (call, -K_EPERM);
  int status = task->guest->ops->read (task, call->arg[1], data,
                                       (size_t) words * sizeof data[0]);
  if (status < 0)
    return guest_answer (call, status);

  uint64_t all = GUEST_CAPABILITIES_ALL;
  uint64_t effective =
      (data[0].effective | (uint64_t) data[1].effective << 32) & all;
  uint64_t permitted =
      (data[0].permitted | (uint64_t) data[1].permitted << 32) & all;
  uint64_t inheritable =
      (data[0].inheritable | (uint64_t) data[1].inheritable << 32) & all;
  if ((permitted & ~ids->permitted) || (effective & ~permitted)
      || (inheritable & ~(ids->inheritable | ids->bounding)))
    return guest_answer (call, -K_EPERM);
  if (!guest_ids_can (ids, GUEST_CAP_SETPCAP)
      && (inheritable & ~(ids->inheritable | ids->permitted)))
    return guest_answer (call, -K_EPERM);
  ids->effective = effective;
  ids->permitted = permitted;
  ids->inheritable = inheritable;
  ids->ambient &= permitted & inheritable;
  return guest_answer (call, 0);
}

/* PR_CAP_AMBIENT with operation ARG2 on capability ARG3.  */
static int64_t
change_ambient (struct guest_ids *ids, uint64_t operation, uint64_t number)
{
  uint64_t bit = number <= 40 ? (uint64_t) 1 << number : 0;

  if (operation == 4) /* CLEAR_ALL */
    {
      ids->ambient = 0;
      return 0;
    }
  if (bit == 0)
    return -K_EINVAL;
  switch (operation)
    {
    case 1: /* IS_SET */
      return (ids->ambient & bit) != 0;
    case 2: /* RAISE */
      if (!(ids->permitted & ids->inheritable & bit))
        return -K_EPERM;
      ids->ambient |= bit;
      return 0;
    case 3: /* LOWER */
      ids->ambient &= ~bit;
      return 0;
    }
  return -K_EINVAL;
}

/* The options of prctl about capabilities.  */
static enum guest_verdict
enter_prctl_capability (struct guest_task *task, struct guest_call *call)
{
  struct guest_ids *ids = &task->ids;
  uint64_t value = call->arg[1];

  switch ((int) (uint32_t) call->arg[0])
    {
    case 7: /* PR_GET_KEEPCAPS */
      return guest_answer (call, ids->keep_capabilities);
    case 8: /* PR_SET_KEEPCAPS */
      if (value > 1)
        return guest_answer (call, -K_EINVAL);
      ids->keep_capabilities = value == 1;
      return guest_answer (call, 0);
    case 23: /* PR_CAPBSET_READ */
      if (value > 40)
        return guest_answer (call, -K_EINVAL);
      return guest_answer (call, ids->bounding >> value & 1);
    case 24: /* PR_CAPBSET_DROP */
      if (!guest_ids_can (ids, GUEST_CAP_SETPCAP))
        return guest_answer (call, -K_EPERM);
      if (value > 40)
        return guest_answer (call, -K_EINVAL);
      ids->bounding &= ~((uint64_t) 1 << value);
      return guest_answer (call, 0);
    case 27: /* PR_GET_SECUREBITS */
      return guest_answer (call,
                           ids->securebits | (ids->keep_capabilities ? 16 : 0));
    case 28: /* PR_SET_SECUREBITS */
      if (!guest_ids_can (ids, GUEST_CAP_SETPCAP))
        return guest_answer (call, -K_EPERM);
      ids->securebits = (uint32_t) value & ~16u;
      ids->keep_capabilities = (value & 16) != 0;
      return guest_answer (call, 0);
    case 47: /* PR_CAP_AMBIENT */
      return guest_answer (call, change_ambient (ids, value, call->arg[2]));
    }
  return GUEST_PASS;
}

enum guest_verdict
guest_enter_prctl (struct guest_task *task, struct guest_call *call)
{
  struct guest_ids *ids = &task->ids;
  uint64_t value = call->arg[1];

  switch ((int) (uint32_t) call->arg[0])
    {
    case 3: /* PR_GET_DUMPABLE */
      return guest_answer (call, !ids->undumpable);
    case 4: /* PR_SET_DUMPABLE: done for real, it would lock a tracer out */
      if (value > 1)
        return guest_answer (call, -K_EINVAL);
      ids->undumpable = value == 0;
      return guest_answer (call, 0);
    case 38: /* PR_SET_NO_NEW_PRIVS */
      if (value != 1 || call->arg[2] != 0 || call->arg[3] != 0
          || call->arg[4] != 0)
        return guest_answer (call, -K_EINVAL);
      ids->no_new_privileges = true;
      return guest_answer (call, 0);
    case 39: /* PR_GET_NO_NEW_PRIVS */
      return guest_answer (call, ids->no_new_privileges);
    case 21: /* PR_GET_SECCOMP */
      return guest_answer (call, ids->filters > 0 ? 2 : 0);
    case 22: /* PR_SET_SECCOMP */
      return guest_enter_seccomp (task, call);
    case 35: /* PR_SET_MM: the program's own picture of itself */
      return task->guest->identity.root ? GUEST_RUN_EXIT : GUEST_PASS;
    }
  return task->guest->identity.emulated ? enter_prctl_capability (task, call)
                                        : GUEST_PASS;
}

/* Calls that run as they are, but whose failure root would not see.  */
enum guest_verdict
guest_enter_as_is (struct guest_task *task, struct guest_call *call)
{
  (void) call;
  return task->guest->identity.root
                 && guest_ids_can (&task->ids, GUEST_CAP_SYS_ADMIN)
             ? GUEST_RUN_EXIT
             : GUEST_PASS;
}

void
guest_leave_as_root (struct guest_task *task, struct guest_call *call)
{
  (void) task;
  if (call->result == -K_EPERM || call->result == -K_EACCES)
    call->result = 0;
}

void
guest_leave_prctl (struct guest_task *task, struct guest_call *call)
{
  if ((uint32_t) call->arg[0] == 22) /* PR_SET_SECCOMP */
    guest_leave_seccomp (task, call);
  else
    guest_leave_as_root (task, call);
}

/* Put NAME, when there is one, into the 65 bytes at FIELD.  */
static void
put_name (char *field, const char *name)
{
  struct guest_text text;

  if (name[0] == '\0')
    return;
  for (int i = 0; i < 65; i++)
    field[i] = '\0';
  guest_text_init (&text, field, 65);
  guest_text_add (&text, name);
}

/* Copy the name that CHANGED says, or BEFORE when that says none, to TEXT.
   What is being copied may be written over only when more names than there is
   room for are said meanwhile: then try again, but not for ever, since who
   drew a number may have died.  */
static void
read_name (const struct guest_changed_name *changed, const char before[65],
           char text[65])
{
  const uint32_t count = sizeof changed->text / sizeof changed->text[0];
  uint32_t current;
  int tries = 0;

  do
    {
      current = __atomic_load_n (&changed->current, __ATOMIC_ACQUIRE);
      const char *from =
          current != 0 ? changed->text[(current - 1) % count] : before;
      for (int i = 0; i < 65; i++)
        text[i] = from[i];
      __atomic_thread_fence (__ATOMIC_ACQUIRE);
    }
  while (current != 0 && ++tries < 16
         && __atomic_load_n (&changed->drawn, __ATOMIC_RELAXED) - current
                >= count);
}

/* Let CHANGED say the LENGTH bytes at NAME.  */
static void
say_name (struct guest_changed_name *changed, const char *name, size_t length)
{
  const uint32_t count = sizeof changed->text / sizeof changed->text[0];
  uint32_t number = __atomic_add_fetch (&changed->drawn, 1, __ATOMIC_SEQ_CST);
  uint32_t current = __atomic_load_n (&changed->current, __ATOMIC_RELAXED);
  char *text = changed->text[(number - 1) % count];

  for (size_t i = 0; i < 65; i++)
    text[i] = i < length ? name[i] : '\0';
  while ((int32_t) (number - current) > 0
         && !__atomic_compare_exchange_n (&changed->current, &current, number,
                                          false, __ATOMIC_RELEASE,
                                          __ATOMIC_RELAXED))
    continue;
}

void
guest_names_node (const struct guest_names *names, char text[65])
{
  text[0] = '\0';
  if (names != NULL)
    read_name (&names->new_node, names->node, text);
}

void
guest_names_domain (const struct guest_names *names, char text[65])
{
  text[0] = '\0';
  if (names != NULL)
    read_name (&names->new_domain, names->domain, text);
}

/* What uname shows of the machine to whom personality says 32 bits.  */
#if defined __x86_64__
#  define MACHINE_32 "i686"
#else
#  define MACHINE_32 "armv8l"
#endif

/* Write the COUNT texts of NAME, cut to SIZE bytes each.  */
static int
write_short_names (struct guest_task *task, uint64_t address,
                   const struct k_utsname *name, int count, size_t size)
{
  const char *from = name->sysname;
  char fields[5 * 65];

  for (int field = 0; field < count; field++, from += sizeof name->sysname)
    {
      for (size_t i = 0; i < size - 1; i++)
        fields[(size_t) field * size + i] = from[i];
      fields[(size_t) (field + 1) * size - 1] = '\0';
    }
  return task->guest->ops->write (task, address, fields, (size_t) count * size);
}

/* uname, olduname, oldolduname.  */
enum guest_verdict
guest_enter_uname (struct guest_task *task, struct guest_call *call)
{
  struct guest *guest = task->guest;
  const struct guest_names *names = guest->names;
  struct k_utsname name = { .sysname = "" };
  char text[65];
  int64_t status = host_call (guest, K_NR_uname, host_pointer (&name), 0, 0, 0);

  if (status < 0)
    return guest_answer (call, status);
  if (names != NULL)
    {
      guest_names_node (names, text);
      put_name (name.nodename, text);
      guest_names_domain (names, text);
      put_name (name.domainname, text);
      put_name (name.sysname, names->system);
      put_name (name.release, names->release);
      put_name (name.version, names->version);
      put_name (name.machine, names->machine);
    }
  if (task->linux32)
    put_name (name.machine, MACHINE_32);
  switch ((enum guest_layout) call->rule->layout)
    {
    case GUEST_LAYOUT_OLD:
      return guest_answer (
          call, write_short_names (task, call->arg[0], &name, 5, 65));
    case GUEST_LAYOUT_OLDER:
      return guest_answer (call,
                           write_short_names (task, call->arg[0], &name, 5, 9));
    case GUEST_LAYOUT_WORDS:
    case GUEST_LAYOUT_WIDE:
      break;
    }
  return guest_answer (
      call, guest->ops->write (task, call->arg[0], &name, sizeof name));
}

/* personality runs, and is noted for uname.  */
enum guest_verdict
guest_enter_personality (struct guest_task *task, struct guest_call *call)
{
  (void) task;
  return (uint32_t) call->arg[0] == UINT32_MAX ? GUEST_PASS : GUEST_RUN_EXIT;
}

void
guest_leave_personality (struct guest_task *task, struct guest_call *call)
{
  if (call->result >= 0)
    task->linux32 = (call->arg[0] & K_PER_MASK) == K_PER_LINUX32;
}

/* sethostname, setdomainname: only what the container is told changes.  */
enum guest_verdict
guest_enter_sethostname (struct guest_task *task, struct guest_call *call)
{
  struct guest *guest = task->guest;
  bool is_node = call->rule->number[GUEST_X86_64] == 170;
  char buffer[65];

  if (guest->names == NULL || !guest->identity.root
      || !guest_ids_can (&task->ids, GUEST_CAP_SYS_ADMIN))
    return guest_answer (call, -K_EPERM);
  if (call->arg[1] > 64)
    return guest_answer (call, -K_EINVAL);
  int status =
      guest->ops->read (task, call->arg[0], buffer, (size_t) call->arg[1]);
  if (status < 0)
    return guest_answer (call, status);
  say_name (is_node ? &guest->names->new_node : &guest->names->new_domain,
            buffer, (size_t) call->arg[1]);
  return guest_answer (call, 0);
}

/* waitid, whose result has a user id.  */
enum guest_verdict
guest_enter_waitid (struct guest_task *task, struct guest_call *call)
{
  (void) task;
  (void) call;
  return GUEST_RUN_EXIT;
}

void
guest_leave_waitid (struct guest_task *task, struct guest_call *call)
{
  /* Where words have 64 bits what depends on the signal begins at one.  */
  const uint64_t place = call->arg[2] + (guest_word_size (call) == 8 ? 20 : 16);
  const struct guest_ops *ops = task->guest->ops;
  const struct guest_identity *identity = &task->guest->identity;
  uint32_t uid;

  if (call->result == 0 && ops->read (task, place, &uid, sizeof uid) == 0
      && uid == identity->host_uid)
    (void) ops->write (task, place, &identity->uid, sizeof uid);
}

enum guest_verdict
guest_enter_clone (struct guest_task *task, struct guest_call *call)
{
  (void) task;
  if (call->arg[0] & CLONE_REFUSED)
    return guest_answer (call, -K_EPERM);
  call->arg[0] &= ~(uint64_t) CLONE_UNTRACED;
  return GUEST_RUN;
}
