/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker logs: print what runs in the background have written.  */

#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "src/cmd/command.h"
#include "src/container/container.h"
#include "src/container/output.h"
#include "src/container/runs.h"

extern const struct command command_logs;

struct logs_options
{
  bool follow;
  const char *tail;
};

static const struct option_row logs_rows[] = {
  {
      .name = "follow",
      .letter = 'f',
      .kind = OPTION_FLAG,
      .help = N_ ("go on as long as something runs in the container"),
      .target = OPTION_TARGET (struct logs_options, follow),
  },
  {
      .name = "tail",
      .letter = 'n',
      .kind = OPTION_VALUE,
      .argument = N_ ("LINES"),
      .help = N_ ("begin with the last LINES lines (default all)"),
      .target = OPTION_TARGET (struct logs_options, tail),
  },
  { .name = NULL },
};

/* Print what can be read from FD.  Return how many bytes, or a negative errno
   with ERR set.  */
static intmax_t
copy (int fd, struct error *err)
{
  char text[65536];
  intmax_t sum = 0;
  ssize_t size;
  while ((size = read (fd, text, sizeof text)) > 0)
    {
      int status = file_write_all (STDOUT_FILENO, text, (size_t) size);
      if (status < 0)
        return error_set (err, -status, _ ("cannot write: %s"),
                          strerror (-status));
      sum += size;
    }
  return size < 0 ? error_set (err, errno, _ ("cannot read the output: %s"),
                               strerror (errno))
                  : sum;
}

/* Put FD, a file, where its last COUNT lines begin.  */
static int
go_to_tail (int fd, uintmax_t count, struct error *err)
{
  char text[65536];
  struct stat st;
  if (fstat (fd, &st) < 0)
    return error_set (err, errno, _ ("cannot read the output: %s"),
                      strerror (errno));
  off_t start = st.st_size;
  uintmax_t lines = 0;
  while (start > 0 && count > 0)
    {
      size_t size = start < (off_t) sizeof text ? (size_t) start : sizeof text;
      ssize_t got = pread (fd, text, size, start - (off_t) size);
      if (got <= 0)
        break;
      /* The newline at the end belongs to the last line.  */
      for (ssize_t i = got - 1; i >= 0; i--)
        if (text[i] == '\n' && start - (off_t) size + i + 1 < st.st_size
            && ++lines >= count)
          {
            (void) lseek (fd, start - (off_t) size + i + 1, SEEK_SET);
            return 0;
          }
      start -= (off_t) size;
    }
  (void) lseek (fd, count == 0 ? st.st_size : 0, SEEK_SET);
  return 0;
}

/* Return whether something runs in CONTAINER.  */
static bool
is_running (const struct container *container)
{
  struct runs runs;
  runs_find (container->store, container->id, &runs);
  bool running = runs.count > 0;
  runs_release (&runs);
  return running;
}

/* Print what comes to FD until nothing runs in CONTAINER any more.  */
static int
follow (const struct container *container, int fd, struct error *err)
{
  const struct timespec pause = { .tv_nsec = 200000000 };
  bool running = true;
  while (running)
    {
      /* What was written before the end comes after it was seen.  */
      running = is_running (container);
      intmax_t size = copy (fd, err);
      if (size < 0)
        return (int) size;
      if (running && size == 0)
        (void) nanosleep (&pause, NULL); /* a signal makes it shorter */
    }
  return 0;
}

/* Read TEXT, a number of lines or "all", into COUNT.  */
static int
read_count (const char *text, uintmax_t *count, struct error *err)
{
  char *end = NULL;
  *count = UINTMAX_MAX;
  if (text == NULL || strcmp (text, "all") == 0)
    return 0;
  errno = 0;
  *count = strtoumax (text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0)
    return error_set (err, EINVAL, _ ("invalid number of lines '%s'"), text);
  return 0;
}

static int
run_logs (struct invocation *invocation, struct error *err)
{
  const struct logs_options *options = invocation->options;
  struct container *container = NULL;
  uintmax_t count;
  int status = read_count (options->tail, &count, err);
  if (status < 0)
    return status;
  status = container_open (invocation->store, invocation->operands[0],
                           CONTAINER_BY_PREFIX, &container, err);
  if (status < 0)
    return error_prefix (err, _ ("invalid container id"));
  AUTO_CLOSE int fd = container_open_output (container, err);
  status = fd < 0 ? fd : 0;
  if (status == 0 && count != UINTMAX_MAX)
    status = go_to_tail (fd, count, err);
  if (status == 0 && options->follow)
    status = follow (container, fd, err);
  else if (status == 0)
    status = copy (fd, err) < 0 ? -err->number : 0;
  container_close (container);
  return status;
}

const struct command command_logs = {
  .name = "logs",
  .operands = N_ ("CONTAINER"),
  .summary = N_ ("print what runs in the background have written"),
  .description = N_ (
      "All runs of a container with --detach write to the end of one file "
      "beside it, output.log, which goes with the container. Standard output "
      "and standard error come in the order in which they were written."),
  .options = logs_rows,
  .options_size = sizeof (struct logs_options),
  .min_operands = 1,
  .max_operands = 1,
  .needs = NEEDS_REPOSITORY,
  .run = run_logs,
};
