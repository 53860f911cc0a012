/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   What execve means in the container.

   Finding the program is done here: the path, "#!" lines, permissions, the
   ELF header, the interpreter that it names.  Everything is checked before
   the engine commits itself, so that errors reach the caller of execve.  How
   the program is then brought into memory is the engine's matter.  */

#ifndef UDOCKER_LIB_GUEST_EXEC_H
#define UDOCKER_LIB_GUEST_EXEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/guest/call.h"
#include "lib/guest/path.h"
#include "lib/guest/text.h"

/* As Linux: the bytes of a "#!" line that count, and how many scripts may
   interpret each other.  */
#define GUEST_EXEC_LINE 256
#define GUEST_EXEC_DEPTH 5

/* Room for the words of an emulator.  */
#define GUEST_EMULATOR_SIZE 4096

/* Room for the arguments that "#!" lines and an emulator put in front.  */
#define GUEST_EXEC_LEADING_SIZE                                                \
  (2 * GUEST_PATH_SIZE + GUEST_EXEC_DEPTH * (GUEST_EXEC_LINE + 2)              \
   + GUEST_EMULATOR_SIZE)

/* A program of the host that runs programs of another machine, as qemu-user
   does: it is started as WORDS -0 NAME PROGRAM ARGUMENT..., where NAME is the
   program's argument number 0, and finds PROGRAM in the container.  */
struct guest_emulator
{
  const char *program; /* host path of a static program of this machine */
  const char *words;   /* COUNT strings with their NULs, the first of which is
                          what it is called, in GUEST_EMULATOR_SIZE bytes */
  uint32_t count;

  /* The ELF machine that it is for, or 0 for any but this one.  */
  uint16_t machine;

  /* Programs of this machine, too.  */
  bool forced;

  /* It has libraries of its own: variables LD_* of programs must be handed to
     it as arguments (-E) and kept out of its environment.  */
  bool has_libraries;
};

/* A program that was found, ready to be started.  Big: not for a small
   stack.  */
struct guest_exec
{
  /* Host paths of the file to map and of its ELF interpreter; the latter is
     empty for a static program.  Where a path does not name the file to
     other processes it is /proc/PID/fd/N of a descriptor in HELD; inside a
     task's process /proc/self/fd/N, which the new program is to inherit.  */
  char program[GUEST_PATH_SIZE];
  char interpreter[GUEST_PATH_SIZE];

  /* Descriptors to be closed when the program has been mapped, or -1.  */
  int held[2];

  /* The canonical guest path of the program: what /proc/self/exe shows.
     Some other text when it has none (a memfd, a removed file).  */
  char executable[GUEST_PATH_SIZE];

  /* What AT_EXECFN shows, and the 15 bytes for PR_SET_NAME.  */
  char name[GUEST_PATH_SIZE];
  char command[16];

  /* What takes the place of the first argument (or is added when there is
     none): LEADING_COUNT strings with their NULs, one after the other.  Zero
     for a program that is no script.  */
  uint32_t leading_count;
  uint32_t leading_length;
  char leading[GUEST_EXEC_LEADING_SIZE];

  /* The guest's emulator runs the program, whose program member it is then.
     Of the leading arguments number FIRST_AT, if not 0, gives way to the first
     argument of the call; in front of number VARIABLES_AT more options for the
     emulator may be put.  */
  bool emulated;
  uint32_t first_at;
  uint32_t variables_at;

  /* The program's mode and owner as the container sees them, for
     guest_ids_exec.  */
  uint32_t mode, uid, gid;

  /* The ABI that the program is made for.  */
  enum guest_abi abi;

  /* The ELF machine of the file when it is one of another machine: then the
     result was -ENOEXEC.  */
  uint16_t machine;

  /* Private.  */
  bool found_again; /* the path for an emulator is not that of the call */
  struct guest_found found;
  char line[GUEST_EXEC_LINE];
  char path[GUEST_PATH_SIZE];
};

/* Interpreters that were found before, so that not every program needs a walk
   over the same links: a few per container run.  The engine zeroes it, and
   adds one to GENERATION when a program renames or removes something.  What
   is remembered is used only while the file is the same; that a link on the
   way to it was turned elsewhere is seen only if a program of the container
   did it.  */
enum
{
  GUEST_INTERPRETERS = 4
};

struct guest_interpreter
{
  bool valid;
  enum guest_abi abi;
  uint32_t generation;
  uint64_t device, inode;
  int64_t changed[2];
  char name[128];
  char host[GUEST_PATH_SIZE];
};

struct guest_interpreters
{
  uint32_t generation;
  uint32_t next;
  struct guest_interpreter known[GUEST_INTERPRETERS];
};

/* Find the program that TASK's CALL, execve or execveat as the program made
   it, is to start, and fill EXEC, to be given to guest_exec_release.

   Return 0, or the negative errno that the kernel would give: -EFAULT,
   -ENOENT (the file, or an interpreter), -EACCES (a directory, no
   permission), -ENOEXEC (neither a script nor a program of this machine or one
   that the guest's emulator is for),
   -ELOOP, -ENAMETOOLONG, -ELIBBAD (the interpreter is no program), -EINVAL.
   Nothing is to be released then.  */
int guest_exec_prepare (struct guest_task *task, const struct guest_call *call,
                        struct guest_exec *exec);

/* Close what EXEC holds.  */
void guest_exec_release (struct guest *guest, struct guest_exec *exec);

#endif
