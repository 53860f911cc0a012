/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker run: run a program in a container.  */

#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "src/cmd/command.h"
#include "src/cmd/run-list.h"
#include "src/config/config.h"
#include "src/container/container.h"
#include "src/container/obtain.h"
#include "src/container/output.h"
#include "src/container/run-plan.h"
#include "src/container/running.h"
#include "src/engine/engine.h"
#include "src/image/platform-choice.h"
#include "src/platform/host.h"

extern const struct command command_run;

struct run_options
{
  struct option_list volumes, no_volumes, environment, environment_files;
  struct option_list devices, ports, unset, limits, hosts;
  struct option_list dns, dns_search, dns_options, mounts, temporary;
  struct option_list volumes_from, groups, cdi_directories, security;
  const char *user, *directory, *entry_point, *name, *pull, *platform;
  const char *index, *registry, *proxy, *cpus, *kernel, *host_name, *location;
  const char *id_file, *network, *processes, *semaphores, *nodes, *mode;
  bool remove, host_accounts, container_accounts, no_system_volumes;
  const char *host_environment, *stop_signal, *gpus, *memory;
  bool bind_home, no_metadata, dri, all_ports, banner, no_banner, keep_owners,
      read_only, detach, end_all;
};

#define TARGET(member) .target = OPTION_TARGET (struct run_options, member)

static const char *const pull_choices[] = { "missing", "never", "always",
                                            "reuse", NULL };

static const char *const stream_choices[] = { "stdin", "stdout", "stderr",
                                              "STDIN", "STDOUT", "STDERR",
                                              NULL };

/* Why several options are refused.  */
#define NO_MEMORY_LIMIT                                                        \
  N_ ("udocker cannot limit memory; use ulimit -v or the batch system")
#define NO_PROCESSOR_SHARES                                                    \
  N_ ("udocker cannot share out processor time; --cpuset-cpus chooses "        \
      "processors")

static const struct option_row rows[] = {
  { "volume", 'v', OPTION_LIST, N_ ("HOST[:CONTAINER[:OPTIONS]]"),
    N_ ("show a file or directory of the host in the container; OPTIONS are "
        "ro, rw, nofollow"),
    TARGET (volumes) },
  { "mount", 0, OPTION_LIST, N_ ("KEY=VALUE,..."),
    N_ ("the same in other words: type=bind,source=HOST,target=CONTAINER and, "
        "if need be, readonly; or type=tmpfs,target=CONTAINER"),
    TARGET (mounts) },
  { "tmpfs", 0, OPTION_LIST, N_ ("DIR[:OPTIONS]"),
    N_ ("show an empty directory that lasts as long as the run"),
    TARGET (temporary) },
  { "volumes-from", 0, OPTION_LIST, N_ ("CONTAINER[:ro]"),
    N_ ("show what the image of another container says are its volumes"),
    TARGET (volumes_from) },
  { "novol", 0, OPTION_LIST, N_ ("HOST"), N_ ("leave out this volume"),
    TARGET (no_volumes) },
  { "env", 'e', OPTION_LIST, N_ ("NAME[=VALUE]"),
    N_ ("set an environment variable, or pass on its value; NAME- has nothing "
        "set it"),
    TARGET (environment) },
  { "env-file", 0, OPTION_LIST, N_ ("FILE"),
    N_ ("set the variables that FILE has a line for"),
    TARGET (environment_files) },
  { "unsetenv", 0, OPTION_LIST, N_ ("NAME"),
    N_ ("have nothing set this environment variable"), TARGET (unset) },
  { "user", 'u', OPTION_VALUE, N_ ("USER[:GROUP]"),
    N_ ("run as this user, a name or number"), TARGET (user) },
  { "shm-size", 0, OPTION_VALUE, N_ ("SIZE"),
    N_ ("warn where /dev/shm, which is the host's, is smaller, as in 64m; in "
        "modes R have one of this size"),
    TARGET (memory) },
  { "group-add", 0, OPTION_LIST, N_ ("GROUP"),
    N_ ("show this supplementary group, too, a name or number"),
    TARGET (groups) },
  { "workdir", 'w', OPTION_VALUE, N_ ("DIR"),
    N_ ("start in this directory of the container"), TARGET (directory) },
  { "entrypoint", 0, OPTION_VALUE, N_ ("WORDS"),
    N_ ("run this instead of the entry point of the image"),
    TARGET (entry_point) },
  { "init", 0, OPTION_FLAG, NULL,
    N_ ("end what the program leaves when it ends, whatever the settings say"),
    TARGET (end_all) },
  { "stop-signal", 0, OPTION_VALUE, N_ ("SIGNAL"),
    N_ ("signal by which 'udocker stop' asks the program to end"),
    TARGET (stop_signal) },
  { "detach", 'd', OPTION_FLAG, NULL,
    N_ ("run in the background and print the id; 'udocker logs' shows what is "
        "written"),
    TARGET (detach) },
  { "rm", 0, OPTION_FLAG, NULL,
    N_ ("remove the container afterwards, unless it is protected"),
    TARGET (remove) },
  { "name", 0, OPTION_VALUE, N_ ("NAME"), N_ ("give the container a name"),
    TARGET (name) },
  { "cidfile", 0, OPTION_VALUE, N_ ("FILE"),
    N_ ("write the id of the container to a new FILE"), TARGET (id_file) },
  { "pull", 0, OPTION_OPTIONAL, N_ ("WHEN"),
    N_ ("fetch the image: missing (the default), never, always; reuse takes "
        "the container of --name if there is one"),
    .choices = pull_choices, TARGET (pull) },
  { "platform", 0, OPTION_VALUE, N_ ("OS/ARCH[/VARIANT]"),
    N_ ("take the image for this platform, and fetch it if the one here is for "
        "another"),
    TARGET (platform) },
  { "index", 0, OPTION_VALUE, N_ ("URL"), N_ ("index to fetch from"),
    TARGET (index) },
  { "registry", 0, OPTION_VALUE, N_ ("URL"), N_ ("registry to fetch from"),
    TARGET (registry) },
  { "httpproxy", 0, OPTION_VALUE, N_ ("URL"), N_ ("proxy to fetch through"),
    TARGET (proxy) },
  { "cpuset-cpus", 0, OPTION_VALUE, N_ ("LIST"),
    N_ ("run on these processors, as in 0-3,8"), TARGET (cpus) },
  { "hostauth", 0, OPTION_FLAG, NULL,
    N_ ("show the host's users and groups; the user must be one of them"),
    TARGET (host_accounts) },
  { "containerauth", 0, OPTION_FLAG, NULL,
    N_ ("leave the image's users and groups as they are; the user must be "
        "one of them"),
    TARGET (container_accounts) },
  { "nosysdirs", 0, OPTION_FLAG, NULL,
    N_ ("do not show /dev, /proc, /sys and the like of the host"),
    TARGET (no_system_volumes) },
  { "hostenv", 0, OPTION_OPTIONAL, N_ ("PATTERN[,PATTERN...]"),
    N_ ("pass on the whole environment, or what matches"),
    TARGET (host_environment) },
  { "bindhome", 0, OPTION_FLAG, NULL, N_ ("show your home directory"),
    TARGET (bind_home) },
  { "nometa", 0, OPTION_FLAG, NULL,
    N_ ("do not look at what the image says about running it"),
    TARGET (no_metadata) },
  { "dri", 0, OPTION_FLAG, NULL,
    N_ ("show the host's drivers for direct rendering"), TARGET (dri) },
  { "kernel", 0, OPTION_VALUE, N_ ("RELEASE"),
    N_ ("kernel release that uname shows"), TARGET (kernel) },
  { "hostname", 0, OPTION_VALUE, N_ ("NAME"),
    N_ ("host name that uname and /etc/hostname show"), TARGET (host_name) },
  { "add-host", 0, OPTION_LIST, N_ ("NAME:ADDRESS"),
    N_ ("add a line to /etc/hosts"), TARGET (hosts) },
  { "dns", 0, OPTION_LIST, N_ ("ADDRESS"),
    N_ ("ask this name server instead of the host's"), TARGET (dns) },
  { "dns-search", 0, OPTION_LIST, N_ ("DOMAIN"),
    N_ ("look for names in this domain; '.' for in none"),
    TARGET (dns_search) },
  { "dns-option", 0, OPTION_LIST, N_ ("OPTION"),
    N_ ("an option for /etc/resolv.conf"), TARGET (dns_options) },
  { "ulimit", 0, OPTION_LIST, N_ ("NAME=SOFT[:HARD]"),
    N_ ("limit a resource, such as nofile; -1 is no limit"), TARGET (limits) },
  { "device", 0, OPTION_LIST, N_ ("DEVICE"),
    N_ ("show this device, /dev/NAME[:/dev/OTHER][:rwm]; or one that a "
        "specification names, VENDOR/CLASS=NAME, with what its use takes"),
    TARGET (devices) },
  { "gpus", 0, OPTION_VALUE, N_ ("GPUS"),
    N_ ("show graphics processors, and the libraries of the host's driver for "
        "them: all, a number, or device=NAME[,NAME]...; of one maker with "
        "driver=NAME, which is nvidia, amd or intel"),
    TARGET (gpus) },
  { "cdi-dir", 0, OPTION_LIST, N_ ("DIR"),
    N_ ("look for specifications of devices here instead of in /etc/cdi and "
        "/var/run/cdi"),
    TARGET (cdi_directories) },
  { "publish", 'p', OPTION_LIST, N_ ("HOSTPORT:PORT"),
    N_ ("make PORT of the container HOSTPORT of the host; also ranges, as in "
        "8000-8003:80-83"),
    TARGET (ports) },
  { "publish-all", 'P', OPTION_FLAG, NULL,
    N_ ("make ports below 1024 of the container those 10000 higher of the "
        "host, which anybody may have"),
    TARGET (all_ports) },
  { "read-only", 0, OPTION_FLAG, NULL,
    N_ ("refuse to change what is no volume"), TARGET (read_only) },
  { "fakeowner", 0, OPTION_FLAG, NULL,
    N_ ("P and T modes: keep owners, modes, devices and attributes that root "
        "of "
        "the container sets, for later runs and for export"),
    TARGET (keep_owners) },
  { "execmode", 0, OPTION_VALUE, N_ ("MODE"),
    N_ ("run in this mode, whatever setup says: P1, P2, T1, T2, R1, R2, R3, S1 "
        "or "
        "auto"),
    TARGET (mode) },
  { "location", 0, OPTION_VALUE, N_ ("DIR"),
    N_ ("run in the directory tree DIR instead of a container, whose name is "
        "then ignored"),
    TARGET (location) },
  { "banner", 0, OPTION_FLAG, NULL,
    N_ ("print the banner, also where standard error is no terminal"),
    TARGET (banner) },
  { "nobanner", 0, OPTION_FLAG, NULL, N_ ("print no banner"),
    TARGET (no_banner) },

  /* Other spellings.  */
  { .name = "netcoop", TARGET (all_ports), .hidden = true },
  { "dns-opt", 0, OPTION_LIST, TARGET (dns_options), .hidden = true },
  { "env-host", 0, OPTION_OPTIONAL, TARGET (host_environment), .hidden = true },

  /* Checked below: there is only the host's.  */
  { "network", 0, OPTION_VALUE, N_ ("NAME"), TARGET (network), .hidden = true },
  { "net", 0, OPTION_VALUE, N_ ("NAME"), TARGET (network), .hidden = true },

  /* The same, but for modes R, which have others.  */
  { "pid", 0, OPTION_VALUE, N_ ("host"),
    N_ ("modes R: show all processes of the host, as other modes do"),
    TARGET (processes) },
  { "ipc", 0, OPTION_VALUE, N_ ("host"),
    N_ ("modes R: share memory with others on the host, as other modes do"),
    TARGET (semaphores) },
  { "uts", 0, OPTION_VALUE, N_ ("host"),
    N_ ("modes R: have no name of the host of one's own"), TARGET (nodes) },

  /* What Docker's users write, and what is so anyway or changes nothing.  */
  { .name = "interactive", .letter = 'i', .ignored = true },
  { .name = "tty", .letter = 't', .ignored = true },
  { .name = "attach",
    .letter = 'a',
    .kind = OPTION_OPTIONAL,
    .choices = stream_choices,
    .ignored = true },
  { .name = "sig-proxy", .ignored = true },
  { .name = "label", .letter = 'l', .kind = OPTION_VALUE, .ignored = true },
  { .name = "expose", .kind = OPTION_VALUE, .ignored = true },
  { .name = "security-opt",
    .kind = OPTION_LIST,
    .hidden = true,
    TARGET (security) },
  { .name = "log-driver", .kind = OPTION_VALUE, .ignored = true },
  { .name = "log-opt", .kind = OPTION_VALUE, .ignored = true },
  { .name = "quiet", .letter = 'q', .ignored = true },
  { .name = "no-healthcheck", .ignored = true },
  { .name = "health-cmd", .kind = OPTION_VALUE, .ignored = true },
  { .name = "health-interval", .kind = OPTION_VALUE, .ignored = true },
  { .name = "health-retries", .kind = OPTION_VALUE, .ignored = true },
  { .name = "health-timeout", .kind = OPTION_VALUE, .ignored = true },
  { .name = "health-start-period", .kind = OPTION_VALUE, .ignored = true },
  { .name = "label-file", .kind = OPTION_VALUE, .ignored = true },
  { .name = "annotation", .kind = OPTION_VALUE, .ignored = true },
  { .name = "disable-content-trust", .ignored = true },

  /* What would promise something that is not kept.  */
  { .name = "privileged",
    .refusal = N_ ("a container has your privileges and no others") },
  { .name = "cap-add",
    .kind = OPTION_VALUE,
    .refusal = N_ ("a container has your privileges and no others") },
  { .name = "cap-drop",
    .kind = OPTION_VALUE,
    .refusal = N_ ("a container has your privileges and no others") },
  { .name = "memory",
    .letter = 'm',
    .kind = OPTION_VALUE,
    .refusal = NO_MEMORY_LIMIT },
  { .name = "memory-swap", .kind = OPTION_VALUE, .refusal = NO_MEMORY_LIMIT },
  { .name = "memory-reservation",
    .kind = OPTION_VALUE,
    .refusal = NO_MEMORY_LIMIT },
  { .name = "pids-limit",
    .kind = OPTION_VALUE,
    .refusal = N_ ("udocker cannot count a container's processes; --ulimit "
                   "nproc=N counts yours") },
  { .name = "cpu-shares",
    .letter = 'c',
    .kind = OPTION_VALUE,
    .refusal = NO_PROCESSOR_SHARES },
  { .name = "cpu-period",
    .kind = OPTION_VALUE,
    .refusal = NO_PROCESSOR_SHARES },
  { .name = "cpu-quota", .kind = OPTION_VALUE, .refusal = NO_PROCESSOR_SHARES },
  { .name = "cpuset-mems",
    .kind = OPTION_VALUE,
    .refusal = N_ ("udocker does not choose memory nodes; numactl around it "
                   "does") },
  { .name = "sysctl",
    .kind = OPTION_VALUE,
    .refusal = N_ ("settings of the kernel are the host's") },
  { .name = "cgroup-parent",
    .kind = OPTION_VALUE,
    .refusal = N_ ("containers are in your control group") },
  { .name = "storage-opt",
    .kind = OPTION_VALUE,
    .refusal = N_ ("a container is a directory, as large as its file system "
                   "lets it be") },
  { .name = "cpus", .kind = OPTION_VALUE, .refusal = NO_PROCESSOR_SHARES },
  { .name = "restart",
    .kind = OPTION_VALUE,
    .refusal = N_ ("there is no daemon to restart it") },
  { .name = "link",
    .kind = OPTION_VALUE,
    .refusal = N_ ("containers share the host's network") },
  { .name = "mac-address",
    .kind = OPTION_VALUE,
    .refusal = N_ ("containers share the host's network") },
  { 0 },
};

/* Return whether VALUE asks for what the host has.  */
static bool
is_host (const char *value)
{
  return value != NULL && strcmp (value, "host") == 0;
}

/* Refuse VALUE of option NAME unless it is what there is: the host's.  */
static int
check_name_space (const char *name, const char *value, struct error *err)
{
  if (value == NULL || value[0] == '\0' || is_host (value))
    return 0;
  return error_set (err, EINVAL,
                    _ ("--%s=%s: containers share what the host has; only"
                       " 'host' can be had"),
                    name, value);
}

/* Refuse what of LIST, the values of --security-opt, promises to confine the
   container's programs; the rest is so anyway.  */
static int
check_security (const struct option_list *list, struct error *err)
{
  for (size_t i = 0; i < list->count; i++)
    if (strncmp (list->items[i], "seccomp=", strlen ("seccomp=")) == 0
        && strcmp (list->items[i], "seccomp=unconfined") != 0)
      return error_set (err, EINVAL,
                        _ ("--security-opt=%s: udocker confines no system "
                           "calls of programs"),
                        list->items[i]);
  return 0;
}

/* Check what the options ask for that cannot be done.  */
static int
check_options (const struct run_options *options, struct error *err)
{
  int status = check_name_space ("network", options->network, err);
  if (status == 0)
    status = check_name_space ("pid", options->processes, err);
  if (status == 0)
    status = check_name_space ("ipc", options->semaphores, err);
  if (status == 0)
    status = check_name_space ("uts", options->nodes, err);
  if (status == 0)
    status = check_security (&options->security, err);
  if (status == 0 && options->platform != NULL)
    {
      struct platform platform = { 0 };
      status = platform_parse (&platform, options->platform, err);
      platform_release (&platform);
    }
  if (status == 0 && options->host_accounts && options->container_accounts)
    status = error_set (err, EINVAL,
                        _ ("--hostauth and --containerauth exclude each "
                           "other"));
  return status;
}

/* Return whether OPTIONS want a banner.  In a file or a pipe it would be in the
   way of who looks for the program's own messages.  */
static bool
wants_banner (const struct run_options *options)
{
  return !options->no_banner && !options->detach && log_says (LOG_INFO)
         && (options->banner || isatty (STDERR_FILENO));
}

/* Print the banner that says that ID begins with PROGRAM.  */
static void
print_banner (const char *id, const char *program)
{
  enum
  {
    WIDTH = 78
  };
  char stars[WIDTH + 1];
  memset (stars, '*', WIDTH);
  stars[WIDTH] = '\0';

  const char *slash = strrchr (program, '/');
  AUTO_BUFFER (title);
  buffer_add_format (&title, "STARTING %s", id);
  int space = title.length < WIDTH - 2 ? WIDTH - 2 - (int) title.length : 0;
  int left = space / 2;

  AUTO_BUFFER (text);
  buffer_add_format (&text, " \n %s \n *%*s* \n *%*s%s%*s* \n *%*s* \n %s \n",
                     stars, WIDTH - 2, "", left, "", title.data, space - left,
                     "", WIDTH - 2, "", stars);
  buffer_add_format (&text, " executing: %s\n",
                     slash == NULL ? program : slash + 1);
  /* Nobody is there to read it: no reason not to run.  */
  (void) file_write_all (STDERR_FILENO, text.data, text.length);
}

/* Return the patterns that VALUE of --hostenv means; it was a flag once.  */
static const char *
host_patterns (const char *value)
{
  if (value == NULL || strcmp (value, "false") == 0)
    return NULL;
  return value[0] == '\0' || strcmp (value, "true") == 0 ? "*" : value;
}

/* Translate the options and words of INVOCATION into what is asked for.  */
static struct run_request
request_of (const struct invocation *invocation, const char *root)
{
  const struct run_options *options = invocation->options;
  return (struct run_request){
    .root = root,
    .command = { (const char *const *) invocation->operands + 1,
                 (size_t) invocation->operand_count - 1 },
    .entry_point = options->entry_point,
    .no_metadata = options->no_metadata,
    .environment = run_list_of (&options->environment),
    .environment_files = run_list_of (&options->environment_files),
    .unset = run_list_of (&options->unset),
    .host_environment = host_patterns (options->host_environment),
    .user = options->user,
    .directory = options->directory,
    .host_accounts = options->host_accounts,
    .container_accounts = options->container_accounts,
    .volumes = run_list_of (&options->volumes),
    .mounts = run_list_of (&options->mounts),
    .temporary_volumes = run_list_of (&options->temporary),
    .volumes_from = run_list_of (&options->volumes_from),
    .groups = run_list_of (&options->groups),
    .no_volumes = run_list_of (&options->no_volumes),
    .no_system_volumes = options->no_system_volumes,
    .bind_home = options->bind_home,
    .bind_dri = options->dri,
    .devices = run_list_of (&options->devices),
    .gpus = options->gpus,
    .cdi_directories = run_list_of (&options->cdi_directories),
    .ports = run_list_of (&options->ports),
    .move_ports = options->all_ports,
    .kernel = options->kernel,
    .host_name = options->host_name,
    .hosts = run_list_of (&options->hosts),
    .dns = run_list_of (&options->dns),
    .dns_search = run_list_of (&options->dns_search),
    .dns_options = run_list_of (&options->dns_options),
    .limits = run_list_of (&options->limits),
    .read_only = options->read_only,
    .stop_signal = options->stop_signal,
    .processors = options->cpus,
    .end_all = options->end_all,
    .memory = options->memory,
    .keep_owners = options->keep_owners,
    .remove = options->remove,
    .host_processes = is_host (options->processes),
    .host_memory = is_host (options->semaphores),
    .host_node = is_host (options->nodes),
  };
}

/* Return in a process that goes on in the background with a run of CONTAINER;
   this one prints the id and ends.  Return 0, or a negative errno with ERR
   set.  */
static int
go_to_background (const struct container *container, int *started_fd,
                  struct error *err)
{
  if (container == NULL)
    return error_set (err, EINVAL,
                      _ ("--detach: only a container has an output, "
                         "--location has none"));
  pid_t child = container_detach (container, started_fd, err);
  if (child <= 0)
    return (int) child;
  /* All that is to be done afterwards is the other's.  */
  if (puts (container->id) >= 0 && fflush (stdout) == 0)
    _exit (0);
  log_error (_ ("container %s runs in the background, but its id cannot be "
                "printed: %s"),
             container->id, strerror (errno));
  _exit (RUN_STATUS_FAILURE);
}

/* Run what REQUEST says in CONTAINER (NULL: in a directory), in use by HOLD
   (-1 for none).  Return the exit status, or a negative errno with ERR set and
   invocation->failure_status set.  Where nothing is to be done afterwards it
   does not return.  */
static int
run_request_in (struct invocation *invocation, struct run_request *request,
                struct container *container, int hold, bool *started,
                struct error *err)
{
  const struct run_options *options = invocation->options;
  AUTO_FREE char *mode = NULL;
  const struct engine *engine = NULL;

  int status = 0;
  if (options->mode == NULL)
    status = engine_mode_of (container, invocation->config, &mode, err);
  if (status == 0)
    status = engine_find (options->mode != NULL ? options->mode : mode, &engine,
                          &request->mode, err);
  if (status == 0)
    status = engine->usable (platform_host (), invocation->config,
                             request->mode, err);
  if (status < 0)
    return status;

  struct run_plan plan;
  int failure_status = RUN_STATUS_FAILURE;
  status = run_plan_make (&plan, request, container, invocation->config,
                          &failure_status, err);
  if (status < 0)
    {
      invocation->failure_status = failure_status;
      return status;
    }
  status = run_plan_use_processors (&plan, err);
  if (status == 0)
    status = engine->check (&plan, err);
  if (status < 0)
    {
      run_plan_release (&plan);
      return status;
    }
  plan.hold_fd = hold;
  if (wants_banner (options))
    print_banner (container != NULL ? container->id : request->root,
                  plan.arguments[0]);
  if (options->detach)
    status = go_to_background (container, &plan.started_fd, err);
  plan.returns = plan.returns || options->detach;
  *started = status == 0;
  if (status == 0)
    status = engine->run (&plan, err);
  if (options->detach && *started)
    container_note_end (container, status < 0 ? RUN_STATUS_FAILURE : status);
  plan.hold_fd = -1; /* the caller's */
  run_plan_release (&plan);
  return status;
}

/* Remove CONTAINER, which only HOLD (or -1) may be using, after a run.  */
static void
remove_after_run (struct container *container, int hold)
{
  AUTO_ERROR struct error err = { 0 };
  if (container_remove_after_run (container, hold, &err) < 0)
    log_warning (_ ("the container is not removed: %s"), err.text);
}

/* Make FILE, which must not exist, and write ID to it.  */
static int
write_id (const char *file, const char *id, struct error *err)
{
  int fd = open (file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0 && errno == EEXIST)
    return error_set (err, EEXIST,
                      _ ("--cidfile: '%s' exists; remove it, or the container "
                         "that it tells of may be lost"),
                      file);
  if (fd < 0)
    return error_set (err, errno, _ ("--cidfile: cannot make '%s': %s"), file,
                      strerror (errno));
  int status = file_write_all (fd, id, strlen (id));
  if (close (fd) < 0 && status == 0)
    status = -errno;
  if (status == 0)
    return 0;
  (void) unlink (file); /* half an id is none */
  return error_set (err, -status, _ ("--cidfile: cannot write '%s': %s"), file,
                    strerror (-status));
}

/* Run in a container that is found or made first.  */
static int
run_container (struct invocation *invocation, enum obtain_pull pull,
               struct error *err)
{
  const struct run_options *options = invocation->options;
  const struct obtain_request wanted = {
    .target = invocation->operands[0],
    .name = options->name == NULL || options->name[0] == '\0' ? NULL
                                                              : options->name,
    .pull = pull,
    .platform = options->platform,
    .registry = options->registry,
    .index = options->index,
    .proxy = options->proxy,
    .keep_owners = options->keep_owners || invocation->config->proot_fakeowner,
  };
  if (wanted.target[0] == '\0')
    return error_set (err, EINVAL, "%s", _ (command_run.missing));

  struct obtained obtained;
  int status = obtain_container (invocation->store, invocation->config, &wanted,
                                 &obtained, err);
  if (status == OBTAIN_NEEDS_FULL)
    return platform_exec_part ("udocker-full", invocation->argv, err);
  if (status < 0)
    return status;

  struct container *container = obtained.container;
  const int hold = obtained.hold;
  bool started = false;
  struct run_request request = request_of (invocation, NULL);
  request.nvidia = container_wants_nvidia (container);
  if (run_request_injects (&request) && !command_is_full ())
    {
      if (hold >= 0)
        (void) close (hold); /* nothing was written to it */
      container_close (container);
      return platform_exec_part ("udocker-full", invocation->argv, err);
    }
  if (options->id_file != NULL)
    status = write_id (options->id_file, container->id, err);
  if (status == 0)
    status =
        run_request_in (invocation, &request, container, hold, &started, err);
  if (!started && options->id_file != NULL && status != -EEXIST)
    (void) unlink (options->id_file); /* there may be none */
  /* What nobody got to know must not stay.  */
  if (options->remove || (obtained.made && !started))
    remove_after_run (container, hold);
  if (hold >= 0)
    (void) close (hold); /* nothing was written to it */
  container_close (container);
  return status;
}

static int
run_run (struct invocation *invocation, struct error *err)
{
  const struct run_options *options = invocation->options;
  enum obtain_pull pull = OBTAIN_MISSING;
  int status = check_options (options, err);
  if (status == 0 && options->pull != NULL)
    status = obtain_read_pull (options->pull, &pull, err);
  if (status < 0)
    return status;

  const char *location = options->location;
  if (location == NULL && invocation->config->location[0] != '\0')
    location = invocation->config->location;
  if (location == NULL || location[0] == '\0')
    return run_container (invocation, pull, err);

  AUTO_FREE char *root = realpath (location, NULL);
  if (root == NULL)
    return error_set (err, errno, _ ("invalid --location '%s': %s"), location,
                      strerror (errno));
  struct run_request request = request_of (invocation, root);
  if (run_request_injects (&request) && !command_is_full ())
    return platform_exec_part ("udocker-full", invocation->argv, err);
  request.remove = false;
  bool started = false;
  return run_request_in (invocation, &request, NULL, -1, &started, err);
}

const struct command command_run = {
  .name = "run",
  .operands = N_ ("CONTAINER|IMAGE [COMMAND [ARG...]]"),
  .summary = N_ ("run a program in a container"),
  .description = N_ (
      "CONTAINER is an id, the beginning of one, or a name.  For an IMAGE a "
      "new container is made each time, and the image is pulled when it is "
      "not here; without --rm that container stays. Of runs that start at once "
      "one pulls it, and with --pull=reuse --name=NAME one makes the container "
      "for all; the others wait.\n\n"
      "As root of the container programs may change owners, modes and "
      "attributes, and make devices; they see what they did until the "
      "container ends. With --fakeowner, or with the setting proot_fakeowner, "
      "it is kept beside the container and seen by every later run with it; "
      "a container that is made begins with the owners that its image says. "
      "What nobody was given belongs to root then, whoever the user is. "
      "'udocker clone' copies it, 'udocker export' writes it into the archive, "
      "and 'udocker rm' removes it. Of files on volumes nothing is kept but "
      "where they are on the file system of the container.\n\n"
      "With --detach the program reads nothing and writes to a file beside the "
      "container, which 'udocker logs' prints; 'udocker ps --running', "
      "'udocker "
      "wait' and 'udocker stop' tell of it and end it. It stays in the process "
      "group and the session of the shell, so that a batch system that cleans "
      "up reaches it.\n\n"
      "Docker's options -i, -t, --attach, --sig-proxy, --label, --expose, "
      "--log-driver, --health-cmd and the like are taken and change nothing, "
      "and so are z, Z and cached behind a volume.\n\n"
      "Without COMMAND what the image says is run.  Options of udocker come "
      "before CONTAINER; all behind it belongs to COMMAND.\n\n"
      "The exit status is that of the program; 128+N when signal N ended it; "
      "127 when there is no such program, 126 when it cannot be executed, "
      "and 125 when udocker itself failed."),
  .options = rows,
  .options_size = sizeof (struct run_options),
  .min_operands = 1,
  .max_operands = OPERANDS_ANY,
  .missing = N_ ("must specify container_id or image:tag"),
  .needs = NEEDS_REPOSITORY,
  .options_end_at_operand = true,
  .failure_status = RUN_STATUS_FAILURE,
  .run = run_run,
};
