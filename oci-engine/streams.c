/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The streams of the program: where udocker's caller has them, or a terminal
   of the container.  */

#include "oci-engine/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
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

/* Make a terminal as BEGIN says, and tell udocker.  Return a descriptor of the
   program's end or a negative errno.  */
static int
make_terminal (const struct channel_begin *begin)
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
      error = channel_send (CHANNEL_FD, CHANNEL_TERMINAL, 0, other);
    }
  if (other >= 0)
    (void) close (other); /* the copy counts */
  return error < 0 ? error : fd;
}

int
streams_set (const struct channel_begin *begin)
{
  int terminal = -1;
  (void) setsid (); /* mostly the runtime has done so */
  if (begin->terminal != 0)
    {
      terminal = make_terminal (begin);
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

void
streams_close (const struct channel_begin *begin)
{
  for (int fd = 0; fd < STREAMS; fd++)
    if ((begin->closed >> fd & 1) != 0)
      (void) close (fd);
}
