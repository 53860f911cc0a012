/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* Whether a program may execute its stack and its data, which it says itself in
   a program header, or leaves to the kernel.  */

#define _GNU_SOURCE 1
#include "report.h"
#include <sys/mman.h>

/* Print the permissions of the memory that ADDRESS is in.  */
static void
say_permissions (const char *what, const void *address)
{
  FILE *maps = fopen ("/proc/self/maps", "re");
  char line[PATH_MAX + 100], permissions[8] = "none";
  unsigned long start, end;
  while (maps != NULL && fgets (line, sizeof line, maps) != NULL)
    if (sscanf (line, "%lx-%lx %7s", &start, &end, permissions) == 3
        && (unsigned long) address >= start && (unsigned long) address < end)
      break;
  printf ("%s: %s\n", what, permissions);
  fclose (maps);
}

static char data[] = "data";

int
main (void)
{
  char local;
  say_permissions ("stack", &local);
  say_permissions ("data", data);
  say_permissions ("text", (const void *) (unsigned long) &main);
  say_permissions ("mapped", mmap (NULL, 4096, PROT_READ,
                                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  char *heap = sbrk (4096);
  say_permissions ("heap", heap);
  return 0;
}
