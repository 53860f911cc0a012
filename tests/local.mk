# The harness of the tests.  A room lists its own tests in its local.mk:
#   check_PROGRAMS += tests/unit/test-x    (with its _SOURCES and _LDADD)
#   shell_tests += tests/shell/x.sh
# Both print TAP; tests/unit/tap.h and tests/tap.sh make that short.

TESTS = $(check_PROGRAMS) $(shell_tests)
TEST_EXTENSIONS = .sh
LOG_DRIVER = $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
# Runs a test as an unprivileged account when root runs the tests.
LOG_COMPILER = $(SHELL) $(top_srcdir)/tests/as-user.sh $(TEST_EMULATOR)
SH_LOG_COMPILER = $(SHELL) $(top_srcdir)/tests/as-user.sh $(SHELL)
AM_TESTS_ENVIRONMENT = \
  top_srcdir='$(abs_top_srcdir)'; top_builddir='$(abs_top_builddir)'; \
  VERSION='$(VERSION)'; export top_srcdir top_builddir VERSION;

EXTRA_DIST += $(shell_tests) tests/as-user.sh tests/demo.sh tests/summary.sh tests/tap.sh \
  tests/registry.sh tests/unit/tap.h

shell_tests += tests/shell/harness.sh tests/shell/registry-helper.sh

# Automake's check-TESTS, with the trees copied first to where an ordinary
# account can read them, if need be, and behind it the line that says how it
# went: 'N passed, N failed, N skipped'.
check-TESTS: $(check_PROGRAMS)
	@rm -f $(TEST_SUITE_LOG) $(RECHECK_LOGS) $(RECHECK_LOGS:.log=.trs)
	@$(SHELL) $(top_srcdir)/tests/summary.sh --before '$(abs_top_srcdir)' \
	  '$(abs_top_builddir)'
	@set +e; $(am__set_TESTS_bases); \
	logs=`for base in $$bases; do echo $$base.log; done`; \
	logs=`echo $$logs`; status=0; \
	$(MAKE) $(AM_MAKEFLAGS) $(TEST_SUITE_LOG) TEST_LOGS="$$logs" \
	  || status=1; \
	$(SHELL) $(top_srcdir)/tests/summary.sh --after $$logs || status=1; \
	exit $$status

# The unit tests alone, for builds that have no programs.
check-unit: $(check_PROGRAMS)
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(check_PROGRAMS)'

# The main job: pull an image from a registry, run a program in it.
demo: all
	@$(SHELL) $(top_srcdir)/tests/summary.sh --before '$(abs_top_srcdir)' \
	  '$(abs_top_builddir)'
	@$(AM_TESTS_ENVIRONMENT) \
	status=0; $(SH_LOG_COMPILER) $(abs_top_srcdir)/tests/demo.sh || status=1; \
	$(SHELL) $(top_srcdir)/tests/summary.sh --remove; exit $$status

.PHONY: check-unit demo
