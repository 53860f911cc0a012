/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* How programs are started: scripts, descriptors, threads, vfork, spawn; what
   fails and how.  Started again with words it plays the started program.  */

#define _GNU_SOURCE 1
#include "report.h"
#include <elf.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>

extern char **environ;

static const char *self = "/proc/self/exe";

/* Be the started program: say how it was called.  */
static int
play (int argc, char **argv)
{
  printf ("  started with %d:", argc);
  for (int i = 0; i < argc; i++)
    printf (" [%s]", argv[i]);
  puts ("");
  const char *name = (const char *) getauxval (AT_EXECFN);
  char comm[32] = "";
  prctl (PR_GET_NAME, comm);
  printf ("  execfn '%s' comm '%s' secure %lu\n", name, comm,
          getauxval (AT_SECURE));
  const char *mark = getenv ("MARK");
  printf ("  mark %s\n", mark == NULL ? "none" : mark);
  fflush (stdout);
  return argc > 2 ? atoi (argv[2]) : 0;
}

static void
run (const char *what, const char *path, char *const argv[])
{
  fflush (stdout);
  pid_t child = fork ();
  if (child == 0)
    {
      execv (path, argv);
      printf ("  execv: error %d (%s)\n", errno, strerror (errno));
      fflush (stdout);
      _exit (127);
    }
  say_child (what, child);
}

#define RUN(what, path, ...)                                                   \
  run (what, path, (char *[]){ (char *) __VA_ARGS__, NULL })

static void
copy_self (const char *name)
{
  static char buffer[65536];
  int in = open (self, O_RDONLY | O_CLOEXEC);
  int out = open (name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
  ssize_t count;
  if (in < 0 || out < 0)
    {
      printf ("cannot copy: %s\n", strerror (errno));
      exit (99);
    }
  while ((count = read (in, buffer, sizeof buffer)) > 0)
    if (write (out, buffer, (size_t) count) != count)
      exit (99);
  close (in);
  close (out);
}

static void
scripts (const char *here)
{
  char text[PATH_MAX * 2];
  char longer[700];
  snprintf (text, sizeof text, "#!%s/program\n", here);
  make_file ("script", text, 0755);
  RUN ("script", "script", "zero", "1", "3");
  RUN ("script by path", "./script", "zero");
  snprintf (text, sizeof text, "#! \t %s/program \t one two  \t\n", here);
  make_file ("script-argument", text, 0755);
  RUN ("script with an argument", "./script-argument", "zero", "1", "4");
  snprintf (text, sizeof text, "#!program\n");
  make_file ("script-relative", text, 0755);
  RUN ("script with a relative interpreter", "./script-relative", "zero");
  RUN ("the same from elsewhere", "dir/../script-relative", "zero");
  snprintf (text, sizeof text, "#!%s/program", here);
  make_file ("script-no-newline", text, 0755);
  RUN ("script without a newline", "./script-no-newline", "zero");
  snprintf (text, sizeof text, "#!%s/program x\r\n", here);
  make_file ("script-cr", text, 0755);
  RUN ("script with a return", "./script-cr", "zero");
  make_file ("script-empty", "#!\n", 0755);
  RUN ("script without an interpreter", "./script-empty", "zero");
  make_file ("script-blank", "#!   \n", 0755);
  RUN ("script with a blank interpreter", "./script-blank", "zero");
  make_file ("script-missing", "#!/no/such/interpreter\n", 0755);
  RUN ("script with a missing interpreter", "./script-missing", "zero");
  make_file ("script-directory", "#!/tmp\n", 0755);
  RUN ("script with a directory", "./script-directory", "zero");
  make_file ("script-itself", "#!./script-itself\n", 0755);
  RUN ("script that runs itself", "./script-itself", "zero");
  make_file ("text", "just words\n", 0755);
  RUN ("no format", "./text", "zero");
  make_file ("empty", "", 0755);
  RUN ("empty", "./empty", "zero");
  make_file ("short", "#", 0755);
  RUN ("one byte", "./short", "zero");
  make_file ("script-closed", text, 0644);
  RUN ("script without x", "./script-closed", "zero");

  /* Nested: the innermost one is no deeper than the kernel goes.  */
  for (int i = 1; i <= 6; i++)
    {
      char name[32], what[64];
      snprintf (name, sizeof name, "nest-%d", i);
      if (i == 1)
        snprintf (text, sizeof text, "#!%s/script-argument one\n", here);
      else
        snprintf (text, sizeof text, "#!%s/nest-%d n%d\n", here, i - 1, i);
      make_file (name, text, 0755);
      snprintf (what, sizeof what, "nested %d", i);
      snprintf (text, sizeof text, "./%s", name);
      RUN (what, text, "zero", "1", "5");
    }

  /* Overlong first lines: cut or refused at 256 bytes.  */
  static const size_t lengths[] = { 120, 127, 128, 250, 254, 255, 256, 400 };
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
    {
      char what[64];
      memset (longer, 'a', sizeof longer);
      int start = snprintf (longer, sizeof longer, "#!%s/program ", here);
      longer[start] = 'b';
      longer[lengths[i]] = '\n';
      longer[lengths[i] + 1] = '\0';
      make_file ("long", longer, 0755);
      snprintf (what, sizeof what, "first line of %zu", lengths[i]);
      RUN (what, "./long", "zero");
      memset (longer, '/', lengths[i]);
      longer[0] = '#';
      longer[1] = '!';
      memcpy (longer + lengths[i] - 8, "bin/true", 8);
      make_file ("long", longer, 0755);
      snprintf (what, sizeof what, "interpreter to %zu", lengths[i]);
      RUN (what, "./long", "zero");
    }
  snprintf (text, sizeof text, "#!%s/link-program\n", here);
  make_file ("script-link", text, 0755);
  RUN ("interpreter through a link", "./script-link", "zero");
  if (symlink ("script-link", "link-script") < 0)
    return;
  RUN ("script through a link", "./link-script", "zero");
}

static void
programs (const char *here)
{
  char absolute[PATH_MAX + 16];
  snprintf (absolute, sizeof absolute, "%s/program", here);
  RUN ("absolute", absolute, "zero", "1", "6");
  RUN ("relative", "./program", "zero");
  RUN ("through a directory", "dir/../program", "zero");
  RUN ("through a link", "link-program", "zero");
  RUN ("through a magic link", self, "zero", "1", "7");
  RUN ("missing", "./none", "zero");
  RUN ("empty name", "", "zero");
  RUN ("directory", "./dir", "zero");
  RUN ("slash", "./program/", "zero");
  RUN ("below a file", "./program/x", "zero");
  RUN ("dangling", "./dangling", "zero");
  RUN ("loop", "./loop", "zero");
  copy_self ("no-x");
  chmod ("no-x", 0644);
  RUN ("without x", "./no-x", "zero");

  pid_t child = fork ();
  if (child == 0)
    {
      syscall (SYS_execve, "./program", NULL, NULL);
      _exit (127);
    }
  say_child ("no arguments, no environment", child);
  child = fork ();
  if (child == 0)
    {
      char *none[] = { NULL };
      execve ("./program", none, none);
      _exit (127);
    }
  say_child ("empty arguments", child);
  child = fork ();
  if (child == 0)
    {
      syscall (SYS_execve, "./script", NULL, environ);
      printf ("error %d\n", errno);
      _exit (127);
    }
  say_child ("script without arguments", child);
  child = fork ();
  if (child == 0)
    {
      syscall (SYS_execve, "./program", 16, environ);
      _exit (errno);
    }
  say_child ("bad arguments", child);
  child = fork ();
  if (child == 0)
    {
      syscall (SYS_execve, 16, environ, environ);
      _exit (errno);
    }
  say_child ("bad name", child);

  /* Too many arguments, and an argument that is too long.  */
  static char big[200000];
  memset (big, 'x', sizeof big - 1);
  fflush (stdout);
  child = fork ();
  if (child == 0)
    {
      execl ("./program", "zero", big, (char *) NULL);
      _exit (errno);
    }
  say_child ("argument of 200,000", child);
  static char *many[20001];
  for (int i = 0; i < 20000; i++)
    many[i] = (char *) "argument";
  many[0] = (char *) "count";
  many[20000] = NULL;
  child = fork ();
  if (child == 0)
    {
      execv ("./program", many);
      _exit (errno);
    }
  say_child ("20,000 arguments", child);
}

/* Damage copies of this program's header.  */
static void
formats (void)
{
  static const struct
  {
    const char *what;
    size_t offset;
    unsigned char byte;
  } cases[] = {
    { "no magic", 1, 'X' },
    { "type core", offsetof (Elf64_Ehdr, e_type), ET_CORE },
    { "machine s390", offsetof (Elf64_Ehdr, e_machine), EM_S390 },
    { "no program headers", offsetof (Elf64_Ehdr, e_phnum), 0 },
    { "wrong header size", offsetof (Elf64_Ehdr, e_phentsize), 7 },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    {
      copy_self ("damaged");
      int fd = open ("damaged", O_WRONLY | O_CLOEXEC);
      if (pwrite (fd, &cases[i].byte, 1, (off_t) cases[i].offset) != 1)
        puts ("cannot damage");
      close (fd);
      RUN (cases[i].what, "./damaged", "zero");
      unlink ("damaged");
    }
  copy_self ("damaged");
  SAY ("cut", truncate ("damaged", 40));
  RUN ("cut to 40", "./damaged", "zero");
  SAY ("cut", truncate ("damaged", 4));
  RUN ("cut to 4", "./damaged", "zero");
}

static void
descriptors (void)
{
  int fd = open ("program", O_RDONLY);
  fflush (stdout);
  pid_t child = fork ();
  char *argv[] = { (char *) "zero", (char *) "1", (char *) "8", NULL };
  if (child == 0)
    {
      syscall (SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
      _exit (errno);
    }
  say_child ("execveat of a descriptor", child);
  int closing = open ("program", O_RDONLY | O_CLOEXEC);
  child = fork ();
  if (child == 0)
    {
      syscall (SYS_execveat, closing, "", argv, environ, AT_EMPTY_PATH);
      _exit (errno);
    }
  say_child ("execveat of a closing descriptor", child);
  int script = open ("script-relative", O_RDONLY);
  child = fork ();
  if (child == 0)
    {
      syscall (SYS_execveat, script, "", argv, environ, AT_EMPTY_PATH);
      _exit (errno);
    }
  say_child ("execveat of a script", child);
  int closing_script = open ("script", O_RDONLY | O_CLOEXEC);
  child = fork ();
  if (child == 0)
    {
      syscall (SYS_execveat, closing_script, "", argv, environ, AT_EMPTY_PATH);
      _exit (errno);
    }
  say_child ("execveat of a closing script", child);
  int dir = open (".", O_RDONLY | O_DIRECTORY);
  child = fork ();
  if (child == 0)
    {
      syscall (SYS_execveat, dir, "script", argv, environ, 0);
      _exit (errno);
    }
  say_child ("execveat of a script below a directory", child);
  child = fork ();
  if (child == 0)
    {
      syscall (SYS_execveat, dir, "program", argv, environ, 0);
      _exit (errno);
    }
  say_child ("execveat below a directory", child);
  child = fork ();
  if (child == 0)
    {
      syscall (SYS_execveat, dir, "link-program", argv, environ,
               AT_SYMLINK_NOFOLLOW);
      _exit (errno);
    }
  say_child ("execveat nofollow", child);
  child = fork ();
  if (child == 0)
    {
      syscall (SYS_execveat, dir, "", argv, environ, 0);
      _exit (errno);
    }
  say_child ("execveat of nothing", child);
  child = fork ();
  if (child == 0)
    {
      syscall (SYS_execveat, 777, "program", argv, environ, 0);
      _exit (errno);
    }
  say_child ("execveat of a bad descriptor", child);

  int memory = (int) syscall (SYS_memfd_create, "image", 0);
  static char buffer[65536];
  ssize_t count;
  lseek (fd, 0, SEEK_SET);
  while ((count = read (fd, buffer, sizeof buffer)) > 0)
    if (write (memory, buffer, (size_t) count) != count)
      return;
  child = fork ();
  if (child == 0)
    {
      syscall (SYS_execveat, memory, "", argv, environ, AT_EMPTY_PATH);
      _exit (errno);
    }
  say_child ("execveat of memory", child);
  char path[64];
  snprintf (path, sizeof path, "/proc/self/fd/%d", memory);
  RUN ("execve of memory's magic link", path, "zero", "1", "9");
  close (fd);

  /* Removed while it is open, and still run.  */
  copy_self ("gone");
  fd = open ("gone", O_RDONLY);
  unlink ("gone");
  child = fork ();
  if (child == 0)
    {
      fexecve (fd, argv, environ);
      _exit (errno);
    }
  say_child ("fexecve of a removed program", child);
  close (fd);
}

static void *
exec_thread (void *path)
{
  execl (path, "zero", "from-thread", "11", (char *) NULL);
  return NULL;
}

static void *
idle_thread (void *argument)
{
  for (;;)
    pause ();
  return argument;
}

static int
clone_child (void *path)
{
  execl (path, "zero", "clone", "13", (char *) NULL);
  _exit (127);
}

static void
ways (const char *here)
{
  char *argv[] = { (char *) "zero", (char *) "1", (char *) "10", NULL };
  pid_t child;
  int status = posix_spawn (&child, "./program", NULL, NULL, argv, environ);
  say_child ("spawned", child);
  printf ("posix_spawn: %d\n", status);
  status = posix_spawn (&child, "./none", NULL, NULL, argv, environ);
  printf ("posix_spawn of none: %d\n", status);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init (&actions);
  posix_spawn_file_actions_addopen (&actions, 1, "spawn-out",
                                    O_CREAT | O_WRONLY, 0600);
  status = posix_spawn (&child, "./program", &actions, NULL, argv, environ);
  say_child ("spawned", child);
  printf ("posix_spawn with an action: %d\n", status);
  say_content ("its output", open ("spawn-out", O_RDONLY));

  fflush (stdout);
  child = vfork ();
  if (child == 0)
    {
      execv ("./program", argv);
      _exit (127);
    }
  say_child ("vfork", child);
  child = vfork ();
  if (child == 0)
    {
      execv ("./none", argv);
      _exit (errno);
    }
  say_child ("vfork of none", child);

  static char stack[65536] __attribute__ ((aligned (16)));
  child = clone (clone_child, stack + sizeof stack,
                 CLONE_VM | CLONE_VFORK | SIGCHLD, (void *) "./program");
  say_child ("clone", child);

  struct
  {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack,
        stack_size, tls;
  } arguments = { 0 };
  arguments.exit_signal = SIGCHLD;
  child = (pid_t) syscall (435, &arguments, sizeof arguments);
  if (child == 0)
    {
      execv ("./program", argv);
      _exit (127);
    }
  if (child < 0 && errno == ENOSYS)
    child = fork ();
  if (child == 0)
    {
      execv ("./program", argv);
      _exit (127);
    }
  say_child ("clone3", child);

  /* A thread that is not the first replaces the program.  */
  fflush (stdout);
  child = fork ();
  if (child == 0)
    {
      char path[PATH_MAX + 16];
      snprintf (path, sizeof path, "%s/program", here);
      pthread_t thread;
      for (int i = 0; i < 4; i++)
        pthread_create (&thread, NULL, idle_thread, NULL);
      pthread_create (&thread, NULL, exec_thread, path);
      pause ();
      _exit (126);
    }
  say_child ("exec from a thread", child);
  child = fork ();
  if (child == 0)
    {
      pthread_t thread;
      pthread_create (&thread, NULL, exec_thread, (void *) "./script");
      pthread_join (thread, NULL);
      _exit (126);
    }
  say_child ("script from a thread", child);
  child = fork ();
  if (child == 0)
    {
      pthread_t thread;
      pthread_create (&thread, NULL, exec_thread, (void *) "./none");
      pthread_join (thread, NULL);
      _exit (21);
    }
  say_child ("failed exec from a thread", child);
  child = fork ();
  if (child == 0)
    {
      pthread_t thread;
      for (int i = 0; i < 4; i++)
        pthread_create (&thread, NULL, idle_thread, NULL);
      execv ("./program", argv);
      _exit (126);
    }
  say_child ("exec with other threads", child);

  setenv ("MARK", "set", 1);
  RUN ("environment", "./program", "zero");
  SAY ("setsid in a child", 0);
  child = fork ();
  if (child == 0)
    {
      setsid ();
      execv ("./script", argv);
      _exit (127);
    }
  say_child ("after setsid", child);
  child = fork ();
  if (child == 0)
    {
      raise (SIGKILL);
      _exit (0);
    }
  say_child ("killed", child);
  child = fork ();
  if (child == 0)
    abort ();
  say_child ("aborted", child);
  child = fork ();
  if (child == 0)
    {
      *(volatile int *) 8 = 1;
      _exit (0);
    }
  say_child ("faulted", child);

  int bad = 0;
  for (int i = 0; i < 300; i++)
    {
      child = fork ();
      if (child == 0)
        _exit (i & 127);
      if (waitpid (child, &status, 0) != child
          || WEXITSTATUS (status) != (i & 127))
        bad++;
    }
  printf ("300 children: %d bad\n", bad);
  pid_t children[50];
  for (int i = 0; i < 50; i++)
    {
      children[i] = fork ();
      if (children[i] == 0)
        {
          char number[16];
          snprintf (number, sizeof number, "%d", i);
          int null = open ("sink", O_CREAT | O_WRONLY | O_APPEND, 0600);
          dup2 (null, 1);
          execl ("./program", "zero", "1", number, (char *) NULL);
          _exit (127);
        }
    }
  for (int i = 0; i < 50; i++)
    if (waitpid (children[i], &status, 0) != children[i]
        || WEXITSTATUS (status) != i)
      bad++;
  printf ("50 programs at once: %d bad\n", bad);
}

/* Print for WHAT which signals are not at their default, and how.  */
static int
print_actions (const char *what)
{
  struct sigaction action;
  printf ("  %s:", what);
  for (int number = 1; number < 65; number++)
    if (sigaction (number, NULL, &action) == 0
        && (action.sa_handler != SIG_DFL || action.sa_flags != 0))
      printf (" %d %s %x", number,
              action.sa_handler == SIG_IGN   ? "ignored"
              : action.sa_handler == SIG_DFL ? "default"
                                             : "handled",
              (unsigned int) action.sa_flags & 0xf0ffffffu);
  printf ("\n");
  return 0;
}

static void
nothing (int number)
{
  (void) number;
}

/* Start what prints its actions, in several ways.  */
static void
start_actions (void)
{
  char *argv[] = { (char *) "actions", (char *) "spawned", NULL };
  posix_spawnattr_t attributes;
  sigset_t set;
  pid_t child;
  int status;
  fflush (stdout);
  child = vfork ();
  if (child == 0)
    {
      execl ("./program", "actions", "after vfork", (char *) NULL);
      _exit (127);
    }
  waitpid (child, &status, 0);
  sigemptyset (&set);
  sigaddset (&set, SIGUSR2);
  sigaddset (&set, SIGPIPE);
  posix_spawnattr_init (&attributes);
  posix_spawnattr_setflags (&attributes, POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setsigdefault (&attributes, &set);
  if (posix_spawn (&child, "./program", NULL, &attributes, argv, environ) == 0)
    waitpid (child, &status, 0);
  posix_spawnattr_destroy (&attributes);
}

/* Whether NUMBER, which is blocked and has come, still waits once its action,
   BEFORE, has been set to AFTER.  */
static void
say_waits (int number, void (*before) (int), void (*after) (int))
{
  const struct timespec now = { 0, 0 };
  sigset_t set, waiting;
  sigemptyset (&set);
  sigaddset (&set, number);
  sigprocmask (SIG_BLOCK, &set, NULL);
  signal (number, before);
  kill (getpid (), number);
  signal (number, after);
  sigpending (&waiting);
  printf ("signal %d waits: %d\n", number, sigismember (&waiting, number));
  (void) sigtimedwait (&set, NULL, &now);
  signal (number, SIG_DFL);
  sigprocmask (SIG_UNBLOCK, &set, NULL);
}

/* What a program inherits of its signals, and what setting them does.  */
static void
actions (void)
{
  static const int ignored[] = { SIGHUP,  SIGUSR2, SIGPIPE, SIGSEGV,
                                 SIGCHLD, SIGTSTP, 40 };
  struct sigaction action = { .sa_handler = nothing, .sa_flags = SA_NODEFER };
  sigaction (SIGUSR1, &action, NULL);
  sigaction (SIGSYS, &action, NULL);
  action.sa_handler = SIG_DFL;
  sigaction (SIGALRM, &action, NULL);
  start_actions ();
  for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
    signal (ignored[i], SIG_IGN);
  start_actions ();
  print_actions ("itself");
  fflush (stdout);
  pid_t child = fork ();
  if (child == 0)
    _exit (print_actions ("child") | fflush (stdout));
  (void) waitpid (child, NULL, 0); /* which is not told, but waits */
  for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
    signal (ignored[i], SIG_DFL);
  start_actions ();
  say_waits (SIGUSR2, SIG_DFL, SIG_DFL);
  say_waits (SIGUSR2, SIG_DFL, SIG_IGN);
  say_waits (SIGUSR2, SIG_IGN, SIG_DFL);
  say_waits (SIGWINCH, SIG_DFL, SIG_DFL);
  say_waits (SIGWINCH, nothing, SIG_DFL);
  say_waits (SIGURG, SIG_IGN, SIG_IGN);
  say_waits (SIGSEGV, SIG_DFL, SIG_DFL);
}

int
main (int argc, char **argv)
{
  char here[PATH_MAX];
  if (argc > 1 && strcmp (argv[0], "actions") == 0)
    return print_actions (argv[1]);
  if (argc > 0 && strcmp (argv[0], "count") == 0)
    {
      printf ("  %d arguments\n", argc);
      return 0;
    }
  if (argc != 1 || strcmp (argv[0], "zero") == 0
      || access ("program", F_OK) == 0)
    return play (argc, argv);

  umask (022);
  setvbuf (stdout, NULL, _IOLBF, 0);
  if (getcwd (here, sizeof here) == NULL)
    return 99;
  mkdir ("dir", 0755);
  if (symlink ("program", "link-program") < 0 || symlink ("none", "dangling")
      || symlink ("loop", "loop") < 0)
    return 99;
  copy_self ("program");
  scripts (here);
  programs (here);
  formats ();
  descriptors ();
  ways (here);
  actions ();
  return 0;
}
