/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The streams of the program: where udocker's caller has them, or a terminal
   of the container.  */

#ifndef UDOCKER_OCI_ENGINE_STREAMS_H
#define UDOCKER_OCI_ENGINE_STREAMS_H

struct channel_begin;

/* Make the streams of this process those of the program as BEGIN says: what
   udocker passed on, or a new terminal, of which it gets the other end.  This
   process leads its session then, and the terminal is that session's.  Return
   0, or a negative errno after a message.  */
int streams_set (const struct channel_begin *begin);

/* Close the streams that BEGIN says are closed.  */
void streams_close (const struct channel_begin *begin);

#endif
