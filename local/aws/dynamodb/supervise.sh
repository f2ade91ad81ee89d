#!/bin/sh
# Runs a command that must not outlive the process that started it. When standard input closes, also because its other
# end was killed, the command is ended one second later. In that second jobs can record that they were interrupted.
# usage: supervise.sh COMMAND [ARGUMENT ...]
exec 3<&0
"$@" </dev/null 3<&- &
command=$!
trap 'kill "$command" 2>/dev/null' TERM INT HUP
(
  while read -r _ <&3; do :; done
  sleep 1
  kill "$command" 2>/dev/null
) &
watcher=$!
exec 3<&-
# A signal interrupts the first wait; the second one is for the command itself.
wait "$command"
wait "$command"
status=$?
kill "$watcher" 2>/dev/null
wait "$watcher" 2>/dev/null
exit "$status"
