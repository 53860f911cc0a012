/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* The path calls that came late, through raw system calls so that no library
   papers over them.  */

#define _GNU_SOURCE 1
#include "report.h"
#include <stdint.h>
#include <sys/statfs.h>

#ifndef SYS_openat2
#  define SYS_openat2 437
#endif
#ifndef SYS_faccessat2
#  define SYS_faccessat2 439
#endif
#ifndef SYS_fchmodat2
#  define SYS_fchmodat2 452
#endif
#ifndef SYS_close_range
#  define SYS_close_range 436
#endif

struct how
{
  uint64_t flags, mode, resolve;
};

enum
{
  NO_XDEV = 1,
  NO_MAGICLINKS = 2,
  NO_SYMLINKS = 4,
  BENEATH = 8,
  IN_ROOT = 16,
  CACHED = 32,
};

static long
try_openat2 (int dir, const char *path, uint64_t flags, uint64_t mode,
             uint64_t resolve)
{
  struct how how = { flags, mode, resolve };
  return syscall (SYS_openat2, dir, path, &how, sizeof how);
}

/* Print the kind and size of PATH below DIR as statx sees it.  */
static void
say_statx (const char *what, int dir, const char *path, int flags)
{
  unsigned char buffer[256] = { 0 };
  uint16_t mode;
  uint64_t size;
  uint32_t links;
  if (syscall (SYS_statx, dir, path, flags, 0x7ff, buffer) < 0)
    {
      say_result (what, -1, errno);
      return;
    }
  memcpy (&links, buffer + 16, sizeof links);
  memcpy (&mode, buffer + 28, sizeof mode);
  memcpy (&size, buffer + 40, sizeof size);
  printf ("%s: mode %o links %u size %lu\n", what, mode,
          S_ISDIR (mode) ? 0u : links,
          S_ISDIR (mode) ? 0ul : (unsigned long) size);
}

static void
openat2_all (int dir)
{
  static const struct
  {
    const char *path;
    uint64_t resolve;
  } cases[] = {
    { "file", 0 },
    { "../file", 0 },
    { "../file", BENEATH },
    { "sub/../sub/inner", BENEATH },
    { "sub/../../dir/sub/inner", BENEATH },
    { "/etc/passwd", 0 },
    { "/etc/passwd", BENEATH },
    { "/sub/inner", IN_ROOT },
    { "../../../sub/inner", IN_ROOT },
    { "/etc/passwd", IN_ROOT },
    { "up", 0 },
    { "up", BENEATH },
    { "up", IN_ROOT },
    { "absolute", 0 },
    { "absolute", BENEATH },
    { "absolute", IN_ROOT },
    { "soft", 0 },
    { "soft", NO_SYMLINKS },
    { "sub-link/inner", NO_SYMLINKS },
    { "sub-link/inner", 0 },
    { "sub-link/inner", BENEATH },
    { "/proc/self/exe", NO_MAGICLINKS },
    { "/proc/self/cwd", NO_MAGICLINKS },
    { "/proc/self/cwd/file", NO_SYMLINKS },
    { "sub/inner", NO_XDEV },
    { "/proc/version", NO_XDEV },
    { "sub/inner", 0x100 },
    { "none", IN_ROOT },
    { "none/x", BENEATH },
    { "sub/inner/x", BENEATH },
    { "sub/inner/", IN_ROOT },
    { "", 0 },
    { ".", BENEATH },
    { "..", IN_ROOT },
    { "/", IN_ROOT },
    { "loop", IN_ROOT },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    {
      char what[128];
      snprintf (what, sizeof what, "openat2 '%s' resolve %lx", cases[i].path,
                (unsigned long) cases[i].resolve);
      SAY_OPEN (what, try_openat2 (dir, cases[i].path, O_RDONLY | O_CLOEXEC, 0,
                                   cases[i].resolve));
    }
  SAY_OPEN ("openat2 mode without O_CREAT",
            try_openat2 (dir, "file", O_RDONLY, 0600, 0));
  SAY_OPEN ("openat2 unknown flag",
            try_openat2 (dir, "file", 0x800000000ull, 0, 0));
  SAY_OPEN ("openat2 create",
            try_openat2 (dir, "new2", O_CREAT | O_RDWR, 0604, BENEATH));
  SAY_OPEN ("openat2 create outside",
            try_openat2 (dir, "../new3", O_CREAT | O_RDWR, 0604, BENEATH));
  SAY_OPEN ("openat2 nofollow",
            try_openat2 (dir, "soft", O_RDONLY | O_NOFOLLOW, 0, 0));
  SAY_OPEN ("openat2 path nofollow",
            try_openat2 (dir, "soft", O_PATH | O_NOFOLLOW, 0, IN_ROOT));
  SAY_OPEN ("openat2 of a bad descriptor",
            try_openat2 (999, "file", O_RDONLY, 0, 0));
  SAY_OPEN ("openat2 absolute with a bad descriptor",
            try_openat2 (999, "/etc/passwd", O_RDONLY, 0, 0));
  struct how how = { 0 };
  SAY_OPEN ("openat2 of size 8", syscall (SYS_openat2, dir, "file", &how, 8));
  struct
  {
    struct how how;
    uint64_t more;
  } big = { { O_RDONLY, 0, 0 }, 0 };
  SAY_OPEN ("openat2 of size 32",
            syscall (SYS_openat2, dir, "file", &big, sizeof big));
  big.more = 1;
  SAY_OPEN ("openat2 of size 32 with more",
            syscall (SYS_openat2, dir, "file", &big, sizeof big));
  SAY_OPEN ("openat2 of NULL", syscall (SYS_openat2, dir, "file", NULL, 24));
  SAY_OPEN ("openat2 of NULL path",
            syscall (SYS_openat2, dir, NULL, &how, sizeof how));
}

static void
statx_all (int dir)
{
  say_statx ("statx file", dir, "file", 0);
  say_statx ("statx soft", dir, "soft", 0);
  say_statx ("statx soft nofollow", dir, "soft", AT_SYMLINK_NOFOLLOW);
  say_statx ("statx absolute", dir, "absolute", 0);
  say_statx ("statx empty", dir, "", 0);
  say_statx ("statx empty flag", dir, "", AT_EMPTY_PATH);
  say_statx ("statx cwd empty flag", AT_FDCWD, "", AT_EMPTY_PATH);
  say_statx ("statx file empty flag", dir, "file", AT_EMPTY_PATH);
  say_statx ("statx bad flag", dir, "file", 0x40000000);
  say_statx ("statx bad fd", 999, "file", 0);
  say_statx ("statx bad fd absolute", 999, "/etc/passwd", 0x800);
  say_statx ("statx no automount", dir, "file", 0x800);
  say_statx ("statx dont sync", dir, "file", 0x4000);
  say_statx ("statx loop", dir, "loop", 0);
  int fd = openat (dir, "file", O_RDONLY);
  say_statx ("statx file descriptor", fd, "", AT_EMPTY_PATH);
  say_statx ("statx below a file", fd, "x", 0);
  say_statx ("statx of NULL", fd, NULL, AT_EMPTY_PATH);
  struct stat st;
  SAY ("fstatat empty flag", fstatat (fd, "", &st, AT_EMPTY_PATH));
  SAY ("fstatat empty", fstatat (fd, "", &st, 0));
  SAY ("fstatat of cwd", fstatat (AT_FDCWD, "", &st, AT_EMPTY_PATH));
  printf ("directory %d\n", S_ISDIR (st.st_mode));
  SAY ("fstatat bad flag", fstatat (fd, "", &st, 0x8));
  SAY ("stat into NULL", syscall (SYS_newfstatat, dir, "file", NULL, 0));
  close (fd);
}

static void
access_all (int dir)
{
  static const int flags[] = { 0,
                               AT_EACCESS,
                               AT_SYMLINK_NOFOLLOW,
                               AT_EMPTY_PATH,
                               AT_EMPTY_PATH | AT_EACCESS,
                               2 };
  static const char *const names[] = { "file", "soft",    "dangling", "",
                                       "none", "no-read", "run" };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    for (size_t j = 0; j < sizeof flags / sizeof *flags; j++)
      for (int mode = 0; mode < 8; mode += 1 + (mode == 2))
        {
          char what[64];
          snprintf (what, sizeof what, "faccessat2 '%s' %d %x", names[i], mode,
                    (unsigned) flags[j]);
          SAY (what, syscall (SYS_faccessat2, dir, names[i], mode, flags[j]));
        }
}

static void
chmod_all (int dir)
{
  struct stat st;
  SAY ("fchmodat2", syscall (SYS_fchmodat2, dir, "file", 0604, 0));
  fstatat (dir, "file", &st, 0);
  say_stat ("file", &st);
  SAY ("fchmodat2 link nofollow",
       syscall (SYS_fchmodat2, dir, "soft", 0604, AT_SYMLINK_NOFOLLOW));
  SAY ("fchmodat2 file nofollow",
       syscall (SYS_fchmodat2, dir, "file", 0640, AT_SYMLINK_NOFOLLOW));
  int fd = openat (dir, "file", O_PATH);
  SAY ("fchmodat2 empty", syscall (SYS_fchmodat2, fd, "", 0600, AT_EMPTY_PATH));
  SAY ("fchmod of O_PATH", fchmod (fd, 0644));
  SAY ("fchmodat2 bad flag", syscall (SYS_fchmodat2, dir, "file", 0604, 1));
  fstatat (dir, "file", &st, 0);
  say_stat ("file", &st);
  close (fd);
}

static void
rename_all (int dir)
{
  make_file ("dir/a", "a\n", 0644);
  make_file ("dir/b", "b\n", 0644);
  SAY ("renameat2 noreplace", syscall (SYS_renameat2, dir, "a", dir, "b", 1));
  SAY ("renameat2 exchange", syscall (SYS_renameat2, dir, "a", dir, "b", 2));
  say_content ("a", openat (dir, "a", O_RDONLY));
  SAY ("renameat2 exchange none",
       syscall (SYS_renameat2, dir, "a", dir, "c", 2));
  SAY ("renameat2 both", syscall (SYS_renameat2, dir, "a", dir, "b", 3));
  SAY ("renameat2 bad", syscall (SYS_renameat2, dir, "a", dir, "b", 8));
  SAY ("renameat2 noreplace new",
       syscall (SYS_renameat2, dir, "a", AT_FDCWD, "moved", 1));
  SAY ("renameat2 exchange kinds",
       syscall (SYS_renameat2, dir, "sub", AT_FDCWD, "moved", 2));
  say_path ("moved");
  say_path ("dir/sub");
  SAY ("renameat2 exchange back",
       syscall (SYS_renameat2, dir, "sub", AT_FDCWD, "moved", 2));
  SAY ("renameat2 exchange link",
       syscall (SYS_renameat2, dir, "soft", dir, "b", 2));
  say_link ("dir/b");
  SAY ("renameat2 exchange link back",
       syscall (SYS_renameat2, dir, "soft", dir, "b", 2));
  unlink ("moved");
}

static void
link_all (int dir)
{
  int fd = open ("dir", O_TMPFILE | O_RDWR, 0600);
  char path[64];
  if (write (fd, "temporary\n", 10) != 10)
    puts ("cannot write");
  snprintf (path, sizeof path, "/proc/self/fd/%d", fd);
  SAY ("linkat of a magic link",
       linkat (AT_FDCWD, path, dir, "published", AT_SYMLINK_FOLLOW));
  say_content ("published", openat (dir, "published", O_RDONLY));
  SAY ("linkat of a magic link, not followed",
       linkat (AT_FDCWD, path, dir, "published2", 0));
  /* Kernels since 6.10 let the opener do this, older ones only root.  */
  long result = linkat (fd, "", dir, "published3", AT_EMPTY_PATH);
  printf ("linkat empty: %s\n",
          result == 0 || errno == ENOENT ? "linked or refused" : "strange");
  close (fd);
  fd = openat (dir, "file", O_PATH);
  snprintf (path, sizeof path, "/proc/self/fd/%d", fd);
  SAY ("linkat of an O_PATH magic link",
       linkat (AT_FDCWD, path, dir, "published4", AT_SYMLINK_FOLLOW));
  say_content ("published4", openat (dir, "published4", O_RDONLY));
  SAY ("linkat with bad flags", linkat (dir, "file", dir, "x", 0x100));
  close (fd);

  char text[64];
  fd = openat (dir, "soft", O_PATH | O_NOFOLLOW);
  long length = readlinkat (fd, "", text, sizeof text);
  say_text ("readlinkat of nothing", text, length, errno);
  length = readlinkat (dir, "", text, sizeof text);
  say_text ("readlinkat of a directory", text, length, errno);
  length = readlinkat (dir, "soft", text, 2);
  say_text ("readlinkat in two bytes", text, length, errno);
  length = readlinkat (dir, "soft", text, 0);
  say_text ("readlinkat in no bytes", text, length, errno);
  struct stat st;
  if (fstatat (fd, "", &st, AT_EMPTY_PATH) == 0)
    say_stat ("fstatat of a link", &st);
  close (fd);
}

static void
xattr_all (int dir)
{
  char value[64];
  (void) dir;
  SAY ("setxattr", syscall (SYS_setxattr, "dir/file", "user.x", "one", 3, 0));
  SAY ("setxattr create",
       syscall (SYS_setxattr, "dir/file", "user.x", "one", 3, 1));
  SAY ("setxattr through a link",
       syscall (SYS_setxattr, "dir/absolute", "user.y", "two", 3, 0));
  SAY ("lsetxattr of a link",
       syscall (SYS_lsetxattr, "dir/soft", "user.y", "two", 3, 0));
  long length =
      syscall (SYS_getxattr, "dir/soft", "user.x", value, sizeof value);
  say_text ("getxattr", value, length, errno);
  length = syscall (SYS_getxattr, "dir/soft", "user.none", value, 64);
  say_text ("getxattr none", value, length, errno);
  length = syscall (SYS_getxattr, "dir/soft", "user.x", value, 2);
  say_text ("getxattr short", value, length, errno);
  SAY ("getxattr size", syscall (SYS_getxattr, "dir/soft", "user.x", NULL, 0));
  length = syscall (SYS_lgetxattr, "dir/soft", "user.x", value, 64);
  say_text ("lgetxattr", value, length, errno);
  length = syscall (SYS_getxattr, "none", "user.x", value, 64);
  say_text ("getxattr of none", value, length, errno);
  length = syscall (SYS_listxattr, "dir/file", value, sizeof value);
  printf ("listxattr: %s\n", length >= 7 ? "some" : "none");
  SAY ("listxattr short", syscall (SYS_listxattr, "dir/file", value, 3));
  SAY ("removexattr", syscall (SYS_removexattr, "dir/soft", "user.x"));
  SAY ("removexattr again", syscall (SYS_removexattr, "dir/soft", "user.x"));
  SAY ("lremovexattr of a link",
       syscall (SYS_lremovexattr, "dir/soft", "user.y"));
  int fd = open ("dir/file", O_RDONLY);
  length = syscall (SYS_fgetxattr, fd, "user.y", value, sizeof value);
  say_text ("fgetxattr", value, length, errno);
  close (fd);
}

static void
descriptor_paths (int dir)
{
  struct statfs fs;
  SAY ("statfs", statfs ("dir/file", &fs));
  SAY ("statfs none", statfs ("dir/none", &fs));
  SAY ("statfs dangling", statfs ("dangling", &fs));
  SAY ("statfs /proc", statfs ("/proc", &fs));
  printf ("is proc: %d\n", fs.f_type == 0x9fa0);
  int fd = openat (dir, "file", O_PATH);
  char c;
  SAY ("read of O_PATH", read (fd, &c, 1));
  SAY ("fstatfs of O_PATH", fstatfs (fd, &fs));
  char path[64];
  snprintf (path, sizeof path, "/proc/self/fd/%d", fd);
  say_content ("O_PATH opened again", open (path, O_RDONLY));
  SAY ("chmod of a magic link", chmod (path, 0644));
  SAY ("truncate of a magic link", truncate (path, 3));
  SAY ("access of a magic link", access (path, R_OK));
  unlink ("dir/file");
  struct stat st;
  SAY ("stat of a removed file", stat (path, &st));
  printf ("links %d\n", (int) st.st_nlink);
  SAY_OPEN ("open of a removed file", open (path, O_RDONLY));
  close (fd);
  SAY_OPEN ("open of a closed magic link", open (path, O_RDONLY));
  int high = fcntl (dir, F_DUPFD, 500);
  SAY ("close_range", syscall (SYS_close_range, 400, ~0u, 0));
  SAY ("fcntl of a closed one", fcntl (high, F_GETFD));
}

int
main (void)
{
  umask (022);
  mkdir ("dir", 0755);
  mkdir ("dir/sub", 0755);
  make_file ("file", "outer\n", 0644);
  make_file ("dir/file", "content\n", 0644);
  make_file ("dir/no-read", "secret\n", 0);
  make_file ("dir/run", "", 0711);
  make_file ("dir/sub/inner", "inner\n", 0644);
  int dir = open ("dir", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  char text[PATH_MAX];
  if (getcwd (text, sizeof text - 16) == NULL)
    return 99;
  size_t used = strlen (text);
  snprintf (text + used, sizeof text - used, "/dir/file");
  if (symlinkat ("file", dir, "soft") < 0
      || symlinkat ("../file", dir, "up") < 0
      || symlinkat (text, dir, "absolute") < 0
      || symlinkat ("sub", dir, "sub-link") < 0
      || symlinkat ("loop", dir, "loop") < 0
      || symlinkat ("nowhere", dir, "dangling") < 0
      || symlink ("nowhere", "dangling") < 0)
    return 99;
  openat2_all (dir);
  statx_all (dir);
  access_all (dir);
  chmod_all (dir);
  rename_all (dir);
  link_all (dir);
  xattr_all (dir);
  descriptor_paths (dir);
  return 0;
}
