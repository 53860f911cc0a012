/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The help texts, made from the table of commands.  */

#ifndef UDOCKER_CMD_USAGE_H
#define UDOCKER_CMD_USAGE_H

struct buffer;
struct command;

/* Append to OUT what "udocker COMMAND --help" prints.  */
void usage_of_command (const struct command *command, struct buffer *out);

/* Append to OUT what "udocker --help" prints.  Only the full program knows
   all the commands that it lists.  */
void usage_general (struct buffer *out);

/* Append to OUT the manual page, in the man macros.  Full program only.  */
void usage_manual (struct buffer *out);

/* Append to OUT the chapters of the Texinfo manual about commands and
   settings.  Full program only.  */
void usage_texinfo (struct buffer *out);

/* Append to OUT the completion script for bash.  Full program only.  */
void usage_completion (struct buffer *out);

#endif
