/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Find what runs among this user's processes.  */

#include <config.h>

#include "src/container/runs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/plan/plan-write.h"
#include "src/image/store.h"
#include "xalloc.h"
#include "xvasprintf.h"

/* pidfd_open(2), which old headers do not know.  */
#ifndef SYS_pidfd_open
#  define SYS_pidfd_open 434
#endif

/* How many milliseconds a parent has to hear of the end of its child.  */
#define KNOWN_SOON 2000

/* What a link in /proc/PID/fd to a plan is.  */
#define PLAN_LINK "/memfd:" PLAN_FILE_NAME

/* Everything that was found so far: the plans of LIST have the file at the same
   index of FILES.  */
struct search
{
  const struct store *store;
  const char *id;
  struct runs *runs;
  ino_t *files;
  ino_t name_space; /* of users, in which we are; 0 where there are none */
  bool trusts;      /* what is new is taken */
};

/* A process as /proc/PID/stat tells of it.  */
struct process
{
  struct run_member member;
  pid_t parent;
  char state;
};

/* Look the process PID up.  Return whether it is there, and no zombie.  */
static bool
look_up (pid_t pid, struct process *process)
{
  AUTO_ERROR struct error ignored = { 0 };
  AUTO_FREE char *path = xasprintf ("/proc/%d/stat", (int) pid);
  AUTO_FREE char *text = NULL;
  if (file_read (AT_FDCWD, path, &text, NULL, &ignored) < 0)
    return false;
  /* The name, in parentheses, may have any characters; the state is the third
     field, behind it the parent, and the 22nd is wanted, too.  */
  const char *field = strrchr (text, ')');
  if (field == NULL || strlen (field) < strlen (") S ") || field[2] == 'Z'
      || field[2] == 'X')
    return false;
  process->state = field[2];
  process->parent = (pid_t) strtol (field + strlen (") S "), NULL, 10);
  for (int i = 2; i < 22 && field != NULL; i++)
    field = strchr (field + 1, ' ');
  if (field == NULL)
    return false;
  process->member = (struct run_member){
    .pid = pid,
    .started = strtoull (field, NULL, 10),
  };
  return true;
}

/* Return when the process PID was started, 0 when it is gone or a zombie.  */
static uint64_t
start_of (pid_t pid)
{
  struct process process;
  return look_up (pid, &process) ? process.member.started : 0;
}

/* Return whether PLAN is of a container that SEARCH looks for.  Other stores
   may have one of the same id.  */
static bool
is_wanted (const struct search *search, const struct plan *plan)
{
  struct stat own, run;
  const char *id = plan_text (plan, PLAN_CONTAINER, "");
  if (id[0] == '\0' || strchr (id, '/') != NULL
      || (search->id != NULL && strcmp (search->id, id) != 0))
    return false;
  AUTO_FREE char *root =
      xasprintf ("%s/%s/ROOT", store_containers_path (search->store), id);
  return stat (root, &own) == 0
         && stat (plan_text (plan, PLAN_ROOT, ""), &run) == 0
         && own.st_dev == run.st_dev && own.st_ino == run.st_ino;
}

/* Return whether the process PID is in our own name space of users.  Others may
   belong to programs of containers, which have no say in what runs.  */
static bool
is_outside (const struct search *search, pid_t pid)
{
  struct stat st;
  AUTO_FREE char *path = xasprintf ("/proc/%d/ns/user", (int) pid);
  return search->name_space == 0
         || (stat (path, &st) == 0 && st.st_ino == search->name_space);
}

/* Return the run of SEARCH whose plan is the FILE that PATH leads to, known
   already or, where SEARCH trusts who has it, new; or NULL when it is none that
   is looked for.  */
static struct running *
find_run (struct search *search, const char *path, ino_t file)
{
  struct runs *runs = search->runs;
  for (size_t i = 0; i < runs->count; i++)
    if (search->files[i] == file)
      return &runs->list[i];
  if (!search->trusts)
    return NULL;

  /* A fifo of that name is not to be waited for.  */
  struct plan plan;
  AUTO_CLOSE int fd = open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0 || plan_receive (fd, &plan) < 0)
    return NULL;
  if (!is_wanted (search, &plan))
    {
      plan_receive_release (&plan);
      return NULL;
    }
  runs->list = xreallocarray (runs->list, runs->count + 1, sizeof *runs->list);
  search->files =
      xreallocarray (search->files, runs->count + 1, sizeof *search->files);
  search->files[runs->count] = file;
  runs->list[runs->count] = (struct running){
    .plan = plan,
    .container = xstrdup (plan_text (&plan, PLAN_CONTAINER, "")),
  };
  return &runs->list[runs->count++];
}

/* Note that PID has the plan that PATH leads to.  */
static void
note (struct search *search, pid_t pid, const char *path)
{
  struct stat st;
  struct run_member member = { .pid = pid, .started = start_of (pid) };
  struct running *run = member.started != 0 && stat (path, &st) == 0
                            ? find_run (search, path, st.st_ino)
                            : NULL;
  if (run == NULL
      || (run->member_count > 0
          && run->members[run->member_count - 1].pid == pid))
    return; /* it may have several descriptors of it */
  run->members =
      xreallocarray (run->members, run->member_count + 1, sizeof *run->members);
  run->members[run->member_count++] = member;
}

/* Look for plans among the descriptors of the process PID, and note them in
   SEARCH: of a container in a container there are several.  */
static void
look_at_process (struct search *search, pid_t pid)
{
  AUTO_FREE char *fds = xasprintf ("/proc/%d/fd", (int) pid);
  AUTO_CLOSEDIR DIR *directory = opendir (fds);
  const struct dirent *entry;
  while (directory != NULL && (entry = readdir (directory)) != NULL)
    {
      char target[sizeof PLAN_LINK];
      ssize_t length = readlinkat (dirfd (directory), entry->d_name, target,
                                   sizeof target - 1);
      if (length != sizeof target - 1
          || strncmp (target, PLAN_LINK, (size_t) length) != 0)
        continue;
      AUTO_FREE char *path = xasprintf ("%s/%s", fds, entry->d_name);
      note (search, pid, path);
    }
}

static int
compare_members (const void *one, const void *other)
{
  const struct run_member *a = one, *b = other;
  if (a->started != b->started)
    return a->started < b->started ? -1 : 1;
  return a->pid < b->pid ? -1 : a->pid > b->pid;
}

static int
compare_runs (const void *one, const void *other)
{
  const struct running *a = one, *b = other;
  return compare_members (a->members, b->members);
}

/* Look at all processes of this user: first at those outside, which tell what
   runs, then at the others, which may be part of it.  */
static void
look_at_all (struct search *search)
{
  AUTO_CLOSEDIR DIR *directory = opendir ("/proc");
  AUTO_FREE pid_t *inside = NULL;
  const struct dirent *entry;
  struct stat st;
  size_t count = 0;
  search->trusts = true;
  while (directory != NULL && (entry = readdir (directory)) != NULL)
    {
      pid_t pid = (pid_t) strtol (entry->d_name, NULL, 10);
      if (pid <= 0 || pid == getpid ()
          || fstatat (dirfd (directory), entry->d_name, &st, 0) < 0
          || st.st_uid != geteuid ())
        continue;
      if (is_outside (search, pid))
        look_at_process (search, pid);
      else
        {
          inside = xreallocarray (inside, count + 1, sizeof *inside);
          inside[count++] = pid;
        }
    }
  search->trusts = false;
  for (size_t i = 0; search->runs->count > 0 && i < count; i++)
    look_at_process (search, inside[i]);
}

void
runs_find (const struct store *store, const char *id, struct runs *runs)
{
  struct stat st;
  *runs = (struct runs){ 0 };
  struct search search = { .store = store, .id = id, .runs = runs };
  if (stat ("/proc/self/ns/user", &st) == 0)
    search.name_space = st.st_ino;
  look_at_all (&search);
  free (search.files);

  for (size_t i = 0; i < runs->count; i++)
    qsort (runs->list[i].members, runs->list[i].member_count,
           sizeof *runs->list[i].members, compare_members);
  if (runs->count > 1)
    qsort (runs->list, runs->count, sizeof *runs->list, compare_runs);
}

void
runs_release (struct runs *runs)
{
  for (size_t i = 0; i < runs->count; i++)
    {
      plan_receive_release (&runs->list[i].plan);
      free (runs->list[i].container);
      free (runs->list[i].members);
    }
  free (runs->list);
  *runs = (struct runs){ 0 };
}

time_t
run_member_time (const struct run_member *member)
{
  struct timespec now, running;
  if (clock_gettime (CLOCK_REALTIME, &now) < 0
      || clock_gettime (CLOCK_BOOTTIME, &running) < 0)
    return 0;
  return now.tv_sec - running.tv_sec
         + (time_t) (member->started / (uint64_t) sysconf (_SC_CLK_TCK));
}

/* Send SIGNAL to MEMBER unless its number is somebody else's by now.  */
static int
signal_member (const struct run_member *member, int signal)
{
  AUTO_CLOSE int fd = (int) syscall (SYS_pidfd_open, member->pid, 0);
  if (start_of (member->pid) != member->started)
    return -ESRCH;
#ifdef SYS_pidfd_send_signal
  if (fd >= 0)
    return syscall (SYS_pidfd_send_signal, fd, signal, NULL, 0) < 0 ? -errno
                                                                    : 0;
#endif
  return kill (member->pid, signal) < 0 ? -errno : 0;
}

/* A run's members, and what these have started: programs in modes P and R do
   not have the plan.  Parents come before their children.  */
struct family
{
  struct run_member *list;
  size_t count;
};

static bool
is_in_family (const struct family *family, pid_t pid)
{
  for (size_t i = 0; i < family->count; i++)
    if (family->list[i].pid == pid)
      return true;
  return false;
}

/* Find the FAMILY of RUN without ourselves, whose list is to be freed.  */
static void
find_family (const struct running *run, struct family *family)
{
  AUTO_CLOSEDIR DIR *directory = opendir ("/proc");
  AUTO_FREE struct process *all = NULL;
  const struct dirent *entry;
  struct process process;
  size_t count = 0;
  while (directory != NULL && (entry = readdir (directory)) != NULL)
    {
      pid_t pid = (pid_t) strtol (entry->d_name, NULL, 10);
      if (pid <= 0 || pid == getpid () || !look_up (pid, &process))
        continue;
      all = xreallocarray (all, count + 1, sizeof *all);
      all[count++] = process;
    }
  *family = (struct family){
    .list = xcalloc (run->member_count + count, sizeof *family->list),
  };
  for (size_t i = 0; i < run->member_count; i++)
    if (start_of (run->members[i].pid) == run->members[i].started)
      family->list[family->count++] = run->members[i];
  for (size_t i = 0; i < family->count; i++)
    for (size_t j = 0; j < count; j++)
      if (all[j].parent == family->list[i].pid
          && !is_in_family (family, all[j].member.pid))
        family->list[family->count++] = all[j].member;
}

/* Note in *RESULT, of signals that were sent before, that STATUS came of
   one.  */
static void
note_sent (int *result, int status)
{
  if (status == 0 || *result == -ESRCH)
    *result = status;
}

/* Return whether RUN has been stopped, whoever did it.  */
static bool
is_stopped (const struct running *run)
{
  struct process first;
  return run->member_count > 0 && look_up (run->members[0].pid, &first)
         && first.member.started == run->members[0].started
         && first.state == 'T';
}

/* How often, and after how long, all is looked at again: a signal takes its
   time to be heeded.  */
#define ROUNDS 100
static const struct timespec round_pause = { .tv_nsec = 5000000 };

/* Stop all processes of RUN, those who would pass it on first: they have
   nothing to say to it then.  Return as running_signal.  */
static int
stop_all (const struct running *run)
{
  int result = -ESRCH;
  size_t before = 0;
  for (int i = 0; i < ROUNDS; i++)
    {
      struct family family;
      find_family (run, &family);
      for (size_t j = 0; j < family.count; j++)
        note_sent (&result, signal_member (&family.list[j], SIGSTOP));
      free (family.list);
      /* One may have started another meanwhile.  */
      if (result < 0 || (family.count == before && is_stopped (run)))
        break;
      before = family.count;
      (void) nanosleep (&round_pause, NULL); /* a signal may end it */
    }
  return result;
}

/* Continue all processes of RUN, which is stopped; who passes signals on last,
   since it would stop again if it saw the program stopped.  Return as
   running_signal.  */
static int
continue_all (const struct running *run)
{
  int result = -ESRCH;
  for (int i = 0; i < ROUNDS; i++)
    {
      struct family family;
      find_family (run, &family);
      for (size_t j = family.count; j > 0; j--)
        note_sent (&result, signal_member (&family.list[j - 1], SIGCONT));
      free (family.list);
      (void) nanosleep (&round_pause, NULL); /* a signal may end it */
      if (result < 0 || !is_stopped (run))
        break;
    }
  return result;
}

void
running_continue (const struct running *run)
{
  if (is_stopped (run))
    (void) continue_all (run); /* it may have ended */
}

int
running_signal (const struct running *run, int signal)
{
  if (signal == SIGSTOP)
    return stop_all (run);
  if (signal == SIGCONT && is_stopped (run))
    return continue_all (run);
  /* Who stays beside the program notes what it ends with and removes what is to
     be removed, and ends when it does.  */
  bool spares = signal == SIGKILL && run->member_count > 1
                && plan_number (&run->plan, PLAN_RUNNER_STAYS, 0) != 0;
  pid_t runner = (pid_t) plan_number (&run->plan, PLAN_RUNNER, 0);
  int result = -ESRCH;
  for (size_t i = 0; i < run->member_count; i++)
    {
      if (spares && run->members[i].pid == runner)
        continue;
      int status = signal_member (&run->members[i], signal);
      note_sent (&result, status);
      /* A program's own processes are its own matter.  */
      if (status == 0 && signal != SIGKILL)
        break;
    }
  if (signal == SIGKILL || signal == SIGTERM || signal == SIGHUP)
    running_continue (run);
  return result;
}

struct run_member
run_member_self (void)
{
  pid_t pid = getpid ();
  return (struct run_member){ .pid = pid, .started = start_of (pid) };
}

struct run_member
running_runner (const struct running *run)
{
  pid_t pid = (pid_t) plan_number (&run->plan, PLAN_RUNNER, 0);
  for (size_t i = 0; i < run->member_count; i++)
    if (run->members[i].pid == pid)
      return run->members[i];
  return (struct run_member){ 0 };
}

int
running_watch (const struct running *run)
{
  struct run_member runner = running_runner (run);
  if (runner.pid == 0)
    return -1;
  AUTO_CLOSE int fd = (int) syscall (SYS_pidfd_open, runner.pid, 0);
  return fd >= 0 && start_of (runner.pid) == runner.started ? TAKE_FD (fd) : -1;
}

/* What Linux tells about a process from 6.13 on, and about its end from 6.15
   on: struct pidfd_info of linux/pidfd.h, which is in few headers yet.  */
struct end_of_process
{
  uint64_t mask;
  uint64_t cgroup;
  uint32_t ids[11];
  int32_t status; /* as wait gives it */
};
#define GET_END _IOWR (0xFF, 11, struct end_of_process)
#define END_IS_KNOWN 8u

int
running_result (int watch)
{
  struct end_of_process end = { .mask = END_IS_KNOWN };
  if (watch < 0 || ioctl (watch, GET_END, &end) < 0)
    return -1;
  if ((end.mask & END_IS_KNOWN) == 0)
    {
      /* Not before the parent knows it, which hangs the descriptor up.  */
      struct pollfd known = { .fd = watch };
      (void) poll (&known, 1, KNOWN_SOON); /* asked again */
      end.mask = END_IS_KNOWN;
      if (ioctl (watch, GET_END, &end) < 0 || (end.mask & END_IS_KNOWN) == 0)
        return -1;
    }
  return WIFSIGNALED (end.status) ? 128 + WTERMSIG (end.status)
                                  : WEXITSTATUS (end.status);
}

int64_t
running_clock (void)
{
  struct timespec now = { 0 };
  (void) clock_gettime (CLOCK_MONOTONIC, &now); /* cannot fail */
  return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Wait at most MILLISECONDS, or -1, until MEMBER has ended.  */
static void
await_member (const struct run_member *member, int64_t milliseconds)
{
  AUTO_CLOSE int fd = (int) syscall (SYS_pidfd_open, member->pid, 0);
  struct pollfd end = { .fd = fd, .events = POLLIN };
  if (start_of (member->pid) != member->started)
    return;
  /* Linux before 5.3 is asked again and again.  */
  if (fd < 0)
    milliseconds = milliseconds < 0 || milliseconds > 50 ? 50 : milliseconds;
  (void) poll (&end, fd >= 0, (int) milliseconds); /* asked again */
}

bool
running_await (const struct running *run, int64_t end)
{
  size_t i = 0;
  while (i < run->member_count)
    {
      int64_t rest = end < 0 ? -1 : end - running_clock ();
      const struct run_member *member = &run->members[i];
      if (start_of (member->pid) != member->started)
        i++;
      else if (end >= 0 && rest <= 0)
        return false;
      else
        await_member (member, rest);
    }
  return true;
}
