/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* A program with very many threads, as virtual machines are: path calls in all
   of them, locks that all want, signals that stop them all, faults that are
   answered, what /proc says of them.

   usage: threads [COUNT]  */

#define _GNU_SOURCE 1
#include "report.h"
#include <dirent.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>

enum
{
  ROUNDS = 12,
  COUNT_MAX = 2000
};

static int count = 270; /* more than an engine has slots */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static int next, total;
static atomic_int wrong, stopped, going, faults;
static sem_t resumed;
static char *poll_page;
static __thread int here;

/* As a collector's: stop here until all may go on.  */
static void
on_stop (int number)
{
  int saved = errno;
  (void) number;
  atomic_fetch_add (&stopped, 1);
  while (sem_wait (&resumed) < 0 && errno == EINTR)
    continue;
  atomic_fetch_add (&going, 1);
  errno = saved;
}

/* The poll page was touched while it is closed: open it and go on.  */
static void
on_fault (int number, siginfo_t *info, void *context)
{
  (void) number;
  (void) context;
  if (info->si_addr != poll_page)
    _exit (97);
  atomic_fetch_add (&faults, 1);
  mprotect (poll_page, 4096, PROT_READ | PROT_WRITE);
}

static void
check (int good)
{
  if (!good)
    atomic_fetch_add (&wrong, 1);
}

/* What a thread does with names of its own.  */
static void
use_names (int number, int round)
{
  char name[64], other[64], text[PATH_MAX];
  struct stat st;
  snprintf (name, sizeof name, "dir/../t%d-%d", number, round);
  snprintf (other, sizeof other, "dir/t%d-%d", number, round);
  int fd = open (name, O_CREAT | O_EXCL | O_WRONLY, 0600);
  check (fd >= 0);
  check (write (fd, name, strlen (name)) == (ssize_t) strlen (name));
  check (close (fd) == 0);
  check (stat (name, &st) == 0 && st.st_size == (off_t) strlen (name));
  check (rename (name, other) == 0);
  check (access (name, F_OK) < 0 && errno == ENOENT);
  check (symlink (other + 4, name) == 0);
  check (readlink (name, text, sizeof text) == (ssize_t) strlen (other + 4));
  check (unlink (name) == 0 && unlink (other) == 0);
  check (getcwd (text, sizeof text) != NULL);
}

static void *
work (void *argument)
{
  int number = (int) (long) argument;
  char name[16];
  snprintf (name, sizeof name, "worker-%d", number);
  prctl (PR_SET_NAME, name);
  here = number;
  pthread_barrier_wait (&barrier);
  for (int round = 0; round < ROUNDS; round++)
    {
      use_names (number, round);
      if (round % 4 == 1)
        *(volatile char *) poll_page = (char) round;
      pthread_mutex_lock (&lock);
      total++;
      pthread_mutex_unlock (&lock);
      check (here == number);
    }
  /* One after the other.  */
  pthread_mutex_lock (&lock);
  while (next != number)
    pthread_cond_wait (&turn, &lock);
  next++;
  pthread_cond_broadcast (&turn);
  pthread_mutex_unlock (&lock);
  pthread_barrier_wait (&barrier); /* what main does is between these two */
  pthread_barrier_wait (&barrier);
  return argument;
}

/* Stop all THREADS by signals COUNT times, as a collector does.  */
static void
stop_the_world (const pthread_t *threads)
{
  for (int i = 0; i < 3; i++)
    {
      atomic_store (&stopped, 0);
      atomic_store (&going, 0);
      for (int j = 0; j < count; j++)
        pthread_kill (threads[j], SIGUSR2);
      while (atomic_load (&stopped) < count)
        usleep (1000);
      for (int j = 0; j < count; j++)
        sem_post (&resumed);
      while (atomic_load (&going) < count)
        usleep (1000);
    }
  puts ("stopped them all");
}

static void
say_proc (void)
{
  char name[300], text[64];
  int found = 0, named = 0, statuses = 0;
  DIR *tasks = opendir ("/proc/self/task");
  for (struct dirent *entry; tasks != NULL && (entry = readdir (tasks));)
    {
      if (entry->d_name[0] == '.')
        continue;
      found++;
      snprintf (name, sizeof name, "/proc/self/task/%s/comm", entry->d_name);
      int fd = open (name, O_RDONLY);
      ssize_t length = read (fd, text, sizeof text);
      close (fd);
      named += length > 7 && memcmp (text, "worker-", 7) == 0;
      snprintf (name, sizeof name, "/proc/self/task/%s/status", entry->d_name);
      FILE *status = fopen (name, "re");
      char line[256];
      long pid = 0, group = 0;
      while (status != NULL && fgets (line, sizeof line, status) != NULL)
        {
          sscanf (line, "Pid: %ld", &pid);
          sscanf (line, "Tgid: %ld", &group);
        }
      if (status != NULL)
        fclose (status);
      statuses += pid == atol (entry->d_name) && group == getpid ();
    }
  if (tasks != NULL)
    closedir (tasks);
  printf ("tasks %d named %d with a status %d\n", found, named, statuses);
}

static void *
call_out (void *argument)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "socket" };
  int fd = socket (AF_UNIX, SOCK_STREAM, 0);
  char c;
  check (connect (fd, (struct sockaddr *) &address, sizeof address) == 0);
  check (read (fd, &c, 1) == 1);
  close (fd);
  return argument;
}

/* All threads wait in a call that has a name, then get on.  */
static void
wait_in_calls (void)
{
  static pthread_t threads[COUNT_MAX];
  struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "socket" };
  int server = socket (AF_UNIX, SOCK_STREAM, 0);
  check (bind (server, (struct sockaddr *) &address, sizeof address) == 0);
  check (listen (server, 2) == 0);
  for (int i = 0; i < 40; i++)
    check (pthread_create (&threads[i], NULL, call_out, NULL) == 0);
  for (int i = 0; i < 40; i++)
    {
      int fd = accept (server, NULL, NULL);
      check (fd >= 0 && write (fd, "x", 1) == 1);
      close (fd);
    }
  for (int i = 0; i < 40; i++)
    pthread_join (threads[i], NULL);
  close (server);
}

int
main (int argc, char **argv)
{
  static pthread_t threads[COUNT_MAX];
  setvbuf (stdout, NULL, _IOLBF, 0);
  if (argc > 1)
    count = atoi (argv[1]);
  if (count < 1 || count > COUNT_MAX)
    return 99;
  mkdir ("dir", 0755);
  poll_page = mmap (NULL, 4096, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  struct sigaction fault = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
  sigaction (SIGSEGV, &fault, NULL);
  struct sigaction stop = { .sa_handler = on_stop, .sa_flags = SA_RESTART };
  sigaction (SIGUSR2, &stop, NULL);
  sem_init (&resumed, 0, 0);
  pthread_barrier_init (&barrier, NULL, (unsigned) count + 1);
  pthread_attr_t attributes;
  pthread_attr_init (&attributes);
  pthread_attr_setstacksize (&attributes, 65536);
  int made = 0;
  for (int i = 0; i < count; i++)
    made +=
        pthread_create (&threads[i], &attributes, work, (void *) (long) i) == 0;
  printf ("threads %d\n", made);
  if (made < count)
    return 98;
  pthread_barrier_wait (&barrier);
  stop_the_world (threads);
  mprotect (poll_page, 4096, PROT_NONE);
  pthread_barrier_wait (&barrier);
  say_proc ();
  pthread_barrier_wait (&barrier);
  for (int i = 0; i < count; i++)
    pthread_join (threads[i], NULL);
  *(volatile char *) poll_page = 1;
  wait_in_calls ();
  printf ("calls gone wrong %d, locked %d, in order %d, faulted %d\n",
          atomic_load (&wrong), total, next, atomic_load (&faults) > 0);
  return 0;
}
