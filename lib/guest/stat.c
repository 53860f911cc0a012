/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Calls that tell about files.  What they say of owner and mode passes
   through guest_show_owner.  */

#include "lib/guest/handlers.h"
#include "lib/guest/path-private.h"
#include "lib/guest/read-only.h"
#include "lib/guest/record.h"

static uint64_t
device_of (const struct k_statx *status)
{
  return guest_device (status->stx_dev_major, status->stx_dev_minor);
}

static void
show_status (struct guest *guest, const struct guest_place *place,
             struct k_stat *status)
{
  struct guest_shown shown = { status->st_uid, status->st_gid, status->st_mode,
                               status->st_rdev };
  guest_show_owner (guest, place, status->st_dev, status->st_ino, &shown);
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
  struct guest_place place = { dir, path, flags };
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
  struct guest_place place = guest_place_of (found);
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
  return guest_answer (call,
                       guest_write_stat (task, call, call->arg[index], status));
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

static bool
is_link (uint32_t mode)
{
  return (mode & K_S_IFMT) == K_S_IFLNK;
}

/* Fill STATUS with what TASK sees of PATH from DIR, with the FINAL bits.  */
static int
stat_path (struct guest_task *task, int dir, const char *path,
           unsigned int final, struct k_stat *status)
{
  struct guest *guest = task->guest;
  unsigned int tries = guest_may_try (task, GUEST_FINAL_TRY_LAST);
  struct guest_found found;

  for (;; tries = GUEST_FINAL_IS_LINK)
    {
      int result = guest_resolve (task, dir, path, final | tries, &found);
      if (result < 0)
        return result;
      result = guest_stat_found (guest, &found, status);
      guest_found_release (guest, &found);
      if (!found.unproved || result < 0 || !is_link (status->st_mode))
        return result;
    }
}

/* stat, lstat, newfstatat in all their forms.  */
enum guest_verdict
guest_enter_stat (struct guest_task *task, struct guest_call *call)
{
  const struct guest_path_argument *argument = &call->rule->path[0];
  int buffer = argument->path + 1;
  int dir = guest_argument_fd (call, argument->dir);
  uint64_t flags = argument->flags >= 0 ? call->arg[argument->flags] : 0;
  char path[GUEST_PATH_SIZE];
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
    result =
        stat_path (task, dir, path,
                   guest_path_final (call, 0) | GUEST_FINAL_OBJECT, &status);
  if (result < 0)
    return guest_answer (call, result);
  return answer_status (task, call, buffer, &status);
}

/* Return the place of FOUND that statx looks at.  */
static struct guest_place
statx_place (struct guest *guest, const struct guest_found *found)
{
  return found->virtual
             ? (struct guest_place){ guest->anchors[0], "", K_AT_EMPTY_PATH }
             : guest_place_of (found);
}

/* Find what TASK's CALL, statx, names by PATH, with the FINAL bits, and have
   the host fill STATUS.  Return 0 with FOUND to be released, or a negative
   errno.  */
static int
statx_path (struct guest_task *task, const struct guest_call *call,
            const char *path, unsigned int final, struct guest_found *found,
            struct k_statx *status)
{
  struct guest *guest = task->guest;
  uint64_t flags =
      call->arg[2] & ~(uint64_t) (K_AT_EMPTY_PATH | K_AT_SYMLINK_NOFOLLOW);
  uint32_t mask = (uint32_t) call->arg[3];
  int result =
      guest_resolve (task, guest_argument_fd (call, 0), path, final, found);

  if (result < 0)
    return result;
  struct guest_place place = statx_place (guest, found);
  result = guest_place_statx (guest, &place, status,
                              mask | (K_STATX_BASIC & ~(uint32_t) 0x6e0),
                              (int) flags);
  if (result < 0)
    guest_found_release (guest, found);
  return result;
}

/* Make STATUS, which the host says of FOUND, what the container is to see.  */
static void
show_statx (struct guest *guest, const struct guest_found *found,
            struct k_statx *status)
{
  const uint64_t none = ~(uint64_t) 0;
  struct guest_place place = statx_place (guest, found);

  if (found->virtual)
    {
      status->stx_mode = K_S_IFDIR | 0755;
      status->stx_nlink = 2;
    }
  struct guest_shown shown = { status->stx_uid, status->stx_gid,
                               status->stx_mode, none };
  guest_show_owner (guest, &place, device_of (status), status->stx_ino, &shown);
  status->stx_uid = shown.uid;
  status->stx_gid = shown.gid;
  status->stx_mode = (uint16_t) shown.mode;
  if (shown.rdev == none)
    return;
  status->stx_rdev_major = (uint32_t) (shown.rdev >> 8 & 0xfff);
  status->stx_rdev_minor =
      (uint32_t) ((shown.rdev & 0xff) | (shown.rdev >> 12 & 0xfff00));
}

enum guest_verdict
guest_enter_statx (struct guest_task *task, struct guest_call *call)
{
  struct guest *guest = task->guest;
  char path[GUEST_PATH_SIZE];
  struct guest_found found;
  struct k_statx status;
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

  unsigned int final = guest_path_final (call, 0) | GUEST_FINAL_OBJECT;
  result = statx_path (task, call, path,
                       final | guest_may_try (task, GUEST_FINAL_TRY_LAST),
                       &found, &status);
  if (result == 0 && found.unproved && is_link (status.stx_mode))
    {
      guest_found_release (guest, &found);
      result = statx_path (task, call, path, final | GUEST_FINAL_IS_LINK,
                           &found, &status);
    }
  if (result < 0)
    return guest_answer (call, result);

  show_statx (guest, &found, &status);
  result = guest->ops->write (task, call->arg[4], &status, sizeof status);
  guest_found_release (guest, &found);
  return guest_answer (call, result);
}

/* Ask the kernel whether FOUND can be accessed in MODE, with FLAGS.  */
static int
host_access (struct guest *guest, const struct guest_found *found,
             uint64_t mode, uint64_t flags)
{
  struct guest_place place = guest_place_of (found);

  if (!(guest->missing & GUEST_LACKS_FACCESSAT2))
    return (int) host_call (guest, K_NR_faccessat2, host_fd (place.dir),
                            host_pointer (place.path), mode,
                            (flags & K_AT_EACCESS) | (uint64_t) place.flags);
  if (place.flags & K_AT_EMPTY_PATH)
    {
      char path[40];
      struct guest_text text;
      guest_text_init (&text, path, sizeof path);
      guest_add_fd (guest, &text, place.dir);
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

/* Return whether FOUND is something that can be written on a read-only file
   system too.  */
static bool
is_special (struct guest *guest, const struct guest_found *found)
{
  struct k_stat status;

  if (found->virtual || guest_found_stat (guest, found, &status) < 0)
    return false;
  uint32_t type = status.st_mode & K_S_IFMT;
  return type != K_S_IFREG && type != K_S_IFDIR && type != K_S_IFLNK;
}

/* Say whether FOUND, whose last component was not looked at, is there, where
   *KNOWN is set: it is no link.  Return 0 or a negative errno.  Nothing is
   cheaper than to ask where it leads.  */
static int
is_there (struct guest *guest, const struct guest_found *found, bool *known)
{
  char target[1];
  int result = (int) host_call (guest, K_NR_readlinkat, host_fd (found->anchor),
                                host_pointer (guest_found_path (found)),
                                host_pointer (target), sizeof target);

  *known = result < 0;
  return result == -K_EINVAL ? 0 : result;
}

/* Say of FOUND, whose last component was not looked at, whether TASK may access
   it in MODE with FLAGS, where *KNOWN is set: it is no link.  Return 0 or a
   negative errno.  Of what is its user's the permission bits tell whether it
   can be read; a policy of the host that goes beyond them (SELinux) shows when
   it is opened.  */
static int
quick_access (const struct guest_task *task, const struct guest_found *found,
              uint64_t mode, uint64_t flags, bool *known)
{
  struct guest *guest = task->guest;
  const struct guest_identity *identity = &guest->identity;
  struct k_stat status;
  bool is_root =
      identity->emulated && guest_ids_can (&task->ids, GUEST_CAP_DAC_OVERRIDE);
  if (mode == 0 || (is_root && !(mode & 1)))
    return is_there (guest, found, known);
  if (!is_root && mode != 4 && !(guest->missing & GUEST_LACKS_FACCESSAT2))
    {
      /* A link may always be accessed.  */
      int refused = host_access (guest, found, mode, flags);
      *known = true;
      return refused < 0 ? refused : is_there (guest, found, known);
    }
  int result = is_root ? guest_stat_found (guest, found, &status)
                       : guest_found_stat (guest, found, &status);

  *known = result < 0 || !is_link (status.st_mode);
  if (result < 0 || !*known)
    return result;
  if (is_root)
    return (mode & 1) && (status.st_mode & K_S_IFMT) != K_S_IFDIR
                   && !(status.st_mode & 0111)
               ? -K_EACCES
               : 0;
  if (mode == 4 && identity->host_uid != 0
      && status.st_uid == identity->host_uid)
    return status.st_mode & 0400 ? 0 : -K_EACCES;
  return host_access (guest, found, mode, flags);
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

  /* C libraries do without it in their own way.  */
  if (argument->flags >= 0 && (guest->missing & GUEST_LACKS_FACCESSAT2))
    return guest_answer (call, -K_ENOSYS);
  if ((uint32_t) mode & ~7u)
    return guest_answer (call, -K_EINVAL);
  if (flags
      & ~(uint64_t) (K_AT_SYMLINK_NOFOLLOW | K_AT_EACCESS | K_AT_EMPTY_PATH))
    return guest_answer (call, -K_EINVAL);
  unsigned int final = guest_path_final (call, 0) | GUEST_FINAL_OBJECT;
  /* What may be written is another matter.  */
  unsigned int tries =
      mode & 2 ? 0 : guest_may_try (task, GUEST_FINAL_TRY_LAST);
  int result = guest_resolve_argument (task, call, 0, final | tries, &found);
  if (result == 0 && found.unproved)
    {
      bool known;
      result = quick_access (task, &found, mode, flags, &known);
      guest_found_release (guest, &found);
      if (known)
        return guest_answer (call, result);
      result = guest_resolve_argument (task, call, 0,
                                       final | GUEST_FINAL_IS_LINK, &found);
    }
  if (result < 0)
    return guest_answer (call, result);

  if (found.virtual)
    result = mode & 2 ? -K_EROFS : 0;
  else if (guest->identity.emulated
           && guest_ids_can (&task->ids, GUEST_CAP_DAC_OVERRIDE))
    result = root_access (guest, &found, mode);
  else
    result = host_access (guest, &found, mode, flags);
  if (result == 0 && (mode & 2) && guest_found_is_read_only (guest, &found)
      && !is_special (guest, &found))
    result = -K_EROFS;
  guest_found_release (guest, &found);
  return guest_answer (call, result);
}

/* Return whether CALL is an utimensat that leaves both times as they are: the
   kernel does not even look at the path then.  Asked only where a binding is
   read-only: elsewhere nobody notices.  */
static bool
changes_no_time (struct guest_task *task, const struct guest_call *call)
{
  uint32_t nanoseconds[2];

  return task->guest->view->read_only
         && guest_text_is (call->rule->name, 9, "utimensat") /* or _time64 */
         && call->arg[2] != 0
         && guest_read_nanoseconds (task, call, call->arg[2], nanoseconds) == 0
         && nanoseconds[0] == K_UTIME_OMIT && nanoseconds[1] == K_UTIME_OMIT;
}

/* utime and relatives: root may set the times of what is not ours.  */
enum guest_verdict
guest_enter_times (struct guest_task *task, struct guest_call *call)
{
  const struct guest_path_argument *path = &call->rule->path[0];

  if (changes_no_time (task, call))
    return GUEST_PASS;
  if (path->dir >= 0 && call->arg[path->path] == 0)
    {
      int status =
          guest_refuse_descriptor (task, guest_argument_fd (call, path->dir));
      return status < 0 ? guest_answer (call, status) : GUEST_PASS;
    }
  return guest_enter_paths (task, call);
}
