#!/bin/sh
# Runs a command that must not outlive whoever started it: standard input is the lifeline. When it closes, even because
# its other end was killed, the command is ended, a second later, so that interrupted jobs can still say so.
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
lifeline=$!
exec 3<&-
# A signal interrupts the first wait; the second one is for the command itself.
wait "$command"
wait "$command"
status=$?
kill "$lifeline" 2>/dev/null
wait "$lifeline" 2>/dev/null
exit "$status"
