/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Where descriptors of the engine, and paths of the host, are in the
   container.  */

#include "lib/guest/handlers.h"
#include "lib/guest/path-private.h"

void
guest_add_fd (const struct guest *guest, struct guest_text *text, int fd)
{
  /* The thread's own: the process's are those of a first thread, which may have
     ended.  */
  guest_text_add (text, guest->inside ? "/proc/thread-self/" : "/proc/self/");
  if (fd == GUEST_AT_CWD)
    {
      guest_text_add (text, "cwd");
      return;
    }
  guest_text_add (text, "fd/");
  guest_text_add_number (text, fd);
}

void
guest_add_shown_fd (const struct guest *guest, struct guest_text *text, int fd)
{
  if (guest->inside)
    {
      guest_add_fd (guest, text, fd);
      return;
    }
  guest_text_add (text, "/proc/");
  guest_text_add_number (text, guest->pid);
  guest_text_add (text, "/fd/");
  guest_text_add_number (text, fd);
}

bool
guest_shows_fd (const struct guest *guest)
{
  return guest->inside || guest->pid > 0;
}

/* Read the current directory, which is ours, into the SIZE bytes at HOST.
   Return its length, or a negative errno where another way may say more.  */
static int
read_own_directory (struct guest *guest, char *host, size_t size)
{
  int64_t length =
      host_call (guest, K_NR_getcwd, host_pointer (host), size, 0, 0);
  return length > 1 && host[0] == '/' ? (int) length - 1 : -K_ENOENT;
}

/* Read where FD is, or was when *REMOVED is set.  Otherwise as
   guest_host_place.  */
static int
read_place (struct guest *guest, int fd, char *host, size_t size, bool *removed)
{
  char link[40];
  struct guest_text text;

  *removed = false;
  guest_text_init (&text, link, sizeof link);
  if (fd == GUEST_AT_CWD)
    {
      int own = read_own_directory (guest, host, size);
      if (own > 0)
        return own;
    }
  guest_add_fd (guest, &text, fd);
  int length = host_readlinkat (guest, K_AT_FDCWD, link, host, size);
  if (length <= 0)
    return length == 0 ? -K_ENOENT : length;
  if (host[0] != '/')
    return -K_ENOENT;

  static const char deleted[] = " (deleted)";
  size_t tail = sizeof deleted - 1;
  if ((size_t) length > tail
      && guest_text_equal (host + length - tail, deleted))
    {
      struct k_stat status;
      *removed = host_fstatat (guest, fd, "", &status, K_AT_EMPTY_PATH) < 0
                 || status.st_nlink == 0;
      if (*removed)
        host[length -= (int) tail] = '\0';
    }
  return length;
}

int
guest_host_place (struct guest *guest, int fd, char *host, size_t size)
{
  bool removed = false;
  int length = read_place (guest, fd, host, size, &removed);
  return removed ? -K_ENOENT : length;
}

uint32_t
guest_place_binding (struct guest *guest, int fd, uint32_t preferred)
{
  char host[GUEST_PATH_SIZE];
  char path[GUEST_PATH_SIZE];
  bool removed = false;
  int length = read_place (guest, fd, host, sizeof host, &removed);

  if (length < 0)
    return GUEST_OUTSIDE;
  length = guest_view_reverse (guest->view, host, (size_t) length, preferred,
                               path, sizeof path);
  return length < 0 ? GUEST_OUTSIDE
                    : guest_view_cover (guest->view, path, (size_t) length);
}

bool
guest_place_is_read_only (struct guest *guest, int fd, uint32_t preferred)
{
  char host[GUEST_PATH_SIZE];
  bool removed = false;
  int length = read_place (guest, fd, host, sizeof host, &removed);

  return length > 0
         && guest_view_is_read_only (guest->view, host, (size_t) length,
                                     preferred);
}

int
guest_open_plainly (struct guest *guest, int dir, const char *path, int flags,
                    uint64_t resolve)
{
  struct guest_component component;
  char name[GUEST_NAME_MAX + 1];
  struct k_stat status;
  int fd = dir;

  if (!(guest->missing & GUEST_LACKS_OPENAT2))
    return host_openat2 (guest, dir, path, flags,
                         K_RESOLVE_NO_SYMLINKS | resolve);
  for (; guest_next_component (path, &component); path = component.end)
    {
      int next = -K_ENAMETOOLONG;
      if (component.length < sizeof name)
        {
          struct guest_text text;
          guest_text_init (&text, name, sizeof name);
          guest_text_add_bytes (&text, component.name, component.length);
          next = host_openat (
              guest, fd, name,
              K_O_NOFOLLOW
                  | (component.last ? flags : K_O_PATH | K_O_DIRECTORY));
        }
      if (fd != dir)
        host_close (guest, fd);
      /* A link is no directory either: look again in another way.  */
      if (next == -K_ENOTDIR)
        next = -K_ELOOP;
      if (next < 0)
        return next;
      fd = next;
    }
  if (host_fstatat (guest, fd, "", &status, K_AT_EMPTY_PATH) == 0
      && (status.st_mode & K_S_IFMT) == K_S_IFLNK && !(flags & K_O_NOFOLLOW))
    {
      host_close (guest, fd);
      return -K_ELOOP;
    }
  return fd;
}

int
guest_descriptor (struct guest_task *task, int fd, bool *owned)
{
  *owned = false;
  return fd < 0 ? -K_EBADF : task->guest->ops->descriptor (task, fd, owned);
}

int
guest_get_base (struct guest_task *task, int dir, int *owned)
{
  bool is_owned = false;

  *owned = -1;
  if (dir < 0 && dir != GUEST_AT_CWD)
    return -K_EBADF;
  if (dir == GUEST_AT_CWD && task->fs->cwd >= 0)
    return task->fs->cwd;
  int base = task->guest->ops->descriptor (task, dir, &is_owned);
  if (base < 0 && base != GUEST_AT_CWD)
    return base;
  if (is_owned && dir == GUEST_AT_CWD && !task->fs->diverged
      && base < task->guest->keep_below)
    task->fs->cwd = base;
  else if (is_owned)
    *owned = base;
  return base;
}

int
guest_take_off_root (struct guest_task *task, const char *path, size_t length,
                     char *seen, size_t size)
{
  const struct guest_fs *fs = task->fs;
  struct guest_text text;

  if (size == 0)
    return -K_ENAMETOOLONG;
  if (!guest_text_is_below (path, length, fs->root, fs->root_length))
    return -K_ENOENT;
  guest_text_init (&text, seen, size);
  guest_text_add_bytes (&text, path + fs->root_length,
                        length - fs->root_length);
  if (text.length == 0)
    guest_text_add_char (&text, '/');
  return text.overflows ? -K_ENAMETOOLONG : (int) text.length;
}

int
guest_place (struct guest *guest, int fd, char *path, size_t size)
{
  char host[GUEST_PATH_SIZE];
  int length = guest_host_place (guest, fd, host, sizeof host);

  return length < 0 ? length
                    : guest_view_reverse (guest->view, host, (size_t) length, 0,
                                          path, size);
}

int
guest_reverse (struct guest_task *task, const char *host, size_t length,
               char *path, size_t size)
{
  char whole[GUEST_PATH_SIZE];
  int status = guest_view_reverse (task->guest->view, host, length, 0, whole,
                                   sizeof whole);
  if (status < 0)
    return status;
  return guest_take_off_root (task, whole, (size_t) status, path, size);
}

int
guest_current (struct guest_task *task, char *path, size_t size)
{
  char host[GUEST_PATH_SIZE];
  char whole[GUEST_PATH_SIZE];
  int owned;
  int base = guest_get_base (task, GUEST_AT_CWD, &owned);

  if (base < 0 && base != GUEST_AT_CWD)
    return base;
  int length = guest_host_place (task->guest, base, host, sizeof host);
  host_close (task->guest, owned);
  if (length < 0)
    return length;
  length = guest_view_reverse (task->guest->view, host, (size_t) length,
                               task->fs->cwd_binding, whole, sizeof whole);
  if (length < 0)
    return length;
  length = guest_take_off_root (task, whole, (size_t) length, path, size);
  return length == -K_ENAMETOOLONG ? -K_ERANGE : length;
}
