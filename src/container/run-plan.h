/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The run plan: everything that starting a program in a container needs,
   decided before anything is started.  */

#ifndef UDOCKER_CONTAINER_RUN_PLAN_H
#define UDOCKER_CONTAINER_RUN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "src/container/run-temporary.h"

struct config;
struct container;
struct error;
struct plan;
struct plan_writer;

/* Exit statuses of run that are not the program's own.  */
enum run_status
{
  RUN_STATUS_FAILURE = 125,      /* udocker itself failed */
  RUN_STATUS_NOT_RUNNABLE = 126, /* the program cannot be executed */
  RUN_STATUS_NOT_FOUND = 127     /* there is no such program */
};

/* Texts that somebody else owns.  */
struct run_list
{
  const char *const *items;
  size_t count;
};

/* What the user asked for.  NULL, false and empty lists mean "not given".
   All texts are borrowed.  */
struct run_request
{
  const char *root;        /* run in this host directory, without container */
  struct run_list command; /* words behind the container */
  const char *entry_point; /* "" drops entry point and command of the image */
  bool no_metadata;

  struct run_list environment;       /* NAME=VALUE; NAME: the host's; NAME-:
                                        not set */
  struct run_list environment_files; /* of the same, a line each */
  struct run_list unset;             /* names that nothing sets */
  const char *host_environment;      /* patterns of the host's variables to pass
                                        on, with commas between them */

  const char *user;        /* NAME, UID, and either with :GROUP or :GID */
  const char *directory;   /* working directory */
  bool host_accounts;      /* passwd and group of the host */
  bool container_accounts; /* passwd and group of the image, untouched */

  struct run_list volumes; /* HOST[:GUEST[:OPTION[,OPTION]...]] */
  struct run_list mounts;  /* type=bind,source=HOST,target=GUEST,... */
  struct run_list temporary_volumes; /* GUEST[:OPTIONS] */
  struct run_list volumes_from;      /* CONTAINER[:ro] */
  struct run_list no_volumes;        /* volumes to leave out */
  bool no_system_volumes;
  bool bind_home;
  bool bind_dri;
  bool read_only;          /* the container's own files */
  struct run_list devices; /* host devices to show, by path or as
                              VENDOR/CLASS=NAME */
  const char *gpus;        /* graphics processors: "all", a number, ... */
  bool nvidia;             /* NVIDIA's, unless GPUS says otherwise */
  struct run_list cdi_directories; /* with specifications of devices, in place
                                      of the usual ones */

  struct run_list ports; /* [ADDRESS:]HOSTPORT:PORT, and ranges */
  bool move_ports;       /* move privileged ports to where they can be had */

  const char *kernel;    /* release that uname shows */
  const char *host_name; /* node name that uname shows, and /etc/hostname */
  struct run_list hosts; /* NAME:ADDRESS, for /etc/hosts */
  struct run_list dns;   /* addresses, for /etc/resolv.conf; likewise: */
  struct run_list dns_search, dns_options;
  struct run_list limits;  /* NAME=SOFT[:HARD] */
  bool keep_owners;        /* those that programs set outlive the run */
  const char *mode;        /* execution mode */
  const char *stop_signal; /* that asks the program to end */
  const char *processors;  /* to run on, as "0-3,8" */
  bool remove;             /* remove the container afterwards */
  bool host_processes;     /* asked for by name, where a mode has others: */
  bool host_memory;        /* shared memory and messages of System V */
  bool host_node;          /* the name of the host */
  bool end_all;            /* what the program leaves ends with it */
  const char *memory;      /* how much in /dev/shm is wanted */
  struct run_list groups;  /* supplementary ones to be shown, too */
};

/* A host file or directory shown in the container.  */
struct run_binding
{
  char *host;
  char *guest;    /* absolute, no link in it, no "." or "..", no final '/' */
  uint32_t flags; /* PLAN_BINDING_* */
  bool stands_in; /* for directories that are missing, above another one */
  bool optional;  /* nobody asked for it: left out where it cannot be shown */
};

/* A file that is made up and exists in memory only.  */
struct run_file
{
  char *guest;
  char *content;
  size_t size;
  uint32_t mode;
};

/* Who the program is.  */
struct run_user
{
  char *name;
  char *home;
  char *shell;
  char *comment; /* the field that holds the real name */
  uid_t uid;     /* as shown */
  gid_t gid;
  gid_t *groups; /* supplementary ones, as shown */
  size_t group_count;
};

/* The plan.  All of it is owned, but for what is said to be borrowed.  */
struct run_plan
{
  struct container *container; /* borrowed; NULL with --location */
  const struct config *config; /* borrowed; NULL: the defaults */
  char *root;                  /* host path of "/" */
  int root_fd;                 /* the same, O_PATH; -1 when released */
  char *mode;                  /* "P1" */

  char **arguments; /* argv of the program, ended by NULL */
  size_t argument_count;
  char *program;      /* guest path of what is to be executed */
  char **environment; /* NAME=VALUE, ended by NULL; no name twice */
  size_t environment_count;
  char **unset; /* names of variables that are not in it, whoever sets them */
  size_t unset_count;
  char *directory; /* guest path, a directory, without links */
  struct run_user user;

  struct run_binding *bindings; /* in the order they were asked for */
  size_t binding_count;
  size_t volume_count; /* the first bindings, which were asked for */
  struct run_file *files;
  size_t file_count;

  char **device_variables; /* NAME=VALUE, what devices want to be set */
  size_t device_variable_count;
  char **device_folders; /* where their libraries are, if no linker looks */
  size_t device_folder_count;

  struct run_list left_out; /* as the request has no_volumes; borrowed */

  struct run_temporary temporary; /* directories that some of these show */

  struct plan_limit *limits; /* of resources, in this order */
  size_t limit_count;
  uint64_t memory; /* bytes that /dev/shm is to have; 0: any number */

  struct plan_port *ports; /* the first of two for the same port counts */
  size_t port_count;
  bool move_ports; /* the privileged ones, to where anybody may have them */

  char *emulator;      /* host path of what runs programs of the container's
                          machine; NULL when that is this one */
  char *processors;    /* to run on, as "0-3,8"; NULL: as we do */
  char *kernel;        /* NULL: the host's */
  char *host_name;     /* NULL: the host's */
  char *owners;        /* host path of the file that keeps owners, or NULL */
  bool read_only;      /* the root is, but for volumes */
  bool replaces_links; /* by copies where hard ones are not possible */
  bool no_filter;      /* of system calls: P1 runs as P2 */
  bool host_processes; /* these three as in the request */
  bool host_memory;
  bool host_node;
  bool kill_on_exit;
  int stop_signal; /* 0: SIGTERM */
  bool removes;    /* the container is to be removed afterwards */
  bool returns;    /* something is to be done when the program has ended */
  int started_fd;  /* who waits for the start is told there, or -1; see
                      output.h */
  char *bundle;    /* of the run that is joined, of an OCI runtime; NULL */
  int hold_fd;     /* lock that says "in use", or -1; see running.h */
  int *held_fds;   /* likewise of other containers whose files are shown */
  size_t held_count;
  int verbose; /* messages of the engine, as enum log_level */
};

/* Make PLAN of what REQUEST asks for in CONTAINER (NULL with REQUEST->root),
   the metadata of its image and CONFIG.  Nothing is written anywhere, neither
   on the host nor in the container, but temporary directories that go with
   PLAN; every path is looked up inside the container's tree, with its volumes
   in place, and never leaves it.

   Return 0 with PLAN filled (release it), or a negative errno with ERR set and
   *STATUS the exit status that tells it (enum run_status).  PLAN need not be
   released then.  */
int run_plan_make (struct run_plan *plan, const struct run_request *request,
                   struct container *container, const struct config *config,
                   int *status, struct error *err);

/* Make PLAN of what REQUEST asks for, of which command, user, directory and
   environment count, in CONTAINER, where RUNNING is the plan of a run: all else
   is as there.  Errors as with run_plan_make.  */
int run_plan_join (struct run_plan *plan, const struct plan *running,
                   const struct run_request *request,
                   struct container *container, const struct config *config,
                   int *status, struct error *err);

/* Tell whether REQUEST asks for devices that udocker-full alone can bring into
   a container.  */
bool run_request_injects (const struct run_request *request);

/* Have this process, and so what it becomes or starts, run on the processors
   that PLAN says.  Return 0, or a negative errno with ERR set.  */
int run_plan_use_processors (const struct run_plan *plan, struct error *err);

/* Warn where /dev/shm of the host is smaller than PLAN wants it.  */
void run_plan_check_memory (const struct run_plan *plan);

/* Free what PLAN owns, close its descriptors, remove its directories.  */
void run_plan_release (struct run_plan *plan);

/* Append PLAN to WRITER in the form that engines read (lib/plan).  Failures
   stick in WRITER.  */
void run_plan_write (const struct run_plan *plan, struct plan_writer *writer);

#endif
