#!/bin/sh
# janitor.sh DIRECTORY: waits until the process at the other end of its standard input has ended, for whatever reason.
# Then it removes what the kernel does not remove together with a cluster's namespaces: its directory and its cgroups.
trap '' INT TERM HUP
directory=$1
name=$(basename "$directory")
cat >/dev/null
# The processes end with the first process of the namespace; their groups are empty soon after. Tries for a minute.
remaining=600
for group in /sys/fs/cgroup/*/"$name"; do
  [ -d "$group" ] || continue
  until find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || [ $remaining -eq 0 ]; do
    remaining=$((remaining - 1))
    sleep 0.1
  done
done
rm -rf "$directory"
