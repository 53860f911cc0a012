/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The first program of a container.  */

#ifndef UDOCKER_LIB_START_PROGRAM_H
#define UDOCKER_LIB_START_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct plan;

/* Make the system call NUMBER with arguments A to D as a program of the
   container makes it, with paths as that sees them.  Return its result, a
   negative errno when it fails.  ENGINE is the engine's own.  */
typedef int64_t start_call_function (void *engine, long number, uint64_t a,
                                     uint64_t b, uint64_t c, uint64_t d);

struct start_program
{
  const char *path; /* guest path, or NULL to search for the first argument */
  const char *directory;
  uint64_t directory_tried; /* as in the plan */
  char **arguments;
  char **environment; /* with room for one more */

  /* 32-bit programs would be started, if the kernel runs them.  */
  bool i386;

  start_call_function *call;
  void *engine;
};

/* Fill PROGRAM from PLAN, whose texts it borrows.  This process's own system
   calls become its call: right where somebody around this process translates
   paths.  Return 0, or a negative errno after a message.  */
int start_program_init (struct start_program *program, const struct plan *plan);

/* Set the limits that PLAN asks for.  Return 0, or a negative errno after a
   message.  */
int start_set_limits (const struct plan *plan);

/* Change to the directory of PROGRAM, or to the root where that is allowed.
   Return 0, or a negative errno after a message.  */
int start_enter_directory (struct start_program *program);

/* Execute PROGRAM, looking for it in the PATH of its environment when its path
   is not given.  Return only when that fails: the exit status, after a
   message.  */
int start_execute (const struct start_program *program);

/* Read the first SIZE bytes, at least ELF_MACHINE_BYTES, of the file PATH, as
   PROGRAM sees it, to HEAD.  Return whether they are those of a program of some
   machine.  */
bool program_read_head (const struct start_program *program, const char *path,
                        void *head, size_t size);

/* Make the call of PROGRAM with paths and the like as arguments.  */
static inline int64_t
start_call (const struct start_program *program, long number, uint64_t a,
            uint64_t b, uint64_t c, uint64_t d)
{
  return program->call (program->engine, number, a, b, c, d);
}

#endif
