/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   The way into the handlers, and the plain one for calls with paths.  */

#include "lib/guest/handlers.h"
#include "lib/guest/prefix.h"
#include "lib/guest/read-only.h"

/* Find out what the host's kernel lacks.  A sandbox around us may refuse
   what the kernel has: any error but the expected one counts.  */
static void
probe (struct guest *guest)
{
  uint64_t word[32];
  int fd =
      host_openat2 (guest, guest->anchors[0], ".", K_O_PATH | K_O_DIRECTORY,
                    K_RESOLVE_IN_ROOT | K_RESOLVE_NO_SYMLINKS);

  guest->missing = fd < 0 ? (uint32_t) GUEST_LACKS_OPENAT2 : 0;
  host_close (guest, fd);
  if (guest->ops->system_call (guest, K_NR_statx, host_fd (guest->anchors[0]),
                               host_pointer (""), K_AT_EMPTY_PATH,
                               K_STATX_BASIC, host_pointer (word), 0)
      < 0)
    guest->missing |= GUEST_LACKS_STATX;
  if (host_call (guest, K_NR_faccessat2, host_fd (guest->anchors[0]),
                 host_pointer (""), 0, K_AT_EMPTY_PATH)
      < 0)
    guest->missing |= GUEST_LACKS_FACCESSAT2;
  /* What it says of arguments of no size, where it is known.  */
  if (guest->ops->system_call (guest, K_NR_getxattrat,
                               host_fd (guest->anchors[0]), host_pointer (""),
                               K_AT_EMPTY_PATH, host_pointer (""), 0, 0)
      != -K_EINVAL)
    guest->missing |= GUEST_LACKS_GETXATTRAT;
}

int
guest_start (struct guest *guest)
{
  if (!guest_view_is_sound (guest->view, guest->view->size))
    return -K_EINVAL;
  for (enum guest_abi abi = 0; abi < GUEST_ABI_COUNT; abi++)
    {
      for (size_t i = 0; i < GUEST_CALL_LIMIT; i++)
        guest->row[abi][i] = 0;
      for (size_t i = 0; i < guest_rule_count; i++)
        {
          int number = guest_rule_number (&guest_rules[i], abi);
          if (number >= 0)
            guest->row[abi][number] = (uint16_t) (i + 1);
        }
    }
  guest->next_directory = 0;
  for (size_t i = 0;
       i < sizeof guest->kept_directories / sizeof *guest->kept_directories;
       i++)
    guest->kept_directories[i] = -1;
  probe (guest);
  guest_view_changed (guest);
  guest->listed_next = 0;
  for (size_t i = 0; i < sizeof guest->listed / sizeof guest->listed[0]; i++)
    guest->listed[i].pid = 0;
  return 0;
}

void
guest_task_init (struct guest_task *task, struct guest *guest,
                 struct guest_fs *fs, const struct guest_ids *ids)
{
  task->guest = guest;
  task->fs = fs;
  task->ids = *ids;
  task->linux32 = false;
  task->prefixes = NULL;
  task->turn = 0;
  task->parked_count = 0;
}

void
guest_task_clone (struct guest_task *child, const struct guest_task *parent,
                  struct guest_fs *fs)
{
  child->guest = parent->guest;
  child->ids = parent->ids;
  child->linux32 = parent->linux32;
  if (fs != NULL)
    guest_fs_copy (fs, parent->fs);
  else
    {
      fs = parent->fs;
      (void) __atomic_fetch_add (&fs->references, 1, __ATOMIC_RELAXED);
    }
  child->fs = fs;
  child->prefixes = NULL;
  child->turn = 0;
  child->parked_count = 0;
}

void
guest_task_release (struct guest_task *task)
{
  /* A call that was begun was not made.  */
  if (task->turn != 0)
    guest_turn_end (task, false);
  while (task->parked_count > 0)
    host_close (task->guest, task->parked[--task->parked_count]);
}

/* Return whether the test of RULE says that CALL need not stop.  */
static bool
passes_test (const struct guest_rule *rule, const struct guest_call *call)
{
  uint64_t value = call->arg[rule->test_arg];

  switch ((enum guest_test) rule->test)
    {
    case GUEST_TEST_NONE:
      break;
    case GUEST_TEST_NOT_NULL:
      return value == 0;
    case GUEST_TEST_BITS:
      return (value & rule->test_bits) == 0;
    case GUEST_TEST_CHOICE:
      return value >= 32 || !(rule->test_bits >> value & 1);
    }
  return false;
}

enum guest_verdict
guest_enter_rule (struct guest_task *task, struct guest_call *call,
                  const struct guest_rule *rule)
{
  const struct guest *guest = task->guest;
  int error = 0;

  call->rule = rule;
  switch (guest_rule_action (guest, rule, &error))
    {
    case GUEST_ACTION_ALLOW:
      return GUEST_PASS;
    case GUEST_ACTION_ERROR:
      return guest_answer (call, -error);
    case GUEST_ACTION_STOP:
      break;
    }
  if (rule->kind == GUEST_PROGRAM)
    return GUEST_EXEC;
  if (guest_rule_is_of_descriptor (rule) && guest->view->read_only)
    {
      int status =
          passes_test (rule, call)
              ? 0
              : guest_refuse_descriptor (task, guest_argument_fd (call, 0));
      if (status < 0)
        return guest_answer (call, status);
      if (rule->enter == NULL
          || (rule->kind == GUEST_IDS && !guest->identity.emulated
              && !rule->closes))
        return GUEST_PASS;
    }
  if (passes_test (rule, call))
    return GUEST_PASS;
  return rule->enter != NULL ? rule->enter (task, call)
                             : guest_enter_paths (task, call);
}

/* Enter CALL as guest_enter does, inside TASK's process.  */
static enum guest_verdict
enter_inside (struct guest_task *task, struct guest_call *call)
{
  call->tries = call->watches = false;
  call->given_number = call->number;
  for (int i = 0; i < 6; i++)
    call->given[i] = call->arg[i];
  bool is_other = guest_form_at (call);

  enum guest_verdict verdict = guest_enter_rule (
      task, call, guest_rule_of (task->guest, call->abi, call->number));
  if (verdict == GUEST_ANSWER)
    guest_task_release (task);
  call->leaves = verdict == GUEST_RUN_EXIT;
  if (verdict == GUEST_RUN || verdict == GUEST_PASS)
    {
      /* There is more to be done than the rule knows.  */
      if (task->turn != 0 || call->watches || call->tries)
        return GUEST_RUN_EXIT;
      if (is_other)
        return GUEST_RUN;
    }
  return verdict;
}

enum guest_verdict
guest_enter (struct guest_task *task, struct guest_call *call)
{
  const struct guest *guest = task->guest;

  guest_task_release (task);
  call->packed = false;
  call->careful = 0;
  if (guest->inside)
    return enter_inside (task, call);
  call->tries = call->watches = false;
  call->leaves = true;
  return guest_enter_rule (task, call,
                           guest_rule_of (guest, call->abi, call->number));
}

/* CALL met a link that nobody had looked for: enter it again, and look.  Return
   whether it is to be run.  */
static bool
enter_again (struct guest_task *task, struct guest_call *call)
{
  guest_task_release (task);
  call->number = call->given_number;
  for (int i = 0; i < 6; i++)
    call->arg[i] = call->given[i];
  call->careful++;
  return enter_inside (task, call) != GUEST_ANSWER;
}

bool
guest_leave (struct guest_task *task, struct guest_call *call)
{
  if (call->packed)
    for (int i = 0; i < 6; i++)
      call->arg[i] = call->inner[i];
  if (call->tries && call->result == -K_ELOOP)
    return enter_again (task, call);
  if (task->turn != 0)
    guest_turn_end (task, call->result >= 0);
  if (call->watches)
    guest_turn_watched (task, call);
  if (call->leaves && call->rule->leave != NULL)
    call->rule->leave (task, call);
  return false;
}

unsigned int
guest_path_final (const struct guest_call *call, int which)
{
  const struct guest_path_argument *path = &call->rule->path[which];
  uint64_t flags = path->flags >= 0 ? call->arg[path->flags] : 0;
  unsigned int empty = flags & K_AT_EMPTY_PATH ? GUEST_FINAL_EMPTY : 0;

  switch ((enum guest_path_kind) path->kind)
    {
    case GUEST_PATH_NONE:
    case GUEST_PATH_FOLLOW:
      break;
    case GUEST_PATH_NOFOLLOW:
      return GUEST_FINAL_NOFOLLOW;
    case GUEST_PATH_REMOVE: /* not even followed when a slash comes last */
    case GUEST_PATH_CREATE:
      return GUEST_FINAL_CREATE;
    case GUEST_PATH_AT_NOFOLLOW:
      return empty
             | (flags & K_AT_SYMLINK_NOFOLLOW ? GUEST_FINAL_NOFOLLOW
                                              : GUEST_FINAL_FOLLOW);
    case GUEST_PATH_AT_FOLLOW:
      return empty
             | (flags & K_AT_SYMLINK_FOLLOW ? GUEST_FINAL_FOLLOW
                                            : GUEST_FINAL_NOFOLLOW);
    }
  return GUEST_FINAL_FOLLOW;
}

int
guest_resolve_argument (struct guest_task *task, const struct guest_call *call,
                        int which, unsigned int final,
                        struct guest_found *found)
{
  const struct guest_path_argument *path = &call->rule->path[which];
  return guest_resolve_at (task, guest_argument_fd (call, path->dir),
                           call->arg[path->path], final, found);
}

int
guest_park (struct guest_task *task, int fd)
{
  struct guest *guest = task->guest;

  if (guest->inside && guest->spare > 0)
    {
      /* Behind the numbers of directories (socket.c).  */
      uint64_t from = (uint64_t) guest->spare + GUEST_SPARE_SHARED;
      int other = (int) host_call (guest, K_NR_fcntl, host_fd (fd),
                                   K_F_DUPFD_CLOEXEC, from, 0);
      if (other >= 0)
        {
          host_close (guest, fd);
          fd = other;
        }
    }
  /* No call has so many paths.  */
  if (task->parked_count == sizeof task->parked / sizeof *task->parked)
    host_close (guest, task->parked[--task->parked_count]);
  task->parked[task->parked_count++] = fd;
  return fd;
}

/* The anchor of FOUND is the path's own, which TASK needs until the call has
   been run: keep it.  */
static void
park_anchor (struct guest_task *task, struct guest_found *found)
{
  for (int i = 0; i < 2; i++)
    if (found->binding == GUEST_OUTSIDE && found->owned[i] >= 0
        && found->owned[i] == found->anchor)
      {
        found->anchor = guest_park (task, found->owned[i]);
        found->owned[i] = -1;
      }
}

/* Return whether FOUND is a file that its anchor is.  */
static bool
is_anchor_file (const struct guest *guest, const struct guest_found *found)
{
  if (found->length > found->path || found->directory)
    return false;
  return found->binding == GUEST_OUTSIDE
         || (guest->view->binding[found->binding].flags & GUEST_BINDING_FILE);
}

/* Make path argument WHICH of CALL, which has a descriptor, name FOUND by
   its anchor.  */
static int
put_by_anchor (struct guest_task *task, struct guest_call *call, int which,
               const struct guest_found *found)
{
  const struct guest_path_argument *argument = &call->rule->path[which];
  const char *path = guest_found_path (found);
  size_t length = found->length - found->path;
  char ended[GUEST_PATH_SIZE];

  if (found->virtual)
    return -K_ENOENT;
  if (length == 0)
    {
      path = ".";
      length = 1;
    }
  else if (found->directory)
    {
      struct guest_text text;
      guest_text_init (&text, ended, sizeof ended);
      guest_text_add_bytes (&text, path, length);
      guest_text_add (&text, found->last == GUEST_LAST_NORMAL ? "/" : "/.");
      if (text.overflows)
        return -K_ENAMETOOLONG;
      path = ended;
      length = text.length;
    }
  if (length >= GUEST_PATH_SIZE)
    return -K_ENAMETOOLONG;
  int status = task->guest->ops->scratch (task, path, length + 1,
                                          &call->arg[argument->path]);
  if (status == 0)
    call->arg[argument->dir] = host_fd (found->anchor);
  return status;
}

/* The same by a host path.  */
static int
put_by_name (struct guest_task *task, struct guest_call *call, int which,
             const struct guest_found *found)
{
  const struct guest_path_argument *argument = &call->rule->path[which];
  char host[GUEST_PATH_SIZE];

  int length = guest_found_host (task, found, host, sizeof host);
  if (length < 0)
    return length;
  int status = task->guest->ops->scratch (task, host, (size_t) length + 1,
                                          &call->arg[argument->path]);
  if (status == 0 && argument->dir >= 0)
    call->arg[argument->dir] = (uint64_t) (int64_t) K_AT_FDCWD;
  return status;
}

int
guest_put_path (struct guest_task *task, struct guest_call *call, int which,
                struct guest_found *found)
{
  struct guest *guest = task->guest;

  if (found->untouched)
    return 0;
  park_anchor (task, found);
  return guest->inside && call->rule->path[which].dir >= 0
                 && !is_anchor_file (guest, found)
             ? put_by_anchor (task, call, which, found)
             : put_by_name (task, call, which, found);
}

int
guest_resolve_plain (struct guest_task *task, const struct guest_call *call,
                     int which, struct guest_found *found)
{
  struct guest *guest = task->guest;
  unsigned int final = guest_path_final (call, which);
  unsigned int tries =
      guest->inside ? guest_may_try (task, GUEST_FINAL_TRY_LAST) : 0;
  int result = guest_resolve_argument (task, call, which, final | tries, found);

  if (result < 0 || !found->unproved)
    return result;
  struct guest_place place = guest_place_of (found);
  result = guest_place_type (guest, &place);
  if (result >= 0 && result != K_S_IFLNK)
    return 0;
  guest_found_release (guest, found);
  return result < 0 ? result
                    : guest_resolve_argument (
                        task, call, which, final | GUEST_FINAL_IS_LINK, found);
}

/* Resolve and put path argument WHICH of CALL.  Return 0 when the argument
   is as it was, 1 when it was replaced, or a negative errno.  */
static int
translate (struct guest_task *task, struct guest_call *call, int which)
{
  const struct guest_rule *rule = call->rule;
  struct guest_found found;
  int status = guest_resolve_plain (task, call, which, &found);

  if (status < 0)
    return status;
  if (rule->changes && guest_found_is_read_only (task->guest, &found))
    status = guest_refuse_change (task->guest, call, which, &found);
  else if (found.virtual && rule->path[which].kind == GUEST_PATH_CREATE)
    status = -K_EEXIST;
  else
    status = guest_put_path (task, call, which, &found);
  guest_found_release (task->guest, &found);
  return status < 0 ? status : !found.untouched;
}

enum guest_verdict
guest_enter_paths (struct guest_task *task, struct guest_call *call)
{
  int replaced = 0;

  for (int i = 0; i < 2 && call->rule->path[i].kind != GUEST_PATH_NONE; i++)
    {
      int status = translate (task, call, i);
      if (status < 0)
        return guest_answer (call, status);
      replaced += status;
    }
  return replaced > 0 ? GUEST_RUN : GUEST_PASS;
}

void
guest_fd_path (const struct guest_task *task, int fd, char *path, size_t size)
{
  struct guest_text text;
  guest_text_init (&text, path, size);
  guest_text_add (&text, "/proc/");
  guest_text_add_number (&text, task->tid);
  guest_text_add (&text, "/fd/");
  guest_text_add_number (&text, fd);
}
