/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Calls that open, name, move and remove files, and change directory.  */

#include "lib/guest/handlers.h"
#include "lib/guest/path-private.h"
#include "lib/guest/prefix.h"
#include "lib/guest/read-only.h"
#include "lib/guest/unlock.h"

/* Read the link that CALL names into TARGET.  Return its length or a negative
   errno.  */
__attribute__ ((noinline)) static int
read_link (struct guest_task *task, const struct guest_call *call, char *target)
{
  unsigned int final = GUEST_FINAL_NOFOLLOW | GUEST_FINAL_OBJECT;
  struct guest_found found;

  if (call->rule->path[0].dir >= 0)
    final |= GUEST_FINAL_EMPTY;
  int length = guest_resolve_argument (task, call, 0, final, &found);
  if (length < 0)
    return length;

  bool is_empty =
      found.length == found.path && found.untouched && !found.directory;
  length = guest_found_readlink (task, &found, target, GUEST_PATH_SIZE);
  guest_found_release (task->guest, &found);
  if (length == -K_EINVAL && is_empty)
    length = -K_ENOENT; /* what the kernel says of "" */
  return length;
}

/* Return whether the path at ADDRESS is that of the link to the program which
   TASK runs.  Static programs of glibc read it at first, and nothing else: to
   walk there they would touch more pages than in all they do otherwise.  */
static bool
is_own_program (struct guest_task *task, uint64_t address)
{
  static const char name[] = "/proc/self/exe";
  const struct guest *guest = task->guest;
  char path[sizeof name];

  if (!guest->inside || task->fs->root_length > 0 || task->fs->own_mounts
      || guest->ops->read (task, address, path, sizeof path) < 0
      || !guest_text_is (name, sizeof name - 1, path))
    return false;
  uint32_t binding = guest_view_cover (guest->view, name, sizeof name - 1);
  return guest_text_equal (guest_view_guest (guest->view, binding), "/proc")
         && guest_text_equal (guest_view_host (guest->view, binding), "/proc");
}

/* readlink, readlinkat.  */
enum guest_verdict
guest_enter_readlink (struct guest_task *task, struct guest_call *call)
{
  const struct guest *guest = task->guest;
  const struct guest_path_argument *path = &call->rule->path[0];
  int64_t size = (int32_t) call->arg[path->path + 2];
  char target[GUEST_PATH_SIZE];

  if (size <= 0)
    return guest_answer (call, -K_EINVAL);
  int length = -K_ENOENT;
  if (is_own_program (task, call->arg[path->path]))
    length = guest->ops->executable (task, target, sizeof target);
  if (length <= 0)
    length = read_link (task, call, target);
  if (length < 0)
    return guest_answer (call, length);
  if (length > size)
    length = (int) size;
  int status = guest->ops->write (task, call->arg[path->path + 1], target,
                                  (size_t) length);
  return guest_answer (call, status < 0 ? status : length);
}

enum guest_verdict
guest_enter_getcwd (struct guest_task *task, struct guest_call *call)
{
  char path[GUEST_PATH_SIZE];
  int length = guest_current (task, path, sizeof path);

  if (length < 0)
    return guest_answer (call, length);
  if ((uint64_t) length + 1 > call->arg[1])
    return guest_answer (call, -K_ERANGE);
  int status =
      task->guest->ops->write (task, call->arg[0], path, (size_t) length + 1);
  return guest_answer (call, status < 0 ? status : length + 1);
}

/* Fill STATUS with what statfs tells of FOUND by its path.  */
static int
statfs_by_name (struct guest_task *task, const struct guest_found *found,
                struct k_statfs *status)
{
  char host[GUEST_PATH_SIZE];
  int length = guest_found_host (task, found, host, sizeof host);

  return length < 0
             ? length
             : (int) host_call (task->guest, K_NR_statfs, host_pointer (host),
                                host_pointer (status), 0, 0);
}

/* statfs, statfs64.  */
enum guest_verdict
guest_enter_statfs (struct guest_task *task, struct guest_call *call)
{
  struct guest *guest = task->guest;
  bool has_size = call->rule->layout == GUEST_LAYOUT_WIDE;
  struct k_statfs status;
  struct guest_found found;

  if (has_size && call->arg[1] != GUEST_STATFS64_SIZE)
    return guest_answer (call, -K_EINVAL);
  int result =
      guest_resolve_argument (task, call, 0, GUEST_FINAL_OBJECT, &found);

  if (result < 0)
    return guest_answer (call, result);
  int fd = found.object;
  if (fd < 0 && found.virtual)
    fd = guest->anchors[0];
  else if (fd < 0)
    fd = found.object = guest_found_open (guest, &found, K_O_PATH);
  if (host_lacks_numbers (fd))
    result = statfs_by_name (task, &found, &status);
  else if (fd < 0)
    result = fd;
  else
    result = (int) host_call (guest, K_NR_fstatfs, host_fd (fd),
                              host_pointer (&status), 0, 0);
  guest_found_release (guest, &found);
  if (result == 0)
    result =
        guest_write_statfs (task, call, call->arg[has_size ? 2 : 1], &status);
  return guest_answer (call, result);
}

/* Return whether CALL, an open as FINAL says that CHANGES something or not, can
   be made before anybody has looked for links: the kernel says that there was
   one.  Root of the container has to know what is new; and what is read-only
   has errors of its own.  */
static bool
may_try_open (const struct guest_task *task, const struct guest_call *call,
              unsigned int final, bool changes)
{
  const struct guest *guest = task->guest;

  return guest->inside && call->abi == GUEST_ABI_NATIVE && call->careful < 2
         && call->number == K_NR_openat
         && !(guest->missing & GUEST_LACKS_OPENAT2)
         && !(changes && guest->view->read_only)
         && !(guest->identity.root && (final & GUEST_FINAL_MISSING))
         && guest_may_try (task, GUEST_FINAL_TRY_ALL) != 0;
}

/* Have CALL, an openat, be made in such a way that a link is an error.  */
static int
forbid_links (struct guest_task *task, struct guest_call *call)
{
  uint64_t flags = call->arg[2];
  bool makes = flags & (K_O_CREAT | (uint64_t) K_O_TMPFILE);
  struct k_open_how how = { .flags = flags & (uint64_t) K_O_VALID,
                            .mode = makes ? call->arg[3] & 07777 : 0,
                            .resolve = K_RESOLVE_NO_SYMLINKS };

  /* openat is content with what openat2 is not.  */
  if (flags & K_O_PATH)
    {
      how.flags &= K_O_PATH | K_O_DIRECTORY | K_O_NOFOLLOW | K_O_CLOEXEC;
      how.mode = 0;
    }
  call->number = K_NR_openat2;
  call->arg[3] = sizeof how;
  return task->guest->ops->scratch (task, &how, sizeof how, &call->arg[2]);
}

/* Resolve path argument 0 of CALL, an open with *FLAGS, into FOUND.  What a
   read-only binding forbids is refused, or taken out of *FLAGS.  */
static int
resolve_open (struct guest_task *task, struct guest_call *call,
              unsigned int extra, uint64_t *flags, struct guest_found *found)
{
  unsigned int final = extra;
  uint64_t asked = *flags;
  bool creates = (asked & K_O_CREAT) && !(asked & K_O_PATH);
  bool writes = !(asked & K_O_PATH)
                && ((asked & K_O_ACCMODE) != 0 || (asked & K_O_TRUNC));

  if (creates && (asked & K_O_EXCL))
    final |= GUEST_FINAL_CREATE;
  else
    final |= (asked & K_O_NOFOLLOW ? GUEST_FINAL_NOFOLLOW : 0u)
             | (creates ? GUEST_FINAL_MISSING : 0u);
  unsigned int tries = may_try_open (task, call, final, writes || creates)
                           ? GUEST_FINAL_TRY_ALL
                           : 0;
  if (call->careful == 1)
    tries |= GUEST_FINAL_IS_LINK;
  int status = guest_resolve_argument (task, call, 0, final | tries, found);
  if (status < 0)
    return status;

  if (creates && found->virtual)
    status = final & GUEST_FINAL_CREATE ? -K_EEXIST : -K_EISDIR;
  else if ((writes || creates) && guest_found_is_read_only (task->guest, found))
    {
      status = guest_refuse_open (task->guest, found, asked);
      *flags &= ~(uint64_t) K_O_CREAT;
    }
  else if (!(asked & K_O_PATH) && guest_may_unlock (task))
    guest_unlock_found (task, found, writes ? 0600 : 0400);
  if (status < 0)
    guest_found_release (task->guest, found);
  return status;
}

/* Return whether an open with FLAGS makes the file FOUND.  */
static bool
makes_file (uint64_t flags, const struct guest_found *found)
{
  return (flags & K_O_CREAT) && !(flags & K_O_PATH)
         && (found->missing || (flags & K_O_EXCL));
}

/* Open our descriptor FD, a file in memory, with FLAGS for the program, whose
   process is ours: with the number of FD, the lowest that was free.  Return it
   or a negative errno.  FD is closed.  */
static int
open_content (struct guest *guest, int fd, uint64_t flags)
{
  char path[40];
  struct guest_text text;

  guest_text_init (&text, path, sizeof path);
  guest_add_fd (guest, &text, fd);
  int other = (int) host_call (guest, K_NR_openat, host_fd (K_AT_FDCWD),
                               host_pointer (path), flags, 0);
  if (other < fd)
    {
      host_close (guest, fd);
      return other;
    }
  int status = (int) host_call (guest, K_NR_dup3, host_fd (other), host_fd (fd),
                                flags & K_O_CLOEXEC, 0);
  host_close (guest, other);
  if (status < 0)
    host_close (guest, fd);
  return status;
}

/* Put the path of FOUND, to be opened with FLAGS, into CALL: itself, or a
   file in memory that tells the container's truth.  Return 0, 1 when the call
   has been answered, or a negative errno.  */
static int
put_open (struct guest_task *task, struct guest_call *call, uint64_t flags,
          struct guest_found *found)
{
  if ((flags & (K_O_ACCMODE | K_O_PATH | K_O_NOFOLLOW)) == 0 && !found->magic
      && !found->virtual && found->object < 0)
    {
      int fd = guest_proc_content (task, found);
      if (fd >= 0 && task->guest->inside)
        {
          call->result = open_content (task->guest, fd, flags);
          return 1;
        }
      if (fd >= 0)
        {
          /* It is found outside, at a descriptor that is kept until the call
             has been run.  */
          guest_found_release (task->guest, found);
          found->binding = GUEST_OUTSIDE;
          found->untouched = found->absolute = found->directory = false;
          found->anchor = found->owned[0] = fd;
          found->length = found->path = 0;
          found->text[0] = '\0';
        }
    }
  return guest_put_path (task, call, 0, found);
}

/* open, creat, openat.  */
enum guest_verdict
guest_enter_open (struct guest_task *task, struct guest_call *call)
{
  const struct guest_path_argument *path = &call->rule->path[0];
  bool is_creat = call->rule->number[GUEST_X86_64] == 85;
  uint64_t flags =
      is_creat ? K_O_CREAT | K_O_WRONLY | K_O_TRUNC : call->arg[path->path + 1];
  uint64_t asked = flags;
  struct guest_found found;
  uint32_t added = 0;
  uint32_t group = UINT32_MAX;

  int status = resolve_open (task, call, 0, &flags, &found);
  if (status < 0)
    return guest_answer (call, status);
  if (flags != asked)
    call->arg[path->path + 1] = flags;
  bool makes = makes_file (flags, &found);
  if (makes)
    {
      group = guest_inherited_group (task, call);
      added = guest_add_mode (task, &call->arg[path->path + (is_creat ? 1 : 2)],
                              0600);
    }
  status = put_open (task, call, flags, &found);
  guest_found_release (task->guest, &found);
  if (status == 0 && found.unproved)
    {
      status = forbid_links (task, call);
      call->tries = true;
    }
  if (status != 0)
    return guest_answer (call, status < 0 ? status : call->result);
  enum guest_verdict verdict =
      found.untouched && flags == asked && added == 0 && !found.unproved
          ? GUEST_PASS
          : GUEST_RUN;
  return makes ? guest_make (task, call, verdict, 0, 0, group, added) : verdict;
}

/* Read the struct open_how of CALL into HOW.  A longer one is good when what
   we do not know is zero.  */
static int
read_how (struct guest_task *task, const struct guest_call *call,
          struct k_open_how *how)
{
  const struct guest_ops *ops = task->guest->ops;
  uint64_t size = call->arg[3];
  unsigned char more[64];

  if (size < sizeof *how)
    return -K_EINVAL;
  if (size > GUEST_PATH_SIZE)
    return -K_E2BIG;
  for (uint64_t at = sizeof *how; at < size;)
    {
      size_t count =
          size - at < sizeof more ? (size_t) (size - at) : sizeof more;
      int status = ops->read (task, call->arg[2] + at, more, count);
      if (status < 0)
        return status;
      for (size_t i = 0; i < count; i++)
        if (more[i] != 0)
          return -K_E2BIG;
      at += count;
    }
  return ops->read (task, call->arg[2], how, sizeof *how);
}

/* Return what the kernel says of HOW before it looks at the path: 0 or a
   negative errno.  */
static int
check_how (const struct k_open_how *how)
{
  bool makes = how->flags & (K_O_CREAT | (uint64_t) K_O_TMPFILE);

  if ((how->flags & ~(uint64_t) K_O_VALID)
      || (how->resolve & ~(uint64_t) K_RESOLVE_VALID)
      || (how->resolve & (K_RESOLVE_BENEATH | K_RESOLVE_IN_ROOT))
             == (K_RESOLVE_BENEATH | K_RESOLVE_IN_ROOT)
      || (how->mode & ~(uint64_t) (makes ? 07777 : 0))
      || ((how->flags & K_O_PATH)
          && (how->flags
              & ~(uint64_t) (K_O_PATH | K_O_DIRECTORY | K_O_NOFOLLOW
                             | K_O_CLOEXEC))))
    return -K_EINVAL;
  return 0;
}

/* Return the enum guest_final bits that RESOLVE of openat2 asks for.  */
static unsigned int
resolve_final (uint64_t resolve)
{
  static const struct
  {
    uint32_t resolve, final;
  } bits[] = { { K_RESOLVE_NO_SYMLINKS, GUEST_FINAL_NO_LINKS },
               { K_RESOLVE_NO_MAGICLINKS, GUEST_FINAL_NO_MAGIC },
               { K_RESOLVE_BENEATH, GUEST_FINAL_BENEATH },
               { K_RESOLVE_IN_ROOT, GUEST_FINAL_IN_ROOT },
               { K_RESOLVE_NO_XDEV, GUEST_FINAL_NO_XDEV } };
  unsigned int final = 0;

  for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++)
    if (resolve & bits[i].resolve)
      final |= bits[i].final;
  return final;
}

enum guest_verdict
guest_enter_openat2 (struct guest_task *task, struct guest_call *call)
{
  const struct guest_ops *ops = task->guest->ops;
  struct k_open_how how;
  struct guest_found found;

  int status = read_how (task, call, &how);
  if (status == 0)
    status = check_how (&how);
  if (status < 0)
    return guest_answer (call, status);

  uint64_t flags = how.flags;
  status =
      resolve_open (task, call, resolve_final (how.resolve), &flags, &found);
  if (status < 0)
    return guest_answer (call, status);
  bool makes = makes_file (flags, &found);
  uint32_t group = makes ? guest_inherited_group (task, call) : UINT32_MAX;
  status = put_open (task, call, how.resolve != 0 ? K_O_PATH : flags, &found);
  guest_found_release (task->guest, &found);
  if (status != 0)
    return guest_answer (call, status < 0 ? status : call->result);

  uint32_t added = makes ? guest_add_mode (task, &how.mode, 0600) : 0;
  enum guest_verdict verdict = GUEST_PASS;
  if (!found.untouched || flags != how.flags || added != 0)
    {
      /* A mode is an error where nothing is made.  A path that we put is
         resolved: what was asked has been seen to, and the host's own links
         and mounts on its way are not the container's.  */
      if (flags != how.flags)
        how.mode = 0;
      how.flags = flags;
      if (!found.untouched)
        how.resolve &= K_RESOLVE_CACHED;
      call->arg[3] = sizeof how;
      status = ops->scratch (task, &how, sizeof how, &call->arg[2]);
      if (status < 0)
        return guest_answer (call, status);
      verdict = GUEST_RUN;
    }
  return makes ? guest_make (task, call, verdict, 0, 0, group, added) : verdict;
}

/* Return whether FOUND, to be removed or renamed, is a binding's own place
   or has one below it.  */
static bool
holds_mount (struct guest *guest, const struct guest_found *found)
{
  return found->mount
         || (found->absolute
             && guest_view_below (guest->view, 0, found->text, found->length,
                                  NULL, NULL)
                    > 0);
}

/* Drop the record of FOUND if its last name is about to go.  */
static void
drop_record (struct guest *guest, const struct guest_found *found)
{
  struct k_stat status;

  if (guest->owners == NULL || !guest_owners_any (guest->owners))
    return;
  if (guest_found_stat (guest, found, &status) == 0
      && (status.st_nlink == 1 || (status.st_mode & K_S_IFMT) == K_S_IFDIR))
    {
      struct guest_owner_record record;
      /* With a time of birth a reused inode is noticed anyway, and a call
         that fails loses nothing.  */
      if (guest_owners_find (guest->owners, status.st_dev, status.st_ino,
                             &record)
          && record.key.birth == 0)
        guest_owners_forget (guest->owners, status.st_dev, status.st_ino);
    }
}

/* Return what the kernel says where FOUND, which holds a mount, is to be
   removed as a directory or not.  */
static int
refuse_removal (const struct guest *guest, const struct guest_found *found,
                bool is_directory)
{
  bool is_file =
      found->mount
      && (guest->view->binding[found->binding].flags & GUEST_BINDING_FILE);

  if (is_file)
    return is_directory ? -K_ENOTDIR : -K_EBUSY;
  return !is_directory ? -K_EISDIR : found->mount ? -K_EBUSY : -K_ENOTEMPTY;
}

/* Return whether FOUND is a link, or with MOVES a directory, which may hold
   one. Asked only where turns are kept.  */
static bool
holds_link (struct guest *guest, const struct guest_found *found, bool moves)
{
  if (guest->turns == NULL || found->virtual)
    return false;
  struct guest_place place = guest_place_of (found);
  int type = guest_place_type (guest, &place);
  return type == K_S_IFLNK || (moves && type == K_S_IFDIR);
}

/* Say that TASK's CALL TURNS names (prefix.h); or where it does not as far as
   is known, watch it.  */
static void
turn (struct guest_task *task, struct guest_call *call, bool turns)
{
  if (turns)
    guest_turn_begin (task);
  else
    guest_turn_watch (task, call);
}

/* unlink, rmdir, unlinkat.  */
enum guest_verdict
guest_enter_remove (struct guest_task *task, struct guest_call *call)
{
  struct guest *guest = task->guest;
  struct guest_found found;
  bool is_directory =
      call->rule->number[GUEST_X86_64] == 84
      || (call->rule->path[0].dir >= 0 && (call->arg[2] & K_AT_REMOVEDIR));
  int status = guest_resolve_argument (task, call, 0,
                                       guest_path_final (call, 0), &found);

  if (status < 0)
    return guest_answer (call, status);
  if (!is_directory && found.last != GUEST_LAST_NORMAL)
    status = -K_EISDIR;
  else if (is_directory && found.last == GUEST_LAST_DOT)
    status = -K_EINVAL;
  else if (is_directory && found.last == GUEST_LAST_DOTDOT)
    status = -K_ENOTEMPTY;
  else if (guest_parent_is_read_only (guest, &found))
    status = -K_EROFS;
  else if (holds_mount (guest, &found))
    status = refuse_removal (guest, &found, is_directory);
  else
    {
      drop_record (guest, &found);
      if (!is_directory)
        turn (task, call, holds_link (guest, &found, false));
      status = guest_put_path (task, call, 0, &found);
    }
  guest_found_release (guest, &found);
  if (status < 0)
    return guest_answer (call, status);
  return found.untouched ? GUEST_PASS : GUEST_RUN;
}

/* Return the binding that the directory which FOUND is an entry of lies in, as
   far as is known, or GUEST_OUTSIDE.  */
static uint32_t
parent_binding (struct guest *guest, const struct guest_found *found)
{
  size_t length = found->length;

  if (found->last == GUEST_LAST_DOTDOT)
    return found->up_from;
  if (!found->mount || !found->absolute || found->last != GUEST_LAST_NORMAL)
    return guest_found_binding (guest, found);
  while (length > 1 && found->text[length - 1] != '/')
    length--;
  return guest_view_cover (guest->view, found->text,
                           length > 1 ? length - 1 : 0);
}

/* Return the binding that the magic link ONE leads to, or GUEST_OUTSIDE.  Where
   that is seen through several it is TO if possible.  */
static uint32_t
magic_binding (struct guest *guest, const struct guest_found *one, uint32_t to)
{
  int fd = host_openat (guest, one->anchor, guest_found_path (one), K_O_PATH);
  uint32_t binding =
      fd < 0 ? GUEST_OUTSIDE : guest_place_binding (guest, fd, to);
  host_close (guest, fd);
  return binding;
}

/* Return whether ONE and OTHER lie in different bindings, as far as is known.
   Of what is renamed it is the directory that counts.  */
static bool
are_apart (struct guest *guest, bool is_rename, const struct guest_found *one,
           const struct guest_found *other)
{
  uint32_t to = parent_binding (guest, other);
  uint32_t from = is_rename    ? parent_binding (guest, one)
                  : one->magic ? magic_binding (guest, one, to)
                               : guest_found_binding (guest, one);
  return from != to && from != GUEST_OUTSIDE && to != GUEST_OUTSIDE;
}

/* Return whether there is something at FOUND.  */
static bool
exists (struct guest *guest, const struct guest_found *found)
{
  struct k_stat ignored;
  return guest_found_stat (guest, found, &ignored) == 0;
}

/* The kernel's renameat2, up to where it looks at the files themselves; APART:
   the directories lie in different bindings.  Return 0 or what it says.  */
static int
check_rename (struct guest *guest, const struct guest_found *one,
              const struct guest_found *other, bool apart, bool replaces)
{
  if (apart)
    return -K_EXDEV;
  if (one->last != GUEST_LAST_NORMAL)
    return -K_EBUSY;
  if (other->last != GUEST_LAST_NORMAL)
    return replaces ? -K_EBUSY : -K_EEXIST;
  if (guest_parent_is_read_only (guest, one)
      || guest_parent_is_read_only (guest, other))
    return -K_EROFS;
  if (!holds_mount (guest, one) && !holds_mount (guest, other))
    return 0;
  if (!exists (guest, one))
    return -K_ENOENT;
  return replaces || !exists (guest, other) ? -K_EBUSY : -K_EEXIST;
}

/* The kernel's linkat, likewise.  */
static int
check_link (struct guest *guest, const struct guest_found *one,
            const struct guest_found *other, bool apart)
{
  if (other->last != GUEST_LAST_NORMAL || other->mount || other->virtual)
    return -K_EEXIST;
  if (!apart && !guest_found_is_read_only (guest, one)
      && !guest_found_is_read_only (guest, other))
    return 0;
  struct k_stat ignored;
  int status = guest_found_stat (guest, other, &ignored);
  if (status != -K_ENOENT)
    return status == 0 ? -K_EEXIST : status;
  if (other->directory)
    return -K_ENOENT;
  return guest_found_is_read_only (guest, other) || !apart ? -K_EROFS
                                                           : -K_EXDEV;
}

/* Return 0 if the directory that FOUND is an entry of is there, or what the
   kernel says: what a thread remembers of paths may be gone.  */
static int
check_directory (struct guest *guest, const struct guest_found *found)
{
  char path[GUEST_PATH_SIZE];
  struct k_stat status;
  struct guest_text text;
  const char *name = guest_found_path (found);
  size_t end = guest_text_length (name, GUEST_PATH_SIZE);

  if (found->virtual || found->magic || found->last != GUEST_LAST_NORMAL)
    return 0;
  while (end > 0 && name[end - 1] != '/')
    end--;
  if (end == 0)
    return 0; /* a descriptor's */
  guest_text_init (&text, path, sizeof path);
  guest_text_add_bytes (&text, name, end);
  return text.overflows ? 0
                        : host_fstatat (guest, found->anchor, path, &status, 0);
}

/* STATUS is what is wrong with both paths of a call or the second.  Return
   what the kernel, which looks at the first path ONE before, says.  A rename
   only needs the directories of both yet; OTHER may be NULL.  */
static int
what_comes_first (struct guest *guest, const struct guest_found *one,
                  const struct guest_found *other, bool is_rename, int status)
{
  struct k_stat ignored;
  int before = one->magic ? 0 : guest_found_stat (guest, one, &ignored);

  if (is_rename && (before == -K_ENOENT || before == -K_ENAMETOOLONG))
    before = check_directory (guest, one);
  if (is_rename && before == 0 && other != NULL)
    before = check_directory (guest, other);
  return before < 0 ? before : status;
}

/* rename and link in all their forms.  */
enum guest_verdict
guest_enter_move (struct guest_task *task, struct guest_call *call)
{
  struct guest *guest = task->guest;
  const struct guest_path_argument *paths = call->rule->path;
  bool is_rename = paths[0].kind == GUEST_PATH_REMOVE;
  bool has_flags = call->rule->number[GUEST_X86_64] == 316; /* renameat2 */
  bool replaces = !has_flags || !(call->arg[4] & K_RENAME_NOREPLACE);
  struct guest_found one, other;
  int status =
      guest_resolve_argument (task, call, 0, guest_path_final (call, 0), &one);

  if (status < 0)
    return guest_answer (call, status);
  status = guest_resolve_argument (task, call, 1, GUEST_FINAL_CREATE, &other);
  if (status < 0)
    {
      status = what_comes_first (guest, &one, NULL, is_rename, status);
      guest_found_release (guest, &one);
      return guest_answer (call, status);
    }

  bool same_start = one.untouched && other.untouched
                    && guest_argument_fd (call, paths[0].dir)
                           == guest_argument_fd (call, paths[1].dir);
  bool apart = !same_start && guest->view->binding_count > 1
               && are_apart (guest, is_rename, &one, &other);
  status = is_rename ? check_rename (guest, &one, &other, apart, replaces)
                     : check_link (guest, &one, &other, apart);
  if (status < 0)
    status = what_comes_first (guest, &one, &other, is_rename, status);
  bool may_copy = guest->copies_links && !is_rename;
  if (may_copy)
    guest_keep_link (call);
  if (status == 0)
    turn (task, call,
          (!one.magic && holds_link (guest, &one, is_rename))
              || (is_rename && holds_link (guest, &other, true)));
  if (status == 0)
    status = guest_put_path (task, call, 0, &one);
  if (status == 0)
    status = guest_put_path (task, call, 1, &other);
  guest_found_release (guest, &one);
  guest_found_release (guest, &other);
  if (status < 0)
    return guest_answer (call, status);
  if (may_copy)
    return GUEST_RUN_EXIT;
  return one.untouched && other.untouched ? GUEST_PASS : GUEST_RUN;
}

/* Inside: go to FOUND by its descriptor, as far as there is one.  Return
   whether that was done, and *RESULT is the call's.  */
static bool
go_by_descriptor (struct guest *guest, const struct guest_found *found,
                  int *result)
{
  int fd = found->object;

  if (!guest->inside || found->virtual || found->magic)
    return false;
  if (fd < 0 && found->length == found->path)
    fd = found->anchor;
  if (fd < 0)
    return false;
  *result = (int) host_call (guest, K_NR_fchdir, host_fd (fd), 0, 0, 0);
  return true;
}

enum guest_verdict
guest_enter_chdir (struct guest_task *task, struct guest_call *call)
{
  struct guest_found found;
  unsigned int final = task->guest->inside
                           ? GUEST_FINAL_FOLLOW | GUEST_FINAL_OBJECT
                           : GUEST_FINAL_FOLLOW;
  int status = guest_resolve_argument (task, call, 0, final, &found);

  if (status < 0)
    return guest_answer (call, status);
  /* A relative way that needs no look crosses no binding.  */
  call->kept[0] = found.untouched ? task->fs->cwd_binding : found.binding;
  if (call->kept[0] == GUEST_OUTSIDE)
    call->kept[0] = 0;
  if (guest_may_unlock (task))
    guest_unlock_found (task, &found, 0100);
  if (go_by_descriptor (task->guest, &found, &status))
    {
      guest_found_release (task->guest, &found);
      call->result = status;
      guest_leave_chdir (task, call);
      return GUEST_ANSWER;
    }
  status = guest_put_path (task, call, 0, &found);
  guest_found_release (task->guest, &found);
  return status < 0 ? guest_answer (call, status) : GUEST_RUN_EXIT;
}

enum guest_verdict
guest_enter_fchdir (struct guest_task *task, struct guest_call *call)
{
  (void) task;
  call->kept[0] = 0;
  return GUEST_RUN_EXIT;
}

void
guest_leave_chdir (struct guest_task *task, struct guest_call *call)
{
  if (call->result != 0)
    return;
  guest_fs_forget (task->guest, task->fs);
  task->fs->cwd_binding = (uint32_t) call->kept[0];
  (void) __atomic_add_fetch (&task->fs->cwd_changes, 1, __ATOMIC_RELEASE);
}

/* chroot is only a change of what the container's paths mean.  */
enum guest_verdict
guest_enter_chroot (struct guest_task *task, struct guest_call *call)
{
  struct guest *guest = task->guest;
  struct guest_fs *fs = task->fs;
  struct guest_found found;
  struct k_stat st;
  int status =
      guest_resolve_argument (task, call, 0, GUEST_FINAL_OBJECT, &found);

  if (status < 0)
    return guest_answer (call, status);
  char whole[GUEST_PATH_SIZE];
  int length = -K_ENOENT;
  status = guest_found_stat (guest, &found, &st);
  if (status == 0 && !found.virtual && (st.st_mode & K_S_IFMT) != K_S_IFDIR)
    status = -K_ENOTDIR;
  if (status == 0
      && !(guest->identity.emulated
           && guest_ids_can (&task->ids, GUEST_CAP_SYS_CHROOT)))
    status = -K_EPERM;
  if (status == 0)
    {
      /* The whole guest path, whatever root the task has now.  */
      uint32_t root_length = fs->root_length;
      fs->root_length = 0;
      length = guest_found_guest (task, &found, whole, sizeof whole);
      fs->root_length = root_length;
      status = length < 0 ? length : 0;
    }
  guest_found_release (guest, &found);
  if (status < 0)
    return guest_answer (call, status);

  if (length == 1)
    length = 0;
  for (int i = 0; i < length; i++)
    fs->root[i] = whole[i];
  fs->root[length] = '\0';
  fs->root_length = (uint32_t) length;
  return guest_answer (call, 0);
}

/* inotify_add_watch, fanotify_mark.  */
enum guest_verdict
guest_enter_watch (struct guest_task *task, struct guest_call *call)
{
  bool is_inotify = call->rule->path[0].dir < 0;
  uint64_t follow_not = is_inotify
                            ? call->arg[2] & 0x02000000 /* IN_DONT_FOLLOW */
                            : call->arg[1] & 4; /* FAN_MARK_DONT_FOLLOW */
  struct guest_found found;

  if (!is_inotify && call->arg[call->rule->path[0].path] == 0)
    return GUEST_PASS;
  int status = guest_resolve_argument (
      task, call, 0, follow_not ? GUEST_FINAL_NOFOLLOW : GUEST_FINAL_FOLLOW,
      &found);
  if (status < 0)
    return guest_answer (call, status);
  status = guest_put_path (task, call, 0, &found);
  guest_found_release (task->guest, &found);
  if (status < 0)
    return guest_answer (call, status);
  return found.untouched ? GUEST_PASS : GUEST_RUN;
}
