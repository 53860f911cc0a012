/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What a shared library needs of others, with libelf.  */

#include <config.h>

#include "src/platform/library.h"

#include <stdlib.h>
#include <string.h>

#if HAVE_LIBELF
#  include <fcntl.h>
#  include <gelf.h>
#  include <limits.h>
#  include <unistd.h>

#  include "lib/base/cleanup.h"
#  include "lib/elf/machine.h"
#  include "src/platform/host.h"
#  include "xalloc.h"

/* No library needs, or has, so many; those of images may have been made to keep
   us busy.  */
#  define LIST_MAX 4096
#  define NAME_LIMIT 1024

/* Add to *AT, where an entry of a chain is, the offset NEXT of the one behind
   it.  Return whether there is one.  */
static bool
go_on (int *at, GElf_Word next)
{
  if (next == 0 || next > INT_MAX / 2 || *at > INT_MAX / 2)
    return false;
  *at += (int) next;
  return true;
}

/* Return whether TEXT is as short as names are.  */
static bool
is_short (const char *text)
{
  return strnlen (text, NAME_LIMIT) < NAME_LIMIT;
}

/* Add to LIBRARY that it needs VERSION, or NULL, of FILE.  */
static void
add_need (struct library *library, const char *file, const char *version)
{
  if (library->need_count == LIST_MAX || !is_short (file)
      || (version != NULL && !is_short (version)))
    return;
  library->needs = xreallocarray (library->needs, library->need_count + 1,
                                  sizeof *library->needs);
  library->needs[library->need_count++] = (struct library_need){
    .file = xstrdup (file),
    .version = version == NULL ? NULL : xstrdup (version),
  };
}

/* Read the dynamic section, which is DATA with HEADER.  */
static void
read_dynamic (Elf *elf, Elf_Data *data, const GElf_Shdr *header,
              struct library *library)
{
  size_t count =
      header->sh_entsize > 0 ? header->sh_size / header->sh_entsize : 0;
  for (size_t i = 0; i < count; i++)
    {
      GElf_Dyn entry;
      if (gelf_getdyn (data, (int) i, &entry) == NULL || entry.d_tag == DT_NULL)
        break;
      if (entry.d_tag != DT_NEEDED && entry.d_tag != DT_SONAME)
        continue;
      const char *text = elf_strptr (elf, header->sh_link, entry.d_un.d_val);
      if (text == NULL)
        continue;
      if (entry.d_tag == DT_NEEDED)
        add_need (library, text, NULL);
      else if (library->name == NULL && is_short (text))
        library->name = xstrdup (text);
    }
}

/* Read the versions that are needed of one file, which NEED at offset AT of
   DATA, with texts in section TEXTS, is about.  */
static void
read_needed_file (Elf *elf, Elf_Data *data, size_t texts, int at,
                  const GElf_Verneed *need, struct library *library)
{
  const char *file = elf_strptr (elf, texts, need->vn_file);
  GElf_Vernaux version;

  if (file == NULL || !go_on (&at, need->vn_aux))
    return;
  while (library->need_count < LIST_MAX
         && gelf_getvernaux (data, at, &version) != NULL)
    {
      const char *name = elf_strptr (elf, texts, version.vna_name);
      if (name != NULL && (version.vna_flags & VER_FLG_WEAK) == 0)
        add_need (library, file, name);
      if (!go_on (&at, version.vna_next))
        break;
    }
}

/* Read the section of needed versions.  */
static void
read_needed_versions (Elf *elf, Elf_Data *data, const GElf_Shdr *header,
                      struct library *library)
{
  GElf_Verneed need;
  int at = 0;

  for (int i = 0; i < LIST_MAX && gelf_getverneed (data, at, &need) != NULL;
       i++)
    {
      read_needed_file (elf, data, header->sh_link, at, &need, library);
      if (!go_on (&at, need.vn_next))
        break;
    }
}

/* Read the section of versions that are defined.  */
static void
read_defined_versions (Elf *elf, Elf_Data *data, const GElf_Shdr *header,
                       struct library *library)
{
  GElf_Verdef definition;
  int at = 0;

  while (library->version_count < LIST_MAX
         && gelf_getverdef (data, at, &definition) != NULL)
    {
      GElf_Verdaux first;
      const char *name = NULL;
      int place = at;
      if (go_on (&place, definition.vd_aux)
          && gelf_getverdaux (data, place, &first) != NULL)
        name = elf_strptr (elf, header->sh_link, first.vda_name);
      if (name != NULL && is_short (name)
          && (definition.vd_flags & VER_FLG_BASE) == 0)
        {
          library->versions =
              xreallocarray (library->versions, library->version_count + 1,
                             sizeof *library->versions);
          library->versions[library->version_count++] = xstrdup (name);
        }
      if (!go_on (&at, definition.vd_next))
        break;
    }
}

/* Return whether ELF is a library of this machine.  */
static bool
is_ours (Elf *elf)
{
  GElf_Ehdr header;
  const struct elf_machine *machine =
      elf_machine_find (platform_host ()->machine);
  return elf != NULL && elf_kind (elf) == ELF_K_ELF
         && gelf_getehdr (elf, &header) != NULL && header.e_type == ET_DYN
         && machine != NULL && header.e_machine == machine->code
         && header.e_ident[EI_CLASS] == machine->class;
}

/* Return whether ELF wants its stack to be executable.  */
static bool
wants_executable_stack (Elf *elf)
{
  GElf_Phdr header;
  size_t count = 0;
  if (elf_getphdrnum (elf, &count) < 0)
    return false;
  for (size_t i = 0; i < count && i < LIST_MAX; i++)
    if (gelf_getphdr (elf, (int) i, &header) != NULL
        && header.p_type == PT_GNU_STACK)
      return (header.p_flags & PF_X) != 0;
  return false;
}

bool
library_read (const char *path, struct library *library)
{
  *library = (struct library){ 0 };
  AUTO_CLOSE int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0 || elf_version (EV_CURRENT) == EV_NONE)
    return false;
  Elf *elf = elf_begin (fd, ELF_C_READ, NULL);
  bool good = is_ours (elf);
  for (Elf_Scn *section = good ? elf_nextscn (elf, NULL) : NULL;
       section != NULL; section = elf_nextscn (elf, section))
    {
      GElf_Shdr header;
      if (gelf_getshdr (section, &header) == NULL
          || (header.sh_type != SHT_DYNAMIC && header.sh_type != SHT_GNU_verneed
              && header.sh_type != SHT_GNU_verdef))
        continue;
      Elf_Data *data = elf_getdata (section, NULL);
      if (data == NULL)
        continue;
      if (header.sh_type == SHT_DYNAMIC)
        read_dynamic (elf, data, &header, library);
      else if (header.sh_type == SHT_GNU_verneed)
        read_needed_versions (elf, data, &header, library);
      else
        read_defined_versions (elf, data, &header, library);
    }
  library->executable_stack = good && wants_executable_stack (elf);
  (void) elf_end (elf);
  return good;
}

#else

bool
library_read (const char *path, struct library *library)
{
  (void) path;
  *library = (struct library){ 0 };
  return false;
}
#endif

void
library_release (struct library *library)
{
  free (library->name);
  for (size_t i = 0; i < library->need_count; i++)
    {
      free (library->needs[i].file);
      free (library->needs[i].version);
    }
  free (library->needs);
  for (size_t i = 0; i < library->version_count; i++)
    free (library->versions[i]);
  free (library->versions);
  *library = (struct library){ 0 };
}

bool
library_has (const struct library *library, const char *version)
{
  for (size_t i = 0; i < library->version_count; i++)
    if (strcmp (library->versions[i], version) == 0)
      return true;
  return library->version_count == 0;
}
