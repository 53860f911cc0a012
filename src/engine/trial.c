/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Trying what makes containers: programs of the host with an empty one, our own
   engines with a program that does nothing.

   What an engine stands on is known by probes; this shows what else it wants of
   limits, sandboxes and file systems, in its own words.  */

#include <config.h>

#include "src/engine/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "src/container/run-plan.h"
#include "src/container/run-temporary.h"
#include "src/engine/program.h"
#include "src/platform/host.h"
#include "xalloc.h"

/* No trial takes so many seconds.  */
#define PATIENCE 10

/* How parts begin a line that says why they give up (lib/start/message.h).  */
static const char complaint[] = "Error: ";

/* Return a plan that runs WORDS, ended by NULL, the first of which is a guest
   path, in ROOT, of which ROOT_FD is a descriptor.  Nothing of it is to be
   released.  */
static struct run_plan
plan_of (const struct config *config, char *mode, char *root, int root_fd,
         char **words)
{
  static char top[] = "/";
  struct run_plan plan = {
    .config = config,
    .mode = mode,
    .root = root,
    .root_fd = root_fd,
    .hold_fd = -1,
    .started_fd = -1,
    .temporary = RUN_TEMPORARY_NONE,
    .program = words[0],
    .directory = top,
    .arguments = words,
    .verbose = LOG_RESULT,
  };
  while (words[plan.argument_count] != NULL)
    plan.argument_count++;
  return plan;
}

int
engine_try_nothing (const struct config *config, const char *mode,
                    engine_trial_function *function, void *data,
                    struct error *err)
{
  const struct sigaction ignore = { .sa_handler = SIG_IGN };
  struct sigaction before;
  struct run_temporary temporary = RUN_TEMPORARY_NONE;
  char program[] = "/";
  char *words[] = { program, NULL };
  AUTO_FREE char *own_mode = xstrdup (mode);
  AUTO_FREE char *root = run_temporary_add (&temporary, 0700, err);
  if (root == NULL)
    return -err->number;
  AUTO_CLOSE int root_fd = open (root, O_PATH | O_DIRECTORY | O_CLOEXEC);
  const struct run_plan plan = plan_of (config, own_mode, root, root_fd, words);
  /* A limit on the size of files is an error and no end.  */
  (void) sigaction (SIGXFSZ, &ignore, &before); /* cannot fail */
  int status = function (&plan, data, err);
  (void) sigaction (SIGXFSZ, &before, NULL);
  run_temporary_remove (&temporary);
  return status < 0 ? status : 0; /* there was no program to start */
}

/* In a child: become our part NAME that runs PLAN, with what it says in the
   file SAID.  Does not return.  */
_Noreturn static void
become_part (const char *name, const struct run_plan *plan, int said)
{
  AUTO_ERROR struct error why = { 0 };
  int nothing = open ("/dev/null", O_RDWR | O_CLOEXEC);
  (void) prctl (PR_SET_PDEATHSIG, SIGKILL);
  (void) signal (SIGALRM, SIG_DFL);
  (void) alarm (PATIENCE);
  (void) dup2 (nothing >= 0 ? nothing : said, STDIN_FILENO);
  (void) dup2 (said, STDOUT_FILENO);
  (void) dup2 (said, STDERR_FILENO);
  (void) engine_run_program (name, plan, SUPERVISE_LEAVE, &why);
  /* As parts do; nobody but our parent reads it.  */
  (void) dprintf (said, "%s%s\n", complaint, why.text);
  _exit (EXIT_FAILURE);
}

/* Record in ERR why a part has ended with STATUS, as waitpid tells it, after it
   has written what can be read from SAID.  */
static int
explain (int status, int said, struct error *err)
{
  char text[4096];
  ssize_t length = read (said, text, sizeof text - 1);
  text[length > 0 ? length : 0] = '\0';
  char *line = strstr (text, complaint);
  if (line != NULL)
    {
      line += sizeof complaint - 1;
      line[strcspn (line, "\n")] = '\0';
      return error_set (err, ENOSYS, "%s", line);
    }
  if (WIFSIGNALED (status))
    return error_set (err, ENOSYS,
                      _ ("a program that does nothing is ended by a signal: "
                         "%s"),
                      strsignal (WTERMSIG (status)));
  return error_set (err, ENOSYS,
                    _ ("a program that does nothing ends with status %d"),
                    WEXITSTATUS (status));
}

int
engine_try_part (const char *name, const struct config *config,
                 const char *mode, struct error *err)
{
  char root[] = "/";
  int ends[2];
  char option[] = "--nothing";
  AUTO_FREE char *program = platform_find_part ("udocker-init", err);
  if (program == NULL)
    return -err->number;
  char *words[] = { program, option, NULL };
  AUTO_FREE char *own_mode = xstrdup (mode);
  AUTO_CLOSE int root_fd = open (root, O_PATH | O_DIRECTORY | O_CLOEXEC);
  /* A file would be limited by what is tried.  What does not fit stops it until
     its time is over, and whoever stays behind does not keep us.  */
  if (root_fd < 0 || pipe2 (ends, O_CLOEXEC) < 0)
    {
      int number = errno;
      (void) error_set (err, number, _ ("cannot make a pipe: %s"),
                        strerror (number));
      return number != EMFILE
                 ? -number
                 : error_hint (err, _ ("raise the limit (ulimit -n)"));
    }
  AUTO_CLOSE int said = ends[0];
  AUTO_CLOSE int to = ends[1];
  (void) fcntl (said, F_SETFL, O_NONBLOCK); /* cannot fail */
  const struct run_plan plan = plan_of (config, own_mode, root, root_fd, words);
  (void) fflush (stdout); /* or the child would print it, too */
  pid_t child = fork ();
  if (child == 0)
    become_part (name, &plan, to);
  int status = 0;
  if (child < 0)
    return error_set (err, errno, _ ("cannot make a process: %s"),
                      strerror (errno));
  while (waitpid (child, &status, 0) < 0)
    if (errno != EINTR)
      return error_set (err, errno, _ ("cannot wait for a process: %s"),
                        strerror (errno));
  return status == 0 ? 0 : explain (status, said, err);
}
