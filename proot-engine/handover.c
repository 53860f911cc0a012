/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The program that hands its process over to a tracer, and the tracer.

   It is started by the runtime in the place of the program that cannot run
   there, with that one's arguments and environment, and with the record of the
   execve as the environment's last string.  */

#include "proot-engine/handover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/guest/calls.h"
#include "lib/start/message.h"
#include "lib/start/process.h"
#include "proot-engine/explain.h"
#include "proot-engine/memory.h"
#include "proot-engine/tracer.h"
#include "trap-engine/adopt.h"
#include "trap-engine/record.h"
#include "trap-engine/state.h"

#ifndef PTRACE_SETSIGMASK
#  define PTRACE_SETSIGMASK 0x420b
#endif
#ifndef PR_SET_PTRACER
#  define PR_SET_PTRACER 0x59616d61
#endif
#ifndef PR_SET_PTRACER_ANY
#  define PR_SET_PTRACER_ANY ((unsigned long) -1)
#endif

enum
{
  HELD = sizeof ((struct trap_record *) 0)->held / sizeof (int32_t),
  TEXT_MAX = 64
};

_Static_assert(TRAP_WINDOW_I386 == LOADER_WINDOW_I386
                   && TRAP_WINDOW_I386_MASK == LOADER_WINDOW_I386_MASK,
               "the filter knows the stub");

/* What this process came from: the runtime has mapped the state.  */
static struct trap_state *const state = (struct trap_state *) TRAP_STATE;
static struct trap_record record;
static const char *strings[TRAP_STRING_COUNT];

/* The process that is handed over, and the tracer's end of the channel, on
   which it says how that went: one byte, an errno value.  */
static pid_t leader;
static int channel;

static struct tracer tracer;

/* The record of the execve of a task that leaves.  */
static char *
make_record (const struct handover *handover, struct tracee *tracee)
{
  static struct trap_record made;
  char status[4096];
  char *text = malloc (TRAP_RECORD_ENCODED_MAX);
  const struct guest_exec *exec = tracee->exec;
  (void) handover;
  if (text == NULL
      || !tracee_read_proc (tracee->tid, "status", status, sizeof status))
    {
      free (text);
      return NULL;
    }
  trap_record_fill (&made, &tracee->task, exec, state->first_fd, false);
  made.held[0] = made.held[1] = -1; /* they are the tracer's */
  made.tracer = (int32_t) getpid ();
  const char *ignored = strstr (status, "\nSigIgn:");
  const char *blocked = strstr (status, "\nSigBlk:");
  made.ignored = ignored != NULL ? strtoull (ignored + 8, NULL, 16) : 0;
  made.known = ignored != NULL ? UINT64_MAX : 0;
  made.blocked = blocked != NULL ? strtoull (blocked + 8, NULL, 16) : 0;
  trap_record_encode (&made, text);
  return text;
}

/* See handover.h.  */
static bool
take_over (struct tracee *tracee)
{
  struct user_regs_struct *words = &tracee->entry.words;
  struct trap_adopted go;
  if (registers_number (&tracee->entry) != SYS_prctl
      || registers_argument (&tracee->entry, 0) != TRAP_ADOPT_CALL
      || memory_read (tracee->tid, registers_argument (&tracee->entry, 1), &go,
                      sizeof go)
             < 0)
    return false;
  words->orig_rax = (unsigned long) -1;
  words->rax = go.rax;
  words->rcx = go.rcx;
  words->rdx = go.rdx;
  words->rbx = go.rbx;
  words->rsp = go.rsp;
  words->rbp = go.rbp;
  words->rsi = go.rsi;
  words->rdi = go.rdi;
  words->r8 = go.r8;
  words->r9 = go.r9;
  words->r10 = go.r10;
  words->r11 = go.r11;
  words->r12 = go.r12;
  words->r13 = go.r13;
  words->r14 = go.r14;
  words->r15 = go.r15;
  words->rip = go.rip;
  words->eflags = (words->eflags & ~go.flags_mask) | go.flags;
  words->gs_base = go.gs;
  (void) ptrace (PTRACE_SETSIGMASK, tracee->tid, sizeof go.blocked,
                 &go.blocked);
  tracee->adopted = false;
  return true;
}

static struct handover handover = {
  .record = make_record,
  .take_over = take_over,
  .shelter = TRAP_RUNTIME,
};

/* Return whether the tracer needs its descriptor FD.  */
static bool
is_needed (int fd)
{
  for (int i = 0; i < HELD; i++)
    if (fd == record.held[i])
      return true;
  return fd == channel || (fd >= state->first_fd && fd < state->end_fd);
}

/* Close what the program has open: who reads a pipe waits for the last of those
   who may write.  */
static void
close_others (void)
{
  DIR *list = opendir ("/proc/self/fd");
  const struct dirent *entry;
  int nothing = open ("/dev/null", O_RDWR | O_CLOEXEC);
  while (list != NULL && (entry = readdir (list)) != NULL)
    {
      int fd = guest_text_number (entry->d_name, strlen (entry->d_name));
      if (fd > STDERR_FILENO && fd != dirfd (list) && fd != nothing
          && !is_needed (fd))
        (void) close (fd);
    }
  if (list != NULL)
    (void) closedir (list);
  for (int fd = STDIN_FILENO; nothing >= 0 && fd <= STDERR_FILENO; fd++)
    (void) dup2 (nothing, fd);
}

/* Let the tracer be a process of its own: nobody's job, in no directory of the
   container, with a name of its own in ARGV of COUNT, and with no signal
   blocked.  */
static void
stand_alone (int count, char **argv)
{
  static const char name[] = "udocker-tracer";
  struct rlimit files;
  sigset_t none;
  (void) setsid ();
  /* Who leaves takes copies of our descriptors.  */
  (void) prctl (PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
  (void) chdir ("/");
  (void) prctl (PR_SET_NAME, name, 0, 0, 0);
  if (count > 0)
    {
      size_t size =
          (size_t) (argv[count - 1] + strlen (argv[count - 1]) - argv[0]);
      memset (argv[0], 0, size);
      (void) snprintf (argv[0], size, "%s", name);
    }
  for (int number = 1; number < NSIG; number++)
    (void) signal (number, SIG_DFL);
  (void) sigemptyset (&none);
  (void) sigprocmask (SIG_SETMASK, &none, NULL);
  if (getrlimit (RLIMIT_NOFILE, &files) == 0)
    {
      files.rlim_cur = files.rlim_max;
      (void) setrlimit (RLIMIT_NOFILE, &files);
    }
}

/* Write the path of a part of the package, PATH in the state, to the
   GUEST_PATH_SIZE bytes at TO.  What each process has a descriptor of a task of
   ours finds here.  */
static void
name_part (char *to, const char *path)
{
  static const char own[] = "/proc/self/";
  if (strncmp (path, own, sizeof own - 1) == 0)
    (void) snprintf (to, GUEST_PATH_SIZE, "/proc/%d/%s", (int) getpid (),
                     path + sizeof own - 1);
  else
    (void) snprintf (to, GUEST_PATH_SIZE, "%s", path);
}

/* Fill the tracer and its CONTAINER from the state.  Return 0 or a negative
   errno.  */
static int
make_container (struct container *container)
{
  static struct guest_ops ops;
  static char runtime[GUEST_PATH_SIZE];
  struct guest *guest = &container->made.guest;
  struct rlimit files;
  ops = tracer_ops;
  ops.remark = NULL;       /* nobody would see it */
  ops.restore_mode = NULL; /* that end is not the container's */
  ops.share_port = NULL;
  name_part (runtime, state->runtime);
  name_part (tracer.loader[GUEST_ABI_I386], state->loader_i386);
  handover.runtime = runtime;
  tracer.handover = &handover;
  tracer.container = container;
  container->references = 1; /* it lasts until the process ends */
  container->made.shows_features = state->shows_features;
  container->made.features = state->features;
  *guest = state->guest;
  guest->ops = &ops;
  guest->engine = &tracer;
  guest->interpreters = &container->interpreters;
  guest->pid = getpid ();
  guest->filtered = true;
  guest->inside = false;
  guest->starts[GUEST_ABI_I386] = true;
  guest->spare = 0;
  if (getrlimit (RLIMIT_NOFILE, &files) == 0)
    guest->keep_below =
        files.rlim_max < 65536 ? (int) files.rlim_max / 2 : 32768;
  for (enum guest_abi abi = 0; abi < GUEST_ABI_COUNT; abi++)
    {
      uint64_t window = loader_window (abi);
      guest->loader[abi].start = window + LOADER_TEXT_OFFSET;
      guest->loader[abi].end = window + LOADER_DATA_OFFSET;
    }
  return guest_start (guest);
}

/* Copy the file that string PATH of the record names into TO.  HELD, if not -1,
   is a descriptor of it, which the tracer has, too.  */
static void
name_file (char to[GUEST_PATH_SIZE], const char *path, int held)
{
  if (held < 0)
    (void) snprintf (to, GUEST_PATH_SIZE, "%s", path);
  else
    (void) snprintf (to, GUEST_PATH_SIZE, "/proc/%d/fd/%d", (int) getpid (),
                     held);
}

/* Return the execve that the record tells of, which the leader is about to
   make, or NULL.  */
static struct guest_exec *
make_exec (void)
{
  struct guest_exec *exec = calloc (1, sizeof *exec);
  if (exec == NULL)
    return NULL;
  name_file (exec->program, strings[TRAP_STRING_PROGRAM], record.held[0]);
  name_file (exec->interpreter, strings[TRAP_STRING_INTERPRETER],
             record.held[1]);
  name_file (exec->executable, strings[TRAP_STRING_EXECUTABLE], -1);
  name_file (exec->name, strings[TRAP_STRING_NAME], -1);
  (void) snprintf (exec->command, sizeof exec->command, "%s",
                   strings[TRAP_STRING_COMMAND]);
  memcpy (exec->held, record.held, sizeof exec->held);
  exec->mode = record.mode;
  exec->uid = record.uid;
  exec->gid = record.gid;
  exec->abi = (enum guest_abi) record.abi;
  return exec;
}

/* Make the leader a task of CONTAINER.  Return it, or NULL.  */
static struct tracee *
make_tracee (struct container *container)
{
  struct tracee *tracee = tracees_add (&tracer.tracees, leader);
  struct guest_fs *fs = malloc (sizeof *fs);
  if (tracee == NULL || fs == NULL || tracee_new_space (tracee, NULL) < 0)
    return NULL;
  guest_fs_init (fs);
  fs->own_mounts = record.own_mounts;
  fs->masks_owner = record.masks_owner;
  fs->cwd_binding = record.cwd_binding;
  name_file (fs->root, strings[TRAP_STRING_ROOT], -1);
  fs->root_length = (uint32_t) strlen (fs->root);
  container_hold (container);
  guest_task_init (&tracee->task, &container->made.guest, fs, &record.ids);
  tracee->task.linux32 = record.linux32;
  tracee->task.tid = tracee->task.pid = leader;
  tracee->task.engine = tracee;
  tracee->lists = true; /* what it starts may come back to the other engine,
                           which has nobody to stop for */
  if (record.adopts != 0)
    {
      tracee->adopted = tracer.every_call = true;
      name_file (tracee->space->executable, strings[TRAP_STRING_EXECUTABLE],
                 -1);
      return tracee;
    }
  tracee->exec = make_exec ();
  return tracee->exec != NULL ? tracee : NULL;
}

/* Be the tracer.  */
static int
trace (int argc, char **argv)
{
  (void) argc;
  (void) argv;
  struct container *container = calloc (1, sizeof *container);
  int error = container != NULL ? make_container (container) : -ENOMEM;
  struct tracee *first = error == 0 ? make_tracee (container) : NULL;
  if (error == 0 && first == NULL)
    error = -ENOMEM;
  if (error == 0)
    {
      tracer_catch_signals ();
      error = tracer_seize (&tracer, first, channel);
    }
  if (error < 0)
    {
      char byte = (char) -error;
      (void) write (channel, &byte, 1);
      return START_FAILURE;
    }
  (void) close (channel);
  channel = -1;
  tracer_loop (&tracer);
  return 0;
}

/* Make a process that sends no signal to its parent when it ends.  */
static pid_t
make_process (void)
{
  return (pid_t) syscall (SYS_clone, 0, NULL, NULL, NULL, NULL);
}

/* Start a tracer that is no child of this process, and have it seize this
   process.  Return 0 or a negative errno.  */
static int
start_tracer (int argc, char **argv)
{
  int ends[2];
  unsigned char byte = EIO;
  if (pipe2 (ends, O_CLOEXEC) != 0)
    return -errno;
  leader = getpid ();
  channel = ends[1];
  /* For Yama, which otherwise lets only ancestors trace.  */
  (void) prctl (PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
  pid_t child = make_process ();
  int error = child < 0 ? -errno : 0;
  if (child == 0)
    {
      if (make_process () != 0)
        _exit (0);
      close_others ();
      stand_alone (argc, argv);
      _exit (process_run (0, argv, trace));
    }
  (void) close (ends[1]);
  if (child > 0)
    (void) waitpid (child, NULL, __WALL);
  if (error == 0)
    {
      ssize_t got;
      do
        got = read (ends[0], &byte, 1);
      while (got < 0 && errno == EINTR);
      error = got == 1 ? -byte : -EIO;
    }
  (void) close (ends[0]);
  (void) prctl (PR_SET_PTRACER, 0, 0, 0, 0);
  return error;
}

/* Have the runtime's own signals be as the program believes that they are.  */
static void
restore_signals (void)
{
  static const int ours[] = { SIGSYS, SIGSEGV, SIGBUS, SIGILL };
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
    {
      uint64_t bit = (uint64_t) 1 << (ours[i] - 1);
      sigset_t one;
      (void) sigemptyset (&one);
      (void) sigaddset (&one, ours[i]);
      if ((record.ignored & bit) != 0)
        (void) signal (ours[i], SIG_IGN);
      (void) sigprocmask ((record.blocked & bit) != 0 ? SIG_BLOCK : SIG_UNBLOCK,
                          &one, NULL);
    }
}

/* Become the tracer of a process that runs, whose child this is for now.  */
static int
adopt (int argc, char **argv)
{
  leader = record.adopts;
  channel = record.channel;
  if (make_process () != 0)
    return 0;
  close_others ();
  stand_alone (argc, argv);
  return process_run (0, argv, trace);
}

int
main (int argc, char **argv)
{
  char advice[256];
  if (!trap_record_take (environ, &record, strings) || record.traced == 0)
    {
      start_complain ("this program is started by udocker only");
      return START_FAILURE;
    }
  if (record.adopts != 0)
    return adopt (argc, argv);
  int error = start_tracer (argc, argv);
  if (error < 0)
    {
      start_complain ("cannot execute '%s': it is a 32-bit program, which mode "
                      "%s leaves to a tracer, and this system does not permit "
                      "tracing (ptrace: %s); %s",
                      strings[TRAP_STRING_NAME], state->patches ? "T1" : "T2",
                      strerror (-error),
                      explain_advise_ptrace (advice, sizeof advice));
      return START_NOT_RUNNABLE;
    }
  /* The tracer has what is ours; the program could but close it.  */
  for (int i = 0; i < HELD; i++)
    (void) fcntl (record.held[i], F_SETFD, FD_CLOEXEC);
  for (int fd = state->first_fd; fd < state->end_fd; fd++)
    (void) fcntl (fd, F_SETFD, FD_CLOEXEC);
  /* FIXME: filters of the program's own end here; the tracer does not know them
     as the runtime keeps them.  */
  (void) fcntl (record.filters_fd, F_SETFD, FD_CLOEXEC);
  restore_signals ();
  (void) execve (state->loader_i386, argv, environ);
  int number = errno;
  start_complain ("cannot execute '%s': %s", strings[TRAP_STRING_NAME],
                  number == ENOEXEC ? "it is a 32-bit program, which this "
                                      "kernel does not run"
                                    : strerror (number));
  return START_NOT_RUNNABLE;
}
