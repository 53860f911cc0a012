/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Write what an OCI runtime is told: config.json.

   Only what the kernel must do is the runtime's: namespaces, mounts,
   capabilities.  The program, its user, its limits and its streams are
   udocker-init's (oci-engine/), so that they are what they are in any other
   mode, whatever the runtime makes of them.

   gVisor is told less: it has a kernel of its own, with its own /dev, /proc and
   /sys, and a user namespace that it makes itself.  What it does unasked is
   undone here: it makes mount points on disk, of what is bound, also where it
   has mounted something itself, so that there is nothing of ours in /dev; and
   it hides an empty /tmp.  */

#include <config.h>

#include "src/engine/oci-bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <unistr.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/json.h"
#include "lib/plan/plan.h"
#include "lib/start/channel.h"
#include "src/config/config.h"
#include "src/container/run-mounts.h"
#include "src/container/run-plan.h"
#include "src/platform/host.h"
#include "src/platform/namespace.h"
#include "xalloc.h"
#include "xvasprintf.h"

/* Return whether TEXT is UTF-8.  */
static bool
is_utf8 (const char *text)
{
  return u8_check ((const uint8_t *) text, strlen (text)) == NULL;
}

/* Return whether the container of PLAN has a /dev of its own.  */
static bool
has_own_devices (const struct run_plan *plan)
{
  for (size_t i = 0; i < plan->volume_count; i++)
    if (strcmp (plan->bindings[i].guest, "/dev") == 0)
      return false;
  return true;
}

bool
oci_has_own_memory (const struct run_plan *plan)
{
  return has_own_devices (plan) && !plan->host_memory;
}

/* Return where the container of PLAN has our own programs: where a mount point
   is made without a trace, if its /dev is its own.  */
static const char *
parts_of (const struct run_plan *plan, bool own_kernel)
{
  return !own_kernel && has_own_devices (plan) ? "/dev/.udocker" : "/.udocker";
}

/* Return whether PLAN shows /sys.  */
static bool
shows_sys (const struct run_plan *plan)
{
  for (size_t i = plan->volume_count; i < plan->binding_count; i++)
    if (strcmp (plan->bindings[i].guest, "/sys") == 0)
      return true;
  return false;
}

/* Return whether PATH is DIRECTORY or below it.  */
static bool
is_in (const char *path, const char *directory)
{
  size_t length = strlen (directory);
  return strncmp (path, directory, length) == 0
         && (path[length] == '/' || path[length] == '\0');
}

/* Return whether BINDING is of a device that every kernel has.  */
static bool
is_common_device (const struct run_binding *binding)
{
  static const char *const common[] = { "/dev/null",    "/dev/zero",
                                        "/dev/full",    "/dev/random",
                                        "/dev/urandom", "/dev/tty" };
  for (size_t i = 0; i < sizeof common / sizeof *common; i++)
    if (strcmp (binding->host, common[i]) == 0
        && strcmp (binding->guest, common[i]) == 0)
      return true;
  return false;
}

char *
oci_beyond_own_kernel (const struct run_plan *plan)
{
  static const char *const own[] = { "/dev", "/proc", "/sys" };
  struct stat st;
  if (strcmp (plan->mode, "R1") != 0)
    return xasprintf (_ ("its kernel runs no tracer (mode %s)"), plan->mode);
  if (plan->host_processes)
    return xstrdup (
        _ ("its kernel shows no processes of the host (--pid=host)"));
  if (plan->host_memory)
    return xstrdup (
        _ ("its kernel shares no memory with the host (--ipc=host)"));
  if (plan->config != NULL && plan->config->runc_subids)
    return xstrdup (_ ("it gives root no more ids (the setting runc_subids)"));
  for (size_t i = 0; i < plan->binding_count; i++)
    {
      const struct run_binding *binding = &plan->bindings[i];
      if (is_common_device (binding))
        continue;
      if (stat (binding->host, &st) == 0
          && (S_ISCHR (st.st_mode) || S_ISBLK (st.st_mode)))
        return xasprintf (
            _ ("its kernel shows no devices of the host, such as '%s'"),
            binding->host);
      for (size_t j = 0; j < sizeof own / sizeof *own && i < plan->volume_count;
           j++)
        if (is_in (binding->guest, own[j]))
          return xasprintf (
              _ ("its kernel has a '%s' of its own, where nothing "
                 "of the host can be shown"),
              own[j]);
    }
  return NULL;
}

void
oci_own_mounts (const struct run_plan *plan, bool own_kernel,
                const char *list[OCI_OWN_MOUNTS + 1])
{
  list[0] = "/dev";
  list[1] = "/proc";
  list[2] = parts_of (plan, own_kernel);
  list[3] = shows_sys (plan) ? "/sys" : NULL;
  list[4] = NULL;
}

/* Add TEXT to the array LIST.  */
static void
add_text (struct json_object *list, const char *text)
{
  (void) json_object_array_add (list, json_object_new_string (text));
}

/* Return an array of the texts TEXTS, ended by NULL.  */
static struct json_object *
array_of (const char *const *texts)
{
  struct json_object *list = json_object_new_array ();
  for (; *texts != NULL; texts++)
    add_text (list, *texts);
  return list;
}

static void
set_text (struct json_object *object, const char *key, const char *text)
{
  (void) json_object_object_add (object, key, json_object_new_string (text));
}

static void
set_number (struct json_object *object, const char *key, int64_t number)
{
  (void) json_object_object_add (object, key, json_object_new_int64 (number));
}

static void
set (struct json_object *object, const char *key, struct json_object *value)
{
  (void) json_object_object_add (object, key, value);
}

/* Return limits that let programs have as many files as here: udocker-init,
   which sets all limits, cannot raise any.  */
static struct json_object *
make_limits (void)
{
  struct json_object *list = json_object_new_array ();
  struct json_object *files = json_object_new_object ();
  struct rlimit limit;
  (void) getrlimit (RLIMIT_NOFILE, &limit); /* cannot fail */
  set_text (files, "type", "RLIMIT_NOFILE");
  set_number (files, "hard", (int64_t) limit.rlim_max);
  set_number (files, "soft", (int64_t) limit.rlim_cur);
  (void) json_object_array_add (list, files);
  return list;
}

/* Return what the process of a container of PLAN is.  */
static struct json_object *
make_process (const struct run_plan *plan, bool own_kernel)
{
  AUTO_FREE char *program =
      xasprintf ("%s/udocker-init", parts_of (plan, own_kernel));
  const char *const arguments[] = { program,
                                    own_kernel ? CHANNEL_GIVEN_OPTION : NULL,
                                    NULL };
  static const char *const environment[] = { "PATH=/usr/bin:/bin", NULL };
  static const char *const sets[] = { "bounding", "effective", "permitted" };
  struct json_object *process = json_object_new_object ();
  struct json_object *user = json_object_new_object ();
  struct json_object *capabilities = json_object_new_object ();

  set_number (user, "uid", 0);
  set_number (user, "gid", 0);
  for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
    {
      struct json_object *list = json_object_new_array ();
      for (size_t j = 0;
           plan->config != NULL && j < plan->config->runc_capabilities.count;
           j++)
        add_text (list, plan->config->runc_capabilities.items[j]);
      set (capabilities, sets[i], list);
    }
  set (process, "terminal", json_object_new_boolean (false));
  set (process, "user", user);
  set (process, "args", array_of (arguments));
  set (process, "env", array_of (environment));
  set_text (process, "cwd", "/");
  set (process, "capabilities", capabilities);
  set (process, "noNewPrivileges", json_object_new_boolean (true));
  if (own_kernel)
    set (process, "rlimits", make_limits ());
  return process;
}

/* Return a mount of SOURCE at GUEST, of TYPE, with OPTIONS, which are taken
   over.  */
static struct json_object *
make_mount (const char *guest, const char *type, const char *source,
            struct json_object *options)
{
  struct json_object *mount = json_object_new_object ();
  set_text (mount, "destination", guest);
  set_text (mount, "type", type);
  set_text (mount, "source", source);
  set (mount, "options", options);
  return mount;
}

/* Return whether anything is mounted below the host path PATH.  */
static bool
has_mounts_below (const char *path)
{
  AUTO_ERROR struct error ignored = { 0 };
  AUTO_FREE char *text = NULL;
  AUTO_FREE char *word =
      xasprintf (" %s/", strcmp (path, "/") == 0 ? "" : path);
  AUTO_CLOSE int fd = open ("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
  /* Who cannot tell does what is more.  */
  return fd < 0
         || file_read_fd (fd, "/proc/self/mountinfo", &text, NULL, &ignored) < 0
         || strstr (text, word) != NULL;
}

/* Add to OPTIONS what the file system of the host path PATH is mounted with:
   without privileges none of that can be taken away, and some runtimes try when
   they make a mount read-only.  */
static void
add_locked_options (struct json_object *options, const char *path)
{
  static const struct
  {
    unsigned long flag;
    const char *option;
  } known[] = {
    { ST_NOSUID, "nosuid" },     { ST_NODEV, "nodev" },
    { ST_NOEXEC, "noexec" },     { ST_NOATIME, "noatime" },
    { ST_RELATIME, "relatime" }, { ST_NODIRATIME, "nodiratime" },
  };
  struct statvfs st;
  if (statvfs (path, &st) < 0)
    return;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if ((st.f_flag & known[i].flag) != 0)
      add_text (options, known[i].option);
}

/* Return a mount of the host path HOST at GUEST.  */
static struct json_object *
make_binding (const char *guest, const char *host, bool read_only,
              bool own_kernel)
{
  struct json_object *options = json_object_new_array ();
  add_text (options, "rbind");
  if (read_only)
    {
      /* What is mounted below is read-only, too, since Linux 5.12.  */
      add_text (options, !own_kernel && platform_kernel_at_least (5, 12)
                                 && has_mounts_below (host)
                             ? "rro"
                             : "ro");
      add_locked_options (options, host);
    }
  return make_mount (guest, "bind", host, options);
}

/* When a container has one of our own mounts.  */
enum when
{
  ALWAYS,
  OWN_PROCESSES,
  HOST_PROCESSES,
  OWN_MEMORY,
  HOST_MEMORY
};

/* What a container has at PLACE.  */
struct own_mount
{
  const char *place, *guest, *type, *source;
  enum when when;
  const char *options[8];
};

/* What every container has that is made by the host's kernel.  */
static const struct own_mount own_mounts[] = {
  { "/proc",
    "/proc",
    "proc",
    "proc",
    OWN_PROCESSES,
    { "nosuid", "noexec", "nodev" } },
  { "/proc", "/proc", "bind", "/proc", HOST_PROCESSES, { "rbind" } },
  { "/sys",
    "/sys",
    "none",
    "/sys",
    ALWAYS,
    { "rbind", "nosuid", "noexec", "nodev", "ro" } },
  { "/dev", "/dev", "tmpfs", "tmpfs", ALWAYS, { "nosuid", "mode=755" } },
  { "/dev",
    "/dev/pts",
    "devpts",
    "devpts",
    ALWAYS,
    { "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620" } },
  { "/dev",
    "/dev/shm",
    "tmpfs",
    "shm",
    OWN_MEMORY,
    { "nosuid", "noexec", "nodev", "mode=1777" } },
  { "/dev", "/dev/shm", "bind", "/dev/shm", HOST_MEMORY, { "rbind" } },
  { "/dev",
    "/dev/mqueue",
    "mqueue",
    "mqueue",
    OWN_MEMORY,
    { "nosuid", "noexec", "nodev" } },
  { .place = NULL },
};

/* What one has whose runtime has a kernel: this fills /dev by itself.  */
static const struct own_mount own_kernel_mounts[] = {
  { "/proc", "/proc", "proc", "proc", ALWAYS, { "nosuid", "noexec", "nodev" } },
  { "/sys",
    "/sys",
    "sysfs",
    "sysfs",
    ALWAYS,
    { "nosuid", "noexec", "nodev", "ro" } },
  { "/dev", "/dev", "tmpfs", "tmpfs", ALWAYS, { "nosuid", "mode=755" } },
  { "/dev",
    "/dev/shm",
    "tmpfs",
    "shm",
    ALWAYS,
    { "nosuid", "noexec", "nodev", "mode=1777" } },
  { .place = NULL },
};

/* Return whether the container of PLAN has message queues of its own.  Old
   kernels do not let a user namespace mount them.  */
static bool
has_queues (const struct run_plan *plan)
{
  if (plan->config != NULL && plan->config->runc_nomqueue != CONFIG_UNSET)
    return plan->config->runc_nomqueue == CONFIG_NO;
  return platform_kernel_at_least (4, 8)
         && access ("/proc/sys/fs/mqueue", F_OK) == 0;
}

/* Return whether the container of PLAN has OWN.  */
static bool
has_own_mount (const struct run_plan *plan, const struct own_mount *own)
{
  switch (own->when)
    {
    case OWN_PROCESSES:
      return !plan->host_processes;
    case HOST_PROCESSES:
      return plan->host_processes;
    case OWN_MEMORY:
      return !plan->host_memory
             && (strcmp (own->type, "mqueue") != 0 || has_queues (plan));
    case HOST_MEMORY:
      return plan->host_memory && access (own->source, F_OK) == 0;
    case ALWAYS:
    default:
      return true;
    }
}

/* Return the options of OWN in the container of PLAN.  */
static struct json_object *
make_options (const struct run_plan *plan, const struct own_mount *own)
{
  struct json_object *options = array_of (own->options);
  AUTO_FREE char *size = NULL;
  if (plan->memory != 0 && strcmp (own->source, "shm") == 0)
    {
      size = xasprintf ("size=%llu", (unsigned long long) plan->memory);
      add_text (options, size);
    }
  return options;
}

/* Add to LIST what the container of PLAN has at GUEST, one of our own mounts,
   PARTS being where our programs are.  */
static void
add_own_mount (struct json_object *list, const struct run_plan *plan,
               const char *parts, const char *guest, bool own_kernel)
{
  for (const struct own_mount *own = own_kernel ? own_kernel_mounts
                                                : own_mounts;
       own->place != NULL; own++)
    if (strcmp (own->place, guest) == 0 && has_own_mount (plan, own))
      (void) json_object_array_add (
          list, make_mount (own->guest, own->type, own->source,
                            make_options (plan, own)));
  if (strcmp (guest, parts_of (plan, own_kernel)) == 0)
    (void) json_object_array_add (
        list, make_binding (guest, parts, true, own_kernel));
}

/* Add to LIST the directory GUEST of the root, for a kernel that would mount
   something there if nothing else of MOUNTS did.  */
static void
add_itself (struct json_object *list, const struct run_plan *plan,
            const struct run_mounts *mounts, const char *guest)
{
  struct stat st;
  AUTO_FREE char *path = xasprintf ("%s%s", mounts->root, guest);
  bool taken = false;
  for (size_t i = 0; i < mounts->count && !taken; i++)
    taken = strcmp (mounts->list[i].guest, guest) == 0;
  if (!taken && lstat (path, &st) == 0 && S_ISDIR (st.st_mode))
    (void) json_object_array_add (
        list, make_binding (guest, path,
                            plan->read_only || mounts->root_fd >= 0, true));
}

/* Return all mounts, PARTS being where our programs are.  */
static struct json_object *
make_mounts (const struct run_plan *plan, const struct run_mounts *mounts,
             const char *parts, bool own_kernel)
{
  struct json_object *list = json_object_new_array ();
  if (own_kernel)
    {
      add_itself (list, plan, mounts, "/tmp");
      add_itself (list, plan, mounts, "/sys");
    }
  for (size_t i = 0; i < mounts->count; i++)
    {
      const struct run_mount *mount = &mounts->list[i];
      if (mount->host == NULL)
        add_own_mount (list, plan, parts, mount->guest, own_kernel);
      else if (!own_kernel || !is_in (mount->guest, "/dev"))
        (void) json_object_array_add (
            list, make_binding (mount->guest, mount->host,
                                (mount->flags & PLAN_BINDING_READ_ONLY) != 0,
                                own_kernel));
    }
  return list;
}

/* Add to LIST a map of COUNT ids from HERE on, in the container, to those from
   THERE on.  */
static void
add_map (struct json_object *list, unsigned long here, unsigned long there,
         unsigned long count)
{
  struct json_object *map = json_object_new_object ();
  set_number (map, "containerID", (int64_t) here);
  set_number (map, "hostID", (int64_t) there);
  set_number (map, "size", (int64_t) count);
  (void) json_object_array_add (list, map);
}

/* Return the maps of users or, if KIND is 1, of groups: 0 is OWN, the others
   are SUBIDS, unless that is NULL.  */
static struct json_object *
make_maps (unsigned own, const struct subids *subids, int kind)
{
  struct json_object *list = json_object_new_array ();
  add_map (list, 0, own, 1);
  if (subids != NULL)
    add_map (list, 1, subids->first[kind], subids->count[kind]);
  return list;
}

/* Return what is particular to Linux for PLAN, SUBIDS being as above.  */
static struct json_object *
make_linux (const struct run_plan *plan, const struct subids *subids,
            bool own_kernel)
{
  const struct
  {
    const char *type;
    bool wanted;
  } namespaces[] = {
    { "user", !own_kernel },
    { "mount", true },
    { "pid", !plan->host_processes },
    { "ipc", !plan->host_memory },
    { "uts", !plan->host_node || plan->host_name != NULL },
  };
  static const char *const masked[] = {
    "/proc/acpi",
    "/proc/asound",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/firmware",
    NULL,
  };
  static const char *const read_only[] = { "/proc/bus",           "/proc/fs",
                                           "/proc/irq",           "/proc/sys",
                                           "/proc/sysrq-trigger", NULL };
  struct json_object *object = json_object_new_object ();
  struct json_object *list = json_object_new_array ();
  for (size_t i = 0; i < sizeof namespaces / sizeof *namespaces; i++)
    if (namespaces[i].wanted)
      {
        struct json_object *one = json_object_new_object ();
        set_text (one, "type", namespaces[i].type);
        (void) json_object_array_add (list, one);
      }
  set (object, "namespaces", list);
  if (!own_kernel)
    {
      set (object, "uidMappings", make_maps (geteuid (), subids, 0));
      set (object, "gidMappings", make_maps (getegid (), subids, 1));
    }
  set (object, "maskedPaths", array_of (masked));
  set (object, "readonlyPaths", array_of (read_only));
  return object;
}

/* Write OBJECT to the file NAME in DIRECTORY.  */
static int
write_json (const char *directory, const char *name, struct json_object *object,
            struct error *err)
{
  const char *text =
      json_object_to_json_string_ext (object, JSON_C_TO_STRING_PLAIN);
  AUTO_FREE char *path = xasprintf ("%s/%s", directory, name);
  AUTO_CLOSE int fd =
      open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  int status = fd < 0 ? -errno : file_write_all (fd, text, strlen (text));
  return status < 0 ? error_set (err, -status, _ ("cannot write '%s': %s"),
                                 path, strerror (-status))
                    : 0;
}

/* See that what MOUNTS of PLAN are called can be written: JSON is in UTF-8 (RFC
   8259, section 8.1), and runtimes see to it.  */
static int
check_names (const struct run_plan *plan, const struct run_mounts *mounts,
             struct error *err)
{
  const char *wrong = is_utf8 (mounts->root) ? NULL : mounts->root;
  for (size_t i = 0; i < mounts->count && wrong == NULL; i++)
    if (!is_utf8 (mounts->list[i].guest))
      wrong = mounts->list[i].guest;
    else if (mounts->list[i].host != NULL && !is_utf8 (mounts->list[i].host))
      wrong = mounts->list[i].host;
  if (wrong == NULL)
    return 0;
  return error_set (err, EILSEQ,
                    _ ("cannot show '%s' in mode %s: its name is not in UTF-8, "
                       "as OCI runtimes need it; modes P1 and T1 can"),
                    wrong, plan->mode);
}

int
oci_bundle_write (const char *directory, const struct run_plan *plan,
                  const struct run_mounts *mounts, const struct subids *subids,
                  bool own_kernel, struct error *err)
{
  AUTO_FREE char *program = platform_find_part ("udocker-init", err);
  if (program == NULL)
    return -err->number;
  *strrchr (program, '/') = '\0'; /* the directory of all of them */
  if (check_names (plan, mounts, err) < 0)
    return -err->number;

  struct utsname host;
  AUTO_JSON struct json_object *config = json_object_new_object ();
  struct json_object *root = json_object_new_object ();
  set_text (root, "path", mounts->root);
  set (root, "readonly",
       json_object_new_boolean (plan->read_only || mounts->root_fd >= 0));
  set_text (config, "ociVersion", "1.0.2");
  set (config, "process", make_process (plan, own_kernel));
  set (config, "root", root);
  if (plan->host_name != NULL)
    set_text (config, "hostname", plan->host_name);
  else if (own_kernel && uname (&host) == 0)
    set_text (config, "hostname", host.nodename); /* it does not know it */
  set (config, "mounts", make_mounts (plan, mounts, program, own_kernel));
  set (config, "linux", make_linux (plan, subids, own_kernel));
  int status = write_json (directory, "config.json", config, err);
  if (status < 0)
    return status;
  AUTO_JSON struct json_object *process = make_process (plan, own_kernel);
  return write_json (directory, "process.json", process, err);
}
