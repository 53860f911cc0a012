/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Fuzz what system calls mean: whatever numbers, arguments and memory the
   contained program has, the handlers read and write nowhere else, end, and
   let no descriptor lie about.
   Built with: lib/guest/

   The input is a program: each call is a byte for how the task is, two for the
   number and the ABI, one for each argument, see pick_argument, and one for the
   result where the call is run; then the memory of the program begins anew with
   what is left.  No call is run but those that the handlers make themselves. */

#include <stdint.h>

#include "lib/guest/exec.h"
#include "lib/guest/port.h"
#include "tests/unit/guest-engine.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* Where the program has its memory, and the engine its scratch in it.  */
enum
{
  MEMORY_AT = 0x100000,
  MEMORY_SIZE = 16384,
  SCRATCH_AT = 0x200000,
  SCRATCH_SIZE = 32768,
  CALLS_MAX = 8,
  CALL_SIZE = 10
};

static unsigned char memory[MEMORY_SIZE];
static unsigned char scratch[SCRATCH_SIZE];
static size_t scratch_used;
static char top[PATH_MAX], root[PATH_MAX + 16], bound[PATH_MAX + 16];

/* Return where SIZE bytes at ADDRESS are, or NULL where the program has no
   memory.  */
static unsigned char *
place (uint64_t address, size_t size)
{
  if (address >= MEMORY_AT && size <= MEMORY_SIZE
      && address - MEMORY_AT <= MEMORY_SIZE - size)
    return memory + (address - MEMORY_AT);
  if (address >= SCRATCH_AT && size <= SCRATCH_SIZE
      && address - SCRATCH_AT <= SCRATCH_SIZE - size)
    return scratch + (address - SCRATCH_AT);
  return NULL;
}

static int
fuzz_read (struct guest_task *task, uint64_t address, void *buffer, size_t size)
{
  const unsigned char *from = place (address, size);
  (void) task;
  if (from == NULL)
    return -EFAULT;
  memcpy (buffer, from, size);
  return 0;
}

static int
fuzz_read_string (struct guest_task *task, uint64_t address, char *buffer,
                  size_t size)
{
  (void) task;
  for (size_t i = 0; i < size; i++)
    {
      const unsigned char *from = place (address + i, 1);
      if (from == NULL)
        return -EFAULT;
      buffer[i] = (char) *from;
      if (*from == '\0')
        return (int) i;
    }
  return -ENAMETOOLONG;
}

static int
fuzz_write (struct guest_task *task, uint64_t address, const void *buffer,
            size_t size)
{
  unsigned char *to = place (address, size);
  (void) task;
  if (to == NULL)
    return -EFAULT;
  memcpy (to, buffer, size);
  return 0;
}

static int
fuzz_scratch (struct guest_task *task, const void *buffer, size_t size,
              uint64_t *address)
{
  (void) task;
  if (size > SCRATCH_SIZE - scratch_used)
    return -ENOMEM;
  memcpy (scratch + scratch_used, buffer, size);
  *address = SCRATCH_AT + scratch_used;
  scratch_used = (scratch_used + size + 7) & ~(size_t) 7;
  return 0;
}

/* What the handlers ask of the host must not change it: only this is let
   through.  */
static int64_t
fuzz_system_call (struct guest *guest, long number, uint64_t a, uint64_t b,
                  uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
  if (number == SYS_openat && (c & (O_CREAT | O_TRUNC | O_ACCMODE)) != 0)
    abort ();
  return engine_system_call (guest, number, a, b, c, d, e, f);
}

static const struct guest_ops fuzz_ops = {
  .read = fuzz_read,
  .read_string = fuzz_read_string,
  .write = fuzz_write,
  .scratch = fuzz_scratch,
  .system_call = fuzz_system_call,
  .descriptor = engine_descriptor,
  .find_task = engine_find_task,
  .executable = engine_get_executable,
};

static void
set_up (void)
{
  static bool done;
  const struct guest_mount mounts[] = { { root, "/", 0 },
                                        { bound, "/b/m", 0 },
                                        { bound, "/ro",
                                          GUEST_BINDING_READ_ONLY },
                                        { "/proc", "/proc", 0 } };

  if (done)
    return;
  done = true;
  /* Descriptors that were inherited are files like others.  */
  if (geteuid () == 0)
    {
      fputs ("not as root: calls may change what the host has\n", stderr);
      exit (1);
    }
  engine_make_directory (top);
  engine_shell (
      "cd %s; mkdir -p root/a/a root/b bound/a; echo f > root/f;"
      "echo f > bound/f; ln -s a root/l; ln -s /b/m/f root/m;"
      "printf '#!/f x\\n' > root/x; chmod 755 root/x; cp /bin/true root/true",
      top);
  snprintf (root, sizeof root, "%s/root", top);
  snprintf (bound, sizeof bound, "%s/bound", top);
  if (engine_start (mounts, 4) < 0 || chdir (root) < 0)
    abort ();
  engine_guest.ops = &fuzz_ops;
  engine_guest.starts[GUEST_ABI_I386] = true;
}

/* Return the argument that BYTE stands for: places in memory, descriptors,
   small and large numbers.  */
static uint64_t
pick_argument (uint8_t byte)
{
  if (byte >= 128)
    return MEMORY_AT + (uint64_t) (byte - 128) * 32;
  static const uint64_t others[] = { 0,
                                     (uint64_t) -1,
                                     (uint64_t) -100,
                                     UINT32_MAX,
                                     INT32_MAX,
                                     MEMORY_AT + MEMORY_SIZE - 1,
                                     MEMORY_AT - 1,
                                     0x1000,
                                     0x100,
                                     0x800,
                                     O_CREAT | O_RDWR,
                                     O_CREAT | O_EXCL | O_WRONLY,
                                     O_TMPFILE | O_RDWR,
                                     O_PATH | O_NOFOLLOW,
                                     (uint64_t) 1 << 63,
                                     4096 };
  if (byte >= 112)
    return others[byte - 112];
  return byte;
}

/* Make the call that the CALL_SIZE bytes at DATA say.  */
static void
make_call (const uint8_t *data)
{
  static struct guest_exec exec;
  static const struct guest_port list[] = { { 80, 8080 } };
  static const struct guest_ports ports = { list, 1, true };
  struct guest_call call = { .number = data[1] | (data[2] & 1) << 8 };

  call.abi = data[2] & 2 ? GUEST_ABI_I386 : GUEST_ABI_NATIVE;
  for (int i = 0; i < 6; i++)
    {
      call.arg[i] = pick_argument (data[3 + i]);
      if (call.abi != GUEST_ABI_NATIVE)
        call.arg[i] = (uint32_t) call.arg[i];
    }
  engine_guest.identity.emulated = data[0] & 1;
  engine_guest.identity.root = data[0] & 2;
  engine_guest.ports = data[0] & 4 ? &ports : NULL;
  engine_guest.missing = data[0] & 8 ? 7 : 0;
  engine_guest.inside = data[0] & 32;
  /* There a change of directory is real.  */
  if (chdir (root) != 0)
    abort ();
  strcpy (engine_fs.root, data[0] & 16 ? "/a" : "");
  engine_fs.root_length = (uint32_t) strlen (engine_fs.root);
  scratch_used = 0;

  enum guest_verdict verdict = guest_enter (&engine_task, &call);
  if (verdict == GUEST_EXEC
      && guest_exec_prepare (&engine_task, &call, &exec) == 0)
    guest_exec_release (&engine_guest, &exec);
  if (verdict == GUEST_RUN_EXIT)
    {
      call.result = data[9] < 128 ? data[9] % 9 : -(data[9] - 127);
      guest_leave (&engine_task, &call);
    }
}

/* Return how many descriptors are open, but for those that the room keeps: see
   struct guest.  */
static int
count_descriptors (void)
{
  int count = 0;

  for (int fd = 0; fd < 128; fd++)
    count += fcntl (fd, F_GETFD) >= 0;
  for (size_t i = 0;
       i < sizeof engine_guest.kept_directories / sizeof *engine_guest.kept_directories;
       i++)
    count -= engine_guest.kept_directories[i] >= 0;
  return count;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  size_t calls = size > 0 ? data[0] % CALLS_MAX + 1 : 0;

  if (calls == 0 || size < 1 + calls * CALL_SIZE)
    return 0;
  set_up ();
  int before = count_descriptors ();
  const uint8_t *rest = data + 1 + calls * CALL_SIZE;
  size_t left = size - (size_t) (rest - data);
  memset (memory, 0, sizeof memory);
  memcpy (memory, rest, left < sizeof memory ? left : sizeof memory);
  for (size_t i = 0; i < calls; i++)
    make_call (data + 1 + i * CALL_SIZE);

  guest_task_release (&engine_task);
  guest_fs_forget (&engine_guest, &engine_fs);
  guest_ids_init (&engine_task.ids, getuid (), getgid (), NULL, 0);
  if (count_descriptors () != before)
    abort ();
  return 0;
}
