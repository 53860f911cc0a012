/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   From a plan to a running container: the view, the first process, the
   tracer.  */

#include "proot-engine/start.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/elf/machine.h"
#include "lib/guest/calls.h"
#include "lib/plan/plan.h"
#include "proot-engine/enter.h"
#include "proot-engine/explain.h"
#include "proot-engine/order.h"
#include "proot-engine/seccomp.h"
#include "proot-engine/tracer.h"

/* Find the loader stub for programs of MACHINE and put its path into the
   PATH_MAX bytes at LOADER: beside this program, or where PLAN says.  Where it
   may not be executed a copy in memory serves.  Return 0 or a negative
   errno.  */
static int
find_loader (char *loader, const char *machine, const struct plan *plan)
{
  const char *directory = plan_text (plan, PLAN_LIBEXEC, NULL);
  char own[PATH_MAX];
  if (directory == NULL)
    {
      ssize_t length = readlink ("/proc/self/exe", own, sizeof own - 1);
      if (length <= 0)
        return -ENOENT;
      own[length] = '\0';
      *strrchr (own, '/') = '\0';
      directory = own;
    }
  int length = snprintf (loader, PATH_MAX, "%s/loader-%s", directory, machine);
  if (length < 0 || length >= PATH_MAX)
    return -ENAMETOOLONG;
  if (access (loader, X_OK) == 0)
    return 0;

  char buffer[65536];
  int from = open (loader, O_RDONLY | O_CLOEXEC);
  if (from < 0)
    return -errno;
  int to = (int) syscall (SYS_memfd_create, "loader", 1 /* close on exec */);
  ssize_t size = read (from, buffer, sizeof buffer);
  bool copied = to >= 0 && size > 0 && write (to, buffer, (size_t) size) == size
                && fchmod (to, 0555) == 0;
  (void) close (from);
  if (!copied)
    return -EACCES;
  (void) snprintf (loader, PATH_MAX, "/proc/%d/fd/%d", (int) getpid (), to);
  return 0;
}

/* Find the loader stubs of TRACER.  Only the native one must be there: a
   compiler that makes no 32-bit programs has made no other.  Return 0, or a
   negative errno after a message.  */
static int
find_loaders (struct tracer *tracer, const struct plan *plan)
{
  char *loader = tracer->loader[GUEST_ABI_NATIVE];
  int error = find_loader (loader, LOADER_MACHINE, plan);
  if (error < 0)
    start_complain ("cannot use the loader '%s': %s", loader,
                    strerror (-error));
  for (enum guest_abi abi = 0; abi < GUEST_ABI_COUNT; abi++)
    {
      uint64_t window = loader_window (abi);
      tracer->common.loader[abi].start = window + LOADER_TEXT_OFFSET;
      tracer->common.loader[abi].end = window + LOADER_DATA_OFFSET;
    }
#if defined __x86_64__
  tracer->common.starts[GUEST_ABI_I386] =
      find_loader (tracer->loader[GUEST_ABI_I386], "i386", plan) == 0;
#endif
  return error;
}

/* What the first process needs.  */
struct program
{
  const char *path; /* guest path, or NULL to search for the first argument */
  const char *directory;
  uint64_t directory_tried; /* as in the plan */
  char **arguments;
  char **environment; /* with room for one more */
  struct sock_filter *filter;
  int filter_length;
  bool i386; /* 32-bit programs would be started, if the kernel runs them */
};

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

/* Set the limits that PLAN asks for.  Return 0, or a negative errno after a
   message.  */
static int
set_limits (const struct plan *plan)
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

/* Return whether the file PATH of the container is a program of some
   machine.  */
static bool
is_program (const char *path)
{
  unsigned char head[ELF_MACHINE_BYTES];
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  bool result = fd >= 0 && read (fd, head, sizeof head) == sizeof head
                && elf_is_program (head, sizeof head);
  if (fd >= 0)
    (void) close (fd);
  return result;
}

/* Have the shell run PATH for PROGRAM.  Return when that fails.  */
static void
execute_script (const struct program *program, const char *path)
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
  (void) execve (arguments[0], arguments, program->environment);
  free (arguments);
}

/* Execute the file PATH for PROGRAM.  What is no program at all is a script for
   the shell, as execvp(3) and shells have it.  Return the errno for which that
   failed.  */
static int
execute_file (const struct program *program, const char *path)
{
  (void) execve (path, program->arguments, program->environment);
  int number = errno;
  if (number == ENOEXEC && !is_program (path))
    execute_script (program, path);
  return number;
}

/* Execute PROGRAM, looking for it in the PATH of its environment when its
   path is not given.  Return the exit status when that fails.  */
static int
execute (const struct program *program)
{
  const char *name =
      program->path != NULL ? program->path : program->arguments[0];
  if (strchr (name, '/') != NULL)
    {
      int number = execute_file (program, name);
      return explain_execute (name, number, program->i386);
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
              strcpy (refused, candidate);
              if (number != EACCES)
                break;
            }
        }
      path += length;
      if (*path++ == '\0')
        break;
    }
  return explain_execute (refused[0] != '\0' ? refused : name, number,
                          program->i386);
}

/* Have PROGRAM's environment say that it starts in the current directory.  */
static void
set_pwd (struct program *program)
{
  static char text[sizeof "PWD=" + PATH_MAX] = "PWD=";
  char **entry = program->environment;
  if (getcwd (text + 4, PATH_MAX) == NULL)
    return;
  while (*entry != NULL && strncmp (*entry, text, 4) != 0)
    entry++;
  *entry = text; /* there is room for one more */
}

/* Change to the directory of PROGRAM, or to the root where that is allowed.
   Return 0, or a negative errno after a message.  */
static int
enter_directory (struct program *program)
{
  if (chdir (program->directory) != 0)
    {
      int number = errno;
      if (program->directory_tried == 0)
        {
          start_complain ("cannot change to directory '%s' of the container: "
                          "%s",
                          program->directory, strerror (number));
          return -number;
        }
      if (program->directory_tried > 1)
        start_warn ("cannot change to directory '%s' of the container, "
                    "starting in '/': %s",
                    program->directory, strerror (number));
      if (chdir ("/") != 0)
        return -errno;
    }
  if (program->directory_tried != 0)
    set_pwd (program);
  return 0;
}

/* Become PROGRAM, which PLAN describes.  Return the exit status when that
   fails.  */
static int
become (const struct plan *plan, struct program *program)
{
  if (set_limits (plan) < 0)
    return START_FAILURE;
  if (program->filter_length > 0)
    {
      int error =
          seccomp_install (program->filter, (size_t) program->filter_length);
      if (error < 0)
        {
          start_complain ("system call filters are not possible here (%s); "
                          "mode P2 does without",
                          strerror (-error));
          return START_FAILURE;
        }
    }
  if (enter_directory (program) < 0)
    return START_NOT_RUNNABLE;
  return execute (program);
}

/* The first process: wait until it is traced, then become PROGRAM.  */
_Noreturn static void
first_process (const struct plan *plan, struct program *program, int wait)
{
  char byte;
  /* Scratch memory, as in every later program.  */
  void *data =
      mmap ((void *) LOADER_DATA, LOADER_DATA_SIZE, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  int number = errno;
  ssize_t got;
  do
    got = read (wait, &byte, 1);
  while (got < 0 && errno == EINTR);
  if (got != 1)
    _exit (START_FAILURE); /* the tracer says why it gave up */
  if (data == MAP_FAILED)
    {
      start_complain ("cannot get %d KiB of memory for the first process: %s; "
                      "is there a limit (ulimit -d, -v)?",
                      LOADER_DATA_SIZE / 1024, strerror (number));
      _exit (START_FAILURE);
    }
  _exit (become (plan, program));
}

/* Fill PROGRAM from PLAN, with the filter that GUEST wants when FILTERED.
   Return 0, or a negative errno after a message.  */
static int
prepare_program (struct program *program, const struct plan *plan,
                 const struct guest *guest, bool filtered)
{
  static struct sock_filter filter[SECCOMP_INSTRUCTIONS_MAX];
  program->path = plan_text (plan, PLAN_PROGRAM, NULL);
  program->directory = plan_text (plan, PLAN_DIRECTORY, "/");
  program->directory_tried = plan_number (plan, PLAN_DIRECTORY_TRIED, 0);
  program->arguments = collect (plan, PLAN_ARGUMENT);
  program->environment = collect (plan, PLAN_ENVIRONMENT);
  program->filter = filter;
  if (program->arguments == NULL || program->environment == NULL)
    {
      start_complain ("no memory");
      return -ENOMEM;
    }
  program->filter_length =
      filtered ? seccomp_build (guest, placement_calls, program->filter) : 0;
  if (program->filter_length < 0)
    {
      start_complain ("cannot make a filter of system calls: %s",
                      strerror (-program->filter_length));
      return program->filter_length;
    }
  return 0;
}

/* Start the first process and trace it.  */
static int
launch (struct tracer *tracer, const struct plan *plan,
        const struct guest_ids *ids)
{
  struct guest_fs *fs = malloc (sizeof *fs); /* goes with the last task */
  struct program program = { 0 };
  int ends[2];
  if (fs == NULL
      || prepare_program (&program, plan, &tracer->container->guest,
                          !tracer->every_call)
             < 0)
    return START_FAILURE;
  if (pipe2 (ends, O_CLOEXEC) != 0)
    {
      start_complain ("cannot make a pipe to the first process: %s",
                      strerror (errno));
      return START_FAILURE;
    }

  /* Here, for the tracer would take it for the program's own doing.  */
  if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 && !tracer->every_call)
    {
      start_complain ("cannot give up privileges: %s", strerror (errno));
      return START_FAILURE;
    }
  program.i386 = tracer->common.starts[GUEST_ABI_I386];
  pid_t pid = fork ();
  if (pid == 0)
    {
      (void) close (ends[1]);
      first_process (plan, &program, ends[0]);
    }
  (void) close (ends[0]);
  struct tracee *first = pid > 0 ? tracees_add (&tracer->tracees, pid) : NULL;
  if (first == NULL || tracee_new_space (first, NULL) < 0)
    {
      start_complain ("cannot make a process: %s", strerror (errno));
      return START_FAILURE;
    }
  first->space->slots[GUEST_ABI_NATIVE] = LOADER_SLOT_BASE;
  first->lists = guest_mends_lists (&tracer->container->guest);
  guest_fs_init (fs);
  mode_t mask = umask (0);
  (void) umask (mask);
  fs->masks_owner = (mask & 0700) != 0;
  container_hold (tracer->container);
  tracer->container->first = pid;
  guest_task_init (&first->task, &tracer->container->guest, fs, ids);
  first->task.tid = first->task.pid = pid;
  first->task.engine = first;

  /* Tasks may need more descriptors here than the first program may have.  */
  struct rlimit files;
  if (getrlimit (RLIMIT_NOFILE, &files) == 0)
    {
      files.rlim_cur = files.rlim_max;
      (void) setrlimit (RLIMIT_NOFILE, &files);
    }
  int error = tracer_run (tracer, first, ends[1]);
  if (error < 0)
    {
      explain_ptrace (error);
      (void) kill (pid, SIGKILL);
      return START_FAILURE;
    }
  if (WIFSIGNALED (tracer->status))
    return 128 + WTERMSIG (tracer->status);
  return WEXITSTATUS (tracer->status);
}

/* Keep the descriptors that PLAN wants held, but from the container, unless
   FLAGS are 0 instead of FD_CLOEXEC.  */
static void
hold_descriptors (const struct plan *plan, int flags)
{
  struct plan_record record;
  for (size_t at = 0; plan_next_tag (plan, PLAN_HELD_FD, &at, &record);)
    (void) fcntl ((int) plan_record_number (&record), F_SETFD, flags);
}

/* Run PLAN in the container that this process is in already, whose tracer has
   given ANSWER: this process becomes the program.  Return the exit status when
   that fails.  */
static int
start_inside (const struct plan *plan, int answer)
{
  /* What the container will be is not known here: all that may have to stop is
     stopped.  */
  static const struct guest any = { .identity.emulated = true, .hidden = true };
  struct program program = { .i386 = true };
  if (prepare_program (&program, plan, &any, answer == ENTER_FILTERED) < 0)
    return START_FAILURE;
  int status = enter_plan (plan);
  if (status < 0)
    return START_FAILURE;
  if (status > 0)
    hold_descriptors (plan, 0); /* the program has them, then */
  return become (plan, &program);
}

int
start_container (const struct plan *plan)
{
  static struct tracer tracer;
  struct guest_ids ids;

  hold_descriptors (plan, FD_CLOEXEC);
  int answer = enter_ask ();
  if (answer > 0)
    return start_inside (plan, answer);

  if (access ("/proc/self/cwd", F_OK) != 0)
    {
      start_complain ("/proc is not mounted here, without which the modes P1 "
                      "and P2 cannot tell where programs are");
      return START_FAILURE;
    }
  tracer.every_call = strcmp (plan_text (plan, PLAN_MODE, "P1"), "P2") == 0
                      || !seccomp_is_possible () || !order_is_new ();
  tracer.common.ops = &tracer_ops;
  tracer.common.engine = &tracer;
  tracer.common.pid = getpid ();
  tracer.common.filtered = !tracer.every_call;
  if (find_loaders (&tracer, plan) < 0)
    return START_FAILURE;
  if (container_new (&tracer, plan, NULL, &ids, &tracer.container) < 0)
    return START_FAILURE;
  placement_start (&tracer.placement, getenv ("UDOCKER_PLACEMENT") != NULL);
  return launch (&tracer, plan, &ids);
}
