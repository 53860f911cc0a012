/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Ownership by declaration: what a variable owns is let go with it.  */

#ifndef UDOCKER_LIB_BASE_CLEANUP_H
#define UDOCKER_LIB_BASE_CLEANUP_H

#include <dirent.h>
#include <stdio.h>

#include "lib/base/error.h"

/* The variable that carries one of these owns its value; initialise it where
   it is declared (NULL, -1, { 0 }).  errno is kept by all of them.  */
#define AUTO_FREE __attribute__ ((cleanup (cleanup_free)))
/* A descriptor may be held for its lock alone, hence "unused".  */
#define AUTO_CLOSE __attribute__ ((cleanup (cleanup_close), unused))
#define AUTO_FCLOSE __attribute__ ((cleanup (cleanup_fclose)))
#define AUTO_CLOSEDIR __attribute__ ((cleanup (cleanup_closedir)))
#define AUTO_ERROR __attribute__ ((cleanup (error_release)))

/* Give away what the pointer VARIABLE owns: its value; VARIABLE becomes
   NULL.  */
#define TAKE(variable)                                                         \
  (__extension__({                                                             \
    __auto_type take_value = (variable);                                       \
    (variable) = NULL;                                                         \
    take_value;                                                                \
  }))

/* Give away the descriptor that the int VARIABLE owns: its value; VARIABLE
   becomes -1.  */
#define TAKE_FD(variable)                                                      \
  (__extension__({                                                             \
    int take_fd = (variable);                                                  \
    (variable) = -1;                                                           \
    take_fd;                                                                   \
  }))

/* What the attributes above call, each with the address of the variable.
   Not for direct use.  */
void cleanup_free (void *variable);
void cleanup_close (const int *fd);
void cleanup_fclose (FILE **file);
void cleanup_closedir (DIR **directory);

#endif
