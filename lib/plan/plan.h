/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   The run plan as bytes: what every engine is told, and how to read it.  */

#ifndef UDOCKER_LIB_PLAN_PLAN_H
#define UDOCKER_LIB_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A plan is a header and a sequence of records, in the byte order of the
   machine, without a single pointer: it can be written to a file, mapped
   anywhere, shared by processes and read by code that has no libc.

     header   8 bytes of magic, u32 version, u32 size of the whole plan
     record   u32 tag, u32 length, LENGTH bytes, one NUL, zeros up to the
              next multiple of eight

   The NUL after the bytes is not counted in the length, so that a text can be
   used where it lies.  The order of records with the same tag matters (the
   arguments, say); the order of tags does not.

   The reader believes nothing: plan_open walks everything once and refuses
   what is cut short, too long, unknown or of the wrong shape, so that the
   other functions need no errors.  */

#define PLAN_MAGIC "udplan\r\n"
#define PLAN_VERSION 1u
#define PLAN_HEADER_SIZE 16u
#define PLAN_SIZE_MAX (256u << 20)

/* What a record says.  The shape of its bytes stands in brackets:
     text     no NUL inside, may be empty unless said otherwise
     path     text that begins with '/'
     number   an unsigned 64-bit integer
   Tags are stored, so their numbers never change.  "*" may repeat, the others
   occur at most once; "!" must be there.  */
enum plan_tag
{
  PLAN_ROOT = 1,          /* ! path: the host directory that is "/" */
  PLAN_PROGRAM = 2,       /* path: guest path of the program to start; argv[0]
                             is PLAN_ARGUMENT as typed.  Absent: the engine
                             looks for the first argument in PATH */
  PLAN_ARGUMENT = 3,      /* !* text: argv, in order */
  PLAN_ENVIRONMENT = 4,   /* * text: NAME=VALUE, in order, no name twice */
  PLAN_DIRECTORY = 5,     /* path: guest working directory at the start; "/"
                             when absent */
  PLAN_UID = 6,           /* number: user id shown; 0 asks for fake root */
  PLAN_GID = 7,           /* number: group id shown */
  PLAN_GROUP = 8,         /* * number: supplementary group id shown */
  PLAN_HOST_UID = 9,      /* number: the real user id behind it */
  PLAN_HOST_GID = 10,     /* number: the real group id behind it */
  PLAN_BINDING = 11,      /* * struct plan_binding; later ones lie over earlier
                             ones of the same guest path */
  PLAN_FILE = 12,         /* * struct plan_file; lies over bindings */
  PLAN_HOST_NAME = 13,    /* text: what uname shows; the host's when absent */
  PLAN_KERNEL = 14,       /* text: kernel release that uname shows; likewise */
  PLAN_LIMIT = 15,        /* * struct plan_limit, set before the program */
  PLAN_MODE = 16,         /* ! text: "P1", "P2", ... */
  PLAN_KILL_ON_EXIT = 17, /* number: 1 kills what is left when the first
                             program ends */
  PLAN_VERBOSE = 18,      /* number: 0 quiet to 5 debug; 3 when absent */
  PLAN_CONTAINER = 19,    /* text: id of the container, for messages */
  PLAN_PORT = 20,         /* * struct plan_port */
  PLAN_PORT_ANY = 21,     /* number: 1 lets the guest bind any port by moving
                             the privileged ones up; 2 moves those which are
                             taken, too */
  PLAN_HELD_FD = 22,      /* * number: a descriptor that the engine keeps open
                             while the container lives, close-on-exec, and
                             never shows to the guest (the lock that says "in
                             use") */
  PLAN_LIBEXEC = 23,      /* path: host directory of the package's helpers */
  PLAN_KERNEL_VERSION = 24,  /* text: kernel version that uname shows; the
                                host's when absent, as the two below */
  PLAN_MACHINE = 25,         /* text: machine that uname shows */
  PLAN_DOMAIN = 26,          /* text: NIS domain name that uname shows */
  PLAN_DIRECTORY_TRIED = 27, /* number: not 0: where PLAN_DIRECTORY cannot be
                                entered the program starts in "/", and the
                                variable PWD says where it starts; 2 says so
                                in a warning */
  PLAN_EMULATOR = 28,        /* * text: how programs of another machine are
                                run: the host path of an emulator, then options
                                for it */
  PLAN_EMULATOR_FORCED = 29, /* number: 1 has it run programs of this machine,
                                too */
  PLAN_LINKS_REPLACED = 30,  /* number: 1 makes copies where hard links are not
                                possible */
  PLAN_OWNERS = 31,          /* path: host file that keeps owners which programs
                                set as root; what belongs to the host's user is
                                shown as root's, whoever the user is */
  PLAN_SYSTEM = 32,          /* text: name of the system that uname shows; the
                                host's, Linux, when absent */
  PLAN_UNLOCKED = 33,        /* number: 1 lets fake root use what the host's
                                user is locked out of by permission bits, which
                                are given back in the end */
  PLAN_FEATURES = 34,        /* number: what the auxiliary vector tells of the
                                processor (AT_HWCAP); the kernel's when
                                absent */
  PLAN_ROOT_READ_ONLY = 35,  /* number: 1 refuses with EROFS what would change
                                the root, bindings in it apart */
  PLAN_OWN_FD = 36,       /* number: a descriptor of the plan's own file, which
                             is kept and hidden as PLAN_HELD_FD is, so that
                             others find the plan while the container lives;
                             an engine around does not keep it */
  PLAN_STOP_SIGNAL = 37,  /* number: the signal that asks the program to end;
                             SIGTERM when absent */
  PLAN_BUNDLE = 38,       /* path: host directory of what an OCI runtime was
                             told (src/engine/oci-bundle.h) */
  PLAN_RUNNER = 39,       /* number: the process that ends with the exit status
                             of the program, for others who find the plan */
  PLAN_RUNNER_STAYS = 40, /* number: 1 when that process is none of the
                             program's, but notes its end and cleans up */
  PLAN_PROCESSORS = 41,   /* text: processors to run on, as "0-3,8", for others
                             who find the plan; the engine runs there */
  PLAN_REMOVES = 42,      /* number: 1 when the container is to be removed
                             afterwards, for others who find the plan */
  PLAN_TAG_END            /* one above the last */
};

/* Flags of a binding.  */
enum
{
  PLAN_BINDING_READ_ONLY = 1, /* writing through it gives EROFS */
  PLAN_BINDING_NO_FOLLOW = 2, /* the guest path's last component is not
                                 followed: a link there is covered itself */
  PLAN_BINDING_OPTIONAL = 4,  /* skipped when the host path is missing */
  PLAN_BINDING_RESOLVED = 8,  /* the guest path has no link, "." or ".." in
                                 it: the engine need not look */
  PLAN_BINDING_TRUE = 16      /* what belongs to others there stays as it is:
                                 fake root is refused as the host refuses */
};
#define PLAN_BINDING_FLAGS 31u

/* A host file or directory shown at a guest path.  */
struct plan_binding
{
  const char *host;  /* absolute host path */
  const char *guest; /* absolute guest path, link-free only if the user typed
                        it so; no trailing slash, never "/" */
  uint32_t flags;
};

/* A regular file that exists in memory only.  */
struct plan_file
{
  const char *guest; /* absolute guest path; the last component is followed */
  const void *content;
  size_t size;
  uint32_t mode; /* permission bits shown */
};

/* A resource limit as setrlimit takes it.  */
struct plan_limit
{
  uint32_t resource; /* RLIMIT_* */
  uint64_t soft, hard;
};

/* A guest port and the host port that it is to be reached at.  */
struct plan_port
{
  uint32_t host, guest;
};

/* A plan in memory that plan_open has checked.  It borrows the bytes.  */
struct plan
{
  const unsigned char *bytes;
  size_t size;
};

/* One record.  TEXT lies inside the plan, is LENGTH bytes long and followed by
   a NUL.  */
struct plan_record
{
  enum plan_tag tag;
  const char *text;
  size_t length;
};

/* Check the SIZE bytes at BYTES and make PLAN of them.  BYTES must be aligned
   to eight and stay as they are while PLAN is in use.

   Return 0; -EINVAL when they are no plan, are cut short or malformed or lack
   a record that must be there; -EPROTO when the version, a tag or a flag is
   unknown (another release wrote it); -EFBIG above PLAN_SIZE_MAX.  PLAN is
   undefined then.  */
int plan_open (struct plan *plan, const void *bytes, size_t size);

/* Walk over all records: start with *POSITION zero.  Return true with RECORD
   filled and *POSITION moved, false at the end.  */
bool plan_next (const struct plan *plan, size_t *position,
                struct plan_record *record);

/* Like plan_next, but visit only records with TAG.  */
bool plan_next_tag (const struct plan *plan, enum plan_tag tag,
                    size_t *position, struct plan_record *record);

/* Return how many records have TAG.  */
size_t plan_count (const struct plan *plan, enum plan_tag tag);

/* Return the text of the first record with TAG, which must be of shape text
   or path, or OTHERWISE (which may be NULL) when there is none.  */
const char *plan_text (const struct plan *plan, enum plan_tag tag,
                       const char *otherwise);

/* Return the number in the first record with TAG, which must be of that
   shape, or OTHERWISE when there is none.  */
uint64_t plan_number (const struct plan *plan, enum plan_tag tag,
                      uint64_t otherwise);

/* Take apart RECORD, whose tag must be the one that the name says.  What is
   returned borrows from the plan.  */
uint64_t plan_record_number (const struct plan_record *record);
struct plan_binding plan_record_binding (const struct plan_record *record);
struct plan_file plan_record_file (const struct plan_record *record);
struct plan_limit plan_record_limit (const struct plan_record *record);
struct plan_port plan_record_port (const struct plan_record *record);

/* How the bytes of a record are laid out.  */
enum plan_shape
{
  PLAN_SHAPE_TEXT,    /* text */
  PLAN_SHAPE_PATH,    /* text that begins with '/' */
  PLAN_SHAPE_NUMBER,  /* u64 */
  PLAN_SHAPE_BINDING, /* u32 flags, u32 zero, host, NUL, guest */
  PLAN_SHAPE_FILE,    /* u32 mode, u32 length of guest, guest, NUL, content */
  PLAN_SHAPE_LIMIT,   /* u32 resource, u32 zero, u64 soft, u64 hard */
  PLAN_SHAPE_PORT     /* u32 host, u32 guest */
};

/* What is known of a tag.  */
struct plan_tag_fact
{
  const char *name; /* as plan_print writes it; NULL when unknown */
  enum plan_shape shape;
  bool repeats;
  bool required;
};

/* Return what is known of TAG, or NULL when it is unknown.  */
const struct plan_tag_fact *plan_tag_fact (uint32_t tag);

#endif
