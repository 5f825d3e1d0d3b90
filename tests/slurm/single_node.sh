#!/bin/bash
# Start a real Slurm of one node on this machine, from Debian's packages. Needs root; made for a
# container, since it writes /etc/slurm/slurm.conf. Run again, it restarts the daemons.
set -euo pipefail

if ! command -v slurmctld > /dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -qq --no-install-recommends slurmctld slurmd slurm-client munge > /dev/null
fi

mkdir -p /run/munge /var/spool/slurmctld /var/spool/slurmd /etc/slurm
chown munge: /run/munge
test -s /etc/munge/munge.key || mungekey --create --keyfile /etc/munge/munge.key
chown munge: /etc/munge/munge.key
pgrep -x munged > /dev/null || su -s /bin/sh munge -c /usr/sbin/munged

memory_mb=$(awk '/MemTotal/ {print int($2 / 1024 * 0.9)}' /proc/meminfo)
# KillWait: seconds from the end of a job's time to its certain end.
cat > /etc/slurm/slurm.conf <<END
ClusterName=single
SlurmctldHost=$(hostname)
SlurmUser=root
AuthType=auth/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
StateSaveLocation=/var/spool/slurmctld
SlurmdSpoolDir=/var/spool/slurmd
SlurmctldLogFile=/var/log/slurmctld.log
SlurmdLogFile=/var/log/slurmd.log
ReturnToService=2
MinJobAge=600
KillWait=5
NodeName=$(hostname) CPUs=$(nproc) RealMemory=$memory_mb State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END

pkill -x slurmd || true
pkill -x slurmctld || true
sleep 1
slurmctld
slurmd
for _ in $(seq 30); do
  if sinfo --noheader --format %t | grep -qE '^(idle|mix|alloc)'; then
    sinfo
    exit 0
  fi
  sleep 1
done
echo "Slurm did not come up within 30 s; see /var/log/slurmctld.log and /var/log/slurmd.log" >&2
exit 1
