# ud-flags.m4: compiler flags of udocker's rooms.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

# UD_COMPILER_FLAGS
# -----------------
# Substitute WARN_CFLAGS (hosted and bare rooms), SANITIZE_CFLAGS (hosted rooms
# only: never through CFLAGS, a sanitizer in the loader or the engine breaks
# it) and BARE_MACHINE_CFLAGS.
AC_DEFUN([UD_COMPILER_FLAGS], [
  AC_ARG_ENABLE([werror],
    [AS_HELP_STRING([--enable-werror], [treat warnings as errors])],
    [], [enable_werror=no])
  AC_ARG_ENABLE([sanitizers],
    [AS_HELP_STRING([--enable-sanitizers],
      [build the hosted rooms with the address and the undefined behaviour
       sanitizer])],
    [], [enable_sanitizers=no])

  WARN_CFLAGS=
  for ud_flag in -Wall -Wextra -Wshadow -Wconversion -Wvla -Wformat=2 \
                 -Wmissing-prototypes -Wstrict-prototypes -Wundef \
                 -Wimplicit-fallthrough \
                 -Werror=implicit-function-declaration; do
    UD_IF_FLAG([$ud_flag], [WARN_CFLAGS="$WARN_CFLAGS $ud_flag"])
  done
  AS_IF([test "$enable_werror" = yes], [WARN_CFLAGS="$WARN_CFLAGS -Werror"])
  AC_SUBST([WARN_CFLAGS])

  SANITIZE_CFLAGS=
  AS_IF([test "$enable_sanitizers" = yes],
    [SANITIZE_CFLAGS="-fsanitize=address,undefined -fno-omit-frame-pointer"])
  AC_SUBST([SANITIZE_CFLAGS])
  AM_CONDITIONAL([SANITIZERS], [test "$enable_sanitizers" = yes])

  # What code that is mapped into programs of other people must not contain,
  # calls of the compiler's library included.
  BARE_MACHINE_CFLAGS=
  for ud_flag in -fno-stack-protector -fcf-protection=none \
                 -fno-tree-loop-distribute-patterns \
                 -fno-asynchronous-unwind-tables -mgeneral-regs-only \
                 -mno-outline-atomics; do
    UD_IF_FLAG([$ud_flag],
      [BARE_MACHINE_CFLAGS="$BARE_MACHINE_CFLAGS $ud_flag"])
  done
  AC_SUBST([BARE_MACHINE_CFLAGS])
])

# UD_IF_FLAG(FLAG, ACTION)
# ------------------------
# Run ACTION when the compiler takes FLAG without a warning.
AC_DEFUN([UD_IF_FLAG], [
  ud_save_CFLAGS=$CFLAGS
  CFLAGS="$CFLAGS -Werror $1"
  AC_MSG_CHECKING([whether $CC takes $1])
  AC_COMPILE_IFELSE([AC_LANG_SOURCE([[int main (void) { return 0; }]])],
    [AC_MSG_RESULT([yes])
     CFLAGS=$ud_save_CFLAGS
     $2],
    [AC_MSG_RESULT([no])
     CFLAGS=$ud_save_CFLAGS])
])
