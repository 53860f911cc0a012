/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   From a plan to a running container: the view, the first process, the
   tracer.  */

#include "proot-engine/start.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/elf/machine.h"
#include "lib/guest/path.h"
#include "lib/guest/port.h"
#include "lib/owners/owner-file.h"
#include "lib/plan/plan.h"
#include "proot-engine/emulator.h"
#include "proot-engine/seccomp.h"
#include "proot-engine/tracer.h"

/* Records of owners: so many files, and so much room for attributes.  */
#define OWNER_SLOTS ((size_t) 1 << 20)
#define OWNER_ROOM ((uint32_t) 64 << 20)
#define OWNERS_SIZE                                                            \
  (OWNER_SLOTS * sizeof (struct guest_owner_slot) + OWNER_ROOM)

/* A place of the view while it is made.  */
struct place
{
  char *host;
  char *guest;
  uint32_t flags;
  int fd;
};

struct places
{
  struct place *place;
  size_t count;
};

static void
say (const char *kind, const char *format, va_list arguments)
{
  int saved = errno;
  (void) fflush (stdout);
  (void) fputs (kind, stderr);
  (void) vfprintf (stderr, format, arguments);
  (void) fputc ('\n', stderr);
  errno = saved;
}

void
start_complain (const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  say ("Error: ", format, arguments);
  va_end (arguments);
}

void
start_warn (const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  say ("Warning: ", format, arguments);
  va_end (arguments);
}

/* Build TRACER's view from PLACES, whose guest paths are canonical.  The
   view lives as long as the process; one from before is dropped.  Return 0 or
   a negative errno.  */
static int
build_view (struct tracer *tracer, const struct places *places)
{
  struct guest_mount *mounts = calloc (places->count, sizeof *mounts);
  int *anchors = calloc (places->count, sizeof *anchors);
  struct guest_view *view = NULL;
  int error = -ENOMEM;
  if (mounts != NULL && anchors != NULL)
    {
      for (size_t i = 0; i < places->count; i++)
        mounts[i] =
            (struct guest_mount){ places->place[i].host, places->place[i].guest,
                                  places->place[i].flags };
      size_t size = guest_view_size (mounts, places->count);
      view = malloc (size);
      if (view != NULL)
        error = guest_view_build (view, size, mounts, places->count);
    }
  free (mounts);
  if (error < 0)
    {
      free (view);
      free (anchors);
      return error;
    }
  for (uint32_t i = 0; i < view->binding_count; i++)
    anchors[i] = places->place[view->binding[i].mount].fd;
  free ((void *) (uintptr_t) tracer->guest.view);
  free ((void *) (uintptr_t) tracer->guest.anchors);
  tracer->guest.view = view;
  tracer->guest.anchors = anchors;
  return 0;
}

/* Append the place FD, seen on the host as HOST, at the guest path GUEST
   (copied both).  Return 0 or -ENOMEM.  */
static int
add_place (struct places *places, const char *host, const char *guest,
           uint32_t flags, int fd)
{
  struct place *bigger =
      realloc (places->place, (places->count + 1) * sizeof *bigger);
  if (bigger == NULL)
    return -ENOMEM;
  places->place = bigger;
  struct place *place = &bigger[places->count];
  *place = (struct place){ strdup (host), strdup (guest), flags, fd };
  if (place->host == NULL || place->guest == NULL)
    return -ENOMEM;
  places->count++;
  return 0;
}

/* Return the host path of what FD is open on, which the caller frees, or NULL:
   realpath in one system call.  */
static char *
path_of (int fd)
{
  char name[32];
  char path[PATH_MAX];
  (void) snprintf (name, sizeof name, "/proc/self/fd/%d", fd);
  ssize_t length = readlink (name, path, sizeof path);
  if (length <= 0 || (size_t) length >= sizeof path || path[0] != '/')
    return NULL;
  path[length] = '\0';
  return strdup (path);
}

/* Open HOST and add it at GUEST.  Return 0 or a negative errno.  */
static int
open_place (struct places *places, const char *host, const char *guest,
            uint32_t flags)
{
  struct stat status;
  int fd = open (host, O_PATH | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  char *canonical = path_of (fd);
  if (canonical == NULL)
    canonical = realpath (host, NULL); /* no /proc here */
  int error = canonical == NULL ? -errno : 0;
  /* Newer C libraries make a path call of fstat.  */
  if (syscall (SYS_fstat, fd, &status) == 0 && !S_ISDIR (status.st_mode))
    flags |= GUEST_BINDING_FILE;
  if (error == 0)
    error = add_place (places, canonical, guest, flags, fd);
  free (canonical);
  return error;
}

/* Write the canonical form of the guest path PATH to CANONICAL.  */
static int
canonical_place (struct guest_task *task, const char *path, bool follow,
                 char canonical[GUEST_PATH_SIZE])
{
  int length = guest_canonical (
      task, path, follow ? GUEST_FINAL_FOLLOW : GUEST_FINAL_NOFOLLOW, canonical,
      GUEST_PATH_SIZE);
  return length < 0 ? length : 0;
}

/* Add the binding BINDING.  Return 0, or a negative errno after a
   message.  */
static int
add_binding (struct tracer *tracer, struct guest_task *task,
             struct places *places, const struct plan_binding *binding)
{
  char canonical[GUEST_PATH_SIZE];
  bool follow = (binding->flags & PLAN_BINDING_NO_FOLLOW) == 0;
  int error = 0;
  if ((binding->flags & PLAN_BINDING_RESOLVED) == 0)
    {
      error = build_view (tracer, places);
      if (error == 0)
        error = canonical_place (task, binding->guest, follow, canonical);
    }
  else if (strlen (binding->guest) < sizeof canonical)
    strcpy (canonical, binding->guest);
  else
    error = -ENAMETOOLONG;
  if (error < 0)
    {
      start_complain ("cannot use '%s' in the container as a mount point: %s",
                      binding->guest, strerror (-error));
      return error;
    }
  error = open_place (places, binding->host, canonical,
                      (binding->flags & PLAN_BINDING_READ_ONLY) != 0
                          ? GUEST_BINDING_READ_ONLY
                          : 0);
  if (error < 0 && (binding->flags & PLAN_BINDING_OPTIONAL) != 0)
    return 0;
  if (error < 0)
    start_complain ("cannot bind '%s' to '%s': %s", binding->host,
                    binding->guest, strerror (-error));
  return error;
}

/* Return a descriptor of a new file that has no name, called NAME in /proc
   where the kernel can; in memory since Linux 3.17.  Return a negative errno
   on failure.  */
static int
open_nameless (const char *name)
{
  int fd = (int) syscall (SYS_memfd_create, name, 1 /* close on exec */);
  if (fd >= 0)
    return fd;
  char path[PATH_MAX];
  const char *directory = getenv ("PROOT_TMP_DIR");
  if (directory == NULL)
    directory = getenv ("TMPDIR");
  (void) snprintf (path, sizeof path, "%s/udocker-XXXXXX",
                   directory != NULL ? directory : "/tmp");
  fd = mkostemp (path, O_CLOEXEC);
  if (fd < 0)
    return -errno;
  (void) unlink (path);
  return fd;
}

/* Add the file FILE, which exists in memory only.  Return 0, or a negative
   errno after a message.  */
static int
add_file (struct tracer *tracer, struct guest_task *task, struct places *places,
          const struct plan_file *file)
{
  char canonical[GUEST_PATH_SIZE];
  char host[48];
  const char *name = strrchr (file->guest, '/') + 1;
  int fd = open_nameless (name);
  int error = fd < 0 ? fd : 0;
  for (size_t done = 0; error == 0 && done < file->size;)
    {
      ssize_t wrote =
          write (fd, (const char *) file->content + done, file->size - done);
      if (wrote < 0 && errno != EINTR)
        error = -errno;
      else if (wrote > 0)
        done += (size_t) wrote;
    }
  if (error == 0)
    {
      (void) fchmod (fd, file->mode);
      (void) snprintf (host, sizeof host, "/proc/%d/fd/%d", (int) getpid (),
                       fd);
      error = build_view (tracer, places);
    }
  if (error == 0)
    error = canonical_place (task, file->guest, true, canonical);
  if (error == 0)
    error = add_place (places, host, canonical, GUEST_BINDING_FILE, fd);
  if (error < 0)
    start_complain ("cannot make the file '%s' of the container: %s",
                    file->guest, strerror (-error));
  return error;
}

/* Make TRACER's view from PLAN.  TASK serves to resolve paths.  Return 0, or
   a negative errno after a message.  */
static int
make_view (struct tracer *tracer, struct guest_task *task,
           const struct plan *plan)
{
  struct places places = { 0 };
  struct plan_record record;
  const char *root = plan_text (plan, PLAN_ROOT, "/");
  int error = open_place (&places, root, "/", 0);
  if (error == 0 && places.count > 0
      && (places.place[0].flags & GUEST_BINDING_FILE) != 0)
    error = -ENOTDIR;
  if (error == 0)
    error = build_view (tracer, &places);
  if (error == 0)
    error = guest_start (&tracer->guest);
  if (error < 0)
    {
      start_complain ("cannot use '%s' as the root of a container: %s", root,
                      strerror (-error));
      return error;
    }
  for (size_t at = 0; plan_next_tag (plan, PLAN_BINDING, &at, &record);)
    {
      struct plan_binding binding = plan_record_binding (&record);
      error = add_binding (tracer, task, &places, &binding);
      if (error < 0)
        return error;
    }
  if (tracer->guest.emulator != NULL && tracer->guest.emulator->has_libraries)
    error = open_place (&places, "/", EMULATOR_HOST_ROOT, 0);
  for (size_t at = 0; plan_next_tag (plan, PLAN_FILE, &at, &record);)
    {
      struct plan_file file = plan_record_file (&record);
      error = add_file (tracer, task, &places, &file);
      if (error < 0)
        return error;
    }
  error = build_view (tracer, &places);
  if (error == 0)
    guest_view_changed (&tracer->guest);
  if (error < 0)
    start_complain ("cannot lay out the container: %s", strerror (-error));
  for (size_t i = 0; i < places.count; i++)
    {
      free (places.place[i].host);
      free (places.place[i].guest);
    }
  free (places.place);
  return error;
}

/* Copy TEXT, cut, to the 65 bytes at NAME.  */
static void
set_name (char name[65], const char *text)
{
  size_t length = strlen (text);
  if (length > 64)
    length = 64;
  memcpy (name, text, length);
  name[length] = '\0';
}

/* Set identity and names of TRACER's container, and IDS of its first task,
   from PLAN.  */
static void
set_identity (struct tracer *tracer, struct guest_ids *ids,
              const struct plan *plan)
{
  struct guest_identity *identity = &tracer->guest.identity;
  uint32_t groups[GUEST_GROUPS_MAX];
  uint32_t count = 0;
  struct plan_record record;
  identity->host_uid = getuid ();
  identity->host_gid = getgid ();
  identity->uid = (uint32_t) plan_number (plan, PLAN_UID, getuid ());
  identity->gid = (uint32_t) plan_number (plan, PLAN_GID, getgid ());
  for (size_t at = 0; plan_next_tag (plan, PLAN_GROUP, &at, &record);)
    if (count < GUEST_GROUPS_MAX)
      groups[count++] = (uint32_t) plan_record_number (&record);
  identity->root = identity->uid == 0 && getuid () != 0;
  identity->emulated = identity->root || identity->uid != getuid ()
                       || identity->gid != getgid () || count > 0;
  if (plan_number (plan, PLAN_UID, 1) == 0)
    identity->root = identity->emulated = true;
  guest_ids_init (ids, identity->uid, identity->gid, groups, count);
  if (plan_text (plan, PLAN_OWNERS, NULL) != NULL)
    {
      /* Who made a file is on record; all others are root's.  */
      identity->root = identity->emulated = true;
      identity->uid = identity->gid = 0;
    }
  set_name (tracer->guest.names.node, plan_text (plan, PLAN_HOST_NAME, ""));
  set_name (tracer->guest.names.release, plan_text (plan, PLAN_KERNEL, ""));
  set_name (tracer->guest.names.version,
            plan_text (plan, PLAN_KERNEL_VERSION, ""));
  set_name (tracer->guest.names.machine, plan_text (plan, PLAN_MACHINE, ""));
  set_name (tracer->guest.names.domain, plan_text (plan, PLAN_DOMAIN, ""));
}

/* Set the ports of TRACER's container from PLAN, which lives as long.  Return
   0 or -ENOMEM.  */
static int
set_ports (struct tracer *tracer, const struct plan *plan)
{
  static struct guest_ports ports;
  struct plan_record record;
  size_t count = 0;

  for (size_t at = 0; plan_next_tag (plan, PLAN_PORT, &at, &record);)
    count++;
  ports.moves_privileged = plan_number (plan, PLAN_PORT_ANY, 0) != 0;
  if (count == 0 && !ports.moves_privileged)
    return 0;
  struct guest_port *list = calloc (count + 1, sizeof *list);
  if (list == NULL)
    return -ENOMEM;
  for (size_t at = 0; plan_next_tag (plan, PLAN_PORT, &at, &record);)
    {
      struct plan_port port = plan_record_port (&record);
      list[ports.count++] =
          (struct guest_port){ (uint16_t) port.guest, (uint16_t) port.host };
    }
  ports.list = list;
  tracer->guest.ports = &ports;
  return 0;
}

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
      tracer->guest.loader[abi].start = window + LOADER_TEXT_OFFSET;
      tracer->guest.loader[abi].end = window + LOADER_DATA_OFFSET;
    }
#if defined __x86_64__
  tracer->guest.starts[GUEST_ABI_I386] =
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

/* Say that PATH could not be executed since it is for MACHINE (NULL: one that
   is not known).  */
static void
explain_machine (const char *path, const struct elf_machine *machine)
{
  if (machine == NULL)
    start_complain ("cannot execute '%s': it is a program for another machine "
                    "than this " LOADER_MACHINE,
                    path);
  else
    start_complain ("cannot execute '%s': it is a program for %s and this "
                    "machine is " LOADER_MACHINE "; -q qemu-%s runs such",
                    path, machine->name, machine->emulator);
}

/* Return the machine whose programs kernels of this one may run besides, or
   NULL.  */
static const struct elf_machine *
runs_too (void)
{
#if defined __x86_64__
  return elf_machine_find ("386");
#else
  return NULL;
#endif
}

/* Say the same of a 32-bit program, which this machine may run.  */
static void
explain_i386 (const struct tracer *tracer, const char *path)
{
  start_complain ("cannot execute '%s': it is a 32-bit program, which %s", path,
                  tracer->guest.starts[GUEST_ABI_I386]
                      ? "this kernel does not run"
                      : "this build of udocker does not support");
}

/* Say why PATH could not be executed, and return the exit status for it.
   This runs in the container: opening PATH opens the guest's file.  */
static int
explain (const struct tracer *tracer, const char *path, int number)
{
  unsigned char head[ELF_MACHINE_BYTES];
  if (number == ENOENT || number == ENOTDIR)
    {
      struct stat status;
      if (stat (path, &status) == 0)
        {
          start_complain ("cannot execute '%s': its interpreter is not in the "
                          "container",
                          path);
          return START_NOT_FOUND;
        }
      start_complain ("command not found in the container: '%s'", path);
      return START_NOT_FOUND;
    }
  if (number == ENOEXEC)
    {
      int fd = open (path, O_RDONLY | O_CLOEXEC);
      if (fd >= 0 && read (fd, head, sizeof head) == sizeof head
          && elf_is_program (head, sizeof head))
        {
          const struct elf_machine *machine =
              elf_machine_of (head, sizeof head);
          if (machine != NULL && machine == runs_too ())
            explain_i386 (tracer, path);
          else
            explain_machine (path, machine);
          return START_NOT_RUNNABLE;
        }
    }
  start_complain ("cannot execute '%s': %s", path, strerror (number));
  return START_NOT_RUNNABLE;
}

/* Execute PROGRAM for TRACER, looking for it in the PATH of its environment
   when its path is not given.  Return the exit status when that fails.  */
static int
execute (const struct tracer *tracer, const struct program *program)
{
  const char *name =
      program->path != NULL ? program->path : program->arguments[0];
  if (strchr (name, '/') != NULL)
    {
      (void) execve (name, program->arguments, program->environment);
      return explain (tracer, name, errno);
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
          (void) execve (candidate, program->arguments, program->environment);
          if (errno != ENOENT && errno != ENOTDIR)
            {
              number = errno;
              strcpy (refused, candidate);
              if (number != EACCES)
                break;
            }
        }
      path += length;
      if (*path++ == '\0')
        break;
    }
  return explain (tracer, refused[0] != '\0' ? refused : name, number);
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

/* The first process: wait until it is traced, then become PROGRAM.  */
_Noreturn static void
first_process (const struct tracer *tracer, const struct plan *plan,
               struct program *program, int wait)
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

  if (set_limits (plan) < 0)
    _exit (START_FAILURE);
  if (!tracer->every_call)
    {
      int error =
          seccomp_install (program->filter, (size_t) program->filter_length);
      if (error < 0)
        {
          start_complain ("system call filters are not possible here (%s); "
                          "mode P2 does without",
                          strerror (-error));
          _exit (START_FAILURE);
        }
    }
  if (enter_directory (program) < 0)
    _exit (START_NOT_RUNNABLE);
  int status = execute (tracer, program);
  _exit (status);
}

/* Say why tracing is not possible.  */
static void
explain_ptrace (int error)
{
  char scope = '0';
  int fd = open ("/proc/sys/kernel/yama/ptrace_scope", O_RDONLY | O_CLOEXEC);
  if (fd >= 0)
    {
      if (read (fd, &scope, 1) != 1)
        scope = '0';
      (void) close (fd);
    }
  start_complain ("this system does not permit tracing (ptrace: %s), which "
                  "the modes P1 and P2 need; %s",
                  strerror (-error),
                  scope >= '2'
                      ? "kernel.yama.ptrace_scope is 2 or more here, which "
                        "the administrator can lower"
                      : "in a container, start that with "
                        "--cap-add=SYS_PTRACE or --security-opt "
                        "seccomp=unconfined, and do without strace or a "
                        "debugger around udocker");
}

/* Return whether the kernel is older than 4.8: there the order of stops was
   another.  */
static bool
kernel_is_old (void)
{
  struct utsname names;
  int major = 0, minor = 0;
  if (uname (&names) != 0
      || sscanf (names.release, "%d.%d", &major, &minor) != 2)
    return false;
  return major < 4 || (major == 4 && minor < 8);
}

/* Start the first process and trace it.  */
static int
launch (struct tracer *tracer, const struct plan *plan,
        const struct guest_ids *ids)
{
  static struct sock_filter filter[SECCOMP_INSTRUCTIONS_MAX];
  struct guest_fs *fs = malloc (sizeof *fs); /* goes with the last task */
  struct program program = { 0 };
  int ends[2];
  program.path = plan_text (plan, PLAN_PROGRAM, NULL);
  program.directory = plan_text (plan, PLAN_DIRECTORY, "/");
  program.directory_tried = plan_number (plan, PLAN_DIRECTORY_TRIED, 0);
  program.arguments = collect (plan, PLAN_ARGUMENT);
  program.environment = collect (plan, PLAN_ENVIRONMENT);
  program.filter = filter;
  if (fs == NULL || program.arguments == NULL || program.environment == NULL)
    {
      start_complain ("no memory");
      return START_FAILURE;
    }
  program.filter_length =
      seccomp_build (&tracer->guest, placement_calls, program.filter);
  if (program.filter_length < 0)
    {
      start_complain ("cannot make a filter of system calls: %s",
                      strerror (-program.filter_length));
      return START_FAILURE;
    }
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
  pid_t pid = fork ();
  if (pid == 0)
    {
      (void) close (ends[1]);
      first_process (tracer, plan, &program, ends[0]);
    }
  (void) close (ends[0]);
  struct tracee *first = pid > 0 ? tracees_add (&tracer->tracees, pid) : NULL;
  if (first == NULL || tracee_new_space (first, NULL) < 0)
    {
      start_complain ("cannot make a process: %s", strerror (errno));
      return START_FAILURE;
    }
  first->space->slots[GUEST_ABI_NATIVE] = LOADER_SLOT_BASE;
  guest_fs_init (fs);
  mode_t mask = umask (0);
  (void) umask (mask);
  fs->masks_owner = (mask & 0700) != 0;
  guest_task_init (&first->task, &tracer->guest, fs, ids);
  first->task.tid = first->task.pid = pid;
  first->task.engine = first;

  /* Tasks may need more descriptors here than the first program may have.  */
  struct rlimit files;
  if (getrlimit (RLIMIT_NOFILE, &files) == 0)
    {
      files.rlim_cur = files.rlim_max;
      (void) setrlimit (RLIMIT_NOFILE, &files);
      /* Half of them can stay open between calls.  */
      tracer->guest.keep_below =
          files.rlim_cur < 65536 ? (int) files.rlim_cur / 2 : 32768;
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

/* Keep the descriptors that PLAN wants held, but from the container.  */
static void
hold_descriptors (const struct plan *plan)
{
  struct plan_record record;
  for (size_t at = 0; plan_next_tag (plan, PLAN_HELD_FD, &at, &record);)
    (void) fcntl ((int) plan_record_number (&record), F_SETFD, FD_CLOEXEC);
}

/* Start TRACER's records of owners, which PLAN may want kept in a file.
   Return 0, or a negative errno after a message.  */
static int
start_owners (struct tracer *tracer, const struct plan *plan)
{
  static struct owner_file file;
  struct stat root;
  const char *kept = plan_text (plan, PLAN_OWNERS, NULL);
  int error = owner_file_init (&file);

  if (error == 0)
    tracer->guest.owners = &file.table;
  if (kept == NULL)
    return 0;
  if (error == 0 && stat (plan_text (plan, PLAN_ROOT, "/"), &root) != 0)
    error = -errno;
  if (error == 0)
    error =
        owner_file_open (&file, AT_FDCWD, kept, root.st_dev, OWNER_FILE_WRITE);
  if (error < 0)
    start_complain ("cannot keep owners in '%s': %s", kept,
                    error == -EINVAL ? "it is no record of owners"
                                     : strerror (-error));
  return error;
}

int
start_container (const struct plan *plan)
{
  static struct tracer tracer;
  struct guest_ids ids;
  struct tracee nobody = { .tid = getpid (), .slot = -1 };
  static struct guest_fs fs;
  static struct guest_interpreters interpreters;
  static struct guest_emulator emulator;
  static struct space space;

  tracer.guest.ops = &tracer_ops;
  tracer.guest.engine = &tracer;
  tracer.guest.interpreters = &interpreters;
  tracer.guest.pid = getpid ();
  tracer.every_call = strcmp (plan_text (plan, PLAN_MODE, "P1"), "P2") == 0
                      || kernel_is_old () || !seccomp_is_possible ();
  tracer.guest.filtered = !tracer.every_call;
  tracer.kill_on_exit = plan_number (plan, PLAN_KILL_ON_EXIT, 0) != 0;
  hold_descriptors (plan);
  set_identity (&tracer, &ids, plan);
  int error = emulator_prepare (&emulator, plan);
  if (error < 0)
    return START_FAILURE;
  tracer.guest.emulator = error > 0 ? &emulator : NULL;
  error = set_ports (&tracer, plan);
  if (error < 0)
    {
      start_complain ("cannot keep the list of ports: %s", strerror (-error));
      return START_FAILURE;
    }
  if (find_loaders (&tracer, plan) < 0)
    return START_FAILURE;

  if (start_owners (&tracer, plan) < 0)
    return START_FAILURE;

  /* While the view is made, this process is the task that resolves.  */
  guest_fs_init (&fs);
  nobody.space = &space;
  guest_task_init (&nobody.task, &tracer.guest, &fs, &ids);
  nobody.task.tid = nobody.task.pid = getpid ();
  nobody.task.engine = &nobody;
  if (make_view (&tracer, &nobody.task, plan) < 0)
    return START_FAILURE;
  placement_start (&tracer.placement, getenv ("UDOCKER_PLACEMENT") != NULL);
  return launch (&tracer, plan, &ids);
}
