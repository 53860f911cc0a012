/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Unit tests of lib/guest/exec: scripts, programs and what is neither, and
   the interpreters of this machine's programs as libelf reads them.  */

#include <elf.h>

#include "lib/guest/exec.h"
#include "tests/unit/guest-engine.h"
#include "tests/unit/tap.h"

#ifdef HAVE_LIBELF
#  include <gelf.h>
#endif

#if defined __x86_64__
#  define NATIVE_MACHINE EM_X86_64
#else
#  define NATIVE_MACHINE EM_AARCH64
#endif

static struct guest_exec found;

/* Prepare execve of PATH with ARGV.  Return the status; FOUND is released but
   its texts can be read.  */
static int
prepare (const char *path, const char *const *argv)
{
  static const char *const nothing[] = { NULL };
  struct guest_call call = {
    .number = SYS_execve,
    .arg = { P (path), P (argv != NULL ? argv : nothing), P (nothing) },
  };

  int status = guest_exec_prepare (&engine_task, &call, &found);
  if (status == 0)
    guest_exec_release (&engine_guest, &found);
  return status;
}

/* The leading arguments of FOUND, joined by bars.  */
static const char *
leading (void)
{
  static char text[GUEST_EXEC_LEADING_SIZE];

  memcpy (text, found.leading, found.leading_length);
  for (uint32_t i = 0; i + 1 < found.leading_length; i++)
    if (text[i] == '\0')
      text[i] = '|';
  return text;
}

/* Write into FILE a minimal ELF header of MACHINE with one program header of
   an interpreter INTERPRETER.  */
static void
write_elf (const char *file, uint16_t machine, const char *interpreter)
{
  struct
  {
    Elf64_Ehdr header;
    Elf64_Phdr interpreter;
    Elf64_Phdr load;
    char name[64];
  } image = { 0 };

  memcpy (image.header.e_ident, ELFMAG, SELFMAG);
  image.header.e_ident[EI_CLASS] = ELFCLASS64;
  image.header.e_ident[EI_DATA] = ELFDATA2LSB;
  image.header.e_ident[EI_VERSION] = EV_CURRENT;
  image.header.e_type = ET_DYN;
  image.header.e_machine = machine;
  image.header.e_version = EV_CURRENT;
  image.header.e_phoff = sizeof image.header;
  image.header.e_ehsize = sizeof image.header;
  image.header.e_phentsize = sizeof image.load;
  image.header.e_phnum = 2;
  image.interpreter.p_type = PT_INTERP;
  image.interpreter.p_offset = offsetof (__typeof__ (image), name);
  image.interpreter.p_filesz = strlen (interpreter) + 1;
  image.load.p_type = PT_LOAD;
  image.load.p_filesz = image.load.p_memsz = sizeof image;
  image.load.p_flags = PF_R | PF_X;
  snprintf (image.name, sizeof image.name, "%s", interpreter);

  FILE *stream = fopen (file, "w");
  if (stream == NULL || fwrite (&image, sizeof image, 1, stream) != 1
      || fclose (stream) != 0 || chmod (file, 0755) != 0)
    tap_bail ("cannot write an ELF file");
}

static void
test_scripts (const char *root)
{
  static const char *const argv[] = { "zero", "one", NULL };
  static const struct
  {
    const char *name, *text;
    int status;
    const char *leading;
  } cases[] = {
    { "plain", "#!/bin/static\n", 0, "/bin/static|/plain" },
    { "blanks", "#! \t/bin/static  a b \t\n", 0, "/bin/static|a b|/blanks" },
    { "no-newline", "#!/bin/static x", 0, "/bin/static|x|/no-newline" },
    { "nested", "#!/plain y\n", 0, "/bin/static|/plain|y|/nested" },
    { "by-link", "#!/bin/link\n", 0, "/bin/link|/by-link" },
    { "missing", "#!/bin/none\n", -ENOENT, NULL },
    { "nameless", "#!\n", -ENOEXEC, NULL },
    { "loop", "#!/loop\n", -ELOOP, NULL },
    { "empty", "", -ENOEXEC, NULL },
    { "text", "echo hello\n", -ENOEXEC, NULL },
  };

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    {
      char file[PATH_MAX + 32];
      char guest[64];

      snprintf (file, sizeof file, "%s/%s", root, cases[i].name);
      snprintf (guest, sizeof guest, "/%s", cases[i].name);
      FILE *stream = fopen (file, "w");
      if (stream == NULL || fputs (cases[i].text, stream) < 0
          || fclose (stream) != 0 || chmod (file, 0755) != 0)
        tap_bail ("cannot write a script");
      tap_is_number (prepare (guest, argv), cases[i].status, cases[i].name);
      if (cases[i].leading != NULL)
        {
          tap_is_string (leading (), cases[i].leading, "its leading arguments");
          tap_is_string (found.executable, "/bin/static",
                         "its program is the interpreter");
        }
    }
}

static void
test_long_line (const char *root)
{
  char file[PATH_MAX + 32];
  snprintf (file, sizeof file, "%s/long", root);
  FILE *stream = fopen (file, "w");
  fputs ("#!/bin/static ", stream);
  for (int i = 0; i < 400; i++)
    fputc ('x', stream);
  if (fclose (stream) != 0 || chmod (file, 0755) != 0)
    tap_bail ("cannot write a script");
  tap_is_number (prepare ("/long", NULL), 0,
                 "an over-long argument of a script is cut");
  tap_ok (found.leading_length < 300, "at the kernel's length");
}

static void
test_programs (const char *root)
{
  char file[PATH_MAX + 32];

  snprintf (file, sizeof file, "%s/dynamic", root);
  write_elf (file, NATIVE_MACHINE, "/lib/../lib/ld.so");
  tap_is_number (prepare ("/dynamic", NULL), 0, "a dynamic program");
  char wanted[PATH_MAX + 32];
  snprintf (wanted, sizeof wanted, "%s/lib/ld.so", root);
  tap_is_string (found.interpreter, wanted,
                 "has its interpreter in the container");
  tap_is_string (found.command, "dynamic", "and its name as command");

  snprintf (file, sizeof file, "%s/lost", root);
  write_elf (file, NATIVE_MACHINE, "/lib/none.so");
  tap_is_number (prepare ("/lost", NULL), -ENOENT,
                 "a missing interpreter is ENOENT");

  snprintf (file, sizeof file, "%s/alien", root);
  write_elf (file, EM_S390, "/lib/ld.so");
  tap_is_number (prepare ("/alien", NULL), -ENOEXEC,
                 "a program of another machine is ENOEXEC");
  tap_is_number (found.machine, EM_S390, "and the machine is told");

  tap_is_number (prepare ("/bin", NULL), -EACCES, "a directory is EACCES");
  tap_is_number (prepare ("/nothing", NULL), -ENOENT, "nothing is ENOENT");
  tap_is_number (prepare ("/plain/x", NULL), -ENOTDIR,
                 "a path through a file is ENOTDIR");
  snprintf (file, sizeof file, "%s/plain", root);
  if (getuid () != 0 && chmod (file, 0644) == 0)
    tap_is_number (prepare ("/plain", NULL), -EACCES,
                   "what nobody may execute is EACCES");
  else
    tap_skip ("what nobody may execute is EACCES", "root may do all");
}

/* Programs of another machine, which "alien" and ROOT's script of it are, by an
   emulator.  */
static void
test_emulator (const char *root)
{
  static const struct guest_emulator any = { .program = "/host/qemu",
                                             .words = "q\0-s\0"
                                                      "9",
                                             .count = 3 };
  struct guest_emulator emulator = any;
  engine_guest.emulator = &emulator;

  tap_is_number (prepare ("/alien", NULL), 0,
                 "a program of another machine is emulated");
  tap_is_string (found.program, "/host/qemu", "by the emulator");
  tap_is_string (found.interpreter, "", "which needs no interpreter");
  tap_is_string (leading (), "q|-s|9|-0||/alien", "that is told what to run");
  tap_ok (found.emulated && found.first_at == 4 && found.variables_at == 3,
          "and where the first argument goes");
  tap_is_string (found.executable, "/alien", "/proc shows the program");
  tap_is_string (found.command, "alien", "and its name");

  engine_shell ("cd '%s' && printf '#!/alien x\\n' > strange"
                " && chmod +x strange",
                root);
  tap_is_number (prepare ("/strange", NULL), 0, "a script of such a program");
  tap_is_string (leading (), "q|-s|9|-0|/alien|/alien|x|/strange",
                 "has the interpreter's name");
  tap_is_number (found.first_at, 0, "which is no argument of the call");
  tap_is_string (found.command, "strange", "the command is the script's");

  tap_is_number (prepare ("/dynamic", NULL), 0, "a program of this machine");
  tap_ok (!found.emulated, "is not emulated");
  emulator.forced = true;
  tap_is_number (prepare ("/dynamic", NULL), 0, "unless that is wanted");
  tap_ok (found.emulated, "and then it is");
  emulator.forced = false;

  emulator.machine = EM_S390;
  tap_is_number (prepare ("/alien", NULL), 0, "an emulator of its machine");
  emulator.machine = EM_PPC64;
  tap_is_number (prepare ("/alien", NULL), -ENOEXEC, "one of a third machine");
  tap_is_number (prepare ("/plain", NULL), getuid () != 0 ? -EACCES : 0,
                 "permissions count as ever");
  engine_guest.emulator = NULL;
}

#ifdef HAVE_LIBELF
/* Compare the interpreter of the host's PROGRAM with libelf's reading.  */
static void
compare_with_libelf (const char *program)
{
  char real[PATH_MAX];
  int fd = realpath (program, real) != NULL ? open (real, O_RDONLY) : -1;
  Elf *elf = fd < 0 ? NULL : elf_begin (fd, ELF_C_READ, NULL);
  size_t count = 0;
  if (elf == NULL || elf_getphdrnum (elf, &count) != 0)
    {
      tap_skip (program, "libelf cannot read it");
      return;
    }

  const char *interpreter = "";
  char canonical[PATH_MAX] = "";
  for (size_t i = 0; i < count; i++)
    {
      GElf_Phdr header;
      if (gelf_getphdr (elf, (int) i, &header) != NULL
          && header.p_type == PT_INTERP)
        interpreter = elf_rawfile (elf, NULL) + header.p_offset;
    }
  if (*interpreter != '\0' && realpath (interpreter, canonical) == NULL)
    tap_note ("%s: %s is missing", program, interpreter);
  tap_is_number (prepare (program, NULL), 0, program);
  tap_is_string (found.program, real, "the file that the path names");
  tap_is_string (found.interpreter, canonical,
                 "and the interpreter that libelf finds");
  elf_end (elf);
  close (fd);
}
#endif

static void
test_all (void)
{
  char root[PATH_MAX];
  const struct guest_mount whole = { "/", "/", 0 };

  engine_make_directory (root);
  engine_shell ("cd '%s' && mkdir bin lib && ln -s static bin/link", root);
  char file[PATH_MAX + 32];
  snprintf (file, sizeof file, "%s/lib/ld.so", root);
  write_elf (file, NATIVE_MACHINE, "");
  engine_shell ("cd '%s' && cp lib/ld.so bin/static", root);
  snprintf (file, sizeof file, "%s/bin/static", root);
  write_elf (file, NATIVE_MACHINE, "/lib/ld.so");

  const struct guest_mount mount = { root, "/", 0 };
  if (engine_start (&mount, 1) < 0)
    tap_bail ("cannot start");
  test_scripts (root);
  test_long_line (root);
  test_programs (root);
  test_emulator (root);
  engine_shell ("rm -rf '%s'", root);

#ifdef HAVE_LIBELF
  (void) elf_version (EV_CURRENT);
  if (engine_start (&whole, 1) < 0)
    tap_bail ("cannot start");
  compare_with_libelf ("/bin/sh");
  compare_with_libelf ("/usr/bin/env");
  compare_with_libelf ("/usr/bin/make");
#else
  (void) whole;
  tap_skip ("programs of this machine", "built without libelf");
#endif
}

int
main (void)
{
  for (int inside = 0; inside < 2; inside++)
    {
      engine_inside = inside > 0;
      tap_note (engine_inside ? "inside" : "beside");
      test_all ();
    }
  return tap_done ();
}
