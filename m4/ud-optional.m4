# ud-optional.m4: libraries that a build can do without.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

# UD_OPTIONAL_LIBRARY(OPTION, VARIABLE, PKG-CONFIG-MODULES, PURPOSE)
# -----------------------------------------------------------------
# Give configure --with-OPTION=yes|no|check.  Define HAVE_VARIABLE and
# substitute VARIABLE_CFLAGS and VARIABLE_LIBS when the library is used; it is
# an error when it was asked for and is missing.
AC_DEFUN([UD_OPTIONAL_LIBRARY], [
  AC_ARG_WITH([$1],
    [AS_HELP_STRING([--with-$1=yes|no|check],
      [$4 through $1 (check: when it is installed)])],
    [AS_CASE([$withval],
      [yes|no|check], [],
      [AC_MSG_ERROR([--with-$1 takes yes, no or check])])],
    [with_$1=check])
  AS_IF([test "$enable_hosted" != yes && test "$with_$1" = check],
    [with_$1=no])
  AS_IF([test "$with_$1" != no],
    [PKG_CHECK_MODULES([$2], [$3],
      [with_$1=yes
       AC_DEFINE([HAVE_$2], [1], [Define to 1 to use $1.])],
      [AS_IF([test "$with_$1" = yes],
        [AC_MSG_ERROR([--with-$1 was given, but $3 was not found])])
       with_$1=no])])
  AM_CONDITIONAL([HAVE_$2], [test "$with_$1" = yes])
])
