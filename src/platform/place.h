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
  char *nearest;     /* the nearest directory above that is there, or itself:
                        what the rest is about; or what is in the way and is no
                        directory */
  bool exists;       /* it is there */
  bool enters;       /* one may go to what lies in it */
  bool writable;     /* a file was made in it */
  int write_error;   /* the errno with which it was not */
  unsigned owner;    /* of NEAREST */
  unsigned mode;     /* its permissions */
  bool executes;     /* the file could be mapped as a program is */
  bool setuid;       /* set-user-id programs would work */
  bool locks;        /* a lock that is held keeps others out */
  intmax_t free;     /* bytes for this user, -1: not known */
  intmax_t allowed;  /* of these a quota leaves less than so many, -1: it does
                        not limit them, or is not known */
  intmax_t largest;  /* how large a file may be (ulimit -f), -1: no limit */
  intmax_t inodes;   /* files that can still be made, -1: no limit */
};

/* Fill PLACE with what the directory PATH is good for.  Makes a file without
   a name there, writes a page of it, has room kept for it where that tells of a
   quota, locks it, and lets it go.  A limit on the size of files does not kill
   this process meanwhile.  Give PLACE to place_release.  */
void place_look (const char *path, struct place *place);

/* Free what PLACE holds.  */
void place_release (struct place *place);

#endif
