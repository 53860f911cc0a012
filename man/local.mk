# man: udocker-proot(1), written by hand; udocker(1) and the completion script
# for bash, both printed by the program itself from its tables.  They are
# distributed, so that building from a tarball, or for another machine, runs
# nothing: hence they depend on the sources that have something to say and not
# on the program.

dist_man_MANS += man/udocker-proot.1

if HOSTED
dist_man_MANS += man/udocker.1
bashcompletiondir = $(datadir)/bash-completion/completions
dist_bashcompletion_DATA = man/bash/udocker

printed_from = \
  $(src_cmd_libcmd_a_SOURCES) src/cmd/commands.c src/config/setting.c \
  configure.ac

man/udocker.1: $(printed_from) | libexec/udocker/udocker-full
	$(AM_V_GEN)$(MKDIR_P) man && rm -f $@ $@-t \
	  && LC_ALL=C libexec/udocker/udocker-full help --format=man > $@-t \
	  && mv $@-t $@

man/bash/udocker: $(printed_from) | libexec/udocker/udocker-full
	$(AM_V_GEN)$(MKDIR_P) man/bash && rm -f $@ $@-t \
	  && LC_ALL=C libexec/udocker/udocker-full help --format=bash > $@-t \
	  && mv $@-t $@

MAINTAINERCLEANFILES = man/udocker.1 man/bash/udocker
endif
