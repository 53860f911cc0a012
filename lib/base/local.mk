# lib/base: errors, clean-up, buffers, messages, files, locks, JSON.
noinst_LIBRARIES += lib/base/libbase.a
lib_base_libbase_a_SOURCES = \
  lib/base/buffer.c lib/base/buffer.h \
  lib/base/cleanup.c lib/base/cleanup.h \
  lib/base/error.c lib/base/error.h \
  lib/base/file.c lib/base/file.h \
  lib/base/hash.c lib/base/hash.h \
  lib/base/i18n.h \
  lib/base/interrupt.c lib/base/interrupt.h \
  lib/base/json.c lib/base/json.h \
  lib/base/lock.c lib/base/lock.h \
  lib/base/log.c lib/base/log.h \
  lib/base/output.c lib/base/output.h \
  lib/base/path.c lib/base/path.h \
  lib/base/progress.c lib/base/progress.h \
  lib/base/signal-name.c lib/base/signal-name.h \
  lib/base/size.c lib/base/size.h
lib_base_libbase_a_CPPFLAGS = $(HOSTED_CPPFLAGS) $(JSON_C_CFLAGS)

check_PROGRAMS += tests/unit/test-base
tests_unit_test_base_SOURCES = tests/unit/test-base.c
tests_unit_test_base_LDADD = lib/base/libbase.a $(JSON_C_LIBS) $(LIBGNU)

check_PROGRAMS += tests/unit/test-progress
tests_unit_test_progress_SOURCES = tests/unit/test-progress.c
tests_unit_test_progress_LDADD = lib/base/libbase.a $(JSON_C_LIBS) $(LIBGNU)
