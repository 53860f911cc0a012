/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   What a path of the contained program names.

   The answer is {anchor, path below it without links}.  The walk keeps the
   canonical guest path of where it is; which binding covers that is a matter
   of text, because a canonical path has no links and bindings' own places
   are canonical and fixed.  Three ways lead to the answer, cheapest first.

   1. A relative path that has no "..", and no component that occurs in the
      guest path of any binding, means the same to the kernel as to the
      container as long as it meets no link.  One openat2 with
      RESOLVE_NO_SYMLINKS proves that; the call may then even run with the
      program's own arguments.  Where only the last component is there and is
      not followed, nothing has to be proved.

   2. Any other path is made normal as text, and one openat2 with
      RESOLVE_NO_SYMLINKS below the covering binding proves that this was
      allowed.  Its error is the error of the call, since up to it no link
      was met; but ELOOP means that there is one.  When only the last
      component is a link, a second openat2 finds it, and all starts again
      with its target.  A path with ".." can be proved so only while it stays
      in the root's own tree, where RESOLVE_IN_ROOT does what chroot does.

   3. Otherwise, and where there is no openat2, components are looked at one
      by one with readlinkat until a link is replaced; then 2 is tried again.

   Between the proof and the use another process of the container can put a
   link somewhere.  It could leave the container's tree by that; but it runs
   under our own user and could by many other means: this is not a security
   boundary, and a real call has the descriptor of the object wherever it is
   carried out here.

   Links of /proc that lead to something the kernel knows and the container
   sees otherwise (self, exe, cwd, root) are replaced by what the engine
   knows.  Those that lead to an open file (fd/N and the like) are left to
   the kernel where they come last: the file may have no name.  */

#include "lib/guest/path.h"

#include "lib/guest/handlers.h"
#include "lib/guest/path-private.h"
#include "lib/guest/unlock.h"

/* GUEST_FINAL bit of this file: take what is missing as written.  */
#define FINAL_LENIENT 64u

/* Room for what is still to be walked while links are replaced.  */
#define PENDING_SIZE (2 * (size_t) GUEST_PATH_SIZE)

/* A walk under way.  */
struct walk
{
  struct guest_task *task;
  struct guest *guest;
  struct guest_found *found;
  unsigned int final;
  unsigned int links;
  unsigned int attempts;  /* how often way 2 was tried */
  const char *root;       /* a canonical guest path, "" for the container's: */
  size_t root_length;     /* where absolute paths start and ".." ends */
  uint32_t mount;         /* with NO_XDEV: the binding never to be left */
  bool knows_root;        /* the kernel would know the root by now; until then
                             an absolute link is EXDEV with NO_XDEV */
  bool known_directory;   /* where we are is one */
  struct guest_text text; /* where we are: in FOUND's member text */
  char *rest;             /* what is still to be walked, in PENDING */
  char *pending;          /* PENDING_SIZE bytes */
};

/* What a way can say besides 0 (done) and a negative errno.  */
enum
{
  WALK_AGAIN = 1, /* a link was replaced */
  WALK_UNFIT = 2  /* this way does not lead there */
};

static bool
is_dot (const struct guest_component *component)
{
  return component->length == 1 && component->name[0] == '.';
}

static bool
is_dotdot (const struct guest_component *component)
{
  return component->length == 2 && component->name[0] == '.'
         && component->name[1] == '.';
}

static bool
has_dotdot (const char *path)
{
  struct guest_component component;
  for (; guest_next_component (path, &component); path = component.end)
    if (is_dotdot (&component))
      return true;
  return false;
}

static void
set_owned (struct walk *walk, int fd)
{
  struct guest_found *found = walk->found;
  int *place = found->owned[0] < 0 ? &found->owned[0] : &found->owned[1];
  host_close (walk->guest, *place);
  *place = fd;
}

/* Go to the root as the task sees it.  */
static void
go_to_root (struct walk *walk)
{
  guest_text_init (&walk->text, walk->found->text, sizeof walk->found->text);
  guest_text_add_bytes (&walk->text, walk->root, walk->root_length);
  walk->found->absolute = true;
  walk->known_directory = true;
}

/* Go to the canonical guest path PATH, of LENGTH bytes.  */
static void
go_to (struct walk *walk, const char *path, size_t length)
{
  guest_text_init (&walk->text, walk->found->text, sizeof walk->found->text);
  if (length > 1)
    guest_text_add_bytes (&walk->text, path, length);
  walk->found->absolute = true;
  walk->known_directory = false;
}

static void
append (struct walk *walk, const char *name, size_t length)
{
  if (walk->found->absolute || walk->text.length > 0)
    guest_text_add_char (&walk->text, '/');
  guest_text_add_bytes (&walk->text, name, length);
}

static bool
is_at_root (const struct walk *walk)
{
  return walk->text.length == walk->root_length
         && guest_text_is (walk->text.bytes, walk->root_length, walk->root);
}

/* Take the last component off, but stay in the root.  */
static void
pop (struct walk *walk)
{
  size_t length = walk->text.length;

  if (is_at_root (walk))
    return;
  while (length > 0 && walk->text.bytes[length - 1] != '/')
    length--;
  guest_text_cut (&walk->text, length > 0 ? length - 1 : 0);
}

/* Fill FOUND's anchor, binding and path from where the walk is.  */
static void
locate (struct walk *walk)
{
  struct guest_found *found = walk->found;
  const struct guest_view *view = walk->guest->view;
  size_t length = walk->text.length;

  if (!found->absolute)
    {
      found->binding = GUEST_OUTSIDE;
      found->path = 0;
      found->mount = false;
      return;
    }
  found->binding = guest_view_cover (view, walk->text.bytes, length);
  found->anchor = walk->guest->anchors[found->binding];

  uint32_t skip = view->binding[found->binding].guest_length;
  if (found->binding == 0)
    skip = 0;
  found->mount = length == skip;
  found->path = found->mount ? skip : skip + 1;
}

/* Return whether the walk is not to cross mounts, and did: where it is now is
   another binding than where it started.  */
static bool
has_crossed (const struct walk *walk)
{
  return (walk->final & GUEST_FINAL_NO_XDEV) && walk->found->absolute
         && guest_view_cover (walk->guest->view, walk->text.bytes,
                              walk->text.length)
                != walk->mount;
}

/* The same for where the walk is, which has been located.  */
static const char *
path_in_proc (const struct walk *walk)
{
  const struct guest_found *found = walk->found;
  return guest_proc_below (walk->guest->view, found->binding,
                           guest_found_path (found),
                           walk->text.length - found->path);
}

/* Of a file to be made whose name ends in a slash the kernel says EISDIR,
   without a look; the name may be what a link says.  PATH, of LENGTH bytes, is
   all that is left to be walked.  */
static void
look_for_slash (struct walk *walk, const char *path, size_t length)
{
  if ((walk->final & GUEST_FINAL_MISSING) && !(walk->final & FINAL_LENIENT)
      && length > 0 && path[length - 1] == '/')
    walk->final = (walk->final & ~(unsigned int) GUEST_FINAL_MISSING)
                  | GUEST_FINAL_CREATE;
}

/* Replace the link just met, whose TARGET has LENGTH bytes: where we are is
   the directory it lies in.  REST follows it; SLASH: a slash does.  */
static int
splice (struct walk *walk, const char *target, size_t length, const char *rest,
        bool slash)
{
  if (walk->links++ >= K_LINKS_MAX || (walk->final & GUEST_FINAL_NO_LINKS))
    return -K_ELOOP;
  if (length == 0)
    return -K_ENOENT;

  size_t rest_length = guest_text_length (rest, PENDING_SIZE);
  char *end = walk->pending + PENDING_SIZE;
  size_t whole = length + slash + rest_length + 1;
  /* Names that grow so much do so by links that lead to themselves.  */
  if (whole > PENDING_SIZE)
    return -K_ELOOP;

  /* REST may lie in PENDING: move it first, from its end.  */
  *--end = '\0';
  for (size_t i = rest_length; i > 0; i--)
    *--end = rest[i - 1];
  if (slash)
    *--end = '/';
  for (size_t i = length; i > 0; i--)
    *--end = target[i - 1];
  walk->rest = end;
  look_for_slash (walk, end, whole - 1);
  if (target[0] == '/'
      && ((walk->final & GUEST_FINAL_BENEATH)
          || ((walk->final & GUEST_FINAL_NO_XDEV) && !walk->knows_root)))
    return -K_EXDEV;
  if (target[0] == '/')
    go_to_root (walk);
  else
    walk->known_directory = true;
  return WALK_AGAIN;
}

/* Is a binding below where the walk is?  Then a directory is there whatever
   the disk says.  */
static bool
is_virtual (const struct walk *walk)
{
  return walk->found->absolute
         && guest_view_below (walk->guest->view, 0, walk->text.bytes,
                              walk->text.length, NULL, NULL)
                > 0;
}

/* Return what is wrong with the binding that the walk is in (located) as the
   directory of something to be made: 0 or -ENOTDIR.  */
static int
check_anchor (const struct walk *walk)
{
  const struct guest_found *found = walk->found;
  const struct guest_view *view = walk->guest->view;
  return found->binding != GUEST_OUTSIDE
                 && (view->binding[found->binding].flags & GUEST_BINDING_FILE)
             ? -K_ENOTDIR
             : 0;
}

/* Prove that the directory in which the last component of where the walk is
   is to be made exists, and that no link leads there.  */
static int
prove_parent (struct walk *walk, uint64_t resolve)
{
  struct guest_found *found = walk->found;
  size_t end = walk->text.length;

  while (end > found->path && walk->text.bytes[end - 1] != '/')
    end--;
  if (end <= found->path)
    return check_anchor (walk);

  walk->text.bytes[end - 1] = '\0';
  int fd =
      guest_open_plainly (walk->guest, found->anchor, guest_found_path (found),
                          K_O_PATH | K_O_DIRECTORY, resolve);
  bool is_there = fd != -K_ENOENT || !found->absolute
                  || guest_view_below (walk->guest->view, 0, walk->text.bytes,
                                       end - 1, NULL, NULL)
                         == 0;
  walk->text.bytes[end - 1] = '/';
  host_close (walk->guest, fd);
  if (!is_there)
    return -K_EROFS;
  return fd < 0 ? fd : 0;
}

/* Follow the link that the last component of where the walk is turned out
   to be, if all before it is free of links.  */
static int
follow_last (struct walk *walk, uint64_t resolve)
{
  struct guest_found *found = walk->found;
  char target[GUEST_PATH_SIZE];
  int fd =
      host_openat2 (walk->guest, found->anchor, guest_found_path (found),
                    K_O_PATH | K_O_NOFOLLOW, K_RESOLVE_NO_SYMLINKS | resolve);
  if (fd < 0)
    return WALK_UNFIT;
  int length = host_readlinkat (walk->guest, fd, "", target, sizeof target);
  host_close (walk->guest, fd);
  if (length < 0)
    return WALK_UNFIT;

  size_t end = walk->text.length;
  while (end > 0 && walk->text.bytes[end - 1] != '/')
    end--;
  guest_text_cut (&walk->text, end > 0 ? end - 1 : 0);
  return splice (walk, target, (size_t) length,
                 found->last == GUEST_LAST_DOT ? "." : "", found->directory);
}

/* Prove by one openat2 that where the walk is (located, LEFT to be walked
   being part of it already) is right.  RAW is what to give to the kernel.  */
static int
prove (struct walk *walk, const char *raw, uint64_t resolve, bool dotdot)
{
  struct guest_found *found = walk->found;
  bool nofollow = (walk->final & GUEST_FINAL_NOFOLLOW) && !found->directory;

  int fd = host_openat2 (walk->guest, found->anchor, raw,
                         K_O_PATH | (nofollow ? K_O_NOFOLLOW : 0)
                             | (found->directory ? K_O_DIRECTORY : 0),
                         K_RESOLVE_NO_SYMLINKS | resolve);
  if (fd >= 0)
    {
      if (walk->final & GUEST_FINAL_OBJECT)
        found->object = fd;
      else
        host_close (walk->guest, fd);
      return 0;
    }
  switch (fd)
    {
    case -K_ENOENT:
      if (dotdot)
        return WALK_UNFIT;
      if (is_virtual (walk))
        {
          found->virtual = true;
          return 0;
        }
      found->missing = true;
      return walk->final & (GUEST_FINAL_MISSING | FINAL_LENIENT) ? 0 : fd;
    case -K_ELOOP:
      if (nofollow || dotdot || path_in_proc (walk) != NULL)
        return WALK_UNFIT;
      return follow_last (walk, resolve);
    case -K_EXDEV:
    case -K_EAGAIN:
    case -K_ENOSYS:
      return WALK_UNFIT;
    default:
      return fd;
    }
}

/* Way 2: make all that is left normal, as text, and prove it.  */
static int
walk_at_once (struct walk *walk)
{
  struct guest_found *found = walk->found;
  const struct guest_view *view = walk->guest->view;
  size_t start = walk->text.length;
  bool dotdot = has_dotdot (walk->rest);
  struct guest_component component;

  if ((walk->guest->missing & GUEST_LACKS_OPENAT2) || !found->absolute
      || walk->attempts++ > 4)
    return WALK_UNFIT;
  /* Only a path that starts at the real root and never leaves its tree.  */
  if (dotdot
      && (walk->root_length > 0 || start > 0
          || (walk->final & (GUEST_FINAL_BENEATH | GUEST_FINAL_NO_XDEV))))
    return WALK_UNFIT;

  found->directory = false;
  found->last = GUEST_LAST_ROOT;
  for (const char *at = walk->rest; guest_next_component (at, &component);
       at = component.end)
    {
      found->last = GUEST_LAST_NORMAL;
      if (is_dot (&component))
        found->last = GUEST_LAST_DOT;
      else if (is_dotdot (&component))
        {
          found->last = GUEST_LAST_DOTDOT;
          found->up_from = 0;
          pop (walk);
        }
      else
        append (walk, component.name, component.length);
      found->directory = component.slash || found->last != GUEST_LAST_NORMAL;
      if (dotdot
          && guest_view_cover (view, walk->text.bytes, walk->text.length) > 0)
        goto unfit;
    }
  if (found->last == GUEST_LAST_ROOT)
    found->directory = true;
  if (walk->text.overflows)
    return -K_ENAMETOOLONG;

  if (has_crossed (walk))
    return -K_EXDEV;
  locate (walk);
  if (found->mount)
    {
      if (dotdot)
        goto unfit;
      bool file = view->binding[found->binding].flags & GUEST_BINDING_FILE;
      return file && found->directory ? -K_ENOTDIR : 0;
    }

  int status;
  if ((walk->final & GUEST_FINAL_CREATE) && found->last == GUEST_LAST_NORMAL
      && !dotdot)
    {
      status = prove_parent (walk, K_RESOLVE_IN_ROOT);
      if (status == -K_ELOOP || status == -K_EAGAIN || status == -K_EXDEV)
        status = WALK_UNFIT;
    }
  else if ((walk->final & GUEST_FINAL_CREATE)
           && found->last == GUEST_LAST_NORMAL)
    status = WALK_UNFIT;
  else
    status = prove (walk, dotdot ? walk->rest : guest_found_path (found),
                    K_RESOLVE_IN_ROOT, dotdot);
  if (status == WALK_UNFIT)
    {
    unfit:
      guest_text_cut (&walk->text, start);
      return WALK_UNFIT;
    }
  return status;
}

/* Take FD as where the walk is: by its guest path if it has one, otherwise
   as an anchor of its own.  */
static int
start_at (struct walk *walk, int fd, uint32_t preferred)
{
  char host[GUEST_PATH_SIZE];
  struct guest_found *found = walk->found;
  int length = guest_host_place (walk->guest, fd, host, sizeof host);

  if (length > 0)
    {
      struct guest_component first;
      if (preferred == 0 && guest_next_component (walk->rest, &first)
          && is_dotdot (&first))
        preferred = guest_view_outer (walk->guest->view, host, (size_t) length);
      guest_text_init (&walk->text, found->text, sizeof found->text);
      int inside =
          guest_view_reverse (walk->guest->view, host, (size_t) length,
                              preferred, found->text, sizeof found->text);
      if (inside > 0)
        {
          walk->text.length = inside > 1 ? (size_t) inside : 0;
          found->text[walk->text.length] = '\0';
          found->absolute = true;
          walk->known_directory = false;
          return 0;
        }
    }
  guest_text_init (&walk->text, found->text, sizeof found->text);
  found->anchor = fd;
  found->absolute = false;
  walk->known_directory = false;
  return 0;
}

/* Go through the magic link of /proc that the walk stands at (located).  */
static int
go_through_magic (struct walk *walk)
{
  struct guest_found *found = walk->found;
  int fd = host_openat (walk->guest, found->anchor, guest_found_path (found),
                        K_O_PATH);
  if (fd < 0)
    return fd;
  set_owned (walk, fd);
  return start_at (walk, fd, 0);
}

/* The walk stands at a magic link (located) of a process that is not one of the
   container.  It would lead to the host's files: the kernel refuses it as
   another user's, unless it is not there.  */
static int
refuse_process (struct walk *walk)
{
  char target[GUEST_PATH_SIZE];
  int length =
      host_readlinkat (walk->guest, walk->found->anchor,
                       guest_found_path (walk->found), target, sizeof target);
  return length < 0 && length != -K_ENAMETOOLONG ? length : -K_EACCES;
}

/* Handle the component of /proc that the walk just came to (located), whose
   path there is PROC.  Return 0 when it is nothing special, WALK_AGAIN when
   the walk went elsewhere, a negative errno.  */
static int
walk_proc (struct walk *walk, const char *proc,
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
    return refuse_process (walk);
  if (kind == GUEST_PROC_MAGIC && final && !component->slash)
    {
      found->magic = true;
      return 0;
    }
  if (kind == GUEST_PROC_ROOT)
    {
      go_to (walk, other->fs->root, other->fs->root_length);
      walk->known_directory = true;
      return WALK_AGAIN;
    }
  if (kind == GUEST_PROC_EXE)
    {
      char path[GUEST_PATH_SIZE];
      int length = walk->guest->ops->executable (other, path, sizeof path);
      if (length < 0)
        return length;
      go_to (walk, path, (size_t) length);
      return WALK_AGAIN;
    }
  int status = go_through_magic (walk);
  return status < 0 ? status : WALK_AGAIN;
}

/* Go up from where the walk is.  */
static int
walk_up (struct walk *walk)
{
  struct guest_found *found = walk->found;

  walk->knows_root = true;
  locate (walk);
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
                   && ((walk->final & FINAL_LENIENT) || is_virtual (walk))))
            return status < 0 ? status : -K_ENOTDIR;
        }
      else if (walk->guest->view->binding[found->binding].flags
               & GUEST_BINDING_FILE)
        return -K_ENOTDIR;
    }
  if ((walk->final & GUEST_FINAL_BENEATH) && is_at_root (walk))
    return -K_EXDEV;
  if (!found->absolute && walk->text.length == 0)
    {
      int fd = host_openat (walk->guest, found->anchor, "..",
                            K_O_PATH | K_O_DIRECTORY);
      if (fd < 0)
        return fd;
      set_owned (walk, fd);
      return start_at (walk, fd, 0);
    }
  pop (walk);
  walk->known_directory = true;
  return 0;
}

/* Go to COMPONENT below where the walk is.  Return 0, WALK_AGAIN when it was
   a link and was replaced, or a negative errno.  */
static int
walk_down (struct walk *walk, const struct guest_component *component)
{
  struct guest_found *found = walk->found;
  size_t start = walk->text.length;
  bool follow = component->slash || !(walk->final & GUEST_FINAL_NOFOLLOW);
  bool in_virtual = found->virtual;

  append (walk, component->name, component->length);
  if (walk->text.overflows)
    return -K_ENAMETOOLONG;
  found->virtual = false;
  locate (walk);
  if (has_crossed (walk))
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

  const char *proc = path_in_proc (walk);
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
      return splice (walk, target, (size_t) length, component->end,
                     component->slash);
    }
  if (length == -K_EINVAL)
    return 0;
  if (length == -K_ENOENT)
    {
      found->virtual = is_virtual (walk);
      found->missing = true;
      if (found->virtual || (walk->final & FINAL_LENIENT)
          || (component->last && (walk->final & GUEST_FINAL_MISSING)))
        return 0;
    }
  return length;
}

/* Way 3: walk components until a link is replaced, or to the end.  */
static int
walk_by_component (struct walk *walk)
{
  struct guest_found *found = walk->found;
  struct guest_component component;

  found->last = GUEST_LAST_ROOT;
  found->directory = walk->rest[0] == '/' && walk->text.length == 0;
  while (guest_next_component (walk->rest, &component))
    {
      int status = 0;
      if (has_crossed (walk))
        return -K_EXDEV;
      found->last = GUEST_LAST_NORMAL;
      walk->rest = (char *) component.end;
      if (is_dot (&component))
        found->last = GUEST_LAST_DOT;
      else if (is_dotdot (&component))
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
  return has_crossed (walk) ? -K_EXDEV : 0;
}

/* Way 3 came to an end: where the last component is to be made, see that it
   would lie in a directory.  */
static int
check_parent (struct walk *walk)
{
  struct guest_found *found = walk->found;
  size_t end = walk->text.length;

  while (end > found->path && walk->text.bytes[end - 1] != '/')
    end--;
  if (end <= found->path)
    return check_anchor (walk);
  walk->text.bytes[end - 1] = '\0';
  int fd = host_openat (walk->guest, found->anchor, guest_found_path (found),
                        K_O_PATH | K_O_NOFOLLOW | K_O_DIRECTORY);
  walk->text.bytes[end - 1] = '/';
  host_close (walk->guest, fd);
  return fd == -K_ENOTDIR || fd == -K_EACCES ? fd : 0;
}

/* What way 3 found must be a directory: see that it is, and open it.  */
static int
check_directory (struct walk *walk)
{
  struct guest_found *found = walk->found;
  const char *path = guest_found_path (found);
  bool makes = (walk->final & (GUEST_FINAL_CREATE | GUEST_FINAL_MISSING))
               && found->last == GUEST_LAST_NORMAL;

  if (!found->directory || found->virtual || found->magic || makes
      || found->path == walk->text.length || found->object >= 0
      || (walk->final & FINAL_LENIENT))
    return 0;
  int fd = host_openat (walk->guest, found->anchor, path,
                        K_O_PATH | K_O_NOFOLLOW | K_O_DIRECTORY);
  if (fd < 0)
    return fd;
  found->object = fd;
  return 0;
}

/* Walk what is left, absolute or from where the walk is.  */
static int
walk_all (struct walk *walk)
{
  struct guest_found *found = walk->found;
  int status;

  do
    {
      status = walk_at_once (walk);
      if (status == WALK_UNFIT)
        {
          status = walk_by_component (walk);
          if (status == 0)
            {
              locate (walk);
              status = (walk->final & GUEST_FINAL_CREATE)
                               && found->last == GUEST_LAST_NORMAL
                           ? check_parent (walk)
                           : check_directory (walk);
            }
        }
    }
  while (status == WALK_AGAIN);
  if (status < 0)
    return status;
  if (walk->text.overflows)
    return -K_ENAMETOOLONG;
  if (found->absolute && walk->text.length == 0)
    {
      guest_text_add_char (&walk->text, '/');
      found->path = 1;
    }
  return 0;
}

/* Way 1 for PATH, relative to BASE.  */
static int
walk_relative (struct walk *walk, int base, const char *path)
{
  struct guest_found *found = walk->found;
  struct guest_component component;
  unsigned int count = 0;

  guest_text_init (&walk->text, found->text, sizeof found->text);
  found->absolute = false;
  found->anchor = base;
  found->directory = false;
  found->last = GUEST_LAST_DOT;
  for (; guest_next_component (path, &component); path = component.end)
    {
      if (is_dotdot (&component)
          || guest_view_mentions (walk->guest->view, component.name,
                                  component.length))
        return WALK_UNFIT;
      found->last = is_dot (&component) ? GUEST_LAST_DOT : GUEST_LAST_NORMAL;
      found->directory = component.slash || is_dot (&component);
      if (!is_dot (&component))
        {
          append (walk, component.name, component.length);
          count++;
        }
    }
  locate (walk);
  found->untouched = true;
  if (count == 0)
    {
      /* Where the task is may have been closed to it.  */
      if (!(walk->final & GUEST_FINAL_OBJECT))
        return 0;
      found->object =
          host_openat (walk->guest, base, ".", K_O_PATH | K_O_DIRECTORY);
      return found->object < 0 ? found->object : 0;
    }
  if (count == 1 && !found->directory
      && (walk->final & (GUEST_FINAL_NOFOLLOW | GUEST_FINAL_CREATE)))
    return 0;

  int status;
  if ((walk->final & GUEST_FINAL_CREATE) && found->last == GUEST_LAST_NORMAL)
    status = prove_parent (walk, K_RESOLVE_BENEATH);
  else
    {
      /* A final link is not followed here: way 2 does that.  */
      bool nofollow = (walk->final & GUEST_FINAL_NOFOLLOW) && !found->directory;
      status = guest_open_plainly (walk->guest, base, guest_found_path (found),
                                   K_O_PATH | (nofollow ? K_O_NOFOLLOW : 0)
                                       | (found->directory ? K_O_DIRECTORY : 0),
                                   K_RESOLVE_BENEATH);
      if (status == -K_ENOENT
          && (walk->final & (GUEST_FINAL_MISSING | FINAL_LENIENT)))
        {
          found->missing = true;
          status = 0;
        }
      else if (status >= 0 && (walk->final & GUEST_FINAL_OBJECT))
        {
          found->object = status;
          status = 0;
        }
      else if (status >= 0)
        {
          host_close (walk->guest, status);
          status = 0;
        }
    }
  if (status == -K_ELOOP || status == -K_EXDEV || status == -K_EAGAIN)
    {
      found->untouched = false;
      return WALK_UNFIT;
    }
  return status;
}

/* A directory is being walked from (START_AT): where it has a name in the
   container make that the root of a walk that must not leave it; SCOPE gets a
   copy.  Return 0, or WALK_UNFIT: bindings are no matter there, the kernel
   knows best.  */
static int
enclose (struct walk *walk, char scope[GUEST_PATH_SIZE])
{
  if (!(walk->final & (GUEST_FINAL_BENEATH | GUEST_FINAL_IN_ROOT)))
    return 0;
  if (!walk->found->absolute || walk->text.length >= GUEST_PATH_SIZE)
    return WALK_UNFIT;
  for (size_t i = 0; i < walk->text.length; i++)
    scope[i] = walk->text.bytes[i];
  scope[walk->text.length] = '\0';
  walk->root = scope;
  walk->root_length = walk->text.length;
  return 0;
}

/* Resolve PATH relative to DIR.  */
static int
resolve_relative (struct walk *walk, int dir, const char *path)
{
  char scope[GUEST_PATH_SIZE];
  struct guest_found *found = walk->found;
  int base = guest_get_base (walk->task, dir, &found->owned[0]);
  if (base < 0 && base != GUEST_AT_CWD)
    return base;
  if (dir == GUEST_AT_CWD)
    found->through = walk->task->fs->cwd_binding;

  if (path[0] == '\0')
    {
      guest_text_init (&walk->text, found->text, sizeof found->text);
      found->absolute = false;
      found->anchor = base;
      found->last = GUEST_LAST_DOT;
      found->untouched = true;
      locate (walk);
      return 0;
    }

  int status = walk_relative (walk, base, path);
  if (status != WALK_UNFIT)
    return status;
  found->untouched = false;
  status = start_at (walk, base,
                     dir == GUEST_AT_CWD ? walk->task->fs->cwd_binding : 0);
  if (status < 0)
    return status;
  if (enclose (walk, scope) == WALK_UNFIT)
    {
      found->untouched = true;
      return 0;
    }
  walk->mount = found->absolute ? guest_view_cover (
                    walk->guest->view, walk->text.bytes, walk->text.length)
                                : 0;
  return walk_all (walk);
}

/* What was found must not lie on another mount of the host's either: see
   whether it does.  */
static int
check_mounts (struct walk *walk)
{
  struct guest_found *found = walk->found;

  if (!(walk->final & GUEST_FINAL_NO_XDEV) || found->virtual || found->untouched
      || !found->absolute)
    return 0;
  int fd = host_openat2 (
      walk->guest, found->anchor,
      found->path < walk->text.length ? guest_found_path (found) : ".",
      K_O_PATH | (found->magic ? 0 : K_O_NOFOLLOW), K_RESOLVE_NO_XDEV);
  host_close (walk->guest, fd);
  return fd == -K_EXDEV ? fd : 0;
}

int
guest_resolve_closed (struct guest_task *task, int dir, const char *path,
                      unsigned int final, struct guest_found *found)
{
  char pending[PENDING_SIZE];
  struct walk walk = { .task = task,
                       .guest = task->guest,
                       .found = found,
                       .final = final,
                       .root = task->fs->root,
                       .root_length = task->fs->root_length,
                       .pending = pending };
  size_t length = guest_text_length (path, GUEST_PATH_SIZE);

  if (length >= GUEST_PATH_SIZE)
    return -K_ENAMETOOLONG;
  if (length == 0 && !(final & GUEST_FINAL_EMPTY))
    return -K_ENOENT;

  found->anchor = found->object = found->owned[0] = found->owned[1] = -1;
  found->binding = found->up_from = GUEST_OUTSIDE;
  found->through = 0;
  found->untouched = found->absolute = found->directory = false;
  found->mount = found->virtual = found->magic = found->missing = false;
  found->last = GUEST_LAST_NORMAL;

  look_for_slash (&walk, path, length);

  walk.rest = walk.pending + PENDING_SIZE - length - 1;
  for (size_t i = 0; i <= length; i++)
    walk.rest[i] = path[i];

  int status = 0;
  walk.knows_root =
      path[0] == '/' || (final & (GUEST_FINAL_BENEATH | GUEST_FINAL_IN_ROOT));
  if (path[0] == '/' && (final & GUEST_FINAL_BENEATH))
    return -K_EXDEV;
  if (path[0] == '/' && (final & GUEST_FINAL_IN_ROOT))
    {
      while (*path == '/')
        path++;
      while (*walk.rest == '/')
        walk.rest++;
      status = resolve_relative (&walk, dir, *path == '\0' ? "." : path);
    }
  else if (path[0] == '/')
    {
      go_to_root (&walk);
      walk.mount = guest_view_cover (walk.guest->view, walk.text.bytes,
                                     walk.text.length);
      status = walk_all (&walk);
    }
  else
    status = resolve_relative (&walk, dir, path);
  if (status == 0)
    status = check_mounts (&walk);
  if (status < 0)
    {
      guest_found_release (walk.guest, found);
      return status;
    }
  found->length = (uint32_t) walk.text.length;
  return 0;
}

int
guest_resolve (struct guest_task *task, int dir, const char *path,
               unsigned int final, struct guest_found *found)
{
  int status = guest_resolve_closed (task, dir, path, final, found);

  if (!guest_may_unlock (task) || (final & FINAL_LENIENT))
    return status;
  while (status == -K_EACCES && guest_unlock_way (task, dir, path))
    status = guest_resolve_closed (task, dir, path, final, found);
  if (status == 0 && (final & (GUEST_FINAL_CREATE | GUEST_FINAL_MISSING)))
    guest_unlock_parent (task, found);
  return status;
}

int
guest_resolve_at (struct guest_task *task, int dir, uint64_t address,
                  unsigned int final, struct guest_found *found)
{
  char path[GUEST_PATH_SIZE];
  int length = task->guest->ops->read_string (task, address, path, sizeof path);
  if (length < 0)
    return length;
  return guest_resolve (task, dir, path, final, found);
}

int
guest_canonical (struct guest_task *task, const char *path, unsigned int final,
                 char *canonical, size_t size)
{
  struct guest_found found;
  int status = guest_resolve (task, GUEST_AT_CWD, path,
                              (final & GUEST_FINAL_NOFOLLOW)
                                  | GUEST_FINAL_MISSING | FINAL_LENIENT,
                              &found);
  if (status < 0)
    return status;
  status = guest_found_guest (task, &found, canonical, size);
  guest_found_release (task->guest, &found);
  return status;
}
