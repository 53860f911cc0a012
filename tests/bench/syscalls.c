/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* Time single operations the way programs do them, inside whatever root and
   engine it is started in.

   usage: syscalls [-t MILLISECONDS] [-l] [OPERATION...]

   Prints one line an operation: its name and the nanoseconds that one of it
   took, the fastest of several batches.  -l lists the names, -n does nothing
   (it is what spawn-static starts).  Comparing is the caller's job
   (syscalls.sh): it starts this program under each engine in turn, round after
   round.

   Link it statically and it runs in any root; what it needs there is a
   writable /tmp and, for the exec operations, /bin/true.  It keeps to plain
   libc calls, so that what is timed is what libc really does: fstat for
   instance is newfstatat with an empty path in some glibc versions.  */

#define _GNU_SOURCE 1

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static char base[64];     /* our directory below /tmp */
static char deep[256];    /* a file eight components down */
static char linked[256];  /* the same through three links */
static char missing[256]; /* no such name in a directory that exists */
static char soft[256];    /* a link to read */
static char moved[2][256];
static int file_fd;
static int base_fd;

static void
die (const char *what)
{
  fprintf (stderr, "syscalls: %s: %s\n", what, strerror (errno));
  exit (99);
}

static int64_t
now (void)
{
  struct timespec t;
  clock_gettime (CLOCK_MONOTONIC, &t);
  return (int64_t) t.tv_sec * 1000000000 + t.tv_nsec;
}

static void
do_getpid (void)
{
  syscall (SYS_getpid);
}

static void
do_read (void)
{
  char c;
  if (read (file_fd, &c, 1) < 0)
    die ("read");
}

static void
do_clock_gettime (void)
{
  struct timespec t;
  clock_gettime (CLOCK_REALTIME, &t);
}

static void
do_geteuid (void)
{
  syscall (SYS_geteuid);
}

static void
stat_of (const char *path)
{
  struct stat st;
  if (stat (path, &st) < 0)
    die (path);
}

static void
do_stat_short (void)
{
  stat_of ("/tmp");
}

static void
do_stat_deep (void)
{
  stat_of (deep);
}

static void
do_stat_links (void)
{
  stat_of (linked);
}

static void
do_stat_missing (void)
{
  struct stat st;
  if (stat (missing, &st) == 0)
    die ("missing name exists");
}

static void
do_fstat (void)
{
  struct stat st;
  if (fstat (file_fd, &st) < 0)
    die ("fstat");
}

static void
do_fstatat (void)
{
  struct stat st;
  if (fstatat (base_fd, "file", &st, 0) < 0)
    die ("fstatat");
}

static void
do_stat_relative (void)
{
  stat_of ("file");
}

static void
do_access (void)
{
  if (access (deep, R_OK) < 0)
    die ("access");
}

static void
do_open (void)
{
  int fd = open (deep, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || close (fd) < 0)
    die ("open");
}

static void
do_open_missing (void)
{
  if (open (missing, O_RDONLY | O_CLOEXEC) >= 0)
    die ("missing name opened");
}

static void
do_readlink (void)
{
  char text[256];
  if (readlink (soft, text, sizeof text) < 0)
    die ("readlink");
}

static void
do_getcwd (void)
{
  char text[4096];
  if (getcwd (text, sizeof text) == NULL)
    die ("getcwd");
}

static void
do_chdir (void)
{
  if (chdir (base) < 0)
    die ("chdir");
}

static void
do_chown (void)
{
  if (chown (deep, getuid (), getgid ()) < 0)
    die ("chown");
}

static void
do_chmod (void)
{
  if (chmod (deep, 0644) < 0)
    die ("chmod");
}

static void
do_rename (void)
{
  if (rename (moved[0], moved[1]) < 0 || rename (moved[1], moved[0]) < 0)
    die ("rename");
}

static void
do_mkdir (void)
{
  if (mkdir (moved[1], 0755) < 0 || rmdir (moved[1]) < 0)
    die ("mkdir");
}

static void *
thread_nothing (void *argument)
{
  return argument;
}

static void
do_thread (void)
{
  pthread_t thread;
  if (pthread_create (&thread, NULL, thread_nothing, NULL) != 0
      || pthread_join (thread, NULL) != 0)
    die ("thread");
}

static volatile sig_atomic_t signals;

static void
on_signal (int number)
{
  (void) number;
  signals++;
}

static void
do_signal (void)
{
  raise (SIGUSR1);
}

static void
wait_for (pid_t child)
{
  int status;
  if (child < 0 || waitpid (child, &status, 0) != child || status != 0)
    die ("child");
}

static void
do_fork (void)
{
  pid_t child = fork ();
  if (child == 0)
    _exit (0);
  wait_for (child);
}

static void
do_fork_exec (void)
{
  pid_t child = fork ();
  if (child == 0)
    {
      execl ("/bin/true", "true", (char *) NULL);
      _exit (127);
    }
  wait_for (child);
}

static void
spawn (const char *program, char **argv)
{
  pid_t child;
  int status = posix_spawn (&child, program, NULL, NULL, argv, environ);
  if (status != 0)
    {
      errno = status;
      die ("posix_spawn");
    }
  wait_for (child);
}

static void
do_spawn (void)
{
  char *argv[] = { (char *) "true", NULL };
  spawn ("/bin/true", argv);
}

/* This program is a static one.  */
static void
do_spawn_static (void)
{
  char *argv[] = { (char *) "syscalls", (char *) "-n", NULL };
  spawn ("/proc/self/exe", argv);
}

static void
do_sbrk (void)
{
  if (sbrk (4096) == (void *) -1 || sbrk (-4096) == (void *) -1)
    die ("sbrk");
}

static void *
thread_stat (void *argument)
{
  for (int i = 0; i < 200; i++)
    do_stat_deep ();
  return argument;
}

/* 400 stats by two threads at once.  */
static void
do_stat_threads (void)
{
  pthread_t thread;
  if (pthread_create (&thread, NULL, thread_stat, NULL) != 0)
    die ("thread");
  thread_stat (NULL);
  pthread_join (thread, NULL);
}

static const struct operation
{
  const char *name;
  void (*run) (void);
  int calls; /* what one run counts for */
} operations[] = {
  { "getpid", do_getpid, 1 },
  { "read", do_read, 1 },
  { "clock_gettime", do_clock_gettime, 1 },
  { "geteuid", do_geteuid, 1 },
  { "stat-short", do_stat_short, 1 },
  { "stat-deep", do_stat_deep, 1 },
  { "stat-links", do_stat_links, 1 },
  { "stat-missing", do_stat_missing, 1 },
  { "stat-relative", do_stat_relative, 1 },
  { "fstat", do_fstat, 1 },
  { "fstatat", do_fstatat, 1 },
  { "access", do_access, 1 },
  { "open+close", do_open, 1 },
  { "open-missing", do_open_missing, 1 },
  { "readlink", do_readlink, 1 },
  { "getcwd", do_getcwd, 1 },
  { "chdir", do_chdir, 1 },
  { "chown", do_chown, 1 },
  { "chmod", do_chmod, 1 },
  { "rename-twice", do_rename, 1 },
  { "mkdir+rmdir", do_mkdir, 1 },
  { "sbrk-pair", do_sbrk, 1 },
  { "signal", do_signal, 1 },
  { "thread", do_thread, 1 },
  { "stat-2-threads", do_stat_threads, 400 },
  { "fork", do_fork, 1 },
  { "fork+exec", do_fork_exec, 1 },
  { "posix_spawn", do_spawn, 1 },
  { "spawn-static", do_spawn_static, 1 },
};

enum
{
  OPERATION_COUNT = sizeof operations / sizeof *operations,
  BATCH_COUNT = 5,
};

static void
make_link (const char *target, const char *name)
{
  if (symlinkat (target, base_fd, name) < 0)
    die (name);
}

static void
make_fixtures (void)
{
  snprintf (base, sizeof base, "/tmp/udocker-bench.XXXXXX");
  if (mkdtemp (base) == NULL || chdir (base) < 0)
    die (base);
  base_fd = open (base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (base_fd < 0)
    die (base);
  if (mkdir ("a", 0755) < 0 || mkdir ("a/b", 0755) < 0
      || mkdir ("a/b/c", 0755) < 0 || mkdir ("a/b/c/d", 0755) < 0
      || mkdir ("a/b/c/d/e", 0755) < 0)
    die ("mkdir");
  snprintf (deep, sizeof deep, "%s/a/b/c/d/e/file", base);
  snprintf (linked, sizeof linked, "%s/l1/d/l2/l3", base);
  snprintf (missing, sizeof missing, "%s/a/b/c/none", base);
  snprintf (soft, sizeof soft, "%s/l1", base);
  snprintf (moved[0], sizeof moved[0], "%s/a/from", base);
  snprintf (moved[1], sizeof moved[1], "%s/a/to", base);
  int fd = open (deep, O_RDWR | O_CREAT, 0644);
  if (fd < 0 || close (fd) < 0)
    die (deep);
  fd = open (moved[0], O_RDWR | O_CREAT, 0644);
  if (fd < 0 || close (fd) < 0)
    die (moved[0]);
  file_fd = open ("file", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file_fd < 0)
    die ("file");
  make_link ("a/b/c", "l1");
  make_link ("e", "a/b/c/d/l2");
  make_link ("file", "a/b/c/d/e/l3");
  struct sigaction action = { .sa_handler = on_signal };
  sigaction (SIGUSR1, &action, NULL);
}

static void
remove_fixtures (void)
{
  static const char *const names[] = { "a/b/c/d/e/l3", "a/b/c/d/e/file",
                                       "a/b/c/d/l2",   "a/from",
                                       "file",         "l1" };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    unlink (names[i]);
  static const char *const directories[] = { "a/b/c/d/e", "a/b/c/d", "a/b/c",
                                             "a/b", "a" };
  for (size_t i = 0; i < sizeof directories / sizeof *directories; i++)
    rmdir (directories[i]);
  rmdir (base);
}

/* Return the nanoseconds that one OPERATION takes: the fastest of some
   batches that together last about BUDGET nanoseconds.  */
static double
measure (const struct operation *operation, int64_t budget)
{
  operation->run (); /* warm up */
  int64_t batch = budget / BATCH_COUNT;
  int64_t begin = now ();
  long count = 0;
  while (now () - begin < batch / 2 || count == 0)
    {
      operation->run ();
      count++;
    }
  count *= 2;

  double best = 0;
  for (int i = 0; i < BATCH_COUNT; i++)
    {
      begin = now ();
      for (long j = 0; j < count; j++)
        operation->run ();
      double each = (double) (now () - begin) / (double) count;
      if (i == 0 || each < best)
        best = each;
    }
  return best / operation->calls;
}

static bool
is_wanted (const char *name, char **wanted)
{
  if (*wanted == NULL)
    return true;
  for (; *wanted != NULL; wanted++)
    if (strcmp (*wanted, name) == 0)
      return true;
  return false;
}

int
main (int argc, char **argv)
{
  int64_t budget = 20;
  bool list = false;
  int option;
  while ((option = getopt (argc, argv, "lnt:")) != -1)
    if (option == 'n')
      return 0;
    else if (option == 't')
      budget = strtol (optarg, NULL, 10);
    else if (option == 'l')
      list = true;
    else
      return 99;

  if (!list)
    make_fixtures ();
  for (size_t i = 0; i < OPERATION_COUNT; i++)
    if (list)
      puts (operations[i].name);
    else if (is_wanted (operations[i].name, argv + optind))
      {
        printf ("%s %.1f\n", operations[i].name,
                measure (&operations[i], budget * 1000000));
        fflush (stdout);
      }
  if (!list)
    remove_fixtures ();
  return 0;
}
