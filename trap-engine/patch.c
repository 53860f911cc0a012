/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Making jumps of the places that call the system.  */

#include "trap-engine/patch.h"

#include <linux/fcntl.h>
#include <linux/mman.h>

#include "lib/guest/kernel.h"
#include "lib/load/machine.h"
#include "trap-engine/site.h"
#include "trap-engine/traced.h"

#define PAGE 4096ul
#define FILLER 0x06

#ifndef MAP_FIXED_NOREPLACE
#  define MAP_FIXED_NOREPLACE 0x100000
#endif

enum
{
  ADVICE_WIPE_ON_FORK = 18,
  BARRIER_SYNC_CORE = 1 << 5, /* MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE */
  BARRIER_REGISTER = 1 << 6,
  NR_MEMBARRIER = 324,

  RLIMIT_NOFILE = 7,

  /* Slots of stubs.  One of the area begins with the word that a jump reads;
     the first of the area, and of a pool, has the runtime's entry.  */
  SLOT = 64,
  SLOT_WORD = 8,
  AREA_SIZE = 0x10000,
  POOL_SIZE = AREA_SIZE + 0x1000, /* any 256 bytes that a place can reach */
  POOL_SLOTS = POOL_SIZE / SLOT,
  POOLS = 12,

  RECORDS = 2048,

  SEEN_SETS = 64,
  SEEN_WAYS = 4,
  SEEN_REFUSED = 255
};

/* A patched place.  */
struct record
{
  uint64_t start; /* of the range; 0 when it counts no more */
  uint64_t stub;
  bool written; /* the range is what it is to be */
  struct trap_site site;
};

struct pool
{
  uint64_t address;
  uint64_t used[(POOL_SLOTS + 63) / 64];
};

/* What is written through: /proc/self/mem, or -1 for mprotect; and whether
   other tasks have to be reckoned with.  */
struct writer
{
  int fd;
  bool alone;
};

static struct
{
  enum trap_patching state;
  struct trap_patch_options options;
  int decided_by; /* the process whose tracer was looked for */
  bool forks_are_seen;
  bool barriers; /* the kernel knows that they will be wanted */
  bool shared;   /* all has been done that sharing memory needs */
  uint64_t mark; /* what is looked for in /proc/self/mem */
  uint32_t traps;

  uint32_t area;
  uint32_t area_used; /* slots */
  uint32_t pool_count;
  uint32_t count; /* of records */
  struct pool pools[POOLS];

  /* Places of which calls were trapped, by hash: address, and in the lowest
     byte how many.  */
  uint64_t seen[SEEN_SETS][SEEN_WAYS];
  struct record records[RECORDS];
} patcher;

/* The thread that patches, 0 for none.  A fork leaves this page empty.  */
static struct
{
  uint32_t owner;
  char rest[PAGE - sizeof (uint32_t)];
} lock __attribute__ ((aligned (4096)));

/* File-backed: what may be done to the text of programs is tried out here.  */
static const char probe[PAGE] __attribute__ ((aligned (4096))) = { 1 };

static long
call (long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
  return call6 (number, a, b, c, d, 0, 0);
}

/* --- memory --------------------------------------------------------------- */

/* Copy SIZE bytes of the program at ADDRESS, where nothing may be, to TO.
   Return whether all were there.  */
static bool
peek (uint64_t address, void *to, uint64_t size)
{
  struct
  {
    uint64_t address, size;
  } here = { (uintptr_t) to, size }, there = { address, size };
  long pid = call (__NR_getpid, 0, 0, 0, 0);
  long count = call6 (__NR_process_vm_readv, (uint64_t) pid, (uintptr_t) &here,
                      1, (uintptr_t) &there, 1, 0);

  if (count == -K_ENOSYS || count == -K_EPERM)
    {
      /* Kernels without it, and old sandboxes.  */
      long fd = call (__NR_openat, (uint64_t) AT_FDCWD,
                      (uintptr_t) "/proc/self/mem", O_RDONLY | O_CLOEXEC, 0);
      if (is_error (fd))
        return false;
      count = call (__NR_pread64, (uint64_t) fd, (uintptr_t) to, size, address);
      (void) call (__NR_close, (uint64_t) fd, 0, 0, 0);
    }
  return count == (long) size;
}

static bool
load (uint64_t address, uint64_t *value)
{
  return peek (address, value, sizeof *value);
}

/* Return whether the program may write to ADDRESS, which has BYTE.  */
static bool
is_writable (uint64_t address, unsigned char byte)
{
  struct
  {
    uint64_t address, size;
  } here = { (uintptr_t) &byte, 1 }, there = { address, 1 };
  long pid = call (__NR_getpid, 0, 0, 0, 0);

  return call6 (__NR_process_vm_writev, (uint64_t) pid, (uintptr_t) &here, 1,
                (uintptr_t) &there, 1, 0)
         == 1;
}

static long
protect (uint64_t address, uint64_t size, uint64_t protection)
{
  uint64_t start = address & ~(PAGE - 1);
  uint64_t end = (address + size + PAGE - 1) & ~(PAGE - 1);

  return call (__NR_mprotect, start, end - start, protection, 0);
}

/* Write the SIZE BYTES to ADDRESS, which is executable.  Return whether all
   are there.  */
static bool
poke (const struct writer *writer, uint64_t address, const unsigned char *bytes,
      unsigned size)
{
  if (writer->fd >= 0)
    return call (__NR_pwrite64, (uint64_t) writer->fd, (uintptr_t) bytes, size,
                 address)
           == (long) size;
  if (protect (address, size, PROT_READ | PROT_WRITE) < 0)
    return false;
  for (unsigned i = 0; i < size; i++)
    ((volatile unsigned char *) address)[i] = bytes[i];
  return protect (address, size, PROT_READ | PROT_EXEC) == 0;
}

/* Have all processors that run the program see what has been written.  Return
   whether that can be done.  */
static bool
synchronize (void)
{
  long status = call (NR_MEMBARRIER, BARRIER_SYNC_CORE, 0, 0, 0);

  if (status == -K_EPERM
      && call (NR_MEMBARRIER, BARRIER_REGISTER, 0, 0, 0) == 0)
    status = call (NR_MEMBARRIER, BARRIER_SYNC_CORE, 0, 0, 0);
  return status == 0;
}

/* Map SIZE bytes at ADDRESS, if nothing is there, for code.  */
static bool
map_code (uint64_t address, uint64_t size)
{
  long place = call_mmap (address, size, PROT_READ | PROT_EXEC,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
                          (uintptr_t) -1, 0);

  if (is_error (place))
    return false;
  if ((uint64_t) place == address)
    return true;
  /* Linux before 4.17 takes the address for a hint.  */
  call (__NR_munmap, (uint64_t) place, size, 0, 0);
  return false;
}

/* --- whether at all ------------------------------------------------------- */

void
trap_patch_begin (const struct trap_patch_options *options)
{
  patcher.options = *options;
  patcher.shared = false;
  patcher.state = TRAP_PATCHING_ON;
}

void
trap_patch_forked (void)
{
  patcher.traps = 0;
  patcher.shared = false;
}

enum trap_patching
trap_patching (void)
{
  return patcher.state;
}

/* Look once in each process whether it is traced.  */
static void
decide (void)
{
  int pid = (int) call (__NR_getpid, 0, 0, 0, 0);

  if (pid == patcher.decided_by)
    return;
  if (patcher.state == TRAP_PATCHING_TRACED)
    patcher.state = TRAP_PATCHING_ON;
  if (trap_is_traced ())
    patcher.state = TRAP_PATCHING_TRACED;
  patcher.decided_by = pid;
}

/* Return whether text, once written to, can be made executable again: what
   that takes is tried out.  */
static bool
may_protect (void)
{
  uint64_t page = (uintptr_t) probe;
  volatile char *byte = (volatile char *) page;
  bool may = protect (page, PAGE, PROT_READ | PROT_WRITE) == 0;

  if (may)
    {
      *byte = 1;
      may = protect (page, PAGE, PROT_READ | PROT_EXEC) == 0;
    }
  (void) protect (page, PAGE, PROT_READ);
  return may;
}

/* What has been tried to write with is forbidden.  */
static void
degrade (void)
{
  bool next = patcher.state == TRAP_PATCHING_ON && may_protect ();

  patcher.state = next ? TRAP_PATCHING_ALONE : TRAP_PATCHING_NEVER;
}

static int
open_memory (void)
{
  return (int) call (__NR_openat, (uint64_t) AT_FDCWD,
                     (uintptr_t) "/proc/self/mem", O_RDWR | O_CLOEXEC, 0);
}

enum trap_patching
trap_patch_probe (void)
{
  long page = call_mmap (0, PAGE, PROT_READ | PROT_EXEC,
                         MAP_PRIVATE | MAP_ANONYMOUS, (uintptr_t) -1, 0);
  int fd = open_memory ();
  bool written = !is_error (page) && fd >= 0
                 && call (__NR_pwrite64, (uint64_t) fd, (uintptr_t) &fd,
                          sizeof fd, (uint64_t) page)
                        == (long) sizeof fd;

  if (fd >= 0)
    (void) call (__NR_close, (uint64_t) fd, 0, 0, 0);
  if (!is_error (page))
    (void) call (__NR_munmap, (uint64_t) page, PAGE, 0, 0);
  if (trap_is_traced ())
    return TRAP_PATCHING_TRACED;
  if (written)
    return TRAP_PATCHING_ON;
  return may_protect () ? TRAP_PATCHING_ALONE : TRAP_PATCHING_NEVER;
}

/* Return whether descriptor FD is the memory of this process: a fork leaves the
   child with its parent's.  */
static bool
is_memory (int fd)
{
  uint64_t read = 0;

  patcher.mark = (uint64_t) call (__NR_getpid, 0, 0, 0, 0) << 32 | 1;
  return fd >= 0
         && call (__NR_pread64, (uint64_t) fd, (uintptr_t) &read, sizeof read,
                  (uintptr_t) &patcher.mark)
                == sizeof read
         && read == patcher.mark;
}

/* Move FD to the number that the program cannot reach, which may be one that
   its limit does not allow.  */
static void
put_away (int fd)
{
  uint64_t to = (uint64_t) patcher.options.fd;
  struct
  {
    uint64_t soft, hard;
  } limit, raised;

  if (call (__NR_dup3, (uint64_t) fd, to, O_CLOEXEC, 0) == -K_EBADF
      && call (__NR_prlimit64, 0, RLIMIT_NOFILE, 0, (uintptr_t) &limit) == 0)
    {
      raised.soft = raised.hard = limit.hard;
      (void) call (__NR_prlimit64, 0, RLIMIT_NOFILE, (uintptr_t) &raised, 0);
      (void) call (__NR_dup3, (uint64_t) fd, to, O_CLOEXEC, 0);
      (void) call (__NR_prlimit64, 0, RLIMIT_NOFILE, (uintptr_t) &limit, 0);
    }
  (void) call (__NR_close, (uint64_t) fd, 0, 0, 0);
}

void
trap_patch_share (bool alone)
{
  int fd;

  if (patcher.state != TRAP_PATCHING_ON || patcher.options.fd < 0 || !alone
      || patcher.shared)
    return;
  patcher.shared = true;
  if (!patcher.barriers)
    (void) call (NR_MEMBARRIER, BARRIER_REGISTER, 0, 0, 0);
  patcher.barriers = true;
  if (is_memory (patcher.options.fd))
    return;
  fd = open_memory ();
  if (fd >= 0)
    put_away (fd);
}

/* Make WRITER ready.  Return whether something can be written now.  A number
   that the program can reach will do only while no other thread is there to
   close it, and have it anew for a file of its own.  */
static bool
open_writer (struct writer *writer, bool alone)
{
  *writer = (struct writer){ .fd = patcher.options.fd, .alone = alone };
  if (patcher.state == TRAP_PATCHING_ON && !alone)
    return is_memory (writer->fd) && synchronize ();
  if (patcher.state == TRAP_PATCHING_ON)
    {
      writer->fd = open_memory ();
      if (writer->fd >= 0)
        return true;
      if (writer->fd == -K_ENOENT || writer->fd == -K_EACCES
          || writer->fd == -K_EPERM)
        degrade ();
    }
  writer->fd = -1;
  return patcher.state == TRAP_PATCHING_ALONE && alone;
}

static void
close_writer (const struct writer *writer)
{
  if (writer->fd >= 0 && writer->alone)
    (void) call (__NR_close, (uint64_t) writer->fd, 0, 0, 0);
}

/* Take the lock if nobody has it who still lives.  Only who is alone may do
   without forks leaving it free.  */
static bool
take_lock (bool alone)
{
  uint32_t self = (uint32_t) call (__NR_gettid, 0, 0, 0, 0);
  uint32_t owner = 0;

  if (!alone && !patcher.forks_are_seen)
    {
      if (call (__NR_madvise, (uintptr_t) &lock, sizeof lock,
                ADVICE_WIPE_ON_FORK, 0)
          < 0)
        return false;
      patcher.forks_are_seen = true;
    }
  if (__atomic_compare_exchange_n (&lock.owner, &owner, self, 0,
                                   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
    return true;
  return (alone || call (__NR_tkill, owner, 0, 0, 0) == -K_ESRCH)
         && __atomic_compare_exchange_n (&lock.owner, &owner, self, 0,
                                         __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static void
give_lock (void)
{
  __atomic_store_n (&lock.owner, 0, __ATOMIC_RELEASE);
}

/* --- places for stubs ----------------------------------------------------- */

/* Map the area of words, and write the entry's address to its first slot.  */
static bool
make_area (const struct writer *writer)
{
  for (uint32_t address = 0x60000; address <= 0x3f0000; address += 0x10000)
    if (trap_site_is_area (address) && map_code (address, AREA_SIZE))
      {
        if (!poke (writer, address,
                   (const unsigned char *) &patcher.options.entry, 8))
          {
            (void) call (__NR_munmap, address, AREA_SIZE, 0, 0);
            degrade ();
            return false;
          }
        patcher.area_used = 1;
        patcher.area = address;
        return true;
      }
  return false;
}

/* Return a place for a stub of shape Before, or 0.  */
static uint64_t
place_before (const struct writer *writer)
{
  if (patcher.area == 0 && !make_area (writer))
    return 0;
  if (patcher.area_used == AREA_SIZE / SLOT)
    return 0;
  return patcher.area + patcher.area_used++ * SLOT + SLOT_WORD;
}

/* Map another pool within reach of CALL.  Below it, where programs do not
   grow; above, if there is no other way.  */
static struct pool *
make_pool (const struct writer *writer, uint64_t call_address)
{
  struct pool *pool = &patcher.pools[patcher.pool_count];
  uint64_t base = call_address & ~0xfffful;
  uint64_t step =
      base >> 31 != 0 ? 0x1000000 : (base / 96 & ~0xfffful) + 0x10000;

  if (patcher.pool_count == POOLS)
    return 0;
  for (uint64_t i = 1; i < 128; i++)
    {
      uint64_t address =
          i < 100 ? base - i * step : base + (i - 60) * 0x1000000;
      if (address > base + 0x7f000000 || (i < 100 && address > base)
          || address < AREA_SIZE || !map_code (address, POOL_SIZE))
        continue;
      if (!poke (writer, address,
                 (const unsigned char *) &patcher.options.entry, 8))
        {
          (void) call (__NR_munmap, address, POOL_SIZE, 0, 0);
          degrade ();
          return 0;
        }
      *pool = (struct pool){ .address = address, .used = { 1 } };
      __atomic_store_n (&patcher.pool_count, patcher.pool_count + 1,
                        __ATOMIC_RELEASE);
      return pool;
    }
  return 0;
}

/* Return a place in POOL for the stub of CALL, or 0.  */
static uint64_t
take_slot (struct pool *pool, uint64_t call_address)
{
  uint64_t first = trap_site_stub_place (call_address, pool->address);
  uint64_t slot = (first - pool->address + SLOT - 1) / SLOT;

  for (; slot < POOL_SLOTS; slot++)
    {
      uint64_t place = pool->address + slot * SLOT;
      uint64_t bit = 1ul << slot % 64;
      if (!trap_site_reaches (call_address, place))
        return 0;
      if ((pool->used[slot / 64] & bit) != 0)
        continue;
      pool->used[slot / 64] |= bit;
      return place;
    }
  return 0;
}

static uint64_t
place_after (const struct writer *writer, uint64_t call_address)
{
  struct pool *pool;

  for (uint32_t i = 0; i < patcher.pool_count; i++)
    {
      uint64_t place = take_slot (&patcher.pools[i], call_address);
      if (place != 0)
        return place;
    }
  pool = make_pool (writer, call_address);
  return pool != 0 ? take_slot (pool, call_address) : 0;
}

static uint64_t
call_of (const struct record *record)
{
  return record->start + record->site.before;
}

/* Write the range of RECORD as it is to become to BYTES.  */
static void
jump_of (const struct record *record, unsigned char *bytes)
{
  trap_site_jump (&record->site,
                  record->site.before != 0 ? record->stub - SLOT_WORD
                                           : record->stub - record->start,
                  bytes);
}

/* Find a place for the stub of RECORD, whose SITE and start are known, and
   write it.  */
static bool
make_stub (const struct writer *writer, struct record *record)
{
  struct
  {
    uint64_t word;
    unsigned char stub[TRAP_STUB_SIZE];
  } slot;
  uint64_t address = call_of (record), entry = 0;
  bool before = record->site.before != 0;
  unsigned size;

  record->stub = before ? place_before (writer) : place_after (writer, address);
  if (record->stub == 0)
    return false;
  for (uint32_t i = 0; !before && i < patcher.pool_count; i++)
    if (record->stub - patcher.pools[i].address < POOL_SIZE)
      entry = patcher.pools[i].address;
  if (before)
    entry = patcher.area;
  slot.word = record->stub;
  size =
      trap_site_stub (&record->site, address, record->stub, entry, slot.stub);
  if (before ? poke (writer, record->stub - SLOT_WORD,
                     (const unsigned char *) &slot, SLOT_WORD + size)
             : poke (writer, record->stub, slot.stub, size))
    return true;
  degrade ();
  return false;
}

/* --- writing -------------------------------------------------------------- */

static bool
is_start (const struct record *record, unsigned offset)
{
  return (record->site.starts >> offset & 1) != 0;
}

/* Make the range of RECORD into BYTES, while others may run there: see the
   head of patch.h.  Works both ways.  */
static bool
write_range (const struct writer *writer, const struct record *record,
             const unsigned char *bytes)
{
  static const unsigned char filler = FILLER;
  unsigned size = record->site.size;
  bool good = true;

  if (writer->alone)
    return poke (writer, record->start, bytes, size);
  for (unsigned i = size; i-- > 0;)
    if (is_start (record, i))
      good = good && poke (writer, record->start + i, &filler, 1);
  good = good && synchronize ();
  for (unsigned i = 0, end; good && i < size; i = end)
    {
      for (end = i + 1; end < size && !is_start (record, end); end++)
        ;
      if (end > i + 1)
        good = poke (writer, record->start + i + 1, bytes + i + 1, end - i - 1);
    }
  good = good && synchronize ();
  for (unsigned i = size; i-- > 0;)
    if (is_start (record, i) && bytes[i] != filler)
      good = good && poke (writer, record->start + i, bytes + i, 1);
  return good;
}

/* Return whether the range of RECORD, whose bytes are now IS, has nothing but
   what was and will be there.  */
static bool
is_ours (const struct record *record, const unsigned char *is)
{
  unsigned char jump[TRAP_SITE_SIZE];

  jump_of (record, jump);
  for (unsigned i = 0; i < record->site.size; i++)
    if (is[i] != jump[i] && is[i] != record->site.original[i]
        && !(is_start (record, i) && is[i] == FILLER))
      return false;
  return true;
}

/* Make RECORD's place, if it is not yet one, a jump.  */
static bool
finish (const struct writer *writer, struct record *record)
{
  unsigned char jump[TRAP_SITE_SIZE], is[TRAP_SITE_SIZE];
  bool same = peek (record->start, is, record->site.size);

  jump_of (record, jump);
  for (unsigned i = 0; i < record->site.size; i++)
    same = same && is[i] == jump[i];
  if (same)
    {
      __atomic_store_n (&record->written, true, __ATOMIC_RELEASE);
      return true;
    }
  __atomic_store_n (&record->written, false, __ATOMIC_RELEASE);
  if (write_range (writer, record, jump))
    {
      __atomic_store_n (&record->written, true, __ATOMIC_RELEASE);
      return true;
    }
  /* Whatever remains of it faults, and is landed on.  */
  (void) write_range (writer, record, record->site.original);
  return false;
}

/* --- patching ------------------------------------------------------------- */

/* Return where it is kept how many calls from ADDRESS were trapped: its own
   place, or that of one that was called least.  */
static uint64_t *
seen_place (uint64_t address)
{
  uint64_t *set = patcher.seen[address * 0x9e3779b97f4a7c15 >> 58];
  uint64_t *least = set;

  for (unsigned i = 0; i < SEEN_WAYS; i++)
    {
      uint64_t value = __atomic_load_n (&set[i], __ATOMIC_RELAXED);
      if (value >> 8 == address)
        return &set[i];
      if ((value & 255) < (*least & 255))
        least = &set[i];
    }
  return least;
}

/* Count one more call from ADDRESS.  Return whether it is time to patch.  */
static bool
is_due (uint64_t address)
{
  uint64_t *place = seen_place (address);
  uint64_t value = __atomic_load_n (place, __ATOMIC_RELAXED);
  uint64_t count = value >> 8 == address ? value & 255 : 0;

  if (count == SEEN_REFUSED)
    return false;
  if (count < SEEN_REFUSED - 1)
    __atomic_store_n (place, address << 8 | ++count, __ATOMIC_RELAXED);
  if (patcher.traps < patcher.options.warming)
    __atomic_store_n (&patcher.traps, patcher.traps + 1, __ATOMIC_RELAXED);
  return count >= patcher.options.patience
         && patcher.traps >= patcher.options.warming;
}

/* Never try the place at ADDRESS again, as long as that is remembered.  */
static void
refuse (uint64_t address)
{
  __atomic_store_n (seen_place (address), address << 8 | SEEN_REFUSED,
                    __ATOMIC_RELAXED);
}

/* Fill CODE with the bytes around ADDRESS.  */
static bool
read_code (struct trap_code *code, uint64_t address)
{
  unsigned char *at = code->bytes + TRAP_CODE_BEFORE;
  unsigned offset = (unsigned) (address % PAGE);

  code->before = TRAP_CODE_BEFORE;
  code->after = TRAP_CODE_AFTER;
  code->load = load;
  if (peek (address - code->before, at - code->before, sizeof code->bytes))
    return true;
  /* Not all of it is mapped.  */
  if (offset < code->before
      && !peek (address - code->before, at - code->before, code->before))
    code->before = offset;
  if (PAGE - offset < code->after && !peek (address, at, code->after))
    code->after = (unsigned) PAGE - offset;
  return peek (address - code->before, at - code->before,
               code->before + code->after);
}

/* Return the record of the place whose 'syscall' lies at ADDRESS, or NULL.
   CODE is what is there now; it may have been patched meanwhile, or unmapped
   and mapped again.  A record of something else that was there is
   forgotten.  */
static struct record *
find_record (uint64_t address, const struct trap_code *code)
{
  for (uint32_t i = patcher.count; i-- > 0;)
    {
      struct record *record = &patcher.records[i];
      const struct trap_site *site = &record->site;
      if (record->start == 0 || call_of (record) != address)
        continue;
      if (site->before <= code->before
          && site->size <= site->before + code->after
          && is_ours (record, code->bytes + TRAP_CODE_BEFORE - site->before))
        return record;
      __atomic_store_n (&record->start, 0, __ATOMIC_RELEASE);
    }
  return 0;
}

/* Return whether the range of RECORD has bytes that others have.  Those that
   were unmapped meanwhile are forgotten.  */
static bool
overlaps (const struct record *record)
{
  unsigned char is[TRAP_SITE_SIZE];

  for (uint32_t i = 0; i < patcher.count; i++)
    {
      struct record *other = &patcher.records[i];
      if (other->start == 0 || other->start >= record->start + record->site.size
          || record->start >= other->start + other->site.size)
        continue;
      if (peek (other->start, is, other->site.size) && is_ours (other, is))
        return true;
      __atomic_store_n (&other->start, 0, __ATOMIC_RELEASE);
    }
  return false;
}

/* Return whether the program can write to the range of RECORD.  */
static bool
range_is_writable (const struct record *record)
{
  unsigned last = record->site.size - 1u;

  return is_writable (record->start, record->site.original[0])
         || ((record->start + last) / PAGE != record->start / PAGE
             && is_writable (record->start + last,
                             record->site.original[last]));
}

/* Fill the next record with the place at ADDRESS, which CODE shows, and give
   it a stub.  Return it, or NULL; *NEVER says then whether to try again.  */
static struct record *
make_record (const struct writer *writer, uint64_t address,
             const struct trap_code *code, bool *never)
{
  struct record *record = &patcher.records[patcher.count];

  *never = true;
  if (patcher.count == RECORDS || !trap_site_find (&record->site, code))
    return 0;
  record->written = false;
  record->start = address - record->site.before;
  if (overlaps (record) || range_is_writable (record))
    return 0;
  if (!make_stub (writer, record))
    {
      *never = patcher.state == TRAP_PATCHING_ON;
      return 0;
    }
  __atomic_store_n (&patcher.count, patcher.count + 1, __ATOMIC_RELEASE);
  return record;
}

/* Patch the place at ADDRESS.  */
static bool
patch (const struct writer *writer, uint64_t address, const uint64_t *registers)
{
  struct trap_code code = { .registers = registers };
  struct record *record;
  bool never;

  if (!read_code (&code, address))
    return false;
  record = find_record (address, &code);
  if (record == 0)
    {
      record = make_record (writer, address, &code, &never);
      if (record == 0)
        {
          if (never)
            refuse (address);
          return false;
        }
    }
  if (finish (writer, record))
    return true;
  refuse (address);
  return false;
}

/* Calls that come back elsewhere, or twice, or never.  Most are made from
   places of their own, which stay as they are; execve does not come back for
   any call but the first of a place.  */
static bool
is_special (uint64_t number)
{
  static const uint16_t list[] = {
    __NR_rt_sigreturn, __NR_clone,  __NR_fork,     __NR_vfork,
    __NR_exit,         __NR_execve, __NR_execveat, 435 /* clone3 */,
  };

  for (unsigned i = 0; i < sizeof list / sizeof list[0]; i++)
    if (list[i] == number)
      return true;
  return false;
}

bool
trap_patch (uint64_t address, const uint64_t *registers, bool alone)
{
  struct writer writer;
  bool done = false;

  if (patcher.state == TRAP_PATCHING_OFF || patcher.state == TRAP_PATCHING_NEVER
      || is_special (registers[TRAP_RAX]) || !is_due (address))
    return false;
  if (!take_lock (alone))
    return false;
  decide ();
  if (patcher.state != TRAP_PATCHING_TRACED && open_writer (&writer, alone))
    {
      done = patch (&writer, address, registers);
      close_writer (&writer);
    }
  give_lock ();
  return done;
}

/* --- landing -------------------------------------------------------------- */

/* A fork, or death, interrupted whoever wrote to RECORD's place.  */
static void
repair (struct record *record, bool alone)
{
  struct writer writer;

  if (!take_lock (alone))
    return;
  if (!record->written && open_writer (&writer, alone))
    {
      (void) finish (&writer, record);
      close_writer (&writer);
    }
  give_lock ();
}

void
trap_patch_undo (void)
{
  unsigned char is[TRAP_SITE_SIZE];
  struct writer writer;
  if (patcher.count == 0 || !open_writer (&writer, true))
    return;
  for (uint32_t i = 0; i < patcher.count; i++)
    {
      const struct record *record = &patcher.records[i];
      if (record->start != 0 && peek (record->start, is, record->site.size)
          && is_ours (record, is))
        (void) write_range (&writer, record, record->site.original);
    }
  close_writer (&writer);
}

uint64_t
trap_landing (uint64_t rip, bool alone)
{
  unsigned char is[TRAP_SITE_SIZE];

  for (uint32_t i = __atomic_load_n (&patcher.count, __ATOMIC_ACQUIRE);
       i-- > 0;)
    {
      struct record *record = &patcher.records[i];
      uint64_t start = __atomic_load_n (&record->start, __ATOMIC_ACQUIRE);
      int landing;
      if (start == 0 || rip - start >= record->site.size)
        continue;
      landing = trap_site_landing (&record->site, (unsigned) (rip - start));
      if (landing < 0 || !peek (start, is, record->site.size)
          || !is_ours (record, is))
        continue;
      if (!__atomic_load_n (&record->written, __ATOMIC_ACQUIRE))
        repair (record, alone);
      return record->stub + (unsigned) landing;
    }
  return 0;
}

/* Return whether RIP lies where stubs are.  */
static bool
is_in_stubs (uint64_t rip)
{
  uint32_t count = __atomic_load_n (&patcher.pool_count, __ATOMIC_ACQUIRE);

  if (patcher.area != 0 && rip - patcher.area < AREA_SIZE)
    return true;
  for (uint32_t i = 0; i < count; i++)
    if (rip - patcher.pools[i].address < POOL_SIZE)
      return true;
  return false;
}

uint64_t
trap_origin (uint64_t rip)
{
  if (!is_in_stubs (rip))
    return rip;
  for (uint32_t i = __atomic_load_n (&patcher.count, __ATOMIC_ACQUIRE);
       i-- > 0;)
    {
      const struct record *record = &patcher.records[i];
      if (record->start != 0 && rip - record->stub < TRAP_STUB_SIZE)
        return record->start
               + trap_site_origin (&record->site,
                                   (unsigned) (rip - record->stub));
    }
  return rip;
}
