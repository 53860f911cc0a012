/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The streams of the program: where udocker's caller has them, or a terminal
   of the container.  */

#ifndef UDOCKER_OCI_ENGINE_STREAMS_H
#define UDOCKER_OCI_ENGINE_STREAMS_H

#include <stddef.h>
#include <stdint.h>

struct channel_begin;

/* Make the streams of this process those of the program as BEGIN says: what
   udocker passed on, or a new terminal, of which it gets the other end, unless
   MASTER is not NULL: then that is put there.  This process leads its session
   then, and the terminal is that session's.  Return 0, or a negative errno
   after a message.  */
int streams_set (const struct channel_begin *begin, int *master);

/* Take the other descriptors that BEGIN says the program inherits, and move
   COUNT of ours, OURS, out of their way; those that are -1 do not exist.
   Return 0, or a negative errno after a message.  */
int streams_take_others (const struct channel_begin *begin, int *const *ours,
                         size_t count);

/* In the process that becomes the program: have these descriptors by their
   numbers, and the streams closed that BEGIN says are closed.  */
void streams_complete (const struct channel_begin *begin);

/* Tell udocker over CHANNEL where the program has left what has its own place
   to read and write at here: the streams PLACED, N as the bit N, and those of
   the other descriptors that came with one.  */
void streams_tell_places (uint32_t placed, int channel);

#endif
