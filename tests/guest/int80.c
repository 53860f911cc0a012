/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* Calls through the 32-bit interface of x86, "int $0x80", which 64-bit programs
   can make as well: what each means there, the structures that only it has,
   and that nothing but the result changes.  Addresses have 32 bits, so all
   memory that is named lies low.  */

#define _GNU_SOURCE 1
#include "report.h"
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

static unsigned char *low; /* 64 KiB */
static size_t used;

/* Forget all that was put.  */
static void
fresh (void)
{
  used = 0;
  memset (low, 0, 65536);
}

/* Return the address of SIZE bytes of low memory, a copy of BYTES.  */
static uint32_t
put (const void *bytes, size_t size)
{
  unsigned char *place = low + used;
  if (bytes != NULL)
    memcpy (place, bytes, size);
  used += (size + 15) & ~(size_t) 15;
  return (uint32_t) (uintptr_t) place;
}

static uint32_t
text (const char *string)
{
  return put (string, strlen (string) + 1);
}

static void *
at (uint32_t address)
{
  return (void *) (uintptr_t) address;
}

static uint32_t
word (uint32_t address, size_t offset)
{
  uint32_t value;
  memcpy (&value, (char *) at (address) + offset, sizeof value);
  return value;
}

static unsigned int
half (uint32_t address, size_t offset)
{
  uint16_t value;
  memcpy (&value, (char *) at (address) + offset, sizeof value);
  return value;
}

/* Make the call NUMBER.  Set errno, as syscall does.  */
static long
call (int number, uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t e)
{
  int result;
#ifdef __x86_64__
  __asm__ volatile("int $0x80"
                   : "=a"(result)
                   : "0"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
                   : "memory", "r8", "r9", "r10", "r11");
#else
  /* As the C library does it: sysenter, where the machine has it.  */
  result = (int) syscall (number, a, b, c, d, e);
  return result;
#endif
  if (result < 0 && result > -4096)
    {
      errno = -result;
      return -1;
    }
  return result;
}

#define CALL0(NR) call (NR, 0, 0, 0, 0, 0)
#define CALL1(NR, A) call (NR, A, 0, 0, 0, 0)
#define CALL2(NR, A, B) call (NR, A, B, 0, 0, 0)
#define CALL3(NR, A, B, C) call (NR, A, B, C, 0, 0)
#define CALL4(NR, A, B, C, D) call (NR, A, B, C, D, 0)
#define CALL5(NR, A, B, C, D, E) call (NR, A, B, C, D, E)
#define CWD ((uint32_t) -100)

/* Registers that no call changes, with all their bits.  */
static void
registers (void)
{
  static const struct
  {
    const char *what, *path;
    int number;
  } calls[] = {
    { "getpid", "", 20 },       { "access", "file", 33 },
    { "access", "none/x", 33 }, { "chdir", ".", 12 },
    { "getuid", "", 24 },       { "truncate", "file", 92 },
    { "mkdir", "file", 39 },    { "nothing", "", 4000 },
  };
  for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
    {
      uintptr_t path = text (calls[i].path);
      uintptr_t number = (uintptr_t) calls[i].number;
      uintptr_t after[5] = { 0 };
#ifdef __x86_64__
      const uintptr_t high = (uintptr_t) 0x12345678 << 32;
#else
      const uintptr_t high = 0;
#endif
      uintptr_t before[5] = { path | high, 4 | high, 0x333 | high, 0x444 | high,
                              0x555 | high };
      struct
      {
        uintptr_t *before, *after;
      } where = { before, after };
#ifdef __x86_64__
      __asm__ volatile("push %%rbx\n\tpush %%rbp\n\tpush %[where]\n\t"
                       "mov (%[where]), %%r8\n\t"
                       "mov (%%r8), %%rbx\n\tmov 8(%%r8), %%rcx\n\t"
                       "mov 16(%%r8), %%rdx\n\tmov 24(%%r8), %%rsi\n\t"
                       "mov 32(%%r8), %%rdi\n\tmov $0x666, %%ebp\n\t"
                       "int $0x80\n\t"
                       "pop %%r8\n\tmov 8(%%r8), %%r8\n\t"
                       "mov %%rbx, (%%r8)\n\tmov %%rcx, 8(%%r8)\n\t"
                       "mov %%rdx, 16(%%r8)\n\tmov %%rsi, 24(%%r8)\n\t"
                       "mov %%rdi, 32(%%r8)\n\tcmp $0x666, %%ebp\n\t"
                       "je 1f\n\tmovq $0, (%%r8)\n\t1:"
                       "pop %%rbp\n\tpop %%rbx\n\t"
                       : "+a"(number)
                       : [where] "r"(&where)
                       : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11",
                         "memory", "cc");
#else
      __asm__ volatile("push %%ebx\n\tpush %%ebp\n\tpush %[where]\n\t"
                       "mov (%[where]), %%edi\n\t"
                       "mov (%%edi), %%ebx\n\tmov 4(%%edi), %%ecx\n\t"
                       "mov 8(%%edi), %%edx\n\tmov 12(%%edi), %%esi\n\t"
                       "mov 16(%%edi), %%edi\n\tmov $0x666, %%ebp\n\t"
                       "int $0x80\n\t"
                       "xchg %%edi, (%%esp)\n\tmov 4(%%edi), %%edi\n\t"
                       "mov %%ebx, (%%edi)\n\tmov %%ecx, 4(%%edi)\n\t"
                       "mov %%edx, 8(%%edi)\n\tmov %%esi, 12(%%edi)\n\t"
                       "pop 16(%%edi)\n\tcmp $0x666, %%ebp\n\t"
                       "je 1f\n\tmovl $0, (%%edi)\n\t1:"
                       "pop %%ebp\n\tpop %%ebx\n\t"
                       : "+a"(number)
                       : [where] "d"(&where)
                       : "ecx", "esi", "edi", "memory", "cc");
#endif
      printf ("%s %s: %s,", calls[i].what, calls[i].path,
              (int) number < 0 ? "fails" : "succeeds");
      for (int j = 0; j < 5; j++)
        if (before[j] != after[j])
          printf (" register %d changed", j);
      puts (" done");
    }
}

/* Say what the struct stat of a call that returned RESULT has; MODE, LINKS and
   SIZE are offsets, of 16 bits where SHORT.  */
static void
say_form (const char *what, long result, uint32_t place, size_t mode,
          size_t links, size_t size, int is_short, size_t whole)
{
  SAY (what, result);
  if (result == 0)
    printf ("  mode %o, links %u, size %u, behind %x\n",
            is_short ? half (place, mode) : word (place, mode),
            is_short ? half (place, links) : word (place, links),
            word (place, size), *((unsigned char *) at (place) + whole));
}

static void
statuses (void)
{
  static const char *const names[] = { "file",           "link", "dir", "none",
                                       "/proc/self/exe", "/",    "" };
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    {
      fresh ();
      uint32_t name = text (names[i]);
      uint32_t place = put (NULL, 256);
      printf ("'%s'\n", names[i]);
      if (i < 4)
        {
          say_form ("stat", CALL2 (106, name, place), place, 8, 10, 20, 1, 64);
          say_form ("lstat", CALL2 (107, name, place), place, 8, 10, 20, 1, 64);
          say_form ("stat64", CALL2 (195, name, place), place, 16, 20, 44, 0,
                    96);
          say_form ("lstat64", CALL2 (196, name, place), place, 16, 20, 44, 0,
                    96);
          /* Inodes seldom have so few bits.  */
          SAY ("oldstat", CALL2 (18, name, place));
          SAY ("oldlstat", CALL2 (84, name, place));
          say_form ("fstatat64", CALL4 (300, CWD, name, place, 0x100), place,
                    16, 20, 44, 0, 96);
        }
      SAY ("fstatat64 with a bad flag", CALL4 (300, CWD, name, place, 0x40));
      SAY ("statx", CALL5 (383, CWD, name, 0, 0x7ff, place));
      SAY ("statfs", CALL2 (99, name, place));
      printf ("  %x, names of %u\n", word (place, 0), word (place, 36));
      memset (at (place), 0, 256);
      SAY ("statfs64", CALL3 (268, name, 84, place));
      printf ("  %x, names of %u\n", word (place, 0), word (place, 56));
      SAY ("statfs64 with a bad size", CALL3 (268, name, 88, place));
      SAY ("access", CALL2 (33, name, R_OK));
      SAY ("faccessat", CALL3 (307, CWD, name, R_OK));
      SAY ("faccessat2", CALL4 (439, CWD, name, W_OK, 0x100));
      long length = CALL3 (85, name, place, 100);
      SAY ("readlink", length);
      if (length > 0)
        printf ("  %.*s\n", (int) length, (char *) at (place));
      long fd = CALL3 (5, name, O_RDONLY, 0);
      SAY ("open", fd < 0 ? -1 : 0);
      if (fd < 0)
        continue;
      say_form ("fstat", CALL2 (108, (uint32_t) fd, place), place, 8, 10, 20, 1,
                64);
      say_form ("fstat64", CALL2 (197, (uint32_t) fd, place), place, 16, 20, 44,
                0, 96);
      SAY ("fstatfs64", CALL3 (269, (uint32_t) fd, 84, place));
      SAY ("close", CALL1 (6, (uint32_t) fd));
    }
}

static void
changes (void)
{
  fresh ();
  uint32_t file = text ("file"), made = text ("made"), link = text ("link2");
  uint32_t times = put (NULL, 64), how = put (NULL, 24), out = put (NULL, 4096);
  uint32_t attribute = text ("user.none");
  uint32_t zeros = put (NULL, 64);

  SAY_OPEN ("creat", (int) CALL2 (8, made, 0640));
  SAY ("link", CALL2 (9, made, link));
  SAY ("rename", CALL2 (38, link, text ("link3")));
  SAY ("unlink", CALL1 (10, text ("link3")));
  SAY ("chmod", CALL2 (15, made, 0600));
  SAY ("chown, 16 bits", CALL3 (182, made, 0xffff, 0xffff));
  SAY ("lchown, 16 bits", CALL3 (16, made, 0xffff, 0xffff));
  SAY ("chown32", CALL3 (212, made, (uint32_t) -1, (uint32_t) -1));
  SAY ("lchown32", CALL3 (198, made, (uint32_t) -1, (uint32_t) -1));
  SAY ("truncate", CALL2 (92, made, 10));
  SAY ("truncate64", CALL3 (193, made, 0, 1));
  SAY ("  its size", CALL2 (195, made, out) == 0 ? (long) word (out, 48) : -1);
  SAY ("  and for stat", CALL2 (106, made, out));
  SAY ("truncate64", CALL3 (193, made, 5, 0));
  SAY ("utime", CALL2 (30, made, zeros));
  SAY ("utimes", CALL2 (271, made, times));
  SAY ("futimesat", CALL3 (299, CWD, made, times));
  SAY ("utimensat", CALL4 (320, CWD, made, times, 0));
  SAY ("utimensat_time64", CALL4 (412, CWD, made, zeros, 0));
  SAY ("utimensat_time64 of nothing", CALL4 (412, CWD, link, zeros, 0));
  SAY ("mkdir", CALL2 (39, text ("dir2"), 0755));
  SAY ("chdir", CALL1 (12, text ("dir2")));
  long length = CALL2 (183, out, 4096);
  SAY ("getcwd", length);
  printf ("  %s\n", length > 0 ? (char *) at (out) : "");
  SAY ("getcwd in few bytes", CALL2 (183, out, 4));
  SAY ("chdir", CALL1 (12, text ("..")));
  SAY ("rmdir", CALL1 (40, text ("dir2")));
  SAY ("mknod of a FIFO", CALL3 (14, text ("fifo"), S_IFIFO | 0600, 0));
  SAY ("symlink", CALL2 (83, file, text ("soft")));
  SAY ("openat", CALL4 (295, CWD, text ("none"), O_RDONLY, 0));
  SAY_OPEN ("openat2", (int) CALL4 (437, CWD, text ("soft"), how, 24));
  SAY ("openat2 with a bad size", CALL4 (437, CWD, file, how, 20));
  SAY ("mkdirat", CALL3 (296, CWD, text ("dir3"), 0700));
  SAY ("mknodat", CALL4 (297, CWD, text ("fifo2"), S_IFIFO | 0600, 0));
  SAY ("fchownat", CALL5 (298, CWD, made, (uint32_t) -1, (uint32_t) -1, 0x100));
  SAY ("renameat", CALL4 (302, CWD, made, CWD, text ("made2")));
  SAY ("renameat2", CALL5 (353, CWD, text ("made2"), CWD, file, 1));
  SAY ("linkat", CALL5 (303, CWD, file, CWD, text ("hard"), 0));
  SAY ("symlinkat", CALL3 (304, file, CWD, text ("soft2")));
  SAY ("readlinkat", CALL4 (305, CWD, text ("soft2"), out, 100));
  SAY ("fchmodat", CALL3 (306, CWD, text ("hard"), 0644));
  SAY ("fchmodat2", CALL4 (452, CWD, text ("none"), 0644, 0x100));
  SAY ("unlinkat", CALL3 (301, CWD, text ("dir3"), 0x200));
  SAY ("name_to_handle_at", CALL5 (341, CWD, file, zeros, out, 0));
  SAY ("getxattr", CALL4 (229, file, attribute, out, 64));
  SAY ("listxattr", CALL3 (232, file, out, 0));
  SAY ("removexattr", CALL2 (235, text ("none"), attribute));
  long fd = CALL1 (332, 0);
  SAY ("inotify_add_watch of nothing",
       CALL3 (292, (uint32_t) fd, text ("none"), 2));
  SAY ("inotify_add_watch", CALL3 (292, (uint32_t) fd, file, 2) > 0 ? 0 : -1);
  SAY ("close", CALL1 (6, (uint32_t) fd));
  SAY ("umount", CALL1 (22, text ("/")));
  SAY ("bad addresses", CALL2 (33, 8, 0));
  SAY ("stat to a bad address", CALL2 (195, file, 8));
  SAY ("number 17", CALL0 (17));
  SAY ("number 4000", CALL0 (4000));
  SAY ("number -1", CALL0 (-1));
}

static void
entries (void)
{
  fresh ();
  uint32_t out = put (NULL, 32768);
  int found = 0, types = 0;
  mkdir ("list", 0755);
  mkdir ("list/a", 0755);
  symlink ("x", "list/longer-name");
  long fd = CALL3 (5, text ("list"), O_RDONLY | O_DIRECTORY, 0);
  long length = CALL3 (141, (uint32_t) fd, out, 32768);
  for (long i = 0; i < length; i += half (out, (size_t) i + 8))
    {
      const char *entry = (char *) at (out) + i;
      found += strcmp (entry + 10, "a") == 0
               || strcmp (entry + 10, "longer-name") == 0;
      types += entry[half (out, (size_t) i + 8) - 1];
    }
  printf ("getdents: %ld bytes, %d found, types %d\n", length, found, types);
  SAY ("close", CALL1 (6, (uint32_t) fd));
}

static void
names (void)
{
  fresh ();
  uint32_t out = put (NULL, 512);
  SAY ("uname", CALL1 (122, out));
  printf ("  %s, %s\n", (char *) at (out), (char *) at (out) + 4 * 65);
  SAY ("olduname", CALL1 (109, out));
  printf ("  %s, %s\n", (char *) at (out), (char *) at (out) + 4 * 65);
  SAY ("oldolduname", CALL1 (59, out));
  printf ("  %s, %s\n", (char *) at (out), (char *) at (out) + 4 * 9);
  SAY ("personality", CALL1 (136, 8));
  SAY ("uname", CALL1 (122, out));
  printf ("  %s\n", (char *) at (out) + 4 * 65);
  SAY ("personality", CALL1 (136, 0));
}

static void
ids (void)
{
  fresh ();
  uint32_t out = put (NULL, 256);
  printf ("ids: %d %d %d %d, %d %d %d %d\n", CALL0 (24) == (long) getuid (),
          CALL0 (47) == (long) getgid (), CALL0 (49) == (long) geteuid (),
          CALL0 (50) == (long) getegid (), CALL0 (199) == (long) getuid (),
          CALL0 (200) == (long) getgid (), CALL0 (201) == (long) geteuid (),
          CALL0 (202) == (long) getegid ());
  SAY ("getresuid", CALL3 (165, out, out + 2, out + 4));
  printf ("  %d\n", half (out, 2) == getuid ());
  SAY ("getresuid32", CALL3 (209, out, out + 4, out + 8));
  printf ("  %d\n", word (out, 4) == getuid ());
  SAY ("getgroups", CALL2 (80, 0, 0) - getgroups (0, NULL));
  SAY ("getgroups32", CALL2 (205, 0, 0) - getgroups (0, NULL));
  SAY ("setuid, 16 bits", CALL1 (23, getuid ()));
  SAY ("setuid to -1", CALL1 (23, 0xffff));
  SAY ("setresuid, 16 bits", CALL3 (164, 0xffff, 0xffff, 0xffff));
  SAY ("setfsuid", CALL1 (138, getuid ()) == (long) getuid ());
}

/* Make call WHICH of socketcall.  */
static long
socket_call (int which, uint32_t a, uint32_t b, uint32_t c, uint32_t d,
             uint32_t e, uint32_t f)
{
  const uint32_t arguments[6] = { a, b, c, d, e, f };
  return CALL2 (102, (uint32_t) which, put (arguments, sizeof arguments));
}

/* Say what name the call that returned RESULT gave of LENGTH at PLACE.  */
static void
say_name (const char *what, long result, uint32_t place, uint32_t length)
{
  const struct sockaddr_un *un = at (place);
  SAY (what, result);
  printf ("  %u bytes: %s\n", word (length, 0), un->sun_path);
}

static void
sockets (void)
{
  fresh ();
  struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "socket" };
  const uint32_t full = sizeof un;
  uint32_t name = put (&un, sizeof un), out = put (NULL, sizeof un);
  uint32_t length = put (&full, sizeof full), data = put ("data", 5);
  strcpy (un.sun_path, "other");
  uint32_t other = put (&un, sizeof un);

  long one = socket_call (1, AF_UNIX, SOCK_DGRAM, 0, 0, 0, 0);
  long two = CALL3 (359, AF_UNIX, SOCK_DGRAM, 0);
  uint32_t first = (uint32_t) one, second = (uint32_t) two;
  SAY ("bind by socketcall", socket_call (2, first, name, 9, 0, 0, 0));
  SAY ("bind", CALL3 (361, second, other, 8));
  SAY ("bind once more", CALL3 (361, second, name, 9));
  say_name ("getsockname by socketcall",
            socket_call (6, first, out, length, 0, 0, 0), out, length);
  memcpy (at (length), &full, sizeof full);
  say_name ("getsockname", CALL3 (367, second, out, length), out, length);
  SAY ("sendto by socketcall", socket_call (11, first, data, 5, 0, other, 8));
  memcpy (at (length), &full, sizeof full);
  uint32_t buffer = put (NULL, 64);
  say_name ("recvfrom by socketcall",
            socket_call (12, second, buffer, 64, 0, out, length), out, length);
  SAY ("sendto", call (369, second, data, 5, 0, name));

  /* A message with a name and a descriptor.  */
  const uint32_t vector[2] = { data, 5 }, into[2] = { buffer, 64 };
  const uint32_t control[4] = { 16, SOL_SOCKET, SCM_RIGHTS, 1 };
  uint32_t control_place = put (control, sizeof control);
  const uint32_t message[7] = {
    name, 9, put (vector, sizeof vector), 1, control_place, 16, 0
  };
  uint32_t header = put (message, sizeof message);
  SAY ("sendmsg", CALL3 (370, second, header, 0));
  memset (at (out), 0, sizeof un);
  const uint32_t receive[7] = { out, full,           put (into, sizeof into),
                                1,   put (NULL, 64), 64,
                                0 };
  uint32_t received = put (receive, sizeof receive);
  SAY ("recvmsg by socketcall", socket_call (17, first, received, 0, 0, 0, 0));
  printf ("  %s from %s, %u bytes; control %u\n", (char *) at (buffer),
          ((struct sockaddr_un *) at (out))->sun_path, word (received, 4),
          word (received, 20));
  SAY ("sendmsg by socketcall", socket_call (16, second, header, 0, 0, 0, 0));
  SAY ("recv by socketcall", socket_call (10, first, buffer, 64, 0, 0, 0));

  const uint32_t several[16] = { name, 9, message[2], 1, 0, 0, 0, 0,
                                 name, 9, message[2], 1, 0, 0, 0, 0 };
  uint32_t messages = put (several, sizeof several);
  SAY ("sendmmsg", CALL4 (345, second, messages, 2, 0));
  printf ("  %u and %u bytes\n", word (messages, 28), word (messages, 60));
  SAY ("connect", CALL3 (362, second, name, 9));
  SAY ("connect to nothing", CALL3 (362, second, text ("\1"), 2));
  memcpy (at (length), &full, sizeof full);
  say_name ("getpeername", CALL3 (368, second, out, length), out, length);
  SAY ("getpeername of none", socket_call (7, first, out, length, 0, 0, 0));
  SAY ("a bad number", socket_call (77, 0, 0, 0, 0, 0, 0));
  SAY ("bad arguments", CALL2 (102, 2, 8));
  CALL1 (6, first);
  CALL1 (6, second);
  SAY ("unlink", CALL1 (10, text ("socket")));
}

static void
others (void)
{
  fresh ();
  uint32_t out = put (NULL, 4096);
  long shared = call (117, 23, 0, 4096, 0600, 0);
  SAY ("shmget by ipc", shared < 0 ? -1 : 0);
  SAY ("shmctl by ipc", call (117, 24, (uint32_t) shared, 0, 0, 0));
  SAY ("sched_getaffinity", CALL3 (242, 0, 128, out) > 0);
  SAY ("prctl", CALL2 (172, 15, text ("a-name")));
  SAY ("prctl", CALL2 (172, 16, out));
  printf ("  %s\n", (char *) at (out));
  SAY ("clock_gettime64", CALL2 (403, 0, out));
}

/* Have a child execute PATH with ARGUMENT, and say how it ended.  */
static void
run (const char *path, const char *argument)
{
  int status = 0;
  long child = CALL0 (2); /* fork */
  if (child == 0)
    {
      const uint32_t arguments[3] = { text ("the name"), text (argument), 0 };
      const uint32_t environment[2] = { text ("LC_ALL=C"), 0 };
      (void) CALL3 (11, text (path), put (arguments, sizeof arguments),
                    put (environment, sizeof environment));
      _exit (100 + errno);
    }
  uint32_t place = put (NULL, 4);
  long ended = CALL3 (7, (uint32_t) child, place, 0); /* waitpid */
  memcpy (&status, at (place), sizeof status);
  printf ("%s: %d, status %x\n", path, child > 0 && ended == child,
          (unsigned int) status);
}

static void
programs (void)
{
  char script[PATH_MAX + 32];
  fresh ();
  int fd = open ("script", O_CREAT | O_WRONLY | O_TRUNC, 0755);
  int length = snprintf (script, sizeof script, "#!/proc/self/exe argument\n");
  if (write (fd, script, (size_t) length) != length)
    puts ("cannot write");
  close (fd);
  run ("/proc/self/exe", "say");
  run ("./script", "more");
  run ("none", "");
  run ("file", "");
}

static int bad;

static void *
thread (void *argument)
{
  unsigned char *place = argument;
  uint32_t name = (uint32_t) (uintptr_t) place;
  for (int i = 0; i < 200; i++)
    {
      long fd = CALL3 (5, name, O_CREAT | O_RDWR, 0600);
      if (fd < 0 || CALL2 (195, name, name + 64) != 0
          || word (name + 64, 44) != 0 || CALL1 (6, (uint32_t) fd) != 0
          || CALL1 (10, name) != 0 || CALL2 (33, name, 0) == 0)
        __atomic_add_fetch (&bad, 1, __ATOMIC_RELAXED);
    }
  return NULL;
}

static void
threads (void)
{
  pthread_t other[8];
  fresh ();
  for (int i = 0; i < 8; i++)
    {
      unsigned char *place = low + 256 * i;
      snprintf ((char *) place, 64, "thread-%d", i);
      pthread_create (&other[i], NULL, thread, place);
    }
  for (int i = 0; i < 8; i++)
    pthread_join (other[i], NULL);
  printf ("threads: %d bad\n", bad);
}

int
main (int argc, char **argv)
{
  if (argc > 1)
    {
      /* We are the program that was executed.  */
      for (int i = 0; i < argc; i++)
        printf ("  argument %d: %s\n", i, argv[i]);
      printf ("  environment: %s\n", getenv ("LC_ALL"));
      return 7;
    }
  low = mmap ((void *) 0x30000000, 65536, PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (low == MAP_FAILED)
    return 99;
  setvbuf (stdout, NULL, _IOLBF, 0);
  umask (022);
  make_file ("file", "text\n", 0755);
  symlink ("file", "link");
  mkdir ("dir", 0755);
  registers ();
  statuses ();
  changes ();
  entries ();
  names ();
  ids ();
  sockets ();
  others ();
  programs ();
  threads ();
  return 0;
}
