/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The other end of a terminal of the container, where that cannot be passed to
   udocker.  */

#include "oci-engine/line.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "lib/start/relay.h"

static struct relay typed = { .from = -1, .to = -1 };
static struct relay shown = { .from = -1, .to = -1 };

/* Send SIGNAL to who is in the foreground of the terminal.  */
static void
signal_foreground (int number)
{
  pid_t group = tcgetpgrp (STDIN_FILENO);
  if (group > 1 && group != getpgrp ())
    (void) kill (-group, number); /* or it has just ended */
}

/* Return the signal that KEY makes at a terminal in MODES, or 0.  */
static int
signal_of (const struct termios *modes, char key)
{
  static const struct
  {
    int place, number;
  } keys[] = { { VINTR, SIGINT }, { VQUIT, SIGQUIT }, { VSUSP, SIGTSTP } };
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    if (key != '\0' && modes->c_cc[keys[i].place] == (cc_t) key)
      return keys[i].number;
  return 0;
}

/* Take the keys out of what RELAY has read that make signals.  */
static void
look_for_signals (struct relay *relay)
{
  struct termios modes;
  if (tcgetattr (STDIN_FILENO, &modes) < 0 || (modes.c_lflag & ISIG) == 0)
    return;
  size_t to = relay->start;
  for (size_t i = relay->start; i < relay->end; i++)
    {
      int number = signal_of (&modes, relay->bytes[i]);
      if (number != 0)
        {
          const char echo[] = { '^', (char) (relay->bytes[i] ^ 0x40) };
          ssize_t ignored = (modes.c_lflag & ECHO) != 0
                                ? write (relay->from, echo, sizeof echo)
                                : 0;
          (void) ignored; /* who does not read it misses nothing */
          signal_foreground (number);
        }
      else
        relay->bytes[to++] = relay->bytes[i];
    }
  relay->end = to;
}

void
line_init (int master, int outside)
{
  (void) fcntl (master, F_SETFL, O_NONBLOCK); /* or one waits */
  (void) fcntl (outside, F_SETFL, O_NONBLOCK);
  relay_init (&typed, outside, master);
  relay_init (&shown, master, outside);
  typed.look = look_for_signals;
}

void
line_poll (struct pollfd news[LINE_POLLS])
{
  relay_poll (&shown, &news[0]);
  relay_poll (&typed, &news[2]);
}

void
line_go_on (const struct pollfd news[LINE_POLLS])
{
  relay_go_on (&shown, &news[0]);
  relay_go_on (&typed, &news[2]);
}

void
line_set_size (int lines, int columns)
{
  const struct winsize size = {
    .ws_row = (unsigned short) lines,
    .ws_col = (unsigned short) columns,
  };
  if (ioctl (STDIN_FILENO, TIOCSWINSZ, &size) == 0)
    signal_foreground (SIGWINCH);
}

void
line_finish (void)
{
  if (shown.from < 0)
    return;
  (void) fcntl (shown.to, F_SETFL, 0); /* udocker reads to the end */
  relay_drain (&shown);
}
