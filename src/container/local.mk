# src/container: containers on disk, and the run plan.

# The run plan.  obtain-light.c and obtain-create.c stand for each other in the
# two programs, see src/local.mk.
noinst_LIBRARIES += src/container/librun.a
src_container_librun_a_SOURCES = \
  src/container/obtain.c src/container/obtain.h \
  src/container/run-environment.c \
  src/container/run-metadata.c \
  src/container/run-path.c \
  src/container/run-plan.c src/container/run-plan.h \
  src/container/run-private.h \
  src/container/run-program.c \
  src/container/run-user.c \
  src/container/run-volumes.c \
  src/container/running.c src/container/running.h

# Containers on disk; only create.c needs what the light program does not have.
noinst_LIBRARIES += src/container/libcontainer.a
src_container_libcontainer_a_SOURCES = \
  src/container/container.c src/container/container.h \
  src/container/create.c
