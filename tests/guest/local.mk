# tests/guest: what programs see in a container is what they see in a chroot.
EXTRA_DIST += \
  tests/guest/files.c tests/guest/filters.c tests/guest/ipc.c tests/guest/lacks.c tests/guest/others.c tests/guest/threads.c \
  tests/guest/claims/biome.sh tests/guest/claims/cmake.sh \
  tests/guest/claims/mpi.sh tests/guest/claims/nginx.sh \
  tests/guest/claims/postgres.sh tests/guest/claims/sanitizers.sh \
  tests/guest/vectors.c \
  tests/guest/claims/go.sh tests/guest/claims/java.sh \
  tests/guest/claims/jobs.sh tests/guest/claims/make.sh \
  tests/guest/claims/node.sh tests/guest/claims/processes.sh \
  tests/guest/claims/rust.sh tests/guest/claims/server.sh \
  tests/guest/claims/tmux.sh tests/guest/claims/watch.sh \
  tests/guest/claims.sh tests/guest/debian.sh tests/guest/dpkg.sh \
  tests/guest/report.h tests/guest/step.c tests/guest/step.h \
  tests/guest/stepped.c \
  tests/guest/claims/archive.sh tests/guest/claims/compiler.sh \
  tests/guest/claims/archives.expected tests/guest/claims/archives.sh \
  tests/guest/claims/packages.sh tests/guest/claims/rpm.expected \
  tests/guest/claims/rpm.sh tests/guest/claims/stage.expected \
  tests/guest/claims/stage.sh tests/guest/packages.sh \
  tests/images/packages.sh \
  tests/guest/claims/gdb.sh tests/guest/claims/strace.sh \
  tests/guest/claims/git.sh tests/guest/claims/links.sh \
  tests/guest/claims/many-processes.sh tests/guest/claims/perl.sh \
  tests/guest/claims/python.sh tests/guest/claims/shell.sh \
  tests/guest/claims/root.expected tests/guest/claims/root.sh \
  tests/guest/claims/tree.sh \
  tests/guest/bindings.c tests/guest/debugging.c \
  tests/guest/directories.c \
  tests/guest/enter-engine.c tests/guest/escape.c \
  tests/guest/enter-root.c tests/guest/foreign.c tests/guest/gs.c tests/guest/int80.c tests/guest/mixed.c tests/guest/stack.c tests/guest/newer.c tests/guest/nothing.c \
  tests/guest/paths.c tests/guest/ports.c tests/guest/proc.c tests/guest/processes.c \
  tests/guest/random-paths.c tests/guest/ranks.c tests/guest/readonly.c tests/guest/rough.c \
  tests/guest/registers.c tests/guest/root.c tests/guest/root.expected tests/guest/signals.c \
  tests/guest/sites.c tests/guest/sparse.c tests/guest/sockets.c tests/images/prepare.sh \
  tests/images/root.sh tests/bench/engines.sh tests/bench/jobs.sh \
  tests/bench/lists.sh tests/bench/syscalls.c tests/bench/syscalls.sh

if HOSTED
shell_tests += tests/guest/in-nested.sh tests/guest/in-biome.sh tests/guest/in-debian12-programs.sh
shell_tests += tests/guest/in-debian12-runtimes.sh tests/guest/lacking.sh
shell_tests += \
  tests/guest/bindings.sh tests/guest/escape.sh tests/guest/fake-root.sh \
  tests/guest/exact.sh \
  tests/guest/in-busybox.sh tests/guest/in-runtime.sh \
  tests/guest/random-paths.sh \
  tests/guest/readonly.sh tests/guest/rough.sh tests/guest/sites.sh \
  tests/guest/debugging.sh tests/guest/handover.sh tests/guest/step.sh \
  tests/guest/in-i386.sh tests/guest/in-debian12-i386.sh \
  tests/guest/in-musl.sh tests/guest/in-debian11.sh \
  tests/guest/in-arm64.sh tests/guest/in-debian12-debuggers.sh \
  tests/guest/in-debian12.sh tests/guest/in-debian12-small.sh \
  tests/guest/in-debian13.sh tests/guest/in-sid.sh tests/guest/pulled.sh \
  tests/guest/packages-debian11.sh tests/guest/packages-debian12.sh \
  tests/guest/packages-debian12-small.sh tests/guest/packages-debian13.sh \
  tests/guest/packages-sid.sh
endif

# Roots that take an administrator or the network.
test-roots:
	@roots='debian12-small debian12 esbuild packages-debian12-small apptainer'; \
	test "$$TEST_LONG" != yes \
	  || roots="$$roots debian11 debian13 sid debian12-arm64 debian12-i386 \
	       packages-debian11 packages-debian12 packages-debian13 \
	       packages-sid"; \
	test "$$TEST_LONG" != yes \
	  || roots="$$roots debian12-runtimes debian12-debuggers \
	       debian12-programs debian12-mpi debian13-mpi biome"; \
	$(AM_TESTS_ENVIRONMENT) \
	$(SHELL) $(top_srcdir)/tests/images/prepare.sh $$roots
.PHONY: test-roots
