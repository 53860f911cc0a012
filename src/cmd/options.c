/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The command line parser: tables of option rows in, filled structures out.

   The words are taken apart by getopt_long, which every C library has and
   whose habits everybody knows: clusters, attached values, permutation, "--".
   This file makes its tables from ours and adds what it lacks:
   - "-v=V", which the predecessor's users write, is "-v" with the value "=V":
     the "=" is dropped.  After a flag ("-t=true") it is met as an option
     letter of its own, so "=" is declared as one that takes a value.
   - "--flag=true": flags are declared with an optional value.
   - abbreviations, which getopt_long takes, are refused: a script that says
     --vol would break on the day --volatile arrives.
   - its messages are ours (it is told to be quiet), with the nearest name.  */

#include <config.h>

#include "src/cmd/options.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "src/config/setting.h"
#include "xalloc.h"
#include "xstrndup.h"

/* What getopt_long returns: rows are numbered above all letters.  */
enum
{
  RESULT_HELP = 256,
  RESULT_ROW = 257
};

/* The row that stands for --help in every command.  */
static const struct option_row help_row = { .name = "help", .letter = 'h' };

/* A table of ours, as getopt_long wants it.  */
struct translated
{
  const struct option_row *rows;
  size_t count;
  struct option *longs;
  char *shorts;
};

static size_t
row_count (const struct option_row *rows)
{
  size_t count = 0;
  if (rows != NULL)
    while (rows[count].name != NULL || rows[count].letter != 0)
      count++;
  return count;
}

static const struct option_row *
find_letter (const struct translated *table, int letter)
{
  for (size_t i = 0; i < table->count; i++)
    if (table->rows[i].letter != 0 && table->rows[i].letter == letter)
      return &table->rows[i];
  return NULL;
}

static void
translate (const struct option_row *rows, enum option_order order,
           struct translated *table)
{
  table->rows = rows;
  table->count = row_count (rows);
  table->longs = xcalloc (table->count + 2, sizeof *table->longs);

  /* Order and quietness, two characters a letter, "h", "=:", NUL.  */
  table->shorts = xcalloc (1, 2 + 2 * table->count + 4);
  char *shorts = table->shorts;
  struct option *longs = table->longs;

  if (order == OPTIONS_BEFORE_OPERANDS)
    *shorts++ = '+';
  *shorts++ = ':';
  for (size_t i = 0; i < table->count; i++)
    {
      const struct option_row *row = &rows[i];
      bool valued = row->kind == OPTION_VALUE || row->kind == OPTION_LIST;
      if (row->letter != 0)
        {
          *shorts++ = row->letter;
          if (valued)
            *shorts++ = ':';
        }
      if (row->name != NULL)
        *longs++ = (struct option){ .name = row->name,
                                    .has_arg = valued ? required_argument
                                                      : optional_argument,
                                    .val = RESULT_ROW + (int) i };
    }
  if (find_letter (table, 'h') == NULL)
    *shorts++ = 'h';
  *shorts++ = '=';
  *shorts++ = ':';
  *longs = (struct option){ .name = "help", .val = RESULT_HELP };
}

/* How many letters must be added, dropped, changed or exchanged with their
   neighbour to make B of A.  */
static size_t
edit_distance (const char *a, const char *b)
{
  size_t width = strlen (b) + 1;
  AUTO_FREE size_t *space = xcalloc (3 * width, sizeof *space);
  size_t *before = space;
  size_t *last = space + width;
  size_t *now = space + 2 * width;

  for (size_t j = 0; j < width; j++)
    last[j] = j;
  for (size_t i = 1; a[i - 1] != '\0'; i++)
    {
      now[0] = i;
      for (size_t j = 1; j < width; j++)
        {
          size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);
          if (last[j] + 1 < best)
            best = last[j] + 1;
          if (now[j - 1] + 1 < best)
            best = now[j - 1] + 1;
          if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]
              && before[j - 2] + 1 < best)
            best = before[j - 2] + 1;
          now[j] = best;
        }
      size_t *free_row = before;
      before = last;
      last = now;
      now = free_row;
    }
  return last[width - 1];
}

const char *
options_nearest (const char *typed, const char *const *names, size_t count)
{
  const char *nearest = NULL;
  size_t length = strlen (typed);

  /* More than a third of the letters wrong is another word; and long words
     are nobody's mistyping, only expensive.  */
  size_t limit = 1 + length / 3;
  if (length == 0 || length > 64)
    return NULL;

  for (size_t i = 0; i < count; i++)
    {
      if (names[i] == NULL)
        continue;
      size_t distance = edit_distance (typed, names[i]);
      /* The beginning of a name is a good hint too.  */
      if (length >= 3 && strncmp (typed, names[i], length) == 0)
        distance = 1;
      if (distance <= limit && distance < strlen (names[i]))
        {
          nearest = names[i];
          limit = distance == 0 ? 0 : distance - 1;
          if (distance == 0)
            break;
        }
    }
  return nearest;
}

/* Say that WORD ("--volme=x") is no option of TABLE, and which one might have
   been meant.  */
static int
unknown_long (const struct translated *table, const char *word,
              struct error *err)
{
  const char *typed = word + strspn (word, "-");
  AUTO_FREE char *name = xstrndup (typed, strcspn (typed, "="));
  AUTO_FREE const char **names = xcalloc (table->count + 1, sizeof *names);
  for (size_t i = 0; i < table->count; i++)
    if (!table->rows[i].hidden && !table->rows[i].ignored
        && table->rows[i].refusal == NULL)
      names[i] = table->rows[i].name;
  names[table->count] = help_row.name;

  const char *nearest = options_nearest (name, names, table->count + 1);
  if (nearest != NULL)
    return error_set (err, EINVAL,
                      _ ("syntax error at: %s: unknown option, did you mean "
                         "'--%s'?"),
                      word, nearest);
  return error_set (err, EINVAL, _ ("syntax error at: %s: unknown option"),
                    word);
}

/* The same for the option letter LETTER in WORD ("-itx").  */
static int
unknown_letter (const struct translated *table, int letter, const char *word,
                struct error *err)
{
  if (word != NULL && word[0] == '-' && word[1] != '\0' && word[2] != '\0')
    {
      AUTO_FREE char *name = xstrndup (word + 1, strcspn (word + 1, "="));
      for (size_t i = 0; i < table->count; i++)
        if (table->rows[i].name != NULL
            && strcmp (table->rows[i].name, name) == 0)
          return error_set (err, EINVAL,
                            _ ("syntax error at: %s: unknown option, did you "
                               "mean '--%s'?"),
                            word, name);
    }
  return error_set (err, EINVAL, _ ("syntax error at: -%c: unknown option"),
                    letter);
}

/* How a message calls ROW.  */
static char *
row_label (const struct option_row *row)
{
  AUTO_BUFFER (label);
  if (row->name != NULL)
    buffer_add_format (&label, "--%s", row->name);
  else
    buffer_add_format (&label, "-%c", row->letter);
  return buffer_take (&label);
}

static void
list_add (struct option_list *list, const char *item)
{
  list->items =
      xreallocarray (list->items, list->count + 2, sizeof *list->items);
  list->items[list->count++] = item;
  list->items[list->count] = NULL;
}

static bool
is_choice (const struct option_row *row, const char *value)
{
  if (row->choices == NULL)
    return true;
  for (size_t i = 0; row->choices[i] != NULL; i++)
    if (strcmp (row->choices[i], value) == 0)
      return true;
  return false;
}

static int
not_a_choice (const struct option_row *row, const char *value,
              struct error *err)
{
  AUTO_FREE char *label = row_label (row);
  AUTO_BUFFER (all);
  for (size_t i = 0; row->choices[i] != NULL; i++)
    buffer_add_format (&all, "%s%s", i == 0 ? "" : ", ", row->choices[i]);
  return error_set (err, EINVAL,
                    _ ("syntax error at: %s=%s: the value must be one of %s"),
                    label, value, all.data);
}

/* Store VALUE (NULL for none) where ROW says.  */
static int
store_value (const struct option_row *row, const char *value, void *target,
             struct error *err)
{
  AUTO_FREE char *label = row_label (row);
  char *place = target == NULL ? NULL : (char *) target + row->target;

  if (row->refusal != NULL)
    return error_set (err, EINVAL, "%s: %s", label, _ (row->refusal));
  if (row->kind == OPTION_FLAG)
    {
      bool truth = true;
      if (value != NULL && !setting_read_truth (value, &truth))
        return error_set (err, EINVAL,
                          _ ("syntax error at: %s=%s: the value must be true "
                             "or false"),
                          label, value);
      if (!row->ignored)
        memcpy (place, &truth, sizeof truth);
    }
  else if (value != NULL && !is_choice (row, value))
    return not_a_choice (row, value, err);
  else if (row->ignored)
    ;
  else if (row->kind == OPTION_LIST)
    list_add ((struct option_list *) (void *) place, value);
  else
    {
      const char *text = value == NULL ? "" : value;
      memcpy (place, &text, sizeof text);
    }
  if (row->ignored)
    log_debug (_ ("option %s has no effect"), label);
  return 0;
}

/* Return whether the long option that getopt_long has just found for ROW was
   written out in full.  WORD is the word it stood in.  */
static bool
is_written_out (const struct option_row *row, const char *word)
{
  const char *typed = word + 2;
  size_t length = strcspn (typed, "=");
  return strlen (row->name) == length
         && strncmp (row->name, typed, length) == 0;
}

/* Handle RESULT, a row that getopt_long found by its long name.  */
static int
take_long (const struct translated *table, int result, int argc, char **argv,
           void *target, struct error *err)
{
  const struct option_row *row =
      result == RESULT_HELP ? &help_row : &table->rows[result - RESULT_ROW];
  const char *value = optarg;
  bool separate = value != NULL && value == argv[optind - 1];
  const char *word = argv[optind - 1 - separate];

  if (!is_written_out (row, word))
    return unknown_long (table, word, err);
  if (row == &help_row)
    return 1;
  if (row->kind == OPTION_OPTIONAL && value == NULL && row->choices != NULL
      && optind < argc && is_choice (row, argv[optind]))
    value = argv[optind++];
  return store_value (row, value, target, err);
}

/* Handle the option letter RESULT.  FLAG is the flag letter before it, to
   which a "=" belongs; it is kept up to date.  */
static int
take_letter (const struct translated *table, int result, int argc, char **argv,
             const struct option_row **flag, void *target, struct error *err)
{
  const char *value = optarg;

  if (result == '=')
    {
      if (*flag == NULL)
        return error_set (err, EINVAL,
                          _ ("syntax error at: %s: unknown option"),
                          argv[optind - 1]);
      const struct option_row *row = *flag;
      *flag = NULL;
      if (value == argv[optind - 1])
        value = ""; /* "-t=" took the next word, which is not its value */
      return store_value (row, value, target, err);
    }

  const struct option_row *row = find_letter (table, result);
  if (row == NULL)
    return 1; /* -h */
  *flag = row->kind == OPTION_FLAG ? row : NULL;
  if (value != NULL && value != argv[optind - 1] && value[0] == '=')
    value++;
  if (row->kind == OPTION_OPTIONAL && value == NULL && row->choices != NULL
      && optind < argc && is_choice (row, argv[optind]))
    value = argv[optind++];
  return store_value (row, value, target, err);
}

int
options_parse (const struct option_row *rows, enum option_order order, int argc,
               char **argv, void *target, int *first, struct error *err)
{
  struct translated table;
  const struct option_row *flag = NULL;
  int status = 0;

  translate (rows, order, &table);
  AUTO_FREE struct option *longs = table.longs;
  AUTO_FREE char *shorts = table.shorts;

  optind = 0; /* starts over, also with another table */
  opterr = 0;
  while (status == 0)
    {
      optopt = 0;
      int result = getopt_long (argc, argv, shorts, longs, NULL);
      if (result == -1)
        break;
      if (result == ':')
        {
          const struct option_row *row = optopt >= RESULT_ROW
                                             ? &rows[optopt - RESULT_ROW]
                                             : find_letter (&table, optopt);
          /* The word may be an abbreviation, which is no option here; "="
             has no row.  */
          if (row == NULL)
            status = unknown_letter (&table, optopt, argv[optind - 1], err);
          else if (optopt >= RESULT_ROW
                   && !is_written_out (row, argv[optind - 1]))
            status = unknown_long (&table, argv[optind - 1], err);
          else
            {
              AUTO_FREE char *label = row_label (row);
              status = error_set (err, EINVAL,
                                  _ ("syntax error at: %s: the option needs "
                                     "a value"),
                                  label);
            }
        }
      else if (result == '?')
        {
          /* A letter that is not known, a value for --help, or a long name
             that is not known or that several begin with.  While a cluster
             is being read, optind still points to its word.  */
          if (optopt == RESULT_HELP)
            status = error_set (err, EINVAL,
                                _ ("syntax error at: %s: the option takes no "
                                   "value"),
                                argv[optind - 1]);
          else if (optopt != 0 && optopt < RESULT_HELP)
            status = unknown_letter (&table, optopt,
                                     optind < argc && argv[optind][0] == '-'
                                         ? argv[optind]
                                         : argv[optind - 1],
                                     err);
          else
            status = unknown_long (&table, argv[optind - 1], err);
        }
      else if (result >= RESULT_HELP)
        {
          flag = NULL;
          status = take_long (&table, result, argc, argv, target, err);
        }
      else
        status = take_letter (&table, result, argc, argv, &flag, target, err);
    }
  *first = optind;
  return status;
}

void
options_release (const struct option_row *rows, void *target)
{
  size_t count = row_count (rows);
  for (size_t i = 0; i < count; i++)
    if (rows[i].kind == OPTION_LIST && !rows[i].ignored
        && rows[i].refusal == NULL)
      {
        struct option_list *list =
            (struct option_list *) (void *) ((char *) target + rows[i].target);
        free (list->items);
        *list = (struct option_list){ 0 };
      }
}
