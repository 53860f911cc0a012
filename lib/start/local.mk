# lib/start: from a plan to a container and its first program; what the engines
# share that are programs of their own.  No config.h and no gnulib.
noinst_LIBRARIES += lib/start/libstart.a
lib_start_libstart_a_SOURCES = \
  lib/start/channel.c lib/start/channel.h \
  lib/start/container.c lib/start/container.h \
  lib/start/emulator.c lib/start/emulator.h \
  lib/start/enter.c lib/start/enter.h \
  lib/start/explain.c lib/start/explain.h \
  lib/start/filter.c lib/start/filter.h lib/start/filter-probe.c \
  lib/start/message.c lib/start/message.h \
  lib/start/modes.c lib/start/modes.h \
  lib/start/parents.c lib/start/parents.h \
  lib/start/part.c lib/start/part.h \
  lib/start/process.c lib/start/process.h \
  lib/start/program.c lib/start/program.h \
  lib/start/relay.c lib/start/relay.h \
  lib/start/self.c lib/start/self.h \
  lib/start/supervise.c lib/start/supervise.h \
  lib/start/temporary.c lib/start/temporary.h \
  lib/start/view.c lib/start/view.h
lib_start_libstart_a_CPPFLAGS = $(PLAIN_CPPFLAGS)
lib_start_libstart_a_CFLAGS = $(PLAIN_CFLAGS)
