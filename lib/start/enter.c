/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Containers in a container: what an engine asks of the one around it.  */

#include "lib/start/enter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lib/plan/plan-write.h"
#include "lib/start/message.h"

extern char **environ;

int
enter_ask (void)
{
  return prctl (ENTER_CALL, ENTER_ASK, 0, 0, 0);
}

int
enter_send (const struct plan *plan, char *option)
{
  struct plan_record record;
  int fd = plan_send (plan);
  if (fd < 0)
    return fd;
  if (fcntl (fd, F_SETFD, 0) != 0)
    return -errno;
  for (size_t at = 0; plan_next_tag (plan, PLAN_HELD_FD, &at, &record);)
    (void) fcntl ((int) plan_record_number (&record), F_SETFD, 0);
  (void) snprintf (option, ENTER_OPTION_SIZE, "--plan-fd=%d", fd);
  return 0;
}

int
enter_become (const struct plan *plan, int answer)
{
  char option[ENTER_OPTION_SIZE];
  char name[] = "udocker-trap";
  if (answer == ENTER_REFUSED)
    {
      start_complain ("this build of udocker runs no container in one of mode "
                      "T1 or T2; use mode P1 for the outer one");
      return START_FAILURE;
    }
  int error = enter_send (plan, option);
  if (error == 0)
    {
      char *const arguments[] = { name, option, NULL };
      (void) prctl (ENTER_CALL, ENTER_BECOME, arguments, environ, 0);
      error = -errno;
    }
  start_complain ("cannot hand the run plan to the udocker around this one: %s",
                  strerror (-error));
  return START_FAILURE;
}
