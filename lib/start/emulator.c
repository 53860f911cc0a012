/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The emulator that runs programs of another machine.

   A static one needs nothing but the program.  One with libraries is started by
   its own dynamic linker, which is static: given on that one's command line the
   directories of the libraries need no variable, which the emulated programs
   would inherit.  It sees them below a binding of the host's root.  */

#include "lib/start/emulator.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/elf/machine.h"
#include "lib/plan/plan.h"
#include "lib/start/message.h"
#include "lib/start/view.h"

/* Where dynamic linkers look by themselves; the files in /etc/ld.so.conf.d
   hardly name other places for what an emulator needs.  */
static const char *const library_directories[] = {
#if defined __x86_64__
  "/lib/x86_64-linux-gnu",
  "/usr/lib/x86_64-linux-gnu",
#elif defined __aarch64__
  "/lib/aarch64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu",
#endif
  "/lib64",
  "/usr/lib64",
  "/lib",
  "/usr/lib",
  "/usr/local/lib",
  "/usr/local/lib64",
};

/* Append TEXT to the last word.  */
static void
add_text (struct emulator *emulator, const char *text)
{
  size_t length = strlen (text);
  if (emulator->length + length + 1 < sizeof emulator->words)
    memcpy (emulator->words + emulator->length, text, length);
  emulator->length += length;
}

/* End the last word of EMULATOR.  */
static void
end_word (struct emulator *emulator)
{
  emulator->length++; /* its NUL: the storage is zero */
  emulator->guest.count++;
}

static void
add_word (struct emulator *emulator, const char *text)
{
  add_text (emulator, text);
  end_word (emulator);
}

/* Write the dynamic linker that the program at HOST asks for to the PATH_MAX
   bytes at INTERPRETER, "" for none.  Return 0 or a negative errno: -ENOEXEC
   when it is no program of this machine.  */
static int
read_interpreter (const char *host, char *interpreter)
{
  union
  {
    Elf64_Ehdr header;
    unsigned char bytes[ELF_MACHINE_BYTES];
  } head;
  int fd = open (host, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  const struct elf_machine *machine = NULL;
  if (read (fd, &head, sizeof head) == sizeof head)
    machine = elf_machine_of (&head, sizeof head);
  int status = machine != NULL && strcmp (machine->name, ELF_MACHINE_HERE) == 0
                   ? 0
                   : -ENOEXEC;
  interpreter[0] = '\0';
  for (int i = 0; status == 0 && i < head.header.e_phnum; i++)
    {
      Elf64_Phdr segment;
      off_t offset =
          (off_t) (head.header.e_phoff + (size_t) i * sizeof segment);
      if (pread (fd, &segment, sizeof segment, offset) != sizeof segment)
        status = -ENOEXEC;
      else if (segment.p_type == PT_INTERP)
        {
          ssize_t length = segment.p_filesz > 0 && segment.p_filesz < PATH_MAX
                               ? pread (fd, interpreter, segment.p_filesz,
                                        (off_t) segment.p_offset)
                               : -1;
          status = length > 0 ? 0 : -ENOEXEC;
          interpreter[length > 0 ? length : 0] = '\0';
        }
    }
  (void) close (fd);
  return status;
}

/* Begin EMULATOR's words with its dynamic linker INTERPRETER and what that
   needs to find the libraries of PATH.  */
static void
add_linker (struct emulator *emulator, const char *interpreter,
            const char *path)
{
  size_t count = sizeof library_directories / sizeof *library_directories;
  const char *set = getenv ("LD_LIBRARY_PATH");
  add_word (emulator, interpreter);
  add_word (emulator, "--library-path");
  for (size_t i = 0; i < count; i++)
    {
      add_text (emulator, i > 0 ? ":" EMULATOR_HOST_ROOT : EMULATOR_HOST_ROOT);
      add_text (emulator, library_directories[i]);
    }
  while (set != NULL && *set != '\0')
    {
      char directory[PATH_MAX];
      size_t length = strcspn (set, ":");
      if (*set == '/' && length < sizeof directory)
        {
          memcpy (directory, set, length);
          directory[length] = '\0';
          add_text (emulator, ":" EMULATOR_HOST_ROOT);
          add_text (emulator, directory);
        }
      set += length + (set[length] == ':');
    }
  end_word (emulator);
  add_text (emulator, EMULATOR_HOST_ROOT);
  add_word (emulator, path);
}

/* Write the host path of PATH, as OUTER sees it, to the PATH_MAX bytes at HOST.
   Return 0 or a negative errno.  */
static int
find_host (struct guest_task *outer, const char *path, char *host)
{
  uint32_t flags;
  int fd = view_open_host (outer, path, host, &flags);
  if (fd < 0)
    return fd;
  (void) close (fd);
  return 0;
}

int
emulator_prepare (struct emulator *emulator, const struct plan *plan,
                  struct guest_task *outer)
{
  char interpreter[PATH_MAX] = "";
  struct plan_record record;
  size_t at = 0;
  if (!plan_next_tag (plan, PLAN_EMULATOR, &at, &record))
    return 0;
  const char *path = record.text;
  int status = find_host (outer, path, emulator->program);
  if (status == 0)
    status = read_interpreter (emulator->program, interpreter);
  if (status == 0 && interpreter[0] != '\0')
    status = find_host (outer, interpreter, emulator->program);
  if (status < 0)
    {
      start_complain ("cannot use '%s' to run programs of another machine: %s",
                      path,
                      status == -ENOEXEC ? "it is no program of this machine"
                                         : strerror (-status));
      return status;
    }
  const struct elf_machine *machine = elf_machine_of_emulator (path);
  emulator->guest = (struct guest_emulator){
    .program = emulator->program,
    .words = emulator->words,
    .machine = machine != NULL ? machine->code : 0,
    .forced = plan_number (plan, PLAN_EMULATOR_FORCED, 0) != 0,
    .has_libraries = interpreter[0] != '\0',
  };
  if (interpreter[0] != '\0')
    add_linker (emulator, interpreter, path);
  else
    add_word (emulator, path);
  while (plan_next_tag (plan, PLAN_EMULATOR, &at, &record))
    add_word (emulator, record.text);
  if (emulator->length > sizeof emulator->words)
    {
      start_complain ("the command that runs programs of another machine, "
                      "'%s', has too many options",
                      path);
      return -E2BIG;
    }
  return 1;
}
