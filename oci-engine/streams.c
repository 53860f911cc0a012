/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The streams of the program: where udocker's caller has them, or a terminal
   of the container.  */

#include "oci-engine/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "lib/start/channel.h"
#include "lib/start/message.h"

enum
{
  STREAMS = 3
};

/* Make a terminal as BEGIN says, and tell udocker, which gets the other end if
   MASTER is NULL; else that is put there.  Return a descriptor of the program's
   end or a negative errno.  */
static int
make_terminal (const struct channel_begin *begin, int *master)
{
  int unlocked = 0;
  int number = 0;
  char name[32];
  int other = open ("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  int fd = -1;
  if (other >= 0 && ioctl (other, TIOCSPTLCK, &unlocked) == 0
      && ioctl (other, TIOCGPTN, &number) == 0)
    {
      (void) snprintf (name, sizeof name, "/dev/pts/%d", number);
      fd = open (name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    }
  int error = fd < 0 ? -errno : 0;
  if (fd >= 0)
    {
      (void) tcsetattr (fd, TCSANOW, &begin->modes); /* or the usual ones */
      (void) ioctl (fd, TIOCSWINSZ, &begin->size);   /* or none */
      error = channel_send (CHANNEL_FD, CHANNEL_TERMINAL, 0,
                            master == NULL ? other : -1);
    }
  if (master != NULL)
    *master = other;
  else if (other >= 0)
    (void) close (other); /* the copy counts */
  return error < 0 ? error : fd;
}

int
streams_set (const struct channel_begin *begin, int *master)
{
  int terminal = -1;
  (void) setsid (); /* mostly the runtime has done so */
  if (begin->terminal != 0)
    {
      terminal = make_terminal (begin, master);
      if (terminal < 0)
        {
          start_complain ("cannot make a terminal in the container: %s",
                          strerror (-terminal));
          return terminal;
        }
      (void) ioctl (terminal, TIOCSCTTY, 0); /* or no job control */
    }
  for (int fd = 0; fd < STREAMS; fd++)
    {
      bool is_terminal = (begin->terminal >> fd & 1) != 0;
      (void) dup2 (is_terminal ? terminal : CHANNEL_STREAMS_FD + fd,
                   fd); /* both are open */
      (void) close (CHANNEL_STREAMS_FD + fd);
    }
  if (terminal > STDERR_FILENO)
    (void) close (terminal);
  return 0;
}

/* Other descriptors of the program.  */
struct other
{
  int number;  /* that it knows it by */
  int fd;      /* meanwhile */
  bool placed; /* it came with its place */
};
static struct other *others;
static uint32_t others_count;

/* Return whether one of COUNT others is to have the number FD.  */
static bool
is_wanted (uint32_t count, int fd)
{
  for (uint32_t i = 0; i < count; i++)
    if (others[i].number == fd)
      return true;
  return false;
}

/* Return FD, or a copy in its place, close-on-exec, with a number that none of
   COUNT others is to have, or a negative errno.  */
static int
move_away (uint32_t count, int fd)
{
  int copy = CHANNEL_STREAMS_FD + STREAMS - 1;
  int error = 0;
  do
    {
      int next = fcntl (fd, F_DUPFD_CLOEXEC, copy + 1);
      error = next < 0 ? -errno : 0;
      if (copy >= CHANNEL_STREAMS_FD + STREAMS)
        (void) close (copy); /* it was wanted */
      copy = next;
    }
  while (error == 0 && is_wanted (count, copy));
  (void) close (fd);
  return error < 0 ? error : copy;
}

/* Receive COUNT of the others.  Return 0 or a negative errno.  */
static int
receive_others (uint32_t count)
{
  others = calloc (count + 1, sizeof *others);
  for (uint32_t i = 0; others != NULL && i < count;)
    {
      struct channel_message message;
      struct pollfd news = { .fd = CHANNEL_FD, .events = POLLIN };
      (void) poll (&news, 1, -1);
      int status = channel_receive (CHANNEL_FD, &message, &others[i].fd);
      if (status < 0)
        return status;
      if (status > 0 && message.kind == CHANNEL_OTHER)
        {
          others[i].number = message.number;
          others[i].placed =
              message.value >= 0
              && lseek (others[i].fd, (off_t) message.value, SEEK_SET) >= 0;
          i++;
        }
      else if (status > 0
               && (message.kind == CHANNEL_SIGNAL
                   || message.kind == CHANNEL_SIGNAL_ALL)
               && channel_asks_to_end (message.number))
        return -EINTR;
    }
  return others == NULL ? -ENOMEM : 0;
}

int
streams_take_others (const struct channel_begin *begin, int *const *ours,
                     size_t count)
{
  int error = receive_others (begin->others);
  for (uint32_t i = 0; error == 0 && i < begin->others; i++)
    {
      if (others[i].fd < 0)
        continue; /* it could not be passed */
      others[i].fd = move_away (begin->others, others[i].fd);
      error = others[i].fd < 0 ? others[i].fd : 0;
    }
  others_count = begin->others;
  for (size_t i = 0; error == 0 && i < count; i++)
    if (*ours[i] >= 0)
      {
        *ours[i] = move_away (begin->others, *ours[i]);
        error = *ours[i] < 0 ? *ours[i] : 0;
      }
  if (error < 0)
    start_complain ("cannot pass descriptors on to the program: %s",
                    strerror (-error));
  return error;
}

void
streams_complete (const struct channel_begin *begin)
{
  for (uint32_t i = 0; i < begin->others; i++)
    if (others[i].fd >= 0)
      (void) dup2 (others[i].fd, others[i].number); /* or is above a limit */
  for (int fd = 0; fd < STREAMS; fd++)
    if ((begin->closed >> fd & 1) != 0)
      (void) close (fd);
}

/* Tell over CHANNEL where FD is, which the program knows as NUMBER.  */
static void
tell_place (int channel, int fd, int number)
{
  off_t place = lseek (fd, 0, SEEK_CUR);
  if (place >= 0)
    (void) channel_send_value (channel, CHANNEL_PLACE, number, place,
                               -1); /* or nobody is there */
}

void
streams_tell_places (uint32_t placed, int channel)
{
  for (int fd = 0; fd < STREAMS; fd++)
    if ((placed >> fd & 1) != 0)
      tell_place (channel, fd, fd);
  for (size_t i = 0; i < others_count; i++)
    if (others[i].placed)
      tell_place (channel, others[i].fd, others[i].number);
}
