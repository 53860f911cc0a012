/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Hard links where the host has none.

   Some file systems know none, or only in one directory, and others refuse
   them to who does not own the file.  Programs that count on them can be given
   copies where the user asks for that.  A symbolic link instead, as PRoot makes
   one, dangles or names something else as soon as the other name is renamed or
   removed, which is just what package managers, git and others do with one of
   the two names; a copy stays right as long as nobody writes through either.
   Where the file system shares blocks a copy costs nothing.  */

#include "lib/guest/handlers.h"
#include "lib/guest/host.h"
#include "lib/guest/kernel.h"
#include "lib/guest/path.h"
#include "lib/guest/prefix.h"
#include "lib/guest/record.h"
#include "lib/guest/text.h"

enum
{
  LINK_FICLONE = 0x40049409,
  LINK_CHUNK = 1 << 30,
  LINK_PIECE = 4096,
  LINK_NEW = K_O_WRONLY | K_O_CREAT | K_O_EXCL | K_O_CLOEXEC
};

/* Return whether a link that failed with RESULT may be possible elsewhere.  */
static bool
is_of_host (int64_t result)
{
  return result == -K_EPERM || result == -K_EMLINK || result == -K_EXDEV
         || result == -K_EOPNOTSUPP || result == -K_ENOSYS;
}

/* Write all SIZE bytes at BUFFER to FD.  Return 0 or a negative errno.  */
static int
write_all (struct guest *guest, int fd, const char *buffer, size_t size)
{
  while (size > 0)
    {
      int64_t done = host_call (guest, K_NR_write, host_fd (fd),
                                host_pointer (buffer), size, 0);
      if (done < 0)
        return (int) done;
      buffer += done;
      size -= (size_t) done;
    }
  return 0;
}

/* Copy what can be read from FROM to TO.  Return 0 or a negative errno.  */
static int
copy_content (struct guest *guest, int from, int to)
{
  char piece[LINK_PIECE];
  int64_t done;

  if (host_call (guest, K_NR_ioctl, host_fd (to), LINK_FICLONE, host_fd (from),
                 0)
      == 0)
    return 0;
  do
    done = guest->ops->system_call (guest, K_NR_copy_file_range, host_fd (from),
                                    0, host_fd (to), 0, LINK_CHUNK, 0);
  while (done > 0);
  if (done == 0)
    return 0;
  /* Not between these two, or not at all: what was copied before stands.  */
  do
    {
      done = host_call (guest, K_NR_read, host_fd (from), host_pointer (piece),
                        sizeof piece, 0);
      int status = done > 0 ? write_all (guest, to, piece, (size_t) done) : 0;
      if (status < 0)
        return status;
    }
  while (done > 0);
  return (int) done;
}

/* Copy the file at FROM, whose attributes are STATUS, to the new file NEW below
   the directory DIR.  Return 0 or a negative errno.  */
static int
copy_file (struct guest *guest, const struct guest_found *from,
           const struct k_stat *status, int dir, const char *new)
{
  int source = guest_found_open (guest, from, 0);
  if (source < 0)
    return source;
  int fd = (int) host_call (guest, K_NR_openat, host_fd (dir),
                            host_pointer (new), LINK_NEW, 0600);
  int error = fd < 0 ? fd : copy_content (guest, source, fd);
  if (error == 0)
    {
      int64_t times[4] = { (int64_t) status->st_times[0],
                           (int64_t) status->st_times[1],
                           (int64_t) status->st_times[2],
                           (int64_t) status->st_times[3] };
      error = (int) host_call (guest, K_NR_fchmod, host_fd (fd),
                               status->st_mode & 07777, 0, 0);
      (void) host_call (guest, K_NR_utimensat, host_fd (fd), 0,
                        host_pointer (times), 0);
    }
  host_close (guest, source);
  host_close (guest, fd);
  return error;
}

/* Make NEW below DIR what is at FROM, with attributes STATUS.  Return 0 or a
   negative errno.  */
static int
make_copy (struct guest *guest, const struct guest_found *from,
           const struct k_stat *status, int dir, const char *new)
{
  char target[GUEST_PATH_SIZE];
  struct guest_place place = guest_place_of (from);

  if ((status->st_mode & K_S_IFMT) == K_S_IFREG)
    return copy_file (guest, from, status, dir, new);
  if ((status->st_mode & K_S_IFMT) != K_S_IFLNK)
    return -K_EPERM;
  int length =
      host_readlinkat (guest, place.dir, place.path, target, sizeof target);
  if (length < 0)
    return length;
  return (int) host_call (guest, K_NR_symlinkat, host_pointer (target),
                          host_fd (dir), host_pointer (new), 0);
}

/* Remember of the copy at PLACE what is remembered of FROM.  */
static void
copy_record (struct guest *guest, const struct guest_found *from,
             const struct k_stat *status, const struct guest_place *place)
{
  struct guest_place old = guest_place_of (from);
  struct k_stat made;
  struct guest_owner_record record;

  if (!guest_record_find (guest, &old, status->st_dev, status->st_ino, &record)
      || host_fstatat (guest, place->dir, place->path, &made,
                       K_AT_SYMLINK_NOFOLLOW)
             < 0)
    return;
  struct guest_file_key key = { .device = made.st_dev,
                                .inode = made.st_ino,
                                .birth = guest_place_birth (guest, place) };
  (void) guest_owners_put (guest->owners, &key, &record.owner);
}

/* Make TO, which does not exist, a copy of FROM, at once.  Return 0 or a
   negative errno.  */
static int
link_by_copy (struct guest_task *task, const struct guest_found *from,
              const struct guest_found *to)
{
  struct guest *guest = task->guest;
  struct k_stat status;
  struct guest_text text;
  char temporary[GUEST_PATH_SIZE];
  struct guest_place place = { to->anchor, guest_found_path (to),
                               K_AT_SYMLINK_NOFOLLOW };
  int error = guest_found_stat (guest, from, &status);
  if (error < 0)
    return error;

  /* Beside it, under another name until it is whole.  */
  size_t end = guest_text_length (place.path, GUEST_PATH_SIZE);
  while (end > 0 && place.path[end - 1] != '/')
    end--;
  guest_text_init (&text, temporary, sizeof temporary);
  guest_text_add_bytes (&text, place.path, end);
  guest_text_add (&text, ".udocker-link-");
  guest_text_add_number (&text, guest->inside ? task->pid : guest->pid);
  guest_text_add_char (&text, '-');
  guest_text_add_number (&text, task->tid);
  if (text.overflows)
    return -K_ENAMETOOLONG;

  error = make_copy (guest, from, &status, place.dir, temporary);
  if (error == 0)
    error = (int) guest->ops->system_call (
        guest, K_NR_renameat2, host_fd (place.dir), host_pointer (temporary),
        host_fd (place.dir), host_pointer (place.path), K_RENAME_NOREPLACE, 0);
  if (error == 0)
    copy_record (guest, from, &status, &place);
  else
    (void) host_call (guest, K_NR_unlinkat, host_fd (place.dir),
                      host_pointer (temporary), 0, 0);
  return error;
}

/* Keep what CALL, a link, is about until it has been run.  */
void
guest_keep_link (struct guest_call *call)
{
  const struct guest_path_argument *paths = call->rule->path;
  for (int i = 0; i < 2; i++)
    {
      call->kept[2 * i] = host_fd (guest_argument_fd (call, paths[i].dir));
      call->kept[2 * i + 1] = call->arg[paths[i].path];
    }
}

/* link, linkat: a copy where the host has no links.  */
void
guest_leave_link (struct guest_task *task, struct guest_call *call)
{
  struct guest_found from, to;
  if (!is_of_host (call->result)
      || guest_resolve_at (task, (int) call->kept[0], call->kept[1],
                           guest_path_final (call, 0), &from)
             < 0)
    return;
  if (guest_resolve_at (task, (int) call->kept[2], call->kept[3],
                        GUEST_FINAL_CREATE, &to)
      == 0)
    {
      /* The copy of a link is one.  */
      guest_turn_begin (task);
      if (link_by_copy (task, &from, &to) == 0)
        call->result = 0;
      guest_turn_end (task, true);
      guest_found_release (task->guest, &to);
    }
  guest_found_release (task->guest, &from);
}
