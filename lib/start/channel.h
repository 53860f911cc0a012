/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What udocker and its first process in a container of an OCI runtime say to
   each other.

   The runtime is between them, and runtimes do not agree about streams, signals
   and terminals.  So they only start the container: the program's streams,
   and signals both ways, go past them, over descriptors that they leave
   open.  */

#ifndef UDOCKER_LIB_START_CHANNEL_H
#define UDOCKER_LIB_START_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <termios.h>

/* The descriptors that the first process finds.  */
enum channel_descriptor
{
  CHANNEL_PLAN_FD = 3,   /* the run plan */
  CHANNEL_FD = 4,        /* a socket, of packets: the channel */
  CHANNEL_STREAMS_FD = 5 /* the first of three: the program's streams */
};
#define CHANNEL_DESCRIPTORS 5 /* how many these are */

/* What is said once, before the runtime starts.  */
struct channel_begin
{
  uint64_t blocked, ignored; /* signals, N as the bit N - 1 */
  uint32_t umask;
  uint32_t closed;   /* which streams are, N as the bit N */
  uint32_t terminal; /* which are to be a new terminal, likewise */
  uint32_t others;   /* how many more descriptors follow, CHANNEL_OTHER */
  struct winsize size;
  struct termios modes; /* of that terminal */
};

/* What is said later, with a number.  */
enum channel_kind
{
  CHANNEL_STARTED = 1,    /* the runtime has done its part */
  CHANNEL_TERMINAL = 2,   /* this descriptor is the other end of the terminal */
  CHANNEL_STOPPED = 3,    /* the program was stopped by this signal */
  CHANNEL_SIGNAL = 4,     /* send this signal to the program */
  CHANNEL_SIGNAL_ALL = 5, /* the same, and to all of its process group */
  CHANNEL_OTHER = 6 /* the program is to have this descriptor by this number */
};

struct channel_message
{
  uint32_t kind;
  int32_t number;
};

/* Note in BEGIN which signals this process blocks and ignores; and block and
   ignore those that BEGIN says, and no others.  Those of the C library are no
   exception.  */
void channel_read_signals (struct channel_begin *begin);
void channel_set_signals (const struct channel_begin *begin);

/* Send KIND with NUMBER, and a copy of the descriptor PASSED unless that is -1,
   over CHANNEL.  Signals are not sent, with -EAGAIN, when the other end has not
   taken very many before; the rest waits.  Return 0 or a negative errno.  */
int channel_send (int channel, enum channel_kind kind, int number, int passed);

/* Receive MESSAGE from CHANNEL, which is not waited for, and in *PASSED a
   descriptor, close-on-exec, or -1.  Return 1, 0 when there is none, or a
   negative errno when there will be none any more.  */
int channel_receive (int channel, struct channel_message *message, int *passed);

/* Return whether the signal NUMBER asks a program to end.  */
bool channel_asks_to_end (int number);

#endif
