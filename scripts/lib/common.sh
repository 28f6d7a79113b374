# SPDX-License-Identifier: BSD-3-Clause
# Sourced by the commands in scripts/: where the tree is, how to speak, how to give up.

braid_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)

# EAL refuses a plugin from a directory that others may write to, so nothing is created that way.
umask 022

say() { printf '%s: %s\n' "${0##*/}" "$*"; }

fail() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# Runs a command whose output matters only when it fails: quietly LOG COMMAND...
quietly() {
	local log=$1
	shift
	mkdir -p "${log%/*}"
	"$@" >"$log" 2>&1 </dev/null && return
	tail -n 40 "$log" >&2
	return 1
}
