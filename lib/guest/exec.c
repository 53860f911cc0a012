/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   What execve means in the container.  */

#include "lib/guest/exec.h"

#include <elf.h>
#include <asm/errno.h>
#include <asm/unistd.h>
#include <linux/fcntl.h>

#include "lib/guest/handlers.h"
#include "lib/guest/kernel.h"
#include "lib/guest/path-private.h"
#include "lib/guest/path.h"
#include "lib/guest/unlock.h"

/* Linux's own, where installed headers may be too old.  */
enum
{
  EXEC_O_NONBLOCK = 04000,
  EXEC_X_OK = 1,
  EXEC_NR_FACCESSAT2 = 439,
  EXEC_TYPE_MASK = 0170000,
  EXEC_TYPE_REGULAR = 0100000,
  EXEC_TYPE_LINK = 0120000,
  EXEC_ANY_X = 0111
};

#if defined __x86_64__
#  define EXEC_MACHINE EM_X86_64
#else
#  define EXEC_MACHINE EM_AARCH64
#endif

/* The start of a file that is looked at.  */
struct start
{
  union
  {
    Elf64_Ehdr header;
    Elf32_Ehdr short_header;
    unsigned char bytes[1024];
  } at;
  size_t size;
};

/* What ELF files of each ABI say of themselves.  */
static const struct
{
  uint16_t machine; /* 0: there are none here */
  uint8_t class;
  uint8_t segment; /* size of a program header */
} kinds[GUEST_ABI_COUNT] = {
  [GUEST_ABI_NATIVE] = { EXEC_MACHINE, ELFCLASS64, sizeof (Elf64_Phdr) },
#if defined __x86_64__
  [GUEST_ABI_I386] = { EM_386, ELFCLASS32, sizeof (Elf32_Phdr) },
#endif
};

static void
close_descriptor (struct guest *guest, int fd)
{
  if (fd >= 0)
    guest->ops->system_call (guest, __NR_close, (uint64_t) fd, 0, 0, 0, 0, 0);
}

/* Read up to SIZE bytes at OFFSET of FD.  Return how many, or an error.  */
static int64_t
read_at (struct guest *guest, int fd, void *buffer, size_t size,
         uint64_t offset)
{
  return guest->ops->system_call (guest, __NR_pread64, (uint64_t) fd,
                                  (uintptr_t) buffer, size, offset, 0, 0);
}

/* Return 0 when FD may be executed by the engine's user, or -EACCES.  */
static int
check_executable (struct guest *guest, int fd)
{
  struct guest_text text;
  char path[40];
  int64_t status =
      guest->ops->system_call (guest, EXEC_NR_FACCESSAT2, (uint64_t) fd,
                               (uintptr_t) "", EXEC_X_OK, AT_EMPTY_PATH, 0, 0);
  if (status != -ENOSYS && status != -EINVAL && status != -EPERM)
    return (int) status;
  guest_text_init (&text, path, sizeof path);
  guest_add_fd (guest, &text, fd);
  return (int) guest->ops->system_call (guest, __NR_faccessat,
                                        (uint64_t) AT_FDCWD, (uintptr_t) path,
                                        EXEC_X_OK, 0, 0, 0);
}

/* Open the file that EXEC's found member names, for reading, after checking
   that TASK may execute it; STATUS gets its attributes.  Return the
   descriptor or a negative errno.  */
static int
open_program (struct guest_task *task, struct guest_exec *exec,
              struct k_stat *status)
{
  struct guest *guest = task->guest;
  struct k_stat file;

  if (exec->found.virtual)
    return -EACCES;
  int error = guest_stat_found (guest, &exec->found, &file);
  if (error < 0)
    return error;
  if (!exec->found.magic)
    {
      if ((file.st_mode & EXEC_TYPE_MASK) == EXEC_TYPE_LINK)
        return -ELOOP; /* AT_SYMLINK_NOFOLLOW */
      if ((file.st_mode & EXEC_TYPE_MASK) != EXEC_TYPE_REGULAR)
        return -EACCES;
    }
  if (exec->found.directory)
    return -ENOTDIR;

  const int flags = O_RDONLY | EXEC_O_NONBLOCK | O_CLOEXEC;
  int fd = guest_found_open (guest, &exec->found, flags);
  if (fd == -EACCES && guest_may_unlock (task))
    {
      guest_unlock_found (task, &exec->found, 0400);
      fd = guest_found_open (guest, &exec->found, flags);
    }
  if (fd < 0)
    return fd;
  /* Only now is it known what a magic link leads to.  */
  if (exec->found.magic)
    error = guest_stat_at (guest, fd, "", AT_EMPTY_PATH, &file);
  if (error == 0 && (file.st_mode & EXEC_TYPE_MASK) != EXEC_TYPE_REGULAR)
    error = -EACCES;
  if (error == 0 && guest->identity.emulated
      && guest_ids_can (&task->ids, GUEST_CAP_DAC_OVERRIDE))
    error = (file.st_mode & EXEC_ANY_X) != 0 ? 0 : -EACCES;
  else if (error == 0)
    error = check_executable (guest, fd);
  if (error < 0)
    {
      close_descriptor (guest, fd);
      return error;
    }
  *status = file;
  return fd;
}

/* Find what EXEC's path, from DIR, names with the FINAL bits, as its found
   member, and do as open_program, which looks at it: where it lies in a
   directory that is known not to be reached by links no other look is needed,
   unless it is a link itself.  With an error there is nothing to be
   released.  */
static int
find_program (struct guest_task *task, struct guest_exec *exec, int dir,
              unsigned int final, struct k_stat *status)
{
  struct guest_found *found = &exec->found;
  unsigned int tries = guest_may_try (task, GUEST_FINAL_TRY_LAST);

  for (;; tries = GUEST_FINAL_IS_LINK)
    {
      int fd = guest_resolve (task, dir, exec->path, final | tries, found);
      if (fd < 0)
        return fd;
      fd = open_program (task, exec, status);
      if (fd >= 0)
        return fd;
      guest_found_release (task->guest, found);
      if (!found->unproved || fd != -ELOOP)
        return fd;
    }
}

/* Write into HOST the path under which the new process can open the file of
   EXEC's found member, open here as FD.  Return FD where that is a name of
   the descriptor, which must then stay open, otherwise -1.  */
static int
name_for_host (struct guest_task *task, struct guest_exec *exec, int fd,
               char *host)
{
  struct guest *guest = task->guest;
  struct guest_text text;
  char own[40];

  guest_text_init (&text, own, sizeof own);
  /* Inside, the new program's is the process.  */
  guest_text_add (&text, "/proc/");
  if (guest->inside)
    guest_text_add (&text, "self");
  else
    guest_text_add_number (&text, guest->pid);
  guest_text_add (&text, "/fd/");
  if (!exec->found.magic && exec->found.binding != GUEST_OUTSIDE)
    {
      int length = guest_found_host (task, &exec->found, host, GUEST_PATH_SIZE);
      if (length > 0
          && ((size_t) length < text.length
              || !guest_text_is (host, text.length, own)))
        return -1;
    }
  guest_text_add_number (&text, fd);
  guest_text_init (&text, host, GUEST_PATH_SIZE);
  guest_text_add (&text, own);
  return fd;
}

static bool
is_blank (char c)
{
  return c == ' ' || c == '\t';
}

/* Return the first of the bytes from FROM to before END that is no blank, or
   END.  */
static size_t
skip_blanks (const char *line, size_t from, size_t end)
{
  while (from < end && is_blank (line[from]))
    from++;
  return from;
}

/* Return the first of the bytes from FROM to before END that is a blank or
   NUL, or END.  */
static size_t
skip_word (const char *line, size_t from, size_t end)
{
  while (from < end && !is_blank (line[from]) && line[from] != '\0')
    from++;
  return from;
}

/* Put the strings WORD and, when it is not NULL, ARGUMENT in front of EXEC's
   leading arguments, the first of which is FIRST when there are none yet.
   Return 0, or -E2BIG.  */
static int
lead (struct guest_exec *exec, const char *first, const char *word,
      const char *argument)
{
  if (exec->leading_count == 0)
    {
      size_t length = guest_text_length (first, GUEST_PATH_SIZE) + 1;
      for (size_t i = 0; i < length; i++)
        exec->leading[i] = first[i];
      exec->leading_length = (uint32_t) length;
      exec->leading_count = 1;
    }

  size_t word_length = guest_text_length (word, GUEST_EXEC_LINE) + 1;
  size_t argument_length =
      argument != NULL ? guest_text_length (argument, GUEST_EXEC_LINE) + 1 : 0;
  size_t more = word_length + argument_length;
  if (exec->leading_length + more > sizeof exec->leading)
    return -E2BIG;
  for (size_t i = exec->leading_length; i-- > 0;)
    exec->leading[i + more] = exec->leading[i];
  for (size_t i = 0; i < word_length; i++)
    exec->leading[i] = word[i];
  for (size_t i = 0; i < argument_length; i++)
    exec->leading[word_length + i] = argument[i];
  exec->leading_length += (uint32_t) more;
  exec->leading_count += argument != NULL ? 2 : 1;
  return 0;
}

/* Take apart the "#!" line at the beginning of START exactly as Linux does:
   the interpreter goes to EXEC's path, it and its one argument to the leading
   arguments.  Return 0, or -ENOEXEC.  */
static int
read_script (struct guest_exec *exec, const struct start *start)
{
  char *line = exec->line;
  size_t length = start->size < GUEST_EXEC_LINE ? start->size : GUEST_EXEC_LINE;
  for (size_t i = 0; i < GUEST_EXEC_LINE; i++)
    line[i] = i < length ? (char) start->at.bytes[i] : '\0';

  size_t end = 2;
  while (end < GUEST_EXEC_LINE && line[end] != '\n' && line[end] != '\0')
    end++;
  if (end == GUEST_EXEC_LINE)
    {
      /* No end in sight: the interpreter's name must be complete.  */
      end = GUEST_EXEC_LINE - 1;
      size_t word = skip_blanks (line, 2, end);
      if (word == end || skip_word (line, word, end) == end)
        return -ENOEXEC;
    }
  while (end > 2 && is_blank (line[end - 1]))
    end--;

  size_t word = skip_blanks (line, 2, end);
  if (word == end)
    return -ENOEXEC;
  size_t separator = skip_word (line, word, end);
  size_t argument = skip_blanks (line, separator, end);
  line[end] = '\0';
  line[separator] = '\0';
  int status = lead (exec, exec->path, line + word,
                     argument < end ? line + argument : NULL);
  if (status < 0)
    return status;
  struct guest_text text;
  guest_text_init (&text, exec->path, sizeof exec->path);
  guest_text_add (&text, line + word);
  return 0;
}

/* Return what the ELF header HEADER is for, or GUEST_ABI_COUNT.  */
static enum guest_abi
abi_of (const struct guest *guest, const Elf64_Ehdr *header)
{
  enum guest_abi abi = GUEST_ABI_NATIVE;

  while (abi < GUEST_ABI_COUNT
         && (header->e_ident[EI_CLASS] != kinds[abi].class
             || header->e_machine != kinds[abi].machine
             || (abi != GUEST_ABI_NATIVE && !guest->starts[abi])))
    abi++;
  return header->e_ident[EI_DATA] == ELFDATA2LSB ? abi : GUEST_ABI_COUNT;
}

/* Check the ELF header in START and set EXEC's abi.  Return 0 or -ENOEXEC,
   with EXEC's machine set for a program of another machine.  */
static int
check_header (const struct guest *guest, struct guest_exec *exec,
              const struct start *start)
{
  const Elf64_Ehdr *header = &start->at.header;
  const Elf32_Ehdr *other = &start->at.short_header;
  if (start->size < sizeof (Elf32_Ehdr) || header->e_ident[EI_MAG0] != ELFMAG0
      || header->e_ident[EI_MAG1] != ELFMAG1
      || header->e_ident[EI_MAG2] != ELFMAG2
      || header->e_ident[EI_MAG3] != ELFMAG3)
    return -ENOEXEC;
  exec->abi = abi_of (guest, header);
  if (exec->abi == GUEST_ABI_COUNT)
    {
      exec->machine = header->e_machine;
      if (header->e_ident[EI_DATA] == ELFDATA2MSB)
        exec->machine = (uint16_t) (exec->machine << 8 | exec->machine >> 8);
      return -ENOEXEC;
    }
  bool is_long = kinds[exec->abi].class == ELFCLASS64;
  uint16_t size = is_long ? header->e_phentsize : other->e_phentsize;
  uint16_t count = is_long ? header->e_phnum : other->e_phnum;
  if (start->size < (is_long ? sizeof *header : sizeof *other)
      || (header->e_type != ET_EXEC && header->e_type != ET_DYN)
      || size != kinds[exec->abi].segment || count == 0 || count > 64)
    return -ENOEXEC;
  return 0;
}

/* Return whether SIZE bytes at OFFSET lie within the first WHOLE.  */
static bool
is_within (uint64_t offset, uint64_t size, uint64_t whole)
{
  return offset <= whole && size <= whole - offset;
}

/* Read the program header number INDEX of the file open as FD, which begins
   with START and was checked, into SEGMENT.  Return whether it is there.  */
static bool
read_segment (struct guest *guest, const struct guest_exec *exec, int fd,
              const struct start *start, size_t index, Elf64_Phdr *segment)
{
  union
  {
    Elf64_Phdr segment;
    Elf32_Phdr short_segment;
  } at;
  bool is_long = kinds[exec->abi].class == ELFCLASS64;
  size_t size = kinds[exec->abi].segment;
  uint64_t offset =
      is_long ? start->at.header.e_phoff : start->at.short_header.e_phoff;

  offset += index * size;
  if (is_within (offset, size, start->size))
    __builtin_memcpy (&at, start->at.bytes + offset, size);
  else if (read_at (guest, fd, &at, size, offset) != (int64_t) size)
    return false;
  if (is_long)
    *segment = at.segment;
  else
    *segment = (Elf64_Phdr){ .p_type = at.short_segment.p_type,
                             .p_offset = at.short_segment.p_offset,
                             .p_filesz = at.short_segment.p_filesz };
  return true;
}

/* Read the name of the interpreter of the program open as FD into EXEC's
   path; empty when it has none.  Return 0 or a negative errno.  */
static int
read_interpreter (struct guest *guest, struct guest_exec *exec, int fd,
                  const struct start *start)
{
  size_t count = kinds[exec->abi].class == ELFCLASS64
                     ? start->at.header.e_phnum
                     : start->at.short_header.e_phnum;
  exec->path[0] = '\0';
  for (size_t i = 0; i < count; i++)
    {
      Elf64_Phdr segment;
      if (!read_segment (guest, exec, fd, start, i, &segment))
        return -ENOEXEC;
      if (segment.p_type != PT_INTERP)
        continue;
      if (segment.p_filesz < 2 || segment.p_filesz > GUEST_PATH_SIZE)
        return -ENOEXEC;
      if (is_within (segment.p_offset, segment.p_filesz, start->size))
        __builtin_memcpy (exec->path, start->at.bytes + segment.p_offset,
                          segment.p_filesz);
      else if (read_at (guest, fd, exec->path, segment.p_filesz,
                        segment.p_offset)
               != (int64_t) segment.p_filesz)
        return -EIO;
      if (exec->path[segment.p_filesz - 1] != '\0')
        return -ENOEXEC;
      return 0;
    }
  return 0;
}

/* Return whether TASK sees the same under the same absolute path as any other
   task that this is asked for.  */
static bool
sees_all (const struct guest_task *task)
{
  return task->fs->root_length == 0;
}

/* Return the remembered interpreter that EXEC's path names, if it is still
   what it was, or NULL.  */
static const struct guest_interpreter *
recall_interpreter (struct guest_task *task, const struct guest_exec *exec)
{
  struct guest *guest = task->guest;
  const struct guest_interpreters *known = guest->interpreters;
  struct k_stat status;
  if (known == NULL || !sees_all (task))
    return NULL;
  for (size_t i = 0; i < GUEST_INTERPRETERS; i++)
    {
      const struct guest_interpreter *one = &known->known[i];
      if (one->valid && one->abi == exec->abi
          && one->generation == known->generation
          && guest_text_equal (one->name, exec->path))
        {
          int64_t result = guest->ops->system_call (
              guest, K_NR_newfstatat, (uint64_t) AT_FDCWD,
              (uintptr_t) one->host, (uintptr_t) &status, AT_SYMLINK_NOFOLLOW,
              0, 0);
          if (result == 0 && status.st_dev == one->device
              && status.st_ino == one->inode
              && status.st_times[4] == one->changed[0]
              && status.st_times[5] == one->changed[1])
            return one;
        }
    }
  return NULL;
}

/* Remember that the interpreter EXEC's path names is the file at its host
   path, with STATUS.  */
static void
remember_interpreter (struct guest_task *task, const struct guest_exec *exec,
                      const struct k_stat *status)
{
  struct guest_interpreters *known = task->guest->interpreters;
  struct guest_text text;
  if (known == NULL || !sees_all (task) || exec->path[0] != '/'
      || exec->held[1] >= 0)
    return;
  struct guest_interpreter *one = &known->known[known->next];
  one->valid = false;
  guest_text_init (&text, one->name, sizeof one->name);
  guest_text_add (&text, exec->path);
  if (text.overflows)
    return;
  guest_text_init (&text, one->host, sizeof one->host);
  guest_text_add (&text, exec->interpreter);
  one->abi = exec->abi;
  one->generation = known->generation;
  one->device = status->st_dev;
  one->inode = status->st_ino;
  one->changed[0] = status->st_times[4];
  one->changed[1] = status->st_times[5];
  one->valid = true;
  known->next = (known->next + 1) % GUEST_INTERPRETERS;
}

/* Find the ELF interpreter that EXEC's path names.  Return 0 or a negative
   errno.  */
static int
find_interpreter (struct guest_task *task, struct guest_exec *exec)
{
  struct guest *guest = task->guest;
  struct start start;
  struct k_stat status;
  const struct guest_interpreter *known = recall_interpreter (task, exec);
  if (known != NULL)
    {
      struct guest_text text;
      guest_text_init (&text, exec->interpreter, sizeof exec->interpreter);
      guest_text_add (&text, known->host);
      return 0;
    }
  int fd = find_program (task, exec, GUEST_AT_CWD, GUEST_FINAL_FOLLOW, &status);
  if (fd < 0)
    return fd;
  int64_t size = read_at (guest, fd, start.at.bytes, sizeof start.at, 0);
  start.size = size > 0 ? (size_t) size : 0;
  enum guest_abi abi = exec->abi;
  int error = size < 0 ? -EIO : check_header (guest, exec, &start);
  if (error == -ENOEXEC || (error == 0 && exec->abi != abi))
    error = -ELIBBAD;
  if (error == 0)
    {
      exec->held[1] = name_for_host (task, exec, fd, exec->interpreter);
      remember_interpreter (task, exec, &status);
    }
  if (error < 0 || exec->held[1] < 0)
    close_descriptor (guest, fd);
  guest_found_release (guest, &exec->found);
  return error;
}

/* Read what the kernel calls the file FD: its host path, perhaps with
   " (deleted)".  Return its length, 0 when there is none.  */
static size_t
read_place (struct guest *guest, int fd, char *place, size_t size)
{
  struct guest_text text;
  char link[40];
  guest_text_init (&text, link, sizeof link);
  guest_add_fd (guest, &text, fd);
  int64_t length = guest->ops->system_call (
      guest, __NR_readlinkat, (uint64_t) AT_FDCWD, (uintptr_t) link,
      (uintptr_t) place, size - 1, 0, 0);
  if (length < 0)
    length = 0;
  place[length] = '\0';
  return (size_t) length;
}

/* Note what /proc/self/exe shows of the program that is open as FD.  Return
   whether that is a path by which it can be found.  */
static bool
note_executable (struct guest_task *task, struct guest_exec *exec, int fd)
{
  char place[GUEST_PATH_SIZE];
  uint32_t root_length = task->fs->root_length;
  int status = -ENOENT;
  place[0] = '\0';

  /* The whole path, whatever root the task has.  */
  task->fs->root_length = 0;
  if (!exec->found.magic && exec->found.binding != GUEST_OUTSIDE)
    status = guest_found_guest (task, &exec->found, exec->executable,
                                sizeof exec->executable);
  else
    {
      size_t length = read_place (task->guest, fd, place, sizeof place);
      if (length > 0)
        status = guest_reverse (task, place, length, exec->executable,
                                sizeof exec->executable);
    }
  task->fs->root_length = root_length;
  if (status < 0)
    {
      /* It has no path: what the kernel shows is a mere text too.  */
      struct guest_text text;
      guest_text_init (&text, exec->executable, sizeof exec->executable);
      guest_text_add (&text, place);
    }
  return status >= 0;
}

static void
note_owner (struct guest_exec *exec, const struct k_stat *status)
{
  exec->mode = status->st_mode;
  exec->uid = status->st_uid;
  exec->gid = status->st_gid;
}

/* Note everything that EXEC says of the program, found and open as FD.  */
static void
note_program (struct guest_task *task, struct guest_exec *exec, int fd,
              const struct k_stat *status)
{
  exec->held[0] = name_for_host (task, exec, fd, exec->program);
  (void) note_executable (task, exec, fd);
  note_owner (exec, status);
}

/* Return whether EMULATOR is to run the program of EXEC, whose header check
   gave STATUS.  */
static bool
is_emulated (const struct guest_emulator *emulator,
             const struct guest_exec *exec, int status)
{
  if (emulator == NULL)
    return false;
  if (status == 0)
    return emulator->forced
           || (exec->abi != GUEST_ABI_NATIVE
               && emulator->machine == kinds[exec->abi].machine);
  return exec->machine != 0
         && (emulator->machine == 0 || emulator->machine == exec->machine);
}

/* Note that the guest's emulator runs the program of EXEC, open as FD.  */
static int
note_emulated (struct guest_task *task, struct guest_exec *exec, int fd,
               const struct k_stat *status)
{
  /* A descriptor by which the file was named may be closed by the time that
     the emulator opens it.  */
  if (note_executable (task, exec, fd) && exec->found.magic && sees_all (task))
    {
      struct guest_text text;
      guest_text_init (&text, exec->path, sizeof exec->path);
      guest_text_add (&text, exec->executable);
      exec->found_again = true;
    }
  note_owner (exec, status);
  exec->abi = GUEST_ABI_NATIVE;
  return guest_exec_emulate (exec, task->guest->emulator);
}

/* Look at the file that EXEC's found member names, which is open as FD and has
   STATUS; FD is closed, or held.  Return 0 when it is a program, with EXEC's
   path the interpreter that it wants; 1 when it is a script, with EXEC's path
   its interpreter; or a negative errno.  */
static int
look_at (struct guest_task *task, struct guest_exec *exec, int fd,
         const struct k_stat *status)
{
  struct guest *guest = task->guest;
  struct start start;
  int64_t size = read_at (guest, fd, start.at.bytes, sizeof start.at, 0);
  start.size = size > 0 ? (size_t) size : 0;

  int result;
  if (size < 0)
    result = -EIO;
  else if (start.size >= 2 && start.at.bytes[0] == '#'
           && start.at.bytes[1] == '!')
    {
      result = read_script (exec, &start);
      result = result < 0 ? result : 1;
    }
  else
    {
      result = check_header (guest, exec, &start);
      if (is_emulated (guest->emulator, exec, result))
        result = note_emulated (task, exec, fd, status);
      else if (result == 0)
        {
          result = read_interpreter (guest, exec, fd, &start);
          if (result == 0)
            note_program (task, exec, fd, status);
        }
    }
  if (result != 0 || exec->held[0] < 0)
    close_descriptor (guest, fd);
  return result;
}

/* Read the path of CALL into EXEC's path; *DIR and *FINAL say how it is
   meant.  EXEC's name gets what the program will know it as.  */
static int
read_path (struct guest_task *task, const struct guest_call *call,
           struct guest_exec *exec, int *dir, unsigned int *final)
{
  const struct guest_rule *rule =
      guest_rule_of (task->guest, call->abi, call->number);
  bool at = guest_rule_number (rule, GUEST_ABI_NATIVE) != __NR_execve;
  uint64_t address = at ? call->arg[1] : call->arg[0];
  uint64_t flags = at ? call->arg[4] : 0;
  struct guest_text name;

  *dir = at ? (int) call->arg[0] : GUEST_AT_CWD;
  *final = GUEST_FINAL_FOLLOW;
  if ((flags & ~(uint64_t) (AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)) != 0)
    return -EINVAL;
  if ((flags & AT_SYMLINK_NOFOLLOW) != 0)
    *final |= GUEST_FINAL_NOFOLLOW;
  if ((flags & AT_EMPTY_PATH) != 0)
    *final |= GUEST_FINAL_EMPTY;
  int length = task->guest->ops->read_string (task, address, exec->path,
                                              sizeof exec->path);
  if (length < 0)
    return length;
  if (length == 0 && (flags & AT_EMPTY_PATH) == 0)
    return -ENOENT;

  guest_text_init (&name, exec->name, sizeof exec->name);
  if (at && *dir != GUEST_AT_CWD && exec->path[0] != '/')
    {
      guest_text_add (&name, "/dev/fd/");
      guest_text_add_number (&name, *dir);
      if (length > 0)
        guest_text_add_char (&name, '/');
    }
  guest_text_add (&name, exec->path);
  return name.overflows ? -ENAMETOOLONG : 0;
}

/* Return whether TASK's descriptor FD is closed by execve.  */
static bool
closes_on_exec (struct guest_task *task, int fd)
{
  struct guest *guest = task->guest;
  struct guest_text text;
  char bytes[128];
  if (guest->inside)
    return host_call (guest, K_NR_fcntl, host_fd (fd), K_F_GETFD, 0, 0)
           == K_FD_CLOEXEC;
  guest_text_init (&text, bytes, sizeof bytes);
  guest_text_add (&text, "/proc/");
  guest_text_add_number (&text, task->tid);
  guest_text_add (&text, "/fdinfo/");
  guest_text_add_number (&text, fd);
  int64_t info = guest->ops->system_call (
      guest, __NR_openat, (uint64_t) AT_FDCWD, (uintptr_t) bytes,
      O_RDONLY | O_CLOEXEC, 0, 0, 0);
  if (info < 0)
    return false;
  int64_t size = read_at (guest, (int) info, bytes, sizeof bytes, 0);
  close_descriptor (guest, (int) info);

  /* A line says "flags:", a tab and an octal number.  */
  uint64_t flags = 0;
  int64_t i = 0;
  while (i + 6 < size && !guest_text_is (bytes + i, 6, "flags:"))
    i++;
  for (i += 7; i < size && bytes[i] >= '0' && bytes[i] <= '7'; i++)
    flags = flags * 8 + (uint64_t) (bytes[i] - '0');
  return (flags & O_CLOEXEC) != 0;
}

/* Set EXEC's command: the last component of its name, cut; or of the program
   where the name is only the number of a descriptor.  */
static void
note_command (struct guest_exec *exec, bool by_number)
{
  const char *name = by_number ? exec->executable : exec->name;
  size_t start = 0;
  size_t i = 0;
  for (i = 0; name[i] != '\0'; i++)
    if (name[i] == '/')
      start = i + 1;
  for (i = 0; i + 1 < sizeof exec->command; i++)
    {
      exec->command[i] = name[start + i];
      if (exec->command[i] == '\0'
          || (by_number && guest_text_equal (name + start + i, " (deleted)")))
        break;
    }
  exec->command[i] = '\0';
}

int
guest_exec_prepare (struct guest_task *task, const struct guest_call *call,
                    struct guest_exec *exec)
{
  struct guest *guest = task->guest;
  int dir;
  unsigned int final;

  exec->held[0] = exec->held[1] = -1;
  exec->leading_count = exec->leading_length = 0;
  exec->emulated = exec->found_again = false;
  exec->first_at = 0;
  exec->machine = 0;
  exec->abi = GUEST_ABI_NATIVE;
  exec->interpreter[0] = '\0';
  int status = read_path (task, call, exec, &dir, &final);
  if (status < 0)
    return status;

  bool by_number = exec->path[0] == '\0';

  for (int depth = 0;; depth++)
    {
      if (depth > GUEST_EXEC_DEPTH)
        return -ELOOP;
      struct k_stat file;
      int fd = find_program (task, exec, dir, final, &file);
      if (fd < 0)
        return fd;
      if (depth == 0)
        {
          /* What "#!" passes on is the name, not what was resolved.  */
          struct guest_text path;
          guest_text_init (&path, exec->path, sizeof exec->path);
          guest_text_add (&path, exec->name);
        }
      status = look_at (task, exec, fd, &file);
      guest_found_release (guest, &exec->found);
      if (status < 0)
        return status;
      /* Neither an interpreter nor an emulator could open a file that is
         closed by then.  */
      if (depth == 0 && (status == 1 || (exec->emulated && !exec->found_again))
          && dir != GUEST_AT_CWD && guest_text_is (exec->name, 8, "/dev/fd/")
          && closes_on_exec (task, dir))
        return -ENOENT;
      if (status == 0)
        break;
      dir = GUEST_AT_CWD;
      final = GUEST_FINAL_FOLLOW;
    }

  if (exec->path[0] != '\0')
    status = find_interpreter (task, exec);
  if (status < 0)
    {
      guest_exec_release (guest, exec);
      return status;
    }
  note_command (exec, by_number);
  return 0;
}

void
guest_exec_release (struct guest *guest, struct guest_exec *exec)
{
  for (int i = 0; i < 2; i++)
    {
      close_descriptor (guest, exec->held[i]);
      exec->held[i] = -1;
    }
}
