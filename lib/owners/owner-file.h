/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Owners that outlive a run: a table of records, and the file beside a
   container that keeps it.

   The file begins with a page of its own, then comes a log: one record for
   each change, in the order of the changes, of which later ones replace
   earlier ones.  Each carries a sum: what a machine that stopped left
   incomplete is passed over.  Runs of one container at once append to one log
   and read what the others have appended; they notice it by a number in the
   first page, which all have mapped, so that looking costs no call.

   Files are named by inode and time of birth on the device of the container's
   root, so that neither a new file in an old inode nor another container's
   inherits anything.  (Where a file system tells no time of birth, as NFS, a
   record goes when a program of the container removes the file; one that the
   host removes may leave its record to the next file in its inode.)  Of files
   on other devices (volumes) nothing is kept.  A
   log that has grown long against what it says is written anew by the next
   who opens it alone.

   Uses libc, but not gnulib.  */

#ifndef UDOCKER_LIB_OWNERS_OWNER_FILE_H
#define UDOCKER_LIB_OWNERS_OWNER_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "lib/guest/owners.h"

/* Tables have so many slots, and so much room for what is known of files; only
   what is used costs memory.  */
#define OWNER_FILE_SLOTS ((size_t) 1 << 21)
#define OWNER_FILE_ROOM ((uint32_t) 128 << 20)

/* What the file is called in the directory of a container.  */
#define OWNER_FILE_NAME "owners"

/* A table of owners and, once it was opened, its file.  It is not moved while
   it is in use.  */
struct owner_file
{
  struct guest_owners table;
  struct guest_owners_keeper keeper;
  void *memory;              /* of the table */
  int fd;                    /* -1: it ends with the process */
  uint64_t device;           /* of the files that it is about */
  uint64_t taken;            /* bytes of the file that are in the table */
  volatile uint64_t *shared; /* in the file: its size; NULL: ask for it */
};

enum owner_file_mode
{
  OWNER_FILE_READ,  /* it must be there */
  OWNER_FILE_WRITE, /* it is made when it is not there */
};

/* Start FILE: an empty table that ends with the process.  Return 0 or
   -ENOMEM.  */
int owner_file_init (struct owner_file *file);

/* Let FILE, which was initialised, be what is kept as NAME in the directory
   DIR for files on DEVICE.  With OWNER_FILE_WRITE changes of the table are
   kept from now on.  Return 0, or a negative errno: -ENOENT when it is not
   there, -EINVAL when it is no such file.  */
int owner_file_open (struct owner_file *file, int dir, const char *name,
                     uint64_t device, enum owner_file_mode mode);

/* Close FILE, and free its table.  */
void owner_file_release (struct owner_file *file);

/* Copy what is known of the file NAME below DIR (with AT_EMPTY_PATH in FLAGS
   perhaps DIR itself), whose status is STATUS, to RECORD.  Return whether
   anything is.  */
bool owner_file_find (struct owner_file *file, int dir, const char *name,
                      int flags, const struct stat *status,
                      struct guest_owner_record *record);

/* Fill KEY for the file NAME below DIR, with FLAGS as above.  Return 0 or a
   negative errno.  */
int owner_file_key (int dir, const char *name, int flags,
                    struct guest_file_key *key);

/* Set the attribute NAME of the file KEY to the SIZE bytes at VALUE.  Return 0,
   or a negative errno.  */
int owner_file_set_attribute (struct owner_file *file,
                              const struct guest_file_key *key,
                              const char *name, const void *value, size_t size);

/* Start FILE and make it the record of the container in the directory DIR,
   whose tree is on the device that ROOT, a descriptor, is on.  Return 0 or a
   negative errno; FILE is to be released in any case.  */
int owner_file_begin (struct owner_file *file, int dir, int root);

#endif
