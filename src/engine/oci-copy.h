/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Copy what one descriptor reads to another, as one of several things that are
   waited for.  */

#ifndef UDOCKER_ENGINE_OCI_COPY_H
#define UDOCKER_ENGINE_OCI_COPY_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

/* From where to where, and what is on its way.  */
struct oci_copy
{
  int from, to;
  bool ended; /* FROM has */
  size_t start, end;
  char bytes[16384];
};

/* Make COPY one from descriptor FROM to descriptor TO.  */
void oci_copy_init (struct oci_copy *copy, int from, int to);

/* Read a line for COPY, which is there, from a terminal that makes lines; its
   end of input is END_OF_INPUT, which a line without an end has behind it.
   Return false when there is no room.  */
bool oci_copy_take_line (struct oci_copy *copy, char end_of_input);

/* Fill two members of what poll waits for with what COPY does.  */
void oci_copy_poll (const struct oci_copy *copy, struct pollfd news[2]);

/* Do what is possible by NEWS, the same two after poll.  */
void oci_copy_go_on (struct oci_copy *copy, const struct pollfd news[2]);

/* Write what is on its way.  */
void oci_copy_flush (struct oci_copy *copy);

/* Copy what is there, up to the end or until there is nothing.  */
void oci_copy_drain (struct oci_copy *copy);

#endif
