/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The cache of glibc's dynamic linker: where libraries are.  */

#ifndef UDOCKER_PLATFORM_LINKER_CACHE_H
#define UDOCKER_PLATFORM_LINKER_CACHE_H

#include <stddef.h>

/* Is told of each library: its NAME, as "libc.so.6", and its PATH.  DATA is
   what linker_cache_each was given.  */
typedef void linker_cache_function (const char *name, const char *path,
                                    void *data);

/* Tell FUNCTION of all libraries that the SIZE bytes at CACHE, the contents of
   ld.so.cache (glibc 2.2 and later, elf/dl-cache.h), name, in their order;
   those of other machines may be among them.  Contents of another kind have
   none.  */
void linker_cache_each (const void *cache, size_t size,
                        linker_cache_function *function, void *data);

#endif
