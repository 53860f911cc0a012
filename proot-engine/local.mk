# proot-engine: the tracer.
# The engine: pkglibexec_PROGRAMS += libexec/udocker/udocker-proot with
# PLAIN_CPPFLAGS, PLAIN_CFLAGS, LDFLAGS = $(LDFLAGS_STATIC).
# The loader stub: pkglibexec_PROGRAMS += libexec/udocker/loader-ARCH
# with BARE_CPPFLAGS, BARE_CFLAGS and its own linker flags.
