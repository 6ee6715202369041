# Which process a pid file means: its ID, and the time at which it started, without which the ID
# might be another process's by now. Sourced by start and stop.
# shellcheck shell=bash

# started PID prints when a process started, in ticks since boot. Its name, which may hold anything,
# is in brackets before that.
started() {
	local stat
	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return
	# shellcheck disable=SC2086 # the fields after the name: state is the first, the start the 20th
	set -- ${stat##*) }
	[ "$1" != Z ] && echo "${20}"
}

# identify PID prints what a pid file holds.
identify() { echo "$1 $(started "$1" || true)"; }

# lives FILE tells whether the process still runs.
lives() {
	local pid start
	{ read -r pid start <"$1"; } 2>/dev/null || return
	[ -n "$start" ] && [ "$(started "$pid")" = "$start" ]
}
