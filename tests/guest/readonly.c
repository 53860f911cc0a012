/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* A read-only binding: every call that would change something there, by a
   path, by a descriptor, by a link and from elsewhere, is refused as the kernel
   refuses it on a read-only mount.

   usage: readonly [both]

   ../place/ro is bound so, with "file", "directory", "link" to file, "tree/f",
   "fifo" and "program" in it; ../place/file is another file bound read-only.
   With "both" ../place/rw is the same directory bound to be written, and so is
   another one at ../place/ro/directory.  */

#define _GNU_SOURCE 1
#include "report.h"
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <utime.h>

#define FS_IOC_GETFLAGS_ 0x80086601
#define FS_IOC_SETFLAGS_ 0x40086602

static void
bind_socket (const char *name, int type)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, type, 0);
  strncpy (address.sun_path, name, sizeof address.sun_path - 1);
  SAY ("bind a socket",
       bind (fd, (struct sockaddr *) &address, sizeof address));
  close (fd);
}

/* All that can be tried on PATH, which is a file, from the directory DIR.  */
static void
try_file (int dir, const char *path)
{
  struct stat st;
  char procfs[64];
  static const int flags[] = { O_WRONLY,
                               O_RDWR,
                               O_RDONLY | O_TRUNC,
                               O_WRONLY | O_TRUNC,
                               O_WRONLY | O_APPEND,
                               O_RDONLY | O_CREAT,
                               O_RDWR | O_CREAT,
                               O_RDWR | O_CREAT | O_EXCL,
                               O_RDONLY | O_CREAT | O_EXCL,
                               O_WRONLY | O_DIRECTORY,
                               O_WRONLY | O_NOFOLLOW,
                               O_PATH };
  printf ("-- file '%s'\n", path);
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
    {
      struct
      {
        uint64_t flags, mode, resolve;
      } how = { (unsigned) flags[i], flags[i] & O_CREAT ? 0644 : 0, 0 };
      printf ("%o ", (unsigned) flags[i]);
      SAY_OPEN ("openat", openat (dir, path, flags[i], 0644));
      SAY_OPEN ("openat2", syscall (437, dir, path, &how, sizeof how));
    }
  SAY ("access", faccessat (dir, path, W_OK, 0));
  SAY ("access to read", faccessat (dir, path, R_OK, 0));
  SAY ("access all", faccessat (dir, path, R_OK | W_OK, 0));
  SAY ("faccessat2", syscall (439, dir, path, W_OK, AT_EACCESS));
  SAY ("chmod", fchmodat (dir, path, 0600, 0));
  SAY ("chown", fchownat (dir, path, getuid (), getgid (), 0));
  SAY ("chown of the link",
       fchownat (dir, path, getuid (), getgid (), AT_SYMLINK_NOFOLLOW));
  SAY ("utimensat", utimensat (dir, path, NULL, 0));
  SAY ("utimensat of the link",
       utimensat (dir, path, NULL, AT_SYMLINK_NOFOLLOW));
  const struct timespec omit[2] = { { .tv_nsec = UTIME_OMIT },
                                    { .tv_nsec = UTIME_OMIT } };
  SAY ("utimensat of nothing", utimensat (dir, path, omit, 0));
  SAY ("unlink", unlinkat (dir, path, 0));
  SAY ("rmdir", unlinkat (dir, path, AT_REMOVEDIR));
  SAY ("rename in", renameat (dir, path, dir, "new"));
  SAY ("rename out", renameat (dir, path, AT_FDCWD, "outside"));
  SAY ("link in", linkat (dir, path, dir, "new", 0));
  SAY ("link out", linkat (dir, path, AT_FDCWD, "outside", 0));
  SAY ("mkdir over", mkdirat (dir, path, 0755));
  SAY ("mknod over", mknodat (dir, path, S_IFREG | 0644, 0));
  SAY ("symlink over", symlinkat ("x", dir, path));

  int fd = openat (dir, path, O_RDONLY);
  if (fd < 0)
    return;
  SAY ("write to one for reading", write (fd, "x", 1));
  SAY ("fchmod", fchmod (fd, 0600));
  SAY ("fchown", fchown (fd, getuid (), getgid ()));
  SAY ("futimens", futimens (fd, NULL));
  SAY ("ftruncate", ftruncate (fd, 1));
  SAY ("fsetxattr", fsetxattr (fd, "user.x", "y", 1, 0));
  SAY ("fremovexattr", fremovexattr (fd, "user.x"));
  SAY ("fallocate", fallocate (fd, 0, 0, 100));
  SAY ("mmap shared", mmap (NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                            0) == MAP_FAILED
                          ? -1
                          : 0);
  SAY ("fchmodat2",
       syscall (452, fd, "", 0600, AT_EMPTY_PATH) < 0 && errno == ENOSYS
           ? 0
           : syscall (452, fd, "", 0600, AT_EMPTY_PATH));
  SAY ("fchownat empty",
       fchownat (fd, "", getuid (), getgid (), AT_EMPTY_PATH));
  int attributes = 0;
  int got = ioctl (fd, FS_IOC_GETFLAGS_, &attributes);
  if (got == 0)
    SAY ("ioctl", ioctl (fd, FS_IOC_SETFLAGS_, &attributes));
  snprintf (procfs, sizeof procfs, "/proc/self/fd/%d", fd);
  SAY_OPEN ("open again to write", open (procfs, O_WRONLY));
  SAY_OPEN ("open again to read", open (procfs, O_RDONLY));
  SAY ("chmod by /proc", chmod (procfs, 0600));
  SAY ("truncate by /proc", truncate (procfs, 1));
  SAY ("utimensat by /proc", utimensat (AT_FDCWD, procfs, NULL, 0));
  SAY ("setxattr by /proc", setxattr (procfs, "user.x", "y", 1, 0));
  SAY ("link by /proc",
       linkat (AT_FDCWD, procfs, dir, "new", AT_SYMLINK_FOLLOW));
  SAY ("stat", fstat (fd, &st));
  say_stat ("it", &st);
  close (fd);
  int opaque = openat (dir, path, O_PATH);
  snprintf (procfs, sizeof procfs, "/proc/self/fd/%d", opaque);
  SAY_OPEN ("open O_PATH again to write", open (procfs, O_RDWR));
  SAY ("chmod O_PATH by /proc", chmod (procfs, 0600));
  close (opaque);
}

/* All that can be tried in the directory PATH.  */
static void
try_directory (const char *path)
{
  char name[PATH_MAX];
  struct statvfs system;
  printf ("-- directory '%s'\n", path);
  int dir = open (path, O_RDONLY | O_DIRECTORY);
  if (dir < 0)
    {
      SAY ("open", -1);
      return;
    }
  try_file (dir, "file");
  try_file (dir, "link");
  try_file (dir, "tree/f");
  try_file (dir, "missing");
  snprintf (name, sizeof name, "%s/file", path);
  SAY ("truncate", truncate (name, 1));
  SAY ("utime", utime (name, NULL));
  SAY ("utimes", utimes (name, NULL));
  SAY ("setxattr", setxattr (name, "user.x", "y", 1, 0));
  SAY ("lsetxattr", lsetxattr (name, "user.x", "y", 1, 0));
  SAY ("removexattr", removexattr (name, "user.x"));
  snprintf (name, sizeof name, "%s/new", path);
  SAY ("mkdir", mkdir (name, 0755));
  SAY ("mkdirat", mkdirat (dir, "new", 0755));
  SAY ("mkfifo", mkfifo (name, 0644));
  SAY ("mknod", mknod (name, S_IFREG | 0644, 0));
  SAY ("symlink", symlink ("x", name));
  SAY ("rmdir", unlinkat (dir, "directory", AT_REMOVEDIR));
  SAY ("rmdir of a full one", unlinkat (dir, "tree", AT_REMOVEDIR));
  SAY ("rename a directory", renameat (dir, "directory", dir, "new"));
  SAY ("exchange", syscall (316, dir, "directory", dir, "tree", 2));
  SAY ("rename over", renameat (AT_FDCWD, "here", dir, "file"));
  SAY ("link from outside", linkat (AT_FDCWD, "here", dir, "new", 0));
  SAY_OPEN ("O_TMPFILE", openat (dir, ".", O_TMPFILE | O_RDWR, 0600));
  SAY_OPEN ("O_TMPFILE by path", open (path, O_TMPFILE | O_WRONLY, 0600));
  SAY ("chmod", chmod (path, 0700));
  SAY ("fchmod", fchmod (dir, 0700));
  SAY ("chown", chown (path, getuid (), getgid ()));
  SAY ("futimens", futimens (dir, NULL));
  SAY ("access", access (path, W_OK));
  SAY ("access to search", access (path, X_OK));
  SAY ("statvfs", statvfs (path, &system));
  bind_socket (name, SOCK_STREAM);
  bind_socket (name, SOCK_DGRAM);
  SAY ("chdir", fchdir (dir));
  bind_socket ("new", SOCK_STREAM);
  SAY_OPEN ("create here", open ("new", O_CREAT | O_WRONLY, 0644));
  SAY_OPEN ("create above", open ("../new", O_CREAT | O_EXCL | O_WRONLY, 0644));
  SAY ("unlink it", unlink ("../new"));
  SAY ("mkdir above", mkdir ("../new", 0755));
  SAY ("rename above into", rename ("../new", "new"));
  SAY ("rmdir it", rmdir ("../new"));
  SAY_OPEN ("a FIFO", open ("fifo", O_RDWR | O_NONBLOCK));
  SAY_OPEN ("a program", open ("program", O_RDWR));
  SAY ("a watch", inotify_add_watch (inotify_init1 (0), ".", IN_CREATE));
  close (dir);
}

/* The same directory by another name can be written.  */
static void
try_both (void)
{
  char start[PATH_MAX];
  if (getcwd (start, sizeof start) == NULL)
    return;
  say_path ("rw/file");
  SAY ("truncate", truncate ("rw/file", 2));
  SAY ("truncate", truncate ("ro/file", 2));
  say_path ("ro/file");
  SAY ("chmod", chmod ("rw/file", 0640));
  SAY ("chmod", chmod ("ro/file", 0640));
  SAY_OPEN ("create", open ("rw/made", O_CREAT | O_EXCL | O_WRONLY, 0644));
  say_path ("ro/made");
  SAY ("from the other", rename ("rw/made", "ro/moved"));
  SAY ("to the other", rename ("ro/made", "rw/moved"));
  SAY ("unlink by the other", unlink ("ro/made"));
  SAY ("unlink", unlink ("rw/made"));
  int fd = open ("rw/file", O_RDWR);
  SAY ("write", write (fd, "abc", 3));
  SAY ("fchmod", fchmod (fd, 0644));
  SAY ("futimens", futimens (fd, NULL));
  close (fd);
  SAY ("chdir", chdir ("rw"));
  SAY_OPEN ("create", open ("made", O_CREAT | O_EXCL | O_WRONLY, 0644));
  SAY_OPEN ("create", open ("tree/made", O_CREAT | O_EXCL | O_WRONLY, 0644));
  SAY ("chmod", chmod ("file", 0644));
  SAY ("back", chdir (start));
  SAY ("chdir", chdir ("ro"));
  SAY_OPEN ("create", open ("more", O_CREAT | O_EXCL | O_WRONLY, 0644));
  SAY_OPEN ("create", open ("tree/more", O_CREAT | O_EXCL | O_WRONLY, 0644));
  SAY ("chmod", chmod ("file", 0644));
  SAY ("mkdir", mkdir ("more", 0755));
  SAY ("unlink", unlink ("made"));
  SAY ("unlink", unlink ("tree/made"));
  SAY ("back", chdir (start));
  /* One that can be written lies in one that cannot.  */
  SAY ("mkdir", mkdir ("ro/directory/made", 0755));
  fd = open ("ro/directory", O_RDONLY);
  SAY ("fchmod", fchmod (fd, 0700));
  SAY ("mkdirat", mkdirat (fd, "more", 0755));
  SAY ("chmod by a descriptor", fchmodat (fd, "more", 0700, 0));
  SAY ("rmdir", unlinkat (fd, "more", AT_REMOVEDIR));
  SAY ("rmdir", rmdir ("ro/directory/made"));
  SAY ("rmdir it", rmdir ("ro/directory"));
  SAY ("rename it", rename ("ro/directory", "ro/other"));
  close (fd);
}

int
main (int argc, char **argv)
{
  umask (022);
  setvbuf (stdout, NULL, _IOLBF, 0);
  if (chdir ("../place") < 0)
    return 99;
  char start[PATH_MAX];
  if (getcwd (start, sizeof start) == NULL)
    return 99;
  make_file ("here", "here\n", 0644);
  if (argc > 1 && strcmp (argv[1], "both") == 0)
    {
      try_both ();
      return 0;
    }
  try_directory ("ro");
  SAY ("back", chdir (start));
  unlink ("to-ro");
  SAY ("symlink", symlink ("ro/tree/..", "to-ro"));
  try_directory ("to-ro");
  SAY ("back", chdir (start));
  try_file (AT_FDCWD, "file");
  SAY ("truncate", truncate ("file", 1));
  SAY ("unlink", unlink ("file"));
  return 0;
}
