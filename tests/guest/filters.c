/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* Programs that forbid themselves system calls: what a filter allows works as
   ever, what it does not ends as it says, also in what they start.  */

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

int
main (int argc, char **argv)
{
  if (argc > 1 && strcmp (argv[1], "play") == 0)
    {
      (void) !write (1, "  started\n", 10);
      _exit (3);
    }
  umask (022);
  setvbuf (stdout, NULL, _IOLBF, 0);
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
  return 0;
}
