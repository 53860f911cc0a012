# proot-engine: the tracer, and the loader stub that every program of a
# container is started as.  No gnulib: the engine is a small static program.
noinst_LIBRARIES += proot-engine/libtracer.a
proot_engine_libtracer_a_SOURCES = \
  proot-engine/attach.c proot-engine/attach.h \
  proot-engine/arch/arch.h \
  proot-engine/container.c proot-engine/container.h \
  proot-engine/end.c \
  proot-engine/enter.c proot-engine/enter.h \
  proot-engine/execute.c \
  proot-engine/explain.c proot-engine/explain.h \
  proot-engine/handover.h \
  proot-engine/leave.c \
  proot-engine/lists.c \
  proot-engine/loop.c \
  proot-engine/memory.c proot-engine/memory.h \
  proot-engine/ops.c \
  proot-engine/placement.c proot-engine/placement.h \
  proot-engine/order.c proot-engine/order.h \
  proot-engine/ports.c proot-engine/ports.h \
  proot-engine/seccomp.c proot-engine/seccomp.h \
  proot-engine/start.c proot-engine/start.h \
  proot-engine/tracee.c proot-engine/tracee.h \
  proot-engine/tracer.h
if ARCH_X86_64
proot_engine_libtracer_a_SOURCES += proot-engine/arch/x86_64.c
endif
if ARCH_AARCH64
proot_engine_libtracer_a_SOURCES += proot-engine/arch/aarch64.c
endif
proot_engine_libtracer_a_CPPFLAGS = $(PLAIN_CPPFLAGS)
proot_engine_libtracer_a_CFLAGS = $(PLAIN_CFLAGS)
tracer_libraries = proot-engine/libtracer.a \
  lib/start/libstart.a lib/owners/libowners.a lib/guest/libguest.a \
  lib/plan/libplan.a lib/elf/libelfread.a

pkglibexec_PROGRAMS += libexec/udocker/udocker-proot
libexec_udocker_udocker_proot_SOURCES = \
  proot-engine/command-line.c proot-engine/command-line.h \
  proot-engine/main.c \
  proot-engine/options.c proot-engine/options.h
libexec_udocker_udocker_proot_CPPFLAGS = $(PLAIN_CPPFLAGS) \
  -DENGINE_VERSION='"$(PACKAGE_VERSION)"'
libexec_udocker_udocker_proot_CFLAGS = $(PLAIN_CFLAGS)
libexec_udocker_udocker_proot_LDFLAGS = $(LDFLAGS_STATIC)
libexec_udocker_udocker_proot_LDADD = $(tracer_libraries)

# The tracer of what the in-process engine cannot run.
if HANDOVER
pkglibexec_PROGRAMS += libexec/udocker/udocker-handover
libexec_udocker_udocker_handover_SOURCES = proot-engine/handover.c
libexec_udocker_udocker_handover_CPPFLAGS = $(PLAIN_CPPFLAGS)
libexec_udocker_udocker_handover_CFLAGS = $(PLAIN_CFLAGS)
libexec_udocker_udocker_handover_LDFLAGS = -XCClinker -static-pie
libexec_udocker_udocker_handover_LDADD = $(tracer_libraries) \
  trap-engine/libtrap.a lib/guest/libguest.a
endif

# The stub: no libc, linked at a fixed address by a script of its own.
loader_sources = proot-engine/loader/loader.c proot-engine/loader/loader.h \
  lib/load/load.c lib/load/load.h lib/load/machine.h
loader_cflags = $(BARE_CFLAGS) -fPIE -Os -g0 -U_FORTIFY_SOURCE
loader_ldflags = -all-static -nostdlib -Wl,--build-id=none \
  -Wl,-z,noexecstack -Wl,-T,$(top_srcdir)/proot-engine/loader/loader.ld
EXTRA_DIST += proot-engine/loader/loader.ld tests/bench/placement.c
if ARCH_X86_64
pkglibexec_PROGRAMS += libexec/udocker/loader-x86_64
libexec_udocker_loader_x86_64_SOURCES = $(loader_sources) \
  proot-engine/loader/entry-x86_64.S
libexec_udocker_loader_x86_64_CPPFLAGS = $(BARE_CPPFLAGS)
libexec_udocker_loader_x86_64_CCASFLAGS = -I$(top_srcdir)
libexec_udocker_loader_x86_64_CFLAGS = $(loader_cflags)
libexec_udocker_loader_x86_64_LDFLAGS = $(loader_ldflags) \
  -Wl,--defsym=WINDOW=0x567000000000
libexec_udocker_loader_x86_64_DEPENDENCIES = \
  proot-engine/loader/loader.ld
endif
# For 32-bit programs, where the compiler can make them.
if LOADER_I386
pkglibexec_PROGRAMS += libexec/udocker/loader-i386
libexec_udocker_loader_i386_SOURCES = $(loader_sources) \
  proot-engine/loader/entry-i386.S
libexec_udocker_loader_i386_CPPFLAGS = $(BARE_CPPFLAGS)
libexec_udocker_loader_i386_CCASFLAGS = $(I386_CFLAGS) -I$(top_srcdir)
libexec_udocker_loader_i386_CFLAGS = $(loader_cflags) $(I386_CFLAGS) \
  -fno-pie
libexec_udocker_loader_i386_LDFLAGS = $(loader_ldflags) \
  -Wl,--defsym=WINDOW=0x7800000
libexec_udocker_loader_i386_DEPENDENCIES = \
  proot-engine/loader/loader.ld
endif
if ARCH_AARCH64
pkglibexec_PROGRAMS += libexec/udocker/loader-aarch64
libexec_udocker_loader_aarch64_SOURCES = $(loader_sources) \
  proot-engine/loader/entry-aarch64.S
libexec_udocker_loader_aarch64_CPPFLAGS = $(BARE_CPPFLAGS)
libexec_udocker_loader_aarch64_CCASFLAGS = -I$(top_srcdir)
libexec_udocker_loader_aarch64_CFLAGS = $(loader_cflags)
libexec_udocker_loader_aarch64_LDFLAGS = $(loader_ldflags) \
  -Wl,--defsym=WINDOW=0x2070000000
libexec_udocker_loader_aarch64_DEPENDENCIES = \
  proot-engine/loader/loader.ld
endif

# The filter, run by an interpreter.
check_PROGRAMS += tests/unit/test-engine-filter
tests_unit_test_engine_filter_SOURCES = tests/unit/test-engine-filter.c \
  tests/unit/run-filter.h \
  proot-engine/seccomp.c
if ARCH_X86_64
tests_unit_test_engine_filter_SOURCES += proot-engine/arch/x86_64.c
endif
if ARCH_AARCH64
tests_unit_test_engine_filter_SOURCES += proot-engine/arch/aarch64.c
endif
tests_unit_test_engine_filter_CPPFLAGS = $(PLAIN_CPPFLAGS)
tests_unit_test_engine_filter_CFLAGS = $(PLAIN_CFLAGS)
tests_unit_test_engine_filter_LDADD = lib/start/libstart.a \
  lib/guest/libguest.a

if HOSTED
shell_tests += tests/shell/engine-locked.sh tests/shell/engine-options.sh tests/shell/nested.sh \
  tests/shell/links-copied.sh tests/shell/sandboxed.sh
EXTRA_DIST += tests/sandbox.c
endif
