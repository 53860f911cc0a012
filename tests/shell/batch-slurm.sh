#!/bin/sh
# Containers as tasks of Slurm: their statuses, arrays, cancelled jobs, limits of
# time, and what a job leaves.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"
. "$top_srcdir/tests/slurm.sh"

make_container $id c1 '{"config":{"Cmd":["/bin/sh"]}}' \
  || bail "cannot make a container"
slurm_start
mkdir scratch
SLURM_TMPDIR=$work/scratch
export SLURM_TMPDIR
modes=P1
test ! -x "$libexec/udocker-trap" || modes='P1 T1'

# allocate: a job of four processors for what follows.
allocate ()
{
  salloc -Q --no-shell -n 4 > list 2>&1 || bail "salloc: $(cat list)"
  allocation=$(squeue -h -o %i)
}

# step N WORDS...: the same as run for N tasks in it.
step ()
{
  step_tasks=$1
  shift
  run timeout -s KILL 60 srun -Q --jobid="$allocation" -n "$step_tasks" "$@"
}

# inside: print the processes that have to do with the container.
inside ()
{
  # shellcheck disable=SC2012  # not names but what links say
  ls -ld /proc/[0-9]*/root /proc/[0-9]*/cwd /proc/[0-9]*/exe 2> /dev/null \
    | grep -F -e "-> $libexec" -e "-> $root" | sed 's|.* \(/proc/.*\)|\1|'
}

# gone: there are none.
gone ()
{
  test -z "$(inside)"
}

# is_over ID: set ended_state to what became of a job; fail while it has not
# ended.
is_over ()
{
  ended_state=$(scontrol show job "$1" | sed -n 's/.*JobState=\([A-Z]*\).*/\1/p')
  case $ended_state in
    PENDING | RUNNING | COMPLETING) return 1 ;;
  esac
}

# ended ID: wait until the job has ended, and print its state.
ended ()
{
  until_true is_over "$1" || until_true is_over "$1"
  echo "$ended_state"
}

# submit [OPTION]... < SCRIPT: a job; sets $job.
submit ()
{
  job=$(sbatch --parsable --output=job.out "$@") || bail 'sbatch does not work'
}

allocate
for mode in $modes; do
  udocker="udocker run --nobanner --execmode=$mode"

  # shellcheck disable=SC2086
  step 4 $udocker c1 sh -c \
    'echo "$SLURM_PROCID of $SLURM_NTASKS"; echo > $SLURM_TMPDIR/$SLURM_PROCID'
  is "four tasks in $mode" "$status $(sort stdout | tr '\n' ' ')$(ls scratch)" \
    "0 0 of 4 1 of 4 2 of 4 3 of 4 0
1
2
3"
  rm -f scratch/*
  # shellcheck disable=SC2086
  step 4 $udocker c1 sh -c 'exit $((SLURM_PROCID * 3))'
  is "  the highest of their statuses" "$status" 9
  # shellcheck disable=SC2086
  step 1 $udocker c1 sh -c 'kill -USR1 $$'
  is "  the signal that ended one" "$status" 138
  # shellcheck disable=SC2086
  step 1 $udocker c1 no-such-program
  is "  that there is no such program" "$status" 127
  # shellcheck disable=SC2086
  echo line | timeout -s KILL 60 srun -Q --jobid="$allocation" -n 2 \
    $udocker c1 cat > out
  is "  all read what srun reads" "$? $(grep -c line out)" "0 2"

  for way in mpich:pmi2 openmpi:pmix; do
    command -v "mpicc.${way%:*}" > list 2>&1 \
      && srun --mpi=list 2>&1 | grep -q "${way#*:}" || {
      skip "${way%:*} by Slurm" 'it is not installed'
      continue
    }
    test -x "ranks.${way%:*}" \
      || "mpicc.${way%:*}" -o "ranks.${way%:*}" \
        "$top_srcdir/tests/guest/ranks.c" || bail "cannot compile ranks.c"
    # shellcheck disable=SC2086
    step 2 --mpi="${way#*:}" $udocker --location=/ -v "$work" \
      --user="$(id -u):$(id -g)" x "$work/ranks.${way%:*}" 7
    is "ranks of ${way%:*} by Slurm in $mode" \
      "$status $(sort stdout | sed 's/:.*//' | tr '\n' ' ')" \
      "7 rank 0 of 2 rank 1 of 2 " || note "$stderr"
  done
done
scancel "$allocation"

# What follows takes as long for all modes as for one.
# each FORMAT: print it for each mode, with MODE replaced.
each ()
{
  for mode in $modes; do
    printf '%s\n' "$1" | sed "s/MODE/$mode/g"
  done
}
udocker='udocker run --nobanner --execmode=MODE'
mode_count=$(echo "$modes" | wc -w)

cat > array << END
#!/bin/sh
set -- $modes
shift \$((SLURM_ARRAY_TASK_ID % $mode_count))
exec udocker run --nobanner --execmode=\$1 c1 sh -c \
  'echo \$SLURM_ARRAY_TASK_ID; exit \$((SLURM_ARRAY_TASK_ID - 1))'
END
sbatch --parsable --wait --array=1-4 --output=array.%a array > list
is "an array" "$? $(cat array.1 array.2 array.3 array.4 | tr '\n' ' ')" \
  "3 1 2 3 4 "

# What has to end: children, and one that ignores what asks it to.  Here Slurm
# knows processes by their group; in modes P that is all the same, since the
# tracer, which is in it, takes all with it.
cat > work << 'END'
trap 'echo ended > /volume/term; exit 0' TERM
test $container_execmode != P1 || setsid sleep 1000 &
(trap '' TERM; sleep 1000; sleep 1000) &
echo > /volume/begun
while :; do sleep 0.1; done
END
# ready NAME...: make volumes of these names for it.
ready ()
{
  for name in "$@"; do
    rm -rf "$name"
    mkdir "$name"
    cp work "$name"
  done
}

# shellcheck disable=SC2046
ready $(each 'MODE.step MODE.script MODE.detached')
# Where the script ends all else is killed at once: it has to outlive what it is
# asked, so that its containers have the time that Slurm gives them.
submit -n 4 << END
#!/bin/sh
trap : TERM
$(each "$udocker -d -v $work/MODE.detached:/volume c1 sh /volume/work
srun -Q -n 1 --exact $udocker -v $work/MODE.step:/volume c1 sh /volume/work &
$udocker -v $work/MODE.script:/volume c1 sh /volume/work &")
wait
wait
END
for name in $(each 'MODE.step MODE.script MODE.detached'); do
  ok "a job: $name" until_true test -e "$name/begun"
done
ok "  runs" test "$(inside | wc -l)" -ge $((6 * mode_count))
scancel "$job"
is "  and is cancelled" "$(ended "$job")" CANCELLED
ok "  with all processes of containers" until_true gone || note "$(inside)"
for name in $(each 'MODE.step MODE.script'); do
  is "  by a signal that they may heed: $name" "$(cat "$name/term")" ended
done

# shellcheck disable=SC2046
ready $(each MODE.detached)
submit << END
#!/bin/sh
$(each "$udocker -d -v $work/MODE.detached:/volume c1 sh /volume/work
while ! test -e $work/MODE.detached/begun; do sleep 0.1; done")
END
is "containers in the background of a script that ends" "$(ended "$job")" \
  COMPLETED
ok "  end with the job" until_true gone || note "$(inside)"
is "  so that no run is left" "$(udocker ps --running | sed 1d)" ''
ok "  nor a lock" flock -n "$UDOCKER_DIR"/run/*/$id true

if test "${TEST_LONG-}" = yes; then
  # shellcheck disable=SC2046
  ready $(each MODE.step)
  submit --time=1 -n 4 << END
#!/bin/sh
$(each "srun -Q -n 1 --exact $udocker -v $work/MODE.step:/volume c1 \
  sh /volume/work &")
wait
END
  is "a limit of a minute" "$(ended "$job")" TIMEOUT
  ok "  ends all processes" until_true gone || note "$(inside)"
  for name in $(each MODE.step); do
    is "  by a signal that they may heed: $name" "$(cat "$name/term")" ended
  done
else
  skip "a limit of a minute" "takes long: make check-long"
fi
done_testing
