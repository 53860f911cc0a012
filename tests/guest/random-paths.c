/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* Random operations on paths, the same for the same seed.

   usage: random-paths SEED:COUNT[:PLACE]...

   Makes COUNT calls that take paths, of a small world of names, so that they
   meet each other's directories, links and files all the time, and prints what
   each gave.  Files hold the number of the operation that made them, so that
   it shows which one a path has led to.  PLACEs are directories of the start,
   bindings for instance, that random paths shall lead to as well.

   Random paths go up as well: it runs nowhere but in a root of the claims, and
   without privileges.  */

#define _GNU_SOURCE 1

#include "report.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/statfs.h>

#ifndef SYS_openat2
#  define SYS_openat2 437
#endif
#ifndef SYS_faccessat2
#  define SYS_faccessat2 439
#endif
#ifndef SYS_renameat2
#  define SYS_renameat2 316
#endif

enum
{
  SLOT_COUNT = 6, /* directory descriptors at hand */
  PLACE_COUNT = 8,
  PATH_SIZE = 6000
};

static uint64_t state;
static char start[PATH_MAX];
static char *places[PLACE_COUNT];
static unsigned int place_count;
static int slots[SLOT_COUNT];
static unsigned long number; /* of the operation */

/* xorshift64*: not to depend on the libc.  */
static unsigned int
pick (unsigned int limit)
{
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return (unsigned int) ((state * 0x2545f4914f6cdd1dull) >> 33) % limit;
}

static bool
one_in (unsigned int chance)
{
  return pick (chance) == 0;
}

/* Add the formatted text to the path at PATH.  */
static void
add (char *path, const char *format, ...)
{
  size_t length = strlen (path);
  va_list arguments;
  va_start (arguments, format);
  vsnprintf (path + length, PATH_SIZE - length, format, arguments);
  va_end (arguments);
}

/* Add a random component.  */
static void
add_name (char *path)
{
  static const char *const names[] = { "a", "b", "c", "d", "e f", "\303\244" };
  unsigned int kind = pick (40);
  if (kind < 5)
    add (path, "..");
  else if (kind < 7)
    add (path, ".");
  else if (kind == 7 && one_in (4))
    add (path, "%0255d", 0);
  else if (kind == 8 && one_in (4))
    add (path, "%0256d", 0);
  else
    add (path, "%s", names[pick (sizeof names / sizeof *names)]);
}

/* Write a random path to PATH.  */
static void
make_path (char *path)
{
  unsigned int kind = pick (60);
  *path = '\0';
  if (kind == 0)
    return;
  if (kind == 1)
    {
      while (strlen (path) < 4090 + pick (20))
        add (path, "./");
      add_name (path);
      return;
    }
  if (kind < 16)
    add (path, "%s/", start);
  else if (kind < 20)
    add (path, "//..///../../%s//", start);
  else if (kind < 24)
    add (path, "../../../../../../../../../../%s/", start + 1);
  else if (kind < 26)
    add (path, "/proc/self/cwd/");
  else if (kind < 27)
    add (path, "/proc/self/fd/%d/", slots[pick (SLOT_COUNT)]);
  else if (kind < 28)
    add (path, "/proc/self/root%s/", start);
  if (place_count > 0 && one_in (3))
    add (path, "%s/", places[pick (place_count)]);
  unsigned int count = 1 + pick (4);
  for (unsigned int i = 0; i < count; i++)
    {
      if (i > 0)
        add (path, one_in (8) ? "//" : "/");
      add_name (path);
    }
  if (one_in (8))
    add (path, "/");
  if (one_in (20))
    add (path, "/.");
}

/* Write where a random link leads to TARGET.  */
static void
make_target (char *target)
{
  do
    make_path (target);
  while (strlen (target) > 1000 || strstr (target, "/proc/") != NULL);
}

/* Begin the line of an operation CALL on PATH.  */
static void
begin (const char *call, const char *path)
{
  size_t length = strlen (path);
  printf ("%lu %s '", number, call);
  for (; *path != '\0'; path++)
    if (strncmp (path, "00000000", 8) != 0 && strncmp (path, "./././.", 7) != 0)
      putchar (*path);
  printf (length < 200 ? "'" : "' (%zu bytes)", length);
}

/* End the line with RESULT, or the error when it is -1.  */
static void
end (long result)
{
  if (result < 0)
    printf (": %s\n", strerror (errno));
  else
    printf (": %ld\n", result);
}

/* A directory descriptor: the current directory's most of the time.  */
static int
pick_dir (void)
{
  if (one_in (3))
    {
      unsigned int which = pick (SLOT_COUNT);
      printf ("[%u] ", which);
      return slots[which];
    }
  return AT_FDCWD;
}

static void
end_stat (int result, const struct stat *st)
{
  static const char kinds[] = "?pc?d?b?-?l?s???";
  if (result < 0)
    end (result);
  else
    printf (": %c %04o %lu %ld\n", kinds[(st->st_mode >> 12) & 15],
            (unsigned) st->st_mode & 07777,
            S_ISDIR (st->st_mode) ? 0ul : (unsigned long) st->st_nlink,
            S_ISDIR (st->st_mode) ? 0l : (long) st->st_size);
}

/* End the line with what FD, of an open call, is.  */
static void
end_open (int fd, bool write_it)
{
  struct stat st;
  char text[64];
  if (fd < 0)
    {
      end (fd);
      return;
    }
  if (write_it && dprintf (fd, "file %lu\n", number) < 0)
    printf (" (%s)", strerror (errno));
  ssize_t length = pread (fd, text, sizeof text, 0);
  if (length > 0 && text[length - 1] == '\n')
    length--;
  if (length > 0)
    printf (" <%.*s>", (int) length, text);
  end_stat (fstat (fd, &st), &st);
  close (fd);
}

static int
compare_entries (const void *a, const void *b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

/* End the line with what the directory FD holds, but for two.  */
static void
end_list (int fd)
{
  char *entries[512];
  unsigned int count = 0;
  DIR *stream = fd < 0 ? NULL : fdopendir (fd);
  if (stream == NULL)
    {
      end (-1);
      return;
    }
  const struct dirent *entry;
  while ((entry = readdir (stream)) != NULL && count < 512)
    entries[count++] = strdup (entry->d_name);
  closedir (stream);
  qsort (entries, count, sizeof *entries, compare_entries);
  printf (":");
  for (unsigned int i = 0; i < count; i++)
    {
      printf (" %.20s", entries[i]);
      free (entries[i]);
    }
  printf ("\n");
}

static void
try_open (void)
{
  static const int more[] = {
    0,          O_CREAT,  O_CREAT | O_EXCL,    O_DIRECTORY,
    O_NOFOLLOW, O_PATH,   O_PATH | O_NOFOLLOW, O_CREAT | O_NOFOLLOW,
    O_TRUNC,    O_TMPFILE
  };
  char path[PATH_SIZE];
  int dir = pick_dir ();
  int flags = more[pick (sizeof more / sizeof *more)];
  bool writes = (flags & O_CREAT) || flags == O_TRUNC || flags == O_TMPFILE;
  make_path (path);
  begin ("openat", path);
  printf (" %o", (unsigned) flags);
  int fd =
      openat (dir, path, flags | O_CLOEXEC | O_NONBLOCK | (writes ? O_RDWR : 0),
              0600 | pick (8));
  end_open (fd, writes && fd >= 0);
}

static void
try_openat2 (void)
{
  struct
  {
    uint64_t flags, mode, resolve;
  } how = { 0 };
  char path[PATH_SIZE];
  int dir = pick_dir ();
  how.flags = O_CLOEXEC | (one_in (3) ? O_PATH : O_NONBLOCK);
  how.resolve = pick (32);
  make_path (path);
  begin ("openat2", path);
  printf (" %llu", (unsigned long long) how.resolve);
  end_open ((int) syscall (SYS_openat2, dir, path, &how, sizeof how), false);
}

static void
try_slot (void)
{
  char path[PATH_SIZE];
  unsigned int which = pick (SLOT_COUNT);
  int dir = pick_dir ();
  make_path (path);
  begin ("slot", path);
  int fd =
      openat (dir, path, O_DIRECTORY | O_CLOEXEC | (one_in (2) ? O_PATH : 0));
  if (fd >= 0)
    {
      dup3 (fd, slots[which], O_CLOEXEC);
      close (fd);
      fd = 0;
    }
  end (fd);
}

static void
try_look (void)
{
  struct stat st;
  struct statx more;
  struct statfs system;
  char text[PATH_MAX];
  char path[PATH_SIZE];
  unsigned int kind = pick (9);
  int dir = kind < 6 ? pick_dir () : AT_FDCWD;
  make_path (path);
  switch (kind)
    {
    case 0:
      begin ("fstatat", path);
      end_stat (fstatat (dir, path, &st, 0), &st);
      break;
    case 1:
      begin ("lstat", path);
      end_stat (fstatat (dir, path, &st, AT_SYMLINK_NOFOLLOW), &st);
      break;
    case 2:
      {
        begin ("statx", path);
        long result = statx (dir, path, one_in (2) ? AT_EMPTY_PATH : 0,
                             STATX_BASIC_STATS, &more);
        end (result < 0 ? result : (long) more.stx_mode);
        break;
      }
    case 3:
      {
        begin ("readlinkat", path);
        long length = readlinkat (dir, path, text, sizeof text);
        if (length < 0 || strstr (path, "/proc") != NULL)
          end (length);
        else
          printf (": '%.*s'\n", (int) length, text);
        break;
      }
    case 4:
      begin ("faccessat", path);
      end (faccessat (dir, path, (int) pick (8), 0));
      break;
    case 5:
      begin ("faccessat2", path);
      end (syscall (SYS_faccessat2, dir, path, R_OK, AT_SYMLINK_NOFOLLOW));
      break;
    case 6:
      {
        begin ("realpath", path);
        char *real = realpath (path, NULL);
        if (real == NULL)
          end (-1);
        else
          printf (": %s\n", real);
        free (real);
        break;
      }
    case 7:
      begin ("statfs", path);
      end (statfs (path, &system));
      break;
    default:
      begin ("list", path);
      end_list (open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      break;
    }
}

static void
try_make (void)
{
  char path[PATH_SIZE];
  char target[PATH_SIZE];
  int dir = pick_dir ();
  make_path (path);
  switch (pick (8))
    {
    case 0:
    case 1:
    case 2:
      begin ("mkdirat", path);
      end (mkdirat (dir, path, 0700 | pick (64)));
      break;
    case 3:
    case 4:
      make_target (target);
      begin ("symlinkat", path);
      printf (" '%s'", target);
      end (symlinkat (target, dir, path));
      break;
    case 5:
      begin ("mkfifo", path);
      end (mknodat (dir, path, S_IFIFO | 0600, 0));
      break;
    default:
      begin ("create", path);
      end_open (
          openat (dir, path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666),
          true);
      break;
    }
}

static void
try_two (void)
{
  char from[PATH_SIZE];
  char to[PATH_SIZE];
  int dir = pick_dir ();
  make_path (from);
  make_path (to);
  switch (pick (4))
    {
    case 0:
      begin ("linkat", from);
      begin (" to", to);
      end (
          linkat (dir, from, AT_FDCWD, to, one_in (2) ? AT_SYMLINK_FOLLOW : 0));
      break;
    case 1:
      {
        unsigned int flags = pick (3);
        begin ("renameat2", from);
        begin (" to", to);
        printf (" %u", flags);
        end (syscall (SYS_renameat2, dir, from, AT_FDCWD, to, flags));
        break;
      }
    default:
      begin ("renameat", from);
      begin (" to", to);
      end (renameat (dir, from, AT_FDCWD, to));
      break;
    }
}

static void
try_remove (void)
{
  char path[PATH_SIZE];
  int dir = pick_dir ();
  int flags = one_in (3) ? AT_REMOVEDIR : 0;
  make_path (path);
  begin (flags ? "rmdir" : "unlink", path);
  end (unlinkat (dir, path, flags));
}

static void
try_change (void)
{
  char path[PATH_SIZE];
  char value[8];
  int dir = pick_dir ();
  make_path (path);
  switch (pick (5))
    {
    case 0:
      begin ("fchmodat", path);
      end (fchmodat (dir, path, 0700 | pick (64), 0));
      break;
    case 1:
      begin ("utimensat", path);
      end (utimensat (dir, path, NULL, one_in (2) ? AT_SYMLINK_NOFOLLOW : 0));
      break;
    case 2:
      begin ("truncate", path);
      end (truncate (path, pick (3)));
      break;
    case 3:
      begin ("fchownat", path);
      end (fchownat (dir, path, getuid (), getgid (),
                     one_in (2) ? AT_SYMLINK_NOFOLLOW : 0));
      break;
    default:
      begin ("getxattr", path);
      end (syscall (SYS_getxattr, path, "user.udocker-none", value,
                    sizeof value));
      break;
    }
}

static void
try_go (void)
{
  char path[PATH_SIZE];
  char text[PATH_MAX];
  switch (pick (5))
    {
    case 0:
      {
        unsigned int which = pick (SLOT_COUNT);
        printf ("%lu fchdir [%u]", number, which);
        end (fchdir (slots[which]));
        break;
      }
    case 1:
      printf ("%lu home", number);
      end (chdir (start));
      break;
    case 2:
      make_path (path);
      begin ("chdir", path);
      end (chdir (path));
      break;
    default:
      printf ("%lu getcwd", number);
      long length = syscall (SYS_getcwd, text, sizeof text);
      if (length < 0)
        end (length);
      else
        printf (": %s\n", text);
      break;
    }
}

/* Keep the world from being swept away by one rename: see that the directory
   of the start is there and a few things in it.  */
static void
refill (void)
{
  static const char *const names[] = { "a", "b", "c/a", "d" };
  if (chdir (start) < 0)
    {
      printf ("%lu the start is gone: %s\n", number, strerror (errno));
      exit (0);
    }
  for (unsigned int i = 0; i < 4; i++)
    (void) mkdir (names[i], 0700);
  (void) mkdir ("c", 0700);
  (void) symlink ("../a", "d/b");
  (void) symlink ("a/../c", "b/d");
}

int
main (int argc, char **argv)
{
  char *words = argc > 1 ? argv[1] : NULL;
  const char *seed = strsep (&words, ":");
  const char *limit = strsep (&words, ":");
  unsigned long count = limit == NULL ? 100 : strtoul (limit, NULL, 10);
  state =
      strtoul (seed == NULL ? "0" : seed, NULL, 10) * 0x9e3779b97f4a7c15ull + 1;
  while (words != NULL && place_count < PLACE_COUNT)
    places[place_count++] = strsep (&words, ":");
  if (getcwd (start, sizeof start) == NULL || geteuid () == 0
      || strncmp (start, "/tmp/c-", 7) != 0)
    {
      fprintf (stderr, "random-paths: this is not the place\n");
      return 99;
    }
  umask (022);
  setvbuf (stdout, NULL, _IOFBF, 1 << 16);
  for (unsigned int i = 0; i < SLOT_COUNT; i++)
    {
      int fd = open (".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      slots[i] = fcntl (fd, F_DUPFD_CLOEXEC, 20 + (int) i);
      close (fd);
    }

  static void (*const tries[]) (void) = {
    try_open, try_open,   try_openat2, try_slot,   try_look, try_look,
    try_look, try_make,   try_make,    try_make,   try_make, try_two,
    try_two,  try_remove, try_change,  try_change, try_go,   try_go,
  };
  for (number = 0; number < count; number++)
    {
      if (number % 200 == 0)
        refill ();
      tries[pick (sizeof tries / sizeof *tries)]();
    }
  return 0;
}
