/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* What a system call must leave alone: registers, the stack and its red zone,
   the caller's memory; and where its arguments may lie: at the end of a page,
   in memory that cannot be written, nowhere.  */

#define _GNU_SOURCE 1
#include "report.h"
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

static const char *path_here;

#ifdef __x86_64__

struct state
{
  uint64_t nr, arg[6], other[6]; /* other: rbx rbp r12 r13 r14 r15 */
};

/* Call with every register known; store what they are afterwards in AFTER and
   the result in its nr.  Four words below the stack pointer are in use while
   the call runs, and *SPOILED is set when they change.  */
static void
raw_call (const struct state *before, struct state *after, long *spoiled)
{
  __asm__ volatile(
      "push %%rbp\n\t"
      "push %%rbx\n\t"
      "push %[spoiled]\n\t"
      "push %[after]\n\t"
      "mov %[before], %%rax\n\t"
      "mov 8(%%rax), %%rdi\n\t"
      "mov 16(%%rax), %%rsi\n\t"
      "mov 24(%%rax), %%rdx\n\t"
      "mov 32(%%rax), %%r10\n\t"
      "mov 40(%%rax), %%r8\n\t"
      "mov 48(%%rax), %%r9\n\t"
      "mov 56(%%rax), %%rbx\n\t"
      "mov 64(%%rax), %%rbp\n\t"
      "mov 72(%%rax), %%r12\n\t"
      "mov 80(%%rax), %%r13\n\t"
      "mov 88(%%rax), %%r14\n\t"
      "mov 96(%%rax), %%r15\n\t"
      "mov (%%rax), %%rax\n\t"
      "movq $0x1111, -8(%%rsp)\n\t"
      "movq $0x2222, -64(%%rsp)\n\t"
      "movq $0x3333, -120(%%rsp)\n\t"
      "movq $0x4444, -128(%%rsp)\n\t"
      "syscall\n\t"
      "mov (%%rsp), %%rcx\n\t"
      "mov %%rax, (%%rcx)\n\t"
      "mov %%rdi, 8(%%rcx)\n\t"
      "mov %%rsi, 16(%%rcx)\n\t"
      "mov %%rdx, 24(%%rcx)\n\t"
      "mov %%r10, 32(%%rcx)\n\t"
      "mov %%r8, 40(%%rcx)\n\t"
      "mov %%r9, 48(%%rcx)\n\t"
      "mov %%rbx, 56(%%rcx)\n\t"
      "mov %%rbp, 64(%%rcx)\n\t"
      "mov %%r12, 72(%%rcx)\n\t"
      "mov %%r13, 80(%%rcx)\n\t"
      "mov %%r14, 88(%%rcx)\n\t"
      "mov %%r15, 96(%%rcx)\n\t"
      "mov 8(%%rsp), %%rcx\n\t"
      "xor %%eax, %%eax\n\t"
      "cmpq $0x1111, -8(%%rsp)\n\t"
      "jne 1f\n\t"
      "cmpq $0x2222, -64(%%rsp)\n\t"
      "jne 1f\n\t"
      "cmpq $0x3333, -120(%%rsp)\n\t"
      "jne 1f\n\t"
      "cmpq $0x4444, -128(%%rsp)\n\t"
      "je 2f\n\t"
      "1: mov $1, %%eax\n\t"
      "2: mov %%rax, (%%rcx)\n\t"
      "add $16, %%rsp\n\t"
      "pop %%rbx\n\t"
      "pop %%rbp\n\t"
      :
      : [before] "a"(before), [after] "d"(after), [spoiled] "S"(spoiled)
      : "rcx", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
        "memory", "cc");
}

static void
check_call (const char *what, long nr, uint64_t a, uint64_t b, uint64_t c,
            uint64_t d)
{
  struct state before = { .nr = (uint64_t) nr,
                          .arg = { a, b, c, d, 0x5151515151515151,
                                   0x6161616161616161 },
                          .other = { 0x71, 0x72, 0x73, 0x74, 0x75, 0x76 } };
  struct state after = { 0 };
  long spoiled = 0;
  raw_call (&before, &after, &spoiled);
  printf ("%s: %s", what, (int64_t) after.nr < 0 ? "fails" : "succeeds");
  if ((int64_t) after.nr < 0)
    printf (" with %ld", (long) after.nr);
  for (int i = 0; i < 6; i++)
    if (before.arg[i] != after.arg[i])
      printf (", argument %d changed", i);
  for (int i = 0; i < 6; i++)
    if (before.other[i] != after.other[i])
      printf (", register %d changed", i);
  puts (spoiled ? ", stack changed" : ", nothing else changed");
  fflush (stdout);
  if (nr == SYS_open || nr == SYS_openat || nr == SYS_creat || nr == SYS_socket
      || nr == 437)
    close ((int) after.nr);
}

static void
registers (void)
{
  static char buffer[4096];
  uint64_t path = (uint64_t) path_here;
  uint64_t none = (uint64_t) "none/x";
  uint64_t name = (uint64_t) "new";
  uint64_t name2 = (uint64_t) "new2";
  uint64_t out = (uint64_t) buffer;
  uint64_t cwd = (uint64_t) AT_FDCWD;
  struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "sock" };
  int fd = socket (AF_UNIX, SOCK_STREAM, 0);
  uint64_t how[3] = { O_RDONLY, 0, 0 };

  check_call ("getpid", SYS_getpid, 1, 2, 3, 4);
  check_call ("geteuid", SYS_geteuid, 1, 2, 3, 4);
  check_call ("open", SYS_open, path, O_RDONLY, 3, 4);
  check_call ("open none", SYS_open, none, O_RDONLY, 3, 4);
  check_call ("openat", SYS_openat, cwd, path, O_RDONLY, 4);
  check_call ("openat2", 437, cwd, path, (uint64_t) how, 24);
  check_call ("creat", SYS_creat, name, 0600, 3, 4);
  check_call ("stat", SYS_stat, path, out, 3, 4);
  check_call ("stat none", SYS_stat, none, out, 3, 4);
  check_call ("newfstatat", SYS_newfstatat, cwd, path, out, 0);
  check_call ("statx", SYS_statx, cwd, path, 0, 0x7ff);
  check_call ("access", SYS_access, path, R_OK, 3, 4);
  check_call ("readlink", SYS_readlink, (uint64_t) "/proc/self/exe", out, 3, 4);
  check_call ("getcwd", SYS_getcwd, out, sizeof buffer, 3, 4);
  check_call ("chdir", SYS_chdir, (uint64_t) ".", 2, 3, 4);
  check_call ("rename", SYS_rename, name, name2, 3, 4);
  check_call ("link", SYS_link, name2, name, 3, 4);
  check_call ("symlink", SYS_symlink, name2, (uint64_t) "soft", 3, 4);
  check_call ("chmod", SYS_chmod, name, 0644, 3, 4);
  check_call ("chown", SYS_chown, name, getuid (), getgid (), 4);
  check_call ("mkdir", SYS_mkdir, (uint64_t) "made", 0755, 3, 4);
  check_call ("rmdir", SYS_rmdir, (uint64_t) "made", 2, 3, 4);
  check_call ("unlink", SYS_unlink, name, 2, 3, 4);
  check_call ("truncate", SYS_truncate, name2, 7, 3, 4);
  check_call ("statfs", SYS_statfs, path, out, 3, 4);
  check_call ("getxattr", SYS_getxattr, path, (uint64_t) "user.none", out, 64);
  check_call ("execve none", SYS_execve, none, 0, 0, 4);
  check_call ("execve of text", SYS_execve, path, 0, 0, 4);
  check_call ("uname", SYS_uname, out, 2, 3, 4);
  check_call ("bind", SYS_bind, (uint64_t) fd, (uint64_t) &address,
              sizeof address, 4);
  check_call ("connect", SYS_connect, (uint64_t) fd, (uint64_t) &address,
              sizeof address, 4);
  check_call ("bad number", 5000, 1, 2, 3, 4);
  check_call ("number -1", -1, 1, 2, 3, 4);
  close (fd);
}

/* Run FUNCTION on a stack of which only BYTES are left above a wall.  */
static void
on_small_stack (void (*function) (void), size_t bytes)
{
  char *low =
      mmap (NULL, 8192 * 2, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char *stack = low + 8192;
  mprotect (stack, 8192, PROT_READ | PROT_WRITE);
  char *top = stack + bytes;
  __asm__ volatile("mov %%rsp, %%rbx\n\t"
                   "mov %[top], %%rsp\n\t"
                   "call *%[function]\n\t"
                   "mov %%rbx, %%rsp\n\t"
                   :
                   : [top] "r"(top), [function] "r"(function)
                   : "rbx", "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9",
                     "r10", "r11", "memory", "cc");
}

static long tiny_results[4];

__attribute__ ((noinline, target ("no-sse"))) static void
tiny (void)
{
  register long result __asm__("rax");
  __asm__ volatile("mov $2, %%eax\n\t"
                   "mov %[path], %%rdi\n\t"
                   "xor %%esi, %%esi\n\t"
                   "syscall\n\t"
                   : "=a"(result)
                   : [path] "m"(path_here)
                   : "rdi", "rsi", "rcx", "r11", "memory");
  tiny_results[0] = result;
  __asm__ volatile("mov $21, %%eax\n\t"
                   "mov %[path], %%rdi\n\t"
                   "xor %%esi, %%esi\n\t"
                   "syscall\n\t"
                   : "=a"(result)
                   : [path] "m"(path_here)
                   : "rdi", "rsi", "rcx", "r11", "memory");
  tiny_results[1] = result;
}

static void
small_stacks (void)
{
  static const size_t sizes[] = { 64, 256, 8192 };
  for (size_t i = 0; i < 3; i++)
    {
      tiny_results[0] = tiny_results[1] = -1;
      on_small_stack (tiny, sizes[i]);
      printf ("with %zu bytes of stack: open %s, access %ld\n", sizes[i],
              tiny_results[0] >= 0 ? "succeeds" : "fails", tiny_results[1]);
      close ((int) tiny_results[0]);
    }
}

#else

static void
registers (void)
{
}

static void
small_stacks (void)
{
}

#endif

static void
memory (void)
{
  size_t page = (size_t) sysconf (_SC_PAGESIZE);
  char *space = mmap (NULL, 3 * page, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap (space + 2 * page, page);
  struct stat st;

  /* A path that ends with its page, one that crosses pages, one without end. */
  char *path = space + 2 * page - strlen (path_here) - 1;
  memcpy (path, path_here, strlen (path_here) + 1);
  SAY ("path at the end of memory", stat (path, &st));
  SAY_OPEN ("open", open (path, O_RDONLY));
  path = space + page - 3;
  memcpy (path, path_here, strlen (path_here) + 1);
  SAY ("path across pages", stat (path, &st));
  memset (space, '/', 2 * page);
  SAY ("path without an end", stat (space + 2 * page - 10, &st));
  SAY_OPEN ("open without an end", open (space + 2 * page - 10, O_RDONLY));
  SAY ("path longer than allowed", stat (space + 2 * page - 5000, &st));
  SAY ("path of NULL", syscall (SYS_newfstatat, AT_FDCWD, NULL, &st, 0));
  SAY ("path of 8", syscall (SYS_newfstatat, AT_FDCWD, 8, &st, 0));
  SAY ("path in the kernel",
       syscall (SYS_newfstatat, AT_FDCWD, -4096L, &st, 0));
  SAY_OPEN ("open of NULL", syscall (SYS_openat, AT_FDCWD, NULL, O_RDONLY));
  SAY ("mkdir of NULL", syscall (SYS_mkdirat, AT_FDCWD, NULL, 0755));
  SAY ("rename of NULL",
       syscall (SYS_renameat2, AT_FDCWD, "new2", AT_FDCWD, NULL, 0));
  SAY ("rename from NULL",
       syscall (SYS_renameat2, AT_FDCWD, NULL, AT_FDCWD, "new2", 0));
  SAY ("readlinkat into NULL",
       syscall (SYS_readlinkat, AT_FDCWD, "/proc/self/exe", NULL, 100));
  SAY ("statfs into NULL", syscall (SYS_statfs, "/", NULL));

  /* Results at the end of memory.  */
  char *end = space + 2 * page;
  SAY ("stat into the last bytes",
       syscall (SYS_newfstatat, AT_FDCWD, path_here, end - STATUS_SIZE, 0));
  SAY ("stat beyond",
       syscall (SYS_newfstatat, AT_FDCWD, path_here, end - STATUS_SIZE + 8, 0));
  SAY ("getcwd into the last bytes", syscall (SYS_getcwd, end - 64, 4096));
  mprotect (space, page, PROT_READ);
  memcpy (space + page, path_here, strlen (path_here) + 1);
  SAY ("stat into memory that cannot be written",
       syscall (SYS_newfstatat, AT_FDCWD, path_here, space, 0));
  SAY ("path in code", stat ((const char *) (uintptr_t) &memory, &st) < 0);
  mprotect (space + page, page, PROT_READ);
  SAY ("path in memory that cannot be written", stat (space + page, &st));
  SAY_OPEN ("open", open (space + page, O_RDONLY));
  mprotect (space + page, page, PROT_NONE);
  SAY ("path in memory that cannot be read", stat (space + page, &st));

  /* The bytes behind a result are not touched.  */
  unsigned char buffer[512];
  memset (buffer, 0xa5, sizeof buffer);
  SAY ("stat", syscall (SYS_newfstatat, AT_FDCWD, path_here, buffer, 0));
  printf ("behind stat: %x\n", buffer[STATUS_SIZE]);
  memset (buffer, 0xa5, sizeof buffer);
  SAY ("statx", syscall (SYS_statx, AT_FDCWD, path_here, 0, 0x7ff, buffer));
  printf ("behind statx: %x\n", buffer[256]);
  memset (buffer, 0xa5, sizeof buffer);
  long length = syscall (SYS_readlinkat, AT_FDCWD, "soft", buffer, 100);
  printf ("readlinkat: %ld, behind: %x\n", length, buffer[length]);
  memset (buffer, 0xa5, sizeof buffer);
  length = syscall (SYS_getcwd, buffer, sizeof buffer);
  printf ("getcwd: behind: %x\n", buffer[length]);
}

static int shared_bad;

static void *
busy_thread (void *argument)
{
  char name[32];
  snprintf (name, sizeof name, "busy-%d", (int) (intptr_t) argument);
  for (int i = 0; i < 300; i++)
    {
      struct stat st;
      int fd = open (name, O_CREAT | O_RDWR, 0600);
      if (fd < 0 || write (fd, name, 6) != 6 || fstat (fd, &st) < 0
          || st.st_size != 6 || close (fd) < 0 || stat (name, &st) < 0
          || unlink (name) < 0 || stat (name, &st) == 0)
        __atomic_add_fetch (&shared_bad, 1, __ATOMIC_RELAXED);
    }
  return NULL;
}

static void
threads (void)
{
  pthread_t thread[8];
  for (int i = 0; i < 8; i++)
    pthread_create (&thread[i], NULL, busy_thread, (void *) (intptr_t) i);
  for (int i = 0; i < 8; i++)
    pthread_join (thread[i], NULL);
  printf ("8 threads: %d bad\n", shared_bad);
}

/* Scratch memory of an engine must not be something that the program can
   unmap by unmapping what it mapped itself.  */
static void
heap (void)
{
  char *first = sbrk (0);
  char *grown = sbrk (1 << 20);
  printf ("sbrk grows: %d\n", grown == first);
  memset (grown, 1, 1 << 20);
  printf ("sbrk shrinks: %d\n", sbrk (-(1 << 20)) == first + (1 << 20));
  printf ("sbrk is back: %d\n", sbrk (0) == first);
  FILE *maps = fopen ("/proc/self/maps", "re");
  char line[512];
  int heap_seen = 0, vdso = 0;
  while (maps != NULL && fgets (line, sizeof line, maps) != NULL)
    {
      heap_seen |= strstr (line, "[heap]") != NULL;
      vdso |= strstr (line, "[vdso]") != NULL;
    }
  printf ("heap %d vdso %d\n", heap_seen, vdso);
}

int
main (void)
{
  umask (022);
  setvbuf (stdout, NULL, _IOLBF, 0);
  make_file ("file-with-a-name", "text\n", 0755);
  static char absolute[PATH_MAX];
  if (getcwd (absolute, sizeof absolute - 32) == NULL)
    return 99;
  size_t used = strlen (absolute);
  snprintf (absolute + used, sizeof absolute - used, "/file-with-a-name");
  path_here = absolute;
  registers ();
  small_stacks ();
  memory ();
  threads ();
  heap ();
  return 0;
}
