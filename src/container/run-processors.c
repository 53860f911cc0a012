/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Which processors a container's programs run on.  */

#include <config.h>

#include "src/container/run-plan.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buffer.h"
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

/* Add those of SET, of SIZE bytes, to TEXT as a list.  */
static void
write_processors (struct buffer *text, const cpu_set_t *set, size_t size)
{
  const char *comma = "";
  for (size_t first = 0; first < 8 * size; first++)
    {
      if (!CPU_ISSET_S (first, size, set))
        continue;
      size_t last = first;
      while (last + 1 < 8 * size && CPU_ISSET_S (last + 1, size, set))
        last++;
      buffer_add_format (text, last > first ? "%s%zu-%zu" : "%s%zu", comma,
                         first, last);
      comma = ",";
      first = last;
    }
}

/* Fail with NUMBER, as this process cannot run on the processors TEXT; say
   which there are for it.  SET, of SIZE bytes, is overwritten, and the process,
   which is about to end, may run on all of them.  */
static int
refuse_processors (const char *text, int number, cpu_set_t *set, size_t size,
                   struct error *err)
{
  AUTO_BUFFER (list);
  /* The kernel leaves out what may not be used.  */
  memset (set, 0xff, size);
  if (number == EINVAL && sched_setaffinity (0, size, set) == 0
      && sched_getaffinity (0, size, set) == 0)
    write_processors (&list, set, size);
  return list.length > 0
             ? error_set (err, number,
                          _ ("cannot run on processors %s: there are only %s"),
                          text, list.data)
             : error_set (err, number, _ ("cannot run on processors %s: %s"),
                          text, strerror (number));
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
    return refuse_processors (text, errno, set, size, err);
  return 0;
}
