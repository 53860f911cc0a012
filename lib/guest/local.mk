# lib/guest: the container as its programs see it.  A bare room.
noinst_LIBRARIES += lib/guest/libguest.a
lib_guest_libguest_a_SOURCES = \
  lib/guest/call.h \
  lib/guest/calls.c lib/guest/calls.h \
  lib/guest/emulate.c \
  lib/guest/enter.c \
  lib/guest/exec.c lib/guest/exec.h \
  lib/guest/file.c \
  lib/guest/filter.c lib/guest/filter.h \
  lib/guest/form.c \
  lib/guest/found.c \
  lib/guest/fs.c lib/guest/fs.h \
  lib/guest/handlers.h \
  lib/guest/hidden.h \
  lib/guest/host.h \
  lib/guest/identity.c \
  lib/guest/ids.c lib/guest/ids.h \
  lib/guest/ipc.c \
  lib/guest/kernel.h \
  lib/guest/known.c \
  lib/guest/layout.c lib/guest/layout.h \
  lib/guest/link.c \
  lib/guest/list.c \
  lib/guest/attribute.c \
  lib/guest/attributes.c lib/guest/attributes.h \
  lib/guest/mount.c \
  lib/guest/owner.c \
  lib/guest/owner-log.c lib/guest/owner-log.h \
  lib/guest/owners.c lib/guest/owners.h \
  lib/guest/path.c lib/guest/path.h lib/guest/path-private.h \
  lib/guest/walk.c lib/guest/walk.h lib/guest/walk-proof.c \
  lib/guest/walk-step.c \
  lib/guest/place.c \
  lib/guest/port.c lib/guest/port.h \
  lib/guest/prefix.c lib/guest/prefix.h \
  lib/guest/proc-link.c \
  lib/guest/proc.c \
  lib/guest/record.c lib/guest/record.h \
  lib/guest/read-only.c lib/guest/read-only.h \
  lib/guest/socket.c \
  lib/guest/multiplex.c \
  lib/guest/nested.h \
  lib/guest/stat.c \
  lib/guest/text.c lib/guest/text.h \
  lib/guest/unlock.c lib/guest/unlock.h \
  lib/guest/view.c lib/guest/view.h
lib_guest_libguest_a_CPPFLAGS = $(BARE_CPPFLAGS)
lib_guest_libguest_a_CFLAGS = $(BARE_CFLAGS)

# Its unit tests: run without any engine.
guest_tests = tests/unit/test-guest-attributes tests/unit/test-guest-calls tests/unit/test-guest-handlers \
  tests/unit/test-guest-path tests/unit/test-guest-port \
  tests/unit/test-guest-view
check_PROGRAMS += $(guest_tests)

tests_unit_test_guest_attributes_SOURCES = tests/unit/test-guest-attributes.c
tests_unit_test_guest_attributes_CPPFLAGS = $(PLAIN_CPPFLAGS)
tests_unit_test_guest_attributes_CFLAGS = $(PLAIN_CFLAGS)
tests_unit_test_guest_attributes_LDADD = lib/guest/libguest.a

tests_unit_test_guest_calls_SOURCES = tests/unit/test-guest-calls.c \
  tests/unit/guest-engine.h
nodist_tests_unit_test_guest_calls_SOURCES = tests/unit/guest-calls.inc \
  tests/unit/guest-calls-i386.inc
tests_unit_test_guest_calls_CPPFLAGS = -I. $(PLAIN_CPPFLAGS)
tests_unit_test_guest_calls_CFLAGS = $(PLAIN_CFLAGS)
tests_unit_test_guest_calls_LDADD = lib/guest/libguest.a

tests_unit_test_guest_handlers_SOURCES = tests/unit/test-guest-handlers.c \
  tests/unit/guest-engine.h
tests_unit_test_guest_handlers_CPPFLAGS = $(PLAIN_CPPFLAGS)
tests_unit_test_guest_handlers_CFLAGS = $(PLAIN_CFLAGS)
tests_unit_test_guest_handlers_LDADD = lib/guest/libguest.a

tests_unit_test_guest_path_SOURCES = tests/unit/test-guest-path.c \
  tests/unit/guest-engine.h
tests_unit_test_guest_path_CPPFLAGS = $(PLAIN_CPPFLAGS)
tests_unit_test_guest_path_CFLAGS = $(PLAIN_CFLAGS)
tests_unit_test_guest_path_LDADD = lib/guest/libguest.a

tests_unit_test_guest_port_SOURCES = tests/unit/test-guest-port.c
tests_unit_test_guest_port_CPPFLAGS = $(PLAIN_CPPFLAGS)
tests_unit_test_guest_port_CFLAGS = $(PLAIN_CFLAGS)
tests_unit_test_guest_port_LDADD = lib/guest/libguest.a

tests_unit_test_guest_view_SOURCES = tests/unit/test-guest-view.c
tests_unit_test_guest_view_CPPFLAGS = $(PLAIN_CPPFLAGS)
tests_unit_test_guest_view_CFLAGS = $(PLAIN_CFLAGS)
tests_unit_test_guest_view_LDADD = lib/guest/libguest.a

# The names and numbers of the headers at hand, for the test of the table.
CLEANFILES += tests/unit/guest-calls.inc
tests/unit/guest-calls.inc: lib/guest/local.mk
	$(AM_V_GEN)mkdir -p tests/unit \
	  && echo '#include <asm/unistd.h>' | $(CC) -E -dM - > $@.tmp \
	  && sed -n 's/^#define __NR_\([a-z_0-9]*\) .*/{ "\1", __NR_\1 },/p' \
	    $@.tmp | grep -v '"syscalls"\|"arch_specific_syscall"' > $@ \
	  && rm -f $@.tmp
CLEANFILES += tests/unit/guest-calls-i386.inc
tests/unit/guest-calls-i386.inc: lib/guest/local.mk
	$(AM_V_GEN)mkdir -p tests/unit && : > $@.tmp \
	  && if test -n '$(I386_CFLAGS)'; then \
	    echo '#include <asm/unistd.h>' \
	      | $(CC) $(I386_CFLAGS) -E -dM - > $@.tmp; fi \
	  && sed -n 's/^#define __NR_\([a-z_0-9]*\) \([0-9]*\)$$/{ "\1", \2 },/p' \
	    $@.tmp > $@ \
	  && rm -f $@.tmp
tests/unit/test_guest_calls-test-guest-calls.$(OBJEXT): \
  tests/unit/guest-calls.inc tests/unit/guest-calls-i386.inc

check_PROGRAMS += tests/unit/test-guest-prefix
tests_unit_test_guest_prefix_SOURCES = tests/unit/test-guest-prefix.c \
  tests/unit/guest-engine.h
tests_unit_test_guest_prefix_CPPFLAGS = $(PLAIN_CPPFLAGS)
tests_unit_test_guest_prefix_CFLAGS = $(PLAIN_CFLAGS)
tests_unit_test_guest_prefix_LDADD = lib/guest/libguest.a

check_PROGRAMS += tests/unit/test-guest-owners
tests_unit_test_guest_owners_SOURCES = tests/unit/test-guest-owners.c
tests_unit_test_guest_owners_CPPFLAGS = $(PLAIN_CPPFLAGS)
tests_unit_test_guest_owners_CFLAGS = $(PLAIN_CFLAGS)
tests_unit_test_guest_owners_LDADD = lib/guest/libguest.a -lpthread

check_PROGRAMS += tests/unit/test-guest-inside
tests_unit_test_guest_inside_SOURCES = tests/unit/test-guest-inside.c \
  tests/unit/guest-engine.h
tests_unit_test_guest_inside_CPPFLAGS = $(PLAIN_CPPFLAGS)
tests_unit_test_guest_inside_CFLAGS = $(PLAIN_CFLAGS)
tests_unit_test_guest_inside_LDADD = lib/guest/libguest.a

shell_tests += tests/shell/guest-bare.sh
fuzz_targets += tests/fuzz/fuzz-guest-calls.c tests/fuzz/fuzz-guest-path.c
check_PROGRAMS += tests/unit/test-guest-libseccomp
tests_unit_test_guest_libseccomp_SOURCES = \
  tests/unit/test-guest-libseccomp.c
tests_unit_test_guest_libseccomp_CPPFLAGS = $(PLAIN_CPPFLAGS) \
  $(LIBSECCOMP_CFLAGS)
tests_unit_test_guest_libseccomp_CFLAGS = $(PLAIN_CFLAGS)
tests_unit_test_guest_libseccomp_LDADD = lib/guest/libguest.a \
  $(LIBSECCOMP_LIBS)
if HAVE_LIBSECCOMP
tests_unit_test_guest_libseccomp_CPPFLAGS += -DHAVE_LIBSECCOMP=1
endif

check_PROGRAMS += tests/unit/test-guest-exec
tests_unit_test_guest_exec_SOURCES = tests/unit/test-guest-exec.c \
  tests/unit/guest-engine.h
tests_unit_test_guest_exec_CPPFLAGS = $(PLAIN_CPPFLAGS) $(LIBELF_CFLAGS)
tests_unit_test_guest_exec_CFLAGS = $(PLAIN_CFLAGS)
tests_unit_test_guest_exec_LDADD = lib/guest/libguest.a $(LIBELF_LIBS)
if HAVE_LIBELF
tests_unit_test_guest_exec_CPPFLAGS += -DHAVE_LIBELF=1
endif

check_PROGRAMS += tests/unit/test-guest-i386
tests_unit_test_guest_i386_SOURCES = tests/unit/test-guest-i386.c \
  tests/unit/guest-engine.h
tests_unit_test_guest_i386_CPPFLAGS = $(PLAIN_CPPFLAGS)
tests_unit_test_guest_i386_CFLAGS = $(PLAIN_CFLAGS)
tests_unit_test_guest_i386_LDADD = lib/guest/libguest.a
