/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Owners that outlive a run: the processes of the container keep the log
   themselves (lib/owners/owner-file.h).

   All have one table in the state, and one descriptor of the log.  Who changes
   the table appends to the log; who finds that the log is longer than what was
   taken, since another run has appended to it, takes the rest into the table,
   one thread at a time.  What that one takes may be older than what another has
   just changed, but that is behind it in the log and taken next.  */

#include "trap-engine/runtime/runtime.h"

#include <linux/fcntl.h>

#include "lib/guest/kernel.h"
#include "lib/guest/owner-log.h"
#include "lib/guest/text.h"

#define SEEK_END 2

/* Who takes what others have appended reads so much at a time.  */
#define CHUNK 16384

/* struct flock.  */
struct range
{
  int16_t type, whence;
  int64_t start, length;
  int32_t pid;
};

static struct trap_keeper *
of (struct guest_owners_keeper *keeper)
{
  return (struct trap_keeper *) (void *) ((char *) keeper
                                          - offsetof (struct trap_keeper,
                                                      functions));
}

static uint32_t
own_tid (void)
{
  return (uint32_t) trap_call (__NR_gettid, 0, 0, 0, 0);
}

/* Open the log of KEEPER once more: the locks of one opening, which all
   processes share, keep none of them out.  Where that is not possible the
   other runs still are.  */
static int64_t
open_log (const struct trap_keeper *keeper)
{
  char path[40];
  struct guest_text text;
  guest_text_init (&text, path, sizeof path);
  guest_text_add (&text, "/proc/self/fd/");
  guest_text_add_number (&text, keeper->fd);
  int64_t fd = trap_call (__NR_openat, (uint64_t) AT_FDCWD, trap_pointer (path),
                          O_RDWR | O_CLOEXEC, 0);
  return fd < 0 ? keeper->fd : fd;
}

/* Lock, or with F_UNLCK for TYPE unlock, what appending takes in FD.  Return 0
   also where there are no such locks, or a negative errno.  */
static int64_t
lock (int64_t fd, int16_t type)
{
  const struct range range = { .type = type,
                               .start = OWNER_LOG_LOCK_APPEND,
                               .length = 1 };
  int64_t status;
  do
    status = trap_call (__NR_fcntl, (uint64_t) fd, F_OFD_SETLKW,
                        trap_pointer (&range), 0);
  while (status == -K_EINTR);
  return status == -K_EINVAL || status == -K_ENOLCK || status == -K_ENOSYS
             ? 0
             : status;
}

/* Write SIZE bytes at BYTES to FD at OFFSET.  What a full disk let through in
   part is taken back.  Return 0 or a negative errno.  */
static int
write_at (int64_t fd, const unsigned char *bytes, size_t size, uint64_t offset)
{
  for (size_t done = 0; done < size;)
    {
      int64_t wrote =
          trap_call (__NR_pwrite64, (uint64_t) fd, trap_pointer (bytes + done),
                     size - done, offset + done);
      if (wrote == -K_EINTR)
        continue;
      if (wrote <= 0)
        {
          trap_call (__NR_ftruncate, (uint64_t) fd, offset, 0, 0);
          return wrote < 0 ? (int) wrote : -K_EIO;
        }
      done += (size_t) wrote;
    }
  return 0;
}

/* Append ENTRY of SIZE bytes to FD, the log of KEEPER, which is locked.  */
static int
append_locked (struct trap_keeper *keeper, int64_t fd,
               const union owner_log_entry *entry, size_t size)
{
  int64_t length = trap_call (__NR_lseek, (uint64_t) fd, 0, SEEK_END, 0);
  if (length < 0)
    return (int) length;
  /* What was cut short is no entry: the next one begins where it did.  */
  uint64_t end =
      (uint64_t) length / sizeof entry->record * sizeof entry->record;
  int status = write_at (fd, entry->bytes, size, end);
  if (status < 0)
    return status;
  const uint64_t whole = end + size;
  trap_call (__NR_pwrite64, (uint64_t) fd, trap_pointer (&whole), sizeof whole,
             offsetof (struct owner_log_head, size));
  /* What others have appended before is still to be taken.  */
  uint64_t taken = end;
  (void) __atomic_compare_exchange_n (&keeper->taken, &taken, whole, false,
                                      __ATOMIC_RELAXED, __ATOMIC_RELAXED);
  return 0;
}

/* Append ENTRY of SIZE bytes to the log of KEEPER.  Return 0 or a negative
   errno.  */
static int
append (struct trap_keeper *keeper, const union owner_log_entry *entry,
        size_t size)
{
  int64_t fd = open_log (keeper);
  int64_t status = lock (fd, F_WRLCK);
  if (status == 0)
    {
      status = append_locked (keeper, fd, entry, size);
      (void) lock (fd, F_UNLCK);
    }
  if (fd != keeper->fd)
    trap_call (__NR_close, (uint64_t) fd, 0, 0, 0);
  return (int) status;
}

/* Return whether a change of a file on DEVICE is to be kept by KEEPER: it is
   none that was taken from the log just now.  */
static bool
keeps (const struct trap_keeper *keeper, uint64_t device)
{
  uint32_t reader = __atomic_load_n (&keeper->reader, __ATOMIC_RELAXED);
  return device == keeper->device && (reader == 0 || reader != own_tid ());
}

static int
keep (struct guest_owners_keeper *functions,
      const struct guest_owner_record *record, const char *name,
      const void *value, size_t size)
{
  struct trap_keeper *keeper = of (functions);
  union owner_log_entry entry;
  if (!keeps (keeper, record->key.device))
    return 0;
  size = owner_log_fill_change (&entry, record, name, value, size);
  return append (keeper, &entry, size);
}

static void
drop (struct guest_owners_keeper *functions, const struct guest_file_key *key)
{
  struct trap_keeper *keeper = of (functions);
  union owner_log_entry entry;
  if (!keeps (keeper, key->device))
    return;
  size_t size = owner_log_fill_nothing (&entry, key);
  (void) append (keeper, &entry, size); /* the file is about to go anyway */
}

/* Have this thread take what others have appended to the log of KEEPER, unless
   another does, and is still there.  Return whether it may.  */
static bool
begin_taking (struct trap_keeper *keeper)
{
  uint32_t reader = 0;
  uint32_t own = own_tid ();
  if (__atomic_compare_exchange_n (&keeper->reader, &reader, own, false,
                                   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
    return true;
  return reader != own && trap_call (K_NR_tkill, reader, 0, 0, 0) == -K_ESRCH
         && __atomic_compare_exchange_n (&keeper->reader, &reader, own, false,
                                         __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static void
take_new (struct trap_keeper *keeper)
{
  unsigned char bytes[CHUNK];
  struct trap_state *state = (struct trap_state *) TRAP_STATE;
  for (;;)
    {
      uint64_t taken = __atomic_load_n (&keeper->taken, __ATOMIC_RELAXED);
      int64_t got = trap_call (__NR_pread64, (uint64_t) keeper->fd,
                               trap_pointer (bytes), sizeof bytes, taken);
      if (got == -K_EINTR)
        continue;
      size_t done = got <= 0
                        ? 0
                        : owner_log_take (state->guest.owners, keeper->device,
                                          bytes, (size_t) got);
      if (done == 0)
        return;
      (void) __atomic_compare_exchange_n (&keeper->taken, &taken, taken + done,
                                          false, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED);
    }
}

static void
look (struct guest_owners_keeper *functions)
{
  struct trap_keeper *keeper = of (functions);
  int64_t size = trap_call (__NR_lseek, (uint64_t) keeper->fd, 0, SEEK_END, 0);
  if (size < 0
      || (uint64_t) size <= __atomic_load_n (&keeper->taken, __ATOMIC_RELAXED)
      || !begin_taking (keeper))
    return;
  take_new (keeper);
  __atomic_store_n (&keeper->reader, 0, __ATOMIC_RELEASE);
}

void
keep_begin (struct trap_state *state)
{
  struct trap_keeper *keeper = &state->keeper;
  if (keeper->fd < 0)
    return;
  keeper->functions =
      (struct guest_owners_keeper){ .keep = keep, .drop = drop, .look = look };
  state->guest.owners->keeper = &keeper->functions;
}
