/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Calls made through the ABI of i386: structures with other layouts, ids of 16
   bits, arguments in memory.  Nothing is run: what lib/guest answers, and what
   it would have the kernel run, is looked at.  */

#include <dirent.h>
#include <elf.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/un.h>
#include <sys/utsname.h>

#include "lib/guest/exec.h"
#include "lib/guest/layout.h"
#include "lib/guest/record.h"
#include "tests/unit/guest-engine.h"
#include "tests/unit/tap.h"

static char root[PATH_MAX];

/* Memory that 32-bit words can name.  */
static unsigned char *low;
#define LOW(OFFSET) ((uint32_t) (uintptr_t) (low + (OFFSET)))

static struct guest_call call;

/* Enter the call NUMBER of i386.  */
static enum guest_verdict
enter (int number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
  call = (struct guest_call){ .abi = GUEST_ABI_I386,
                              .number = number,
                              .arg = { a, b, c, d } };
  engine_scratch_used = 0;
  return guest_enter (&engine_task, &call);
}

/* The same for a call that must be answered.  Return the result.  */
static int64_t
answer (int number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
  enum guest_verdict verdict = enter (number, a, b, c, d);
  if (verdict == GUEST_ANSWER)
    return call.result;
  tap_note ("call %d was not answered: verdict %d", number, (int) verdict);
  return -ENOTSUP;
}

/* Return the 16 or 32 bits at OFFSET of BYTES.  */
static uint32_t
half (const unsigned char *bytes, size_t offset)
{
  uint16_t value;
  memcpy (&value, bytes + offset, sizeof value);
  return value;
}

static uint32_t
word (const unsigned char *bytes, size_t offset)
{
  uint32_t value;
  memcpy (&value, bytes + offset, sizeof value);
  return value;
}

static uint64_t
long_word (const unsigned char *bytes, size_t offset)
{
  return word (bytes, offset) | (uint64_t) word (bytes, offset + 4) << 32;
}

static void
put_word (size_t offset, uint32_t value)
{
  memcpy (low + offset, &value, sizeof value);
}

/* Write STATUS in the form LAYOUT into 128 bytes at BYTES.  Return what
   guest_write_stat does, or -EFAULT when it wrote more than SIZE.  */
static int
form_stat (enum guest_layout layout, const struct k_stat *status,
           unsigned char *bytes, size_t size)
{
  struct guest_rule rule = { .layout = (uint8_t) layout };
  struct guest_call form = { .abi = GUEST_ABI_I386, .rule = &rule };
  memset (bytes, 0xa5, 128);
  int error = guest_write_stat (&engine_task, &form, P (bytes), status);
  if (error == 0 && (bytes[size] != 0xa5 || bytes[size - 1] == 0xa5))
    return -EFAULT;
  return error;
}

static void
test_stat_forms (void)
{
  unsigned char bytes[128];
  struct k_stat status = { .st_dev = 0x802,
                           .st_ino = 1234,
                           .st_nlink = 3,
                           .st_mode = 0100644,
                           .st_uid = 70000,
                           .st_gid = 44,
                           .st_rdev = 0x105,
                           .st_size = 5678,
                           .st_blksize = 4096,
                           .st_blocks = 16,
                           .st_times = { 11, 12, 13, 14, 15, 16 } };

  tap_is_number (form_stat (GUEST_LAYOUT_OLD, &status, bytes, 32), 0,
                 "the oldest struct stat");
  tap_ok (half (bytes, 0) == 0x802 && half (bytes, 2) == 1234
              && half (bytes, 4) == 0100644 && half (bytes, 6) == 3
              && half (bytes, 8) == 65534 && half (bytes, 10) == 44
              && half (bytes, 12) == 0x105 && word (bytes, 16) == 5678
              && word (bytes, 20) == 11 && word (bytes, 24) == 13
              && word (bytes, 28) == 15,
          "  has everything in its place");
  tap_is_number (form_stat (GUEST_LAYOUT_WORDS, &status, bytes, 64), 0,
                 "struct stat of long words");
  tap_ok (word (bytes, 0) == 0x802 && word (bytes, 4) == 1234
              && half (bytes, 8) == 0100644 && half (bytes, 10) == 3
              && half (bytes, 12) == 65534 && half (bytes, 14) == 44
              && word (bytes, 16) == 0x105 && word (bytes, 20) == 5678
              && word (bytes, 24) == 4096 && word (bytes, 28) == 16
              && word (bytes, 32) == 11 && word (bytes, 36) == 12
              && word (bytes, 52) == 16,
          "  has everything in its place");

  status.st_ino = 0x100000002;
  status.st_size = (int64_t) 1 << 33;
  tap_is_number (form_stat (GUEST_LAYOUT_WIDE, &status, bytes, 96), 0,
                 "struct stat64");
  tap_ok (long_word (bytes, 0) == 0x802 && word (bytes, 12) == 2
              && word (bytes, 16) == 0100644 && word (bytes, 20) == 3
              && word (bytes, 24) == 70000 && word (bytes, 28) == 44
              && long_word (bytes, 32) == 0x105
              && long_word (bytes, 44) == (uint64_t) 1 << 33
              && word (bytes, 52) == 4096 && long_word (bytes, 56) == 16
              && word (bytes, 64) == 11 && word (bytes, 84) == 16
              && long_word (bytes, 88) == 0x100000002,
          "  has everything in its place");
  tap_is_number (form_stat (GUEST_LAYOUT_WORDS, &status, bytes, 64), -EOVERFLOW,
                 "an inode of more than 32 bits has no room");
  status.st_ino = 1234;
  tap_is_number (form_stat (GUEST_LAYOUT_WORDS, &status, bytes, 64), -EOVERFLOW,
                 "nor has a size of more than 31");
  status.st_size = 0x7fffffff;
  tap_is_number (form_stat (GUEST_LAYOUT_WORDS, &status, bytes, 64), 0,
                 "one of 31 has");
  status.st_ino = 0x10000;
  tap_is_number (form_stat (GUEST_LAYOUT_OLD, &status, bytes, 32), -EOVERFLOW,
                 "the oldest has no room for an inode of 17");
}

static void
test_stat_calls (void)
{
  unsigned char bytes[128];
  struct stat st;
  engine_shell ("echo text > %s/file; ln -s file %s/link", root, root);
  (void) stat (root, &st);

  memset (bytes, 0xa5, sizeof bytes);
  tap_is_number (answer (195, P ("/link"), P (bytes), 0, 0), 0, "stat64");
  tap_ok (long_word (bytes, 44) == 5 && bytes[96] == 0xa5,
          "  follows, and writes 96 bytes");
  tap_is_number (answer (196, P ("/link"), P (bytes), 0, 0), 0, "lstat64");
  tap_ok (S_ISLNK (word (bytes, 16)), "  does not follow");
  tap_is_number (answer (300, FD (AT_FDCWD), P ("/link"), P (bytes), 0x100), 0,
                 "fstatat64");
  tap_ok (S_ISLNK (word (bytes, 16)), "  with AT_SYMLINK_NOFOLLOW");
  tap_is_number (answer (300, FD (AT_FDCWD), P ("/link"), P (bytes), 0x4000),
                 -EINVAL, "  and with a bad flag");
  tap_is_number (answer (195, P ("/none"), P (bytes), 0, 0), -ENOENT,
                 "stat64 of nothing");
}

static void
test_statfs (void)
{
  unsigned char bytes[128];
  struct guest_rule rule = { .layout = GUEST_LAYOUT_WORDS };
  struct guest_call form = { .abi = GUEST_ABI_I386, .rule = &rule };
  struct k_statfs status = { .f_type = 0xef53,
                             .f_bsize = 4096,
                             .f_counts = { 1, 2, 3, UINT64_MAX, UINT64_MAX },
                             .f_fsid = 0x200000001,
                             .f_namelen = 255,
                             .f_frsize = 512,
                             .f_flags = 32 };
  struct statfs real;

  memset (bytes, 0xa5, sizeof bytes);
  tap_is_number (guest_write_statfs (&engine_task, &form, P (bytes), &status),
                 0, "struct statfs");
  tap_ok (word (bytes, 0) == 0xef53 && word (bytes, 4) == 4096
              && word (bytes, 8) == 1 && word (bytes, 16) == 3
              && word (bytes, 20) == UINT32_MAX && word (bytes, 28) == 1
              && word (bytes, 32) == 2 && word (bytes, 36) == 255
              && word (bytes, 40) == 512 && word (bytes, 44) == 32
              && bytes[64] == 0xa5,
          "  has everything in its place");
  status.f_counts[1] = (uint64_t) 1 << 32;
  tap_is_number (guest_write_statfs (&engine_task, &form, P (bytes), &status),
                 -EOVERFLOW, "  and no room for many blocks");
  rule.layout = GUEST_LAYOUT_WIDE;
  memset (bytes, 0xa5, sizeof bytes);
  tap_is_number (guest_write_statfs (&engine_task, &form, P (bytes), &status),
                 0, "struct statfs64");
  tap_ok (long_word (bytes, 16) == (uint64_t) 1 << 32
              && long_word (bytes, 48) == 0x200000001 && word (bytes, 56) == 255
              && word (bytes, 64) == 32 && bytes[84] == 0xa5,
          "  has");

  (void) statfs (root, &real);
  tap_is_number (answer (268, P ("/"), 84, P (bytes), 0), 0, "statfs64");
  tap_is_number (word (bytes, 0), real.f_type, "  tells of the file system");
  tap_is_number (answer (268, P ("/"), 88, P (bytes), 0), -EINVAL,
                 "  and wants its size");
}

static void
test_ids (void)
{
  struct guest_ids *ids = &engine_task.ids;
  struct guest_ids before = *ids;
  unsigned char bytes[16];
  const uint32_t groups[] = { 5, 70000 };

  engine_guest.identity = (struct guest_identity){
    .emulated = true, .root = true, .host_uid = getuid (), .host_gid = getgid ()
  };
  guest_ids_init (ids, 0, 0, groups, 2);
  ids->uid = 70000;
  tap_is_number (answer (24, 0, 0, 0, 0), 65534, "getuid with 16 bits");
  tap_is_number (answer (199, 0, 0, 0, 0), 70000, "getuid32");
  tap_is_number (answer (201, 0, 0, 0, 0), 0, "geteuid32");
  tap_is_number (answer (202, 0, 0, 0, 0), 0, "getegid32");
  memset (bytes, 0xa5, sizeof bytes);
  tap_is_number (answer (80, 2, P (bytes), 0, 0), 2, "getgroups with 16 bits");
  tap_ok (half (bytes, 0) == 5 && half (bytes, 2) == 65534 && bytes[4] == 0xa5,
          "  writes two short ids");
  tap_is_number (answer (205, 2, P (bytes), 0, 0), 2, "getgroups32");
  tap_is_number (word (bytes, 4), 70000, "  writes long ones");
  memset (bytes, 0xff, 2);
  bytes[2] = 7;
  bytes[3] = 0;
  tap_is_number (answer (81, 2, P (bytes), 0, 0), 0, "setgroups with 16 bits");
  tap_ok (ids->group[0] == UINT32_MAX && ids->group[1] == 7,
          "  reads two short ids");
  tap_is_number (answer (164, 0xffff, 12, 0xffff, 0), 0,
                 "setresuid with 16 bits");
  tap_ok (ids->uid == 70000 && ids->euid == 12 && ids->suid == 0,
          "  keeps what is -1 in 16 bits");
  tap_is_number (answer (165, P (bytes), P (bytes + 2), P (bytes + 4), 0), 0,
                 "getresuid with 16 bits");
  tap_ok (half (bytes, 0) == 65534 && half (bytes, 2) == 12
              && half (bytes, 4) == 0,
          "  writes three short ids");
  ids->euid = 0;
  ids->effective = ids->permitted;
  tap_is_number (answer (23, 0xffff, 0, 0, 0), -EINVAL,
                 "setuid to -1 in 16 bits");
  tap_is_number (answer (213, 0xffff, 0, 0, 0), 0, "setuid32 to 65535");
  *ids = before;
  guest_ids_init (ids, 0, 0, NULL, 0);

  unsigned char status[128];
  tap_is_number (answer (182, P ("/file"), 33, 0xffff, 0), 0,
                 "chown with 16 bits");
  (void) answer (195, P ("/file"), P (status), 0, 0);
  tap_ok (word (status, 24) == 33 && word (status, 28) == 0,
          "  keeps what is -1 in 16 bits");
  tap_is_number (answer (212, P ("/file"), 70001, 0xffff, 0), 0, "chown32");
  (void) answer (195, P ("/file"), P (status), 0, 0);
  tap_ok (word (status, 24) == 70001 && word (status, 28) == 0xffff,
          "  knows 65535");
  *ids = before;
  engine_guest.identity = (struct guest_identity){ .emulated = false };
}

static void
test_names (void)
{
  unsigned char bytes[512];
  struct utsname real;

  (void) uname (&real);
  strcpy (engine_names.node, "a-long-name");
  memset (bytes, 0xa5, sizeof bytes);
  tap_is_number (answer (122, P (bytes), 0, 0, 0), 0, "uname");
  tap_is_string ((char *) bytes + 65, "a-long-name", "  has the name");
  tap_is_string ((char *) bytes + 4 * 65, real.machine, "  and the machine");
  memset (bytes, 0xa5, sizeof bytes);
  tap_is_number (answer (109, P (bytes), 0, 0, 0), 0, "olduname");
  tap_ok (strcmp ((char *) bytes + 65, "a-long-name") == 0
              && bytes[5 * 65] == 0xa5,
          "  has five names");
  memset (bytes, 0xa5, sizeof bytes);
  tap_is_number (answer (59, P (bytes), 0, 0, 0), 0, "oldolduname");
  tap_ok (strcmp ((char *) bytes + 9, "a-long-n") == 0 && bytes[45] == 0xa5,
          "  has five short ones");

  tap_is_number (enter (136, 8, 0, 0, 0), GUEST_RUN_EXIT, "personality runs");
  call.result = 0;
  guest_leave (&engine_task, &call);
  (void) answer (122, P (bytes), 0, 0, 0);
  tap_ok (strcmp ((char *) bytes + 4 * 65, real.machine) != 0,
          "  and linux32 makes the machine another");
  tap_is_number (enter (136, UINT32_MAX, 0, 0, 0), GUEST_PASS,
                 "to ask for it changes nothing");
  (void) enter (136, 0, 0, 0, 0);
  call.result = 8;
  guest_leave (&engine_task, &call);
  (void) answer (122, P (bytes), 0, 0, 0);
  tap_is_string ((char *) bytes + 4 * 65, real.machine, "  and it goes back");
  engine_names.node[0] = '\0';
}

/* Put the address of a socket called PATH at OFFSET of low memory.  Return how
   long it is.  */
static uint32_t
put_address (size_t offset, const char *path)
{
  struct sockaddr_un un = { .sun_family = AF_UNIX };
  strcpy (un.sun_path, path);
  memcpy (low + offset, &un, sizeof un);
  return (uint32_t) (2 + strlen (path) + 1);
}

/* Enter WHICH of socketcall with three arguments at the start of low
   memory.  */
static enum guest_verdict
enter_socket (int which, uint32_t a, uint32_t b, uint32_t c)
{
  put_word (0, a);
  put_word (4, b);
  put_word (8, c);
  return enter (102, (uint64_t) which, LOW (0), 0, 0);
}

/* Return the bytes at ADDRESS, a word that lib/guest has written.  */
static unsigned char *
at (uint32_t address)
{
  return (unsigned char *) (uintptr_t) address;
}

static void
test_socketcall (void)
{
  char host[PATH_MAX + 8];
  uint32_t length = put_address (64, "/sock");
  snprintf (host, sizeof host, "%s/sock", root);

  tap_is_number (enter_socket (2, 3, LOW (64), length), GUEST_RUN,
                 "bind by socketcall runs");
  unsigned char *arguments = at ((uint32_t) call.arg[1]);
  tap_ok (call.number == 102 && call.arg[0] == 2 && arguments != low
              && word (arguments, 0) == 3
              && word (arguments, 8) == 2 + strlen (host) + 1,
          "  with arguments of its own");
  tap_is_string ((char *) at (word (arguments, 4)) + 2, host,
                 "  and the host's path");
  tap_is_number (enter_socket (3, 3, LOW (64), 2), GUEST_PASS,
                 "connect to no name passes");
  tap_is_number (enter_socket (9, 3, LOW (64), 2), GUEST_PASS, "send passes");
  tap_is_number (enter_socket (0, 0, 0, 0), GUEST_PASS,
                 "what does not exist is the kernel's matter");
  tap_is_number (answer (102, 3, 8, 0, 0), -EFAULT,
                 "arguments that cannot be read");

  /* getsockname: the kernel's name becomes the container's.  */
  put_word (192, 110);
  tap_is_number (enter_socket (6, 3, LOW (64), LOW (192)), GUEST_RUN_EXIT,
                 "getsockname by socketcall is looked at afterwards");
  tap_ok (call.arg[0] == 6 && call.arg[1] == LOW (0), "  and runs as it is");
  put_word (192, put_address (64, host));
  call.result = 0;
  guest_leave (&engine_task, &call);
  tap_is_string ((char *) low + 66, "/sock", "  the name is the container's");
  tap_is_number (word (low, 192), 8, "  and so is its length");
}

static void
test_messages (void)
{
  char host[PATH_MAX + 8];
  const uint32_t ids[3] = { 1, 33, 44 };
  uint32_t length = put_address (64, "/sock");
  snprintf (host, sizeof host, "%s/sock", root);
  engine_shell ("echo > %s", host);

  /* struct msghdr, and a control message with credentials behind another.  */
  const uint32_t message[7] = { LOW (64), length, 0, 0, LOW (320), 44, 0 };
  const uint32_t control[11] = {
    16, SOL_SOCKET, 1, 0, 24, SOL_SOCKET, 2, ids[0], ids[1], ids[2]
  };
  memcpy (low + 256, message, sizeof message);
  memcpy (low + 320, control, sizeof control);
  put_word (324 + 36, 0);
  tap_is_number (enter (370, 3, LOW (256), 0, 0), GUEST_RUN, "sendmsg runs");
  unsigned char *header = at ((uint32_t) call.arg[1]);
  tap_is_string ((char *) at (word (header, 0)) + 2, host,
                 "  with the host's path");
  tap_ok (word (header, 4) == 2 + strlen (host) + 1
              && word (header, 16) == LOW (320) && word (header, 20) == 44,
          "  and the rest as it was");

  engine_guest.identity = (struct guest_identity){
    .emulated = true, .root = true, .host_uid = 1234, .host_gid = 1235
  };
  tap_is_number (enter (370, 3, LOW (256), 0, 0), GUEST_RUN,
                 "with emulated ids");
  unsigned char *sent = at (word (at ((uint32_t) call.arg[1]), 16));
  tap_ok (sent != low + 320 && word (sent, 16) == 24 && word (sent, 28) == 1
              && word (sent, 32) == 1234 && word (sent, 36) == 1235,
          "  the credentials are ours");

  put_word (260, sizeof (struct sockaddr_un));
  tap_is_number (enter (372, 3, LOW (256), 0, 0), GUEST_RUN_EXIT,
                 "recvmsg is looked at afterwards");
  put_word (260, put_address (64, host));
  put_word (352, 1234);
  put_word (356, 1235);
  call.result = 1;
  guest_leave (&engine_task, &call);
  tap_is_string ((char *) low + 66, "/sock", "  the name is the container's");
  tap_is_number (word (low, 260), 8, "  and its length");
  tap_ok (word (low, 352) == 0 && word (low, 356) == 0,
          "  and the credentials");
  engine_guest.identity = (struct guest_identity){ .emulated = false };

  /* sendmmsg: two messages, 32 bytes each, the second one with a name.  */
  memset (low + 256, 0, 64);
  put_word (288, LOW (64));
  put_word (292, put_address (64, "/sock"));
  tap_is_number (enter (345, 3, LOW (256), 2, 0), GUEST_RUN_EXIT,
                 "sendmmsg runs");
  header = at ((uint32_t) call.arg[1]);
  tap_is_string ((char *) at (word (header, 32)) + 2, host,
                 "  with the host's path in the second message");
  memcpy (header + 28, &ids[1], 4);
  memcpy (header + 60, &ids[2], 4);
  call.result = 2;
  guest_leave (&engine_task, &call);
  tap_ok (word (low, 284) == 33 && word (low, 316) == 44,
          "  and tells what was sent");
}

/* Put an entry of INODE and NAME, an ordinary file, at BYTES as getdents tells
   it, or getdents64.  Return its size.  */
static int64_t
put_entry (unsigned char *bytes, bool is_old, uint64_t inode, const char *name)
{
  size_t word = is_old ? 4 : 8;
  size_t size = is_old ? 16 : 24;

  memset (bytes, 0, size);
  memcpy (bytes, &inode, word); /* little-endian, as i386 is */
  bytes[2 * word] = (unsigned char) size;
  strcpy ((char *) bytes + 2 * word + 2 + !is_old, name);
  bytes[is_old ? size - 1 : 18] = DT_REG;
  return (int64_t) size;
}

static void
test_listing (void)
{
  unsigned char bytes[512];
  char inside[PATH_MAX + 8];
  snprintf (inside, sizeof inside, "%s/inside", root);
  engine_shell ("mkdir %s", inside);
  const struct guest_mount mounts[] = { { root, "/", 0 },
                                        { inside, "/hidden", 0 } };
  if (engine_start (mounts, 2) != 0)
    tap_bail ("the engine does not start");
  int fd = open (root, O_RDONLY | O_DIRECTORY);
  int64_t length = answer (141, (uint64_t) fd, P (bytes), sizeof bytes, 0);
  tap_is_number (length, 20, "getdents tells of what is not on disk");
  tap_ok (half (bytes, 8) == 20 && strcmp ((char *) bytes + 10, "hidden") == 0
              && bytes[19] == 4,
          "  with words of 32 bits, and the type last");
  int other = open (root, O_RDONLY | O_DIRECTORY);
  length = answer (220, (uint64_t) other, P (bytes), sizeof bytes, 0);
  tap_is_number (length, 32, "getdents64");
  tap_is_string ((char *) bytes + 19, "hidden", "  with words of 64");
  close (other);
  close (fd);

  /* What fake root made a device.  */
  struct stat st;
  char name[PATH_MAX + 16];
  engine_shell ("mkdir %s/devices && touch %s/devices/null", root, root);
  snprintf (name, sizeof name, "%s/devices/null", root);
  if (stat (name, &st) != 0)
    tap_bail ("no file");
  const struct guest_place place = { AT_FDCWD, name, 0 };
  const struct guest_file_key key = {
    st.st_dev, st.st_ino, guest_place_birth (&engine_guest, &place)
  };
  const struct guest_owner owner = { .known = GUEST_OWNER_TYPE,
                                     .mode = S_IFCHR };
  tap_is_number (guest_owners_put (&engine_owners, &key, &owner), 0,
                 "a record of a device");
  snprintf (name, sizeof name, "%s/devices", root);
  for (int i = 0; i < 2; i++)
    {
      fd = open (name, O_RDONLY | O_DIRECTORY);
      tap_is_number (
          enter (i == 0 ? 141 : 220, (uint64_t) fd, P (bytes), sizeof bytes, 0),
          GUEST_RUN_EXIT, "a list of devices runs");
      call.result = put_entry (bytes, i == 0, st.st_ino, "null");
      guest_leave (&engine_task, &call);
      tap_is_number (bytes[i == 0 ? 15 : 18], DT_CHR, "  and is mended");
      close (fd);
    }
}

/* Write a program of MACHINE for 32 bits as NAME, with the INTERPRETER.  */
static void
write_program (const char *name, uint16_t machine, const char *interpreter)
{
  char path[PATH_MAX + 32];
  struct
  {
    Elf32_Ehdr header;
    Elf32_Phdr segment;
    char interpreter[64];
  } file = { .header = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32,
                                      ELFDATA2LSB, EV_CURRENT },
                         .e_type = ET_DYN,
                         .e_machine = machine,
                         .e_version = EV_CURRENT,
                         .e_phoff = sizeof (Elf32_Ehdr),
                         .e_ehsize = sizeof (Elf32_Ehdr),
                         .e_phentsize = sizeof (Elf32_Phdr),
                         .e_phnum = 1 } };
  file.segment.p_type = interpreter != NULL ? PT_INTERP : PT_LOAD;
  file.segment.p_offset = sizeof file.header + sizeof file.segment;
  if (interpreter != NULL)
    {
      strcpy (file.interpreter, interpreter);
      file.segment.p_filesz = (uint32_t) strlen (interpreter) + 1;
    }
  snprintf (path, sizeof path, "%s/%s", root, name);
  int fd = open (path, O_CREAT | O_WRONLY | O_TRUNC, 0755);
  if (fd < 0 || write (fd, &file, sizeof file) != sizeof file)
    tap_bail ("cannot write a program");
  close (fd);
}

static void
test_programs (void)
{
  static struct guest_exec exec;
  const struct guest_call execve = { .number = SYS_execve,
                                     .arg = { P ("/program") } };

  write_program ("program", EM_386, "/ld32");
  write_program ("ld32", EM_386, NULL);
  tap_is_number (guest_exec_prepare (&engine_task, &execve, &exec), -ENOEXEC,
                 "a 32-bit program where the engine starts none");
  tap_is_number (exec.machine, EM_386, "  its machine is told");
#ifdef __x86_64__
  engine_guest.starts[GUEST_ABI_I386] = true;
  tap_is_number (guest_exec_prepare (&engine_task, &execve, &exec), 0,
                 "and where it does");
  tap_is_number (exec.abi, GUEST_ABI_I386, "  its ABI is told");
  tap_ok (strstr (exec.interpreter, "/ld32") != NULL,
          "  and its interpreter found");
  guest_exec_release (&engine_guest, &exec);
  write_program ("ld32", EM_ARM, NULL);
  tap_is_number (guest_exec_prepare (&engine_task, &execve, &exec), -ELIBBAD,
                 "an interpreter of another machine");
  engine_shell ("cp /bin/true %s/ld32", root);
  tap_is_number (guest_exec_prepare (&engine_task, &execve, &exec), -ELIBBAD,
                 "one of 64 bits");
  const struct guest_call by_int80 = { .abi = GUEST_ABI_I386,
                                       .number = 11,
                                       .arg = { P ("/program") } };
  write_program ("ld32", EM_386, NULL);
  tap_is_number (guest_exec_prepare (&engine_task, &by_int80, &exec), 0,
                 "execve of i386");
  guest_exec_release (&engine_guest, &exec);
#endif
}

static void
test_numbers (void)
{
  tap_is_number (answer (17, 0, 0, 0, 0), -ENOSYS, "break does not exist");
  tap_is_number (answer (425, 0, 0, 0, 0), -ENOSYS, "nor does io_uring");
  tap_is_number (answer (511, 0, 0, 0, 0), -ENOSYS, "nor the last number");
  tap_is_number (answer (21, 0, 0, 0, 0), -EPERM, "mount is refused");
  tap_is_number (enter (20, 0, 0, 0, 0), GUEST_PASS, "getpid passes");
  tap_is_number (enter (117, 0, 0, 0, 0), GUEST_PASS, "ipc passes");
  tap_is_number (enter (339, 3, 0, 1, 0), GUEST_PASS,
                 "fanotify_mark without a path passes");
}

int
main (void)
{
  low = mmap ((void *) 0x20000000, 0x20000, PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (low == MAP_FAILED || (uintptr_t) low > UINT32_MAX - 0x20000)
    tap_skip_all ("no memory that 32 bits can name");
  engine_scratch = (char *) low + 0x10000;
  engine_inside = false; /* these programs have a tracer */
  engine_make_directory (root);
  const struct guest_mount mount = { root, "/", 0 };
  if (engine_start (&mount, 1) != 0)
    tap_bail ("the engine does not start");

  test_stat_forms ();
  test_stat_calls ();
  test_statfs ();
  test_ids ();
  test_names ();
  test_socketcall ();
  test_messages ();
  test_programs ();
  test_numbers ();
  test_listing ();
  engine_shell ("rm -rf %s", root);
  return tap_done ();
}
