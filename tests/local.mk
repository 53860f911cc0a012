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

EXTRA_DIST += tests/fuzz/run.sh $(shell_tests) tests/as-user.sh tests/demo.sh tests/summary.sh tests/tap.sh \
  tests/registry.sh tests/unit/tap.h

if HOSTED
shell_tests += tests/shell/harness.sh tests/shell/registry-helper.sh
endif

# Automake's check-TESTS, with the trees copied first to where an ordinary
# account can read them, if need be, and behind it the line that says how it
# went: 'N passed, N failed, N skipped'.
check-TESTS: $(check_PROGRAMS) test-roots
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

# The same tests in their long form, and those that only have one.
check-long:
	TEST_LONG=yes $(MAKE) $(AM_MAKEFLAGS) check

# The unit tests under valgrind; a leak is a failure.  It does not know the
# newest system calls, so that lib/guest, which allocates nothing, is left out,
# nor code that changes, nor filters that its own calls do not pass, and has
# limits of open files of its own.
NOT_UNDER_VALGRIND = tests/unit/test-guest-% tests/unit/test-trap-patch \
  tests/unit/test-trap-judge tests/unit/test-trap-numbers
check-valgrind: $(check_PROGRAMS)
	$(MAKE) $(AM_MAKEFLAGS) check \
	  TESTS='$(filter-out $(NOT_UNDER_VALGRIND),$(check_PROGRAMS))' \
	  TEST_EMULATOR='valgrind -q --leak-check=full --error-exitcode=1'

# Build each fuzz target with clang and let it run for FUZZ_SECONDS, never as
# root: what it does to files it does to real ones.  A line
# "Built with: FILE..." in its first comment says what belongs to it.  The
# fuzzer is led by what sources do, and those of a whole DIRECTORY/; it sees
# nothing of a library.  With libgnu.a among the files it may use gnulib.
FUZZ_SECONDS = 60
fuzz: all
	@$(SHELL) $(top_srcdir)/tests/summary.sh --before '$(abs_top_srcdir)' \
	  '$(abs_top_builddir)'; \
	status=0; for source in $(fuzz_targets); do \
	  case $$source in *.c) ;; *) continue ;; esac; \
	  target=$${source%.c}; mkdir -p tests/fuzz; with=; flags='$(PLAIN_CPPFLAGS)'; \
	  for file in `sed -n 's/.*Built with: \([^*]*\).*/\1/p' $(top_srcdir)/$$source`; do \
	    case $$file in \
	      *.c) with="$$with $(top_srcdir)/$$file" ;; \
	      */) with="$$with $(top_srcdir)/$$file*.c" ;; \
	      *libgnu.a) with="$$with $$file"; \
	      flags="-D_GNU_SOURCE $(HOSTED_CPPFLAGS)" ;; \
	      *) with="$$with $$file" ;; \
	    esac; \
	  done; \
	  echo "  FUZZ     $$target"; \
	  clang -g -O1 -fsanitize=fuzzer,address,undefined \
	    -fno-sanitize-recover=undefined \
	    $$flags -o $$target $(top_srcdir)/$$source $$with \
	    || { status=1; break; }; \
	  into=$(abs_top_builddir); \
	  if test -f .tests-copy; then \
	    read -r into < .tests-copy; into=$$into/build; cp $$target $$into/$$target; \
	  fi; \
	  $(AM_TESTS_ENVIRONMENT) \
	  $(SH_LOG_COMPILER) $(abs_top_srcdir)/tests/fuzz/run.sh \
	    $(abs_top_builddir)/$$target $(FUZZ_SECONDS) \
	    $(abs_top_srcdir)/$$target.corpus > $$target.log 2>&1 \
	    || { tail -n 30 $$target.log; status=1; break; }; \
	  tail -n 1 $$target.log; \
	done; \
	$(SHELL) $(top_srcdir)/tests/summary.sh --remove; exit $$status

.PHONY: check-long check-unit check-valgrind demo fuzz
