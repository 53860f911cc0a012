/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Way 3 of a walk: from component to component, through links of /proc that
   the container sees otherwise, and up.  */

#include "lib/guest/walk.h"

#include "lib/guest/handlers.h"

/* Go through the magic link of /proc that the walk stands at (located).  */
static int
go_through_magic (struct guest_walk *walk)
{
  struct guest_found *found = walk->found;
  int fd = host_openat (walk->guest, found->anchor, guest_found_path (found),
                        K_O_PATH);
  if (fd < 0)
    return fd;
  guest_walk_set_owned (walk, fd);
  return guest_walk_start_at (walk, fd, 0);
}

/* Return whether the LENGTH bytes at TARGET are the host path of memory that
   processes share, in a directory where the container may have it, too.  Such
   files often have no name: the processes of an MPI job, each in a container of
   its own, find them through each other's descriptors.  */
static bool
is_shared_memory (const struct guest *guest, const char *target, size_t length)
{
  static const char place[] = "/dev/shm/";
  char path[GUEST_PATH_SIZE];
  if (length < sizeof place || length >= GUEST_PATH_SIZE
      || !guest_text_same (target, place, sizeof place - 1))
    return false;
  return guest_view_reverse (guest->view, target, length, 0, path, sizeof path)
             > 0
         && !guest_view_is_read_only (guest->view, target, length, 0);
}

/* The walk stands at a magic link (located) of a process that is not one of the
   container; it goes on there if FINAL.  Return 0 when it may.  It would lead
   to the host's files: the kernel refuses it as another user's, unless it is
   not there.  */
static int
judge_process (struct guest_walk *walk, bool final)
{
  char target[GUEST_PATH_SIZE];
  int length =
      host_readlinkat (walk->guest, walk->found->anchor,
                       guest_found_path (walk->found), target, sizeof target);
  if (length < 0 && length != -K_ENAMETOOLONG)
    return length;
  if (!final || length < 0
      || !is_shared_memory (walk->guest, target, (size_t) length))
    return -K_EACCES;
  walk->found->magic = true;
  return 0;
}

/* Handle the component of /proc that the walk just came to (located), whose
   path there is PROC.  Return 0 when it is nothing special, WALK_AGAIN when
   the walk went elsewhere, a negative errno.  */
static int
walk_proc (struct guest_walk *walk, const char *proc,
           const struct guest_component *component, bool final)
{
  struct guest_found *found = walk->found;
  struct guest_task *task = walk->task;
  int tid = -1;
  enum guest_proc_kind kind = guest_proc_classify (proc, &tid);
  bool nofollow =
      final && !component->slash
      && (walk->final & (GUEST_FINAL_NOFOLLOW | GUEST_FINAL_CREATE));

  if (kind == GUEST_PROC_PLAIN || nofollow)
    return 0;
  /* Where these lead may change at any time.  */
  walk->learns = walk->learns_link = false;
  if ((walk->final & GUEST_FINAL_NO_LINKS)
      || ((walk->final & GUEST_FINAL_NO_MAGIC) && kind != GUEST_PROC_SELF
          && kind != GUEST_PROC_THREAD_SELF))
    return -K_ELOOP;
  if ((walk->final & (GUEST_FINAL_BENEATH | GUEST_FINAL_IN_ROOT))
      && kind != GUEST_PROC_SELF && kind != GUEST_PROC_THREAD_SELF)
    return -K_EXDEV;
  if (kind == GUEST_PROC_SELF || kind == GUEST_PROC_THREAD_SELF)
    {
      guest_text_cut (&walk->text, walk->text.length - component->length);
      guest_text_add_number (&walk->text, task->pid);
      if (kind == GUEST_PROC_THREAD_SELF)
        {
          guest_text_add (&walk->text, "/task/");
          guest_text_add_number (&walk->text, task->tid);
        }
      walk->known_directory = true;
      return WALK_AGAIN;
    }

  struct guest_task *other =
      tid == task->tid || tid == task->pid
          ? task
          : walk->guest->ops->find_task (walk->guest, tid);
  if (other == NULL)
    return judge_process (walk, kind == GUEST_PROC_MAGIC && final
                                    && !component->slash);
  if (kind == GUEST_PROC_MAGIC && guest_proc_hides (task, proc))
    return -K_ENOENT;
  if (kind == GUEST_PROC_MAGIC && final && !component->slash)
    {
      found->magic = true;
      return 0;
    }
  if (kind == GUEST_PROC_ROOT)
    {
      guest_walk_go_to (walk, other->fs->root, other->fs->root_length);
      walk->known_directory = true;
      return WALK_AGAIN;
    }
  if (kind == GUEST_PROC_EXE)
    {
      char path[GUEST_PATH_SIZE];
      int length = walk->guest->ops->executable (other, path, sizeof path);
      if (length < 0)
        return length;
      guest_walk_go_to (walk, path, (size_t) length);
      return WALK_AGAIN;
    }
  int status = go_through_magic (walk);
  return status < 0 ? status : WALK_AGAIN;
}

/* Go up from where the walk is.  */
static int
walk_up (struct guest_walk *walk)
{
  struct guest_found *found = walk->found;

  walk->knows_root = true;
  guest_walk_locate (walk);
  found->up_from = found->binding;
  if (!walk->known_directory)
    {
      /* "file/.." is ENOTDIR.  */
      size_t length = walk->text.length;
      char ignored[1];
      bool empty = found->path == length;
      if (!empty || found->absolute == false)
        {
          guest_text_add (&walk->text, empty ? "." : "/.");
          int status = host_readlinkat (walk->guest, found->anchor,
                                        guest_found_path (found), ignored, 1);
          guest_text_cut (&walk->text, length);
          if (status != -K_EINVAL
              && !((status == -K_ENOENT)
                   && ((walk->final & GUEST_WALK_LENIENT)
                       || guest_walk_is_virtual (walk))))
            return status < 0 ? status : -K_ENOTDIR;
        }
      else if (walk->guest->view->binding[found->binding].flags
               & GUEST_BINDING_FILE)
        return -K_ENOTDIR;
    }
  if ((walk->final & GUEST_FINAL_BENEATH) && guest_walk_is_at_root (walk))
    return -K_EXDEV;
  if (!found->absolute && walk->text.length == 0)
    {
      int fd = host_openat (walk->guest, found->anchor, "..",
                            K_O_PATH | K_O_DIRECTORY);
      if (fd < 0)
        return fd;
      guest_walk_set_owned (walk, fd);
      return guest_walk_start_at (walk, fd, 0);
    }
  guest_walk_pop (walk);
  walk->known_directory = true;
  return 0;
}

/* Go to COMPONENT below where the walk is.  Return 0, WALK_AGAIN when it was
   a link and was replaced, or a negative errno.  */
static int
walk_down (struct guest_walk *walk, const struct guest_component *component)
{
  struct guest_found *found = walk->found;
  size_t start = walk->text.length;
  bool follow = component->slash || !(walk->final & GUEST_FINAL_NOFOLLOW);
  bool in_virtual = found->virtual;

  guest_walk_append (walk, component->name, component->length);
  if (walk->text.overflows)
    return -K_ENAMETOOLONG;
  found->virtual = false;
  guest_walk_locate (walk);
  if (guest_walk_has_crossed (walk))
    return -K_EXDEV;
  if (found->mount)
    {
      walk->known_directory = !(walk->guest->view->binding[found->binding].flags
                                & GUEST_BINDING_FILE);
      return walk->known_directory || !component->slash ? 0 : -K_ENOTDIR;
    }
  walk->known_directory = false;
  if (component->last && (walk->final & GUEST_FINAL_CREATE))
    return in_virtual ? -K_EROFS : 0;

  const char *proc = guest_walk_path_in_proc (walk);
  if (proc != NULL)
    {
      int status = walk_proc (walk, proc, component, component->last);
      if (status == WALK_AGAIN)
        {
          walk->rest = (char *) component->end;
          if (component->last && component->slash)
            found->directory = true;
          return ++walk->links > K_LINKS_MAX ? -K_ELOOP : 0;
        }
      if (status < 0 || found->magic)
        return status;
    }
  if (component->last && !follow)
    return 0;

  char target[GUEST_PATH_SIZE];
  int length =
      host_readlinkat (walk->guest, found->anchor, guest_found_path (found),
                       target, sizeof target);
  if (length >= 0)
    {
      guest_text_cut (&walk->text, start);
      return guest_walk_splice (walk, target, (size_t) length, component->end,
                                component->slash);
    }
  if (length == -K_EINVAL)
    return 0;
  if (length == -K_ENOENT)
    {
      found->virtual = guest_walk_is_virtual (walk);
      found->missing = true;
      if (found->virtual || (walk->final & GUEST_WALK_LENIENT)
          || (component->last && (walk->final & GUEST_FINAL_MISSING)))
        return 0;
    }
  return length;
}

/* Walk components until a link is replaced, or to the end.  */
static int
walk_components (struct guest_walk *walk)
{
  struct guest_found *found = walk->found;
  struct guest_component component;

  found->last = GUEST_LAST_ROOT;
  found->directory = walk->rest[0] == '/' && walk->text.length == 0;
  while (guest_next_component (walk->rest, &component))
    {
      int status = 0;
      if (guest_walk_has_crossed (walk))
        return -K_EXDEV;
      found->last = GUEST_LAST_NORMAL;
      walk->rest = (char *) component.end;
      if (guest_walk_is_dot (&component))
        found->last = GUEST_LAST_DOT;
      else if (guest_walk_is_dotdot (&component))
        {
          found->last = GUEST_LAST_DOTDOT;
          status = walk_up (walk);
        }
      else
        status = walk_down (walk, &component);
      if (status != 0)
        return status;
      found->directory = component.slash || found->last != GUEST_LAST_NORMAL;
    }
  return guest_walk_has_crossed (walk) ? -K_EXDEV : 0;
}

/* The walk came to an end: where the last component is to be made, see that it
   would lie in a directory.  */
static int
check_parent (struct guest_walk *walk)
{
  struct guest_found *found = walk->found;
  size_t slash = guest_walk_last_slash (walk);

  if (slash == 0)
    return guest_walk_check_anchor (walk);
  walk->text.bytes[slash] = '\0';
  int fd = host_openat (walk->guest, found->anchor, guest_found_path (found),
                        K_O_PATH | K_O_NOFOLLOW | K_O_DIRECTORY);
  walk->text.bytes[slash] = '/';
  host_close (walk->guest, fd);
  return fd == -K_ENOTDIR || fd == -K_EACCES ? fd : 0;
}

/* What was found must be a directory: see that it is, and open it.  */
static int
check_directory (struct guest_walk *walk)
{
  struct guest_found *found = walk->found;
  const char *path = guest_found_path (found);
  bool makes = (walk->final & (GUEST_FINAL_CREATE | GUEST_FINAL_MISSING))
               && found->last == GUEST_LAST_NORMAL;

  if (!found->directory || found->virtual || found->magic || makes
      || found->path == walk->text.length || found->object >= 0
      || (walk->final & GUEST_WALK_LENIENT))
    return 0;
  int fd = host_openat (walk->guest, found->anchor, path,
                        K_O_PATH | K_O_NOFOLLOW | K_O_DIRECTORY);
  if (host_lacks_numbers (fd))
    {
      struct k_stat status;
      int result = host_fstatat (walk->guest, found->anchor, path, &status,
                                 K_AT_SYMLINK_NOFOLLOW);
      return result < 0                                 ? result
             : (status.st_mode & K_S_IFMT) == K_S_IFDIR ? 0
                                                        : -K_ENOTDIR;
    }
  if (fd < 0)
    return fd;
  found->object = fd;
  return 0;
}

int
guest_walk_by_component (struct guest_walk *walk)
{
  struct guest_found *found = walk->found;
  int status = walk_components (walk);

  if (status != 0)
    return status;
  guest_walk_locate (walk);
  guest_walk_learn (walk, !found->missing);
  return (walk->final & GUEST_FINAL_CREATE) && found->last == GUEST_LAST_NORMAL
             ? check_parent (walk)
             : check_directory (walk);
}
