/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Fuzz the reader of run plans: whatever opens can be walked and printed.
   Built with: lib/plan/plan.c lib/plan/plan-print.c  */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/plan/plan-write.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static FILE *sink;
  struct plan plan;
  /* Copied, so that reading beyond the end is found, and aligned.  The header
     is made right: guessing it finds nothing.  */
  unsigned char *bytes = malloc (size + PLAN_HEADER_SIZE);
  if (bytes == NULL)
    return 0;
  uint32_t numbers[2] = { PLAN_VERSION, (uint32_t) size + PLAN_HEADER_SIZE };
  memcpy (bytes, PLAN_MAGIC, 8);
  memcpy (bytes + 8, numbers, 8);
  if (size > 0)
    memcpy (bytes + PLAN_HEADER_SIZE, data, size);

  if (sink == NULL)
    sink = fopen ("/dev/null", "w");
  if (plan_open (&plan, bytes, size + PLAN_HEADER_SIZE) == 0 && sink != NULL)
    plan_print (&plan, sink);
  free (bytes);
  return 0;
}
