/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Write a run plan, hand it to another program, print it.  Hosted code.  */

#ifndef UDOCKER_LIB_PLAN_PLAN_WRITE_H
#define UDOCKER_LIB_PLAN_PLAN_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/plan/plan.h"

/* A plan being written.  The first failure sticks, so that only the end needs
   to be checked.  */
struct plan_writer
{
  unsigned char *bytes;
  size_t size, room;
  int status; /* 0, or the negative errno of what failed first */
};

/* Start an empty plan in WRITER.  Release it with plan_writer_release.  */
void plan_writer_init (struct plan_writer *writer);

/* Free what WRITER holds.  */
void plan_writer_release (struct plan_writer *writer);

/* Append a record of the shape that the name says.  TAG must have it.  A TEXT
   that breaks the rules of its shape, or a plan above PLAN_SIZE_MAX, makes
   WRITER fail with EINVAL or EFBIG.  */
void plan_write_text (struct plan_writer *writer, enum plan_tag tag,
                      const char *text);
void plan_write_number (struct plan_writer *writer, enum plan_tag tag,
                        uint64_t number);
void plan_write_binding (struct plan_writer *writer,
                         const struct plan_binding *binding);
void plan_write_file (struct plan_writer *writer, const struct plan_file *file);
void plan_write_limit (struct plan_writer *writer,
                       const struct plan_limit *limit);
void plan_write_port (struct plan_writer *writer, const struct plan_port *port);

/* Complete the plan and open it as PLAN, which borrows from WRITER.  Return 0,
   or the negative errno of the first failure.  */
int plan_writer_finish (struct plan_writer *writer, struct plan *plan);

/* Return a descriptor, close-on-exec, of a new file without a name: in memory,
   where /proc calls it NAME and *SEALABLE tells that seals can be put on it;
   where that is not possible in the directory of the variable PROOT_TMP_DIR or
   TMPDIR, or /tmp.  Return a negative errno on failure.  */
int plan_open_nameless (const char *name, bool *sealable);

/* What a file with a plan is called.  */
#define PLAN_FILE_NAME "udocker-plan"

/* Put PLAN in FD, an empty file from plan_open_nameless, and seal it if it is
   SEALABLE.  Return 0 or a negative errno.  */
int plan_put (int fd, bool sealable, const struct plan *plan);

/* Put PLAN in a file without a name, sealed where the kernel can, and return
   a descriptor of it at offset zero, close-on-exec.  Return a negative errno
   on failure.  */
int plan_send (const struct plan *plan);

/* Read the plan behind FD from its beginning, check it, and make PLAN of it.
   The bytes are private to this process, which frees them with
   plan_receive_release.  FD stays open.  Return 0, or a negative errno: those
   of plan_open, of read, or -ENOMEM.  */
int plan_receive (int fd, struct plan *plan);
void plan_receive_release (struct plan *plan);

/* Write PLAN to STREAM for people: a line per record, name and value, with
   control characters escaped.  */
void plan_print (const struct plan *plan, FILE *stream);

#endif
