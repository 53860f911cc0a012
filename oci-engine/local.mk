# oci-engine: the first process in a container of an OCI runtime.  No gnulib: it
# is a small static program, which runs beside every C library.
pkglibexec_PROGRAMS += libexec/udocker/udocker-init
libexec_udocker_udocker_init_SOURCES = \
  oci-engine/attend.c oci-engine/attend.h \
  oci-engine/become.c oci-engine/become.h \
  oci-engine/given.c oci-engine/given.h \
  oci-engine/line.c oci-engine/line.h \
  oci-engine/main.c \
  oci-engine/streams.c oci-engine/streams.h
libexec_udocker_udocker_init_CPPFLAGS = $(PLAIN_CPPFLAGS)
libexec_udocker_udocker_init_CFLAGS = $(PLAIN_CFLAGS)
libexec_udocker_udocker_init_LDFLAGS = $(LDFLAGS_STATIC)
libexec_udocker_udocker_init_LDADD = \
  lib/start/libstart.a lib/owners/libowners.a lib/guest/libguest.a \
  lib/plan/libplan.a lib/elf/libelfread.a
