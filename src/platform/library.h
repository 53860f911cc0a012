/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What a shared library needs of others, and what it gives them.  */

#ifndef UDOCKER_PLATFORM_LIBRARY_H
#define UDOCKER_PLATFORM_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

/* Something that a library needs: the file, by its name, or one of the versions
   of its symbols.  */
struct library_need
{
  char *file;    /* "libc.so.6" */
  char *version; /* "GLIBC_2.34"; NULL: just the file */
};

/* A library.  */
struct library
{
  char *name; /* by which others need it (DT_SONAME), or NULL */
  struct library_need *needs;
  size_t need_count;
  char **versions; /* of symbols that it has */
  size_t version_count;
  bool executable_stack; /* it wants one */
};

/* Read the library at PATH into LIBRARY, to be given to library_release.
   Return whether it is one of this machine that could be read; always false in
   a program that was built without libelf.  After the System V ABI, and its
   additions by Linux Standard Base 5.0, section "Symbol Versioning".  */
bool library_read (const char *path, struct library *library);
void library_release (struct library *library);

/* Return whether LIBRARY has symbols of VERSION.  One without any versions has
   them all, as for the dynamic linker.  */
bool library_has (const struct library *library, const char *version);

#endif
