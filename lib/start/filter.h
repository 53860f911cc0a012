/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   How filters of system calls are written: instructions, tests of arguments,
   and a tree of numbers.

   Only for numbers that matter a filter looks at more than the number: the
   kernel notices which are allowed without, and does not even run it for
   them.  */

#ifndef UDOCKER_LIB_START_FILTER_H
#define UDOCKER_LIB_START_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/guest/calls.h"

struct sock_filter;

/* A filter under construction.  What does not fit is counted, not written.  */
struct filter
{
  struct sock_filter *program;
  int count, limit;
};

void filter_add (struct filter *filter, unsigned int code, unsigned int operand,
                 unsigned int if_true, unsigned int if_false);

/* Load the word at OFFSET of struct seccomp_data into the accumulator.  */
void filter_load (struct filter *filter, size_t offset);

/* Load the lower half of argument number ARGUMENT.  */
void filter_load_argument (struct filter *filter, int argument);

void filter_return (struct filter *filter, unsigned int what);

/* Add a jump, to where filter_land is called with what this returns.  */
int filter_jump (struct filter *filter);
void filter_land (struct filter *filter, int jump);

/* Add the test of RULE, if it has one, after which what was in the accumulator
   is lost: go on when it does not hold.  Return the jump that is taken when it
   holds.  */
int filter_test (struct filter *filter, const struct guest_rule *rule);

/* The rules of an ABI by number; NULL where there is none.  */
struct filter_rules
{
  const struct guest_rule *rule[GUEST_CALL_LIMIT];
};

/* Fill RULES, which is zero, with those of ABI.  */
void filter_find_rules (struct filter_rules *rules, enum guest_abi abi);

/* A run of numbers that are treated the same.  */
struct filter_range
{
  unsigned int first;
  enum guest_action action;
  int error;           /* for GUEST_ACTION_ERROR */
  const void *details; /* of GUEST_ACTION_STOP, if not always; the adder's */
};

/* The ranges of all numbers, from 0 on.  */
struct filter_ranges
{
  struct filter_range list[GUEST_CALL_LIMIT + 2];
  int count;
};

/* Add RANGE, which begins behind all others of RANGES, unless the last one goes
   on there.  */
void filter_add_range (struct filter_ranges *ranges,
                       const struct filter_range *range);

/* Adds the end for a range that stops.  DATA is what filter_add_tree was
   given.  */
typedef void filter_stop_function (struct filter *filter, const void *details,
                                   void *data);

/* Add the decision between RANGES for the number in the accumulator, and what
   each of them does.  */
void filter_add_tree (struct filter *filter, const struct filter_ranges *ranges,
                      filter_stop_function *stop, void *data);

/* Return whether filters can be installed here, without trying.  */
bool filter_is_possible (void);

#endif
