/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Descriptors that come over the channel, where the runtime passes none.  */

#include "oci-engine/given.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "lib/start/channel.h"
#include "lib/start/message.h"

int
given_channel (void)
{
  return dup2 (STDIN_FILENO, CHANNEL_FD) < 0 ? -errno : 0;
}

/* Have FD, which is taken over, as the descriptor WANTED.  Return 0 or a
   negative errno.  */
static int
have (int fd, int wanted)
{
  if (fd < 0)
    return -errno;
  if (fd == wanted)
    return 0;
  int error = dup2 (fd, wanted) < 0 ? -errno : 0;
  (void) close (fd);
  return error;
}

/* Receive one descriptor, and note in PLACED what is said of its place.  */
static int
receive_one (uint32_t *placed)
{
  struct channel_message message;
  struct pollfd news = { .fd = CHANNEL_FD, .events = POLLIN };
  int passed;
  int status;
  do
    {
      (void) poll (&news, 1, -1);
      status = channel_receive (CHANNEL_FD, &message, &passed);
    }
  while (status == 0);
  if (status < 0)
    return status;
  if (message.kind == CHANNEL_SAME && message.value >= 0)
    return dup2 ((int) message.value, message.number) < 0 ? -errno : 0;
  if (message.kind == CHANNEL_SAME)
    return have (open ("/dev/null", O_RDWR | O_CLOEXEC), message.number);
  if (message.kind != CHANNEL_GIVEN)
    return -EPROTO;
  if (passed < 0)
    return -EBADF; /* this kernel has none of its kind, such as a socket */
  if (message.value >= 0
      && lseek (passed, (off_t) message.value, SEEK_SET) >= 0)
    *placed |= 1u << (message.number - CHANNEL_STREAMS_FD);
  return have (passed, message.number);
}

int
given_receive (const struct channel_begin *begin, uint32_t *placed)
{
  int count =
      begin->terminal != 0 ? CHANNEL_DESCRIPTORS : CHANNEL_DESCRIPTORS - 1;
  int error = 0;
  *placed = 0;
  for (int i = 0; i < count && error == 0; i++)
    error = receive_one (placed);
  if (error < 0)
    start_complain ("cannot lead the program's streams into the container: %s",
                    error == -EBADF ? "its kernel does not take what one of "
                                      "them is, which may be a socket"
                                    : strerror (-error));
  return error;
}
