/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Which places that call the system can be patched, and with what.  */

#include "trap-engine/site.h"

#define FILLER 0x06

/* What a simple instruction does.  None depends on where it lies.  */
enum deed
{
  SETS,    /* a register to a number */
  COPIES,  /* a register to another */
  WIDENS,  /* likewise, half of it, with its sign */
  POINTS,  /* a register to a place on the stack */
  LOADS,   /* a register from the stack */
  STORES,  /* a register to the stack */
  COMPARES /* nothing but flags */
};

struct instruction
{
  enum deed deed;
  uint8_t size;
  bool wide;        /* all 64 bits */
  uint8_t to, from; /* registers as the machine numbers them */
  uint64_t number;  /* that a register is set to, or distance from rsp */
};

enum
{
  RAX = 0,
  RCX = 1,
  RSP = 4,
  R11 = 11
};

/* The machine's numbers of registers in the kernel's array.  */
static const uint8_t saved[16] = { TRAP_RAX, TRAP_RCX, TRAP_RDX, TRAP_RBX,
                                   TRAP_RSP, TRAP_RBP, TRAP_RSI, TRAP_RDI,
                                   TRAP_R8,  TRAP_R9,  TRAP_R10, TRAP_R11,
                                   TRAP_R12, TRAP_R13, TRAP_R14, TRAP_R15 };

static uint32_t
word_at (const unsigned char *bytes)
{
  return bytes[0] | (uint32_t) bytes[1] << 8 | (uint32_t) bytes[2] << 16
         | (uint32_t) bytes[3] << 24;
}

static uint64_t
sign_extend (uint32_t word)
{
  return (uint64_t) (int64_t) (int32_t) word;
}

static uint64_t
sign_extend_byte (unsigned char byte)
{
  return (uint64_t) (int64_t) (int8_t) byte;
}

/* --- reading instructions ------------------------------------------------- */

/* The parts of an instruction: prefix (0 when there is none), opcode and the
   byte after it.  */
struct parts
{
  unsigned char rex;
  const unsigned char *code; /* the opcode */
  unsigned left;             /* bytes from there on */
};

static uint8_t
register_of (const struct parts *parts)
{
  return (uint8_t) ((parts->code[1] >> 3 & 7) | (parts->rex & 4) << 1);
}

static uint8_t
operand_of (const struct parts *parts)
{
  return (uint8_t) ((parts->code[1] & 7) | (parts->rex & 1) << 3);
}

/* mov $number,%register, as b8..bf or c7.  */
static bool
read_set (const struct parts *parts, struct instruction *in)
{
  const unsigned char *code = parts->code;

  in->deed = SETS;
  if ((code[0] & 0xf8) == 0xb8 && !in->wide && parts->left >= 5)
    {
      in->to = (uint8_t) ((code[0] & 7) | (parts->rex & 1) << 3);
      in->number = word_at (code + 1);
      in->size = 5;
      return true;
    }
  if (code[0] == 0xc7 && in->wide && parts->left >= 6
      && (code[1] & 0xf8) == 0xc0)
    {
      in->to = operand_of (parts);
      in->number = sign_extend (word_at (code + 2));
      in->size = 6;
      return true;
    }
  return false;
}

/* Both operands registers: mov either way, movslq, xor of one with itself,
   test, cmp, and cmp with a byte.  */
static bool
read_registers (const struct parts *parts, struct instruction *in)
{
  const unsigned char *code = parts->code;
  if (parts->left < 2 || (code[1] & 0xc0) != 0xc0)
    return false;
  in->size = 2;
  in->deed = COPIES;
  in->to = operand_of (parts);
  in->from = register_of (parts);
  if (code[0] == 0x89)
    return true;
  if (code[0] == 0x8b || (code[0] == 0x63 && in->wide))
    {
      in->deed = code[0] == 0x8b ? COPIES : WIDENS;
      in->to = register_of (parts);
      in->from = operand_of (parts);
      return true;
    }
  in->deed = SETS;
  in->number = 0;
  if (code[0] == 0x31 && in->to == in->from)
    return true;
  in->deed = COMPARES;
  if (code[0] == 0x83 && (code[1] & 0x38) == 0x38)
    in->size = 3;
  return code[0] == 0x85 || code[0] == 0x39
         || (in->size == 3 && parts->left >= 3);
}

/* lea, mov either way: a register and a place on the stack, whose distance
   has one byte.  */
static bool
read_stack (const struct parts *parts, struct instruction *in)
{
  const unsigned char *code = parts->code;

  if (parts->left < 4 || (code[1] & 0xc7) != 0x44 || code[2] != 0x24
      || (parts->rex & 3) != 0)
    return false;
  in->size = 4;
  in->number = sign_extend_byte (code[3]);
  in->to = in->from = register_of (parts);
  in->deed = code[0] == 0x8b ? LOADS : code[0] == 0x89 ? STORES : POINTS;
  return in->deed != POINTS || (code[0] == 0x8d && in->wide);
}

/* cmp $number,%rax.  */
static bool
read_compare (const struct parts *parts, struct instruction *in)
{
  in->deed = COMPARES;
  in->size = 5;
  return parts->code[0] == 0x3d && parts->left >= 5;
}

/* Read the simple instruction that begins at CODE, of which SIZE bytes are
   known, into IN.  Return whether there is one.  */
static bool
read_instruction (const unsigned char *code, unsigned size,
                  struct instruction *in)
{
  struct parts parts = { 0, code, size };

  if (size > 1 && (code[0] & 0xf0) == 0x40)
    parts = (struct parts){ code[0], code + 1, size - 1 };
  if (parts.left == 0)
    return false;
  *in = (struct instruction){ .wide = parts.rex & 8 };
  if (!read_set (&parts, in) && !read_registers (&parts, in)
      && !read_stack (&parts, in) && !read_compare (&parts, in))
    return false;
  in->size = (uint8_t) (in->size + (parts.rex != 0));
  /* The stack stays where it is.  */
  return in->to != RSP || in->deed == COMPARES || in->deed == STORES;
}

/* --- believing them ------------------------------------------------------- */

enum belief
{
  REFUTED,
  POSSIBLE,
  PROVED
};

/* A reading of the bytes before a 'syscall'.  */
struct reading
{
  const struct trap_code *code;
  unsigned length; /* from the first instruction up to the 'syscall' */
  unsigned count;  /* instructions */
  struct instruction list[8];
  uint32_t starts; /* bit I: one begins at byte I */
};

static bool
read_before (struct reading *reading)
{
  const unsigned char *bytes =
      reading->code->bytes + TRAP_CODE_BEFORE - reading->length;
  unsigned at = 0;

  reading->count = 0;
  reading->starts = 0;
  while (at < reading->length)
    {
      struct instruction *in = &reading->list[reading->count];
      if (reading->count == sizeof reading->list / sizeof reading->list[0]
          || !read_instruction (bytes + at, reading->length - at, in))
        return false;
      reading->starts |= 1u << at;
      reading->count++;
      at += in->size;
    }
  return at == reading->length;
}

/* What register NUMBER had when the system was called: 'syscall' itself
   overwrites two.  Return whether that is known.  */
static bool
register_at_call (const struct trap_code *code, unsigned number,
                  uint64_t *value)
{
  *value = code->registers[saved[number]];
  return number != RCX && number != R11;
}

/* Say whether IN, after which the registers of LATER (a bit each) were written
   again, can have been executed.  */
static enum belief
judge (const struct trap_code *code, const struct instruction *in,
       unsigned later)
{
  uint64_t stack = code->registers[TRAP_RSP] + in->number;
  uint64_t is, ought = in->number;
  bool known =
      register_at_call (code, in->to, &is) && (later & 1u << in->to) == 0;

  if (in->deed == COPIES || in->deed == WIDENS)
    known = register_at_call (code, in->from, &ought)
            && (later & 1u << in->from) == 0 && known;
  if (in->deed == LOADS || in->deed == STORES)
    known = known && code->load && code->load (stack, &ought);
  if (in->deed == POINTS)
    ought = stack;
  if (in->deed == COMPARES || !known)
    return POSSIBLE;
  if (in->deed == WIDENS)
    ought = sign_extend ((uint32_t) ought);
  if (!in->wide && in->deed == STORES)
    is = (uint32_t) is;
  if (!in->wide)
    ought = (uint32_t) ought;
  return is == ought ? PROVED : REFUTED;
}

/* Say of a whole READING what is to be believed: it is refuted when one
   instruction is, and otherwise what the first is.  */
static enum belief
judge_reading (const struct reading *reading)
{
  enum belief belief = POSSIBLE;
  unsigned later = 0;

  for (unsigned i = reading->count; i-- > 0;)
    {
      const struct instruction *in = &reading->list[i];
      belief = judge (reading->code, in, later);
      if (belief == REFUTED)
        return REFUTED;
      if (in->deed != STORES && in->deed != COMPARES)
        later |= 1u << in->to;
    }
  return belief;
}

/* Return whether a longer reading than READING, one to which its first byte is
   no beginning, is proved as well.  */
static bool
is_contested (const struct reading *reading)
{
  const unsigned char *first =
      reading->code->bytes + TRAP_CODE_BEFORE - reading->length;
  unsigned known = reading->code->before - reading->length;
  struct reading other = { .code = reading->code };

  for (unsigned more = 1; more <= 8 && more <= known; more++)
    {
      other.length = reading->length + more;
      if (read_before (&other) && (other.starts & 1u << more) == 0
          && judge_reading (&other) == PROVED)
        return true;
    }

  /* mov $number,memory, and instructions whose distance from a register looks
     like the number: they leave no mark.  */
  if (known >= 2 && first[-2] == 0xc7
      && ((first[-1] & 0xf8) == 0x40 || first[-1] == 0x04))
    return true;
  if (known >= 3 && first[-3] == 0xc7 && first[-2] == 0x44)
    return true;
  return known >= 2 && (first[-2] & 0xf1) == 0x41
         && ((first[-1] & 0xc4) == 0x00 || first[-1] == 0x63
             || (first[-1] & 0xf0) == 0x80);
}

/* Endings that show where the next instruction begins: no other instruction
   that is common has these bytes before its last.  */
static const struct
{
  uint8_t size;
  unsigned char bytes[8], masks[8];
} endings[] = {
  /* nops that align, also with prefixes; what ends a function */
  { 2, { 0x66, 0x90 }, { 255, 255 } },
  { 2, { 0x58, 0xc3 }, { 0xf8, 255 } },
  { 2, { 0xc3, 0x90 }, { 255, 255 } },
  { 7, { 0x0f, 0x1f, 0x80 }, { 255, 255, 255, 255, 255, 255, 255 } },
  { 8, { 0x0f, 0x1f, 0x84 }, { 255, 255, 255, 255, 255, 255, 255, 255 } },
  { 5, { 0x0f, 0x1f, 0x44 }, { 255, 255, 255, 255, 255 } },
  { 4, { 0x0f, 0x1f, 0x40 }, { 255, 255, 255, 255 } },
  { 3, { 0x0f, 0x1f, 0x00 }, { 255, 255, 255 } },
  /* mov between registers */
  { 3, { 0x48, 0x89, 0xc0 }, { 0xf8, 0xfd, 0xc0 } },
  /* mov between a register and the stack */
  { 5, { 0x48, 0x89, 0x44, 0x24 }, { 0xfb, 0xfd, 0xc7, 255 } },
};

static bool
ends_with (const unsigned char *end, unsigned known, unsigned which)
{
  unsigned size = endings[which].size;

  if (size > known)
    return false;
  for (unsigned i = 0; i < size; i++)
    if (((end[(int) i - (int) size] ^ endings[which].bytes[i])
         & endings[which].masks[i])
        != 0)
      return false;
  return true;
}

/* Return whether what lies before READING shows that it begins there.  */
static bool
is_led_to (const struct reading *reading)
{
  const struct trap_code *code = reading->code;

  for (unsigned i = 0; i < sizeof endings / sizeof endings[0]; i++)
    if (ends_with (code->bytes + TRAP_CODE_BEFORE - reading->length,
                   code->before - reading->length, i))
      return true;
  return false;
}

/* Return whether READING is likely, and its first instruction leaves room for
   the jump: see the head of site.h.  */
static bool
is_likely (const struct reading *reading)
{
  const struct instruction *first = &reading->list[0];
  bool on_stack = first->deed == LOADS || first->deed == STORES;
  enum belief belief;

  if (first->size < 5 || first->deed == COMPARES)
    return false;
  belief = judge_reading (reading);
  if (on_stack)
    return belief != REFUTED && first->wide && is_led_to (reading);
  return belief == PROVED;
}

/* --- sites ---------------------------------------------------------------- */

static void
fill_original (struct trap_site *site, const struct trap_code *code)
{
  const unsigned char *bytes = code->bytes + TRAP_CODE_BEFORE - site->before;

  for (unsigned i = 0; i < site->size; i++)
    site->original[i] = bytes[i];
}

static bool
calls (const struct trap_code *code)
{
  return code->after >= 2 && code->bytes[TRAP_CODE_BEFORE] == 0x0f
         && code->bytes[TRAP_CODE_BEFORE + 1] == 0x05;
}

bool
trap_site_find_after (struct trap_site *site, const struct trap_code *code)
{
  struct instruction in;

  if (!calls (code)
      || !read_instruction (code->bytes + TRAP_CODE_BEFORE + 2, code->after - 2,
                            &in)
      || in.size < 3)
    return false;
  site->before = 0;
  site->first = 2;
  site->size = (uint8_t) (2 + in.size);
  site->starts = 1u << 0 | 1u << 2;
  fill_original (site, code);
  return true;
}

bool
trap_site_find (struct trap_site *site, const struct trap_code *code)
{
  struct reading reading = { .code = code, .length = 5 };

  if (!calls (code))
    return false;
  while (reading.length <= code->before && reading.length < TRAP_SITE_SIZE - 8
         && !(read_before (&reading) && is_likely (&reading)))
    reading.length++;
  if (reading.length > code->before || reading.length >= TRAP_SITE_SIZE - 8
      || is_contested (&reading))
    return trap_site_find_after (site, code);
  site->before = (uint8_t) reading.length;
  site->first = reading.list[0].size;
  site->size = (uint8_t) (reading.length + 2);
  site->starts = reading.starts | 1u << reading.length;
  fill_original (site, code);
  return true;
}

bool
trap_site_is_area (uint32_t address)
{
  /* Opcodes that long mode has taken away.  */
  static const unsigned char invalid[] = { 0x06, 0x07, 0x0e, 0x16, 0x17, 0x1e,
                                           0x1f, 0x27, 0x2f, 0x37, 0x3f };

  for (unsigned i = 0; i < sizeof invalid; i++)
    if (address == (uint32_t) invalid[i] << 16)
      return true;
  return false;
}

uint64_t
trap_site_stub_place (uint64_t call, uint64_t address)
{
  /* The jump has 5 bytes.  */
  uint64_t distance = address - (call + 5);

  if ((distance >> 8 & 0xff) == FILLER)
    return address;
  distance = (distance & ~0xfffful)
             + ((distance & 0xffff) >> 8 > FILLER ? 0x10000 : 0);
  return call + 5 + distance + (FILLER << 8);
}

bool
trap_site_reaches (uint64_t call, uint64_t stub)
{
  uint64_t distance = stub - (call + 5);

  return (distance >> 8 & 0xff) == FILLER
         && distance == sign_extend ((uint32_t) distance);
}

/* Write the SIZE lowest bytes of NUMBER to BYTES.  Return how many.  */
static unsigned
put (unsigned char *bytes, uint64_t number, unsigned size)
{
  for (unsigned i = 0; i < size; i++)
    bytes[i] = (unsigned char) (number >> 8 * i);
  return size;
}

void
trap_site_jump (const struct trap_site *site, uint64_t target,
                unsigned char *bytes)
{
  unsigned at = 0;

  if (site->before == 0)
    {
      at += put (bytes, 0xe9, 1);
      at += put (bytes + at, target - 5, 4);
    }
  else
    {
      if (site->first == 6)
        at += put (bytes, 0x3e, 1);
      at += put (bytes + at, 0x2524ff, 3);
      at += put (bytes + at, target, 4);
    }
  while (at < site->size)
    bytes[at++] = FILLER;
}

/* Sizes of what a stub has besides copies.  */
enum
{
  STUB_ORIGIN = 10, /* movabs $call,%r11 */
  STUB_JUMP = 6,    /* jmp *entry */
  STUB_BEFORE = 4,  /* lea 2(%r11),%rcx */
  STUB_AFTER = 7,   /* lea tail,%rcx */
  STUB_TAIL = STUB_ORIGIN + STUB_AFTER + STUB_JUMP
};

unsigned
trap_site_stub (const struct trap_site *site, uint64_t call, uint64_t stub,
                uint64_t entry, unsigned char *bytes)
{
  unsigned at = 0;

  for (; at < site->before; at++)
    bytes[at] = site->original[at];
  at += put (bytes + at, 0xbb49, 2);
  at += put (bytes + at, call, 8);
  if (site->before != 0)
    at += put (bytes + at, 0x024b8d49, STUB_BEFORE);
  else
    {
      at += put (bytes + at, 0x0d8d48, 3);
      at += put (bytes + at, STUB_JUMP, 4);
    }
  at += put (bytes + at, 0x25ff, 2);
  at += put (bytes + at, entry - (stub + at + 4), 4);
  if (site->before != 0)
    return at;
  for (unsigned i = 2; i < site->size; i++)
    bytes[at++] = site->original[i];
  at += put (bytes + at, 0xe9, 1);
  at += put (bytes + at, call + site->size - (stub + at + 4), 4);
  return at;
}

int
trap_site_landing (const struct trap_site *site, unsigned offset)
{
  if (offset >= site->size || (site->starts & 1u << offset) == 0)
    return -1;
  if (offset <= site->before)
    return (int) offset;
  return STUB_TAIL;
}

unsigned
trap_site_origin (const struct trap_site *site, unsigned offset)
{
  if (offset <= site->before)
    return offset;
  if (site->before != 0 || offset < STUB_TAIL)
    return site->before;
  return offset == STUB_TAIL ? 2 : site->size;
}
