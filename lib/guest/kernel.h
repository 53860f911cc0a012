/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Numbers and layouts of the Linux interface that handlers speak, for each
   64-bit architecture, independent of any installed header.  */

#ifndef UDOCKER_LIB_GUEST_KERNEL_H
#define UDOCKER_LIB_GUEST_KERNEL_H

#include <stdint.h>

/* Errors.  */
enum
{
  K_EPERM = 1,
  K_ENOENT = 2,
  K_ESRCH = 3,
  K_EINTR = 4,
  K_EIO = 5,
  K_ENOEXEC = 8,
  K_EBADF = 9,
  K_EAGAIN = 11,
  K_ENOMEM = 12,
  K_EACCES = 13,
  K_E2BIG = 7,
  K_EFAULT = 14,
  K_EBUSY = 16,
  K_EEXIST = 17,
  K_EXDEV = 18,
  K_ENODEV = 19,
  K_ENOTDIR = 20,
  K_EISDIR = 21,
  K_EINVAL = 22,
  K_ENFILE = 23,
  K_EMFILE = 24,
  K_ENOTTY = 25,
  K_ENOSPC = 28,
  K_EROFS = 30,
  K_EMLINK = 31,
  K_ERANGE = 34,
  K_ENAMETOOLONG = 36,
  K_ENOLCK = 37,
  K_ENOSYS = 38,
  K_ENOTEMPTY = 39,
  K_ELOOP = 40,
  K_ENODATA = 61,
  K_EOVERFLOW = 75,
  K_EPROTONOSUPPORT = 93,
  K_EOPNOTSUPP = 95,
  K_EADDRINUSE = 98
};

/* Calls that handlers make themselves or turn others into.  */
enum
{
#if defined __x86_64__
  K_NR_read = 0,
  K_NR_ioctl = 16,
  K_NR_copy_file_range = 326,
  K_NR_write = 1,
  K_NR_close = 3,
  K_NR_lseek = 8,
  K_NR_sched_yield = 24,
  K_NR_fcntl = 72,
  K_NR_fchdir = 81,
  K_NR_tkill = 200,
  K_NR_dup3 = 292,
  K_NR_getcwd = 79,
  K_NR_uname = 63,
  K_NR_openat = 257,
  K_NR_mkdirat = 258,
  K_NR_mknodat = 259,
  K_NR_fchownat = 260,
  K_NR_newfstatat = 262,
  K_NR_unlinkat = 263,
  K_NR_renameat = 264,
  K_NR_linkat = 265,
  K_NR_symlinkat = 266,
  K_NR_readlinkat = 267,
  K_NR_fchmodat = 268,
  K_NR_faccessat = 269,
  K_NR_utimensat = 280,
  K_NR_statfs = 137,
  K_NR_fstatfs = 138,
  K_NR_fchmod = 91,
  K_NR_setxattr = 188,
  K_NR_lsetxattr = 189,
  K_NR_getxattr = 191,
  K_NR_lgetxattr = 192,
  K_NR_listxattr = 194,
  K_NR_llistxattr = 195,
  K_NR_chroot = 161,
  K_NR_chdir = 80,
  K_NR_renameat2 = 316,
  K_NR_memfd_create = 319,
  K_NR_statx = 332,
#elif defined __aarch64__
  K_NR_read = 63,
  K_NR_ioctl = 29,
  K_NR_copy_file_range = 285,
  K_NR_write = 64,
  K_NR_close = 57,
  K_NR_lseek = 62,
  K_NR_sched_yield = 124,
  K_NR_fcntl = 25,
  K_NR_fchdir = 50,
  K_NR_tkill = 130,
  K_NR_dup3 = 24,
  K_NR_getcwd = 17,
  K_NR_uname = 160,
  K_NR_openat = 56,
  K_NR_mkdirat = 34,
  K_NR_mknodat = 33,
  K_NR_fchownat = 54,
  K_NR_newfstatat = 79,
  K_NR_unlinkat = 35,
  K_NR_renameat = 38,
  K_NR_linkat = 37,
  K_NR_symlinkat = 36,
  K_NR_readlinkat = 78,
  K_NR_fchmodat = 53,
  K_NR_faccessat = 48,
  K_NR_utimensat = 88,
  K_NR_statfs = 43,
  K_NR_fstatfs = 44,
  K_NR_fchmod = 52,
  K_NR_setxattr = 5,
  K_NR_lsetxattr = 6,
  K_NR_getxattr = 8,
  K_NR_lgetxattr = 9,
  K_NR_listxattr = 11,
  K_NR_llistxattr = 12,
  K_NR_chroot = 51,
  K_NR_chdir = 49,
  K_NR_renameat2 = 276,
  K_NR_memfd_create = 279,
  K_NR_statx = 291,
#else
#  error "no numbers for this architecture in lib/guest/kernel.h"
#endif
  K_NR_openat2 = 437,
  K_NR_faccessat2 = 439,
  K_NR_getxattrat = 464,
  K_NR_listxattrat = 465
};

/* Flags of open.  */
enum
{
  K_O_ACCMODE = 3,
  K_O_WRONLY = 1,
  K_O_RDWR = 2,
  K_O_CREAT = 0100,
  K_O_EXCL = 0200,
  K_O_TRUNC = 01000,
  K_O_CLOEXEC = 02000000,
  K_O_PATH = 010000000,
  K_O_TMPFILE = 020000000, /* without the O_DIRECTORY that goes with it */
  K_O_VALID = 037777703,   /* all that there are, for openat2 */
#if defined __x86_64__
  K_O_DIRECTORY = 0200000,
  K_O_NOFOLLOW = 0400000
#else
  K_O_DIRECTORY = 040000,
  K_O_NOFOLLOW = 0100000
#endif
};

/* fcntl.  */
enum
{
  K_F_GETFD = 1,
  K_F_DUPFD_CLOEXEC = 1030,
  K_FD_CLOEXEC = 1
};

/* Flags of *at calls.  */
enum
{
  K_AT_FDCWD = -100,
  K_AT_SYMLINK_NOFOLLOW = 0x100,
  K_AT_EACCESS = 0x200,
  K_AT_REMOVEDIR = 0x200,
  K_AT_SYMLINK_FOLLOW = 0x400,
  K_AT_NO_AUTOMOUNT = 0x800,
  K_AT_STATX_SYNC = 0x6000,
  K_AT_EMPTY_PATH = 0x1000
};

/* Flags of renameat2.  */
enum
{
  K_RENAME_NOREPLACE = 1
};

/* openat2.  */
struct k_open_how
{
  uint64_t flags;
  uint64_t mode;
  uint64_t resolve;
};

enum
{
  K_RESOLVE_NO_XDEV = 1,
  K_RESOLVE_NO_MAGICLINKS = 2,
  K_RESOLVE_NO_SYMLINKS = 4,
  K_RESOLVE_BENEATH = 8,
  K_RESOLVE_IN_ROOT = 16,
  K_RESOLVE_CACHED = 32,
  K_RESOLVE_VALID = 63
};

/* File modes.  */
enum
{
  K_UTIME_OMIT = (1 << 30) - 2
};

enum
{
  K_S_IFMT = 0170000,
  K_S_IFSOCK = 0140000,
  K_S_IFLNK = 0120000,
  K_S_IFREG = 0100000,
  K_S_IFBLK = 0060000,
  K_S_IFDIR = 0040000,
  K_S_IFCHR = 0020000,
  K_S_IFIFO = 0010000,
  K_S_ISUID = 04000,
  K_S_ISGID = 02000
};

/* struct stat.  */
struct k_stat
{
#if defined __x86_64__
  uint64_t st_dev;
  uint64_t st_ino;
  uint64_t st_nlink;
  uint32_t st_mode;
  uint32_t st_uid;
  uint32_t st_gid;
  uint32_t pad0;
  uint64_t st_rdev;
  int64_t st_size;
  int64_t st_blksize;
  int64_t st_blocks;
  int64_t st_times[6];
  int64_t unused[3];
#else
  uint64_t st_dev;
  uint64_t st_ino;
  uint32_t st_mode;
  uint32_t st_nlink;
  uint32_t st_uid;
  uint32_t st_gid;
  uint64_t st_rdev;
  uint64_t pad1;
  int64_t st_size;
  int32_t st_blksize;
  int32_t pad2;
  int64_t st_blocks;
  int64_t st_times[6];
  uint32_t unused[2];
#endif
};

/* struct statfs.  */
struct k_statfs
{
  uint64_t f_type;
  uint64_t f_bsize;
  uint64_t f_counts[5]; /* blocks, free and available; files, and free */
  uint64_t f_fsid;
  uint64_t f_namelen;
  uint64_t f_frsize;
  uint64_t f_flags;
  uint64_t f_spare[4];
};

/* struct statx.  */
struct k_statx
{
  uint32_t stx_mask;
  uint32_t stx_blksize;
  uint64_t stx_attributes;
  uint32_t stx_nlink;
  uint32_t stx_uid;
  uint32_t stx_gid;
  uint16_t stx_mode;
  uint16_t spare0;
  uint64_t stx_ino;
  uint64_t stx_size;
  uint64_t stx_blocks;
  uint64_t stx_attributes_mask;
  struct
  {
    int64_t seconds;
    uint32_t nanoseconds;
    int32_t reserved;
  } stx_atime, stx_btime, stx_ctime, stx_mtime;
  uint32_t stx_rdev_major;
  uint32_t stx_rdev_minor;
  uint32_t stx_dev_major;
  uint32_t stx_dev_minor;
  uint64_t rest[14];
};

enum
{
  K_STATX_TYPE = 1,
  K_STATX_INO = 0x100,
  K_STATX_BTIME = 0x800,
  K_STATX_BASIC = 0x7ff
};

/* Socket addresses and messages.  */
enum
{
  K_AF_UNIX = 1,
  K_AF_INET = 2,
  K_AF_INET6 = 10,
  K_UNIX_PATH_MAX = 108,
  K_SOCKADDR_MAX = 128,
  K_SOCKADDR_IN6_ADDRESS = 8, /* where it has its 16 bytes */
  K_SOCKADDR_IN6_SIZE = 24    /* without a scope (RFC 2133) */
};

struct k_sockaddr_in
{
  uint16_t sin_family;
  unsigned char sin_port[2];
  unsigned char sin_addr[4];
};

struct k_sockaddr_un
{
  uint16_t sun_family;
  char sun_path[K_UNIX_PATH_MAX];
};

struct k_msghdr
{
  uint64_t msg_name;
  int32_t msg_namelen;
  uint32_t pad;
  uint64_t msg_iov;
  uint64_t msg_iovlen;
  uint64_t msg_control;
  uint64_t msg_controllen;
  uint32_t msg_flags;
  uint32_t pad2;
};

struct k_mmsghdr
{
  struct k_msghdr msg_hdr;
  uint32_t msg_len;
  uint32_t pad;
};

/* A filter of system calls: struct sock_fprog.  */
struct k_program
{
  uint16_t count;
  uint64_t instructions;
};

/* uname.  */
struct k_utsname
{
  char sysname[65];
  char nodename[65];
  char release[65];
  char version[65];
  char machine[65];
  char domainname[65];
};

/* Execution domains (personality).  */
enum
{
  K_PER_MASK = 0xff,
  K_PER_LINUX32 = 8
};

/* What a symbolic link may cost: links followed in one path.  */
enum
{
  K_LINKS_MAX = 40
};

#endif
