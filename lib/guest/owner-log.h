/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   The log by which owners outlive a run: what is in the file that
   lib/owners/owner-file.h tells of.  */

#ifndef UDOCKER_LIB_GUEST_OWNER_LOG_H
#define UDOCKER_LIB_GUEST_OWNER_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "lib/guest/attributes.h"
#include "lib/guest/owners.h"

/* The first bytes of the file, a page, are for this.  */
#define OWNER_LOG_HEAD 4096
#define OWNER_LOG_MAGIC "udocker owners\n"
#define OWNER_LOG_VERSION 1

struct owner_log_head
{
  char magic[16];
  uint32_t version;
  uint32_t record_size;
  uint64_t size; /* of the whole file, after the last append */
};

/* Bytes of the file that are locked: by all who use it, and by who appends.  */
enum
{
  OWNER_LOG_LOCK_USE = 0,
  OWNER_LOG_LOCK_APPEND = 1
};

enum owner_log_kind
{
  OWNER_LOG_OWNER = 1,    /* all that is known of owner and mode */
  OWNER_LOG_ATTRIBUTE,    /* an attribute: name and value follow */
  OWNER_LOG_NO_ATTRIBUTE, /* it is gone: the name follows */
  OWNER_LOG_NOTHING       /* nothing is known any more */
};

/* What follows is filled up to a multiple of the size of this.  */
struct owner_log_record
{
  uint32_t sum; /* of everything behind it */
  uint16_t kind;
  uint16_t name_length;
  uint32_t value_size;
  uint32_t known;
  uint64_t inode;
  uint64_t birth;
  uint32_t uid, gid, mode, spare;
  uint64_t rdev;
  uint64_t spare2;
};

_Static_assert(sizeof (struct owner_log_record) == 64, "records have no holes");

/* A record and what follows it.  */
union owner_log_entry
{
  struct owner_log_record record;
  unsigned char bytes[8 * 1024];
};

_Static_assert(sizeof (union owner_log_entry)
                   >= sizeof (struct owner_log_record)
                          + GUEST_ATTRIBUTE_NAME_MAX + 1
                          + GUEST_ATTRIBUTE_VALUE_MAX + 64,
               "every attribute fits");

/* Fill ENTRY with what RECORD knows of owner and mode, or with a NAME with that
   attribute of its file: the SIZE bytes at VALUE, or with VALUE NULL that it is
   gone.  Return the size of ENTRY.  */
size_t owner_log_fill_change (union owner_log_entry *entry,
                              const struct guest_owner_record *record,
                              const char *name, const void *value, size_t size);

/* Fill ENTRY with that nothing is known of the file KEY any more.  Return its
   size.  */
size_t owner_log_fill_nothing (union owner_log_entry *entry,
                               const struct guest_file_key *key);

/* Take the entries in the SIZE bytes at BYTES, about files on DEVICE, into
   TABLE.  Return how many bytes are done with; the rest may be the beginning of
   an entry.  */
size_t owner_log_take (struct guest_owners *table, uint64_t device,
                       const unsigned char *bytes, size_t size);

#endif
