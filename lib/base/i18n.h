/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Marks for translatable text.  */

#ifndef UDOCKER_LIB_BASE_I18N_H
#define UDOCKER_LIB_BASE_I18N_H

#include "gettext.h"

/* The translation of TEXT, now; N_ only marks TEXT in a table, P_ chooses by
   number.  */
#define _(text) gettext (text)
#define N_(text) text
#define P_(one, many, count) ngettext (one, many, count)

#endif
