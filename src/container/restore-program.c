/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Paths in programs and libraries, with libelf.  */

#include <config.h>

#include "src/container/restore-program.h"

#include <errno.h>

#if HAVE_LIBELF
#  include <gelf.h>
#  include <limits.h>
#  include <stdbool.h>
#  include <stdlib.h>
#  include <string.h>
#  include <unistd.h>

#  include "lib/base/buffer.h"
#  include "lib/base/cleanup.h"

/* As Linux: no interpreter's path is longer.  */
#  define INTERPRETER_MAX 4096

/* Return how many bytes of PATH are PREFIX, which something follows; 0 when it
   is not there.  */
static size_t
prefix_length (const char *path, size_t length, const char *prefix)
{
  size_t size = strlen (prefix);
  return length > size && strncmp (path, prefix, size) == 0 && path[size] == '/'
             ? size
             : 0;
}

/* Write to SHORTER the list TEXT of paths with colons between, each without
   PREFIX.  Return whether any had it.  */
static bool
shorten (const char *text, const char *prefix, struct buffer *shorter)
{
  bool changed = false;
  for (;;)
    {
      size_t length = strcspn (text, ":");
      size_t skipped = prefix_length (text, length, prefix);
      changed = changed || skipped > 0;
      buffer_add (shorter, text + skipped, length - skipped);
      text += length;
      if (*text == '\0')
        return changed;
      buffer_add_char (shorter, *text++);
    }
}

/* Write over the text at OFFSET of FD, TEXT, with what it is without PREFIX,
   and with zeros behind.  Return as program_take_prefix.  */
static int
write_over (int fd, GElf_Off offset, const char *text, const char *prefix)
{
  AUTO_BUFFER (shorter);
  size_t size = strlen (text);
  if (!shorten (text, prefix, &shorter))
    return 0;
  while (shorter.length < size)
    buffer_add_char (&shorter, '\0');
  ssize_t written = pwrite (fd, shorter.data, size, (off_t) offset);
  if (written < 0)
    return -errno;
  return written == (ssize_t) size ? 1 : -EIO;
}

/* The interpreter.  */
static int
take_from_interpreter (Elf *elf, int fd, const char *prefix)
{
  size_t count = 0;
  if (elf_getphdrnum (elf, &count) < 0)
    return 0;
  for (size_t i = 0; i < count && i < INT_MAX; i++)
    {
      GElf_Phdr header;
      char text[INTERPRETER_MAX];
      if (gelf_getphdr (elf, (int) i, &header) == NULL
          || header.p_type != PT_INTERP || header.p_filesz < 2
          || header.p_filesz > sizeof text)
        continue;
      ssize_t got =
          pread (fd, text, (size_t) header.p_filesz, (off_t) header.p_offset);
      if (got != (ssize_t) header.p_filesz || text[got - 1] != '\0')
        return 0;
      return write_over (fd, header.p_offset, text, prefix);
    }
  return 0;
}

/* The texts of the dynamic section that DATA is, with HEADER.  */
static int
take_from_dynamic (Elf *elf, Elf_Data *data, const GElf_Shdr *header, int fd,
                   const char *prefix)
{
  GElf_Shdr texts;
  Elf_Scn *section = elf_getscn (elf, header->sh_link);
  size_t count =
      header->sh_entsize > 0 ? header->sh_size / header->sh_entsize : 0;
  int changed = 0;

  if (section == NULL || gelf_getshdr (section, &texts) == NULL)
    return 0;
  for (size_t i = 0; i < count && i < INT_MAX && changed >= 0; i++)
    {
      GElf_Dyn entry;
      if (gelf_getdyn (data, (int) i, &entry) == NULL || entry.d_tag == DT_NULL)
        break;
      if (entry.d_tag != DT_NEEDED && entry.d_tag != DT_RPATH
          && entry.d_tag != DT_RUNPATH)
        continue;
      const char *text = elf_strptr (elf, header->sh_link, entry.d_un.d_val);
      if (text == NULL)
        continue;
      int one =
          write_over (fd, texts.sh_offset + entry.d_un.d_val, text, prefix);
      changed = one < 0 ? one : changed | one;
    }
  return changed;
}

int
program_take_prefix (int fd, const char *prefix)
{
  if (elf_version (EV_CURRENT) == EV_NONE)
    return -ENOSYS;
  Elf *elf = elf_begin (fd, ELF_C_READ, NULL);
  if (elf == NULL || elf_kind (elf) != ELF_K_ELF)
    {
      (void) elf_end (elf);
      return 0;
    }
  int changed = take_from_interpreter (elf, fd, prefix);
  for (Elf_Scn *section = elf_nextscn (elf, NULL);
       section != NULL && changed >= 0; section = elf_nextscn (elf, section))
    {
      GElf_Shdr header;
      if (gelf_getshdr (section, &header) == NULL
          || header.sh_type != SHT_DYNAMIC)
        continue;
      Elf_Data *data = elf_getdata (section, NULL);
      int one =
          data == NULL ? 0 : take_from_dynamic (elf, data, &header, fd, prefix);
      changed = one < 0 ? one : changed | one;
    }
  (void) elf_end (elf);
  return changed;
}

#else

int
program_take_prefix (int fd, const char *prefix)
{
  (void) fd;
  (void) prefix;
  return -ENOSYS;
}
#endif
