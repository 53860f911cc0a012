/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   The table of system calls: one row for each that exists.

   Dispatch, the engines' filters and the test of completeness are all
   derived from it.  To add a call: one row in calls.c, with its numbers, and
   a handler when no existing one fits.  */

#ifndef UDOCKER_LIB_GUEST_CALLS_H
#define UDOCKER_LIB_GUEST_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/guest/call.h"

enum guest_architecture
{
  GUEST_X86_64,
  GUEST_AARCH64,
  GUEST_I386,
  GUEST_ARCHITECTURE_COUNT
};

#if defined __x86_64__
#  define GUEST_NATIVE GUEST_X86_64
#elif defined __aarch64__
#  define GUEST_NATIVE GUEST_AARCH64
#else
#  error "no numbers for this architecture in lib/guest/calls.c"
#endif

/* What a call needs, and when.  */
enum guest_kind
{
  GUEST_HARMLESS, /* never stops */
  GUEST_REFUSED,  /* fails with the row's error, never stops */
  GUEST_HANDLED,  /* stops, for guest_enter */
  GUEST_IDS,      /* the same, but only where ids are emulated; else harmless */
  GUEST_NAMES,    /* the same, but only where uname differs from the host's or
                     ids are emulated; else harmless */
  GUEST_LISTS,    /* the same, but only where guest_mends_lists; else
                     harmless, for the time being */
  GUEST_PROGRAM   /* execve, execveat: stops, guest_enter says GUEST_EXEC */
};

/* When a call of a kind that stops need not, by what a filter can see of
   its arguments.  An engine may ignore it: guest_enter then says PASS.  */
enum guest_test
{
  GUEST_TEST_NONE,
  GUEST_TEST_NOT_NULL, /* stops only when argument test_arg is not 0 */
  GUEST_TEST_BITS,     /* stops only when it has one of test_bits (32 bits) */
  GUEST_TEST_CHOICE    /* stops only when test_bits has the bit that it is the
                          number of */
};

/* Which of several forms the structures of a call have in memory, where its
   ABI has had more than one.  The native ABIs have one.  */
enum guest_layout
{
  GUEST_LAYOUT_WORDS, /* made of the ABI's own long words and first ids */
  GUEST_LAYOUT_OLD,   /* the form before that */
  GUEST_LAYOUT_OLDER, /* and the one before */
  GUEST_LAYOUT_WIDE   /* 64 bits for sizes, 32 for users and groups */
};

/* How a path argument is meant.  */
enum guest_path_kind
{
  GUEST_PATH_NONE,
  GUEST_PATH_FOLLOW,      /* a final link is followed */
  GUEST_PATH_NOFOLLOW,    /* it is not */
  GUEST_PATH_CREATE,      /* the final component is made: never looked at */
  GUEST_PATH_REMOVE,      /* it goes away: never a binding's own place */
  GUEST_PATH_AT_NOFOLLOW, /* followed unless the flags have
                             AT_SYMLINK_NOFOLLOW; empty with AT_EMPTY_PATH */
  GUEST_PATH_AT_FOLLOW    /* the other way: only with AT_SYMLINK_FOLLOW */
};

/* One path of a call: numbers of arguments, -1 for none.  */
struct guest_path_argument
{
  int8_t dir;   /* descriptor that a relative path starts at; -1: cwd */
  int8_t path;  /* the path */
  int8_t flags; /* AT_* flags */
  uint8_t kind; /* enum guest_path_kind */
};

typedef enum guest_verdict guest_enter_function (struct guest_task *task,
                                                 struct guest_call *call);
typedef void guest_leave_function (struct guest_task *task,
                                   struct guest_call *call);

/* One system call.  */
struct guest_rule
{
  const char *name;

  /* Number on each architecture; -1 where it does not exist.  */
  int16_t number[GUEST_ARCHITECTURE_COUNT];

  uint8_t kind;  /* enum guest_kind */
  uint8_t error; /* for GUEST_REFUSED: the errno */

  uint8_t test; /* enum guest_test */
  uint8_t test_arg;
  uint32_t test_bits;

  uint8_t layout; /* enum guest_layout */

  /* A name that existed before may lead elsewhere, or not at all, after
     it.  */
  bool turns_names;

  /* It may close a directory to whom it belongs: it turns names where that is
     kept (prefix.h).  */
  bool closes;

  /* It changes what its paths name, or its first argument, a descriptor, when
     it has none: EROFS where a binding is read-only.  */
  bool changes;

  struct guest_path_argument path[2];
  guest_enter_function *enter;
  guest_leave_function *leave;
};

/* All calls; NUMBER grows on x86_64, those that it lacks come last.  */
extern const struct guest_rule guest_rules[];
extern const size_t guest_rule_count;

/* Return whether calls of RULE change what a descriptor leads to: these stop
   wherever a binding is read-only, whatever their kind.  */
static inline bool
guest_rule_is_of_descriptor (const struct guest_rule *rule)
{
  return rule->changes && rule->path[0].kind == GUEST_PATH_NONE;
}

/* Return whether GUEST's directories may list other things than the host's:
   what some binding that has no place on disk is for, devices, from when the
   first one is made, or less than the engine's own descriptors.  */
static inline bool
guest_mends_lists (const struct guest *guest)
{
  return guest->hidden || guest->own.end_fd > 0
         || (guest->owners != NULL && guest->owners->has_types);
}

/* What a filter does with a call.  */
enum guest_action
{
  GUEST_ACTION_ALLOW, /* run it without a stop */
  GUEST_ACTION_ERROR, /* fail without a stop, with errno *ERROR */
  GUEST_ACTION_STOP   /* stop (where the rule's test holds) */
};

/* Return what a filter of GUEST's engine does with the calls of RULE (NULL
   for a number that has none: ENOSYS).  */
enum guest_action guest_rule_action (const struct guest *guest,
                                     const struct guest_rule *rule, int *error);

/* Return the rule of the call NUMBER of ABI, or NULL.  Searches; where a
   struct guest is at hand guest_rule_of does not.  */
const struct guest_rule *guest_rule_find (enum guest_abi abi, int number);

/* Return the same by GUEST's index.  */
const struct guest_rule *guest_rule_of (const struct guest *guest,
                                        enum guest_abi abi, int number);

/* Return the number of RULE's call (which may be NULL) in ABI, or -1.  */
int guest_rule_number (const struct guest_rule *rule, enum guest_abi abi);

#endif
