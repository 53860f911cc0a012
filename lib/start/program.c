/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The first program of a container.  */

#include "lib/start/program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/elf/machine.h"
#include "lib/plan/plan.h"
#include "lib/start/explain.h"
#include "lib/start/message.h"

static int64_t
call_directly (void *engine, long number, uint64_t a, uint64_t b, uint64_t c,
               uint64_t d)
{
  (void) engine;
  long result = syscall (number, a, b, c, d);
  return result == -1 ? -errno : result;
}

/* Return the texts of all records of PLAN with TAG, ended by NULL and with
   room for one more, or NULL.  */
static char **
collect (const struct plan *plan, enum plan_tag tag)
{
  struct plan_record record;
  size_t count = 0;
  char **list = calloc (plan_count (plan, tag) + 2, sizeof *list);
  if (list == NULL)
    return NULL;
  for (size_t at = 0; plan_next_tag (plan, tag, &at, &record);)
    list[count++] = (char *) (uintptr_t) record.text;
  return list;
}

int
start_program_init (struct start_program *program, const struct plan *plan)
{
  *program = (struct start_program){
    .path = plan_text (plan, PLAN_PROGRAM, NULL),
    .directory = plan_text (plan, PLAN_DIRECTORY, "/"),
    .directory_tried = plan_number (plan, PLAN_DIRECTORY_TRIED, 0),
    .arguments = collect (plan, PLAN_ARGUMENT),
    .environment = collect (plan, PLAN_ENVIRONMENT),
    .call = call_directly,
  };
  if (program->arguments != NULL && program->environment != NULL)
    return 0;
  start_complain ("no memory");
  return -ENOMEM;
}

int
start_set_limits (const struct plan *plan)
{
  struct plan_record record;
  for (size_t at = 0; plan_next_tag (plan, PLAN_LIMIT, &at, &record);)
    {
      struct plan_limit limit = plan_record_limit (&record);
      struct rlimit value = { limit.soft, limit.hard };
      /* The C libraries do not agree on the type of the first argument.  */
      if (syscall (SYS_prlimit64, 0, limit.resource, &value, NULL) != 0)
        {
          int number = errno;
          start_complain ("cannot set resource limit %u: %s", limit.resource,
                          strerror (number));
          return -number;
        }
    }
  return 0;
}

/* The environment of PROGRAM is to say that it starts in the current
   directory.  */
static void
set_pwd (struct start_program *program)
{
  static char text[sizeof "PWD=" + PATH_MAX] = "PWD=";
  char **entry = program->environment;
  if (start_call (program, SYS_getcwd, (uintptr_t) text + 4, PATH_MAX, 0, 0)
      <= 0)
    return;
  while (*entry != NULL && strncmp (*entry, text, 4) != 0)
    entry++;
  *entry = text; /* there is room for one more */
}

static int
change_directory (const struct start_program *program, const char *path)
{
  return (int) start_call (program, SYS_chdir, (uintptr_t) path, 0, 0, 0);
}

int
start_enter_directory (struct start_program *program)
{
  int error = change_directory (program, program->directory);
  if (error < 0)
    {
      if (program->directory_tried == 0)
        {
          start_complain ("cannot change to directory '%s' of the container: "
                          "%s",
                          program->directory, strerror (-error));
          return error;
        }
      if (program->directory_tried > 1)
        start_warn ("cannot change to directory '%s' of the container, "
                    "starting in '/': %s",
                    program->directory, strerror (-error));
      error = change_directory (program, "/");
      if (error < 0)
        return error;
    }
  if (program->directory_tried != 0)
    set_pwd (program);
  return 0;
}

bool
program_read_head (const struct start_program *program, const char *path,
                   void *head, size_t size)
{
  int fd = (int) start_call (program, SYS_openat, (uint64_t) AT_FDCWD,
                             (uintptr_t) path, O_RDONLY | O_CLOEXEC, 0);
  bool result = fd >= 0 && read (fd, head, size) == (ssize_t) size
                && elf_is_program (head, size);
  if (fd >= 0)
    (void) close (fd);
  return result;
}

/* Make the call execve.  Return the errno for which that failed.  */
static int
make_execve (const struct start_program *program, const char *path,
             char **arguments)
{
  return (int) -start_call (program, SYS_execve, (uintptr_t) path,
                            (uintptr_t) arguments,
                            (uintptr_t) program->environment, 0);
}

/* Have the shell run PATH for PROGRAM.  Return when that fails.  */
static void
execute_script (const struct start_program *program, const char *path)
{
  size_t count = 0;
  while (program->arguments[count] != NULL)
    count++;
  char **arguments = calloc (count + 2, sizeof *arguments);
  if (arguments == NULL)
    return;
  arguments[0] = (char *) (uintptr_t) "/bin/sh";
  arguments[1] = (char *) (uintptr_t) path;
  for (size_t i = 1; i < count; i++)
    arguments[i + 1] = program->arguments[i];
  (void) make_execve (program, arguments[0], arguments);
  free (arguments);
}

/* Execute the file PATH for PROGRAM.  What is no program at all is a script for
   the shell, as execvp(3) and shells have it.  Return the errno for which that
   failed.  */
static int
execute_file (const struct start_program *program, const char *path)
{
  unsigned char head[ELF_MACHINE_BYTES];
  int number = make_execve (program, path, program->arguments);
  if (number == ENOEXEC
      && !program_read_head (program, path, head, sizeof head))
    execute_script (program, path);
  return number;
}

int
start_execute (const struct start_program *program)
{
  const char *name =
      program->path != NULL ? program->path : program->arguments[0];
  if (strchr (name, '/') != NULL)
    {
      int number = execute_file (program, name);
      return explain_execute (program, name, number);
    }

  const char *path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
                     "/sbin:/bin";
  char candidate[PATH_MAX];
  char refused[PATH_MAX] = "";
  int number = ENOENT;
  for (char **entry = program->environment; *entry != NULL; entry++)
    if (strncmp (*entry, "PATH=", 5) == 0)
      path = *entry + 5;
  while (name[0] != '\0')
    {
      size_t length = strcspn (path, ":");
      int written = snprintf (candidate, sizeof candidate, "%.*s%s%s",
                              (int) length, path, length > 0 ? "/" : "", name);
      if (written > 0 && (size_t) written < sizeof candidate)
        {
          int refusal = execute_file (program, candidate);
          if (refusal != ENOENT && refusal != ENOTDIR)
            {
              number = refusal;
              memcpy (refused, candidate, (size_t) written + 1);
              if (number != EACCES)
                break;
            }
        }
      path += length;
      if (*path++ == '\0')
        break;
    }
  return explain_execute (program, refused[0] != '\0' ? refused : name, number);
}
