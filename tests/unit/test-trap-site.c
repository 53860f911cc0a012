/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Which places that call the system can be patched.  The sequences are those
   of compilers and libcs; test-trap-patch.c executes what becomes of them.  */

#include "tests/unit/tap.h"

#include <stdint.h>

#include "trap-engine/site.h"

#define STACK 0x7ffc00001000

/* Bytes as hexadecimal digits, '|' where the 'syscall' is, which has been left
   out.  REGISTERS are names and values; those not named have values of their
   own.  MEMORY is the word that the stack has at any place.  */
struct shape
{
  const char *name;
  const char *code;
  const char *registers;
  uint64_t memory;
  int before, size, first; /* as trap_site_find is to say; SIZE 0: refused */
  uint32_t starts;
};

static const struct shape shapes[] = {
  /* --- one number before ------------------------------------------------- */
  { "glibc openat", "b801010000|483d00f0ffff", "rax=101", 0, 5, 7, 5, 0x21 },
  { "only the number is known", "b801010000|", "rax=101", 0, 5, 7, 5, 0x21 },
  { "musl mkdir", "89f6b853000000|4889c7", "rax=53", 0, 5, 7, 5, 0x21 },
  { "Go rt_sigaction", "48c7c00d000000|cc", "rax=d", 0, 7, 9, 7, 0x81 },
  { "a number of 64 bits, negative", "48c7c0ffffffff|cc",
    "rax=ffffffffffffffff", 0, 7, 9, 7, 0x81 },
  { "a high register, with a prefix", "41ba08000000|c3", "r10=8", 0, 6, 8, 6,
    0x41 },
  { "another number was called", "b801010000|c3", "rax=102", 0, 0, 0, 0, 0 },
  { "more than the number is in rax", "b801010000|c3", "rax=100000101", 0, 0, 0,
    0, 0 },
  { "it was r8 that got the number", "41b801010000|c3", "rax=101 r8=101", 0, 0,
    0, 0, 0 },
  { "the byte before looks like a prefix", "41b801010000|c3", "rax=101", 0, 5,
    7, 5, 0x21 },
  { "a number stored by rbp", "c745b801010000|c3", "rax=101", 0, 0, 0, 0, 0 },
  { "a number stored by rsp", "c74424b801010000|c3", "rax=101", 0, 0, 0, 0, 0 },
  { "a number stored by an index", "c704b801010000|c3", "rax=101", 0, 0, 0, 0,
    0 },
  { "a load by r8 with a distance", "498bb801010000|c3", "rax=101", 0, 0, 0, 0,
    0 },
  { "16 bits only", "66b80101|c3", "rax=101", 0, 0, 0, 0, 0 },
  { "64 bits", "48b80101000000000000|c3", "rax=101", 0, 0, 0, 0, 0 },
  { "no room before", "01010000|c3", "rax=101", 0, 0, 0, 0, 0 },

  /* --- several before ---------------------------------------------------- */
  { "musl statfs", "b8890000004c89c7|4889c7", "rax=89 r8=7000 rdi=7000", 0, 8,
    10, 5, 0x121 },
  { "two moves",
    "b804000000"
    "4889f7"
    "4c89c6|c3",
    "rax=4 rdi=5000 rsi=6000 r8=6000", 0, 11, 13, 5, 0x921 },
  { "two moves that left their marks",
    "b804000000"
    "4989fa"
    "4c89c6|c3",
    "rax=4 r10=5000 rdi=5000 rsi=6000 r8=6000", 0, 11, 13, 5, 0x921 },
  { "three moves, the source of one overwritten",
    "b8060100004889fe"
    "4889d7"
    "4889ca|c3",
    "rax=106 rsi=1 rdi=2 rdx=3", 0, 14, 16, 5, 0x4921 },
  { "four moves, one not made", "b8060100004989fa4989f94989d04c89e6|c3",
    "rax=106 r10=1 rdi=1 r9=2 rsi=4 r8=3 rdx=3 r12=4", 0, 0, 0, 0, 0 },
  { "four moves that left their marks", "b8060100004989fa4989f94989d04c89e6|c3",
    "rax=106 r10=1 rdi=1 r9=1 r8=3 rdx=3 rsi=4 r12=4", 0, 17, 19, 5, 0x24921 },
  { "musl pthread_sigmask", "41ba08000000b80e000000|f7d8c3", "rax=e r10=8", 0,
    5, 7, 5, 0x21 },
  { "musl sigprocmask to block all", "b80e00000031d2bf02000000|c3",
    "rax=e rdx=0 rdi=2", 0, 5, 7, 5, 0x21 },
  { "glibc raise",
    "bf02000000"
    "4489c8|483dfcffffff",
    "rax=f rdi=2 r9=f", 0, 8, 10, 5, 0x121 },
  { "a register cleared", "b85c00000031f6|c3", "rax=5c rsi=0", 0, 7, 9, 5,
    0xa1 },
  { "a high register cleared", "b85c0000004531d2|c3", "rax=5c r10=0", 0, 8, 10,
    5, 0x121 },
  { "a sign extended", "b8d90000004863ff|c3", "rax=d9 rdi=fffffffffffffff7", 0,
    8, 10, 5, 0x121 },
  { "a sign not extended", "b8d90000004863ff|c3", "rax=d9 rdi=fffffff7", 0, 0,
    0, 0, 0 },
  { "a register not cleared", "b85c00000031f6|c3", "rax=5c rsi=1", 0, 0, 0, 0,
    0 },
  { "a move that was not made", "b8890000004c89c7|c3", "rax=89 r8=7 rdi=8", 0,
    0, 0, 0, 0 },
  { "a move of half a register", "b8890000004489c7|c3",
    "rax=89 r8=500000007 rdi=7", 0, 8, 10, 5, 0x121 },
  { "a move from rcx, which the call overwrites",
    "b809010000"
    "4989ca|c3",
    "rax=109 rcx=1 r10=2", 0, 8, 10, 5, 0x121 },
  { "ld.so's readlink", "4c8d4424104c89c2|85c0",
    "rdx=7ffc00001010 r8=7ffc00001010", 0, 8, 10, 5, 0x121 },
  { "a place on the stack that is another", "4c8d442410|85c0",
    "r8=7ffc00001018", 0, 0, 0, 0, 0 },
  { "the stack is moved", "b8010100004889ec|c3", "rax=101 rbp=7ffc00001000", 0,
    0, 0, 0, 0 },
  { "a relative address", "b80d000000488d3500000000|c3", "rax=d", 0, 0, 0, 0,
    0 },
  { "first instructions of 3 bytes", "4989ca4889f74c89c6|c3", "rax=4", 0, 0, 0,
    0, 0 },

  /* --- the stack --------------------------------------------------------- */
  { "glibc 2.41's cancellation point", "0f1f840000000000488b442410|5bc3",
    "rax=101", 0x101, 5, 7, 5, 0x21 },
  { "behind a return", "5bc3488b442410|5bc3", "rax=101", 0x101, 5, 7, 5, 0x21 },
  { "the stack has something else", "0f1f840000000000488b442410|5bc3",
    "rax=101", 0x102, 0, 0, 0, 0 },
  { "musl's cancellation point", "4c8b4c24104c895c2408|c3", "rax=2", 0x1234, 5,
    7, 5, 0x21 },
  { "behind a move", "4989d04c89442410|c3", "r8=1234", 0x1234, 5, 7, 5, 0x21 },
  { "half a register, and before it a byte like a prefix",
    "8b7c24488b442410|5bc3", "rax=101", 0x101, 0, 0, 0, 0 },
  { "a prefix that nothing shows to be one", "39f3488b442410|5bc3", "rax=101",
    0x101, 0, 0, 0, 0 },
  { "by r12", "4989d0498b442410|c3", "rax=101", 0x101, 0, 0, 0, 0 },
  { "by rbp", "4989d0488b454010|c3", "rax=101", 0x101, 0, 0, 0, 0 },

  /* --- what follows ------------------------------------------------------ */
  { "Go's shared place", "4889df|483d01f0ffff7615", "rax=101", 0, 0, 8, 2,
    0x5 },
  { "Debian 12's open64", "89c4|483d00f0ffff", "rax=101", 0, 0, 8, 2, 0x5 },
  { "32 bits compared", "89c4|3d00f0ffff", "rax=101", 0, 0, 7, 2, 0x5 },
  { "compared with a byte", "4c89c0|4883f8da74f0", "rax=101", 0, 0, 6, 2, 0x5 },
  { "32 bits compared with a byte", "4c89c0|83f8fc74f0", "rax=101", 0, 0, 5, 2,
    0x5 },
  { "tested", "4c89c0|4885c078f0", "rax=101", 0, 0, 5, 2, 0x5 },
  { "kept", "4c89c0|4889c7e800000000", "rax=101", 0, 0, 5, 2, 0x5 },
  { "put on the stack", "4c89c0|4889442418c3", "rax=101", 0, 0, 7, 2, 0x5 },
  { "2 bytes of 32 tested", "4c89c0|85c0780f", "rax=101", 0, 0, 0, 0, 0 },
  { "a return", "4c89c0|c3909090", "rax=101", 0, 0, 0, 0, 0 },
  { "a jump", "4c89c0|e900000000", "rax=101", 0, 0, 0, 0, 0 },
  { "a call", "4c89c0|e800000000", "rax=101", 0, 0, 0, 0, 0 },
  { "a pop", "4c89c0|5b5d415cc3", "rax=101", 0, 0, 0, 0, 0 },
  { "what is compared is cut off", "4c89c0|483d00f0ff", "rax=101", 0, 0, 0, 0,
    0 },
};

static const char *const names[] = { "r8",  "r9",  "r10", "r11", "r12", "r13",
                                     "r14", "r15", "rdi", "rsi", "rbp", "rbx",
                                     "rdx", "rax", "rcx", "rsp" };

static uint64_t memory;

static bool
load (uint64_t address, uint64_t *value)
{
  *value = memory;
  return address >= STACK - 128 && address < STACK + 128;
}

/* Set REGISTERS as TEXT says.  */
static void
set_registers (uint64_t *registers, const char *text)
{
  for (unsigned i = 0; i < 17; i++)
    registers[i] = 0x1111100000000 + i;
  registers[TRAP_RSP] = STACK;
  for (const char *at = text; *at != '\0';)
    {
      size_t length = strcspn (at, "=");
      char *end;
      for (unsigned i = 0; i < 16; i++)
        if (strlen (names[i]) == length && strncmp (at, names[i], length) == 0)
          registers[i] = strtoull (at + length + 1, &end, 16);
      at = end + strspn (end, " ");
    }
}

/* Fill CODE from TEXT.  */
static void
set_code (struct trap_code *code, const char *text)
{
  const char *bar = strchr (text, '|');
  char digits[3] = "";

  code->before = (unsigned) (bar - text) / 2;
  for (unsigned i = 0; i < code->before; i++)
    {
      memcpy (digits, text + (size_t) 2 * i, 2);
      code->bytes[TRAP_CODE_BEFORE - code->before + i] =
          (unsigned char) strtoul (digits, NULL, 16);
    }
  code->bytes[TRAP_CODE_BEFORE] = 0x0f;
  code->bytes[TRAP_CODE_BEFORE + 1] = 0x05;
  code->after = 2;
  for (bar++; *bar != '\0'; bar += 2)
    {
      memcpy (digits, bar, 2);
      code->bytes[TRAP_CODE_BEFORE + code->after++] =
          (unsigned char) strtoul (digits, NULL, 16);
    }
}

static void
check_shape (const struct shape *shape)
{
  uint64_t registers[17];
  struct trap_code code = { .registers = registers, .load = load };
  struct trap_site site = { 0 };
  bool found, good;

  memset (code.bytes, 0xcc, sizeof code.bytes);
  set_registers (registers, shape->registers);
  set_code (&code, shape->code);
  memory = shape->memory;
  found = trap_site_find (&site, &code);
  good =
      found == (shape->size != 0)
      && (!found
          || (site.before == shape->before && site.size == shape->size
              && site.first == shape->first && site.starts == shape->starts
              && memcmp (site.original,
                         code.bytes + TRAP_CODE_BEFORE - site.before, site.size)
                     == 0));
  if (!tap_ok (good, "%s%s", shape->name,
               shape->size != 0 ? "" : " is refused"))
    tap_note ("  found %d: before %d size %d first %d starts %#x", found,
              site.before, site.size, site.first, (unsigned) site.starts);
}

/* --- what they become ------------------------------------------------------
 */

static bool
is_hex (const unsigned char *bytes, size_t size, const char *text)
{
  char digits[2 * 64 + 1] = "";

  for (size_t i = 0; i < size; i++)
    sprintf (digits + 2 * i, "%02x", bytes[i]);
  return tap_is_string (digits, text, "  as bytes");
}

static void
check_before (void)
{
  struct trap_site site = { .before = 8,
                            .size = 10,
                            .first = 5,
                            .starts = 0x121,
                            .original = { 0xb8, 0x89, 0, 0, 0, 0x4c, 0x89, 0xc7,
                                          0x0f, 0x05 } };
  unsigned char bytes[TRAP_STUB_SIZE];
  unsigned size;

  trap_site_jump (&site, 0x60140, bytes);
  tap_ok (true, "a jump of shape Before");
  is_hex (bytes, 10,
          "ff24254001060006"
          "0606");
  site.first = 6;
  trap_site_jump (&site, 0x3fff40, bytes);
  tap_ok (true, "a jump with a prefix");
  is_hex (bytes, 10, "3eff242540ff3f000606");
  site.first = 5;
  size = trap_site_stub (&site, 0x7f0011223344, 0x60148, 0x60000, bytes);
  tap_ok (true, "a stub of shape Before");
  is_hex (bytes, size,
          "b8890000004c89c7"     /* the copies */
          "49bb44332211007f0000" /* movabs */
          "498d4b02"             /* lea */
          "ff259cfeffff");       /* jmp */
  tap_is_number (trap_site_landing (&site, 0), 0, "the first is landed on");
  tap_is_number (trap_site_landing (&site, 5), 5, "so is the second");
  tap_is_number (trap_site_landing (&site, 8), 8, "so is the call");
  tap_is_number (trap_site_landing (&site, 3), -1, "nobody lands between");
  tap_is_number (trap_site_landing (&site, 10), -1, "nor behind");
  tap_is_number (trap_site_origin (&site, 0), 0, "the stub begins as before");
  tap_is_number (trap_site_origin (&site, 5), 5, "its copies are the same");
  tap_is_number (trap_site_origin (&site, 8), 8, "then it is at the call");
  tap_is_number (trap_site_origin (&site, 22), 8, "until it jumps");
}

static void
check_after (void)
{
  struct trap_site site = { .before = 0,
                            .size = 8,
                            .first = 2,
                            .starts = 5,
                            .original = { 0x0f, 0x05, 0x48, 0x3d, 0x01, 0xf0,
                                          0xff, 0xff } };
  const uint64_t call = 0x7f0011223344;
  unsigned char bytes[TRAP_STUB_SIZE];
  uint64_t stub = trap_site_stub_place (call, call - 0x1000000);
  unsigned size;

  tap_ok (trap_site_reaches (call, stub), "a place is reached");
  tap_ok (stub >= call - 0x1000000 && stub < call - 0x1000000 + 0x10000,
          "it is the next");
  tap_ok (!trap_site_reaches (call, stub - 1), "not the byte before");
  tap_ok (trap_site_reaches (call, stub + 255), "255 bytes behind");
  tap_ok (!trap_site_reaches (call, stub + 256), "not more");
  tap_ok (!trap_site_reaches (call, stub - 0x80000000), "not so far");
  tap_ok (trap_site_reaches (call, stub + 0x10000), "64 KiB behind");
  trap_site_jump (&site, stub - call, bytes);
  tap_ok (bytes[0] == 0xe9 && bytes[2] == 0x06 && bytes[5] == 0x06
              && bytes[6] == 0x06 && bytes[7] == 0x06,
          "a jump of shape After");
  int32_t distance;
  memcpy (&distance, bytes + 1, sizeof distance);
  tap_ok (call + 5 + (uint64_t) distance == stub, "it leads to the stub");
  size = trap_site_stub (&site, call, stub, stub + 0x1000, bytes);
  tap_is_number (size, 34, "size of its stub");
  tap_ok (memcmp (bytes + 23, site.original + 2, 6) == 0, "with the copy");
  tap_is_number (trap_site_landing (&site, 2), 23, "where a return lands");
  tap_is_number (trap_site_landing (&site, 0), 0, "where a call does");
  tap_is_number (trap_site_origin (&site, 10), 0, "the stub is at the call");
  tap_is_number (trap_site_origin (&site, 23), 2, "then behind it");
  tap_is_number (trap_site_origin (&site, 29), 8, "then behind the range");
}

/* Every place that can be asked for is found, and none below.  */
static void
check_places (void)
{
  bool good = true;

  for (uint64_t i = 0; i < 0x20000; i += 7)
    {
      uint64_t call = 0x7f0000000000 + i * 3, from = call - 0x5000000 + i;
      uint64_t place = trap_site_stub_place (call, from);
      good = good && place >= from && place < from + 0x10000
             && trap_site_reaches (call, place)
             && (place == from || !trap_site_reaches (call, place - 1));
    }
  tap_ok (good, "places within reach");
  tap_ok (trap_site_is_area (0x60000) && trap_site_is_area (0x3f0000)
              && !trap_site_is_area (0x50000) && !trap_site_is_area (0x60100),
          "areas");
}

int
main (void)
{
  for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
    check_shape (&shapes[i]);
  check_before ();
  check_after ();
  check_places ();
  return tap_done ();
}
