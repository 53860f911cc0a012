# A cluster of one node for shell tests: Debian's Slurm, run by whoever runs the
# test.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# Source it behind tests/tap.sh.
#
# shellcheck shell=sh
# shellcheck disable=SC2154  # shared with tap.sh

# slurm_ports N: print N free ports.
slurm_ports ()
{
  python3 - "$1" << 'END'
import socket, sys
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(s.getsockname()[1] for s in sockets))
END
}

# slurm_start: start a controller and a node of eight processors, some of which
# may be the same, and wait until jobs can run.  It skips the test where that
# cannot be.  Both end with the test.
slurm_start ()
{
  need slurmctld slurmd srun sbatch scancel squeue sinfo
  # The tests may be a job themselves.
  for slurm_name in $(env \
      | sed -n 's/^\(SLURM_[A-Z_0-9]*\|SBATCH_[A-Z_0-9]*\)=.*/\1/p'); do
    unset "$slurm_name"
  done
  slurm=$work/slurm
  mkdir "$slurm" "$slurm/state" "$slurm/spool"
  # shellcheck disable=SC2046
  set -- $(slurm_ports 2)
  slurm_host=$(hostname -s)
  # No accounts, no credentials and no cgroups: these want root or a daemon.
  cat > "$slurm/slurm.conf" << END
ClusterName=tests
SlurmctldHost=$slurm_host(127.0.0.1)
SlurmctldPort=$1
SlurmdPort=$2
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/none
CredType=cred/none
StateSaveLocation=$slurm/state
SlurmdSpoolDir=$slurm/spool
SlurmctldPidFile=$slurm/slurmctld.pid
SlurmdPidFile=$slurm/slurmd.pid
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/builtin
SlurmdParameters=config_overrides
KillWait=3
ReturnToService=2
NodeName=$slurm_host NodeAddr=127.0.0.1 CPUs=8 State=UNKNOWN
PartitionName=all Nodes=$slurm_host Default=YES MaxTime=INFINITE State=UP
END
  SLURM_CONF=$slurm/slurm.conf
  export SLURM_CONF
  slurmctld -D > "$slurm/slurmctld.log" 2>&1 < /dev/null &
  slurm_controller=$!
  at_end "kill $slurm_controller 2> /dev/null; wait $slurm_controller"
  slurmd -D > "$slurm/slurmd.log" 2>&1 < /dev/null &
  slurm_node=$!
  at_end "kill $slurm_node 2> /dev/null; wait $slurm_node"
  slurm_wait=0
  until test "$(sinfo -h -o %t 2> "$slurm/sinfo")" = idle; do
    slurm_wait=$((slurm_wait + 1))
    if test $slurm_wait -gt 150 || ! kill -0 $slurm_controller 2> /dev/null \
       || ! kill -0 $slurm_node 2> /dev/null; then
      note "$(cat "$slurm"/*.log "$slurm/sinfo")"
      skip_all "Slurm does not start as an ordinary user:" \
        "$(grep -h -m 1 -E 'fatal|error' "$slurm"/*.log)"
    fi
    sleep 0.1
  done
}
