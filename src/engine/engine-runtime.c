/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Modes R1, R2 and R3: an OCI runtime of the host makes the container, without
   privileges, from namespaces; in R2 and R3 our tracer is in it, as in P1 and
   P2, for what needs more than one user.

   udocker stays while the program runs and afterwards removes what was made for
   it: a bundle (oci-bundle.h) in a temporary directory, and mount points
   (src/container/run-mounts.h).  */

#include <config.h>

#include "src/engine/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "lib/plan/plan-write.h"
#include "lib/start/channel.h"
#include "src/config/config.h"
#include "src/container/run-mounts.h"
#include "src/container/run-plan.h"
#include "src/engine/oci-attend.h"
#include "src/engine/oci-bundle.h"
#include "src/engine/oci-runtimes.h"
#include "src/engine/program.h"
#include "src/engine/trial.h"
#include "src/platform/namespace.h"
#include "src/platform/probe.h"
#include "xalloc.h"
#include "xvasprintf.h"

/* The part that is the first process in each container.  */
#define PROGRAM "udocker-init"

/* How often who joins a container asks again, if it is not there yet.  */
#define JOIN_TRIES 20

/* A run, or a program that joins one.  */
struct started
{
  const struct run_plan *plan;
  const char *bundle;
  bool silent; /* only tries */
  int plan_fd, errors_fd;
  struct channel_begin begin;
};

/* Return whether our tracer is in containers of MODE.  */
static bool
is_traced (const char *mode)
{
  return strcmp (mode, "R1") != 0;
}

/* Set ERR where nothing but gVisor works, which runs no tracer.  */
static int
refuse_tracer (const char *mode, struct error *err)
{
  return error_set (err, ENOTSUP,
                    _ ("mode %s needs crun, runc or youki: the kernel of runsc "
                       "runs no tracer; modes R1, P1 and T1 need none"),
                    mode);
}

/* Return the first of RUNTIMES that has a kernel of its own or, if not
   OWN_KERNEL, has none; or NULL.  */
static const struct oci_runtime *
first_of (const struct oci_runtimes *runtimes, bool own_kernel)
{
  for (size_t i = 0; i < runtimes->count; i++)
    if (runtimes->list[i].kind->own_kernel == own_kernel)
      return &runtimes->list[i];
  return NULL;
}

/* Whether we could have a namespace ourselves does not matter: systems that
   forbid it to most programs may allow it to runtimes.  */
static int
runtime_usable (const struct host *host, const struct config *config,
                const char *mode, struct error *err)
{
  struct oci_runtimes runtimes;
  (void) host;
  int status = engine_find_program (PROGRAM, err);
  if (status == 0)
    status = oci_runtimes_find (config, &runtimes, err);
  if (status < 0)
    return status;
  if (is_traced (mode) && first_of (&runtimes, false) == NULL)
    status = refuse_tracer (mode, err);
  oci_runtimes_release (&runtimes);
  return status;
}

static int
runtime_prepare (struct container *container, const char *mode,
                 struct error *err)
{
  (void) container; /* runs as it lies on disk */
  (void) mode;
  (void) err;
  return 0;
}

/* Return whether one of PLAN's ports is to be another one outside.  */
static bool
moves_ports (const struct run_plan *plan)
{
  for (size_t i = 0; i < plan->port_count; i++)
    if (plan->ports[i].host != plan->ports[i].guest)
      return true;
  return plan->move_ports;
}

/* Return whether PLAN shows a supplementary group that this process is not in:
   with one id the kernel shows none.  */
static bool
shows_groups (const struct run_plan *plan)
{
  int count = getgroups (0, NULL);
  AUTO_FREE gid_t *groups = xnmalloc ((size_t) count + 1, sizeof *groups);
  count = getgroups (count, groups);
  for (size_t i = 0; i < plan->user.group_count; i++)
    {
      bool own = plan->user.groups[i] == plan->user.gid
                 || plan->user.groups[i] == getegid ();
      for (int j = 0; j < count && !own; j++)
        own = groups[j] == plan->user.groups[i];
      if (!own && count >= 0)
        return true;
    }
  return false;
}

/* Warn of what PLAN asks for in vain.  */
static void
tell_of_vain_options (const struct run_plan *plan)
{
  static const char *const own[] = { "/proc", "/dev" };
  for (size_t i = 0; i < sizeof own / sizeof *own; i++)
    for (size_t j = 0; j < plan->left_out.count; j++)
      if (strcmp (plan->left_out.items[j], own[i]) == 0)
        log_warning (_ ("--novol=%s has no effect in mode %s, where the "
                        "container has one of its own"),
                     own[i], plan->mode);
  if (!oci_has_own_memory (plan))
    run_plan_check_memory (plan);
}

static int
runtime_check (const struct run_plan *plan, struct error *err)
{
  tell_of_vain_options (plan);
  const char *what = NULL;
  if (plan->owners != NULL)
    return error_set (err, EINVAL,
                      _ ("mode %s keeps no owners; modes P1 and T1 do "
                         "(--fakeowner)"),
                      plan->mode);
  if (plan->emulator != NULL)
    return error_set (err, EINVAL,
                      _ ("mode %s runs no programs of another machine; mode P1 "
                         "does"),
                      plan->mode);
  if (is_traced (plan->mode))
    return 0;
  if (moves_ports (plan))
    what = _ ("moves no ports: the container has the host's network");
  else if (plan->kernel != NULL)
    what = _ ("shows no other kernel release");
  else if (shows_groups (plan))
    what = _ ("shows no supplementary groups");
  if (what == NULL)
    return 0;
  return error_set (err, EINVAL, _ ("mode R1 %s; modes R2, P1 and T1 do that"),
                    what);
}

/* Return the name, which the caller frees, that a runtime knows the container
   of BUNDLE by: no other one of this user has it, since control groups may be
   called so.  */
static char *
name_of (const char *bundle)
{
  const char *last = strrchr (bundle, '/');
  const char *start = last;
  while (start > bundle && start[-1] != '/')
    start--;
  return xasprintf ("%.*s-%s", (int) (last - start), start, last + 1);
}

/* Return the command, ended by NULL and to be freed with all its words, that
   has RUNTIME start or, if JOINS, enter the container of BUNDLE.  */
static char **
make_command (const struct oci_runtime *runtime, const char *bundle, bool joins)
{
  char **words = xnmalloc (24, sizeof *words);
  size_t count = 0;
  words[count++] = xstrdup (runtime->path);
  words[count++] = xstrdup ("--root");
  words[count++] = xasprintf ("%s/state", bundle);
  for (const char *const *option = runtime->kind->options; *option != NULL;
       option++)
    words[count++] = xstrdup (*option);
  words[count++] = xstrdup (joins ? "exec" : "run");
  if (!runtime->kind->own_kernel)
    {
      words[count++] = xstrdup ("--preserve-fds");
      words[count++] = xasprintf ("%d", CHANNEL_DESCRIPTORS);
    }
  words[count++] = xstrdup (joins ? "--process" : "--bundle");
  words[count++] =
      joins ? xasprintf ("%s/process.json", bundle) : xstrdup (bundle);
  words[count++] = name_of (bundle);
  words[count] = NULL;
  return words;
}

static void
free_command (char **words)
{
  for (size_t i = 0; words[i] != NULL; i++)
    free (words[i]);
  free (words);
}

/* Return what the runtime has said to FD, which the caller frees, and forget
   it.  */
static char *
take_errors (int fd)
{
  AUTO_ERROR struct error ignored = { 0 };
  char *text = NULL;
  if (lseek (fd, 0, SEEK_SET) < 0
      || file_read_fd (fd, "", &text, NULL, &ignored) < 0)
    text = xstrdup ("");
  (void) ftruncate (fd, 0); /* or what comes next is longer */
  (void) lseek (fd, 0, SEEK_SET);
  return text;
}

/* Append to REASONS one more, TEXT.  */
static void
add_reason (struct buffer *reasons, const char *text)
{
  buffer_add_format (reasons, "%s%s", reasons->length > 0 ? "; " : "", text);
}

/* What came of trying a runtime: some take long to fail.  */
struct tried
{
  char *path;
  char *reason; /* why it starts nothing; NULL when it does */
};
static struct tried *tried;
static size_t tried_count;

/* Return what came of trying the runtime PATH, or NULL.  */
static const struct tried *
find_tried (const char *path)
{
  for (size_t i = 0; i < tried_count; i++)
    if (strcmp (tried[i].path, path) == 0)
      return &tried[i];
  return NULL;
}

/* Remember that the runtime PATH, which was tried, starts nothing because of
   REASON, unless that is NULL.  */
static void
note_tried (const char *path, const char *reason)
{
  if (find_tried (path) != NULL)
    return;
  tried = xreallocarray (tried, tried_count + 1, sizeof *tried);
  tried[tried_count++] = (struct tried){
    .path = xstrdup (path),
    .reason = reason == NULL ? NULL : xstrdup (reason),
  };
}

/* Return what REASON, as oci_explain makes it, says behind the path.  */
static const char *
after_path (const char *reason)
{
  const char *end = strstr (reason, "': ");
  return end == NULL ? reason : end + strlen ("': ");
}

/* Have RUNTIME do what RUN says.  Return the exit status; -ECANCELED when it
   did not start anything, with the reason added to REASONS; or another negative
   errno with ERR set.  */
static int
try_runtime (struct started *run, const struct oci_runtime *runtime,
             struct buffer *reasons, struct error *err)
{
  bool started = false;
  bool joins = run->plan->bundle != NULL;
  char **words = make_command (runtime, run->bundle, joins);
  const struct oci_start start = {
    .arguments = words,
    .program_fd = -1,
    .plan_fd = run->plan_fd,
    .errors_fd = run->errors_fd,
    .started_fd = run->plan->started_fd,
    .silent = run->silent,
    .gives = runtime->kind->own_kernel,
    .begin = &run->begin,
  };
  log_debug ("runtime: %s", runtime->path);
  int status = oci_attend (&start, &started, err);
  free_command (words);
  AUTO_FREE char *text = take_errors (run->errors_fd);
  if (text[0] != '\0')
    log_debug ("%s: %s", runtime->path, text);
  if (run->silent && started)
    note_tried (runtime->path, NULL);
  if (status < 0 || started)
    return status;
  AUTO_FREE char *reason = oci_explain (runtime, text);
  if (run->silent)
    note_tried (runtime->path, after_path (reason));
  add_reason (reasons, reason);
  return -ECANCELED;
}

/* Keep in the bundle of RUN, for who joins it, which RUNTIME it is.  */
static int
note_runtime (const struct started *run, const struct oci_runtime *runtime,
              struct error *err)
{
  AUTO_FREE char *path = xasprintf ("%s/runtime", run->bundle);
  (void) unlink (path); /* one that has failed */
  if (symlink (runtime->path, path) == 0)
    return 0;
  return error_set (err, errno, _ ("cannot make '%s': %s"), path,
                    strerror (errno));
}

/* Have those of RUNTIMES do what RUN says, in their order, that have a kernel
   of their own, or that have none.  As try_runtime otherwise.  */
static int
try_all (struct started *run, const struct oci_runtimes *runtimes,
         bool own_kernel, struct buffer *reasons, struct error *err)
{
  bool mixed = oci_cgroups_are_mixed ();
  int status = -ECANCELED;
  for (size_t i = 0; i < runtimes->count && status == -ECANCELED; i++)
    {
      const struct oci_runtime *runtime = &runtimes->list[i];
      if (runtime->kind->own_kernel != own_kernel)
        continue;
      /* What is known to fail is not waited for if there is another.  */
      if (mixed && runtime->kind->needs_plain_cgroups && runtimes->count > 1)
        {
          AUTO_FREE char *reason = oci_explain (runtime, "hybrid mode");
          add_reason (reasons, reason);
          continue;
        }
      status = note_runtime (run, runtime, err);
      if (status == 0)
        status = try_runtime (run, runtime, reasons, err);
    }
  return status;
}

/* Set ERR for a run of PLAN that none of the runtimes starts, for REASONS.  */
static int
refuse (const struct run_plan *plan, const struct buffer *reasons,
        struct error *err)
{
  /* What all of them need tells more than what they say without it.  */
  int status = probe_need (PROBE_MOUNT_NAMESPACE, err);
  if (status < 0)
    return error_prefix (
        err, _ ("mode %s cannot be had here, but P1 and T1 may"), plan->mode);
  return error_set (err, ENOSYS,
                    _ ("no OCI runtime starts a container here: %s; modes P1 "
                       "and T1 need none"),
                    reasons->data);
}

/* Open in RUN where the plan and the runtime's messages are.  */
static int
open_files (struct started *run, int *own_fd, struct error *err)
{
  bool sealable;
  run->plan_fd = engine_send_plan (run->plan, run->bundle, true, own_fd, err);
  if (run->plan_fd < 0)
    return run->plan_fd;
  run->errors_fd = plan_open_nameless ("udocker-runtime", &sealable);
  return run->errors_fd < 0
             ? error_set (err, -run->errors_fd, _ ("cannot make a file: %s"),
                          strerror (-run->errors_fd))
             : 0;
}

/* Have a runtime do what RUN says.  As try_all otherwise.  */
static int
start (struct started *run, const struct oci_runtimes *runtimes,
       bool own_kernel, struct buffer *reasons, struct error *err)
{
  int own_fd = -1; /* stays open as long as this process is there */
  run->plan_fd = run->errors_fd = -1;
  int status = open_files (run, &own_fd, err);
  if (run->silent)
    channel_read_limits (&run->begin);
  else
    oci_begin (&run->begin);
  if (status == 0)
    status = try_all (run, runtimes, own_kernel, reasons, err);
  if (run->plan_fd >= 0)
    (void) close (run->plan_fd); /* was written already */
  if (run->errors_fd >= 0)
    (void) close (run->errors_fd); /* in memory */
  if (run->silent && own_fd >= 0)
    (void) close (own_fd); /* nobody looks for it */
  return status;
}

/* Have RUNTIME start what RUN says in a container that is there, or will be any
   moment: its plan is found a little before.  As try_runtime otherwise.  */
static int
try_join (struct started *run, const struct oci_runtime *runtime,
          struct buffer *reasons, struct error *err)
{
  static const struct timespec pause = { .tv_nsec = 50000000 };
  AUTO_FREE char *noted = xasprintf ("%s/runtime", run->bundle);
  int status = try_runtime (run, runtime, reasons, err);
  for (int i = 0;
       status == -ECANCELED && i < JOIN_TRIES && file_exists (AT_FDCWD, noted);
       i++)
    {
      (void) nanosleep (&pause, NULL); /* a signal may end it */
      buffer_clear (reasons);
      status = try_runtime (run, runtime, reasons, err);
    }
  return status;
}

/* Run one more program in the container whose bundle PLAN names.  */
static int
join (const struct run_plan *plan, struct error *err)
{
  struct started run = { .plan = plan, .bundle = plan->bundle };
  struct oci_runtime runtime = { 0 };
  AUTO_CLOSE int own_fd = -1;
  AUTO_BUFFER (reasons);
  AUTO_FREE char *link = xasprintf ("%s/runtime", plan->bundle);
  AUTO_FREE char *path = file_read_link (AT_FDCWD, link);
  if (path == NULL)
    return error_set (err, ESRCH, _ ("the container has just ended"));
  runtime.path = path;
  runtime.kind = oci_kind_of (path);
  run.plan_fd = run.errors_fd = -1;
  int status = open_files (&run, &own_fd, err);
  oci_begin (&run.begin);
  if (status == 0)
    status = try_join (&run, &runtime, &reasons, err);
  if (run.plan_fd >= 0)
    (void) close (run.plan_fd); /* was written already */
  if (run.errors_fd >= 0)
    (void) close (run.errors_fd); /* in memory */
  if (status != -ECANCELED)
    return status;
  return error_set (err, ESRCH, _ ("cannot enter the container: %s"),
                    reasons.data);
}

/* Find in SUBIDS the ids that PLAN's root is to have besides its own.  Return
   whether it is to have any, or -ENOENT with ERR set when there are none.  */
static int
find_subids (const struct run_plan *plan, struct subids *subids,
             struct error *err)
{
  AUTO_FREE char *reason = NULL;
  AUTO_FREE char *remedy = NULL;
  if (plan->config == NULL || !plan->config->runc_subids
      || strcmp (plan->mode, "R1") != 0 || plan->user.uid != 0
      || plan->user.gid != 0)
    return 0;
  if (subids_find (subids, &reason, &remedy) == 0)
    return 1;
  (void) error_set (err, ENOENT, _ ("root cannot have more ids: %s"), reason);
  if (remedy != NULL)
    (void) error_hint (err, _ ("to change that, %s"), remedy);
  return -ENOENT;
}

/* Run PLAN in a container of its own that one of RUNTIMES makes, of those that
   have a kernel of their own, or that have none; SILENT only tries.  As try_all
   otherwise.  */
static int
run_below (const struct run_plan *plan, const struct oci_runtimes *runtimes,
           bool own_kernel, bool silent, struct buffer *reasons,
           struct error *err)
{
  struct run_temporary temporary = RUN_TEMPORARY_NONE;
  struct run_mounts mounts = { .root_fd = -1, .lock = -1 };
  AUTO_FREE char *bundle = run_temporary_add (&temporary, 0700, err);
  if (bundle == NULL)
    return -err->number;
  const char *own[OCI_OWN_MOUNTS + 1];
  oci_own_mounts (plan, own_kernel, own);
  struct subids subids;
  int ranged = find_subids (plan, &subids, err);
  int status = ranged < 0
                   ? ranged
                   : run_mounts_make (&mounts, plan, own, &temporary, err);
  if (status == 0)
    status = oci_bundle_write (bundle, plan, &mounts,
                               ranged > 0 ? &subids : NULL, own_kernel, err);
  if (status == 0)
    {
      struct started run = {
        .plan = plan,
        .bundle = bundle,
        .silent = silent,
      };
      status = start (&run, runtimes, own_kernel, reasons, err);
    }
  run_mounts_release (&mounts);
  run_temporary_remove (&temporary);
  return status;
}

/* The same below RUNTIME, one of RUNTIMES with a kernel of its own, or another
   such one.  */
static int
run_below_own_kernel (const struct run_plan *plan,
                      const struct oci_runtimes *runtimes,
                      const struct oci_runtime *runtime, bool silent,
                      struct buffer *reasons, struct error *err)
{
  AUTO_FREE char *beyond = oci_beyond_own_kernel (plan);
  if (beyond == NULL)
    return run_below (plan, runtimes, true, silent, reasons, err);
  if (reasons->length == 0)
    return error_set (err, EINVAL,
                      _ ("cannot use '%s': %s; use crun or runc, or mode P1 or "
                         "T1"),
                      runtime->path, beyond);
  AUTO_FREE char *reason = xasprintf ("'%s': %s", runtime->path, beyond);
  add_reason (reasons, reason);
  return -ECANCELED;
}

/* Run PLAN in a container of its own; SILENT only tries.  In *OWN_KERNEL is
   whether it was below one that the runtime has.  */
static int
run_in_new (const struct run_plan *plan, bool silent, bool *own_kernel,
            struct error *err)
{
  struct oci_runtimes runtimes;
  AUTO_BUFFER (reasons);
  int status = oci_runtimes_find (plan->config, &runtimes, err);
  if (status < 0)
    return status;
  status = -ECANCELED;
  if (first_of (&runtimes, false) != NULL)
    status = run_below (plan, &runtimes, false, silent, &reasons, err);
  const struct oci_runtime *other = first_of (&runtimes, true);
  *own_kernel = status == -ECANCELED && other != NULL;
  if (*own_kernel)
    status =
        run_below_own_kernel (plan, &runtimes, other, silent, &reasons, err);
  oci_runtimes_release (&runtimes);
  return status == -ECANCELED ? refuse (plan, &reasons, err) : status;
}

/* Try PLAN, a container without anything in it; in *DATA, a bool, is whether it
   was below a kernel that the runtime has.  */
static int
try_plan (const struct run_plan *plan, void *data, struct error *err)
{
  return run_in_new (plan, true, data, err);
}

/* All three modes stand on the same, but for what gVisor does not do.  */
static int
runtime_try (const struct config *config, const char *mode, struct error *err)
{
  static bool known, own_kernel;
  static int number;
  static char *reason;
  if (!known)
    {
      AUTO_ERROR struct error why = { 0 };
      known = true;
      if (engine_try_nothing (config, "R1", try_plan, &own_kernel, &why) < 0)
        {
          number = why.number;
          reason = xstrdup (why.text);
        }
    }
  if (number != 0)
    return error_set (err, number, "%s", reason);
  return own_kernel && is_traced (mode) ? refuse_tracer (mode, err) : 0;
}

/* As if each runtime was the only one; but one that has a kernel of its own,
   which comes last and takes longest, is neither used nor tried where another
   one works.  */
static void
runtime_tell_programs (const struct config *config,
                       engine_program_function *function, void *data)
{
  AUTO_ERROR struct error ignored = { 0 };
  struct oci_runtimes runtimes;
  char none[] = "";
  bool any_works = false;
  if (oci_runtimes_find (config, &runtimes, &ignored) < 0)
    return;
  for (size_t i = 0; i < runtimes.count; i++)
    {
      AUTO_ERROR struct error why = { 0 };
      bool own_kernel;
      char *path = runtimes.list[i].path;
      if (any_works && runtimes.list[i].kind->own_kernel)
        continue;
      struct config alone = *config;
      alone.use_crun_executable = none;
      alone.use_runc_executable = path;
      if (find_tried (path) == NULL
          && engine_try_nothing (&alone, "R1", try_plan, &own_kernel, &why) < 0)
        note_tried (path, why.text); /* it was not even started */
      const struct tried *known = find_tried (path);
      bool works = known == NULL || known->reason == NULL;
      any_works = any_works || works;
      function (data, path, works, works ? NULL : known->reason);
    }
  oci_runtimes_release (&runtimes);
}

static int
runtime_run (const struct run_plan *plan, struct error *err)
{
  bool own_kernel;
  return plan->bundle != NULL ? join (plan, err)
                              : run_in_new (plan, false, &own_kernel, err);
}

static const char *const modes[] = { "R1", "R2", "R3", NULL };

const struct engine engine_runtime = {
  .name = "runtime",
  .modes = modes,
  .usable = runtime_usable,
  .try = runtime_try,
  .tell_programs = runtime_tell_programs,
  .prepare = runtime_prepare,
  .check = runtime_check,
  .run = runtime_run,
};
