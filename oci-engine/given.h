/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Descriptors that come over the channel, where the runtime passes none.  */

#ifndef UDOCKER_OCI_ENGINE_GIVEN_H
#define UDOCKER_OCI_ENGINE_GIVEN_H

#include <stdint.h>

struct channel_begin;

/* Have the channel, which is standard input, where a runtime would leave it
   (lib/start/channel.h).  Return 0 or a negative errno.  */
int given_channel (void);

/* Receive over it what BEGIN lets expect, and have it where a runtime would
   leave it.  Streams that are not given lead nowhere.  Return 0 with in *PLACED
   which streams have their own place to read and write at, N as the bit N; or,
   after a message, a negative errno.  */
int given_receive (const struct channel_begin *begin, uint32_t *placed);

#endif
