/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* What a program that may be of another machine than the host is told, and what
   becomes of the programs that it starts.  */

#define _GNU_SOURCE 1

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void
say_file (const char *what, const char *name)
{
  char text[4096] = "";
  FILE *file = fopen (name, "r");
  size_t size = file != NULL ? fread (text, 1, sizeof text - 1, file) : 0;
  if (file != NULL)
    fclose (file);
  for (size_t i = 0; i + 1 < size; i++)
    if (text[i] == '\0' || text[i] == '\n')
      text[i] = '|';
  text[size > 0 && text[size - 1] == '\n' ? size - 1 : size] = '\0';
  printf ("%s: %s\n", what, text);
}

/* Say who this is.  */
static int
tell (int argc, char **argv)
{
  struct utsname names;
  char path[4096] = "";
  uname (&names);
  if (readlink ("/proc/self/exe", path, sizeof path - 1) < 0)
    perror ("readlink");
  printf ("machine %s, program %s, arguments", names.machine, path);
  for (int i = 0; i < argc; i++)
    printf (" [%s]", argv[i]);
  puts ("");
  say_file ("command line", "/proc/self/cmdline");
  say_file ("command", "/proc/self/comm");
  for (char **entry = environ; *entry != NULL; entry++)
    if (strncmp (*entry, "LD_", 3) == 0 || strncmp (*entry, "MY_", 3) == 0)
      printf ("environment: %s\n", *entry);
  return 0;
}

/* Execute PATH in a child and say how that ended.  */
static void
child (const char *what, const char *path, char **arguments, int fd)
{
  int status = 0;
  fflush (stdout);
  pid_t pid = fork ();
  if (pid == 0)
    {
      if (fd >= 0)
        fexecve (fd, arguments, environ);
      else
        execv (path, arguments);
      printf ("%s: %s\n", what, strerror (errno));
      exit (99);
    }
  waitpid (pid, &status, 0);
  printf ("%s: ", what);
  if (WIFSIGNALED (status))
    printf ("signal %d\n", WTERMSIG (status));
  else
    printf ("exit status %d\n", WEXITSTATUS (status));
}

static void
start_others (const char *self)
{
  char *tell_it[] = { "zero", "tell", "a b", "", NULL };
  char *none[] = { NULL };
  child ("by its name", self, tell_it, -1);
  child ("by /proc", "/proc/self/exe", tell_it, -1);
  child ("script", "/bin/script", tell_it, -1);
  child ("script of a script", "/bin/script2", tell_it, -1);
  child ("without arguments", self, none, -1);
  child ("missing", "/bin/missing", tell_it, -1);
  child ("nonsense", "/bin/nonsense", tell_it, -1);
  int fd = open (self, O_RDONLY);
  child ("by a descriptor", NULL, tell_it, fd);
  fcntl (fd, F_SETFD, FD_CLOEXEC);
  child ("by one that is closed", NULL, tell_it, fd);

  pid_t pid;
  int status;
  fflush (stdout);
  printf ("posix_spawn: %d\n",
          posix_spawn (&pid, self, NULL, NULL, tell_it, environ));
  fflush (stdout);
  waitpid (pid, &status, 0);
  chdir ("/bin");
  child ("by a relative name", strrchr (self, '/') + 1, tell_it, -1);
  fflush (stdout);
  if (system ("echo from a shell; exit 5") >> 8 != 5)
    puts ("not the shell's status");
}

int
main (int argc, char **argv)
{
  const char *what = argc > 1 ? argv[1] : "tell";
  if (strcmp (what, "children") == 0)
    {
      start_others (argv[2]);
      return 0;
    }
  if (strcmp (what, "exit") == 0)
    return atoi (argv[2]);
  if (strcmp (what, "kill") == 0)
    {
      signal (atoi (argv[2]), SIG_DFL);
      raise (atoi (argv[2]));
    }
  return tell (argc, argv);
}
