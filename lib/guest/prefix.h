/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Where the directories that paths begin with were found to lie.

   Nearly all paths that a program uses lie in a few directories.  A thread
   remembers of these, by the text that the program wrote, the path without
   links below a binding that it stands for.  A call on a file there then needs
   no look at the way any more.

   What is remembered becomes wrong when a directory on the way is put
   elsewhere or a link leads elsewhere.  Programs of the container tell each
   other: whoever makes a call that may do so says that it is at work, and when
   it has been made, that one more was.  While anybody is at work nothing that
   is remembered is used, and what was remembered before the last such call is
   forgotten.  What others on the host do to the container's directories
   meanwhile is not seen by what remembers them.  */

#ifndef UDOCKER_LIB_GUEST_PREFIX_H
#define UDOCKER_LIB_GUEST_PREFIX_H

#include <stdbool.h>
#include <stdint.h>

#define GUEST_TURNERS 64

/* Shared by all tasks of a container, in zeroed memory.  Calls that turn names:
   how many have been made, and which threads are making one.  */
struct guest_turns
{
  uint64_t turning; /* bits: members of TURNER that are at work */
  uint32_t generation;
  int32_t turner[GUEST_TURNERS]; /* thread ids, 0: none */
};

/* One directory.  TEXT has the path that the program wrote and behind it, where
   that is another, the one below the binding.  */
struct guest_prefix
{
  uint32_t generation; /* of the turns, and 1; 0: nothing is here */
  uint32_t hash;
  uint16_t binding;
  uint8_t length;       /* of the program's path */
  uint8_t found_length; /* of the other */
  bool same;            /* the other is the end of the program's path */
  char text[243];
};

/* Those of one thread, in zeroed memory of its own.  */
struct guest_prefixes
{
  struct guest_prefix entry[64];
};

#endif
