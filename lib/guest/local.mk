# lib/guest: the container as its programs see it.  A bare room.
# To begin: noinst_LIBRARIES += lib/guest/libguest.a, its _SOURCES, and
# lib_guest_libguest_a_CPPFLAGS = $(BARE_CPPFLAGS), _CFLAGS = $(BARE_CFLAGS).
