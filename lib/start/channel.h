/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What udocker and its first process in a container of an OCI runtime say to
   each other.

   The runtime is between them, and runtimes do not agree about streams, signals
   and terminals.  So they only start the container: the program's streams,
   and signals both ways, go past them, over descriptors that they leave
   open.

   A runtime with a kernel of its own leaves none open but the standard ones.
   The channel is standard input then, and the other descriptors come over it:
   that kernel makes of each a file of its own, which has its own place to read
   and write at, is never a terminal, and does not go back.  So these places are
   told both ways, and what a terminal reads and writes goes over a socket.  */

#ifndef UDOCKER_LIB_START_CHANNEL_H
#define UDOCKER_LIB_START_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <termios.h>

/* The descriptors that the first process finds.  */
enum channel_descriptor
{
  CHANNEL_PLAN_FD = 3,    /* the run plan */
  CHANNEL_FD = 4,         /* a socket, of packets: the channel */
  CHANNEL_STREAMS_FD = 5, /* the first of three: the program's streams */
  CHANNEL_LINE_FD = 8, /* leads to the terminal; only of those that are given */
  CHANNEL_PROGRAM_FD = 9 /* that process's own program, where it is found by
                            this and not by a name */
};
#define CHANNEL_DESCRIPTORS 5 /* how many runtimes leave open */

/* What the first process has for an argument when they are given over the
   channel.  */
#define CHANNEL_GIVEN_OPTION "--given"

/* How many resources have limits.  */
#define CHANNEL_LIMITS 16

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
  struct channel_limit
  {
    uint64_t soft, hard;    /* as rlimit64 */
  } limits[CHANNEL_LIMITS]; /* for who does not inherit them */
};

/* What is said later, with a number.  */
enum channel_kind
{
  CHANNEL_STARTED = 1,    /* the runtime has done its part */
  CHANNEL_TERMINAL = 2,   /* this descriptor is the other end of the terminal */
  CHANNEL_STOPPED = 3,    /* the program was stopped by this signal */
  CHANNEL_SIGNAL = 4,     /* send this signal to the program */
  CHANNEL_SIGNAL_ALL = 5, /* the same, and to all of its process group */
  CHANNEL_OTHER = 6, /* the program is to have this descriptor by this number;
                        VALUE is the place where it reads and writes, or -1 */
  CHANNEL_GIVEN = 7, /* this is the descriptor of this number, VALUE likewise */
  CHANNEL_SAME = 8,  /* that of this number is the one that has number VALUE;
                        with -1 it leads nowhere */
  CHANNEL_PLACE = 9, /* the program has left that of this number at VALUE */
  CHANNEL_SIZE = 10, /* the terminal has VALUE columns and this number of
                        lines */
  CHANNEL_LEAVES = 11 /* the program has ended; what it has started may go
                         on */
};

struct channel_message
{
  uint32_t kind;
  int32_t number;
  int64_t value;
};

/* Note in BEGIN the limits of this process; and set those that BEGIN says, as
   far as that may be.  */
void channel_read_limits (struct channel_begin *begin);
void channel_set_limits (const struct channel_begin *begin);

/* Note in BEGIN which signals this process blocks and ignores; and block and
   ignore those that BEGIN says, and no others.  Those of the C library are no
   exception.  */
void channel_read_signals (struct channel_begin *begin);
void channel_set_signals (const struct channel_begin *begin);

/* Send KIND with NUMBER, and a copy of the descriptor PASSED unless that is -1,
   over CHANNEL.  Signals are not sent, with -EAGAIN, when the other end has not
   taken very many before; the rest waits.  VALUE is -1 but for what has one.
   Return 0 or a negative errno.  */
int channel_send (int channel, enum channel_kind kind, int number, int passed);
int channel_send_value (int channel, enum channel_kind kind, int number,
                        int64_t value, int passed);

/* Receive MESSAGE from CHANNEL, which is not waited for, and in *PASSED a
   descriptor, close-on-exec, or -1.  Return 1, 0 when there is none, or a
   negative errno when there will be none any more.  */
int channel_receive (int channel, struct channel_message *message, int *passed);

/* Return whether the signal NUMBER asks a program to end.  */
bool channel_asks_to_end (int number);

#endif
