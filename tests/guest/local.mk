# tests/guest: what programs see in a container is what they see in a chroot.
EXTRA_DIST += \
  tests/guest/claims.sh tests/guest/debian.sh tests/guest/report.h \
  tests/guest/claims/archive.sh tests/guest/claims/compiler.sh \
  tests/guest/claims/git.sh tests/guest/claims/links.sh \
  tests/guest/claims/many-processes.sh tests/guest/claims/perl.sh \
  tests/guest/claims/python.sh tests/guest/claims/shell.sh \
  tests/guest/claims/tree.sh \
  tests/guest/directories.c tests/guest/enter-engine.c \
  tests/guest/enter-root.c tests/guest/newer.c tests/guest/nothing.c \
  tests/guest/paths.c tests/guest/proc.c tests/guest/processes.c \
  tests/guest/registers.c tests/guest/root.c tests/guest/signals.c \
  tests/guest/sockets.c tests/images/root.sh tests/bench/syscalls.c

# Not in shell_tests yet.
EXTRA_DIST += \
  tests/guest/in-busybox.sh tests/guest/in-musl.sh \
  tests/guest/in-debian12-small.sh tests/guest/in-debian11.sh \
  tests/guest/in-debian12.sh tests/guest/in-debian13.sh tests/guest/in-sid.sh
