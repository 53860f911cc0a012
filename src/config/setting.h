/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The table of all settings.  */

#ifndef UDOCKER_CONFIG_SETTING_H
#define UDOCKER_CONFIG_SETTING_H

#include <stdbool.h>
#include <stddef.h>

/* What a setting holds, and the type of its member in struct config.  */
enum setting_type
{
  SETTING_TEXT,    /* char * */
  SETTING_PATH,    /* char *: absolute, or "" */
  SETTING_INTEGER, /* int */
  SETTING_TRUTH,   /* bool */
  SETTING_CHOICE,  /* enum config_choice */
  SETTING_LIST,    /* struct config_list */
};

/* A setting: one row in setting.c, one member in struct config.  */
struct setting
{
  const char *name; /* as files and showconf have it */
  enum setting_type type;
  const char *variable; /* the environment variable, or NULL */
  size_t offset;        /* in struct config */
  const char *default_text;
  const char *help; /* N_ ("lower case, no full stop"); NULL: no effect */
};

/* All settings in the order of showconf; ended by a row without name.  */
extern const struct setting settings[];

/* Return the setting NAME, or NULL.  */
const struct setting *setting_find (const char *name);

/* Read TEXT as a truth value (True, yes, on, 1 and their opposites, any case)
   into VALUE.  Return whether it is one.  */
bool setting_read_truth (const char *text, bool *value);

#endif
