/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What the manual page and the manual say alike, each in its own markup.  */

#ifndef UDOCKER_CMD_MARKUP_H
#define UDOCKER_CMD_MARKUP_H

#include <stddef.h>

struct buffer;
struct option_row;

/* A language to mark texts up in.  */
struct markup
{
  /* Append SIZE bytes of TEXT to OUT so that they are printed as they are.  */
  void (*escape) (struct buffer *out, const char *text, size_t size);

  /* What stands before and behind each of these.  */
  const char *paragraph[2];
  const char *example[2];
  const char *value[2]; /* that of an option */
};

/* Append TEXT to OUT so that it is printed as it is.  */
void markup_string (const struct markup *markup, struct buffer *out,
                    const char *text);

/* Append TEXT, the paragraphs of a description; one that begins with a blank
   is an example.  */
void markup_paragraphs (const struct markup *markup, struct buffer *out,
                        const char *text);

/* Append what stands behind the name of the option ROW, for its value.  */
void markup_value (const struct markup *markup, struct buffer *out,
                   const struct option_row *row);

/* Append what the option ROW is for, and a newline.  */
void markup_help (const struct markup *markup, struct buffer *out,
                  const struct option_row *row);

#endif
