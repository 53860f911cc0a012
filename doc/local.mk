# doc: the manual.  Its chapters about commands and settings are printed by the
# program; see man/local.mk.  It does not say its version, so that it needs
# neither version.texi nor what automake makes that with.

info_TEXINFOS = doc/udocker.texi
doc_udocker_TEXINFOS = doc/commands.texi

if HOSTED
doc/commands.texi: $(printed_from) | libexec/udocker/udocker-full
	$(AM_V_GEN)$(MKDIR_P) doc && rm -f $@ $@-t \
	  && LC_ALL=C libexec/udocker/udocker-full help --format=texinfo > $@-t \
	  && mv $@-t $@
MAINTAINERCLEANFILES += doc/commands.texi
else
# A build of the engines alone has nothing that could print them; configure.ac
# lets makeinfo do nothing then.
doc/commands.texi:
endif
