/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Runs in the background, and what they write.  */

#ifndef UDOCKER_CONTAINER_OUTPUT_H
#define UDOCKER_CONTAINER_OUTPUT_H

#include <sys/types.h>

struct container;
struct error;
struct run_member;

/* Open for reading what runs of CONTAINER in the background have written so
   far; all of them write to the end of one file beside the container.  Return a
   descriptor, close-on-exec, -ENOENT when there was no such run, or another
   negative errno; ERR is set.  */
int container_open_output (const struct container *container,
                           struct error *err);

/* Go on in the background with a run of CONTAINER: in a process that reads from
   /dev/null and writes to the container's output.  It stays in the process
   group and session of this one, where batch systems look for what they clean
   up.

   Return 0 in that process, with in *STARTED_FD what container_tell_start takes
   there.  In this one return its id when it has told so, or has ended already;
   or a negative errno with ERR set, also when udocker or an engine failed there
   before.  */
pid_t container_detach (const struct container *container, int *started_fd,
                        struct error *err);

/* Tell who has had this process made by container_detach, over STARTED_FD, that
   the program is about to start, and that others find it.  Nothing is told
   over -1.  */
void container_tell_start (int started_fd);

/* Note beside CONTAINER that this process, in which container_detach has
   returned 0, has seen the program end with STATUS.  Never fails: then it is
   not known.  */
void container_note_end (const struct container *container, int status);

/* Return what the run of CONTAINER in the background that ended last has noted,
   or -1 when that is not known; with RUNNER only what that process has.  */
int container_noted_end (const struct container *container,
                         const struct run_member *runner);

#endif
