/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* What the programs of this directory share: one line on stdout for each thing
   tried, made so that two runs that saw the same world print the same bytes.

   Each program is started in an empty directory that it may fill, with an
   absolute name that is the same in every run, prints what it sees and returns
   zero.  It never prints what may differ between two honest runs: process
   numbers, inode numbers, times, addresses.  */

#ifndef UDOCKER_TESTS_GUEST_REPORT_H
#define UDOCKER_TESTS_GUEST_REPORT_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* What 32-bit machines call it.  */
#if !defined SYS_newfstatat && defined SYS_fstatat64
#  define SYS_newfstatat SYS_fstatat64
#  define STATUS_SIZE ((size_t) 96) /* whatever struct stat is */
#else
#  define STATUS_SIZE sizeof (struct stat)
#endif

/* Print WHAT and RESULT, or the name of the error when RESULT is -1.  */
static inline void
say_result (const char *what, long result, int error)
{
  if (result == -1)
    printf ("%s: error %d (%s)\n", what, error, strerror (error));
  else
    printf ("%s: %ld\n", what, result);
  fflush (stdout);
}

/* Print WHAT and that it succeeded (with a descriptor, which is closed), or
   the error.  */
static inline void
say_descriptor (const char *what, long fd, int error)
{
  if (fd >= 0)
    {
      printf ("%s: opened\n", what);
      close ((int) fd);
    }
  else
    printf ("%s: error %d (%s)\n", what, error, strerror (error));
  fflush (stdout);
}

/* Print WHAT and the LENGTH bytes of TEXT, or the error when LENGTH is -1.  */
static inline void
say_text (const char *what, const char *text, long length, int error)
{
  if (length < 0)
    printf ("%s: error %d (%s)\n", what, error, strerror (error));
  else
    printf ("%s: '%.*s' (%ld)\n", what, (int) length, text, length);
  fflush (stdout);
}

/* The result is evaluated before errno is read.  */
#define SAY(what, call)                                                        \
  do                                                                           \
    {                                                                          \
      errno = 0;                                                               \
      long said_ = (long) (call);                                              \
      say_result (what, said_, errno);                                         \
    }                                                                          \
  while (0)

#define SAY_OPEN(what, call)                                                   \
  do                                                                           \
    {                                                                          \
      errno = 0;                                                               \
      long said_ = (long) (call);                                              \
      say_descriptor (what, said_, errno);                                     \
    }                                                                          \
  while (0)

/* Print what kind of thing ST describes.  */
static inline void
say_stat (const char *what, const struct stat *st)
{
  static const char kinds[] = "?pc?d?b?-?l?s???";
  printf ("%s: %c %04o links %lu size %ld\n", what,
          kinds[(st->st_mode >> 12) & 15], (unsigned) st->st_mode & 07777,
          S_ISDIR (st->st_mode) ? 0ul : (unsigned long) st->st_nlink,
          S_ISDIR (st->st_mode) ? 0l : (long) st->st_size);
  fflush (stdout);
}

/* Print what stat and lstat say of PATH.  */
static inline void
say_path (const char *path)
{
  struct stat st;
  char what[PATH_MAX + 16];
  snprintf (what, sizeof what, "stat '%.60s'", path);
  if (stat (path, &st) < 0)
    say_result (what, -1, errno);
  else
    say_stat (what, &st);
  snprintf (what, sizeof what, "lstat '%.60s'", path);
  if (lstat (path, &st) < 0)
    say_result (what, -1, errno);
  else
    say_stat (what, &st);
}

/* Print the target of the link PATH.  */
static inline void
say_link (const char *path)
{
  char text[PATH_MAX];
  char what[PATH_MAX + 16];
  ssize_t length = readlink (path, text, sizeof text);
  snprintf (what, sizeof what, "readlink '%.60s'", path);
  say_text (what, text, length, errno);
}

/* Make the file NAME with TEXT in it and MODE.  */
static inline void
make_file (const char *name, const char *text, mode_t mode)
{
  int fd = open (name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0 || write (fd, text, strlen (text)) < 0 || fchmod (fd, mode) < 0
      || close (fd) < 0)
    {
      printf ("cannot make '%s': %s\n", name, strerror (errno));
      exit (99);
    }
}

/* Print the first line of the file FD and close it.  */
static inline void
say_content (const char *what, int fd)
{
  char text[256];
  int error = errno;
  ssize_t length = fd < 0 ? -1 : read (fd, text, sizeof text);
  if (fd >= 0)
    {
      error = errno;
      close (fd);
    }
  char *end = length < 0 ? NULL : memchr (text, '\n', (size_t) length);
  say_text (what, text, end == NULL ? length : end - text, error);
}

/* Print WHAT and what the directory FD holds, which is closed, or the error. */
static inline void
say_entries (const char *what, int fd)
{
  DIR *stream = fd < 0 ? NULL : fdopendir (fd);
  if (stream == NULL)
    {
      say_result (what, -1, errno);
      return;
    }
  char names[64][256];
  int count = 0;
  for (struct dirent *entry; (entry = readdir (stream)) != NULL;)
    if (count < 64)
      snprintf (names[count++], 256, "%s", entry->d_name);
  closedir (stream);
  qsort (names, (size_t) count, 256,
         (int (*) (const void *, const void *)) strcmp);
  printf ("%s:", what);
  for (int i = 0; i < count; i++)
    printf (" %s", names[i]);
  puts ("");
}

/* Wait for CHILD and print how it ended.  */
static inline void
say_child (const char *what, pid_t child)
{
  int status = 0;
  pid_t got;
  do
    got = waitpid (child, &status, 0);
  while (got < 0 && errno == EINTR);
  if (child < 0 || got != child)
    printf ("%s: cannot wait: %s\n", what, strerror (errno));
  else if (WIFEXITED (status))
    printf ("%s: exit %d\n", what, WEXITSTATUS (status));
  else
    printf ("%s: signal %d%s\n", what, WTERMSIG (status),
            WCOREDUMP (status) ? "" : "");
  fflush (stdout);
}

#endif
