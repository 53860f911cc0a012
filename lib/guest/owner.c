/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Calls that change owner and mode, and those that make files, whose owner
   and mode may be others than the host's: under fake root they are
   remembered.  */

#include "lib/guest/attributes.h"
#include "lib/guest/handlers.h"
#include "lib/guest/path-private.h"
#include "lib/guest/prefix.h"
#include "lib/guest/read-only.h"
#include "lib/guest/record.h"
#include "lib/guest/unlock.h"

/* What a call that changes owner or mode is about.  */
struct subject
{
  struct guest_place place;
  struct k_stat real;       /* as the host sees it */
  struct guest_shown shown; /* as the container sees it */
};

/* Fill SUBJECT for PLACE.  */
static int
look_at (struct guest *guest, struct subject *subject)
{
  struct guest_place *place = &subject->place;
  int result = guest_place_look (guest, place, &subject->real);
  if (result < 0)
    return result;
  subject->shown =
      (struct guest_shown){ subject->real.st_uid, subject->real.st_gid,
                            subject->real.st_mode, subject->real.st_rdev };
  guest_show_owner (guest, place, subject->real.st_dev, subject->real.st_ino,
                    &subject->shown);
  return 0;
}

/* Remember OWNER for SUBJECT.  */
static int
remember (struct guest *guest, const struct subject *subject,
          const struct guest_owner *owner)
{
  if (guest->owners == NULL)
    return 0;
  struct guest_file_key key = { subject->real.st_dev, subject->real.st_ino,
                                guest_place_birth (guest, &subject->place) };
  return guest_owners_put (guest->owners, &key, owner);
}

/* Note whether SUBJECT, whose record has changed, is a directory whose group
   goes to what is made in it.  */
static void
note_inheritance (struct guest *guest, const struct subject *subject)
{
  if (guest->owners == NULL || guest->owners->inherits
      || (subject->real.st_mode & K_S_IFMT) != K_S_IFDIR)
    return;
  struct guest_owner_record record;
  if (!guest_owners_find (guest->owners, subject->real.st_dev,
                          subject->real.st_ino, &record))
    return;
  uint32_t mode = record.owner.known & GUEST_OWNER_MODE ? record.owner.mode
                                                        : subject->real.st_mode;
  if ((record.owner.known & GUEST_OWNER_GID) && (mode & K_S_ISGID))
    __atomic_store_n (&guest->owners->inherits, true, __ATOMIC_RELAXED);
}

/* Really give the file of SUBJECT the permission bits MODE.  */
static int
host_chmod (struct guest *guest, const struct subject *subject, uint32_t mode)
{
  const struct guest_place *place = &subject->place;
  char path[40];
  struct guest_text text;

  if (!(place->flags & K_AT_EMPTY_PATH))
    return (int) host_call (guest, K_NR_fchmodat, host_fd (place->dir),
                            host_pointer (place->path), mode, 0);
  guest_text_init (&text, path, sizeof path);
  guest_add_fd (guest, &text, place->dir);
  return (int) host_call (guest, K_NR_fchmodat, host_fd (K_AT_FDCWD),
                          host_pointer (path), mode, 0);
}

/* Take from SUBJECT what the container gave it by setcap.  */
static void
forget_capabilities (struct guest *guest, const struct subject *subject)
{
  if (guest->owners == NULL)
    return;
  struct guest_owner_record record;
  if (guest_record_find (guest, &subject->place, subject->real.st_dev,
                         subject->real.st_ino, &record)
      && record.attributes != 0)
    (void) guest_attribute_remove (guest->owners, &record.key,
                                   "security.capability");
}

/* Return whether a task with IDS may give SUBJECT to UID and GID (-1: as it
   is), by the kernel's rules.  */
static bool
may_chown (const struct guest_ids *ids, const struct subject *subject,
           uint32_t uid, uint32_t gid)
{
  if (guest_ids_can (ids, GUEST_CAP_CHOWN))
    return true;
  if (ids->fsuid != subject->shown.uid)
    return false;
  return (uid == UINT32_MAX || uid == subject->shown.uid)
         && (gid == UINT32_MAX || gid == subject->shown.gid
             || guest_ids_in_group (ids, gid));
}

/* Return a descriptor of SUBJECT's file, which is to be closed when *OPENED, or
   a negative error.  */
static int
open_subject (struct guest *guest, const struct subject *subject, bool *opened)
{
  const struct guest_place *place = &subject->place;
  bool is_here = place->flags & K_AT_EMPTY_PATH;

  *opened = false;
  if (is_here && place->dir != GUEST_AT_CWD)
    return place->dir;
  int fd = host_openat (
      guest, place->dir, is_here ? "." : place->path,
      K_O_PATH | (place->flags & K_AT_SYMLINK_NOFOLLOW ? K_O_NOFOLLOW : 0));
  *opened = fd >= 0;
  return fd;
}

/* Return whether SUBJECT belongs to others and lies where that stays so
   (GUEST_BINDING_TRUE).  An administrator could change it.  */
static bool
is_others (struct guest *guest, const struct subject *subject)
{
  uint32_t host_uid = guest->identity.host_uid;
  bool opened;

  if (subject->real.st_uid == host_uid || host_uid == 0)
    return false;
  int fd = open_subject (guest, subject, &opened);
  uint32_t binding =
      fd < 0 ? GUEST_OUTSIDE : guest_place_binding (guest, fd, 0);
  if (opened)
    host_close (guest, fd);
  return binding != GUEST_OUTSIDE
         && (guest->view->binding[binding].flags & GUEST_BINDING_TRUE);
}

/* Give SUBJECT to UID and GID as far as the container can tell.  */
static int
change_owner (struct guest_task *task, struct subject *subject, uint32_t uid,
              uint32_t gid)
{
  struct guest *guest = task->guest;
  struct guest_owner owner = { 0 };

  if (!may_chown (&task->ids, subject, uid, gid))
    return -K_EPERM;
  if (uid != UINT32_MAX && uid != subject->shown.uid)
    {
      owner.known |= GUEST_OWNER_UID;
      owner.uid = uid;
    }
  if (gid != UINT32_MAX && gid != subject->shown.gid)
    {
      owner.known |= GUEST_OWNER_GID;
      owner.gid = gid;
    }
  if (owner.known != 0 && is_others (guest, subject))
    return -K_EPERM;

  /* The kernel takes set-id bits from a program that is given away.  */
  uint32_t mode = subject->shown.mode;
  if ((mode & K_S_IFMT) == K_S_IFREG
      && (mode & K_S_ISUID || (mode & 02010) == 02010))
    {
      mode &= ~(uint32_t) K_S_ISUID;
      if ((mode & 02010) == 02010)
        mode &= ~(uint32_t) K_S_ISGID;
      owner.known |= GUEST_OWNER_MODE;
      owner.mode = mode & 07777;
      (void) host_chmod (guest, subject,
                         subject->real.st_mode & 01777); /* shown anyway */
    }
  /* And the capabilities.  */
  if ((mode & K_S_IFMT) == K_S_IFREG)
    forget_capabilities (guest, subject);
  if (owner.known == 0)
    return 0;
  int result = remember (guest, subject, &owner);
  note_inheritance (guest, subject);
  return result;
}

/* Return the permission bits that we need on a file with MODE (its type
   counts) so that we are not locked out; a link has none.  */
static uint32_t
needed_mode (uint32_t mode)
{
  switch (mode & K_S_IFMT)
    {
    case K_S_IFDIR:
      return 0700;
    case K_S_IFLNK:
      return 0;
    }
  return 0600;
}

void
guest_mode_changed (struct guest *guest, const struct guest_place *place)
{
  struct subject subject = { .place = *place };
  struct guest_owner_record record;

  if (look_at (guest, &subject) < 0)
    return;
  uint32_t mode = subject.real.st_mode & 07777;
  uint32_t needed = needed_mode (subject.real.st_mode);
  bool is_known = guest_record_find (guest, place, subject.real.st_dev,
                                     subject.real.st_ino, &record)
                  && (record.owner.known & GUEST_OWNER_MODE);
  struct guest_owner owner = { .known = GUEST_OWNER_MODE, .mode = mode };
  if (is_known)
    owner.mode = (record.owner.mode & 07000) | (mode & 0777);
  if ((mode & needed) != needed)
    (void) host_chmod (guest, &subject, mode | needed);
  if (is_known || (mode & needed) != needed)
    (void) remember (guest, &subject, &owner); /* best effort */
}

/* Have the engine give SUBJECT the permission bits MODE in the end.  */
static void
restore_mode (struct guest *guest, const struct subject *subject, uint32_t mode)
{
  bool opened;
  int fd = open_subject (guest, subject, &opened);
  if (fd < 0)
    return;
  guest->ops->restore_mode (guest, fd, mode);
  if (opened)
    host_close (guest, fd);
}

/* Give SUBJECT the permission bits MODE as far as the container can tell,
   and really as far as we do not lock ourselves out.  */
static int
change_mode (struct guest_task *task, struct subject *subject, uint32_t mode)
{
  struct guest *guest = task->guest;

  if (!guest_ids_can (&task->ids, GUEST_CAP_FOWNER)
      && task->ids.fsuid != subject->shown.uid)
    return -K_EPERM;

  uint32_t type = subject->real.st_mode & K_S_IFMT;
  if (type == K_S_IFLNK)
    return -K_EOPNOTSUPP;
  mode &= 07777;
  uint32_t kept = mode | needed_mode (subject->real.st_mode);
  int result = host_chmod (guest, subject, kept);
  if (result < 0
      && (result != -K_EPERM
          || (mode != (subject->shown.mode & 07777)
              && is_others (guest, subject))))
    return result;

  /* Set-id bits are remembered even where they are real: the host takes them
     away from what root of the container may write to, and refuses them for
     a group of which we are no member.  */
  bool is_real =
      kept == mode && result == 0 && (mode & (K_S_ISUID | K_S_ISGID)) == 0;
  struct guest_owner_record record;
  bool has_record = guest->owners != NULL
                    && guest_owners_find (guest->owners, subject->real.st_dev,
                                          subject->real.st_ino, &record);
  if (is_real && !has_record)
    return 0;
  if (guest_may_unlock (task))
    restore_mode (guest, subject, mode);
  /* A file that was made without permissions, as dpkg makes all, and gets them
     now: nothing has to be remembered any more.  */
  if (is_real && (record.owner.known & ~(uint32_t) GUEST_OWNER_MODE) == 0
      && record.attributes == 0)
    {
      guest_owners_forget (guest->owners, subject->real.st_dev,
                           subject->real.st_ino);
      return 0;
    }
  struct guest_owner owner = { .known = GUEST_OWNER_MODE, .mode = mode };
  result = remember (guest, subject, &owner);
  note_inheritance (guest, subject);
  return result;
}

/* Carry out CHANGE for path argument 0 of CALL.  */
static enum guest_verdict
change_path (struct guest_task *task, struct guest_call *call, uint32_t one,
             uint32_t other, bool is_mode)
{
  struct guest *guest = task->guest;
  struct guest_found found;
  struct subject subject;
  unsigned int final = guest_path_final (call, 0) | GUEST_FINAL_OBJECT;
  unsigned int tries = guest_may_try (task, GUEST_FINAL_TRY_LAST);
  int looked;
  int result;

  for (;; tries = GUEST_FINAL_IS_LINK)
    {
      result = guest_resolve_argument (task, call, 0, final | tries, &found);
      if (result < 0)
        return guest_answer (call, result);
      subject.place = guest_place_of (&found);
      looked = found.virtual ? 0 : look_at (guest, &subject);
      if (!found.unproved || looked < 0
          || (subject.real.st_mode & K_S_IFMT) != K_S_IFLNK)
        break;
      guest_found_release (guest, &found);
    }
  if (found.virtual || guest_found_is_read_only (guest, &found))
    result = guest_refuse_change (guest, call, 0, &found);
  else if (looked < 0)
    result = looked;
  else
    result = is_mode ? change_mode (task, &subject, one)
                     : change_owner (task, &subject, one, other);
  guest_found_release (guest, &found);
  return guest_answer (call, result);
}

/* The same for descriptor FD.  */
static enum guest_verdict
change_fd (struct guest_task *task, struct guest_call *call, uint32_t one,
           uint32_t other, bool is_mode)
{
  struct guest *guest = task->guest;
  struct subject subject;
  bool owned = false;
  int fd = guest_descriptor (task, (int) (uint32_t) call->arg[0], &owned);
  if (fd < 0)
    return guest_answer (call, fd);
  subject.place = guest_place_of_fd (fd);
  int result = look_at (guest, &subject);
  if (result == 0)
    result = is_mode ? change_mode (task, &subject, one)
                     : change_owner (task, &subject, one, other);
  if (owned)
    host_close (guest, fd);
  return guest_answer (call, result);
}

/* chown, lchown, fchownat.  */
enum guest_verdict
guest_enter_chown (struct guest_task *task, struct guest_call *call)
{
  int at = call->rule->path[0].path;

  if (!task->guest->identity.root)
    return guest_enter_paths (task, call);
  return change_path (task, call, guest_argument_id (call, at + 1),
                      guest_argument_id (call, at + 2), false);
}

enum guest_verdict
guest_enter_fchown (struct guest_task *task, struct guest_call *call)
{
  if (!task->guest->identity.root)
    return GUEST_PASS;
  return change_fd (task, call, guest_argument_id (call, 1),
                    guest_argument_id (call, 2), false);
}

/* A directory that is closed turns names (prefix.h): say that TASK does so, if
   PATH, an address, from DIR is one, or with PATH 0 DIR itself.  Where root is
   faked no directory is ever closed; and where turns are kept all addresses are
   ours.  */
static void
turn_directory (struct guest_task *task, int dir, uint64_t path)
{
  struct guest *guest = task->guest;

  if (guest->turns == NULL)
    return;
  /* What a tracer passes on lies in another process.  */
  if (!guest->inside)
    {
      guest_turn_begin (task);
      return;
    }
  int fd = (int) host_call (guest, K_NR_openat, host_fd (dir),
                            path != 0 ? path : host_pointer ("."),
                            K_O_PATH | K_O_DIRECTORY | K_O_CLOEXEC, 0);
  host_close (guest, fd);
  if (fd != -K_ENOTDIR)
    guest_turn_begin (task);
}

/* chmod, fchmodat, fchmodat2.  */
enum guest_verdict
guest_enter_chmod (struct guest_task *task, struct guest_call *call)
{
  int at = call->rule->path[0].path;

  if (!task->guest->identity.root)
    {
      enum guest_verdict verdict = guest_enter_paths (task, call);
      int dir = call->rule->path[0].dir;
      if (verdict != GUEST_ANSWER)
        turn_directory (task,
                        dir >= 0 ? (int) (uint32_t) call->arg[dir] : K_AT_FDCWD,
                        call->arg[at]);
      return verdict;
    }
  return change_path (task, call, (uint32_t) call->arg[at + 1], 0, true);
}

enum guest_verdict
guest_enter_fchmod (struct guest_task *task, struct guest_call *call)
{
  if (!task->guest->identity.root)
    {
      turn_directory (task, (int) (uint32_t) call->arg[0], 0);
      return GUEST_PASS;
    }
  return change_fd (task, call, (uint32_t) call->arg[1], 0, true);
}

uint32_t
guest_inherited_group (struct guest_task *task, const struct guest_call *call)
{
  struct guest *guest = task->guest;
  struct guest_found found;
  struct subject subject;
  char path[GUEST_PATH_SIZE];
  uint32_t group = UINT32_MAX;

  if (guest->owners == NULL || !guest->owners->inherits
      || guest_resolve_argument (task, call, 0, GUEST_FINAL_CREATE, &found) < 0)
    return group;
  const char *name = guest_found_path (&found);
  size_t length = 0;
  for (size_t i = 0; name[i] != '\0'; i++)
    if (name[i] == '/')
      length = i;
  struct guest_text text;
  guest_text_init (&text, path, sizeof path);
  guest_text_add_bytes (&text, name, length);
  subject.place = length > 0 ? (struct guest_place){ found.anchor, path, 0 }
                             : guest_place_of_fd (found.anchor);
  if (!found.virtual && !text.overflows && look_at (guest, &subject) == 0
      && (subject.shown.mode & K_S_ISGID))
    group = subject.shown.gid;
  guest_found_release (guest, &found);
  return group;
}

/* A file that is being made: what guest_leave is to remember of it is in
   member kept of the call: [0] and [1] the descriptor and the address of the
   path as the program gave them (0: the result is a descriptor), [2] the
   type of a device and the permission bits that were added for us alone, and
   above 32 bits the group and 1, where it is an inherited one, [3] the
   device's number.  */
enum guest_verdict
guest_make (struct guest_task *task, struct guest_call *call,
            enum guest_verdict verdict, int dir, uint64_t path, uint32_t group,
            uint32_t type_and_added)
{
  const struct guest_identity *identity = &task->guest->identity;
  bool is_other =
      identity->root
      && (task->ids.fsuid != identity->uid || task->ids.fsgid != identity->gid
          || group != UINT32_MAX || task->fs->masks_owner);

  if (verdict == GUEST_ANSWER || (!is_other && type_and_added == 0))
    return verdict;
  call->kept[0] = (uint64_t) (int64_t) dir;
  call->kept[1] = path;
  call->kept[2] = type_and_added;
  if (group != UINT32_MAX)
    call->kept[2] |= ((uint64_t) group + 1) << 32;
  return GUEST_RUN_EXIT;
}

/* umask: remember that one took rights from the owner, which the host's
   owner, whom the container's root is, has to have.  */
enum guest_verdict
guest_enter_umask (struct guest_task *task, struct guest_call *call)
{
  if (call->arg[0] & 0700)
    task->fs->masks_owner = true;
  return GUEST_PASS;
}

uint32_t
guest_add_mode (const struct guest_task *task, uint64_t *mode, uint32_t needed)
{
  uint32_t added = needed & ~(uint32_t) *mode;

  if (!task->guest->identity.root || task->guest->owners == NULL)
    return 0;
  *mode |= added;
  return added;
}

/* Remember of the file at PLACE what CALL made it to be.  */
static void
remember_made (struct guest_task *task, const struct guest_call *call,
               const struct guest_place *place)
{
  const struct guest_identity *identity = &task->guest->identity;
  struct subject subject = { .place = *place };
  struct guest_owner owner = { 0 };
  uint32_t added = (uint32_t) call->kept[2] & 07777;
  uint32_t type = (uint32_t) call->kept[2] & K_S_IFMT;
  uint32_t group = (uint32_t) (call->kept[2] >> 32) - 1;

  if (look_at (task->guest, &subject) < 0)
    return;
  if (group == UINT32_MAX)
    group = task->ids.fsgid;
  if (task->ids.fsuid != identity->uid)
    {
      owner.known |= GUEST_OWNER_UID;
      owner.uid = task->ids.fsuid;
    }
  if (group != identity->gid)
    {
      owner.known |= GUEST_OWNER_GID;
      owner.gid = group;
    }
  uint32_t mode = subject.real.st_mode & 07777;
  uint32_t needed = needed_mode (subject.real.st_mode);
  bool is_masked = task->fs->masks_owner && (mode & needed) != needed;
  if (is_masked)
    (void) host_chmod (task->guest, &subject, mode | needed);
  if (added != 0 || is_masked)
    {
      owner.known |= GUEST_OWNER_MODE;
      owner.mode |= mode & ~added;
    }
  if (type != 0)
    {
      owner.known |= GUEST_OWNER_TYPE;
      owner.mode |= type;
      owner.rdev = (uint32_t) call->kept[3];
    }
  if (owner.known == 0)
    return;
  (void) remember (task->guest, &subject, &owner); /* best effort */
  note_inheritance (task->guest, &subject);
}

/* open, mkdir, mknod, symlink in all their forms.  */
void
guest_leave_make (struct guest_task *task, struct guest_call *call)
{
  struct guest *guest = task->guest;

  if (call->result < 0)
    return;
  if (call->kept[1] == 0)
    {
      bool owned = false;
      int fd = guest_descriptor (task, (int) call->result, &owned);
      struct guest_place place = guest_place_of_fd (fd);
      if (fd >= 0)
        remember_made (task, call, &place);
      if (owned)
        host_close (guest, fd);
      return;
    }

  struct guest_found found;
  if (guest_resolve_at (task, (int) (int64_t) call->kept[0], call->kept[1],
                        GUEST_FINAL_NOFOLLOW | GUEST_FINAL_OBJECT, &found)
      < 0)
    return;
  struct guest_place place = guest_place_of (&found);
  remember_made (task, call, &place);
  guest_found_release (guest, &found);
}

/* Return what the kernel says of the target of a link at ADDRESS, which it
   reads before it looks at the link's own path: 0 or a negative errno.  */
static int
check_target (struct guest_task *task, uint64_t address)
{
  char target[GUEST_PATH_SIZE];
  int length =
      task->guest->ops->read_string (task, address, target, sizeof target);
  return length == 0 ? -K_ENOENT : length < 0 ? length : 0;
}

/* mkdir, mkdirat, symlink, symlinkat.  */
enum guest_verdict
guest_enter_make (struct guest_task *task, struct guest_call *call)
{
  const struct guest_path_argument *argument = &call->rule->path[0];
  int dir = guest_argument_fd (call, argument->dir);
  uint64_t path = call->arg[argument->path];
  /* A link's path comes behind its target.  */
  bool is_link =
      argument->path == 2 || (argument->path == 1 && argument->dir < 0);
  uint32_t added = 0;

  uint32_t group = guest_inherited_group (task, call);
  if (!is_link)
    added = guest_add_mode (task, &call->arg[argument->path + 1], 0700);
  if (is_link)
    guest_turn_begin (task);
  enum guest_verdict verdict = guest_enter_paths (task, call);
  if (verdict == GUEST_ANSWER && is_link)
    {
      int status = check_target (task, call->arg[0]);
      if (status < 0)
        call->result = status;
    }
  if (verdict == GUEST_PASS && added != 0)
    verdict = GUEST_RUN;
  return guest_make (task, call, verdict, dir, path, group, added);
}

/* mknod, mknodat: a device, which only real root can make, becomes an empty
   file that is shown as one.  */
enum guest_verdict
guest_enter_mknod (struct guest_task *task, struct guest_call *call)
{
  const struct guest_path_argument *argument = &call->rule->path[0];
  int at = argument->path;
  int dir = guest_argument_fd (call, argument->dir);
  uint64_t path = call->arg[at];
  uint32_t type = (uint32_t) call->arg[at + 1] & K_S_IFMT;
  bool is_device = type == K_S_IFCHR || type == K_S_IFBLK;

  if (!task->guest->identity.root)
    return guest_enter_paths (task, call);
  if (is_device && !guest_ids_can (&task->ids, GUEST_CAP_MKNOD))
    return guest_answer (call, -K_EPERM);

  uint32_t group = guest_inherited_group (task, call);
  call->kept[3] = call->arg[at + 2];
  if (is_device)
    {
      call->arg[at + 1] = (call->arg[at + 1] & 07777) | K_S_IFREG;
      call->arg[at + 2] = 0;
    }
  uint32_t added = guest_add_mode (task, &call->arg[at + 1], 0600);
  enum guest_verdict verdict = guest_enter_paths (task, call);
  if (verdict == GUEST_PASS && added != 0)
    verdict = GUEST_RUN;
  return guest_make (task, call, verdict, dir, path, group,
                     added | (is_device ? type : 0));
}
