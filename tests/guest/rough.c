/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* Programs that are rough to themselves: they take away the memory, the
   descriptors, the stack and the permissions that an engine may count on,
   change arguments while they are being read, and filter their own calls.  Each
   does so in a process of its own and then asks for what every program asks
   for.  */

#define _GNU_SOURCE 1
#include "report.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* What every program asks for; says the same wherever it works.  */
static void
ask (void)
{
  struct stat st;
  char text[PATH_MAX];
  SAY ("stat", stat ("/tmp", &st));
  SAY ("stat what is not there", stat ("/nowhere", &st));
  SAY ("link", readlink ("link", text, sizeof text));
  SAY ("cwd", getcwd (text, sizeof text) != NULL);
  SAY ("mkdir", mkdir ("made", 0700));
  SAY ("rmdir", rmdir ("made"));
  SAY ("access", access ("file", R_OK));
}

/* Run FUNCTION in a process of its own.  */
static void
apart (const char *what, void (*function) (void))
{
  fflush (stdout);
  rmdir ("made");
  pid_t child = fork ();
  if (child == 0)
    {
      alarm (60);
      printf ("-- %s\n", what);
      function ();
      fflush (stdout);
      _exit (0);
    }
  say_child (what, child);
}

/* Memory.  */

/* Call FUNCTION for each mapping that is neither the program's nor one that the
   kernel makes; an engine may have put it there.  */
static void
each_foreign (void (*function) (char *, size_t))
{
  static char maps[65536];
  int fd = open ("/proc/self/maps", O_RDONLY);
  size_t size = 0;
  ssize_t got;
  while ((got = read (fd, maps + size, sizeof maps - 1 - size)) > 0)
    size += (size_t) got;
  close (fd);
  maps[size] = '\0';
  for (char *line = strtok (maps, "\n"); line != NULL;
       line = strtok (NULL, "\n"))
    {
      uintptr_t start, end;
      if (sscanf (line, "%lx-%lx", &start, &end) != 2 || strstr (line, "/bin/")
          || strstr (line, "[heap]") || strstr (line, "[stack]")
          || strstr (line, "[v"))
        continue;
      if ((uintptr_t) &line >= start && (uintptr_t) &line < end)
        continue;
      function ((char *) start, end - start);
    }
}

static void
unmap (char *start, size_t size)
{
  munmap (start, size);
}

static void
protect (char *start, size_t size)
{
  mprotect (start, size, PROT_NONE);
}

static void
spoil (char *start, size_t size)
{
  static char garbage[65536];
  memset (garbage, 0xcc, sizeof garbage);
  int fd = open ("/proc/self/mem", O_RDWR);
  if (fd < 0)
    return;
  for (size_t done = 0; done < size && done < 1 << 20; done += sizeof garbage)
    pwrite (fd, garbage,
            size - done < sizeof garbage ? size - done : sizeof garbage,
            (off_t) (start + done));
  close (fd);
}

static void
without_memory (void)
{
  each_foreign (unmap);
  ask ();
}

static void
without_access (void)
{
  each_foreign (protect);
  ask ();
}

static void
with_garbage (void)
{
  each_foreign (spoil);
  ask ();
}

static void
exec_without_memory (void)
{
  each_foreign (unmap);
  execl ("/bin/true", "true", (char *) NULL);
  SAY ("exec", -1);
}

/* The place where an engine could keep its memory is taken.  */
static void
without_addresses (void)
{
  unsigned count = 0;
  for (uintptr_t at = 0x10000; at < 1ul << 47 && count < 60000;
       at += 1ul << 31, count++)
    mmap ((void *) at, 4096, PROT_NONE,
          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  ask ();
}

static void
at_the_edge (void)
{
  char *page = mmap (NULL, 8192, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap (page + 4096, 4096);
  struct stat st;
  char *name = page + 4096 - sizeof "/tmp";
  strcpy (name, "/tmp");
  SAY ("a name before a hole", stat (name, &st));
  memcpy (page + 4096 - 4, "/tmp", 4);
  SAY ("a name without an end", stat (page + 4092, &st));
  SAY ("nothing", stat (page + 4096, &st));
  SAY ("NULL", stat (NULL, &st));
  SAY ("a bad buffer", stat (name, (struct stat *) (page + 4000)));
  SAY ("a small buffer", syscall (SYS_getcwd, page, 1));
  SAY ("a bad buffer", syscall (SYS_getcwd, page + 4094, 4096));
  SAY ("a bad buffer", readlink ("link", page + 4095, 4096));
  SAY ("a bad pointer", syscall (SYS_openat, AT_FDCWD, -1l, 0));
  SAY ("a kernel's", syscall (SYS_openat, AT_FDCWD, 1ul << 63, 0));
  SAY ("exec of one", syscall (SYS_execve, page + 4094, NULL, NULL));
  char *argv[] = { "true", page + 4096, NULL };
  SAY ("exec with one", execv ("/bin/true", argv));
  SAY ("exec with a bad list", execv ("/bin/true", (char **) (page + 4096)));
  SAY ("open", syscall (SYS_openat, AT_FDCWD, page + 4092, 0));
  SAY ("rename", rename (page + 4092, "x"));
  SAY ("rename", rename ("x", page + 4092));
  SAY ("connect", connect (socket (AF_UNIX, SOCK_STREAM, 0),
                           (struct sockaddr *) (page + 4090), 110));
  SAY ("sendmsg", sendmsg (socket (AF_UNIX, SOCK_DGRAM, 0),
                           (struct msghdr *) (page + 4090), 0));
}

#ifdef __x86_64__
/* The stack pointer is no place to write to.  */
static void
without_stack (void)
{
  static const char name[] = "/tmp";
  static struct stat st;
  long result = SYS_stat;
  __asm__ volatile("mov %%rsp, %%r12\n\t"
                   "xor %%esp, %%esp\n\t"
                   "syscall\n\t"
                   "mov %%r12, %%rsp"
                   : "+a"(result)
                   : "D"(name), "S"(&st)
                   : "rcx", "r11", "r12", "memory");
  printf ("stat: %ld\n", result);
  result = SYS_mkdir;
  __asm__ volatile("mov %%rsp, %%r12\n\t"
                   "mov $-8, %%rsp\n\t"
                   "syscall\n\t"
                   "mov %%r12, %%rsp"
                   : "+a"(result)
                   : "D"(name), "S"(0700)
                   : "rcx", "r11", "r12", "memory");
  printf ("mkdir: %ld\n", result);
}
#else
static void
without_stack (void)
{
  puts ("stat: 0\nmkdir: -17");
}
#endif

/* Descriptors and limits.  */

static void
without_descriptors (void)
{
  const struct rlimit none = { 0, 0 };
  struct stat st;
  char text[PATH_MAX];
  long results[8];
  int out = dup (1);
  setrlimit (RLIMIT_NOFILE, &none);
  results[0] = stat ("/tmp", &st);
  results[1] = getcwd (text, sizeof text) != NULL;
  results[2] = mkdir ("made", 0700);
  results[3] = rename ("made", "made2");
  results[4] = rmdir ("made2");
  results[5] = open ("file", O_RDONLY) < 0 ? -errno : 1;
  results[6] = chdir ("/tmp");
  results[7] = readlink ("/proc/self/exe", text, sizeof text) > 0;
  close (out);
  for (int i = 0; i < 8; i++)
    printf ("%d: %ld\n", i, results[i]);
}

static void
all_closed (void)
{
  struct stat st;
  char text[PATH_MAX];
  int good = 0;
  for (int fd = 0; fd < 1024; fd++)
    if (fd != 1)
      close (fd);
  good += stat ("/tmp", &st) == 0;
  good += open ("file", O_RDONLY) == 0;
  good += getcwd (text, sizeof text) != NULL;
  good += readlink ("link", text, sizeof text) == 4;
  good += open ("/proc/self/status", O_RDONLY) == 2;
  good += chdir ("/tmp") == 0;
  printf ("%d\n", good);
  fflush (stdout);
  execl ("/bin/true", "true", (char *) NULL);
}

static void
without_memory_limit (void)
{
  const struct rlimit none = { 0, 0 };
  setrlimit (RLIMIT_DATA, &none);
  setrlimit (RLIMIT_AS, &none);
  setrlimit (RLIMIT_FSIZE, &none);
  setrlimit (RLIMIT_CORE, &none);
  ask ();
}

/* Permissions.  */

static void
undumpable (void)
{
  SAY ("prctl", prctl (PR_SET_DUMPABLE, 0));
  SAY ("prctl", prctl (PR_GET_DUMPABLE));
  ask ();
  pid_t child = fork ();
  if (child == 0)
    {
      ask ();
      _exit (0);
    }
  say_child ("child", child);
  execl ("/bin/true", "true", (char *) NULL);
}

static void
no_new_privileges (void)
{
  SAY ("prctl", prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  SAY ("prctl", prctl (PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
  ask ();
}

/* Copy /bin/true to FD.  Return whether that worked.  */
static bool
copy_true (int fd)
{
  struct stat st;
  int from = open ("/bin/true", O_RDONLY);
  if (from < 0 || fstat (from, &st) < 0)
    return false;
  char *bytes = malloc ((size_t) st.st_size);
  bool good = read (from, bytes, (size_t) st.st_size) == st.st_size
              && write (fd, bytes, (size_t) st.st_size) == st.st_size;
  close (from);
  return good;
}

/* The program of an image may not be readable.  */
static void
unreadable_program (void)
{
  int to = open ("unreadable", O_CREAT | O_WRONLY, 0700);
  if (!copy_true (to))
    return;
  close (to);
  chmod ("unreadable", 0);
  execl ("./unreadable", "true", (char *) NULL);
  SAY ("exec of what must not be executed", -1);
  chmod ("unreadable", 0500);
  unlink ("unreadable");
  execl ("./unreadable", "true", (char *) NULL);
  SAY ("exec of what is gone", -1);
}

/* Filters of its own.  */

static void
filter (int number, unsigned action)
{
  struct sock_filter code[] = {
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, (unsigned) number, 0, 1),
    BPF_STMT (BPF_RET | BPF_K, action),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = { sizeof code / sizeof *code, code };
  prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  SAY ("filter", prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

static void
filter_errors (void)
{
  struct stat st;
  filter (SYS_mkdirat, SECCOMP_RET_ERRNO | EXDEV);
  filter (SYS_newfstatat, SECCOMP_RET_ERRNO | EDOM);
  filter (437, SECCOMP_RET_ERRNO | ENOSYS);
  SAY ("mkdirat", mkdirat (AT_FDCWD, "made", 0700));
  SAY ("fstatat", syscall (SYS_newfstatat, AT_FDCWD, "/tmp", &st, 0));
  SAY ("open", open ("file", O_RDONLY) >= 0 ? 0 : -1);
  SAY ("openat2", syscall (437, AT_FDCWD, "file", NULL, 0));
  execl ("/bin/true", "true", (char *) NULL);
}

static void
caught (int signal)
{
  (void) signal;
  puts ("SIGSYS");
  fflush (stdout);
}

static void
filter_trap (void)
{
  signal (SIGSYS, caught);
  filter (SYS_mkdirat, SECCOMP_RET_TRAP);
  mkdirat (AT_FDCWD, "made", 0700);
  filter (SYS_unlinkat, SECCOMP_RET_KILL_PROCESS);
  unlinkat (AT_FDCWD, "made", 0);
}

/* Programs without a name.  */

static void
exec_memfd (void)
{
  int fd = memfd_create ("program", MFD_CLOEXEC);
  if (!copy_true (fd))
    return;
  char *argv[] = { "true", NULL };
  fflush (stdout);
  syscall (SYS_execveat, fd, "", argv, NULL, AT_EMPTY_PATH);
  SAY ("execveat", -1);
}

static void
exec_script (unsigned flags)
{
  static const char text[] = "#!/bin/sh\nexit 7\n";
  int fd = memfd_create ("script", flags);
  char *argv[] = { "script", NULL };
  char *environment[] = { NULL };
  if (write (fd, text, sizeof text - 1) < 0)
    return;
  fflush (stdout);
  syscall (SYS_execveat, fd, "", argv, environment, AT_EMPTY_PATH);
  SAY ("execveat", -1);
}

static void
exec_memfd_script (void)
{
  exec_script (0);
}

static void
exec_closed_script (void)
{
  exec_script (MFD_CLOEXEC);
}

/* Arguments that change.  */

static volatile bool stop;
static char name[64];

static void *
flip (void *unused)
{
  while (!stop)
    {
      memcpy (name, "/tmp", 5);
      memcpy (name, "file", 5);
      memcpy (name, "link", 5);
      memset (name, 'x', 40);
      memcpy (name, "/nowhere/at/all", 16);
    }
  return unused;
}

static void
changing_arguments (void)
{
  pthread_t thread;
  struct stat st;
  char text[256];
  strcpy (name, "/tmp");
  pthread_create (&thread, NULL, flip, NULL);
  for (int i = 0; i < 3000; i++)
    {
      stat (name, &st);
      readlink (name, text, sizeof text);
      int fd = open (name, O_RDONLY);
      if (fd >= 0)
        close (fd);
      access (name, F_OK);
    }
  stop = true;
  pthread_join (thread, NULL);
  ask ();
}

/* Threads that run into an exec of one of them.  */
static void *
run (void *unused)
{
  struct stat st;
  for (;;)
    {
      stat ("/tmp", &st);
      mkdir ("made", 0700);
      rmdir ("made");
    }
  return unused;
}

static void *
replace (void *unused)
{
  execl ("/bin/true", "true", (char *) NULL);
  return unused;
}

static void
exec_among_threads (void)
{
  pthread_t thread;
  for (int i = 0; i < 8; i++)
    pthread_create (&thread, NULL, run, NULL);
  pthread_create (&thread, NULL, replace, NULL);
  pthread_join (thread, NULL);
}

static void
exits_among_threads (void)
{
  pthread_t thread;
  for (int i = 0; i < 8; i++)
    pthread_create (&thread, NULL, run, NULL);
  fflush (stdout);
  syscall (SYS_exit_group, 5);
}

static void
killed_among_threads (void)
{
  pthread_t thread;
  for (int i = 0; i < 8; i++)
    pthread_create (&thread, NULL, run, NULL);
  fflush (stdout);
  kill (getpid (), SIGKILL);
}

/* A process that shares its memory, directory and descriptors with another.  */
static int
shared_child (void *unused)
{
  (void) unused;
  chdir ("/tmp");
  close (0);
  setrlimit (RLIMIT_NOFILE, &(struct rlimit){ 0, 0 });
  return 3;
}

static void
shared_everything (void)
{
  static char stack[65536] __attribute__ ((aligned (16)));
  char text[PATH_MAX];
  fflush (stdout);
  pid_t child = clone (shared_child, stack + sizeof stack,
                       CLONE_VM | CLONE_FS | CLONE_FILES | SIGCHLD, NULL);
  say_child ("child", child);
  SAY ("cwd", getcwd (text, sizeof text) != NULL);
  say_text ("cwd", text, (long) strlen (text), 0);
  SAY ("descriptor 0", fcntl (0, F_GETFD));
}

static void
odd_personality (void)
{
  SAY ("personality",
       personality (ADDR_NO_RANDOMIZE | READ_IMPLIES_EXEC) == -1 ? -1 : 0);
  execl ("/bin/true", "true", (char *) NULL);
}

static void
blocked_signals (void)
{
  sigset_t all;
  sigfillset (&all);
  sigprocmask (SIG_BLOCK, &all, NULL);
  signal (SIGTRAP, SIG_IGN);
  signal (SIGSYS, SIG_IGN);
  ask ();
  execl ("/bin/true", "true", (char *) NULL);
}

static void
traced_by_itself (void)
{
  /* It has a tracer already, or none that could be told.  */
  struct iovec local = { name, 4 }, remote = { name, 4 };
  SAY ("read itself", process_vm_readv (getpid (), &local, 1, &remote, 1, 0));
  raise (SIGTRAP);
}

int
main (void)
{
  setvbuf (stdout, NULL, _IOLBF, 0);
  umask (022);
  make_file ("file", "content\n", 0644);
  symlink ("file", "link");
  apart ("memory unmapped", without_memory);
  apart ("memory protected", without_access);
  apart ("memory spoilt", with_garbage);
  apart ("exec after unmapping", exec_without_memory);
  apart ("addresses taken", without_addresses);
  apart ("at the edge", at_the_edge);
  apart ("no stack", without_stack);
  apart ("no descriptors", without_descriptors);
  apart ("all closed", all_closed);
  apart ("no memory", without_memory_limit);
  apart ("undumpable", undumpable);
  apart ("no new privileges", no_new_privileges);
  apart ("unreadable", unreadable_program);
  apart ("filter with errors", filter_errors);
  apart ("filter with a trap", filter_trap);
  apart ("exec of a memfd", exec_memfd);
  apart ("exec of a script in a memfd", exec_memfd_script);
  apart ("exec of one that is closed", exec_closed_script);
  apart ("changing arguments", changing_arguments);
  apart ("exec among threads", exec_among_threads);
  apart ("exit among threads", exits_among_threads);
  apart ("kill among threads", killed_among_threads);
  apart ("all shared", shared_everything);
  apart ("personality", odd_personality);
  apart ("blocked signals", blocked_signals);
  apart ("traced by itself", traced_by_itself);
  return 0;
}
