/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Map a program of the container and become it.

   The kernel would open the interpreter that an ELF file names on the host,
   so every execve of a container runs a program of ours instead, which maps
   the program and its interpreter where the kernel would have put them, moves
   the heap behind the program, corrects the auxiliary vector in place and
   jumps.  Arguments, environment and vDSO are the kernel's own and are not
   touched.

   There is no libc, no relocation and no stack protector here.  */

#include <stddef.h>
#include <stdint.h>
#include <asm/unistd.h>
#include <linux/auxvec.h>
#include <linux/elf.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/prctl.h>

#include "lib/load/load.h"
#include "lib/load/machine.h"

#define PERSONALITY_NO_RANDOMIZE 0x0040000u
#define PERSONALITY_READ_EXECUTES 0x0400000u
#define PAGE_MAX 65536u

/* An entry of the auxiliary vector.  */
struct auxiliary
{
  uintptr_t type;
  uintptr_t value;
};

/* What PR_SET_MM_MAP wants: struct prctl_mm_map as 64-bit programs see it,
   which the kernel reads in all cases.  */
struct memory_map
{
  uint64_t start_code, end_code, start_data, end_data, start_brk, brk,
      start_stack, arg_start, arg_end, env_start, env_end, auxv;
  uint32_t auxv_size, exe_fd;
};

/* A mapped file.  */
struct image
{
  uintptr_t bias;    /* what was added to the addresses in the file */
  uintptr_t entry;   /* run-time entry point */
  uintptr_t headers; /* run-time address of the program headers, or 0 */
  uintptr_t start_code, end_code, start_data, end_data;
  uintptr_t end;  /* first byte after everything */
  uint16_t count; /* program headers */
  int stack;      /* protection wanted for the stack, or -1 */
};

static long
call3 (long number, uintptr_t a, uintptr_t b, uintptr_t c)
{
  return call6 (number, a, b, c, 0, 0, 0);
}

static size_t
length_of (const char *text)
{
  size_t length = 0;
  while (text[length] != '\0')
    length++;
  return length;
}

/* Zero what lies from START to END, which is where a page ends.  */
static void
clear (uintptr_t start, uintptr_t end)
{
  /* The volatile accesses keep the compiler from calling memset.  */
  for (; start < end && start % sizeof (uintptr_t) != 0; start++)
    *(volatile unsigned char *) start = 0;
  for (; start < end; start += sizeof (uintptr_t))
    *(volatile uintptr_t *) start = 0;
}

void
load_fail (const char *what, const char *file)
{
  const char *const parts[] = { "udocker: cannot execute '", file, "': ", what,
                                "\n" };
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    call3 (__NR_write, 2, (uintptr_t) parts[i], length_of (parts[i]));
  for (;;)
    call3 (__NR_exit_group, 126, 0, 0);
}

static uintptr_t
protection_of (const elf_segment *header)
{
  return ((header->p_flags & PF_R) != 0 ? PROT_READ : 0u)
         | ((header->p_flags & PF_W) != 0 ? PROT_WRITE : 0u)
         | ((header->p_flags & PF_X) != 0 ? PROT_EXEC : 0u);
}

/* Map the anonymous rest of the segment HEADER, after its file pages.  The
   rest of the last file page is zeroed: dynamic linkers allocate there.  */
static void
map_rest (const elf_segment *header, uintptr_t bias, uintptr_t page,
          const char *file)
{
  uintptr_t end_of_file = bias + header->p_vaddr + header->p_filesz;
  uintptr_t end = bias + header->p_vaddr + header->p_memsz;
  uintptr_t next_page = (end_of_file + page - 1) & -page;
  if ((header->p_flags & PF_W) != 0 && header->p_filesz > 0)
    clear (end_of_file, next_page);
  if (header->p_filesz == 0)
    next_page = end_of_file & -page;
  if (end > next_page
      && is_error (call_mmap (
          next_page, end - next_page, protection_of (header),
          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, (uintptr_t) -1, 0)))
    load_fail ("no memory", file);
}

/* Note in IMAGE what the segment HEADER covers.  */
static void
account (struct image *image, const elf_segment *header, uintptr_t address)
{
  if (image->start_code == 0 || address < image->start_code)
    image->start_code = address;
  if (address > image->start_data)
    image->start_data = address;
  if ((header->p_flags & PF_X) != 0
      && address + header->p_filesz > image->end_code)
    image->end_code = address + header->p_filesz;
  if (address + header->p_filesz > image->end_data)
    image->end_data = address + header->p_filesz;
  if (address + header->p_memsz > image->end)
    image->end = address + header->p_memsz;
}

/* Where the segments of a file lie, by the addresses in it.  */
struct layout
{
  uintptr_t low, high, alignment;
  int follows; /* each begins at the page where the one before ends */

  /* The segment that lies lowest, if it may be mapped for the length of all:
     the others follow it page by page; NULL otherwise.  */
  const elf_segment *first;
};

/* Return the layout of the COUNT program headers HEADERS; its HIGH is 0 when
   nothing is to be loaded.  */
static struct layout
find_layout (const elf_segment *headers, size_t count, uintptr_t page)
{
  struct layout layout = { .low = UINTPTR_MAX,
                           .alignment = page,
                           .follows = 1 };
  uintptr_t next = 0;
  for (size_t i = 0; i < count; i++)
    if (headers[i].p_type == PT_LOAD && headers[i].p_memsz > 0)
      {
        uintptr_t start = headers[i].p_vaddr & -page;
        uintptr_t end = headers[i].p_vaddr + headers[i].p_memsz;
        if (layout.first == NULL)
          layout.first = &headers[i];
        else if (start != next)
          layout.follows = 0;
        next = (end + page - 1) & -page;
        if (start < layout.low)
          layout.low = start;
        if (end > layout.high)
          layout.high = end;
        if (headers[i].p_align > layout.alignment
            && (headers[i].p_align & (headers[i].p_align - 1)) == 0)
          layout.alignment = headers[i].p_align;
      }
  layout.high = (layout.high + page - 1) & -page;
  if (!layout.follows || layout.first == NULL
      || (layout.first->p_flags & PF_W) != 0 || layout.first->p_filesz == 0
      || layout.first->p_memsz > layout.first->p_filesz
      || layout.alignment > page)
    layout.first = NULL;
  return layout;
}

/* Map SIZE bytes of the file FD, from where HEADER's first page is in it, at
   PLACE with FLAGS, protected as HEADER says.  */
static long
map_pages (const elf_segment *header, int fd, uintptr_t place, uintptr_t size,
           uintptr_t flags, uintptr_t page)
{
  return call_mmap (place, size, protection_of (header), MAP_PRIVATE | flags,
                    (uintptr_t) fd,
                    header->p_offset - (header->p_vaddr & (page - 1)));
}

/* Find room for LAYOUT, of FILE, at PLACE or, if ANYWHERE, also elsewhere; with
   PLACE 0 where the kernel likes.  The first segment, if it can, is mapped for
   the length of all, which spares a mapping; otherwise the room is only
   reserved, so that nothing lands in a gap.  Return its start.  */
static uintptr_t
find_room (const struct layout *layout, int fd, int anywhere, uintptr_t place,
           uintptr_t page, const char *file)
{
  const uintptr_t flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  uintptr_t span = layout->high - layout->low, room = span;
  const elf_segment *first = layout->first;
  if (anywhere && layout->alignment > page && place != 0)
    place &= -layout->alignment;
  else if (anywhere && layout->alignment > page)
    room = span + layout->alignment;
  long got = -1;
  for (int tries = 0; tries < 2; tries++)
    {
      uintptr_t fixed = place != 0 ? MAP_FIXED_NOREPLACE : 0;
      got = first != NULL ? map_pages (first, fd, place, room, fixed, page)
                          : call_mmap (place, room, PROT_NONE, flags | fixed,
                                       (uintptr_t) -1, 0);
      if (!is_error (got) || !anywhere || place == 0)
        break;
      place = 0;
    }
  if (first != NULL && got == -1 /* EPERM */)
    load_fail ("its file system is mounted noexec", file);
  if (is_error (got) || (!anywhere && (uintptr_t) got != place))
    load_fail ("its addresses are taken", file);
  uintptr_t start = (uintptr_t) got;
  if (room > span)
    {
      /* Align, and give back what is too much on both sides.  */
      uintptr_t aligned = (start + layout->alignment - 1) & -layout->alignment;
      if (aligned > start)
        call3 (__NR_munmap, start, aligned - start, 0);
      if (start + room > aligned + span)
        call3 (__NR_munmap, aligned + span, start + room - aligned - span, 0);
      start = aligned;
    }
  return start;
}

/* Reserve what the COUNT segments of HEADERS cover of FILE, which lies where it
   says, and nothing between them: that may be far, with other things in it.  */
static void
reserve_each (const elf_segment *headers, size_t count, uintptr_t page,
              const char *file)
{
  uintptr_t end = 0;
  for (size_t i = 0; i < count; i++)
    if (headers[i].p_type == PT_LOAD && headers[i].p_memsz > 0)
      {
        uintptr_t start = headers[i].p_vaddr & -page;
        if (start < end)
          start = end;
        end = (headers[i].p_vaddr + headers[i].p_memsz + page - 1) & -page;
        if (end > start
            && (uintptr_t) call_mmap (start, end - start, PROT_NONE,
                                      MAP_PRIVATE | MAP_ANONYMOUS
                                          | MAP_NORESERVE | MAP_FIXED_NOREPLACE,
                                      (uintptr_t) -1, 0)
                   != start)
          load_fail ("its addresses are taken", file);
      }
}

/* Map the segments of the open file FD, whose COUNT program headers are
   HEADERS.  A file that may lie anywhere goes to BASE (0: where the kernel
   likes).  Fill the bias and the areas of IMAGE.  */
static void
map_segments (struct image *image, int fd, const elf_segment *headers,
              size_t count, int anywhere, uintptr_t base, uintptr_t page,
              const char *file)
{
  const struct layout layout = find_layout (headers, count, page);
  if (layout.high == 0)
    load_fail ("nothing to load", file);
  image->bias = 0;
  if (!anywhere && !layout.follows)
    reserve_each (headers, count, page, file);
  else
    image->bias = find_room (&layout, fd, anywhere,
                             anywhere ? base : layout.low, page, file)
                  - layout.low;

  for (size_t i = 0; i < count; i++)
    {
      const elf_segment *header = &headers[i];
      if (header->p_type != PT_LOAD || header->p_memsz == 0)
        continue;
      uintptr_t address = image->bias + header->p_vaddr;
      uintptr_t shift = address & (page - 1);
      if (header->p_filesz > 0 && header != layout.first)
        {
          long status = map_pages (header, fd, address - shift,
                                   header->p_filesz + shift, MAP_FIXED, page);
          if (is_error (status))
            load_fail (
                status == -1 /* EPERM */ ? "its file system is mounted "
                                           "noexec"
                                         : "its segments cannot be mapped",
                file);
        }
      if (header->p_memsz > header->p_filesz)
        map_rest (header, image->bias, page, file);
      account (image, header, address);
    }
}

/* Note in IMAGE, of the program itself if IS_PROGRAM, how it wants its stack by
   its COUNT program headers HEADERS.  */
static void
note_stack (struct image *image, const elf_segment *headers, size_t count,
            int is_program)
{
  image->stack = -1;
  for (size_t i = 0; i < count; i++)
    if (headers[i].p_type == PT_GNU_STACK)
      image->stack = (int) protection_of (&headers[i]);
  if (image->stack >= 0 || !is_program || !OLD_PROGRAMS_EXECUTE_DATA)
    return;
  image->stack = PROT_READ | PROT_WRITE | PROT_EXEC;
  long personality = call3 (__NR_personality, 0xffffffffu, 0, 0);
  call3 (__NR_personality, (uintptr_t) personality | PERSONALITY_READ_EXECUTES,
         0, 0);
}

/* A file to be mapped, and where: at BASE if it may lie anywhere, 0 to leave
   that to the kernel.  */
struct placement
{
  const char *file;
  uintptr_t base;
  uintptr_t page; /* size of one */
  int is_program; /* and not its interpreter */
};

/* Map the file that FD is open for, of HEADER and with the program headers
   HEADERS, as map_file does.  */
static void
map_program (struct image *image, int fd, const elf_header *header,
             const elf_segment *headers, const struct placement *where)
{
  note_stack (image, headers, header->e_phnum, where->is_program);
  map_segments (image, fd, headers, header->e_phnum, header->e_type == ET_DYN,
                where->base, where->page, where->file);
  image->entry = image->bias + header->e_entry;
  image->count = header->e_phnum;
  for (size_t i = 0; i < header->e_phnum; i++)
    {
      const elf_segment *segment = &headers[i];
      if (segment->p_type == PT_PHDR)
        image->headers = image->bias + segment->p_vaddr;
      else if (segment->p_type == PT_LOAD && image->headers == 0
               && header->e_phoff >= segment->p_offset
               && header->e_phoff < segment->p_offset + segment->p_filesz)
        image->headers = image->bias + segment->p_vaddr + header->e_phoff
                         - segment->p_offset;
    }
}

/* Do so with program headers that do not lie at the beginning of the file, or
   are many.  */
__attribute__ ((noinline)) static void
map_with_far_headers (struct image *image, int fd, const elf_header *header,
                      const struct placement *where)
{
  elf_segment headers[73];
  size_t bytes = header->e_phnum * sizeof (elf_segment);
  if (bytes > sizeof headers
      || call6 (__NR_pread64, (uintptr_t) fd, (uintptr_t) headers, bytes,
                header->e_phoff, 0, 0)
             != (long) bytes)
    load_fail ("its program headers cannot be read", where->file);
  map_program (image, fd, header, headers, where);
}

/* Map a file as WHERE says.  Its first bytes are few on purpose: each page of
   the stack that is touched costs as much as several system calls.  */
static void
map_file (struct image *image, const struct placement *where)
{
  union
  {
    elf_header header;
    unsigned char bytes[1024];
  } first;

  const char *file = where->file;
  long fd = call6 (__NR_openat, (uintptr_t) AT_FDCWD, (uintptr_t) file,
                   O_RDONLY | O_CLOEXEC, 0, 0, 0);
  if (fd < 0)
    load_fail (fd == -13 /* EACCES */ ? "permission denied"
                                      : "it cannot be opened",
               file);
  long size = call3 (__NR_read, (uintptr_t) fd, (uintptr_t) first.bytes,
                     sizeof first.bytes);
  const elf_header *header = &first.header;
  if (size < (long) sizeof *header || header->e_ident[EI_MAG1] != 'E'
      || header->e_machine != MACHINE
      || header->e_phentsize != sizeof (elf_segment))
    load_fail ("not a program of this machine", file);

  size_t bytes = header->e_phnum * sizeof (elf_segment);
  if (header->e_phoff <= (uintptr_t) size
      && (uintptr_t) size - header->e_phoff >= bytes
      && header->e_phoff % sizeof (uintptr_t) == 0)
    map_program (
        image, (int) fd, header,
        (const elf_segment *) (const void *) (first.bytes + header->e_phoff),
        where);
  else
    map_with_far_headers (image, (int) fd, header, where);
  call3 (__NR_close, (uintptr_t) fd, 0, 0);
}

/* Return random bits, or zero where randomisation is switched off.  */
static uintptr_t
randomness (void)
{
  uintptr_t bits = 0;
  long personality = call3 (__NR_personality, 0xffffffffu, 0, 0);
  if (personality >= 0
      && ((unsigned long) personality & PERSONALITY_NO_RANDOMIZE) != 0)
    return 0;
  if (call3 (__NR_getrandom, (uintptr_t) &bits, sizeof bits, 1)
      != (long) sizeof bits)
    bits = (uintptr_t) &bits >> 4; /* the stack's own place is random */
  return bits;
}

/* The auxiliary vector's entry TYPE, or NULL.  */
static struct auxiliary *
find_auxiliary (struct auxiliary *vector, uintptr_t type)
{
  for (; vector->type != AT_NULL; vector++)
    if (vector->type == type)
      return vector;
  return NULL;
}

static void
set_auxiliary (struct auxiliary *vector, uintptr_t type, uintptr_t value)
{
  struct auxiliary *entry = find_auxiliary (vector, type);
  if (entry != NULL)
    entry->value = value;
}

/* Tell the kernel where the program's parts are: the heap begins behind the
   program, and /proc shows the corrected auxiliary vector.  Without
   CONFIG_CHECKPOINT_RESTORE the call fails and the heap stays behind the stub,
   where it has as much room.  */
static void
describe (const struct image *program, uintptr_t *stack, char **argv,
          size_t argc, char **envp, struct auxiliary *vector, size_t entries,
          uintptr_t random, uintptr_t page)
{
  struct memory_map map = { 0 };
  char *first = argv[0];
  char *last = first;
  uintptr_t heap = (program->end + page - 1) & -page;
  if (random != 0)
    heap += ((random >> RANDOM_HEAP_SHIFT) & 0x1fff) * page;

  map.start_code = program->start_code;
  map.end_code =
      program->end_code != 0 ? program->end_code : program->start_code;
  map.start_data = program->start_data;
  map.end_data = program->end_data;
  map.start_brk = map.brk = heap;
  map.start_stack = (uintptr_t) stack;
  if (argc > 0)
    last = argv[argc - 1] + length_of (argv[argc - 1]) + 1;
  map.arg_start = (uintptr_t) first;
  map.arg_end = (uintptr_t) last;
  map.env_start = map.env_end = (uintptr_t) last;
  if (envp[0] != NULL)
    {
      size_t count = 0;
      while (envp[count] != NULL)
        count++;
      map.env_start = (uintptr_t) envp[0];
      map.env_end =
          (uintptr_t) envp[count - 1] + length_of (envp[count - 1]) + 1;
    }
  map.auxv = (uintptr_t) vector;
  map.auxv_size = (uint32_t) (entries * sizeof *vector);
  map.exe_fd = (uint32_t) -1;
  call6 (__NR_prctl, PR_SET_MM, PR_SET_MM_MAP, (uintptr_t) &map, sizeof map, 0,
         0);
}

/* Make the stack executable when the program asks for it.  */
static void
apply_stack (int protection, uintptr_t *stack, uintptr_t page)
{
  if (protection >= 0 && (protection & PROT_EXEC) != 0)
    call3 (__NR_mprotect, (uintptr_t) stack & -page, page,
           PROT_READ | PROT_WRITE | PROT_EXEC | PROT_GROWSDOWN);
}

/* Return where to put an interpreter: above the kernel's own code, of two pages
   at most, which is in the way where the kernel would have put the interpreter
   first; or 0 where that code is above the STACK.  Libraries of MPI (PMIx)
   that read /proc/self/maps take no notice of what follows "[vdso]", and must
   not miss the stack.  */
static uintptr_t
place_above_kernel_code (struct auxiliary *vector, const uintptr_t *stack,
                         uintptr_t page)
{
  const struct auxiliary *code = find_auxiliary (vector, AT_SYSINFO_EHDR);
  if (code == NULL || code->value >= (uintptr_t) stack)
    return 0;
  return code->value + 2 * page;
}

uintptr_t
load_program (const struct load_request *request, uintptr_t *stack)
{
  struct image program = { 0 };
  struct image interpreter = { 0 };

  size_t argc = (size_t) stack[0];
  char **argv = (char **) (stack + 1);
  char **envp = argv + argc + 1;
  char **end = envp;
  while (*end != NULL)
    end++;
  struct auxiliary *vector = (struct auxiliary *) (void *) (end + 1);
  size_t entries = 1;
  while (vector[entries - 1].type != AT_NULL)
    entries++;

  const struct auxiliary *size = find_auxiliary (vector, AT_PAGESZ);
  uintptr_t page = size != NULL ? size->value : 4096;
  uintptr_t random = randomness ();

  uintptr_t base = request->base;
  if (base == 0 && request->interpreter != NULL)
    base = BASE_OF_PIE + (random & RANDOM_PAGES) * page;
  map_file (&program, &(struct placement){ .file = request->program,
                                           .base = base & -page,
                                           .page = page,
                                           .is_program = 1 });
  uintptr_t entry = program.entry;
  if (request->interpreter != NULL)
    {
      map_file (&interpreter,
                &(struct placement){
                    .file = request->interpreter,
                    .base = place_above_kernel_code (vector, stack, page),
                    .page = page });
      entry = interpreter.entry;
    }

  set_auxiliary (vector, AT_PHDR, program.headers);
  set_auxiliary (vector, AT_PHNUM, program.count);
  set_auxiliary (vector, AT_BASE, interpreter.bias);
  set_auxiliary (vector, AT_ENTRY, program.entry);
  set_auxiliary (vector, AT_EXECFN, (uintptr_t) request->name);
  set_auxiliary (vector, AT_UID, request->uid);
  set_auxiliary (vector, AT_EUID, request->euid);
  set_auxiliary (vector, AT_GID, request->gid);
  set_auxiliary (vector, AT_EGID, request->egid);
  set_auxiliary (vector, AT_SECURE, request->secure);
  if (request->shows_features)
    set_auxiliary (vector, AT_HWCAP, (uintptr_t) request->features);

  apply_stack (program.stack, stack, page);
  describe (&program, stack, argv, argc, envp, vector, entries, random, page);
  call3 (__NR_prctl, PR_SET_NAME, (uintptr_t) request->command, 0);
  return entry;
}
