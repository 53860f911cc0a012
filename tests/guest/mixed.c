/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* A program that starts others, some of which are for another machine word:
   what each sees of its children, its parent, its groups and its signals.

   usage: mixed STEP... [PROGRAM [ARGUMENT]...]

   Steps are taken in their order; each says what it has seen:
     fork, vfork, spawn   start the rest in a child and wait for it
     stop                 likewise, where it stops itself before it executes the
                          rest, and the rest takes the step "pause"
     pause                stop
     thread               execute the rest from another thread
     group                be the leader of a new process group
     close                close all descriptors but the standard ones
     block, ignore        block or ignore SIGSYS, SIGSEGV and SIGUSR1
     signals              say which of those are blocked and ignored
     own U G              make a file, and make it theirs
     owner                say whose it is
     who                  say who one is
     raise N, exit N      end
   What is no step is executed.  */

#define _GNU_SOURCE 1
#include <pthread.h>
#include <spawn.h>
#include <sys/resource.h>
#include "report.h"

extern char **environ;

static const int some[] = { SIGSYS, SIGSEGV, SIGUSR1 };

static void
become (char **rest)
{
  fflush (stdout);
  execv (rest[0], rest);
  printf ("%s: %s\n", rest[0], strerror (errno));
  fflush (stdout);
  _exit (127);
}

static void *
become_in_thread (void *rest)
{
  become (rest);
  return NULL;
}

static void
await (pid_t child, int options)
{
  int status = 0;
  pid_t got = waitpid (child, &status, options);
  printf ("%d bits: ", (int) sizeof (long) * 8);
  if (got != child)
    printf ("wait: %s\n", strerror (errno));
  else if (WIFSTOPPED (status))
    printf ("stopped by %d\n", WSTOPSIG (status));
  else if (WIFCONTINUED (status))
    puts ("continued");
  else if (WIFSIGNALED (status))
    printf ("signal %d\n", WTERMSIG (status));
  else
    printf ("exit status %d\n", WEXITSTATUS (status));
  fflush (stdout);
  if (!WIFSTOPPED (status) && !WIFCONTINUED (status))
    exit (WIFSIGNALED (status) ? 100 + WTERMSIG (status)
                               : WEXITSTATUS (status));
}

static void
say_signals (void)
{
  sigset_t mask;
  struct sigaction action;
  sigprocmask (SIG_SETMASK, NULL, &mask);
  for (int i = 0; i < 3; i++)
    {
      sigaction (some[i], NULL, &action);
      printf ("signal %d: %s, %s\n", some[i],
              sigismember (&mask, some[i]) ? "blocked" : "open",
              action.sa_handler == SIG_IGN ? "ignored" : "default");
    }
}

static void
say_who (void)
{
  char name[4096] = "";
  ssize_t length = readlink ("/proc/self/exe", name, sizeof name - 1);
  printf ("%d bits, %s, leader of its group: %d, of its session: %d, parent "
          "in the group: %d, uid %d\n",
          (int) sizeof (long) * 8, length > 0 ? name : "?",
          getpgrp () == getpid (), getsid (0) == getpid (),
          getpgid (getppid ()) == getpgrp (), (int) geteuid ());
  fflush (stdout);
}

static void
start (const char *how, char **rest)
{
  pid_t child = 0;
  fflush (stdout);
  if (strcmp (how, "spawn") == 0)
    posix_spawn (&child, rest[0], NULL, NULL, rest, environ);
  else if (strcmp (how, "vfork") == 0)
    {
      child = vfork ();
      if (child == 0)
        {
          execv (rest[0], rest);
          _exit (127);
        }
    }
  else
    {
      child = fork ();
      if (child == 0)
        {
          if (strcmp (how, "stop") == 0)
            raise (SIGSTOP);
          become (rest);
        }
    }
  if (strcmp (how, "stop") == 0)
    {
      for (int i = 0; i < 2; i++)
        {
          await (child, WUNTRACED);
          kill (child, SIGCONT);
          /* Before the second one it says nothing.  */
          if (i == 0)
            {
              await (child, WCONTINUED);
              close (open ("continued", O_WRONLY | O_CREAT, 0644));
            }
        }
    }
  await (child, 0);
}

int
main (int argc, char **argv)
{
  struct sigaction ignore = { .sa_handler = SIG_IGN };
  sigset_t mask;
  sigemptyset (&mask);
  (void) argc;
  for (char **word = argv + 1; *word != NULL; word++)
    if (strcmp (*word, "who") == 0)
      say_who ();
    else if (strcmp (*word, "signals") == 0)
      say_signals ();
    else if (strcmp (*word, "group") == 0)
      setpgid (0, 0);
    else if (strcmp (*word, "pause") == 0)
      {
        /* Nobody hears any more of what went on and has stopped again.  */
        while (access ("continued", F_OK) != 0)
          usleep (1000);
        raise (SIGSTOP);
      }
    else if (strcmp (*word, "close") == 0)
      {
        struct rlimit files;
        getrlimit (RLIMIT_NOFILE, &files);
        syscall (SYS_close_range, 3, -1, 0);
        for (rlim_t i = 3; i < files.rlim_max && i < 70000; i++)
          close ((int) i);
      }
    else if (strcmp (*word, "block") == 0)
      {
        for (int i = 0; i < 3; i++)
          sigaddset (&mask, some[i]);
        sigprocmask (SIG_BLOCK, &mask, NULL);
      }
    else if (strcmp (*word, "ignore") == 0)
      for (int i = 0; i < 3; i++)
        sigaction (some[i], &ignore, NULL);
    else if (strcmp (*word, "raise") == 0)
      {
        fflush (stdout);
        raise (atoi (word[1]));
        return 98;
      }
    else if (strcmp (*word, "own") == 0)
      {
        close (open ("file", O_WRONLY | O_CREAT, 0644));
        say_result (
            "chown",
            chown ("file", (uid_t) atoi (word[1]), (gid_t) atoi (word[2])),
            errno);
        word += 2;
      }
    else if (strcmp (*word, "owner") == 0)
      {
        struct stat status;
        stat ("file", &status);
        printf ("%d:%d\n", (int) status.st_uid, (int) status.st_gid);
      }
    else if (strcmp (*word, "exit") == 0)
      return atoi (word[1]);
    else if (strcmp (*word, "thread") == 0)
      {
        pthread_t thread;
        pthread_create (&thread, NULL, become_in_thread, word + 1);
        pthread_join (thread, NULL);
      }
    else if (**word == '/')
      become (word);
    else
      start (*word, word + 1);
  return 0;
}
