/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Which processors a container's programs run on.  */

#include <config.h>

#include "src/container/run-plan.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"

/* Read the list of processors TEXT, as in "0-3,8", into SET of SIZE bytes.  */
static int
read_processors (const char *text, cpu_set_t *set, size_t size,
                 struct error *err)
{
  const char *rest = text;
  CPU_ZERO_S (size, set);
  while (true)
    {
      char *end = NULL;
      unsigned long first = strtoul (rest, &end, 10);
      bool good = *rest >= '0' && *rest <= '9';
      unsigned long last = first;
      if (good && *end == '-')
        {
          rest = end + 1;
          good = *rest >= '0' && *rest <= '9';
          last = strtoul (rest, &end, 10);
        }
      good = good && first <= last && last < 8 * size;
      for (unsigned long cpu = first; good && cpu <= last; cpu++)
        CPU_SET_S (cpu, size, set);
      if (good && *end == '\0')
        return 0;
      if (!good || *end != ',')
        return error_set (err, EINVAL, _ ("invalid list of processors '%s'"),
                          text);
      rest = end + 1;
    }
}

int
run_plan_use_processors (const struct run_plan *plan, struct error *err)
{
  enum
  {
    MOST = 8192
  };
  const char *text = plan->processors;
  if (text == NULL)
    return 0;
  AUTO_FREE cpu_set_t *set = CPU_ALLOC (MOST);
  size_t size = CPU_ALLOC_SIZE (MOST);
  if (set == NULL)
    return error_set (err, ENOMEM, "%s", strerror (ENOMEM));
  int status = read_processors (text, set, size, err);
  if (status < 0)
    return status;
  if (sched_setaffinity (0, size, set) < 0)
    return error_set (err, errno, _ ("cannot run on processors %s: %s"), text,
                      strerror (errno));
  return 0;
}
