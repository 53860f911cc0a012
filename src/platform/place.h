/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What a directory is good for: whether programs in it can run, whether there
   is room, whether locks hold.  */

#ifndef UDOCKER_PLATFORM_PLACE_H
#define UDOCKER_PLATFORM_PLACE_H

#include <stdbool.h>
#include <stdint.h>

/* What was found out about one.  Owned by whoever had it filled.  */
struct place
{
  char *file_system; /* its type, as "ext4"; "?" when it is not known */
  bool exists;       /* it is there, or can be: nearest existing directory
                        above is what the rest is about */
  bool writable;     /* a file was made in it */
  int write_error;   /* the errno with which it was not */
  bool executes;     /* the file could be mapped as a program is */
  bool setuid;       /* set-user-id programs would work */
  bool locks;        /* a lock that is held keeps others out */
  intmax_t free;     /* bytes for this user, -1: not known */
  intmax_t inodes;   /* files that can still be made, -1: no limit */
};

/* Fill PLACE with what the directory PATH is good for.  Makes a file without
   a name there, writes a page of it, locks it, and lets it go.  Give PLACE to
   place_release.  */
void place_look (const char *path, struct place *place);

/* Free what PLACE holds.  */
void place_release (struct place *place);

#endif
