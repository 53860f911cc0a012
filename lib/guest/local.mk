# lib/guest: the container as its programs see it.  A bare room.
noinst_LIBRARIES += lib/guest/libguest.a
lib_guest_libguest_a_SOURCES = \
  lib/guest/call.h \
  lib/guest/calls.c lib/guest/calls.h \
  lib/guest/enter.c \
  lib/guest/exec.c lib/guest/exec.h \
  lib/guest/file.c \
  lib/guest/fs.c lib/guest/fs.h \
  lib/guest/handlers.h \
  lib/guest/host.h \
  lib/guest/identity.c \
  lib/guest/ids.c lib/guest/ids.h \
  lib/guest/kernel.h \
  lib/guest/owners.c lib/guest/owners.h \
  lib/guest/path.c lib/guest/path.h \
  lib/guest/socket.c \
  lib/guest/stat.c \
  lib/guest/text.c lib/guest/text.h \
  lib/guest/view.c lib/guest/view.h
lib_guest_libguest_a_CPPFLAGS = $(BARE_CPPFLAGS)
lib_guest_libguest_a_CFLAGS = $(BARE_CFLAGS)
