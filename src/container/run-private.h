/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What the files that make the run plan share.  */

#ifndef UDOCKER_CONTAINER_RUN_PRIVATE_H
#define UDOCKER_CONTAINER_RUN_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "src/container/run-plan.h"

struct device_edits;
struct driver_request;
struct driver_vendor;

/* What the image says about how it is run.  All is owned; NULL and 0 mean
   that it says nothing.  */
struct run_metadata
{
  char *user;
  char *directory;
  char **entry_point;
  size_t entry_point_count;
  char **command;
  size_t command_count;
  char **environment;
  size_t environment_count;
  char **volumes; /* paths in the container */
  size_t volume_count;
  char *stop_signal;
  char *architecture; /* as Docker calls it */
  bool exposes_ports, exposes_privileged_ports;
};

/* Read the metadata of CONTAINER.  Return 0 with METADATA filled (release it)
   or a negative errno with ERR set.  */
int run_metadata_read (const struct container *container,
                       struct run_metadata *metadata, struct error *err);
void run_metadata_release (struct run_metadata *metadata);

/* Add to the array of *COUNT texts at *LIST, which stays ended by NULL, a
   text that it owns from now on.  */
void run_list_add (char ***list, size_t *count, char *text);

/* Free an array of texts that is ended by NULL, or is NULL.  */
void run_list_free (char **list);

/* Looking things up inside the container: run-path.c.  */

/* What a path in the container names.  */
struct run_place
{
  int fd;      /* O_PATH, close-on-exec; -1 when there is nothing on disk */
  char *guest; /* its path without links */
  bool virtual_directory; /* only there because a volume lies below it */
  struct stat status;     /* what it is, if FD is not -1 */
};

enum run_look_flags
{
  RUN_LOOK_NO_FOLLOW = 1, /* a link at the end is what is meant */
  RUN_LOOK_MISSING = 2    /* what does not exist is found too */
};

/* Find what the absolute PATH names in PLAN's root with its bindings in
   place.  FLAGS are of enum run_look_flags.  Return 0 with PLACE filled
   (release it), or a negative errno.  Never leaves the tree.  */
int run_look (const struct run_plan *plan, const char *path, unsigned flags,
              struct run_place *place);
void run_place_release (struct run_place *place);

/* Make the directory PATH, absolute, in PLAN's root, and those above it that
   are missing, with the mode 0755 less the umask; bindings are not looked at.
   Return 0, also when something is there already, or a negative errno.  */
int run_make_directory (const struct run_plan *plan, const char *path);

/* Open for reading what PLACE names, without waiting for anything.  Return a
   descriptor or a negative errno.  */
int run_place_open (const struct run_place *place);

/* Return PATH as the container would name it from DIRECTORY: PATH itself when
   it is absolute.  The caller frees it.  */
char *run_join (const char *directory, const char *path);

/* The parts of the plan, each a file; PLAN is filled step by step, in the
   order given here.  They return 0 or a negative errno with ERR set.  */

/* Fill bindings: run-volumes.c.  */
int run_plan_add_volumes (struct run_plan *plan,
                          const struct run_request *request,
                          const struct config *config, struct error *err);

/* A volume as it was written, taken apart.  */
struct run_volume
{
  char *host;     /* normal, absolute; NULL where TEMPORARY */
  char *guest;    /* likewise, not "/" and without ".." */
  uint32_t flags; /* PLAN_BINDING_* */
  bool temporary; /* a directory for the run, made empty */
  unsigned mode;  /* of that, 0 for any; with a sticky bit */
};
void run_volume_release (struct run_volume *volume);

/* Read WORD into VOLUME, which is to be released: what -v takes,
   "HOST[:GUEST[:OPTION[,OPTION]...]]", where "\:" is a colon in a name; what
   --mount takes, "KEY=VALUE[,KEY=VALUE]..." in Docker's form; what --tmpfs
   takes, "GUEST[:OPTIONS]".  run-volume-words.c.  */
int run_volume_read (const char *word, struct run_volume *volume,
                     struct error *err);
int run_mount_read (const char *word, struct run_volume *volume,
                    struct error *err);
int run_tmpfs_read (const char *word, struct run_volume *volume,
                    struct error *err);

/* Tell whether PLAN binds something at exactly the guest path PATH; and whether
   a volume that was asked for does.  */
bool run_plan_binds (const struct run_plan *plan, const char *path);
bool run_plan_has_volume (const struct run_plan *plan, const char *path);

/* Return the contents of PATH as the container sees it, in memory or on disk,
   which the caller frees; "" when it cannot be read.  run-files.c.  */
char *run_plan_read (const struct run_plan *plan, const char *path);

/* Make CONTENT, which is taken over, what the container sees at PATH, where a
   link is followed, in the place of what was made for it before.  */
int run_plan_add_file (struct run_plan *plan, const char *path, char *content,
                       struct error *err);

/* Have PLAN show the device, or a file that goes with one, HOST at GUEST,
   unless something is there that was asked for; also where the host's /dev is,
   of which some engines show their own.  run-volumes.c.  */
int run_plan_bind_device (struct run_plan *plan, const char *host,
                          const char *guest, uint32_t flags, struct error *err);

/* Add devices, and what their use takes: run-devices.c.  */
int run_plan_add_devices (struct run_plan *plan,
                          const struct run_request *request,
                          const struct run_metadata *metadata,
                          const struct config *config, struct error *err);

/* The part of it that brings in what the host has for them; there is one in
   udocker-full (run-inject.c), and one in the light program that is never
   called (run-inject-light.c).  */
int run_plan_inject (struct run_plan *plan, const struct run_request *request,
                     const struct run_metadata *metadata,
                     const struct config *config, struct error *err);

/* Which graphics processors are asked for.  */
struct run_gpus
{
  bool all;
  size_t count; /* the first so many, if not all and not by name */
  char **names; /* ended by NULL; or NULL */
  size_t name_count;
  char *capabilities;                 /* with commas between, or NULL */
  const struct driver_vendor *vendor; /* only this one's, or NULL */
};

/* Read TEXT, what --gpus has in Docker's form, into GPUS, empty before and to
   be released: words with commas between, some of them KEY=VALUE; a word
   without
   "=" is one more value of the last key.  run-gpus.c.  */
int run_gpus_read (const char *text, struct run_gpus *gpus, struct error *err);
void run_gpus_release (struct run_gpus *gpus);

/* Return the directory where PLAN's container has its C library, and where its
   linker finds others, which the caller frees; NULL when it has no glibc.
   run-libraries.c, as what follows.  */
char *run_library_folder (const struct run_plan *plan);

/* Tell whether the container's linker looks in FOLDER anyhow.  */
bool run_library_folder_is_searched (const struct run_plan *plan,
                                     const char *folder);

/* Tell whether the container has NAME: a path; or a library that its linker
   finds, SEARCH_PATH being LD_LIBRARY_PATH or NULL, in whose name a directory
   below may be.  */
bool run_library_is_inside (const struct run_plan *plan,
                            const char *search_path, const char *name);

/* Add to EDITS the host's libraries that those of it from mount FIRST on need,
   and that the container lacks; they are looked for as REQUEST says.  What
   belongs to the C library never is among them.  */
void run_libraries_complete (const struct run_plan *plan,
                             const char *search_path,
                             const struct driver_request *request, size_t first,
                             struct device_edits *edits);

/* Warn of the libraries of EDITS that will not load in PLAN's container, where
   SEARCH_PATH, NULL for none, is LD_LIBRARY_PATH.  */
void run_libraries_check (const struct run_plan *plan, const char *search_path,
                          const struct device_edits *edits);

/* Fill limits: run-limits.c.  */
int run_plan_add_limits (struct run_plan *plan,
                         const struct run_request *request, struct error *err);

/* Fill the size of /dev/shm from SIZE, or NULL: run-limits.c.  */
int run_plan_add_memory (struct run_plan *plan, const char *size,
                         struct error *err);

/* Make up the files that name hosts: run-names.c.  */
int run_plan_add_names (struct run_plan *plan,
                        const struct run_request *request, struct error *err);

/* Fill user and the made-up passwd and group: run-user.c.  SPECIFICATION is
   what --user or the image says, or NULL.  */
int run_plan_add_user (struct run_plan *plan, const struct run_request *request,
                       const char *specification, struct error *err);

/* Return the name of who runs this, "" when it has none; the caller frees it.
   Looks in /etc/passwd before it asks the C library, which is dear.  */
char *run_own_name (void);

/* Fill environment: run-environment.c.  */
int run_plan_add_environment (struct run_plan *plan,
                              const struct run_request *request,
                              const struct run_metadata *metadata,
                              const struct config *config, struct error *err);

/* Change the environment of PLAN, which is that of a run, as REQUEST says: with
   another user to that one's variables, then by files and words.  */
int run_plan_change_environment (struct run_plan *plan,
                                 const struct run_request *request,
                                 struct error *err);

/* Return the value of NAME in PLAN's environment, or NULL.  */
const char *run_plan_environment (const struct run_plan *plan,
                                  const char *name);

/* Fill ports: run-ports.c.  */
int run_plan_add_ports (struct run_plan *plan,
                        const struct run_request *request, struct error *err);

/* Fill directory: run-program.c.  */
int run_plan_add_directory (struct run_plan *plan,
                            const struct run_request *request,
                            const struct run_metadata *metadata,
                            struct error *err);

/* Find what runs the program at PLACE, called GUEST, when it or the interpreter
   of its script is one of another machine: run-machine.c.  Return 0, or
   -ENOEXEC with ERR set when there is nothing that does.  */
int run_plan_suit_program (struct run_plan *plan, const struct run_place *place,
                           const char *guest, const struct config *config,
                           struct error *err);

/* The same for the other programs of an image that is for ARCHITECTURE (NULL:
   it does not say), where something is found.  */
void run_plan_suit_image (struct run_plan *plan, const char *architecture,
                          const struct config *config);

/* Fill arguments and program; on failure *STATUS is what run exits with.  */
int run_plan_add_program (struct run_plan *plan,
                          const struct run_request *request,
                          const struct run_metadata *metadata,
                          const struct config *config, int *status,
                          struct error *err);

#endif
