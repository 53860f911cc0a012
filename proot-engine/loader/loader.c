/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   The loader stub: every program of a container is started as this one.  It
   finds in its own memory a block that the tracer has written, and becomes
   what that says.  */

#include <stddef.h>
#include <stdint.h>

#include "lib/load/load.h"
#include "lib/load/machine.h"
#include "proot-engine/loader/loader.h"

__attribute__ ((
    visibility ("hidden"))) extern unsigned char loader_window_data[];
uintptr_t loader_main (uintptr_t *stack);

void *memset (void *at, int byte, size_t size);

/* The compiler may call it to clear a structure, also without libc.  */
void *
memset (void *at, int byte, size_t size)
{
  volatile unsigned char *place = at;
  while (size-- > 0)
    *place++ = (unsigned char) byte;
  return at;
}

/* Become what the block says; STACK is as the kernel left it.  Return where to
   jump.  */
uintptr_t
loader_main (uintptr_t *stack)
{
  const struct loader_block *block =
      (const struct loader_block *) (const void *) loader_window_data;
  const char *strings = (const char *) loader_window_data;
  if (block->magic != LOADER_MAGIC)
    load_fail ("this program is started by udocker only",
               stack[0] > 0 ? (const char *) stack[1] : "");

  struct load_request request = {
    .program = strings + block->program,
    .interpreter =
        block->interpreter != 0 ? strings + block->interpreter : NULL,
    .name = strings + block->name,
    .command = strings + block->command,
    .uid = block->uid,
    .euid = block->euid,
    .gid = block->gid,
    .egid = block->egid,
    .secure = block->secure,
    .shows_features = (block->flags & LOADER_FLAG_FEATURES) != 0,
    .features = block->features,
  };
  uintptr_t entry = load_program (&request, stack);
  if ((block->flags & LOADER_FLAG_TRAP) != 0)
    trap ();
  return entry;
}
