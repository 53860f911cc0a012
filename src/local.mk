# The two programs, from the same src/main.c: bin/udocker is light, and
# udocker-full can do everything.  Their places in the build tree are those of
# the installed tree, so that they find each other in the same way.

bin_PROGRAMS += bin/udocker
pkglibexec_PROGRAMS += libexec/udocker/udocker-full

# What both contain.
program_sources = \
  src/main.c

bin_udocker_SOURCES = $(program_sources)
bin_udocker_LDADD = \
  lib/base/libbase.a \
  $(LIBGNU) $(JSON_C_LIBS)

libexec_udocker_udocker_full_SOURCES = $(program_sources)
libexec_udocker_udocker_full_LDADD = \
  lib/base/libbase.a \
  $(LIBGNU) $(LIBCURL_LIBS) $(LIBARCHIVE_LIBS) $(JSON_C_LIBS) \
  $(LIBCRYPTO_LIBS) $(LIBISAL_LIBS)
