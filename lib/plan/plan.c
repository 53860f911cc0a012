/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Read a run plan: no libc, no allocation, no trust in the bytes.  */

#include "lib/plan/plan.h"

#include <errno.h>

/* Records start at multiples of this.  */
#define ALIGNMENT 8u

static const struct plan_tag_fact facts[PLAN_TAG_END] = {
  [PLAN_ROOT] = { "root", PLAN_SHAPE_PATH, false, true },
  [PLAN_PROGRAM] = { "program", PLAN_SHAPE_PATH, false, false },
  [PLAN_ARGUMENT] = { "argument", PLAN_SHAPE_TEXT, true, true },
  [PLAN_ENVIRONMENT] = { "environment", PLAN_SHAPE_TEXT, true, false },
  [PLAN_DIRECTORY] = { "directory", PLAN_SHAPE_PATH, false, false },
  [PLAN_UID] = { "uid", PLAN_SHAPE_NUMBER, false, false },
  [PLAN_GID] = { "gid", PLAN_SHAPE_NUMBER, false, false },
  [PLAN_GROUP] = { "group", PLAN_SHAPE_NUMBER, true, false },
  [PLAN_HOST_UID] = { "host-uid", PLAN_SHAPE_NUMBER, false, false },
  [PLAN_HOST_GID] = { "host-gid", PLAN_SHAPE_NUMBER, false, false },
  [PLAN_BINDING] = { "binding", PLAN_SHAPE_BINDING, true, false },
  [PLAN_FILE] = { "file", PLAN_SHAPE_FILE, true, false },
  [PLAN_HOST_NAME] = { "host-name", PLAN_SHAPE_TEXT, false, false },
  [PLAN_KERNEL] = { "kernel", PLAN_SHAPE_TEXT, false, false },
  [PLAN_LIMIT] = { "limit", PLAN_SHAPE_LIMIT, true, false },
  [PLAN_MODE] = { "mode", PLAN_SHAPE_TEXT, false, true },
  [PLAN_KILL_ON_EXIT] = { "kill-on-exit", PLAN_SHAPE_NUMBER, false, false },
  [PLAN_VERBOSE] = { "verbose", PLAN_SHAPE_NUMBER, false, false },
  [PLAN_CONTAINER] = { "container", PLAN_SHAPE_TEXT, false, false },
  [PLAN_PORT] = { "port", PLAN_SHAPE_PORT, true, false },
  [PLAN_PORT_ANY] = { "port-any", PLAN_SHAPE_NUMBER, false, false },
  [PLAN_HELD_FD] = { "held-fd", PLAN_SHAPE_NUMBER, true, false },
  [PLAN_LIBEXEC] = { "libexec", PLAN_SHAPE_PATH, false, false },
  [PLAN_OWNERS] = { "owners", PLAN_SHAPE_PATH, false, false },
  [PLAN_KERNEL_VERSION] = { "kernel-version", PLAN_SHAPE_TEXT, false, false },
  [PLAN_MACHINE] = { "machine", PLAN_SHAPE_TEXT, false, false },
  [PLAN_SYSTEM] = { "system", PLAN_SHAPE_TEXT, false, false },
  [PLAN_UNLOCKED] = { "unlocked", PLAN_SHAPE_NUMBER, false, false },
  [PLAN_ROOT_READ_ONLY] = { "root-read-only", PLAN_SHAPE_NUMBER, false, false },
  [PLAN_OWN_FD] = { "own-fd", PLAN_SHAPE_NUMBER, false, false },
  [PLAN_STOP_SIGNAL] = { "stop-signal", PLAN_SHAPE_NUMBER, false, false },
  [PLAN_BUNDLE] = { "bundle", PLAN_SHAPE_PATH, false, false },
  [PLAN_RUNNER] = { "runner", PLAN_SHAPE_NUMBER, false, false },
  [PLAN_PROCESSORS] = { "processors", PLAN_SHAPE_TEXT, false, false },
  [PLAN_REMOVES] = { "removes", PLAN_SHAPE_NUMBER, false, false },
  [PLAN_RUNNER_STAYS] = { "runner-stays", PLAN_SHAPE_NUMBER, false, false },
  [PLAN_FEATURES] = { "features", PLAN_SHAPE_NUMBER, false, false },
  [PLAN_DOMAIN] = { "domain", PLAN_SHAPE_TEXT, false, false },
  [PLAN_EMULATOR] = { "emulator", PLAN_SHAPE_TEXT, true, false },
  [PLAN_EMULATOR_FORCED] = { "emulator-forced", PLAN_SHAPE_NUMBER, false,
                             false },
  [PLAN_LINKS_REPLACED] = { "links-replaced", PLAN_SHAPE_NUMBER, false, false },
  [PLAN_DIRECTORY_TRIED] = { "directory-tried", PLAN_SHAPE_NUMBER, false,
                             false },
};

const struct plan_tag_fact *
plan_tag_fact (uint32_t tag)
{
  if (tag >= PLAN_TAG_END || facts[tag].name == NULL)
    return NULL;
  return &facts[tag];
}

/* Return the unsigned integer at BYTES, which need not be aligned.  */
static uint32_t
read_u32 (const void *bytes)
{
  uint32_t value = 0;
  __builtin_memcpy (&value, bytes, sizeof value);
  return value;
}

static uint64_t
read_u64 (const void *bytes)
{
  uint64_t value = 0;
  __builtin_memcpy (&value, bytes, sizeof value);
  return value;
}

/* Return the length of the text at BYTES up to its NUL, or SIZE when there is
   none among its SIZE bytes.  */
static size_t
text_length (const char *bytes, size_t size)
{
  size_t length = 0;
  while (length < size && bytes[length] != '\0')
    length++;
  return length;
}

/* Return the size in the plan of a record whose content is LENGTH long.  */
static size_t
record_size (uint32_t length)
{
  size_t size = 2 * sizeof (uint32_t) + (size_t) length + 1;
  return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* Read the record at POSITION into RECORD.  The plan has been checked that
   far.  Return the position after it.  */
static size_t
read_record (const struct plan *plan, size_t position,
             struct plan_record *record)
{
  const unsigned char *bytes = plan->bytes + position;
  uint32_t length = read_u32 (bytes + 4);

  record->tag = (enum plan_tag) read_u32 (bytes);
  record->length = length;
  record->text = (const char *) bytes + 8;
  return position + record_size (length);
}

static int
check_binding (const struct plan_record *record)
{
  const char *text = record->text;
  size_t length = record->length;
  if (length < 8 || read_u32 (text + 4) != 0)
    return -EINVAL;
  if ((read_u32 (text) & ~PLAN_BINDING_FLAGS) != 0)
    return -EPROTO;

  text += 8;
  length -= 8;
  size_t host = text_length (text, length);
  if (host == length || host == 0 || text[0] != '/')
    return -EINVAL;

  text += host + 1;
  length -= host + 1;
  if (text_length (text, length) != length || length < 2 || text[0] != '/'
      || text[length - 1] == '/')
    return -EINVAL;
  return 0;
}

static int
check_file (const struct plan_record *record)
{
  if (record->length < 8)
    return -EINVAL;
  uint32_t mode = read_u32 (record->text);
  size_t guest = read_u32 (record->text + 4);
  size_t length = record->length - 8;
  const char *text = record->text + 8;

  if (mode > 07777)
    return -EPROTO;
  if (guest < 2 || guest >= length || text[0] != '/'
      || text_length (text, guest) != guest || text[guest] != '\0')
    return -EINVAL;
  return 0;
}

/* Check the content of RECORD against SHAPE.  */
static int
check_shape (const struct plan_record *record, enum plan_shape shape)
{
  size_t length = record->length;
  switch (shape)
    {
    case PLAN_SHAPE_PATH:
      if (length == 0 || record->text[0] != '/')
        return -EINVAL;
      return text_length (record->text, length) == length ? 0 : -EINVAL;
    case PLAN_SHAPE_TEXT:
      return text_length (record->text, length) == length ? 0 : -EINVAL;
    case PLAN_SHAPE_NUMBER:
      return length == 8 ? 0 : -EINVAL;
    case PLAN_SHAPE_BINDING:
      return check_binding (record);
    case PLAN_SHAPE_FILE:
      return check_file (record);
    case PLAN_SHAPE_LIMIT:
      return length == 24 && read_u32 (record->text + 4) == 0 ? 0 : -EINVAL;
    case PLAN_SHAPE_PORT:
      return length == 8 && read_u32 (record->text) - 1 < 65535
                     && read_u32 (record->text + 4) - 1 < 65535
                 ? 0
                 : -EINVAL;
    }
  return -EPROTO;
}

/* Check the record at POSITION, note its tag in SEEN.  Return 0 with *END the
   position after it.  */
static int
check_record (const struct plan *plan, size_t position, uint64_t *seen,
              size_t *end)
{
  size_t left = plan->size - position;
  if (left < 2 * ALIGNMENT)
    return -EINVAL;

  const unsigned char *bytes = plan->bytes + position;
  uint32_t length = read_u32 (bytes + 4);
  if (length >= PLAN_SIZE_MAX || record_size (length) > left)
    return -EINVAL;

  struct plan_record record;
  *end = read_record (plan, position, &record);
  for (size_t i = 8 + (size_t) length; i < record_size (length); i++)
    if (bytes[i] != 0)
      return -EINVAL;

  const struct plan_tag_fact *fact = plan_tag_fact (read_u32 (bytes));
  if (fact == NULL)
    return -EPROTO;
  uint64_t bit = (uint64_t) 1 << record.tag;
  if ((*seen & bit) != 0 && !fact->repeats)
    return -EINVAL;
  *seen |= bit;
  return check_shape (&record, fact->shape);
}

_Static_assert(PLAN_TAG_END <= 64, "tags seen are kept in 64 bits");

int
plan_open (struct plan *plan, const void *bytes, size_t size)
{
  if (size > PLAN_SIZE_MAX)
    return -EFBIG;
  if (size < PLAN_HEADER_SIZE || (uintptr_t) bytes % ALIGNMENT != 0
      || __builtin_memcmp (bytes, PLAN_MAGIC, 8) != 0)
    return -EINVAL;

  plan->bytes = bytes;
  plan->size = size;
  if (read_u32 (plan->bytes + 8) != PLAN_VERSION)
    return -EPROTO;
  if (read_u32 (plan->bytes + 12) != size)
    return -EINVAL;

  uint64_t seen = 0;
  size_t position = PLAN_HEADER_SIZE;
  while (position < size)
    {
      int status = check_record (plan, position, &seen, &position);
      if (status < 0)
        return status;
    }

  for (uint32_t tag = 0; tag < PLAN_TAG_END; tag++)
    if (facts[tag].required && (seen & (uint64_t) 1 << tag) == 0)
      return -EINVAL;
  return 0;
}

bool
plan_next (const struct plan *plan, size_t *position,
           struct plan_record *record)
{
  if (*position == 0)
    *position = PLAN_HEADER_SIZE;
  if (*position >= plan->size)
    return false;
  *position = read_record (plan, *position, record);
  return true;
}

bool
plan_next_tag (const struct plan *plan, enum plan_tag tag, size_t *position,
               struct plan_record *record)
{
  while (plan_next (plan, position, record))
    if (record->tag == tag)
      return true;
  return false;
}

size_t
plan_count (const struct plan *plan, enum plan_tag tag)
{
  struct plan_record record;
  size_t position = 0;
  size_t count = 0;
  while (plan_next_tag (plan, tag, &position, &record))
    count++;
  return count;
}

const char *
plan_text (const struct plan *plan, enum plan_tag tag, const char *otherwise)
{
  struct plan_record record;
  size_t position = 0;
  return plan_next_tag (plan, tag, &position, &record) ? record.text
                                                       : otherwise;
}

uint64_t
plan_number (const struct plan *plan, enum plan_tag tag, uint64_t otherwise)
{
  struct plan_record record;
  size_t position = 0;
  return plan_next_tag (plan, tag, &position, &record)
             ? plan_record_number (&record)
             : otherwise;
}

uint64_t
plan_record_number (const struct plan_record *record)
{
  return read_u64 (record->text);
}

struct plan_binding
plan_record_binding (const struct plan_record *record)
{
  const char *host = record->text + 8;
  return (struct plan_binding){
    .host = host,
    .guest = host + text_length (host, record->length - 8) + 1,
    .flags = read_u32 (record->text),
  };
}

struct plan_file
plan_record_file (const struct plan_record *record)
{
  size_t guest = read_u32 (record->text + 4);
  return (struct plan_file){
    .guest = record->text + 8,
    .content = record->text + 8 + guest + 1,
    .size = record->length - 8 - guest - 1,
    .mode = read_u32 (record->text),
  };
}

struct plan_limit
plan_record_limit (const struct plan_record *record)
{
  return (struct plan_limit){
    .resource = read_u32 (record->text),
    .soft = read_u64 (record->text + 8),
    .hard = read_u64 (record->text + 16),
  };
}

struct plan_port
plan_record_port (const struct plan_record *record)
{
  return (struct plan_port){
    .host = read_u32 (record->text),
    .guest = read_u32 (record->text + 4),
  };
}
