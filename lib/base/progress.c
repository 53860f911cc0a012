/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Lines that are redrawn on a terminal.  */

/* The lines at work stand at the bottom, the cursor below them in the first
   column.  To redraw, the cursor goes up by as many rows as they take now,
   everything below is cleared and they are written again.  When the window
   became narrower meanwhile, terminals break lines that no longer fit into
   several rows; so the rows are counted from the columns that were written
   and the width as it is now.  Since the width is asked for whenever something
   is drawn, nobody has to catch SIGWINCH.  */

#include <config.h>

#include "lib/base/progress.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "lib/base/size.h"
#include "mbswidth.h"
#include "xalloc.h"
#include "xvasprintf.h"

enum
{
  DRAW_INTERVAL = 100, /* milliseconds */
  RATE_INTERVAL = 500, /* between two looks at the rate */
  LABEL_MINIMUM = 8,   /* columns to which a label may be cut */
  COLUMNS_DEFAULT = 80,
  ROWS_DEFAULT = 24
};

struct progress_line
{
  struct progress *progress;
  struct progress_line *next;
  char *label;
  char *note;
  int64_t total;
  int64_t done;
  bool has_begun;
  double rate;       /* bytes a second, smoothed; negative: not known */
  int64_t rate_done; /* DONE at RATE_TIME */
  int64_t rate_time; /* milliseconds */
};

struct progress
{
  bool is_drawn;
  struct progress_line *first; /* those at work, in order of addition */
  int *widths;                 /* columns of the lines on the screen */
  size_t width_count;
  size_t width_space;
  int64_t drawn_time;
};

/* The display that messages have to pass by.  */
static struct progress *current;

static int64_t
milliseconds (void)
{
  struct timespec now;
  clock_gettime (CLOCK_MONOTONIC, &now);
  return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
window_size (int *columns, int *rows)
{
  struct winsize size;

  *columns = COLUMNS_DEFAULT;
  *rows = ROWS_DEFAULT;
  if (ioctl (STDERR_FILENO, TIOCGWINSZ, &size) == 0)
    {
      if (size.ws_col > 0)
        *columns = size.ws_col;
      if (size.ws_row > 0)
        *rows = size.ws_row;
    }
}

/* Return the columns that TEXT takes.  */
static int
columns_of (const char *text)
{
  int columns = mbswidth (text, 0);
  return columns < 0 ? (int) strlen (text) : columns;
}

/* Return SECONDS in words, as "1:02:03" or "2:03"; the caller frees it.  */
static char *
time_text (double seconds)
{
  if (seconds > 359999)
    return xstrdup ("--:--");
  int left = (int) (seconds + 0.5);
  if (left >= 3600)
    return xasprintf ("%d:%02d:%02d", left / 3600, left / 60 % 60, left % 60);
  return xasprintf ("%d:%02d", left / 60, left % 60);
}

/* Append TEXT, cut to at most COLUMNS columns at a character.  */
static void
add_cut (struct buffer *out, const char *text, int columns)
{
  AUTO_FREE char *copy = xstrdup (text);
  size_t size = strlen (copy);

  while (size > 0 && columns_of (copy) > columns)
    {
      size--;
      while (size > 0 && ((unsigned char) copy[size] & 0xC0) == 0x80)
        size--;
      copy[size] = '\0';
    }
  buffer_add_string (out, copy);
}

char *
progress_text (const char *label, int64_t done, int64_t total, double rate,
               const char *note, int columns)
{
  AUTO_FREE char *done_size = size_text ((double) done);
  AUTO_FREE char *total_size = total < 0 ? NULL : size_text ((double) total);
  AUTO_FREE char *percent =
      total > 0
          ? xasprintf ("%3d%%", (int) ((double) done * 100 / (double) total))
          : NULL;
  AUTO_FREE char *amount =
      total_size == NULL ? xstrdup (done_size)
                         : xasprintf (_ ("%s of %s"), done_size, total_size);
  AUTO_FREE char *speed = NULL;
  AUTO_FREE char *left = NULL;
  if (note == NULL && rate >= 0)
    {
      AUTO_FREE char *unit = size_text (rate);
      speed = xasprintf ("%s/s", unit);
      if (total >= 0 && rate > 0)
        {
          AUTO_FREE char *clock = time_text ((double) (total - done) / rate);
          left = xasprintf (_ ("%s left"), clock);
        }
    }

  /* What goes first when it does not fit comes last here.  */
  const char *const parts[] = { percent, note, amount, speed, left };
  enum
  {
    PART_COUNT = sizeof parts / sizeof *parts
  };
  int label_columns = columns_of (label);
  int least = label_columns < LABEL_MINIMUM ? label_columns : LABEL_MINIMUM;
  int used = 0;
  bool is_shown[PART_COUNT] = { false };
  for (size_t i = 0; i < PART_COUNT; i++)
    if (parts[i] != NULL)
      {
        int more = columns_of (parts[i]) + 2;
        /* The label is cut only for what is needed most.  */
        int room = columns - (i == 0 ? least : label_columns);
        if (used + more > room)
          break;
        is_shown[i] = true;
        used += more;
      }

  AUTO_BUFFER (out);
  add_cut (&out, label, columns - used);
  for (size_t i = 0; i < PART_COUNT; i++)
    if (is_shown[i])
      buffer_add_format (&out, "  %s", parts[i]);
  return buffer_take (&out);
}

/* Append to OUT what takes the cursor to where the lines begin, and clears
   what is there.  */
static void
add_erasure (struct progress *progress, struct buffer *out, int columns)
{
  int rows = 0;

  for (size_t i = 0; i < progress->width_count; i++)
    {
      int width = progress->widths[i];
      rows += width <= columns ? 1 : (width + columns - 1) / columns;
    }
  buffer_add_char (out, '\r');
  if (rows > 0)
    buffer_add_format (out, "\033[%dA", rows);
  if (progress->width_count > 0)
    buffer_add_string (out, "\033[J");
  progress->width_count = 0;
}

/* Append LINE to OUT.  */
static void
add_line (struct progress *progress, const struct progress_line *line,
          struct buffer *out, int columns)
{
  AUTO_FREE char *text = progress_text (line->label, line->done, line->total,
                                        line->rate, line->note, columns - 1);

  buffer_add_string (out, text);
  buffer_add_char (out, '\n');
  if (progress->width_count == progress->width_space)
    progress->widths = x2nrealloc (progress->widths, &progress->width_space,
                                   sizeof *progress->widths);
  progress->widths[progress->width_count++] = columns_of (text);
}

/* Return whether the terminal is ours to draw on.  */
static bool
is_in_foreground (void)
{
  pid_t group = tcgetpgrp (STDERR_FILENO);
  return group < 0 || group == getpgrp ();
}

/* Draw the lines again, behind LAST (NULL or a line that stays for good).  */
static void
draw (struct progress *progress, const struct progress_line *last)
{
  AUTO_BUFFER (out);
  int columns = 0;
  int rows = 0;

  if (!progress->is_drawn || !is_in_foreground ())
    return;
  window_size (&columns, &rows);
  add_erasure (progress, &out, columns);
  if (last != NULL)
    {
      add_line (progress, last, &out, columns);
      progress->width_count = 0;
    }
  int room = rows - 1;
  for (struct progress_line *line = progress->first; line != NULL && room > 0;
       line = line->next, room--)
    add_line (progress, line, &out, columns);
  (void) file_write_all (STDERR_FILENO, out.data, out.length);
  progress->drawn_time = milliseconds ();
}

/* A message is about to be written: clear the lines.  */
static void
make_way (void)
{
  AUTO_BUFFER (out);
  int columns = 0;
  int rows = 0;

  if (current == NULL || !current->is_drawn || current->width_count == 0)
    return;
  window_size (&columns, &rows);
  add_erasure (current, &out, columns);
  (void) file_write_all (STDERR_FILENO, out.data, out.length);
}

/* It was written: draw them again.  */
static void
come_back (void)
{
  if (current != NULL && current->first != NULL)
    draw (current, NULL);
}

struct progress *
progress_open (void)
{
  struct progress *progress = XZALLOC (struct progress);
  const char *terminal = getenv ("TERM");

  progress->is_drawn = log_says (LOG_INFO) && isatty (STDERR_FILENO)
                       && terminal != NULL && strcmp (terminal, "dumb") != 0;
  if (progress->is_drawn)
    {
      current = progress;
      log_set_interrupt (make_way, come_back);
    }
  return progress;
}

static void
line_free (struct progress_line *line)
{
  free (line->label);
  free (line->note);
  free (line);
}

void
progress_close (struct progress *progress)
{
  if (progress == NULL)
    return;
  if (current == progress)
    {
      if (progress->first != NULL)
        draw (progress, NULL);
      log_set_interrupt (NULL, NULL);
      current = NULL;
    }
  while (progress->first != NULL)
    {
      struct progress_line *line = progress->first;
      progress->first = line->next;
      line_free (line);
    }
  free (progress->widths);
  free (progress);
}

bool
progress_is_drawn (const struct progress *progress)
{
  return progress->is_drawn;
}

struct progress_line *
progress_add (struct progress *progress, const char *label, int64_t total)
{
  struct progress_line *line = XZALLOC (struct progress_line);
  struct progress_line **place = &progress->first;

  line->progress = progress;
  line->label = xstrdup (label);
  line->total = total;
  line->rate = -1;
  while (*place != NULL)
    place = &(*place)->next;
  *place = line;
  draw (progress, NULL);
  return line;
}

/* Look how fast LINE gets on, NOW.  */
static void
measure (struct progress_line *line, int64_t now)
{
  if (!line->has_begun || line->done < line->rate_done)
    {
      line->has_begun = true;
      line->rate = -1;
    }
  else
    {
      int64_t elapsed = now - line->rate_time;
      if (elapsed < RATE_INTERVAL)
        return;
      double fresh =
          (double) (line->done - line->rate_done) * 1000 / (double) elapsed;
      line->rate = line->rate < 0 ? fresh : 0.7 * line->rate + 0.3 * fresh;
    }
  line->rate_done = line->done;
  line->rate_time = now;
}

void
progress_update (struct progress_line *line, int64_t done)
{
  int64_t now = milliseconds ();

  line->done = done;
  free (TAKE (line->note));
  measure (line, now);
  if (now - line->progress->drawn_time >= DRAW_INTERVAL)
    draw (line->progress, NULL);
}

void
progress_note (struct progress_line *line, const char *note)
{
  char *copy = xstrdup (note);
  free (line->note);
  line->note = copy;
  draw (line->progress, NULL);
}

void
progress_finish (struct progress_line *line, const char *result)
{
  struct progress *progress = line->progress;
  struct progress_line **place = &progress->first;

  while (*place != line)
    place = &(*place)->next;
  *place = line->next;
  free (line->note);
  line->note = xstrdup (result);
  draw (progress, line);
  line_free (line);
}
