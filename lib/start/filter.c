/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   How filters of system calls are written.  */

#include "lib/start/filter.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>

void
filter_add (struct filter *filter, unsigned int code, unsigned int operand,
            unsigned int if_true, unsigned int if_false)
{
  if (filter->count < filter->limit)
    filter->program[filter->count] =
        (struct sock_filter){ (uint16_t) code, (uint8_t) if_true,
                              (uint8_t) if_false, operand };
  filter->count++;
}

void
filter_load (struct filter *filter, size_t offset)
{
  filter_add (filter, BPF_LD | BPF_W | BPF_ABS, (unsigned int) offset, 0, 0);
}

void
filter_load_argument (struct filter *filter, int argument)
{
  filter_load (filter, offsetof (struct seccomp_data, args)
                           + (size_t) argument * sizeof (uint64_t));
}

void
filter_return (struct filter *filter, unsigned int what)
{
  filter_add (filter, BPF_RET | BPF_K, what, 0, 0);
}

int
filter_jump (struct filter *filter)
{
  filter_add (filter, BPF_JMP | BPF_JA, 0, 0, 0);
  return filter->count - 1;
}

void
filter_land (struct filter *filter, int jump)
{
  if (jump < filter->limit)
    filter->program[jump].k = (unsigned int) (filter->count - jump - 1);
}

int
filter_test (struct filter *filter, const struct guest_rule *rule)
{
  switch ((enum guest_test) rule->test)
    {
    case GUEST_TEST_NONE:
      break;
    case GUEST_TEST_BITS:
      filter_load_argument (filter, rule->test_arg);
      filter_add (filter, BPF_JMP | BPF_JSET | BPF_K, rule->test_bits, 0, 1);
      break;
    case GUEST_TEST_NOT_NULL:
      filter_load_argument (filter, rule->test_arg);
      filter_add (filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2);
      filter_load (filter, offsetof (struct seccomp_data, args)
                               + rule->test_arg * sizeof (uint64_t) + 4);
      filter_add (filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
      break;
    case GUEST_TEST_CHOICE:
      filter_load_argument (filter, rule->test_arg);
      filter_add (filter, BPF_MISC | BPF_TAX, 0, 0, 0);
      filter_add (filter, BPF_LD | BPF_IMM, 1, 0, 0);
      filter_add (filter, BPF_ALU | BPF_LSH | BPF_X, 0, 0, 0);
      filter_add (filter, BPF_JMP | BPF_JSET | BPF_K, rule->test_bits, 0, 1);
      break;
    }
  return filter_jump (filter);
}

void
filter_find_rules (struct filter_rules *rules, enum guest_abi abi)
{
  /* The first counts.  */
  for (size_t i = guest_rule_count; i > 0; i--)
    {
      int number = guest_rule_number (&guest_rules[i - 1], abi);
      if (number >= 0)
        rules->rule[number] = &guest_rules[i - 1];
    }
}

void
filter_add_range (struct filter_ranges *ranges,
                  const struct filter_range *range)
{
  const struct filter_range *last = &ranges->list[ranges->count - 1];
  if (ranges->count > 0 && last->action == range->action
      && last->error == range->error && last->details == NULL
      && range->details == NULL)
    return;
  ranges->list[ranges->count++] = *range;
}

/* A tree being added.  */
struct tree
{
  struct filter *filter;
  const struct filter_range *range;
  filter_stop_function *stop;
  void *data;
};

static void
add_leaf (const struct tree *tree, const struct filter_range *range)
{
  switch (range->action)
    {
    case GUEST_ACTION_ALLOW:
      filter_return (tree->filter, SECCOMP_RET_ALLOW);
      break;
    case GUEST_ACTION_ERROR:
      filter_return (tree->filter,
                     SECCOMP_RET_ERRNO | (unsigned int) range->error);
      break;
    case GUEST_ACTION_STOP:
      tree->stop (tree->filter, range->details, tree->data);
      break;
    }
}

/* Add the decision between the ranges FIRST to LAST.  */
static void
add_branch (const struct tree *tree, int first, int last)
{
  if (first == last)
    {
      add_leaf (tree, &tree->range[first]);
      return;
    }
  int middle = (first + last + 1) / 2;
  filter_add (tree->filter, BPF_JMP | BPF_JGE | BPF_K,
              tree->range[middle].first, 0, 1);
  int jump = filter_jump (tree->filter);
  add_branch (tree, first, middle - 1);
  filter_land (tree->filter, jump);
  add_branch (tree, middle, last);
}

void
filter_add_tree (struct filter *filter, const struct filter_ranges *ranges,
                 filter_stop_function *stop, void *data)
{
  const struct tree tree = { filter, ranges->list, stop, data };
  add_branch (&tree, 0, ranges->count - 1);
}
