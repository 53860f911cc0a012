/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Calls that tell about files, and those that change owner and mode, which
   under fake root are remembered instead.

   What a file's status says of its owner passes through show_owner: a record
   of this run wins, then the engine's own ids become the container's.  A
   record is trusted only if the file's time of birth is still the same,
   which costs a call more, but only for files that have a record.  */

#include "lib/guest/handlers.h"

/* A file that the engine can name: PATH below DIR with the FLAGS of *at
   calls.  */
struct place
{
  int dir;
  const char *path;
  int flags;
};

static struct place
place_of (const struct guest_found *found)
{
  if (found->object >= 0)
    return (struct place){ found->object, "", K_AT_EMPTY_PATH };
  if (found->length == found->path)
    return (struct place){ found->anchor, "", K_AT_EMPTY_PATH };
  return (struct place){ found->anchor, guest_found_path (found),
                         found->magic ? 0 : K_AT_SYMLINK_NOFOLLOW };
}

static int
host_statx (struct guest *guest, const struct place *place,
            struct k_statx *status, uint32_t mask, int flags)
{
  if (guest->missing & GUEST_LACKS_STATX)
    return -K_ENOSYS;
  return (int) guest->ops->system_call (
      guest, K_NR_statx, host_fd (place->dir), host_pointer (place->path),
      (uint64_t) (place->flags | flags), mask, host_pointer (status), 0);
}

static uint64_t
birth_of (const struct k_statx *status)
{
  if (!(status->stx_mask & K_STATX_BTIME))
    return 0;
  return (uint64_t) status->stx_btime.seconds * 1000000000u
         + status->stx_btime.nanoseconds;
}

static uint64_t
device_of (const struct k_statx *status)
{
  uint64_t minor = status->stx_dev_minor;
  return (minor & 0xff) | (uint64_t) status->stx_dev_major << 8
         | (minor & ~(uint64_t) 0xff) << 12;
}

/* Get the time of birth of the file at PLACE, 0 when it has none.  */
static uint64_t
get_birth (struct guest *guest, const struct place *place)
{
  struct k_statx status;
  if (host_statx (guest, place, &status, K_STATX_BTIME, 0) < 0)
    return 0;
  return birth_of (&status);
}

/* Return the record of the file at PLACE, or NULL.  */
static const struct guest_owner *
find_record (struct guest *guest, const struct place *place, uint64_t device,
             uint64_t inode)
{
  if (guest->owners == NULL || guest->owners->live == 0)
    return NULL;
  const struct guest_owner_slot *slot =
      guest_owners_find (guest->owners, device, inode);
  if (slot == NULL)
    return NULL;
  if (slot->key.birth != get_birth (guest, place))
    {
      guest_owners_drop (guest->owners, device, inode);
      return NULL;
    }
  return &slot->owner;
}

/* Ids and mode of a file, on their way to the container.  */
struct shown
{
  uint32_t uid, gid, mode;
  uint64_t rdev;
};

static void
show_owner (struct guest *guest, const struct place *place, uint64_t device,
            uint64_t inode, struct shown *shown)
{
  const struct guest_identity *identity = &guest->identity;

  if (!identity->emulated)
    return;
  if (shown->uid == identity->host_uid)
    shown->uid = identity->uid;
  if (shown->gid == identity->host_gid)
    shown->gid = identity->gid;

  const struct guest_owner *owner = find_record (guest, place, device, inode);
  if (owner == NULL)
    return;
  if (owner->known & GUEST_OWNER_UID)
    shown->uid = owner->uid;
  if (owner->known & GUEST_OWNER_GID)
    shown->gid = owner->gid;
  if (owner->known & GUEST_OWNER_MODE)
    shown->mode = (shown->mode & K_S_IFMT) | (owner->mode & 07777);
  if (owner->known & GUEST_OWNER_TYPE)
    {
      shown->mode = (shown->mode & 07777) | (owner->mode & K_S_IFMT);
      shown->rdev = owner->rdev;
    }
}

static void
show_status (struct guest *guest, const struct place *place,
             struct k_stat *status)
{
  struct shown shown = { status->st_uid, status->st_gid, status->st_mode,
                         status->st_rdev };
  show_owner (guest, place, status->st_dev, status->st_ino, &shown);
  status->st_uid = shown.uid;
  status->st_gid = shown.gid;
  status->st_mode = shown.mode;
  status->st_rdev = shown.rdev;
}

/* A directory that is there only because a binding lies below it.  */
static void
make_virtual (struct k_stat *status)
{
  status->st_mode = K_S_IFDIR | 0755;
  status->st_nlink = 2;
  status->st_size = 0;
}

int
guest_stat_at (struct guest *guest, int dir, const char *path, int flags,
               struct k_stat *status)
{
  struct place place = { dir, path, flags };
  int result = host_fstatat (guest, dir, path, status, flags);
  if (result < 0)
    return result;
  show_status (guest, &place, status);
  return 0;
}

int
guest_stat_found (struct guest *guest, const struct guest_found *found,
                  struct k_stat *status)
{
  struct place place = place_of (found);
  int result = guest_found_stat (guest, found, status);
  if (result < 0)
    return result;
  if (found->virtual)
    make_virtual (status);
  show_status (guest, &place, status);
  return 0;
}

/* Answer CALL with STATUS, written where argument INDEX says.  */
static enum guest_verdict
answer_status (struct guest_task *task, struct guest_call *call, int index,
               const struct k_stat *status)
{
  return guest_answer (call, task->guest->ops->write (task, call->arg[index],
                                                      status, sizeof *status));
}

/* Fill STATUS with what TASK's descriptor FD is.  */
static int
stat_fd (struct guest_task *task, int fd, struct k_stat *status)
{
  char path[40];

  if (task->guest->inside)
    return guest_stat_at (task->guest, fd, "", K_AT_EMPTY_PATH, status);
  if (fd < 0)
    return -K_EBADF;
  guest_fd_path (task, fd, path, sizeof path);
  int result = guest_stat_at (task->guest, K_AT_FDCWD, path, 0, status);
  return result == -K_ENOENT ? -K_EBADF : result;
}

enum guest_verdict
guest_enter_fstat (struct guest_task *task, struct guest_call *call)
{
  struct k_stat status;
  int result = stat_fd (task, (int) (uint32_t) call->arg[0], &status);

  if (result == -K_EACCES)
    return GUEST_PASS;
  if (result < 0)
    return guest_answer (call, result);
  return answer_status (task, call, 1, &status);
}

/* stat, lstat, newfstatat.  */
enum guest_verdict
guest_enter_stat (struct guest_task *task, struct guest_call *call)
{
  const struct guest_path_argument *argument = &call->rule->path[0];
  int buffer = argument->path + 1;
  int dir = guest_argument_fd (call, argument->dir);
  uint64_t flags = argument->flags >= 0 ? call->arg[argument->flags] : 0;
  char path[GUEST_PATH_SIZE];
  struct guest_found found;
  struct k_stat status;
  int result = 0;

  if (flags
      & ~(uint64_t) (K_AT_SYMLINK_NOFOLLOW | K_AT_NO_AUTOMOUNT
                     | K_AT_EMPTY_PATH))
    return guest_answer (call, -K_EINVAL);
  path[0] = '\0';
  if (!(flags & K_AT_EMPTY_PATH) || call->arg[argument->path] != 0)
    result = task->guest->ops->read_string (task, call->arg[argument->path],
                                            path, sizeof path);
  if (result < 0)
    return guest_answer (call, result);

  if (path[0] == '\0' && (flags & K_AT_EMPTY_PATH) && dir != GUEST_AT_CWD)
    {
      if (!task->guest->identity.emulated)
        return GUEST_PASS;
      result = stat_fd (task, dir, &status);
      if (result == -K_EACCES)
        return GUEST_PASS;
    }
  else
    {
      result = guest_resolve (task, dir, path,
                              guest_path_final (call, 0) | GUEST_FINAL_OBJECT,
                              &found);
      if (result == 0)
        {
          result = guest_stat_found (task->guest, &found, &status);
          guest_found_release (task->guest, &found);
        }
    }
  if (result < 0)
    return guest_answer (call, result);
  return answer_status (task, call, buffer, &status);
}

enum guest_verdict
guest_enter_statx (struct guest_task *task, struct guest_call *call)
{
  struct guest *guest = task->guest;
  char path[GUEST_PATH_SIZE];
  struct guest_found found;
  struct k_statx status;
  struct shown shown;
  int dir = guest_argument_fd (call, 0);
  uint64_t flags = call->arg[2];
  int result = 0;

  if (guest->missing & GUEST_LACKS_STATX)
    return guest_answer (call, -K_ENOSYS);
  if ((flags
       & ~(uint64_t) (K_AT_SYMLINK_NOFOLLOW | K_AT_NO_AUTOMOUNT
                      | K_AT_EMPTY_PATH | K_AT_STATX_SYNC))
      || (flags & K_AT_STATX_SYNC) == K_AT_STATX_SYNC)
    return guest_answer (call, -K_EINVAL);
  path[0] = '\0';
  if (!(flags & K_AT_EMPTY_PATH) || call->arg[1] != 0)
    result = guest->ops->read_string (task, call->arg[1], path, sizeof path);
  if (result < 0)
    return guest_answer (call, result);
  if (path[0] == '\0' && !guest->identity.emulated)
    return GUEST_PASS;

  result = guest_resolve (
      task, dir, path, guest_path_final (call, 0) | GUEST_FINAL_OBJECT, &found);
  if (result < 0)
    return guest_answer (call, result);

  struct place place = place_of (&found);
  if (found.virtual)
    place = (struct place){ guest->anchors[0], "", K_AT_EMPTY_PATH };
  uint32_t mask = (uint32_t) call->arg[3];
  result = host_statx (
      guest, &place, &status, mask | (K_STATX_BASIC & ~(uint32_t) 0x6e0),
      (int) (flags & ~(uint64_t) (K_AT_EMPTY_PATH | K_AT_SYMLINK_NOFOLLOW)));
  if (result == 0)
    {
      if (found.virtual)
        {
          status.stx_mode = K_S_IFDIR | 0755;
          status.stx_nlink = 2;
        }
      shown =
          (struct shown){ status.stx_uid, status.stx_gid, status.stx_mode, 0 };
      uint64_t rdev = ~(uint64_t) 0;
      shown.rdev = rdev;
      show_owner (guest, &place, device_of (&status), status.stx_ino, &shown);
      status.stx_uid = shown.uid;
      status.stx_gid = shown.gid;
      status.stx_mode = (uint16_t) shown.mode;
      if (shown.rdev != rdev)
        {
          status.stx_rdev_major = (uint32_t) (shown.rdev >> 8 & 0xfff);
          status.stx_rdev_minor =
              (uint32_t) ((shown.rdev & 0xff) | (shown.rdev >> 12 & 0xfff00));
        }
      result = guest->ops->write (task, call->arg[4], &status, sizeof status);
    }
  guest_found_release (guest, &found);
  return guest_answer (call, result);
}

/* Ask the kernel whether FOUND can be accessed in MODE, with FLAGS.  */
static int
host_access (struct guest *guest, const struct guest_found *found,
             uint64_t mode, uint64_t flags)
{
  struct place place = place_of (found);

  if (!(guest->missing & GUEST_LACKS_FACCESSAT2))
    return (int) host_call (guest, K_NR_faccessat2, host_fd (place.dir),
                            host_pointer (place.path), mode,
                            (flags & K_AT_EACCESS) | (uint64_t) place.flags);
  if (place.flags & K_AT_EMPTY_PATH)
    {
      char path[40];
      struct guest_text text;
      guest_text_init (&text, path, sizeof path);
      guest_text_add (&text, "/proc/self/fd/");
      guest_text_add_number (&text, place.dir);
      return (int) host_call (guest, K_NR_faccessat, host_fd (K_AT_FDCWD),
                              host_pointer (path), mode, 0);
    }
  return (int) host_call (guest, K_NR_faccessat, host_fd (place.dir),
                          host_pointer (place.path), mode, 0);
}

/* Say whether root of the container may access FOUND in MODE.  */
static int
root_access (struct guest *guest, const struct guest_found *found,
             uint64_t mode)
{
  struct k_stat status;

  if (found->object >= 0 && !(mode & 1))
    return 0;
  int result = guest_stat_found (guest, found, &status);
  if (result < 0)
    return result;
  if ((mode & 1) && (status.st_mode & K_S_IFMT) != K_S_IFDIR
      && !(status.st_mode & 0111))
    return -K_EACCES;
  return 0;
}

/* access, faccessat, faccessat2.  */
enum guest_verdict
guest_enter_access (struct guest_task *task, struct guest_call *call)
{
  const struct guest_path_argument *argument = &call->rule->path[0];
  uint64_t mode = call->arg[argument->path + 1];
  uint64_t flags = argument->flags >= 0 ? call->arg[argument->flags] : 0;
  struct guest *guest = task->guest;
  struct guest_found found;

  if ((uint32_t) mode & ~7u)
    return guest_answer (call, -K_EINVAL);
  if (flags
      & ~(uint64_t) (K_AT_SYMLINK_NOFOLLOW | K_AT_EACCESS | K_AT_EMPTY_PATH))
    return guest_answer (call, -K_EINVAL);
  int result = guest_resolve_argument (
      task, call, 0, guest_path_final (call, 0) | GUEST_FINAL_OBJECT, &found);
  if (result < 0)
    return guest_answer (call, result);

  if ((mode & 2) && guest_found_is_read_only (guest, &found))
    result = -K_EROFS;
  else if (found.virtual)
    result = mode & 2 ? -K_EROFS : 0;
  else if (guest->identity.emulated
           && guest_ids_can (&task->ids, GUEST_CAP_DAC_OVERRIDE))
    result = root_access (guest, &found, mode);
  else
    result = host_access (guest, &found, mode, flags);
  guest_found_release (guest, &found);
  return guest_answer (call, result);
}

/* What a call that changes owner or mode is about.  */
struct subject
{
  struct place place;
  struct k_stat real; /* as the host sees it */
  struct shown shown; /* as the container sees it */
};

/* Fill SUBJECT for PLACE.  */
static int
look_at (struct guest *guest, struct subject *subject)
{
  struct place *place = &subject->place;
  int result = host_fstatat (guest, place->dir, place->path, &subject->real,
                             place->flags);
  if (result < 0)
    return result;
  subject->shown =
      (struct shown){ subject->real.st_uid, subject->real.st_gid,
                      subject->real.st_mode, subject->real.st_rdev };
  show_owner (guest, place, subject->real.st_dev, subject->real.st_ino,
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
                                get_birth (guest, &subject->place) };
  return guest_owners_put (guest->owners, &key, owner);
}

/* Really give the file of SUBJECT the permission bits MODE.  */
static int
host_chmod (struct guest *guest, const struct subject *subject, uint32_t mode)
{
  const struct place *place = &subject->place;
  char path[40];
  struct guest_text text;

  if (!(place->flags & K_AT_EMPTY_PATH))
    return (int) host_call (guest, K_NR_fchmodat, host_fd (place->dir),
                            host_pointer (place->path), mode, 0);
  guest_text_init (&text, path, sizeof path);
  guest_text_add (&text, "/proc/self/fd/");
  guest_text_add_number (&text, place->dir);
  return (int) host_call (guest, K_NR_fchmodat, host_fd (K_AT_FDCWD),
                          host_pointer (path), mode, 0);
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

/* Give SUBJECT to UID and GID as far as the container can tell.  */
static int
change_owner (struct guest_task *task, struct subject *subject, uint32_t uid,
              uint32_t gid)
{
  struct guest *guest = task->guest;
  struct guest_owner owner = { 0 };
  int result = look_at (guest, subject);

  if (result < 0)
    return result;
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
  return owner.known != 0 ? remember (guest, subject, &owner) : 0;
}

/* Give SUBJECT the permission bits MODE as far as the container can tell,
   and really as far as we do not lock ourselves out.  */
static int
change_mode (struct guest_task *task, struct subject *subject, uint32_t mode)
{
  struct guest *guest = task->guest;
  int result = look_at (guest, subject);

  if (result < 0)
    return result;
  if (!guest_ids_can (&task->ids, GUEST_CAP_FOWNER)
      && task->ids.fsuid != subject->shown.uid)
    return -K_EPERM;

  uint32_t type = subject->real.st_mode & K_S_IFMT;
  if (type == K_S_IFLNK)
    return -K_EOPNOTSUPP;
  mode &= 07777;
  uint32_t kept = mode | (type == K_S_IFDIR ? 0700 : 0600);
  result = host_chmod (guest, subject, kept);
  if (result < 0 && result != -K_EPERM)
    return result;

  bool is_plain = kept == mode && result == 0
                  && (guest->owners == NULL
                      || guest_owners_find (guest->owners, subject->real.st_dev,
                                            subject->real.st_ino)
                             == NULL);
  if (is_plain)
    return 0;
  struct guest_owner owner = { .known = GUEST_OWNER_MODE, .mode = mode };
  return remember (guest, subject, &owner);
}

/* Carry out CHANGE for path argument 0 of CALL.  */
static enum guest_verdict
change_path (struct guest_task *task, struct guest_call *call, uint32_t one,
             uint32_t other, bool is_mode)
{
  struct guest *guest = task->guest;
  struct guest_found found;
  struct subject subject;
  int result = guest_resolve_argument (
      task, call, 0, guest_path_final (call, 0) | GUEST_FINAL_OBJECT, &found);

  if (result < 0)
    return guest_answer (call, result);
  subject.place = place_of (&found);
  if (found.virtual || guest_found_is_read_only (guest, &found))
    result = -K_EROFS;
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
  int fd = guest->ops->descriptor (task, (int) (uint32_t) call->arg[0], &owned);
  if (fd < 0)
    return guest_answer (call, fd);
  subject.place = (struct place){ fd, "", K_AT_EMPTY_PATH };
  int result = is_mode ? change_mode (task, &subject, one)
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
  return change_path (task, call, (uint32_t) call->arg[at + 1],
                      (uint32_t) call->arg[at + 2], false);
}

enum guest_verdict
guest_enter_fchown (struct guest_task *task, struct guest_call *call)
{
  if (!task->guest->identity.root)
    return GUEST_PASS;
  return change_fd (task, call, (uint32_t) call->arg[1],
                    (uint32_t) call->arg[2], false);
}

/* chmod, fchmodat, fchmodat2.  */
enum guest_verdict
guest_enter_chmod (struct guest_task *task, struct guest_call *call)
{
  int at = call->rule->path[0].path;

  if (!task->guest->identity.root)
    return guest_enter_paths (task, call);
  return change_path (task, call, (uint32_t) call->arg[at + 1], 0, true);
}

enum guest_verdict
guest_enter_fchmod (struct guest_task *task, struct guest_call *call)
{
  if (!task->guest->identity.root)
    return GUEST_PASS;
  return change_fd (task, call, (uint32_t) call->arg[1], 0, true);
}

/* A file that is being made: what guest_leave is to remember of it is in
   member kept of the call: [0] and [1] the descriptor and the address of the
   path as the program gave them (0: the result is a descriptor), [2] the
   type of a device and the permission bits that were added for us alone, [3]
   the device's number.  */
enum guest_verdict
guest_make (struct guest_task *task, struct guest_call *call,
            enum guest_verdict verdict, int dir, uint64_t path,
            uint32_t type_and_added)
{
  const struct guest_identity *identity = &task->guest->identity;
  bool is_other =
      identity->root
      && (task->ids.fsuid != identity->uid || task->ids.fsgid != identity->gid);

  if (verdict == GUEST_ANSWER || (!is_other && type_and_added == 0))
    return verdict;
  call->kept[0] = (uint64_t) (int64_t) dir;
  call->kept[1] = path;
  call->kept[2] = type_and_added;
  return GUEST_RUN_EXIT;
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
               const struct place *place)
{
  const struct guest_identity *identity = &task->guest->identity;
  struct subject subject = { .place = *place };
  struct guest_owner owner = { 0 };
  uint32_t added = (uint32_t) call->kept[2] & 07777;
  uint32_t type = (uint32_t) call->kept[2] & K_S_IFMT;

  if (look_at (task->guest, &subject) < 0)
    return;
  if (task->ids.fsuid != identity->uid)
    {
      owner.known |= GUEST_OWNER_UID;
      owner.uid = task->ids.fsuid;
    }
  if (task->ids.fsgid != identity->gid)
    {
      owner.known |= GUEST_OWNER_GID;
      owner.gid = task->ids.fsgid;
    }
  if (added != 0)
    {
      owner.known |= GUEST_OWNER_MODE;
      owner.mode |= subject.real.st_mode & 07777 & ~added;
    }
  if (type != 0)
    {
      owner.known |= GUEST_OWNER_TYPE;
      owner.mode |= type;
      owner.rdev = (uint32_t) call->kept[3];
    }
  (void) remember (task->guest, &subject, &owner); /* best effort */
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
      int fd = guest->ops->descriptor (task, (int) call->result, &owned);
      struct place place = { fd, "", K_AT_EMPTY_PATH };
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
  struct place place = place_of (&found);
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

  if (!is_link)
    added = guest_add_mode (task, &call->arg[argument->path + 1], 0700);
  enum guest_verdict verdict = guest_enter_paths (task, call);
  if (verdict == GUEST_ANSWER && is_link)
    {
      int status = check_target (task, call->arg[0]);
      if (status < 0)
        call->result = status;
    }
  if (verdict == GUEST_PASS && added != 0)
    verdict = GUEST_RUN;
  return guest_make (task, call, verdict, dir, path, added);
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
  return guest_make (task, call, verdict, dir, path,
                     added | (is_device ? type : 0));
}

/* utime and relatives: root may set the times of what is not ours.  */
enum guest_verdict
guest_enter_times (struct guest_task *task, struct guest_call *call)
{
  const struct guest_path_argument *path = &call->rule->path[0];

  if (path->dir >= 0 && call->arg[path->path] == 0)
    return GUEST_PASS;
  return guest_enter_paths (task, call);
}
