/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* Programs that forbid themselves system calls: what a filter allows works as
   ever, what it does not ends as it says, also in what they start.

   With the argument "exact": what only an engine can do as the kernel does it
   that is not a tracer itself.  */

#define _GNU_SOURCE 1
#include "report.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ucontext.h>

extern char **environ;

#define LOAD(member)                                                           \
  BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, member))
#define IS(value, yes, no) BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, value, yes, no)
#define RETURN(value) BPF_STMT (BPF_RET | BPF_K, value)

static struct sock_filter program[600];
static unsigned short length;

static void
add (struct sock_filter instruction)
{
  program[length++] = instruction;
}

/* Make PROGRAM: WHAT for the COUNT numbers at LIST, OTHERWISE for others.  */
static void
make_program (const int *list, size_t count, unsigned what, unsigned otherwise)
{
  length = 0;
  add ((struct sock_filter) LOAD (nr));
  for (size_t i = 0; i < count; i++)
    {
      add ((struct sock_filter) IS ((unsigned) list[i], 0, 1));
      add ((struct sock_filter) RETURN (what));
    }
  add ((struct sock_filter) RETURN (otherwise));
}

static long
install_with (unsigned flags)
{
  struct sock_fprog whole = { length, program };
  return syscall (SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &whole);
}

static int
install (void)
{
  if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
    return -1;
  struct sock_fprog whole = { length, program };
  return prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole);
}

/* Run FUNCTION in a child and print how that ended.  */
static void
in_child (const char *what, void (*function) (void))
{
  fflush (stdout);
  pid_t child = fork ();
  if (child == 0)
    {
      function ();
      fflush (stdout);
      _exit (0);
    }
  say_child (what, child);
}

#define FILTER(list, what, otherwise)                                          \
  make_program (list, sizeof list / sizeof *list, what, otherwise)

static void
say_status (void)
{
  FILE *status = fopen ("/proc/self/status", "re");
  char line[256];
  while (status != NULL && fgets (line, sizeof line, status) != NULL)
    if (strncmp (line, "Seccomp", 7) == 0
        || strncmp (line, "NoNewPrivs", 10) == 0)
      fputs (line, stdout);
  if (status != NULL)
    fclose (status);
}

static void
answers_errors (void)
{
  static const int list[] = { SYS_mkdirat, SYS_chdir,
#ifdef SYS_mkdir
                              SYS_mkdir
#endif
  };
  struct stat st;
  printf ("mode %d\n", prctl (PR_GET_SECCOMP));
  FILTER (list, SECCOMP_RET_ERRNO | EDOM, SECCOMP_RET_ALLOW);
  SAY ("without giving up privileges", install_with (0));
  SAY ("installed", install ());
  printf ("mode %d\n", prctl (PR_GET_SECCOMP));
  say_status ();
  SAY ("mkdir", mkdir ("made", 0700));
  SAY ("chdir", chdir ("dir"));
  SAY ("stat", stat ("dir/../link", &st));
  say_content ("open", open ("link", O_RDONLY));
  SAY_OPEN ("create", open ("dir/new", O_CREAT | O_WRONLY, 0600));
  SAY ("unlink", unlink ("dir/new"));
  SAY ("a second filter", install ());
  say_status ();
}

/* What a careful server allows itself.  */
static const int usual[] = {
#ifdef SYS_open
  SYS_open,         SYS_stat,           SYS_lstat,        SYS_access,
  SYS_readlink,     SYS_rename,         SYS_unlink,
#endif
  SYS_openat,       SYS_newfstatat,     SYS_statx,        SYS_faccessat,
  SYS_readlinkat,   SYS_renameat,       SYS_renameat2,    SYS_unlinkat,
  SYS_fstat,        SYS_getcwd,         SYS_chdir,        SYS_read,
  SYS_write,        SYS_writev,         SYS_close,        SYS_lseek,
  SYS_mmap,         SYS_munmap,         SYS_mprotect,     SYS_brk,
  SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_ioctl,
  SYS_fcntl,        SYS_exit_group,     SYS_exit,         SYS_futex,
  SYS_getpid,       SYS_gettid,         SYS_tgkill,
#ifdef SYS_mmap2
  SYS_mmap2,        SYS_fcntl64,        SYS__llseek,      SYS_stat64,
  SYS_lstat64,      SYS_fstat64,        SYS_sigreturn
#endif
};

static void
allows_few (void)
{
  char text[PATH_MAX];
  struct stat st;
  FILTER (usual, SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_PROCESS);
  SAY ("installed", install ());
  SAY ("stat", stat ("dir/../link", &st));
  SAY ("stat of nothing", stat ("none", &st));
  say_content ("open", open ("./dir/../link", O_RDONLY));
  SAY_OPEN ("create", open ("dir/new", O_CREAT | O_WRONLY, 0600));
  SAY ("rename", rename ("dir/new", "dir/newer"));
  SAY ("unlink", unlink ("/proc/self/cwd/dir/newer"));
  SAY ("readlink", readlink ("link", text, sizeof text));
  SAY ("access", access ("link", R_OK));
  SAY ("chdir", chdir ("dir"));
  say_text ("getcwd", text,
            getcwd (text, sizeof text) == NULL ? -1 : (long) strlen (text),
            errno);
  say_content ("status", open ("/proc/self/status", O_RDONLY));
}

static void
kills (void)
{
  FILTER (usual, SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_PROCESS);
  SAY ("installed", install ());
  SAY ("symlink", symlink ("x", "y"));
}

static void
kills_what_is_answered (void)
{
  static const int list[] = {
#ifdef SYS_stat
    SYS_stat,
#endif
    SYS_newfstatat, SYS_statx
  };
  struct stat st;
  FILTER (list, SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_ALLOW);
  SAY ("installed", install ());
  SAY ("stat", stat ("dir", &st));
}

static void
refuses_what_is_answered (void)
{
  static const int list[] = {
#ifdef SYS_stat
    SYS_stat, SYS_readlink,
#endif
    SYS_newfstatat, SYS_statx, SYS_readlinkat
  };
  struct stat st;
  char text[64];
  FILTER (list, SECCOMP_RET_ERRNO | EDOM, SECCOMP_RET_ALLOW);
  SAY ("installed", install ());
  SAY ("stat", stat ("dir", &st));
  SAY ("readlink", readlink ("link", text, sizeof text));
  SAY ("access", access ("dir", F_OK));
  SAY ("getcwd", getcwd (text, sizeof text) != NULL);
  printf ("id %d\n", getuid () == geteuid ());
}

static volatile int trapped, reason;

static void
on_trap (int number, siginfo_t *info, void *context)
{
  (void) context;
  trapped = info->si_syscall;
  reason = info->si_errno;
  printf ("trapped by %d code %d\n", number, info->si_code);
}

static void
traps (void)
{
  static const int list[] = { SYS_symlinkat,
#ifdef SYS_symlink
                              SYS_symlink
#endif
  };
  struct sigaction action = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO };
  sigaction (SIGSYS, &action, NULL);
  FILTER (list, SECCOMP_RET_TRAP | 9, SECCOMP_RET_ALLOW);
  SAY ("installed", install ());
  (void) !symlink ("x", "y");
  printf ("the call %d reason %d\n",
          trapped == list[sizeof list / sizeof *list - 1], reason);
  SAY ("mkdir", mkdir ("y", 0700));
  SAY ("rmdir", rmdir ("y"));
}

static void
looks_at_arguments (void)
{
  length = 0;
  add ((struct sock_filter) LOAD (nr));
  add ((struct sock_filter) IS (SYS_openat, 0, 3));
  add ((struct sock_filter) LOAD (args[2]));
  add ((struct sock_filter) BPF_JUMP (BPF_JMP | BPF_JSET | BPF_K, O_ACCMODE, 0,
                                      1));
  add ((struct sock_filter) RETURN (SECCOMP_RET_ERRNO | EROFS));
  add ((struct sock_filter) RETURN (SECCOMP_RET_ALLOW));
  SAY ("installed", install ());
  SAY_OPEN ("to read", openat (AT_FDCWD, "dir/../link", O_RDONLY));
  SAY_OPEN ("to write", openat (AT_FDCWD, "dir/../link", O_WRONLY));
}

/* A started program lives under the filter, which forbids what a loader that
   is none of its own might do.  */
static void
starts (int number)
{
  static const int list[] = { SYS_personality, SYS_prctl, SYS_pread64,
                              SYS_openat,      SYS_read,  SYS_close };
  /* A dynamic linker needs the last four itself.  */
  size_t count = getauxval (AT_BASE) == 0 ? 6 : 2;
  char *argv[] = { (char *) "program", (char *) "play", NULL };
  int fd = open ("/proc/self/exe", O_PATH);
  make_program (list, count, SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_ALLOW);
  SAY ("no privileges", prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  SAY ("installed", install_with (0));
  if (number == SYS_execveat)
    syscall (SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
  else
    execv ("/proc/self/exe", argv);
  _exit (errno);
}

static void
starts_programs (void)
{
  starts (SYS_execve);
}

static void
starts_by_descriptor (void)
{
  starts (SYS_execveat);
}

static void *
try_in_thread (void *argument)
{
  usleep (1000);
  while (mkdir ("made", 0700) == 0 || errno != EDOM)
    rmdir ("made");
  return argument;
}

static void
all_threads (void)
{
  static const int list[] = { SYS_mkdirat,
#ifdef SYS_mkdir
                              SYS_mkdir
#endif
  };
  pthread_t thread[3];
  for (int i = 0; i < 3; i++)
    pthread_create (&thread[i], NULL, try_in_thread, NULL);
  FILTER (list, SECCOMP_RET_ERRNO | EDOM, SECCOMP_RET_ALLOW);
  SAY ("no privileges", prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  SAY ("all threads", install_with (SECCOMP_FILTER_FLAG_TSYNC));
  for (int i = 0; i < 3; i++)
    pthread_join (thread[i], NULL);
  SAY ("mkdir", mkdir ("made", 0700));
}

static void
strict (void)
{
  SAY ("strict", prctl (PR_SET_SECCOMP, SECCOMP_MODE_STRICT));
  (void) !write (1, "written\n", 8);
  syscall (SYS_exit, 5);
}

static void
errors (void)
{
  struct sock_fprog none = { 0, program };
  struct sock_fprog nowhere = { 3, (void *) 16 };
  SAY ("no privileges", prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  SAY ("empty", syscall (SYS_seccomp, 1, 0, &none));
  SAY ("nowhere", syscall (SYS_seccomp, 1, 0, &nowhere));
  SAY ("no program", syscall (SYS_seccomp, 1, 0, NULL));
  SAY ("bad flags", syscall (SYS_seccomp, 1, 0x8000, &none));
  SAY ("bad operation", syscall (SYS_seccomp, 77, 0, &none));
  length = 1;
  program[0] = (struct sock_filter) LOAD (nr);
  SAY ("no return", install_with (0));
  program[0] = (struct sock_filter) IS (1, 9, 9);
  SAY ("jumps out", install_with (0));
  unsigned action = SECCOMP_RET_KILL_PROCESS;
  SAY ("kill is known", syscall (SYS_seccomp, 2, 0, &action));
  action = 0x12340000;
  SAY ("nonsense is not", syscall (SYS_seccomp, 2, 0, &action));
  /* Long ones.  */
  static struct sock_filter longest[4097];
  for (int i = 0; i < 4097; i++)
    longest[i] = (struct sock_filter) LOAD (nr);
  longest[4096] = longest[4095] = longest[2499] =
      (struct sock_filter) RETURN (SECCOMP_RET_ALLOW);
  struct sock_fprog whole = { 4097, longest };
  SAY ("4097", syscall (SYS_seccomp, 1, 0, &whole));
  whole.len = 2500;
  SAY ("2500", syscall (SYS_seccomp, 1, 0, &whole));
  struct stat st;
  SAY ("stat", stat ("dir", &st));
}

/* What a handler is told of a call that is trapped, and what it says in the
   place of the kernel.  */
static volatile int told[4];

static void
on_trap_of_mkdir (int number, siginfo_t *info, void *context)
{
  ucontext_t *where = context;
  told[0] = number == SIGSYS && info->si_signo == SIGSYS;
#if defined __x86_64__
  told[1] = info->si_arch == AUDIT_ARCH_X86_64
            && (uintptr_t) info->si_call_addr
                   == (uintptr_t) where->uc_mcontext.gregs[REG_RIP]
            && where->uc_mcontext.gregs[REG_RAX] == info->si_syscall
            && ((const char *) where->uc_mcontext.gregs[REG_RDI])[0] == 'm';
  told[2] = (int) where->uc_mcontext.gregs[REG_R10];
  where->uc_mcontext.gregs[REG_RAX] = 77;
#else
  told[1] = 1;
  told[2] = 4;
#endif
  told[3] = info->si_errno;
}

static long
trapped_call (int number)
{
#if defined __x86_64__
  return syscall (number, "made", 2L, 3L, 4L);
#else
  (void) number;
  return 77;
#endif
}

static const int mkdirs[] = { SYS_mkdirat,
#ifdef SYS_mkdir
                              SYS_mkdir
#endif
};

static void
answers_in_a_handler (void)
{
  struct sigaction action = { .sa_sigaction = on_trap_of_mkdir,
                              .sa_flags = SA_SIGINFO };
  sigset_t before, after;
  sigaction (SIGSYS, &action, NULL);
  FILTER (mkdirs, SECCOMP_RET_TRAP | 4321, SECCOMP_RET_ALLOW);
  SAY ("installed", install ());
  sigprocmask (SIG_BLOCK, NULL, &before);
  SAY ("the handler's word", trapped_call (mkdirs[sizeof mkdirs / 4 - 1]));
  sigprocmask (SIG_BLOCK, NULL, &after);
  printf ("told %d %d %d %d, mask kept %d\n", told[0], told[1], told[2],
          told[3], memcmp (&before, &after, sizeof before) == 0);
  SAY ("nothing was made", access ("made", F_OK));
}

/* Trapped where nobody can be told.  */
static void
traps_while_blocked (void)
{
  struct sigaction action = { .sa_sigaction = on_trap_of_mkdir,
                              .sa_flags = SA_SIGINFO };
  sigset_t set;
  sigaction (SIGSYS, &action, NULL);
  sigemptyset (&set);
  sigaddset (&set, SIGSYS);
  sigprocmask (SIG_BLOCK, &set, NULL);
  FILTER (mkdirs, SECCOMP_RET_TRAP, SECCOMP_RET_ALLOW);
  SAY ("installed", install ());
  SAY ("mkdir", mkdir ("made", 0700));
}

static void
traps_while_ignored (void)
{
  signal (SIGSYS, SIG_IGN);
  FILTER (mkdirs, SECCOMP_RET_TRAP, SECCOMP_RET_ALLOW);
  SAY ("installed", install ());
  SAY ("mkdir", mkdir ("made", 0700));
}

/* Try the COUNT ACTIONS on both a call that engines see and one that they do
   not.  */
static void
try_actions (const unsigned *actions, size_t count)
{
  for (size_t i = 0; i < count; i++)
    {
      static const int list[] = { SYS_mkdirat, SYS_getppid,
#ifdef SYS_mkdir
                                  SYS_mkdir
#endif
      };
      fflush (stdout);
      pid_t child = fork ();
      if (child == 0)
        {
          FILTER (list, actions[i], SECCOMP_RET_ALLOW);
          SAY ("installed", install ());
          SAY ("mkdir", mkdir ("made", 0700));
          rmdir ("made");
          errno = 0;
          long parent = syscall (SYS_getppid);
          say_result ("getppid", parent > 0 ? 1 : parent, errno);
          _exit (0);
        }
      say_child ("an action", child);
    }
}

static void
has_other_actions (void)
{
  static const unsigned actions[] = { SECCOMP_RET_LOG,
                                      0x7fc00000 /* a listener's */,
                                      SECCOMP_RET_ERRNO,
                                      SECCOMP_RET_ERRNO | 0xffff };
  try_actions (actions, sizeof actions / sizeof *actions);
}

/* Nobody traces: the call is not there.  */
static void
asks_a_tracer (void)
{
  static const unsigned action = SECCOMP_RET_TRACE;
  try_actions (&action, 1);
}

/* Of several filters the strictest decides, of the same the newest.  */
static void
has_several (void)
{
  static const unsigned said[] = { SECCOMP_RET_ERRNO | EDOM, SECCOMP_RET_LOG,
                                   SECCOMP_RET_ERRNO | EXDEV,
                                   SECCOMP_RET_ALLOW };
  for (size_t i = 0; i < sizeof said / sizeof *said; i++)
    {
      FILTER (mkdirs, said[i], SECCOMP_RET_ALLOW);
      SAY ("installed", install ());
      SAY ("mkdir", mkdir ("made", 0700));
      rmdir ("made");
    }
  say_status ();
}

/* Filters go with execve.  */
static void
starts_what_is_judged (void)
{
  char *argv[] = { (char *) "program", (char *) "make", NULL };
  FILTER (mkdirs, SECCOMP_RET_ERRNO | EXDEV, SECCOMP_RET_ALLOW);
  SAY ("installed", install ());
  FILTER (mkdirs, SECCOMP_RET_ERRNO | EDOM, SECCOMP_RET_ALLOW);
  SAY ("installed", install ());
  execv ("/none", argv);
  execv ("/proc/self/exe", argv);
  _exit (errno);
}

/* What a started program does.  */
static int
make_things (void)
{
  SAY ("mkdir", mkdir ("made", 0700));
  say_status ();
  fflush (stdout);
  pid_t child = vfork ();
  if (child == 0)
    {
      SAY ("mkdir of a child", mkdir ("made", 0700));
      execl ("/proc/self/exe", "program", "play", (char *) NULL);
      _exit (99);
    }
  say_child ("its child", child);
  return 0;
}

/* A thread's own filter is not the others'.  */
static void *
forbid_itself (void *argument)
{
  SAY ("installed", install ());
  SAY ("mkdir in the thread", mkdir ("made", 0700));
  return argument;
}

static void
one_thread (void)
{
  pthread_t thread;
  FILTER (mkdirs, SECCOMP_RET_ERRNO | EDOM, SECCOMP_RET_ALLOW);
  SAY ("no privileges", prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  pthread_create (&thread, NULL, forbid_itself, NULL);
  pthread_join (thread, NULL);
  SAY ("mkdir", mkdir ("made", 0700));
  SAY ("rmdir", rmdir ("made"));
}

static void *
kill_itself (void *argument)
{
  mkdir ("made", 0700);
  puts ("not reached");
  return argument;
}

static void
kills_a_thread (unsigned how)
{
  pthread_t thread;
  FILTER (mkdirs, how, SECCOMP_RET_ALLOW);
  SAY ("installed", install ());
  pthread_create (&thread, NULL, kill_itself, NULL);
  pthread_join (thread, NULL);
  puts ("the others live on");
}

static void
kills_one_thread (void)
{
  kills_a_thread (SECCOMP_RET_KILL_THREAD);
}

static void
kills_all_threads (void)
{
  kills_a_thread (SECCOMP_RET_KILL_PROCESS);
}

/* What strict mode forbids: what engines see, and what they do not.  */
static void
strict_and_sees (void)
{
  SAY ("strict", prctl (PR_SET_SECCOMP, SECCOMP_MODE_STRICT));
  mkdir ("made", 0700);
}

static void
strict_and_asks (void)
{
  SAY ("strict", prctl (PR_SET_SECCOMP, SECCOMP_MODE_STRICT));
  syscall (SYS_getppid);
}

static void
strict_after_a_filter (void)
{
  FILTER (mkdirs, SECCOMP_RET_ERRNO | EDOM, SECCOMP_RET_ALLOW);
  SAY ("installed", install ());
  SAY ("strict", prctl (PR_SET_SECCOMP, SECCOMP_MODE_STRICT));
  SAY ("mkdir", mkdir ("made", 0700));
}

/* Calls that have been made so often that an engine may have found a shorter
   way for them.  */
static void
make_often (void)
{
  for (int i = 0; i < 500; i++)
    if (mkdir ("made", 0700) == 0)
      rmdir ("made");
}

static volatile int trap_count;

static void
count_traps (int number, siginfo_t *info, void *context)
{
  ucontext_t *where = context;
#if defined __x86_64__
  trap_count += number == SIGSYS
                && (uintptr_t) info->si_call_addr
                       == (uintptr_t) where->uc_mcontext.gregs[REG_RIP]
                && where->uc_mcontext.gregs[REG_RAX] == info->si_syscall;
  where->uc_mcontext.gregs[REG_RAX] = -EXDEV;
#else
  (void) where;
  trap_count += number == SIGSYS && info->si_syscall > 0;
#endif
}

static void
traps_often (void)
{
  struct sigaction action = { .sa_sigaction = count_traps,
                              .sa_flags = SA_SIGINFO };
  int failed = 0;
  sigaction (SIGSYS, &action, NULL);
  make_often ();
  FILTER (mkdirs, SECCOMP_RET_TRAP, SECCOMP_RET_ALLOW);
  SAY ("installed", install ());
  for (int i = 0; i < 500; i++)
    failed += mkdir ("made", 0700) == -1 && errno == EXDEV;
  printf ("trapped %d failed %d\n", trap_count, failed);
  FILTER (mkdirs, SECCOMP_RET_ERRNO | EDOM, SECCOMP_RET_ALLOW);
  SAY ("no stricter one", install ());
  SAY ("mkdir", mkdir ("made", 0700));
  printf ("trapped %d\n", trap_count);
}

static void
refuses_often (void)
{
  int failed = 0;
  make_often ();
  FILTER (mkdirs, SECCOMP_RET_ERRNO | EDOM, SECCOMP_RET_ALLOW);
  SAY ("installed", install ());
  for (int i = 0; i < 500; i++)
    failed += mkdir ("made", 0700) == -1 && errno == EDOM;
  printf ("failed %d\n", failed);
}

static void
kills_after_often (void)
{
  make_often ();
  kills ();
}

static void
kills_one_after_often (void)
{
  make_often ();
  kills_one_thread ();
}

static void
kills_all_after_often (void)
{
  make_often ();
  kills_all_threads ();
}

static void
strict_after_often (void)
{
  make_often ();
  strict_and_sees ();
}

int
main (int argc, char **argv)
{
  if (argc > 1 && strcmp (argv[1], "play") == 0)
    {
      (void) !write (1, "  started\n", 10);
      _exit (3);
    }
  if (argc > 1 && strcmp (argv[1], "make") == 0)
    return make_things ();
  umask (022);
  setvbuf (stdout, NULL, _IOLBF, 0);
  if (argc > 1 && strcmp (argv[1], "exact") == 0)
    {
      in_child ("a tracer is asked", asks_a_tracer);
      in_child ("all are killed", kills_all_threads);
      in_child ("strict mode, seen", strict_and_sees);
      in_child ("strict mode, not seen", strict_and_asks);
      in_child ("often refused", refuses_often);
      in_child ("often trapped", traps_often);
      in_child ("killed after often", kills_after_often);
      in_child ("one is killed after often", kills_one_after_often);
      in_child ("all are killed after often", kills_all_after_often);
      in_child ("strict after often", strict_after_often);
      return 0;
    }
  mkdir ("dir", 0755);
  make_file ("file", "content\n", 0644);
  if (symlink ("file", "link") < 0)
    return 99;
  in_child ("errors", answers_errors);
  in_child ("few calls", allows_few);
  in_child ("killed", kills);
  in_child ("killed by stat", kills_what_is_answered);
  in_child ("refused", refuses_what_is_answered);
  in_child ("traps", traps);
  in_child ("arguments", looks_at_arguments);
  in_child ("a started program", starts_programs);
  in_child ("by descriptor", starts_by_descriptor);
  in_child ("all threads", all_threads);
  in_child ("strict mode", strict);
  in_child ("mistakes", errors);
  in_child ("answered by a handler", answers_in_a_handler);
  in_child ("trapped and blocked", traps_while_blocked);
  in_child ("trapped and ignored", traps_while_ignored);
  in_child ("other actions", has_other_actions);
  in_child ("several", has_several);
  in_child ("goes with execve", starts_what_is_judged);
  in_child ("one thread", one_thread);
  in_child ("a thread is killed", kills_one_thread);
  in_child ("another mode", strict_after_a_filter);
  return 0;
}
