/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* A program at fixed addresses of which one part lies far behind the rest, with
   all that there is between them.  */

#include <stdio.h>
#include <sys/stat.h>

__attribute__ ((section (".far"), used)) static volatile int there = 7;

int
main (void)
{
  struct stat status;
  /* No instruction that the compiler makes reaches so far.  */
  volatile int *far;
  __asm__("movabs $there, %0" : "=r"(far));
  printf ("%p %d ", (void *) far, *far);
  *far = stat ("/", &status);
  printf ("%d\n", *far);
  return 0;
}
