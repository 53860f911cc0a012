/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Large files that are written for the user, where he said.  */

#ifndef UDOCKER_LIB_BASE_OUTPUT_H
#define UDOCKER_LIB_BASE_OUTPUT_H

#include <stdbool.h>

struct error;

/* A file being written.  FD is for the caller to write to, the rest is not
   his.  */
struct output
{
  int fd;
  char *path;      /* what the user said, links followed */
  char *temporary; /* its name meanwhile; NULL: it has none, or is written in
                      place */
  bool is_nameless;
};

/* Begin to write PATH.  A regular file, also one that exists, has no name until
   it is whole, so that nothing is left when the process is killed, or another
   one where the file system cannot do that; a device or a FIFO is written as it
   is.  Return 0 with OUTPUT filled, to be ended with output_commit or
   output_abort, or a negative errno with ERR set.  */
int output_begin (const char *path, struct output *output, struct error *err);

/* Flush OUTPUT and make it appear in the place of what was there.  OUTPUT is
   released whatever happens.  Return 0, or a negative errno with ERR set, the
   old file in its place and nothing left of the new one.  */
int output_commit (struct output *output, struct error *err);

/* Give OUTPUT up: what was written is removed, the old file stays.  */
void output_abort (struct output *output);

#endif
