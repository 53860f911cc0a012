/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The resource limits of the run plan: --ulimit; and --shm-size.  */

#include <config.h>

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "lib/plan/plan.h"
#include "src/container/run-private.h"
#include "xalloc.h"
#include "xvasprintf.h"

/* Names as Docker has them; sizes are in bytes, times in seconds.  */
static const struct
{
  const char *name;
  int resource;
} resources[] = {
  { "as", RLIMIT_AS },
  { "core", RLIMIT_CORE },
  { "cpu", RLIMIT_CPU },
  { "data", RLIMIT_DATA },
  { "fsize", RLIMIT_FSIZE },
  { "locks", RLIMIT_LOCKS },
  { "memlock", RLIMIT_MEMLOCK },
  { "msgqueue", RLIMIT_MSGQUEUE },
  { "nice", RLIMIT_NICE },
  { "nofile", RLIMIT_NOFILE },
  { "nproc", RLIMIT_NPROC },
  { "rss", RLIMIT_RSS },
  { "rtprio", RLIMIT_RTPRIO },
  { "rttime", RLIMIT_RTTIME },
  { "sigpending", RLIMIT_SIGPENDING },
  { "stack", RLIMIT_STACK },
};

/* Read the number at *TEXT, -1 for no limit, and move *TEXT behind it.  Return
   whether there is one.  */
static bool
read_amount (const char **text, uint64_t *amount)
{
  char *end = NULL;
  if (strncmp (*text, "-1", 2) == 0)
    {
      *amount = RLIM_INFINITY;
      *text += 2;
      return true;
    }
  if (**text < '0' || **text > '9')
    return false;
  errno = 0;
  *amount = strtoull (*text, &end, 10);
  *text = end;
  return errno == 0 && *amount != RLIM_INFINITY;
}

/* Find the resource whose name is the first LENGTH bytes of NAME.  Return it
   or -1.  */
static int
find_resource (const char *name, size_t length)
{
  for (size_t i = 0; i < sizeof resources / sizeof resources[0]; i++)
    if (strlen (resources[i].name) == length
        && strncmp (resources[i].name, name, length) == 0)
      return resources[i].resource;
  return -1;
}

/* Read WORD, "NAME=SOFT[:HARD]", into LIMIT.  */
static int
read_limit (const char *word, struct plan_limit *limit, struct error *err)
{
  size_t length = strcspn (word, "=");
  int resource = find_resource (word, length);
  if (resource < 0)
    return error_set (err, EINVAL,
                      _ ("invalid --ulimit '%s': there is no limit '%.*s'"),
                      word, (int) length, word);
  const char *text = word + length;
  bool good = *text++ == '=' && read_amount (&text, &limit->soft);
  limit->resource = (uint32_t) resource;
  limit->hard = limit->soft;
  if (good && *text == ':')
    {
      text++;
      good = read_amount (&text, &limit->hard);
    }
  if (!good || *text != '\0')
    return error_set (err, EINVAL,
                      _ ("invalid --ulimit '%s': write it as NAME=SOFT or "
                         "NAME=SOFT:HARD, with numbers or -1"),
                      word);
  if (limit->soft > limit->hard)
    return error_set (err, EINVAL,
                      _ ("invalid --ulimit '%s': the soft limit is above the "
                         "hard one"),
                      word);
  return 0;
}

/* Check that LIMIT, which WORD says, can be had.  */
static int
check_limit (const char *word, const struct plan_limit *limit,
             struct error *err)
{
  struct rlimit ours;
  if (getrlimit (limit->resource, &ours) < 0)
    return error_set (err, errno, _ ("invalid --ulimit '%s': %s"), word,
                      strerror (errno));
  if (limit->hard > ours.rlim_max)
    return error_set (err, EPERM,
                      _ ("invalid --ulimit '%s': your own hard limit is %llu, "
                         "which only an administrator can raise"),
                      word, (unsigned long long) ours.rlim_max);
  return 0;
}

/* Read SIZE, a number with a unit behind it that may be missing, as Docker's
   users write it ("64m"), into BYTES.  Return whether it is one.  */
static bool
read_size (const char *size, uint64_t *bytes)
{
  static const char units[] = "bkmgt";
  if (size[0] < '0' || size[0] > '9')
    return false;
  char *end = NULL;
  errno = 0;
  *bytes = strtoull (size, &end, 10);
  const char *unit =
      *end == '\0' ? units : strchr (units, tolower ((unsigned char) *end));
  if (errno != 0 || unit == NULL)
    return false;
  end += *end != '\0';
  end += unit != units && tolower ((unsigned char) *end) == 'b';
  int shift = (int) (unit - units) * 10;
  bool fits = *bytes <= UINT64_MAX >> shift;
  *bytes <<= shift;
  return fits && *end == '\0';
}

int
run_plan_add_memory (struct run_plan *plan, const char *size, struct error *err)
{
  if (size != NULL && !read_size (size, &plan->memory))
    return error_set (err, EINVAL,
                      _ ("invalid --shm-size '%s': write it as a number with a "
                         "unit of b, k, m or g"),
                      size);
  return 0;
}

void
run_plan_check_memory (const struct run_plan *plan)
{
  unsigned long long wanted = plan->memory;
  struct run_place place = { .fd = -1 };
  struct statvfs system = { 0 };
  if (wanted == 0)
    return;
  bool found = run_look (plan, "/dev/shm", 0, &place) == 0 && place.fd >= 0;
  AUTO_FREE char *self = xasprintf ("/proc/self/fd/%d", place.fd);
  found = found && statvfs (self, &system) == 0;
  run_place_release (&place);
  unsigned long long there =
      (unsigned long long) system.f_blocks * system.f_frsize;
  if (!found)
    log_warning (_ ("--shm-size: there is no /dev/shm in the container"));
  else if (there < wanted)
    log_warning (_ ("--shm-size: /dev/shm is the host's, and has %llu bytes "
                    "instead of %llu; only an administrator can enlarge it"),
                 there, wanted);
}

int
run_plan_add_limits (struct run_plan *plan, const struct run_request *request,
                     struct error *err)
{
  for (size_t i = 0; i < request->limits.count; i++)
    {
      const char *word = request->limits.items[i];
      struct plan_limit limit = { 0 };
      int status = read_limit (word, &limit, err);
      if (status == 0)
        status = check_limit (word, &limit, err);
      if (status < 0)
        return status;
      plan->limits =
          xnrealloc (plan->limits, plan->limit_count + 1, sizeof *plan->limits);
      plan->limits[plan->limit_count++] = limit;
    }
  return 0;
}
